// From one picture on: zoom out, pan, a part made anew by cells or by a mask handed in with a form.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobRecord } from '../../src/core/job.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const bob = () => house.emulator.as(house.bob);
const madeFrom = (parent: JobRecord, who = house.alice) =>
  house.jobIn('delivered', who, (one) => one.parentJobId === parent.id).then(({ job }) => job);
/** Chooses in the line of a result's card. */
const reshape = (messageId: string, value: string, who = house.alice) => {
  const message = house.posts().find(({ id }) => id === messageId)!;
  const select = partsOf(message).find(({ custom_id }) => custom_id?.startsWith('v1:reshape'))!;
  return house.emulator.as(who).select(messageId, select.custom_id!, [value]);
};
const regionCard = async (messageId: string) => {
  const opened = await reshape(messageId, 'region');
  return eventually(() => {
    const card = house.emulator.view(house.channelId, house.alice).find((one) => one.id === opened.message?.id);
    return card !== undefined && !card.loading && card;
  });
};
const whiteShare = async (sha256: string) => {
  const file = await readFile(path.join(house.dataDir, 'inputs', sha256));
  const data = await sharp(file).greyscale().raw().toBuffer();
  return data.filter((level) => level === 255).length / data.length;
};

describe('a larger canvas', () => {
  test.each([
    ['zoom1.5', { leftPx: 16, rightPx: 16, upPx: 10, downPx: 11 }, { widthPx: 96, heightPx: 64 }],
    ['zoom2', { leftPx: 24, rightPx: 24, upPx: 16, downPx: 16 }, { widthPx: 96, heightPx: 64 }],
    ['left', { leftPx: 48, rightPx: 0, upPx: 0, downPx: 0 }, { widthPx: 144, heightPx: 64 }],
    ['down', { leftPx: 0, rightPx: 0, upPx: 0, downPx: 32 }, { widthPx: 96, heightPx: 96 }],
  ])('%s', async (value, outpaint, size) => {
    const { message, job } = await house.picture({ prompt: 'a red heart' });
    await reshape(message.id, value);
    const made = await madeFrom(job);
    expect(made.request).toMatchObject({ prompt: 'a red heart', outpaint, size, count: 1 });
    expect(made.request.initImage?.sha256).toBe(house.store.pictures(job.id)[0]?.sha256);
    expect(made.request.seed).not.toBe(job.request.seed);
  });

  test('of one picture of several is reached through U, and may be taken further', async () => {
    const { message, job } = await house.picture({ count: 2 });
    const shown = await bob().click(message.id, 'U2');
    const alone = await eventually(() => {
      const card = house.emulator.view(house.channelId, house.bob).find((one) => one.id === shown.message?.id);
      return card !== undefined && labelsOf(card).includes('Right') && card;
    });
    await bob().click(alone.id, 'Right');
    const wide = await madeFrom(job, house.bob);
    expect(wide).toMatchObject({ parentImageIndex: 1, request: { size: { widthPx: 144, heightPx: 64 } } });
    const post = house.posts().find((one) => one.id === wide.messageId)!;
    await reshape(post.id, 'zoom2', house.bob);
    const further = await madeFrom(wide, house.bob);
    expect(further.request.size).toEqual({ widthPx: 144, heightPx: 64 });
  });

  test('that would be too large is refused in words', async () => {
    const { message } = await house.picture({ size: '1024x64' });
    const refused = await reshape(message.id, 'right');
    expect(textOf(refused.message)).toContain('expected at most 1024');
  });
});

describe('a part made anew', () => {
  test('by cells: they are shown, chosen, and described', async () => {
    const { message, job } = await house.picture({ prompt: 'a red heart' });
    const card = await regionCard(message.id);
    expect(filesOf(card)).toMatchObject([{ filename: `darkroom-${job.id}-cells.webp` }]);
    const select = partsOf(card).find((part) => part.options !== undefined)!;
    expect(select.options!.map(({ label }) => label).join(' ')).toBe('A1 B1 C1 D1 A2 B2 C2 D2 A3 B3 C3 D3 A4 B4 C4 D4');
    const form = await alice().select(card.id, select.custom_id!, ['0', '1', '5']);
    expect(JSON.stringify(form.modal)).toContain('a red heart');
    await alice().submit(form.interactionId, { prompt: 'a heart with a hat --seed 3' });
    const made = await madeFrom(job);
    expect(made.request).toMatchObject({ prompt: 'a heart with a hat', seed: 3, strength: 0.9 });
    expect(made.request.initImage?.sha256).toBe(house.store.pictures(job.id)[0]?.sha256);
    expect(await whiteShare(made.request.mask!.sha256)).toBeCloseTo(3 / 16, 2);
  });

  test('by a mask handed in with the form', async () => {
    const { message, job } = await house.picture();
    const card = await regionCard(message.id);
    const form = await alice().click(card.id, 'Hand in a mask');
    await expect(alice().submit(form.interactionId, { prompt: 'x' })).rejects.toThrow('0 files chosen');
    const mask = { name: 'mask.png', bytes: plainPng({ widthPx: 96, heightPx: 64 }, 255), contentType: 'image/png' };
    await alice().submit(form.interactionId, { prompt: 'a hat', mask, strength: '0.5' });
    const made = await madeFrom(job);
    expect(made.request).toMatchObject({ prompt: 'a hat', strength: 0.5 });
    expect(await whiteShare(made.request.mask!.sha256)).toBe(1);
  });

  test('refuses a strength that is none, and words that are private', async () => {
    const { message } = await house.picture({ prompt: 'a heart --private' });
    expect(textOf((await reshape(message.id, 'region', house.bob)).message)).toContain('is private');
    const card = await regionCard(message.id);
    const select = partsOf(card).find((part) => part.options !== undefined)!;
    const form = await alice().select(card.id, select.custom_id!, ['15']);
    const wrong = await alice().submit(form.interactionId, { strength: '7' });
    expect(textOf(wrong.message)).toContain('from 0 to 1');
  });
});
