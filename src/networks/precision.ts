// In which precision each network of a model computes: the one place that decides it. Graphics cards are twice to four times as fast in half
// precision and need half the memory; what does not fit into it, or gains nothing, stays in single precision. Single steps inside a network
// that do not fit are marked where they are written (GraphBuilder.single).
import type { ModelFamily } from '../core/request.ts';
import type { Node } from '../onnx/graph.ts';
import type { Part } from '../weights/modelFolder.ts';
import type { Provider } from './dialect.ts';

export const PRECISIONS = ['fp16', 'fp32'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** What providers can compute in, the better first. The CPU gains nothing from half precision, CoreML chooses by itself. */
export function precisionsOf(provider: Provider): readonly Precision[] {
  return provider === 'cpu' || provider === 'coreml' ? ['fp32'] : PRECISIONS;
}

/** Text encoders run once a picture, are small, and mask with numbers half precision does not have. */
export const TEXT_PRECISION: Precision = 'fp32';

/**
 * SDXL's autoencoder overflows in half precision. Retrained ones that fit say so in their config, force_upcast false; a single file says
 * nothing, so that it is taken for the original. The flag means nothing in other families: diffusers writes it into every config it saves.
 * @source diffusers StableDiffusionXLPipeline, `needs_upcasting`; pipelines of other families do not read it
 */
export function autoencoderPrecision(
  { config }: Part,
  family: ModelFamily | undefined,
  wanted: Precision = 'fp32',
): Precision {
  const isXl = family === 'sdxl' || family === 'sdxl-refiner';
  const fits = config._class_name === 'AutoencoderTiny' || config.force_upcast === false;
  return isXl && !fits ? 'fp32' : wanted;
}

/** CUDA's group norm takes its scale and shift in single precision only; DirectML's takes all its inputs in one. */
export function keepsSingle(provider: Provider): (node: Node, input: number) => boolean {
  if (provider !== 'cuda') return () => false;
  return ({ op }, input) => (op === 'GroupNorm' || op === 'SkipGroupNorm') && (input === 1 || input === 2);
}
