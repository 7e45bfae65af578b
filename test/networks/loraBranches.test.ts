// Which of the two ways a layer's side branch is computed in, in networks as they are published.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildClipText } from '../../src/networks/clipText.ts';
import { PROVIDERS, type Provider } from '../../src/networks/dialect.ts';
import { loraTargets } from '../../src/networks/loraBranches.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import type { Graph } from '../../src/onnx/graph.ts';
import { ROOT } from '../../src/root.ts';
import { fakeTensors } from './fakeTensors.ts';

const HEADERS = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/networks/headers.json'), 'utf8')) as Readonly<
  Record<string, { readonly config: Readonly<Record<string, unknown>>; readonly tensors: Record<string, number[]> }>
>;

function partOf(header: string, config: Readonly<Record<string, unknown>> = {}) {
  const { config: published, tensors } = HEADERS[header]!;
  return { config: { ...published, ...config }, tensors: fakeTensors(tensors) };
}

const unet = (header: string, config = {}, provider: Provider = 'cpu') =>
  buildUnet(partOf(header, config), provider, 'every');

/** The layers whose weights are changed in the run. */
function mergedIn({ nodes }: Graph): ReadonlySet<string> {
  const bodies = nodes.flatMap(({ bodies: both }) => (both === undefined ? [] : [both.whenTrue]));
  const sums = bodies.flatMap((body) => body.nodes.filter(({ op }) => op === 'Add'));
  return new Set(sums.map(({ inputs }) => inputs[1]!.name.replace(/\.weight$/, '')));
}

/** Matrices in the attention stages of some blocks, but not those that read the prompt. */
function matricesOf(graph: Graph, blocks: RegExp, layers = /./): ReadonlySet<string> {
  const matrices = loraTargets(graph).filter(({ module, kernel }) => kernel === null && module.includes('attentions'));
  const names = matrices.map(({ module }) => module).filter((module) => blocks.test(module) && layers.test(module));
  return new Set(names.filter((module) => !/attn2\.to_[kv]$/.test(module)));
}

describe('side branches', () => {
  test('of Stable Diffusion 1.5: merged at the two outer levels, but for what reads the prompt; inside they are not', () => {
    const graph = unet('sd15_unet');
    const expected = matricesOf(graph, /^(down_blocks\.[01]|up_blocks\.[23])\./);
    expect(expected.size).toBe(10 * 10);
    expect(mergedIn(graph)).toEqual(expected);
    expect(mergedIn(unet('sd15_unet', { sample_size: null }))).toEqual(expected);
  });

  test('of a network trained at other sizes: what gains there', () => {
    // 256 tokens at the outer level: 256 * (320 + 320) > 320 * 320, but 256 * (320 + 2560) < 320 * 2560 and 256 * (1280 + 320) = 1280 * 320.
    const graph = unet('sd15_unet', { sample_size: [32, 8] });
    expect(mergedIn(graph)).toEqual(matricesOf(graph, /^(down_blocks\.0|up_blocks\.3)\./, /attn|proj_(in|out)$/));
    expect(mergedIn(unet('sd15_unet', { sample_size: 8 })).size).toBe(0);
  });

  test('of text encoders, which have few tokens: none is merged', () => {
    const text = buildClipText(partOf('sd15_text'), 'cpu', 'every');
    expect(text.nodes.filter(({ op }) => op === 'If')).toHaveLength(72);
    expect(mergedIn(text).size).toBe(0);
  });

  test('on graphics cards no node waits for a condition', () => {
    for (const provider of PROVIDERS) {
      const choices = unet('sd15_unet', {}, provider).nodes.filter(({ op }) => op === 'If');
      expect(choices.length > 0).toBe(provider === 'cpu');
    }
  });
});
