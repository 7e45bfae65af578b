// The shipped classifier against nsfwjs itself (test/golden/classifier/make_classifier.mjs), from picture files to scores.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PICTURE_CLASSES, type PictureScores } from '../../src/core/pictureJudgement.ts';
import { classifierPixels } from '../../src/image/classifierPixels.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { ROOT } from '../../src/root.ts';
import { openClassifier } from '../../src/runtime/classifier.ts';
import { scanClassifier } from '../../src/weights/classifier.ts';

const GOLDEN = path.join(ROOT, 'test/golden/classifier');
const wanted: Record<string, PictureScores> = JSON.parse(readFileSync(path.join(GOLDEN, 'scores.json'), 'utf8'));
const { classifier, refused } = scanClassifier(path.join(ROOT, 'models'));
const open = openClassifier(classifier!, 1);
afterAll(() => open.close());

async function seen(name: string): Promise<Float32Array> {
  const pixels = await decodeWhole(readFileSync(path.join(GOLDEN, `${name}.png`)), 4096);
  return classifierPixels(pixels, open.sidePx);
}

/** The largest difference of any share. */
function apart(a: PictureScores, b: PictureScores): number {
  return Math.max(...PICTURE_CLASSES.map((one) => Math.abs(a[one] - b[one])));
}

describe('the shipped classifier', () => {
  test('is there', () => {
    expect(refused).toEqual([]);
    expect(classifier?.name).toBe('nsfwjs');
  });

  test.each(Object.keys(wanted))('%s', async (name) => {
    const [scores] = await open.scores([await seen(name)]);
    expect(Object.keys(scores!)).toEqual([...PICTURE_CLASSES]);
    expect(apart(scores!, wanted[name]!)).toBeLessThan(1e-4);
  });

  test('several pictures answer as each alone, in order', async () => {
    const names = ['gradient', 'emoji_large', 'skin_colour'];
    const scores = await open.scores(await Promise.all(names.map(seen)));
    expect(scores.map((one, at) => apart(one, wanted[names[at]!]!) < 1e-4)).toEqual([true, true, true]);
  });

  test('calls at the same time do not mix their pictures', async () => {
    const names = ['house', 'noise', 'dot', 'lines'];
    const pictures = await Promise.all(names.map(seen));
    const answers = await Promise.all(pictures.map((picture) => open.scores([picture])));
    for (const [at, [scores]] of answers.entries()) expect(apart(scores!, wanted[names[at]!]!)).toBeLessThan(1e-4);
  });

  test('answers again after it was closed', async () => {
    await open.close();
    const [scores] = await open.scores([await seen('face')]);
    expect(apart(scores!, wanted.face!)).toBeLessThan(1e-4);
  });
});
