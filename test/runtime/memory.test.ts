// Which session gives way to which, and when there is no room at all.
import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/graph.ts';
import { add } from '../../src/onnx/ops.ts';
import { MemoryBudget, MemoryShare, memoryLimitBytes, SessionSlot, type Tenant } from '../../src/runtime/memory.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** What the process itself counts for. */
const BASE = 256 * MIB;

/** A budget for `gib` GiB of sessions, and sessions of one GiB that tell who was closed. */
function budgetFor(gib: number) {
  const closed: string[] = [];
  const budget = new MemoryBudget(BASE + gib * GIB);
  const tenant = (name: string, { isIdle = false, calls = 0 } = {}): Tenant => ({
    name,
    share: { isIdle },
    sizeBytes: GIB,
    calls,
    release: async () => void closed.push(isIdle ? `idle ${name}` : name),
  });
  return { budget, closed, tenant };
}

describe('what gives way', () => {
  test('nothing while there is room, the call included', async () => {
    const { budget, closed, tenant } = budgetFor(3);
    const used = [tenant('unet'), tenant('text_encoder')];
    for (const one of [...used, ...used]) await budget.makeRoom(one, GIB);
    expect(closed).toEqual([]);
    expect(budget.usedBytes).toBe(BASE + 2 * GIB);
  });

  test('text encoders, then autoencoders, then U-Nets', async () => {
    const { budget, closed, tenant } = budgetFor(4);
    const unet = tenant('unet');
    for (const one of [unet, tenant('vae_decoder'), tenant('text_encoder_any_layer')]) await budget.makeRoom(one, 0);
    await budget.makeRoom(unet, 2 * GIB);
    expect(closed).toEqual(['text_encoder_any_layer']);
    await budget.makeRoom(tenant('unet'), 3 * GIB);
    expect(closed).toEqual(['text_encoder_any_layer', 'vae_decoder', 'unet']);
  });

  test('those of idle models before all others', async () => {
    const { budget, closed, tenant } = budgetFor(3);
    for (const one of [tenant('text_encoder'), tenant('unet', { isIdle: true })]) await budget.makeRoom(one, 0);
    await budget.makeRoom(tenant('vae_decoder'), GIB);
    expect(closed).toEqual(['idle unet']);
  });

  test('of equals the one unused longest', async () => {
    const { budget, closed, tenant } = budgetFor(2);
    const [first, second] = [tenant('unet'), tenant('unet', { isIdle: false })];
    for (const one of [first, second, first]) await budget.makeRoom(one, 0);
    await budget.makeRoom(tenant('vae_decoder'), 0);
    expect(budget.usedBytes).toBe(BASE + 2 * GIB);
    await budget.makeRoom(first, 0);
    expect(closed).toEqual(['unet']);
  });

  test('never one that is running', async () => {
    const { budget, closed, tenant } = budgetFor(1);
    await budget.makeRoom(tenant('text_encoder', { calls: 1 }), 0);
    await budget.makeRoom(tenant('unet'), 0);
    expect(closed).toEqual([]);
  });

  test('nothing for what fits not even alone, which is refused with need and limit', async () => {
    const { budget, closed, tenant } = budgetFor(2);
    await budget.makeRoom(tenant('unet'), 0);
    await expect(budget.makeRoom(tenant('vae_decoder'), 1.5 * GIB)).rejects.toThrow(
      'vae_decoder: needs 2.75 GiB, found a limit of 2.25 GiB (MEMORY_LIMIT)',
    );
    expect(closed).toEqual([]);
  });
});

test('a session that was closed is opened by its next call', async () => {
  const g = new GraphBuilder('unet');
  const x = g.input('x', 'f32', ['n']);
  g.output('y', add(g, x, x));
  const memory = new MemoryShare(new MemoryBudget(GIB));
  const slot = new SessionSlot(g.build(), { provider: 'cpu', threads: 1, memory });
  const inputs = { x: { data: Float32Array.of(1, 2), dims: [2] } };
  const call = () => slot.use(inputs, (session) => session.run(inputs));
  expect((await call()).y).toEqual(Float32Array.of(2, 4));
  expect(memory.budget.usedBytes).toBeGreaterThan(BASE);
  await slot.release();
  expect([slot.isOpen, memory.budget.usedBytes]).toEqual([false, BASE]);
  expect((await call()).y).toEqual(Float32Array.of(2, 4));
  await slot.release();
});

test.each([
  ['8G', 8 * GIB],
  ['6000M', 6000 * MIB],
  ['62.5%', 625],
  [null, 700],
])('limit %s', (text, bytes) => {
  expect(memoryLimitBytes(text, 1000)).toBe(bytes);
});
