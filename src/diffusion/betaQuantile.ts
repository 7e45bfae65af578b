// Quantiles of the symmetric beta distribution, for the schedule named after it. Nothing else needs special functions.

/** Terms of the series below x = 1/2; each is at most half the one before, so single precision is long reached. */
const SERIES_TERMS = 60;
/** Halvings of 0 … 1/2; beyond 60 a double no longer changes. */
const BISECTIONS = 60;

/**
 * The x below which `probability` of the beta(shape, shape) distribution lies.
 * @param probability 0 … 1
 */
export function betaQuantile(probability: number, shape: number): number {
  if (probability > 0.5) return 1 - betaQuantile(1 - probability, shape);
  const half = area(0.5, shape);
  let [low, high] = [0, 0.5];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (area(middle, shape) < 2 * probability * half) low = middle;
    else high = middle;
  }
  return high < 2 ** -58 ? 0 : high;
}

/** ∫ t^(a-1) (1-t)^(a-1) dt over 0 … x, x at most 1/2. @source DLMF 8.17.7 */
function area(x: number, shape: number): number {
  let term = 1;
  let sum = 0;
  for (let n = 0; n < SERIES_TERMS; n++) {
    sum += term / (shape + n);
    term *= ((n + 1 - shape) / (n + 1)) * x;
  }
  return x ** shape * sum;
}
