// Which files of a repository a pull takes: configs, tokenizers and .safetensors weights of the parts this program builds, in one precision.
// Never a pickle, never another framework's copy, no picture of the model page.
import { DarkroomError } from '../errors.ts';
import type { HubFile, HubRepository } from './repository.ts';

/** What a repository holds, by its files' names; what a lone weights file is, its tensors tell once it is here. */
export type Layout = 'folder' | 'part' | 'file';

export interface Needed {
  readonly layout: Layout;
  readonly files: readonly HubFile[];
}

/** Folders of a model that pictures need; a safety checker, 1.2 GB that only some want, is left to its owner. */
const PARTS = ['unet', 'vae', 'text_encoder', 'text_encoder_2', 'tokenizer', 'tokenizer_2', 'scheduler'];
/** Bytes; a tokenizer.json of a 250k-word vocabulary has 17 MB. */
const MAX_CONFIG_BYTES = 64 * 1024 * 1024;
const CONFIG = /(\.json|^merges\.txt|^spiece\.model)$/;
const WEIGHTS = /\.safetensors$/;
const PICKLE = /\.(bin|ckpt|pt|pth|pkl)$/i;
const SHARD_LIST = /\.safetensors(\.\w+)?\.index(\.\w+)?\.json$|\.index\.json$/;

/**
 * @param variant `fp16` takes weights of that name where a part has them
 * @throws model_missing when it holds no weights that can be used, or several and nothing says which
 */
export function neededFiles(repository: HubRepository, variant: string | null): Needed {
  const root = repository.files.filter(({ path }) => !path.includes('/'));
  const has = (name: string) => root.some(({ path }) => path === name);
  if (has('model_index.json')) return { layout: 'folder', files: folderFiles(repository, variant) };
  if (has('config.json') || has('adapter_config.json'))
    return { layout: 'part', files: partFiles(repository, '', variant) };
  const weights = root.filter(({ path }) => WEIGHTS.test(path));
  if (weights.length === 1) return { layout: 'file', files: weights };
  throw nothingToTake(repository, weights);
}

/** One file somebody named. @throws model_missing, model_unsupported */
export function namedFile(repository: HubRepository, name: string): HubFile {
  if (PICKLE.test(name)) {
    const why = 'is a pickle, and loading one can run any code its author put there';
    throw new DarkroomError('model_unsupported', `${repository.name}/${name}: ${why}; take its .safetensors version`);
  }
  const found = repository.files.find(({ path }) => path === name);
  if (found !== undefined && WEIGHTS.test(name)) return found;
  const problem = found === undefined ? 'there is no such file' : 'is no .safetensors file';
  throw new DarkroomError(
    'model_missing',
    `${repository.name}/${name}: ${problem}; it has: ${weightNames(repository)}`,
  );
}

function folderFiles(repository: HubRepository, variant: string | null): HubFile[] {
  const index = repository.files.filter(({ path }) => path === 'model_index.json');
  return [...index, ...PARTS.flatMap((part) => partFiles(repository, `${part}/`, variant))];
}

/** Configs of one folder, and its weights in one precision. @throws model_missing when it has weights, but only as pickles */
function partFiles(repository: HubRepository, folder: string, variant: string | null): HubFile[] {
  const inside = repository.files.filter(
    ({ path }) => path.startsWith(folder) && !path.slice(folder.length).includes('/'),
  );
  const named = inside.map((file) => ({ file, name: file.path.slice(folder.length) }));
  const configs = named.filter(
    ({ name, file }) => CONFIG.test(name) && !SHARD_LIST.test(name) && file.sizeBytes <= MAX_CONFIG_BYTES,
  );
  const weights = named.filter(({ name }) => WEIGHTS.test(name) || SHARD_LIST.test(name));
  if (weights.length === 0 && named.some(({ name }) => PICKLE.test(name))) {
    const where = `${repository.name}/${folder}`.replace(/\/$/, '');
    const problem = 'has its weights only as pickles, which this program never opens';
    throw new DarkroomError(
      'model_missing',
      `${where}: ${problem}; look for a revision or a copy with .safetensors files`,
    );
  }
  const chosen = ofVariant(weights, variant);
  return [...configs, ...chosen].map(({ file }) => file);
}

interface Named {
  readonly file: HubFile;
  readonly name: string;
}

/** The wished precision where a part has it, else the plain files, else half precision, else whatever comes first. */
function ofVariant(weights: readonly Named[], wished: string | null): readonly Named[] {
  const byVariant = new Map<string, Named[]>();
  for (const one of weights) {
    const variant = variantOf(one.name);
    byVariant.set(variant, [...(byVariant.get(variant) ?? []), one]);
  }
  const order = [...(wished === null ? [] : [wished]), '', 'fp16', 'bf16', ...byVariant.keys()];
  const found = order.find((variant) => byVariant.has(variant));
  return found === undefined ? [] : oneForm(byVariant.get(found)!);
}

/**
 * '' for `model.safetensors`, `fp16` for `model.fp16.safetensors`, `model.fp16-00001-of-00002.safetensors` and the shard lists of both orders.
 */
function variantOf(name: string): string {
  const words = name
    .split('.')
    .slice(1)
    .map((word) => word.replace(/-\d{5}-of-\d{5}$/, ''));
  return words.find((word) => !['safetensors', 'index', 'json', ''].includes(word) && !/^\d{5}$/.test(word)) ?? '';
}

/** Of the same numbers as one file and as shards, the one file; of several one-file forms (`ema_only`), the one the class is named by. */
function oneForm(weights: readonly Named[]): readonly Named[] {
  const whole = weights.filter(({ name }) => WEIGHTS.test(name) && !/-\d{5}-of-\d{5}\./.test(name));
  if (whole.length === 0) return weights;
  const usual = whole.filter(({ name }) => /^(diffusion_pytorch_model|model)\./.test(name));
  return (usual.length > 0 ? usual : whole).slice(0, 1);
}

function nothingToTake(repository: HubRepository, weights: readonly HubFile[]): DarkroomError {
  if (weights.length === 0) {
    const pickle = repository.files.find(({ path }) => PICKLE.test(path));
    const hint =
      pickle === undefined ? 'no weights' : `${pickle.path} and other pickles, which this program never opens`;
    return new DarkroomError(
      'model_missing',
      `${repository.name}: holds ${hint}; expected .safetensors files; it has: ${weightNames(repository)}`,
    );
  }
  return new DarkroomError(
    'model_missing',
    `${repository.name}: holds several models; pull one of them by REPO/FILE: ${weightNames(repository)}`,
  );
}

const MAX_NAMES = 12;

function weightNames({ files }: HubRepository): string {
  const names = files.map(({ path }) => path).filter((path) => WEIGHTS.test(path));
  if (names.length === 0) return 'no .safetensors file';
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : '';
  return names.slice(0, MAX_NAMES).join(', ') + more;
}
