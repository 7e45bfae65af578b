// Every function of src/discord/views that makes a message or a form: with ordinary inputs as a snapshot of its words, with the longest ones
// against Discord's limits in all languages, as a card and as an embed. A function without a row here fails the first test.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { APIModalInteractionResponseCallbackData } from 'discord.js';
import { describe, expect, test } from 'vitest';
import { CHARTS } from '../../../src/core/charts.ts';
import { CONTROL_KINDS, type ControlWish } from '../../../src/core/control.ts';
import type { JobRecord, PictureRecord } from '../../../src/core/job.ts';
import type { LoraCard } from '../../../src/core/lora.ts';
import { MAX_PERMUTATIONS } from '../../../src/core/permutations.ts';
import { DEFAULT_LIMITS } from '../../../src/core/request.ts';
import { MAX_CELLS, type SheetSpec } from '../../../src/core/sheet.ts';
import { REFUSAL_REASONS } from '../../../src/discord/phrases/houseRules.ts';
import { LANGUAGES, phrasesFor } from '../../../src/discord/phrases/phrases.ts';
import { classicView } from '../../../src/discord/views/classicView.ts';
import { expressionForm } from '../../../src/discord/views/expressionForm.ts';
import { foreignRecipeView } from '../../../src/discord/views/foreignRecipeView.ts';
import * as forms from '../../../src/discord/views/formViews.ts';
import { galleryView } from '../../../src/discord/views/galleryView.ts';
import { helpView } from '../../../src/discord/views/helpView.ts';
import * as jobs from '../../../src/discord/views/jobView.ts';
import { queueView, quotaView } from '../../../src/discord/views/listViews.ts';
import { loraPageView, loraView, stackView } from '../../../src/discord/views/loraViews.ts';
import { manyView } from '../../../src/discord/views/manyView.ts';
import { recipeView } from '../../../src/discord/views/recipeView.ts';
import { regionForm, regionView } from '../../../src/discord/views/reshapeViews.ts';
import { reviewView, theirView } from '../../../src/discord/views/reviewView.ts';
import { settingsView } from '../../../src/discord/views/settingsView.ts';
import { chooseCellView, sheetAskView, sheetProgressView, sheetView } from '../../../src/discord/views/sheetView.ts';
import { showView } from '../../../src/discord/views/showView.ts';
import { statsView } from '../../../src/discord/views/statsView.ts';
import type { View } from '../../../src/discord/views/view.ts';
import { DarkroomError } from '../../../src/errors.ts';
import { ROOT } from '../../../src/root.ts';
import { TEST_CARD } from '../../support/cards.ts';
import { cardLabels, cardText, expectFits, expectModalFits } from '../limits.ts';
import { testIds, testJob, testMaps, testPictures } from '../samples.ts';

type Shown = View | APIModalInteractionResponseCallbackData;

/** What a view is given: as people ask every day, or as much as there can be of everything, every sign to be escaped. */
interface Sample {
  readonly job: JobRecord;
  readonly pictures: readonly PictureRecord[];
  /** So many characters of text at most. */
  readonly words: (ordinary: string, maxChars: number) => string;
  /** So many of something at most. */
  readonly list: <T>(max: number, make: (index: number) => T) => T[];
  readonly number: number;
}

const ids = testIds();
const FOLLOWS = ['canny', 'silhouette', 'pose'].map((kind) => ({ kind, image: { sha256: 'ab'.repeat(32) } }));

function sampleOf(isLongest: boolean): Sample {
  const words = (ordinary: string, maxChars: number) => (isLongest ? '*'.repeat(maxChars) : ordinary);
  const prompt = words('a red heart', DEFAULT_LIMITS.maxPromptChars);
  const wanted = { prompt, count: 2, controls: FOLLOWS.slice(0, 1) as ControlWish[] };
  const most = { ...wanted, negativePrompt: prompt, count: 4, controls: FOLLOWS as ControlWish[] };
  const from = { parentJobId: 'bcdefghijk', parentImageIndex: 3 } as const;
  const told = { messageId: '500000000000000005' } as const;
  const job = testJob({ ...told, ...(isLongest ? from : {}) }, isLongest ? most : wanted);
  return {
    job,
    pictures: testPictures(job),
    words,
    list: (max, make) => Array.from({ length: isLongest ? max : 2 }, (_, index) => make(index)),
    number: isLongest ? 12_345 : 3,
  };
}

const READY_MS = 1_800_000_020_000;
const THUMBNAIL = { path: 'thumbnails/x.webp', sizeBytes: 9_000 };
const OLDER = 'abcdefghi';
const entriesOf = ({ list, job }: Sample) =>
  list(9, (index) => ({
    job: testJob({ ...job, id: `abcdefghi${OLDER[index]}` }),
    thumbnail: THUMBNAIL,
    mayRead: true,
  }));
const specOf = ({ words, list }: Sample): SheetSpec => ({
  text: words('a red heart', 900),
  x: { name: 'words', values: list(5, (index) => words(`red ${index}`, 60)) },
  y: { name: 'sampler', values: list(5, (index) => words(`euler ${index}`, 60)) },
});
const cellsOf = ({ list }: Sample) =>
  list(MAX_CELLS, (index) => ({
    jobId: `abcdefgh${String(index).padStart(2, 'a')}`,
    column: index % 5,
    row: Math.floor(index / 5),
  }));
const loraOf = ({ words }: Sample, index: number): LoraCard => ({
  name: words(`ink-${index}`, 80),
  family: words('Stable Diffusion 1.x', 60),
  fits: ['testmodel', words('other', 100)],
  triggers: [words('inkmoth', 200)],
  about: words('an ink drawing', 400),
  defaults: { strength: 0.8, steps: 20, guidance: 6, sampler: 'dpmpp_2m' },
  sizeBytes: 9_000_000,
});
const reportOf = ({ job, words, list, number }: Sample) => ({
  jobId: job.id,
  guildId: '200000000000000002',
  state: 'open' as const,
  channelId: null,
  messageId: null,
  reporters: number,
  reporterIds: [],
  reasons: list(5, () => words('it is rude', 300)),
  decidedBy: null,
  createdAtMs: 0,
});

type Make = (sample: Sample, wording: jobs.Wording) => Shown | readonly Shown[];

const VIEWS: Readonly<Record<string, Make>> = {
  waitingView: ({ job, number }, w) => [
    jobs.waitingView(job, { place: number, readyAtMs: READY_MS }, w),
    jobs.waitingView(job, undefined, w),
  ],
  developingView: ({ job }, w) => jobs.developingView(job, 0.5, w),
  onlyForView: ({ job }, w) => jobs.onlyForView(job, w),
  cancelledView: ({ job }, w) => jobs.cancelledView(job, w),
  failedView: ({ job }, w) => {
    const details = { part: 'picture', rule: 'porn+hentai', strikes: 1, left: 2, untilMs: null, fadesAtMs: 0 };
    const error = { code: 'picture_refused', message: '', details } as const;
    return [jobs.failedView(job, w), jobs.failedView({ ...job, error }, w)];
  },
  resultView: ({ job, pictures }, w) => {
    const maps = jobs.mapFiles(job, testMaps(job), w.phrases);
    return jobs.fileChoices(job, pictures, w.phrases).map((files) => jobs.resultView(job, files, w, undefined, maps));
  },
  pictureView: ({ job, pictures }, w) => jobs.pictureView(job, pictures[0]!, w, 10),
  moreView: ({ job }, w) => jobs.moreView({ ...job, request: { ...job.request, count: 1 } }, w),
  showView: ({ job, pictures, list }, w) =>
    showView(job, pictures, { parent: job, children: list(10, () => job) }, w, testMaps(job)),
  recipeView: ({ job, pictures }, { phrases }) => recipeView(job, pictures, phrases, '0badcafe', testMaps(job)),
  galleryView: (sample, { phrases }) => {
    const { words } = sample;
    const filter = { words: words('heart', 200), model: words('testmodel', 100), sinceMs: 0, untilMs: 1 };
    const full = { filter, noteId: 'x'.repeat(12), page: 998, entries: entriesOf(sample), hasOlder: true };
    return [full, { ...full, page: 0, entries: [], hasOlder: false }].map((page) => galleryView(page, phrases, ids));
  },
  theirView: (sample, { phrases }) =>
    theirView({ userId: sample.job.userId, page: 998, entries: entriesOf(sample), hasOlder: true }, phrases, ids),
  reviewView: (sample, w) => {
    const decided = { ...reportOf(sample), state: 'banned' as const, decidedBy: '100000000000000009' };
    return [reportOf(sample), decided].map((report) => reviewView(sample.job, sample.pictures, report, w));
  },
  queueView: ({ job, list, number }, { phrases }) => {
    const mine = list(10, () => ({ job, position: number, readyAtMs: READY_MS }));
    return queueView({ mode: 'draining', waiting: number, running: 2, mine }, phrases);
  },
  quotaView: ({ number }, { phrases }) => {
    const all = { used: number, limit: number * 2 };
    return quotaView(
      { ...all, resetsAtMs: READY_MS, granted: number, hour: { ...all, resetsAtMs: READY_MS }, server: all },
      phrases,
    );
  },
  loraPageView: (sample, { phrases }) => {
    const cards = sample.list(99, (index) => ({
      ...loraOf(sample, index),
      name: `${index}${sample.words('-ink', 78)}`,
    }));
    const pictures = new Map(cards.map(({ name }) => [name, THUMBNAIL]));
    const shown = {
      userId: sample.job.userId,
      model: sample.words('testmodel', 100),
      stack: [],
      turns: true,
      pictures,
    };
    return [0, 1, 99].map((page) => loraPageView({ ...shown, cards, page }, phrases, ids));
  },
  loraView: (sample, { phrases }) => loraView(loraOf(sample, 0), phrases),
  stackView: (sample, { phrases }) => {
    const stack = sample.list(8, (index) => ({
      name: `${index}${sample.words('-ink', 78)}`,
      strength: -1.25,
      textStrength: 0.5,
    }));
    return [stackView(stack, phrases, [sample.words('a note', 400)]), stackView([], phrases)];
  },
  manyView: ({ job, list, number }, { phrases }) => {
    const asked = {
      cost: number,
      left: 3,
      limit: number,
      takesMs: 20_000,
      noteId: 'x'.repeat(12),
      askerId: job.userId,
    };
    return [false, true].map((isPublic) =>
      manyView({ ...asked, isPublic, requests: list(MAX_PERMUTATIONS, () => job.request) }, phrases, ids),
    );
  },
  sheetAskView: (sample, { phrases }) => {
    const requests = sample.list(MAX_CELLS, () => sample.job.request);
    const asked = { cost: sample.number, left: 3, limit: sample.number, takesMs: 20_000, noteId: 'x'.repeat(12) };
    return sheetAskView({ ...asked, askerId: sample.job.userId, requests, spec: specOf(sample) }, phrases, ids);
  },
  sheetProgressView: (sample, w) => sheetProgressView(sample.job, specOf(sample), { done: 3, total: 25 }, w),
  chooseCellView: (sample, w) => chooseCellView(sample.job, specOf(sample), cellsOf(sample), w),
  sheetView: (sample, w) => {
    const { job, pictures } = sample;
    const files = jobs.fileChoices(job, pictures, w.phrases).at(-1)!;
    return [files, []].map((shown) => sheetView(job, specOf(sample), cellsOf(sample), shown, w));
  },
  foreignRecipeView: ({ words, list }, { phrases }) => {
    const name = words('v1-5-pruned', 300);
    const differences = [
      { kind: 'model', asked: name, instead: name },
      { kind: 'modelHash', name, asked: name, here: name },
      { kind: 'sampler', asked: name, instead: name },
      { kind: 'size', asked: name, instead: name },
      { kind: 'number', field: 'steps', asked: name, instead: name },
      { kind: 'start' },
      { kind: 'loras', names: list(20, () => name) },
      { kind: 'fields', names: list(20, () => name) },
    ] as const;
    const refused = new DarkroomError('request_invalid', 'steps: found 0, expected a whole number from 1 to 150');
    const text = words('a fox\nSteps: 9', 4_000);
    return [null, refused].map((why) =>
      foreignRecipeView({ text, differences, refused: why }, ids.write('remake', 'x'.repeat(43)), phrases),
    );
  },
  settingsView: ({ words, list }, { phrases }) => {
    const models = list(40, (index) => `${index}${words('model', 98)}`);
    const full = {
      language: 'ja',
      model: models[0]!,
      sampler: 'dpmpp_2m',
      style: 'flat',
      mention: true,
      privatePrompts: true,
    };
    return [{}, full].map((settings) => settingsView(settings, TEST_CARD, models, phrases, ids));
  },
  statsView: ({ words, list, number }, { phrases }) => {
    const times = { all: { p50: 900 * number, p90: 9_000 * number, p99: 90_000 * number }, byDay: [null] };
    const ranked = (name: string) => list(5, (index) => ({ name: `${index}${name}`, count: number }));
    const stats = {
      firstDay: 20_000,
      picturesADay: list(90, (index) => index * number),
      pictures: number,
      people: number,
      waits: times,
      makes: times,
      users: ranked('00000000000000001'),
      models: ranked(words('model', 99)),
      refusals: list(5, (index) => ({ name: REFUSAL_REASONS[index]!, count: number })),
      refused: number,
    };
    const pictures = CHARTS.map((name) => ({ name, png: Buffer.from('a chart'), widthPx: 800, heightPx: 300 }));
    const page = { stats, days: 90, isEverywhere: true, locale: 'de' };
    return (['card', 'classic'] as const).flatMap((look) =>
      [pictures, []].map((drawn) => statsView({ ...page, pictures: drawn }, phrases, ids, look)),
    );
  },
  helpView: (_, { phrases }) => helpView(phrases),
  regionView: ({ job }, w) => regionView(job, 3, Buffer.from('a picture'), w),
  regionForm: ({ job }, { phrases }) =>
    [true, false].map((withUpload) =>
      regionForm(ids.write('regionForm', job.id, 3, 'ffff'), job, withUpload, DEFAULT_LIMITS, phrases),
    ),
  expressionForm: ({ job, words }, { phrases }) =>
    expressionForm(ids.write('expressionForm', job.id, 3), words('a_red_heart', 30), phrases),
  editForm: ({ job }, { phrases }) => forms.editForm(ids.write('editForm', job.id), job, DEFAULT_LIMITS, phrases),
  varyForm: ({ job }, { phrases }) => [
    forms.varyForm(ids.write('varyForm', job.id), job, DEFAULT_LIMITS, phrases),
    forms.varyForm(ids.write('inputForm', 'x'.repeat(43)), null, DEFAULT_LIMITS, phrases),
  ],
  sourceForm: ({ job }, { phrases }) =>
    forms.sourceForm(ids.write('sourceForm', job.id, 3), DEFAULT_LIMITS, phrases, 4),
  followForm: ({ job }, { phrases }) => {
    const of = { prompt: job.request.prompt, pictures: 4 };
    return forms.followForm(ids.write('controlForm', job.id), of, CONTROL_KINDS, DEFAULT_LIMITS, phrases);
  },
  reportForm: ({ job }, { phrases }) => forms.reportForm(ids.write('reportForm', job.id), phrases),
  searchForm: ({ words }, { phrases }) =>
    forms.searchForm(ids.write('searchForm', 'x'.repeat(12)), words('heart', 200), phrases),
  settingsForm: (_, { phrases }) =>
    forms.settingsForm(ids.write('settingsForm'), { steps: 150, guidance: 0, count: 4 }, phrases),
};

/** What only builds parts, or turns one message into another. */
const NO_MESSAGES = ['textView', 'cardView', 'classicView'];

/** Exported functions that give a `View` or a form, as they are written. */
function makersIn(source: string): string[] {
  const declared =
    /export function (\w+)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\): (?:View|Modal|APIModalInteractionResponseCallbackData)\b/g;
  return [...source.matchAll(declared)].map(([, name]) => name!);
}

test('every function that makes a message or a form has a row', () => {
  const folder = path.join(ROOT, 'src/discord/views');
  const makers = readdirSync(folder).flatMap((file) => makersIn(readFileSync(path.join(folder, file), 'utf8')));
  expect(Object.keys(VIEWS).sort()).toEqual(makers.filter((name) => !NO_MESSAGES.includes(name)).sort());
});

const isForm = (shown: Shown): shown is APIModalInteractionResponseCallbackData => 'custom_id' in shown;

interface Told {
  readonly label?: string;
  readonly placeholder?: string;
  readonly description?: string;
  readonly value?: string;
  readonly components?: readonly Told[];
  readonly component?: Told;
  readonly options?: readonly Told[];
}

/** What people read in a form, from top to bottom. */
function wordsOf({ label, placeholder, description, value, components = [], component, options = [] }: Told): string[] {
  const own = [label, description, placeholder, value].flatMap((text) => text ?? []);
  return [...own, ...[...components, ...(component === undefined ? [] : [component]), ...options].flatMap(wordsOf)];
}

/** Everything people read of it, but no ids. */
function readable(shown: Shown): string {
  if (isForm(shown)) return [shown.title, ...wordsOf(shown as unknown as Told)].join('\n');
  const buttons = shown.card === undefined ? shown.rows.map((row) => wordsOf(row as never)) : cardLabels(shown);
  const embeds = shown.embeds.flatMap(({ title, description }) => [title, description].flatMap((text) => text ?? []));
  const pictures = shown.files.map(({ name, altText }) => `${name}: ${altText}`);
  return [shown.content, cardText(shown), ...embeds, ...buttons.map((row) => `[${row.join('] [')}]`), ...pictures]
    .filter((text) => text !== '')
    .join('\n');
}

describe.each(Object.entries(VIEWS))('%s', (_, make) => {
  const shownIn = (language: string, isLongest: boolean): readonly Shown[] => {
    const wording = { phrases: phrasesFor(language), ids, canFollow: () => true };
    return [make(sampleOf(isLongest), wording)].flat();
  };

  test('reads as it read', () => {
    expect(shownIn('en-US', false).map(readable).join('\n—\n')).toMatchSnapshot();
  });

  test.each(Object.keys(LANGUAGES))('fits in %s, whatever it is given', (language) => {
    for (const shown of [...shownIn(language, false), ...shownIn(language, true)]) {
      if (isForm(shown)) expectModalFits(shown);
      else {
        expectFits(shown);
        expectFits(classicView(shown));
      }
    }
  });
});
