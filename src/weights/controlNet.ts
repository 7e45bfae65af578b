// Reads a control network, a ControlNet or a T2I-Adapter, headers and configs only: a folder of diffusers or a single file, under today's names
// or the original ones. What it is when it is something else is said in the refusal.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ControlKind, type ControlNetwork, kindOfName } from '../core/control.ts';
import { inferAdapterConfig, inferControlNetConfig } from './controlNetConfigs.ts';
import { adapterTensors, controlNetTensors, originalControlNet } from './controlNetNames.ts';
import { readControlHints } from './hints.ts';
import { nameInMessages, readModelJson, readModelText } from './modelFiles.ts';
import { isPickleName, type Part } from './modelFolder.ts';
import { type Kind, kindOfTensors, unsupported } from './modelKinds.ts';
import { openPartWeights } from './partWeights.ts';
import { openSafetensors, pickleError } from './safetensors.ts';
import type { TensorIndex } from './tensors.ts';

/** Folder under models/. */
export const CONTROLNETS_FOLDER = 'controlnets';

export interface ControlFile {
  readonly name: string;
  readonly network: ControlNetwork;
  readonly part: Part;
  readonly kinds: readonly ControlKind[];
  /** From the owner's hints. */
  readonly strength?: number;
  /** Absolute, the first where the weights are in shards. */
  readonly file: string;
  readonly sizeBytes: number;
}

const ENDING = '.safetensors';
const CLASSES: Readonly<Record<string, ControlNetwork>> = { ControlNetModel: 'controlnet', T2IAdapter: 't2i-adapter' };

/**
 * @param place absolute path of a folder or a file under models/controlnets
 * @throws model_missing, weights_invalid, model_unsupported; the message names the file
 */
export function readControlFile(modelsDir: string, place: string): ControlFile {
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const read = isFolder ? readFolder(modelsDir, place) : readFile(modelsDir, place);
  const hintsFile = isFolder ? path.join(place, 'darkroom.json') : place.replace(/\.safetensors$/, '.darkroom.json');
  const hints = readControlHints(modelsDir, hintsFile);
  const { tensors } = read.part;
  const ranges = [...tensors.names()].map((name) => tensors.get(name)!);
  const name = hints.name ?? nameOf(place);
  return {
    name,
    ...read,
    kinds: hints.kinds ?? kindsOfName(name),
    ...(hints.strength === undefined ? {} : { strength: hints.strength }),
    file: ranges.map(({ file }) => file).toSorted()[0]!,
    sizeBytes: ranges.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

const MAX_NAME_CHARS = 80;

/** A name people can type; of a file that is called as in every diffusers folder the folder's. */
function nameOf(place: string): string {
  const own = path.basename(place).replace(/\.safetensors$/, '');
  const base = own.startsWith('diffusion_pytorch_model') ? path.basename(path.dirname(place)) : own;
  return base.replace(/[^\p{L}\p{N} ._()+-]/gu, '_').slice(0, MAX_NAME_CHARS);
}

type Read = Pick<ControlFile, 'network' | 'part'>;

function readFolder(modelsDir: string, folder: string): Read {
  const source = nameInMessages(modelsDir, folder);
  const config = readModelJson(modelsDir, path.join(folder, 'config.json'));
  const found = String(config._class_name);
  const network = CLASSES[found];
  if (network === undefined) throw unsupported(source, otherClass(found));
  const tensors = openPartWeights(modelsDir, folder, 'diffusion_pytorch_model');
  // Published under the plain class's name.
  const other = otherKind(tensors);
  if (other !== undefined) throw unsupported(source, { is: other, advice: ADVICE });
  return { network, part: { config, tensors } };
}

function otherClass(found: string): Kind {
  const is = /ControlNet/.test(found) ? `a ${found}, another kind of ControlNet` : `a ${found}, not a ControlNet`;
  return { is, advice: ADVICE };
}

const ADVICE = `${CONTROLNETS_FOLDER} takes ControlNets and T2I-Adapters of Stable Diffusion 1.x, 2.x and XL`;

function readFile(modelsDir: string, file: string): Read {
  if (isPickleName(file)) throw pickleError(nameInMessages(modelsDir, file));
  const tensors = openSafetensors(modelsDir, file);
  const other = otherKind(tensors);
  if (other !== undefined) throw unsupported(tensors.source, { is: other, advice: ADVICE });
  const isPooled = () => saysPooled(modelsDir, file);
  if (tensors.get('controlnet_cond_embedding.conv_in.weight') !== undefined) return controlNet(tensors, isPooled());
  const original = originalControlNet(tensors);
  if (original !== undefined) return controlNet(controlNetTensors(original), isPooled());
  const adapter = adapterTensors(tensors);
  if (adapter !== undefined) {
    return { network: 't2i-adapter', part: { config: inferAdapterConfig(adapter), tensors: adapter } };
  }
  throw unsupported(tensors.source, { is: `${kindOfTensors(tensors).is}, not a ControlNet`, advice: ADVICE });
}

function controlNet(tensors: TensorIndex, isPooled: boolean): Read {
  const config = { ...inferControlNetConfig(tensors), global_pool_conditions: isPooled };
  return { network: 'controlnet', part: { config, tensors } };
}

/**
 * Whether what a single file finds is averaged over the picture, which its tensors do not show: the YAML published beside it says so; without
 * one, of the kinds there are only shuffle does.
 * @source lllyasviel/ControlNet-v1-1 control_v11e_sd15_shuffle.yaml; sd-webui-controlnet scripts/controlnet_model_guess.py
 */
function saysPooled(modelsDir: string, file: string): boolean {
  const notes = file.replace(/\.safetensors$/, '.yaml');
  const said = existsSync(notes) && /^ *global_average_pooling: *(\w+)/im.exec(readModelText(modelsDir, notes))?.[1];
  if (said) return said.toLowerCase() === 'true';
  return kindsOfName(path.basename(file)).includes('shuffle');
}

/** Networks that control a model in other ways, by a name in them. First match wins. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^lora_controlnet$/, 'a Control-LoRA, which is only half a ControlNet'],
  [/^(control_model\.)?(task_embedding|control_add_embedding\.|transformer_layes\.)/, 'a ControlNet-Union'],
  [/^lllite_/, 'a ControlLLLite'],
  [/^(image_proj|ip_adapter)\./, 'an IP-Adapter'],
  [/^(style_embedding|ln_post\.)/, 'a style adapter, which looks at a picture through CLIP'],
  [/^(controlnet_x_embedder|controlnet_blocks)\./, 'a ControlNet of Flux'],
  [/^pos_embed\.|^context_embedder\./, 'a ControlNet of Stable Diffusion 3'],
  [/motion_modules\./, 'a SparseCtrl network, which is for films'],
];

function otherKind(tensors: TensorIndex): string | undefined {
  const names = [...tensors.names()];
  return OTHERS.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

/** Empty where the name does not say. */
export function kindsOfName(name: string): readonly ControlKind[] {
  const kind = kindOfName(name);
  return kind === undefined ? [] : [kind];
}

/** Files and folders that are networks, or claim to be; people sort them into folders. */
export function controlPlaces(folder: string, depth = 0): readonly string[] {
  if (depth > MAX_DEPTH || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  if (depth > 0 && existsSync(path.join(folder, 'config.json'))) return [folder];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.toSorted().flatMap((name) => {
    const place = path.join(folder, name);
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory()) return controlPlaces(place, depth + 1);
    return name.endsWith(ENDING) || isPickleName(name) ? [place] : [];
  });
}

const MAX_DEPTH = 4;
