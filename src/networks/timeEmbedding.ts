// Timesteps as the U-Net reads them: sines and cosines of geometrically spaced frequencies, then two linear layers. The constants are
// rounded to single precision step by step, as torch does it; a phase near 1000 would show the difference.
// SDXL's sizes and the guidance scale of distilled networks become waves in the same way.
// @source diffusers models/embeddings.py get_timestep_embedding, TimestepEmbedding; Vaswani et al. 2017, section 3.5.
import type { Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import { linearOfRows, type Net, silu } from './layers.ts';
import type { EncoderConfig } from './unetConfig.ts';

/** Longest wavelength over 2π. */
const MAX_PERIOD = 10_000;

/** f32[n] → f32[n,e]. @param guidance f32[n,g] of `guidanceWaves`, or null */
export function timeEmbedding(net: Net, timestep: Value, config: EncoderConfig, guidance: Value | null): Value {
  const column = op.reshape(net.g, timestep, net.g.integers(-1, 1));
  const own = waves(net, column, 'time', config.channels[0]!, config);
  const told = guidance === null ? own : op.add(net.g, own, guided(net, guidance, config.channels[0]!));
  return twoLayers(net, told, 'time_embedding', config);
}

/** f32[n,g] → f32[n,out]. */
function guided(net: Net, guidance: Value, out: number): Value {
  const { g, weights } = net;
  const weight = weights.take('time_embedding.cond_proj.weight', [out, guidance.shape[1] as number]);
  return op.gemm(g, guidance, weight, null);
}

/** pooled f32[n,p], time ids f32[n,k] → f32[n,e], to be added to the time embedding. @source diffusers UNet2DConditionModel.get_aug_embed */
export function addedEmbedding(net: Net, pooled: Value, timeIds: Value, config: EncoderConfig): Value {
  const { g } = net;
  const { width } = config.added!;
  const ids = timeIds.shape[1] as number;
  const each = op.reshape(g, timeIds, g.integers(0, ids, 1));
  const flat = op.reshape(g, waves(net, each, 'added', width, config), g.integers(-1, ids * width));
  return twoLayers(net, op.concat(g, [pooled, flat], 1), 'add_embedding', config);
}

function twoLayers(net: Net, x: Value, name: string, { timeWidth }: EncoderConfig): Value {
  const hidden = silu(net, linearOfRows(net, x, `${name}.linear_1`, timeWidth));
  return linearOfRows(net, hidden, `${name}.linear_2`, timeWidth);
}

/** f32[…,1] → f32[…,width]; an odd width ends in a column of zeros. @param what names the frequencies */
function waves(net: Net, x: Value, what: string, width: number, config: EncoderConfig): Value {
  const { g } = net;
  const half = Math.floor(width / 2);
  const shape = [...x.shape.slice(1).map(() => 1), half];
  const frequencies = g.floats(`${what}_frequencies`, shape, timeFrequencies(half, config.freqShift));
  const phases = op.mul(g, x, frequencies);
  const parts = [op.sin(g, phases), op.cos(g, phases)];
  if (config.flipSinToCos) parts.reverse();
  if (width % 2 === 1) parts.push(op.mul(g, x, zero(net)));
  return op.concat(g, parts, x.shape.length - 1);
}

/** f32[1,1]; times a column it is a column of zeros. */
function zero(net: Net): Value {
  return net.g.floats('zero_column', [1, 1], new Float32Array(1));
}

/** exp(-ln(10000) · i / (half - shift)) for i = 0 … half - 1. */
export function timeFrequencies(half: number, shift: number): Float32Array {
  return Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(-Math.log(MAX_PERIOD) * i) / Math.fround(half - shift))),
  );
}

/** What the guidance scale is multiplied by, so that it fills the range of a timestep. */
const GUIDANCE_SCALE = 1000;

/**
 * f32[width] of a guidance scale less 1: sines, then cosines.
 * @source diffusers, LatentConsistencyModelPipeline.get_guidance_scale_embedding; arXiv:2310.04378, section 4.2
 */
export function guidanceWaves(guidance: number, width: number): Float32Array {
  const half = Math.floor(width / 2);
  const scaled = Math.fround(guidance * GUIDANCE_SCALE);
  const phases = timeFrequencies(half, 1).map((frequency) => scaled * frequency);
  const embedded = new Float32Array(width);
  embedded.set(phases.map(Math.sin));
  embedded.set(phases.map(Math.cos), half);
  return embedded;
}
