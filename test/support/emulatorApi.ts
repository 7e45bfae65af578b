// Bare REST calls on an emulator, for what discord.js would never send or never show.
import type { Stage } from './emulatorBot.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

export type Api = (
  method: string,
  path: string,
  body?: unknown,
  files?: readonly (string | Buffer)[],
) => Promise<ApiAnswer>;

/** Calls as the bot; `files[n]` are named `n.txt`. Paths begin after /api/v10. */
export function makeApi({ emulator }: Stage, authorization = `Bot ${emulator.token}`): Api {
  return async (method, path, body, files) => {
    const response = await fetch(`${emulator.apiUrl}/v10${path}`, {
      method,
      headers: {
        authorization,
        ...(files === undefined && body !== undefined ? { 'content-type': 'application/json' } : {}),
      },
      ...(body === undefined ? {} : { body: files === undefined ? JSON.stringify(body) : toForm(body, files) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
}

function toForm(body: unknown, files: readonly (string | Buffer)[]): FormData {
  const form = new FormData();
  form.set('payload_json', JSON.stringify(body));
  files.forEach((bytes, index) => {
    form.set(`files[${index}]`, new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)]), `${index}.txt`);
  });
  return form;
}

/** Every wrong field of a 50035 answer as `path: CODE`, sorted. */
export function wrongFields(body: unknown, path: readonly string[] = []): string[] {
  const node = (path.length === 0 ? (body as { errors?: object }).errors : body) ?? {};
  return Object.entries(node)
    .flatMap(([key, value]) =>
      key === '_errors'
        ? (value as { code: string }[]).map(({ code }) => `${path.join('.')}: ${code}`)
        : wrongFields(value, [...path, key]),
    )
    .sort();
}
