// Moderation as a community lives it: channels and their rules, verdicts on pictures, strikes and pauses, reports and decisions, the audit,
// retention; as owner, moderator, author and passer-by, in a server, its threads and in private.
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { PictureScores } from '../../src/core/pictureJudgement.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { sweepExpired } from '../../src/queue/retention.ts';
import { openDatabase } from '../../src/store/database.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';

let house: House;
/** Somebody who may delete messages, and nothing more. */
let mod: string;
let staff: string;
beforeEach(async () => {
  house = await House.open();
  const { emulator } = house;
  mod = emulator.addUser('mod').id;
  const role = emulator.addRole(house.guildId, 'mods', { permissions: ['manageMessages'] });
  emulator.addMember(house.guildId, mod, [role.id]);
  staff = emulator.addChannel(house.guildId, 'staff').id;
});
afterEach(() => house.close());

const as = (userId: string) => house.emulator.as(userId);
const admin = (command: string, options = {}, channelId = house.channelId) =>
  as(house.owner).command(channelId, `admin ${command}`, options);
const said = async (outcome: Promise<Outcome>) => textOf((await outcome).message);
const answer = (outcome: Outcome, who: string, channelId = house.channelId) =>
  eventually(() => {
    const message = house.emulator.view(channelId, who).find((one) => one.id === outcome.message?.id);
    return message !== undefined && !message.loading && message;
  });
const imagine = (userId: string, prompt: string, channelId = house.channelId) =>
  as(userId).command(channelId, 'imagine', { prompt });

const CLEAN: PictureScores = { drawing: 0.9, hentai: 0, neutral: 0.1, porn: 0, sexy: 0 };
const EXPLICIT: PictureScores = { drawing: 0, hentai: 0, neutral: 0.02, porn: 0.95, sexy: 0.03 };
const LIKELY: PictureScores = { drawing: 0.15, hentai: 0, neutral: 0.1, porn: 0.75, sexy: 0.0 };
const DARING: PictureScores = { drawing: 0.2, hentai: 0.05, neutral: 0.2, porn: 0.05, sexy: 0.5 };

describe('prompts', () => {
  test('of a list are refused with the reason in the reader’s language, and count as strikes', async () => {
    const refused = await said(imagine(house.alice, 'hardcore porn'));
    expect(refused).toContain('not allowed here: sexual content. Nothing was charged.');
    expect(refused).toContain('strike 1');
    expect(refused).toContain('With 2 more you pause for a while.');
    expect(house.newest()).toBeUndefined();
    expect(house.used(house.alice)).toBe(0);
  });

  test('three refusals are a pause, which the person is told, which ends, and which a moderator lifts', async () => {
    for (const prompt of ['p-o-r-n', 'a nude child', 'pоrn']) await imagine(house.alice, prompt);
    const paused = await said(imagine(house.alice, 'a red heart'));
    expect(paused).toContain('You pause from making pictures here until <t:');
    expect(house.store.strikes({ userId: house.alice, guildId: house.guildId })).toHaveLength(3);
    expect(house.store.banIn({ userId: house.alice, guildId: null })).toBeUndefined();

    const listed = await said(admin('strikes', { user: house.alice }));
    expect(listed).toContain('has 3 strikes that count');
    expect(listed).toContain('minors in a sexual context');
    expect(await said(admin('strikes', { user: house.alice, clear: true }))).toContain('3 strikes of');
    await admin('unban', { user: house.alice });
    await house.picture();
    const actions = house.store.audit({ limit: 9 }).map(({ action }) => action);
    expect(actions).toEqual(['unban', 'strikes_cleared', 'timeout', 'strike', 'strike', 'strike']);
  });

  test('edited forms, replies, styles and variations pass the same door', async () => {
    const { message } = await house.picture({ prompt: 'a red heart' });
    const form = await as(house.alice).click(message.id, 'Edit prompt');
    const edited = await as(house.alice).submit(form.interactionId, { prompt: 'hardcore p o r n' });
    expect(textOf(edited.message)).toContain('not allowed here');
    await as(house.alice).reply(message.id, 'more porn');
    await eventually(() => house.posts().some((post) => textOf(post).includes('not allowed here')));
    await as(house.alice).command(house.channelId, 'style save', { name: 'bad', text: 'hentai' });
    expect(house.store.banIn({ userId: house.alice, guildId: house.guildId })).toBeUndefined();
    const styled = await as(house.alice).command(house.channelId, 'imagine', { prompt: 'a fox', style: 'bad' });
    expect(textOf(styled.message)).toContain('You pause from making pictures here until');
  });

  test('a server’s own rules hold in it alone, are tried before they bite, and are taken back', async () => {
    expect(await said(admin('words add', { word: 'fox*', name: 'no foxes' }))).toContain('no foxes');
    const tried = await said(admin('words test', { text: 'a quick F.o.x.e.s den' }));
    expect(tried).toContain('Rule **no foxes** → refuse');
    expect(tried).toContain('Read as (joined): a quick **foxes** den `8–13`');
    expect(await said(imagine(house.alice, 'a red fox'))).toContain('not allowed here: no foxes');
    await as(house.alice).command(as(house.alice).dm(), 'imagine', { prompt: 'a red fox' });
    await eventually(() => house.newest()?.guildId === null);

    expect(await said(admin('words add', { word: '(a+)+$', regex: true, name: 'odd' }))).toContain('odd');
    expect(await said(admin('words add', { word: '(', regex: true }))).toContain('I cannot do that');
    const listed = textOf(await answer(await admin('words list'), house.owner));
    expect(listed).toContain('Rules of this server: 2');
    expect(listed).toContain('**nudity**');
    expect(await said(admin('words remove', { name: 'no foxes' }))).toContain('is gone');
    expect(await said(admin('words remove', { name: 'no foxes' }))).toContain('no rule named');
    expect(await said(admin('words test', { text: 'a fox' }))).toContain('No rule speaks against this');
    expect(
      await said(as(house.owner).command(house.channelId, 'admin words add', { word: 'x', everywhere: true })),
    ).toContain('now holds');
  });
});

describe('channels', () => {
  test('closed and open ones, and what a closed one says', async () => {
    const art = house.emulator.addChannel(house.guildId, 'art').id;
    await admin('channels deny', { channel: house.channelId });
    const closed = await said(imagine(house.alice, 'x'));
    expect(closed).toContain('I may not be used in this channel');
    await admin('channels allow', { channel: art });
    expect(await said(imagine(house.alice, 'x'))).toContain(`Try <#${art}>`);
    expect(await said(imagine(house.alice, 'x', staff))).toContain('I may not be used');
    const thread = house.emulator.addThread(art, 'a thread').id;
    await imagine(house.alice, 'a red heart', thread);
    await house.jobIn('delivered');
    expect(await said(admin('channels list'))).toContain(`✅ <#${art}>`);
    await admin('channels reset', { channel: house.channelId });
    await admin('channels reset', { channel: art });
    await house.picture();
    expect(await said(admin('channels list'))).toContain('None.');
  });

  test('adult rules only where Discord keeps children out; a thread follows its channel', async () => {
    expect(await said(admin('channels nsfw-policy', { channel: house.channelId, level: 'adult' }))).toContain(
      'is not age-restricted',
    );
    const adults = house.emulator.addChannel(house.guildId, 'adults', { nsfw: true }).id;
    const thread = house.emulator.addThread(adults, 'in there').id;
    house.worker.scoresOf = () => EXPLICIT;
    await imagine(house.alice, 'hardcore porn', thread);
    const job = (await house.jobIn('delivered')).job;
    expect(job).toMatchObject({ verdict: 'spoiler', place: { isAgeRestricted: true, channelIds: [thread, adults] } });
    const [post] = house.posts(thread);
    expect(JSON.stringify(post!.components)).toContain('"spoiler":true');
    await admin('channels nsfw-policy', { channel: adults, level: 'strict' });
    expect(await said(imagine(house.alice, 'a nude statue', thread))).toContain('not allowed here: nudity');
  });

  test('in private the owner’s own rules hold', async () => {
    const dm = as(house.alice).dm();
    expect(await said(as(house.alice).command(dm, 'imagine', { prompt: 'hardcore porn' }))).toContain('not allowed');
    expect(house.store.strikes({ userId: house.alice, guildId: house.guildId })).toEqual([]);
    expect(house.store.strikes({ userId: house.alice, guildId: null })).toHaveLength(1);
    house.worker.scoresOf = () => LIKELY;
    await as(house.alice).command(dm, 'imagine', { prompt: 'a portrait' });
    await eventually(() => house.newest()?.state === 'delivered');
    expect(house.newest()?.verdict).toBe('spoiler');
    await admin('policy', { ordinary: 'strict', everywhere: true });
    expect(await said(as(house.alice).command(dm, 'imagine', { prompt: 'a nude statue' }))).toContain('not allowed');
    expect(house.store.policy(house.guildId).ordinary).toBe('standard');
  });
});

describe('pictures', () => {
  test('nobody objects to are shown as ever, their scores kept', async () => {
    house.worker.scoresOf = () => CLEAN;
    const { job, message } = await house.picture({ count: 2 });
    expect(job.verdict).toBe('allow');
    expect(JSON.stringify(message.components)).not.toContain('"spoiler":true');
    expect(house.store.verdictCounts(0)).toMatchObject({ allow: 2, refuse: 0 });
  });

  test('that are likely explicit are covered, in the channel and wherever they are shown again', async () => {
    house.worker.scoresOf = (_, index) => (index === 1 ? LIKELY : CLEAN);
    const { job, message } = await house.picture({ count: 2 });
    expect(job.verdict).toBe('spoiler');
    expect(JSON.stringify(message.components)).toContain('"spoiler":true');
    const shown = await answer(await as(house.bob).click(message.id, 'U1'), house.bob);
    expect(JSON.stringify(shown.components)).toContain('"spoiler":true');
  });

  test('that are certainly explicit are not uploaded, cost nothing and leave no file', async () => {
    house.worker.scoresOf = () => EXPLICIT;
    await imagine(house.alice, 'two wrestlers');
    const { job, message } = await house.jobIn('failed');
    expect(textOf(message)).toContain('does not fit what may be shown in this channel');
    expect(textOf(message)).toContain('Nothing was charged');
    expect(textOf(message)).not.toContain('strike');
    expect(filesOf(message)).toEqual([]);
    expect(house.used(house.alice)).toBe(0);
    await eventually(() => !existsSync(path.join(house.dataDir, 'pictures', job.id, '1')));
    expect(house.emulator.calls.every((call) => !JSON.stringify(call).includes(`darkroom-${job.id}`))).toBe(true);
    expect(house.store.verdictCounts(0)).toMatchObject({ refuse: 1 });
  });

  test('refused three times in a day are a strike, told to the person alone', async () => {
    house.worker.scoresOf = () => EXPLICIT;
    for (let turn = 0; turn < 3; turn += 1) {
      const before = house.newest()?.id;
      await imagine(house.alice, 'two wrestlers');
      await house.jobIn('failed', house.alice, (job) => job.id !== before);
    }
    const { message } = await house.jobIn('failed');
    expect(textOf(message)).not.toContain('strike');
    expect(await said(as(house.alice).click(message.id, 'Why?'))).toContain('This counts as strike 1');
    expect(await said(as(house.bob).click(message.id, 'Why?'))).not.toContain('strike');
    const [strike] = house.store.strikes({ userId: house.alice, guildId: house.guildId });
    expect(strike).toMatchObject({ kind: 'picture', rule: 'porn+hentai' });
  });

  test('for the asker alone: the channel sees a card, the button shows them to nobody else, after a restart too', async () => {
    await admin('channels nsfw-policy', { channel: house.channelId, level: 'strict' });
    house.worker.scoresOf = () => DARING;
    const { job, message } = await house.picture({ prompt: 'a dancer' });
    expect(job.verdict).toBe('private');
    expect(filesOf(message)).toEqual([]);
    expect(textOf(message)).toContain(`only <@${house.alice}> can see this picture`);
    expect(labelsOf(message)).toEqual(['Show it to me', 'Delete']);
    await house.stopBot();
    await house.startBot();
    const shown = await answer(await as(house.alice).click(message.id, 'Show it to me'), house.alice);
    expect(filesOf(shown)).toHaveLength(1);
    expect(shown.ephemeral).toBe(true);
    const refused = await as(house.bob).click(message.id, 'Show it to me');
    expect(textOf(refused.message)).toContain('only');
    expect(filesOf(refused.message!)).toEqual([]);
    expect(textOf((await as(house.bob).command(house.channelId, 'show', { id: job.id })).message)).toContain('only');
    for (const menu of ['Recipe', 'Use as source']) {
      expect(await said(as(house.bob).messageMenu(message.id, menu))).toContain(`only <@${house.alice}>`);
    }
    const enlarged = as(house.bob).command(house.channelId, 'upscale', { picture: job.id });
    expect(await said(enlarged)).toContain('I no longer know this picture');
    await as(house.bob).reply(message.id, 'u1');
    await eventually(() => house.posts().some((post) => post.id !== message.id && textOf(post).includes('only')));
  });

  test('a source somebody sent that does not fit is refused, and is a strike', async () => {
    const { DarkroomError } = await import('../../src/errors.ts');
    house.worker.failures.push(new DarkroomError('picture_refused', 'the start picture is refused'));
    await imagine(house.alice, 'a fox');
    const { message } = await house.jobIn('failed');
    expect(textOf(message)).toContain('Not shown: a picture you sent');
    expect(await said(as(house.alice).click(message.id, 'Why?'))).toContain('This counts as strike 1');
    expect(house.worker.tasks.at(-1)?.sourcePolicy?.rules.length).toBeGreaterThan(0);
    expect(house.used(house.alice)).toBe(0);
  });
});

describe('reports', () => {
  const cards = () => house.posts(staff).filter((post) => textOf(post).includes('Reported by'));
  const report = async (userId: string, messageId: string, reason = '') => {
    const form = await as(userId).messageMenu(messageId, 'Report');
    return as(userId).submit(form.interactionId, { reason });
  };

  test('go to the staff channel as one card, counted once a person, and the reporter stays unknown', async () => {
    const { message } = await house.picture({ prompt: 'a rude fox' });
    expect(await said(as(house.bob).messageMenu(message.id, 'Report'))).toContain('no place for reports yet');
    expect(await said(admin('reports', { channel: staff }))).toContain(`<#${staff}>`);
    expect(textOf((await report(house.bob, message.id, 'it is *rude*')).message)).toContain('Thank you');
    const card = await eventually(() => cards()[0]);
    expect(textOf(card)).toContain('Reported by 1 person');
    expect(textOf(card)).toContain('a rude fox');
    expect(textOf(card)).toContain('it is \\*rude\\*');
    expect(textOf(card)).not.toContain(house.bob);
    expect(JSON.stringify(card.components)).toContain('"spoiler":true');
    expect(labelsOf(card)).toEqual(['Let it stay', 'Take it away', 'Take away and ban']);
    expect(textOf((await report(house.bob, message.id)).message)).toContain('already');
    const more = await as(mod).click(message.id, 'More');
    const form = await as(mod).click(more.message!.id, 'Report');
    await as(mod).submit(form.interactionId, {});
    await eventually(() => textOf(cards()[0]).includes('Reported by 2 people'));
    expect(cards()).toHaveLength(1);
  });

  test('are decided by moderators only, once, and the buttons outlive a restart', async () => {
    await admin('reports', { channel: staff });
    const { message, job } = await house.picture({ prompt: 'a rude fox' });
    await report(house.bob, message.id);
    const card = await eventually(() => cards()[0]);
    await house.stopBot();
    await house.startBot();
    expect(await said(as(house.bob).click(card.id, 'Take it away'))).toContain('for moderators');
    expect(await said(as(mod).click(card.id, 'Take away and ban'))).toContain('for moderators');
    const file = path.join(house.dataDir, house.store.pictures(job.id)[0]!.path);
    await as(mod).click(card.id, 'Take it away');
    await eventually(() => house.posts().every((post) => post.id !== message.id));
    await eventually(() => textOf(cards()[0]).includes(`<@${mod}> took it away`));
    expect(labelsOf(cards()[0]!)).toEqual([]);
    expect(filesOf(cards()[0]!)).toEqual([]);
    await expect(stat(file)).rejects.toThrow('ENOENT');
    expect(house.store.pictures(job.id)).toEqual([]);
    const [entry] = house.store.auditOf({ guildId: house.guildId, limit: 1 });
    expect(entry).toMatchObject({ action: 'report_removed', byUserId: mod, target: job.id });
    const told = await eventually(() => house.emulator.view(as(house.bob).dm(), house.bob).at(-1));
    expect(textOf(told)).toContain('The moderators of **Studio** took the picture away');
    expect(house.emulator.view(as(house.alice).dm(), house.alice)).toEqual([]);
    const shown = await as(house.alice).command(house.channelId, 'show', { id: job.id });
    expect(textOf(shown.message)).toContain('not finished');
  });

  test('let a picture stay, and later ones are told so; or ban its author', async () => {
    await admin('reports', { channel: staff });
    const { message } = await house.picture({ prompt: 'a good fox' });
    await report(house.bob, message.id);
    await as(house.owner).click((await eventually(() => cards()[0])).id, 'Let it stay');
    await eventually(() => textOf(cards()[0]).includes('let it stay'));
    expect(await said(as(mod).messageMenu(message.id, 'Report'))).toContain('let it stay');
    const told = () => house.emulator.view(as(house.bob).dm(), house.bob).map(textOf);
    await eventually(() => told().length === 1);
    expect(told()[0]).toContain('looked at the picture and let it stay');

    const { message: second } = await house.picture({ prompt: 'a bad fox' });
    await report(house.bob, second.id);
    const card = await eventually(() => cards().find((one) => textOf(one).includes('a bad fox')));
    await as(house.owner).click(card.id, 'Take away and ban');
    await eventually(() => house.store.banOf({ userId: house.alice, guildId: house.guildId }));
    expect(await said(imagine(house.alice, 'a fox'))).toContain('You cannot make pictures here');
  });

  test('that could not be put down are put down later; somebody who floods is stopped', async () => {
    await admin('reports', { channel: staff });
    const { message } = await house.picture();
    house.emulator.fault({ route: 'POST /channels/:id/messages', times: 1, kind: 'status', status: 500 } as never);
    await report(house.bob, message.id);
    await house.stopBot();
    await house.startBot();
    await eventually(() => cards()[0]);
    expect(cards()).toHaveLength(1);
    for (let turn = 0; turn < 9; turn += 1) {
      const { message: next } = await house.picture({ prompt: `hill ${turn}` });
      await report(house.bob, next.id);
    }
    const { message: last } = await house.picture({ prompt: 'the last hill' });
    expect(textOf((await report(house.bob, last.id)).message)).toContain('in an hour');
  });

  test('of other people’s messages, and from other servers, are not taken', async () => {
    await admin('reports', { channel: staff });
    const words = await as(house.alice).say(house.channelId, 'hello');
    expect(await said(as(house.bob).messageMenu(words.id, 'Report'))).toContain('pictures I made');
    const { message } = await house.picture();
    await report(house.bob, message.id);
    const card = await eventually(() => cards()[0]);
    const id = partsOf(card).find((part) => part.custom_id !== undefined)!.custom_id!;
    const forged = id.replace('approve', 'remove');
    expect(house.bot).toBeDefined();
    const { makeCustomIds } = await import('../../src/discord/customIds.ts');
    expect(makeCustomIds(house.store).read(forged)).toBeUndefined();
    expect(makeCustomIds(house.store).read(id)?.args[0]).toBe('approve');
  });
});

describe('moderators', () => {
  test('look through somebody’s pictures of this server only, and that is in the audit', async () => {
    await house.picture({ prompt: 'a fox here' });
    await as(house.alice).command(as(house.alice).dm(), 'imagine', { prompt: 'a fox in private' });
    await eventually(() => house.newest()?.state === 'delivered' && house.newest()?.guildId === null);
    const looked = await answer(await as(mod).userMenu(house.channelId, house.alice, 'Their pictures'), mod);
    expect(textOf(looked)).toContain('a fox here');
    expect(textOf(looked)).not.toContain('in private');
    expect(looked.ephemeral).toBe(true);
    expect(house.store.auditOf({ guildId: house.guildId, limit: 1 })).toMatchObject([
      { action: 'looked', byUserId: mod, target: house.alice },
    ]);
    await expect(as(house.bob).userMenu(house.channelId, house.alice, 'Their pictures')).rejects.toThrow();
  });

  test('pause somebody for a while, with the reason told', async () => {
    expect(await said(admin('timeout', { user: house.bob, duration: '2h', reason: 'too fast' }))).toContain('<t:');
    const paused = await said(imagine(house.bob, 'x'));
    expect(paused).toContain('too fast');
    expect(paused).toContain('You pause');
    expect(await said(admin('timeout', { user: house.bob, duration: 'soon' }))).toContain('30m, 2h, 7d');
  });

  test('read the audit page by page, filtered, and as a file', async () => {
    for (let turn = 0; turn < 11; turn += 1) await admin('words add', { word: `w${turn}` });
    await admin('ban', { user: house.bob, reason: '=HYPERLINK("x")' });
    const first = await answer(await admin('audit'), house.owner);
    expect(textOf(first)).toContain('page 1');
    expect(textOf(first)).toContain(`**ban** · <@${house.owner}> → <@${house.bob}>`);
    await as(house.owner).click(first.id, 'Older');
    await eventually(() => {
      const now = house.emulator.view(house.channelId, house.owner).find((one) => one.id === first.id);
      return textOf(now).includes('page 2') && textOf(now).includes('`w0`');
    });
    expect(
      textOf(await answer(await admin('audit', { about: house.bob }), house.owner)).match(/\*\*ban\*\*/g),
    ).toHaveLength(1);
    expect(textOf(await answer(await admin('audit', { action: 'unban' }), house.owner))).toContain(
      'Nothing of that kind',
    );
    const file = await answer(await admin('audit', { export: 'csv' }), house.owner);
    const csv = await (await fetch(filesOf(file)[0]!.url)).text();
    expect(csv.split('\r\n')).toHaveLength(13);
    expect(csv).toContain(`,ban,${house.owner},${house.bob},"'=HYPERLINK(""x"")"`);
    const json = await answer(await admin('audit', { export: 'json', action: 'ban' }), house.owner);
    expect(await (await fetch(filesOf(json)[0]!.url)).json()).toMatchObject([{ action: 'ban', target: house.bob }]);
  });

  test('set the rules of the server and see them', async () => {
    await admin('policy', { ordinary: 'strict', list: 'hate', pauses: '1=10m', days: 7, previews: false });
    const shown = textOf(await answer(await admin('policy'), house.owner));
    expect(shown).toContain('Ordinary channels: **strict**');
    expect(shown).toContain('Lists switched off: **hate symbols**');
    expect(shown).toContain('Strikes and pauses: **1=10m**');
    expect(await said(admin('policy', { pauses: 'often' }))).toContain('3=1h 5=1d 8=7d');
    await imagine(house.alice, 'a nude statue');
    expect(house.store.banIn({ userId: house.alice, guildId: house.guildId })?.untilMs).toBeGreaterThan(Date.now());
  });

  test('learn what the bot lacks, and how to give it', async () => {
    expect(textOf(await answer(await admin('doctor'), house.owner))).toContain('every right I need');
    house.emulator.setOverwrite(staff, house.guildId, 'role', { deny: ['attachFiles', 'embedLinks'] });
    const told = await eventually(async () => {
      const text = textOf(await answer(await admin('doctor'), house.owner));
      return text.includes('What I lack') ? text : undefined;
    });
    expect(await told).toContain(`<#${staff}>: \`AttachFiles\` \`EmbedLinks\``);
    expect(await told).toContain('discord.com/oauth2/authorize');
    expect(await said(admin('reports', { channel: staff }))).toContain('may not write or attach files');
  });

  test('let files go after their time, and words with them where they want that', async () => {
    const { job } = await house.picture({ prompt: 'an old fox' });
    const { job: young } = await house.picture({ prompt: 'another fox' });
    expect(await said(admin('retention', { days: 1 }))).toContain('after 1 day;');
    const options = { store: house.store, dataDir: house.dataDir, clock: systemClock, log: house.log };
    expect(await sweepExpired(options)).toBe(0);
    age(job.id);
    expect(await sweepExpired(options)).toBe(1);
    expect(await sweepExpired(options)).toBe(0);
    await expect(stat(path.join(house.dataDir, 'pictures', job.id))).rejects.toThrow('ENOENT');
    expect(house.store.get(job.id)?.request.prompt).toBe('an old fox');
    expect(textOf(await answer(await as(house.alice).command(house.channelId, 'history'), house.alice))).toContain(
      'an old fox',
    );
    await admin('retention', { days: 1, rows: 'erase' });
    age(young.id);
    expect(await sweepExpired(options)).toBe(1);
    expect(house.store.get(young.id)?.request.prompt).toBe('');
    await admin('retention', { days: 0 });
    expect(house.store.policy(house.guildId).retentionDays).toBeNull();
  });
});

/** Moves a job two days back. */
function age(jobId: string): void {
  const db = openDatabase(path.join(house.dataDir, 'darkroom.db'));
  db.prepare('UPDATE jobs SET ended_at_ms = ended_at_ms - 172800000 WHERE id = ?').run(jobId);
  db.close();
}

describe('who may do what', () => {
  const COMMANDS = [
    'admin ban',
    'admin timeout',
    'admin unban',
    'admin words list',
    'admin channels list',
    'admin policy',
    'admin reports',
    'admin strikes',
    'admin audit',
    'admin doctor',
    'admin retention',
  ];
  const NEEDS: Readonly<Record<string, object>> = {
    'admin ban': { user: '@' },
    'admin timeout': { user: '@', duration: '1h' },
    'admin unban': { user: '@' },
    'admin strikes': { user: '@' },
    'admin retention': { days: 0 },
  };

  test.each(COMMANDS)(
    '/%s: shown and done for those who manage the server, refused in code for all others',
    async (name) => {
      const command = [...house.emulator.world.commands.values()].find((one) => one.name === 'admin')!;
      const options = Object.fromEntries(
        Object.entries(NEEDS[name] ?? {}).map(([key, value]) => [key, value === '@' ? house.bob : value]),
      );
      for (const userId of [house.alice, mod]) {
        await expect(as(userId).command(house.channelId, name, options)).rejects.toThrow('offers no such command');
      }
      await expect(as(house.owner).command(as(house.owner).dm(), name, options)).rejects.toThrow(
        'offers no such command',
      );
      const outcome = await as(house.owner).command(house.channelId, name, options);
      expect(textOf(await answer(outcome, house.owner))).not.toContain('Manage Server');
      (command.body as Record<string, unknown>).default_member_permissions = null;
      const before = house.store.audit({ limit: 99 }).length;
      for (const userId of [house.alice, mod]) {
        expect(await said(as(userId).command(house.channelId, name, options))).toContain('Manage Server');
      }
      expect(house.store.audit({ limit: 99 })).toHaveLength(before);
    },
  );

  test('what is done in one server stays in it', async () => {
    const carol = house.emulator.addUser('carol').id;
    const theirs = house.emulator.addGuild('Elsewhere', carol, { memberIds: [house.alice, house.bob] });
    const there = house.emulator.addChannel(theirs.id, 'pictures').id;
    await admin('words add', { word: 'fox' });
    await admin('policy', { ordinary: 'strict' });
    await admin('timeout', { user: house.alice, duration: '1h' });
    await imagine(house.bob, 'a fox');
    await as(house.alice).command(there, 'imagine', { prompt: 'a nude fox' });
    const job = await eventually(() => house.newest()?.guildId === theirs.id && house.newest());
    expect(job).toMatchObject({ guildId: theirs.id });
    expect(await said(as(carol).command(there, 'admin strikes', { user: house.bob }))).toContain('has no strikes');
    expect(textOf(await answer(await as(carol).command(there, 'admin audit'), carol, there))).toContain(
      'Nothing of that kind',
    );
    expect(await said(as(carol).command(there, 'admin policy', { everywhere: true }))).toContain('Only the owner');
  });
});

test('the emulator answered and was asked as Discord’s own description says', async () => {
  await house.picture();
  expect(house.emulator.complaints).toEqual([]);
});
