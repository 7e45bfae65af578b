// The autoencoder in tiles against diffusers' (make_tiled_autoencoder.py), and when tiles are used at all.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Answer, Latents, NetworkAsk } from '../../src/diffusion/asks.ts';
import {
  decodedInTiles,
  encodedInTiles,
  largestPiece,
  needsTiles,
  tilingOf,
} from '../../src/diffusion/autoencoderTiles.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { answerInPieces } from '../../src/worker/tiledNetworks.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const FILE = path.join(GOLDEN, 'tiled_autoencoder.safetensors');
const index = openSafetensors(GOLDEN, FILE);
const folder = scanModels(path.join(GOLDEN, 'folders')).open('sd-small');
const opening = openModel(folder, { provider: 'cpu', threads: 1 });
afterAll(async () => (await opening).close());

function bytesOf(name: string): Uint8Array {
  const { offset, sizeBytes } = index.get(name)!;
  return Uint8Array.from(readFileSync(FILE).subarray(offset, offset + sizeBytes));
}

const floats = (name: string) => new Float32Array(bytesOf(name).buffer);

/** f16 → numbers. @source IEEE 754-2008, binary16 */
function halves(name: string): Float32Array {
  return Float32Array.from(new Uint16Array(bytesOf(name).buffer), (bits) => {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
    return sign * (exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction));
  });
}

function latents(): Latents {
  const [channels, height, width] = index.get('latents')!.shape as [number, number, number];
  return { channels, height, width, data: floats('latents') };
}

function worst(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
}

/** As diffusers takes them from this folder's config; ours are never so small. */
const TILING = { tileLatents: 8, pixelsPerLatent: 8 };

async function answer(ask: NetworkAsk): Promise<Answer> {
  const model = await opening;
  if (ask.kind === 'decode') return { kind: 'decode', pixels: (await model.decode([ask.latents]))[0]! };
  if (ask.kind === 'encode') return { kind: 'encode', ...(await model.encode(ask.pixels)) };
  throw new Error(`${ask.kind} was asked`);
}

describe('tiles are those of diffusers', () => {
  test('decoding', async () => {
    const pixels = await drive(decodedInTiles(latents(), TILING), answer);
    expect([pixels.height, pixels.width]).toEqual([88, 144]);
    // A value of 2 is all 255 levels; half precision of the record is 1/8 of one.
    expect(worst(pixels.data, halves('decoded'))).toBeLessThan(2 / 255);
    expect(worst(pixels.data, halves('whole'))).toBeGreaterThan(0.1);
  });

  test('encoding', async () => {
    const data = Float32Array.from(bytesOf('picture'), (level) => (level / 255) * 2 - 1);
    const { mean, std } = await drive(encodedInTiles({ height: 88, width: 144, data }, TILING), answer);
    expect([mean.channels, mean.height, mean.width]).toEqual([4, 11, 18]);
    expect(worst(mean.data, floats('mean'))).toBeLessThan(1e-4);
    expect(worst(std, floats('std'))).toBeLessThan(1e-4);
  });

  test('one tile is the whole picture itself', async () => {
    const pixels = await drive(decodedInTiles(latents(), { tileLatents: 64, pixelsPerLatent: 8 }), answer);
    expect(worst(pixels.data, halves('whole'))).toBeLessThan(2 / 255);
  });
});

describe('when', () => {
  const facts = { pixelsPerLatent: 8, autoencoderPx: 512 };
  /** Latents → a picture of nothing, eight times as large. */
  const sizes: number[][] = [];
  const black = async (ask: NetworkAsk): Promise<Answer> => {
    if (ask.kind !== 'decode') throw new Error(`${ask.kind} was asked`);
    const { height, width } = ask.latents;
    sizes.push([height, width]);
    const pixels = { height: 8 * height, width: 8 * width, data: new Float32Array(3 * 64 * height * width) };
    return { kind: 'decode', pixels };
  };
  const ask = (height: number, width: number): NetworkAsk => ({
    kind: 'decode',
    latents: { channels: 4, height, width, data: new Float32Array(4 * height * width) },
  });

  test('up to 1024x1024 pixels one call, exactly as before; beyond it no call is larger than a tile', async () => {
    await answerInPieces(ask(128, 128), facts, black);
    expect(sizes.splice(0)).toEqual([[128, 128]]);
    const made = await answerInPieces(ask(129, 160), facts, black);
    expect(made).toMatchObject({ pixels: { height: 8 * 129, width: 8 * 160 } });
    expect(sizes).toHaveLength(12);
    expect(Math.max(...sizes.flat())).toBe(64);
  });

  test('the largest piece is what memory is measured by', () => {
    expect(largestPiece({ widthPx: 1024, heightPx: 768 }, facts)).toEqual({ widthPx: 1024, heightPx: 768 });
    expect(largestPiece({ widthPx: 2048, heightPx: 4096 }, facts)).toEqual({ widthPx: 512, heightPx: 512 });
    expect(largestPiece({ widthPx: 8192, heightPx: 256 }, facts)).toEqual({ widthPx: 512, heightPx: 256 });
    expect(needsTiles({ widthPx: 1024, heightPx: 1024 })).toBe(false);
  });

  test('tiles are as large as what the autoencoder was trained on, within bounds', () => {
    expect(tilingOf({ pixelsPerLatent: 8, autoencoderPx: 1024 }).tileLatents).toBe(128);
    expect(tilingOf({ pixelsPerLatent: 16, autoencoderPx: 128 }).tileLatents).toBe(16);
    expect(tilingOf({ pixelsPerLatent: 8 }).tileLatents).toBe(64);
    expect(tilingOf({ pixelsPerLatent: 8, autoencoderPx: 1e6 }).tileLatents).toBe(128);
  });
});
