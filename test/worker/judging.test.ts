// Pictures on their way out and in: every finished one has the scores of the file that was written, and sources a policy refuses stop a task
// before any network of a model ran.
import { cpSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRID_INDEX } from '../../src/core/job.ts';
import { PICTURE_CLASSES, type PicturePolicy, type PictureScores } from '../../src/core/pictureJudgement.ts';
import type { ResolvedRequest } from '../../src/core/request.ts';
import type { DevelopTask } from '../../src/core/worker.ts';
import { classifierPixels } from '../../src/image/classifierPixels.ts';
import { decodeWhole } from '../../src/image/decode.ts';
import { ROOT } from '../../src/root.ts';
import { type OpenClassifier, openClassifier } from '../../src/runtime/classifier.ts';
import { openSafetyChecker } from '../../src/runtime/safetyChecker.ts';
import { scanClassifier } from '../../src/weights/classifier.ts';
import { readSafetyChecker } from '../../src/weights/safetyChecker.ts';
import { type Developer, openDeveloper } from '../../src/worker/developer.ts';
import { checkSource } from '../../src/worker/pictureJudge.ts';
import type { Activity } from '../../src/worker/protocol.ts';
import { makeTask, TINY_MODELS } from '../support/tasks.ts';

const NEVER = new AbortController().signal;
const HASH = 'c'.repeat(64);
const GOLDEN = path.join(ROOT, 'test/golden/classifier');
/** Refuses whatever is not noise: every picture here is mostly drawing or neutral. */
const REFUSE_ALL: PicturePolicy = { rules: [{ of: ['drawing', 'neutral'], from: 0.5, verdict: 'refuse' }] };
const VEIL_ALL: PicturePolicy = { rules: [{ of: ['drawing', 'neutral'], from: 0.5, verdict: 'private' }] };

let folder: string;
let developer: Developer;
let direct: OpenClassifier;
const activities: Activity[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
  const models = path.join(folder, 'models');
  cpSync(TINY_MODELS, models, { recursive: true });
  for (const file of ['config.json', 'model.safetensors']) {
    cpSync(path.join(ROOT, 'models/safety/nsfwjs', file), path.join(models, 'safety/nsfwjs', file));
  }
  const onActivity = (activity: Activity) => activities.push(activity);
  developer = await openDeveloper({ modelsDir: models, device: 'cpu', threads: 1, onActivity });
  direct = openClassifier(scanClassifier(models).classifier!, 1);
});

afterAll(async () => {
  await developer.close();
  await direct.close();
  await rm(folder, { recursive: true });
});

let tasks = 0;

async function make(over: Partial<ResolvedRequest>, more: Partial<DevelopTask> = {}, by = developer) {
  const task = { ...makeTask(path.join(folder, `job${++tasks}`), over), ...more };
  const pictures = await by.develop(task, () => {}, NEVER);
  return { task, pictures };
}

async function scoresOfFile(file: string): Promise<PictureScores> {
  const pixels = await decodeWhole(await readFile(file), 4096);
  return (await direct.scores([classifierPixels(pixels, direct.sidePx)]))[0]!;
}

function expectSame(found: PictureScores | undefined, wanted: PictureScores): void {
  for (const one of PICTURE_CLASSES) expect(found?.[one]).toBeCloseTo(wanted[one], 5);
}

describe('finished pictures', () => {
  test('the worker says which classifier looks', () => {
    expect(developer.facts).toMatchObject({ classifier: 'nsfwjs', refused: [] });
  });

  test('each has the scores of its own file, the grid has none', async () => {
    const { pictures, task } = await make({ count: 3, seed: 11 });
    expect(pictures.map(({ imageIndex }) => imageIndex)).toEqual([0, 1, 2, GRID_INDEX]);
    for (const { imageIndex, fileName, scores } of pictures) {
      if (imageIndex === GRID_INDEX) expect(scores).toBeUndefined();
      else expectSame(scores, await scoresOfFile(path.join(task.outputDir, fileName)));
    }
    const [first, second] = pictures;
    expect(first!.scores).not.toEqual(second!.scores);
    expect(activities).toContain('judge');
  });

  test('an enlarged start picture is judged as it comes out', async () => {
    const upscale = { upscaler: null, scale: 2, from: { widthPx: 150, heightPx: 101 } };
    const initImagePath = path.join(GOLDEN, 'face.png');
    const { pictures, task } = await make({ upscale, initImage: { sha256: HASH } }, { initImagePath });
    expect(pictures[0]).toMatchObject({ widthPx: 300, heightPx: 202 });
    expectSame(pictures[0]!.scores, await scoresOfFile(path.join(task.outputDir, '0.png')));
  });
});

describe("a model's own safety checker", () => {
  const GOLDEN_CHECKER = path.join(ROOT, 'test/golden/safety');

  async function withChecker<T>(judging: 'classifier' | 'everybody', use: (by: Developer) => Promise<T>): Promise<T> {
    const models = path.join(folder, `checked-${judging}`);
    cpSync(path.join(folder, 'models'), models, { recursive: true });
    for (const part of ['safety_checker', 'feature_extractor']) {
      cpSync(path.join(GOLDEN_CHECKER, part), path.join(models, 'sd-small', part), { recursive: true });
    }
    cpSync(
      path.join(GOLDEN_CHECKER, 'safety_checker/config.json'),
      path.join(models, 'v-linear/safety_checker/config.json'),
    );
    const by = await openDeveloper({ modelsDir: models, device: 'cpu', threads: 1, judging });
    return await use(by).finally(() => by.close());
  }

  test('says of its own pictures how near they come to its concepts', async () => {
    await withChecker('everybody', async (by) => {
      expect(by.facts.safetyCheckers).toEqual(['sd-small']);
      expect(by.facts.refused).toEqual([
        {
          name: 'v-linear/safety_checker',
          reason: expect.stringContaining('model.safetensors: there is no such file'),
        },
      ]);
      const { pictures, task } = await make({ count: 2 }, {}, by);
      const files = readSafetyChecker(GOLDEN_CHECKER, GOLDEN_CHECKER)!;
      const checker = openSafetyChecker(files, { provider: 'cpu', threads: 1 });
      for (const { scores, fileName } of pictures.slice(0, 2)) {
        const pixels = await decodeWhole(await readFile(path.join(task.outputDir, fileName)), 4096);
        expect(scores?.concept).toBe(await checker.concept(pixels));
        expectSame(scores, await scoresOfFile(path.join(task.outputDir, fileName)));
      }
      await checker.close();
      const plain = await make({ model: 'v-linear' }, {}, by);
      expect(plain.pictures[0]!.scores).toBeDefined();
      expect(plain.pictures[0]!.scores).not.toHaveProperty('concept');
    });
  });

  test('is left alone where its owner switched it off', async () => {
    await withChecker('classifier', async (by) => {
      expect(by.facts).toMatchObject({ classifier: 'nsfwjs', safetyCheckers: [], refused: [] });
      const { pictures } = await make({}, {}, by);
      expect(pictures[0]!.scores).not.toHaveProperty('concept');
    });
  });
});

describe('pictures a user sent', () => {
  const initImagePath = path.join(GOLDEN, 'house.png');
  const over = { initImage: { sha256: HASH }, strength: 0.5 };

  test('one the policy refuses ends the task before the model is touched', async () => {
    activities.length = 0;
    const thrown = await make(over, { initImagePath, sourcePolicy: REFUSE_ALL }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({
      code: 'picture_refused',
      details: { source: 'start picture', measures: 'drawing + neutral', from: 0.5 },
    });
    expect(activities.filter((activity) => activity !== 'idle')).toEqual(['judge']);
  });

  test('so does one that is only to be enlarged', async () => {
    const upscale = { upscaler: null, scale: 2, from: { widthPx: 224, heightPx: 224 } };
    const made = make({ ...over, upscale, strength: null }, { initImagePath, sourcePolicy: REFUSE_ALL });
    await expect(made).rejects.toMatchObject({ code: 'picture_refused' });
  });

  test('pictures to follow are judged like start pictures', async () => {
    const controlPaths = [path.join(GOLDEN, 'dot.png'), path.join(GOLDEN, 'house.png')];
    const onlyHouse: PicturePolicy = { rules: [{ of: ['drawing'], from: 0.94, verdict: 'refuse' }] };
    const made = make({}, { controlPaths, sourcePolicy: onlyHouse });
    await expect(made).rejects.toMatchObject({ code: 'picture_refused', details: { source: 'control picture' } });
  });

  test('so is each of those a start picture was blended from', async () => {
    const dot = path.join(GOLDEN, 'dot.png');
    const onlyHouse: PicturePolicy = { rules: [{ of: ['drawing'], from: 0.94, verdict: 'refuse' }] };
    // The blend itself passes; so it does with another harmless picture under it.
    const blend = { initImagePath: dot, sourcePolicy: onlyHouse };
    expect((await make(over, { ...blend, blendedPaths: [dot, dot] })).pictures).toHaveLength(1);
    const made = make(over, { ...blend, blendedPaths: [dot, initImagePath] });
    await expect(made).rejects.toMatchObject({ code: 'picture_refused', details: { source: 'blended picture' } });
  });

  test('milder verdicts and no policy let it be worked with', async () => {
    for (const more of [{ sourcePolicy: VEIL_ALL }, {}]) {
      const { pictures } = await make(over, { initImagePath, ...more });
      expect(pictures).toHaveLength(1);
    }
  });

  test('a picture that cannot be read is told as such', async () => {
    const made = make(over, { initImagePath: path.join(GOLDEN, 'scores.json'), sourcePolicy: REFUSE_ALL });
    await expect(made).rejects.toMatchObject({ code: 'input_image_invalid' });
  });

  test('a refusal says what was measured, and a mild verdict is none', () => {
    const scores = { drawing: 0.02, hentai: 0.33333, neutral: 0, porn: 0.6, sexy: 0.04667 };
    const policy: PicturePolicy = { rules: [{ of: ['porn', 'hentai'], from: 0.9, verdict: 'refuse' }] };
    const message = 'start picture: porn + hentai is 0.933, expected less than 0.9';
    expect(() => checkSource('start picture', scores, policy)).toThrow(message);
    checkSource('start picture', scores, { rules: [{ ...policy.rules[0]!, verdict: 'spoiler' }] });
  });
});

describe('where nobody judges', () => {
  test('pictures come without scores and no policy refuses', async () => {
    const plain = await openDeveloper({ modelsDir: TINY_MODELS, device: 'cpu', threads: 1 });
    const judged = path.join(folder, 'models');
    const asked = await openDeveloper({ modelsDir: judged, device: 'cpu', threads: 1, judging: 'nobody' });
    for (const one of [plain, asked]) {
      expect(one.facts.classifier).toBeNull();
      const initImagePath = path.join(GOLDEN, 'house.png');
      const over = { initImage: { sha256: HASH }, strength: 0.5 };
      const { pictures } = await make(over, { initImagePath, sourcePolicy: REFUSE_ALL }, one);
      expect(pictures[0]).not.toHaveProperty('scores');
      await one.close();
    }
  });
});
