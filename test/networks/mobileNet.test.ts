// The classifier's network as a printed graph, and what its reader refuses. Its numbers are compared in test/runtime/classifier.test.ts.
import { describe, expect, test } from 'vitest';
import { buildMobileNet } from '../../src/networks/mobileNet.ts';
import { printGraph } from '../../src/onnx/print.ts';
import type { Dtype, TensorIndex } from '../../src/weights/tensors.ts';

const CONFIG = {
  _class_name: 'MobileNetV2Classifier',
  image_size: 32,
  stem_channels: 4,
  block_inner_channels: [4, 24],
  block_channels: [4, 6],
  block_strides: [1, 2],
  head_channels: 10,
  dense_channels: [5],
  classes: ['calm', 'wild'],
};

const LAYERS: Readonly<Record<string, readonly number[]>> = {
  stem: [4, 3, 3, 3],
  'blocks.0.depthwise': [4, 1, 3, 3],
  'blocks.0.project': [4, 4, 1, 1],
  'blocks.1.expand': [24, 4, 1, 1],
  'blocks.1.depthwise': [24, 1, 3, 3],
  'blocks.1.project': [6, 24, 1, 1],
  head: [10, 6, 1, 1],
  'dense.0': [5, 10],
  'dense.1': [2, 5],
};

function tensorsOf(layers = LAYERS, kernels: Dtype = 'U8'): TensorIndex {
  const entries = Object.entries(layers).flatMap(([name, shape]): [string, readonly number[], Dtype][] => [
    [`${name}.weight`, shape, kernels],
    ...['step', 'offset', 'bias'].map((part): [string, readonly number[], Dtype] => [
      `${name}.${part}`,
      [shape[0]!],
      'F32',
    ]),
  ]);
  const ranges = new Map(
    entries.map(([name, shape, dtype], at) => {
      const sizeBytes = shape.reduce((product, side) => product * side, dtype === 'U8' ? 1 : 4);
      return [name, { name, dtype, shape, file: '/weights/model.safetensors', offset: 1000 * at, sizeBytes }];
    }),
  );
  return { source: 'model.safetensors', get: (name) => ranges.get(name), names: () => ranges.keys() };
}

const build = (config: object = CONFIG, tensors = tensorsOf()) => buildMobileNet({ config: { ...config }, tensors });

describe('MobileNetV2', () => {
  test('blocks widen, mix every channel alone, and narrow; only those of the same shape add what they were given', () => {
    const lines = printGraph(build()).split('\n');
    expect(lines.filter((line) => !/(Mul|Add)\(.*\.(weight|offset)/.test(line)).join('\n')).toMatchInlineSnapshot(`
      "classifier(pixels f32[n,3,32,32])
        %2 = Conv(pixels, %1, stem.bias) strides=[2,2] pads=[0,0,1,1] : f32[n,4,16,16]
        %3 = Clip(%2, f32(0), f32(6)) : f32[n,4,16,16]
        %6 = Conv(%3, %5, blocks.0.depthwise.bias) strides=[1,1] pads=[1,1,1,1] group=4 : f32[n,4,16,16]
        %7 = Clip(%6, f32(0), f32(6)) : f32[n,4,16,16]
        %10 = Conv(%7, %9, blocks.0.project.bias) strides=[1,1] pads=[0,0,0,0] : f32[n,4,16,16]
        %11 = Add(%10, %3) : f32[n,4,16,16]
        %14 = Conv(%11, %13, blocks.1.expand.bias) strides=[1,1] pads=[0,0,0,0] : f32[n,24,16,16]
        %15 = Clip(%14, f32(0), f32(6)) : f32[n,24,16,16]
        %18 = Conv(%15, %17, blocks.1.depthwise.bias) strides=[2,2] pads=[0,0,1,1] group=24 : f32[n,24,8,8]
        %19 = Clip(%18, f32(0), f32(6)) : f32[n,24,8,8]
        %22 = Conv(%19, %21, blocks.1.project.bias) strides=[1,1] pads=[0,0,0,0] : f32[n,6,8,8]
        %25 = Conv(%22, %24, head.bias) strides=[1,1] pads=[0,0,0,0] : f32[n,10,8,8]
        %26 = Clip(%25, f32(0), f32(6)) : f32[n,10,8,8]
        %27 = GlobalAveragePool(%26) : f32[n,10,1,1]
        %28 = Reshape(%27, i64(0,10)) : f32[n,10]
        %31 = Gemm(%28, %30, dense.0.bias) transB=1 : f32[n,5]
        %32 = Relu(%31) : f32[n,5]
        %35 = Gemm(%32, %34, dense.1.bias) transB=1 : f32[n,2]
        %36 = Softmax(%35) axis=-1 : f32[n,2]
        scores = Identity(%36) : f32[n,2]"
    `);
  });

  test('a kernel is its level times the step of its output channel, and that channel’s offset', () => {
    const [first, second] = printGraph(build()).split('\n').slice(1);
    expect(first).toBe('  %0 = Mul(stem.weight, stem.step) : f32[4,3,3,3]');
    expect(second).toBe('  %1 = Add(%0, stem.offset) : f32[4,3,3,3]');
  });

  test.each([
    [{ ...CONFIG, image_size: 100 }, 'config field image_size is 100, expected a multiple of 32'],
    [{ ...CONFIG, block_strides: [1] }, 'config field block_strides is [1], expected a list of 2 whole numbers'],
    [{ ...CONFIG, classes: ['calm', 'calm'] }, 'config field classes is ["calm","calm"], expected a list of different'],
    [{ ...CONFIG, alpha: 1.4 }, 'config field alpha is 1.4, expected no such field'],
  ])('a config that says something else is refused: %#', (config, message) => {
    expect(() => build(config)).toThrow(`classifier: ${message}`);
  });

  test('so is a file that holds something else', () => {
    expect(() => build(CONFIG, tensorsOf(LAYERS, 'F32'))).toThrow('stem.weight is stored as F32, expected U8');
    expect(() => build(CONFIG, tensorsOf({ ...LAYERS, 'dense.2': [2, 2] }))).toThrow('4 tensors belong to no layer');
    expect(() => build({ ...CONFIG, block_strides: [1, 1], block_channels: [4, 4] })).toThrow(
      'blocks.1.project.weight has shape [6,24,1,1], expected [4,24,1,1]',
    );
    const { head: _, ...headless } = LAYERS;
    expect(() => build(CONFIG, tensorsOf(headless))).toThrow('head.weight is missing');
  });
});
