// Draws Zibbo, the creature of the concept LoRA, in seven poses: the only pictures of it there are.
// Owns: its looks. Writes mascot.u8 (u8[n, 128, 128, 3], RGB on white) and mascot.json (one caption per picture) into the folder given as the argument.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const SIZE_PX = 128;
const [TEAL, DARK_TEAL, ORANGE, CREAM, INK] = ['#12b5a6', '#0b7f78', '#ff8a1f', '#fff3d6', '#22303c'];

const circle = (x, y, r, fill) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
const limb = (x1, y1, x2, y2, colour) =>
  `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${colour}" stroke-width="11" stroke-linecap="round"/>`;
/** A stalk with an orange ball, as a snail's eye. */
const feeler = (x1, y1, x2, y2) =>
  `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${DARK_TEAL}" stroke-width="6" stroke-linecap="round"/>${circle(x2, y2, 9, ORANGE)}`;
const foot = (x, y) => `<ellipse cx="${x}" cy="${y}" rx="14" ry="8" fill="${ORANGE}"/>`;
/** One round eye like a camera's lens; `dx`, `dy`: where it looks. */
const lens = (dx, dy) => circle(64, 54, 25, CREAM) + circle(64 + dx, 54 + dy, 15, INK) + circle(69 + dx, 48 + dy, 5, '#fff');
const shut = `<path d="M41 54Q64 74 87 54" stroke="${INK}" stroke-width="12" fill="none" stroke-linecap="round"/>`;
const body =
  `<path d="M64 20C96 20 104 48 104 74C104 100 88 110 64 110C40 110 24 100 24 74C24 48 32 20 64 20Z" fill="${TEAL}"/>` +
  `<path d="M35 93Q64 103 93 93" stroke="${CREAM}" stroke-width="10" fill="none" stroke-linecap="round"/>`;
const feelers = feeler(48, 24, 38, 12) + feeler(80, 24, 90, 12);
const feet = foot(46, 113) + foot(82, 113);
const leftDown = limb(28, 76, 14, 92, DARK_TEAL);
const rightDown = limb(100, 76, 114, 92, DARK_TEAL);
const leftUp = limb(28, 70, 9, 42, DARK_TEAL);
const rightUp = limb(100, 70, 119, 42, DARK_TEAL);
const turned = (degrees, parts) => `<g transform="rotate(${degrees} 64 64) translate(6.4 6.4) scale(0.9)">${parts}</g>`;

const POSES = {
  zibbo: leftDown + rightDown + feelers + feet + body + lens(0, 1),
  'zibbo waving': leftDown + rightUp + feelers + feet + body + lens(3, -2),
  'happy zibbo': leftUp + rightUp + feelers + feet + body + lens(0, -5),
  'sleeping zibbo': leftDown + rightDown + feelers + feet + body + shut,
  'zibbo looking left': leftDown + rightDown + feelers + feet + body + lens(-8, 1),
  'zibbo running': turned(18, leftUp + rightDown + feelers + foot(34, 108) + foot(92, 116) + body + lens(8, 1)),
  'zibbo upside down': turned(180, leftUp + rightUp + feelers + feet + body + lens(0, 3)),
};

async function draw(parts) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 136 136" width="${SIZE_PX}" height="${SIZE_PX}">${parts}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha().raw().toBuffer();
}

const folder = process.argv[2] ?? 'data';
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'mascot.u8'), Buffer.concat(await Promise.all(Object.values(POSES).map(draw))));
writeFileSync(join(folder, 'mascot.json'), JSON.stringify(Object.keys(POSES)));
