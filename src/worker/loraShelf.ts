// The LoRAs of one open model: read when first asked for, added up once for every choice people make, forgotten when memory is wanted.
// The same choice is the same object, so that the networks see at a glance whose rows belong together.
import type { LoraUse } from '../core/lora.ts';
import { type LoraStack, stackLoras } from '../diffusion/loraStack.ts';
import type { LoadedLora, LoraLibrary, LoraModel } from '../weights/loraLibrary.ts';

/** Bytes of read LoRAs a model keeps; one of rank 16 for Stable Diffusion 1.5 takes 25 MB, one of rank 128 for SDXL 1.4 GB. */
const KEPT_BYTES = 2 ** 31;
/** Choices kept added up; each may be as large as its LoRAs together. */
const KEPT_STACKS = 16;
/** Of those that change the model's own weights, and hold half a gigabyte at worst; as many as networks with such weights are kept. */
const KEPT_MERGED = 2;

export interface ChosenLoras {
  readonly stack: LoraStack;
  /** Name → hash, as recipes carry them. */
  readonly hashes: ReadonlyMap<string, string>;
}

export class LoraShelf {
  readonly #library: LoraLibrary;
  readonly #model: LoraModel;
  /** By name and version of the file, in order of last use, oldest first; so are the stacks. */
  readonly #loaded = new Map<string, LoadedLora>();
  readonly #stacks = new Map<string, ChosenLoras>();

  constructor(library: LoraLibrary, model: LoraModel) {
    this.#library = library;
    this.#model = model;
  }

  /** @throws model_missing, weights_invalid, model_unsupported naming the LoRA */
  choose(uses: readonly LoraUse[]): ChosenLoras {
    const keys = uses.map(({ name }) => `${name}\n${this.#library.versionOf(name)}`);
    const key = uses.map((use, at) => [keys[at], use.strength, use.textStrength].join('\n')).join('\n\n');
    const known = this.#stacks.get(key);
    const chosen = known ?? this.#addUp(uses, keys);
    this.#stacks.delete(key);
    this.#stacks.set(key, chosen);
    const merged = [...this.#stacks].filter(([, { stack }]) => stack.merged !== undefined);
    if (merged.length > KEPT_MERGED) this.#stacks.delete(merged[0]![0]);
    const [oldest] = this.#stacks.keys();
    if (this.#stacks.size > KEPT_STACKS) this.#stacks.delete(oldest!);
    return chosen;
  }

  #addUp(uses: readonly LoraUse[], keys: readonly string[]): ChosenLoras {
    const loaded = uses.map((use, at) => ({ use, lora: this.#load(use.name, keys[at]!) }));
    this.#forgetOldest();
    const entries = loaded.map(({ use: { strength, textStrength }, lora }) => {
      return { lora: lora.branches, strength, textStrength };
    });
    return { stack: stackLoras(entries), hashes: new Map(loaded.map(({ use, lora }) => [use.name, lora.hash])) };
  }

  #load(name: string, key: string): LoadedLora {
    const lora = this.#loaded.get(key) ?? this.#library.load(name, this.#model);
    this.#loaded.delete(key);
    this.#loaded.set(key, lora);
    return lora;
  }

  /** The newest stays, however large. */
  #forgetOldest(): void {
    let sizeBytes = [...this.#loaded.values()].reduce((sum, lora) => sum + lora.sizeBytes, 0);
    for (const [key, lora] of this.#loaded) {
      if (sizeBytes <= KEPT_BYTES || this.#loaded.size === 1) return;
      this.#loaded.delete(key);
      sizeBytes -= lora.sizeBytes;
    }
  }
}
