// The safety checker of a diffusers folder: CLIP's image encoder, forbidden concepts with a threshold each, and what prepares its pictures.
// @source diffusers 0.42 pipelines/stable_diffusion/safety_checker.py; transformers 5.23 CLIPImageProcessor (preprocessor_config.json)
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Concepts } from '../core/concepts.ts';
import { DarkroomError } from '../errors.ts';
import type { ClipPreparation } from '../image/clipPixels.ts';
import { isRecord, nameInMessages, readModelJson } from './modelFiles.ts';
import type { Part } from './modelFolder.ts';
import { openPartWeights } from './partWeights.ts';
import { readNumbers } from './tensorNumbers.ts';
import { renameTensors, type TensorIndex } from './tensors.ts';

/** Folder inside a model's. */
export const SAFETY_CHECKER_FOLDER = 'safety_checker';

export interface SafetyCheckerFiles {
  /** For buildClipVision: its config, and its tensors without the prefixes of the modules around it. */
  readonly vision: Part;
  readonly concepts: Concepts;
  readonly preparation: ClipPreparation;
}

/** Which of the file's tensors are the network's; the others are read here. Positions are 0, 1, 2 … in every file. */
export function isVisionTensor(name: string): boolean {
  return !/(^|_)embeds(_weights)?$|position_ids$|^logit_scale$/.test(name);
}

/** @param folder absolute, of the whole model. @returns null where it has none. @throws weights_invalid, model_missing, model_unsupported */
export function readSafetyChecker(modelsDir: string, folder: string): SafetyCheckerFiles | null {
  const place = path.join(folder, SAFETY_CHECKER_FOLDER);
  if (!existsSync(path.join(place, 'config.json'))) return null;
  const config = readModelJson(modelsDir, path.join(place, 'config.json'));
  const tensors = renameTensors(openPartWeights(modelsDir, place, 'model'), withoutPrefix);
  const vision = isRecord(config.vision_config) ? config.vision_config : {};
  const projection = config.projection_dim ?? 512;
  return {
    vision: { config: { ...vision, projection_dim: projection }, tensors },
    concepts: readConcepts(modelsDir, tensors, Number(projection)),
    preparation: readPreparation(modelsDir, path.join(folder, 'feature_extractor', 'preprocessor_config.json')),
  };
}

/** Once inside the checker, and in older files once more inside CLIPVisionModel. */
function withoutPrefix(name: string): string {
  return name.replace(/^(vision_model\.)+/, '');
}

function readConcepts(modelsDir: string, tensors: TensorIndex, width: number): Concepts {
  const rows = (name: string) => {
    const numbers = readTensor(modelsDir, tensors, name, [null, width]);
    return Array.from({ length: numbers.length / width }, (_, row) => numbers.subarray(row * width, (row + 1) * width));
  };
  const [forbidden, special] = [rows('concept_embeds'), rows('special_care_embeds')];
  return {
    forbidden,
    thresholds: [...readTensor(modelsDir, tensors, 'concept_embeds_weights', [forbidden.length])],
    special,
    specialThresholds: [...readTensor(modelsDir, tensors, 'special_care_embeds_weights', [special.length])],
  };
}

/** @param expected null is any length */
function readTensor(
  modelsDir: string,
  tensors: TensorIndex,
  name: string,
  expected: readonly (number | null)[],
): Float32Array {
  const range = tensors.get(name);
  const shape = range?.shape ?? [];
  const fits = shape.length === expected.length && shape.every((length, axis) => length === (expected[axis] ?? length));
  if (range !== undefined && fits) return readNumbers(modelsDir, range);
  const found = range === undefined ? 'is missing' : `has shape [${shape}]`;
  const wanted = expected.map((length) => length ?? 'any').join(',');
  throw new DarkroomError('weights_invalid', `${tensors.source}: ${name} ${found}, expected [${wanted}]`);
}

/** What CLIP's processor does when nobody says otherwise. @source transformers OPENAI_CLIP_MEAN and OPENAI_CLIP_STD */
const CLIP: ClipPreparation = {
  shorterPx: 224,
  cropPx: 224,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};
/** Pillow's number of the only resizing that is computed here. */
const BICUBIC = 3;

function readPreparation(modelsDir: string, file: string): ClipPreparation {
  if (!existsSync(file)) return CLIP;
  const config = readModelJson(modelsDir, file);
  const refuse = (field: string, expected: string): never => {
    const found = `${field} is ${JSON.stringify(config[field])}, expected ${expected}`;
    throw new DarkroomError('model_unsupported', `${nameInMessages(modelsDir, file)}: ${found}`);
  };
  for (const step of ['do_resize', 'do_center_crop', 'do_rescale', 'do_normalize']) {
    if ((config[step] ?? true) !== true) refuse(step, 'true');
  }
  if ((config.resample ?? BICUBIC) !== BICUBIC) refuse('resample', `${BICUBIC}, bicubic`);
  const side = (field: string, key: string, fallback: number) => {
    const value = config[field] ?? fallback;
    const px = isRecord(value) ? value[key] : value;
    const isSquare = !isRecord(value) || value.width === value.height;
    return Number.isInteger(px) && (px as number) > 0 && isSquare
      ? (px as number)
      : refuse(field, 'a number of pixels');
  };
  const colours = (field: string, fallback: readonly number[]) => {
    const value = config[field] ?? fallback;
    const isRight = Array.isArray(value) && value.length === 3 && value.every((one) => typeof one === 'number');
    return isRight ? (value as readonly number[]) : refuse(field, 'three numbers');
  };
  const [shorterPx, cropPx] = [side('size', 'shortest_edge', CLIP.shorterPx), side('crop_size', 'height', CLIP.cropPx)];
  if (cropPx > shorterPx) refuse('crop_size', `at most ${shorterPx}, the shortest edge`);
  return { shorterPx, cropPx, mean: colours('image_mean', CLIP.mean), std: colours('image_std', CLIP.std) };
}
