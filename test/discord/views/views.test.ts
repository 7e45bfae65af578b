// Every view in every language against Discord's limits, with the longest texts there can be, and the words that matter.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTROL_KINDS, type ControlWish } from '../../../src/core/control.ts';
import { MAX_PERMUTATIONS } from '../../../src/core/permutations.ts';
import { DEFAULT_LIMITS, SAMPLERS } from '../../../src/core/request.ts';
import { en } from '../../../src/discord/phrases/en.ts';
import { LANGUAGES, phrasesFor } from '../../../src/discord/phrases/phrases.ts';
import { ru } from '../../../src/discord/phrases/ru.ts';
import { zh } from '../../../src/discord/phrases/zh.ts';
import { failureReason, refusalText } from '../../../src/discord/views/failure.ts';
import {
  editForm,
  followForm,
  searchForm,
  settingsForm,
  sourceForm,
  varyForm,
} from '../../../src/discord/views/formViews.ts';
import { galleryView } from '../../../src/discord/views/galleryView.ts';
import { helpView } from '../../../src/discord/views/helpView.ts';
import {
  cancelledView,
  developingView,
  failedView,
  fileChoices,
  mapFiles,
  moreView,
  pictureView,
  resultView,
  waitingView,
} from '../../../src/discord/views/jobView.ts';
import { queueView } from '../../../src/discord/views/listViews.ts';
import { manyView } from '../../../src/discord/views/manyView.ts';
import { recipeView } from '../../../src/discord/views/recipeView.ts';
import { settingsView } from '../../../src/discord/views/settingsView.ts';
import { showView } from '../../../src/discord/views/showView.ts';
import { DarkroomError } from '../../../src/errors.ts';
import { TEST_CARD } from '../../support/cards.ts';
import { cardLabels, cardText, expectFits, expectModalFits } from '../limits.ts';
import { testIds, testJob, testMaps, testPictures } from '../samples.ts';

const ids = testIds();
const LONGEST = '*'.repeat(DEFAULT_LIMITS.maxPromptChars);
const longJob = testJob(
  { parentJobId: 'bcdefghijk', parentImageIndex: 3 },
  { prompt: LONGEST, negativePrompt: LONGEST, count: 4, initImage: { sha256: 'ab'.repeat(32) } },
);

describe.each(Object.keys(LANGUAGES).map((language) => [language, phrasesFor(language)] as const))(
  'in %s',
  (_, phrases) => {
    const wording = { phrases, ids };
    const pictures = testPictures(longJob);

    test('every state of a job fits with the longest prompt', () => {
      expectFits(waitingView(longJob, { place: 12_345, readyAtMs: 1_800_000_020_000 }, wording));
      expectFits(waitingView(longJob, undefined, wording));
      expectFits(developingView(longJob, 0.5, wording));
      expectFits(cancelledView(longJob, wording));
      expectFits(failedView(longJob, wording));
      for (const files of fileChoices(longJob, pictures, phrases)) expectFits(resultView(longJob, files, wording));
      const controls = ['canny', 'silhouette', 'pose'].map((kind) => ({ kind, image: { sha256: 'ab'.repeat(32) } }));
      const followed = testJob(longJob, { prompt: LONGEST, count: 4, controls: controls as ControlWish[] });
      const follows = { ...wording, canFollow: () => true };
      const maps = mapFiles(followed, testMaps(followed), phrases);
      expectFits(resultView(followed, fileChoices(followed, pictures, phrases)[0]!, follows, undefined, maps));
      expectFits(showView(followed, pictures, { parent: undefined, children: [] }, follows, testMaps(followed)));
      expectFits(pictureView(followed, pictures[0]!, follows));
      expectFits(recipeView(followed, pictures, phrases, undefined, testMaps(followed)));
      expectFits(resultView(longJob, [], wording, phrases.cannotAttach(longJob.id)));
    });

    test('recipe, history, queue and forms fit', () => {
      expectFits(recipeView(longJob, pictures, phrases));
      const entries = Array.from({ length: 9 }, (__, index) => ({
        job: testJob({ ...longJob, id: `abcdefghi${'abcdefghi'[index]}`, messageId: '500000000000000005' }),
        thumbnail: { path: 'thumbnails/x.webp', sizeBytes: 9_000 },
        mayRead: true,
      }));
      const filter = { words: LONGEST.slice(0, 200), model: 'x'.repeat(100), sinceMs: 0, untilMs: 1 };
      const noteId = 'x'.repeat(12);
      expectFits(galleryView({ filter, noteId, page: 998, entries, hasOlder: true }, phrases, ids));
      expectFits(galleryView({ filter, noteId, page: 0, entries: [], hasOlder: false }, phrases, ids));
      expectFits(galleryView({ filter: {}, noteId, page: 0, entries: [], hasOlder: false }, phrases, ids));
      const mine = Array.from({ length: 10 }, () => ({ job: longJob, position: 9_999, readyAtMs: 1_800_000_020_000 }));
      expectFits(queueView({ mode: 'draining', waiting: 10_000, running: 2, mine }, phrases));
      const family = { parent: longJob, children: Array.from({ length: 10 }, () => entries[0]!.job) };
      expectFits(showView(longJob, pictures, family, wording));
      expectFits(pictureView(longJob, pictures[0]!, wording));
      expectFits(moreView(longJob, wording));
      expectFits(helpView(phrases));
      const requests = Array.from({ length: MAX_PERMUTATIONS }, () => longJob.request);
      expectFits(
        manyView(
          { requests, cost: 9000, left: 3, limit: 200, takesMs: 20_000, noteId, askerId: '1'.repeat(20) },
          phrases,
          ids,
        ),
      );
      const full = { language: 'ja', model: 'm'.repeat(100), sampler: SAMPLERS[18], style: 'flat', mention: true };
      const models = Array.from({ length: 40 }, (__, index) => `${index}`.padEnd(100, 'm'));
      for (const settings of [{}, full]) expectFits(settingsView(settings, TEST_CARD, models, phrases, ids));
      expectModalFits(settingsForm(ids.write('settingsForm'), { steps: 20, guidance: 0 }, phrases));
      expectModalFits(searchForm(ids.write('searchForm', noteId), LONGEST.slice(0, 200), phrases));
      expectModalFits(sourceForm(ids.write('sourceForm', longJob.id, 3), DEFAULT_LIMITS, phrases));
      expectModalFits(editForm(ids.write('editForm', longJob.id), longJob, DEFAULT_LIMITS, phrases));
      expectModalFits(varyForm(ids.write('varyForm', longJob.id), longJob, DEFAULT_LIMITS, phrases));
      expectModalFits(varyForm(ids.write('inputForm', 'x'.repeat(43)), null, DEFAULT_LIMITS, phrases));
      const follow = ids.write('controlForm', longJob.id);
      expectModalFits(followForm(follow, { prompt: LONGEST, pictures: 4 }, CONTROL_KINDS, DEFAULT_LIMITS, phrases));
      const stranger = ids.write('controlInputForm', 'x'.repeat(43), 'abcdefghij');
      expectModalFits(followForm(stranger, { prompt: '', pictures: 1 }, ['canny'], DEFAULT_LIMITS, phrases));
    });

    test('every prompt gives a result that fits', () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 1000 }), (prompt) => {
          const job = { ...longJob, request: { ...longJob.request, prompt } };
          expectFits(resultView(job, fileChoices(job, pictures, phrases)[0]!, wording));
          expectFits(recipeView(job, pictures, phrases));
        }),
        { numRuns: 50 },
      );
    });
  },
);

describe('a result', () => {
  const wording = { phrases: en, ids };

  test('says who, what, the seed and the recipe, and offers one variation a picture', () => {
    const job = testJob({}, { prompt: 'a *red* heart', seed: 0, count: 2, guidance: 0 });
    const [files] = fileChoices(job, testPictures(job), en);
    const view = resultView(job, files!, wording);
    expect(cardText(view)).toMatchInlineSnapshot(`
      "**a \\*red\\* heart** · <@100000000000000001>
      -# seed \`0\` · 96×64 · 12 steps · guidance 0 · dpmpp\\_2m · testmodel / flat · \`#abcdefghij\`"
    `);
    expect(cardLabels(view)).toEqual([
      ['U1', 'U2'],
      ['V1', 'V2'],
      ['Again', 'Edit prompt', 'Favourite', 'Delete', 'More'],
    ]);
    expect(view.files.map((file) => file.path)).toEqual(['pictures/abcdefghij/0.png', 'pictures/abcdefghij/1.png']);
    expect(view.files[1]?.altText).toBe('Generated picture: a *red* heart');
    const [gridAlone] = fileChoices(job, testPictures(job), en)[1]!;
    expect(gridAlone?.altText).toBe('Grid of 2 generated pictures: a *red* heart');
  });

  test('shows the map it followed beside the pictures, and offers to be followed where that is possible', () => {
    const controls = [{ kind: 'canny', strength: 0.8, end: 0.5, image: { sha256: 'ab'.repeat(32) } }] as const;
    const job = testJob({}, { controls, spoiler: true });
    const maps = mapFiles(job, testMaps(job), en);
    const [files] = fileChoices(job, testPictures(job), en);
    const view = resultView(job, files!, { ...wording, canFollow: (model) => model === 'testmodel' }, undefined, maps);
    expect(cardText(view)).toContain('-# Follows: **edges**, strength 0.8 · edges\\-net · 0% to 50% of the steps');
    expect(cardText(view)).toContain(' · canny\\:0.8\\:0\\-0.5 · ');
    expect(view.files.map(({ name }) => name)).toEqual([
      'darkroom-abcdefghij-1.png',
      'darkroom-abcdefghij-control-1.png',
    ]);
    expect(view.files[1]?.altText).toBe('The map that was followed: edges');
    expect(JSON.stringify(view.card)).toMatch(
      /"type":11,"media":\{[^}]*control-1\.png"\},"description":"[^"]*","spoiler":true/,
    );
    expect(cardLabels(view)[0]).toEqual([
      'Vary a little',
      'Vary a lot',
      'Enlarge 2×',
      'Use as source',
      'Use as control',
    ]);
    expect(cardText(recipeView(job, testPictures(job), en))).toBe('');
    expect(recipeView(job, testPictures(job), en).content).toContain(
      'control: canny:0.8:0-0.5, edges-net [0badcafe], picture abababababababab',
    );
  });

  test('names the picture it came from', () => {
    const job = testJob({ parentJobId: 'bcdefghijk', parentImageIndex: 1 });
    expect(cardText(resultView(job, [], wording))).toContain('from `#bcdefghijk` picture 2');
  });

  test('whose pictures are too large together is offered as a grid, then as one picture', () => {
    const job = testJob({}, { count: 3 });
    const sets = fileChoices(job, testPictures(job), en).map((files) => files.map((file) => file.name));
    expect(sets).toEqual([
      ['darkroom-abcdefghij-1.png', 'darkroom-abcdefghij-2.png', 'darkroom-abcdefghij-3.png'],
      ['darkroom-abcdefghij.png'],
      ['darkroom-abcdefghij-1.png'],
    ]);
  });

  test('keeps private words out of everything public, and covers what is to be covered', () => {
    const job = testJob({}, { prompt: 'a secret heart', privatePrompt: true, spoiler: true });
    const view = resultView(job, fileChoices(job, testPictures(job), en)[0]!, wording);
    expect(JSON.stringify(view)).not.toContain('secret');
    expect(cardText(view)).toContain('private prompt');
    expect(JSON.stringify(view.card)).toContain('"spoiler":true');
    for (const state of [waitingView(job, undefined, wording), cancelledView(job, wording), failedView(job, wording)]) {
      expect(JSON.stringify(state)).not.toContain('secret');
    }
  });

  test('has a recipe with the seed of every picture, the last one wrapping at 2^32', () => {
    const job = testJob({}, { seed: 2 ** 32 - 1, count: 2 });
    const view = recipeView(job, testPictures(job), en);
    expect(view.content).toContain('seed: 4294967295, 0');
    expect(view.files).toHaveLength(2);
  });
});

describe('errors', () => {
  test('about what a person gave are told in their words, everything else only by its code', () => {
    const theirs = new DarkroomError(
      'request_invalid',
      'steps: found 0, expected a whole number from 1 to 150',
    ).toJSON();
    expect(refusalText(theirs, en)).toBe('I cannot do that: steps\\: found 0, expected a whole number from 1 to 150');
    const ours = new DarkroomError('store_failed', '/home/me/darkroom.db is locked').toJSON();
    expect(refusalText(ours, en)).toBe('Something went wrong on my side (store_failed). Please try again.');
    expect(failureReason(ours, en)).not.toContain('/home');
    expect(failureReason(null, en)).toContain('(internal)');
  });
});

test('languages are found by their first part, and English stands in', () => {
  expect(phrasesFor('zh-TW')).toBe(zh);
  expect(phrasesFor('ru')).toBe(ru);
  expect(phrasesFor('es-419')).toBe(phrasesFor('es-ES'));
  expect(phrasesFor('ko')).toBe(en);
  expect(phrasesFor(undefined)).toBe(en);
});
