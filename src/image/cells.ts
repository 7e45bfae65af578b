// A picture cut into four by four cells: as people choose them, with their names on it, and as the mask of those they chose.
import { CELLS_A_SIDE, cellName } from '../core/cells.ts';
import { drawLabel } from './labels.ts';
import { openOwnPicture, refusePicture, sharp } from './loaders.ts';

/** Shown at least and at most this large, so that names can be read. */
const SHOWN_PX = 640;

/** The picture with lines between its cells and a name in each; WebP. @throws input_image_invalid */
export async function picturedCells(bytes: Uint8Array): Promise<Buffer> {
  try {
    const resized = openOwnPicture(bytes).resize(SHOWN_PX, SHOWN_PX, { fit: 'inside' });
    const { data, info } = await resized.png().toBuffer({ resolveWithObject: true });
    const layers = await Promise.all([...lines(info), ...(await names(info))]);
    return await sharp(data).composite(layers).webp({ quality: 85 }).toBuffer();
  } catch (cause) {
    throw refusePicture(cause);
  }
}

interface Sides {
  readonly width: number;
  readonly height: number;
}

/** Dark and light beside each other, to be seen on any picture. */
function lines({ width, height }: Sides) {
  const line = (wide: number, high: number, shade: number) => ({
    create: { width: wide, height: high, channels: 4, background: { r: shade, g: shade, b: shade, alpha: 0.75 } },
  });
  const places = Array.from({ length: CELLS_A_SIDE - 1 }, (_, index) => (index + 1) / CELLS_A_SIDE);
  return places.flatMap((part) => {
    const [left, top] = [Math.round(part * width), Math.round(part * height)];
    return [
      { input: line(1, height, 0) as never, left: left - 1, top: 0 },
      { input: line(1, height, 255) as never, left, top: 0 },
      { input: line(width, 1, 0) as never, left: 0, top: top - 1 },
      { input: line(width, 1, 255) as never, left: 0, top },
    ];
  });
}

async function names({ width, height }: Sides) {
  const sizePx = 18;
  const cells = Array.from({ length: CELLS_A_SIDE ** 2 }, (_, cell) => cell);
  return Promise.all(
    cells.map(async (cell) => {
      const label = await drawLabel(cellName(cell), { sizePx, colour: '#ffffff', maxWidthPx: 60 });
      const plate = await sharp({
        create: {
          width: label.widthPx + 8,
          height: label.heightPx + 6,
          channels: 4,
          background: { r: 0, g: 0, b: 0, alpha: 0.6 },
        },
      })
        .composite([{ input: label.png, gravity: 'centre' }])
        .png()
        .toBuffer();
      return {
        input: plate,
        left: Math.round(((cell % CELLS_A_SIDE) * width) / CELLS_A_SIDE) + 3,
        top: Math.round((Math.floor(cell / CELLS_A_SIDE) * height) / CELLS_A_SIDE) + 3,
      };
    }),
  );
}

/**
 * White where one of the cells is, black elsewhere; PNG.
 * @param chosen 0 … 15
 */
export async function maskOfCells(chosen: readonly number[], { width, height }: Sides): Promise<Buffer> {
  const mask = Buffer.alloc(width * height);
  for (let at = 0; at < mask.length; at += 1) {
    const column = Math.floor(((at % width) * CELLS_A_SIDE) / width);
    const row = Math.floor((Math.floor(at / width) * CELLS_A_SIDE) / height);
    if (chosen.includes(row * CELLS_A_SIDE + column)) mask[at] = 255;
  }
  return sharp(mask, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}
