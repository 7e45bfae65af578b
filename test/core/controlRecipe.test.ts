// Controls in recipes: written as the ControlNet extension of A1111 writes its units, read from its own texts of several years and from ours.
import { describe, expect, test } from 'vitest';
import type { ControlCard, ControlUse } from '../../src/core/control.ts';
import { parseRecipe, recipeText } from '../../src/core/recipe.ts';
import { type Here, recipeHere } from '../../src/core/recipeHere.ts';
import { DEFAULT_LIMITS, type ModelCard, type ResolvedRequest } from '../../src/core/request.ts';
import { draftOf, resolveRequest } from '../../src/core/resolve.ts';

const picture = { sha256: 'ab'.repeat(32) };
const other = { sha256: 'cd'.repeat(32) };
const network = (
  name: string,
  kinds: ControlCard['kinds'],
  hash: string,
  more: Partial<ControlCard> = {},
): ControlCard => ({
  name,
  network: 'controlnet',
  kinds,
  family: 'Stable Diffusion 1.x',
  fits: ['house'],
  hash,
  sizeBytes: 1,
  ...more,
});
const card: ModelCard = {
  name: 'house',
  family: 'sd1',
  defaults: {
    size: { widthPx: 64, heightPx: 64 },
    steps: 9,
    guidance: 5,
    sampler: 'ddim',
    strength: 0.7,
    style: null,
  },
  styles: {},
  sizeStepPx: 8,
  controls: [
    network('control_v11p_sd15_canny', ['canny'], 'd14c016b'),
    network('my depth, new', ['depth'], '01234567', { strength: 0.5 }),
    network('anything', [], '89abcdef'),
    network('xl', ['canny'], 'fedcba98', { fits: ['big'], family: 'SDXL' }),
  ],
};

const resolve = (draft: Omit<Parameters<typeof resolveRequest>[0], 'prompt'>): ResolvedRequest =>
  resolveRequest({ prompt: 'a house', ...draft }, card, DEFAULT_LIMITS, 3);

describe('a request', () => {
  test('takes the network of the kind, its own strength, and the start picture where none is said', () => {
    const { controls } = resolve({
      initImage: other,
      controls: [
        { kind: 'canny', image: picture, strength: 0, start: 0.25 },
        { kind: 'depth' },
        { kind: 'pose', guess: true },
      ],
    });
    expect(controls).toEqual([
      {
        kind: 'canny',
        image: picture,
        model: 'control_v11p_sd15_canny',
        hash: 'd14c016b',
        strength: 0,
        start: 0.25,
        end: 1,
      },
      { kind: 'depth', image: other, model: 'my depth, new', hash: '01234567', strength: 0.5, start: 0, end: 1 },
      { kind: 'pose', image: other, model: 'anything', hash: '89abcdef', strength: 1, start: 0, end: 1, guess: true },
    ]);
  });

  test('resolves to itself again', () => {
    const request = resolve({ controls: [{ kind: 'tile', image: picture, ready: true, guess: true, end: 0.5 }] });
    expect(resolveRequest(draftOf(request), card, DEFAULT_LIMITS, 99).controls).toEqual(request.controls);
  });

  test.each([
    [{ kind: 'canny' as const }, /control image/],
    [
      { kind: 'canny' as const, image: picture, strength: 2.1 },
      /control strength: found 2.1, expected a number from 0 to 2/,
    ],
    [{ kind: 'canny' as const, image: picture, start: 0.5, end: 0.5 }, /control end/],
    [
      { kind: 'canny' as const, image: picture, model: 'xl' },
      /one that fits house, Stable Diffusion 1.x; this one is for SDXL/,
    ],
    [{ kind: 'canny' as const, image: picture, model: 'gone' }, /control model: found gone/],
    [{ kind: 'canny' as const, image: { sha256: '../x' } }, /64 lower-case/],
  ])('%o is refused', (wish, words) => {
    expect(() => resolve({ controls: [wish] })).toThrow(words);
  });

  test('a picture that is only enlarged follows nothing', () => {
    const upscale = { from: { widthPx: 64, heightPx: 64 } };
    expect(resolve({ initImage: picture, upscale, controls: [{ kind: 'canny' }] }).controls).toBeUndefined();
  });
});

const uses: readonly ControlUse[] = [
  {
    kind: 'canny',
    image: picture,
    model: 'control_v11p_sd15_canny',
    hash: 'd14c016b',
    strength: 0.8,
    start: 0.2,
    end: 0.75,
    guess: true,
  },
  { kind: 'silhouette', image: other, model: 'anything', hash: '89abcdef', strength: 1, start: 0, end: 1 },
  { kind: 'tile', image: other, ready: true, model: 'anything', hash: '89abcdef', strength: 1, start: 0, end: 1 },
];
const request: ResolvedRequest = { ...resolve({}), controls: uses };
const text = recipeText(request, 3, { name: 'house' });
const here: Here = {
  cards: [card],
  defaultModel: 'house',
  limits: DEFAULT_LIMITS,
  hashes: { modelOf: () => undefined, hashOf: () => undefined },
  hasStart: () => true,
};

describe('a recipe', () => {
  test('names a control as A1111 does', () => {
    expect(text).toContain(
      'ControlNet 0: "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, Resize Mode: Crop and Resize, ' +
        'Guidance Start: 0.2, Guidance End: 0.75, Pixel Perfect: True, Control Mode: ControlNet is more important"',
    );
    expect(text).toContain(`ControlNet 1 kind: silhouette, ControlNet 1 image: ${other.sha256}`);
  });

  test('of ours makes the same request again', () => {
    const { draft, differences } = recipeHere(parseRecipe(text), here);
    expect(differences).toEqual([]);
    expect(resolveRequest(draft, card, DEFAULT_LIMITS, 99)).toEqual(request);
  });

  test.each([
    [
      'of 2024',
      '"Module: depth_midas, Model: control_v11f1p_sd15_depth [cfd03158], Weight: 1.0, Resize Mode: Crop and Resize, Processor Res: 512, ' +
        'Threshold A: 0.5, Threshold B: 0.5, Guidance Start: 0.0, Guidance End: 0.6, Pixel Perfect: False, Control Mode: Balanced, Hr Option: Both"',
      { kind: 'depth', model: 'control_v11f1p_sd15_depth', strength: 1, start: 0, end: 0.6 },
    ],
    [
      'of 2023',
      '"preprocessor: canny, model: control_canny-fp16 [e3fe7712], weight: 0.9, starting/ending: (0.1, 1), resize mode: Crop and Resize, ' +
        'pixel perfect: False, control mode: ControlNet is more important, preprocessor params: (512, 100, 200)"',
      { kind: 'canny', model: 'control_canny-fp16', strength: 0.9, start: 0.1, end: 1, guess: true },
    ],
    [
      'with a map that was made elsewhere',
      '"Module: none, Model: t2iadapter_sketch_sd15v2 [1745b9c1], Weight: 1, Guidance Start: 0, Guidance End: 1"',
      { kind: 'scribble', ready: true, model: 't2iadapter_sketch_sd15v2', strength: 1, start: 0, end: 1 },
    ],
    ['without a network', '"Module: canny, Model: None, Weight: 1"', undefined],
    ['that is damaged', '"Module: , Weight: x, ::,"', undefined],
  ])('of A1111 %s', (_, unit, wish) => {
    const recipe = parseRecipe(
      `a house\nSteps: 9, Sampler: DDIM, CFG scale: 5, Seed: 3, Size: 64x64, ControlNet 0: ${unit}, Version: v1.9`,
    );
    expect(recipe.draft.controls?.[0]).toEqual(wish);
  });

  test('finds networks by their hash, and says which units cannot be followed here', () => {
    const renamed = text
      .replaceAll('control_v11p_sd15_canny', 'old name')
      .replace('anything [89abcdef]', 'nowhere [00000000]');
    const { draft, differences } = recipeHere(parseRecipe(renamed), here);
    expect(draft.controls?.map(({ model }) => model)).toEqual(['control_v11p_sd15_canny', 'anything']);
    expect(differences).toEqual([
      { kind: 'fields', names: ['ControlNet 1', 'ControlNet 1 kind', 'ControlNet 1 image'] },
    ]);
    const alone = recipeHere(parseRecipe(text), { ...here, hasStart: () => false });
    expect(alone.draft.controls).toBeUndefined();
    expect(alone.differences[0]).toMatchObject({ kind: 'fields' });
  });
});
