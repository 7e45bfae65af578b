// Which text is asked for, and which conditioning each look gets: schedules, AND, lengths.
import { describe, expect, test } from 'vitest';
import type { Answer, Ask, Conditioning, UnetRow } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { withComposedGuidance, withGuidance } from '../../src/diffusion/guidance.ts';
import type { ModelFacts } from '../../src/diffusion/modelFacts.ts';
import { developPicture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { type Prompts, readPrompts } from '../../src/diffusion/promptReading.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';

const PROMPTS: Prompts = { prompt: 'a fox', negativePrompt: 'fog', guidance: 4 };
const CHUNK = 5;

/** As many chunks as words; its numbers say which text it is. */
function encoded(prompt: string): Conditioning {
  const tokens = CHUNK * Math.max(1, prompt.split(' ').length);
  return { tokens, width: 1, hidden: new Float32Array(tokens).fill(prompt.length) };
}

async function read(over: Partial<Prompts>, looks = 4) {
  const asks: Ask[] = [];
  const at = await drive(readPrompts({ ...PROMPTS, ...over }, looks), (ask): Answer => {
    asks.push(ask);
    if (ask.kind !== 'text') throw new Error('only texts are asked');
    return { kind: 'text', conditioning: encoded(ask.prompt) };
  });
  const lengths = (look: number) => at(look).map(({ hidden }) => hidden[0]);
  return { at, lengths, asked: asks.map((ask) => (ask.kind === 'text' ? ask.prompt : '')), asks };
}

describe('texts', () => {
  test('every one is asked for once, whenever it comes', async () => {
    const { asked, lengths } = await read({ prompt: '[fox|owls]', negativePrompt: '[:blurred:2]' });
    expect(asked).toEqual(['', 'blurred', 'fox', 'owls']);
    expect([0, 1, 2, 3].map(lengths)).toEqual([
      [0, 3],
      [0, 3],
      [0, 4],
      [7, 3],
    ]);
  });

  test('AND gives a row a part, each with its own turns; in the negative prompt it is a word', async () => {
    const { asked, lengths } = await read({ prompt: 'fox AND [owls|x] :0.5', negativePrompt: 'AND' });
    expect(asked).toEqual(['AND', 'fox', 'owls', 'x']);
    expect(lengths(2)).toEqual([3, 3, 1]);
  });

  test('guidance 0 reads the negative prompt alone, guidance 1 no negative prompt unless parts need it', async () => {
    expect((await read({ guidance: 0, prompt: 'a AND b' })).asked).toEqual(['fog']);
    expect((await read({ guidance: 1 })).asked.slice(0, 1)).toEqual(['a fox']);
    expect((await read({ guidance: 1, prompt: 'a AND b' })).asked).toEqual(['fog', 'a', 'b']);
  });

  test('clip skip goes with every ask, 1 without saying', async () => {
    expect((await read({ clipSkip: 2 })).asks).toContainEqual({ kind: 'text', prompt: 'fog', clipSkip: 2 });
    for (const clipSkip of [1, null, undefined]) {
      expect((await read({ clipSkip })).asks[0]).toStrictEqual({ kind: 'text', prompt: 'fog' });
    }
  });

  test('more than 64 are refused', async () => {
    const prompt = `[${Array.from({ length: 70 }, (_, k) => `w${k}`).join('|')}]`;
    await expect(read({ prompt }, 150)).rejects.toMatchObject({
      code: 'request_invalid',
      message: 'prompt: found 71 texts in turn, expected at most 64',
    });
  });
});

test('all rows of all steps are one length: shorter ones end in empty chunks', async () => {
  const { at, asked } = await read({ prompt: 'one two three', negativePrompt: '[a b:x:2]' });
  expect(asked).toEqual(['a b', 'x', 'one two three', '']);
  for (const look of [0, 3]) expect(at(look).map(({ tokens }) => tokens)).toEqual([15, 15]);
  expect([...at(3)[0]!.hidden]).toEqual([...Array(5).fill(1), ...Array(10).fill(0)]);
  const { at: same, asked: only } = await read({ prompt: 'fox' });
  expect(only).toEqual(['fog', 'fox']);
  expect(same(0)[1]).toBe(same(3)[1]);
});

describe('guidance of parts', () => {
  const [uncond, a, b] = [Float32Array.of(1, -2), Float32Array.of(3, 1), Float32Array.of(0, 0.5)];

  test('is uncond + scale · Σ weight · (cond - uncond)', () => {
    const found = withComposedGuidance(4, [uncond, a, b], [0.5, -1]);
    expect([...found]).toEqual([1 + 4 * (0.5 * 2 + 1), -2 + 4 * (0.5 * 3 - 2.5)]);
  });

  test('of one part is guidance as ever', () => {
    expect(withComposedGuidance(4, [uncond, a], [1])).toEqual(withGuidance(4, [uncond, a]));
    expect(withComposedGuidance(1, [a], [1])).toBe(a);
    expect(withComposedGuidance(0, [uncond], [0.5, 1])).toBe(uncond);
  });
});

describe('whole pictures', () => {
  const MODEL: ModelFacts = {
    scheduler: { ...DEFAULT_SCHEDULER, betaSchedule: 'scaled_linear' },
    latentChannels: 4,
    pixelsPerLatent: 8,
    scalingFactor: 0.5,
  };
  const REQUEST: PictureRequest = {
    ...PROMPTS,
    size: { widthPx: 96, heightPx: 64 },
    steps: 4,
    seed: 3,
    sampler: 'euler',
    start: null,
  };
  const predict = ({ latents, conditioning }: UnetRow) =>
    latents.data.map((x) => Math.tanh(x + conditioning.hidden[0]! / 10));

  async function develop(over: Partial<PictureRequest>) {
    const rows: number[][] = [];
    const pipeline = developPicture({ ...REQUEST, ...over }, MODEL);
    const { latents } = await drive(pipeline, (ask): Answer => {
      if (ask.kind === 'text') return { kind: 'text', conditioning: encoded(ask.prompt) };
      if (ask.kind === 'decode')
        return { kind: 'decode', pixels: { width: 96, height: 64, data: new Float32Array(3 * 96 * 64) } };
      if (ask.kind !== 'unet') throw new Error('no picture was given');
      rows.push(ask.rows.map(({ conditioning }) => conditioning.hidden[0]!));
      return { kind: 'unet', predictions: ask.rows.map(predict) };
    });
    return { latents: [...latents.data], cond: rows.map((row) => row.at(-1)), rows };
  }

  test('a step is a look; a sampler that looks twice counts two a step', async () => {
    expect((await develop({ prompt: '[a:bb:.5]', sampler: 'euler' })).cond).toEqual([1, 1, 1, 2]);
    expect((await develop({ prompt: '[a:bb:.5]', sampler: 'heun' })).cond).toEqual([1, 1, 1, 1, 1, 2, 2]);
    expect((await develop({ prompt: '[a:bb:0]', sampler: 'heun' })).cond).toEqual(Array(7).fill(2));
  });

  test('AND of a prompt with itself in halves is the prompt', async () => {
    const [alone, halves] = [await develop({}), await develop({ prompt: 'a fox :0.5 AND a fox :0.5' })];
    expect(halves.rows[0]).toHaveLength(3);
    halves.latents.forEach((value, at) => {
      expect(value).toBeCloseTo(alone.latents[at]!, 4);
    });
  });
});
