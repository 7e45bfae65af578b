import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../src/discord/turns.ts';

/** Work takes the time it says, on a clock of its own. */
function table(isCrowded = () => false) {
  const clock = { ms: 0 };
  const begun: string[] = [];
  const turns = new Turns({ isCrowded, nowMs: () => clock.ms });
  const answer = (name: string, tookMs = 3) =>
    turns.answer(async () => {
      begun.push(name);
      clock.ms += tookMs;
      return name;
    });
  const message = (name: string) => turns.message().then(() => begun.push(name));
  return { turns, clock, begun, answer, message };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('where nobody waits work begins at once, and its end is told', async () => {
  const { turns, begun, answer } = table();
  const told = answer('one');
  expect(begun).toEqual(['one']);
  expect(await told).toBe('one');
  await expect(turns.answer(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('a burst is begun by slices, in its order, with the event loop going on in between', async () => {
  const { begun, answer } = table();
  const all = Array.from({ length: 9 }, (_, n) => answer(String(n)));
  expect(begun).toEqual(['0', '1', '2']);
  await turn();
  expect(begun).toEqual(['0', '1', '2', '3', '4', '5']);
  await Promise.all(all);
  expect(begun).toEqual([...'012345678']);
});

test('however short its beginnings, no more than a few of a burst are begun in one turn', async () => {
  const { begun, answer } = table();
  const all = Array.from({ length: 9 }, (_, n) => answer(String(n), 0));
  expect(begun).toHaveLength(5);
  await Promise.all(all);
  expect(begun).toEqual([...'012345678']);
});

test('messages go behind answers, a few in one turn', async () => {
  const { begun, answer, message } = table();
  const all: Promise<unknown>[] = ['a', 'b', 'c'].map((name) => answer(name, 9));
  all.push(...[...'123456'].map(message));
  await turn();
  await turn();
  expect(begun.slice(0, 3)).toEqual(['a', 'b', 'c']);
  await Promise.all(all);
  expect(begun).toEqual([...'abc123456']);
});

test('while a crowd waits for answers messages are held, but not for ever', async () => {
  let isCrowded = true;
  const { begun, clock, message } = table(() => isCrowded);
  const held = message('held');
  await sleep(60);
  expect(begun).toEqual([]);
  clock.ms = 5_001;
  await held;
  expect(begun).toEqual(['held']);
  const next = message('next');
  await sleep(30);
  expect(begun).toEqual(['held']);
  isCrowded = false;
  await next;
});
