// Pictures people hand in: fetched from Discord's own hosts only, counted while they stream, checked by their first bytes, kept under their hash.
// Deliberately not here: decoding. That happens in the image process, away from the bot's event loop and from its secrets.
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError, type ErrorDetails } from '../errors.ts';

/** Where Discord serves uploads from; exactly these, over https, on the default port. */
const DISCORD_CDN_HOSTS: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net'];

export interface AttachmentRules {
  /** One more origin (`http://127.0.0.1:1234`), for a local Discord. */
  readonly extraOrigin: string | null;
  /** Discord's own default limit for an upload is 10 MiB. */
  readonly maxBytes: number;
  /** From the first byte asked to the last one read; a slow sender must not hold a place for ever. */
  readonly totalMs: number;
}

export const ATTACHMENT_RULES: AttachmentRules = { extraOrigin: null, maxBytes: 10 * 1024 * 1024, totalMs: 15_000 };

/** What this reads of a Discord attachment. */
export interface AttachmentLike {
  readonly url: string;
  readonly size: number;
}

/** The url when it points at Discord's upload hosts. @throws attachment_refused */
export function checkedUrl(text: string, rules: AttachmentRules): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isDiscord = url?.protocol === 'https:' && url.port === '' && DISCORD_CDN_HOSTS.includes(url.hostname);
  const isExtra = url !== undefined && rules.extraOrigin !== null && url.origin === rules.extraOrigin;
  if (url === undefined || url.username !== '' || url.password !== '' || !(isDiscord || isExtra)) {
    refuse('it is not an upload on Discord');
  }
  return url;
}

/** The bytes of an upload. @throws attachment_refused, discord_unreachable */
export async function fetchAttachment(attachment: AttachmentLike, rules: AttachmentRules): Promise<Buffer> {
  const url = checkedUrl(attachment.url, rules);
  if (attachment.size > rules.maxBytes) refuseSize(attachment.size, rules);
  const bytes = await download(url, rules);
  if (pictureKind(bytes) === undefined)
    refuse('found neither PNG nor JPEG nor WebP, expected one of them', { reason: 'kind' });
  return bytes;
}

async function download(url: URL, rules: AttachmentRules): Promise<Buffer> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(rules.totalMs) });
    if (!response.ok || response.body === null) refuse(`Discord answered ${response.status} for it; upload it again`);
    return await readCounted(response.body, rules);
  } catch (thrown) {
    if (thrown instanceof DarkroomError) throw thrown;
    const isLate = thrown instanceof Error && thrown.name === 'TimeoutError';
    const why = isLate ? `it did not arrive within ${rules.totalMs / 1000} s` : 'it could not be fetched from Discord';
    throw new DarkroomError('attachment_refused', `start picture: ${why}`, {}, { cause: thrown });
  }
}

async function readCounted(body: AsyncIterable<Uint8Array>, rules: AttachmentRules): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > rules.maxBytes) refuseSize(sizeBytes, rules);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export type PictureKind = 'png' | 'jpeg' | 'webp';

/** By the first bytes, never by name or declared type. */
export function pictureKind(bytes: Buffer): PictureKind | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'png';
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpeg';
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  return isWebp ? 'webp' : undefined;
}

function refuse(why: string, details: ErrorDetails = {}): never {
  throw new DarkroomError('attachment_refused', `start picture: ${why}`, details);
}

function refuseSize(sizeBytes: number, rules: AttachmentRules): never {
  const [foundMib, maxMib] = [sizeBytes, rules.maxBytes].map((bytes) => (bytes / 1024 / 1024).toFixed(1)) as [
    string,
    string,
  ];
  refuse(`found ${foundMib} MiB, expected at most ${maxMib} MiB`, { reason: 'size', foundMib, maxMib });
}

/** Start pictures on disk: `inputs/<sha256>` in the data folder, whole or not there. */
export class InputFolder {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = path.join(dataDir, 'inputs');
  }

  pathOf(sha256: string): string {
    return path.join(this.#folder, sha256);
  }

  /** Writes, fsyncs and renames into place. @returns the bytes' SHA-256 in lower-case hexadecimal. */
  async keep(bytes: Buffer): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#place(sha256, async (temporary) => {
      const file = await open(temporary, 'w');
      await file
        .writeFile(bytes)
        .then(() => file.sync())
        .finally(() => file.close());
    });
    return sha256;
  }

  /** Keeps a picture that is already a file. @throws attachment_refused when it is no longer there. */
  async keepCopy(source: string, sha256: string): Promise<void> {
    await this.#place(sha256, async (temporary) => {
      await copyFile(source, temporary).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ENOENT') throw thrown;
        refuse('its file is no longer in the data folder');
      });
      const file = await open(temporary, 'r+');
      await file.sync().finally(() => file.close());
    });
  }

  async has(sha256: string): Promise<boolean> {
    return stat(this.pathOf(sha256)).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** Of somebody who wants to be forgotten; the caller knows that no request needs it. */
  async drop(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }

  /** Its age counts from the last time somebody handed it in; see `sweepInputs`. */
  async #handedInAgain(sha256: string): Promise<void> {
    const now = new Date();
    await utimes(this.pathOf(sha256), now, now);
  }

  async #place(sha256: string, write: (temporary: string) => Promise<void>): Promise<void> {
    if (await this.has(sha256)) return this.#handedInAgain(sha256);
    await mkdir(this.#folder, { recursive: true });
    const temporary = path.join(this.#folder, `.${sha256}.${randomBytes(4).toString('hex')}`);
    try {
      await write(temporary);
      await rename(temporary, this.pathOf(sha256));
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw isFull(thrown) ? new DarkroomError('disk_full', 'inputs: no space left for a start picture') : thrown;
    }
  }
}

function isFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
}
