// What the tensors of a LoRA file are called: which factor of which module of which part of a model, in all the namings trainers write.
// A module is found by its path, never by order: every module of the model has its names, and a file's name is looked up among them.
// @source kohya-ss/sd-scripts networks/lora.py; diffusers utils/state_dict_utils.py and loaders/lora_conversion_utils.py; huggingface/peft;
// KohakuBlueleaf/LyCORIS
import type { TensorIndex } from './tensors.ts';

/** The part of a model a module belongs to; `text2` is SDXL's second text encoder. */
export const LORA_PARTS = ['unet', 'text', 'text2'] as const;
export type LoraPart = (typeof LORA_PARTS)[number];

/** A tensor's name taken apart. */
export interface LoraTensorName {
  readonly part: LoraPart;
  /** The module's path with `_` for every point, as the lookup wants it. */
  readonly module: string;
  readonly factor: string;
}

/** Endings that name a factor, and what they are called here. First match wins. */
const FACTORS: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/^(.+)\.lora_(down|up|mid)\.weight$/, (found) => found[2]!],
  [/^(.+)\.lora_([AB])(?:\.[\w-]+)?\.weight$/, (found) => (found[2] === 'A' ? 'down' : 'up')],
  [/^(.+)\.(?:lora|lora_linear_layer)\.(down|up)\.weight$/, (found) => found[2]!],
  [/^(.+_lora)\.(down|up)\.weight$/, (found) => found[2]!],
  [/^(.+)\.lora_magnitude_vector(?:\.[\w-]+)*$/, () => 'magnitude'],
  [
    /^(.+)\.(alpha|scale|dora_scale|hada_[wt][12](?:_[ab])?|lokr_[wt][12](?:_[ab])?|diff|diff_b|w_norm|b_norm|oft_blocks|oft_diag|on_input|[ab][12]\.weight)$/,
    (found) => found[2]!,
  ],
  // IA3 alone calls its one factor so; a module's own weights never lie in a LoRA file.
  [/^(.+)\.(weight|bias)$/, (found) => found[2]!],
];

const PREFIXES: readonly (readonly [RegExp, LoraPart])[] = [
  [/^lora_unet_/, 'unet'],
  [/^lora_te1?_/, 'text'],
  [/^lora_te2_/, 'text2'],
  [/^(?:base_model\.model\.)?text_encoder_2\./, 'text2'],
  [/^(?:base_model\.model\.)?text_encoder\./, 'text'],
  [/^(?:base_model\.model\.)?(?:unet|diffusion_model|model\.diffusion_model)\./, 'unet'],
  [/^base_model\.model\.(?=text_model\.|encoder\.layers\.)/, 'text'],
  [/^base_model\.model\./, 'unet'],
  [/^(?=text_model\.)/, 'text'],
  [/^(?=(?:down_blocks|mid_block|up_blocks|conv_in|conv_out|time_embedding|add_embedding)\b)/, 'unet'],
];

/** @returns undefined for a name of no known form */
export function readLoraName(name: string): LoraTensorName | undefined {
  for (const [pattern, factorOf] of FACTORS) {
    const found = pattern.exec(name);
    if (found === null) continue;
    const place = placeOf(found[1]!);
    return place === undefined ? undefined : { ...place, factor: factorOf(found) };
  }
  return undefined;
}

function placeOf(path: string): { readonly part: LoraPart; readonly module: string } | undefined {
  for (const [prefix, part] of PREFIXES) {
    if (prefix.test(path)) return { part, module: joined(withoutProcessor(path.replace(prefix, ''))) };
  }
  return undefined;
}

const OLD_TEXT_PROJECTIONS: Readonly<Record<string, string>> = {
  to_q: 'q_proj',
  to_k: 'k_proj',
  to_v: 'v_proj',
  to_out: 'out_proj',
};

/** diffusers before 0.21 hung its layers on attention processors: `attn1.processor.to_out_lora` is attn1.to_out.0. */
function withoutProcessor(path: string): string {
  return path
    .replace(/\.self_attn\.(to_[qkv]|to_out)_lora$/, (_, old: string) => `.self_attn.${OLD_TEXT_PROJECTIONS[old]}`)
    .replace(/\.processor\.(?=\w+_lora$|to_)/, '.')
    .replace(/\.to_out_lora$/, '.to_out.0')
    .replace(/_lora$/, '');
}

function joined(path: string): string {
  return path.replaceAll('.', '_');
}

/** Every name a part's modules go by in LoRA files → the module. */
export function moduleNames(part: LoraPart, tensors: TensorIndex): ReadonlyMap<string, string> {
  const modules = modulesOf(tensors);
  const names = new Map<string, string>();
  for (const module of modules) names.set(joined(module), module);
  if (part === 'unet') for (const [module, original] of ldmUnetModules(modules)) names.set(joined(original), module);
  else for (const module of modules) names.set(joined(module.replace(/^text_model\./, '')), module);
  return names;
}

/** Modules with a matrix or a kernel, and normalisations. */
function modulesOf(tensors: TensorIndex): readonly string[] {
  const weights = [...tensors.names()].filter((name) => name.endsWith('.weight'));
  const isLayer = (name: string) =>
    [1, 2, 4].includes(tensors.get(name)!.shape.length) && !/_embedding\.weight$/.test(name);
  return weights.filter(isLayer).map((name) => name.slice(0, -'.weight'.length));
}

const LDM_ENDS: Readonly<Record<string, string>> = {
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  'add_embedding.linear_1': 'label_emb.0.0',
  'add_embedding.linear_2': 'label_emb.0.2',
  conv_in: 'input_blocks.0.0',
  conv_out: 'out.2',
  conv_norm_out: 'out.0',
};

const LDM_RESNET: Readonly<Record<string, string>> = {
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
  norm1: 'in_layers.0',
  norm2: 'out_layers.0',
};

/**
 * Module → its name in the original code, which files for SDXL use. Blocks are numbered through there, a level's sampling included.
 * @source CompVis/stable-diffusion ldm/modules/diffusionmodules/openaimodel.py; the way back is ldmNames.ts
 */
function ldmUnetModules(modules: readonly string[]): ReadonlyMap<string, string> {
  const starts = { down: blockStarts(modules, 'down', 1), up: blockStarts(modules, 'up', 0) };
  const attends = new Set(modules.map((module) => /^up_blocks\.(\d+)\.attentions\./.exec(module)?.[1]));
  const original = (module: string): string | undefined => {
    if (LDM_ENDS[module] !== undefined) return LDM_ENDS[module];
    const [, middle, at, rest] = /^mid_block\.(resnets|attentions)\.(\d+)\.(.+)$/.exec(module) ?? [];
    if (middle === 'attentions') return `middle_block.1.${rest}`;
    if (middle === 'resnets') return `middle_block.${Number(at) * 2}.${LDM_RESNET[rest!]}`;
    const found = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/.exec(module);
    if (found === null) return undefined;
    const [, side, level, kind, layer, inner] = found as unknown as [
      string,
      'down' | 'up',
      string,
      string,
      string,
      string,
    ];
    const level0 = starts[side].get(Number(level))!;
    const name = side === 'down' ? 'input_blocks' : 'output_blocks';
    if (kind === 'downsamplers') return `${name}.${level0.first + level0.layers}.0.op`;
    if (kind === 'upsamplers') return `${name}.${level0.first + level0.layers - 1}.${attends.has(level) ? 2 : 1}.conv`;
    const block = `${name}.${level0.first + Number(layer)}`;
    return kind === 'resnets' ? `${block}.0.${LDM_RESNET[inner]}` : `${block}.1.${inner}`;
  };
  return new Map(
    modules.flatMap((module) => {
      const name = original(module);
      return name === undefined ? [] : [[module, name]];
    }),
  );
}

interface Level {
  /** Number of the level's first block. */
  readonly first: number;
  readonly layers: number;
}

/** A level's blocks: its layers, and on the way down one more for its down-sampling. */
function blockStarts(modules: readonly string[], side: 'down' | 'up', from: number): ReadonlyMap<number, Level> {
  const levels = new Map<number, Level>();
  let first = from;
  for (let level = 0; ; level++) {
    const layers = modules.filter((module) =>
      new RegExp(`^${side}_blocks\\.${level}\\.resnets\\.\\d+\\.conv1$`).test(module),
    ).length;
    if (layers === 0) return levels;
    levels.set(level, { first, layers });
    const samples = modules.some((module) => module.startsWith(`down_blocks.${level}.downsamplers.`));
    first += layers + (side === 'down' && samples ? 1 : 0);
  }
}
