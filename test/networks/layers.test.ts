// The networks' parts as printed graphs: what a reviewer compares with the reference line by line.
import { describe, expect, test } from 'vitest';
import { dialectOf, type Provider } from '../../src/networks/dialect.ts';
import { groupNorm, linear, type Net, resnetBlock } from '../../src/networks/layers.ts';
import { transformer2d } from '../../src/networks/transformer2d.ts';
import { WeightReader } from '../../src/networks/weightReader.ts';
import { GraphBuilder, type Value } from '../../src/onnx/graph.ts';
import type { Axes } from '../../src/onnx/liveness.ts';
import * as op from '../../src/onnx/ops.ts';
import { printGraph } from '../../src/onnx/print.ts';
import { fakeTensors } from './fakeTensors.ts';

function print(
  provider: Provider,
  shapes: Readonly<Record<string, readonly number[]>>,
  write: (net: Net, x: Value) => Value,
  shape: readonly (number | string)[] = ['n', 4, 'h', 'w'],
): string {
  const g = new GraphBuilder('layer');
  const net = { g, weights: new WeightReader(g, fakeTensors(shapes)), dialect: dialectOf(provider) };
  g.output('y', write(net, g.input('x', 'f32', shape)));
  return printGraph(g.build());
}

const norm = (name: string, width: number) => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });
const dense = (name: string, out: number, ...inner: number[]) => ({
  [`${name}.weight`]: [out, ...inner],
  [`${name}.bias`]: [out],
});

describe('layers', () => {
  test('group norm is an instance norm over the groups, with a scale and shift a channel', () => {
    const text = print('cpu', norm('norm', 4), (net, x) => groupNorm(net, x, 'norm', 2, 1e-6));
    expect(text).toMatchInlineSnapshot(`
      "layer(x f32[n,4,h,w])
        %0 = Reshape(x, i64(0,2,-1)) : f32[n,2,2*h*w]
        %1 = InstanceNormalization(%0, ones(2), zeros(2)) epsilon=0.000001 : f32[n,2,2*h*w]
        %2 = Shape(x) start=0 : i64[4]
        %3 = Reshape(%1, %2) : f32[n,4,h,w]
        %4 = Mul(%3, norm.weight) : f32[n,4,h,w]
        %5 = Add(%4, norm.bias) : f32[n,4,h,w]
        y = Identity(%5) : f32[n,4,h,w]"
    `);
  });

  test('a residual block adds the time embedding between its convolutions', () => {
    const shapes = {
      ...norm('r.norm1', 4),
      ...dense('r.conv1', 6, 4, 3, 3),
      ...dense('r.time_emb_proj', 6, 16),
      ...norm('r.norm2', 6),
      ...dense('r.conv2', 6, 6, 3, 3),
      ...dense('r.conv_shortcut', 6, 4, 1, 1),
    };
    const text = print('cpu', shapes, (net, x) => {
      const time = net.g.input('time', 'f32', ['n', 16]);
      return resnetBlock(net, x, 'r', { out: 6, groups: 2, epsilon: 1e-5, time, scaleFactor: 2 });
    });
    expect(text).toMatchInlineSnapshot(`
      "layer(x f32[n,4,h,w], time f32[n,16])
        %0 = Reshape(x, i64(0,2,-1)) : f32[n,2,2*h*w]
        %1 = InstanceNormalization(%0, ones(2), zeros(2)) epsilon=0.00001 : f32[n,2,2*h*w]
        %2 = Shape(x) start=0 : i64[4]
        %3 = Reshape(%1, %2) : f32[n,4,h,w]
        %4 = Mul(%3, r.norm1.weight) : f32[n,4,h,w]
        %5 = Add(%4, r.norm1.bias) : f32[n,4,h,w]
        %6 = QuickGelu(%5) alpha=1 : f32[n,4,h,w]
        %7 = Conv(%6, r.conv1.weight, r.conv1.bias) strides=[1,1] pads=[1,1,1,1] : f32[n,6,h,w]
        %8 = Gemm(time, r.time_emb_proj.weight, r.time_emb_proj.bias) transB=1 : f32[n,6]
        %9 = Reshape(%8, i64(0,6,1,1)) : f32[n,6,1,1]
        %10 = Add(%7, %9) : f32[n,6,h,w]
        %11 = Reshape(%10, i64(0,2,-1)) : f32[n,2,3*h*w]
        %12 = InstanceNormalization(%11, ones(2), zeros(2)) epsilon=0.00001 : f32[n,2,3*h*w]
        %13 = Shape(%10) start=0 : i64[4]
        %14 = Reshape(%12, %13) : f32[n,6,h,w]
        %15 = Mul(%14, r.norm2.weight) : f32[n,6,h,w]
        %16 = Add(%15, r.norm2.bias) : f32[n,6,h,w]
        %17 = QuickGelu(%16) alpha=1 : f32[n,6,h,w]
        %18 = Conv(%17, r.conv2.weight, r.conv2.bias) strides=[1,1] pads=[1,1,1,1] : f32[n,6,h,w]
        %19 = Conv(x, r.conv_shortcut.weight, r.conv_shortcut.bias) strides=[1,1] pads=[0,0,0,0] : f32[n,6,h,w]
        %20 = Add(%19, %18) : f32[n,6,h,w]
        %21 = Div(%20, f32(2)) : f32[n,6,h,w]
        y = Identity(%21) : f32[n,6,h,w]"
    `);
  });

  test('a transformer stage: self attention, attention to the prompt, gated feed-forward, each beside a shortcut', () => {
    const block = 't.transformer_blocks.0';
    const shapes = {
      ...norm('t.norm', 4),
      ...dense('t.proj_in', 4, 4, 1, 1),
      ...norm(`${block}.norm1`, 4),
      ...norm(`${block}.norm2`, 4),
      ...norm(`${block}.norm3`, 4),
      ...dense(`${block}.attn1.to_q`, 4, 4),
      ...dense(`${block}.attn1.to_k`, 4, 4),
      ...dense(`${block}.attn1.to_v`, 4, 4),
      ...dense(`${block}.attn1.to_out.0`, 4, 4),
      ...dense(`${block}.attn2.to_q`, 4, 4),
      ...dense(`${block}.attn2.to_k`, 4, 8),
      ...dense(`${block}.attn2.to_v`, 4, 8),
      ...dense(`${block}.attn2.to_out.0`, 4, 4),
      ...dense(`${block}.ff.net.0.proj`, 32, 4),
      ...dense(`${block}.ff.net.2`, 4, 16),
      ...dense('t.proj_out', 4, 4, 1, 1),
    };
    const text = print('cpu', shapes, (net, x) => {
      const conditioning = net.g.input('conditioning', 'f32', ['n', 't', 8]);
      return transformer2d(net, x, 't', { conditioning, heads: 2, layers: 1, groups: 2, onlyCrossAttention: false });
    });
    expect(text).toMatchInlineSnapshot(`
      "layer(x f32[n,4,h,w], conditioning f32[n,t,8])
        %0 = Reshape(x, i64(0,2,-1)) : f32[n,2,2*h*w]
        %1 = InstanceNormalization(%0, ones(2), zeros(2)) epsilon=0.000001 : f32[n,2,2*h*w]
        %2 = Shape(x) start=0 : i64[4]
        %3 = Reshape(%1, %2) : f32[n,4,h,w]
        %4 = Mul(%3, t.norm.weight) : f32[n,4,h,w]
        %5 = Add(%4, t.norm.bias) : f32[n,4,h,w]
        %6 = Reshape(%5, i64(0,4,-1)) : f32[n,4,h*w]
        %7 = Transpose(%6) perm=[0,2,1] : f32[n,h*w,4]
        %8 = FusedMatMul(%7, t.proj_in.weight) transB=1 : f32[n,h*w,4]
        %9 = Add(%8, t.proj_in.bias) : f32[n,h*w,4]
        %10 = LayerNormalization(%9, t.transformer_blocks.0.norm1.weight, t.transformer_blocks.0.norm1.bias) axis=-1 epsilon=0.00001 : f32[n,h*w,4]
        %11 = FusedMatMul(%10, t.transformer_blocks.0.attn1.to_q.weight) transB=1 : f32[n,h*w,4]
        %12 = FusedMatMul(%10, t.transformer_blocks.0.attn1.to_k.weight) transB=1 : f32[n,h*w,4]
        %13 = FusedMatMul(%10, t.transformer_blocks.0.attn1.to_v.weight) transB=1 : f32[n,h*w,4]
        %14 = MultiHeadAttention(%11, %12, %13) num_heads=2 : f32[n,h*w,4]
        %15 = FusedMatMul(%14, t.transformer_blocks.0.attn1.to_out.0.weight) transB=1 : f32[n,h*w,4]
        %16 = Add(%15, t.transformer_blocks.0.attn1.to_out.0.bias) : f32[n,h*w,4]
        %17 = Add(%16, %9) : f32[n,h*w,4]
        %18 = LayerNormalization(%17, t.transformer_blocks.0.norm2.weight, t.transformer_blocks.0.norm2.bias) axis=-1 epsilon=0.00001 : f32[n,h*w,4]
        %19 = FusedMatMul(%18, t.transformer_blocks.0.attn2.to_q.weight) transB=1 : f32[n,h*w,4]
        %20 = FusedMatMul(conditioning, t.transformer_blocks.0.attn2.to_k.weight) transB=1 : f32[n,t,4]
        %21 = FusedMatMul(conditioning, t.transformer_blocks.0.attn2.to_v.weight) transB=1 : f32[n,t,4]
        %22 = MultiHeadAttention(%19, %20, %21) num_heads=2 : f32[n,h*w,4]
        %23 = FusedMatMul(%22, t.transformer_blocks.0.attn2.to_out.0.weight) transB=1 : f32[n,h*w,4]
        %24 = Add(%23, t.transformer_blocks.0.attn2.to_out.0.bias) : f32[n,h*w,4]
        %25 = Add(%24, %17) : f32[n,h*w,4]
        %26 = LayerNormalization(%25, t.transformer_blocks.0.norm3.weight, t.transformer_blocks.0.norm3.bias) axis=-1 epsilon=0.00001 : f32[n,h*w,4]
        %27 = FusedMatMul(%26, t.transformer_blocks.0.ff.net.0.proj.weight) transB=1 : f32[n,h*w,32]
        %28 = Add(%27, t.transformer_blocks.0.ff.net.0.proj.bias) : f32[n,h*w,32]
        %29, %30 = Split(%28) axis=2 num_outputs=2 : f32[n,h*w,16], f32[n,h*w,16]
        %31 = Gelu(%30) : f32[n,h*w,16]
        %32 = Mul(%29, %31) : f32[n,h*w,16]
        %33 = FusedMatMul(%32, t.transformer_blocks.0.ff.net.2.weight) transB=1 : f32[n,h*w,4]
        %34 = Add(%33, t.transformer_blocks.0.ff.net.2.bias) : f32[n,h*w,4]
        %35 = Add(%34, %25) : f32[n,h*w,4]
        %36 = FusedMatMul(%35, t.proj_out.weight) transB=1 : f32[n,h*w,4]
        %37 = Add(%36, t.proj_out.bias) : f32[n,h*w,4]
        %38 = Transpose(%37) perm=[0,2,1] : f32[n,4,h*w]
        %39 = Shape(x) start=0 : i64[4]
        %40 = Reshape(%38, %39) : f32[n,4,h,w]
        %41 = Add(%40, x) : f32[n,4,h,w]
        y = Identity(%41) : f32[n,4,h,w]"
    `);
  });

  test('a linear layer, as each provider runs it', () => {
    const write = (net: Net, x: Value) => linear(net, x, 'fc', 6);
    const texts = (['cpu', 'webgpu'] as const).map((provider) =>
      print(provider, dense('fc', 6, 4), write, ['n', 't', 4]),
    );
    expect(texts.join('\n')).toMatchInlineSnapshot(`
      "layer(x f32[n,t,4])
        %0 = FusedMatMul(x, fc.weight) transB=1 : f32[n,t,6]
        %1 = Add(%0, fc.bias) : f32[n,t,6]
        y = Identity(%1) : f32[n,t,6]
      layer(x f32[n,t,4])
        %0 = Transpose(fc.weight) perm=[1,0] : f32[4,6]
        %1 = MatMul(x, %0) : f32[n,t,6]
        %2 = Add(%1, fc.bias) : f32[n,t,6]
        y = Identity(%2) : f32[n,t,6]"
    `);
  });

  test('a linear layer with a side branch: of few tokens, of many, and on a graphics card', () => {
    const shape = ['n', 't', 4];
    const write = (usual: Axes) => (net: Net, x: Value) => linear({ ...net, branches: 'every', usual }, x, 'fc', 6);
    const printed = (provider: Provider, t: number) => print(provider, dense('fc', 6, 4), write({ t }), shape);
    // Branch and sum of weights cost the same at 4 * 6 / (4 + 6) = 2.4 tokens.
    expect([printed('cpu', 2), printed('cpu', 3), printed('webgpu', 3)].join('\n')).toMatchInlineSnapshot(`
      "layer(x f32[n,t,4], fc.lora_down f32[n?,r(fc),4], fc.lora_up f32[n?,r(fc),6])
        %0 = FusedMatMul(x, fc.weight) transB=1 : f32[n,t,6]
        %1 = Shape(fc.lora_down) start=1 end=2 : i64[1]
        %2 = Cast(%1) to=bool : bool[1]
        %3 = If(%2) : f32[n,t,6]
        then:
          %4 = FusedMatMul(x, fc.lora_down) transB=1 : f32[n,t,r(fc)]
          %5 = MatMul(%4, fc.lora_up) : f32[n,t,6]
          yield %5
        else:
          %6 = Identity(nothing) : f32[1,1,1]
          yield %6
        %7 = Add(%0, %3) : f32[n,t,6]
        %8 = Add(%7, fc.bias) : f32[n,t,6]
        y = Identity(%8) : f32[n,t,6]
      layer(x f32[n,t,4], fc.lora_down f32[n?,r(fc),4], fc.lora_up f32[n?,r(fc),6])
        %0 = Shape(fc.lora_down) start=1 end=2 : i64[1]
        %1 = Cast(%0) to=bool : bool[1]
        %2 = If(%1) : f32[n,6,4]
        then:
          %3 = Shape(x) start=0 end=1 : i64[1]
          %4 = Concat(%3, i64(1,1)) axis=0 : i64[3]
          %5 = Expand(fc.lora_up, %4) : f32[n,r(fc),6]
          %6 = FusedMatMul(%5, fc.lora_down) transA=1 : f32[n,6,4]
          %7 = Add(%6, fc.weight) : f32[n,6,4]
          yield %7
        else:
          %8 = Identity(fc.weight) : f32[1,6,4]
          yield %8
        %9 = FusedMatMul(x, %2) transB=1 : f32[n,t,6]
        %10 = Add(%9, fc.bias) : f32[n,t,6]
        y = Identity(%10) : f32[n,t,6]
      layer(x f32[n,t,4], fc.lora_down f32[n?,r(fc),4], fc.lora_up f32[n?,r(fc),6])
        %0 = Transpose(fc.weight) perm=[1,0] : f32[4,6]
        %1 = MatMul(x, %0) : f32[n,t,6]
        %2 = Transpose(fc.lora_down) perm=[0,2,1] : f32[n?,4,r(fc)]
        %3 = MatMul(x, %2) : f32[n,t,r(fc)]
        %4 = MatMul(%3, fc.lora_up) : f32[n,t,6]
        %5 = Add(%1, %4) : f32[n,t,6]
        %6 = Add(%5, fc.bias) : f32[n,t,6]
        y = Identity(%6) : f32[n,t,6]"
    `);
  });

  test('a linear layer with a side branch whose tokens are the places of a wide picture: line by line', () => {
    const write = (net: Net, image: Value) => {
      const wide = { ...net, branches: 'every' as const, usual: { h: 2, w: 64 }, picture: image };
      return linear(wide, op.transpose(net.g, op.reshape(net.g, image, net.g.integers(0, 4, -1)), [0, 2, 1]), 'fc', 6);
    };
    expect(print('cpu', dense('fc', 6, 4), write)).toMatchInlineSnapshot(`
      "layer(x f32[n,4,h,w], fc.lora_down f32[n?,r(fc),4], fc.lora_up f32[n?,r(fc),6])
        %0 = Reshape(x, i64(0,4,-1)) : f32[n,4,h*w]
        %1 = Transpose(%0) perm=[0,2,1] : f32[n,h*w,4]
        %2 = Shape(fc.lora_down) start=1 end=2 : i64[1]
        %3 = Cast(%2) to=bool : bool[1]
        %4 = If(%3) : f32[n,6,4]
        then:
          %5 = Shape(%1) start=0 end=1 : i64[1]
          %6 = Concat(%5, i64(1,1)) axis=0 : i64[3]
          %7 = Expand(fc.lora_up, %6) : f32[n,r(fc),6]
          %8 = FusedMatMul(%7, fc.lora_down) transA=1 : f32[n,6,4]
          %9 = Add(%8, fc.weight) : f32[n,6,4]
          yield %9
        else:
          %10 = Identity(fc.weight) : f32[1,6,4]
          yield %10
        %11 = Shape(x) start=2 end=3 : i64[1]
        %12 = Concat(i64(0), %11, i64(-1,4)) axis=0 : i64[4]
        %13 = Reshape(%1, %12) : f32[n,h,w,4]
        %14 = Reshape(%4, i64(0,1,6,4)) : f32[n,1,6,4]
        %15 = FusedMatMul(%13, %14) transB=1 : f32[n,h,w,6]
        %16 = Reshape(%15, i64(0,-1,6)) : f32[n,h*w,6]
        %17 = Add(%16, fc.bias) : f32[n,h*w,6]
        y = Identity(%17) : f32[n,h*w,6]"
    `);
  });

  test('attention and activations for a provider with the standard operators only', () => {
    const text = print(
      'coreml',
      {},
      ({ g, dialect }, x) => dialect.gelu(g, dialect.attention(g, x, x, dialect.swish(g, x, 1.702), 2, null)),
      ['n', 't', 4],
    );
    expect(text).toMatchInlineSnapshot(`
      "layer(x f32[n,t,4])
        %0 = Mul(x, f32(1.702)) : f32[n,t,4]
        %1 = Sigmoid(%0) : f32[n,t,4]
        %2 = Mul(x, %1) : f32[n,t,4]
        %3 = Reshape(x, i64(0,0,2,2)) : f32[n,t,2,2]
        %4 = Transpose(%3) perm=[0,2,1,3] : f32[n,2,t,2]
        %5 = Reshape(%2, i64(0,0,2,2)) : f32[n,t,2,2]
        %6 = Transpose(%5) perm=[0,2,1,3] : f32[n,2,t,2]
        %7 = Reshape(x, i64(0,0,2,2)) : f32[n,t,2,2]
        %8 = Transpose(%7) perm=[0,2,3,1] : f32[n,2,2,t]
        %9 = Mul(%4, f32(0.7071067811865475)) : f32[n,2,t,2]
        %10 = MatMul(%9, %8) : f32[n,2,t,t]
        %11 = Softmax(%10) axis=-1 : f32[n,2,t,t]
        %12 = MatMul(%11, %6) : f32[n,2,t,2]
        %13 = Transpose(%12) perm=[0,2,1,3] : f32[n,t,2,2]
        %14 = Reshape(%13, i64(0,0,4)) : f32[n,t,4]
        %15 = Mul(%14, f32(0.7071067811865476)) : f32[n,t,4]
        %16 = Erf(%15) : f32[n,t,4]
        %17 = Mul(%14, f32(0.5)) : f32[n,t,4]
        %18 = Add(%16, f32(1)) : f32[n,t,4]
        %19 = Mul(%17, %18) : f32[n,t,4]
        y = Identity(%19) : f32[n,t,4]"
    `);
  });
});
