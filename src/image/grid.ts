// Two to four pictures of one job on one sheet, as Discord shows them.
import type { Pixels } from '../core/pixels.ts';
import { DarkroomError } from '../errors.ts';

const COLUMNS = 2;
/** Gap as a part of a picture's width: seen at a glance, and no border. */
const GAP_PART = 1 / 32;
const MIN_GAP_PX = 4;
/** Dark grey, -1 … 1; Discord's own background or near it, and unlike a white picture's edge. */
const BACKGROUND = -0.66;

/** Pictures in reading order, two columns. @throws internal when there is none or sizes differ */
export function gridOf(pictures: readonly Pixels[]): Pixels {
  const first = pictures[0];
  if (first === undefined) throw new DarkroomError('internal', 'grid: found no pictures, expected at least one');
  const gapPx = Math.max(MIN_GAP_PX, Math.round(first.width * GAP_PART));
  const columns = Math.min(COLUMNS, pictures.length);
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * (first.width + gapPx) - gapPx;
  const height = rows * (first.height + gapPx) - gapPx;
  const grid = { width, height, data: new Float32Array(3 * width * height).fill(BACKGROUND) };
  pictures.forEach((picture, index) => {
    checkSize(picture, first, index);
    const left = (index % columns) * (first.width + gapPx);
    const top = Math.floor(index / columns) * (first.height + gapPx);
    paste(grid, picture, top, left);
  });
  return grid;
}

function checkSize(picture: Pixels, first: Pixels, index: number): void {
  if (picture.width === first.width && picture.height === first.height) return;
  const found = `${picture.width}x${picture.height}`;
  throw new DarkroomError('internal', `grid: picture ${index} is ${found}, expected ${first.width}x${first.height}`);
}

/** Copies `picture` into `sheet`, row by row of every channel. */
function paste(sheet: Pixels, picture: Pixels, top: number, left: number): void {
  for (let channel = 0; channel < 3; channel++) {
    for (let y = 0; y < picture.height; y++) {
      const from = (channel * picture.height + y) * picture.width;
      const to = (channel * sheet.height + top + y) * sheet.width + left;
      sheet.data.set(picture.data.subarray(from, from + picture.width), to);
    }
  }
}
