// Core's own refusals, each told in every language with its numbers and without English.
import { describe, expect, test } from 'vitest';
import { readPrompt } from '../../../src/core/promptFlags.ts';
import { applyReply } from '../../../src/core/reply.ts';
import { DEFAULT_LIMITS, type RequestDraft, refuse } from '../../../src/core/request.ts';
import { chooseCard, resolveRequest } from '../../../src/core/resolve.ts';
import { phrasesFor } from '../../../src/discord/phrases/phrases.ts';
import { refusalText } from '../../../src/discord/views/failure.ts';
import { DarkroomError, toDarkroomError } from '../../../src/errors.ts';
import { TEST_CARD, testRequest } from '../../support/cards.ts';

function errorOf(act: () => unknown): DarkroomError {
  try {
    act();
  } catch (thrown) {
    return toDarkroomError(thrown);
  }
  throw new Error('nothing was refused');
}

const PICTURE = { image: { sha256: 'ab'.repeat(32) } };

const draft = (fields: Partial<RequestDraft>) => () =>
  resolveRequest({ prompt: 'x', initImage: { sha256: 'ab'.repeat(32) }, ...fields }, TEST_CARD, DEFAULT_LIMITS, 1);

const CASES: readonly (readonly [string, () => unknown, readonly string[]])[] = [
  ['size', draft({ size: { widthPx: 100, heightPx: 64 } }), ['100x64', '16', '1024', '96x64']],
  ['steps', draft({ steps: 151 }), ['151', '1', '150']],
  ['seed', draft({ seed: 2 ** 32 }), ['4294967296', '0', '4294967295']],
  ['count', draft({ count: 0 }), ['0', '1', '4']],
  ['strength', draft({ strength: 1.5 }), ['1.5', '0', '1']],
  ['guidance', draft({ guidance: 31 }), ['31', '0', '30']],
  ['sampler', draft({ sampler: 'magic' as never }), ['magic', 'ddim']],
  ['style', draft({ style: 'cubist' }), ['cubist', 'flat, noto']],
  ['prompt', draft({ prompt: 'x'.repeat(1001) }), ['1001', '1000']],
  ['prompt that is empty', draft({ prompt: '' }), ['/imagine']],
  ['AND', draft({ prompt: Array(9).fill('x').join(' AND ') }), ['9', '8']],
  ['clip skip', draft({ clipSkip: 13 }), ['13', '1', '12']],
  ['control', draft({ controls: [{ kind: 'canny' }] }), ['testmodel', 'Stable Diffusion 1.x', 'models/controlnets']],
  ['control of another kind', () => testRequest({ controls: [{ kind: 'depth', ...PICTURE }] }), ['testmodel']],
  ['control strength', () => testRequest({ controls: [{ kind: 'canny', strength: 3, ...PICTURE }] }), ['3', '0', '2']],
  ['control picture', () => testRequest({ controls: [{ kind: 'canny' }] }), ['control_image']],
  ['control range', () => readPrompt('x --control canny --control-range 1'), ['1', '0.2-0.8']],
  [
    'model',
    () => chooseCard({ prompt: 'x', model: 'testmodle' }, [TEST_CARD], 'testmodel'),
    ['testmodle', 'testmodel'],
  ],
  ['flag', () => readPrompt('x --sede 5'), ['--sede', '--seed']],
  ['--ar', () => readPrompt('x --ar wide'), ['wide', '3:2']],
  ['--seed', () => readPrompt('x --seed'), ['--seed 5']],
  ['--steps', () => readPrompt('x --steps many'), ['many']],
  ['--size', () => readPrompt('x --size huge'), ['huge', '96x64']],
  ['picture', () => applyReply(testRequest({ count: 2 }), '7', 2), ['7', '1', '2']],
];

const LOCALES = ['en', 'zh-CN', 'ru', 'es-ES', 'de', 'fr', 'ja'];
/** What the English sentences say; a word of it in another language is a leak. */
const ENGLISH = /\b(?:found|expected|whole|number|from|characters|sides|nearest|such|did|mean|nothing|cannot)\b/iu;

describe.each(CASES)('a refused %s', (_, act, numbers) => {
  const error = errorOf(act);

  test.each(LOCALES)('in %s keeps its numbers', (locale) => {
    const said = refusalText(error, phrasesFor(locale)).replaceAll('\\', '');
    for (const number of numbers) expect(said).toContain(number);
  });

  test.each(LOCALES.slice(1))('in %s has no English words', (locale) => {
    expect(refusalText(error, phrasesFor(locale)).replaceAll('\\', '')).not.toMatch(ENGLISH);
  });
});

test.each([
  ['en', 'Did you mean \\-\\-seed?'],
  ['ru', 'Может быть, \\-\\-seed?'],
  ['de', 'Meintest du \\-\\-seed?'],
])('in %s a slip of the pen is met with the nearest name', (locale, words) => {
  expect(
    refusalText(
      errorOf(() => readPrompt('x --sede 5')),
      phrasesFor(locale),
    ),
  ).toContain(words);
});

test('a refused upload says its size in three languages', () => {
  const details = { reason: 'size', foundMib: '12.3', maxMib: '10.0' };
  const error = new DarkroomError('attachment_refused', 'start picture: found 12.3 MiB', details);
  const said = ['en', 'zh-CN', 'ru'].map((locale) => refusalText(error, phrasesFor(locale)));
  expect(said).toEqual([
    'I cannot use that picture: it has 12.3 MiB, and 10.0 MiB is the most',
    '无法使用这张图片：它有 12.3 MiB，最多 10.0 MiB',
    'Эту картинку использовать нельзя: в ней 12.3 МиБ, а можно не больше 10.0 МиБ',
  ]);
});

test('a reason in plain English is told to English readers only, made safe', () => {
  const error = errorOf(() => refuse('mask', '@everyone', 'a picture with holes'));
  expect(refusalText(error, phrasesFor('en'))).toContain('expected a picture with holes');
  for (const locale of LOCALES.slice(1)) {
    const said = refusalText(error, phrasesFor(locale));
    expect(said).not.toMatch(ENGLISH);
    expect(said).not.toContain('holes');
  }
  for (const locale of LOCALES) expect(refusalText(error, phrasesFor(locale))).not.toContain(' @everyone');
});

test('of many names only as many are listed as anybody reads, whole ones, and what was meant comes first', () => {
  const text = refusalText(
    errorOf(() => readPrompt('a cat --stepz 4')),
    phrasesFor('en'),
  );
  expect(text).toContain('expected one of \\-\\-steps, ');
  expect(text).toMatch(/\\-\\-[a-z\\-]+, …\. Did you mean \\-\\-steps\?$/);
  expect(text.replaceAll('\\', '').length).toBeLessThan(280);
});
