// A LoRA as it lies in models/loras: one file, or a folder as PEFT writes it; its layers taken apart by name, its alphas, what it was made for,
// and which of a model's layers it changes. Headers only, until `loadLora` reads the numbers.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { LoraStack, SideBranches } from '../diffusion/loraStack.ts';
import { DarkroomError } from '../errors.ts';
import {
  hasFactors,
  isSized,
  type Layer,
  type LayerTensors,
  layerOf,
  numbersOf,
  readFactors,
  refusalOf,
  sizeOf,
} from './loraFactors.ts';
import { LORA_PARTS, type LoraPart, moduleNames, readLoraName } from './loraNames.ts';
import { changesOf, isMerged } from './mergedChanges.ts';
import { isRecord, nameInMessages, readModelJson } from './modelFiles.ts';
import { isPickleName, type ModelFolder } from './modelFolder.ts';
import { openSafetensors, pickleError, type SafetensorsFile } from './safetensors.ts';
import { parseStrictJson } from './strictJson.ts';
import { readNumbers, withNumbers } from './tensorNumbers.ts';
import type { TensorIndex, TensorRange } from './tensors.ts';

export interface LoraFile {
  /** How messages name it. */
  readonly source: string;
  /** Absolute path of the weights. */
  readonly file: string;
  readonly tensors: SafetensorsFile;
  readonly layers: readonly LoraLayer[];
  /** Tensors of no known form. */
  readonly strangers: readonly string[];
  /** What it was made for, in words. */
  readonly family: string;
  /** Scale of a layer whose tensors say none; null for 1. */
  readonly scaleOf: (layer: LoraLayer, rank: number | null) => number | null;
}

export interface LoraLayer {
  readonly part: LoraPart;
  /** As loraNames.ts joins it. */
  readonly module: string;
  readonly tensors: LayerTensors;
}

/** Parts of a model a LoRA can change. */
export type LoraTargetModel = Pick<ModelFolder, 'name' | 'unet' | 'textEncoder' | 'textEncoder2'>;

/** Floats a LoRA may take once it is read, 2 GiB; a full-rank change of every layer of Stable Diffusion 1.5 has about 1.7 GiB. */
const MAX_NUMBERS = 2 ** 29;

/** Floats a LoRA may add to the model's own weights, 512 MiB: they stay in memory beside a session as large as the model's. */
const MAX_MERGED_NUMBERS = 2 ** 27;

/** @param place absolute path of a file or of a PEFT folder. @throws model_missing, weights_invalid, model_unsupported */
export function readLora(modelsDir: string, place: string): LoraFile {
  if (isPickleName(place)) throw pickleError(nameInMessages(modelsDir, place));
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? path.join(place, 'adapter_model.safetensors') : place;
  const tensors = openSafetensors(modelsDir, file);
  const { layers, strangers } = layersOf(tensors);
  const { source } = tensors;
  refuseForms(layers, source);
  if (layers.length === 0) {
    const family = otherFamily([...tensors.names()]);
    const what =
      family === undefined
        ? `no layer of a LoRA (its first tensor is ${strangers[0] ?? 'none'})`
        : `a LoRA for ${family}`;
    const message = `${source}: is ${what}; LoRAs for Stable Diffusion 1.x, 2.x and XL are what this version loads`;
    throw new DarkroomError('model_unsupported', message, { lora: source });
  }
  const configFile = path.join(place, 'adapter_config.json');
  const config = isFolder && existsSync(configFile) ? readModelJson(modelsDir, configFile) : undefined;
  return {
    source,
    file,
    tensors,
    layers,
    strangers,
    family: familyOf(layers, tensors),
    scaleOf: scales(tensors, config),
  };
}

function layersOf(tensors: TensorIndex): Pick<LoraFile, 'layers' | 'strangers'> {
  const layers = new Map<string, LoraLayer & { readonly tensors: Map<string, TensorRange> }>();
  const strangers: string[] = [];
  for (const name of tensors.names()) {
    const read = readLoraName(name);
    if (read === undefined) {
      strangers.push(name);
      continue;
    }
    const { part, module, factor } = read;
    const layer = layers.get(`${part}/${module}`) ?? { part, module, tensors: new Map() };
    if (layer.tensors.has(factor)) {
      throw new DarkroomError('weights_invalid', `${tensors.source}: ${name} is there under two names`);
    }
    layer.tensors.set(factor, tensors.get(name)!);
    layers.set(`${part}/${module}`, layer);
  }
  return { layers: [...layers.values()], strangers };
}

function refuseForms(layers: readonly LoraLayer[], source: string): void {
  const reasons = layers.map(({ tensors }) => refusalOf(tensors));
  const refused = reasons.filter((reason) => reason !== undefined);
  const [reason] = refused;
  if (reason === undefined) return;
  const [tensor] = layers[reasons.indexOf(reason)]!.tensors.values();
  throw new DarkroomError(
    'model_unsupported',
    `${source}: ${reason} (${refused.length} layers, ${tensor!.name} among them), which cannot run beside a network that others share; ` +
      'merge it into a copy of the model instead',
    { lora: source },
  );
}

/** Widths of the conditioning the families were trained with. */
const FAMILIES: Readonly<Record<number, string>> = {
  768: 'Stable Diffusion 1.x',
  1024: 'Stable Diffusion 2.x',
  2048: 'SDXL',
  1280: "SDXL's refiner",
};

/** Told by what the attention to the prompt reads, else by what trainers write into the metadata. */
function familyOf(layers: readonly LoraLayer[], { metadata }: SafetensorsFile): string {
  const attention = layers.find(
    ({ part, module, tensors }) => part === 'unet' && /_attn2_to_[kv]$/.test(module) && isSized(tensors),
  );
  const width = attention === undefined ? undefined : sizeOf(attention.tensors).inner;
  if (width !== undefined) return FAMILIES[width] ?? `conditioning ${width} wide`;
  const version = metadata.ss_base_model_version ?? metadata['modelspec.architecture'] ?? '';
  if (/^sdxl|xl/i.test(version)) return FAMILIES[2048]!;
  if (/v2|diffusion-2/i.test(version) || metadata.ss_v2 === 'True') return FAMILIES[1024]!;
  if (/v1|diffusion-1/i.test(version)) return FAMILIES[768]!;
  return layers.some(({ part }) => part === 'text2') ? FAMILIES[2048]! : 'a family its file does not tell';
}

/** Families whose layers have names of their own. */
function otherFamily(names: readonly string[]): string | undefined {
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/double_blocks|single_transformer_blocks|single_blocks/)) return 'Flux';
  if (has(/joint_blocks|transformer\.transformer_blocks|^lora_transformer_/))
    return 'Stable Diffusion 3 or another transformer';
  if (has(/^lora_prior_|^lora_unet_.*_adapter/)) return 'Stable Cascade';
  return undefined;
}

type Config = Readonly<Record<string, unknown>>;

/** lora_alpha of a PEFT config: of the folder's file, or of the notes diffusers keeps in the metadata, part by part. */
function scales(tensors: SafetensorsFile, config: Config | undefined): LoraFile['scaleOf'] {
  const notes = parsedNotes(tensors);
  const configs = new Map<LoraPart, Config>(LORA_PARTS.map((part) => [part, config ?? notes.get(part) ?? {}]));
  return ({ part, module }, rank) => {
    const { lora_alpha, alpha, alpha_pattern, use_rslora, r } = configs.get(part)!;
    const own = isRecord(alpha_pattern)
      ? Object.entries(alpha_pattern).find(([key]) => `_${module}`.endsWith(`_${key.replaceAll('.', '_')}`))?.[1]
      : undefined;
    const found = own ?? lora_alpha ?? alpha;
    const over = rank ?? r;
    if (typeof found !== 'number' || typeof over !== 'number') return null;
    return found / (use_rslora === true ? Math.sqrt(over) : over);
  };
}

const NOTE_PREFIXES: Readonly<Record<LoraPart, string>> = {
  unet: 'unet.',
  text: 'text_encoder.',
  text2: 'text_encoder_2.',
};

/** @source diffusers loaders/lora_base.py, LORA_ADAPTER_METADATA_KEY: one flat object, the part before a point */
function parsedNotes({ metadata, source }: SafetensorsFile): ReadonlyMap<LoraPart, Config> {
  const text = metadata.lora_adapter_metadata;
  if (text === undefined) return new Map();
  const notes = parsedOr(text, source);
  return new Map(
    LORA_PARTS.map((part) => {
      const own = Object.entries(notes).filter(([key]) => key.startsWith(NOTE_PREFIXES[part]));
      return [part, Object.fromEntries(own.map(([key, value]) => [key.slice(NOTE_PREFIXES[part].length), value]))];
    }),
  );
}

function parsedOr(text: string, source: string): Config {
  try {
    const parsed = parseStrictJson(text);
    if (isRecord(parsed)) return parsed;
  } catch (cause) {
    throw new DarkroomError('weights_invalid', `${source}: lora_adapter_metadata is no JSON`, {}, { cause });
  }
  throw new DarkroomError('weights_invalid', `${source}: lora_adapter_metadata is no JSON object`);
}

export interface LoraFit {
  readonly layers: readonly FittedLayer[];
  /** What is added to the model's weights in a session of its own. */
  readonly merged: readonly MergedLayer[];
  /** Layers the model has not, by the names of their first tensors. */
  readonly idle: readonly string[];
  /** Layers the model has in another size: then the LoRA is for another family. */
  readonly misfits: readonly string[];
}

interface MergedLayer {
  readonly from: LoraLayer;
  readonly changes: ReturnType<typeof changesOf>['changes'];
}

interface FittedLayer {
  readonly from: LoraLayer;
  /** The model's module. */
  readonly module: string;
  readonly layer: Layer;
}

/** Which layers of a model a LoRA changes, by the headers alone. */
export function fitLora(lora: LoraFile, model: LoraTargetModel): LoraFit {
  const names = new Map(LORA_PARTS.map((part) => [part, namesOf(part, model)]));
  const layers: FittedLayer[] = [];
  const [idle, misfits]: [string[], string[]] = [[], []];
  const merged: MergedLayer[] = [];
  // A session of its own is needed anyway: then whole changes go there too, where they cost no step anything.
  const isMergedFile = lora.layers.some(({ tensors }) => isMerged(tensors));
  for (const from of lora.layers) {
    const [{ name: tensor }] = from.tensors.values() as unknown as [TensorRange];
    const found = names.get(from.part)!;
    const module = found.names.get(from.module);
    if (module === undefined) {
      idle.push(tensor);
      continue;
    }
    if (isMergedFile && (isMerged(from.tensors) || from.tensors.has('diff'))) {
      const { changes, misfit } = changesOf(from.tensors, module, found.tensors!);
      if (misfit !== undefined) misfits.push(misfit);
      else if (changes.length === 0) idle.push(tensor);
      else merged.push({ from, changes });
      if (misfit !== undefined || !hasFactors(from.tensors)) continue;
    }
    const layer = layerOf(found.tensors!.get(`${module}.weight`)!);
    const { out, inner } = sizeOf(from.tensors);
    if (out !== layer.out || inner !== layer.inner)
      misfits.push(`${tensor} changes ${inner} to ${out} numbers, expected ${layer.inner} to ${layer.out}`);
    else layers.push({ from, module, layer });
  }
  return { layers, merged, idle: [...idle, ...lora.strangers], misfits };
}

/** A model is asked about many LoRAs. */
const knownNames = new WeakMap<TensorIndex, ReadonlyMap<string, string>>();

function namesOf(part: LoraPart, model: LoraTargetModel) {
  const tensors = partTensors(part, model);
  if (tensors === undefined) return { tensors, names: new Map<string, string>() };
  const names = knownNames.get(tensors) ?? moduleNames(part, tensors);
  knownNames.set(tensors, names);
  return { tensors, names };
}

function partTensors(part: LoraPart, { unet, textEncoder, textEncoder2 }: LoraTargetModel): TensorIndex | undefined {
  if (part === 'unet') return unet.tensors;
  return part === 'text' ? textEncoder.tensors : textEncoder2?.tensors;
}

export function fits({ layers, merged, misfits }: LoraFit): boolean {
  return layers.length + merged.length > 0 && misfits.length === 0;
}

/**
 * A LoRA's side branches in a model, at strength 1.
 * @param familyName what the model is, in words
 * @throws weights_invalid; model_unsupported when it is for another family or would take more than 2 GiB
 */
export function loadLora(modelsDir: string, lora: LoraFile, model: LoraTargetModel, familyName: string): LoraStack {
  const fit = fitLora(lora, model);
  if (!fits(fit)) throw otherFamilyError(lora, fit, model, familyName);
  const changed = fit.merged.flatMap(({ changes }) => changes.map(({ tensor }) => product(tensor.shape)));
  const added = changed.reduce((sum, count) => sum + count, 0);
  if (added > MAX_MERGED_NUMBERS) {
    const message = `${lora.source}: changes ${Math.round(added / 2 ** 18)} MiB of the model's own weights, expected at most 512`;
    throw new DarkroomError('model_unsupported', message, { lora: lora.source });
  }
  const numbers = fit.layers.reduce((sum, { from }) => sum + numbersOf(from.tensors), 0);
  if (numbers > MAX_NUMBERS) {
    const message = `${lora.source}: would take ${Math.round(numbers / 2 ** 18)} MiB beside the model, expected at most 2048`;
    throw new DarkroomError('model_unsupported', message, { lora: lora.source });
  }
  const branches = new Map<LoraPart, Map<string, SideBranches extends ReadonlyMap<string, infer F> ? F : never>>(
    LORA_PARTS.map((part) => [part, new Map()]),
  );
  const merged = new Map<LoraPart, Map<string, Float32Array>>(LORA_PARTS.map((part) => [part, new Map()]));
  withNumbers(modelsDir, lora.file, (read) => {
    const readBase = (range: TensorRange) => readNumbers(modelsDir, range);
    for (const { from, changes } of fit.merged) {
      for (const { name, read: change } of changes) {
        merged.get(from.part)!.set(name, change(read, readBase));
      }
    }
    for (const { from, module, layer } of fit.layers) {
      const alpha = (rank: number | null) => lora.scaleOf(from, rank);
      branches.get(from.part)!.set(module, readFactors(from.tensors, layer, alpha, read, readBase));
    }
  });
  return {
    unet: branches.get('unet')!,
    text: [branches.get('text')!, branches.get('text2')!],
    ...(changed.length === 0
      ? {}
      : { merged: { unet: merged.get('unet')!, text: [merged.get('text')!, merged.get('text2')!] } }),
  };
}

function product(shape: readonly number[]): number {
  return shape.reduce((total, length) => total * length, 1);
}

function otherFamilyError(lora: LoraFile, fit: LoraFit, model: LoraTargetModel, familyName: string): DarkroomError {
  const [misfit] = fit.misfits;
  const why = misfit === undefined ? `none of its ${lora.layers.length} layers is among the model's` : misfit;
  const message = `${lora.source}: is a LoRA for ${lora.family}, and ${model.name} is ${familyName}: ${why}`;
  return new DarkroomError('model_unsupported', message, { lora: lora.source, model: model.name });
}
