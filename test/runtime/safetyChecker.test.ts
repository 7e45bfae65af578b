// A model's safety checker against diffusers' own (test/golden/safety/make_safety.py): cosines, and which pictures are flagged.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { cosine } from '../../src/core/concepts.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { ROOT } from '../../src/root.ts';
import { openSafetyChecker } from '../../src/runtime/safetyChecker.ts';
import { readSafetyChecker } from '../../src/weights/safetyChecker.ts';

const GOLDEN = path.join(ROOT, 'test/golden/safety');
const PICTURES = path.join(ROOT, 'test/golden/classifier');

interface Recorded {
  readonly concept: readonly number[];
  readonly special: readonly number[];
  readonly flagged: boolean;
}

const recorded: Record<string, Recorded> = JSON.parse(readFileSync(path.join(GOLDEN, 'scores.json'), 'utf8'));
const files = readSafetyChecker(GOLDEN, GOLDEN)!;
const checkers = (['cpu', 'dml', 'coreml'] as const).map((provider) => ({ provider, threads: 1 }));
const open = openSafetyChecker(files, checkers[0]!);
afterAll(() => open.close());

const pixelsOf = async (name: string) => decodeWhole(readFileSync(path.join(PICTURES, `${name}.png`)), 4096);

describe('the safety checker', () => {
  test.each(Object.entries(recorded))('%s', async (name, { concept, special, flagged }) => {
    const pixels = await pixelsOf(name);
    const vector = await open.embedding(pixels);
    for (const [at, wanted] of concept.entries()) {
      expect(Math.abs(cosine(vector, files.concepts.forbidden[at]!) - wanted)).toBeLessThan(1e-4);
    }
    for (const [at, wanted] of special.entries()) {
      expect(Math.abs(cosine(vector, files.concepts.special[at]!) - wanted)).toBeLessThan(1e-4);
    }
    expect((await open.concept(pixels)) > 0).toBe(flagged);
  });

  test('the golden pictures are of both kinds', () => {
    const flagged = Object.values(recorded).filter((one) => one.flagged).length;
    expect(flagged).toBeGreaterThan(2);
    expect(Object.keys(recorded).length - flagged).toBeGreaterThan(2);
  });

  test.each(checkers)('can be built for $provider', (settings) => {
    expect(() => openSafetyChecker(files, settings)).not.toThrow();
  });

  test('a feature extractor for another network is refused', () => {
    const other = { ...files, preparation: { ...files.preparation, shorterPx: 56, cropPx: 56 } };
    const message = 'takes 42x42 pixels, found a feature extractor that cuts out 56';
    expect(() => openSafetyChecker(other, checkers[0]!)).toThrow(message);
  });
});
