// Which models stay open: one opening for all who wait, two without work, none that broke.
import { describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { ModelShelf, type OpenedModel } from '../../src/worker/modelShelf.ts';

/** A shelf over models that only tell of their opening and closing. */
function shelfThatTells() {
  const told: string[] = [];
  const failing = new Set<string>();
  const shelf = new ModelShelf(async (name) => {
    told.push(`+${name}`);
    if (failing.has(name)) throw new DarkroomError('weights_invalid', name);
    return { close: async () => void told.push(`-${name}`) } as OpenedModel;
  });
  const use = async (name: string, isBroken = false) => (await shelf.lend(name)).giveBack(isBroken);
  return { shelf, told, failing, use };
}

describe('a model', () => {
  test('is opened once for everybody who wants it, and stays for the next', async () => {
    const { shelf, told, use } = shelfThatTells();
    const lent = await Promise.all(['ice', 'ice', 'ice'].map((name) => shelf.lend(name)));
    for (const one of lent) await one.giveBack(false);
    await use('ice');
    expect(told).toEqual(['+ice']);
  });

  test('gives way when it was unused longest', async () => {
    const { told, use } = shelfThatTells();
    for (const name of ['ice', 'fog', 'ice', 'sun']) await use(name);
    expect(told).toEqual(['+ice', '+fog', '+sun', '-fog']);
  });

  test('is never closed under somebody’s hands', async () => {
    const { shelf, told, use } = shelfThatTells();
    const ice = await shelf.lend('ice');
    for (const name of ['fog', 'sun', 'sea']) await use(name);
    expect(told).not.toContain('-ice');
    expect(told).toContain('-fog');
    await ice.giveBack(false);
    expect(told.at(-1)).toBe('-ice');
  });

  test('that broke is opened anew for the next and closed by its last user', async () => {
    const { shelf, told, use } = shelfThatTells();
    const other = await shelf.lend('ice');
    await use('ice', true);
    expect(told).toEqual(['+ice']);
    await use('ice');
    expect(told).toEqual(['+ice', '+ice']);
    await other.giveBack(false);
    expect(told).toEqual(['+ice', '+ice', '-ice']);
  });

  test('that is retired is opened anew for the next; who has it keeps it to the end', async () => {
    const { shelf, told, use } = shelfThatTells();
    const ice = await shelf.lend('ice');
    await shelf.retire('ice');
    await use('ice');
    expect(told).toEqual(['+ice', '+ice']);
    await ice.giveBack(false);
    expect(told).toEqual(['+ice', '+ice', '-ice']);
    await shelf.retire('ice');
    await shelf.retire('fog');
    expect(told).toEqual(['+ice', '+ice', '-ice', '-ice']);
  });

  test('that cannot be opened is tried again', async () => {
    const { shelf, told, failing, use } = shelfThatTells();
    failing.add('ice');
    await expect(Promise.all([shelf.lend('ice'), shelf.lend('ice')])).rejects.toMatchObject({
      code: 'weights_invalid',
    });
    failing.clear();
    await use('ice');
    expect(told).toEqual(['+ice', '+ice']);
  });

  test('is closed with the shelf', async () => {
    const { shelf, told, use } = shelfThatTells();
    await use('ice');
    await shelf.lend('fog');
    await shelf.close();
    expect(told).toEqual(['+ice', '+fog', '-ice', '-fog']);
  });
});
