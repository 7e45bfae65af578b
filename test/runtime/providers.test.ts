import { describe, expect, test } from 'vitest';
import { PROVIDERS } from '../../src/networks/dialect.ts';
import { chooseProvider, type Machine } from '../../src/runtime/providers.ts';
import { tryProvider } from '../../src/runtime/trial.ts';

/** @param problems what a trial on a provider says; providers absent here are not listed at all. */
function machine(platform: NodeJS.Platform, problems: Readonly<Record<string, string | null>>): Machine {
  return {
    platform,
    arch: 'x64',
    listed: () => ['cpu', ...Object.keys(problems)],
    tryOut: async (provider) => problems[provider] ?? null,
  };
}

describe('auto', () => {
  test.each([
    ['linux', { cuda: null }, 'cuda', 'auto: a trial on cuda succeeded'],
    ['linux', {}, 'cpu', 'auto: cuda does not work here (its library is not installed with onnxruntime-node)'],
    ['linux', { cuda: 'no driver' }, 'cpu', 'auto: cuda does not work here (no driver)'],
    [
      'linux',
      { webgpu: null },
      'cpu',
      'auto: cuda does not work here (its library is not installed with onnxruntime-node)',
    ],
    ['win32', { dml: null }, 'dml', 'auto: a trial on dml succeeded'],
    ['win32', { dml: 'no adapter' }, 'cpu', 'auto: dml does not work here (no adapter)'],
    ['darwin', { coreml: null, webgpu: null }, 'cpu', 'auto tries no other provider on darwin'],
  ] as const)('on %s with %j is %s', async (platform, problems, provider, reason) => {
    expect(await chooseProvider('auto', machine(platform, problems))).toEqual({ provider, reason });
  });
});

describe('a provider asked for by name', () => {
  test('is taken when a trial on it succeeds', async () => {
    const choice = await chooseProvider('webgpu', machine('linux', { webgpu: null }));
    expect(choice.provider).toBe('webgpu');
  });

  test('is an error when the trial fails, never a silent change to another', async () => {
    const choosing = chooseProvider(
      'webgpu',
      machine('linux', { webgpu: 'no supported adapters', 'webgpu-plain': 'no supported adapters' }),
    );
    await expect(choosing).rejects.toMatchObject({
      code: 'provider_unavailable',
      message:
        'execution provider webgpu was configured but does not work here: no supported adapters; use auto or cpu',
    });
  });

  test('does without the fused attention where an adapter computes only that wrong', async () => {
    const choice = await chooseProvider('webgpu', machine('linux', { webgpu: 'off by 4 %', 'webgpu-plain': null }));
    expect(choice.provider).toBe('webgpu-plain');
    expect(choice.reason).toContain('attention is written with plain products');
  });

  test('is an error on a platform that has none', async () => {
    await expect(chooseProvider('dml', machine('linux', {}))).rejects.toThrow(
      'onnxruntime-node has none for linux x64',
    );
  });
});

test('this machine: the CPU works, and auto says why it chose', async () => {
  expect(await chooseProvider('cpu')).toEqual({ provider: 'cpu', reason: 'configured' });
  expect((await chooseProvider('auto')).reason).toMatch(/^auto/);
});

/** A software adapter, where Vulkan's loader and SwiftShader are given by LD_LIBRARY_PATH and VK_ICD_FILENAMES. */
const isVulkanGiven = process.env.VK_ICD_FILENAMES !== undefined;

test.skipIf(!isVulkanGiven)(
  'WebGPU on the given Vulkan computes what the CPU computes',
  async () => {
    expect(await tryProvider('webgpu-plain')).toBeNull();
    expect((await chooseProvider('webgpu')).provider).toMatch(/^webgpu/);
  },
  300_000,
);

test('the trial passes on the CPU and says in one line why a provider fails', async () => {
  expect(await tryProvider('cpu')).toBeNull();
  const absent = PROVIDERS.find((provider) => provider === (process.platform === 'win32' ? 'coreml' : 'dml'))!;
  expect(await tryProvider(absent)).toMatch(/^[^\n]+backend not found/);
});
