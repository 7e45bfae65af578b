// How requests travel to Discord's API: whole, for its answers are small. What discord.js does by itself makes a stream and a full set of
// headers of every answer, which is a third of an answer's cost in a crowd, and leaves the ones it does not read (a 502's) on their connection.
// Deliberately not here: retries, rate limits and time limits; @discordjs/rest has them, and uploads go its own way.
import { STATUS_CODES } from 'node:http';
import { DefaultRestOptions, type RESTOptions, type ResponseLike } from 'discord.js';
import type { Dispatcher } from 'undici';

type MakeRequest = RESTOptions['makeRequest'];
type Init = Parameters<MakeRequest>[1];

/** `fetch` as far as @discordjs/rest uses it. @throws what the connection threw, or the signal's reason */
export const makeRequest: MakeRequest = (url, init) => {
  const { body, dispatcher } = init;
  const isSmall = (typeof body === 'string' || body == null) && dispatcher !== undefined;
  return isSmall ? request(url, init, body ?? null, dispatcher) : DefaultRestOptions.makeRequest(url, init);
};

function request(url: string, init: Init, body: string | null, dispatcher: Dispatcher): Promise<ResponseLike> {
  const { origin, pathname, search } = new URL(url);
  const { method = 'GET', headers, signal } = init;
  const options: Dispatcher.DispatchOptions = {
    origin,
    path: `${pathname}${search}`,
    method: method.toUpperCase() as Dispatcher.HttpMethod,
    headers: headers as Record<string, string>,
    body,
  };
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let status = 0;
    let rawHeaders: readonly Buffer[] = [];
    dispatcher.dispatch(options, {
      onConnect(abort) {
        if (signal?.aborted) abort(signal.reason);
        else signal?.addEventListener('abort', () => abort(signal.reason), { once: true });
      },
      onHeaders(statusCode, raw) {
        [status, rawHeaders] = [statusCode, raw];
        return true;
      },
      onData(piece) {
        pieces.push(piece);
        return true;
      },
      onComplete: () => resolve(answerOf(status, rawHeaders, Buffer.concat(pieces))),
      onError: reject,
    });
  });
}

function answerOf(status: number, raw: readonly Buffer[], body: Buffer): ResponseLike {
  const text = async () => body.toString('utf8');
  return {
    status,
    statusText: STATUS_CODES[status] ?? '',
    ok: status >= 200 && status < 300,
    // What is asked of it is a name at a time.
    headers: headersOf(raw) as unknown as ResponseLike['headers'],
    body: null,
    bodyUsed: false,
    text,
    json: async () => JSON.parse(await text()) as unknown,
    arrayBuffer: async () => new Uint8Array(body).buffer,
  };
}

/** Names and values in turn, as undici hands them over; of a name that comes twice the last counts. */
function headersOf(raw: readonly Buffer[]): Pick<Headers, 'get' | 'has'> {
  const values = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    values.set(raw[at]!.toString('latin1').toLowerCase(), raw[at + 1]!.toString('latin1'));
  }
  return { get: (name) => values.get(name.toLowerCase()) ?? null, has: (name) => values.has(name.toLowerCase()) };
}
