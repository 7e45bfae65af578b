// A picture too large for memory is refused with what it needs, what there is and what fits.
import { expect, test } from 'vitest';
import { checkPictureFits, type PictureMemory } from '../../src/worker/pictureMemory.ts';

/** 2 GiB and a KiB a pixel. */
function memory(limitGib: number): PictureMemory {
  const needBytes = ({ widthPx, heightPx }: { widthPx: number; heightPx: number }) =>
    2 * 1024 ** 3 + 1024 * widthPx * heightPx;
  return { limitBytes: limitGib * 1024 ** 3, stepPx: 64, needBytes };
}

test('what fits passes, to the last byte', () => {
  expect(() => checkPictureFits(memory(3), { widthPx: 1024, heightPx: 1024 })).not.toThrow();
});

test('what does not is refused with the largest of the same shape', () => {
  expect(() => checkPictureFits(memory(2.5), { widthPx: 1024, heightPx: 768 })).toThrow(
    'size: 1024x768 needs 2.75 GiB of memory and there are 2.50 GiB; the largest that fits is 832x576',
  );
});

test('a model that fits at no size says so', () => {
  expect(() => checkPictureFits(memory(1), { widthPx: 512, heightPx: 512 })).toThrow('no size fits');
});
