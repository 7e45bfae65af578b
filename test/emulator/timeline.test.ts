// The emulator's time: alarms ring on advance and with the clock underneath, and leave nothing behind.
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { isSnowflake, SnowflakeSource, snowflakeTimeMs } from '../../src/emulator/snowflake.ts';
import { Timeline } from '../../src/emulator/timeline.ts';

/** A clock whose sleeps end when the test says so. */
function handClock() {
  const sleeps: { ms: number; wake: () => void; aborted: boolean }[] = [];
  let now = 1_700_000_000_000;
  const clock: Clock = {
    nowMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleep = { ms, wake: resolve, aborted: false };
        sleeps.push(sleep);
        signal?.addEventListener('abort', () => {
          sleep.aborted = true;
          reject(signal.reason);
        });
      }),
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { clock, sleeps, pass };
}

describe('alarms', () => {
  test('ring in order when time is advanced past them', () => {
    const time = new Timeline(handClock().clock);
    const rung: number[] = [];
    for (const ms of [30, 10, 20]) time.after(ms, () => rung.push(ms));
    time.advance(25);
    expect(rung).toEqual([10, 20]);
    time.advance(5);
    expect(rung).toEqual([10, 20, 30]);
  });

  test('ring when the clock underneath has slept', async () => {
    const { clock, sleeps, pass } = handClock();
    const time = new Timeline(clock);
    const rung = new Promise((resolve) => time.after(100, () => resolve('rung')));
    expect(sleeps.map((sleep) => sleep.ms)).toEqual([100]);
    pass(100);
    sleeps[0]!.wake();
    expect(await rung).toBe('rung');
  });

  test('taken back do not ring; the last one ends the sleep', () => {
    const { clock, sleeps } = handClock();
    const time = new Timeline(clock);
    let rung = 0;
    const takeBack = time.after(10, () => {
      rung += 1;
    });
    takeBack();
    time.advance(10);
    expect([rung, sleeps[0]!.aborted]).toEqual([0, true]);
  });

  test('an earlier one shortens the sleep', () => {
    const { clock, sleeps } = handClock();
    const time = new Timeline(clock);
    time.after(100, () => {});
    time.after(40, () => {});
    time.after(60, () => {});
    expect(sleeps.map(({ ms, aborted }) => [ms, aborted])).toEqual([
      [100, true],
      [40, false],
    ]);
  });
});

test('sleep ends with time or with its signal', async () => {
  const time = new Timeline(handClock().clock);
  const slept = time.sleep(1000);
  const abort = new AbortController();
  const stopped = time.sleep(1000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
  time.advance(1000);
  await expect(slept).resolves.toBeUndefined();
});

test('snowflakes rise within a millisecond and when the clock steps back, and keep their time', () => {
  let now = 1_700_000_000_000;
  const source = new SnowflakeSource(() => now);
  const ids = [source.next(), source.next()];
  now -= 5000;
  ids.push(source.next());
  expect(ids.map((id) => BigInt(id))).toEqual([...ids.map((id) => BigInt(id))].sort((a, b) => (a < b ? -1 : 1)));
  expect(snowflakeTimeMs(ids[0]!)).toBe(1_700_000_000_000);
  expect(['0', '42', '-1', '01', 'x', '99999999999999999999'].map(isSnowflake)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
