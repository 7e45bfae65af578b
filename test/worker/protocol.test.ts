// What may cross the pipe, and that everything else is one stated error that repeats no prompt.
import { describe, expect, test } from 'vitest';
import { ORDINARY_PICTURES } from '../../src/core/pictureJudgement.ts';
import { DarkroomError } from '../../src/errors.ts';
import { readResult } from '../../src/fleet/wire.ts';
import { parseChildMessage, parseParentMessage } from '../../src/worker/protocol.ts';
import { makeTask } from '../support/tasks.ts';

/** As JSON carries it. */
const sent = (message: unknown): unknown => JSON.parse(JSON.stringify(message));
const develop = (over: object = {}) => sent({ type: 'develop', taskId: 1, task: makeTask('/data/job'), ...over });

describe('to the child', () => {
  test.each([
    { type: 'start', options: { modelsDir: '/models', device: 'auto', threads: null } },
    { type: 'cancel', taskId: 3 },
    { type: 'close' },
  ])('$type', (message) => {
    expect(parseParentMessage(sent(message))).toEqual(message);
  });

  test('a task arrives as it was sent, guidance 0 and an empty negative prompt included', () => {
    const task = makeTask('/data/job', { guidance: 0, negativePrompt: '', seed: 0 });
    expect(parseParentMessage(develop({ task: sent(task) }))).toEqual({ type: 'develop', taskId: 1, task });
  });
});

const REFUSED: [name: string, message: unknown, words: string][] = [
  ['nothing', undefined, 'none (undefined)'],
  ['an array', [], 'none (object)'],
  ['an unknown type', { type: 'explode' }, '"explode"'],
  ['a type that is no text', { type: { toString: 1 } }, 'type'],
  ['a field too many', { type: 'close', now: true }, 'now'],
  [
    'a device nobody has',
    { type: 'start', options: { modelsDir: '/m', device: 'abacus', threads: null } },
    'options.device',
  ],
  ['a task without id', develop({ taskId: 0 }), 'taskId'],
  ['a seed beyond 32 bits', develop({ task: makeTask('/d', { seed: 2 ** 32 }) }), 'task.request.seed'],
  ['a request without size', develop({ task: sent(makeTask('/d', { size: undefined! })) }), 'task.request.size'],
];

describe('refused', () => {
  test.each(REFUSED)('%s', (_, message, words) => {
    const thrown = catchError(() => parseParentMessage(message));
    expect(thrown).toMatchObject({ code: 'worker_protocol', audience: 'developer' });
    expect(thrown.message).toContain(words);
  });

  test('a picture file name that is a path', () => {
    const picture = {
      imageIndex: 0,
      fileName: '../0.png',
      sha256: 'a'.repeat(64),
      seed: 1,
      widthPx: 96,
      heightPx: 64,
      sizeBytes: 1,
    };
    expect(
      catchError(() => parseChildMessage({ type: 'developed', taskId: 1, pictures: [picture] })).message,
    ).toContain('fileName');
  });

  test('without repeating the prompt', () => {
    const task = { ...makeTask('/d'), request: { ...makeTask('/d', { prompt: 'a secret wish' }).request, steps: 'x' } };
    expect(catchError(() => parseParentMessage(develop({ task }))).message).not.toContain('secret');
  });
});

describe('scores and policies', () => {
  const scores = { drawing: 0.1, hentai: 0.2, neutral: 0.3, porn: 0.4, sexy: 1.0000001, concept: -0.05 };
  const picture = {
    imageIndex: 0,
    fileName: '0.png',
    sha256: 'a'.repeat(64),
    seed: 1,
    widthPx: 96,
    heightPx: 64,
    sizeBytes: 1,
  };
  const developed = (more: object) => ({ type: 'developed', taskId: 1, pictures: [{ ...picture, ...more }] });

  test('cross the pipe and the fleet as they are, or not at all', () => {
    for (const more of [{ scores }, {}]) {
      const { type: _, taskId: __, ...result } = developed(more);
      expect(parseChildMessage(developed(more))).toEqual(developed(more));
      expect(readResult(JSON.stringify({ kind: 'developed', ...result }))).toEqual({ kind: 'developed', ...result });
    }
    const task = { ...makeTask('/data/job'), sourcePolicy: ORDINARY_PICTURES };
    expect(parseParentMessage(develop({ task }))).toMatchObject({ task: { sourcePolicy: ORDINARY_PICTURES } });
  });

  test.each([
    [{ ...scores, porn: 1.1 }, 'scores.porn'],
    [{ ...scores, gore: 0.5 }, 'gore'],
    [{ ...scores, neutral: undefined }, 'scores.neutral'],
    [{ ...scores, sexy: Number.NaN }, 'scores.sexy'],
  ])('refused: %j', (wrong, words) => {
    expect(catchError(() => parseChildMessage(developed({ scores: wrong }))).message).toContain(words);
  });

  test.each([
    [{ of: ['porn'], from: 0.5, verdict: 'explode' }, 'sourcePolicy.rules.0.verdict'],
    [{ of: ['gore'], from: 0.5, verdict: 'refuse' }, 'sourcePolicy.rules.0.of'],
    [{ of: ['porn'], from: 0, verdict: 'refuse' }, 'found from 0, expected more than 0'],
    [{ of: ['porn', 'concept'], from: 0.5, verdict: 'refuse' }, 'concept among others'],
  ])('a policy that means nothing is refused: %j', (rule, words) => {
    const task = { ...makeTask('/data/job'), sourcePolicy: { rules: [rule] } };
    expect(catchError(() => parseParentMessage(develop({ task }))).message).toContain(words);
  });
});

function catchError(action: () => unknown): DarkroomError {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof DarkroomError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
