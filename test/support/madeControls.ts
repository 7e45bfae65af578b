// The tiny control networks of golden/controls as files of an installation, with the models they are for: their numbers follow from names and
// places (madeModels.ts). Folders and single files, under today's names and the original ones, in each of the types weights are published in.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../../src/root.ts';
import {
  type Dtype,
  numbersOf,
  type Rule,
  type Tensor,
  writeTensors,
  writeXlFolder,
  writeXlPictureModel,
} from './madeModels.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
export const CONTROLS = path.join(GOLDEN, 'controls');

interface MadeNetwork {
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Readonly<Record<string, Rule>>;
}

const readGzipped = (name: string) => JSON.parse(gunzipSync(readFileSync(path.join(CONTROLS, name))).toString('utf8'));
export const madeNetworks: Readonly<Record<string, MadeNetwork>> = {
  ...readGzipped('networks.json.gz'),
  ...readGzipped('repainted_network.json.gz'),
};
/** Original name → name here. */
const originals: Readonly<Record<string, Readonly<Record<string, string>>>> = readGzipped('singles.json.gz');

export function controlTensors(key: string): Map<string, Tensor> {
  const { tensors } = madeNetworks[key]!;
  return new Map(Object.entries(tensors).map(([name, rule]) => [name, numbersOf(key, name, rule)]));
}

function originalTensors(key: string): Map<string, Tensor> {
  const tensors = controlTensors(key);
  return new Map(Object.entries(originals[key]!).map(([original, name]) => [original, tensors.get(name)!]));
}

/** A folder as diffusers saves it. */
export function writeControlFolder(folder: string, key: string, dtype: Dtype): void {
  writeTensors(path.join(folder, 'diffusion_pytorch_model.safetensors'), controlTensors(key), dtype);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(madeNetworks[key]!.config));
}

const FOLDERS: Readonly<Record<string, Dtype>> = {
  'small-canny': 'F16',
  'small-depth': 'F32',
  'small-shuffle': 'BF16',
  'sd2-canny': 'BF16',
  'mid-tile': 'F32',
  'xl-canny': 'F16',
  'xl-small': 'F32',
  'small-sketch': 'F32',
  'xl-lineart': 'F16',
};

/** A fresh installation: models sd-small, plain-mid, sd1, sd2-zsnr and base, and all networks. */
export function makeControlModels(): string {
  const modelsDir = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-controls-')));
  for (const name of ['sd-small', 'plain-mid']) copy(path.join(GOLDEN, 'folders', name), modelsDir);
  for (const name of ['sd1.safetensors', 'sd1.darkroom.json', 'sd2-zsnr']) {
    copy(path.join(GOLDEN, 'families/models', name), modelsDir);
  }
  writeXlFolder(modelsDir, 'base');
  const networks = path.join(modelsDir, 'controlnets');
  mkdirSync(networks);
  for (const [key, dtype] of Object.entries(FOLDERS)) writeControlFolder(path.join(networks, key), key, dtype);
  // Published together with the model it was trained on.
  const whole = new Map(originalTensors('single-canny'));
  whole.set('model.diffusion_model.out.2.bias', { shape: [4], data: new Float32Array(4) });
  writeTensors(path.join(networks, 'single-canny.safetensors'), whole, 'F16');
  writeTensors(path.join(networks, 'single-depth.safetensors'), controlTensors('single-depth'), 'F32');
  writeTensors(path.join(networks, 'single-pose.safetensors'), originalTensors('single-pose'), 'F32');
  writeTensors(path.join(networks, 'light-colour.safetensors'), originalTensors('light-colour'), 'F16');
  return modelsDir;
}

/** The same with models whose networks are shown a masked picture: inpaint9 with a ControlNet of its own, and xl-inpaint. */
export function makeRepaintedModels(): string {
  const modelsDir = makeControlModels();
  copy(path.join(GOLDEN, 'inpainting/models/inpaint9'), modelsDir);
  writeXlPictureModel(modelsDir, 'xl-inpaint');
  writeControlFolder(path.join(modelsDir, 'controlnets', 'inpaint9-canny'), 'inpaint9-canny', 'F32');
  return modelsDir;
}

function copy(from: string, into: string): void {
  cpSync(from, path.join(into, path.basename(from)), { recursive: true });
}
