// Who may do what where: every command, subcommand and context menu that is registered, for every role, in every kind of place, private
// conversations and the user-installed app included. What a client does not offer is sent all the same, and refused in code.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../src/emulator/views.ts';
import { COMMAND_DOORS, type CommandDoor, enter, HOLDS, LET_IN_CODE, type Visit } from './doors/commandTable.ts';
import { commandDoors, declarations } from './doors/registered.ts';
import {
  answerOf,
  changesSince,
  contentsOf,
  openStage,
  PLACES,
  type Place,
  pictureIn,
  quiet,
  ROLES,
  type Role,
  STAGE_CARD,
  type Stage,
} from './doors/stage.ts';
import { eventually } from './house.ts';

// Each goes through a door dozens of times, on machines that do other things too.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let stage: Stage;
const visits = new Map<string, Visit>();
const visit = (role: Role, place: Place) => visits.get(`${role} ${place}`)!;

beforeAll(async () => {
  stage = await openStage();
  const { house, people } = stage;
  for (const role of ROLES) {
    for (const place of PLACES) {
      const [userId, channelId] = [people[role], stage.channelOf(place, role)];
      const { job, message } = await pictureIn(stage, userId, channelId);
      visits.set(`${role} ${place}`, { stage, role, userId, place, channelId, jobId: job.id, messageId: message.id });
    }
  }
  const admin = (command: string, options: object) =>
    house.emulator.as(house.owner).command(house.channelId, `admin ${command}`, options as never);
  await admin('ban', { user: people.banned, reason: 'a test' });
  await admin('channels deny', { channel: visit('owner', 'closed').channelId });
  await admin('reports', { channel: stage.staff });
  await quiet(stage);
});
afterAll(() => stage.house.close());

test('every registered command, subcommand and menu stands in the table, and nothing else does', () => {
  expect(Object.keys(COMMAND_DOORS).sort()).toEqual([...commandDoors(STAGE_CARD)].sort());
});

test('what Discord is told says the same as the table', () => {
  const RIGHTS = { anybody: undefined, moderators: '8192', managers: '32', owner: '32' };
  const PLACED = {
    anywhere: { contexts: [0, 1, 2], integration_types: [0, 1] },
    servers: { contexts: [0], integration_types: [0] },
  };
  for (const [name, declared] of declarations(STAGE_CARD)) {
    const doors = Object.entries(COMMAND_DOORS).filter(([door]) => door === name || door.startsWith(`${name} `));
    for (const [door, { who, where }] of doors) {
      const { contexts, integration_types, default_member_permissions } = declared;
      expect([door, { contexts, integration_types }]).toEqual([door, PLACED[where]]);
      expect([door, default_member_permissions ?? undefined]).toEqual([door, RIGHTS[who]]);
    }
  }
});

const isServer = (place: Place) => place !== 'dm' && place !== 'between';

function isOffered({ who, where }: CommandDoor, role: Role, place: Place): boolean {
  if (!isServer(place)) return where === 'anywhere';
  return HOLDS[who === 'owner' ? 'managers' : who].includes(role);
}

/** Why an honest use is refused in words, or what it says; undefined where a job comes of it. */
function expectedOf(door: CommandDoor, role: Role, place: Place): RegExp | undefined {
  if (door.who === 'owner' && role !== 'owner') return /owner/;
  if (door.makes !== undefined && role === 'banned' && isServer(place)) return /You cannot make pictures here/;
  if (door.makes !== undefined && place === 'closed') return /may not be used in this channel/;
  return door.says;
}

async function expectJob(door: CommandDoor, { stage, userId, channelId }: Visit, before: string | undefined) {
  const job = await eventually(() => {
    const found = stage.house.newest(userId);
    return found !== undefined && found.id !== before && found;
  });
  expect([job.kind, job.channelId]).toEqual([door.makes, channelId]);
}

/** As a server's settings, or a client gone wild, would send it. */
async function forced(name: string, send: () => Promise<Outcome>): Promise<Outcome> {
  const command = [...stage.house.emulator.world.commands.values()].find((one) => one.name === name)!;
  const body = command.body as Record<string, unknown>;
  const { default_member_permissions, contexts, integration_types } = body;
  Object.assign(body, { default_member_permissions: null, contexts: [0, 1, 2], integration_types: [0, 1] });
  try {
    return await send();
  } finally {
    Object.assign(body, { default_member_permissions, contexts, integration_types });
  }
}

const REFUSED = /Manage Server|for moderators|pictures I made|no place for reports/;

describe.each(Object.entries(COMMAND_DOORS))('%s', (name, door) => {
  test.each(ROLES)('as %s, in every place', async (role) => {
    const told: string[] = [];
    for (const place of PLACES) {
      const here = visit(role, place);
      if (isOffered(door, role, place)) {
        await door.before?.(here);
        const before = stage.house.newest(here.userId)?.id;
        const answer = await answerOf(stage, await enter(name, here));
        const expected = expectedOf(door, role, place);
        if (expected === undefined) await expectJob(door, here, before);
        else if (!expected.test(answer)) told.push(`${place}: ${answer.slice(0, 300)}`);
        continue;
      }
      await expect(enter(name, here), place).rejects.toThrow(/offers no such command|no context-menu command/);
      if (isServer(place) && LET_IN_CODE[door.who].includes(role)) continue;
      await quiet(stage);
      const before = contentsOf(stage.house);
      const commandName = name.startsWith('/') ? name.slice(1).split(' ')[0]! : name.split(':')[1]!;
      const answer = await answerOf(stage, await forced(commandName, () => enter(name, here)));
      if (!REFUSED.test(answer)) told.push(`forced in ${place}: ${answer.slice(0, 300)}`);
      told.push(...changesSince(before, stage.house).map((change) => `forced in ${place} changed ${change}`));
    }
    expect(told).toEqual([]);
  });
});
