// How a picture is drawn: what people may say of it, what it resolves to, and how it goes through recipes, ours and others'.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Drawing } from '../../src/core/drawing.ts';
import { LATENT_UPSCALERS } from '../../src/core/hires.ts';
import { requestOfImage } from '../../src/core/noise.ts';
import { readPrompt } from '../../src/core/promptFlags.ts';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';

const CARD: ModelCard = {
  name: 'm',
  family: 'sd1',
  defaults: {
    size: { widthPx: 96, heightPx: 64 },
    steps: 20,
    guidance: 7,
    sampler: 'euler_a',
    strength: 0.7,
    style: null,
  },
  styles: {},
  sizeStepPx: 16,
};
const UPSCALERS = [{ name: 'RealESRGAN_x4plus', scale: 4 }];
const RANDOM_SEED = 77;

const resolve = (draft: Partial<RequestDraft>) =>
  resolveRequest({ prompt: 'fox', ...draft }, CARD, DEFAULT_LIMITS, RANDOM_SEED, UPSCALERS);

describe('options in a prompt', () => {
  test.each<[string, Partial<RequestDraft>]>([
    ['--rng GPU', { noiseSource: 'gpu' }],
    ['--ensd -31337', { noiseSeedDelta: -31337 }],
    ['--variation 5:0.2', { variation: { seed: 5, strength: 0.2 } }],
    ['--variation .25', { variation: { strength: 0.25 } }],
    ['--hires 1.5x', { hires: { scale: 1.5 } }],
    [
      '--hires-steps 10 --hires 2 --hires-denoise .5 --hires-upscaler lanczos',
      { hires: { steps: 10, scale: 2, denoise: 0.5, upscaler: 'lanczos' } },
    ],
    ['--tile', { tile: true }],
    ['--tile --seed 5', { tile: true, seed: 5 }],
  ])('%s', (flags, expected) => {
    expect(readPrompt(`a fox ${flags}`)).toEqual({ prompt: 'a fox', ...expected });
  });

  test.each([
    ['--rng nvidia', '--rng: found nvidia, expected one of cpu, gpu'],
    ['--variation 5:', 'expected something such as 5:0.2'],
    ['--variation five', 'expected something such as 5:0.2'],
    ['--hires big', '--hires: found big, expected a number'],
    ['--variation', '"--variation 5:0.2"'],
  ])('%s is refused', (flags, message) => {
    expect(() => readPrompt(`a fox ${flags}`)).toThrow(message);
  });
});

describe('resolving', () => {
  test('nothing is added where nothing is asked for', () => {
    const request = resolve({ noiseSource: 'cpu', noiseSeedDelta: 0, tile: false });
    for (const field of ['noiseSource', 'noiseSeedDelta', 'variation', 'hires', 'tile']) {
      expect(request).not.toHaveProperty(field);
    }
  });

  test('a second pass takes the first one’s steps and rounds its sides down to what the model makes', () => {
    expect(resolve({ hires: { scale: 1.4 } }).hires).toEqual({
      scale: 1.4,
      steps: 20,
      denoise: 0.7,
      upscaler: 'latent',
      size: { widthPx: 128, heightPx: 80 },
    });
    expect(resolve({ hires: { scale: 1.5, steps: 0, upscaler: 'Latent-Nearest' } }).hires).toMatchObject({
      steps: 20,
      upscaler: 'latent_nearest',
      size: { widthPx: 144, heightPx: 96 },
    });
    expect(resolve({ hires: { upscaler: 'RealESRGAN_x4plus' } }).hires?.upscaler).toBe('RealESRGAN_x4plus');
  });

  test('a variation without a seed gets another one than the picture', () => {
    expect(resolve({ variation: { strength: 0.1 } })).toMatchObject({ seed: 77, variation: { seed: 78 } });
    expect(resolve({ seed: 5, variation: { strength: 0.1 } })).toMatchObject({ seed: 5, variation: { seed: 77 } });
  });

  test.each<[Partial<RequestDraft>, string]>([
    [{ hires: { scale: 11 } }, 'hires: found 11, expected a number from 1 to 4'],
    [{ size: { widthPx: 512, heightPx: 512 }, hires: { scale: 2.5 } }, 'expected a number from 1 to 2'],
    [{ hires: { scale: 1.01 } }, 'enough for 16 px more on a side'],
    [{ hires: { denoise: 0 } }, 'hires denoise: found 0, expected a number from 0.05 to 1'],
    [{ hires: { steps: 151 } }, 'hires steps: found 151, expected a whole number from 1 to 150'],
    [{ hires: { upscaler: '4x_foolhardy' } }, 'latent_nearest_exact, lanczos, RealESRGAN_x4plus'],
    [{ hires: {}, initImage: { sha256: 'a'.repeat(64) } }, 'expected no start picture'],
    [{ variation: { strength: 1.5 } }, 'variation: found 1.5, expected a number from 0 to 1'],
    [{ variation: { strength: 0.1, seed: 2 ** 32 } }, 'variation seed: found 4294967296'],
    [{ variation: { strength: 0.1, resizeFrom: { widthPx: 9000, heightPx: 8 } } }, 'variation size: found 9000'],
    [{ noiseSeedDelta: 0.5 }, 'ensd: found 0.5'],
  ])('%o is refused', (draft, message) => {
    expect(() => resolve(draft)).toThrow(message);
  });

  test('what is enlarged after a second pass is judged by the larger picture', () => {
    const size = { widthPx: 512, heightPx: 512 };
    expect(() => resolve({ size, hires: { scale: 2 }, upscale: { scale: 5 } })).toThrow('from 1 to 4');
    expect(resolve({ size, upscale: { scale: 5 } }).upscale?.scale).toBe(5);
  });
});

test('pictures of a request count their seeds up; variations of one seed count the other', () => {
  expect(requestOfImage(resolve({ seed: 2 ** 32 - 1 }), 1)).toMatchObject({ seed: 0 });
  const varied = requestOfImage(resolve({ seed: 9, variation: { seed: 2 ** 32 - 1, strength: 0.1 } }), 1);
  expect(varied).toMatchObject({ seed: 9, variation: { seed: 0, strength: 0.1 } });
});

const drawings: fc.Arbitrary<Partial<RequestDraft>> = fc.record(
  {
    noiseSource: fc.constantFrom('cpu' as const, 'gpu' as const),
    noiseSeedDelta: fc.integer({ min: -40_000, max: 40_000 }),
    variation: fc.record(
      {
        seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        strength: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
        resizeFrom: fc.record({
          widthPx: fc.integer({ min: 8, max: 512 }),
          heightPx: fc.integer({ min: 8, max: 512 }),
        }),
      },
      { requiredKeys: ['strength'] },
    ),
    hires: fc.record(
      {
        scale: fc.integer({ min: 150, max: 400 }).map((percent) => percent / 100),
        steps: fc.integer({ min: 1, max: 150 }),
        denoise: fc.integer({ min: 5, max: 100 }).map((percent) => percent / 100),
        upscaler: fc.constantFrom(...LATENT_UPSCALERS, 'lanczos', 'RealESRGAN_x4plus'),
      },
      { requiredKeys: [] },
    ),
    tile: fc.boolean(),
  },
  { requiredKeys: [] },
);
const drawingIn = ({ noiseSource, noiseSeedDelta, variation, hires, tile }: Drawing): Drawing => ({
  noiseSource,
  noiseSeedDelta,
  variation,
  hires,
  tile,
});

test('resolved, turned into a draft and resolved again, or written and read: the same', () => {
  fc.assert(
    fc.property(drawings, (draft) => {
      const request = resolve(draft);
      expect(drawingIn(resolve(draftOf(request)))).toEqual(drawingIn(request));
      const { draft: read } = parseRecipe(recipeText(request, request.seed, { name: 'm' }));
      expect(drawingIn(resolve(read))).toEqual(drawingIn(request));
    }),
  );
});

describe('recipes of AUTOMATIC1111', () => {
  const read = (fields: string) => parseRecipe(`a fox\nSteps: 20, Sampler: Euler a, Seed: 5, ${fields}`).draft;

  test('silence about the noise is the graphics card’s', () => {
    expect(read('Size: 512x512, Version: v1.9.4').noiseSource).toBe('gpu');
    expect(read('Size: 512x512').noiseSource).toBe('gpu');
    expect(read('RNG: NV, Version: v1.9.4').noiseSource).toBe('gpu');
    expect(read('RNG: CPU, Version: v1.9.4').noiseSource).toBeUndefined();
    expect(read('Version: ComfyUI').noiseSource).toBeUndefined();
  });

  test('a second pass', () => {
    const draft = read(
      'Size: 512x768, Denoising strength: 0.45, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent (nearest-exact)',
    );
    expect(draft.hires).toEqual({ scale: 1.5, steps: 12, denoise: 0.45, upscaler: 'latent_nearest_exact' });
    expect(draft.strength).toBeUndefined();
    expect(read('Size: 512x768, Hires resize: 768x1152, Hires upscaler: 4x-UltraSharp').hires).toEqual({
      scale: 1.5,
      upscaler: 'lanczos',
    });
    expect(read('Size: 512x768, Denoising strength: 0.45')).toMatchObject({ strength: 0.45 });
  });

  test('variations, eta noise seed delta, tiling', () => {
    expect(
      read('Variation seed: 12, Variation seed strength: 0.15, Seed resize from: 512x704, ENSD: 31337, Tiling: True'),
    ).toMatchObject({
      variation: { seed: 12, strength: 0.15, resizeFrom: { widthPx: 512, heightPx: 704 } },
      noiseSeedDelta: 31337,
      tile: true,
    });
  });
});
