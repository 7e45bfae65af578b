// One server with people of every role and places of every kind, where each has made something, for tests that go through all doors.

import path from 'node:path';
import type { LoraCard } from '../../../src/core/lora.ts';
import type { ModelCard } from '../../../src/core/request.ts';
import type { Outcome, SeenMessage } from '../../../src/emulator/views.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { CONTROLLED_CARD } from '../../support/cards.ts';
import { eventually, House, textOf } from '../house.ts';
import { plainPng } from '../scriptedWorker.ts';

export const ROLES = ['owner', 'manager', 'moderator', 'member', 'banned'] as const;
export type Role = (typeof ROLES)[number];
/** `between` is a conversation of two people, where the bot is no member and answers by what somebody installed. */
export const PLACES = ['channel', 'adults', 'thread', 'closed', 'dm', 'between'] as const;
export type Place = (typeof PLACES)[number];

const lora = (name: string): LoraCard => ({
  name,
  family: 'Stable Diffusion 1.x',
  fits: ['testmodel'],
  triggers: [],
  defaults: {},
  sizeBytes: 1_000,
});
/** More LoRAs than a page shows. */
export const STAGE_CARD: ModelCard = {
  ...CONTROLLED_CARD,
  loras: Array.from({ length: 12 }, (_, index) => lora(`lora-${index + 1}`)),
};

export interface Stage {
  readonly house: House;
  readonly people: Readonly<Record<Role, string>>;
  /** Somebody things are done to. */
  readonly victim: string;
  readonly roleId: string;
  readonly spareChannel: string;
  readonly staff: string;
  channelOf(place: Place, role: Role): string;
}

export async function openStage(): Promise<Stage> {
  const house = await House.open({
    // What is drawn is the matter of botStats; here it only takes time.
    charts: null,
    cards: [STAGE_CARD, { ...STAGE_CARD, name: 'other' }],
    rules: { dailyQuota: 100_000, maxWaitingPerUser: 1_000 },
    emulator: { rateLimits: false },
  });
  const { emulator, guildId } = house;
  const person = (name: string, roleIds: readonly string[] = []) => {
    const { id } = emulator.addUser(name);
    emulator.addMember(guildId, id, roleIds);
    return id;
  };
  const managers = emulator.addRole(guildId, 'managers', { permissions: ['manageGuild'] });
  const mods = emulator.addRole(guildId, 'mods', { permissions: ['manageMessages'] });
  const people = {
    owner: house.owner,
    manager: person('manager', [managers.id]),
    moderator: person('moderator', [mods.id]),
    member: house.alice,
    banned: person('banned'),
  };
  const adults = emulator.addChannel(guildId, 'adults', { nsfw: true }).id;
  const closed = emulator.addChannel(guildId, 'closed').id;
  const thread = emulator.addThread(house.channelId, 'thread').id;
  const rooms = { channel: house.channelId, adults, thread, closed };
  const channelOf = (place: Place, role: Role) => {
    if (place === 'dm') return emulator.as(people[role]).dm();
    return place === 'between' ? emulator.world.dmBetween(people[role], house.bob).id : rooms[place];
  };
  return {
    house,
    people,
    victim: person('victim'),
    roleId: emulator.addRole(guildId, 'painters').id,
    spareChannel: emulator.addChannel(guildId, 'spare').id,
    staff: emulator.addChannel(guildId, 'staff').id,
    channelOf,
  };
}

export const FILE = {
  name: 'cat.png',
  bytes: plainPng({ widthPx: 96, heightPx: 64 }, 77),
  contentType: 'image/png',
} as const;

/** A picture of somebody in a channel, with its message there. */
export async function pictureIn({ house }: Stage, userId: string, channelId: string, prompt = 'a red heart') {
  const before = house.newest(userId)?.id;
  await house.emulator.as(userId).command(channelId, 'imagine', { prompt });
  const job = await eventually(() => {
    const found = house.newest(userId);
    return found !== undefined && found.id !== before && found.state === 'delivered' && found;
  });
  const message = await eventually(() =>
    house.emulator.view(channelId, userId).find((one) => one.id === job.messageId || textOf(one).includes(job.id)),
  );
  return { job, message };
}

/**
 * What somebody was answered, once it stands: the title of a form, or the words of a message with the labels of its parts. With `wanted`
 * waits until it says that, for a card that is changed, and gives what it says where it never does.
 */
export async function answerOf({ house }: Stage, outcome: Outcome, wanted = /^/): Promise<string> {
  if (outcome.kind === 'modal') return `form: ${String(outcome.modal?.title)}`;
  if (outcome.kind === 'failed') return 'no answer';
  const { channelId, userId } = house.emulator.world.interactions.get(outcome.interactionId)!;
  const now = () => {
    if (outcome.message === undefined) return 'nothing';
    const message = house.emulator.view(channelId, userId).find(({ id }) => id === outcome.message!.id);
    return message === undefined ? 'gone' : !message.loading && said(message);
  };
  let last = await eventually(now);
  return eventually(() => {
    last = now() || last;
    return wanted.test(last) && last;
  }, CHANGE_MS).catch(() => last);
}

/** A card is changed within milliseconds; a busy machine takes seconds. */
const CHANGE_MS = 8_000;

export function said(message: SeenMessage): string {
  const all = `${textOf(message)} ${JSON.stringify(message.components ?? [])} ${JSON.stringify(message.attachments ?? [])}`;
  return all.replaceAll('\\', '');
}

/** Rows that move by themselves: how long things take, and turns in line. */
const RESTLESS = new Set(['pace', 'ring']);

/** Every row of the database but those that move by themselves: two of these are equal when nothing was changed. */
export function contentsOf({ dataDir }: House): string {
  const db = openDatabase(path.join(dataDir, 'darkroom.db'));
  try {
    const tables = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    const kept = tables.filter(
      (name) => !RESTLESS.has(name) && !name.startsWith('sqlite_') && !/_(data|idx|docsize|config)$/.test(name),
    );
    return kept
      .map((name) => `${name} ${JSON.stringify(db.prepare(`SELECT * FROM "${name}"`).all(), bigints)}`)
      .join('\n');
  } finally {
    db.close();
  }
}

/** The tables whose rows are others than before, with the first place they differ at. */
export function changesSince(before: string, house: House): readonly string[] {
  const was = before.split('\n');
  return contentsOf(house)
    .split('\n')
    .flatMap((table, at) => {
      const first = [...table].findIndex((sign, place) => sign !== was[at]?.[place]);
      const around = `${table.split(' ')[0]}: …${table.slice(Math.max(0, first - 80), first + 80)}`;
      return table === was[at] ? [] : [around];
    });
}

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** Nothing waits, nothing is being made, everything is shown. */
export function quiet({ house }: Stage): Promise<boolean> {
  const states = ['accepted', 'queued', 'running', 'developed', 'failing', 'cancelling'] as const;
  return eventually(() => house.store.list({ states: [...states], limit: 1 }).length === 0);
}
