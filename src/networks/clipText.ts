// CLIPTextModel: token ids → the last hidden state after the final layer norm, which is what the U-Net of SD 1.x and 2.x is conditioned on;
// for clip skip the state after an earlier layer.
// The pooled output and a text projection are not computed; nothing here needs them.
// @source transformers 5.23 models/clip/modeling_clip.py; Radford et al. 2021.
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider } from './dialect.ts';
import { layerNorm, linear, type Net } from './layers.ts';
import { WeightReader } from './weightReader.ts';

export interface ClipTextConfig {
  readonly vocabSize: number;
  readonly width: number;
  readonly feedForwardWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly maxTokens: number;
  readonly epsilon: number;
  readonly activation: 'quick_gelu' | 'gelu';
}

/** A sum of scores that no softmax lets through: the smallest single-precision number, as torch masks. */
const MASKED = -3.4028234663852886e38;

/** Slope of CLIP's approximation of GELU. */
const QUICK_GELU_ALPHA = 1.702;

/**
 * token_ids i32[n,t] → hidden f32[n,t,d], t at most max_position_embeddings.
 * @throws model_unsupported, weights_invalid
 */
export function buildClipText(part: Part, provider: Provider): Graph {
  return build('text_encoder', part, provider, (_, states) => states.at(-1)!);
}

/**
 * The same network with a second input: channels i32[d] of all layers' states side by side, so that `layerChannels(part, 3)` gives
 * what the fourth layer says after the final layer norm.
 * @throws model_unsupported, weights_invalid
 */
export function buildClipTextOfAnyLayer(part: Part, provider: Provider): Graph {
  return build('text_encoder_any_layer', part, provider, ({ g }, states) => {
    const channels = g.input('channels', 'i32', [states[0]!.shape[2]!]);
    return op.gather(g, op.concat(g, states, 2), channels, 2);
  });
}

/** The `channels` that pick one layer, 0 for the first. @throws model_unsupported */
export function layerChannels(part: Part, layer: number): Int32Array {
  const { width } = configOf(part);
  return Int32Array.from({ length: width }, (_, channel) => layer * width + channel);
}

/** @throws model_unsupported */
export function clipTextLayers(part: Part): number {
  return configOf(part).layers;
}

/** @param pick chooses among the states f32[n,t,d] after each layer */
function build(
  name: string,
  part: Part,
  provider: Provider,
  pick: (net: Net, states: readonly Value[]) => Value,
): Graph {
  const config = configOf(part);
  const g = new GraphBuilder(name);
  const weights = new WeightReader(g, part.tensors);
  const tokenIds = g.input('token_ids', 'i32', ['n', 't']);
  const net = { g, weights, dialect: dialectOf(provider) };
  const picked = pick(net, layerStates(net, config, tokenIds));
  g.output('hidden', layerNorm(net, picked, 'text_model.final_layer_norm', config.epsilon));
  weights.refuseUnused((tensor) => !IDLE_TENSORS.test(tensor));
  return g.build();
}

function configOf(part: Part): ClipTextConfig {
  return readClipTextConfig(new ConfigReader('text_encoder', part.config));
}

/** Position ids are 0, 1, 2 … in every file; the projection is for pooled outputs. */
const IDLE_TENSORS = /position_ids$|^text_projection\./;

/** Only what is computed is read: transformers writes some fifty fields of other tasks into every config. @throws model_unsupported */
export function readClipTextConfig(reader: ConfigReader): ClipTextConfig {
  reader.only('model_type', ['clip_text_model'], 'only CLIP text encoders are supported');
  const config: ClipTextConfig = {
    vocabSize: reader.count('vocab_size', 49408),
    width: reader.count('hidden_size', 512),
    feedForwardWidth: reader.count('intermediate_size', 2048),
    layers: reader.count('num_hidden_layers', 12),
    heads: reader.count('num_attention_heads', 8),
    maxTokens: reader.count('max_position_embeddings', 77),
    epsilon: reader.real('layer_norm_eps', 1e-5),
    activation: reader.oneOf('hidden_act', 'quick_gelu', ['quick_gelu', 'gelu']),
  };
  if (config.width % config.heads !== 0) reader.refuse('num_attention_heads', `a divisor of ${config.width}`);
  return config;
}

/** f32[n,t,d] after each layer. */
function layerStates(net: Net, config: ClipTextConfig, tokenIds: Value): readonly Value[] {
  const tokens = op.shapeOf(net.g, tokenIds, 1, 2);
  const mask = causalMask(net, config.maxTokens, tokens);
  let x = embeddings(net, config, tokenIds, tokens, 'text_model.embeddings');
  const states: Value[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    x = encoderLayer(net, x, `text_model.encoder.layers.${layer}`, config, mask);
    states.push(x);
  }
  return states;
}

/** @param tokens i64[1]: t. */
function embeddings(net: Net, config: ClipTextConfig, tokenIds: Value, tokens: Value, name: string): Value {
  const { g, weights, dialect } = net;
  const tableShape = [config.vocabSize, config.width];
  const table = dialect.picksHalfPrecision
    ? weights.takeStored(`${name}.token_embedding.weight`, tableShape)
    : weights.take(`${name}.token_embedding.weight`, tableShape);
  const words = op.cast(g, op.gather(g, table, tokenIds), 'f32');
  const positions = weights.take(`${name}.position_embedding.weight`, [config.maxTokens, config.width]);
  return op.add(g, words, op.sliceStart(g, positions, tokens, 0));
}

/** f32[1,1,t,t]: a token sees itself and those before it. */
function causalMask(net: Net, maxTokens: number, tokens: Value): Value {
  const numbers = Float32Array.from({ length: maxTokens * maxTokens }, (_, i) =>
    i % maxTokens > Math.floor(i / maxTokens) ? MASKED : 0,
  );
  const whole = net.g.floats('causal_mask', [1, 1, maxTokens, maxTokens], numbers);
  return op.sliceStart(net.g, op.sliceStart(net.g, whole, tokens, 2), tokens, 3);
}

function encoderLayer(net: Net, x: Value, name: string, config: ClipTextConfig, mask: Value): Value {
  const first = layerNorm(net, x, `${name}.layer_norm1`, config.epsilon);
  const attended = op.add(net.g, selfAttention(net, first, `${name}.self_attn`, config, mask), x);
  const second = layerNorm(net, attended, `${name}.layer_norm2`, config.epsilon);
  const wide = activate(net, linear(net, second, `${name}.mlp.fc1`, config.feedForwardWidth), config);
  return op.add(net.g, linear(net, wide, `${name}.mlp.fc2`, config.width), attended);
}

function selfAttention(net: Net, x: Value, name: string, config: ClipTextConfig, mask: Value): Value {
  const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map((part) =>
    linear(net, x, `${name}.${part}`, config.width),
  ) as [Value, Value, Value];
  const mixed = net.dialect.attention(net.g, query, key, value, config.heads, mask);
  return linear(net, mixed, `${name}.out_proj`, config.width);
}

function activate(net: Net, x: Value, config: ClipTextConfig): Value {
  return config.activation === 'gelu' ? net.dialect.gelu(net.g, x) : net.dialect.swish(net.g, x, QUICK_GELU_ALPHA);
}
