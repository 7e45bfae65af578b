// What SDXL asks of text encoders beside a last state: where prompts end, and which tensors stand idle. Numbers are compared in test/e2e/xl.test.ts.
import { describe, expect, test } from 'vitest';
import {
  buildClipText,
  endOf,
  LAST_LAYER,
  PENULTIMATE_AND_POOLED,
  PENULTIMATE_LAYER,
} from '../../src/networks/clipText.ts';
import type { Part } from '../../src/weights/modelFolder.ts';
import { fakeTensors } from './fakeTensors.ts';

const VOCAB = 100;
const WIDTH = 8;
const LAYERS = 3;
const POOLED = 5;

const BOTH = ['weight', 'bias'] as const;

function layerShapes(layer: number): Record<string, number[]> {
  const path = `text_model.encoder.layers.${layer}`;
  const linear = (name: string, out: number, inner: number) => [
    [`${path}.${name}.weight`, [out, inner]],
    [`${path}.${name}.bias`, [out]],
  ];
  return Object.fromEntries([
    ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((name) => linear(`self_attn.${name}`, WIDTH, WIDTH)),
    ...linear('mlp.fc1', 2 * WIDTH, WIDTH),
    ...linear('mlp.fc2', WIDTH, 2 * WIDTH),
    ...['layer_norm1', 'layer_norm2'].flatMap((name) => BOTH.map((kind) => [`${path}.${name}.${kind}`, [WIDTH]])),
  ]);
}

function part(config: object = {}, more: Record<string, number[]> = {}): Part {
  const shapes = {
    'text_model.embeddings.token_embedding.weight': [VOCAB, WIDTH],
    'text_model.embeddings.position_embedding.weight': [7, WIDTH],
    ...Object.assign({}, ...Array.from({ length: LAYERS }, (_, layer) => layerShapes(layer))),
    ...Object.fromEntries(BOTH.map((kind) => [`text_model.final_layer_norm.${kind}`, [WIDTH]])),
    ...more,
  };
  const sizes = { vocab_size: VOCAB, hidden_size: WIDTH, intermediate_size: 2 * WIDTH, num_hidden_layers: LAYERS };
  return {
    config: { ...sizes, num_attention_heads: 2, max_position_embeddings: 7, projection_dim: POOLED, ...config },
    tensors: fakeTensors(shapes),
  };
}

describe('where a prompt ends', () => {
  const ids = (...all: number[]) => Int32Array.from(all);

  test.each([
    ['the first marker, where the config says which', { eos_token_id: 50 }, ids(1, 9, 50, 50, 50), 2],
    ['the largest id, where it says 2', { eos_token_id: 2 }, ids(1, 9, 2, 99, 0, 0), 3],
    ['the largest id, where it says nothing', {}, ids(98, 9, 99, 99), 2],
    ['ids beyond the vocabulary are no markers', { eos_token_id: 2 }, ids(98, 107, 9, 99, 0), 3],
    ['a prompt without a marker ends where transformers ends it', { eos_token_id: 50 }, ids(1, 9, 9), 0],
  ])('%s', (_, config, prompt, place) => {
    expect(endOf(part(config))(prompt)).toBe(place);
  });
});

describe('what is computed', () => {
  const projection = { 'text_projection.weight': [POOLED, WIDTH] };

  test('a state before the last layer needs neither that layer nor the norm', () => {
    const names = buildClipText(part({}, projection), 'cpu', undefined, PENULTIMATE_LAYER).weights.map(
      ({ value }) => value.name,
    );
    expect(names.filter((name) => /layers\.2\.|final_layer_norm|projection/.test(name))).toEqual([]);
    expect(names.filter((name) => /layers\.1\./.test(name))).toHaveLength(16);
  });

  test('a pooled prompt needs all of them, and the place where it ends', () => {
    const graph = buildClipText(part({}, projection), 'cpu', undefined, PENULTIMATE_AND_POOLED);
    expect(graph.weights.map(({ value }) => value.name)).toEqual(
      expect.arrayContaining(['text_projection.weight', 'text_model.final_layer_norm.bias']),
    );
    expect(graph.inputs.find(({ name }) => name === 'ends')?.shape).toEqual(['n', 1, 't']);
    expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
      ['hidden', ['n', 't', WIDTH]],
      ['pooled', ['n', POOLED]],
    ]);
  });

  test('the projection may lie as OpenCLIP has it', () => {
    const original = part({}, { text_projection: [WIDTH, POOLED] });
    const graph = buildClipText(original, 'cpu', undefined, PENULTIMATE_AND_POOLED);
    expect(graph.outputs.at(-1)).toMatchObject({ name: 'pooled', shape: ['n', POOLED] });
  });

  test.each([
    ['no projection at all', {}, 'text_projection.weight is missing, expected [5,8]'],
    [
      'one that lies the wrong way',
      { text_projection: [POOLED, WIDTH] },
      'text_projection has shape [5,8], expected [8,5]',
    ],
  ])('%s is refused', (_, more, reason) => {
    expect(() => buildClipText(part({}, more), 'cpu', undefined, PENULTIMATE_AND_POOLED)).toThrow(reason);
  });

  test('an encoder of one layer has none before the last', () => {
    const single = part({ num_hidden_layers: 1 });
    expect(() => buildClipText(single, 'cpu', undefined, PENULTIMATE_LAYER)).toThrow(
      'has 1 layers, expected 2 at least',
    );
    expect(() => buildClipText(single, 'cpu', undefined, LAST_LAYER)).toThrow('belong to no layer');
  });
});
