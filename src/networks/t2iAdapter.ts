// T2IAdapter, built from its config.json: a small network that looks at a map once and says what is to be added to every level of a U-Net's way
// down. It knows neither noise nor words.
// @source Mou et al. 2023, arXiv:2302.08453, section 3.3; diffusers 0.42 models/adapter.py.
import { type Graph, GraphBuilder, type Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import type { Part } from '../weights/modelFolder.ts';
import { ConfigReader } from './configReader.ts';
import { dialectOf, type Provider } from './dialect.ts';
import { channelsOf, conv2d, type Net } from './layers.ts';
import { WeightReader } from './weightReader.ts';

const KINDS = ['full_adapter', 'full_adapter_xl', 'light_adapter'] as const;

export interface AdapterConfig {
  readonly kind: (typeof KINDS)[number];
  /** Of the map: 3, or 1 for those that take grey ones. */
  readonly inChannels: 1 | 3;
  readonly channels: readonly number[];
  readonly blocksPerLevel: number;
  /** Pixels a side that are folded into channels before anything else. */
  readonly fold: number;
}

/** @throws model_unsupported naming the field and its value */
export function readAdapterConfig({ config }: Pick<Part, 'config'>): AdapterConfig {
  const reader = new ConfigReader('t2i-adapter', config);
  const kind = reader.oneOf('adapter_type', 'full_adapter', KINDS);
  const inChannels = reader.count('in_channels', COLOURS);
  if (inChannels !== 1 && inChannels !== 3) return reader.refuse('in_channels', '3 or 1');
  const read = {
    kind,
    inChannels: inChannels as 1 | 3,
    channels: reader.counts('channels', [320, 640, 1280, 1280]),
    blocksPerLevel: reader.count('num_res_blocks', 2),
    fold: reader.count('downscale_factor', 8),
  };
  reader.refuseUnread();
  return read;
}

const COLOURS = 3;

/**
 * cells f32[n,c*f*f,h,w], every f x f pixels of a map in 0 … 1 folded into channels as torch's pixel_unshuffle does → level_0 … level_k.
 * @throws model_unsupported, weights_invalid
 */
export function buildAdapter(part: Part, provider: Provider): Graph {
  const config = readAdapterConfig(part);
  const g = new GraphBuilder('t2i_adapter');
  const weights = new WeightReader(g, part.tensors);
  const net = { g, weights, dialect: dialectOf(provider) };
  const cells = g.input('cells', 'f32', ['n', config.inChannels * config.fold ** 2, 'h', 'w']);
  const levels = config.kind === 'light_adapter' ? lightLevels(net, cells, config) : fullLevels(net, cells, config);
  for (const [level, value] of levels.entries()) g.output(`level_${level}`, value);
  weights.refuseUnused(() => true);
  return g.build();
}

function fullLevels(net: Net, cells: Value, { kind, channels, blocksPerLevel }: AdapterConfig): readonly Value[] {
  let x = conv2d(net, cells, 'adapter.conv_in', channels[0]!);
  return channels.map((out, level) => {
    // SDXL's has halved the map once more while folding, and once more on the way.
    const halves = kind === 'full_adapter_xl' ? level === 2 : level > 0;
    x = adapterBlock(net, halves ? halved(net, x) : x, `adapter.body.${level}`, out, blocksPerLevel);
    return x;
  });
}

function adapterBlock(net: Net, input: Value, name: string, out: number, blocks: number): Value {
  let x = channelsOf(input) === out ? input : conv2d(net, input, `${name}.in_conv`, out, { kernel: 1 });
  for (let block = 0; block < blocks; block++) x = resnet(net, x, `${name}.resnets.${block}`, 1);
  return x;
}

/** One level more than there are channels, as wide as the last. */
function lightLevels(net: Net, cells: Value, { channels, blocksPerLevel }: AdapterConfig): readonly Value[] {
  let x = cells;
  return [...channels, channels.at(-1)!].map((out, level) => {
    const name = `adapter.body.${level}`;
    const middle = Math.floor(out / LIGHT_SHARE);
    x = conv2d(net, level === 0 ? x : halved(net, x), `${name}.in_conv`, middle, { kernel: 1 });
    for (let block = 0; block < blocksPerLevel; block++) x = resnet(net, x, `${name}.resnets.${block}`, 3);
    x = conv2d(net, x, `${name}.out_conv`, out, { kernel: 1 });
    return x;
  });
}

/** The layers of the light kind are this many times narrower than what they give. */
const LIGHT_SHARE = 4;

/** @param kernel of the second convolution */
function resnet(net: Net, x: Value, name: string, kernel: number): Value {
  const { g } = net;
  const channels = channelsOf(x);
  const hidden = op.relu(g, conv2d(net, x, `${name}.block1`, channels));
  return op.add(g, conv2d(net, hidden, `${name}.block2`, channels, { kernel }), x);
}

function halved(net: Net, x: Value): Value {
  return op.averageOfTwo(net.g, x);
}
