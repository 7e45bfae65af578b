// The open models of this process: opened by their first job, kept for the next, closed when others need the memory.
import type { ControlCard } from '../core/control.ts';
import type { Size } from '../core/request.ts';
import { largestPiece } from '../diffusion/autoencoderTiles.ts';
import { type ModelFacts, modelFacts } from '../diffusion/modelFacts.ts';
import { clipTextWidth } from '../networks/clipText.ts';
import type { ControlPlaces } from '../networks/controlInputs.ts';
import { type OpenModel, openModel } from '../runtime/engine.ts';
import { type MemoryBudget, MemoryShare } from '../runtime/memory.ts';
import type { SessionSettings } from '../runtime/session.ts';
import { type EmbeddingRegistry, NO_EMBEDDINGS } from '../weights/embeddings.ts';
import type { RefinerHint } from '../weights/hints.ts';
import type { LoraLibrary } from '../weights/loraLibrary.ts';
import type { ModelFolder } from '../weights/modelFolder.ts';
import type { ModelRegistry } from '../weights/registry.ts';
import type { Networks } from './batcher.ts';
import { LoraShelf } from './loraShelf.ts';
import { MemoryTurns } from './memoryTurns.ts';
import type { ConceptChecker } from './pictureJudge.ts';
import { type BesideBytes, checkPictureFits, type PictureMemory } from './pictureMemory.ts';
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
  /** The model's own, where it has one and the owner wants it. */
  readonly checker?: ConceptChecker;
  /** @param isBroken a network failed: the model is closed and opened anew for the next job. */
  giveBack(isBroken: boolean): Promise<void>;
}

/** A model as its opener hands it over. */
export interface OpenedModel {
  readonly networks: Networks;
  readonly facts: ModelFacts;
  readonly refinedBy?: RefinerHint;
  readonly loras?: LoraShelf;
  /** The model's own, where it has one and the owner wants it. */
  readonly checker?: ConceptChecker;
  /** Absent where nothing is limited. */
  readonly memory?: PictureMemory;
  /** Told when its last job ends, and when the next begins. */
  setIdle?(isIdle: boolean): void;
  close(): Promise<void>;
}

/** What a job will do with a model. */
export interface Use {
  /** The largest picture it makes. */
  readonly size?: Size;
  /** Bytes that other networks take while its own draws, by rows and columns of the picture's latents. */
  readonly besideBytes?: BesideBytes | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
  /** The job has another model already. */
  readonly isSecond?: boolean;
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

  readonly #turns: MemoryTurns;

  /** @param limitBytes of memory for the models that work at the same time */
  constructor(open: (name: string) => Promise<OpenedModel>, limitBytes = Number.POSITIVE_INFINITY) {
    this.#open = open;
    this.#turns = new MemoryTurns(limitBytes);
  }

  /**
   * Waits while the model does not fit beside those at work.
   * @throws what the opener throws, and the next call tries again; request_invalid for a picture that fits into no memory here
   */
  async lend(name: string, use: Use = {}): Promise<LentModel> {
    const shelved = this.#shelved.get(name) ?? { opening: this.#open(name), users: 0 };
    shelved.users += 1;
    this.#shelved.delete(name);
    this.#shelved.set(name, shelved);
    const { close: _, memory, setIdle, ...opened } = await this.#opened(name, shelved);
    await this.#turn(name, memory, use).catch(async (reason: unknown) => {
      await this.#takeBack(name, shelved, false);
      throw reason;
    });
    setIdle?.(false);
    const giveBack = (isBroken: boolean) => {
      this.#turns.end(name);
      return this.#takeBack(name, shelved, isBroken);
    };
    return { ...opened, giveBack };
  }

  async #opened(name: string, shelved: Shelved): Promise<OpenedModel> {
    try {
      return await shelved.opening;
    } catch (reason) {
      this.#forget(name, shelved);
      throw reason;
    }
  }

  async #turn(name: string, memory: PictureMemory | undefined, use: Use): Promise<void> {
    const { size, besideBytes, signal, isSecond } = use;
    if (memory !== undefined && size !== undefined) checkPictureFits(memory, size, besideBytes);
    const bytes = memory === undefined || size === undefined ? 0 : memory.needBytes(size, besideBytes);
    if (isSecond === true) this.#turns.join(name, bytes);
    else await this.#turns.begin(name, bytes, signal);
  }

  /** The model is opened anew for the next job; whoever has it keeps it to the end. */
  async retire(name: string): Promise<void> {
    const shelved = this.#shelved.get(name);
    if (shelved === undefined) return;
    this.#forget(name, shelved);
    if (shelved.users === 0) await closeAll([shelved]);
  }

  /** Closes every model, whoever still uses it. */
  async close(): Promise<void> {
    const all = [...this.#shelved.values()];
    this.#shelved.clear();
    await closeAll(all);
  }

  async #takeBack(name: string, shelved: Shelved, isBroken: boolean): Promise<void> {
    shelved.users -= 1;
    if (shelved.users === 0) (await shelved.opening).setIdle?.(true);
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
  budget?: MemoryBudget,
  controls: () => readonly ControlCard[] = () => [],
) {
  return async (name: string): Promise<OpenedModel> => {
    const folder = registry.open(name);
    const book = new EmbeddingBook(embeddings(), { name, widths: textWidths(folder) });
    const share = budget === undefined ? undefined : new MemoryShare(budget);
    const parts = {
      ...folder,
      ...(loras === undefined ? {} : { loraLayers: () => layersOf(loras, name) }),
      controlPlaces: placesFor(controls(), name),
      vectorOf: (id: number, encoder: number) => book.vectorOf(id, encoder),
    };
    const model = await openModel(parts, share === undefined ? settings : { ...settings, memory: share });
    const refinedBy = folder.refiner === undefined ? {} : { refinedBy: folder.refiner };
    return {
      networks: networksOf(model, readersOf(folder, book)),
      facts: factsOf(folder),
      ...refinedBy,
      ...(loras === undefined ? {} : { loras: new LoraShelf(loras, folder) }),
      ...(share === undefined ? {} : memoryOf(model, folder, share)),
      close: () => model.close(),
    };
  };
}

/** Only where something fits: every place costs a pass over its values. */
export function placesFor(controls: readonly ControlCard[], model: string): ControlPlaces {
  const fitting = controls.filter(({ fits }) => fits.includes(model));
  return {
    skips: fitting.some(({ network }) => network === 'controlnet'),
    levels: fitting.some(({ network }) => network === 't2i-adapter'),
  };
}

function layersOf(loras: LoraLibrary, model: string) {
  const { unet, text, text2 } = loras.layersOf(model);
  return { unet, text: [text, text2] };
}

function memoryOf(model: OpenModel, folder: ModelFolder, share: MemoryShare) {
  const facts = factsOf(folder);
  const gridOf = ({ widthPx, heightPx }: Size) => ({
    height: Math.ceil(heightPx / facts.pixelsPerLatent),
    width: Math.ceil(widthPx / facts.pixelsPerLatent),
  });
  const memory: PictureMemory = {
    limitBytes: share.budget.limitBytes,
    stepPx: folder.card.sizeStepPx,
    needBytes: (size, beside) => {
      const latents = gridOf(size);
      return model.needBytes(latents, gridOf(largestPiece(size, facts)), beside?.(latents));
    },
  };
  const setIdle = (isIdle: boolean) => {
    share.isIdle = isIdle;
  };
  return { memory, setIdle };
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
