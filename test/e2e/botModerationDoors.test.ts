// Every way words can come into a picture leads past the same judge: prompts and forms, choices and drawn words, styles, LoRAs with the words
// they bring, replies, grids, other people's recipes, and what was asked before the rule was made.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LoraCard } from '../../src/core/lora.ts';
import type { Outcome, SeenMessage } from '../../src/emulator/views.ts';
import { CONTROLLED_CARD } from '../support/cards.ts';
import { answerOf, FILE, quiet, type Stage } from './doors/stage.ts';
import { eventually, House, partsOf, textOf } from './house.ts';

const lora = (name: string, triggers: readonly string[] = []): LoraCard => ({
  name,
  family: 'Stable Diffusion 1.x',
  fits: ['testmodel'],
  triggers,
  defaults: {},
  sizeBytes: 1_000,
});
const CARD = { ...CONTROLLED_CARD, loras: [lora('zyzzyva_style'), lora('ink', ['zyzzyva'])] };
/** A beetle nobody may draw here. */
const WORD = 'zyzzyva';
const REFUSED = /not allowed here: no beetles/;

let house: House;
let stage: Stage;
/** A harmless picture, and one that was made before the rule. */
let fox: SeenMessage;
let beetle: SeenMessage;

beforeAll(async () => {
  house = await House.open({ cards: [CARD], charts: null, rules: { dailyQuota: 1_000, maxWaitingPerUser: 100 } });
  stage = { house } as Stage;
  const owner = house.emulator.as(house.owner);
  await owner.command(house.channelId, 'admin policy', { pauses: 'none' });
  fox = (await house.picture({ prompt: 'a fox' })).message;
  beetle = (await house.picture({ prompt: `a ${WORD}` })).message;
  await owner.command(house.channelId, 'admin words add', { word: WORD, name: 'no beetles' });
  await quiet(stage);
});
afterAll(() => house.close());

const alice = () => house.emulator.as(house.alice);
const say = (command: string, options: object) => alice().command(house.channelId, command, options as never);
const imagine = (prompt: string, more: object = {}) => say('imagine', { prompt, ...more });

async function submitted(
  opened: Promise<Outcome>,
  fields: Record<string, string | readonly string[]>,
): Promise<Outcome> {
  return alice().submit((await opened).interactionId, fields);
}

/** A button of the private answer to something. */
async function pressed(asked: Promise<Outcome>, action: string): Promise<Outcome> {
  const outcome = await asked;
  const card = await eventually(() => {
    const seen = house.emulator.view(house.channelId, house.alice).find(({ id }) => id === outcome.message?.id);
    return seen !== undefined && !seen.loading && seen;
  });
  const button = partsOf(card).find(({ custom_id }) => custom_id?.startsWith(`v1:${action}:`));
  if (button === undefined) throw new Error(`no ${action} on: ${textOf(card)}`);
  return alice().click(card.id, button.custom_id!);
}

const idOf = async (message: SeenMessage, action: string) =>
  partsOf(message).find(({ custom_id }) => custom_id?.startsWith(`v1:${action}:`))!.custom_id!;

/** What a reply is answered in the channel. */
async function replied(messageId: string, words: string): Promise<string> {
  const before = new Set(house.posts().map(({ id }) => id));
  await alice().reply(messageId, words);
  return textOf(await eventually(() => house.posts().find(({ id }) => !before.has(id))));
}

const WAYS: Readonly<Record<string, () => Promise<Outcome | string>>> = {
  'a prompt': () => imagine(`a ${WORD}`),
  'a prompt in brackets, with weights': () => imagine('a (zyz:1.1)zyva'),
  'a word that comes in the middle': () => imagine(`a [fox:${WORD}:0.5]`),
  'a part of its own': () => imagine(`a fox AND a ${WORD} :0.4`),
  'a negative prompt that is drawn': () => imagine('a fox', { negative: WORD, guidance: 0 }),
  'a choice of several': () => imagine(`a {fox, ${WORD}}`),
  'two halves of a choice': () => imagine('a zyz{zyva, zyvo} on a leaf'),
  'a list of words': async () => {
    await say('wildcard save', { name: 'bugs', words: `${WORD} larva, ${WORD} egg` });
    return imagine('a __bugs__');
  },
  'a style by name': async () => {
    await say('style save', { name: 'buggy', text: `with a ${WORD}` });
    return imagine('a fox --style buggy');
  },
  'a style for everything': async () => {
    await say('style use', { name: 'buggy' });
    const outcome = await imagine('a fox');
    await say('style use', { name: 'none' });
    return outcome;
  },
  'a LoRA by its name': () => imagine('a fox --lora zyzzyva_style'),
  'the words a LoRA brings': async () => {
    await say('lora words', { place: 'before' });
    const outcome = await imagine('a fox --lora ink');
    await say('lora words', { place: 'suggest' });
    return outcome;
  },
  'a grid': () =>
    say('grid', { prompt: 'a fox', across: `words: fox, ${WORD}` }).then((asked) =>
      pressed(Promise.resolve(asked), 'sheet'),
    ),
  'words over blended pictures': () => say('blend', { first: FILE, second: FILE, prompt: `a ${WORD}` }),
  'the edit form': async () => submitted(alice().click(fox.id, await idOf(fox, 'edit')), { prompt: `a ${WORD}` }),
  'the form of a source': async () =>
    submitted(alice().click(fox.id, await idOf(fox, 'source')), { prompt: `a ${WORD}` }),
  'the form of a variation': () => submitted(alice().messageMenu(fox.id, 'Vary this picture'), { prompt: `a ${WORD}` }),
  'the form of a control': () =>
    submitted(alice().messageMenu(fox.id, 'Use as control'), { prompt: `a ${WORD}`, kind: ['canny'] }),
  'a reply': () => replied(fox.id, `with a ${WORD}`),
  'a reply that asks not to have no such thing': () => replied(fox.id, `--no ${WORD} --cfg 0`),
  'somebody’s recipe': async () => {
    const { id } = await house.emulator
      .as(house.bob)
      .say(house.channelId, `a ${WORD}\nSteps: 9, Sampler: Euler, Seed: 8, Size: 96x64`);
    return pressed(alice().messageMenu(id, 'Recipe'), 'remake');
  },
  'again, of one made before the rule': async () => alice().click(beetle.id, await idOf(beetle, 'again')),
  'a variation of such a one': async () => alice().click(beetle.id, await idOf(beetle, 'vary')),
  'a reply to such a one': () => replied(beetle.id, 'in blue'),
  'such a one verified': () => say('verify', { id: house.store.byMessage(beetle.id)!.id }),
};

test.each(Object.entries(WAYS))('%s', async (_, way) => {
  await quiet(stage);
  const before = house.store.list({ userId: house.alice, limit: 1_000 }).map(({ id }) => id);
  const outcome = await way();
  const told = typeof outcome === 'string' ? outcome : await answerOf(stage, outcome, REFUSED);
  expect(told).toMatch(REFUSED);
  const made = house.store.list({ userId: house.alice, limit: 1_000 }).filter(({ id }) => !before.includes(id));
  expect(made.filter(({ request }) => JSON.stringify(request).includes(WORD))).toEqual([]);
});
