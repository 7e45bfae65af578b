// Measures the shipped files through the engine that ships with them: retrieval and contact sheets. Needs `npm run build` first.
//
//   node models/emoji/recipe/evaluate_engine.mjs retrieval [--languages en,zh,ru] [--count 200] [--style noto]
//   node models/emoji/recipe/evaluate_engine.mjs sheet OUT.webp [--style noto] [--names FILE.json]
//   node models/emoji/recipe/evaluate_engine.mjs lora NAME OUT.webp [--names FILE.json]: base above, the LoRA with its trigger words below
//   node models/emoji/recipe/evaluate_engine.mjs control FOLDER OUT.webp: silhouettes in FOLDER, each called as the prompt; base; following them
//
// Retrieval: a picture counts when a training picture of the same concept is among the five nearest (L2 of 32x32 RGB on white)
// of all training pictures. Every request takes the model's own defaults; picture i of a language has seed i.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { DEFAULT_LIMITS } from '../../../.build/src/core/request.js';
import { resolveRequest } from '../../../.build/src/core/resolve.js';
import { openDeveloper } from '../../../.build/src/worker/developer.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const EVALUATION = path.join(HERE, 'evaluation');
const MODEL = 'emoji';
const THUMBNAIL_PX = 32;
const COLUMNS = 64;
const NEAREST = 5;
const IN_FLIGHT = 4;
const SHEET_COLUMNS = 8;

const json = async (name) => JSON.parse(await readFile(path.join(EVALUATION, name), 'utf8'));

/** u8[32, 32, 3] of a picture: rounded means of equal squares. */
function thumbnail({ data, info }) {
  const factor = info.width / THUMBNAIL_PX;
  const sums = new Float64Array(THUMBNAIL_PX * THUMBNAIL_PX * 3);
  for (let y = 0; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const square = (Math.floor(y / factor) * THUMBNAIL_PX + Math.floor(x / factor)) * 3;
      for (let c = 0; c < 3; c++) sums[square + c] += data[(y * info.width + x) * 3 + c];
    }
  }
  return sums.map((sum) => Math.floor(sum / factor ** 2 + 0.5));
}

/** The engine lets sharp read from memory only, so files are read first. */
async function rawRgb(file) {
  const picture = sharp(await readFile(file));
  return picture.flatten({ background: '#fff' }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
}

/** Training thumbnail k as u8[32, 32, 3] out of the sheet. */
async function trainingThumbnails(count) {
  const { data, info } = await rawRgb(path.join(EVALUATION, 'pictures.webp'));
  return Array.from({ length: count }, (_, k) => {
    const [top, left] = [Math.floor(k / COLUMNS) * THUMBNAIL_PX, (k % COLUMNS) * THUMBNAIL_PX];
    const tile = new Float64Array(THUMBNAIL_PX * THUMBNAIL_PX * 3);
    for (let y = 0; y < THUMBNAIL_PX; y++) {
      const from = ((top + y) * info.width + left) * 3;
      tile.set(data.subarray(from, from + THUMBNAIL_PX * 3), y * THUMBNAIL_PX * 3);
    }
    return tile;
  });
}

function distance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

/** Indices of the training pictures nearest to `tile`. */
function nearest(tile, tiles) {
  const distances = tiles.map((other, index) => [distance(tile, other), index]);
  return distances
    .sort(([a], [b]) => a - b)
    .slice(0, NEAREST)
    .map(([, index]) => index);
}

const styled = (style) => (style === undefined ? {} : { style });

/** Draws every prompt with the model's defaults and `wishes`, or its own of them, a few at a time so that they share network calls; returns PNG paths. */
async function draw(developer, prompts, wishes, folder) {
  const card = developer.facts.models.find(({ name }) => name === MODEL);
  const files = new Array(prompts.length);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < prompts.length; i = next++) {
      const { options = wishes, controlPaths = [] } = Array.isArray(wishes) ? wishes[i] : {};
      const draft = { prompt: prompts[i], seed: i, count: 1, ...options };
      const request = resolveRequest(draft, card, DEFAULT_LIMITS, 0);
      const outputDir = path.join(folder, String(i));
      const task = { jobId: String(i), attempt: 1, request, initImagePath: null, controlPaths, outputDir };
      const [picture] = await developer.develop(task, () => {}, new AbortController().signal);
      files[i] = path.join(outputDir, picture.fileName);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return files;
}

async function retrieval(developer, { languages, count, style }, folder) {
  const owners = (await json('pictures.json')).map(([hexcode]) => hexcode);
  const tiles = await trainingThumbnails(owners.length);
  const names = (await json('names.json')).slice(0, Number(count));
  for (const language of languages.split(',')) {
    const startMs = Date.now();
    const prompts = names.map((entry) => entry.names[language]);
    const files = await draw(developer, prompts, styled(style), path.join(folder, language));
    const tookMs = Date.now() - startMs;
    const made = await Promise.all(files.map(async (file) => thumbnail(await rawRgb(file))));
    const hits = made.filter((tile, i) => nearest(tile, tiles).some((k) => owners[k] === names[i].hexcode)).length;
    const share = ((100 * hits) / names.length).toFixed(1);
    console.log(`${language}: ${hits} of ${names.length}, ${share} % (${(tookMs / names.length / 1000).toFixed(2)} s a picture)`);
  }
}

async function sheet(developer, out, { style, names }, folder) {
  const prompts = JSON.parse(await readFile(names ?? path.join(EVALUATION, 'sheet.json'), 'utf8'));
  await writeSheet(out, await draw(developer, prompts, styled(style), folder));
}

/** Maps as evaluate_controlnet.py --maps writes them, white on black. */
async function controlSheet(developer, maps, out, folder) {
  const names = (await readdir(maps)).filter((name) => name.endsWith('.png')).sort();
  const prompts = names.map((name) => path.basename(name, '.png'));
  const files = names.map((name) => path.resolve(maps, name));
  const controls = await Promise.all(
    files.map(async (file) => {
      const image = { sha256: createHash('sha256').update(await readFile(file)).digest('hex') };
      return { options: { controls: [{ kind: 'silhouette', ready: true, image }] }, controlPaths: [file] };
    }),
  );
  const base = await draw(developer, prompts, {}, path.join(folder, 'base'));
  const having = await draw(developer, prompts, controls, path.join(folder, 'control'));
  await writeSheet(out, [...files, ...base, ...having]);
}

const LORA_PROMPTS = ['red heart', 'grinning face', 'cat', 'panda', 'pizza', 'automobile', 'house', 'sunflower'];

async function loraSheet(developer, name, out, { names }, folder) {
  const card = developer.facts.models.find((model) => model.name === MODEL).loras.find((lora) => lora.name === name);
  const prompts = names === undefined ? LORA_PROMPTS : JSON.parse(await readFile(names, 'utf8'));
  const triggered = prompts.map((text) => [text, ...card.triggers].join(', '));
  const base = await draw(developer, prompts, {}, path.join(folder, 'base'));
  const having = await draw(developer, names === undefined ? triggered : prompts, { loras: [{ name }] }, path.join(folder, name));
  await writeSheet(out, [...base, ...having]);
}

async function writeSheet(out, files) {
  const pictures = await Promise.all(files.map((file) => readFile(file)));
  const { width, height } = await sharp(pictures[0]).metadata();
  const size = { width: width * SHEET_COLUMNS, height: height * Math.ceil(files.length / SHEET_COLUMNS) };
  const tiles = pictures.map((input, i) => ({
    input,
    left: (i % SHEET_COLUMNS) * width,
    top: Math.floor(i / SHEET_COLUMNS) * height,
  }));
  await sharp({ create: { ...size, channels: 3, background: '#fff' } })
    .composite(tiles)
    .webp({ quality: 90 })
    .toFile(out);
  console.log(`${files.length} pictures in ${out}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    languages: { type: 'string', default: 'en,zh,ru' },
    count: { type: 'string', default: '200' },
    style: { type: 'string' },
    names: { type: 'string' },
    models: { type: 'string', default: path.join(HERE, '../..') },
  },
});
const folder = await mkdtemp(path.join(tmpdir(), 'darkroom-evaluation-'));
const developer = await openDeveloper({ modelsDir: path.resolve(values.models), device: 'cpu', threads: null });
try {
  if (positionals[0] === 'sheet') await sheet(developer, positionals[1] ?? 'sheet.webp', values, folder);
  else if (positionals[0] === 'lora') await loraSheet(developer, positionals[1], positionals[2] ?? 'lora.webp', values, folder);
  else if (positionals[0] === 'control') await controlSheet(developer, positionals[1], positionals[2] ?? 'control.webp', folder);
  else await retrieval(developer, values, folder);
} finally {
  await developer.close();
  await rm(folder, { recursive: true, force: true });
}
