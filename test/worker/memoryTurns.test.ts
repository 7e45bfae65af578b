// Who works beside whom where memory is short: never two models that do not fit, nobody waits for ever.
import { describe, expect, test } from 'vitest';
import { MemoryTurns } from '../../src/worker/memoryTurns.ts';

/** Turns under a limit of 10, telling who began. */
function turnsThatTell() {
  const turns = new MemoryTurns(10);
  const begun: string[] = [];
  const ask = async (name: string, model: string, bytes: number, signal?: AbortSignal) => {
    await turns.begin(model, bytes, signal);
    begun.push(name);
  };
  return { turns, begun, ask };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('two models', () => {
  test('work side by side where they fit', async () => {
    const { begun, ask } = turnsThatTell();
    await ask('1', 'ice', 6);
    await ask('2', 'fog', 4);
    expect(begun).toEqual(['1', '2']);
  });

  test('take turns where they do not', async () => {
    const { turns, begun, ask } = turnsThatTell();
    await ask('1', 'ice', 6);
    void ask('2', 'fog', 6);
    await settled();
    expect(begun).toEqual(['1']);
    turns.end('ice');
    await settled();
    expect(begun).toEqual(['1', '2']);
  });

  test('change at most every five jobs, however the jobs come', async () => {
    const { turns, begun, ask } = turnsThatTell();
    await ask('ice', 'ice', 6);
    void ask('fog', 'fog', 6);
    for (let k = 0; k < 6; k++) void ask('ice', 'ice', 6);
    await settled();
    expect(begun).toEqual(Array(5).fill('ice'));
    for (let k = 0; k < 5; k++) turns.end('ice');
    await settled();
    expect(begun.slice(5)).toEqual(['fog']);
    turns.end('fog');
    await settled();
    expect(begun.slice(6)).toEqual(['ice', 'ice']);
  });
});

test('a model larger than the limit works alone; what does not fit at all is refused elsewhere', async () => {
  const { begun, ask } = turnsThatTell();
  await ask('1', 'sea', 50);
  expect(begun).toEqual(['1']);
});

test('who gives up leaves the line and lets those behind pass', async () => {
  const { turns, begun, ask } = turnsThatTell();
  const stop = new AbortController();
  await ask('1', 'ice', 6);
  const given = ask('2', 'fog', 6, stop.signal);
  void ask('3', 'sun', 4);
  await settled();
  expect(begun).toEqual(['1']);
  stop.abort();
  await expect(given).rejects.toThrow();
  await settled();
  expect(begun).toEqual(['1', '3']);
  turns.end('ice');
});

test('the second model of a job waits for nobody', async () => {
  const { turns, begun, ask } = turnsThatTell();
  await ask('1', 'base', 8);
  turns.join('refiner', 8);
  turns.end('refiner');
  turns.end('base');
  await ask('2', 'ice', 10);
  expect(begun).toEqual(['1', '2']);
});
