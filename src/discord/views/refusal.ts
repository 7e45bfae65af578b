// What is wrong with a request, in the person's language. The numbers and names are those of the error; only its English is replaced.
// Deliberately not everything: an error no pattern knows is told in its own words.
import type { SerializedError } from '../../errors.ts';
import type { Phrases, RequestField } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';

/** Characters of an error's own message; long ones are for the log. */
const SHOWN_MESSAGE_CHARS = 300;
/** As `refuse` of core/request writes it. */
const REFUSED = /: found (.*?), expected (.*)$/su;
/** Other names a field has as a flag. */
const ALIASES: Readonly<Record<string, RequestField>> = { cfg: 'guidance', no: 'negative', ar: 'size' };

type Refused = Phrases['refused'];
type Say = (refused: Refused, field: string, found: string, parts: readonly string[]) => string;

/** What core expects of a field, by the shape of its sentence. */
const EXPECTATIONS: readonly (readonly [RegExp, Say])[] = [
  [
    /^a whole number from (\S+) to (\S+)$/u,
    (refused, field, found, [low, high]) => refused.wholeRange(field, found, low!, high!),
  ],
  [/^(\d+) to (\d+)$/u, (refused, field, found, [low, high]) => refused.wholeRange(field, found, low!, high!)],
  [/^a number from (\S+) to (\S+)$/u, (refused, field, found, [low, high]) => refused.range(field, found, low!, high!)],
  [/^a number$/u, (refused, field, found) => refused.number(field, found)],
  [
    /^at most (\d+)$/u,
    (refused, field, found, [max]) => refused.tooLong(field, found.replace(' characters', ''), max!),
  ],
  [/^one of (.+)$/su, (refused, field, found, [names]) => refused.oneOf(field, found, names!)],
  [
    /^sides that are multiples of (\d+) px up to (\d+) px; nearest (\d+x\d+)$/u,
    (refused, _, found, [stepPx, maxPx, nearest]) => refused.size(found, stepPx!, maxPx!, nearest!),
  ],
  [/^a (?:size|shape) such as/u, (refused, _, found) => refused.sizeForm(found)],
];

/** One clause about what was asked for, escaped, without a full stop. */
export function requestDetail(error: SerializedError, phrases: Phrases): string {
  const { refused } = phrases;
  const field = fieldOf(error, refused);
  const [, found, expected] = REFUSED.exec(error.message) ?? [];
  if (field !== undefined && found !== undefined && expected !== undefined) {
    for (const [pattern, say] of EXPECTATIONS) {
      const parts = pattern.exec(expected)?.slice(1).map(shown);
      if (parts !== undefined) return say(refused, refused.field[field], shown(found), parts);
    }
  }
  return shown(error.message);
}

/** One clause about a start picture. */
export function pictureDetail(error: SerializedError, phrases: Phrases): string {
  const { reason, foundMib, maxMib } = error.details;
  if (reason === 'kind') return phrases.refused.pictureKind();
  if (reason === 'size') return phrases.refused.pictureSize(String(foundMib), String(maxMib));
  return shown(error.message);
}

function fieldOf({ details }: SerializedError, { field }: Refused): RequestField | undefined {
  const name = String(details.field).replace(/^--/, '');
  const known = ALIASES[name] ?? name;
  return Object.hasOwn(field, known) ? (known as RequestField) : undefined;
}

function shown(text: string): string {
  return quoted(text, SHOWN_MESSAGE_CHARS);
}
