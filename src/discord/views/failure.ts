// Errors as users hear them: a plain sentence, never a stack or a path.
import type { ErrorCode, SerializedError } from '../../errors.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { pictureDetail, requestDetail } from './refusal.ts';
import { strikeText } from './strikes.ts';

const PICTURE_CODES: readonly ErrorCode[] = ['input_image_invalid', 'attachment_refused'];
const MODEL_CODES: readonly ErrorCode[] = ['model_missing', 'model_unsupported', 'weights_invalid'];

/** Why a job ended without pictures, one sentence. */
export function failureReason(error: SerializedError | null, phrases: Phrases): string {
  const code = error?.code ?? 'internal';
  if (error !== null && code === 'request_invalid') return `${requestDetail(error, phrases)}.`;
  if (error !== null && PICTURE_CODES.includes(code)) return `${pictureDetail(error, phrases)}.`;
  if (code === 'poison') return phrases.reasonPoison();
  if (code === 'disk_full') return phrases.reasonDisk();
  if (code === 'picture_refused') {
    return error?.details.part === 'picture' ? phrases.moderating.refusedResult() : phrases.reasonSource();
  }
  if (MODEL_CODES.includes(code)) return phrases.reasonModel();
  return phrases.reasonBroken(code);
}

/** What a refusal led to, as a line of its own; '' for everything that is no strike. */
export function strikeLine(error: SerializedError | null, phrases: Phrases): string {
  const { strikes, left, untilMs, fadesAtMs } = error?.details ?? {};
  if (error?.code !== 'picture_refused' || typeof strikes !== 'number') return '';
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  const struck = { count: strikes, left: number(left), untilMs: number(untilMs), fadesAtMs: number(fadesAtMs) };
  return `\n${strikeText(struck, phrases)}`;
}

/** What to say to an interaction that threw. */
export function refusalText(error: SerializedError, phrases: Phrases): string {
  if (error.code === 'request_invalid') return phrases.badRequest(requestDetail(error, phrases));
  if (PICTURE_CODES.includes(error.code)) return phrases.pictureRefused(pictureDetail(error, phrases));
  if (error.code === 'disk_full') return phrases.badRequest(phrases.reasonDisk());
  return phrases.unexpected(error.code);
}
