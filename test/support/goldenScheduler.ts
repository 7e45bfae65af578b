// The little world of diffusers' own scheduler tests: four pictures f32[4, 3, 8, 8], flattened, and a network that shrinks them.
const SHAPE = { n: 4, c: 3, h: 8, w: 8 } as const;
export const DUMMY_COUNT = SHAPE.n * SHAPE.c * SHAPE.h * SHAPE.w;

/** value(i) / 768 laid out as f32[c, h, w, n], seen as f32[n, c, h, w]. */
function permuted(value: (index: number) => number): Float32Array {
  const pixels = SHAPE.c * SHAPE.h * SHAPE.w;
  return Float32Array.from({ length: DUMMY_COUNT }, (_, i) => {
    const source = (i % pixels) * SHAPE.n + Math.floor(i / pixels);
    return value(source) / DUMMY_COUNT;
  });
}

export const dummySample = (): Float32Array => permuted((index) => index);
export const dummyNoise = (): Float32Array => permuted((index) => DUMMY_COUNT - 1 - index);

/** The prediction: x · t / (t + 1). */
export function dummyModel(x: Float32Array, timestep: number): Float32Array {
  return x.map((value) => (value * timestep) / (timestep + 1));
}

export function sumAbs(x: Float32Array): number {
  return x.reduce((sum, value) => sum + Math.abs(value), 0);
}
