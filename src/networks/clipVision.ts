// CLIP's image encoder with its projection: a small picture → one vector, whose cosine with others says what it shows. Tensors go by the names
// of CLIPVisionModelWithProjection's inner module; who published them under which prefix is src/weights' business.
// @source transformers 5.23 models/clip/modeling_clip.py, CLIPVisionTransformer; Radford et al. 2021
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { type ClipLayerConfig, clipEncoderLayer } from './clipText.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider } from './dialect.ts';
import { imageToTokens, layerNorm, linear, type Net } from './layers.ts';
import { WeightReader } from './weightReader.ts';

export interface ClipVisionConfig extends ClipLayerConfig {
  readonly layers: number;
  /** Rows and columns of the picture, in pixels. */
  readonly imageSize: number;
  /** Of the squares a picture is cut into. */
  readonly patchSize: number;
  readonly projectionWidth: number;
}

/**
 * pixels f32[1,3,s,s], normalised → embedding f32[1,p], not of length 1; s is the config's image_size.
 * @param part config is a vision_config, projection_dim in it
 * @param belongs which of the file's tensors are this network's at all
 * @throws model_unsupported, weights_invalid
 */
export function buildClipVision(part: Part, provider: Provider, belongs: (name: string) => boolean): Graph {
  const config = readClipVisionConfig(part);
  const g = new GraphBuilder('safety_checker');
  const weights = new WeightReader(g, part.tensors);
  const net: Net = { g, weights, dialect: dialectOf(provider) };
  const pixels = g.input('pixels', 'f32', [1, 3, config.imageSize, config.imageSize]);
  let x = layerNorm(net, embeddings(net, config, pixels), 'pre_layrnorm', config.epsilon);
  for (let layer = 0; layer < config.layers; layer++) {
    x = clipEncoderLayer(net, x, `encoder.layers.${layer}`, config, null);
  }
  const first = op.sliceStart(g, x, g.integers(1), 1);
  const whole = layerNorm(net, first, 'post_layernorm', config.epsilon);
  const projected = linear(net, whole, 'visual_projection', config.projectionWidth, false);
  g.output('embedding', op.reshape(g, projected, g.integers(0, config.projectionWidth)));
  weights.refuseUnused(belongs);
  return g.build();
}

/** Only what is computed is read: transformers writes many fields of other tasks into every config. @throws model_unsupported */
export function readClipVisionConfig({ config }: Part): ClipVisionConfig {
  const reader = new ConfigReader('safety_checker', config);
  reader.only('num_channels', [3]);
  const read: ClipVisionConfig = {
    width: reader.count('hidden_size', 768),
    feedForwardWidth: reader.count('intermediate_size', 3072),
    layers: reader.count('num_hidden_layers', 12),
    heads: reader.count('num_attention_heads', 12),
    imageSize: reader.count('image_size', 224),
    patchSize: reader.count('patch_size', 32),
    epsilon: reader.real('layer_norm_eps', 1e-5),
    activation: reader.oneOf('hidden_act', 'quick_gelu', ['quick_gelu', 'gelu']),
    projectionWidth: reader.count('projection_dim', 512),
  };
  if (read.width % read.heads !== 0) reader.refuse('num_attention_heads', `a divisor of ${read.width}`);
  if (read.imageSize % read.patchSize !== 0) reader.refuse('patch_size', `a divisor of ${read.imageSize}`);
  return read;
}

/** f32[1,1+patches,d]: a token of its own for the whole, then every square as one. */
function embeddings(net: Net, config: ClipVisionConfig, pixels: Value): Value {
  const { g, weights } = net;
  const { width, patchSize, imageSize } = config;
  const patches = (imageSize / patchSize) ** 2;
  const kernel = weights.take('embeddings.patch_embedding.weight', [width, 3, patchSize, patchSize]);
  const squares = imageToTokens(net, op.conv(g, pixels, kernel, null, { stride: patchSize }));
  const whole = weights.take('embeddings.class_embedding', [width], [1, 1, width]);
  const places = weights.take('embeddings.position_embedding.weight', [1 + patches, width]);
  return op.add(g, op.concat(g, [whole, squares], 1), places);
}
