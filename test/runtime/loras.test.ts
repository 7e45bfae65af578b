// LoRAs of every form against what diffusers and PEFT compute with them (test/golden/loras), run as side branches of one and the same session:
// alone, at other strengths, added up, and as rows of one call that each have their own.
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { type LoraStack, stackLoras } from '../../src/diffusion/loraStack.ts';
import { ROOT } from '../../src/root.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { readNumbers } from '../../src/weights/tensorNumbers.ts';
import { markdownTable, writeOracleSection } from '../support/oracleTable.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const FILES = path.join(GOLDEN, 'loras/files');
/** Of the length of the result; single precision in another order of sums. */
const TOLERANCE = 1e-5;

const create = vi.spyOn(InferenceSession, 'create');
const model = scanModels(path.join(GOLDEN, 'folders')).open('sd-small');
const open = await openModel(
  { ...model, loraLayers: () => ({ unet: 'every', text: ['every'] }) },
  { provider: 'cpu', threads: 1 },
);
/** The same, made as if it worked at another size: how a branch is computed depends on it (networks/loraBranches.ts). */
const usuallyOf = (side: number) =>
  openModel(
    {
      ...model,
      unet: { ...model.unet, config: { ...model.unet.config, sample_size: side } },
      loraLayers: () => ({ unet: 'every', text: [] }),
    },
    { provider: 'cpu', threads: 1 },
  );
/** Few tokens a layer: branches stay beside their layers. Many: products go line by line. */
const [few, many] = [await usuallyOf(1), await usuallyOf(64)];
afterAll(() => Promise.all([open, few, many].map((one) => one.close())));

const golden = openSafetensors(GOLDEN, path.join(GOLDEN, 'loras/golden.safetensors'));
const numbers = (name: string) => readNumbers(GOLDEN, golden.get(name)!);

function half<T extends Float32Array | Int32Array>(array: T, row: number): T {
  return array.slice((row * array.length) / 2, ((row + 1) * array.length) / 2) as T;
}

const [sample, times, conditioning] = ['sample', 'timestep', 'conditioning'].map(numbers) as Float32Array[];
const rows: readonly UnetRow[] = [0, 1].map((row) => ({
  latents: { channels: 4, height: 8, width: 12, data: half(sample!, row) },
  timestep: times![row]!,
  conditioning: { tokens: 7, width: 16, hidden: half(conditioning!, row) },
}));
const tokenBytes = golden.get('token_ids')!;
const tokenIds = [Int32Array.of(1, 5, 9, 3, 7, 2, 2), Int32Array.of(1, 4, 4, 8, 2, 2, 2)];

function load(name: string): LoraStack {
  return loadLora(GOLDEN, readLora(GOLDEN, path.join(FILES, name)), model, 'of the Stable Diffusion 1.x kind');
}

const one = (lora: LoraStack, strength = 1, textStrength = strength) => stackLoras([{ lora, strength, textStrength }]);

const unetOf = async (network: OpenModel, ...stacks: readonly (LoraStack | undefined)[]) =>
  network.unet(rows.map((row, at) => ({ ...row, ...present(stacks[at % stacks.length]) })));
const unet = (...stacks: readonly (LoraStack | undefined)[]) => unetOf(open, ...stacks);
const present = (loras: LoraStack | undefined) => (loras === undefined ? {} : { loras });
const text = async (...stacks: readonly (LoraStack | undefined)[]) =>
  (
    await open.text(
      tokenIds,
      1,
      tokenIds.map((_, at) => stacks[at % stacks.length]),
    )
  ).map(({ hidden }) => hidden);

function distance(found: readonly Float32Array[], expected: Float32Array): number {
  const flat = found.flatMap((row) => [...row]);
  expect(flat).toHaveLength(expected.length);
  const off = Math.hypot(...flat.map((value, i) => value - expected[i]!));
  return off / Math.hypot(...expected);
}

test('the golden inputs are the ones above', () => {
  expect(tokenBytes).toMatchObject({ dtype: 'I32', shape: [2, 7] });
});

/** File → distances of the U-Net and of the text encoder, where there is one. */
const table = new Map<string, number[]>();
const shown = (off: number | undefined) => off?.toExponential(1) ?? '–';

describe('a file of every form gives what diffusers and PEFT compute', () => {
  test.each([
    ['kohya.safetensors', 'linear'],
    ['kohya-original.safetensors', 'linear'],
    ['diffusers.safetensors', 'linear'],
    ['peft', 'linear'],
    ['diffusers-old.safetensors', 'attention'],
    ['diffusers-middle.safetensors', 'attention'],
    ['kohya-no-alpha.safetensors', 'attention'],
    ['second.safetensors', 'second'],
    ['locon.safetensors', 'conv'],
    ['locon-original.safetensors', 'conv'],
    ['dora.safetensors', 'dora'],
    ['dora-peft.safetensors', 'dora'],
    ['loha.safetensors', 'loha'],
    ['loha-large.safetensors', 'loha-large'],
    ['loha-tucker.safetensors', 'loha-tucker'],
    ['lokr.safetensors', 'lokr'],
    ['lokr-full.safetensors', 'lokr-full'],
    ['lokr-tucker.safetensors', 'lokr-tucker'],
    ['tucker.safetensors', 'tucker'],
  ])('%s in the U-Net', async (file, name) => {
    const lora = one(load(file));
    const all = [await unet(lora), await unetOf(few, lora), await unetOf(many, lora)];
    const off = Math.max(...all.map((found) => distance(found, numbers(`unet/${name}`))));
    table.set(file, [off]);
    expect(off).toBeLessThan(TOLERANCE);
  });

  test.each([
    ['kohya.safetensors', 'linear'],
    ['diffusers.safetensors', 'linear'],
    ['second.safetensors', 'second'],
    ['dora.safetensors', 'dora'],
  ])('%s in the text encoder', async (file, name) => {
    const off = distance(await text(one(load(file))), numbers(`text/${name}`));
    table.get(file)!.push(off);
    expect(off).toBeLessThan(TOLERANCE);
  });

  afterAll(() => {
    const rows = [...table].map(([file, [drawing, words]]) => [file, shown(drawing), shown(words)]);
    const what = 'Relative distance of the U-Net’s and of the text encoder’s output, one adapter a row.';
    writeOracleSection('LoRAs by form', `${what}\n\n${markdownTable(['file', 'U-Net', 'text encoder'], rows)}`);
  });
});

describe('stacks', () => {
  const [first, second] = [load('kohya.safetensors'), load('second.safetensors')];
  const both = stackLoras([
    { lora: first, strength: 0.7, textStrength: 0.7 },
    { lora: second, strength: -0.4, textStrength: -0.4 },
  ]);

  test('two LoRAs add up as merged weights do, one of them against its sign', async () => {
    expect(distance(await unet(both), numbers('unet/both'))).toBeLessThan(TOLERANCE);
    expect(distance(await text(both), numbers('text/both'))).toBeLessThan(TOLERANCE);
  });

  test('half the strength is half the change of the weights', async () => {
    expect(distance(await unet(one(first, 0.5)), numbers('unet/half'))).toBeLessThan(TOLERANCE);
  });

  test('strength 0 is the network as it is, to the bit, also as it is without any branches', async () => {
    const plain = await openModel(model, { provider: 'cpu', threads: 1 });
    const base = await plain.unet(rows);
    await plain.close();
    for (const network of [open, few, many]) {
      expect(await unetOf(network, one(first, 0))).toEqual(base);
      expect(await unetOf(network, undefined)).toEqual(base);
    }
    expect(distance(base, numbers('unet/base'))).toBeLessThan(TOLERANCE);
  });

  test('text and picture have strengths of their own', async () => {
    const apart = one(first, 0.5, 0.7);
    expect(distance(await unet(apart), numbers('unet/half'))).toBeLessThan(TOLERANCE);
    expect(distance(await text(apart), numbers('text/half'))).toBeGreaterThan(0.01);
  });

  test.each([
    ['merged', open],
    ['side by side', few],
    ['merged, line by line', many],
  ])('rows of one call each have their own, of other ranks and layers, or none: %s', async (_, network) => {
    const mixed = [both, one(load('locon.safetensors')), undefined, one(load('loha-large.safetensors'))];
    const alone = await Promise.all(mixed.map((stack) => unetOf(network, stack)));
    for (const [a, stack] of mixed.entries()) {
      const [single] = await network.unet([{ ...rows[0]!, ...present(stack) }]);
      expect(distance([single!], alone[a]![0]!)).toBeLessThan(TOLERANCE);
      for (const b of mixed.keys()) {
        const [top, bottom] = await unetOf(network, mixed[a], mixed[b]);
        expect(distance([top!], alone[a]![0]!)).toBeLessThan(TOLERANCE);
        expect(distance([bottom!], alone[b]![1]!)).toBeLessThan(TOLERANCE);
      }
    }
  });

  test('prompts of one call each have their own', async () => {
    const [top, bottom] = await text(both, undefined);
    expect(distance([top!], half(numbers('text/both'), 0))).toBeLessThan(TOLERANCE);
    expect(distance([bottom!], half(numbers('text/base'), 1))).toBeLessThan(TOLERANCE);
  });

  test('all of this took one session a network: three U-Nets, one text encoder, and the U-Net without branches', () => {
    expect(create).toHaveBeenCalledTimes(5);
  });
});
