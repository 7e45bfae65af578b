// Errors as users hear them: a plain sentence, never a stack or a path.
import type { ErrorCode, SerializedError } from '../../errors.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';

/** Codes whose message was written for the person who asked, about what they gave. */
const TELLS_USER: readonly ErrorCode[] = ['request_invalid', 'input_image_invalid', 'attachment_refused'];
const MODEL_CODES: readonly ErrorCode[] = ['model_missing', 'model_unsupported', 'weights_invalid'];
/** Characters of an error's own message; long ones are for the log. */
const SHOWN_MESSAGE_CHARS = 300;

/** Why a job ended without pictures, one sentence. */
export function failureReason(error: SerializedError | null, phrases: Phrases): string {
  const code = error?.code ?? 'internal';
  if (error !== null && TELLS_USER.includes(code)) return `${quoted(error.message, SHOWN_MESSAGE_CHARS)}.`;
  if (code === 'poison') return phrases.reasonPoison();
  if (code === 'disk_full') return phrases.reasonDisk();
  if (MODEL_CODES.includes(code)) return phrases.reasonModel();
  return phrases.reasonBroken(code);
}

/** What to say to an interaction that threw. */
export function refusalText(error: SerializedError, phrases: Phrases): string {
  const detail = quoted(error.message, SHOWN_MESSAGE_CHARS);
  if (error.code === 'request_invalid') return phrases.badRequest(detail);
  if (error.code === 'attachment_refused' || error.code === 'input_image_invalid')
    return phrases.pictureRefused(detail);
  if (error.code === 'disk_full') return phrases.badRequest(phrases.reasonDisk());
  return phrases.unexpected(error.code);
}
