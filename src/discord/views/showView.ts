// One result as /show brings it again, privately: pictures, words and numbers, where it came from and what became of it.
import type { ControlMap } from '../../core/control.ts';
import { isCovered, type JobRecord, type PictureRecord } from '../../core/job.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { messageLink } from '../text.ts';
import { fileChoices, headline, mapFiles, mapParts, recipeLine, resultRows, type Wording } from './jobView.ts';
import { cardView, galleryPart, textPart, type View } from './view.ts';

export interface Family {
  readonly parent: JobRecord | undefined;
  readonly children: readonly JobRecord[];
}

export function showView(
  job: JobRecord,
  pictures: readonly PictureRecord[],
  family: Family,
  wording: Wording,
  controlMaps: readonly ControlMap[] = [],
): View {
  const { phrases } = wording;
  const [files = []] = fileChoices(job, pictures, phrases);
  const maps = mapFiles(job, controlMaps, phrases);
  return cardView(
    [
      textPart(headline(job, phrases)),
      ...galleryPart(files, isCovered(job)),
      ...mapParts(job, maps, phrases),
      textPart(`-# ${recipeLine(job, phrases)}\n${linkLine(job, phrases)}${familyText(family, phrases)}`),
      ...resultRows(job, wording),
    ],
    [...files, ...maps],
  );
}

/** Parents and children by their ids, as links where their messages are. */
export function familyText({ parent, children }: Family, { card }: Phrases): string {
  if (parent === undefined && children.length === 0) return card.noFamily();
  const lines = [
    ...(parent === undefined ? [] : [card.parent(linkTo(parent))]),
    ...(children.length === 0 ? [] : [card.children(children.map(linkTo).join(', '))]),
  ];
  return lines.join('\n');
}

export function linkTo({ id, guildId, channelId, messageId }: JobRecord): string {
  const shown = `\`#${id}\``;
  return messageId === null ? shown : `[${shown}](${messageLink(guildId, channelId, messageId)})`;
}

function linkLine({ guildId, channelId, messageId }: JobRecord, phrases: Phrases): string {
  return messageId === null ? '' : `${phrases.historyLine(messageLink(guildId, channelId, messageId))}\n`;
}
