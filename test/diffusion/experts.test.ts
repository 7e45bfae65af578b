// What SDXL's networks and those of distilled models are asked and told, with scripted answers; the numbers are compared in test/e2e/xl.test.ts.
import { describe, expect, test } from 'vitest';
import type { Answer, Ask, UnetRow } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import type { ModelConditions, ModelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { parseSchedulerConfig } from '../../src/diffusion/schedulerConfig.ts';

const SCHEDULER = parseSchedulerConfig({
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  steps_offset: 1,
});
const FACTS: ModelFacts = { scheduler: SCHEDULER, latentChannels: 4, pixelsPerLatent: 8, scalingFactor: 0.13025 };
const REQUEST: PictureRequest = {
  prompt: 'a fox',
  negativePrompt: 'fog',
  size: { widthPx: 96, heightPx: 64 },
  steps: 10,
  guidance: 5,
  seed: 7,
  sampler: 'ddim',
  start: null,
};

/** Hidden states full of a number that the text and whoever reads it decide. */
function answer(ask: Ask): Answer {
  switch (ask.kind) {
    case 'text': {
      const value = ask.prompt.length + (ask.expert === 'refiner' ? 100 : 0);
      const hidden = new Float32Array(6).fill(value);
      return { kind: 'text', conditioning: { tokens: 2, width: 3, hidden, pooled: Float32Array.of(value, 1) } };
    }
    case 'unet':
      return { kind: 'unet', predictions: ask.rows.map(({ latents }) => new Float32Array(latents.data.length)) };
    case 'decode':
      return { kind: 'decode', pixels: { width: 96, height: 64, data: new Float32Array(3 * 96 * 64) } };
    default:
      throw new Error(`asked for ${ask.kind}`);
  }
}

async function asksOf(facts: Partial<ModelFacts>, over: Partial<PictureRequest> = {}): Promise<Ask[]> {
  const asks: Ask[] = [];
  await drive(developPicture({ ...REQUEST, ...over }, { ...FACTS, ...facts }), (ask) => {
    asks.push(ask);
    return answer(ask);
  });
  return asks;
}

type UnetAsk = Extract<Ask, { kind: 'unet' }>;
const unetAsks = (asks: readonly Ask[]) => asks.filter((ask): ask is UnetAsk => ask.kind === 'unet');
const told = ({ added, guidance }: UnetRow) => ({
  pooled: added && [...added.pooled],
  timeIds: added && [...added.timeIds],
  guidance,
});

const SIZES: ModelConditions = { added: 'sizes', zeroEmptyNegative: true };

describe('what a row is told', () => {
  test('sizes: height before width, twice around the crop', async () => {
    const [first] = unetAsks(await asksOf({ conditions: SIZES }));
    expect(first!.rows.map(told)).toEqual([
      { pooled: [3, 1], timeIds: [64, 96, 0, 0, 64, 96], guidance: undefined },
      { pooled: [5, 1], timeIds: [64, 96, 0, 0, 64, 96], guidance: undefined },
    ]);
  });

  test('a score: the prompt beautiful, the negative one not', async () => {
    const [first] = unetAsks(await asksOf({ conditions: { added: 'score' } }));
    expect(first!.rows.map((row) => told(row).timeIds)).toEqual([
      [64, 96, 0, 0, 2.5],
      [64, 96, 0, 0, 6],
    ]);
  });

  test('an empty negative prompt is zeros, its pooled vector too; a prompt without words is not', async () => {
    const [first] = unetAsks(await asksOf({ conditions: SIZES }, { negativePrompt: '', prompt: 'fox AND  ' }));
    const [uncond, ...conds] = first!.rows;
    expect([...uncond!.conditioning.hidden, ...uncond!.added!.pooled]).toEqual(new Array(8).fill(0));
    expect(conds.map(({ added }) => added!.pooled[1])).toEqual([1, 1]);
  });

  test('where the folder says no, it is encoded as words are', async () => {
    const [first] = unetAsks(await asksOf({ conditions: { added: 'score' } }, { negativePrompt: '' }));
    expect(told(first!.rows[0]!).pooled).toEqual([0, 1]);
  });

  test('the guidance scale: one row that is told it, and no negative prompt is read', async () => {
    const asks = await asksOf({ conditions: { toldGuidance: true } }, { guidance: 8.5, sampler: 'lcm', steps: 4 });
    expect(asks.filter(({ kind }) => kind === 'text')).toHaveLength(1);
    expect(unetAsks(asks).map(({ rows }) => rows.map(told))).toEqual(
      new Array(4).fill([{ pooled: undefined, timeIds: undefined, guidance: 7.5 }]),
    );
  });

  test('nothing, where the model is told nothing', async () => {
    const [first] = unetAsks(await asksOf({}));
    expect(first!.rows.map((row) => Object.keys(row).toSorted())).toEqual([
      ['conditioning', 'latents', 'timestep'],
      ['conditioning', 'latents', 'timestep'],
    ]);
  });
});

describe('a refiner', () => {
  const refiner = { switchAt: 0.8, conditions: { added: 'score' }, predictionType: 'epsilon' } as const;
  const facts = { conditions: SIZES, refiner };

  test('takes over below the timestep where the part behind is as large as was said', async () => {
    const asks = unetAsks(await asksOf(facts));
    const timesteps = (expert?: string) =>
      asks.filter((ask) => ask.expert === expert).map(({ rows }) => rows[0]!.timestep);
    expect(timesteps()).toEqual([901, 801, 701, 601, 501, 401, 301, 201]);
    expect(timesteps('refiner')).toEqual([101, 1]);
  });

  test('a timestep just at the boundary is still the model’s own', async () => {
    const at = async (switchAt: number) => unetAsks(await asksOf({ ...facts, refiner: { ...refiner, switchAt } }));
    expect((await at(0.799)).filter(({ expert }) => expert !== undefined)).toHaveLength(2);
    expect((await at(0.798)).filter(({ expert }) => expert !== undefined)).toHaveLength(3);
    expect((await at(1)).filter(({ expert }) => expert !== undefined)).toHaveLength(0);
    expect((await at(0)).filter(({ expert }) => expert === undefined)).toHaveLength(0);
  });

  test('reads the prompts by its own text encoders, after the model has', async () => {
    const asks = await asksOf(facts);
    expect(asks.slice(0, 4)).toEqual([
      { kind: 'text', prompt: 'fog' },
      { kind: 'text', prompt: 'a fox' },
      { kind: 'text', prompt: 'fog', expert: 'refiner' },
      { kind: 'text', prompt: 'a fox', expert: 'refiner' },
    ]);
    expect(unetAsks(asks).at(-1)!.rows.map(told)).toEqual([
      { pooled: [103, 1], timeIds: [64, 96, 0, 0, 2.5], guidance: undefined },
      { pooled: [105, 1], timeIds: [64, 96, 0, 0, 6], guidance: undefined },
    ]);
  });

  test('is not even asked to read where nothing is left for it', async () => {
    const asks = await asksOf({ ...facts, refiner: { ...refiner, switchAt: 1 } });
    expect(asks.some((ask) => 'expert' in ask)).toBe(false);
  });
});
