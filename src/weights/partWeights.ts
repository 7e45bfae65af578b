// The weights of one part of a diffusers folder: which files hold them, whole, sharded, or only as a variant such as fp16.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { isRecord, nameInMessages, readModelJson } from './modelFiles.ts';
import { openSafetensors, pickleError } from './safetensors.ts';
import type { TensorIndex, TensorRange } from './tensors.ts';

/** Which variant to take when the plain file is missing; half precision first, for it is the one people download alone. */
const VARIANT_ORDER = ['fp16', 'bf16', 'fp32'];
const PICKLE_ENDING = /\.(bin|ckpt|pt|pth|pkl)$/i;
/** Plain file names only: a shard list is a stranger's text and must not become a path. */
const SHARD_NAME = /^[\w][\w.-]*\.safetensors$/;

/**
 * @param partDir absolute folder of the part, e.g. `…/unet`
 * @param base file name without ending, e.g. `diffusion_pytorch_model`
 * @throws model_missing, weights_invalid, model_unsupported when only pickles are there
 */
export function openPartWeights(modelsDir: string, partDir: string, base: string): TensorIndex {
  const fileName = chooseFile(modelsDir, partDir, base);
  const file = path.join(partDir, fileName);
  return fileName.endsWith('.json') ? openShards(modelsDir, file) : openSafetensors(modelsDir, file);
}

function chooseFile(modelsDir: string, partDir: string, base: string): string {
  const names = existsSync(partDir) ? readdirSync(partDir).toSorted() : [];
  const variants = new Map<string, string>();
  for (const name of names) {
    const variant = variantOf(name, base);
    // A single file and a shard list of the same variant: the sorted order puts the single file first, and it wins.
    if (variant !== undefined && !variants.has(variant)) variants.set(variant, name);
  }
  const found = ['', ...VARIANT_ORDER].find((variant) => variants.has(variant));
  if (found !== undefined) return variants.get(found)!;
  if (variants.size === 1) return [...variants.values()][0]!;
  const part = nameInMessages(modelsDir, partDir);
  if (variants.size > 1) throw ambiguous(part, [...variants.values()]);
  const pickle = names.find((name) => PICKLE_ENDING.test(name));
  if (pickle !== undefined) throw pickleError(`${part}/${pickle}`);
  throw new DarkroomError('model_missing', `${part}/${base}.safetensors: there is no such file`, { part });
}

/**
 * '' for the plain file or shard list, `fp16` for `base.fp16.safetensors`, undefined for any other file. Shard lists of
 * variants have been written as `.safetensors.index.fp16.json` and as `.fp16.safetensors.index.json`; the words decide, not their order.
 */
function variantOf(name: string, base: string): string | undefined {
  if (!name.startsWith(`${base}.`)) return undefined;
  const words = name.slice(base.length + 1).split('.');
  const frame = words.at(-1) === 'json' ? ['safetensors', 'index', 'json'] : ['safetensors'];
  if (!frame.every((word) => words.includes(word))) return undefined;
  const rest = words.filter((word) => !frame.includes(word));
  if (rest.length > 1 || /-\d{5}-of-\d{5}$/.test(rest[0] ?? '')) return undefined;
  return rest[0] ?? '';
}

function ambiguous(part: string, files: readonly string[]): DarkroomError {
  return new DarkroomError(
    'model_unsupported',
    `${part}: holds ${files.join(', ')}, expected one of them; keep the one to be used and move the others out of the folder`,
    { part },
  );
}

/** The shards a `*.safetensors.index.json` lists, as one index. @throws as openSafetensors */
function openShards(modelsDir: string, indexFile: string): TensorIndex {
  const source = nameInMessages(modelsDir, indexFile);
  const shardOf = readWeightMap(readModelJson(modelsDir, indexFile), source);
  const shards = new Map<string, TensorIndex>();
  for (const shard of new Set(shardOf.values())) {
    shards.set(shard, openSafetensors(modelsDir, path.join(path.dirname(indexFile), shard)));
  }
  const ranges = new Map<string, TensorRange>();
  for (const [name, shard] of shardOf) ranges.set(name, rangeInShard(name, shards.get(shard)!, source));
  refuseUnlisted(shards.values(), ranges, source);
  return { source, get: (name) => ranges.get(name), names: () => ranges.keys() };
}

function readWeightMap(index: Readonly<Record<string, unknown>>, source: string): Map<string, string> {
  const map = index.weight_map;
  if (!isRecord(map))
    throw new DarkroomError('weights_invalid', `${source}: has no weight_map object`, { file: source });
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard === 'string' && SHARD_NAME.test(shard)) continue;
    const found = JSON.stringify(shard);
    throw new DarkroomError(
      'weights_invalid',
      `${source}: ${name} lies in ${found}, expected the plain name of a .safetensors file`,
    );
  }
  return new Map(Object.entries(map as Record<string, string>));
}

function rangeInShard(name: string, shard: TensorIndex, source: string): TensorRange {
  const range = shard.get(name);
  if (range !== undefined) return range;
  throw new DarkroomError('weights_invalid', `${source}: ${name} is said to lie in ${shard.source}, but does not`);
}

/** A tensor the list does not know, or knows in another shard, means that files of two downloads are mixed. */
function refuseUnlisted(shards: Iterable<TensorIndex>, ranges: ReadonlyMap<string, TensorRange>, source: string): void {
  for (const shard of shards) {
    for (const name of shard.names()) {
      if (ranges.get(name) === shard.get(name)) continue;
      throw new DarkroomError('weights_invalid', `${source}: ${shard.source} holds ${name}, which is not listed there`);
    }
  }
}
