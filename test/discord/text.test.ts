import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, codeBlock, escapeMarkdown, messageLink, quoted, timestamp } from '../../src/discord/text.ts';

describe('strangers text', () => {
  test('is inert: nothing Discord reads as markdown, mention, link or emoji stays unescaped', () => {
    expect(quoted('**a** <@123> @everyone https://evil.example <:x:1> # big', 200)).toBe(
      '\\*\\*a\\*\\* \\<\\@123\\> \\@everyone https\\://evil.example \\<\\:x\\:1\\> \\# big',
    );
  });

  test('loses direction overrides and line breaks', () => {
    expect(quoted('safe\u202egnp.exe\n\n> quote', 100)).toBe('safegnp.exe \\> quote');
  });

  test('is cut between code points and says so', () => {
    expect(clip('🍎🍎🍎', 5)).toBe('🍎🍎…');
    expect(clip('abc', 3)).toBe('abc');
  });

  test('every text, cut and escaped, has at most twice the wished length and no bare mention', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const shown = quoted(text, 50);
        expect(shown.length).toBeLessThanOrEqual(100);
        expect(shown).not.toMatch(/(?<!\\)[@<*_`~|>#[\]]/);
        expect(() => encodeURIComponent(shown)).not.toThrow();
      }),
    );
  });

  test('cannot leave a code block', () => {
    expect(codeBlock('a ``` b')).toBe('```\na ˋˋˋ b\n```');
  });

  test('escaping leaves words of every script alone', () => {
    expect(escapeMarkdown('красное сердце 红色的心 ❤️')).toBe('красное сердце 红色的心 ❤️');
  });
});

test('a moment is told in seconds, a link names the place', () => {
  expect(timestamp(1_800_000_000_499, 'R')).toBe('<t:1800000000:R>');
  expect(messageLink(null, '2', '3')).toBe('https://discord.com/channels/@me/2/3');
  expect(messageLink('1', '2', '3')).toBe('https://discord.com/channels/1/2/3');
});
