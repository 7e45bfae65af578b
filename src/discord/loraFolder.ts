// LoRAs people hand in: streamed into quarantine with a limit, read whole by a process of its own, and only then put among the others, in one
// step. What is refused is deleted. Deliberately not here: who may do it (loraAccess.ts).
import { createHash, randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import type { LoraVerdict } from '../weights/loraCheck.ts';
import { LORAS_FOLDER, loraNameOf } from '../weights/loraLibrary.ts';
import { companionsOf } from '../weights/loraNotes.ts';
import { type AttachmentLike, type AttachmentRules, checkedUrl } from './attachments.ts';

export interface LoraFolderOptions {
  /** Absolute. */
  readonly modelsDir: string;
  readonly dataDir: string;
  /** Of one file. */
  readonly maxBytes: number;
  /** One more origin uploads may come from. */
  readonly extraOrigin: string | null;
  /** Reads a file of a folder through. @throws with the reason it is refused for */
  readonly judge: (folder: string, file: string) => Promise<LoraVerdict>;
  /** From then on the catalog tells of what lies in the folder now. */
  readonly refresh: () => Promise<void>;
}

/** A file in quarantine. */
interface Received {
  readonly folder: string;
  readonly file: string;
  readonly sha256: string;
}

/** What becomes of a file: kept, there already under a name, or its name is another file's. */
export type HandedIn =
  | { readonly kind: 'kept'; readonly name: string; readonly sha256: string; readonly verdict: LoraVerdict }
  | { readonly kind: 'known'; readonly name: string }
  | { readonly kind: 'taken'; readonly name: string };

/** What there is already. */
export interface OtherLoras {
  /** The LoRA that has exactly these bytes. */
  nameOf(sha256: string): string | undefined;
  isTaken(name: string): boolean;
}

/** From the first byte asked to the last one read. */
const DOWNLOAD_MS = 180_000;
const MIB = 1024 * 1024;

export class LoraFolder {
  readonly #options: LoraFolderOptions;
  /** One file at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LoraFolderOptions) {
    this.#options = options;
  }

  get maxMib(): number {
    return Math.floor(this.#options.maxBytes / MIB);
  }

  get modelsDir(): string {
    return this.#options.modelsDir;
  }

  refresh(): Promise<void> {
    return this.#options.refresh();
  }

  /**
   * @param wanted a name for it, else its file's
   * @throws attachment_refused, weights_invalid, model_unsupported, disk_full with the reason; nothing stays then
   */
  handIn(
    attachment: AttachmentLike & { readonly name: string },
    wanted: string | null,
    others: OtherLoras,
  ): Promise<HandedIn> {
    const work = this.#turn.then(() => this.#handIn(attachment, wanted, others));
    this.#turn = work.catch(() => {});
    return work;
  }

  /** The file and what lies beside it. */
  async remove(name: string): Promise<void> {
    const place = this.#placeOf(name);
    for (const file of [place, ...companionsOf(place)]) await rm(file, { force: true });
    await this.refresh();
  }

  async #handIn(
    attachment: AttachmentLike & { readonly name: string },
    wanted: string | null,
    others: OtherLoras,
  ): Promise<HandedIn> {
    const name = loraNameOf(wanted ?? attachment.name);
    checkName(attachment.name, name);
    if (others.isTaken(name) || (await isThere(this.#placeOf(name)))) return { kind: 'taken', name };
    const folder = path.join(this.#options.dataDir, 'quarantine', randomBytes(8).toString('hex'));
    try {
      const received = await this.#receive(attachment, folder, name);
      const known = others.nameOf(received.sha256);
      if (known !== undefined) return { kind: 'known', name: known };
      const verdict = await this.#options.judge(folder, received.file);
      if (!(await this.#keep(received.file, name))) return { kind: 'taken', name };
      await this.refresh();
      return { kind: 'kept', name, sha256: received.sha256, verdict };
    } catch (thrown) {
      throw isFull(thrown) ? new DarkroomError('disk_full', 'LoRA: no space left for it') : thrown;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #receive(attachment: AttachmentLike, folder: string, name: string): Promise<Received> {
    const { maxBytes, extraOrigin } = this.#options;
    const rules = { extraOrigin, maxBytes, totalMs: DOWNLOAD_MS };
    const url = checkedUrl(attachment.url, rules);
    if (attachment.size > maxBytes) refuseSize(attachment.size, maxBytes);
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${name}.safetensors`);
    return { folder, file, sha256: await download(url, file, rules) };
  }

  /** Under its name whole or not at all; hidden until then, so that no scan meets half of it. @returns false where the name is taken */
  async #keep(file: string, name: string): Promise<boolean> {
    const place = this.#placeOf(name);
    const folder = path.dirname(place);
    const hidden = path.join(folder, `.${randomBytes(8).toString('hex')}`);
    await mkdir(folder, { recursive: true });
    try {
      await copyFile(file, hidden);
      await synced(hidden);
      await link(hidden, place);
      return true;
    } catch (thrown) {
      if (codeOf(thrown) === 'EEXIST') return false;
      throw thrown;
    } finally {
      await rm(hidden, { force: true });
    }
  }

  #placeOf(name: string): string {
    return path.join(this.#options.modelsDir, LORAS_FOLDER, `${name}.safetensors`);
  }
}

function checkName(file: string, name: string): void {
  if (!/\.safetensors$/i.test(file))
    refuse(`found ${JSON.stringify(path.basename(file))}, expected a .safetensors file`);
  if (!/^[\p{L}\p{N}_(]/u.test(name))
    refuse('found a name without letters or digits, expected one of them at its beginning');
}

/** @returns the bytes' SHA-256 in lower-case hexadecimal @throws attachment_refused */
async function download(url: URL, file: string, { maxBytes, totalMs }: AttachmentRules): Promise<string> {
  const hash = createHash('sha256');
  const out = await open(file, 'wx');
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(totalMs) });
    if (!response.ok || response.body === null) refuse(`Discord answered ${response.status} for it; upload it again`);
    let sizeBytes = 0;
    for await (const chunk of response.body) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxBytes) refuseSize(sizeBytes, maxBytes);
      hash.update(chunk);
      await out.write(chunk);
    }
    return hash.digest('hex');
  } catch (thrown) {
    if (thrown instanceof DarkroomError || isFull(thrown)) throw thrown;
    const isLate = thrown instanceof Error && thrown.name === 'TimeoutError';
    const why = isLate ? `it did not arrive within ${totalMs / 1000} s` : 'it could not be fetched from Discord';
    throw new DarkroomError('attachment_refused', `LoRA: ${why}`, {}, { cause: thrown });
  } finally {
    await out.close();
  }
}

async function synced(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.sync().finally(() => handle.close());
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function refuse(why: string): never {
  throw new DarkroomError('attachment_refused', `LoRA: ${why}`);
}

function refuseSize(sizeBytes: number, maxBytes: number): never {
  const [found, most] = [sizeBytes, maxBytes].map((bytes) => (bytes / MIB).toFixed(1));
  refuse(`found ${found} MiB, expected at most ${most} MiB`);
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}

function isFull(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(String(codeOf(thrown)));
}
