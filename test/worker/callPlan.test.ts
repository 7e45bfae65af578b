// Who shares the next call: the oldest ask chooses the group, jobs take turns, nothing exceeds the limit, nobody starves.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NetworkAsk } from '../../src/diffusion/asks.ts';
import { budgetFor, groupOf, planCall, rowLimitOf, type WaitingAsk } from '../../src/worker/callPlan.ts';

const NOBODY = new Map<number, number>();

function waiting(job: number, arrival: number, over: Partial<WaitingAsk> = {}): WaitingAsk {
  return { job, arrival, group: 'unet', rows: 2, rowLimit: 8, ...over };
}

const arrivals = (asks: readonly WaitingAsk[]) => asks.map((ask) => ask.arrival);

describe('planCall', () => {
  test('takes everybody of the oldest ask’s group who fits', () => {
    const asks = [waiting(1, 3), waiting(2, 1), waiting(3, 2, { group: 'decode', rows: 1 })];
    expect(arrivals(planCall(asks, NOBODY))).toEqual([1, 3]);
  });

  test('an old decode is not passed over by newer steps', () => {
    const asks = [waiting(1, 5), waiting(2, 4, { group: 'decode', rows: 1 }), waiting(3, 6)];
    expect(arrivals(planCall(asks, NOBODY))).toEqual([4]);
  });

  test('jobs take turns when the limit is exceeded', () => {
    const many = [0, 1, 2, 3].map((arrival) => waiting(1, arrival));
    expect(arrivals(planCall([...many, waiting(2, 4), waiting(3, 5)], NOBODY))).toEqual([0, 4, 5, 1]);
  });

  test('the job served longest ago comes first', () => {
    const asks = [waiting(1, 0), waiting(2, 1), waiting(3, 2)].map((ask) => ({ ...ask, rowLimit: 2 }));
    const servedAt = new Map([
      [1, 9],
      [2, 7],
      [3, 8],
    ]);
    expect(arrivals(planCall(asks, servedAt))).toEqual([1]);
  });

  test('an ask larger than the limit goes alone', () => {
    const asks = [waiting(1, 0, { rows: 9 }), waiting(2, 1, { rows: 9 })];
    expect(arrivals(planCall(asks, NOBODY))).toEqual([0]);
  });

  test('nothing waiting, nothing chosen', () => {
    expect(planCall([], NOBODY)).toEqual([]);
  });

  test('every ask of any crowd is answered once, within its limit, and each round serves somebody', () => {
    const ask = fc.record({
      job: fc.nat(5),
      group: fc.constantFrom('unet 8x12', 'unet 12x8', 'decode 8x12'),
      rows: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(ask, { maxLength: 40 }), (crowd) => {
        let asks: WaitingAsk[] = crowd.map((entry, arrival) => ({ ...entry, arrival, rowLimit: 4 }));
        const servedAt = new Map<number, number>();
        for (let round = 0; asks.length > 0; round++) {
          const chosen = planCall(asks, servedAt);
          expect(chosen.length).toBeGreaterThan(0);
          expect(new Set(chosen.map((one) => one.group)).size).toBe(1);
          const rows = chosen.reduce((sum, one) => sum + one.rows, 0);
          expect(rows <= 4 || chosen.length === 1).toBe(true);
          asks = asks.filter((one) => !chosen.includes(one));
          for (const { job } of chosen) servedAt.set(job, round);
        }
      }),
    );
  });

  test('one job with fifty pictures delays another’s single picture by no call', () => {
    const crowd = Array.from({ length: 50 }, (_, arrival) => waiting(1, arrival));
    const chosen = planCall([...crowd, waiting(2, 50)], new Map([[1, 3]]));
    expect(chosen[0]?.job).toBe(2);
    expect(chosen).toHaveLength(4);
  });
});

const conditioning = { tokens: 77, width: 16, hidden: new Float32Array(77 * 16) };
const latents = (height: number, width: number) => ({
  channels: 4,
  height,
  width,
  data: new Float32Array(4 * height * width),
});
const unet = (height: number, width: number): NetworkAsk => ({
  kind: 'unet',
  rows: [{ latents: latents(height, width), timestep: 1, conditioning }],
});
const decode = (height: number, width: number): NetworkAsk => ({ kind: 'decode', latents: latents(height, width) });

describe('what can share a call', () => {
  test('lying and standing pictures do not, nor do two models', () => {
    expect(groupOf('ice', unet(8, 12))).not.toBe(groupOf('ice', unet(12, 8)));
    expect(groupOf('ice', unet(8, 12))).not.toBe(groupOf('fire', unet(8, 12)));
    expect(groupOf('ice', unet(8, 12))).not.toBe(groupOf('ice', decode(8, 12)));
    expect(groupOf('ice', unet(8, 12))).toBe(groupOf('ice', unet(8, 12)));
  });

  test('prompts of different lengths do not, nor do texts read at different layers', () => {
    const long = { ...conditioning, tokens: 154, hidden: new Float32Array(154 * 16) };
    const longer: NetworkAsk = { kind: 'unet', rows: [{ latents: latents(8, 12), timestep: 1, conditioning: long }] };
    expect(groupOf('ice', longer)).not.toBe(groupOf('ice', unet(8, 12)));
    const text = (clipSkip?: number): NetworkAsk => ({ kind: 'text', prompt: 'a', ...(clipSkip && { clipSkip }) });
    expect(groupOf('ice', text(2))).not.toBe(groupOf('ice', text()));
    expect(groupOf('ice', text(1))).toBe(groupOf('ice', text()));
  });

  test.each([
    ['128x128', unet(16, 16), 8],
    ['192x128', unet(16, 24), 5],
    ['512x512: the two rows of guidance still go together', unet(64, 64), 2],
    ['128x128 decoded', decode(16, 16), 4],
    ['512x512 decoded', decode(64, 64), 1],
  ])('rows of %s', (_, ask, rows) => {
    expect(rowLimitOf(ask, budgetFor('cpu'))).toBe(rows);
  });
});
