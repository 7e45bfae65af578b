// LoRAs that change weights no side branch reaches (whole changes with biases, normalisations, IA3), against diffusers with weights changed by
// hand (test/golden/loras/make_merged.py): in sessions of their own, beside rows and prompts of other people, and with side branches.
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { UnetRow } from '../../src/diffusion/asks.ts';
import { type LoraStack, stackLoras } from '../../src/diffusion/loraStack.ts';
import { lowered } from '../../src/networks/lowering.ts';
import { mergedGraph } from '../../src/networks/mergedWeights.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { serializeModel } from '../../src/onnx/modelProto.ts';
import { ROOT } from '../../src/root.ts';
import { openModel } from '../../src/runtime/engine.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { openSafetensors } from '../../src/weights/safetensors.ts';
import { readNumbers } from '../../src/weights/tensorNumbers.ts';

const GOLDEN = path.join(ROOT, 'test/golden');
/** Of the length of the result; single precision in another order of sums. */
const TOLERANCE = 1e-5;
const create = vi.spyOn(InferenceSession, 'create');
const model = scanModels(path.join(GOLDEN, 'folders')).open('sd-small');
const open = await openModel(model, { provider: 'cpu', threads: 1 });
afterAll(() => open.close());

const numbersIn = (file: string) => {
  const tensors = openSafetensors(GOLDEN, path.join(GOLDEN, 'loras', file));
  return (name: string) => readNumbers(GOLDEN, tensors.get(name)!);
};
const [golden, merged] = [numbersIn('golden.safetensors'), numbersIn('merged.safetensors')];
const load = (name: string) =>
  loadLora(GOLDEN, readLora(GOLDEN, path.join(GOLDEN, 'loras/files', `${name}.safetensors`)), model, 'small');
const one = (lora: LoraStack, strength = 1) => stackLoras([{ lora, strength, textStrength: strength }]);

const half = (data: Float32Array, row: number) => data.slice((row * data.length) / 2, ((row + 1) * data.length) / 2);
const [sample, times, conditioning] = ['sample', 'timestep', 'conditioning'].map(golden) as Float32Array[];
const unet = (...stacks: readonly (LoraStack | undefined)[]) =>
  open.unet(
    [0, 1].map((row): UnetRow => {
      const loras = stacks[row % stacks.length];
      return {
        latents: { channels: 4, height: 8, width: 12, data: half(sample!, row) },
        timestep: times![row]!,
        conditioning: { tokens: 7, width: 16, hidden: half(conditioning!, row) },
        ...(loras === undefined ? {} : { loras }),
      };
    }),
  );
const tokenIds = [Int32Array.of(1, 5, 9, 3, 7, 2, 2), Int32Array.of(1, 4, 4, 8, 2, 2, 2)];
const text = async (...stacks: readonly (LoraStack | undefined)[]) =>
  (
    await open.text(
      tokenIds,
      1,
      [0, 1].map((row) => stacks[row % stacks.length]),
    )
  ).map(({ hidden }) => hidden);

function distance(found: readonly Float32Array[], expected: Float32Array): number {
  const flat = found.flatMap((row) => [...row]);
  expect(flat).toHaveLength(expected.length);
  return Math.hypot(...flat.map((value, i) => value - expected[i]!)) / Math.hypot(...expected);
}

const [norms, ia3, kohya] = ['norms', 'ia3', 'kohya'].map(load) as [LoraStack, LoraStack, LoraStack];

describe('changed weights', () => {
  test.each([
    ['norms', one(norms)],
    ['ia3', one(ia3)],
    ['half', one(norms, 0.5)],
    [
      'both',
      stackLoras([
        { lora: norms, strength: 0.7, textStrength: 0.7 },
        { lora: ia3, strength: -0.4, textStrength: -0.4 },
      ]),
    ],
  ])('%s: as diffusers computes with them', async (name, stack) => {
    expect(distance(await unet(stack), merged(`unet/${name}`))).toBeLessThan(TOLERANCE);
    expect(distance(await text(stack), merged(`text/${name}`))).toBeLessThan(TOLERANCE);
  });

  test('are not the base, which stays as it is for others in the same call', async () => {
    const stack = one(norms);
    expect(distance(await unet(stack), golden('unet/base'))).toBeGreaterThan(0.01);
    const [top, bottom] = await unet(undefined, stack);
    expect(distance([top!], half(golden('unet/base'), 0))).toBeLessThan(TOLERANCE);
    expect(distance([bottom!], half(merged('unet/norms'), 1))).toBeLessThan(TOLERANCE);
    const [first, second] = await text(stack, undefined);
    expect(distance([first!], half(merged('text/norms'), 0))).toBeLessThan(TOLERANCE);
    expect(distance([second!], half(golden('text/base'), 1))).toBeLessThan(TOLERANCE);
  });

  test('go together with side branches of other LoRAs', async () => {
    const both = stackLoras([
      { lora: norms, strength: 0, textStrength: 0 },
      { lora: kohya, strength: 1, textStrength: 1 },
    ]);
    expect(both.merged).toBeUndefined();
    expect(distance(await unet(both), golden('unet/linear'))).toBeLessThan(TOLERANCE);
    const mixed = stackLoras([
      { lora: ia3, strength: 1, textStrength: 1 },
      { lora: kohya, strength: 1, textStrength: 1 },
    ]);
    const off = distance(await unet(mixed), merged('unet/ia3'));
    expect(off).toBeGreaterThan(0.01);
    expect(distance(await unet(mixed), golden('unet/linear'))).toBeGreaterThan(0.01);
  });

  test('have one session a choice, the two newest kept', async () => {
    const [a, b, c] = [one(norms), one(ia3), one(norms, 0.3)];
    await unet(a);
    await unet(b);
    create.mockClear();
    for (const stack of [a, b, a, b]) await unet(stack);
    expect(create).not.toHaveBeenCalled();
    await unet(c);
    await unet(b);
    expect(create).toHaveBeenCalledTimes(1);
    await unet(a);
    expect(create).toHaveBeenCalledTimes(2);
  });

  test.each(['cuda', 'dml', 'webgpu'] as const)('are laid out for %s, in either precision', (provider) => {
    const changes = one(norms).merged!.unet;
    const plain = buildUnet(model.unet, provider);
    for (const precision of ['fp32', 'fp16'] as const) {
      const graph = lowered(mergedGraph(plain, changes), provider, precision);
      const made = new Set(graph.nodes.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
      for (const { value } of [...graph.weights, ...graph.constants]) made.add(value.name);
      for (const { name } of graph.inputs) made.add(name);
      const missing = graph.nodes.flatMap(({ inputs }) => inputs.filter((one) => one !== null && !made.has(one.name)));
      expect(missing).toEqual([]);
      expect(serializeModel(graph).bytes.length).toBeGreaterThan(serializeModel(plain).bytes.length);
    }
  });

  test('add a node a weight, and nothing else', () => {
    const plain = buildUnet(model.unet, 'cpu');
    const changes = one(norms).merged!.unet;
    const graph = mergedGraph(plain, changes);
    expect(graph.nodes).toHaveLength(plain.nodes.length + changes.size);
    expect(graph.weights).toHaveLength(plain.weights.length);
    expect(mergedGraph(plain, new Map([['of.another.network', new Float32Array(1)]])).nodes).toEqual(plain.nodes);
  });
});
