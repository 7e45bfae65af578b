// The open models of this process: opened by their first job, kept for the next, closed when others need the memory.
import { type ModelFacts, modelFacts } from '../diffusion/modelFacts.ts';
import { clipTextWidth } from '../networks/clipText.ts';
import { type OpenModel, openModel } from '../runtime/engine.ts';
import type { SessionSettings } from '../runtime/session.ts';
import { type EmbeddingRegistry, NO_EMBEDDINGS } from '../weights/embeddings.ts';
import type { RefinerHint } from '../weights/hints.ts';
import type { LoraLibrary } from '../weights/loraLibrary.ts';
import type { ModelFolder } from '../weights/modelFolder.ts';
import type { ModelRegistry } from '../weights/registry.ts';
import type { Networks } from './batcher.ts';
import { LoraShelf } from './loraShelf.ts';
import { EmbeddingBook } from './promptEmbeddings.ts';
import { encodePrompts, type Tokenizers } from './promptEncoder.ts';

/** Models that stay open without work. A Stable Diffusion 1.x model takes 4-5 GB; the second saves seconds at every change between two. */
const IDLE_MODELS = 2;

export interface LentModel {
  readonly networks: Networks;
  readonly facts: ModelFacts;
  /** By the owner's hints: who does the last steps of its pictures. */
  readonly refinedBy?: RefinerHint;
  /** Absent where the installation has none. */
  readonly loras?: LoraShelf;
  /** @param isBroken a network failed: the model is closed and opened anew for the next job. */
  giveBack(isBroken: boolean): Promise<void>;
}

/** A model as its opener hands it over. */
export interface OpenedModel {
  readonly networks: Networks;
  readonly facts: ModelFacts;
  readonly refinedBy?: RefinerHint;
  readonly loras?: LoraShelf;
  close(): Promise<void>;
}

interface Shelved {
  readonly opening: Promise<OpenedModel>;
  /** Who has it or waits for its opening. */
  users: number;
}

export class ModelShelf {
  readonly #open: (name: string) => Promise<OpenedModel>;
  /** In order of last use, oldest first. A broken model leaves the shelf at once and is closed by its last user. */
  readonly #shelved = new Map<string, Shelved>();

  constructor(open: (name: string) => Promise<OpenedModel>) {
    this.#open = open;
  }

  /** @throws what the opener throws; the next call tries again */
  async lend(name: string): Promise<LentModel> {
    const shelved = this.#shelved.get(name) ?? { opening: this.#open(name), users: 0 };
    shelved.users += 1;
    this.#shelved.delete(name);
    this.#shelved.set(name, shelved);
    try {
      const { close: _, ...opened } = await shelved.opening;
      return { ...opened, giveBack: (isBroken) => this.#takeBack(name, shelved, isBroken) };
    } catch (reason) {
      this.#forget(name, shelved);
      throw reason;
    }
  }

  /** Closes every model, whoever still uses it. */
  async close(): Promise<void> {
    const all = [...this.#shelved.values()];
    this.#shelved.clear();
    await closeAll(all);
  }

  async #takeBack(name: string, shelved: Shelved, isBroken: boolean): Promise<void> {
    shelved.users -= 1;
    if (isBroken) this.#forget(name, shelved);
    const isGone = this.#shelved.get(name) !== shelved;
    await closeAll(isGone && shelved.users === 0 ? [shelved] : this.#takeSurplus());
  }

  #forget(name: string, shelved: Shelved): void {
    if (this.#shelved.get(name) === shelved) this.#shelved.delete(name);
  }

  /** Takes idle models beyond the number that may stay off the shelf, longest unused first. */
  #takeSurplus(): Shelved[] {
    const idle = [...this.#shelved].filter(([, { users }]) => users === 0);
    const surplus = idle.slice(0, Math.max(0, idle.length - IDLE_MODELS));
    for (const [name] of surplus) this.#shelved.delete(name);
    return surplus.map(([, shelved]) => shelved);
  }
}

async function closeAll(shelved: readonly Shelved[]): Promise<void> {
  for (const { opening } of shelved) await (await opening.catch(() => undefined))?.close();
}

/** The opener for real folders. @throws model_missing, model_unsupported, weights_invalid, graph_invalid */
export function folderOpener(
  registry: ModelRegistry,
  settings: SessionSettings,
  embeddings: () => EmbeddingRegistry = () => NO_EMBEDDINGS,
  loras?: LoraLibrary,
) {
  return async (name: string): Promise<OpenedModel> => {
    const folder = registry.open(name);
    const book = new EmbeddingBook(embeddings(), { name, widths: textWidths(folder) });
    const model = await openModel({ ...folder, vectorOf: (id, encoder) => book.vectorOf(id, encoder) }, settings);
    const refinedBy = folder.refiner === undefined ? {} : { refinedBy: folder.refiner };
    return {
      networks: networksOf(model, readersOf(folder, book)),
      facts: factsOf(folder),
      ...refinedBy,
      ...(loras === undefined ? {} : { loras: new LoraShelf(loras, folder) }),
      close: () => model.close(),
    };
  };
}

/** What the pipeline is told of a folder. */
export function factsOf({ scheduler, vae, guidanceRescale, conditions, card }: ModelFolder): ModelFacts {
  const needs = card.needs === undefined ? {} : { needs: card.needs };
  return modelFacts(scheduler, vae.config, guidanceRescale, { ...conditions, ...needs });
}

function textWidths({ textEncoder, textEncoder2 }: ModelFolder): readonly number[] {
  return [textEncoder, ...(textEncoder2 === undefined ? [] : [textEncoder2])].map(clipTextWidth);
}

function readersOf({ tokenizer, tokenizer2 }: ModelFolder, book: EmbeddingBook): Tokenizers {
  return { tokenizer: book.reading(tokenizer), tokenizer2: tokenizer2 && book.reading(tokenizer2) };
}

function networksOf(model: OpenModel, tokenizers: Tokenizers): Networks {
  return {
    text: (prompts, clipSkip, loras) => encodePrompts(model, tokenizers, prompts, clipSkip, loras),
    unet: (rows) => model.unet(rows),
    encode: async (pictures, tile) => {
      const posteriors = [];
      for (const pixels of pictures) posteriors.push(await model.encode(pixels, tile));
      return posteriors;
    },
    decode: (latents, tile) => model.decode(latents, tile),
  };
}
