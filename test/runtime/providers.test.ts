import { describe, expect, test } from 'vitest';
import { PROVIDERS } from '../../src/networks/dialect.ts';
import { lowered } from '../../src/networks/lowering.ts';
import { precisionsOf } from '../../src/networks/precision.ts';
import { chooseProvider, type Machine } from '../../src/runtime/providers.ts';
import { buildTrial, tryProvider } from '../../src/runtime/trial.ts';

/** @param problems what a trial on a provider says, or on one in a precision; providers absent here are not listed at all. */
function machine(platform: NodeJS.Platform, problems: Readonly<Record<string, string | null>>): Machine {
  return {
    platform,
    arch: 'x64',
    listed: () => ['cpu', ...Object.keys(problems).map((name) => name.split(' ')[0]!)],
    tryOut: async (provider, precision) => problems[`${provider} ${precision}`] ?? problems[provider] ?? null,
  };
}

const NOT_INSTALLED = 'cuda: its library is not installed with onnxruntime-node';

describe('auto', () => {
  test.each([
    ['linux', { cuda: null }, 'cuda', 'fp16', 'auto, and a trial in fp16 succeeded'],
    [
      'linux',
      { 'cuda fp16': 'off by 7 %', 'cuda fp32': null },
      'cuda',
      'fp32',
      'auto, and a trial in fp32 succeeded; cuda in fp16: off by 7 %',
    ],
    ['linux', {}, 'cpu', 'fp32', `auto: ${NOT_INSTALLED}`],
    ['linux', { cuda: 'no driver' }, 'cpu', 'fp32', 'auto: cuda in fp16: no driver; cuda in fp32: no driver'],
    ['linux', { webgpu: null }, 'cpu', 'fp32', `auto: ${NOT_INSTALLED}`],
    ['win32', { dml: null }, 'dml', 'fp16', 'auto, and a trial in fp16 succeeded'],
    ['win32', { dml: 'no adapter' }, 'cpu', 'fp32', 'auto: dml in fp16: no adapter; dml in fp32: no adapter'],
    ['darwin', { coreml: null, webgpu: null }, 'cpu', 'fp32', 'auto tries no other provider on darwin'],
  ] as const)('on %s with %j is %s in %s', async (platform, problems, provider, precision, reason) => {
    expect(await chooseProvider('auto', 'auto', machine(platform, problems))).toEqual({ provider, precision, reason });
  });

  test('in a precision asked for tries no other', async () => {
    const choice = await chooseProvider('auto', 'fp32', machine('linux', { cuda: null }));
    expect(choice).toMatchObject({ provider: 'cuda', precision: 'fp32' });
  });
});

describe('a provider asked for by name', () => {
  test('is taken in half precision when a trial in it succeeds', async () => {
    const choice = await chooseProvider('webgpu', 'auto', machine('linux', { webgpu: null }));
    expect(choice).toMatchObject({ provider: 'webgpu', precision: 'fp16' });
  });

  test('is taken in single precision on an adapter without shader-f16', async () => {
    const problems = { 'webgpu fp16': 'requires f16', 'webgpu-plain fp16': 'requires f16', webgpu: null };
    expect(await chooseProvider('webgpu', 'auto', machine('linux', problems))).toEqual({
      provider: 'webgpu',
      precision: 'fp32',
      reason:
        'configured, and a trial in fp32 succeeded; webgpu in fp16: requires f16; webgpu with attention written out in fp16: requires f16',
    });
  });

  test('computes in single precision on the CPU and with CoreML, which gain nothing from less', async () => {
    for (const provider of ['cpu', 'coreml'] as const) {
      expect((await chooseProvider(provider, 'auto', machine('darwin', { coreml: null }))).precision).toBe('fp32');
    }
  });

  test('is an error when every trial fails, never a silent change to another', async () => {
    const choosing = chooseProvider(
      'webgpu',
      'fp32',
      machine('linux', { webgpu: 'no supported adapters', 'webgpu-plain': 'no supported adapters' }),
    );
    await expect(choosing).rejects.toMatchObject({
      code: 'provider_unavailable',
      message:
        'execution provider webgpu in fp32 was configured but does not work here: webgpu in fp32: no supported adapters; ' +
        'webgpu with attention written out in fp32: no supported adapters; use PRECISION=auto, or DEVICE=auto or cpu',
    });
  });

  test('is an error in a precision it does not compute in', async () => {
    await expect(chooseProvider('cpu', 'fp16', machine('linux', {}))).rejects.toThrow('it computes in fp32 only');
  });

  test('does without the fused attention where an adapter computes only that wrong', async () => {
    const problems = {
      'webgpu fp16': 'no f16',
      'webgpu-plain fp16': 'no f16',
      'webgpu fp32': 'off by 4 %',
      'webgpu-plain': null,
    };
    const choice = await chooseProvider('webgpu', 'auto', machine('linux', problems));
    expect(choice).toMatchObject({ provider: 'webgpu-plain', precision: 'fp32' });
    expect(choice.reason).toContain('webgpu in fp32: off by 4 %');
  });

  test('is an error on a platform that has none', async () => {
    await expect(chooseProvider('dml', 'auto', machine('linux', {}))).rejects.toThrow(
      'onnxruntime-node has no dml for linux x64',
    );
  });
});

test('this machine: the CPU works, and auto says why it chose', async () => {
  expect(await chooseProvider('cpu')).toEqual({ provider: 'cpu', precision: 'fp32', reason: 'configured' });
  expect((await chooseProvider('auto')).reason).toMatch(/^auto/);
});

test('the trial passes on the CPU and says in one line why a provider fails', async () => {
  expect(await tryProvider('cpu', 'fp32')).toBeNull();
  const absent = PROVIDERS.find((provider) => provider === (process.platform === 'win32' ? 'coreml' : 'dml'))!;
  expect(await tryProvider(absent, 'fp16')).toMatch(/^[^\n]+backend not found/);
});

const SHUFFLES = new Set(['Cast', 'Gather', 'Identity', 'Reshape', 'Shape', 'Split', 'Transpose']);

test('the trial has a node for every kind of step', () => {
  const trials = PROVIDERS.map((provider) => {
    const nodes = lowered(buildTrial(provider), provider, precisionsOf(provider)[0]!).nodes.map(({ op }) => op);
    return [
      provider,
      [...new Set(nodes)]
        .filter((op) => !SHUFFLES.has(op))
        .toSorted()
        .join(' '),
    ];
  });
  expect(Object.fromEntries(trials)).toMatchInlineSnapshot(`
    {
      "coreml": "Add Conv Erf InstanceNormalization LayerNormalization MatMul Mul Sigmoid Softmax",
      "cpu": "Add Conv FusedMatMul Gelu InstanceNormalization LayerNormalization Mul MultiHeadAttention QuickGelu",
      "cuda": "BiasAdd BiasSplitGelu FusedMatMul Gelu MultiHeadAttention NhwcConv SkipGroupNorm SkipLayerNormalization",
      "dml": "Add Conv Gelu GroupNorm LayerNormalization MatMul Mul MultiHeadAttention",
      "webgpu": "Add BiasAdd BiasSplitGelu Conv Gelu InstanceNormalization MatMul Mul MultiHeadAttention QuickGelu SkipLayerNormalization",
      "webgpu-plain": "Add BiasAdd BiasSplitGelu Conv Gelu InstanceNormalization MatMul Mul QuickGelu SkipLayerNormalization Softmax",
    }
  `);
});
