// The classifier of pictures under models/safety: a folder with config.json and model.safetensors. One at most; without any, pictures are
// made all the same and nobody judges them.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';
import type { Part } from './modelFolder.ts';
import { openSafetensors } from './safetensors.ts';

/** Folder under models/. */
export const SAFETY_FOLDER = 'safety';

export interface Classifier {
  /** Of its folder. */
  readonly name: string;
  readonly part: Part;
}

export interface ClassifierScan {
  readonly classifier: Classifier | null;
  /** Named from the models folder on. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** The first by name that can be read; none where there is no such folder. */
export function scanClassifier(modelsDir: string): ClassifierScan {
  const refused: { name: string; reason: string }[] = [];
  let classifier: Classifier | null = null;
  for (const name of foldersIn(path.join(modelsDir, SAFETY_FOLDER))) {
    try {
      const found = readClassifier(modelsDir, path.join(modelsDir, SAFETY_FOLDER, name));
      if (classifier !== null) throw second(found.name, classifier.name);
      classifier = found;
    } catch (thrown) {
      const { message } = toDarkroomError(thrown, 'weights_invalid');
      refused.push({ name: `${SAFETY_FOLDER}/${name}`, reason: message });
    }
  }
  return { classifier, refused };
}

function foldersIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted();
}

/** @throws model_missing, weights_invalid, model_unsupported; the message names the file */
export function readClassifier(modelsDir: string, folder: string): Classifier {
  const configFile = path.join(folder, 'config.json');
  const config = readModelJson(modelsDir, configFile);
  if (config._class_name !== CLASSIFIER_CLASS) {
    const found = `_class_name is ${JSON.stringify(config._class_name)}, expected ${JSON.stringify(CLASSIFIER_CLASS)}`;
    throw new DarkroomError('model_unsupported', `${nameInMessages(modelsDir, configFile)}: ${found}`);
  }
  const tensors = openSafetensors(modelsDir, path.join(folder, 'model.safetensors'));
  return { name: path.basename(folder), part: { config, tensors } };
}

/** In config.json: the network that src/networks/mobileNet.ts builds. */
const CLASSIFIER_CLASS = 'MobileNetV2Classifier';

function second(found: string, used: string): DarkroomError {
  return new DarkroomError('model_unsupported', `${SAFETY_FOLDER}/${found}: ${used} is used already, expected one`);
}
