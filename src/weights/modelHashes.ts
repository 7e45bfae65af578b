// The hashes of this installation's model files: learned once in the background, remembered in the book, dropped when a file is replaced.
// Recipes name models by them. Deliberately no watcher: a file is looked at when its hash is asked for.
import path from 'node:path';
import { type FileBook, isSameState, type KnownFile } from '../core/fileBook.ts';
import { toDarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type FileHash, hashFile, shortHash, stateOf } from './fileHash.ts';
import { modelHash } from './modelHash.ts';

export interface ModelHashesOptions {
  /** Absolute. */
  readonly modelsDir: string;
  readonly book: FileBook;
  readonly log: Logger;
  /** Model → its weight files, relative to the models folder. */
  readonly models: ReadonlyMap<string, readonly string[]>;
  /** Files that are no models: LoRAs, embeddings and the like; a function where they come and go. */
  readonly extras: readonly string[] | (() => readonly string[]);
}

export class ModelHashes {
  readonly #options: ModelHashesOptions;
  readonly #stop = new AbortController();
  /** Files that could not be hashed, and their state then: tried again when it is another. */
  readonly #failed = new Map<string, string>();
  #learning: Promise<void> | null = null;

  constructor(options: ModelHashesOptions) {
    this.#options = options;
  }

  /** Ten digits as recipes carry them; undefined until they are known, and again when a file of the model was replaced. */
  hashOf(model: string): string | undefined {
    const hash = this.knownHashOf(model);
    if (hash === undefined) this.learn();
    return hash;
  }

  /** The same without learning anything. */
  knownHashOf(model: string): string | undefined {
    const known = (this.#options.models.get(model) ?? []).map((file) => this.#current(file));
    const isWhole = known.every((one) => one !== undefined);
    return isWhole && known.length > 0 ? shortHash(modelHash(known)) : undefined;
  }

  /** The model a recipe means: by the ten digits of today, all 64, or the eight of before 2023. */
  modelOf(hash: string): string | undefined {
    const wanted = hash.toLowerCase();
    return [...this.#options.models].find(([, files]) => this.#isNamedBy(files, wanted))?.[0];
  }

  /** The file among the extras whose hash begins so, of the whole or of its tensors; relative to the models folder. */
  extraOf(hash: string): string | undefined {
    const wanted = hash.toLowerCase();
    if (!/^[0-9a-f]{8,64}$/.test(wanted)) return undefined;
    return this.#extras().find((file) => {
      const known = this.#current(file);
      return known?.sha256.startsWith(wanted) === true || known?.dataSha256?.startsWith(wanted) === true;
    });
  }

  /** The LoRA whose hash that is: its file's name, or that of the folder it lies in. */
  loraOf(hash: string): string | undefined {
    const file = this.extraOf(hash);
    if (file?.startsWith('loras/') !== true) return undefined;
    const { dir, name } = path.posix.parse(file);
    return name === 'adapter_model' ? path.posix.basename(dir) : name;
  }

  /** Hashes in the background what is not known yet; one file at a time. Failures are logged. */
  learn(): void {
    if (this.#stop.signal.aborted) return;
    this.#learning ??= this.#learnAll().finally(() => {
      this.#learning = null;
    });
  }

  /** Resolves when nothing is being learned. */
  async settled(): Promise<void> {
    await this.#learning;
  }

  /** Stops in the middle of a file; it is hashed anew at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#learning;
  }

  #extras(): readonly string[] {
    const { extras } = this.#options;
    return typeof extras === 'function' ? extras() : extras;
  }

  #isNamedBy(files: readonly string[], wanted: string): boolean {
    const known = files.map((file) => this.#current(file));
    if (files.length === 0 || !known.every((one) => one !== undefined)) return false;
    const isOld = /^[0-9a-f]{8}$/.test(wanted) && known.length === 1 && known[0]!.oldHash === wanted;
    return isOld || (/^[0-9a-f]{10,64}$/.test(wanted) && modelHash(known).startsWith(wanted));
  }

  /** What is known of the file that lies there now. */
  #current(file: string): KnownFile | undefined {
    const known = this.#options.book.known(file);
    const state = known === undefined ? undefined : stateOf(this.#placeOf(file));
    return known !== undefined && state !== undefined && isSameState(known, state) ? known : undefined;
  }

  #placeOf(file: string): string {
    return path.join(this.#options.modelsDir, file);
  }

  #stateText(file: string): string {
    return JSON.stringify(stateOf(this.#placeOf(file)) ?? null);
  }

  async #learnAll(): Promise<void> {
    const { models } = this.#options;
    const files = [...[...models.values()].flat(), ...this.#extras()];
    for (const file of new Set(files)) {
      if (this.#stop.signal.aborted) return;
      if (this.#current(file) === undefined && this.#failed.get(file) !== this.#stateText(file))
        await this.#learnOne(file);
    }
  }

  async #learnOne(file: string): Promise<void> {
    const { book, log } = this.#options;
    try {
      const before = book.known(file);
      const found = await hashFile(this.#placeOf(file), {
        signal: this.#stop.signal,
        withData: this.#extras().includes(file),
      });
      book.put(knownFile(file, found));
      if (before === undefined) log.debug({ file, hash: found.short }, 'a model file was hashed');
      else if (before.sha256 !== found.sha256) {
        log.info({ file, before: shortHash(before.sha256), hash: found.short }, 'a model file was replaced');
      }
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      this.#failed.set(file, this.#stateText(file));
      log.warn({ file, reason: toDarkroomError(thrown).message }, 'a model file could not be hashed');
    }
  }
}

/** What the book keeps of a hashed file. */
export function knownFile(file: string, { short: _, ...hash }: FileHash): KnownFile {
  return { path: file, ...hash };
}
