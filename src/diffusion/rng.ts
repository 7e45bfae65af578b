// The random numbers of torch's CPU generator, so that a seed makes here the noise it makes in PyTorch.
// Owns the Mersenne Twister and torch's two ways of turning it into normal numbers; knows nothing of pictures.

/** Where noise comes from; what a draw gives depends on the draws before it. */
export interface NoiseSource {
  /** f32[count] of mean 0 and variance 1. */
  randn(count: number): Float32Array;
}

const STATE_WORDS = 624;
const SHIFT_WORDS = 397;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;

/** 32-bit Mersenne Twister. @source Matsumoto and Nishimura 1998, mt19937ar (2002 seeding) */
class MersenneTwister {
  private readonly state = new Uint32Array(STATE_WORDS);
  private next = STATE_WORDS;

  constructor(seed: number) {
    this.state[0] = seed;
    for (let i = 1; i < STATE_WORDS; i++) {
      const previous = this.state[i - 1]!;
      this.state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  uint32(): number {
    if (this.next === STATE_WORDS) this.refill();
    let y = this.state[this.next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  private refill(): void {
    for (let i = 0; i < STATE_WORDS; i++) {
      const y = (this.state[i]! & UPPER_BIT) | (this.state[(i + 1) % STATE_WORDS]! & LOWER_BITS);
      this.state[i] = this.state[(i + SHIFT_WORDS) % STATE_WORDS]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.next = 0;
  }
}

/** Below this length torch draws one by one in double precision; from it on, in blocks of 16 in single precision. */
const BLOCK = 16;
const HALF_BLOCK = BLOCK / 2;

/**
 * `torch.Generator('cpu').manual_seed(seed)`. The order of calls matters, as it does in torch.
 * @source PyTorch, ATen/native/cpu/DistributionTemplates.h (normal_fill) and ATen/core/DistributionsHelper.h
 */
export class TorchRandom implements NoiseSource {
  private readonly twister: MersenneTwister;
  /** The second number of the last double-precision pair; torch keeps it across calls. */
  private spare: number | null = null;

  /** @param seed any integer; torch seeds its twister with the low 32 bits. */
  constructor(seed: number | bigint) {
    this.twister = new MersenneTwister(Number(BigInt.asUintN(32, BigInt(seed))));
  }

  /** `torch.randn(count)`: f32[count] of mean 0 and variance 1, equal to torch's to about 1e-6 (its vector log, sin and cos). */
  randn(count: number): Float32Array {
    const out = new Float32Array(count);
    if (count >= BLOCK) this.fillBlocks(out);
    else for (let i = 0; i < count; i++) out[i] = this.doubleNormal();
    return out;
  }

  private fillBlocks(out: Float32Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.uniform24();
    for (let i = 0; i + BLOCK <= out.length; i += BLOCK) boxMuller(out.subarray(i, i + BLOCK));
    if (out.length % BLOCK === 0) return;
    // The remainder is not drawn alone: torch draws the last 16 numbers anew.
    const tail = out.subarray(out.length - BLOCK);
    for (let i = 0; i < BLOCK; i++) tail[i] = this.uniform24();
    boxMuller(tail);
  }

  private uniform24(): number {
    return (this.twister.uint32() & 0xffffff) / 2 ** 24;
  }

  private uniform53(): number {
    const high = this.twister.uint32() & 0x1fffff;
    return (high * 2 ** 32 + this.twister.uint32()) / 2 ** 53;
  }

  private doubleNormal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

/** Sixteen uniforms → sixteen normals in place: numbers i and i + 8 are a pair. */
function boxMuller(block: Float32Array): void {
  for (let i = 0; i < HALF_BLOCK; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - block[i]!));
    const angle = 2 * Math.PI * block[i + HALF_BLOCK]!;
    block[i] = radius * Math.cos(angle);
    block[i + HALF_BLOCK] = radius * Math.sin(angle);
  }
}
