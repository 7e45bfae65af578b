// Side branches lie where LoRAs of this installation change something, and nowhere else: an unused one costs time in every step of everybody.
// A LoRA for further layers makes the session be built once more, with all that are wanted by then; switching never does.
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import type { LoraStack } from '../../src/diffusion/loraStack.ts';
import { type BranchedLayers, bothLayers, loraTargets, NO_LAYERS } from '../../src/networks/loraBranches.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { ROOT } from '../../src/root.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { readNumbers } from '../../src/weights/tensorNumbers.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
const model = scanModels(path.join(GOLDEN, 'folders')).open('sd-small');
const golden = openSafetensors(GOLDEN, path.join(GOLDEN, 'loras/golden.safetensors'));
const numbers = (name: string) => readNumbers(GOLDEN, golden.get(name)!);
const load = (name: string) =>
  loadLora(GOLDEN, readLora(GOLDEN, path.join(GOLDEN, 'loras/files', `${name}.safetensors`)), model, 'small');
const layersOf = (lora: LoraStack): ReadonlySet<string> => new Set(lora.unet.keys());

const create = vi.spyOn(InferenceSession, 'create');
let wanted: BranchedLayers = NO_LAYERS;
let open: OpenModel;
beforeEach(async () => {
  create.mockClear();
  wanted = NO_LAYERS;
  open = await openModel({ ...model, loraLayers: () => ({ unet: wanted, text: [] }) }, { provider: 'cpu', threads: 1 });
});
afterEach(() => open.close());

const [sample, times, conditioning] = ['sample', 'timestep', 'conditioning'].map(numbers) as Float32Array[];
const rows = (...stacks: readonly (LoraStack | undefined)[]): readonly UnetRow[] =>
  [0, 1].map((row) => {
    const loras = stacks[row % stacks.length];
    const half = (data: Float32Array) => data.slice((row * data.length) / 2, ((row + 1) * data.length) / 2);
    return {
      latents: { channels: 4, height: 8, width: 12, data: half(sample!) },
      timestep: times![row]!,
      conditioning: { tokens: 7, width: 16, hidden: half(conditioning!) },
      ...(loras === undefined ? {} : { loras }),
    };
  });

function distance(found: readonly Float32Array[], expected: Float32Array): number {
  const flat = found.flatMap((row) => [...row]);
  return Math.hypot(...flat.map((value, i) => value - expected[i]!)) / Math.hypot(...expected);
}

describe('side branches', () => {
  test('exist where they are wanted, each with two inputs', () => {
    const lora = load('second');
    const graph = buildUnet(model.unet, 'cpu', layersOf(lora));
    expect(new Set(loraTargets(graph).map(({ module }) => module))).toEqual(layersOf(lora));
    const without = buildUnet(model.unet, 'cpu');
    expect(graph.inputs).toHaveLength(without.inputs.length + 2 * lora.unet.size);
    expect(loraTargets(without)).toEqual([]);
    expect(loraTargets(buildUnet(model.unet, 'cpu', 'every')).length).toBeGreaterThan(lora.unet.size);
  });

  test('a LoRA for layers without one has the session built once more, whoever comes next', async () => {
    const [first, conv] = [load('kohya'), load('locon')];
    expect(distance(await open.unet(rows(undefined)), numbers('unet/base'))).toBeLessThan(1e-5);
    expect(create).toHaveBeenCalledTimes(1);
    wanted = bothLayers(layersOf(first), layersOf(conv));
    expect(distance(await open.unet(rows(first)), numbers('unet/linear'))).toBeLessThan(1e-5);
    expect(create).toHaveBeenCalledTimes(2);
    expect(distance(await open.unet(rows(conv)), numbers('unet/conv'))).toBeLessThan(1e-5);
    expect(distance(await open.unet(rows(undefined)), numbers('unet/base'))).toBeLessThan(1e-5);
    await open.unet(rows(first, conv));
    expect(create).toHaveBeenCalledTimes(2);
  });

  test('whoever uses none gets the same bits, whatever is installed and whoever shares the call', async () => {
    const [alone] = await open.unet(rows(undefined));
    wanted = layersOf(load('kohya'));
    expect((await open.unet(rows(undefined)))[0]).toEqual(alone);
    const [beside, styled] = await open.unet(rows(undefined, load('kohya')));
    expect(beside).toEqual(alone);
    expect(styled).toEqual((await open.unet(rows(load('second'), load('kohya'))))[1]);
  });

  test('a layer nobody announced is found in the call itself', async () => {
    const lora = load('loha-large');
    expect(distance(await open.unet(rows(lora)), numbers('unet/loha-large'))).toBeLessThan(1e-5);
    await open.unet(rows(lora, undefined));
    expect(create).toHaveBeenCalledTimes(1);
  });

  test('calls that go on while the session is replaced end with the one they began with', async () => {
    const lora = load('kohya');
    await open.unet(rows(undefined));
    const [plain, styled] = await Promise.all([open.unet(rows(undefined)), open.unet(rows(lora))]);
    expect(distance(plain, numbers('unet/base'))).toBeLessThan(1e-5);
    expect(distance(styled, numbers('unet/linear'))).toBeLessThan(1e-5);
    expect(create).toHaveBeenCalledTimes(2);
  });
});
