// A model from a hub into the models folder: what is needed of it, fetched into a hidden folder beside the models, moved into place in one
// step when all of it is there and right. What it is, the caller says once its bytes are here; names decide nothing.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { type DownloadOptions, download } from './download.ts';
import { type Layout, namedFile, neededFiles } from './neededFiles.ts';
import { type HubAddress, type HubFile, type HubRepository, readRepository } from './repository.ts';

export interface PullOptions extends Omit<DownloadOptions, 'onProgress'> {
  /** Absolute. */
  readonly modelsDir: string;
  /** Precision to take where a part has several, such as fp16; null for the plain files. */
  readonly variant: string | null;
  /** What it is to be called here; null for the repository's or the file's own name. */
  readonly name: string | null;
  /** Told once before the first byte. */
  readonly onPlan: (plan: PullPlan) => void;
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
  /**
   * Where something whole and right belongs: '' for the models folder itself, or a folder in it such as `loras`.
   * @param staged absolute path of the fetched file or folder. @throws what makes it useless here
   */
  readonly placeOf: (staged: string) => string;
  /** Free bytes on the disk of a folder; tests give a small one. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export interface PullPlan {
  readonly repository: string;
  readonly commit: string;
  readonly files: readonly HubFile[];
  readonly totalBytes: number;
}

export interface PulledModel {
  /** Relative to the models folder, with slashes. */
  readonly path: string;
  readonly files: readonly PulledModelFile[];
  readonly plan: PullPlan;
}

export interface PulledModelFile {
  /** Relative to the models folder, with slashes. */
  readonly path: string;
  /** In the repository. */
  readonly source: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Hidden, so that a scan of the models folder never meets half a model. */
const STAGING = '.pull';
/** Left free behind the largest pull: database and pictures live on; bytes. */
const SPARE_BYTES = 256 * 1024 * 1024;
const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._()+-]{0,79}$/u;

/** @throws as `download`, model_missing, model_unsupported, request_invalid, and what `placeOf` throws */
export async function pull(address: HubAddress, options: PullOptions): Promise<PulledModel> {
  const repository = await readRepository(address, options.settings);
  const { layout, files } = wantedFiles(repository, address, options.variant);
  const name = nameOf(repository, layout, files, options.name);
  refuseTaken(options.modelsDir, '', name);
  const plan = { repository: repository.name, commit: repository.commit, files, totalBytes: sumOf(files) };
  const staging = path.join(
    options.modelsDir,
    STAGING,
    `${repository.name.replace('/', '--')}@${repository.commit.slice(0, 12)}`,
  );
  options.onPlan(plan);
  await checkSpace(plan, staging, options);
  const hashes = await fetchAll(repository, files, staging, options);
  const staged = layout === 'file' ? path.join(staging, files[0]!.path) : staging;
  const place = options.placeOf(staged);
  refuseTaken(options.modelsDir, place, name);
  await moveInto(staged, path.join(options.modelsDir, place, name));
  await rm(staging, { recursive: true, force: true });
  const target = path.posix.join(place, name);
  const inside = ({ path: source }: HubFile) => (layout === 'file' ? target : path.posix.join(target, source));
  const pulled = files.map((file, at) => ({
    path: inside(file),
    source: file.path,
    sha256: hashes[at]!,
    sizeBytes: file.sizeBytes,
  }));
  return { path: target, files: pulled, plan };
}

function wantedFiles(repository: HubRepository, { file }: HubAddress, variant: string | null) {
  if (file === null) return neededFiles(repository, variant);
  return { layout: 'file' as Layout, files: [namedFile(repository, file)] };
}

/** Names that trainers' tools give every file; the repository's tells more. */
const NAMELESS = /^(pytorch_lora_weights|diffusion_pytorch_model|model|lora|adapter_model)(\.fp16)?\.safetensors$/;

function nameOf(repository: HubRepository, layout: Layout, files: readonly HubFile[], wished: string | null): string {
  const ofRepository = repository.name.split('/')[1]!;
  const file = path.posix.basename(files[0]!.path);
  const ending = layout === 'file' ? '.safetensors' : '';
  const base = layout !== 'file' || NAMELESS.test(file) ? ofRepository : file.slice(0, -ending.length);
  const name = wished ?? base;
  if (NAME.test(name)) return name + ending;
  const found = JSON.stringify(name.slice(0, 100));
  throw new DarkroomError(
    'request_invalid',
    `--name: found ${found}, expected letters, digits, space and ._()+-, at most 80`,
  );
}

function refuseTaken(modelsDir: string, place: string, name: string): void {
  if (!existsSync(path.join(modelsDir, place, name))) return;
  const found = path.posix.join(place, name);
  throw new DarkroomError(
    'request_invalid',
    `${found}: is there already; take it out of the models folder, or give another --name`,
  );
}

function sumOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What an earlier pull left is not needed twice. @throws disk_full */
async function checkSpace({ totalBytes }: PullPlan, staging: string, options: PullOptions): Promise<void> {
  const { modelsDir, freeBytes = freeBytesOf } = options;
  await mkdir(staging, { recursive: true });
  const needed = totalBytes - (await bytesIn(staging)) + SPARE_BYTES;
  const free = await freeBytes(modelsDir);
  if (free >= needed) return;
  const message = `${modelsDir}: ${gigabytes(free)} free, expected ${gigabytes(needed)} for this model and some to spare`;
  throw new DarkroomError('disk_full', message, { free, needed });
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map((file) => stat(path.join(file.parentPath, file.name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

async function fetchAll(
  repository: HubRepository,
  files: readonly HubFile[],
  staging: string,
  options: PullOptions,
): Promise<readonly string[]> {
  const hashes: string[] = [];
  const totalBytes = sumOf(files);
  let before = 0;
  for (const file of files) {
    const onProgress = (doneBytes: number) => options.onProgress(before + doneBytes, totalBytes);
    hashes.push(await download(repository, file, path.join(staging, file.path), { ...options, onProgress }));
    before += file.sizeBytes;
  }
  return hashes;
}

async function moveInto(staged: string, target: string): Promise<void> {
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await rename(staged, target);
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw new DarkroomError(
      'store_failed',
      `${path.basename(target)}: cannot be moved into place (${code})`,
      { code },
      { cause },
    );
  }
}
