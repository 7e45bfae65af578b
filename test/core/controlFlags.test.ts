import { describe, expect, test } from 'vitest';
import { readPrompt } from '../../src/core/promptFlags.ts';

const controls = (text: string) => readPrompt(text).controls;
const problem = (text: string) => {
  try {
    readPrompt(text);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return undefined;
};

describe('controls in a prompt', () => {
  test('are taken out of it, with strength and range in one word or by a flag of their own', () => {
    expect(readPrompt('a castle --control canny at night')).toEqual({
      prompt: 'a castle at night',
      controls: [{ kind: 'canny' }],
    });
    expect(controls('x --control Canny:0.8')).toEqual([{ kind: 'canny', strength: 0.8 }]);
    expect(controls('x --control=depth:0:0-.5')).toEqual([{ kind: 'depth', strength: 0, start: 0, end: 0.5 }]);
    expect(controls('x --control color —control-range 0.2–0.8')).toEqual([{ kind: 'colour', start: 0.2, end: 0.8 }]);
  });

  test('add up, and what says how belongs to the one before it', () => {
    expect(
      controls('x --control canny --control-range 0-0.5 --control pose:1.2 --control-ready --control-guess'),
    ).toEqual([
      { kind: 'canny', start: 0, end: 0.5 },
      { kind: 'pose', strength: 1.2, ready: true, guess: true },
    ]);
    expect(controls('x --control tile --control-model Some_Net')).toEqual([{ kind: 'tile', model: 'Some_Net' }]);
  });

  test('go on from the one of the command', () => {
    const given = { controls: [{ kind: 'scribble', strength: 0.5 }] } as const;
    expect(readPrompt('x --control-range 0.1..0.9 --control tile', given).controls).toEqual([
      { kind: 'scribble', strength: 0.5, start: 0.1, end: 0.9 },
      { kind: 'tile' },
    ]);
    expect(readPrompt('x', given)).toEqual({ prompt: 'x', ...given });
    expect(readPrompt('x --control none', given).controls).toEqual([]);
    expect(readPrompt('x --control scribble:1:0-0.5', given).controls).toEqual([
      { kind: 'scribble', strength: 1, start: 0, end: 0.5 },
    ]);
  });

  test('are refused with what they should be', () => {
    expect(problem('x --control cannyy')).toBe('--control: found cannyy, expected something such as canny:0.8');
    expect(problem('x --control canny --control-range 2')).toBe(
      '--control-range: found 2, expected something such as 0.2-0.8',
    );
    expect(problem('x --control-range 0.1-0.5')).toBe(
      '--control-range: found nothing, expected something, as in "--control canny:0.8 --control-range …"',
    );
    expect(problem('x --control-guess')).toContain('--control canny:0.8 --control-guess …');
    expect(problem('x --control')).toBe('--control: found nothing, expected something, as in "--control canny:0.8"');
    expect(problem('x --control canny --contrl-range 1')).toContain('nearest is --control-range');
  });
});
