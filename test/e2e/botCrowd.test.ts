// Many people at once: every order answered, every job one message and one charge, whoever clicks what meanwhile.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Outcome } from '../../src/emulator/views.ts';
import { eventually, filesOf, House } from './house.ts';

const PEOPLE = 20;
const ORDERS_EACH = 3;

let house: House;
beforeEach(async () => {
  house = await House.open({ emulator: { rateLimits: false }, jobsPerWorker: 2 });
});
afterEach(() => house.close());

/** As a person would: where a busy machine, with bot and Discord in one process, let the three seconds pass, once more. */
async function ask(person: string, index: number): Promise<Outcome['kind']> {
  for (let tries = 1; ; tries += 1) {
    const options = { prompt: `picture ${index}`, seed: index };
    const { kind } = await house.emulator.as(person).command(house.channelId, 'imagine', options);
    if (kind !== 'failed' || tries === 5) return kind;
  }
}

test('sixty orders in one breath', async () => {
  const { emulator, store } = house;
  const people = Array.from({ length: PEOPLE }, (_, index) => emulator.addUser(`person${index}`).id);
  for (const person of people) emulator.addMember(house.guildId, person);
  const orders = people.flatMap((person) => Array.from({ length: ORDERS_EACH }, (_, index) => ({ person, index })));
  const kinds = await Promise.all(orders.map(({ person, index }) => ask(person, index)));
  expect(kinds.filter((kind) => kind !== 'message')).toEqual([]);
  // What Discord called unanswered is expired and nobody's.
  const jobs = () => store.list({ limit: 400 }).filter(({ state }) => state !== 'expired');
  await eventually(() => jobs().every(({ state }) => state === 'delivered'), 30_000);

  expect(jobs()).toHaveLength(PEOPLE * ORDERS_EACH);
  const posts = house.posts();
  expect(posts).toHaveLength(PEOPLE * ORDERS_EACH);
  expect(new Set(jobs().map(({ messageId }) => messageId))).toEqual(new Set(posts.map(({ id }) => id)));
  expect(posts.every((post) => filesOf(post).length === 1)).toBe(true);
  for (const person of people) expect(house.used(person)).toBe(ORDERS_EACH);
});

test('somebody with many orders does not hold up the others', async () => {
  const { emulator, store } = house;
  house.worker.hold();
  for (let index = 0; index < 8; index += 1) {
    await emulator.as(house.alice).command(house.channelId, 'imagine', { prompt: `alice ${index}` });
  }
  await emulator.as(house.bob).command(house.channelId, 'imagine', { prompt: 'bob' });
  await eventually(() => house.newest(house.bob)?.state === 'queued');
  // Two of Alice's run already; Bob is next but one at most.
  expect(store.position(house.newest(house.bob)!.id)).toBeLessThanOrEqual(1);
  house.worker.release();
  await eventually(() => store.list({ limit: 20 }).every(({ state }) => state === 'delivered'), 20_000);
});
