// The upscalers of this installation: checked once, one of them open at a time, because tiles of a picture come one after another.
import type { Pixels } from '../core/pixels.ts';
import type { UpscalerCard } from '../core/upscale.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import type { SessionSettings } from '../runtime/session.ts';
import { type OpenUpscaler, openUpscaler } from '../runtime/upscaler.ts';
import { type RefusedUpscaler, UPSCALERS_FOLDER, type UpscalerRegistry } from '../weights/upscalers.ts';
import type { UpscalerNetworks } from './batcher.ts';

export class UpscalerShelf implements UpscalerNetworks {
  readonly #registry: Pick<UpscalerRegistry, 'open'>;
  readonly #settings: SessionSettings;
  /** Those that can be built. */
  readonly cards: readonly UpscalerCard[];
  /** Files that cannot, named from the models folder on. */
  readonly refused: readonly RefusedUpscaler[];
  #open: { readonly name: string; readonly network: OpenUpscaler } | null = null;

  constructor(registry: UpscalerRegistry, settings: SessionSettings) {
    this.#registry = registry;
    this.#settings = settings;
    const problems = registry.cards.map((card) => ({ card, reason: this.#problemOf(card.name) }));
    const unfit = problems.flatMap(({ card, reason }) => (reason === null ? [] : [{ name: card.name, reason }]));
    this.cards = problems.filter(({ reason }) => reason === null).map(({ card }) => card);
    this.refused = [...registry.refused, ...unfit].map(({ name, reason }) => ({
      name: `${UPSCALERS_FOLDER}/${name}`,
      reason,
    }));
  }

  /** @throws model_missing with the names there are */
  card(name: string): UpscalerCard {
    const card = this.cards.find((one) => one.name === name);
    if (card !== undefined) return card;
    const known = this.cards.map((one) => one.name).join(', ') || 'none';
    throw new DarkroomError('model_missing', `upscaler ${JSON.stringify(name)}: not found, known are: ${known}`);
  }

  async upscale(pixels: readonly Pixels[], name: string): Promise<readonly Pixels[]> {
    const network = await this.#lend(name);
    const made: Pixels[] = [];
    try {
      for (const one of pixels) made.push(await network.upscale(one));
      return made;
    } catch (thrown) {
      // A network that failed is opened anew by whoever comes next.
      await this.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.network.close();
  }

  async #lend(name: string): Promise<OpenUpscaler> {
    if (this.#open?.name === name) return this.#open.network;
    const { name: known } = this.card(name);
    await this.close();
    const network = openUpscaler(this.#registry.open(known), this.#settings);
    this.#open = { name, network };
    return network;
  }

  /** Building the graph looks at every tensor's name and shape, and reads no numbers. */
  #problemOf(name: string): string | null {
    try {
      openUpscaler(this.#registry.open(name), this.#settings);
      return null;
    } catch (thrown) {
      return toDarkroomError(thrown, 'weights_invalid').message;
    }
  }
}
