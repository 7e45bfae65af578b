// `models inspect`: what a file or folder is, and whether the networks take it; for those they refuse, which tensor or field is in the way.
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard } from '../core/request.ts';
import { formatSize } from '../core/size.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { buildDecoder, buildEncoder } from '../networks/autoencoder.ts';
import { buildUpscaler } from '../networks/esrgan.ts';
import { readAutoencoderFile, readAutoencoderFolder } from '../weights/autoencoderPart.ts';
import { readClassifier } from '../weights/classifier.ts';
import { readControlFile } from '../weights/controlNet.ts';
import { type FileKind, type Inspection, inspect, type PartFacts } from '../weights/inspect.ts';
import { readLora } from '../weights/loraFile.ts';
import { type Part, readModelLayout } from '../weights/modelFolder.ts';
import { readUpscaler } from '../weights/upscalers.ts';
import type { ModelsContext } from './modelsCommand.ts';
import { bytesText, countText } from './modelsText.ts';
import { EXIT_BAD_INPUT, EXIT_OK } from './terminal.ts';

export interface Inspected extends Inspection {
  /** Null for kinds that are only named here. */
  readonly usable: boolean | null;
  /** Why not. */
  readonly reason: string | null;
  readonly card: ModelCard | null;
  /** What a request gets that says nothing; only of models. */
  readonly predicts: string | null;
  /** The autoencoder it decodes with. */
  readonly vae: 'its own' | 'a replaced one' | 'none' | null;
}

/** @returns the exit code: bad input when it is a model that cannot be used */
export async function inspectCommand({ options, terminal }: ModelsContext, what: string): Promise<number> {
  const place = realPath(path.resolve(terminal.folder, what));
  const inspected = await inspectWhole(path.dirname(place), place);
  terminal.print(options.json ? `${JSON.stringify(inspected)}\n` : linesOf(inspected));
  return inspected.usable === false ? EXIT_BAD_INPUT : EXIT_OK;
}

function realPath(place: string): string {
  try {
    return realpathSync(place);
  } catch (cause) {
    const expected = 'a model folder or a .safetensors file';
    throw new DarkroomError('model_missing', `${place}: found nothing, expected ${expected}`, {}, { cause });
  }
}

/** @param place in `modelsDir`. @throws as `inspect`, when not even its kind can be told */
export async function inspectWhole(modelsDir: string, place: string): Promise<Inspected> {
  const found = inspect(modelsDir, place);
  const none = { usable: null, reason: null, card: null, predicts: null, vae: null };
  const check = CHECKS[found.kind];
  if (check === undefined) return { ...found, ...none };
  try {
    return { ...found, ...none, ...(await check(modelsDir, place)), usable: true };
  } catch (thrown) {
    const { audience, message } = toDarkroomError(thrown);
    if (audience === 'developer') throw thrown;
    const vae = found.kind === 'model' ? (hasVae(found) ? 'its own' : 'none') : null;
    return { ...found, ...none, vae, usable: false, reason: message };
  }
}

type Check = (modelsDir: string, place: string) => Promise<Partial<Inspected>>;

/** What reads every name and shape of a kind; kinds without one are only named. @throws weights_invalid, model_unsupported, model_missing */
const CHECKS: Readonly<Partial<Record<FileKind, Check>>> = {
  model: checkModel,
  upscaler: async (modelsDir, place) => {
    buildUpscaler(readUpscaler(modelsDir, place).part, 'cpu');
    return {};
  },
  classifier: async (modelsDir, place) => {
    const folder = statSync(place).isDirectory() ? place : path.dirname(place);
    const { openClassifier } = await import('../runtime/classifier.ts');
    openClassifier(readClassifier(modelsDir, folder), 1);
    return {};
  },
  controlnet: checkControlNetwork,
  't2i-adapter': checkControlNetwork,
  lora: async (modelsDir, place) => {
    readLora(modelsDir, place);
    return {};
  },
  vae: async (modelsDir, place) => {
    const part = readLoneAutoencoder(modelsDir, place);
    for (const build of [buildEncoder, buildDecoder]) build(part, 'cpu');
    return {};
  },
};

/** Builds the graphs of either kind. */
async function checkControlNetwork(modelsDir: string, place: string) {
  const { checkControl } = await import('../runtime/control.ts');
  checkControl(readControlFile(modelsDir, place));
  return {};
}

/** A folder of the diffusers layout, or a file under the name by which models/vaes would know it. */
function readLoneAutoencoder(modelsDir: string, place: string): Part {
  if (statSync(place).isDirectory()) return readAutoencoderFolder(modelsDir, place);
  return readAutoencoderFile(modelsDir, place, 'sd1');
}

/** Builds the graphs, which reads every name and shape; no weights are loaded. @throws weights_invalid, model_unsupported, model_missing */
async function checkModel(modelsDir: string, place: string) {
  const layout = readModelLayout(modelsDir, place);
  const { openModel } = await import('../runtime/engine.ts');
  const model = await openModel(layout, { provider: 'cpu', threads: 1 });
  await model.close();
  const isOwn = [...layout.vae.tensors.names()].some((name) => isUnder(place, layout.vae.tensors.get(name)!.file));
  const vae = isOwn ? 'its own' : 'a replaced one';
  return { card: layout.card, predicts: layout.scheduler.predictionType, vae } as const;
}

function isUnder(place: string, file: string): boolean {
  return file === place || file.startsWith(place + path.sep);
}

function hasVae({ parts }: Inspection): boolean {
  return parts.some(({ name }) => name === 'vae');
}

const FAMILIES: Readonly<Record<string, string>> = {
  sd1: 'Stable Diffusion 1.x',
  sd2: 'Stable Diffusion 2.x',
  sdxl: 'Stable Diffusion XL',
  'sdxl-refiner': 'Stable Diffusion XL refiner',
};

function linesOf(found: Inspected): string {
  const family = found.family === null ? [] : [`for ${FAMILIES[found.family]}`];
  const title = [
    found.kind === 'unknown' ? 'no kind known here' : found.kind,
    ...family,
    ...(found.form === null ? [] : [`(${found.form})`]),
  ];
  const lines: (string | null)[] = [
    `${found.name}: ${title.join(' ')}`,
    `  layout      ${found.layout}, ${bytesText(found.sizeBytes)}`,
    ...found.parts.map(partLine),
    (found.predicts ?? found.prediction) ? `  predicts    ${found.predicts ?? found.prediction}` : null,
    found.vae === null ? null : `  VAE         ${found.vae}`,
    found.emaTensors === 0 ? null : `  EMA         ${found.emaTensors} tensors, ignored`,
    found.lora === null ? null : `  LoRA        ${loraText(found.lora)}`,
    found.embedding === null
      ? null
      : `  embedding   ${found.embedding.map(([vectors, width]) => `${vectors} x ${width}`).join(' and ')}`,
    found.card === null ? null : `  defaults    ${defaultsText(found.card)}`,
    ...Object.entries(found.metadata).map(([key, text]) => `  metadata    ${key}: ${text}`),
    found.usable === null ? null : `  usable      ${found.usable ? 'yes' : `no: ${found.reason}`}`,
  ];
  return `${lines.filter((line) => line !== null).join('\n')}\n`;
}

function partLine({ name, tensors, parameters, dtypes }: PartFacts): string {
  const stored = Object.entries(dtypes).toSorted(([, a], [, b]) => b - a);
  const histogram = stored
    .map(([dtype, count]) => (stored.length === 1 ? dtype : `${dtype} ${countText(count)}`))
    .join(', ');
  return `  part        ${name}: ${countText(parameters)} parameters in ${tensors === 1 ? '1 tensor' : `${tensors} tensors`}, ${histogram}`;
}

function loraText({ format, algorithms, modules, ranks, changes }: NonNullable<Inspection['lora']>): string {
  return `${algorithms.join(', ')} in ${format}'s naming, ${ranksText(ranks)}${modules} modules of ${changes.join(' and ') || 'neither network'}`;
}

function ranksText(ranks: readonly [number, number] | null): string {
  if (ranks === null) return '';
  const [low, high] = ranks;
  return low === high ? `rank ${low}, ` : `ranks ${low} to ${high}, `;
}

function defaultsText({ defaults: { size, steps, guidance, sampler } }: ModelCard): string {
  return `${formatSize(size)}, ${steps} steps, guidance ${guidance}, ${sampler}`;
}
