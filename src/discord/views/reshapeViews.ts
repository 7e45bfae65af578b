// What goes on from one picture without starting over: a larger canvas around it, and a part of it made anew.
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ButtonStyle,
  ComponentType,
  TextInputStyle,
} from 'discord.js';
import { CELLS_A_SIDE, cellName } from '../../core/cells.ts';
import type { JobRecord } from '../../core/job.ts';
import type { RequestLimits } from '../../core/request.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip } from '../text.ts';
import { FIELD } from './formViews.ts';
import type { Wording } from './jobView.ts';
import {
  type ButtonRow,
  button,
  cardView,
  galleryPart,
  row,
  type SelectRow,
  selectRow,
  textPart,
  type View,
} from './view.ts';

/** How a canvas grows, by the argument of its button. */
export const GROWTHS = ['zoom1.5', 'zoom2', 'left', 'up', 'down', 'right'] as const;
export type Growth = (typeof GROWTHS)[number];

/** Discord's limits of a title and a label, in characters. */
const MAX_TITLE_CHARS = 45;

/** The value that stands for a part made anew. */
export const REGION = 'region';

/** The same as one line, for a card that has enough buttons. */
export function reshapeSelect(jobId: string, index: number, { phrases, ids }: Wording): SelectRow {
  const { reshape } = phrases.making;
  const options = [
    { value: 'zoom1.5', label: reshape.zoom('1.5×'), emoji: { name: '🔭' } },
    { value: 'zoom2', label: reshape.zoom('2×'), emoji: { name: '🔭' } },
    { value: REGION, label: reshape.region, emoji: { name: '🖌️' } },
    { value: 'left', label: reshape.pan(reshape.left), emoji: { name: '⬅️' } },
    { value: 'up', label: reshape.pan(reshape.up), emoji: { name: '⬆️' } },
    { value: 'down', label: reshape.pan(reshape.down), emoji: { name: '⬇️' } },
    { value: 'right', label: reshape.pan(reshape.right), emoji: { name: '➡️' } },
  ];
  return selectRow(ids.write('reshape', jobId, index), reshape.more(), options);
}

/** Zooming out and a part anew, then the four directions. */
export function reshapeRows(jobId: string, index: number, { phrases, ids }: Wording): readonly ButtonRow[] {
  const { reshape } = phrases.making;
  const grow = (how: Growth, label: string, emoji: string) =>
    button(ids.write('grow', jobId, index, how), { label, emoji });
  return [
    row(
      grow('zoom1.5', reshape.zoom('1.5×'), '🔭'),
      grow('zoom2', reshape.zoom('2×'), '🔭'),
      button(ids.write('region', jobId, index), { label: reshape.region, emoji: '🖌️' }),
    ),
    row(
      grow('left', reshape.left, '⬅️'),
      grow('up', reshape.up, '⬆️'),
      grow('down', reshape.down, '⬇️'),
      grow('right', reshape.right, '➡️'),
    ),
  ];
}

/** The picture with its cells, to choose from, or the way to a mask of one's own. @param webp the picture with names in its cells */
export function regionView(job: JobRecord, index: number, webp: Buffer, { phrases, ids }: Wording): View {
  const { reshape } = phrases.making;
  const file = {
    name: `darkroom-${job.id}-cells.webp`,
    path: '',
    altText: reshape.cellsAlt(),
    sizeBytes: webp.length,
    data: webp.toString('base64'),
  };
  const options = Array.from({ length: CELLS_A_SIDE ** 2 }, (_, cell) => ({
    label: cellName(cell),
    value: String(cell),
  }));
  const select = selectRow(ids.write('regionCells', job.id, index), reshape.chooseCells(), options);
  const [menu] = select.components;
  const several = { ...select, components: [{ ...menu!, min_values: 1, max_values: options.length }] };
  return cardView(
    [
      textPart(`**${reshape.regionTitle()}**\n${reshape.regionHint()}`),
      ...galleryPart([file]),
      several,
      row(
        button(ids.write('regionMask', job.id, index), {
          label: reshape.ownMask,
          emoji: '📎',
          style: ButtonStyle.Secondary,
        }),
      ),
    ],
    [file],
  );
}

/** What is to be in the chosen part. @param withUpload whether the mask is handed in with it */
export function regionForm(
  customId: string,
  job: JobRecord,
  withUpload: boolean,
  limits: RequestLimits,
  { form, making: { reshape } }: Phrases,
): APIModalInteractionResponseCallbackData {
  const value = clip(job.request.template ?? job.request.prompt, limits.maxPromptChars);
  const prompt = {
    type: ComponentType.TextInput,
    style: TextInputStyle.Paragraph,
    custom_id: FIELD.prompt,
    required: true,
    max_length: limits.maxPromptChars,
    ...(value === '' ? {} : { value }),
  } as const;
  const strength = {
    type: ComponentType.TextInput,
    style: TextInputStyle.Short,
    custom_id: FIELD.strength,
    required: false,
    max_length: 5,
    placeholder: clip(form.strengthHint, 100),
  } as const;
  const upload = {
    type: ComponentType.FileUpload,
    custom_id: FIELD.mask,
    min_values: 1,
    max_values: 1,
    required: true,
  } as const;
  return {
    custom_id: customId,
    title: clip(reshape.regionTitle(), MAX_TITLE_CHARS),
    components: [
      labelled(form.prompt, prompt, reshape.promptHint()),
      ...(withUpload ? [labelled(reshape.mask, upload, reshape.maskHint())] : []),
      labelled(form.strength, strength),
    ],
  };
}

function labelled(label: string, component: APILabelComponent['component'], description?: string): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: clip(label, MAX_TITLE_CHARS),
    ...(description === undefined ? {} : { description: clip(description, 100) }),
    component,
  };
}
