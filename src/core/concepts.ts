// How near a picture comes to forbidden concepts: cosines between its vector and theirs, each with a threshold of its own, a little lower for
// pictures that ask for special care. Vectors in, one number out; no network and no file.
// @source diffusers 0.42 pipelines/stable_diffusion/safety_checker.py, StableDiffusionSafetyChecker.forward

export interface Concepts {
  /** f32[p] each; a picture near one of them is not shown. */
  readonly forbidden: readonly Float32Array[];
  readonly thresholds: readonly number[];
  /** Being near one of these lowers the thresholds of the others; by itself it forbids nothing. */
  readonly special: readonly Float32Array[];
  readonly specialThresholds: readonly number[];
}

/** How much lower thresholds are for a picture that asks for special care. */
const CARE = 0.01;

/** The largest cosine less its threshold, in three digits: above 0 the picture shows a forbidden concept. @param vector f32[p] */
export function conceptScore(vector: Float32Array, concepts: Concepts): number {
  let care = 0;
  for (const [at, special] of concepts.special.entries()) {
    if (threeDigits(cosine(vector, special) - concepts.specialThresholds[at]! + care) > 0) care = CARE;
  }
  const scores = concepts.forbidden.map((one, at) => cosine(vector, one) - concepts.thresholds[at]! + care);
  return Math.max(...scores.map(threeDigits));
}

export function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}

function threeDigits(value: number): number {
  return Math.round(1000 * value) / 1000;
}
