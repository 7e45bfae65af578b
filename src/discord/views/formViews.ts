// Modals: the edit form, prefilled with a job's request, and the form that varies any picture.
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type APITextInputComponent,
  ComponentType,
  TextInputStyle,
} from 'discord.js';
import type { ControlKind } from '../../core/control.ts';
import type { JobRecord } from '../../core/job.ts';
import type { UserSettings } from '../../core/people.ts';
import type { RequestLimits } from '../../core/request.ts';
import { formatSize } from '../../core/size.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip } from '../text.ts';

/** Discord's limits for a modal's title and for a text input's label, in characters. */
const MAX_TITLE_CHARS = 45;
const MAX_PLACEHOLDER_CHARS = 100;
/** Choices of a select. */
const MAX_OPTIONS = 25;
/** A reason is read on a card with others. */
const MAX_REASON_CHARS = 300;

/** Names of the inputs, as the submit handlers read them. */
export const FIELD = {
  prompt: 'prompt',
  negative: 'negative',
  seed: 'seed',
  steps: 'steps',
  picture: 'picture',
  strength: 'strength',
  search: 'search',
  size: 'size',
  guidance: 'guidance',
  count: 'count',
  mask: 'mask',
  name: 'name',
  kind: 'kind',
  reason: 'reason',
} as const;

type Modal = APIModalInteractionResponseCallbackData;

export function editForm(customId: string, job: JobRecord, limits: RequestLimits, phrases: Phrases): Modal {
  const { request } = job;
  const { form } = phrases;
  return modal(customId, form.editTitle, [
    promptInput(request.template ?? request.prompt, limits, form.prompt),
    filled(
      { ...text(FIELD.negative, form.negative, limits.maxPromptChars), style: TextInputStyle.Paragraph },
      request.negativePrompt,
    ),
    { ...text(FIELD.seed, form.seed, 10), placeholder: form.seedHint, value: String(request.seed) },
    { ...text(FIELD.steps, form.steps, 4), value: String(request.steps) },
  ]);
}

/**
 * @param job the result the picture belongs to, or null for a stranger's picture
 * @param count pictures to choose from
 */
export function varyForm(
  customId: string,
  job: JobRecord | null,
  limits: RequestLimits,
  phrases: Phrases,
  count = job?.request.count ?? 1,
): Modal {
  const { form } = phrases;
  const strength = { ...text(FIELD.strength, form.strength, 5), placeholder: form.strengthHint };
  const which = whichInput(count, form);
  return modal(customId, form.varyTitle, [
    promptInput(job?.request.prompt ?? '', limits, form.prompt),
    ...(count > 1 ? [which] : []),
    strength,
  ]);
}

/**
 * Starts from one picture with new words.
 * @param count pictures to choose from
 */
export function sourceForm(customId: string, limits: RequestLimits, { form }: Phrases, count = 1): Modal {
  const strength = { ...text(FIELD.strength, form.strength, 5), placeholder: form.strengthHint };
  const which = whichInput(count, form);
  return modal(customId, form.sourceTitle, [
    promptInput('', limits, form.prompt),
    ...(count > 1 ? [which] : []),
    strength,
  ]);
}

/**
 * Follows one picture with words of its own.
 * @param of words to begin with, and among how many pictures of a result to choose
 * @param kinds what may be followed, the usual one first
 */
export function followForm(
  customId: string,
  { prompt, pictures }: { readonly prompt: string; readonly pictures: number },
  kinds: readonly ControlKind[],
  limits: RequestLimits,
  { form, control }: Phrases,
): Modal {
  const options = kinds.slice(0, MAX_OPTIONS).map((kind, index) => ({
    label: clip(`${control.kind[kind]} (${kind})`, MAX_PLACEHOLDER_CHARS),
    value: kind,
    default: index === 0,
  }));
  const which = whichInput(pictures, form);
  const strength = { ...text(FIELD.strength, control.form.strength, 5), placeholder: control.form.strengthHint };
  const parts = [promptInput(prompt, limits, form.prompt), ...(pictures > 1 ? [which] : []), strength].map(labelled);
  const select = { type: ComponentType.StringSelect, custom_id: FIELD.kind, options } as const;
  const kind = {
    type: ComponentType.Label,
    label: clip(control.form.kind, MAX_TITLE_CHARS),
    component: select,
  } as const;
  return { custom_id: customId, title: clip(control.form.title, MAX_TITLE_CHARS), components: [kind, ...parts] };
}

/** A text input where selects stand beside it: its words stand above it, not in it. */
function labelled({ label, ...input }: APITextInputComponent): APILabelComponent {
  return { type: ComponentType.Label, label: label ?? '', component: input };
}

/** Why a picture is reported; nobody has to say. */
export function reportForm(customId: string, { moderating }: Phrases): Modal {
  const input = {
    ...text(FIELD.reason, moderating.reportReason(), MAX_REASON_CHARS),
    style: TextInputStyle.Paragraph,
    placeholder: clip(moderating.reportHint(), MAX_PLACEHOLDER_CHARS),
  };
  return modal(customId, moderating.reportTitle(), [input]);
}

export function searchForm(customId: string, words: string, { form, label }: Phrases): Modal {
  const input = { ...text(FIELD.search, label.search, 200), placeholder: clip(form.searchHint, MAX_PLACEHOLDER_CHARS) };
  return modal(customId, form.searchTitle, [filled(input, words)]);
}

/** The settings that are numbers. */
export function settingsForm(customId: string, settings: UserSettings, { form, settings: words }: Phrases): Modal {
  const inputs = [
    filled(text(FIELD.size, form.size, 12), settings.size === undefined ? '' : formatSize(settings.size)),
    filled(text(FIELD.steps, form.steps, 4), String(settings.steps ?? '')),
    filled(text(FIELD.guidance, form.guidance, 6), String(settings.guidance ?? '')),
    filled(text(FIELD.count, form.count, 2), String(settings.count ?? '')),
  ];
  return modal(
    customId,
    words.formTitle(),
    inputs.map((input) => ({ ...input, placeholder: clip(words.formHint(), MAX_PLACEHOLDER_CHARS) })),
  );
}

function promptInput(value: string, limits: RequestLimits, label: string): APITextInputComponent {
  const input = text(FIELD.prompt, label, limits.maxPromptChars);
  return filled({ ...input, style: TextInputStyle.Paragraph, required: true }, clip(value, limits.maxPromptChars));
}

/** Sheets show more than nine. */
function whichInput(count: number, form: Phrases['form']): APITextInputComponent {
  return { ...text(FIELD.picture, form.picture(count), String(count).length), value: '1' };
}

/** Discord takes no empty prefill. */
function filled(input: APITextInputComponent, value: string): APITextInputComponent {
  return value === '' ? input : { ...input, value };
}

function text(customId: string, label: string, maxChars: number): APITextInputComponent {
  return {
    type: ComponentType.TextInput,
    style: TextInputStyle.Short,
    custom_id: customId,
    label: clip(label, MAX_TITLE_CHARS),
    required: false,
    max_length: maxChars,
  };
}

function modal(customId: string, title: string, inputs: readonly APITextInputComponent[]): Modal {
  return {
    custom_id: customId,
    title: clip(title, MAX_TITLE_CHARS),
    components: inputs.map((input) => ({ type: ComponentType.ActionRow, components: [input] })),
  };
}
