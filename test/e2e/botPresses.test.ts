// Every kind of button, select menu and form the router knows: used honestly by whom it is for, tried by others, and tampered with: a letter
// changed, another version, another picture's id, one that is not there, somebody else's. What is refused changes no row.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ACTIONS, makeCustomIds } from '../../src/discord/customIds.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { type Meeting, type Met, NotLet, PRESS_DOORS, type PressDoor } from './doors/pressTable.ts';
import { pressDoors } from './doors/registered.ts';
import {
  answerOf,
  changesSince,
  contentsOf,
  openStage,
  pictureIn,
  quiet,
  type Role,
  type Stage,
} from './doors/stage.ts';
import { eventually } from './house.ts';

// Each goes through a door dozens of times, on machines that do other things too.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let stage: Stage;
/** A picture of somebody else's, in a channel of another server. */
let foreignJob = '';

beforeAll(async () => {
  stage = await openStage();
  const { house, people, staff } = stage;
  const { emulator } = house;
  const owner = emulator.as(house.owner);
  await owner.command(house.channelId, 'admin reports', { channel: staff });
  await owner.command(house.channelId, 'admin policy', { pauses: 'none' });
  const guild = emulator.world.guilds.get(house.guildId)!;
  for (const role of guild.roles.values()) {
    // Emojis and stickers need a right of the bot itself.
    if (role.name === emulator.world.bot.username) role.permissions |= 1n << 43n;
    emulator.world.announce({ type: 'roleUpdated', guild, role });
  }
  const carol = emulator.addUser('carol').id;
  const theirs = emulator.addGuild('Elsewhere', carol);
  foreignJob = (await pictureIn(stage, carol, emulator.addChannel(theirs.id, 'theirs').id)).job.id;
  // More than a page of pictures for whoever turns pages, and more than a page of deeds.
  for (const role of ['member', 'owner', 'moderator', 'manager'] as const) {
    for (let turn = 0; turn < 10; turn += 1) {
      await emulator.as(people[role]).command(house.channelId, 'imagine', { prompt: `hill ${turn}` });
    }
  }
  for (let turn = 0; turn < 11; turn += 1)
    await owner.command(house.channelId, 'admin look', { kind: turn % 2 === 0 ? 'classic' : 'card' });
  await owner.command(house.channelId, 'admin look', { kind: 'card' });
  await quiet(stage);
});
afterAll(() => stage.house.close());

test('every kind the router knows stands in the table, and nothing else does', () => {
  expect(Object.keys(PRESS_DOORS).sort()).toEqual([...pressDoors()].sort());
});

test('every action of an id leads somewhere', () => {
  const led = new Set(pressDoors().map((door) => door.split(' ')[1]));
  expect(ACTIONS.filter((action) => !led.has(action))).toEqual([]);
});

const act = ({ presser }: Meeting) => stage.house.emulator.as(stage.people[presser]);

/** Uses it, under another id where one is given: the message or form carries that id for as long as that takes. */
async function use(
  door: PressDoor,
  meeting: Meeting,
  met: Met,
  { customId = met.customId, wanted = /^/ }: { readonly customId?: string; readonly wanted?: RegExp } = {},
): Promise<string> {
  const undo = swap(met, customId);
  try {
    return await answerOf(stage, await send(door, meeting, met, customId), wanted);
  } finally {
    undo();
  }
}

function send({ values, fields = {} }: PressDoor, meeting: Meeting, met: Met, customId: string): Promise<Outcome> {
  if (met.kind === 'form') return act(meeting).submit(met.interactionId, fields);
  if (values !== undefined) return act(meeting).select(met.messageId, customId, values);
  const { emulator } = stage.house;
  const options = partsIn(emulator.world.messages.get(met.messageId)!.now.components).find(
    (part) => part.custom_id === customId,
  )?.options as readonly { readonly value: string }[] | undefined;
  if (options !== undefined) return act(meeting).select(met.messageId, customId, [options[0]!.value]);
  return act(meeting).click(met.messageId, customId);
}

interface Part {
  custom_id?: string;
  options?: unknown;
  components?: readonly Part[];
}
const partsIn = (parts: readonly object[]): Part[] =>
  (parts as readonly Part[]).flatMap((part) => [part, ...partsIn(part.components ?? [])]);

function swap(met: Met, customId: string): () => void {
  const { world } = stage.house.emulator;
  if (met.kind === 'form') {
    const opener = world.interactions.get(met.interactionId)!;
    const modal = opener.modal as { custom_id: string };
    modal.custom_id = customId;
    return () => Object.assign(opener, { modalOpen: true, modal: { ...modal, custom_id: met.customId } });
  }
  const message = world.messages.get(met.messageId)!;
  const part = partsIn(message.now.components).find(({ custom_id }) => custom_id === met.customId)!;
  part.custom_id = customId;
  return () => {
    part.custom_id = met.customId;
  };
}

/** The same id with one argument changed, rightly signed. */
function resigned({ customId }: Met, at: number, value: string): string {
  const [, action, ...args] = customId.split(':').slice(0, -1);
  return makeCustomIds(stage.house.store).write(action as never, ...args.with(at, value));
}

/** Signed with the bot's own key, as an older or newer program would. */
function ofVersion(version: string, { customId }: Met): string {
  const text = [version, ...customId.split(':').slice(1, -1)].join(':');
  const key = stage.house.store.setting('custom_id_key', () => '');
  const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(text).digest().subarray(0, 9);
  return `${text}:${mac.toString('base64url')}`;
}

/** A letter of the action, of an argument and of the signature changed. */
function flipped({ customId }: Met): readonly string[] {
  const parts = customId.split(':');
  return [...new Set([1, parts.length - 2, parts.length - 1])].map((at) => {
    const text = parts[at]!;
    const middle = Math.floor(text.length / 2);
    return parts
      .with(at, text.slice(0, middle) + (text[middle] === 'x' ? 'y' : 'x') + text.slice(middle + 1))
      .join(':');
  });
}

const NOWHERE =
  /does not belong to this message|only take reports of pictures I made|do not know this picture|no longer|not finished|too old|ask again|Only the person|for moderators|in this server, page 1/i;

/** What an id may be swapped for, rightly signed. */
function swapsOf({ names, at = 0 }: PressDoor, met: Met): readonly string[] {
  const to = (value: string) => resigned(met, at, value);
  if (names === 'job') return [to(foreignJob), to('zzzzzzzzzz'), to('')];
  if (names === 'note') return [to('zzzzzzzzzzzz')];
  if (names === 'file') return [to('A'.repeat(43))];
  return names === 'person' ? [to(stage.victim)] : [];
}

const honestly = ({ honest }: PressDoor, prompt: string): Meeting => ({
  stage,
  asker: 'member',
  presser: honest ?? 'member',
  prompt,
});

async function expectDone(door: PressDoor, meeting: Meeting, met: Met): Promise<void> {
  const userId = stage.people[meeting.presser];
  const before = stage.house.newest(userId)?.id;
  const answer = await use(door, meeting, met, door.does === 'order' ? {} : { wanted: door.does });
  if (door.does !== 'order') return expect(answer).toMatch(door.does);
  const job = await eventually(() => {
    const found = stage.house.newest(userId);
    return found !== undefined && found.id !== before && found;
  });
  expect(job.userId).toBe(userId);
}

/** What somebody is told on the way to it, or when using it under the id `as` gives. */
async function toldBy(door: PressDoor, meeting: Meeting, as?: string): Promise<string> {
  try {
    const met = await door.meet(meeting);
    return await use(door, meeting, met, as === undefined ? {} : { customId: as });
  } catch (thrown) {
    if (thrown instanceof NotLet) return thrown.message;
    throw thrown;
  }
}

const settle = async () => {
  stage.house.worker.release();
  await quiet(stage);
};

describe.each(Object.entries(PRESS_DOORS))('%s', (name, door) => {
  test('does what it is for, and nothing under an id that was tampered with', async () => {
    const meeting = honestly(door, `a red heart, ${name}`);
    const met = await door.meet(meeting);
    if (name !== 'button cancel') await quiet(stage);
    const before = contentsOf(stage.house);
    for (const customId of [...flipped(met), ofVersion('v0', met), ofVersion('v2', met)]) {
      expect(await use(door, meeting, met, { customId }), customId).toMatch(/does not belong to this message/);
    }
    for (const customId of swapsOf(door, met))
      expect(await use(door, meeting, met, { customId }), customId).toMatch(NOWHERE);
    expect(changesSince(before, stage.house)).toEqual([]);
    await expectDone(door, meeting, met);
    await settle();
  });

  test('is for whom it should be', async () => {
    const asker = 'member' as const;
    const passerBy = door.honest === undefined ? 'manager' : 'member';
    const others: readonly Role[] = door.others === 'may' ? ['moderator', 'owner'] : [passerBy];
    for (const presser of others) {
      const meeting: Meeting = { stage, asker, presser, prompt: `a blue heart, ${name}` };
      if (door.others === 'may') await expectDone(door, meeting, await door.meet(meeting));
      else expect(await triedBy(door, meeting)).toMatch(door.others);
      await settle();
    }
    if (door.helper === undefined) return;
    const helping: Meeting = { stage, asker, presser: door.helper, prompt: 'a green heart' };
    await expectDone(door, helping, await door.meet(helping));
    await settle();
  });

  test.runIf(door.names === 'job')('keeps private words their owner’s', async () => {
    const presser = door.honest ?? 'owner';
    const meeting: Meeting = { stage, asker: 'member', presser, prompt: `a secret heart --private` };
    const told = await toldBy(door, meeting);
    if (door.words) expect(told).toMatch(/is private/);
    expect(told).not.toContain('secret');
    await settle();
  });
});

/** Where the id names a note or a person, a passer-by carries it over to a message of their own. */
async function triedBy(door: PressDoor, meeting: Meeting): Promise<string> {
  if (door.names === 'job') return toldBy(door, meeting);
  const { customId } = await door.meet(honestly(door, 'a red heart'));
  return toldBy(door.honest === undefined ? door : PRESS_DOORS['button page']!, meeting, customId);
}
