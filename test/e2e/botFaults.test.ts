// The bot when Discord is slow, broken, repeats itself, forbids things or hangs up: one final message a job, one charge, nothing lost.
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { eventually, filesOf, House, textOf } from './house.ts';

const MESSAGES = '/channels/{channel_id}/messages';
const MESSAGE = '/channels/{channel_id}/messages/{message_id}';
const CALLBACK = '/interactions/{interaction_id}/{interaction_token}/callback';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const imagine = (options: Record<string, string | number> = {}) =>
  alice().command(house.channelId, 'imagine', { prompt: 'a heart', ...options });

async function expectOnePicture(): Promise<void> {
  const { job } = await house.jobIn('delivered');
  const posts = house.posts();
  expect(posts).toHaveLength(1);
  expect(posts[0]?.id).toBe(job.messageId);
  expect(filesOf(posts[0]!)).toHaveLength(1);
  expect(house.used(house.alice)).toBe(1);
}

describe('delivery', () => {
  test.each([
    [
      'server errors on every edit',
      { method: 'PATCH', route: MESSAGE, times: 12, effect: { kind: 'status', status: 503 } },
    ],
    [
      'a page of HTML instead of JSON',
      { method: 'PATCH', route: MESSAGE, times: 6, effect: { kind: 'status', status: 502, text: '<html>' } },
    ],
    [
      'server errors on the create',
      { method: 'POST', route: MESSAGES, times: 9, effect: { kind: 'status', status: 500 } },
    ],
    [
      'a create done whose answer is lost',
      { method: 'POST', route: MESSAGES, times: 5, effect: { kind: 'dropResponse' } },
    ],
    [
      'an edit done whose answer is lost',
      { method: 'PATCH', route: MESSAGE, times: 4, effect: { kind: 'dropResponse' } },
    ],
    ['an upload cut in the middle', { method: 'PATCH', route: MESSAGE, times: 5, effect: { kind: 'reset' } }],
    ['a rate limit', { method: 'PATCH', route: MESSAGE, times: 1, effect: { kind: 'rateLimit', retryAfterMs: 300 } }],
  ] as const)('survives %s: one message, one picture, one charge', async (_, fault) => {
    house.emulator.fault(fault);
    await imagine();
    await expectOnePicture();
  });

  test('survives a request that Discord never answers', { timeout: 120_000 }, async () => {
    house.worker.hold();
    await imagine();
    await eventually(() => house.posts()[0]);
    house.emulator.fault({ method: 'PATCH', route: MESSAGE, times: 1, effect: { kind: 'hang' } });
    house.worker.release();
    await eventually(() => house.newest()?.state === 'delivered', 90_000);
    await expectOnePicture();
  });

  test('a message a person deleted meanwhile is not posted again', async () => {
    house.worker.hold();
    await imagine();
    const post = await eventually(() => house.posts()[0]);
    await house.emulator.as(house.owner).delete(post.id);
    house.worker.release();
    await house.jobIn('delivered');
    expect(house.posts()).toEqual([]);
  });

  test('a channel where the bot may not write gets its result through the interaction', async () => {
    house.emulator.setOverwrite(house.channelId, house.emulator.world.bot.id, 'member', { deny: ['sendMessages'] });
    house.worker.hold();
    const outcome = await imagine();
    expect(outcome.message?.ephemeral).toBe(false);
    house.worker.release();
    await expectOnePicture();
    await alice().click(house.posts()[0]!.id, 'Vary a lot');
    await eventually(() => house.newest()?.kind === 'variation' && house.newest()?.state === 'delivered');
    expect(filesOf(house.posts()[1]!)).toHaveLength(1);
  });

  test('a right taken away while the picture is made does not lose it', async () => {
    house.worker.hold();
    await imagine();
    await eventually(() => house.posts()[0]);
    house.emulator.setOverwrite(house.channelId, house.emulator.world.bot.id, 'member', { deny: ['viewChannel'] });
    house.worker.release();
    await house.jobIn('delivered');
    const withFiles = house.emulator
      .view(house.channelId, house.alice)
      .filter((message) => filesOf(message).length > 0);
    expect(withFiles).toHaveLength(1);
  });

  test('where files are forbidden the words say so, and /history still has the picture', async () => {
    house.worker.hold();
    await imagine();
    await eventually(() => textOf(house.posts()[0]).includes('Developing'));
    const body = { code: 50013, message: 'Missing Permissions' };
    house.emulator.fault({ method: 'PATCH', route: MESSAGE, times: 1, effect: { kind: 'status', status: 403, body } });
    house.worker.release();
    const { job, message } = await house.jobIn('delivered');
    expect(textOf(message)).toContain('may not attach files');
    await alice().command(house.channelId, 'history');
    await eventually(() =>
      house.emulator.view(house.channelId, house.alice).find((one) => one.ephemeral && textOf(one).includes(job.id)),
    );
  });

  test('picture files that vanished are admitted', async () => {
    house.emulator.fault({ method: 'PATCH', route: MESSAGE, times: 3, effect: { kind: 'delay', ms: 150 } });
    house.worker.hold();
    await imagine();
    await eventually(() => house.posts()[0]);
    await house.stopBot();
    house.worker.release();
    await house.startBot();
    const { job } = await house.jobIn('delivered');
    rmSync(path.join(house.dataDir, 'pictures', job.id), { recursive: true });
    const outcome = await alice().click(job.messageId!, 'Vary a lot');
    expect(textOf(outcome.message)).toContain('no longer in the data folder');
  });
});

describe('answers', () => {
  test('an interaction delivered twice is one job, one charge, one answer', async () => {
    house.emulator.gateway.duplicateNext('INTERACTION_CREATE');
    await imagine();
    await expectOnePicture();
    expect(house.store.list({ limit: 9 })).toHaveLength(1);
  });

  test('a reply delivered twice is one job', async () => {
    const { message } = await house.picture();
    house.emulator.gateway.duplicateNext('MESSAGE_CREATE');
    await house.emulator.as(house.bob).reply(message.id, 'in blue');
    await house.jobIn('delivered', house.bob);
    expect(house.store.list({ userId: house.bob, limit: 9 })).toHaveLength(1);
  });

  test('an interaction answered too late is expired, never run, and costs nothing', async () => {
    house.emulator.fault({ method: 'POST', route: CALLBACK, times: 1, effect: { kind: 'delay', ms: 3_200 } });
    expect((await imagine()).kind).toBe('failed');
    await eventually(() => house.newest()?.state === 'expired');
    expect(house.worker.tasks).toEqual([]);
    expect(house.posts()).toEqual([]);
    expect(house.used(house.alice)).toBe(0);
  });

  test('an answer that got through but was never confirmed is kept as a promise', async () => {
    house.emulator.fault({ method: 'POST', route: CALLBACK, times: 1, effect: { kind: 'dropResponse' } });
    expect((await imagine()).kind).toBe('message');
    await expectOnePicture();
  });

  test('forged and foreign custom ids do nothing', async () => {
    const { job, message } = await house.picture();
    const stored = house.emulator.world.messages.get(message.id)!;
    const button = deleteButton(stored.now.components);
    const original = button.custom_id!;
    button.custom_id = `v1:delete:${job.id}:AAAAAAAAAAAA`;
    const outcome = await alice().click(message.id, button.custom_id);
    expect(textOf(outcome.message)).toContain('does not belong');
    button.custom_id = original;
    const other = await house.picture({}, house.bob);
    const theirs = house.emulator.world.messages.get(other.message.id)!;
    deleteButton(theirs.now.components).custom_id = original;
    expect(textOf((await alice().click(other.message.id, original)).message)).toContain('does not belong');
    expect(house.store.list({ limit: 9 })).toHaveLength(2);
  });
});

interface Part {
  custom_id?: string;
  readonly components?: readonly Part[];
}

/** Wherever in the card it stands. */
function deleteButton(parts: readonly object[]): { custom_id?: string } {
  const inside = (part: Part): Part[] => [part, ...(part.components ?? []).flatMap(inside)];
  return (parts as readonly Part[]).flatMap(inside).find((part) => part.custom_id?.startsWith('v1:delete:'))!;
}

describe('the gateway', () => {
  test('a dropped connection, a demand to reconnect and a lost session change nothing', async () => {
    const { emulator } = house;
    await house.picture();
    emulator.gateway.drop();
    await eventually(() => emulator.gateway.resumes >= 1);
    await house.picture();
    emulator.gateway.askToReconnect();
    await eventually(() => emulator.gateway.resumes >= 2);
    await house.picture();
    const before = emulator.gateway.identifies;
    emulator.gateway.invalidate(false);
    await eventually(() => emulator.gateway.identifies > before, 15_000);
    await house.picture();
    expect(house.fatal).toEqual([]);
  });

  test.each([4004, 4010, 4011, 4012, 4013, 4014])('closing for good with %i is told as fatal', async (code) => {
    house.emulator.gateway.close(code);
    await eventually(() => house.fatal.length > 0);
    expect(house.fatal[0]).toMatchObject({ code: 'discord_refused', details: { code } });
  });

  test('a token refused by REST is told as fatal, and the picture stays owed', async () => {
    house.worker.hold();
    await imagine();
    await eventually(() => house.posts()[0]);
    house.emulator.fault({
      route: MESSAGE,
      times: 1,
      effect: { kind: 'status', status: 401, body: { code: 0, message: '401: Unauthorized' } },
    });
    house.worker.release();
    await eventually(() => house.fatal.length > 0);
    await eventually(() => house.newest()?.state === 'developed');
  });
});

test('a restart with a picture made but not shown sends it without making it again', async () => {
  house.emulator.fault({ method: 'PATCH', route: MESSAGE, effect: { kind: 'status', status: 503 } });
  await imagine();
  await eventually(() => house.newest()?.state === 'developed');
  await house.bot.outbox.stop();
  house.emulator.rest.faults.clear();
  await house.stopBot();
  await house.startBot();
  await expectOnePicture();
  expect(house.worker.tasks).toHaveLength(1);
});

test('a row nobody was told of is expired by the next life, never run and never shown', async () => {
  const { job } = await house.picture();
  const { request, userId, guildId, channelId, cost } = job;
  const asker = { userId, guildId, channelId, sourceId: '1500000000000000001', sourceKind: 'interaction' } as const;
  const wish = { kind: 'imagine', request, parentJobId: null, parentImageIndex: null, cost } as const;
  house.store.accept({ ...asker, ...wish }, house.rules);
  expect(house.used(house.alice)).toBe(2);
  await house.stopBot();
  await house.startBot();
  expect(house.newest()?.state).toBe('expired');
  expect(house.used(house.alice)).toBe(1);
  expect(house.worker.tasks).toHaveLength(1);
  expect(house.posts()).toHaveLength(1);
});

test('a full disk refuses new orders in plain words and takes them again when there is room', async () => {
  const stalled = vi.spyOn(house.dispatcher, 'stalled');
  stalled.mockReturnValue(new DarkroomError('disk_full', 'no space on /dev/sda1').toJSON());
  const outcome = await imagine();
  expect(textOf(outcome.message)).toContain('disk is full');
  expect(textOf(outcome.message)).not.toContain('/dev');
  stalled.mockRestore();
  await imagine();
  await expectOnePicture();
});

test('start pictures are left alone by the sweep and no temporary file stays', async () => {
  const { message } = await house.picture();
  await alice().click(message.id, 'Vary a lot');
  await eventually(() => house.newest()?.kind === 'variation' && house.newest()?.state === 'delivered');
  expect(readdirSync(path.join(house.dataDir, 'inputs')).every((name) => /^[0-9a-f]{64}$/.test(name))).toBe(true);
});
