// A model hub on loopback, as far as a client reading files can tell: model info, paged file trees, resolve addresses with ranges, large
// files behind a redirect to a store of another origin. Faults are set by hand. Written from huggingface.co's documented answers.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubFault {
  /** Ends the connection after so many bytes of an answer's body; each use takes one off the list. */
  cutAfter: number[];
  /** Bytes handed out in the place of the file's own; of the same length. */
  served?: Buffer;
  /** Answers this instead of the file. */
  status?: number;
  /** Answers 200 and the whole file, whatever range was asked for. */
  ignoresRanges?: boolean;
}

export interface HubRequest {
  readonly server: 'hub' | 'store';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface LocalHub {
  readonly endpoint: string;
  readonly requests: HubRequest[];
  /** By `owner/name/path`. */
  readonly faults: Map<string, HubFault>;
  /** A repository's files at a new commit; larger than `lfsBytes` they are kept in the store. */
  put(repository: string, files: Readonly<Record<string, Buffer | string>>, token?: string): void;
  close(): Promise<void>;
}

interface Repository {
  readonly commit: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly token: string | undefined;
}

const LFS_BYTES = 1_000;
const PAGE = 5;

export async function startLocalHub(): Promise<LocalHub> {
  const repositories = new Map<string, Repository>();
  const requests: HubRequest[] = [];
  const faults = new Map<string, HubFault>();
  const store = createServer((request, response) => {
    const url = noted('store', request);
    const [owner, name, ...rest] = decodeURIComponent(url.pathname).slice(1).split('/');
    const bytes = repositories.get(`${owner}/${name}`)?.files.get(rest.join('/'));
    if (bytes === undefined) refuse(response, 404);
    else sendFile(request, response, bytes, faults.get([owner, name, ...rest].join('/')));
  });
  const storeOrigin = await listen(store);
  const hub = createServer((request, response) => answer(request, response));
  const endpoint = await listen(hub);

  function noted(server: 'hub' | 'store', request: IncomingMessage): URL {
    const { range, authorization } = request.headers;
    const url = new URL(request.url!, 'http://localhost');
    requests.push({ server, path: decodeURIComponent(url.pathname), range, authorization });
    return url;
  }

  function answer(request: IncomingMessage, response: ServerResponse): unknown {
    const url = noted('hub', request);
    const parts = decodeURIComponent(url.pathname).slice(1).split('/');
    const isApi = parts[0] === 'api';
    const [owner, name, action, revision, ...rest] = isApi ? parts.slice(2) : parts;
    const repository = repositories.get(`${owner}/${name}`);
    // The hub does not tell strangers which repositories there are.
    if (repository === undefined || !isAllowed(repository, request))
      return refuse(response, 401, 'Invalid username or password.');
    if (revision !== 'main' && revision !== repository.commit)
      return refuse(response, 404, `Invalid rev id: ${revision}`);
    if (action === 'revision')
      return sendJson(response, {
        _id: '1',
        id: `${owner}/${name}`,
        sha: repository.commit,
        private: false,
        gated: false,
        likes: 0,
        downloads: 0,
        lastModified: '2026-01-01T00:00:00.000Z',
      });
    if (action === 'tree') return sendTree(response, repository, url);
    if (action === 'resolve') return resolve(request, response, `${owner}/${name}`, repository, rest.join('/'));
    return refuse(response, 404);
  }

  function sendTree(response: ServerResponse, repository: Repository, url: URL): void {
    const entries = [...repository.files].map(([file, bytes]) => entryOf(file, bytes));
    const from = Number(url.searchParams.get('cursor') ?? 0);
    if (from + PAGE < entries.length) {
      url.searchParams.set('cursor', String(from + PAGE));
      response.setHeader('link', `<${endpoint}${url.pathname}${url.search}>; rel="next"`);
    }
    sendJson(response, entries.slice(from, from + PAGE));
  }

  function resolve(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    repository: Repository,
    file: string,
  ): unknown {
    const bytes = repository.files.get(file);
    const fault = faults.get(`${name}/${file}`);
    if (bytes === undefined) {
      response.setHeader('x-error-code', 'EntryNotFound');
      return refuse(response, 404, 'Entry not found');
    }
    if (fault?.status !== undefined) return refuse(response, fault.status);
    response.setHeader('x-linked-etag', `"${sha256(bytes)}"`);
    if (bytes.length < LFS_BYTES) return sendFile(request, response, bytes, fault);
    if (request.headers.accept?.includes('xet-fileinfo') === true) return sendXetInfo(response, bytes);
    const target = `${storeOrigin}/${name}/${file.split('/').map(encodeURIComponent).join('/')}?signature=1`;
    return response.writeHead(302, { location: target }).end();
  }

  /** What the hub says of files in its newer store to clients that know it. */
  function sendXetInfo(response: ServerResponse, bytes: Buffer): void {
    response.setHeader('content-type', 'application/vnd.xet-fileinfo+json');
    response.setHeader('x-linked-size', String(bytes.length));
    response.setHeader('x-xet-hash', sha256(bytes));
    response.setHeader(
      'link',
      `<${endpoint}/xet-auth>; rel="xet-auth", <${endpoint}/xet>; rel="xet-reconstruction-info"`,
    );
    response.end('{}');
  }

  return {
    endpoint,
    requests,
    faults,
    put(name, files, token) {
      const contents = new Map(Object.entries(files).map(([file, bytes]) => [file, Buffer.from(bytes)]));
      const commit = createHash('sha1')
        .update([...contents].flat().map(String).join('\0'))
        .digest('hex');
      repositories.set(name, { commit, files: contents, token });
    },
    close: async () => {
      for (const server of [hub, store]) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
}

function isAllowed({ token }: Repository, { headers }: IncomingMessage): boolean {
  return token === undefined || headers.authorization === `Bearer ${token}`;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function refuse(response: ServerResponse, status: number, error = 'refused'): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  fault: HubFault | undefined,
): unknown {
  const served = fault?.served ?? bytes;
  response.setHeader('etag', `"${sha256(bytes)}"`);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined || fault?.ignoresRanges === true) return sendBody(response, served, fault);
  const end = to === '' || to === undefined ? served.length - 1 : Math.min(Number(to), served.length - 1);
  response.statusCode = 206;
  response.setHeader('content-range', `bytes ${from}-${end}/${served.length}`);
  return sendBody(response, served.subarray(Number(from), end + 1), fault);
}

function sendBody(response: ServerResponse, body: Buffer, fault: HubFault | undefined): void {
  response.setHeader('content-length', body.length);
  // The one byte that asks for a file's size is no answer to break.
  const cut = body.length > 1 ? fault?.cutAfter.shift() : undefined;
  if (cut === undefined) response.end(body);
  else response.write(body.subarray(0, cut), () => setImmediate(() => response.destroy()));
}

function entryOf(file: string, bytes: Buffer) {
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const base = { type: 'file', path: file, size: bytes.length, oid };
  return bytes.length < LFS_BYTES
    ? base
    : { ...base, lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 134 } };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
