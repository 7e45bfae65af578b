// Numbers and the nouns beside them, as each language writes them: the categories of CLDR, separators, per cent, and French spaces. What the
// forms should be is written out by hand here, by somebody who reads the language, not computed.
import { describe, expect, test } from 'vitest';
import { countingIn, numbersOf, spacedFrench } from '../../src/discord/phrases/grammar.ts';
import { LANGUAGES, type Phrases, phrasesFor } from '../../src/discord/phrases/phrases.ts';
import { helpView } from '../../src/discord/views/helpView.ts';
import { queueView } from '../../src/discord/views/listViews.ts';
import { testJob } from './samples.ts';

const [NBSP, NARROW] = ['\u00a0', '\u202f'];

describe('counting', () => {
  test.each([
    ['en', [0, '0 pictures', 1, '1 picture', 2, '2 pictures', 21, '21 pictures', 1234, '1,234 pictures']],
    ['ru', [0, '0 картинок', 1, '1 картинка', 2, '2 картинки', 5, '5 картинок', 11, '11 картинок', 21, '21 картинка']],
    ['ru', [22, '22 картинки', 111, '111 картинок', 1.5, '1,5 картинки', 12_345, `12${NBSP}345 картинок`]],
    ['es', [0, '0 imágenes', 1, '1 imagen', 2, '2 imágenes', 1234, '1234 imágenes', 12_345, '12.345 imágenes']],
    ['de', [0, '0 Bilder', 1, '1 Bild', 2, '2 Bilder', 1234, '1.234 Bilder', 1.5, '1,5 Bilder']],
    ['fr', [0, '0 image', 1, '1 image', 1.5, '1,5 image', 2, '2 images', 12_345, `12${NARROW}345 images`]],
  ] as const)('%s', (language, table) => {
    const { count } = countingIn(language);
    for (let at = 0; at < table.length; at += 2) {
      expect(count(table[at] as number, 'picture')).toBe(table[at + 1]);
    }
  });

  test.each([
    ['en', '42%'],
    ['zh', '42%'],
    ['ja', '42%'],
    ['de', `42${NBSP}%`],
    ['es', `42${NBSP}%`],
    ['ru', `42${NBSP}%`],
    ['fr', `42${NBSP}%`],
  ])('per cent in %s', (language, expected) => {
    expect(numbersOf(language).percent(42)).toBe(expected);
  });
});

test('French marks keep their spaces from breaking', () => {
  expect(spacedFrench('Vouliez-vous dire « bleu » ? Oui ; non : peut-être !')).toBe(
    `Vouliez-vous dire «${NBSP}bleu${NBSP}»${NBSP}? Oui${NBSP}; non${NBSP}: peut-être${NBSP}!`,
  );
});

/** Sentences with numbers, at the counts where languages differ. */
const SENTENCES: Readonly<Record<string, (phrases: Phrases, count: number) => string>> = {
  waiting: (phrases, count) => phrases.tooManyWaiting(count, 10),
  queued: ({ many }, count) => many.started(count),
  asked: ({ many }, count) => `${many.ask(count, count)} ${many.takes(count * 60_000)}`,
  cost: ({ houseRules }, count) => houseRules.counts(count),
  days: ({ houseRules }, count) => houseRules.statsTitle(count),
  people: ({ houseRules }, count) => houseRules.statsSum(count, count),
  strikes: ({ moderating }, count) => moderating.strikesCleared('@ann', count),
  forgotten: ({ privacy }, count) => privacy.forgotten(count, count),
};

test('sentences agree with their numbers', () => {
  const all = Object.keys(LANGUAGES).map((language) => {
    const phrases = phrasesFor(language);
    const lines = Object.entries(SENTENCES).map(([, say]) => [1, 2, 5, 21].map((count) => say(phrases, count)));
    return [language, ...lines.flat()].join('\n').replaceAll(NBSP, '·').replaceAll(NARROW, '·');
  });
  expect(all.join('\n\n')).toMatchSnapshot();
});

test('what is overdue in the queue is said to come any moment, not to have come', () => {
  const view = (readyAtMs: number | 'soon') =>
    queueView(
      { mode: 'running', waiting: 0, running: 1, mine: [{ job: testJob(), position: undefined, readyAtMs }] },
      phrasesFor('en'),
    ).content;
  expect(view('soon')).toContain('being made now · ready any moment');
  expect(view(1_800_000_000_000)).toContain('ready <t:1800000000:R>');
});

test('nothing in /help is eaten by Discord’s marks: what is between two underscores twice would be underlined', () => {
  for (const language of Object.keys(LANGUAGES)) {
    expect(JSON.stringify(helpView(phrasesFor(language)).card)).not.toMatch(/(?<![\\`\w])__\w+__(?![`\w])/);
  }
});

test('no language leaves out a number it was given, or shows NaN', () => {
  for (const language of Object.keys(LANGUAGES)) {
    const phrases = phrasesFor(language);
    for (const [name, say] of Object.entries(SENTENCES)) {
      const text = say(phrases, 37);
      expect([language, name, text.includes('37'), text.includes('NaN')]).toEqual([language, name, true, false]);
    }
  }
});
