// What a pipeline asks of control networks, and when, with networks made up here; the numbers themselves are held to diffusers' in e2e/controls.
import { describe, expect, test } from 'vitest';
import type { Answer, Ask, Latents, UnetRow } from '../../src/diffusion/asks.ts';
import type { PictureControl } from '../../src/diffusion/controls.ts';
import { drive } from '../../src/diffusion/drive.ts';
import type { ModelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';

const facts: ModelFacts = { scheduler: DEFAULT_SCHEDULER, latentChannels: 4, pixelsPerLatent: 8, scalingFactor: 1 };
const map = { height: 16, width: 24, data: new Float32Array(3 * 16 * 24) };
const filled = (value: number, channels = 2): Latents => ({
  channels,
  height: 2,
  width: 3,
  data: new Float32Array(channels * 6).fill(value),
});

const control: PictureControl = {
  name: 'a',
  network: 'controlnet',
  isPooled: false,
  strength: 0.5,
  start: 0,
  end: 1,
  guess: false,
  map,
};

const request: PictureRequest = {
  prompt: 'x',
  negativePrompt: 'y',
  size: { widthPx: 24, heightPx: 16 },
  steps: 4,
  guidance: 3,
  seed: 1,
  sampler: 'ddim',
  start: null,
};

interface Seen {
  readonly asks: string[];
  readonly rows: (readonly UnetRow[])[];
}

async function run(
  controls: readonly PictureControl[],
  more: Partial<PictureRequest> = {},
  model = facts,
): Promise<Seen> {
  const seen: Seen = { asks: [], rows: [] };
  await drive(developPicture({ ...request, ...more, controls }, model), (ask) => answer(ask, seen));
  return seen;
}

/** Two skips and the middle, each with its place as its numbers; adapters give two levels. */
function answer(ask: Ask, { asks, rows }: Seen): Answer {
  if (ask.kind === 'text') return { kind: 'text', conditioning: { tokens: 1, width: 1, hidden: new Float32Array(1) } };
  if (ask.kind === 'hint') {
    asks.push(`hint ${ask.control}`);
    return { kind: 'hint', features: ask.control === 'adapter' ? [filled(1), filled(2)] : [filled(7)] };
  }
  if (ask.kind === 'control') {
    asks.push(`control ${ask.control} ${ask.rows.length}`);
    return { kind: 'control', residuals: ask.rows.map(() => [filled(1), filled(2), ramp()]) };
  }
  if (ask.kind === 'unet') {
    asks.push(`unet${ask.expert === 'refiner' ? ' refiner' : ''}`);
    rows.push(ask.rows);
    return { kind: 'unet', predictions: ask.rows.map(({ latents }) => latents.data.map((value) => value / 2)) };
  }
  if (ask.kind === 'decode') return { kind: 'decode', pixels: map };
  throw new Error(`${ask.kind}: not asked here`);
}

function ramp(): Latents {
  return { ...filled(0), data: Float32Array.from({ length: 12 }, (_, i) => i) };
}

const skipsOf = (row: UnetRow) => row.control?.skips?.map(({ data }) => data[0]) ?? null;

test('the map is read once, the network asked before every look, and its strength weighs what it finds', async () => {
  const { asks, rows } = await run([control]);
  expect(asks).toEqual(['hint a', ...Array.from({ length: 4 }, () => ['control a 2', 'unet']).flat()]);
  expect(rows[0]!.map(skipsOf)).toEqual([
    [0.5, 1, 0],
    [0.5, 1, 0],
  ]);
});

test('several add up, adapters beside them', async () => {
  const adapter = { ...control, name: 'adapter', network: 't2i-adapter', strength: 2 } as const;
  const { asks, rows } = await run([control, { ...control, name: 'b', strength: 2 }, adapter], { steps: 1 });
  expect(asks).toEqual(['hint a', 'hint b', 'hint adapter', 'control a 2', 'control b 2', 'unet']);
  expect(skipsOf(rows[0]![1]!)).toEqual([2.5, 5, 0]);
  expect(rows[0]![1]!.control!.levels!.map(({ data }) => data[0])).toEqual([2, 4]);
});

test('strength 0 asks for nothing', async () => {
  const { asks, rows } = await run([{ ...control, strength: 0 }], { steps: 1 });
  expect(asks).toEqual(['unet']);
  expect(rows[0]!.every((row) => row.control === undefined)).toBe(true);
});

describe('a part of the steps', () => {
  test.each([
    [0.25, 1, [false, true, true, true]],
    [0, 0.5, [true, true, false, false]],
    [0.3, 0.7, [false, false, false, false]],
    [0.2, 0.8, [false, true, true, false]],
  ])('from %d to %d', async (start, end, controlled) => {
    const { rows } = await run([{ ...control, start, end }]);
    expect(rows.map(([row]) => row!.control !== undefined)).toEqual(controlled);
  });
});

test('a guess is shown to the prompt alone, and weighs the outer skips less', async () => {
  const { asks, rows } = await run([{ ...control, guess: true, strength: 1 }], { steps: 1 });
  expect(asks).toEqual(['hint a', 'control a 1', 'unet']);
  const [uncond, cond] = rows[0]!;
  expect(uncond!.control).toBeUndefined();
  expect(skipsOf(cond!)!.map((value) => value!.toFixed(4))).toEqual(['0.1000', (2 * 0.1 ** 0.5).toFixed(4), '0.0000']);
});

test('what a pooling network finds is the same everywhere, for the prompt alone', async () => {
  const { rows } = await run([{ ...control, isPooled: true, guess: true, strength: 1 }], { steps: 1 });
  const [uncond, cond] = rows[0]!;
  expect(uncond!.control).toBeUndefined();
  expect([...cond!.control!.skips![2]!.data]).toEqual([...Array(6).fill(2.5), ...Array(6).fill(8.5)]);
});

test('a refiner is not controlled', async () => {
  const refiner = { switchAt: 0.5, conditions: {}, predictionType: 'epsilon' } as const;
  const { asks } = await run([control], {}, { ...facts, refiner });
  expect(asks).toEqual(['hint a', 'control a 2', 'unet', 'control a 2', 'unet', 'unet refiner', 'unet refiner']);
});

test('parts of a prompt joined by AND are rows of their own, and all are controlled', async () => {
  const { asks, rows } = await run([{ ...control, guess: true }], { prompt: 'a AND b', steps: 1 });
  expect(asks).toEqual(['hint a', 'control a 2', 'unet']);
  expect(rows[0]!.map((row) => row.control !== undefined)).toEqual([false, true, true]);
});
