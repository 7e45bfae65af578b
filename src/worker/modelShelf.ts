// The open models of this process: opened by their first job, kept for the next, closed when others need the memory.
import { type ModelFacts, modelFacts } from '../diffusion/modelFacts.ts';
import { type OpenModel, openModel } from '../runtime/engine.ts';
import type { SessionSettings } from '../runtime/session.ts';
import type { PromptTokenizer } from '../weights/promptTokenizer.ts';
import type { ModelRegistry } from '../weights/registry.ts';
import type { Networks } from './batcher.ts';

/** Models that stay open without work. A Stable Diffusion 1.x model takes 4-5 GB; the second saves seconds at every change between two. */
const IDLE_MODELS = 2;

export interface LentModel {
  readonly networks: Networks;
  readonly facts: ModelFacts;
  /** @param isBroken a network failed: the model is closed and opened anew for the next job. */
  giveBack(isBroken: boolean): Promise<void>;
}

interface Shelved {
  readonly name: string;
  readonly networks: Networks;
  readonly facts: ModelFacts;
  readonly close: () => Promise<void>;
  users: number;
  isBroken: boolean;
}

export class ModelShelf {
  readonly #registry: ModelRegistry;
  readonly #settings: SessionSettings;
  /** In order of last use, oldest first. */
  readonly #shelved = new Map<string, Promise<Shelved>>();

  constructor(registry: ModelRegistry, settings: SessionSettings) {
    this.#registry = registry;
    this.#settings = settings;
  }

  /** @throws model_missing, model_unsupported, weights_invalid, runtime_failed */
  async lend(name: string): Promise<LentModel> {
    const opening = this.#shelved.get(name) ?? this.#open(name);
    this.#shelved.delete(name);
    this.#shelved.set(name, opening);
    const shelved = await opening.catch((reason: unknown) => {
      if (this.#shelved.get(name) === opening) this.#shelved.delete(name);
      throw reason;
    });
    shelved.users += 1;
    const { networks, facts } = shelved;
    return { networks, facts, giveBack: (isBroken) => this.#takeBack(shelved, isBroken) };
  }

  /** Closes every model, whoever still uses it. */
  async close(): Promise<void> {
    const all = [...this.#shelved.values()];
    this.#shelved.clear();
    for (const opening of all) await (await opening.catch(() => undefined))?.close();
  }

  async #open(name: string): Promise<Shelved> {
    const folder = this.#registry.open(name);
    const facts = modelFacts(folder.scheduler, folder.vae.config);
    const model = await openModel(folder, this.#settings);
    const networks = networksOf(model, folder.tokenizer);
    return { name, networks, facts, close: () => model.close(), users: 0, isBroken: false };
  }

  async #takeBack(shelved: Shelved, isBroken: boolean): Promise<void> {
    shelved.users -= 1;
    shelved.isBroken ||= isBroken;
    for (const other of await this.#closable()) {
      this.#shelved.delete(other.name);
      await other.close();
    }
  }

  /** Idle models beyond the number that may stay, longest unused first, and every idle broken one. */
  async #closable(): Promise<Shelved[]> {
    const opened = await Promise.all([...this.#shelved.values()].map((opening) => opening.catch(() => undefined)));
    const idle = opened.filter((entry): entry is Shelved => entry !== undefined && entry.users === 0);
    const sound = idle.filter((entry) => !entry.isBroken);
    return [...idle.filter((entry) => entry.isBroken), ...sound.slice(0, Math.max(0, sound.length - IDLE_MODELS))];
  }
}

function networksOf(model: OpenModel, tokenizer: PromptTokenizer): Networks {
  return {
    text: (prompts) => model.text(prompts.map((prompt) => tokenizer.encode(prompt))),
    unet: (rows) => model.unet(rows),
    encode: async (pictures) => {
      const posteriors = [];
      for (const pixels of pictures) posteriors.push(await model.encode(pixels));
      return posteriors;
    },
    decode: (latents) => model.decode(latents),
  };
}
