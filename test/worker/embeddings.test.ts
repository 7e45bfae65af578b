// Textual inversion embeddings in prompts: against diffusers' load_textual_inversion (make_embeddings.py), and by A1111's rules for words.
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Conditioning } from '../../src/diffusion/asks.ts';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanEmbeddings } from '../../src/weights/embeddings.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import type { LentModel } from '../../src/worker/modelShelf.ts';
import { folderOpener } from '../../src/worker/modelShelf.ts';
import { EmbeddingBook } from '../../src/worker/promptEmbeddings.ts';
import { writeXlFolder } from '../support/madeModels.ts';
import { TINY_MODELS } from '../support/tasks.ts';

const GOLDEN = path.join(ROOT, 'test/golden/embeddings');
const SETTINGS = { provider: 'cpu', threads: 1 } as const;
const models = realpathSync(mkdtempSync(path.join(tmpdir(), 'darkroom-embeddings-')));
cpSync(path.join(TINY_MODELS, 'sd-small'), path.join(models, 'sd-small'), { recursive: true });
cpSync(path.join(GOLDEN, 'models/embeddings'), path.join(models, 'embeddings'), { recursive: true });
writeXlFolder(models, 'base');
writeFileSync(path.join(models, 'embeddings', 'old-style.pt'), 'PK\x03\x04');
writeFileSync(path.join(models, 'embeddings', 'broken.safetensors'), 'nothing');
cpSync(
  path.join(TINY_MODELS, 'sd-small/unet/diffusion_pytorch_model.safetensors'),
  path.join(models, 'embeddings/unet.safetensors'),
);
afterAll(() => rmSync(models, { recursive: true }));

const embeddings = scanEmbeddings(models);
const registry = scanModels(models);
const open = folderOpener(registry, SETTINGS, () => scanEmbeddings(models));

async function withModel<T>(name: string, use: (networks: LentModel['networks']) => Promise<T>): Promise<T> {
  const model = await open(name);
  try {
    return await use(model.networks);
  } finally {
    await model.close();
  }
}

function distance({ hidden }: Conditioning, expected: Float32Array): number {
  expect(hidden.length).toBe(expected.length);
  const apart = hidden.reduce((sum, value, at) => sum + (value - expected[at]!) ** 2, 0);
  return Math.sqrt(apart / expected.reduce((sum, value) => sum + value ** 2, 0));
}

describe('hidden states are those of diffusers', () => {
  const prompts: Readonly<Record<string, readonly string[]>> = JSON.parse(
    readFileSync(path.join(GOLDEN, 'states.json'), 'utf8'),
  );
  const states = openSafetensors(GOLDEN, path.join(GOLDEN, 'states.safetensors'));
  const bytes = readFileSync(path.join(GOLDEN, 'states.safetensors'));
  const stateOf = (name: string) => {
    const { offset, sizeBytes } = states.get(name)!;
    return new Float32Array(Uint8Array.from(bytes.subarray(offset, offset + sizeBytes)).buffer);
  };

  test.each(Object.entries(prompts))('%s', async (name, texts) => {
    await withModel(name, async (networks) => {
      const found = await networks.text(texts);
      for (const [at, state] of found.entries()) {
        expect(distance(state, stateOf(`${name}/${at}`)), texts[at]).toBeLessThan(1e-5);
      }
    });
  });

  test('another layer reads the same words', async () => {
    await withModel('sd-small', async (networks) => {
      const [with2, without] = await networks.text(['a my-style house', 'a house'], 2);
      expect(distance(with2!, without!.hidden)).toBeGreaterThan(1e-2);
    });
  });
});

describe('the folder', () => {
  test('tells what each file is, and why others are not', () => {
    expect(embeddings.cards).toEqual([
      { name: 'dot', words: ['dot', '<dot>'], vectors: 1, widths: [16], family: '16 wide' },
      { name: 'my', words: ['my'], vectors: 1, widths: [16], family: '16 wide' },
      { name: 'my-style', words: ['my-style'], vectors: 2, widths: [16], family: '16 wide' },
      { name: 'toy', words: ['toy', '<cat-toy>'], vectors: 3, widths: [16], family: '16 wide' },
      { name: 'xl-look', words: ['xl-look'], vectors: 2, widths: [64, 128], family: '64 and 128 wide' },
    ]);
    const reasons = Object.fromEntries(embeddings.refused.map(({ name, reason }) => [name, reason]));
    expect(Object.keys(reasons)).toEqual([
      'embeddings/broken.safetensors',
      'embeddings/old-style.pt',
      'embeddings/unet.safetensors',
    ]);
    expect(reasons['embeddings/old-style.pt']).toContain('is a PyTorch pickle');
    expect(reasons['embeddings/unet.safetensors']).toContain('is the U-Net of a diffusers folder alone');
  });

  test('may be missing', () => {
    expect(scanEmbeddings(TINY_MODELS).cards).toEqual([]);
  });
});

describe('words', () => {
  const { tokenizer } = registry.open('sd-small');
  const book = new EmbeddingBook(embeddings, { name: 'sd-small', widths: [16] });
  const reader = book.reading(tokenizer);
  /** Tokens as text, embeddings as how many vectors they take. */
  const read = (text: string) => {
    const plain = tokenizer.idsOf(text).length;
    const units = reader.idsOf(text);
    return { plain, vectors: units.flatMap((unit) => (typeof unit === 'number' ? [] : [unit.length])), units };
  };

  test.each([
    ['my-style', [2]],
    ['MY-STYLE', [2]],
    ['my style', [1]],
    ['my-my-style', [1, 2]],
    ['in <cat-toy>, red', [3]],
    ['in<Cat-Toy><dot>', [3, 1]],
    ['a toy and a dot', [3, 1]],
    ['mystery toys dotted', []],
    ['<cat', []],
    ['a red heart', []],
  ])('%s', (text, vectors) => {
    const found = read(text);
    expect(found.vectors).toEqual(vectors);
    if (vectors.length === 0) expect(found.units).toEqual(tokenizer.idsOf(text));
  });

  test('the same embedding is the same vectors every time', () => {
    expect(reader.idsOf('my-style')).toEqual(reader.idsOf('MY-STYLE'));
    const [unit] = reader.idsOf('my-style') as [readonly number[]];
    expect(book.vectorOf(unit[1]!, 0)).toHaveLength(16);
    expect(book.vectorOf(unit[1]!, 1)).toBeUndefined();
    expect(book.vectorOf(5, 0)).toBeUndefined();
  });

  test('one made for another kind of model is refused by name, with both kinds', () => {
    expect(() => reader.idsOf('a heart in xl-look')).toThrow(
      'embedding xl-look: found one for 64 and 128 wide, expected one for sd-small (16 wide)',
    );
    const published = { ...embeddings, cards: [{ ...embeddings.cards[0]!, widths: [768, 1280], family: 'SDXL' }] };
    const other = new EmbeddingBook(published, { name: 'ink', widths: [768] }).reading(tokenizer);
    expect(() => other.idsOf('a dot')).toThrow(
      'embedding dot: found one for SDXL, expected one for ink (Stable Diffusion 1.x, 768 wide)',
    );
  });

  test('one with more vectors than a chunk has room is refused', () => {
    const huge = { ...embeddings, cards: [{ ...embeddings.cards[0]!, vectors: 76 }] };
    const other = new EmbeddingBook(huge, { name: 'sd-small', widths: [16] }).reading(tokenizer);
    expect(() => other.idsOf('a dot')).toThrow('found 76 vectors, expected at most 75');
  });
});

test('weights, negative prompts and long prompts take vectors as tokens', async () => {
  await withModel('sd-small', async (networks) => {
    const [plain, weighed] = await networks.text(['a my-style house', 'a (my-style:1.3) house']);
    const ratio = (at: number) => weighed!.hidden[at]! / plain!.hidden[at]!;
    // Begin marker and "a" stand before the two vectors; the whole is scaled back to its mean.
    expect(ratio(2 * 16 + 3) / ratio(16 + 3)).toBeCloseTo(1.3, 4);
    expect(ratio(3 * 16 + 3) / ratio(16 + 3)).toBeCloseTo(1.3, 4);
    expect(ratio(4 * 16 + 3) / ratio(16 + 3)).toBeCloseTo(1, 4);
    // 74 words leave no room for two vectors, which stay together in the next chunk.
    const words = Array(74).fill('red').join(' ');
    const [long, moved] = await networks.text([`${words} my-style`, `${words} BREAK my-style`]);
    expect(long!.tokens).toBe(154);
    expect(distance(long!, moved!.hidden)).toBeLessThan(1e-6);
  });
});

test('a prompt without any gives the very numbers of a model without embeddings', async () => {
  const folder = registry.open('sd-small');
  const bare = await openModel(folder, SETTINGS);
  const ids = folder.tokenizer.encode('a red heart');
  const [expected] = await bare.text([ids]);
  await bare.close();
  await withModel('sd-small', async (networks) => {
    const [found] = await networks.text(['a red heart']);
    expect(found!.hidden).toEqual(expected!.hidden);
  });
});
