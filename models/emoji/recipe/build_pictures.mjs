// Draws the training pictures and gathers their names.
// Owns: the join of four emoji sets with the CLDR names. Writes three files into the folder given as the argument:
// pictures.u8 (u8[n, 128, 128, 3], RGB on white), pictures.json (one {hexcode, style} per picture) and
// concepts.json (per concept: emoji, group, and label and tags per language).
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';

const require = createRequire(join(process.cwd(), 'package.json'));
const SIZE_PX = 128;
const LANGUAGES = ['en', 'zh', 'ru', 'de', 'fr', 'es', 'it', 'pt', 'ja', 'ko', 'pl', 'uk'];
/** Unicode's group of skin tones and hair parts: pieces of emoji, not pictures. */
const COMPONENT_GROUP = 2;
/** `marginPx`: Twemoji fills its square to the edge; the others bring their own margin. */
const SETS = [
  { style: 'noto', pack: 'noto', names: 'noto', marginPx: 0 },
  { style: '3d', pack: 'fluent-emoji', names: 'fluent-emoji-flat', marginPx: 0 },
  { style: 'flat', pack: 'fluent-emoji-flat', names: 'fluent-emoji-flat', marginPx: 0 },
  { style: 'twemoji', pack: 'twemoji', names: 'twemoji', marginPx: 6 },
];

const readJson = (name) => JSON.parse(readFileSync(require.resolve(name), 'utf8'));

/** Hex code points without the emoji variation selector, the form all packages agree on. */
const normalHexcode = (hexcode) =>
  hexcode.toLowerCase().split('-').filter((code) => code !== 'fe0f').join('-');

function readConcepts() {
  const concepts = new Map();
  for (const language of LANGUAGES) {
    for (const entry of readJson(`emojibase-data/${language}/data.json`)) {
      if (entry.group === undefined || entry.group === COMPONENT_GROUP) continue;
      const hexcode = normalHexcode(entry.hexcode);
      if (!concepts.has(hexcode)) concepts.set(hexcode, { hexcode, emoji: entry.emoji, group: entry.group, names: {} });
      concepts.get(hexcode).names[language] = { label: entry.label, tags: entry.tags ?? [] };
    }
  }
  return concepts;
}

function readSet({ pack, names }) {
  const { icons, aliases, width, height } = readJson(`@iconify-json/${pack}/icons.json`);
  const nameOf = new Map();
  for (const [code, name] of Object.entries(readJson(`@iconify-json/${names}/chars.json`))) {
    nameOf.set(normalHexcode(code), name);
  }
  const iconOf = (hexcode) => {
    const name = nameOf.get(hexcode);
    return icons[name] ?? icons[aliases?.[name]?.parent];
  };
  return { iconOf, width, height };
}

async function draw(icon, set, marginPx) {
  const { left = 0, top = 0, width = set.width, height = set.height } = icon;
  const innerPx = SIZE_PX - 2 * marginPx;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `viewBox="${left} ${top} ${width} ${height}" width="${innerPx}" height="${innerPx}">${icon.body}</svg>`;
  return sharp(Buffer.from(svg), { unlimited: true })
    .flatten({ background: '#fff' })
    .resize(innerPx, innerPx, { fit: 'contain', background: '#fff' })
    .extend({ top: marginPx, bottom: marginPx, left: marginPx, right: marginPx, background: '#fff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}

async function main(outDir) {
  mkdirSync(outDir, { recursive: true });
  const concepts = readConcepts();
  const pictures = [];
  const out = createWriteStream(join(outDir, 'pictures.u8'));
  for (const { style, marginPx, ...where } of SETS) {
    const set = readSet(where);
    for (const hexcode of concepts.keys()) {
      const icon = set.iconOf(hexcode);
      if (icon === undefined) continue;
      const pixels = await draw(icon, set, marginPx);
      if (pixels.length !== SIZE_PX * SIZE_PX * 3) throw new Error(`${style} ${hexcode}: ${pixels.length} bytes`);
      out.write(pixels);
      pictures.push({ hexcode, style });
    }
    console.log(`${style}: ${pictures.filter((p) => p.style === style).length} pictures`);
  }
  await new Promise((resolve) => out.end(resolve));
  const drawn = new Set(pictures.map((p) => p.hexcode));
  writeFileSync(join(outDir, 'pictures.json'), JSON.stringify(pictures));
  writeFileSync(join(outDir, 'concepts.json'), JSON.stringify([...concepts.values()].filter((c) => drawn.has(c.hexcode))));
  console.log(`${pictures.length} pictures of ${drawn.size} concepts`);
}

await main(process.argv[2] ?? 'data');
