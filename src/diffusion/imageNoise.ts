// The noise of one picture: the first, which may lean towards a second seed or come from another size, and what samplers draw after it.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/rng.py (ImageRNG, slerp), which orders the draws this way
import type { NoiseSourceName } from '../core/noise.ts';
import { mix } from './latents.ts';
import { PhiloxRandom } from './philox.ts';
import { type NoiseSource, TorchRandom } from './rng.ts';

export interface NoiseShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface NoisePlan {
  readonly seed: number;
  readonly source: NoiseSourceName;
  /** Added to the seed for what is drawn after the first noise; 0 goes on with the same generator. */
  readonly seedDelta: number;
  readonly variation: {
    readonly seed: number;
    readonly strength: number;
    /** Rows and columns of latents the seed's noise is drawn at; null for the picture's own. */
    readonly from: Omit<NoiseShape, 'channels'> | null;
  } | null;
}

export class ImageNoise implements NoiseSource {
  readonly #plan: NoisePlan;
  #random: NoiseSource;

  constructor(plan: NoisePlan) {
    this.#plan = plan;
    this.#random = generatorOf(plan.source, plan.seed);
  }

  get source(): NoiseSourceName {
    return this.#plan.source;
  }

  /** f32[c, h, w] the picture begins with. */
  first(shape: NoiseShape): Float32Array {
    const { seed, source, seedDelta, variation } = this.#plan;
    const noise = variation?.from ? this.#resized(shape, variation.from) : this.#leaning(shape, this.#random);
    if (seedDelta !== 0) this.#random = generatorOf(source, seed + seedDelta);
    return noise;
  }

  randn(count: number): Float32Array {
    return this.#random.randn(count);
  }

  #leaning(shape: NoiseShape, random: NoiseSource): Float32Array {
    const { source, variation } = this.#plan;
    const noise = random.randn(sizeOf(shape));
    if (variation === null || variation.strength === 0) return noise;
    const other = generatorOf(source, variation.seed).randn(noise.length);
    return slerp(variation.strength, noise, other, shape);
  }

  /** The noise of another size in the middle of the picture's own, so that what it made comes out there again. */
  #resized(shape: NoiseShape, from: Omit<NoiseShape, 'channels'>): Float32Array {
    const { seed, source } = this.#plan;
    const small = { ...from, channels: shape.channels };
    const noise = this.#leaning(small, generatorOf(source, seed));
    return centred(noise, small, this.#random.randn(sizeOf(shape)), shape);
  }
}

function generatorOf(source: NoiseSourceName, seed: number): NoiseSource {
  return source === 'gpu' ? new PhiloxRandom(seed) : new TorchRandom(seed);
}

function sizeOf({ channels, height, width }: NoiseShape): number {
  return channels * height * width;
}

/** Directions this close are one; the arc between them has no length to divide by. */
const SAME_DIRECTION = 0.9995;

/**
 * From `low` to `high` along an arc, which keeps the spread of normal numbers. Angles are those of columns (all rows of one channel and
 * column), as the other program measures them.
 * @param share 0 … 1
 */
export function slerp(share: number, low: Float32Array, high: Float32Array, shape: NoiseShape): Float32Array {
  const columns = columnAngles(low, high, shape);
  if (columns.reduce((sum, cosine) => sum + cosine, 0) / columns.length > SAME_DIRECTION) {
    return mix(share, low, 1 - share, high);
  }
  const { height, width } = shape;
  return low.map((value, i) => {
    const omega = Math.acos(columns[Math.floor(i / (height * width)) * width + (i % width)]!);
    const [keep, lean] = [Math.sin((1 - share) * omega), Math.sin(share * omega)];
    return (keep * value + lean * high[i]!) / Math.sin(omega);
  });
}

/** Cosines of the angles between the columns, f32[c, w]. */
function columnAngles(low: Float32Array, high: Float32Array, { channels, height, width }: NoiseShape): Float32Array {
  return Float32Array.from({ length: channels * width }, (_, column) => {
    const first = Math.floor(column / width) * height * width + (column % width);
    let [product, lowSquare, highSquare] = [0, 0, 0];
    for (let row = 0; row < height; row++) {
      const [a, b] = [low[first + row * width]!, high[first + row * width]!];
      product += a * b;
      lowSquare += a * a;
      highSquare += b * b;
    }
    return product / Math.sqrt(lowSquare * highSquare);
  });
}

/** `inner` laid over the middle of `outer`, cut where it is larger. */
function centred(inner: Float32Array, from: NoiseShape, outer: Float32Array, to: NoiseShape): Float32Array {
  const [dx, dy] = [halfOf(to.width - from.width), halfOf(to.height - from.height)];
  // The middle is found by whole division, which rounds down below 0 too; what is cut is cut twice that much.
  const width = dx >= 0 ? from.width : from.width + 2 * dx;
  const height = dy >= 0 ? from.height : from.height + 2 * dy;
  const out = outer.slice();
  for (let row = 0; row < to.channels * height; row++) {
    const [channel, y] = [Math.floor(row / height), row % height];
    const source = (channel * from.height + y + Math.max(-dy, 0)) * from.width + Math.max(-dx, 0);
    const target = (channel * to.height + y + Math.max(dy, 0)) * to.width + Math.max(dx, 0);
    out.set(inner.subarray(source, source + width), target);
  }
  return out;
}

function halfOf(difference: number): number {
  return Math.floor(difference / 2);
}
