// Following a picture as people meet it, on the local Discord: the options of /imagine, the message menu, the button, replies that keep what is
// followed, its map beside the result, and what is said where nothing can be followed.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelCard } from '../../src/core/request.ts';
import type { SeenMessage } from '../../src/emulator/views.ts';
import { paintedPng } from '../image/makePng.ts';
import { CONTROLLED_CARD, TEST_CARD } from '../support/cards.ts';
import { eventually, filesOf, House, labelsOf, partsOf, textOf } from './house.ts';

const OTHER: ModelCard = { ...CONTROLLED_CARD, name: 'othermodel' };
let house: House;

beforeEach(async () => {
  house = await House.open({ cards: [CONTROLLED_CARD, OTHER] });
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const day = paintedPng(96, 64, (x, y) => [(x * 5) % 256, (y * 7) % 256, (x * y) % 256]);
const night = paintedPng(64, 96, (x, y) => [(x + y) % 30, 0, 40]);
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const png = (name: string, bytes: Buffer) => ({ name, bytes, contentType: 'image/png' });
const imagine = (options: Record<string, unknown>) =>
  alice().command(house.channelId, 'imagine', { prompt: 'a red heart', ...options } as never);

async function followed(options: Record<string, unknown> = {}) {
  await imagine({ control: 'canny', control_image: png('day.png', day), ...options });
  return house.jobIn('delivered');
}

/** Small pictures beside words. */
function thumbnailsOf(message: SeenMessage): { url: string; text: string }[] {
  return partsOf(message).flatMap((part) => {
    const { accessory, components = [] } = part as never as {
      accessory?: { media: { url: string } };
      components?: { content?: string }[];
    };
    return accessory === undefined ? [] : [{ url: accessory.media.url, text: components[0]?.content ?? '' }];
  });
}

describe('/imagine with a control', () => {
  test('follows the picture handed in, and shows its map beside the result', async () => {
    const { job, message } = await followed({ control_strength: 0.8 });
    const [control] = job.request.controls!;
    expect(control).toEqual({
      kind: 'canny',
      image: { sha256: hashOf(day) },
      model: 'edges-net',
      hash: '0badcafe',
      strength: 0.8,
      start: 0,
      end: 1,
    });
    expect([job.request.initImage, job.request.prompt, job.cost]).toEqual([null, 'a red heart', 1]);
    expect(house.worker.tasks.at(-1)?.controlPaths).toEqual([path.join(house.dataDir, 'inputs', hashOf(day))]);
    expect(filesOf(message).map(({ filename, description }) => [filename, description])).toEqual([
      [`darkroom-${job.id}-1.png`, 'Generated picture: a red heart'],
      [`darkroom-${job.id}-control-1.png`, 'The map that was followed: edges'],
    ]);
    const [map] = thumbnailsOf(message);
    expect(map?.text).toBe('-# Follows: **edges**, strength 0.8 · edges\\-net');
    const shown = Buffer.from(await (await fetch(map!.url)).arrayBuffer());
    const [kept] = house.store.controlMaps(job.id);
    expect(kept).toMatchObject({ kind: 'canny', sha256: hashOf(shown), widthPx: 96, heightPx: 64 });
    expect(textOf(message)).toContain('canny\\:0.8');
  });

  test('a picture alone is followed as the first network was made to; flags say more', async () => {
    const prompt = 'a fox --control-range 0.2-0.7 --control pose:1.5 --control-ready';
    await imagine({ prompt, control: 'silhouette', control_image: png('day.png', day) });
    const { job } = await house.jobIn('delivered');
    expect(job.request.prompt).toBe('a fox');
    expect(job.request.controls).toMatchObject([
      { kind: 'silhouette', strength: 1, start: 0.2, end: 0.7, model: 'edges-net', image: { sha256: hashOf(day) } },
      { kind: 'pose', strength: 1.5, ready: true, model: 'poses', image: { sha256: hashOf(day) } },
    ]);
    await imagine({ control_image: png('night.png', night) });
    const alone = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(alone.job.request.controls).toMatchObject([
      { kind: 'canny', strength: 1, image: { sha256: hashOf(night) } },
    ]);
  });

  test('without a picture of its own it follows the start picture', async () => {
    await imagine({ control: 'canny', image: png('day.png', day), strength: 0.9 });
    const { job } = await house.jobIn('delivered');
    expect(job.request).toMatchObject({
      initImage: { sha256: hashOf(day) },
      controls: [{ image: { sha256: hashOf(day) } }],
    });
  });

  test('several requests of one text follow it all', async () => {
    const asked = await imagine({
      prompt: 'a {red, blue} heart',
      control: 'canny',
      control_image: png('day.png', day),
    });
    const question = await eventually(() =>
      house.emulator.view(house.channelId, house.alice).findLast((one) => one.ephemeral),
    );
    expect(asked.kind).not.toBe('failed');
    await eventually(
      () => labelsOf(house.emulator.view(house.channelId, house.alice).findLast((one) => one.ephemeral)!).length > 0,
    );
    await alice().click(question.id, 'Make all 2');
    const jobs = await eventually(() => {
      const made = house.store.list({ userId: house.alice, limit: 5 });
      return made.length === 2 && made.every(({ state }) => state === 'delivered') ? made : undefined;
    });
    expect(jobs.map(({ request }) => [request.prompt, request.controls?.[0]?.image.sha256])).toEqual([
      ['a blue heart', hashOf(day)],
      ['a red heart', hashOf(day)],
    ]);
  });

  test('offers what the chosen model has networks for, in the language of whoever asks', async () => {
    const asked = { channel: house.channelId, command: 'imagine' };
    const offered = async (typed: string) =>
      (await alice().autocomplete(asked.channel, asked.command, 'control', typed)).choices?.map((one) => one.name);
    expect(await offered('')).toEqual(['edges (canny)', 'silhouette (silhouette)', 'pose map (pose)']);
    expect(await offered('sil')).toEqual(['silhouette (silhouette)']);
    expect(await offered('depth')).toEqual([]);
    const zoe = house.emulator.addUser('zoe', { locale: 'zh-CN' }).id;
    house.emulator.addMember(house.guildId, zoe);
    const { choices } = await house.emulator.as(zoe).autocomplete(asked.channel, asked.command, 'control', '剪影');
    expect(choices).toEqual([{ name: '轮廓剪影 (silhouette)', value: 'silhouette' }]);
    const other = await alice().autocomplete(asked.channel, asked.command, 'control', '', { model: 'othermodel' });
    expect(other.choices).toEqual([]);
  });

  test('says what there is where a kind, a picture or a network is missing', async () => {
    const said = async (options: Record<string, unknown>) => textOf((await imagine(options)).message);
    expect(await said({ control: 'depth', control_image: png('day.png', day) })).toBe(
      'I cannot do that: no control network here follows “depth map” with testmodel; there is: edges, silhouette, pose map',
    );
    expect(await said({ control: 'canny' })).toContain('control picture: nothing is there; write it as in');
    expect(await said({ control: 'cany', control_image: png('day.png', day) })).toContain('Did you mean canny?');
    expect(await said({ model: 'othermodel', control: 'canny', control_image: png('day.png', day) })).toBe(
      'I cannot do that: there is no control network for othermodel here. The owner can put a ControlNet or T2I-Adapter for Stable Diffusion 1.x (a .safetensors file or a diffusers folder) into models/controlnets; it is found within seconds',
    );
    expect(await said({ control: 'canny', control_image: { ...png('day.gif', Buffer.from('GIF89a')) } })).toContain(
      'it is not a PNG, JPEG or WebP picture',
    );
    expect(house.newest()).toBeUndefined();
  });
});

describe('a result that followed a picture', () => {
  test('goes on following it through again, replies and edits, until a reply takes it away', async () => {
    const { job, message } = await followed({ control_strength: 0.5 });
    const next = async (after: string) => (await house.jobIn('delivered', house.alice, ({ id }) => id !== after)).job;
    await alice().reply(message.id, 'again');
    const again = await next(job.id);
    expect(again.request.controls).toEqual(job.request.controls);
    expect(again.request.seed).not.toBe(job.request.seed);
    await alice().reply(message.id, 'v1');
    const varied = await next(again.id);
    expect(varied.request.controls).toEqual(job.request.controls);
    expect(varied.request.initImage).toEqual({ sha256: house.store.pictures(job.id)[0]?.sha256 });
    await alice().reply(message.id, 'in blue --control canny:1.5 --control-range 0-0.5');
    const changed = await next(varied.id);
    expect(changed.request.prompt).toBe('a red heart, blue');
    expect(changed.request.controls).toMatchObject([
      { kind: 'canny', strength: 1.5, end: 0.5, image: { sha256: hashOf(day) } },
    ]);
    await alice().reply(message.id, 'more fog --control none');
    expect((await next(changed.id)).request.controls ?? []).toEqual([]);
  });

  test('a picture attached to a reply with a control is what is followed, not where it starts', async () => {
    const { job, message } = await followed();
    await alice().reply(message.id, '--control pose', { files: [png('night.png', night)] });
    const { job: replied } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(replied.request.initImage).toBeNull();
    expect(replied.request.controls).toMatchObject([
      { kind: 'canny', image: { sha256: hashOf(day) } },
      { kind: 'pose', strength: 0.7, image: { sha256: hashOf(night) } },
    ]);
  });

  test('a reply with a control and no picture follows the picture it answers', async () => {
    const { job, message } = await house.picture({ count: 2, seed: 30 });
    await alice().reply(message.id, '2 --control canny:0.9');
    const { job: next } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    const [, second] = house.store.pictures(job.id).filter(({ imageIndex }) => imageIndex >= 0);
    expect(next).toMatchObject({ kind: 'variation', parentJobId: job.id, parentImageIndex: 1 });
    expect(next.request).toMatchObject({ initImage: null, prompt: 'a red heart' });
    expect(next.request.controls).toMatchObject([{ kind: 'canny', strength: 0.9, image: { sha256: second!.sha256 } }]);
    await alice().reply(message.id, 'as a castle --control silhouette');
    const { job: castle } = await house.jobIn('delivered', house.alice, ({ id }) => id !== next.id);
    expect(castle.request).toMatchObject({ initImage: null, prompt: 'a red heart, as a castle' });
    const [first] = house.store.pictures(job.id).filter(({ imageIndex }) => imageIndex >= 0);
    expect(castle.request.controls).toMatchObject([{ kind: 'silhouette', image: { sha256: first!.sha256 } }]);
  });

  test('names it in its recipe, with the map among the files, and /show brings both', async () => {
    const { job, message } = await followed();
    const recipe = await alice().messageMenu(message.id, 'Recipe');
    const told = await eventually(() =>
      house.emulator
        .view(house.channelId, house.alice)
        .findLast((one) => one.ephemeral && textOf(one).includes('control:')),
    );
    expect(recipe.kind).not.toBe('failed');
    expect(textOf(told)).toContain(`control: canny:1, edges-net [0badcafe], picture ${hashOf(day).slice(0, 16)}`);
    expect(filesOf(told).map(({ filename }) => filename)).toContain(`darkroom-${job.id}-control-1.png`);
    await alice().command(house.channelId, 'show', { id: job.id });
    const shown = await eventually(() =>
      house.emulator
        .view(house.channelId, house.alice)
        .findLast((one) => one.ephemeral && thumbnailsOf(one).length > 0),
    );
    expect(thumbnailsOf(shown)[0]?.text).toContain('Follows: **edges**');
  });

  test('keeps its map and its picture over a restart, and loses them when its person is forgotten', async () => {
    const { job } = await followed();
    const [map] = house.store.controlMaps(job.id);
    expect(house.store.needsInput(hashOf(day))).toBe(true);
    await house.stopBot();
    await house.startBot();
    expect(house.store.controlMaps(job.id)).toEqual([map]);
    expect(existsSync(path.join(house.dataDir, map!.path))).toBe(true);
    await alice().command(house.channelId, 'privacy forget');
    const question = await eventually(() =>
      house.emulator
        .view(house.channelId, house.alice)
        .findLast((one) => one.ephemeral && labelsOf(one).includes('Erase everything')),
    );
    await alice().click(question.id, 'Erase everything');
    await eventually(() => !existsSync(path.join(house.dataDir, map!.path)));
    expect(house.store.controlMaps(job.id)).toEqual([]);
    expect(house.store.needsInput(hashOf(day))).toBe(false);
    expect(house.store.get(job.id)?.request.controls).toBeUndefined();
  });
});

describe('"Use as control"', () => {
  test('on anybody’s picture opens a form with the kinds there are', async () => {
    const posted = await alice().upload(house.channelId, [png('night.png', night)]);
    const { modal, interactionId } = await alice().messageMenu(posted.id, 'Use as control');
    expect(JSON.stringify(modal)).toContain('"label":"edges (canny)","value":"canny","default":true');
    expect(JSON.stringify(modal)).not.toContain('depth');
    await alice().submit(interactionId, { kind: ['silhouette'], prompt: 'a castle --seed 5', strength: '0,6' });
    const { job } = await house.jobIn('delivered');
    expect(job.request).toMatchObject({ prompt: 'a castle', seed: 5, initImage: null });
    expect(job.request.controls).toMatchObject([
      { kind: 'silhouette', strength: 0.6, image: { sha256: hashOf(night) } },
    ]);
  });

  test('on a result follows one of its pictures with the rest of its request', async () => {
    const { job, message } = await house.picture({ count: 2, seed: 40, steps: 9 });
    const { interactionId } = await alice().messageMenu(message.id, 'Use as control');
    await alice().submit(interactionId, { kind: ['canny'], prompt: 'a blue heart', picture: '2' });
    const { job: next } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    const second = house.store.pictures(job.id).find(({ imageIndex }) => imageIndex === 1)!;
    expect(next).toMatchObject({ parentJobId: job.id, parentImageIndex: 1, kind: 'variation' });
    expect(next.request).toMatchObject({ prompt: 'a blue heart', steps: 9, count: 2, initImage: null });
    expect(next.request.seed).not.toBe(40);
    expect(next.request.controls).toMatchObject([{ kind: 'canny', strength: 1, image: { sha256: second.sha256 } }]);
  });

  test('is a button under a picture whose model can follow', async () => {
    const { job, message } = await house.picture();
    expect(labelsOf(message)).toContain('Use as control');
    const { interactionId } = await alice().click(message.id, 'Use as control');
    await alice().submit(interactionId, { kind: ['pose'] });
    const { job: next } = await house.jobIn('delivered', house.alice, ({ id }) => id !== job.id);
    expect(next.request).toMatchObject({ prompt: 'a red heart', controls: [{ kind: 'pose', strength: 0.7 }] });
  });

  test('tells a wrong number, and what to put where when nothing can be followed', async () => {
    const { message } = await house.picture();
    const { interactionId } = await alice().messageMenu(message.id, 'Use as control');
    const wrong = await alice().submit(interactionId, { kind: ['canny'], strength: '3' });
    expect(textOf(wrong.message)).toBe('I expected a number from 0 to 2; you wrote "3".');
    await house.stopBot();
    Object.assign(house, { cards: [TEST_CARD] });
    await house.startBot();
    const posted = await alice().upload(house.channelId, [png('night.png', night)]);
    const none = await alice().messageMenu(posted.id, 'Use as control');
    expect(textOf(none.message)).toContain('models/controlnets');
    const { message: plain } = await house.picture();
    expect(labelsOf(plain)).not.toContain('Use as control');
  });
});
