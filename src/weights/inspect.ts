// What a file or folder is, told from its tensors and configs: kind, family, parts, precision, what its author wrote into it. Headers only;
// nothing here decides whether the networks can use it, and nothing is refused for being of a kind this program does not load.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModelFamily } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';
import { isPickleName } from './modelFolder.ts';
import { needsOfInputChannels } from './modelKinds.ts';
import { openPartWeights } from './partWeights.ts';
import { openSafetensors, pickleError } from './safetensors.ts';
import type { Dtype, TensorIndex, TensorRange } from './tensors.ts';

export const FILE_KINDS = [
  'model',
  'lora',
  'embedding',
  'controlnet',
  't2i-adapter',
  'vae',
  'upscaler',
  'unet',
  'text encoder',
  'classifier',
  'unknown',
] as const;
export type FileKind = (typeof FILE_KINDS)[number];

/** One network, or what else has a prefix of its own. */
export interface PartFacts {
  readonly name: string;
  readonly tensors: number;
  readonly parameters: number;
  /** Parameters by how they are stored. */
  readonly dtypes: Readonly<Partial<Record<Dtype, number>>>;
}

export interface LoraFacts {
  readonly format: 'kohya' | 'diffusers' | 'peft';
  /** LoRA, LoHa, LoKr …; more than one in mixed files. */
  readonly algorithms: readonly string[];
  readonly modules: number;
  /** Smallest and largest; null where its factors have none. */
  readonly ranks: readonly [number, number] | null;
  /** Which networks it changes. */
  readonly changes: readonly ('unet' | 'text encoder')[];
}

export interface Inspection {
  /** As messages name it. */
  readonly name: string;
  readonly kind: FileKind;
  readonly layout: 'file' | 'folder';
  /** Null where its tensors do not tell. */
  readonly family: ModelFamily | null;
  /** The U-Net's additional inputs; null for the ordinary kind and for what has no U-Net. */
  readonly form: 'inpainting' | 'instruct-pix2pix' | null;
  readonly sizeBytes: number;
  readonly parts: readonly PartFacts[];
  /** As a config or the metadata says; null where only its family tells. */
  readonly prediction: string | null;
  /** Copies of the weights that only training goes on from; ignored. */
  readonly emaTensors: number;
  readonly lora: LoraFacts | null;
  /** Vectors and their width, a text encoder each. */
  readonly embedding: readonly (readonly [vectors: number, width: number])[] | null;
  /** What its author wrote into it; long texts are cut. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * @param modelsDir absolute; the file or folder lies in it
 * @throws model_missing, weights_invalid, and model_unsupported for pickles
 */
export function inspect(modelsDir: string, place: string): Inspection {
  const found = statSync(place, { throwIfNoEntry: false });
  const name = nameInMessages(modelsDir, place);
  if (found === undefined) throw new DarkroomError('model_missing', `${name}: there is no such file or folder`);
  if (found.isDirectory()) return inspectFolder(modelsDir, place, name);
  if (isPickleName(place)) throw pickleError(name);
  return inspectFile(modelsDir, place, name);
}

function inspectFile(modelsDir: string, file: string, name: string): Inspection {
  const tensors = openSafetensors(modelsDir, file);
  const kind = kindOf(tensors);
  return {
    name,
    kind,
    layout: 'file',
    ...factsOf(kind, tensors),
    sizeBytes: tensors.sizeBytes,
    parts: partsOf(tensors, kind),
    prediction: tensors.metadata['modelspec.prediction_type'] ?? (tensors.get('v_pred') === undefined ? null : 'v'),
    emaTensors: count(tensors, /^model_ema\./),
    metadata: shortened(tensors.metadata),
  };
}

const PART_FOLDERS = ['unet', 'text_encoder', 'text_encoder_2', 'vae'];

function inspectFolder(modelsDir: string, folder: string, name: string): Inspection {
  if (existsSync(path.join(folder, 'model_index.json'))) return inspectModelFolder(modelsDir, folder, name);
  const names = readdirSync(folder).toSorted();
  const weights = names.find((file) => file.endsWith('.safetensors'));
  if (weights === undefined) {
    const pickle = names.find(isPickleName);
    if (pickle !== undefined) throw pickleError(`${name}/${pickle}`);
    throw new DarkroomError('model_missing', `${name}: holds neither model_index.json nor a .safetensors file`);
  }
  const base = ['diffusion_pytorch_model', 'model'].find(
    (one) => weights.startsWith(`${one}.`) || weights.startsWith(`${one}-`),
  );
  const tensors =
    base === undefined
      ? openSafetensors(modelsDir, path.join(folder, weights))
      : openPartWeights(modelsDir, folder, base);
  const kind = kindOf(tensors);
  const config = existsSync(path.join(folder, 'config.json'))
    ? readModelJson(modelsDir, path.join(folder, 'config.json'))
    : {};
  const metadata = config._class_name === undefined ? {} : { class: String(config._class_name) };
  return {
    name,
    kind,
    layout: 'folder',
    ...factsOf(kind, tensors),
    sizeBytes: sizeOf([tensors]),
    parts: partsOf(tensors, kind),
    prediction: textOf(config.prediction_type),
    emaTensors: 0,
    metadata,
  };
}

function inspectModelFolder(modelsDir: string, folder: string, name: string): Inspection {
  const index = readModelJson(modelsDir, path.join(folder, 'model_index.json'));
  const there = PART_FOLDERS.filter((part) => existsSync(path.join(folder, part, 'config.json')));
  const parts = there.map((part) => {
    const base = part.startsWith('text_encoder') ? 'model' : 'diffusion_pytorch_model';
    return { part, tensors: openPartWeights(modelsDir, path.join(folder, part), base) };
  });
  const unet = parts.find(({ part }) => part === 'unet')?.tensors;
  const unetConfig = unet === undefined ? {} : readModelJson(modelsDir, path.join(folder, 'unet', 'config.json'));
  return {
    name,
    kind: 'model',
    layout: 'folder',
    family: folderFamily(there, unetConfig, modelsDir, folder),
    form: formOf(unet?.get('conv_in.weight'), latentChannelsOf(modelsDir, folder)),
    sizeBytes: sizeOf(parts.map(({ tensors }) => tensors)),
    parts: parts.map(({ part, tensors }) => partFacts(part, rangesOf(tensors))),
    prediction: predictionOf(modelsDir, folder),
    emaTensors: 0,
    lora: null,
    embedding: null,
    metadata: typeof index._class_name === 'string' ? { class: index._class_name } : {},
  };
}

type Config = Readonly<Record<string, unknown>>;

/** SDXL's refiner has the second of its text encoders only; the ordinary ones are told by the activation of theirs. */
function folderFamily(there: readonly string[], unet: Config, modelsDir: string, folder: string): ModelFamily | null {
  if (unet.addition_embed_type === 'text_time') return there.includes('text_encoder') ? 'sdxl' : 'sdxl-refiner';
  if (!there.includes('text_encoder')) return null;
  const text = readModelJson(modelsDir, path.join(folder, 'text_encoder', 'config.json'));
  return text.hidden_act === 'gelu' ? 'sd2' : 'sd1';
}

function predictionOf(modelsDir: string, folder: string): string | null {
  const file = path.join(folder, 'scheduler', 'scheduler_config.json');
  return existsSync(file) ? textOf(readModelJson(modelsDir, file).prediction_type) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

const LORA_NAME =
  /^lora_(unet|te\d?)_|^lycoris_|\.lora[._](A|B|up|down|linear_layer)\b|\.lora_(up|down|A|B)\.|_lora\.(up|down)\.|\.(hada_w1_a|lokr_w1|dora_scale)/;

/** Of a T2I-Adapter under diffusers' names, or the original ones of both forms. */
const ADAPTER_NAME = /^(adapter\.)?body\.\d+\.(body\.\d+\.|resnets\.\d+\.)?block1\.weight$/;

/** First match wins: a ControlNet holds half a U-Net, a model holds everything. */
const KINDS: readonly (readonly [FileKind, (has: (pattern: RegExp) => boolean, tensors: TensorIndex) => boolean])[] = [
  ['lora', (has) => has(LORA_NAME)],
  ['controlnet', (has) => has(/^control_model\.|^controlnet_cond_embedding\.|^input_hint_block\./)],
  ['model', (has) => has(/^model\.diffusion_model\./)],
  ['t2i-adapter', (has) => has(ADAPTER_NAME)],
  ['embedding', (_, tensors) => embeddingOf(tensors) !== null],
  ['unet', (has) => has(/^conv_in\.weight$/) && has(/^time_embedding\./)],
  ['vae', (has) => has(/^(first_stage_model\.)?(encoder|decoder)\.(down|up|mid|conv_in|layers\.|\d+\.)/)],
  ['classifier', (has) => has(/^stem\.weight$/) && has(/^blocks\.0\.depthwise\.weight$/) && has(/^dense\.0\.weight$/)],
  ['text encoder', (has) => has(/token_embedding\.weight$/)],
  [
    'upscaler',
    (has) =>
      has(/^(body\.\d+\.|conv_body\.|model\.1\.sub\.|RRDB_trunk)/) && has(/conv_first\.|^model\.0\.|^body\.0\.weight$/),
  ],
];

export function kindOf(tensors: TensorIndex): FileKind {
  const names = [...tensors.names()];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  return KINDS.find(([, matches]) => matches(has, tensors))?.[0] ?? 'unknown';
}

function factsOf(kind: FileKind, tensors: TensorIndex): Pick<Inspection, 'family' | 'form' | 'lora' | 'embedding'> {
  return {
    family: familyOf(kind, tensors),
    form: formOf(tensors.get('model.diffusion_model.input_blocks.0.0.weight') ?? unetStart(kind, tensors)),
    lora: kind === 'lora' ? loraOf(tensors) : null,
    embedding: kind === 'embedding' ? embeddingOf(tensors) : null,
  };
}

/** Channels of ordinary latents. @source diffusers AutoencoderKL, latent_channels */
const LATENT_CHANNELS = 4;

function formOf(convIn: TensorRange | undefined, latentChannels = LATENT_CHANNELS): Inspection['form'] {
  const needs = needsOfInputChannels(convIn?.shape[1] ?? 0, latentChannels);
  return needs === undefined ? null : needs === 'image' ? 'instruct-pix2pix' : 'inpainting';
}

function latentChannelsOf(modelsDir: string, folder: string): number | undefined {
  const file = path.join(folder, 'vae', 'config.json');
  const channels = existsSync(file) ? readModelJson(modelsDir, file).latent_channels : undefined;
  return typeof channels === 'number' ? channels : undefined;
}

/** Width of the text the cross-attention reads. @source the published configs, cross_attention_dim */
const WIDTHS: Readonly<Record<number, ModelFamily>> = { 768: 'sd1', 1024: 'sd2', 2048: 'sdxl', 1280: 'sdxl-refiner' };
const TEXT_READERS =
  /attn2[._]to_k\.(weight|lora_down\.weight|lora\.down\.weight|lora_A\.weight|lora_A\.default\.weight|hada_w1_b)$/;

/** Autoencoders too begin with a conv_in. */
function unetStart(kind: FileKind, tensors: TensorIndex): TensorRange | undefined {
  return kind === 'unet' ? tensors.get('conv_in.weight') : undefined;
}

function familyOf(kind: FileKind, tensors: TensorIndex): ModelFamily | null {
  if (kind === 'embedding') return embeddingFamily(tensors);
  if (kind === 'model') return checkpointFamily(tensors);
  if (kind === 'lora' && count(tensors, /^lora_te2_/) > 0) return 'sdxl';
  for (const name of tensors.names()) {
    const width = TEXT_READERS.test(name) ? tensors.get(name)?.shape[1] : undefined;
    if (width !== undefined) return WIDTHS[width] ?? null;
  }
  return null;
}

/** @source diffusers single_file_utils.py, infer_diffusers_model_type */
function checkpointFamily(tensors: TensorIndex): ModelFamily | null {
  if (count(tensors, /\.(joint_blocks|double_blocks)\./) > 0) return null;
  if (count(tensors, /^conditioner\.embedders\.1\./) > 0) return 'sdxl';
  if (count(tensors, /^conditioner\.embedders\.0\./) > 0) return 'sdxl-refiner';
  if (count(tensors, /^model\.diffusion_model\.label_emb\./) > 0) return null;
  if (count(tensors, /^cond_stage_model\.model\./) > 0) return 'sd2';
  return count(tensors, /^cond_stage_model\.transformer\./) > 0 ? 'sd1' : null;
}

const EMBEDDING_NAME = /^(emb_params|clip_[lg]|string_to_param\.\*|<.*>)$/;

/** Vectors under the names A1111 and SDXL's trainers use, or under the word that calls them, as diffusers writes them. */
function embeddingOf(tensors: TensorIndex): (readonly [number, number])[] | null {
  const names = [...tensors.names()];
  if (names.length === 0 || names.length > 2) return null;
  const isNamed = names.every((name) => EMBEDDING_NAME.test(name));
  const isToken = names.length === 1 && !/\.(weight|bias)$/.test(names[0]!);
  if (!isNamed && !isToken) return null;
  const shapes = names.map((name) => tensors.get(name)!.shape);
  if (!shapes.every((shape) => shape.length === 1 || (shape.length === 2 && shape[0]! <= MAX_VECTORS))) return null;
  return shapes.map((shape) => (shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!]));
}

/** Vectors of an embedding; a prompt has 75 places a chunk, and larger tables are other things. */
const MAX_VECTORS = 1_000;

function embeddingFamily(tensors: TensorIndex): ModelFamily | null {
  if (tensors.get('clip_l') !== undefined && tensors.get('clip_g') !== undefined) return 'sdxl';
  const width = embeddingOf(tensors)?.[0]?.[1];
  return width === 768 || width === 1024 ? WIDTHS[width]! : null;
}

function loraOf(tensors: TensorIndex): LoraFacts {
  const names = [...tensors.names()];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  const downs = names.filter((name) => DOWN.test(name));
  const ranks = downs.map((name) => tensors.get(name)!.shape[0] ?? 0);
  const changes: LoraFacts['changes'][number][] = [];
  if (
    has(/^(lora_unet_|unet\.|base_model\.model\.(unet\.)?(down|up|mid)_)/) ||
    has(/^(down_blocks|up_blocks|mid_block)\./)
  )
    changes.push('unet');
  if (has(/^(lora_te\d?_|text_encoder|base_model\.model\.text_model)/)) changes.push('text encoder');
  return {
    format: has(/^(lora_(unet|te)|lycoris_)/) ? 'kohya' : has(/\.lora_A\./) ? 'peft' : 'diffusers',
    algorithms: ALGORITHMS.filter(([, pattern]) => has(pattern)).map(([name]) => name),
    modules: new Set(names.map(moduleOf)).size,
    ranks: ranks.length === 0 ? null : [Math.min(...ranks), Math.max(...ranks)],
    changes,
  };
}

const DOWN =
  /[._](lora_down|lora\.down|lora_A|lora_A\.default|lora_linear_layer\.down|hada_w1_b|lokr_w1_b)(\.weight)?$|_lora\.down\.weight$/;
const ALGORITHMS = [
  ['LoRA', /lora[._](up|down|A|B|linear_layer)/],
  ['LoHa', /hada_w1/],
  ['LoKr', /lokr_w1/],
  ['DoRA', /dora_scale|lora_magnitude_vector/],
] as const;

function moduleOf(name: string): string {
  return name.replace(/[._](lora[._].*|alpha|hada_.*|lokr_.*|dora_scale)$|_lora\.(up|down)\.weight$/, '');
}

/** Prefixes of single files, the longest first. */
const PREFIXES: readonly (readonly [prefix: string, part: string])[] = [
  ['model.diffusion_model.', 'unet'],
  ['first_stage_model.', 'vae'],
  ['cond_stage_model.', 'text_encoder'],
  ['conditioner.embedders.0.', 'text_encoder'],
  ['conditioner.embedders.1.', 'text_encoder_2'],
  ['control_model.', 'controlnet'],
  ['model_ema.', 'ema copy'],
];

function partsOf(tensors: TensorIndex, kind: FileKind): readonly PartFacts[] {
  const groups = new Map<string, TensorRange[]>();
  for (const range of rangesOf(tensors)) {
    const part = kind === 'model' ? (PREFIXES.find(([prefix]) => range.name.startsWith(prefix))?.[1] ?? 'other') : kind;
    const group = groups.get(part);
    if (group === undefined) groups.set(part, [range]);
    else group.push(range);
  }
  const order = PREFIXES.map(([, part]) => part);
  const rank = (part: string) => (order.includes(part) ? order.indexOf(part) : order.length);
  return [...groups].map(([part, ranges]) => partFacts(part, ranges)).toSorted((a, b) => rank(a.name) - rank(b.name));
}

function rangesOf(tensors: TensorIndex): TensorRange[] {
  return [...tensors.names()].map((name) => ({ ...tensors.get(name)!, name }));
}

function partFacts(name: string, ranges: readonly TensorRange[]): PartFacts {
  const dtypes: Partial<Record<Dtype, number>> = {};
  for (const { dtype, shape } of ranges) dtypes[dtype] = (dtypes[dtype] ?? 0) + productOf(shape);
  const parameters = Object.values(dtypes).reduce((sum, one) => sum + one, 0);
  return { name, tensors: ranges.length, parameters, dtypes };
}

function productOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function sizeOf(indices: readonly TensorIndex[]): number {
  const files = new Set(indices.flatMap((tensors) => rangesOf(tensors).map(({ file }) => file)));
  return [...files].reduce((sum, file) => sum + statSync(file).size, 0);
}

function count(tensors: TensorIndex, pattern: RegExp): number {
  let found = 0;
  for (const name of tensors.names()) if (pattern.test(name)) found += 1;
  return found;
}

/** Trainers write tables of every word they saw, and pictures as text; characters of one entry, and entries. */
const MAX_METADATA_CHARS = 200;
const MAX_METADATA = 60;

function shortened(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    entries.slice(0, MAX_METADATA).map(([key, text]) => [key.slice(0, MAX_METADATA_CHARS), cut(text)]),
  );
}

/** Without what would move a terminal's cursor. */
function cut(text: string): string {
  const plain = text.slice(0, MAX_METADATA_CHARS + 1).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ');
  return plain.length > MAX_METADATA_CHARS ? `${plain.slice(0, MAX_METADATA_CHARS)}…` : plain;
}
