// Pictures side by side with what they differ in written beside the rows and above the columns.
import { drawLabel, type Label } from './labels.ts';
import { openOwnPicture, refusePicture, sharp } from './loaders.ts';
import { addPngXmp } from './pngText.ts';
import { originXmp } from './provenance.ts';

export interface SheetPictures {
  readonly columns: readonly string[];
  /** Empty for one row without a label. */
  readonly rows: readonly string[];
  /** Picture files row by row; null for one that was not made. */
  readonly cells: readonly (Uint8Array | null)[];
}

/** Longer side of the whole; larger ones are slow to send and shown small. */
const MAX_SIDE_PX = 4096;
const MAX_CELL_PX = 768;
/** Below, labels and pictures cannot be read; small pictures are enlarged in whole steps. */
const MIN_CELL_PX = 160;
const GAP_PX = 6;
const EDGE_PX = 14;
/** Discord's dark card, or near it; text that can be read on it; a place without a picture. */
const LOOK = { background: '#1e1f22', text: '#e6e7ea', empty: '#2b2d31', mark: '#6d6f78' } as const;

interface Cell {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A PNG with the mark of origin. @throws input_image_invalid when a picture cannot be read */
export async function drawSheet({ columns, rows, cells }: SheetPictures): Promise<Buffer> {
  const down = Math.max(1, rows.length);
  const cell = cellSize(await sizeOf(cells), columns.length, down);
  const sizePx = Math.round(Math.min(30, Math.max(14, cell.widthPx / 12)));
  const label = (text: string, maxWidthPx: number) => drawLabel(text, { sizePx, colour: LOOK.text, maxWidthPx });
  const across = await Promise.all(columns.map((text) => label(text, cell.widthPx)));
  const beside = await Promise.all(rows.map((text) => label(text, Math.max(120, Math.round(cell.widthPx * 0.7)))));
  const left = EDGE_PX + (beside.length === 0 ? 0 : Math.max(...beside.map(({ widthPx }) => widthPx)) + EDGE_PX);
  const top = EDGE_PX + Math.max(...across.map(({ heightPx }) => heightPx)) + EDGE_PX;
  const at = (index: number) => ({
    left: left + (index % columns.length) * (cell.widthPx + GAP_PX),
    top: top + Math.floor(index / columns.length) * (cell.heightPx + GAP_PX),
  });
  const pictures = await Promise.all(cells.map((bytes) => cellPicture(bytes, cell)));
  const layers = [
    ...pictures.map((input, index) => ({ input, ...at(index) })),
    ...across.map((one, column) => centred(one, at(column).left, top - EDGE_PX - one.heightPx, cell.widthPx)),
    ...beside.map((one, row) => besideRow(one, left, at(row * columns.length).top, cell.heightPx)),
  ];
  const width = left + columns.length * (cell.widthPx + GAP_PX) - GAP_PX + EDGE_PX;
  const height = top + down * (cell.heightPx + GAP_PX) - GAP_PX + EDGE_PX;
  const canvas = sharp({ create: { width, height, channels: 3, background: LOOK.background } });
  const png = await canvas.composite(layers).png({ adaptiveFiltering: true }).toBuffer();
  return addPngXmp(png, originXmp('trainedAlgorithmicMedia'));
}

/** Of the first picture there is. */
async function sizeOf(cells: readonly (Uint8Array | null)[]): Promise<Cell> {
  const first = cells.find((bytes) => bytes !== null);
  if (first == null) return { widthPx: MIN_CELL_PX, heightPx: MIN_CELL_PX };
  try {
    const { width = MIN_CELL_PX, height = MIN_CELL_PX } = await openOwnPicture(first).metadata();
    return { widthPx: width, heightPx: height };
  } catch (cause) {
    throw refusePicture(cause);
  }
}

function cellSize({ widthPx, heightPx }: Cell, columns: number, rows: number): Cell {
  const room = Math.min(MAX_CELL_PX, MAX_SIDE_PX / columns - GAP_PX, MAX_SIDE_PX / rows - GAP_PX);
  const longest = Math.max(widthPx, heightPx);
  const grown = longest < MIN_CELL_PX ? Math.ceil(MIN_CELL_PX / longest) : 1;
  const scale = Math.min(grown, room / longest);
  return { widthPx: Math.max(1, Math.round(widthPx * scale)), heightPx: Math.max(1, Math.round(heightPx * scale)) };
}

/** Of another shape than the first, a picture stands in the middle of its place. */
async function cellPicture(bytes: Uint8Array | null, { widthPx, heightPx }: Cell): Promise<Buffer> {
  if (bytes === null) return emptyCell({ widthPx, heightPx });
  try {
    const resized = openOwnPicture(bytes).resize(widthPx, heightPx, { fit: 'contain', background: LOOK.empty });
    return await resized.png().toBuffer();
  } catch (cause) {
    throw refusePicture(cause);
  }
}

async function emptyCell({ widthPx, heightPx }: Cell): Promise<Buffer> {
  const { png } = await drawLabel('×', { sizePx: 40, colour: LOOK.mark, maxWidthPx: widthPx });
  const place = sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: LOOK.empty } });
  return place
    .composite([{ input: png, gravity: 'centre' }])
    .png()
    .toBuffer();
}

function centred({ png, widthPx }: Label, left: number, top: number, roomPx: number) {
  return { input: png, left: left + Math.max(0, Math.round((roomPx - widthPx) / 2)), top };
}

function besideRow({ png, widthPx, heightPx }: Label, left: number, top: number, roomPx: number) {
  return { input: png, left: left - EDGE_PX - widthPx, top: top + Math.max(0, Math.round((roomPx - heightPx) / 2)) };
}
