// What a safety checker's folder may look like, and what is refused with the reason.
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { readSafetyChecker } from '../../src/weights/safetyChecker.ts';
import { modelsFolder, putFile } from './makeSafetensors.ts';

const GOLDEN = path.join(ROOT, 'test/golden/safety');
const EXTRACTOR = 'sd/feature_extractor/preprocessor_config.json';

function folderWith(extractor: object | null): string {
  const models = modelsFolder({ 'sd/model_index.json': {} });
  cpSync(path.join(GOLDEN, 'safety_checker'), path.join(models, 'sd/safety_checker'), { recursive: true });
  if (extractor !== null) putFile(models, EXTRACTOR, extractor);
  return models;
}

const read = (models: string) => readSafetyChecker(models, path.join(models, 'sd'));

test('a folder without one has none', () => {
  expect(read(modelsFolder({ 'sd/model_index.json': {} }))).toBeNull();
});

describe('tensors', () => {
  test('today’s names and those of the published checkers are the same', () => {
    const models = folderWith(null);
    const file = 'sd/safety_checker/model.safetensors';
    const before = read(models)!;
    const bytes = readFileSync(path.join(models, file));
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    const renamed = Object.fromEntries(
      Object.entries(header).map(([name, entry]) => [
        name.replace(/^vision_model\./, 'vision_model.vision_model.'),
        entry,
      ]),
    );
    const text = Buffer.from(JSON.stringify(renamed));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
    putFile(models, file, Buffer.concat([length, text, data]));
    const after = read(models)!;
    expect([...after.vision.tensors.names()].toSorted()).toEqual([...before.vision.tensors.names()].toSorted());
    expect(after.concepts).toEqual(before.concepts);
  });

  test('seventeen concepts and three special ones, each with a threshold', () => {
    const { concepts } = read(folderWith(null))!;
    expect(concepts.forbidden.map((one) => one.length)).toEqual(new Array(17).fill(24));
    expect([concepts.thresholds.length, concepts.special.length, concepts.specialThresholds.length]).toEqual([
      17, 3, 3,
    ]);
  });

  test('concepts of another width are refused', () => {
    const models = folderWith(null);
    putFile(models, 'sd/safety_checker/config.json', { projection_dim: 16, vision_config: {} });
    expect(() => read(models)).toThrow('concept_embeds has shape [17,24], expected [any,16]');
  });
});

describe('the feature extractor', () => {
  test('CLIP’s own where there is none, old and new spellings of sizes', () => {
    expect(read(folderWith(null))!.preparation).toMatchObject({ shorterPx: 224, cropPx: 224 });
    expect(read(folderWith({ size: 50, crop_size: 42 }))!.preparation).toMatchObject({ shorterPx: 50, cropPx: 42 });
    const sizes = { size: { shortest_edge: 50 }, crop_size: { height: 42, width: 42 } };
    expect(read(folderWith(sizes))!.preparation).toMatchObject({ shorterPx: 50, cropPx: 42 });
  });

  test.each([
    [{ resample: 2 }, 'resample is 2, expected 3, bicubic'],
    [{ do_center_crop: false }, 'do_center_crop is false, expected true'],
    [{ size: { height: 224, width: 224 } }, 'size is {"height":224,"width":224}, expected a number of pixels'],
    [{ crop_size: { height: 224, width: 200 } }, 'crop_size is {"height":224,"width":200}, expected a number'],
    [{ size: 100 }, 'crop_size is undefined, expected at most 100'],
    [{ image_mean: [0.5] }, 'image_mean is [0.5], expected three numbers'],
  ])('%j is refused', (extractor, message) => {
    expect(() => read(folderWith(extractor))).toThrow(`${EXTRACTOR}: ${message}`);
  });
});
