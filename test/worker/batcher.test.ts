// Many pictures, few calls: a picture made in a crowd is the picture made alone, and a fault hits only whom it belongs to.
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Answer, Conditioning, Latents, NetworkAsk, UnetRow } from '../../src/diffusion/asks.ts';
import { DarkroomError } from '../../src/errors.ts';
import { type Asker, Batcher, type Networks } from '../../src/worker/batcher.ts';
import { budgetFor } from '../../src/worker/callPlan.ts';
import { deferred } from '../../src/worker/deferred.ts';

const CPU = budgetFor('cpu');
const SIZE = { channels: 2, height: 2, width: 3 };

/** Networks whose every number depends on all of the row's inputs, and on nothing else of the call. */
class RowNetworks implements Networks {
  readonly calls: [kind: string, rows: number][] = [];
  fails: (row: UnetRow) => boolean = () => false;

  async text(prompts: readonly string[]): Promise<Conditioning[]> {
    this.calls.push(['text', prompts.length]);
    return prompts.map((prompt) => ({ tokens: 1, width: 3, hidden: Float32Array.from([...prompt], charCode) }));
  }

  async unet(rows: readonly UnetRow[]): Promise<Float32Array[]> {
    this.calls.push(['unet', rows.length]);
    if (rows.some(this.fails)) throw new DarkroomError('runtime_failed', 'unet: failed');
    return rows.map(({ latents, timestep, conditioning }) =>
      latents.data.map((value, i) => Math.sin(value * 3 + timestep + (conditioning.hidden[i % 3] ?? 0))),
    );
  }

  async encode(): Promise<never> {
    throw new Error('not asked here');
  }

  async decode(latents: readonly Latents[]) {
    this.calls.push(['decode', latents.length]);
    return latents.map(({ height, width, data }) => ({ height, width, data: data.map((value) => value / 2) }));
  }
}

const charCode = (char: string) => char.charCodeAt(0) / 100;

interface Plan {
  readonly seed: number;
  readonly steps: number;
  readonly prompt: string;
}

/** A pipeline in small: two prompts, steps with guidance, one decode. */
function* develop({ seed, steps, prompt }: Plan): Generator<NetworkAsk, Float32Array, Answer> {
  const asked = yield { kind: 'text', prompt };
  const against = yield { kind: 'text', prompt: 'abc' };
  if (asked.kind !== 'text' || against.kind !== 'text') throw new Error('a text was asked');
  let data = Float32Array.from({ length: 12 }, (_, i) => Math.cos(seed + i));
  for (let timestep = steps; timestep > 0; timestep--) {
    const row = { latents: { ...SIZE, data }, timestep };
    const rows = [asked, against].map(({ conditioning }) => ({ ...row, conditioning }));
    const answer = yield { kind: 'unet', rows };
    if (answer.kind !== 'unet') throw new Error('predictions were asked');
    const [a, b] = answer.predictions;
    data = data.map((value, i) => value * 0.9 + (b?.[i] ?? 0) + 2 * ((a?.[i] ?? 0) - (b?.[i] ?? 0)));
  }
  const decoded = yield { kind: 'decode', latents: { ...SIZE, data } };
  if (decoded.kind !== 'decode') throw new Error('pixels were asked');
  return decoded.pixels.data;
}

async function run(batcher: Batcher, asker: Asker, plan: Plan): Promise<Float32Array> {
  const picture = develop(plan);
  let step = picture.next();
  while (!step.done) step = picture.next(await batcher.ask(asker, step.value));
  return step.value;
}

const asker = (job: number, networks: Networks, signal = new AbortController().signal): Asker => ({
  job,
  model: 'ice',
  networks,
  signal,
});
const alone = (plan: Plan) => run(new Batcher({ budget: CPU }), asker(1, new RowNetworks()), plan);

describe('batcher', () => {
  test('any crowd of pictures comes out as each alone, in calls within the limit', async () => {
    const plan = fc.record({
      job: fc.nat(4),
      seed: fc.nat(),
      steps: fc.integer({ min: 1, max: 5 }),
      prompt: fc.stringMatching(/^[a-z]{3}$/),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 12 }), async (plans) => {
        const networks = new RowNetworks();
        const batcher = new Batcher({ budget: { unetCells: 5 * 6, autoencoderCells: 2 * 6 } });
        const together = await Promise.all(plans.map((one) => run(batcher, asker(one.job, networks), one)));
        for (const [k, one] of plans.entries()) expect(together[k]).toEqual(await alone(one));
        for (const [kind, rows] of networks.calls) expect(rows).toBeLessThanOrEqual(kind === 'unet' ? 5 : 16);
      }),
      { numRuns: 40 },
    );
  });

  test('four pictures of equal length need no more calls than one', async () => {
    const networks = new RowNetworks();
    const batcher = new Batcher({ budget: CPU });
    const plan = { steps: 3, prompt: 'cat' };
    await Promise.all([1, 2, 3, 4].map((seed) => run(batcher, asker(seed, networks), { ...plan, seed })));
    expect(networks.calls).toEqual([
      ['text', 4],
      ['text', 4],
      ['unet', 8],
      ['unet', 8],
      ['unet', 8],
      ['decode', 4],
    ]);
  });

  test('an ask larger than the limit is cut into several calls and answered whole', async () => {
    const networks = new RowNetworks();
    const batcher = new Batcher({ budget: { unetCells: 2 * 6, autoencoderCells: 6 } });
    const conditioning = { tokens: 1, width: 3, hidden: Float32Array.of(1, 2, 3) };
    const rows = [1, 2, 3, 4, 5].map((timestep) => ({
      latents: { ...SIZE, data: new Float32Array(12) },
      timestep,
      conditioning,
    }));
    const answer = await batcher.ask(asker(1, networks), { kind: 'unet', rows });
    expect(networks.calls).toEqual([
      ['unet', 2],
      ['unet', 2],
      ['unet', 1],
    ]);
    const expected = rows.map(({ timestep }) => Math.fround(Math.sin(timestep + 1)));
    expect(answer.kind === 'unet' && answer.predictions.map((one) => one[0])).toEqual(expected);
  });

  test('a call that fails because of one job fails that job alone', async () => {
    const networks = new RowNetworks();
    networks.fails = ({ conditioning }) => conditioning.hidden[0] === Math.fround(charCode('x'));
    const batcher = new Batcher({ budget: CPU });
    const plan = { seed: 7, steps: 2 };
    const [good, bad, other] = await Promise.allSettled([
      run(batcher, asker(1, networks), { ...plan, prompt: 'cat' }),
      run(batcher, asker(2, networks), { ...plan, prompt: 'xyz' }),
      run(batcher, asker(3, networks), { ...plan, prompt: 'dog' }),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'runtime_failed', message: 'unet: failed' } });
    expect(good).toEqual({ status: 'fulfilled', value: await alone({ ...plan, prompt: 'cat' }) });
    expect(other).toEqual({ status: 'fulfilled', value: await alone({ ...plan, prompt: 'dog' }) });
  });

  test('something thrown that is no error of ours still ends as runtime_failed', async () => {
    const batcher = new Batcher({ budget: CPU });
    const ask: NetworkAsk = { kind: 'encode', pixels: { height: 16, width: 24, data: new Float32Array(3 * 16 * 24) } };
    await expect(batcher.ask(asker(1, new RowNetworks()), ask)).rejects.toMatchObject({
      code: 'runtime_failed',
      message: 'not asked here',
    });
  });

  test('networks that lose a row are an internal error, not a wrong picture', async () => {
    const networks = new RowNetworks();
    networks.decode = async () => [];
    const latents = { ...SIZE, data: new Float32Array(12) };
    await expect(
      new Batcher({ budget: CPU }).ask(asker(1, networks), { kind: 'decode', latents }),
    ).rejects.toMatchObject({
      code: 'internal',
    });
  });

  test('a cancelled ask leaves at once and takes no rows; the others go on', async () => {
    const networks = new RowNetworks();
    const batcher = new Batcher({ budget: CPU });
    const abort = new AbortController();
    const plan = { seed: 1, steps: 4, prompt: 'cat' };
    const gone = run(batcher, asker(1, networks, abort.signal), plan);
    const stays = run(batcher, asker(2, networks), plan);
    abort.abort();
    await expect(gone).rejects.toMatchObject({ code: 'cancelled' });
    expect(await stays).toEqual(await alone(plan));
    expect(networks.calls.filter(([kind]) => kind === 'unet')).toEqual(new Array(4).fill(['unet', 2]));
  });

  test('tells what it calls and when it rests', async () => {
    const heard: string[] = [];
    const batcher = new Batcher({
      budget: CPU,
      onCall: (kind, rows) => heard.push(`${kind} ${rows}`),
      onIdle: () => heard.push('idle'),
    });
    await run(batcher, asker(1, new RowNetworks()), { seed: 1, steps: 1, prompt: 'cat' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['text 1', 'text 1', 'unet 2', 'decode 1', 'idle']);
  });

  test('calls wait for a file somebody else is writing, but not for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const networks = new RowNetworks();
      const batcher = new Batcher({ budget: CPU });
      const written = deferred<string>();
      const writing = batcher.hold(written.promise);
      const asked = batcher.ask(asker(1, networks), { kind: 'text', prompt: 'cat' });
      await turns(3);
      expect(networks.calls).toEqual([]);
      await vi.advanceTimersByTimeAsync(999);
      expect(networks.calls).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await asked;
      written.resolve('done');
      expect(await writing).toBe('done');
      await batcher.ask(asker(1, networks), { kind: 'text', prompt: 'cat' });
      expect(networks.calls).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('no call begins while somebody else needs the processor, then they go on by themselves', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    try {
      const networks = new RowNetworks();
      const batcher = new Batcher({ budget: CPU });
      batcher.giveWay(400);
      batcher.giveWay(100);
      const asked = batcher.ask(asker(1, networks), { kind: 'text', prompt: 'cat' });
      await turns(3);
      await vi.advanceTimersByTimeAsync(399);
      expect(networks.calls).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      await asked;
      expect(networks.calls).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('whoever asks without end for the processor gets it five seconds at a time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    try {
      const networks = new RowNetworks();
      const batcher = new Batcher({ budget: CPU });
      batcher.giveWay(1_000_000);
      const asked = batcher.ask(asker(1, networks), { kind: 'text', prompt: 'cat' });
      await turns(3);
      await vi.advanceTimersByTimeAsync(4_999);
      expect(networks.calls).toEqual([]);
      batcher.giveWay(2_000_000);
      await vi.advanceTimersByTimeAsync(1);
      await asked;
      expect(networks.calls).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('who is cancelled meanwhile need not wait for it', async () => {
    const batcher = new Batcher({ budget: CPU });
    const abort = new AbortController();
    batcher.giveWay(200);
    const asked = batcher.ask(
      { ...asker(1, new RowNetworks()), signal: abort.signal },
      { kind: 'text', prompt: 'cat' },
    );
    abort.abort();
    const startMs = performance.now();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    expect(performance.now() - startMs).toBeLessThan(100);
  });
});

async function turns(count: number): Promise<void> {
  for (let k = 0; k < count; k++) await new Promise((resolve) => setImmediate(resolve));
}
