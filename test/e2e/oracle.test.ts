// The oracle: our tokenizer, networks, samplers and pipeline against diffusers' Stable Diffusion pipelines, picture by picture.
// Prints the table sampler x folder; `ORACLE_TABLE=write npx vitest run test/e2e/oracle.test.ts` also writes test/golden/ORACLE.md.
import { afterAll, describe, expect, test } from 'vitest';
import { SAMPLERS } from '../../src/core/request.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import {
  develop,
  FOLDERS,
  goldenCases,
  goldenLatents,
  goldenPixels,
  relativeDistance,
  requestOf,
  toBytes,
  worstByte,
} from '../support/goldenPipelines.ts';
import { type Distance, markdownTable, worstOf, writeOracleHead } from '../support/oracleTable.ts';

/** Of the length of the latents. */
const LATENT_TOLERANCE = 1e-3;
/** Of 255. */
const PIXEL_TOLERANCE = 2;

const distances = new Map<string, Distance>();
const folderNames = [...new Set(goldenCases.map(({ folder }) => folder))];
const registry = scanModels(FOLDERS);

describe.each(folderNames)('%s makes the pictures diffusers makes', (name) => {
  let opened: Promise<{ model: OpenModel; folder: ModelFolder }> | null = null;
  const open = async () => {
    const folder = registry.open(name);
    return { folder, model: await openModel(folder, { provider: 'cpu', threads: 1 }) };
  };
  afterAll(async () => (await opened)?.model.close());

  test.each(goldenCases.filter(({ folder }) => folder === name))('$sampler, $name', async (golden) => {
    opened ??= open();
    const { model, folder } = await opened;
    const picture = await develop(requestOf(golden), model, folder);
    const latents = relativeDistance(picture.latents, goldenLatents(golden));
    const bytes = worstByte(toBytes(picture.pixels), goldenPixels(golden));
    distances.set(golden.key, { latents, bytes });
    expect(latents).toBeLessThanOrEqual(LATENT_TOLERANCE);
    expect(bytes).toBeLessThanOrEqual(PIXEL_TOLERANCE);
  });
});

/** What make_more_pipelines.py cannot record, and why: diffusers has none, or does not begin in the middle of a plan. */
const FROM_TEXT_ONLY = ['lms', 'pndm', 'dpmpp_2s_a', 'dpmpp_sde', 'dpmpp_3m_sde'];
/** Its pair of looks stands beside its level where timesteps trail. */
const NOT_COMPARED = ['v-linear/pndm'];

test('every sampler was compared on every folder, from text and from a picture', () => {
  const pairs = SAMPLERS.flatMap((sampler) => folderNames.map((folder) => [folder, sampler] as const));
  for (const [folder, sampler] of pairs.filter((pair) => !NOT_COMPARED.includes(pair.join('/')))) {
    for (const name of FROM_TEXT_ONLY.includes(sampler) ? ['text'] : ['text', 'image']) {
      expect(distances.has(`${folder}/${sampler}/${name}`), `${folder}/${sampler}/${name}`).toBe(true);
    }
  }
});

afterAll(() => {
  const text = table();
  console.log(text);
  writeOracleHead(report(text));
});

function worstHere(sampler: string, folder: string): string {
  const keys = goldenCases.filter((golden) => golden.sampler === sampler && golden.folder === folder);
  return worstOf(keys.flatMap(({ key }) => distances.get(key) ?? []));
}

function table(): string {
  const rows = SAMPLERS.map((sampler) => [sampler, ...folderNames.map((folder) => worstHere(sampler, folder))]);
  return markdownTable(['sampler', ...folderNames], rows);
}

function report(text: string): string {
  return `# Against diffusers

Made by \`ORACLE_TABLE=write npx vitest run test/e2e/{oracle,families,xl,inpainting,controls,repaintedControls}.test.ts\`, which fail above ${PIXEL_TOLERANCE}/255 or ${LATENT_TOLERANCE}.

Largest difference of any 8-bit pixel value, 0 … 255, and in brackets the relative distance of the final latents; the worst of all
${goldenCases.length} recorded pictures (text and start picture for every pair; guidance 0 and 1, portrait size, strength 1 and empty prompts
in turn). onnxruntime-node on the CPU here, PyTorch on the CPU there; \`make_pipelines.py\` says how.

${text}
`;
}
