// What a picture in the making looks like, without running the decoder: every latent cell becomes one pixel by a linear map of its channels.
// Known autoencoders have published maps; for any other one is fitted to what its encoder makes of a picture it is shown once.
import type { Latents, Pixels } from './asks.ts';
import { clamp } from './latents.ts';
import type { ModelFacts } from './modelFacts.ts';
import { TorchRandom } from './rng.ts';

/** Rows of red, green and blue: one weight a channel of scaled latents, then what is added. */
export type PreviewMap = readonly (readonly number[])[];

/** Stable Diffusion 1.x and 2.x. @source ComfyUI, latent_formats.py (fitted by its community to decoded pictures), colour by colour */
const SD: PreviewMap = [
  [0.3512, 0.325, -0.2829, -0.212, 0],
  [0.2297, 0.4974, 0.1762, -0.2616, 0],
  [0.3227, 0.235, 0.2721, -0.7177, 0],
];
/** @source the same, for SDXL */
const SDXL: PreviewMap = [
  [0.3651, -0.2533, 0.1076, -0.3165, 0.1084],
  [0.4232, -0.0042, 0.1111, -0.2492, -0.0175],
  [0.4341, 0.1068, -0.0362, -0.2188, -0.0011],
];

/** Scaling factors tell the autoencoders apart. */
export function publishedMap({ latentChannels, scalingFactor }: ModelFacts): PreviewMap | null {
  if (latentChannels !== 4) return null;
  if (Math.abs(scalingFactor - 0.18215) < 1e-4) return SD;
  return Math.abs(scalingFactor - 0.13025) < 1e-4 ? SDXL : null;
}

/** One pixel a cell, held inside -1 … 1. */
export function previewOf({ channels, height, width, data }: Latents, map: PreviewMap): Pixels {
  const plane = height * width;
  const pixels = new Float32Array(3 * plane);
  for (const [colour, weights] of map.entries()) {
    for (let at = 0; at < plane; at++) {
      let sum = weights[channels]!;
      for (let channel = 0; channel < channels; channel++) sum += weights[channel]! * data[channel * plane + at]!;
      pixels[colour * plane + at] = sum;
    }
  }
  return { height, width, data: clamp(pixels, 1) };
}

/** Cells a side of the picture a map is fitted to: enough for a hundred channels, encoded in a moment. */
const PROBE_CELLS = 24;
/** Cells between the points whose colours are drawn; in between they blend. */
const PROBE_STRIDE = 3;
const PROBE_SEED = 1;

/**
 * A picture of blending colours, white and black among them. Shown to the encoder it gives latents as pictures have them; latents drawn at
 * random do not, and what a decoder makes of those says little.
 */
export function probePixels({ pixelsPerLatent }: Pick<ModelFacts, 'pixelsPerLatent'>): Pixels {
  const side = PROBE_CELLS * pixelsPerLatent;
  const points = PROBE_CELLS / PROBE_STRIDE + 1;
  const colours = new TorchRandom(PROBE_SEED).randn(3 * points * points).map((value) => Math.sin(2 * value));
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) => {
    const [colour, at] = [Math.floor(i / (side * side)), i % (side * side)];
    const scale = (points - 1) / side;
    return between(colours, colour * points, points, Math.floor(at / side) * scale, (at % side) * scale);
  });
  return { height: side, width: side, data };
}

/** On the plane between the four points around a place. @param top first row of the colour */
function between(values: Float32Array, top: number, points: number, row: number, column: number): number {
  const [y, x] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - y, column - x];
  const at = (dy: number, dx: number) => values[(top + y + dy) * points + x + dx]!;
  const upper = at(0, 0) * (1 - right) + at(0, 1) * right;
  return upper * (1 - down) + (at(1, 0) * (1 - right) + at(1, 1) * right) * down;
}

/** Keeps weights of channels that say little about colour small. */
const RIDGE = 4;

/** The map that comes closest to the pixels the latents stand for, averaged over each cell: least squares. @param latents scaled */
export function fittedMap(latents: Latents, pixels: Pixels): PreviewMap {
  const plane = latents.height * latents.width;
  const rows = Array.from({ length: plane }, (_, at) => [
    ...Array.from({ length: latents.channels }, (__, channel) => latents.data[channel * plane + at]!),
    1,
  ]);
  const size = latents.channels + 1;
  const square = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? RIDGE : 0)),
  );
  return [0, 1, 2].map((colour) => {
    const wanted = cellMeans(pixels, colour, latents);
    return solved(square, size, (i) => rows.reduce((sum, row, at) => sum + row[i]! * wanted[at]!, 0));
  });
}

function cellMeans({ height, width, data }: Pixels, colour: number, cells: Latents): Float32Array {
  const side = height / cells.height;
  return Float32Array.from({ length: cells.height * cells.width }, (_, at) => {
    const [top, left] = [Math.floor(at / cells.width) * side, (at % cells.width) * side];
    let sum = 0;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) sum += data[(colour * height + top + y) * width + left + x]!;
    }
    return sum / side ** 2;
  });
}

/** Elimination without pivots, which a positive definite system does not need. */
function solved(matrix: readonly (readonly number[])[], size: number, right: (row: number) => number): number[] {
  const rows = matrix.map((row, i) => [...row, right(i)]);
  for (let at = 0; at < size; at++) {
    for (let below = at + 1; below < size; below++) {
      const factor = rows[below]![at]! / rows[at]![at]!;
      for (let k = at; k <= size; k++) rows[below]![k]! -= factor * rows[at]![k]!;
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let at = size - 1; at >= 0; at--) {
    const known = solution.reduce((sum, value, k) => (k > at ? sum + value * rows[at]![k]! : sum), 0);
    solution[at] = (rows[at]![size]! - known) / rows[at]![at]!;
  }
  return solution;
}
