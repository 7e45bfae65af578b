// Discord's error answers: HTTP status, numeric code, message and, for 50035, the tree that says which field is wrong.

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

/** One wrong field: where it is (keys and indices) and what is said about it. */
export interface FieldError {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** The answers the rules give, by Discord's numbers. @source Discord documentation, "Opcodes and Status Codes", JSON error codes */
const KNOWN = {
  0: [404, '404: Not Found'],
  10003: [404, 'Unknown Channel'],
  10004: [404, 'Unknown Guild'],
  10007: [404, 'Unknown Member'],
  10008: [404, 'Unknown Message'],
  10011: [404, 'Unknown Role'],
  10013: [404, 'Unknown User'],
  10014: [400, 'Unknown Emoji'],
  10015: [404, 'Unknown Webhook'],
  10062: [404, 'Unknown interaction'],
  10063: [404, 'Unknown application command'],
  30008: [400, 'Maximum number of emojis reached (50)'],
  30010: [400, 'Maximum number of reactions reached (20)'],
  30039: [400, 'Maximum number of stickers reached (5)'],
  30046: [429, 'Maximum number of edits to messages older than 1 hour reached. Try again later'],
  40001: [401, 'Unauthorized'],
  40005: [413, 'Request entity too large'],
  40060: [400, 'Interaction has already been acknowledged.'],
  50001: [403, 'Missing Access'],
  50005: [403, 'Cannot edit a message authored by another user'],
  50006: [400, 'Cannot send an empty message'],
  50007: [403, 'Cannot send messages to this user'],
  50008: [400, 'Cannot send messages in a non-text channel'],
  50013: [403, 'Missing Permissions'],
  50021: [403, 'Cannot execute action on a system message'],
  50024: [403, 'Cannot execute action on this channel type'],
  50027: [401, 'Invalid Webhook Token'],
  50034: [400, 'You can only bulk delete messages that are under 14 days old.'],
  50035: [400, 'Invalid Form Body'],
  50045: [400, 'File uploaded exceeds the maximum size'],
  50046: [400, 'Invalid Asset'],
  50109: [400, 'The request body contains invalid JSON.'],
  160002: [400, 'Cannot reply without permission to read message history'],
} as const satisfies Record<number, readonly [number, string]>;

export type KnownCode = keyof typeof KNOWN;

export class ApiError extends Error {
  readonly status: number;
  readonly body: JsonObject;

  constructor(status: number, body: JsonObject) {
    super(`${status} ${String(body.code)}: ${String(body.message)}`);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
  }
}

export function apiError(code: KnownCode): ApiError {
  const [status, message] = KNOWN[code];
  return new ApiError(status, { message, code });
}

export function unauthorized(): ApiError {
  return new ApiError(401, { message: '401: Unauthorized', code: 0 });
}

/** 400 with code 50035 and the `errors` tree; at least one field. */
export function invalidForm(fields: readonly FieldError[]): ApiError {
  const errors: JsonObject = {};
  for (const field of fields) plant(errors, field);
  return new ApiError(400, { message: 'Invalid Form Body', code: 50035, errors });
}

function plant(tree: JsonObject, field: FieldError): void {
  let node = tree;
  for (const step of field.path) {
    node[step] ??= {};
    node = node[step] as JsonObject;
  }
  node._errors ??= [];
  (node._errors as JsonValue[]).push({ code: field.code, message: field.message });
}

export const required = (...path: (string | number)[]): FieldError => ({
  path,
  code: 'BASE_TYPE_REQUIRED',
  message: 'This field is required',
});

export function fieldError(path: readonly (string | number)[], code: string, message: string): FieldError {
  return { path, code, message };
}
