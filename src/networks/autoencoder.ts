// The autoencoder a model folder has, whichever of the two kinds it is: its config says so.
import type { Graph } from '../onnx/graph.ts';
import type { Part } from '../weights/modelFolder.ts';
import * as kl from './autoencoderKl.ts';
import * as tiny from './autoencoderTiny.ts';
import type { Provider } from './dialect.ts';

/** pixels f32[n,3,h,w] → mean and, for the kind that has a spread, std. @throws model_unsupported, weights_invalid */
export function buildEncoder(part: Part, provider: Provider): Graph {
  return isTiny(part) ? tiny.buildTinyEncoder(part, provider) : kl.buildEncoder(part, provider);
}

/** latents f32[n,c,h,w] → pixels f32[n,3,h*f,w*f]. @throws model_unsupported, weights_invalid */
export function buildDecoder(part: Part, provider: Provider): Graph {
  return isTiny(part) ? tiny.buildTinyDecoder(part, provider) : kl.buildDecoder(part, provider);
}

function isTiny({ config }: Part): boolean {
  return config._class_name === 'AutoencoderTiny';
}
