// Upscaler networks under models/upscalers: what each file is, told from its tensors, under one naming whichever it was published in.
// The config is ours, for these files carry none. @source xinntao/ESRGAN and Real-ESRGAN (namings); Wang et al. 2018, 2021
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { UpscalerCard } from '../core/upscale.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { nameInMessages } from './modelFiles.ts';
import { isPickleName, type Part } from './modelFolder.ts';
import { kindOfTensors, unsupported } from './modelKinds.ts';
import { openSafetensors } from './safetensors.ts';
import { renameTensors, type TensorIndex } from './tensors.ts';

/** Folder under models/. */
export const UPSCALERS_FOLDER = 'upscalers';

/** The networks that src/networks/esrgan.ts builds. */
export interface Upscaler {
  readonly card: UpscalerCard;
  readonly part: Part;
}

export interface RefusedUpscaler {
  /** File name under models/upscalers. */
  readonly name: string;
  readonly reason: string;
}

export interface UpscalerRegistry {
  /** Sorted by name. */
  readonly cards: readonly UpscalerCard[];
  readonly refused: readonly RefusedUpscaler[];
  /** Reads the header again. @throws model_missing, weights_invalid, model_unsupported */
  open(name: string): Upscaler;
}

/** None where there is no such folder; what is wrong with a file becomes `refused`. */
export function scanUpscalers(modelsDir: string): UpscalerRegistry {
  const folder = path.join(modelsDir, UPSCALERS_FOLDER);
  const cards: UpscalerCard[] = [];
  const refused: RefusedUpscaler[] = [];
  for (const name of namesIn(folder)) {
    try {
      cards.push(readUpscaler(modelsDir, path.join(folder, name)).card);
    } catch (thrown) {
      refused.push({ name, reason: toDarkroomError(thrown, 'weights_invalid').message });
    }
  }
  return { cards, refused, open: (name) => openNamed(modelsDir, cards, name) };
}

function namesIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && (name.endsWith(ENDING) || isPickleName(name)))
    .toSorted();
}

const ENDING = '.safetensors';

function openNamed(modelsDir: string, cards: readonly UpscalerCard[], name: string): Upscaler {
  if (cards.some((card) => card.name === name)) {
    return readUpscaler(modelsDir, path.join(modelsDir, UPSCALERS_FOLDER, `${name}${ENDING}`));
  }
  const known = cards.map((card) => card.name).join(', ') || 'none';
  throw new DarkroomError('model_missing', `upscaler ${JSON.stringify(name)}: not found, known are: ${known}`);
}

/** @throws model_missing, weights_invalid, model_unsupported; the message names the file */
export function readUpscaler(modelsDir: string, file: string): Upscaler {
  if (isPickleName(file)) throw refusePickle(nameInMessages(modelsDir, file));
  const named = canonicalNames(openSafetensors(modelsDir, file));
  const part = { tensors: named, config: configOf(named) };
  return { card: { name: path.basename(file, ENDING), scale: scaleOf(part.config) }, part };
}

/** Most upscalers are published as pickles only, so the refusal says how to get around it. */
function refusePickle(source: string): DarkroomError {
  return new DarkroomError(
    'model_unsupported',
    `${source}: is a PyTorch pickle. Loading a pickle can run any code its author put there, so it is never opened; look for the same ` +
      'upscaler as .safetensors, or convert it once where you trust it: python -c "import torch, safetensors.torch as s; ' +
      "d = torch.load('IN.pth', weights_only=True); s.save_file(d.get('params_ema', d.get('params', d)), 'OUT.safetensors')\"",
    { file: source },
  );
}

type Config = Part['config'];

/**
 * Today's names: conv_first, body.0.rdb1.conv1, conv_body, conv_up1, conv_hr, conv_last. The oldest naming counts modules, those without
 * weights too: what follows the blocks is known by its order from the end.
 */
function canonicalNames(tensors: TensorIndex): TensorIndex {
  const numbered = [...tensors.names()].flatMap((name) => /^model\.(\d+)\.weight$/.exec(name)?.[1] ?? []);
  const tail = numbered.map(Number).filter((at) => at > 1);
  const last = tail.toSorted((a, b) => a - b);
  const tailName = (at: number) => {
    const fromEnd = last.length - last.indexOf(at);
    if (fromEnd <= 2) return fromEnd === 1 ? 'conv_last' : 'conv_hr';
    return `conv_up${last.indexOf(at) + 1}`;
  };
  return renameTensors(tensors, (name) =>
    name
      .replace(/^(params_ema|params)\./, '')
      .replace(/^RRDB_trunk\.(\d+)\.RDB(\d)\./, 'body.$1.rdb$2.')
      .replace(/^trunk_conv\./, 'conv_body.')
      .replace(/^upconv(\d)\./, 'conv_up$1.')
      .replace(/^HRconv\./, 'conv_hr.')
      .replace(/^model\.0\./, 'conv_first.')
      .replace(/^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\./, 'body.$1.rdb$2.conv$3.')
      .replace(/^model\.1\.sub\.\d+\.(weight|bias)$/, 'conv_body.$1')
      .replace(/^model\.(\d+)\./, (_, at) => `${tailName(Number(at))}.`),
  );
}

/** @throws model_unsupported when the tensors are no network of this family, weights_invalid when they contradict each other */
function configOf(tensors: TensorIndex): Config {
  const lengths = (name: string) => tensors.get(`${name}.weight`)?.shape ?? [];
  if (lengths('body.0.rdb1.conv1').length === 4) return rrdbConfig(tensors, lengths);
  if (lengths('body.0').length === 4 && lengths('body.1').length === 1) return compactConfig(tensors, lengths);
  const { is } = kindOfTensors(tensors);
  throw unsupported(tensors.source, {
    is,
    advice: `${UPSCALERS_FOLDER} takes ESRGAN, Real-ESRGAN and compact (SRVGG) ones`,
  });
}

type Lengths = (name: string) => readonly number[];

function rrdbConfig(tensors: TensorIndex, lengths: Lengths): Config {
  const [features = 0, channels = 0] = lengths('conv_first');
  const fold = Math.sqrt(channels / COLOURS);
  const doublings = countOf(tensors, /^conv_up(\d+)\.weight$/);
  const upsampling = 2 ** doublings;
  checkScale(
    tensors,
    [1, 2, 4].includes(fold) ? upsampling / fold : Number.NaN,
    `conv_first.weight takes ${channels} channels`,
  );
  return {
    _class_name: 'RRDBNet',
    features,
    blocks: countOf(tensors, /^body\.(\d+)\./),
    growth: lengths('body.0.rdb1.conv1')[0]!,
    fold,
    upsampling,
  };
}

function compactConfig(tensors: TensorIndex, lengths: Lengths): Config {
  const modules = countOf(tensors, /^body\.(\d+)\./);
  const [channels = 0] = lengths(`body.${modules - 1}`);
  const scale = Math.sqrt(channels / COLOURS);
  checkScale(tensors, scale, `its last convolution gives ${channels} channels`);
  return { _class_name: 'SRVGGNetCompact', features: lengths('body.0')[0]!, convolutions: (modules - 3) / 2, scale };
}

const COLOURS = 3;
/** Every pass makes all its pixels at once; more than this no published network of the family has. */
const MAX_SCALE = 8;

function checkScale({ source }: TensorIndex, scale: number, found: string): void {
  if (Number.isInteger(scale) && scale >= 1 && scale <= MAX_SCALE) return;
  throw new DarkroomError(
    'model_unsupported',
    `${source}: ${found}; expected an upscaler of RGB pictures, 1 to ${MAX_SCALE} times`,
  );
}

function scaleOf({ scale, upsampling, fold }: Config): number {
  return (scale as number | undefined) ?? (upsampling as number) / (fold as number);
}

/** How many different numbers stand at one place of the names. */
function countOf(tensors: TensorIndex, pattern: RegExp): number {
  return new Set([...tensors.names()].flatMap((name) => pattern.exec(name)?.[1] ?? [])).size;
}
