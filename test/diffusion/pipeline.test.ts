// The pipeline without networks: which asks it makes and in which order, what it does with the answers, and what it refuses.
// The numbers of whole pictures are compared with diffusers in test/e2e/oracle.test.ts.
import { describe, expect, test } from 'vitest';
import { SAMPLERS, type SamplerName, SCHEDULES, type ScheduleName } from '../../src/core/request.ts';
import type { Answer, Ask, Conditioning, Latents, Pixels } from '../../src/diffusion/asks.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { rolesAt, withGuidance } from '../../src/diffusion/guidance.ts';
import type { ModelFacts } from '../../src/diffusion/modelFacts.ts';
import {
  asStableDiffusion,
  developPicture,
  type Picture,
  type PictureRequest,
  stepsTotal,
} from '../../src/diffusion/pipeline.ts';
import { DEFAULT_SCHEDULER } from '../../src/diffusion/schedulerConfig.ts';

const MODEL: ModelFacts = {
  scheduler: { ...DEFAULT_SCHEDULER, betaSchedule: 'scaled_linear' },
  latentChannels: 4,
  pixelsPerLatent: 8,
  scalingFactor: 0.5,
};

const REQUEST: PictureRequest = {
  prompt: 'a red heart',
  negativePrompt: 'blurry',
  size: { widthPx: 96, heightPx: 64 },
  steps: 5,
  guidance: 7.5,
  seed: 3,
  sampler: 'euler_a',
  start: null,
};

function pixelsOf(width: number, height: number): Pixels {
  return { width, height, data: Float32Array.from({ length: 3 * width * height }, (_, i) => Math.sin(i)) };
}

const START = { pixels: pixelsOf(96, 64), strength: 0.6 };

/** A conditioning whose single number tells the prompt. */
function textOf(prompt: string): Conditioning {
  return { tokens: 1, width: 1, hidden: Float32Array.of(prompt.length / 10) };
}

/** A network that is a formula of latents, timestep and prompt. */
function predict({ latents, timestep, conditioning }: Extract<Ask, { kind: 'unet' }>['rows'][number]): Float32Array {
  return latents.data.map((x) => Math.tanh(x + conditioning.hidden[0]! * (1 + timestep / 1000)));
}

function halved({ channels, height, width }: Latents, { data }: Pixels): Latents {
  const length = channels * height * width;
  return { channels, height, width, data: Float32Array.from({ length }, (_, i) => data[i]! / 2) };
}

function answer(ask: Ask): Answer {
  switch (ask.kind) {
    case 'text':
      return { kind: 'text', conditioning: textOf(ask.prompt) };
    case 'unet':
      return { kind: 'unet', predictions: ask.rows.map(predict) };
    case 'encode': {
      const { height, width } = ask.pixels;
      const shape = { channels: 4, height: height / 8, width: width / 8, data: new Float32Array() };
      const mean = halved(shape, ask.pixels);
      return { kind: 'encode', mean, std: mean.data.map(() => 0.1) };
    }
    case 'decode': {
      const { height, width, data } = ask.latents;
      const pixels = pixelsOf(width * 8, height * 8);
      return { kind: 'decode', pixels: { ...pixels, data: pixels.data.map((x, i) => x + data[i % data.length]!) } };
    }
    default:
      throw new Error(`${ask.kind}: not asked by a plain picture`);
  }
}

function listen(asks: Ask[]): (ask: Ask) => Answer {
  return (ask) => {
    asks.push(ask);
    return answer(ask);
  };
}

async function asksOf(request: PictureRequest): Promise<Ask[]> {
  const asks: Ask[] = [];
  await drive(developPicture(request, MODEL), listen(asks));
  return asks;
}

const unetAsks = (asks: readonly Ask[]) => asks.filter((ask) => ask.kind === 'unet');
const develop = (request: PictureRequest): Promise<Picture> => drive(developPicture(request, MODEL), answer);

describe('asks', () => {
  test('text to image: both prompts, the steps with both rows, decode', async () => {
    const asks = await asksOf(REQUEST);
    expect(asks.map(({ kind }) => kind)).toEqual(['text', 'text', ...Array(5).fill('unet'), 'decode']);
    for (const { rows } of unetAsks(asks)) {
      expect(rows.map(({ conditioning }) => conditioning.hidden)).toEqual([
        textOf('blurry').hidden,
        textOf('a red heart').hidden,
      ]);
      expect(rows[0]!.latents).toMatchObject({ channels: 4, height: 8, width: 12 });
      expect(rows[0]!.latents).toBe(rows[1]!.latents);
    }
  });

  test('image to image: encode comes after the text, and only the last steps are run', async () => {
    const asks = await asksOf({ ...REQUEST, start: START });
    expect(asks.map(({ kind }) => kind)).toEqual(['text', 'text', 'encode', ...Array(3).fill('unet'), 'decode']);
    const all = unetAsks(await asksOf(REQUEST)).map(({ rows }) => rows[0]!.timestep);
    expect(unetAsks(asks).map(({ rows }) => rows[0]!.timestep)).toEqual(all.slice(2));
  });

  test('guidance 1 never asks about the negative prompt, guidance 0 never about the prompt', async () => {
    for (const [guidance, prompt] of [
      [1, 'a red heart'],
      [0, 'blurry'],
    ] as const) {
      const asks = await asksOf({ ...REQUEST, guidance });
      expect(asks.filter((ask) => ask.kind === 'text')).toEqual([{ kind: 'text', prompt }]);
      expect(unetAsks(asks).every(({ rows }) => rows.length === 1)).toBe(true);
    }
  });

  test('an empty prompt is a prompt', async () => {
    const asks = await asksOf({ ...REQUEST, prompt: '', negativePrompt: '' });
    expect(asks.slice(0, 2)).toEqual([
      { kind: 'text', prompt: '' },
      { kind: 'text', prompt: '' },
    ]);
  });

  test('the steps announced are the steps asked for, whatever the strength', async () => {
    for (const strength of [0, 0.19, 0.2, 0.5, 0.6, 0.99, 1]) {
      const request = { ...REQUEST, start: { ...START, strength } };
      expect(unetAsks(await asksOf(request)).length, `strength ${strength}`).toBe(stepsTotal(request));
    }
    expect(
      [0, 0.19, 0.2, 0.6, 1].map((strength) =>
        stepsTotal({ ...REQUEST, steps: 5, start: { ...START, strength }, sampler: 'ddim' }),
      ),
    ).toEqual([0, 0, 1, 3, 5]);
  });
});

describe('asks of samplers that look twice', () => {
  test.each(SAMPLERS)('%s: as many as announced, from text and from a picture', async (sampler) => {
    for (const start of [null, START, { ...START, strength: 0.2 }, { ...START, strength: 0.1 }]) {
      const request = { ...REQUEST, sampler, start };
      expect(unetAsks(await asksOf(request)).length).toBe(stepsTotal(request));
    }
  });

  test('Heun: twice a step but the last; PLMS: once more than the steps', () => {
    const asked = (sampler: SamplerName) =>
      [1, 2, 5].map((steps) => stepsTotal({ ...REQUEST, steps, start: null, sampler }));
    expect(asked('heun')).toEqual([1, 3, 9]);
    expect(asked('pndm')).toEqual([1, 3, 6]);
    expect(asked('unipc')).toEqual([1, 2, 5]);
  });

  test('a schedule is the request’s: other timesteps, the same number of them', async () => {
    const timestepsOver = async (schedule: ScheduleName | null) =>
      unetAsks(await asksOf({ ...REQUEST, schedule })).map(({ rows }) => rows[0]!.timestep);
    const own = await timestepsOver(null);
    expect(own).toEqual(await timestepsOver('linspace'));
    for (const schedule of SCHEDULES.filter((name) => name !== 'linspace')) {
      const found = await timestepsOver(schedule);
      expect(found.length).toBe(own.length);
      expect(found, schedule).not.toEqual(own);
    }
  });
});

describe('pictures', () => {
  test.each(SAMPLERS)('%s: interleaved with others, a picture is the one its seed makes alone', async (sampler) => {
    const requests = [3, 4, 5].map((seed) => ({ ...REQUEST, sampler, seed, start: seed === 4 ? START : null }));
    const alone = await Promise.all(requests.map(develop));
    const pipelines = requests.map((request) => developPicture(request, MODEL));
    const together = await Promise.all(pipelines.map((pipeline) => drive(pipeline, async (ask) => answer(ask))));
    expect(together).toEqual(alone);
    expect(alone[0]!.latents.data).not.toEqual(alone[2]!.latents.data);
  });

  test('the seed decides, and nothing else is random', async () => {
    expect(await develop(REQUEST)).toEqual(await develop(REQUEST));
    expect((await develop({ ...REQUEST, seed: 4 })).latents).not.toEqual((await develop(REQUEST)).latents);
  });

  test('pixels are held inside -1 … 1', async () => {
    const { pixels } = await develop(REQUEST);
    expect(pixels).toMatchObject({ width: 96, height: 64 });
    expect(pixels.data.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(pixels.data.some((value) => value === 1)).toBe(true);
  });

  test('strength 0 keeps the picture: its latents are drawn from the encoder and not noised', async () => {
    const { latents } = await develop({ ...REQUEST, start: { ...START, strength: 0 } });
    const mean = START.pixels.data.slice(0, latents.data.length);
    latents.data.forEach((value, i) => {
      expect(Math.abs(value - (mean[i]! / 2) * MODEL.scalingFactor)).toBeLessThan(0.1 * 5 * MODEL.scalingFactor);
    });
  });

  test('the decoder gets latents without the scale', async () => {
    const asks: Ask[] = [];
    const { latents } = await drive(developPicture(REQUEST, MODEL), listen(asks));
    const decode = asks.at(-1) as Extract<Ask, { kind: 'decode' }>;
    expect(decode.latents.data).toEqual(latents.data.map((value) => value / MODEL.scalingFactor));
  });
});

describe('guidance', () => {
  const [uncond, cond] = [Float32Array.of(1, -2, 0.5), Float32Array.of(3, 1, 0.25)];

  test('is uncond + scale · (cond - uncond)', () => {
    expect([...withGuidance(7.5, [uncond, cond])]).toEqual([16, 20.5, -1.375]);
    expect(withGuidance(0.5, [uncond, cond])).toEqual(Float32Array.of(2, -0.5, 0.375));
  });

  test('at 1 and 0 the one row asked for is the answer', () => {
    expect([rolesAt(1), rolesAt(0), rolesAt(0.5), rolesAt(7.5)]).toEqual([
      ['cond'],
      ['uncond'],
      ['uncond', 'cond'],
      ['uncond', 'cond'],
    ]);
    expect(withGuidance(1, [cond])).toBe(cond);
    expect(withGuidance(0, [uncond])).toBe(uncond);
  });

  test('near 1 it comes near to the prompt alone', async () => {
    const [at, near] = await Promise.all([1, 1 + 1e-7].map((guidance) => develop({ ...REQUEST, guidance })));
    near!.latents.data.forEach((value, i) => {
      expect(value).toBeCloseTo(at!.latents.data[i]!, 3);
    });
  });
});

describe('refusals', () => {
  test.each([
    [{ size: { widthPx: 100, heightPx: 64 } }, 'widthPx: found 100, expected a multiple of 8'],
    [{ size: { widthPx: 96, heightPx: 0 } }, 'heightPx: found 0, expected a multiple of 8'],
    [{ steps: 1001 }, 'steps: found 1001, expected an integer in 1 … 1000'],
    [{ start: { ...START, pixels: pixelsOf(64, 96) } }, 'start picture: found 64x96, expected 96x64'],
  ])('%o', async (change, message) => {
    await expect(develop({ ...REQUEST, ...change })).rejects.toMatchObject({
      code: 'request_invalid',
      message: expect.stringContaining(message),
    });
  });

  test('an answer of another kind or shape is our own mistake, named', async () => {
    const wrongKind = () => answer({ kind: 'text', prompt: '' });
    await expect(
      drive(developPicture({ ...REQUEST, guidance: 1 }, MODEL), (ask) =>
        ask.kind === 'unet' ? wrongKind() : answer(ask),
      ),
    ).rejects.toMatchObject({ code: 'internal', message: 'answer: found text, expected unet' });
    const oneRow: Answer = { kind: 'unet', predictions: [new Float32Array(384)] };
    await expect(
      drive(developPicture(REQUEST, MODEL), (ask) => (ask.kind === 'unet' ? oneRow : answer(ask))),
    ).rejects.toThrow('unet answer: found predictions of 384 numbers, expected 2 of 384');
  });

  test('an error of the network ends the pipeline with that error', async () => {
    const pipeline = developPicture(REQUEST, MODEL);
    const broken = (ask: Ask): Answer => {
      if (ask.kind === 'unet') throw new Error('the network fell over');
      return answer(ask);
    };
    await expect(drive(pipeline, broken)).rejects.toThrow('the network fell over');
    expect(pipeline.next(answer({ kind: 'text', prompt: '' }))).toEqual({ done: true, value: undefined });
  });
});

test('as in Stable Diffusion pipelines, latents are not clipped and leading timesteps begin at 1', async () => {
  expect(asStableDiffusion(DEFAULT_SCHEDULER)).toEqual({ ...DEFAULT_SCHEDULER, stepsOffset: 1, clipRange: null });
  expect(asStableDiffusion(DEFAULT_SCHEDULER, true)).toEqual({ ...DEFAULT_SCHEDULER, clipRange: null });
  const timesteps = unetAsks(await asksOf({ ...REQUEST, sampler: 'ddim' })).map(({ rows }) => rows[0]!.timestep);
  expect(timesteps).toEqual([801, 601, 401, 201, 1]);
  const { latents } = await develop({ ...REQUEST, sampler: 'ddim' });
  expect(latents.data.some((value) => Math.abs(value) > 1)).toBe(true);
});
