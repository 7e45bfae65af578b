// How results look where a server prefers embeds, and the line under the bot's name.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const owner = () => house.emulator.as(house.owner);
const preferEmbeds = () => owner().command(house.channelId, 'admin look', { kind: 'classic' });

interface Embed {
  readonly description?: string;
  readonly image?: { readonly url: string };
}

test('a server may have embeds: the same words, pictures and buttons, which work', async () => {
  expect(textOf((await preferEmbeds()).message)).toContain('messages with an embed');
  const { message, job } = await house.picture({ prompt: 'a red heart', count: 2 });
  expect(message.content).toBe(`**a red heart** · <@${house.alice}>`);
  const embeds = message.embeds as unknown as Embed[];
  expect(embeds).toHaveLength(2);
  expect(embeds[0]?.description).toContain(`\`#${job.id}\``);
  expect(embeds.every(({ image }) => image?.url.includes(`darkroom-${job.id}`))).toBe(true);
  expect(partsOf(message).some((part) => part.content !== undefined)).toBe(false);
  expect(labelsOf(message)).toContain('V2');
  await house.emulator.as(house.bob).click(message.id, 'V2');
  const { job: varied } = await house.jobIn('delivered', house.bob);
  expect(varied.parentImageIndex).toBe(1);
});

test('covered pictures stay covered, as files', async () => {
  await preferEmbeds();
  const { message } = await house.picture({ prompt: 'a heart --spoiler' });
  expect(filesOf(message).map(({ filename }) => filename.startsWith('SPOILER_'))).toEqual([true]);
  expect((message.embeds as unknown as Embed[]).every(({ image }) => image === undefined)).toBe(true);
});

test('a sheet keeps its choice of cells there', async () => {
  await preferEmbeds();
  const alice = house.emulator.as(house.alice);
  const asked = await alice.command(house.channelId, 'grid', { prompt: 'a fox', across: 'cfg: 3, 5' });
  const shown = await eventually(() => {
    const one = house.emulator.view(house.channelId, house.alice).find(({ id }) => id === asked.message?.id);
    return one !== undefined && labelsOf(one).includes('Make all 2') && one;
  });
  await alice.click(shown.id, 'Make all 2');
  const sheet = await eventually(() =>
    house.posts().find((post) => partsOf(post).some((part) => part.options !== undefined)),
  );
  expect((sheet.embeds as unknown as Embed[])[0]?.image?.url).toContain('sheet');
});

test('only those who manage the server choose; others keep cards', async () => {
  await expect(
    house.emulator.as(house.alice).command(house.channelId, 'admin look', { kind: 'classic' }),
  ).rejects.toThrow();
  const { message } = await house.picture();
  expect(message.content).toBe('');
});

test('the model stands under the bot’s name', async () => {
  await house.emulator.until(() => house.emulator.gateway.presence !== undefined);
  expect(house.emulator.gateway.presence).toMatchObject({ activities: [{ type: 4, state: 'testmodel' }] });
});
