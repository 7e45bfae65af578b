// Timesteps as the U-Net reads them: sines and cosines of geometrically spaced frequencies, then two linear layers. The constants are
// rounded to single precision step by step, as torch does it; a phase near 1000 would show the difference.
// @source diffusers models/embeddings.py get_timestep_embedding, TimestepEmbedding; Vaswani et al. 2017, section 3.5.
import type { Value } from '../onnx/graph.ts';
import * as op from '../onnx/ops.ts';
import { linearOfRows, type Net, silu } from './layers.ts';
import type { UnetConfig } from './unetConfig.ts';

/** Longest wavelength over 2π. */
const MAX_PERIOD = 10_000;

/** f32[n] → f32[n,e]. */
export function timeEmbedding(net: Net, timestep: Value, config: UnetConfig): Value {
  const waves = sinusoids(net, timestep, config.channels[0]!, config);
  const hidden = silu(net, linearOfRows(net, waves, 'time_embedding.linear_1', config.timeWidth));
  return linearOfRows(net, hidden, 'time_embedding.linear_2', config.timeWidth);
}

/** f32[n] → f32[n,width]; an odd width ends in a column of zeros. */
function sinusoids(net: Net, timestep: Value, width: number, config: UnetConfig): Value {
  const { g } = net;
  const half = Math.floor(width / 2);
  const frequencies = g.floats('time_frequencies', [1, half], timeFrequencies(half, config.freqShift));
  const phases = op.mul(g, op.reshape(g, timestep, g.integers(-1, 1)), frequencies);
  const waves = [op.sin(g, phases), op.cos(g, phases)];
  if (config.flipSinToCos) waves.reverse();
  if (width % 2 === 1) waves.push(op.mul(g, op.reshape(g, timestep, g.integers(-1, 1)), zero(net)));
  return op.concat(g, waves, 1);
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
