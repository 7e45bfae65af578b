// /blend: pictures by id and by upload become one start picture and one prompt.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addPngText, RECIPE_KEYWORD } from '../../src/image/pngText.ts';
import { eventually, House, textOf } from './house.ts';
import { plainPng } from './scriptedWorker.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

const alice = () => house.emulator.as(house.alice);
const upload = (shade: number, recipe?: string) => {
  const png = plainPng({ widthPx: 64, heightPx: 96 }, shade);
  const bytes = recipe === undefined ? png : addPngText(png, RECIPE_KEYWORD, recipe);
  return { name: 'p.png', bytes, contentType: 'image/png' };
};
const blend = (options: object) => alice().command(house.channelId, 'blend', options as never);
const blended = () => house.jobIn('delivered', house.alice, (job) => job.request.initImage !== null);
const answer = (id: string | undefined) =>
  eventually(() => {
    const shown = house.emulator.view(house.channelId, house.alice).find((one) => one.id === id);
    return shown !== undefined && !shown.loading && textOf(shown);
  });

test('results are laid over each other and their words joined; the first is the parent', async () => {
  const { job: one } = await house.picture({ prompt: 'a red heart', seed: 0 });
  const { job: two } = await house.picture({ prompt: 'a fox', count: 2, seed: 254 });
  await blend({ pictures: `#${one.id}, ${two.id} 2` });
  const { job } = await blended();
  expect(job).toMatchObject({ kind: 'variation', parentJobId: one.id, parentImageIndex: 0 });
  expect(job.request).toMatchObject({ prompt: 'a red heart, a fox', strength: 0.75 });
  const start = await readFile(path.join(house.dataDir, 'inputs', job.request.initImage!.sha256));
  const { data, info } = await sharp(start).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([96, 64]);
  // Black, and white: half the light.
  expect(data[0]).toBe(188);
  // Each of them goes with the task, to be looked at by itself; another picture made from this one has only its start.
  const sources = [house.store.pictures(one.id)[0]!.sha256, house.store.pictures(two.id).at(-1)!.sha256];
  const paths = house.worker.tasks.at(-1)!.blendedPaths!;
  expect(paths.map((file) => path.basename(file))).toEqual(sources);
  await Promise.all(paths.map((file) => stat(file)));
  expect(sources.every((sha256) => house.store.needsInput(sha256))).toBe(true);
  await alice().click(job.messageId!, 'Again');
  const { job: again } = await house.jobIn('delivered', house.alice, ({ kind }) => kind === 'again');
  expect(again.request.initImage).toEqual(job.request.initImage);
  expect(house.worker.tasks.at(-1)!.blendedPaths).toBeUndefined();
});

test('uploads bring the words of their recipe; words said count instead, with their flags', async () => {
  const recipe = 'a lighthouse\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x96';
  await blend({ first: upload(10, recipe), second: upload(200) });
  expect((await blended()).job.request.prompt).toBe('a lighthouse');
  await blend({ first: upload(10, recipe), second: upload(200), prompt: 'a tower --ar 2:3 --seed 4', strength: 0.5 });
  const { job } = await house.jobIn('delivered', house.alice, ({ request }) => request.seed === 4);
  expect(job.request).toMatchObject({ prompt: 'a tower', strength: 0.5 });
  expect(job.request.size.heightPx).toBeGreaterThan(job.request.size.widthPx);
});

test('too few, strangers’ pictures and pictures without words are refused in words', async () => {
  const { job } = await house.picture({ prompt: 'a heart --private' });
  expect(await answer((await blend({ first: upload(1) })).message?.id)).toContain('Give 2 to 5 pictures');
  expect(await answer((await blend({ first: upload(1), second: upload(2) })).message?.id)).toContain(
    'None of these pictures',
  );
  expect(await answer((await blend({ pictures: 'aaaaaaaaaa', first: upload(1) })).message?.id)).toContain(
    'I know no picture',
  );
  const bobs = await house.emulator
    .as(house.bob)
    .command(house.channelId, 'blend', { pictures: job.id, first: upload(1) });
  const text = await eventually(() => {
    const shown = house.emulator.view(house.channelId, house.bob).find((one) => one.id === bobs.message?.id);
    return shown !== undefined && !shown.loading && textOf(shown);
  });
  expect(text).toContain('None of these pictures tells what it shows');
  const broken = { name: 'p.png', bytes: Buffer.from('no picture'), contentType: 'image/png' };
  expect(await answer((await blend({ first: upload(1), second: broken, prompt: 'x' })).message?.id)).toContain(
    'PNG, JPEG or WebP',
  );
});
