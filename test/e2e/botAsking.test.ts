// Large orders are asked about first whichever way they come; only the asker's yes counts, and a no leaves nothing behind.
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobRecord } from '../../src/core/job.ts';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { ROOT } from '../../src/root.ts';
import { eventually, House, labelsOf, partsOf, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open({ rules: { dailyQuota: 10_000 } });
});
afterEach(() => house.close());

/** 312 usual pictures: 25 times the pixels and 12.5 times the steps; a third of it is still large. */
const LARGE = { prompt: 'a red heart', size: '480x320', steps: 150 };
const COST = /It counts as \d[\d,]* usual pictures/;
const alice = () => house.emulator.as(house.alice);
const seen = (who = house.alice) => house.emulator.view(house.channelId, who);
const question = (isNew: (one: SeenMessage) => boolean = () => true, who = house.alice) =>
  eventually(() => seen(who).find((one) => labelsOf(one).includes('Make it') && isNew(one)));

async function large(): Promise<{ job: JobRecord; message: SeenMessage }> {
  await alice().command(house.channelId, 'imagine', LARGE);
  await alice().click((await question()).id, 'Make it');
  return house.jobIn('delivered');
}

const reshaped = (message: SeenMessage, value: string) => {
  const select = partsOf(message).find(({ custom_id }) => custom_id?.startsWith('v1:reshape'))!;
  return alice().select(message.id, select.custom_id!, [value]);
};
const form = async (opened: Outcome, fields: Record<string, string> = {}) =>
  alice().submit(opened.interactionId, fields);
const picture = { name: 'p.png', bytes: plainPng({ widthPx: 64, heightPx: 96 }, 7), contentType: 'image/png' };
const FLAGS = '--size 480x320 --steps 150';

type Way = (message: SeenMessage, job: JobRecord) => Promise<unknown>;
const WAYS: Readonly<Record<string, Way>> = {
  'the button Again': ({ id }) => alice().click(id, 'Again'),
  'the button Vary a lot': ({ id }) => alice().click(id, 'Vary a lot'),
  'the form behind Edit': async ({ id }) => form(await alice().click(id, 'Edit prompt'), { prompt: 'a blue heart' }),
  'the line that zooms out': (message) => reshaped(message, 'zoom2'),
  'the line that pans': (message) => reshaped(message, 'left'),
  'the menu Vary': async ({ id }) => form(await alice().messageMenu(id, 'Vary this picture'), { strength: '1' }),
  'the menu Use as source': async ({ id }) =>
    form(await alice().messageMenu(id, 'Use as source'), { prompt: `a fox ${FLAGS}` }),
  '/verify': (_, { id }) => alice().command(house.channelId, 'verify', { id }),
  '/blend': (_, { id }) =>
    alice().command(house.channelId, 'blend', { pictures: id, first: picture, prompt: `two ${FLAGS}` } as never),
  '/imagine with a picture': () =>
    alice().command(house.channelId, 'imagine', { ...LARGE, image: picture, strength: 1 } as never),
};

describe('a large order', () => {
  test.each(Object.keys(WAYS))('by %s is asked about with its cost, and made once after a yes', async (way) => {
    const { job, message } = await large();
    const old = new Set(seen().map(({ id }) => id));
    await WAYS[way]!(message, job);
    const asked = await question(({ id }) => !old.has(id));
    expect(textOf(asked)).toMatch(COST);
    expect(asked.ephemeral).toBe(true);
    expect(house.newest()?.id).toBe(job.id);
    await alice().click(asked.id, 'Make it');
    const { job: made } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(made.cost).toBeGreaterThan(64);
    expect(house.store.list({ userId: house.alice, limit: 9 })).toHaveLength(2);
  });

  test('by a reply is asked about in the channel; others cannot answer, and the result replies to the words', async () => {
    const { job, message } = await large();
    const reply = await alice().reply(message.id, `--private ${FLAGS} --strength 1`);
    const asked = await question(({ id }) => id > message.id, house.bob);
    expect(textOf(asked)).toMatch(COST);
    expect(textOf(asked)).not.toContain('red heart');
    const refused = await house.emulator.as(house.bob).click(asked.id, 'Make it');
    expect(textOf(refused.message)).toBe(`Only <@${house.alice}> can answer this.`);
    expect(house.newest()?.id).toBe(job.id);
    await alice().click(asked.id, 'Make it');
    const { job: made } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(made).toMatchObject({ sourceKind: 'message', sourceId: reply.id });
    expect(house.posts().some(({ id }) => id === asked.id)).toBe(false);
  });

  test('dropped by a no leaves nothing in the channel and nothing charged', async () => {
    const { job, message } = await large();
    const used = house.used(house.alice);
    await alice().reply(message.id, 'again');
    const asked = await question(({ id }) => id > message.id, house.bob);
    await alice().click(asked.id, 'Cancel');
    await eventually(() => !house.posts().some(({ id }) => id === asked.id));
    expect(house.newest()?.id).toBe(job.id);
    expect(house.used(house.alice)).toBe(used);
  });

  test('that would be refused is refused at once, without a question', async () => {
    await house.emulator
      .as(house.owner)
      .command(house.channelId, 'admin words add', { name: 'airships', word: 'zeppelin' });
    const said = await alice().command(house.channelId, 'imagine', { ...LARGE, prompt: 'a zeppelin' });
    const text = await eventually(() => {
      const shown = seen().find(({ id }) => id === said.message?.id);
      return shown !== undefined && !shown.loading && textOf(shown);
    });
    expect(text).toContain('This prompt is not allowed here');
    expect(seen().some((one) => labelsOf(one).includes('Make it'))).toBe(false);
  });

  test('is asked about anew when its pictures were cleared away in between', async () => {
    await alice().command(house.channelId, 'imagine', { ...LARGE, image: picture, strength: 1 } as never);
    const asked = await question();
    await rm(`${house.dataDir}/inputs`, { recursive: true });
    const said = await alice().click(asked.id, 'Make it');
    expect(textOf(said.message)).toContain('This question is too old');
    expect(house.newest()).toBeUndefined();
  });
});

test('no command takes an order without the question', async () => {
  const files = (await readdir(path.join(ROOT, 'commands'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  const texts = await Promise.all(files.map((name) => readFile(path.join(ROOT, 'commands', name), 'utf8')));
  expect(files.filter((_, index) => /\b(?:takeOrder|placeOrder)\(/.test(texts[index]!))).toEqual([]);
});
