// The one error class of the program. It owns the closed list of codes and says for whom an error is and whether trying again helps.
// Expected refusals (quota, blocked prompt, not allowed here) are values, not errors.

/** Who can do something about it. */
export type Audience = 'user' | 'operator' | 'developer';
/** Whether the same call can succeed: never, after a while, or at once. */
export type Retry = 'never' | 'later' | 'now';

const CODES = {
  config_invalid: ['operator', 'never'],
  request_invalid: ['user', 'never'],
  input_image_invalid: ['user', 'never'],
  picture_refused: ['user', 'never'],
  weights_invalid: ['operator', 'never'],
  model_unsupported: ['operator', 'never'],
  model_missing: ['operator', 'never'],
  graph_invalid: ['developer', 'never'],
  runtime_failed: ['operator', 'later'],
  provider_unavailable: ['operator', 'never'],
  worker_crashed: ['operator', 'now'],
  worker_hung: ['operator', 'now'],
  worker_protocol: ['developer', 'now'],
  worker_lost: ['operator', 'now'],
  cancelled: ['user', 'never'],
  poison: ['user', 'never'],
  store_failed: ['operator', 'later'],
  migration_failed: ['operator', 'never'],
  disk_full: ['operator', 'later'],
  discord_refused: ['operator', 'never'],
  discord_unreachable: ['operator', 'later'],
  attachment_refused: ['user', 'never'],
  hub_refused: ['operator', 'never'],
  hub_unreachable: ['operator', 'later'],
  internal: ['developer', 'never'],
} as const satisfies Record<string, readonly [Audience, Retry]>;

export type ErrorCode = keyof typeof CODES;

/** Details travel beside the message as plain data; they never hold tokens or prompts. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

export class DarkroomError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DarkroomError';
    this.code = code;
    this.details = details;
  }

  get audience(): Audience {
    return CODES[this.code][0];
  }

  get retry(): Retry {
    return CODES[this.code][1];
  }

  toJSON(): SerializedError {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** What crosses the process boundary and what the database keeps. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(CODES, value);
}

/** Rebuilds the error on the other side of the pipe; an unknown code becomes `internal`, its message kept. */
export function deserializeError(value: SerializedError): DarkroomError {
  return new DarkroomError(isErrorCode(value.code) ? value.code : 'internal', value.message, value.details);
}

/** Any thrown thing as a DarkroomError, so that class and code are never lost. */
export function toDarkroomError(thrown: unknown, fallback: ErrorCode = 'internal'): DarkroomError {
  if (thrown instanceof DarkroomError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DarkroomError(fallback, message, {}, { cause: thrown });
}
