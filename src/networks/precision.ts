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
 * SDXL's autoencoder overflows in half precision, and so do those whose config says force_upcast. Retrained ones that fit say false; a
 * single file says nothing, so that it is taken for the original.
 * @source diffusers StableDiffusionXLPipeline, `needs_upcasting`
 */
export function autoencoderPrecision(
  { config }: Part,
  family: ModelFamily | undefined,
  wanted: Precision = 'fp32',
): Precision {
  const isXl = family === 'sdxl' || family === 'sdxl-refiner';
  const isTiny = config._class_name === 'AutoencoderTiny';
  const overflows = config.force_upcast ?? (isXl && !isTiny);
  return overflows === false ? wanted : 'fp32';
}

/** CUDA's group norm takes its scale and shift in single precision only; DirectML's takes all its inputs in one. */
export function keepsSingle(provider: Provider): (node: Node, input: number) => boolean {
  if (provider !== 'cuda') return () => false;
  return ({ op }, input) => (op === 'GroupNorm' || op === 'SkipGroupNorm') && (input === 1 || input === 2);
}
