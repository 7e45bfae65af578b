// The blocks of a U-Net, which its ControlNets have too: the time embedding with what is told beside it, the way down, the middle, the way up.
// Weight names are the module paths of the diffusers classes.
// @source diffusers 0.42 models/unets/unet_2d_condition.py, unet_2d_blocks.py.
import { DarkroomError } from '../errors.ts';
import type { Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import { channelsOf, conv2d, type Net, resnetBlock } from './layers.ts';
import { addedEmbedding, timeEmbedding } from './timeEmbedding.ts';
import { transformer2d } from './transformer2d.ts';
import type { AddedConfig, EncoderConfig, UnetConfig } from './unetConfig.ts';

/** What a block hands on besides its result, shared by all of them. */
export interface Context<Config extends EncoderConfig = EncoderConfig> {
  readonly config: Config;
  /** silu(time embedding) f32[n,e]. */
  readonly time: Value;
  /** f32[n,t,d]. */
  readonly conditioning: Value;
  /** Changes what a level of the way down gives, the middle being the level after the last; absent changes nothing. */
  readonly atLevel?: (level: number, x: Value) => Value;
}

/** f32[n,e]: the timestep, and with it whatever else the network is told once for the whole picture; small, and large in its numbers. */
export function readTime(net: Net, config: EncoderConfig, timestep: Value, timeIds: number): Value {
  return net.g.single(() => writeTime(net, config, timestep, timeIds));
}

function writeTime(net: Net, config: EncoderConfig, timestep: Value, timeIds: number): Value {
  const { g } = net;
  const { added, guidanceWidth } = config;
  const guidance = guidanceWidth === null ? null : g.input('guidance', 'f32', ['n', guidanceWidth]);
  const time = timeEmbedding(net, timestep, config, guidance);
  if (added === null) return time;
  const pooledWidth = added.inputWidth - timeIds * added.width;
  if (pooledWidth < 1) refusePooledWidth(added, timeIds);
  const pooled = g.input('pooled', 'f32', ['n', pooledWidth]);
  return op.add(g, time, addedEmbedding(net, pooled, g.input('time_ids', 'f32', ['n', timeIds]), config));
}

function refusePooledWidth({ inputWidth, width }: AddedConfig, timeIds: number): never {
  const expected = `more than ${timeIds} times addition_time_embed_dim, ${width}`;
  const message = `unet: config field projection_class_embeddings_input_dim is ${inputWidth}, expected ${expected}`;
  throw new DarkroomError('model_unsupported', message, { part: 'unet', found: inputWidth });
}

/** @param skips receives what the way up will see again */
export function downBlock(net: Net, input: Value, block: number, skips: Value[], context: Context): Value {
  const { config } = context;
  const name = `down_blocks.${block}`;
  const out = config.channels[block]!;
  const attends = config.downBlocks[block] === 'CrossAttnDownBlock2D';
  const layers = config.layersPerBlock[block]!;
  const isDeepest = block === config.channels.length - 1;
  const atLevel = (x: Value) => context.atLevel?.(block, x) ?? x;
  let x = input;
  for (let layer = 0; layer < layers; layer++) {
    x = resnet(net, x, `${name}.resnets.${layer}`, out, context);
    if (attends) x = attend(net, x, `${name}.attentions.${layer}`, block, context);
    // A block that attends is changed before it is halved, one that does not after it: so diffusers has it.
    if (layer === layers - 1 && (attends || isDeepest)) x = atLevel(x);
    skips.push(x);
  }
  if (isDeepest) return x;
  const halved = downsample(net, x, `${name}.downsamplers.0.conv`, config.downsamplePadding);
  x = attends ? halved : atLevel(halved);
  skips.push(x);
  return x;
}

/** The input itself where the config has none. */
export function midBlock(net: Net, input: Value, context: Context): Value {
  const { config } = context;
  const x = config.midBlock === null ? input : middle(net, input, context);
  return context.atLevel?.(config.channels.length, x) ?? x;
}

function middle(net: Net, input: Value, context: Context): Value {
  const { config } = context;
  const out = channelsOf(input);
  const x = resnet(net, input, 'mid_block.resnets.0', out, context, config.midBlockScaleFactor);
  if (config.midBlock === 'UNetMidBlock2D') return x;
  const block = config.channels.length - 1;
  const attended = attend(net, x, 'mid_block.attentions.0', block, context, false);
  return resnet(net, attended, 'mid_block.resnets.1', out, context, config.midBlockScaleFactor);
}

/** @param position 0 for the deepest. Its settings are those of the down block of the same depth, one layer more. */
export function upBlock(net: Net, input: Value, position: number, skips: Value[], context: Context<UnetConfig>): Value {
  const { config } = context;
  const name = `up_blocks.${position}`;
  const block = config.channels.length - 1 - position;
  let x = input;
  for (let layer = 0; layer <= config.layersPerBlock[block]!; layer++) {
    x = op.concat(net.g, [x, skips.pop()!], 1);
    x = resnet(net, x, `${name}.resnets.${layer}`, config.channels[block]!, context);
    if (config.upBlocks[position] === 'CrossAttnUpBlock2D') {
      x = attend(net, x, `${name}.attentions.${layer}`, block, context);
    }
  }
  return block === 0 ? x : upsample(net, x, `${name}.upsamplers.0.conv`, skips.at(-1)!);
}

function resnet(net: Net, x: Value, name: string, out: number, context: Context, scaleFactor = 1): Value {
  const { groups, epsilon } = context.config;
  return resnetBlock(net, x, name, { out, groups, epsilon, time: context.time, scaleFactor });
}

function attend(
  net: Net,
  x: Value,
  name: string,
  block: number,
  { config, conditioning }: Context,
  onlyCrossAttention = config.onlyCrossAttention[block]!,
): Value {
  return transformer2d(net, x, name, {
    conditioning,
    heads: config.heads[block]!,
    layers: config.transformerLayers[block]!,
    groups: config.groups,
    onlyCrossAttention,
    isSingleAttention: config.isSingleAttention,
  });
}

/** Half the rows and columns, rounded up; padding 0 stands for one row and column of zeros below and right. */
function downsample(net: Net, x: Value, name: string, padding: number): Value {
  const pads = padding === 0 ? ([0, 0, 1, 1] as const) : ([padding, padding, padding, padding] as const);
  return conv2d(net, x, name, channelsOf(x), { stride: 2, pads });
}

/** To the size of the skip it will meet: twice, or one less where halving rounded up. */
function upsample(net: Net, x: Value, name: string, skip: Value): Value {
  const { g } = net;
  const sizes = op.concat(g, [op.shapeOf(g, x, 0, 2), op.shapeOf(g, skip, 2)], 0);
  return conv2d(net, op.resizeTo(g, x, sizes), name, channelsOf(x));
}
