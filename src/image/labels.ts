// Words as pictures, for axes and charts. The font is shipped, because a bare machine has none: Latin, Greek and Cyrillic are always there,
// other scripts where the machine has a font for them.
import path from 'node:path';
import { ROOT } from '../root.ts';
import { sharp } from './loaders.ts';

const FONT_FILE = path.join(ROOT, 'src/image/labels.ttf');
const FONT = 'Noto Sans';
/** Pixels are points at this density. */
const DPI = 72;

export interface LabelLook {
  /** Height of the letters, in pixels. */
  readonly sizePx: number;
  /** As #rrggbb. */
  readonly colour: string;
  /** Longer text goes on in the next line. */
  readonly maxWidthPx: number;
}

export interface Label {
  /** PNG with transparency. */
  readonly png: Buffer;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** @param text plain; its signs mean nothing */
export async function drawLabel(text: string, { sizePx, colour, maxWidthPx }: LabelLook): Promise<Label> {
  const written = `<span foreground="${colour}">${escaped(text)}</span>`;
  const { data, info } = await sharp({
    text: {
      text: written,
      font: `${FONT} ${sizePx}`,
      fontfile: FONT_FILE,
      width: maxWidthPx,
      align: 'center',
      wrap: 'word-char',
      rgba: true,
      dpi: DPI,
    },
  })
    .png()
    .toBuffer({ resolveWithObject: true });
  return { png: data, widthPx: info.width, heightPx: info.height };
}

/** @source Pango's markup: XML's own entities */
function escaped(text: string): string {
  const clean = text.replace(/\p{Cc}/gu, ' ').trim() || '—';
  return clean.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
