// Core's own refusals, each told in three languages with its numbers; a reworded one would fall back to English and be seen here.
import { describe, expect, test } from 'vitest';
import { readPrompt } from '../../../src/core/promptFlags.ts';
import { applyReply } from '../../../src/core/reply.ts';
import { DEFAULT_LIMITS, type RequestDraft } from '../../../src/core/request.ts';
import { resolveRequest } from '../../../src/core/resolve.ts';
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
  ['--steps', () => readPrompt('x --steps many'), ['many']],
  ['--size', () => readPrompt('x --size huge'), ['huge', '96x64']],
  ['picture', () => applyReply(testRequest({ count: 2 }), '7', 2), ['7', '1', '2']],
];

const LATIN_WORD = /[a-z]{4,}/gu;

describe.each(CASES)('a refused %s', (_, act, numbers) => {
  const error = errorOf(act);

  test.each(['en', 'zh-CN', 'ru'])('in %s keeps its numbers', (locale) => {
    const said = refusalText(error, phrasesFor(locale)).replaceAll('\\', '');
    for (const number of numbers) expect(said).toContain(number);
  });

  test.each(['zh-CN', 'ru'])('in %s has no English words', (locale) => {
    const said = refusalText(error, phrasesFor(locale)).replaceAll('\\', '');
    // Names of samplers and styles, and what the person wrote, are names in every language.
    const names = /(?:есть|可选：).*$|magic|cubist|many|huge/gu;
    expect(said.replace(names, '').match(LATIN_WORD)).toBeNull();
  });
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

test('what no pattern knows is told in its own words, made safe', () => {
  const error = new DarkroomError('request_invalid', 'prompt: found --frob, expected --seed @everyone', {
    field: 'prompt',
  });
  expect(refusalText(error, phrasesFor('ru'))).toContain('frob');
  expect(refusalText(error, phrasesFor('ru'))).not.toContain(' @everyone');
});
