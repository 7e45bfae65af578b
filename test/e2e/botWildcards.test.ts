// Lists of words in prompts, from the person and from the owner: drawn by the seed, kept in the recipe, all of them after a yes.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drawWildcards } from '../../src/core/wildcards.ts';
import { eventually, House, partsOf, textOf } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
  const saved = await ask('wildcard save', { name: 'Animal', words: 'fox, owl, hen' });
  expect(textOf(saved.message)).toContain('takes one of 3, drawn by the seed');
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const ask = (command: string, options = {}) => alice().command(house.channelId, command, options);
const LISTS = new Map([['animal', ['fox', 'owl', 'hen']]]);

test('the seed draws the word; the recipe has both, and the same seed makes the same again', async () => {
  const { job, message } = await house.picture({ prompt: 'a __animal__ --seed 41' });
  expect(job.request.prompt).toBe(drawWildcards('a __animal__', LISTS, 41));
  expect(job.request.template).toBe('a __animal__');
  const more = await alice().click(message.id, 'More');
  await alice().click(more.message!.id, 'Same seed again');
  const { job: same } = await house.jobIn('delivered', house.alice, (one) => one.id !== job.id);
  expect(same.request).toEqual(job.request);
});

test('Again draws anew with its seed, by button and by reply; a variation keeps the word', async () => {
  const { job, message } = await house.picture({ prompt: 'a __animal__' });
  expect(job.request.prompt).toBe(drawWildcards('a __animal__', LISTS, job.request.seed));
  await alice().click(message.id, 'Again');
  const { job: again } = await house.jobIn('delivered', house.alice, (one) => one.id !== job.id);
  expect(again.request.prompt).toBe(drawWildcards('a __animal__', LISTS, again.request.seed));
  await alice().reply(message.id, 'again');
  const { job: third } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id && id !== again.id);
  expect(third.request.prompt).toBe(drawWildcards('a __animal__', LISTS, third.request.seed));
  await alice().click(message.id, 'Vary a little');
  const { job: varied } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'variation');
  expect(varied.request.prompt).toBe(job.request.prompt);
  expect(varied.request.template).toBeUndefined();
});

test('the edit form shows how it was written', async () => {
  const { message } = await house.picture({ prompt: 'a __animal__' });
  const form = await alice().click(message.id, 'Edit prompt');
  expect(JSON.stringify(form.modal)).toContain('a __animal__');
  await alice().submit(form.interactionId, { prompt: 'two of __animal__', seed: '9' });
  const { job } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'edit');
  expect(job.request).toMatchObject({
    prompt: drawWildcards('two of __animal__', LISTS, 9),
    template: 'two of __animal__',
  });
});

test('all of a list, and repeats, are asked about first; each draw has its own seed', async () => {
  const asked = await ask('imagine', { prompt: 'a __animal:all__ --steps 3' });
  const shown = await eventually(() =>
    house.emulator.view(house.channelId, house.alice).find((one) => one.id === asked.message?.id && !one.loading),
  );
  expect(textOf(shown)).toContain('This makes 3 requests');
  await alice().click(shown.id, 'Make all 3');
  await eventually(() => house.worker.tasks.length === 3);
  expect(house.worker.tasks.map(({ request }) => request.prompt).sort()).toEqual(['a fox', 'a hen', 'a owl']);
  const repeated = await ask('imagine', { prompt: '__animal__ __animal__ __animal__ --repeat 6' });
  const six = await eventually(() =>
    house.emulator.view(house.channelId, house.alice).find((one) => one.id === repeated.message?.id && !one.loading),
  );
  const lines = partsOf(six).flatMap((part) => part.content?.match(/^\d\. .*?(?= ·)/gm) ?? []);
  expect(lines).toHaveLength(6);
  expect(new Set(lines.map((line) => line.slice(3))).size).toBeGreaterThan(1);
});

test("the owner's files serve everybody, one's own goes before; mistakes name the lists there are", async () => {
  const folder = path.join(house.dataDir, 'models', 'wildcards');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'weather.txt'), '# what falls\nrain\nsnow\n');
  await writeFile(path.join(folder, 'animal.txt'), 'whale\nseal\n');
  const { job: bobs } = await house.picture({ prompt: 'a __animal__ in __weather__' }, house.bob);
  expect(bobs.request.prompt).toMatch(/^a (whale|seal) in (rain|snow)$/);
  const { job } = await house.picture({ prompt: 'a __animal__' });
  expect(job.request.prompt).toMatch(/^a (fox|owl|hen)$/);
  const wrong = await ask('imagine', { prompt: 'a __wether__' });
  expect(textOf(wrong.message)).toContain('Did you mean weather?');
  const listed = textOf((await ask('wildcard list')).message);
  expect(listed).toContain('- `__animal__` ✎ (3) · fox, owl, hen');
  expect(listed).toContain('- `__weather__` (2) · rain, snow');
});

test('lists are one’s own to delete and to have forgotten', async () => {
  const bob = house.emulator.as(house.bob);
  const refused = await bob.command(house.channelId, 'wildcard delete', { name: 'animal' });
  expect(textOf(refused.message)).toContain('You have no list named');
  expect((await alice().autocomplete(house.channelId, 'wildcard delete', 'name', 'an')).choices).toHaveLength(1);
  expect(textOf((await ask('wildcard delete', { name: '__animal__' })).message)).toContain('is deleted');
  expect(textOf((await ask('wildcard save', { name: 'x', words: 'one' })).message)).toContain('at least two');
  await ask('wildcard save', { name: 'x', words: 'one, two' });
  house.store.forget(house.alice);
  expect(house.store.wildcards(house.alice)).toEqual([]);
});
