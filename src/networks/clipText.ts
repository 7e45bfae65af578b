// CLIPTextModel: token ids → the last hidden state after the final layer norm, which is what the U-Net of SD 1.x and 2.x is conditioned on;
// for clip skip the state after an earlier layer. SDXL takes the state after the last layer but one as it is, and of CLIPTextModelWithProjection
// also the whole prompt as one vector.
// @source transformers 5.23 models/clip/modeling_clip.py; Radford et al. 2021.
import { DarkroomError } from '../errors.ts';
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider } from './dialect.ts';
import { layerNorm, linear, type Net } from './layers.ts';
import { type BranchedLayers, NO_LAYERS } from './loraBranches.ts';
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
  /** Width of the projected prompt. */
  readonly pooledWidth: number;
}

/** What the U-Net of a family is told of a text encoder. */
export interface TextUse {
  /** Counted from the end, 1 for the last: the layer whose state is taken where nobody asks for an earlier one. */
  readonly layer: 1 | 2;
  readonly isNormed: boolean;
  /** Whether the whole prompt as one vector is wanted too. */
  readonly isPooled: boolean;
}

/** Stable Diffusion 1.x and 2.x. */
export const LAST_LAYER: TextUse = { layer: 1, isNormed: true, isPooled: false };
/** The first text encoder of SDXL. @source arXiv:2307.01952, section 2.1 */
export const PENULTIMATE_LAYER: TextUse = { layer: 2, isNormed: false, isPooled: false };
/** The second one, and the refiner's only one. */
export const PENULTIMATE_AND_POOLED: TextUse = { layer: 2, isNormed: false, isPooled: true };

/** A sum of scores that no softmax lets through: the smallest single-precision number, as torch masks. */
const MASKED = -3.4028234663852886e38;

/** Slope of CLIP's approximation of GELU. */
const QUICK_GELU_ALPHA = 1.702;

/**
 * token_ids i32[n,t] → hidden f32[n,t,d], t at most max_position_embeddings. Where the pooled prompt is wanted: a second input, ends
 * f32[n,1,t], which is 1 at every prompt's end marker and 0 elsewhere, and a second output, pooled f32[n,p].
 * @throws model_unsupported, weights_invalid
 */
export function buildClipText(part: Part, provider: Provider, branches = NO_LAYERS, use: TextUse = LAST_LAYER): Graph {
  const { layers } = configOf(part);
  const taken = layers - use.layer;
  if (taken < 0) refuseFewLayers(part, layers, use.layer);
  // What nobody asks for is not computed: the pooled prompt needs the last layer, the state of the one before it does not.
  const computed = use.isPooled ? layers : taken + 1;
  return build('text_encoder', part, provider, { ...use, computed, branches }, (_, states) => states[taken]!);
}

function refuseFewLayers({ tensors }: Part, found: number, expected: number): never {
  const message = `${tensors.source}: has ${found} layers, expected ${expected} at least`;
  throw new DarkroomError('model_unsupported', message, { part: 'text_encoder', found });
}

/**
 * The same network with one more input: channels i32[d] of all layers' states side by side, so that `layerChannels(part, 3)` gives
 * what the fourth layer says, after the final layer norm where the family has it.
 * @throws model_unsupported, weights_invalid
 */
export function buildClipTextOfAnyLayer(
  part: Part,
  provider: Provider,
  branches = NO_LAYERS,
  use: TextUse = LAST_LAYER,
): Graph {
  const computed = configOf(part).layers;
  return build('text_encoder_any_layer', part, provider, { ...use, computed, branches }, ({ g }, states) => {
    const channels = g.input('channels', 'i32', [states[0]!.shape[2]!]);
    return op.gather(g, op.concat(g, states, 2), channels, 2);
  });
}

/** The `channels` that pick one layer, 0 for the first. @throws model_unsupported */
export function layerChannels(part: Part, layer: number): Int32Array {
  const { width } = configOf(part);
  return Int32Array.from({ length: width }, (_, channel) => layer * width + channel);
}

/** Numbers in a word's vector. @throws model_unsupported */
export function clipTextWidth(part: Part): number {
  return configOf(part).width;
}

/** @throws model_unsupported */
export function clipTextLayers(part: Part): number {
  return configOf(part).layers;
}

interface Writing extends TextUse {
  /** Layers that are computed, from the first on. */
  readonly computed: number;
  /** Layers with side branches. */
  readonly branches: BranchedLayers;
}

/** @param pick chooses among the states f32[n,t,d] after each layer */
function build(
  name: string,
  part: Part,
  provider: Provider,
  writing: Writing,
  pick: (net: Net, states: readonly Value[]) => Value,
): Graph {
  const config = configOf(part);
  const g = new GraphBuilder(name);
  const weights = new WeightReader(g, part.tensors);
  const tokenIds = g.input('token_ids', 'i32', ['n', 't']);
  const net = { g, weights, dialect: dialectOf(provider), branches: writing.branches, usual: { t: config.maxTokens } };
  const states = layerStates(net, config, tokenIds, writing.computed);
  const picked = pick(net, states);
  g.output('hidden', writing.isNormed ? finalNorm(net, config, picked) : picked);
  if (writing.isPooled) g.output('pooled', pooledPrompt(net, config, part, states.at(-1)!));
  weights.refuseUnused((tensor) => !isIdle(tensor, config, writing));
  return g.build();
}

function configOf(part: Part): ClipTextConfig {
  return readClipTextConfig(new ConfigReader('text_encoder', part.config));
}

function finalNorm(net: Net, config: ClipTextConfig, x: Value): Value {
  return layerNorm(net, x, 'text_model.final_layer_norm', config.epsilon);
}

/** f32[n,p]: the normed last state at the end marker, the only one that has seen every word, projected. */
function pooledPrompt(net: Net, config: ClipTextConfig, { tensors }: Part, last: Value): Value {
  const { g, weights } = net;
  const { width, pooledWidth } = config;
  const ends = g.input('ends', 'f32', ['n', 1, 't']);
  const atEnd = finalNorm(net, config, op.matMul(g, ends, last));
  const isOriginal = tensors.get(ORIGINAL_PROJECTION) !== undefined;
  const projected = isOriginal
    ? op.matMul(g, atEnd, weights.take(ORIGINAL_PROJECTION, [width, pooledWidth]))
    : linear(net, atEnd, 'text_projection', pooledWidth, false);
  return op.reshape(g, projected, g.integers(-1, pooledWidth));
}

/** f32[d,p] of OpenCLIP's own files; in transformers' `text_projection.weight` is f32[p,d]. */
const ORIGINAL_PROJECTION = 'text_projection';

/**
 * Where a prompt's end marker stands: the first place of the marker, or, by configs that say 2 for it and by those that say nothing, of
 * the largest id of the vocabulary that is there; ids beyond it are other people's embeddings.
 * @source transformers CLIPTextModel.forward
 */
export function endOf({ config, tensors }: Part): (tokenIds: Int32Array) => number {
  const vocabSize = tensors.get(TOKEN_TABLE)?.shape[0] ?? Number.POSITIVE_INFINITY;
  const marker = config.eos_token_id;
  if (typeof marker === 'number' && marker !== OLD_END_MARKER) return (ids) => Math.max(0, ids.indexOf(marker));
  return (ids) => ids.indexOf(ids.reduce((most, id) => (id < vocabSize ? Math.max(most, id) : most), -1));
}

/** In every config written before 2023, whatever the vocabulary. */
const OLD_END_MARKER = 2;
const TOKEN_TABLE = 'text_model.embeddings.token_embedding.weight';

/** Position ids are 0, 1, 2 … in every file; what only the pooled prompt or a later layer needs is there where nobody asks for either. */
function isIdle(tensor: string, { layers }: ClipTextConfig, { computed, isNormed, isPooled }: Writing): boolean {
  if (tensor.endsWith('position_ids')) return true;
  if (/^text_projection(\.|$)/.test(tensor)) return !isPooled;
  if (tensor.startsWith('text_model.final_layer_norm.')) return !isNormed && !isPooled;
  const layer = Number(/^text_model\.encoder\.layers\.(\d+)\./.exec(tensor)?.[1] ?? -1);
  return layer >= computed && layer < layers;
}

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
    pooledWidth: reader.count('projection_dim', 512),
  };
  if (config.width % config.heads !== 0) reader.refuse('num_attention_heads', `a divisor of ${config.width}`);
  return config;
}

/** f32[n,t,d] after each of the first layers. */
function layerStates(net: Net, config: ClipTextConfig, tokenIds: Value, computed: number): readonly Value[] {
  const tokens = op.shapeOf(net.g, tokenIds, 1, 2);
  const mask = causalMask(net, config.maxTokens, tokens);
  let x = embeddings(net, config, tokenIds, tokens, 'text_model.embeddings');
  const states: Value[] = [];
  for (let layer = 0; layer < computed; layer++) {
    x = clipEncoderLayer(net, x, `text_model.encoder.layers.${layer}`, config, mask);
    states.push(x);
  }
  return states;
}

/** @param tokens i64[1]: t. */
/**
 * Vectors in the place of words: two more inputs, vectors f32[n?,t?,d] and spelled f32[n?,t?,1], which is 0 where a vector stands and 1
 * elsewhere. Prompts without any give [1,1,d] zeros and a single 1, and their numbers stay what they are.
 */
function withVectors({ g }: Net, { width }: ClipTextConfig, words: Value): Value {
  const vectors = g.input('vectors', 'f32', ['n?', 't?', width]);
  const spelled = g.input('spelled', 'f32', ['n?', 't?', 1]);
  return op.add(g, op.mul(g, words, spelled), vectors);
}

function embeddings(net: Net, config: ClipTextConfig, tokenIds: Value, tokens: Value, name: string): Value {
  const { g, weights, dialect } = net;
  const tableShape = [config.vocabSize, config.width];
  const table = dialect.picksHalfPrecision
    ? weights.takeStored(`${name}.token_embedding.weight`, tableShape)
    : weights.take(`${name}.token_embedding.weight`, tableShape);
  const words = withVectors(net, config, op.cast(g, op.gather(g, table, tokenIds), 'f32'));
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

/** What a layer of either of CLIP's encoders is told. */
export type ClipLayerConfig = Pick<ClipTextConfig, 'width' | 'feedForwardWidth' | 'heads' | 'epsilon' | 'activation'>;

/** f32[n,t,d] → f32[n,t,d]. @param mask f32[1,1,t,t], or null where every token sees every other */
export function clipEncoderLayer(net: Net, x: Value, name: string, config: ClipLayerConfig, mask: Value | null): Value {
  const first = layerNorm(net, x, `${name}.layer_norm1`, config.epsilon);
  const attended = op.add(net.g, selfAttention(net, first, `${name}.self_attn`, config, mask), x);
  const second = layerNorm(net, attended, `${name}.layer_norm2`, config.epsilon);
  const wide = activate(net, linear(net, second, `${name}.mlp.fc1`, config.feedForwardWidth), config);
  return op.add(net.g, linear(net, wide, `${name}.mlp.fc2`, config.width), attended);
}

function selfAttention(net: Net, x: Value, name: string, config: ClipLayerConfig, mask: Value | null): Value {
  const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map((part) =>
    linear(net, x, `${name}.${part}`, config.width),
  ) as [Value, Value, Value];
  const mixed = net.dialect.attention(net.g, query, key, value, config.heads, mask);
  return linear(net, mixed, `${name}.out_proj`, config.width);
}

function activate(net: Net, x: Value, config: ClipLayerConfig): Value {
  return config.activation === 'gelu' ? net.dialect.gelu(net.g, x) : net.dialect.swish(net.g, x, QUICK_GELU_ALPHA);
}
