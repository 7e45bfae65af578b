// A repository on a model hub: which files it has at which commit, and what their bytes must be. Asked through Hugging Face's own client.
// Deliberately not here: what the client's requests may do; guardedFetch bounds them.
import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { DarkroomError } from '../errors.ts';
import { guardedFetch } from './guardedFetch.ts';

export interface HubSettings {
  /** Without a slash at the end; Hugging Face's own in ordinary use. */
  readonly endpoint: string;
  /** Null for public repositories. */
  readonly token: string | null;
  readonly fetch: typeof fetch;
}

export interface HubFile {
  /** In the repository, with slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** SHA-256 of the bytes for large files, git's SHA-1 of the blob for small ones. */
  readonly digest: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface HubRepository {
  /** `owner/name`. */
  readonly name: string;
  /** 40 hexadecimal digits; everything is fetched at this commit, whatever happens to the branch meanwhile. */
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** What somebody writes for a repository or one file of it. */
export interface HubAddress {
  readonly repository: string;
  /** Path inside the repository; null for what is needed of the whole. */
  readonly file: string | null;
  /** Branch, tag or commit; null for the default branch. */
  readonly revision: string | null;
}

/** Files a listing may name; the largest model repositories have some hundred. */
const MAX_FILES = 20_000;

const SEGMENT = /^[\w][\w.-]{0,95}$/;

/**
 * `owner/name`, `owner/name/path/to/file`, with `@revision` behind the name if need be, or the page's address on the hub.
 * @throws request_invalid
 */
export function parseHubAddress(text: string, endpoint: string): HubAddress {
  const plain = text.trim().replace(/[?#].*$/, '');
  if (/^https?:\/\//.test(plain) && !plain.startsWith(`${endpoint}/`)) refuseAddress(text, `an address on ${endpoint}`);
  const [owner, nameAndRevision, ...rest] = plain.replace(`${endpoint}/`, '').split('/');
  const [name, revision = null] = (nameAndRevision ?? '').split('@');
  if (!isSegment(owner) || !isSegment(name)) refuseAddress(text, 'OWNER/NAME or OWNER/NAME/FILE');
  const page = /^(blob|resolve|tree)$/.test(rest[0] ?? '') ? rest.splice(0, 2) : [];
  if (rest.some((segment) => segment === '' || /^\.+$/.test(segment) || /[\\\0]/.test(segment)))
    refuseAddress(text, 'a path without empty parts');
  const file = rest.length === 0 ? null : rest.map(decoded).join('/');
  return { repository: `${owner}/${name}`, file, revision: revision ?? page[1] ?? null };
}

function isSegment(text: string | undefined): boolean {
  return text !== undefined && SEGMENT.test(text) && !text.includes('..');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function refuseAddress(found: string, expected: string): never {
  const short = JSON.stringify(found.slice(0, 100));
  throw new DarkroomError('request_invalid', `address: found ${short}, expected ${expected}`, { field: 'address' });
}

/** @throws hub_refused, hub_unreachable */
export async function readRepository(address: HubAddress, settings: HubSettings): Promise<HubRepository> {
  const { repository } = address;
  const common = clientOptions(settings);
  const revision = address.revision ?? 'main';
  const info = await asking(address, () =>
    modelInfo({ name: repository, revision, additionalFields: ['sha'], ...common }),
  );
  if (!isCommit(info.sha)) throw unreadable(address, 'it names no commit');
  const commit = info.sha;
  const files: HubFile[] = [];
  await asking(address, async () => {
    for await (const entry of listFiles({ repo: repository, revision: commit, recursive: true, ...common })) {
      if (entry.type === 'file') files.push(fileOf(entry, address));
      if (files.length > MAX_FILES) throw unreadable(address, `it has more than ${MAX_FILES} files`);
    }
  });
  return { name: repository, commit, files };
}

export function clientOptions({ endpoint, token, fetch }: HubSettings) {
  return { hubUrl: endpoint, fetch: guardedFetch(fetch, endpoint), ...(token === null ? {} : { accessToken: token }) };
}

function isCommit(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value);
}

function fileOf(
  entry: { path: string; size: number; oid?: string; lfs?: { oid: string } },
  address: HubAddress,
): HubFile {
  const { path, size, oid, lfs } = entry;
  const isPath = typeof path === 'string' && path.split('/').every((part) => part !== '' && !/^\.+$/.test(part));
  if (!isPath || /[\\\0]/.test(path)) throw unreadable(address, 'it names a file that has no plain path');
  if (!Number.isSafeInteger(size) || size < 0) throw unreadable(address, `${path} has no size`);
  if (lfs !== undefined && /^[0-9a-f]{64}$/.test(lfs.oid))
    return { path, sizeBytes: size, digest: { kind: 'sha256', hex: lfs.oid } };
  if (isCommit(oid)) return { path, sizeBytes: size, digest: { kind: 'git', hex: oid } };
  throw unreadable(address, `${path} has no hash`);
}

function unreadable({ repository }: HubAddress, problem: string): DarkroomError {
  return new DarkroomError('hub_refused', `${repository}: the hub's answer cannot be used: ${problem}`);
}

/** Asks, and says what went wrong in our words. @throws hub_refused, hub_unreachable */
export async function asking<T>({ repository, file, revision }: HubAddress, ask: () => Promise<T>): Promise<T> {
  const what = [repository, ...(file === null ? [] : [file])].join('/') + (revision === null ? '' : ` at ${revision}`);
  try {
    return await ask();
  } catch (thrown) {
    throw hubError(what, thrown);
  }
}

export function hubError(what: string, thrown: unknown): unknown {
  if (thrown instanceof DarkroomError) return thrown;
  if (thrown instanceof HubApiError) return refusal(what, thrown);
  if (thrown instanceof Error && thrown.name === 'AbortError') return thrown;
  const reason = reasonOf(thrown);
  return new DarkroomError('hub_unreachable', `${what}: the hub cannot be reached: ${reason}`, {}, { cause: thrown });
}

/** undici says "fetch failed" and keeps the reason below it. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause as { readonly code?: unknown; readonly message?: unknown } | undefined;
  return String(cause?.code ?? cause?.message ?? thrown.message).split('\n')[0]!;
}

const TOKEN_ADVICE =
  'set HF_TOKEN to a token of an account that may read it; for gated models, accept its terms on its page first';

function refusal(what: string, error: HubApiError): DarkroomError {
  const { statusCode } = error;
  const details = { status: statusCode };
  if (statusCode === 401 || statusCode === 403) {
    return new DarkroomError(
      'hub_refused',
      `${what}: the hub does not let us read it (${statusCode}); is the name right? If so, ${TOKEN_ADVICE}`,
      details,
    );
  }
  if (statusCode === 404) return new DarkroomError('hub_refused', `${what}: the hub has no such thing (404)`, details);
  const code = statusCode === 429 || statusCode >= 500 ? 'hub_unreachable' : 'hub_refused';
  return new DarkroomError(code, `${what}: the hub answered ${statusCode}`, details);
}
