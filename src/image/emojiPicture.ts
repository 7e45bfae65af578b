// A finished picture as a server's emoji or sticker: square, of Discord's size, small enough, and cut out of a plain background where asked.
import { openOwnPicture, refusePicture, sharp } from './loaders.ts';

/** @source Discord documentation: Emoji resource, 128x128 and 256 KiB; Sticker resource, 320x320 and 512 KiB */
export const EXPRESSION_LIMITS = {
  emoji: { sidePx: 128, maxBytes: 256 * 1024 },
  sticker: { sidePx: 320, maxBytes: 512 * 1024 },
} as const;
export type ExpressionKind = keyof typeof EXPRESSION_LIMITS;

/** Levels a background may differ from its own mean; beyond twice that a pixel is the thing itself. */
const TOLERANCE = 22;
/** Colours of a palette, where full colour is too large. */
const PALETTES = [256, 128, 64, 32] as const;

/** A PNG; undefined when none is small enough. @throws input_image_invalid */
export async function expressionPicture(
  bytes: Uint8Array,
  kind: ExpressionKind,
  cutOut: boolean,
): Promise<Buffer | undefined> {
  const { sidePx, maxBytes } = EXPRESSION_LIMITS[kind];
  try {
    const picture = cutOut ? await withoutBackground(bytes) : openOwnPicture(bytes);
    const square = await picture
      .ensureAlpha()
      .resize(sidePx, sidePx, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
      .png()
      .toBuffer();
    if (square.length <= maxBytes) return square;
    for (const colours of PALETTES) {
      const fewer = await sharp(square).png({ palette: true, colours }).toBuffer();
      if (fewer.length <= maxBytes) return fewer;
    }
    return undefined;
  } catch (cause) {
    throw refusePicture(cause);
  }
}

/** What is connected with the edge and of its colour becomes transparent; the rest is cut to its bounds. */
async function withoutBackground(bytes: Uint8Array) {
  const { data, info } = await openOwnPicture(bytes)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const differences = differencesFrom(borderColour(data, width, height), data);
  const alpha = alphaOf(differences, width, height);
  for (let at = 0; at < alpha.length; at += 1) data[4 * at + 3] = Math.min(data[4 * at + 3]!, alpha[at]!);
  const picture = sharp(data, { raw: { width, height, channels: 4 } });
  const box = boundsOf(data, width, height);
  return box === undefined ? picture : picture.extract(box);
}

/** The middle one of every channel along the edge: a thing that touches it somewhere does not count. */
function borderColour(rgba: Buffer, width: number, height: number): readonly number[] {
  const border: number[] = [];
  for (let x = 0; x < width; x += 1) border.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y += 1) border.push(y * width, y * width + width - 1);
  return [0, 1, 2].map((channel) => {
    const levels = border.map((at) => rgba[4 * at + channel]!).sort((a, b) => a - b);
    return levels[Math.floor(levels.length / 2)]!;
  });
}

/** u8[h, w]: the largest difference of any channel. */
function differencesFrom(colour: readonly number[], rgba: Buffer): Uint8Array {
  const differences = new Uint8Array(rgba.length / 4);
  for (let at = 0; at < differences.length; at += 1) {
    const [r, g, b] = [0, 1, 2].map((channel) => Math.abs(rgba[4 * at + channel]! - colour[channel]!));
    differences[at] = Math.max(r!, g!, b!);
  }
  return differences;
}

/** 0 in the background, 255 in the thing, in between on a soft edge. */
function alphaOf(differences: Uint8Array, width: number, height: number): Uint8Array {
  const alpha = new Uint8Array(differences.length).fill(255);
  const open: number[] = [];
  const reach = (at: number) => {
    if (alpha[at] !== 255 || differences[at]! > 2 * TOLERANCE) return;
    const isBackground = differences[at]! <= TOLERANCE;
    alpha[at] = isBackground ? 0 : Math.min(254, Math.round((255 * (differences[at]! - TOLERANCE)) / TOLERANCE));
    if (isBackground) open.push(at);
  };
  for (let x = 0; x < width; x += 1) for (const y of [0, height - 1]) reach(y * width + x);
  for (let y = 0; y < height; y += 1) for (const x of [0, width - 1]) reach(y * width + x);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const x = at % width;
    if (x > 0) reach(at - 1);
    if (x < width - 1) reach(at + 1);
    if (at >= width) reach(at - width);
    if (at < width * (height - 1)) reach(at + width);
  }
  return alpha;
}

/** Of everything that is not wholly transparent; undefined when all is. */
function boundsOf(rgba: Buffer, width: number, height: number) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 0; at < width * height; at += 1) {
    if (rgba[4 * at + 3] === 0) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}
