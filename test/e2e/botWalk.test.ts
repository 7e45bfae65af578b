// The program in its own process with its real image process, used as people use it: buttons, form, reply, cancel, delete, quota and ban.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JobKind, JobRecord } from '../../src/core/job.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { BotProcess, PATIENCE_MS } from './botProcess.ts';
import { eventually, textOf } from './house.ts';

vi.setConfig({ testTimeout: 4 * PATIENCE_MS, hookTimeout: PATIENCE_MS });

let bot: BotProcess;
beforeEach(async () => {
  bot = await BotProcess.open();
});
afterEach(() => bot.close());

const SMALL = { seed: 5, steps: 2, size: '64x96' };
const alice = () => bot.emulator.as(bot.alice);

/** As a person would: where a busy machine let the three seconds pass, once more. */
async function patiently(act: () => Promise<Outcome>): Promise<Outcome> {
  for (let tries = 1; tries <= 5; tries += 1) {
    const outcome = await act();
    if (outcome.kind !== 'failed') return outcome;
  }
  throw new Error(`five tries were not answered in time; the bot said:\n${bot.lines.slice(-20).join('')}`);
}

function made(kind: JobKind): Promise<JobRecord> {
  return eventually(() => {
    const job = bot.newest();
    return job?.kind === kind && job.state === 'delivered' && job;
  }, PATIENCE_MS);
}

test('buttons, form and reply each make a picture of their own', async () => {
  await bot.imagine({ ...SMALL, count: 2 });
  const parent = await bot.jobIn('delivered');
  expect(bot.said.join('')).toMatch(/Invite it to a server: https:\/\/discord\.com\/oauth2\/authorize\?client_id=\d+/);

  await patiently(() => alice().click(parent.messageId!, 'V2'));
  expect(await made('variation')).toMatchObject({ parentJobId: parent.id, parentImageIndex: 1 });

  await patiently(() => alice().click(parent.messageId!, 'Again'));
  expect((await made('again')).request.seed).not.toBe(5);

  const form = await patiently(() => alice().click(parent.messageId!, 'Edit prompt'));
  await alice().submit(form.interactionId, { prompt: 'a blue heart', negative: 'fog', seed: '0', steps: '2' });
  const edited = await made('edit');
  expect(edited.request).toMatchObject({ prompt: 'a blue heart', negativePrompt: 'fog', seed: 0 });

  await alice().reply(edited.messageId!, 'in green');
  const replied = await made('reply');
  expect(replied).toMatchObject({ parentJobId: edited.id, request: { prompt: 'a blue heart, green' } });
  expect(bot.posts().map((post) => post.id)).toContain(replied.messageId);

  await patiently(() => alice().click(replied.messageId!, 'Delete'));
  await eventually(() => bot.posts().every((post) => post.id !== replied.messageId), PATIENCE_MS);
});

test('cancel, quota and ban', async () => {
  await bot.imagine({ steps: 150, count: 4, size: '192x128' });
  const running = await bot.jobIn('running');
  const post = await eventually(() => bot.posts()[0], PATIENCE_MS);
  await patiently(() => alice().click(post.id, 'Cancel'));
  expect((await bot.jobIn('cancelled')).id).toBe(running.id);
  const rules = { dailyQuota: 200, maxWaitingPerUser: 10 };
  expect(bot.store.quota({ userId: bot.alice, guildId: bot.guildId }, rules).used).toBe(0);

  const bob = bot.emulator.addUser('bob').id;
  bot.emulator.addMember(bot.guildId, bob);
  const asBob = () => patiently(() => bot.emulator.as(bob).command(bot.channelId, 'imagine', { prompt: 'a cat' }));
  await patiently(() => alice().command(bot.channelId, 'admin quota user', { user: bob, pictures: 0 }));
  expect(textOf((await asBob()).message)).toContain('0 of 0 pictures');
  await patiently(() => alice().command(bot.channelId, 'admin ban', { user: bob, reason: 'spam' }));
  expect(textOf((await asBob()).message)).toContain('Reason: spam');
  expect(bot.store.list({ userId: bob, limit: 1 })).toEqual([]);
});
