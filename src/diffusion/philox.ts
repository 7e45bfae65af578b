// The random numbers of torch's CUDA generator, which AUTOMATIC1111 and its kin draw their noise from: Philox and Box-Muller.
// Made on the processor; no graphics card is needed, and every one gives the same.
import type { NoiseSource } from './rng.ts';

/** @source Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", table 2 */
const ROUNDS = 10;
const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_B = 0xcd9e8d57;
const WEYL_A = 0x9e3779b9;
const WEYL_B = 0xbb67ae85;

/** As curand has them, in single precision. @source curand_normal.h, _curand_box_muller */
const TO_UNIT = Math.fround(2.3283064e-10);
const TO_ANGLE = Math.fround(2.3283064e-10 * 6.2831855);

/**
 * `torch.Generator('cuda').manual_seed(seed)`. Every number of a draw has a counter of its own, so numbers do not depend on how many are
 * drawn at once; every draw raises the offset by one.
 * @source PyTorch, ATen/native/cuda/DistributionTemplates.h; AUTOMATIC1111, modules/rng_philox.py, which this equals
 */
export class PhiloxRandom implements NoiseSource {
  readonly #keyLow: number;
  readonly #keyHigh: number;
  #offset = 0;

  /** @param seed any integer; 64 bits of it count. */
  constructor(seed: number | bigint) {
    const bits = BigInt.asUintN(64, BigInt(seed));
    this.#keyLow = Number(bits & 0xffffffffn);
    this.#keyHigh = Number(bits >> 32n);
  }

  /**
   * `torch.randn(count, device='cuda')`, equal to about 1e-6. Torch differs from this where one draw is longer than the card has threads
   * (more than a picture of 1500x1500).
   */
  randn(count: number): Float32Array {
    const out = new Float32Array(count);
    const words = new Uint32Array(4);
    for (let i = 0; i < count; i++) {
      this.#scramble(words, i);
      const radius = Math.sqrt(-2 * Math.log(words[0]! * TO_UNIT + TO_UNIT / 2));
      out[i] = radius * Math.sin(words[1]! * TO_ANGLE + TO_ANGLE / 2);
    }
    this.#offset += 1;
    return out;
  }

  /** Philox 4x32 of the counter (offset, 0, index, 0). */
  #scramble(words: Uint32Array, index: number): void {
    words[0] = this.#offset;
    words[1] = 0;
    words[2] = index;
    words[3] = 0;
    let [low, high] = [this.#keyLow, this.#keyHigh];
    for (let round = 0; round < ROUNDS; round++) {
      const [a, c] = [words[0]!, words[2]!];
      words[0] = highOfProduct(c, MULTIPLIER_B) ^ words[1]! ^ low;
      words[1] = Math.imul(c, MULTIPLIER_B);
      words[2] = highOfProduct(a, MULTIPLIER_A) ^ words[3]! ^ high;
      words[3] = Math.imul(a, MULTIPLIER_A);
      low = (low + WEYL_A) >>> 0;
      high = (high + WEYL_B) >>> 0;
    }
  }
}

/** The upper 32 of the 64 bits of a product of two unsigned 32-bit numbers. */
function highOfProduct(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carried = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carried / 0x10000);
}
