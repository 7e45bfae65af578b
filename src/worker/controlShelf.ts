// The control networks of this installation: opened by their first ask and kept; where memory is short their sessions give way by themselves.
import type { ControlCard } from '../core/control.ts';
import type { ControlRow, Latents, Pixels } from '../diffusion/asks.ts';
import { DarkroomError } from '../errors.ts';
import { type OpenControl, openControl } from '../runtime/control.ts';
import type { SessionSettings } from '../runtime/session.ts';
import { type ControlLibrary, NO_CONTROL_LIBRARY } from '../weights/controlNetLibrary.ts';
import type { ControlNetworks } from './batcher.ts';

/** Networks that stay in hand without work, their sessions open where there is room. */
const KEPT = 4;

export class ControlShelf implements ControlNetworks {
  readonly #library: ControlLibrary;
  readonly #settings: SessionSettings;
  /** In order of last use, oldest first. */
  readonly #open = new Map<string, OpenControl>();

  constructor(library: ControlLibrary, settings: SessionSettings) {
    this.#library = library;
    this.#settings = settings;
  }

  get cards(): readonly ControlCard[] {
    return this.#library.cards;
  }

  /** @throws model_missing with the names there are */
  card(name: string): ControlCard {
    const card = this.cards.find((one) => one.name === name);
    if (card !== undefined) return card;
    const known = this.cards.map((one) => one.name).join(', ') || 'none';
    throw new DarkroomError('model_missing', `control network ${JSON.stringify(name)}: not found, known are: ${known}`);
  }

  /** @throws model_missing, weights_invalid, model_unsupported */
  isPooled(name: string): boolean {
    return this.#lend(name).isPooled;
  }

  /** Bytes it takes for a picture, beside the model. @throws as isPooled */
  ownBytes(name: string, latents: Pick<Latents, 'height' | 'width'>): number {
    return this.#lend(name).ownBytes(latents);
  }

  async hint(maps: readonly Pixels[], name: string, tile?: boolean): Promise<readonly (readonly Latents[])[]> {
    return this.#with(name, async (network) => {
      const said: (readonly Latents[])[] = [];
      for (const map of maps) said.push(await network.hint(map, tile));
      return said;
    });
  }

  async control(rows: readonly ControlRow[], name: string): Promise<readonly (readonly Latents[])[]> {
    return this.#with(name, (network) => network.control(rows));
  }

  async close(): Promise<void> {
    for (const name of [...this.#open.keys()]) await this.#forget(name);
  }

  /** A network that failed is opened anew by whoever comes next. Calls come one after another, so that those closed here are at rest. */
  async #with<T>(name: string, use: (network: OpenControl) => Promise<T>): Promise<T> {
    const network = this.#lend(name);
    for (const oldest of [...this.#open.keys()].slice(0, -KEPT)) await this.#forget(oldest);
    try {
      return await use(network);
    } catch (thrown) {
      await this.#forget(name);
      throw thrown;
    }
  }

  #lend(name: string): OpenControl {
    const { name: known } = this.card(name);
    const network = this.#open.get(known) ?? openControl(this.#library.open(known), this.#settings);
    this.#open.delete(known);
    this.#open.set(known, network);
    return network;
  }

  async #forget(name: string): Promise<void> {
    const network = this.#open.get(name);
    this.#open.delete(name);
    await network?.close();
  }
}

/** Of an installation without control networks. */
export const NO_CONTROLS = new ControlShelf(NO_CONTROL_LIBRARY, { provider: 'cpu', threads: 1 });
