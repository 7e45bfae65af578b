// Pictures larger than the place takes: shown as WebP, with the original kept and given where it fits.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually, filesOf, House, labelsOf, textOf } from './house.ts';

/** A noisy PNG of 96x64 has some 18,500 bytes. */
const LIMIT = 14_000;
let house: House;
beforeEach(async () => {
  house = await House.open({ emulator: { fileLimitBytes: LIMIT } });
  house.worker.isNoisy = true;
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const shownTo = (id: string | undefined, who = house.alice) =>
  eventually(() => {
    const message = house.emulator.view(house.channelId, who).find((one) => one.id === id);
    return message !== undefined && !message.loading && filesOf(message).length > 0 && message;
  });

describe('a picture larger than the channel takes', () => {
  test('is shown as WebP with a word about the original, alt text as ever', async () => {
    const { message, job } = await house.picture({ prompt: 'a loud heart' });
    expect(filesOf(message)).toMatchObject([
      { filename: `darkroom-${job.id}-1.webp`, description: 'Generated picture: a loud heart' },
    ]);
    expect(textOf(message)).toContain('Shown as WebP to fit here');
    expect(labelsOf(message)).toContain('Vary a little');
  });

  test('of several, each is made smaller, none is left out', async () => {
    const { message } = await house.picture({ count: 3 });
    expect(filesOf(message).map(({ filename }) => filename.slice(-6))).toEqual(['1.webp', '2.webp', '3.webp']);
  });

  test('tells in its own view and in /show what the original has, and /recipe gives it small too', async () => {
    const { message, job } = await house.picture();
    const more = await alice().click(message.id, 'More');
    const original = await alice().click(more.message!.id, 'Original file');
    const alone = await shownTo(original.message?.id);
    expect(textOf(alone)).toContain('The original PNG has 0.0 MiB and 0.0 MiB fit here');
    const shown = await shownTo((await alice().command(house.channelId, 'show', { id: job.id })).message?.id);
    expect(filesOf(shown)[0]?.filename).toBe(`darkroom-${job.id}-1.webp`);
    const recipe = await shownTo((await alice().messageMenu(message.id, 'Recipe')).message?.id);
    expect(filesOf(recipe)).toHaveLength(1);
  });

  test('varies from the original, not from what was shown', async () => {
    const { message, job } = await house.picture();
    await alice().click(message.id, 'Vary a little');
    const { job: varied } = await house.jobIn('delivered', house.alice, (one) => one.kind === 'variation');
    expect(varied.request.initImage?.sha256).toBe(house.store.pictures(job.id)[0]?.sha256);
  });
});
