// The tiny SDXL and latent consistency models of golden/families/xl as files: their numbers follow from names and places, by the rule of
// make_xl.py, so that only shapes and exponents are kept. Every layout gets another one of the types weights are published in.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
export const XL = path.join(GOLDEN, 'families/xl');
const TOKENIZERS = { tokenizer: 'folders/sd-small/tokenizer', tokenizer_2: 'families/models/sd2-zsnr/tokenizer' };

/** Shape, exponents and addends of equal runs of rows, and the name the numbers follow from where it is another. */
export type Rule = readonly [
  shape: readonly number[],
  exponents: readonly number[],
  addends: readonly number[],
  own?: string,
];
type Network = Readonly<Record<string, Rule>>;
/** Network, its tensors, and whether the matrix lies the other way round. */
type Source = readonly [network: string, names: readonly string[], isTransposed: boolean];

const readJson = (name: string) => JSON.parse(readFileSync(path.join(XL, name), 'utf8'));
const networks: Readonly<Record<string, Network>> = readJson('tensors.json');
const singles: Readonly<Record<string, Readonly<Record<string, Source>>>> = readJson('singles.json');

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function tensorOf(network: string, name: string): Tensor {
  return numbersOf(network, name, networks[network]![name]!);
}

export function numbersOf(network: string, name: string, [shape, exponents, addends, own = name]: Rule): Tensor {
  const count = shape.reduce((product, length) => product * length, 1);
  const seed = fnv1a(`${network}/${own}`);
  const data = Float32Array.from({ length: count }, (_, at) => {
    const exponent = exponents[Math.floor((at * exponents.length) / count)]!;
    return drawn(seed, at) * 2 ** exponent + addends[Math.floor((at * addends.length) / count)]!;
  });
  return { shape, data };
}

function fnv1a(text: string): number {
  let hash = 2166136261;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

/** A whole number, nearly normal with a standard deviation of 2: bytes of a hash of the place, added. */
function drawn(seed: number, at: number): number {
  let x = (Math.imul(at, 0x9e3779b9) + seed) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  x ^= x >>> 16;
  const sum = (x & 255) + ((x >>> 8) & 255) + ((x >>> 16) & 255) + (x >>> 24);
  return Math.floor((sum - 510 + 37) / 74);
}

export type Dtype = 'F32' | 'F16' | 'BF16';

/** Only numbers that each of the types holds exactly come here. */
function bytesOf({ data }: Tensor, dtype: Dtype): Buffer {
  if (dtype === 'F32') return Buffer.from(data.buffer);
  const bits = new Uint32Array(data.buffer);
  const halves = Uint16Array.from(bits, (word) => (dtype === 'BF16' ? word >>> 16 : halfOf(word)));
  return Buffer.from(halves.buffer);
}

/** Bits of a single-precision number as half-precision bits. */
function halfOf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const exponent = ((word >>> 23) & 255) - 112;
  if ((word & 0x7fffffff) === 0) return sign;
  if (exponent > 0) return sign | (exponent << 10) | ((word >>> 13) & 0x3ff);
  return sign | ((0x400 | ((word >>> 13) & 0x3ff)) >>> (1 - exponent));
}

export function writeTensors(file: string, tensors: ReadonlyMap<string, Tensor>, dtype: Dtype): void {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, tensor] of tensors) {
    const bytes = bytesOf(tensor, dtype);
    header[name] = { dtype, shape: tensor.shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, Buffer.concat([size, text, ...parts]));
}

function tensorsOf(network: string): Map<string, Tensor> {
  return new Map(Object.keys(networks[network]!).map((name) => [name, tensorOf(network, name)]));
}

/** Tensors of a single file: matrices joined along their rows, or turned round. */
function singleTensors(name: string): Map<string, Tensor> {
  return new Map(
    Object.entries(singles[name]!).map(([original, [network, names, isTransposed]]) => {
      const parts = names.map((one) => tensorOf(network, one));
      const joined = parts.length === 1 ? parts[0]! : joinedRows(parts);
      return [original, isTransposed ? transposed(joined) : joined];
    }),
  );
}

function joinedRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  const data = Float32Array.from(parts.flatMap((part) => [...part.data]));
  return { shape: [first!.shape[0]! * parts.length, ...first!.shape.slice(1)], data };
}

function transposed({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape as [number, number];
  const turned = data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)]!);
  return { shape: [columns, rows], data: turned };
}

const TEXT = {
  base: ['text_encoder', 'text_encoder_2'],
  refiner: ['text_encoder_2'],
  lcm: ['text_encoder'],
  lcmxl: ['text_encoder', 'text_encoder_2'],
} as const;
export type XlModel = keyof typeof TEXT;

/** A diffusers folder; halves are named as such, and their U-Net is in two shards. */
export function writeXlFolder(modelsDir: string, model: XlModel, dtype: Dtype = 'F32', name: string = model): void {
  const folder = path.join(modelsDir, name);
  cpSync(path.join(XL, 'configs', model), folder, { recursive: true });
  const ending = dtype === 'F16' ? '.fp16.safetensors' : '.safetensors';
  writeUnet(path.join(folder, 'unet'), unetOf(model), dtype);
  writeTensors(path.join(folder, 'vae', `diffusion_pytorch_model${ending}`), tensorsOf('vae'), dtype);
  for (const part of TEXT[model]) {
    writeTensors(path.join(folder, part, `model${ending}`), tensorsOf(part), dtype);
    const tokenizer = part.replace('text_encoder', 'tokenizer') as keyof typeof TOKENIZERS;
    cpSync(path.join(GOLDEN, TOKENIZERS[tokenizer]), path.join(folder, tokenizer), { recursive: true });
  }
}

/** That of lcmxl is the base's with one tensor more, which is drawn as if it were the base's. */
function unetOf(model: XlModel): Map<string, Tensor> {
  if (model !== 'lcmxl') return tensorsOf(`${model}_unet`);
  const more = Object.entries(networks.lcmxl_unet!).map(
    ([name, rule]) => [name, numbersOf('base_unet', name, rule)] as const,
  );
  return new Map([...tensorsOf('base_unet'), ...more]);
}

function writeUnet(folder: string, tensors: Map<string, Tensor>, dtype: Dtype): void {
  if (dtype !== 'F16') {
    writeTensors(path.join(folder, 'diffusion_pytorch_model.safetensors'), tensors, dtype);
    return;
  }
  const names = [...tensors.keys()];
  const shardOf = (at: number) =>
    `diffusion_pytorch_model.fp16-0000${at < names.length / 2 ? 1 : 2}-of-00002.safetensors`;
  const weightMap = Object.fromEntries(names.map((name, at) => [name, shardOf(at)]));
  for (const shard of new Set(Object.values(weightMap))) {
    writeTensors(path.join(folder, shard), new Map([...tensors].filter(([name]) => weightMap[name] === shard)), dtype);
  }
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap });
  writeFileSync(path.join(folder, 'diffusion_pytorch_model.safetensors.index.fp16.json'), index);
}

/** A single file and beside it the hint it needs: whose tokenizer has its small vocabulary. */
export function writeXlSingle(
  modelsDir: string,
  model: 'base' | 'refiner',
  dtype: Dtype,
  name: string,
  marks: readonly string[] = [],
): void {
  const tensors = singleTensors(model);
  for (const mark of marks) tensors.set(mark, { shape: [1], data: new Float32Array(1) });
  writeTensors(path.join(modelsDir, `${name}.safetensors`), tensors, dtype);
  writeFileSync(path.join(modelsDir, `${name}.darkroom.json`), JSON.stringify({ tokenizer: 'base' }));
}

/** A fresh folder with all of them, and the first two as single files, `base-single` and `refiner-single`; `zsnr-single` is marked as such. */
export function makeXlModels(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-xl-')));
  writeXlFolder(folder, 'base', 'F16');
  writeXlFolder(folder, 'refiner');
  writeXlFolder(folder, 'lcm');
  writeXlFolder(folder, 'lcmxl');
  writeXlSingle(folder, 'base', 'F16', 'base-single');
  writeXlSingle(folder, 'refiner', 'BF16', 'refiner-single');
  writeXlSingle(folder, 'base', 'F32', 'zsnr-single', ['v_pred', 'ztsnr']);
  return folder;
}

const SHOWN_A_PICTURE = {
  'xl-inpaint': 'StableDiffusionXLInpaintPipeline',
  'xl-pix2pix': 'StableDiffusionXLInstructPix2PixPipeline',
} as const;

/** The base with a network that is shown a picture: other numbers in the first convolution only, by golden/inpainting/xl. */
export function makeXlPictureModels(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-xl-')));
  for (const name of Object.keys(SHOWN_A_PICTURE)) writeXlPictureModel(folder, name as keyof typeof SHOWN_A_PICTURE);
  return folder;
}

export function writeXlPictureModel(modelsDir: string, name: keyof typeof SHOWN_A_PICTURE): void {
  const rules = JSON.parse(readFileSync(path.join(GOLDEN, 'inpainting/xl/conv_in.json'), 'utf8')) as Network;
  writeXlFolder(modelsDir, 'base', 'F32', name);
  const first = numbersOf('base_unet', 'conv_in.weight', rules[name]!);
  writeUnet(path.join(modelsDir, name, 'unet'), tensorsOf('base_unet').set('conv_in.weight', first), 'F32');
  changeJson(path.join(modelsDir, name, 'unet/config.json'), { in_channels: first.shape[1] });
  changeJson(path.join(modelsDir, name, 'model_index.json'), { _class_name: SHOWN_A_PICTURE[name] });
}

function changeJson(file: string, change: object): void {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
}
