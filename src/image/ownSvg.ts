// Drawings of our own making as PNG. Only for the process that draws charts and nothing else, which never sees a stranger's picture: here
// sharp may open SVG, which it may nowhere else in this program. A test holds who may import this.
import { sharp } from './loaders.ts';

/** A way to find out whether there are letters for a script: how its sign looks. */
const SIGN_PX = 40;
/** A missing letter is drawn as a box with its number: its upper and lower edge are lines from side to side. */
const EDGE_SHARE = 0.8;

/** Pixels as the drawing says its size. @param svg made by this program, never a stranger's */
export async function pngOfOwnSvg(svg: string): Promise<{ png: Buffer; widthPx: number; heightPx: number }> {
  sharp.unblock({ operation: ['VipsForeignLoadSvgBuffer'] });
  const drawn = sharp(Buffer.from(svg), { density: 72 }).removeAlpha().png({ compressionLevel: 9 });
  const { data, info } = await drawn.toBuffer({ resolveWithObject: true });
  return { png: data, widthPx: info.width, heightPx: info.height };
}

/** Whether this machine has a font for a sign. */
export async function hasLetter(sign: string): Promise<boolean> {
  const text = `<span foreground="white">${sign}</span>`;
  const { data, info } = await sharp({ text: { text, font: `Noto Sans ${SIGN_PX}`, rgba: true, dpi: 72 } })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const inked = (row: number) => {
    const alphas = Array.from({ length: info.width }, (_, x) => data[(row * info.width + x) * info.channels + 3]!);
    return alphas.filter((alpha) => alpha > 128).length / info.width;
  };
  return inked(0) < EDGE_SHARE || inked(info.height - 1) < EDGE_SHARE;
}
