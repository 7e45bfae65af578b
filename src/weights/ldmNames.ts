// From the names of a single-file checkpoint ("LDM", the original code's) to those of diffusers and transformers. Every one of them is a
// rename or a run of rows, so nothing is read or copied. Names nobody knows keep their own, and the network that finds them refuses them.
// @source CompVis/stable-diffusion ldm/modules/diffusionmodules/openaimodel.py and model.py (what the numbers count); diffusers
// single_file_utils.py (the map, read for comparison); mlfoundations/open_clip transformer.py
import { DarkroomError } from '../errors.ts';
import { renameTensors, sliceRows, type TensorIndex, type TensorRange } from './tensors.ts';

export const LDM_PREFIXES = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  clip: 'cond_stage_model.transformer.',
  openClip: 'cond_stage_model.model.',
  xlClip: 'conditioner.embedders.0.transformer.',
  xlOpenClip: 'conditioner.embedders.1.model.',
  refinerOpenClip: 'conditioner.embedders.0.model.',
} as const;

/** The tensors whose names begin so, without that beginning. */
export function tensorsUnder(tensors: TensorIndex, prefix: string): TensorIndex {
  const names = [...tensors.names()].filter((name) => name.startsWith(prefix));
  return indexOf(
    tensors.source,
    names.map((name) => [name.slice(prefix.length), tensors.get(name)!]),
  );
}

function indexOf(source: string, entries: readonly (readonly [string, TensorRange])[]): TensorIndex {
  const ranges = new Map<string, TensorRange>();
  for (const [name, range] of entries) {
    if (ranges.has(name)) throw new DarkroomError('weights_invalid', `${source}: ${name} is there under two names`);
    ranges.set(name, range);
  }
  return { source, get: (name) => ranges.get(name), names: () => ranges.keys() };
}

type Table = Readonly<Record<string, string>>;

/** The part before the last point by a table, the rest as it is: `in_layers.0.weight` → `norm1.weight`. */
function byTable(table: Table, name: string): string | undefined {
  const point = name.lastIndexOf('.');
  const target = table[name.slice(0, point)];
  return target === undefined ? undefined : target + name.slice(point);
}

const UNET_ENDS: Table = {
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'label_emb.0.0': 'add_embedding.linear_1',
  'label_emb.0.2': 'add_embedding.linear_2',
  'input_blocks.0.0': 'conv_in',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
};

const UNET_RESNET: Table = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
};

/** @param tensors those under `model.diffusion_model.`, without it */
export function unetTensors(tensors: TensorIndex): TensorIndex {
  const blocks = { input: inputPlaces(tensors), output: outputPlaces(tensors) };
  return renameTensors(tensors, (name) => byTable(UNET_ENDS, name) ?? unetBlockName(name, blocks) ?? name);
}

/** Where a numbered block belongs: its level's folder of modules, and its layer there. */
interface Place {
  readonly level: string;
  readonly layer: number;
}

/** Input blocks count on over all levels; a level ends with its down-sampling, which is a block of its own. */
function inputPlaces(tensors: TensorIndex): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>();
  let [level, layer] = [0, 0];
  for (let block = 1; hasBlock(tensors, `input_blocks.${block}.0.`, INPUT_BLOCK_SIGNS); block++) {
    places.set(block, { level: `down_blocks.${level}`, layer });
    layer += 1;
    if (tensors.get(`input_blocks.${block}.0.op.weight`) !== undefined) [level, layer] = [level + 1, 0];
  }
  return places;
}

/** Output blocks too; here the up-sampling is the last step inside a level's last block. */
function outputPlaces(tensors: TensorIndex): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>();
  let [level, layer] = [0, 0];
  for (let block = 0; hasBlock(tensors, `output_blocks.${block}.0.`, ['in_layers.0.weight']); block++) {
    places.set(block, { level: `up_blocks.${level}`, layer });
    layer += 1;
    const isLast = [1, 2].some((step) => tensors.get(`output_blocks.${block}.${step}.conv.weight`) !== undefined);
    if (isLast) [level, layer] = [level + 1, 0];
  }
  return places;
}

const INPUT_BLOCK_SIGNS = ['in_layers.0.weight', 'op.weight'];

function hasBlock(tensors: TensorIndex, prefix: string, signs: readonly string[]): boolean {
  return signs.some((sign) => tensors.get(prefix + sign) !== undefined);
}

interface Blocks {
  readonly input: ReadonlyMap<number, Place>;
  readonly output: ReadonlyMap<number, Place>;
}

function unetBlockName(name: string, blocks: Blocks): string | undefined {
  const [, middle, middleRest] = /^middle_block\.([012])\.(.+)$/.exec(name) ?? [];
  if (middle === '1') return `mid_block.attentions.0.${middleRest}`;
  if (middle !== undefined) return resnetName(`mid_block.resnets.${Number(middle) / 2}`, middleRest!);
  const [, side, block, step, rest] = /^(input|output)_blocks\.(\d+)\.([012])\.(.+)$/.exec(name) ?? [];
  const place = side === undefined ? undefined : blocks[side as keyof Blocks].get(Number(block));
  return place === undefined ? undefined : stepName(place, step!, rest!);
}

/** Step 0 of a block is its residual block or the down-sampling, 1 the attention; the up-sampling comes after what there is. */
function stepName({ level, layer }: Place, step: string, rest: string): string | undefined {
  if (rest.startsWith('op.')) return `${level}.downsamplers.0.conv.${rest.slice('op.'.length)}`;
  if (rest.startsWith('conv.')) return `${level}.upsamplers.0.${rest}`;
  if (step === '0') return resnetName(`${level}.resnets.${layer}`, rest);
  return step === '1' ? `${level}.attentions.${layer}.${rest}` : undefined;
}

function resnetName(path: string, rest: string): string | undefined {
  const target = byTable(UNET_RESNET, rest);
  return target === undefined ? undefined : `${path}.${target}`;
}

const VAE_ATTENTION: Table = {
  norm: 'group_norm',
  q: 'to_q',
  k: 'to_k',
  v: 'to_v',
  proj_out: 'to_out.0',
};

/** @param tensors those under `first_stage_model.`, without it; its training's own (losses, averaged weights) are left out */
export function autoencoderTensors(tensors: TensorIndex): TensorIndex {
  const own = [...tensors.names()].filter((name) => /^(encoder|decoder|quant_conv|post_quant_conv)\./.test(name));
  const levels = 1 + Math.max(-1, ...own.map((name) => Number(/^decoder\.up\.(\d+)\./.exec(name)?.[1] ?? -1)));
  return indexOf(
    tensors.source,
    own.map((name) => [autoencoderName(name, levels), tensors.get(name)!]),
  );
}

/** Decoder levels are counted from the outermost here and from the innermost there. */
function autoencoderName(name: string, levels: number): string {
  return name
    .replace(/^encoder\.down\.(\d+)\./, 'encoder.down_blocks.$1.')
    .replace(/^decoder\.up\.(\d+)\./, (_, level: string) => `decoder.up_blocks.${levels - 1 - Number(level)}.`)
    .replace(/(?<=_blocks\.\d+\.)block\.(\d+)\./, 'resnets.$1.')
    .replace(/(?<=_blocks\.\d+\.)(down|up)sample\./, '$1samplers.0.')
    .replace(/\.mid\.block_([12])\./, (_, block: string) => `.mid_block.resnets.${Number(block) - 1}.`)
    .replace(
      /\.mid\.attn_1\.(.+)$/,
      (_, rest: string) => `.mid_block.attentions.0.${byTable(VAE_ATTENTION, rest) ?? rest}`,
    )
    .replace('.nin_shortcut.', '.conv_shortcut.')
    .replace(/^(encoder|decoder)\.norm_out\./, '$1.conv_norm_out.');
}

const OPEN_CLIP_ENDS: Table = {
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
};

const OPEN_CLIP_LAYER: Table = {
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'attn.out_proj': 'self_attn.out_proj',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
};

/** Only SDXL asks for the pooled prompt; the matrix keeps the name that says how it lies. */
const OPEN_CLIP_PROJECTION = /^text_projection(\.weight)?$/;

/** Layers of the text encoder of Stable Diffusion 2.x that are used, of the 24 it was trained with. */
const OPEN_CLIP_USED_LAYERS = 23;

/**
 * Stable Diffusion 2.x takes the output of the layer before the last, so the last one is left out, and with it what only the pooled text
 * needs. Files that other tools have written back hold the 23 used ones alone, and of these none is left out.
 * @param tensors those under `cond_stage_model.model.`, without it
 */
export function openClipTensors(tensors: TensorIndex): TensorIndex {
  const blocks = countBlocks(tensors);
  return openClipLayers(tensors, blocks === OPEN_CLIP_USED_LAYERS ? blocks : blocks - 1);
}

/**
 * SDXL takes the pooled prompt too, which the last layer says.
 * @param tensors those under `conditioner.embedders.1.model.`, the refiner's under `conditioner.embedders.0.model.`, without it
 */
export function pooledOpenClipTensors(tensors: TensorIndex): TensorIndex {
  const projection = [...tensors.names()].filter((name) => OPEN_CLIP_PROJECTION.test(name));
  const layers = openClipLayers(tensors, countBlocks(tensors));
  return indexOf(tensors.source, [
    ...[...layers.names()].map((name) => [name, layers.get(name)!] as const),
    ...projection.map((name) => [name, tensors.get(name)!] as const),
  ]);
}

function openClipLayers(tensors: TensorIndex, layers: number): TensorIndex {
  const entries = [...tensors.names()].flatMap((name) =>
    openClipEntries(name, tensors.get(name)!, layers, tensors.source),
  );
  return indexOf(tensors.source, entries);
}

function countBlocks(tensors: TensorIndex): number {
  let count = 0;
  while (tensors.get(`transformer.resblocks.${count}.ln_1.weight`) !== undefined) count += 1;
  return count;
}

function openClipEntries(name: string, range: TensorRange, layers: number, source: string): [string, TensorRange][] {
  const end = OPEN_CLIP_ENDS[name];
  if (end !== undefined) return [[end, range]];
  const [, layer, rest] = /^transformer\.resblocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (layer === undefined || Number(layer) >= layers) return [];
  const path = `text_model.encoder.layers.${layer}`;
  const joined = /^attn\.in_proj_(weight|bias)$/.exec(rest!)?.[1];
  if (joined !== undefined) return inThree(`${path}.self_attn`, joined, range, source);
  return [[`${path}.${byTable(OPEN_CLIP_LAYER, rest!) ?? rest}`, range]];
}

/** The rows of the joined matrix, or numbers of the joined bias: queries, keys, values. */
function inThree(path: string, kind: string, range: TensorRange, source: string): [string, TensorRange][] {
  const rows = (range.shape[0] ?? 0) / 3;
  if (!Number.isInteger(rows)) {
    throw new DarkroomError(
      'weights_invalid',
      `${source}: ${range.name} has ${range.shape[0]} rows, expected three equal parts`,
    );
  }
  return ['q_proj', 'k_proj', 'v_proj'].map((part, at) => [
    `${path}.${part}.${kind}`,
    sliceRows(range, at * rows, (at + 1) * rows),
  ]);
}

/** @param tensors those under `cond_stage_model.transformer.` or SDXL's first embedder, without it; some tools leave `text_model.` out too */
export function clipTensors(tensors: TensorIndex): TensorIndex {
  return renameTensors(tensors, (name) =>
    /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name,
  );
}
