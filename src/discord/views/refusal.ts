// What is wrong with a request, in the person's language: made from the details core's `refuse` gives, never from its English.
import { isControlKind } from '../../core/control.ts';
import type { SerializedError } from '../../errors.ts';
import type { ControlField } from '../phrases/control.ts';
import type { Phrases, RequestField } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';

/** Characters of names and found words in one answer. */
const SHOWN_CHARS = 300;
/** Other names a field has as a flag. */
const ALIASES: Readonly<Record<string, RequestField>> = {
  cfg: 'guidance',
  no: 'negative',
  ar: 'size',
  repeat: 'count',
  'clip-skip': 'clip skip',
};
/** Characters of a list of names; nobody reads more. */
const NAMES_CHARS = 200;
const SIZE_EXAMPLES: Readonly<Record<string, string>> = { too: '96x64, 3:2', only: '3:2', not: '96x64' };

/** One clause about what was asked for, escaped, without a full stop. */
export function requestDetail(error: SerializedError, phrases: Phrases): string {
  const { refused } = phrases;
  const { field: name, kind, found: raw, nearest } = error.details;
  if (name === undefined) return shown(error.message);
  const field = fieldName(String(name), phrases);
  const found = shown(raw);
  const detail = (key: string) => shown(error.details[key]);
  switch (kind) {
    case 'whole':
      return refused.wholeRange(field, found, detail('low'), detail('high'));
    case 'within':
      return refused.range(field, found, detail('low'), detail('high'));
    case 'number':
      return refused.number(field, found);
    case 'names':
      return refused.oneOf(field, found, namesOf(error)) + (nearest ? refused.nearest(shown(nearest)) : '');
    case 'chars':
      return refused.tooLong(field, found, detail('max'));
    case 'atMost':
      return refused.tooMany(field, found, detail('max'));
    case 'sides':
      return refused.size(found, detail('stepPx'), detail('maxPx'), shown(nearest));
    case 'sizeForm':
      return refused.form(field, found, SIZE_EXAMPLES[String(error.details.shapes)] ?? '96x64');
    case 'memory':
      return refused.memory(found, detail('needGib'), detail('haveGib'), shown(nearest || '—'));
    case 'controls':
      return controlDetail(error, phrases);
    case 'form':
      return refused.form(field, found, detail('example'));
    case 'here':
      return phrases.houseRules.limitHere(field, found, detail('max'));
    case 'some':
      return refused.missing(field, detail('example'));
    default:
      return otherDetail(error, field, phrases);
  }
}

function controlDetail({ details }: SerializedError, { control }: Phrases): string {
  const named = (kind: string) => (isControlKind(kind) ? control.kind[kind] : kind);
  const kinds = String(details.kinds ?? '');
  const model = shown(details.model);
  if (kinds === '') return control.none(model, shown(details.family));
  return control.notKind(shown(named(String(details.found))), model, shown(kinds.split(', ').map(named).join(', ')));
}

/** English readers get the error's own words; others at least what was found, in words they read. */
function otherDetail(error: SerializedError, field: string, { refused, isEnglish }: Phrases): string {
  return isEnglish ? shown(error.message) : refused.other(field, shown(error.details.found ?? '—'));
}

/** One clause about a start picture. */
export function pictureDetail(error: SerializedError, { refused, control, isEnglish }: Phrases): string {
  const { reason, foundMib, maxMib } = error.details;
  if (reason === 'kind') return refused.pictureKind();
  if (reason === 'mask_empty') return refused.maskEmpty();
  if (reason === 'mask_shape') return refused.maskShape();
  if (reason === 'silhouette') return control.noSilhouette();
  if (reason === 'size') return refused.pictureSize(String(foundMib), String(maxMib));
  return isEnglish ? shown(error.message) : refused.pictureOther();
}

function fieldName(name: string, { refused: { field }, control }: Phrases): string {
  const bare = name.replace(/^--/, '');
  const known = ALIASES[bare] ?? bare;
  const ofControl = bare.replaceAll('-', ' ');
  if (Object.hasOwn(control.field, ofControl)) return control.field[ofControl as ControlField];
  return Object.hasOwn(field, known) ? field[known as RequestField] : shown(name);
}

/** Whole names, as many as are read; where they are too many, what was probably meant comes first. */
function namesOf({ details: { names, nearest } }: SerializedError): string {
  const whole = String(names ?? '');
  if (whole.length <= NAMES_CHARS) return shown(whole) || '—';
  const all = whole.split(', ');
  const ordered = [...all.filter((name) => name === nearest), ...all.filter((name) => name !== nearest)];
  const cut = ordered.join(', ').slice(0, NAMES_CHARS).lastIndexOf(', ');
  return shown(`${ordered.join(', ').slice(0, Math.max(1, cut))}, …`);
}

function shown(text: unknown): string {
  return quoted(String(text ?? ''), SHOWN_CHARS);
}
