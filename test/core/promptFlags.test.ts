import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { overlay, readPrompt } from '../../src/core/promptFlags.ts';
import { DarkroomError } from '../../src/errors.ts';
import { anyText } from '../support/anyText.ts';
import { leastCpuMs } from '../support/leastCpuMs.ts';

test.each([
  ['a fox', { prompt: 'a fox' }],
  ['a fox --seed 5 --steps 20', { prompt: 'a fox', seed: 5, steps: 20 }],
  ['--seed 0 a fox', { prompt: 'a fox', seed: 0 }],
  ['a --seed 5 fox', { prompt: 'a fox', seed: 5 }],
  ['a fox —seed 5', { prompt: 'a fox', seed: 5 }],
  ['a fox –seed 5 ——count 2', { prompt: 'a fox', seed: 5, count: 2 }],
  ['a fox --SEED=5', { prompt: 'a fox', seed: 5 }],
  ['a fox --guidance 0', { prompt: 'a fox', guidance: 0 }],
  ['a fox --cfg 2.5 --strength 0.4', { prompt: 'a fox', guidance: 2.5, strength: 0.4 }],
  ['a fox --ar 3:2', { prompt: 'a fox', aspect: { width: 3, height: 2 } }],
  ['a fox --size 96x64', { prompt: 'a fox', size: { widthPx: 96, heightPx: 64 } }],
  ['a fox --style Flat --model emoji', { prompt: 'a fox', style: 'flat', model: 'emoji' }],
  ['a fox --sampler dpmpp-2m', { prompt: 'a fox', sampler: 'dpmpp_2m' }],
  ['a fox --schedule sgm-uniform', { prompt: 'a fox', schedule: 'sgm_uniform' }],
  ['a fox --clip-skip 2', { prompt: 'a fox', clipSkip: 2 }],
  ['(a fox:1.2) [red:blue:3] AND fog :0.5 --seed 5', { prompt: '(a fox:1.2) [red:blue:3] AND fog :0.5', seed: 5 }],
  ['a fox --no text', { prompt: 'a fox', negativePrompt: 'text' }],
  ['a fox --no big text, people --seed 5', { prompt: 'a fox', negativePrompt: 'big text, people', seed: 5 }],
  ['a fox --no text --no people', { prompt: 'a fox', negativePrompt: 'text, people' }],
  ['a fox --no=text here', { prompt: 'a fox', negativePrompt: 'text here' }],
  ['a fox --seed 5 --seed 6', { prompt: 'a fox', seed: 6 }],
  ['a cat — sitting', { prompt: 'a cat — sitting' }],
  ['a cat —sitting', { prompt: 'a cat —sitting' }],
  ['well-known --', { prompt: 'well-known --' }],
  ['--', { prompt: '--' }],
  ['', { prompt: '' }],
  ['лиса —seed 5 ночь', { prompt: 'лиса ночь', seed: 5 }],
])('%j', (text, draft) => expect(readPrompt(text)).toEqual(draft));

test.each([
  ['a fox --seeed 5', 'flag: found --seeed, expected one of --seed, --steps'],
  ['a fox --constructor 5', 'flag: found --constructor, expected'],
  ['a fox --seed', '--seed: found nothing, expected something, as in "--seed 5"'],
  ['a fox --seed --steps 5', '--seed: found nothing'],
  ['a fox --seed=', '--seed: found nothing'],
  ['a fox --seed -1', '--seed: found -1, expected a number'],
  ['a fox --steps 0x10', '--steps: found 0x10, expected a number'],
  ['a fox --steps 1e3', '--steps: found 1e3, expected a number'],
  ['a fox --ar wide', '--ar: found wide, expected a shape such as 3:2'],
  ['a fox --size 96', '--size: found 96, expected a size such as 96x64'],
  ['a fox --sampler plms', '--sampler: found plms, expected one of ddim'],
  ['a fox --schedule bumpy', '--schedule: found bumpy, expected one of leading'],
  ['a fox --no', '--no: found nothing, expected some'],
  ['a fox --no --seed 5', '--no: found nothing'],
])('refuses %j', (text, message) => expect(() => readPrompt(text)).toThrow(message));

describe('overlay', () => {
  const draft = { prompt: 'a', size: { widthPx: 96, heightPx: 64 }, seed: 5 };
  test('a shape takes the place of the size below it', () => {
    const aspect = { width: 1, height: 1 };
    expect(overlay(draft, { aspect })).toEqual({ prompt: 'a', seed: 5, aspect });
  });
  test('everything else is replaced field by field', () => {
    expect(overlay(draft, { seed: 0 })).toEqual({ ...draft, seed: 0 });
  });
});

/** A flag as people type it, with what it sets. */
const DASHES = ['--', '—', '–', '——'];
const flag = fc
  .record({
    dash: fc.constantFrom(...DASHES),
    between: fc.constantFrom(' ', '=', '   '),
    isLoud: fc.boolean(),
    said: fc.oneof(
      fc.nat(2 ** 32 - 1).map((seed) => ['seed', String(seed), { seed }] as const),
      fc.integer({ min: 1, max: 150 }).map((steps) => ['steps', String(steps), { steps }] as const),
      fc
        .integer({ min: 0, max: 300 })
        .map((tenths) => ['cfg', String(tenths / 10), { guidance: tenths / 10 }] as const),
      fc.integer({ min: 1, max: 9 }).map((count) => ['count', String(count), { count }] as const),
      fc.constantFrom('euler', 'ddim').map((sampler) => ['sampler', sampler, { sampler }] as const),
      fc
        .record({ widthPx: fc.integer({ min: 16, max: 999 }), heightPx: fc.integer({ min: 16, max: 999 }) })
        .map((size) => ['size', `${size.widthPx}x${size.heightPx}`, { size }] as const),
    ),
  })
  .map(({ dash, between, isLoud, said: [name, value, sets] }) => {
    return { text: `${dash}${isLoud ? name.toUpperCase() : name}${between}${value}`, sets };
  });

test('flags say the same wherever they stand, with any dash; the last of a kind counts, and the words stay', () => {
  const words = fc.array(fc.constantFrom('a', 'fox', 'лиса', '雪', 'in', 'fog,'), { maxLength: 8 });
  fc.assert(
    fc.property(words, fc.array(fc.tuple(fc.nat(8), flag), { maxLength: 6 }), (said, flags) => {
      const placed = said.map((word, at) => [
        ...flags.filter(([where]) => where === at).map(([, one]) => one.text),
        word,
      ]);
      const last = flags.filter(([where]) => where >= said.length);
      const text = [...placed.flat(), ...last.map(([, one]) => one.text)].join(' ');
      const inOrder = [...said.flatMap((_, at) => flags.filter(([where]) => where === at)), ...last];
      const expected = Object.assign({}, ...inOrder.map(([, { sets }]) => sets));
      expect(readPrompt(text)).toEqual({ prompt: said.join(' '), ...expected });
    }),
    { numRuns: 500 },
  );
});

/** Texts made of what the reader looks at, which random letters seldom hit. */
const nasty = fc.array(
  fc.constantFrom('--', '—', '-', 'no', 'seed', '=', ' ', '5', '\u200d', '👩', '\n', ':', '--no ', '--seed ', ',', 'a'),
  { maxLength: 600 },
);

test('any text is a draft or a typed refusal', () => {
  const check = (text: string) => {
    try {
      expect(readPrompt(text.slice(0, 6_000)).prompt.length).toBeLessThanOrEqual(6_000);
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(DarkroomError);
    }
  };
  fc.assert(fc.property(nasty, (parts) => check(parts.join(''))));
  fc.assert(fc.property(anyText(1_000), check));
});

test.each(['--no a ', '—', '—a ', '--', ' ', '-—', '\u200d', '👩\u200d', '--no=', '=', 'e\u0301', '\u0344', 'a, '])(
  '6,000 characters of %j take less than 10 ms',
  (unit) => {
    const text = unit.repeat(6_000 / unit.length);
    const read = () => {
      try {
        readPrompt(text);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(DarkroomError);
      }
    };
    expect(leastCpuMs(read)).toBeLessThan(10);
  },
);

test.each([
  ['30', 0.3],
  ['100', 1],
  ['0', 0.01],
])('--chaos %s lets the pictures of a batch lean from one seed by %d', (chaos, strength) => {
  expect(readPrompt(`a fox --chaos ${chaos}`)).toEqual({ prompt: 'a fox', variation: { strength } });
});

test.each(['101', '-1', 'much', '0.5'])('--chaos %s is refused', (chaos) => {
  expect(() => readPrompt(`a fox --chaos ${chaos}`)).toThrow('--chaos: found');
});
