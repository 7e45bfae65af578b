// Writes ../model.safetensors and ../config.json from the MobileNetV2 inside the npm package nsfwjs: kernels keep the 256 levels they are
// published with, in torch's order of axes; every batch normalisation becomes part of the layer before it. Run once: npm install && node make.mjs
import { writeFileSync } from 'node:fs';
import { modelJson, weightBundles } from './node_modules/nsfwjs/dist/esm/model_imports/mobilenet_v2.js';

const { modelTopology, weightsManifest } = (await modelJson()).default;
const bundles = await Promise.all(weightBundles.map(async (bundle) => (await bundle()).default));
const layers = modelTopology.model_config.config.layers;
const published = readManifest(weightsManifest, Buffer.concat(bundles.map((text) => Buffer.from(text, 'base64'))));

const BLOCKS = 17;
const tensors = new Map();

convolution('stem', 'Conv1/kernel', 'bn_Conv1');
const blocks = Array.from({ length: BLOCKS }, (_, block) => {
  const prefix = block === 0 ? 'expanded_conv' : `block_${block}`;
  if (block > 0) convolution(`blocks.${block}.expand`, `${prefix}_expand/kernel`, `${prefix}_expand_BN`);
  depthwise(`blocks.${block}.depthwise`, `${prefix}_depthwise/depthwise_kernel`, `${prefix}_depthwise_BN`);
  convolution(`blocks.${block}.project`, `${prefix}_project/kernel`, `${prefix}_project_BN`);
  const [stride] = layerOf(`${prefix}_depthwise`).strides;
  const [, , inner] = published.get(`${prefix}_depthwise/depthwise_kernel`).shape;
  const [, , , channels] = published.get(`${prefix}_project/kernel`).shape;
  return { stride, inner, channels };
});
convolution('head', 'Conv_1/kernel', 'Conv_1_bn');
const dense = ['dense_1', 'dense_2', 'dense_3'].map((name, at) => denseLayer(`dense.${at}`, name));

writeSafetensors('../model.safetensors', tensors);
const config = {
  _class_name: 'MobileNetV2Classifier',
  _source: 'nsfwjs 4.3.0, MobileNetV2 (MIT, Infinite Red)',
  image_size: layerOf('input_1').batch_input_shape[1],
  stem_channels: tensors.get('stem.bias').shape[0],
  block_inner_channels: blocks.map(({ inner }) => inner),
  block_channels: blocks.map(({ channels }) => channels),
  block_strides: blocks.map(({ stride }) => stride),
  head_channels: tensors.get('head.bias').shape[0],
  dense_channels: dense.slice(0, -1),
  classes: ['drawing', 'hentai', 'neutral', 'porn', 'sexy'],
};
writeFileSync(new URL('../config.json', import.meta.url), `${JSON.stringify(config, null, 2)}\n`);

/** Name → shape, levels (u8), and the number a level stands for: level * scale + min. */
function readManifest([{ weights }], bytes) {
  const found = new Map();
  let at = 0;
  for (const { name, shape, quantization } of weights) {
    if (quantization?.dtype !== 'uint8') throw new Error(`${name}: expected 256 levels`);
    const size = shape.reduce((product, side) => product * side, 1);
    found.set(name, { shape, levels: bytes.subarray(at, at + size), ...quantization });
    at += size;
  }
  if (at !== bytes.length) throw new Error(`the weights have ${bytes.length} bytes, their list ${at}`);
  return found;
}

function layerOf(name) {
  return layers.find((layer) => layer.name === name).config;
}

/** The numbers of a small tensor, in single precision as the original computes with them. */
function numbers(name) {
  const { levels, scale, min } = published.get(name);
  return Float32Array.from(levels, (level) => level * scale + min);
}

/** Of each channel: what the normalisation multiplies and adds. */
function normalisation(name) {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) =>
    numbers(`${name}/${part}`),
  );
  const { epsilon } = layerOf(name);
  const factor = Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  return { factor, shift: Array.from(beta, (value, channel) => value - mean[channel] * factor[channel]) };
}

function addLayer(name, { shape, levels }, { scale, min }, factor, bias) {
  const vector = (values) => ({ dtype: 'F32', shape: [values.length], data: Float32Array.from(values) });
  tensors.set(`${name}.weight`, { dtype: 'U8', shape, data: levels });
  tensors.set(`${name}.step`, vector(factor.map((value) => value * scale)));
  tensors.set(`${name}.offset`, vector(factor.map((value) => value * min)));
  tensors.set(`${name}.bias`, vector(bias));
}

/** [kh,kw,in,out] → [out,in,kh,kw] */
function convolution(name, kernel, norm) {
  const source = published.get(kernel);
  const [height, width, inner, outer] = source.shape;
  const levels = new Uint8Array(source.levels.length);
  for (let at = 0; at < levels.length; at++) {
    const [o, i] = [at % outer, Math.floor(at / outer) % inner];
    levels[(o * inner + i) * height * width + Math.floor(at / outer / inner)] = source.levels[at];
  }
  const { factor, shift } = normalisation(norm);
  addLayer(name, { shape: [outer, inner, height, width], levels }, source, factor, shift);
}

/** [kh,kw,c,1] → [c,1,kh,kw] */
function depthwise(name, kernel, norm) {
  const source = published.get(kernel);
  const [height, width, channels] = source.shape;
  const levels = new Uint8Array(source.levels.length);
  for (let at = 0; at < levels.length; at++) {
    levels[(at % channels) * height * width + Math.floor(at / channels)] = source.levels[at];
  }
  const { factor, shift } = normalisation(norm);
  addLayer(name, { shape: [channels, 1, height, width], levels }, source, factor, shift);
}

/** [in,out] → [out,in] */
function denseLayer(name, layer) {
  const source = published.get(`${layer}/kernel`);
  const [inner, outer] = source.shape;
  const levels = new Uint8Array(source.levels.length);
  for (let at = 0; at < levels.length; at++) {
    levels[(at % outer) * inner + Math.floor(at / outer)] = source.levels[at];
  }
  addLayer(name, { shape: [outer, inner], levels }, source, new Array(outer).fill(1), numbers(`${layer}/bias`));
  return outer;
}

/** Tensors of four bytes first, so that all lie at multiples of their width. */
function writeSafetensors(file, entries) {
  const sorted = [...entries].sort(([, a], [, b]) => (a.dtype === b.dtype ? 0 : a.dtype === 'F32' ? -1 : 1));
  const header = { __metadata__: { format: 'pt', source: 'nsfwjs 4.3.0 mobilenet_v2', license: 'MIT' } };
  let at = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const parts = sorted.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(new URL(file, import.meta.url), Buffer.concat([length, padded, ...parts]));
}
