// The cards of moderation in every language against Discord's limits, and what they show and hide.
import { describe, expect, test } from 'vitest';
import type { Report } from '../../../src/core/moderationStore.ts';
import { DEFAULT_LIMITS } from '../../../src/core/request.ts';
import { auditFile } from '../../../src/discord/auditFile.ts';
import { en } from '../../../src/discord/phrases/en.ts';
import { moderating } from '../../../src/discord/phrases/moderating.ts';
import { LANGUAGES, phrasesFor } from '../../../src/discord/phrases/phrases.ts';
import { reportForm } from '../../../src/discord/views/formViews.ts';
import {
  failedView,
  fileChoices,
  moreView,
  onlyForView,
  pictureView,
  resultView,
} from '../../../src/discord/views/jobView.ts';
import { reviewView, theirView } from '../../../src/discord/views/reviewView.ts';
import { cardLabels, cardText, expectFits, expectModalFits } from '../limits.ts';
import { testIds, testJob, testPictures } from '../samples.ts';

const ids = testIds();
const LONGEST = '*'.repeat(DEFAULT_LIMITS.maxPromptChars);
const longJob = testJob({ messageId: '500000000000000005' }, { prompt: LONGEST, count: 4 });
const report = (over: Partial<Report> = {}): Report => ({
  jobId: longJob.id,
  guildId: '200000000000000002',
  state: 'open',
  channelId: null,
  messageId: null,
  reporters: 12_345,
  reporterIds: [],
  reasons: Array.from({ length: 5 }, () => LONGEST.slice(0, 300)),
  decidedBy: '100000000000000009',
  createdAtMs: 0,
  ...over,
});

describe.each(Object.keys(LANGUAGES).map((language) => [language, phrasesFor(language)] as const))(
  'in %s',
  (_, phrases) => {
    const wording = { phrases, ids };

    test('every card fits with the longest texts', () => {
      const pictures = testPictures(longJob);
      for (const state of ['open', 'approved', 'removed', 'banned'] as const) {
        expectFits(reviewView(longJob, pictures, report({ state }), wording));
        expectFits(reviewView(longJob, [], report({ state, reasons: [] }), wording));
      }
      const entries = Array.from({ length: 9 }, (__, index) => ({
        job: testJob({ ...longJob, id: `abcdefghi${'abcdefghi'[index]}` }),
        thumbnail: { path: 'thumbnails/x.webp', sizeBytes: 9_000 },
        mayRead: index % 2 === 0,
      }));
      expectFits(theirView({ userId: longJob.userId, page: 998, entries, hasOlder: true }, phrases, ids));
      expectFits(theirView({ userId: longJob.userId, page: 0, entries: [], hasOlder: false }, phrases, ids));
      expectFits(onlyForView(longJob, wording));
      expectFits(moreView(longJob, wording));
      const error = { code: 'picture_refused', message: '', details: { part: 'picture', strikes: 3 } } as const;
      expectFits(failedView({ ...longJob, error }, wording));
      expectModalFits(reportForm(ids.write('reportForm', longJob.id), phrases));
    });

    test('every sentence says something, and none forgets what it is given', () => {
      const said = phrases.moderating;
      for (const [name, phrase] of Object.entries(said)) {
        if (typeof phrase !== 'function') continue;
        // Numbers, because sentences count: a text would be none.
        const marks = [901, 902, 903].slice(0, phrase.length);
        const text = (phrase as (...args: readonly number[]) => string)(...marks);
        expect([name, text.length > 0]).toEqual([name, true]);
        for (const mark of marks) expect([name, text.includes(String(mark))]).toEqual([name, true]);
      }
    });
  },
);

test('a card of a report shows everything but who reported, covered', () => {
  const job = testJob({ messageId: '500000000000000005' }, { prompt: 'a *rude* fox' });
  const view = reviewView(job, testPictures(job), report({ reporters: 2, reasons: ['it is rude', '@everyone'] }), {
    phrases: en,
    ids,
  });
  expect(cardText(view)).toMatchInlineSnapshot(`
    "### 🛡️ Reported by 2 people
    Made by <@100000000000000001> · <t:1800000000:R> · [show in channel](https://discord.com/channels/200000000000000002/300000000000000003/500000000000000005)
    **a \\*rude\\* fox**
    -# seed \`7\` · 96×64 · 12 steps · guidance 4 · dpmpp\\_2m · testmodel / flat · \`#abcdefghij\`
    They say:
    > it is rude
    > \\@everyone"
  `);
  expect(cardLabels(view)).toEqual([['Let it stay', 'Take it away', 'Take away and ban']]);
  expect(JSON.stringify(view.card)).toContain('"spoiler":true');
  expect(view.files.map(({ name }) => name)).toEqual(['darkroom-abcdefghij-1.png']);
});

test('a decided one shows who decided, and nothing to see or press', () => {
  const job = testJob({ messageId: '500000000000000005' }, { prompt: 'a fox', privatePrompt: true });
  const view = reviewView(job, testPictures(job), report({ state: 'removed', reporters: 1, reasons: [] }), {
    phrases: en,
    ids,
  });
  expect(cardText(view)).toMatchInlineSnapshot(`
    "### 🛡️ Reported by 1 person
    Made by <@100000000000000001> · <t:1800000000:R> · [show in channel](https://discord.com/channels/200000000000000002/300000000000000003/500000000000000005)
    **🔒 private prompt**
    -# seed \`7\` · 96×64 · 12 steps · guidance 4 · dpmpp\\_2m · testmodel / flat · \`#abcdefghij\`
    🗑️ <@100000000000000009> took it away."
  `);
  expect(cardLabels(view)).toEqual([]);
  expect(view.files).toEqual([]);
});

test('what only its asker may see is on no public card, and covered wherever it is shown', () => {
  const wording = { phrases: en, ids };
  const job = testJob({ verdict: 'private' });
  const view = onlyForView(job, wording);
  expect(view.files).toEqual([]);
  expect(cardText(view)).toMatchInlineSnapshot(`
    "**a red heart** · <@100000000000000001>
    🔒 By the rules of this channel only <@100000000000000001> can see this picture.
    -# seed \`7\` · 96×64 · 12 steps · guidance 4 · dpmpp\\_2m · testmodel / flat · \`#abcdefghij\`"
  `);
  expect(cardLabels(view)).toEqual([['Show it to me', 'Delete']]);
  const covered = testJob({ verdict: 'spoiler' });
  const [files] = fileChoices(covered, testPictures(covered), en);
  expect(JSON.stringify(resultView(covered, files!, wording).card)).toContain('"spoiler":true');
  const one = pictureView(covered, testPictures(covered)[0]!, wording, 10_000_000);
  expect(JSON.stringify(one.card)).toContain('"spoiler":true');
});

test('a refused picture says so to all, and what it counts for to nobody else', () => {
  const details = { part: 'picture', rule: 'porn+hentai', strikes: 1, left: 2, untilMs: null, fadesAtMs: 0 };
  const error = { code: 'picture_refused', message: 'picture: porn+hentai', details } as const;
  const view = failedView(testJob({ error }), { phrases: en, ids });
  expect(view.content).toMatchInlineSnapshot(`
    "**a red heart** · <@100000000000000001>
    🛡️ Not shown: the picture does not fit what may be shown in this channel, so I did not upload it. Other words may help. Nothing was charged. \`#abcdefghij\`"
  `);
  expect(view.content).not.toContain('strike');
});

test('an audit as a file is inert in a spreadsheet, and whole in JSON', () => {
  const entry = {
    id: 1,
    action: 'ban',
    byUserId: '',
    guildId: 'g',
    target: 'ann',
    note: '=1+1, "x"\nnext',
    atMs: 0,
  } as const;
  expect(auditFile([entry], 'csv')).toBe(
    'id,time,action,by,target,note,target_kind\r\n1,1970-01-01T00:00:00.000Z,ban,bot,ann,"\'=1+1, ""x""\nnext",user',
  );
  expect(JSON.parse(auditFile([entry], 'json'))).toMatchObject([{ by: 'bot', note: '=1+1, "x"\nnext' }]);
});

test('every language has every rule, level and verdict', () => {
  for (const one of Object.values(moderating)) {
    expect(Object.keys(one)).toEqual(Object.keys(moderating.en));
    for (const group of ['rule', 'level', 'verdict', 'policyField', 'label'] as const) {
      expect(Object.keys(one[group]).sort()).toEqual(Object.keys(moderating.en[group]).sort());
    }
  }
});
