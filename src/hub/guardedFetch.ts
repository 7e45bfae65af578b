// `fetch` as the hub's client gets it: the token goes to the hub's own origin and nowhere else, no answer is waited for without end, and
// nothing is taken for a part of a file that is another one.

/** From a question to its answer's headers, in milliseconds; the bytes of a file have a limit of their own. */
const ANSWER_MS = 30_000;
/** The hub sends large files from a store of its own, one or two redirects away. */
const MAX_REDIRECTS = 5;

/** @param endpoint the hub's address, whose origin alone may see the token */
export function guardedFetch(plainFetch: typeof fetch, endpoint: string): typeof fetch {
  const hub = new URL(endpoint);
  return async (input, init) => {
    const wanted = new Headers(init?.headers);
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      checkProtocol(url, hub);
      const headers = new Headers(wanted);
      if (url.origin !== hub.origin) headers.delete('authorization');
      const response = await answerOf(plainFetch, url, { ...init, headers, redirect: 'manual' });
      const target = redirectOf(response);
      if (target === undefined) return checkedPart(response, wanted.get('range'));
      await response.body?.cancel();
      url = new URL(target, url);
    }
    throw new TypeError(`more than ${MAX_REDIRECTS} redirects`);
  };
}

/** From https never to http: bytes would be checked by their hash, but what is asked for would be read on the way. */
function checkProtocol({ protocol }: URL, hub: URL): void {
  if (protocol === 'https:' || (protocol === 'http:' && hub.protocol === 'http:')) return;
  throw new TypeError(`the hub sends us on to ${protocol} addresses`);
}

async function answerOf(plainFetch: typeof fetch, url: URL, init: RequestInit): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new TypeError(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  try {
    return await plainFetch(url, { ...init, signal: late.signal });
  } finally {
    clearTimeout(timer);
  }
}

function redirectOf({ status, headers }: Response): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? (headers.get('location') ?? undefined) : undefined;
}

function checkedPart(response: Response, range: string | null): Response {
  const from = /^bytes=(\d+)-/.exec(range ?? '')?.[1];
  // From the first byte on a whole file is none the worse; the client's question for a file's facts asks for that one byte.
  if (from === undefined || from === '0' || !response.ok) return response;
  const begins = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
  if (response.status === 206 && begins === from) return response;
  const found = response.status === 206 ? `those from byte ${begins}` : 'the whole file';
  throw new TypeError(`asked for the bytes from ${from}, got ${found}`);
}
