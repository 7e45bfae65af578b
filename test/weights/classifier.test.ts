// Folders under models/safety: the first that can be read is used, what is wrong is told, none is fine.
import { cpSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { scanClassifier } from '../../src/weights/classifier.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { modelsFolder, putFile } from './makeSafetensors.ts';

const SHIPPED = path.join(ROOT, 'models/safety/nsfwjs');

test('without the folder there is none, and nothing is wrong', () => {
  expect(scanClassifier(modelsFolder({}))).toEqual({ classifier: null, refused: [] });
  expect(scanClassifier(modelsFolder({ 'safety/notes.txt': 'nothing' }))).toEqual({ classifier: null, refused: [] });
});

test('what is wrong with a folder is told by name, and the next one is used', () => {
  const models = modelsFolder({
    'safety/a/config.json': { _class_name: 'InceptionV3' },
    'safety/b/config.json': { _class_name: 'MobileNetV2Classifier' },
    'safety/c/readme.txt': 'later',
  });
  for (const name of ['d', 'e']) cpSync(SHIPPED, path.join(models, 'safety', name), { recursive: true });
  const { classifier, refused } = scanClassifier(models);
  expect(classifier?.name).toBe('d');
  expect(refused).toEqual([
    {
      name: 'safety/a',
      reason: 'safety/a/config.json: _class_name is "InceptionV3", expected "MobileNetV2Classifier"',
    },
    { name: 'safety/b', reason: 'safety/b/model.safetensors: there is no such file' },
    { name: 'safety/c', reason: 'safety/c/config.json: there is no such file' },
    { name: 'safety/e', reason: 'safety/e: d is used already, expected one' },
  ]);
});

test('it is no model', () => {
  const models = modelsFolder({});
  cpSync(SHIPPED, path.join(models, 'safety/nsfwjs'), { recursive: true });
  putFile(models, 'safety/more/config.json', {});
  expect(scanModels(models)).toMatchObject({ cards: [], refused: [] });
});
