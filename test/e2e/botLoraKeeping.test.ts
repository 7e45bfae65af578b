// LoRAs in a community: some are for roles alone, on every way a LoRA can be asked for; servers say what people begin with; files come through
// Discord and are there at once; the words they know go where somebody wants them.
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LoraCard } from '../../src/core/lora.ts';
import { LoraFolder } from '../../src/discord/loraFolder.ts';
import type { OptionValues } from '../../src/emulator/actor.ts';
import type { Outcome } from '../../src/emulator/views.ts';
import { ROOT } from '../../src/root.ts';
import { checkLora } from '../../src/weights/loraCheck.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { TEST_CARD } from '../support/cards.ts';
import { eventually, filesOf, House, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

const lora = (name: string, more: Partial<LoraCard> = {}): LoraCard => ({
  name,
  family: 'Stable Diffusion 1.x',
  fits: ['testmodel'],
  triggers: [],
  defaults: {},
  sizeBytes: 1_000,
  ...more,
});
const CARD = { ...TEST_CARD, loras: [lora('ink', { triggers: ['inkmoth', 'dusk'] }), lora('moth'), lora('neon')] };

let house: House;
const say = (user: string, command: string, options: OptionValues = {}) =>
  house.emulator.as(user).command(house.channelId, command, options);
const textNow = async (outcome: Promise<Outcome>, user = house.alice) => {
  const { message } = await outcome;
  const seen = () => house.emulator.view(house.channelId, user).find(({ id }) => id === message?.id);
  return textOf(await eventually(() => seen()?.loading !== true && seen()));
};
const loraNames = (user: string) => house.newest(user)?.request.loras?.map(({ name }) => name);
const draw = async (user: string, prompt: string) => {
  const { job } = await house.picture({ prompt }, user);
  return job.request;
};

describe('a LoRA for some', () => {
  let painters = '';
  beforeEach(async () => {
    house = await House.open({ cards: [CARD] });
    painters = house.emulator.addRole(house.guildId, 'Painters').id;
    house.emulator.addMember(house.guildId, house.bob, [painters]);
  });
  afterEach(() => house.close());
  const onlyPainters = () => say(house.owner, 'admin lora allow', { name: 'ink', role: painters });

  test('is refused to others on every way, and drawn for those it is for', async () => {
    const before = await draw(house.alice, 'a hill');
    expect(before.loras).toBeUndefined();
    await say(house.alice, 'style save', { name: 'inky', text: 'ink drawing --lora ink:0.5' });
    await say(house.alice, 'lora use', { name: 'ink' });
    expect((await draw(house.alice, 'with ink')).loras).toHaveLength(1);
    await say(house.alice, 'lora clear');
    expect(await textNow(onlyPainters(), house.owner)).toContain(`**ink** is for <@&${painters}>`);
    expect((await draw(house.bob, 'a hill <lora:ink:0.7>')).loras).toHaveLength(1);
    const only = `The LoRA **ink** is only for <@&${painters}> here`;
    for (const prompt of ['a hill <lora:ink:1>', 'a hill --lora INK', 'a hill --style inky']) {
      expect(await textNow(say(house.alice, 'imagine', { prompt }))).toContain(only);
    }
    for (const command of ['lora use', 'lora stack']) {
      expect(await textNow(say(house.alice, command, { name: 'ink' }))).toContain(only);
    }
    const { message } = await house.jobIn('delivered', house.bob);
    expect(await textNow(house.emulator.as(house.alice).click(message.id, 'Again'))).toContain(only);
    expect(house.newest(house.alice)?.request.prompt).toBe('with ink');
    expect((await draw(house.owner, 'mine <lora:ink:1>')).loras).toHaveLength(1);
  });

  test('stops a stack that was chosen before, and a reply that brings it', async () => {
    await say(house.alice, 'lora use', { name: 'ink' });
    await onlyPainters();
    expect(await textNow(say(house.alice, 'imagine', { prompt: 'a hill' }))).toContain('is only for');
    expect((await draw(house.alice, 'a hill --lora none')).loras).toBeUndefined();
    const { message, job } = await house.jobIn('delivered', house.alice);
    await house.emulator.as(house.alice).reply(message.id, '--lora ink');
    await eventually(() => house.posts().some((post) => textOf(post).includes('is only for')));
    expect(house.newest(house.alice)?.id).toBe(job.id);
  });

  test('is not shown nor suggested to others, and for nobody to nobody but the owner', async () => {
    await onlyPainters();
    await say(house.owner, 'admin lora deny', { name: 'moth' });
    const shown = async (user: string) => textNow(say(user, 'lora browse'), user);
    expect(await shown(house.alice)).not.toMatch(/ink|moth/);
    expect(await shown(house.alice)).toContain('neon');
    expect(await shown(house.bob)).toMatch(/ink/);
    expect(await shown(house.owner)).toMatch(/ink[\s\S]*moth/);
    const suggested = async (user: string) =>
      (await house.emulator.as(user).autocomplete(house.channelId, 'lora use', 'name', '')).choices?.map(
        ({ value }) => value,
      );
    expect(await suggested(house.alice)).toEqual(['neon']);
    expect(await suggested(house.bob)).toEqual(['ink', 'neon']);
    expect(await textNow(say(house.bob, 'imagine', { prompt: 'x <lora:moth:1>' }), house.bob)).toContain(
      'The LoRA **moth** may not be used here',
    );
    expect(await textNow(say(house.owner, 'admin lora list'), house.owner)).toContain(`- ink: <@&${painters}>`);
    await say(house.owner, 'admin lora allow', { name: 'moth' });
    expect(await shown(house.alice)).toContain('moth');
  });

  test('of the owner’s choice is for nobody anywhere; of a server it holds there alone', async () => {
    const carol = house.emulator.addUser('carol').id;
    const theirs = house.emulator.addGuild('Elsewhere', carol, { memberIds: [house.alice] });
    const channel = house.emulator.addChannel(theirs.id, 'pictures').id;
    const elsewhere = (user: string, command: string, options: OptionValues) =>
      house.emulator.as(user).command(channel, command, options);
    await onlyPainters();
    await elsewhere(house.alice, 'imagine', { prompt: 'there <lora:ink:1>' });
    await eventually(() => house.newest()?.request.prompt === 'there');
    const asCarol = await elsewhere(carol, 'admin lora deny', { name: 'neon', everywhere: true });
    expect(textOf(asCarol.message)).toContain('Only the owner');
    await say(house.owner, 'admin lora deny', { name: 'neon', everywhere: true });
    const refused = await elsewhere(house.alice, 'imagine', { prompt: 'x <lora:neon:1>' });
    expect(textOf(refused.message)).toContain('may not be used here');
    const dm = house.emulator.as(house.alice).dm();
    const inPrivate = await house.emulator.as(house.alice).command(dm, 'imagine', { prompt: 'x <lora:neon:1>' });
    expect(textOf(inPrivate.message)).toContain('may not be used here');
  });

  test('is what a server’s people begin with, until they choose, and as far as they may', async () => {
    const set = await textNow(say(house.owner, 'admin lora default', { loras: 'neon:0.6, ink' }), house.owner);
    expect(set).toMatch(/neon\\?:0.6, ink\\?:1/);
    expect((await draw(house.alice, 'a')).loras?.map(({ name }) => name)).toEqual(['neon', 'ink']);
    await onlyPainters();
    expect((await draw(house.alice, 'b')).loras?.map(({ name }) => name)).toEqual(['neon']);
    expect((await draw(house.bob, 'b')).loras?.map(({ name }) => name)).toEqual(['neon', 'ink']);
    await say(house.alice, 'lora clear');
    expect((await draw(house.alice, 'c')).loras).toBeUndefined();
    await house.stopBot();
    await house.startBot();
    expect((await draw(house.alice, 'd')).loras).toBeUndefined();
    await say(house.alice, 'lora load', { name: 'server' });
    await draw(house.alice, 'e');
    expect(loraNames(house.alice)).toEqual(['neon']);
    await say(house.owner, 'admin lora default', { loras: 'none' });
    expect((await draw(house.alice, 'f')).loras).toBeUndefined();
  });

  test('brings its words where somebody wants them, and not twice', async () => {
    expect((await draw(house.alice, 'a hill <lora:ink:1>')).prompt).toBe('a hill');
    await say(house.alice, 'lora words', { place: 'before' });
    expect((await draw(house.alice, 'a hill <lora:ink:1>')).prompt).toBe('inkmoth, dusk, a hill');
    await say(house.alice, 'lora words', { place: 'after' });
    expect((await draw(house.alice, 'a hill at Dusk <lora:ink:1>')).prompt).toBe('a hill at Dusk, inkmoth');
    expect((await draw(house.alice, 'a hill <lora:ink:-1>')).prompt).toBe('a hill');
    await say(house.alice, 'lora words', { place: 'suggest' });
    expect((await draw(house.alice, 'a hill <lora:ink:1>')).prompt).toBe('a hill');
    expect(await textNow(say(house.alice, 'lora use', { name: 'ink' }))).toContain('Words it knows: inkmoth, dusk');
  });
});

describe('a file', () => {
  const GOLDEN = path.join(ROOT, 'test/golden');
  const second = readFileSync(path.join(GOLDEN, 'loras/files/second.safetensors'));
  const modelsDir = mkdtempSync(path.join(tmpdir(), 'darkroom-keeping-'));
  cpSync(path.join(GOLDEN, 'folders/sd-small'), path.join(modelsDir, 'sd-small'), { recursive: true });
  const { layouts } = scanModels(modelsDir);
  let developer: Developer;
  let role = '';
  beforeAll(async () => {
    developer = await openDeveloper({ modelsDir, device: 'cpu', threads: 1 });
    house = await House.open({
      real: {
        worker: { ready: async () => developer.facts, develop: developer.develop, close: async () => {} },
        cards: [],
      },
      liveCards: () => developer.facts.models,
      loraFolder: ({ dataDir, emulator }) =>
        new LoraFolder({
          modelsDir,
          dataDir,
          maxBytes: 1_000_000,
          extraOrigin: emulator.origin,
          judge: (folder, file) => checkLora(folder, file, layouts),
          refresh: async () => void developer.rescan(),
        }),
    });
    role = house.emulator.addRole(house.guildId, 'Printers').id;
    house.emulator.addMember(house.guildId, house.alice, [role]);
  });
  afterAll(async () => {
    await house.close();
    await developer.close();
    await rm(modelsDir, { recursive: true });
  });
  const file = (name: string, bytes: Buffer) => ({ file: { name, bytes } });
  const prompt = 'two cats look at the moon <lora:moth light:1>';

  test('is handed in by the owner and the roles the owner names, nobody else', async () => {
    const asked = () => textNow(say(house.alice, 'lora upload', file('second.safetensors', second)));
    expect(await asked()).toContain('handed in by the owner of this bot');
    const admin = house.emulator.addRole(house.guildId, 'Admins', { permissions: ['manageGuild'] }).id;
    house.emulator.addMember(house.guildId, house.bob, [admin]);
    const byAdmin = say(house.bob, 'admin lora uploader', { role });
    expect(await textNow(byAdmin, house.bob)).toContain('Only the owner of this bot');
    expect(await asked()).toContain('handed in by the owner of this bot');
    expect(await textNow(say(house.owner, 'admin lora uploader', { role }), house.owner)).toContain('may now hand in');
    expect(await asked()).toContain('**second** is here: made for');
    expect(readdirSync(path.join(modelsDir, 'loras'))).toEqual(['second.safetensors']);
    expect(readdirSync(path.join(house.dataDir, 'quarantine'))).toEqual([]);
    expect(house.store.audit({ limit: 1 })[0]).toMatchObject({
      action: 'lora',
      byUserId: house.alice,
      target: 'second',
    });
  });

  test('is known by its bytes; a name is given once; what is no LoRA is refused with the reason', async () => {
    const again = { ...file('other.safetensors', second), name: 'other' };
    expect(await textNow(say(house.alice, 'lora upload', again))).toContain('here already, as **second**');
    const kohya = readFileSync(path.join(GOLDEN, 'loras/files/kohya.safetensors'));
    const taken = { ...file('kohya.safetensors', kohya), name: 'Second' };
    expect(await textNow(say(house.alice, 'lora upload', taken))).toContain('another LoRA named **Second**');
    const words = file('words.safetensors', Buffer.from('these are no numbers at all'));
    expect(await textNow(say(house.alice, 'lora upload', words))).toMatch(
      /was not taken, and is deleted: words\.safetensors/,
    );
    expect(readdirSync(path.join(modelsDir, 'loras'))).toEqual(['second.safetensors']);
  });

  test('is there at once for everybody, and gone when who handed it in takes it away', async () => {
    const kohya = readFileSync(path.join(GOLDEN, 'loras/files/kohya.safetensors'));
    await textNow(say(house.alice, 'lora upload', { ...file('kohya.safetensors', kohya), name: 'moth light' }));
    await say(house.owner, 'imagine', { prompt, steps: 2, seed: 5 });
    await eventually(() => house.newest(house.owner)?.state === 'delivered', 60_000);
    expect(loraNames(house.owner)).toEqual(['moth light']);
    const byBob = textNow(say(house.bob, 'lora remove', { name: 'moth light' }), house.bob);
    expect(await byBob).toContain('can be removed by whoever handed it in');
    expect(await textNow(say(house.alice, 'lora remove', { name: 'moth light' }))).toContain('is removed');
    expect(await textNow(say(house.owner, 'imagine', { prompt }), house.owner)).toContain('moth light');
    expect(readdirSync(path.join(modelsDir, 'loras'))).toEqual(['second.safetensors']);
  });

  test('put there by hand is found when somebody browses, with its picture, and taken away by hand alone', async () => {
    cpSync(path.join(GOLDEN, 'loras/files/locon.safetensors'), path.join(modelsDir, 'loras/by hand.safetensors'));
    writeFileSync(path.join(modelsDir, 'loras/by hand.preview.png'), plainPng({ widthPx: 96, heightPx: 64 }, 9));
    const browsed = await say(house.alice, 'lora browse');
    const seen = await eventually(() => {
      const message = house.emulator.view(house.channelId, house.alice).find(({ id }) => id === browsed.message?.id);
      return message?.loading !== true && textOf(message).includes('by hand') && message;
    });
    expect(filesOf(seen)).toMatchObject([{ description: 'What the LoRA by hand does' }]);
    expect(await textNow(say(house.owner, 'lora remove', { name: 'by hand' }), house.owner)).toContain(
      'did not come through Discord',
    );
  });
});
