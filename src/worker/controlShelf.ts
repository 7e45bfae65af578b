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

interface Opened {
  readonly network: OpenControl;
  /** Of its file. */
  readonly version: string;
}

export class ControlShelf implements ControlNetworks {
  readonly #library: ControlLibrary;
  readonly #settings: SessionSettings;
  /** In order of last use, oldest first. */
  readonly #open = new Map<string, Opened>();
  /** Of files that were replaced meanwhile; closed by the next call. */
  readonly #outdated: OpenControl[] = [];

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
    await this.#closeOutdated();
  }

  /** A network that failed is opened anew by whoever comes next. Calls come one after another, so that those closed here are at rest. */
  async #with<T>(name: string, use: (network: OpenControl) => Promise<T>): Promise<T> {
    const network = this.#inHand(name);
    await this.#closeOutdated();
    for (const oldest of [...this.#open.keys()].slice(0, -KEPT)) await this.#forget(oldest);
    try {
      return await use(network);
    } catch (thrown) {
      await this.#forget(name);
      throw thrown;
    }
  }

  /** For whoever begins: a file that was replaced is read anew, one that is gone is refused. */
  #lend(name: string): OpenControl {
    const { name: known } = this.card(name);
    const version = this.#library.versionOf(known);
    const before = this.#open.get(known);
    if (before?.version === version) return this.#keep(known, before);
    const network = openControl(this.#library.open(known), this.#settings);
    if (before !== undefined) this.#outdated.push(before.network);
    return this.#keep(known, { network, version });
  }

  /** For whoever has begun, whatever became of its file. */
  #inHand(name: string): OpenControl {
    const opened = this.#open.get(name);
    return opened === undefined ? this.#lend(name) : this.#keep(name, opened);
  }

  #keep(name: string, opened: Opened): OpenControl {
    this.#open.delete(name);
    this.#open.set(name, opened);
    return opened.network;
  }

  async #forget(name: string): Promise<void> {
    const opened = this.#open.get(name);
    this.#open.delete(name);
    await opened?.network.close();
  }

  async #closeOutdated(): Promise<void> {
    for (const network of this.#outdated.splice(0)) await network.close();
  }
}

/** Of an installation without control networks. */
export const NO_CONTROLS = new ControlShelf(NO_CONTROL_LIBRARY, { provider: 'cpu', threads: 1 });
