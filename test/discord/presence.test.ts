// The line under the bot's name: told when it changes, no oftener than Discord takes it, and never in the way of anything.
import { expect, test } from 'vitest';
import { keepPresence, PRESENCE_PAUSE_MS, presenceLine } from '../../src/discord/presence.ts';
import { FakeClock } from '../support/fakeClock.ts';

test('says what is being made, what waits and with which model', () => {
  expect(presenceLine({ waiting: 0, running: 0 }, 'emoji')).toBe('emoji');
  expect(presenceLine({ waiting: 12, running: 1 }, 'emoji')).toBe('🎞️ 1 · ⏳ 12 · emoji');
  expect(presenceLine({ waiting: 1, running: 0 }, 'x'.repeat(300))).toHaveLength(128);
});

test('is told once for each change, at most every twenty seconds, and goes on after a failed look', async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const counts = { waiting: 0, running: 1 };
  let isBroken = false;
  const stop = new AbortController();
  const keeping = keepPresence(
    {
      store: {
        counts: () => {
          if (isBroken) throw new Error('locked');
          return counts;
        },
      },
      model: () => 'emoji',
      clock,
      tell: ({ state }) => told.push(state),
    },
    stop.signal,
  );
  await clock.advance(PRESENCE_PAUSE_MS);
  expect(told).toEqual(['🎞️ 1 · emoji']);
  counts.waiting = 3;
  await clock.advance(PRESENCE_PAUSE_MS / 2);
  expect(told).toHaveLength(1);
  isBroken = true;
  await clock.advance(PRESENCE_PAUSE_MS);
  expect(told).toHaveLength(1);
  isBroken = false;
  await clock.advance(PRESENCE_PAUSE_MS);
  expect(told).toEqual(['🎞️ 1 · emoji', '🎞️ 1 · ⏳ 3 · emoji']);
  stop.abort(new Error('over'));
  await keeping;
});
