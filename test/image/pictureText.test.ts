// Recipes in pictures of other tools; the pictures are made by test/golden/pictures/make_pictures.py.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { readPictureText } from '../../src/image/pictureText.ts';
import { paintedPng } from './makePng.ts';

const golden = (name: string) => readFileSync(fileURLToPath(new URL(`../golden/pictures/${name}`, import.meta.url)));
const RECIPE = golden('recipe.txt').toString('utf8');

describe('recipes', () => {
  test.each(['a1111.png', 'a1111.jpg', 'a1111.webp'])('%s, as AUTOMATIC1111 writes it', (name) => {
    expect(readPictureText(golden(name))).toEqual({ kind: 'recipe', text: RECIPE });
  });

  test('another byte order, another encoding, other fields before it', () => {
    const text = 'a plain fox\nSteps: 5, Seed: 7, Size: 64x32';
    expect(readPictureText(golden('ascii.jpg'))).toEqual({ kind: 'recipe', text });
  });

  test('UTF-16 in the order of its header, which some write', () => {
    const jpeg = golden('a1111.jpg');
    const at = jpeg.indexOf('UNICODE\0') + 8;
    const swapped = Buffer.from(jpeg);
    const bytes = 2 * RECIPE.length;
    Buffer.from(jpeg.subarray(at, at + bytes))
      .swap16()
      .copy(swapped, at);
    expect(readPictureText(swapped)).toEqual({ kind: 'recipe', text: RECIPE });
  });
});

test.each([
  ['comfyui.png', 'ComfyUI'],
  ['invokeai.png', 'InvokeAI'],
  ['novelai.png', 'NovelAI'],
])('%s is named', (name, tool) => {
  expect(readPictureText(golden(name))).toEqual({ kind: 'other', tool });
});

test('nothing in ordinary pictures', () => {
  expect(readPictureText(golden('plain.png'))).toBeUndefined();
  expect(readPictureText(paintedPng(3, 2, () => [1, 2, 3]))).toBeUndefined();
  for (const bytes of [
    '',
    'GIF89a',
    '\xff\xd8',
    '\xff\xd8\xff\xe1\0\x08Exif',
    'RIFF\x10\0\0\0WEBPEXIF\xff\xff\xff\xff',
  ]) {
    expect(readPictureText(Buffer.from(bytes, 'latin1'))).toBeUndefined();
  }
});

test('any damage: a text, nothing, or a typed error', () => {
  const files = ['a1111.jpg', 'a1111.webp', 'ascii.jpg', 'a1111.png', 'comfyui.png'].map(golden);
  const edit = fc.record({ at: fc.nat(2_000), byte: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(edit, { maxLength: 4 }),
      fc.option(fc.nat(2_000)),
      (file, edits, end) => {
        const bytes = Buffer.from(file.subarray(0, end ?? file.length));
        for (const { at, byte } of edits) if (at < bytes.length) bytes[at] = byte;
        try {
          readPictureText(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(DarkroomError);
        }
      },
    ),
    { numRuns: 3_000 },
  );
});
