// Single-file checkpoints: that every weight is the bytes diffusers has under its own name, that full-size files are understood as published,
// and what the owner may put beside a file. The pictures are compared in test/e2e/families.test.ts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { buildDecoder, buildEncoder } from '../../src/networks/autoencoderKl.ts';
import { buildClipText } from '../../src/networks/clipText.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { ROOT } from '../../src/root.ts';
import { type ModelLayout, type Part, readModelLayout } from '../../src/weights/modelFolder.ts';
import { scanModels } from '../../src/weights/registry.ts';
import type { SafetensorsFile } from '../../src/weights/safetensors.ts';
import { readSingleFile } from '../../src/weights/singleFile.ts';
import type { TensorRange } from '../../src/weights/tensors.ts';
import { loadClipTokenizer } from '../../src/weights/tokenizerFiles.ts';
import { modelsFolder, safetensorsBytes } from './makeSafetensors.ts';

const FAMILIES = path.join(ROOT, 'test/golden/families');
const MODELS = path.join(FAMILIES, 'models');
const readJson = (file: string) => JSON.parse(readFileSync(path.join(ROOT, 'test/golden', file), 'utf8'));
const PARTS = { unet: 'unet', vae: 'vae', text_encoder: 'textEncoder' } as const;

test('single files are listed beside folders, with the size their family was trained at', () => {
  const { cards, refused } = scanModels(MODELS);
  expect(refused).toEqual([]);
  expect(cards.map(({ name, defaults }) => [name, defaults.size.widthPx])).toEqual([
    ['sd1', 512],
    ['sd2', 768],
    ['sd2-zsnr', 96],
  ]);
});

describe.each(['sd1', 'sd2'])('%s.safetensors, tensor by tensor', (model) => {
  /** Part → diffusers' name → beginning of the sha256 of the bytes. */
  const digests = readJson('families/tensors.json')[model] as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const bytes = readFileSync(path.join(MODELS, `${model}.safetensors`));
  const layout = scanModels(MODELS).open(model);
  const digest = ({ offset, sizeBytes }: TensorRange) =>
    createHash('sha256')
      .update(bytes.subarray(offset, offset + sizeBytes))
      .digest('hex')
      .slice(0, 16);

  test.each(Object.keys(PARTS) as (keyof typeof PARTS)[])('%s', (part) => {
    const { tensors } = layout[PARTS[part]];
    const found = [...tensors.names()].filter((name) => !name.endsWith('position_ids'));
    const ours = Object.fromEntries(found.map((name) => [name, digest(tensors.get(name)!)]));
    expect(ours).toEqual(digests[part]);
  });
});

/** A file of these names and shapes, of which nothing but the header is ever read. */
function headerOf(shapes: Readonly<Record<string, readonly number[]>>, metadata = {}): SafetensorsFile {
  const range = (name: string, shape: readonly number[]): TensorRange => {
    const sizeBytes = 2 * shape.reduce((product, length) => product * length, 1);
    return { name, dtype: 'F16', shape, file: '/x.safetensors', offset: 0, sizeBytes };
  };
  const ranges = new Map(Object.entries(shapes).map(([name, shape]) => [name, range(name, shape)]));
  const source = 'x.safetensors';
  return { source, metadata, sizeBytes: 0, get: (name) => ranges.get(name), names: () => ranges.keys() };
}

type Header = {
  readonly config: Record<string, unknown>;
  readonly tensors: Readonly<Record<string, readonly number[]>>;
};

describe.each([
  ['sd15', 'epsilon', 64],
  ['sd21', 'v_prediction', 96],
])('the full-size file of %s', (family, prediction, sampleSize) => {
  const published = readJson('networks/headers.json') as Readonly<Record<string, Header>>;
  const names = readJson('families/names.json')[family] as Readonly<Record<string, string>>;
  const shapeOf = (text: string) => (text === '' ? [] : text.split('x').map(Number));
  const shapes = Object.fromEntries(Object.entries(names).map(([name, text]) => [name, shapeOf(text)]));
  const folder = modelsFolder({});
  const layout = readSingleFile(folder, path.join(folder, 'x.safetensors'), headerOf(shapes));
  const parts: readonly [string, Part, Header][] = [
    ['U-Net', layout.unet, published[`${family}_unet`]!],
    ['autoencoder', layout.vae, published.sd_vae!],
    ['text encoder', layout.textEncoder, published[`${family}_text`]!],
  ];

  test.each(parts)('%s: the published config, and every tensor of it', (_, { config, tensors }, header) => {
    const levels = ((header.config.block_out_channels as number[] | undefined) ?? []).length;
    for (const [field, value] of Object.entries(config)) {
      if (field === '_class_name') continue;
      const expected = header.config[field];
      const isByLevel = Array.isArray(value) && !Array.isArray(expected);
      expect(value, field).toEqual(isByLevel ? new Array(levels).fill(expected) : (expected ?? value));
    }
    const found = Object.fromEntries([...tensors.names()].map((name) => [name, withoutOnes(tensors.get(name)!.shape)]));
    const wanted = Object.entries(header.tensors).map(([name, shape]) => [name, withoutOnes(shape)]);
    expect(found).toEqual(Object.fromEntries(wanted));
  });

  test('the networks are built of it, and nothing is left over', () => {
    expect(buildAll(layout)).toBeGreaterThan(1000);
    expect(layout.scheduler).toMatchObject({ predictionType: prediction, betaStart: 0.00085, stepsOffset: 1 });
    expect(layout.unet.config.sample_size).toBe(sampleSize);
    expect(layout.tokenizerPlace.folder).toBeNull();
  });
});

/** A 1x1 convolution's bytes are a matrix's. */
function withoutOnes(shape: readonly number[]): readonly number[] {
  return shape.slice(0, shape.findLastIndex((length) => length !== 1) + 1);
}

function buildAll({ unet, vae, textEncoder }: ModelLayout): number {
  const graphs = [
    buildUnet(unet, 'cpu'),
    buildEncoder(vae, 'cpu'),
    buildDecoder(vae, 'cpu'),
    buildClipText(textEncoder, 'cpu'),
  ];
  return graphs.reduce((count, graph) => count + graph.nodes.length, 0);
}

const UNET = 'model.diffusion_model';
const VAE = 'first_stage_model';
const SMALLEST_NETWORKS = {
  [`${UNET}.input_blocks.0.0.weight`]: [32, 4, 3, 3],
  [`${UNET}.input_blocks.1.0.in_layers.0.weight`]: [32],
  [`${UNET}.input_blocks.1.0.in_layers.2.weight`]: [32, 32],
  [`${UNET}.middle_block.1.transformer_blocks.0.attn2.to_k.weight`]: [32, 2],
  [`${UNET}.out.2.weight`]: [4, 32, 3, 3],
  [`${VAE}.encoder.conv_in.weight`]: [32, 3, 3, 3],
  [`${VAE}.encoder.down.0.block.0.conv1.weight`]: [32],
  [`${VAE}.decoder.conv_in.weight`]: [32, 4, 3, 3],
  [`${VAE}.decoder.conv_out.weight`]: [3, 32, 3, 3],
};
const CLIP = 'cond_stage_model.transformer.text_model';
const SD1 = {
  ...SMALLEST_NETWORKS,
  [`${CLIP}.embeddings.token_embedding.weight`]: [49408, 2],
  [`${CLIP}.embeddings.position_embedding.weight`]: [77, 2],
  [`${CLIP}.encoder.layers.0.mlp.fc1.weight`]: [8, 2],
  [`${CLIP}.encoder.layers.0.layer_norm1.weight`]: [2],
};
const OPEN_CLIP = 'cond_stage_model.model';
const SD2 = {
  ...SMALLEST_NETWORKS,
  [`${OPEN_CLIP}.token_embedding.weight`]: [49408, 2],
  [`${OPEN_CLIP}.positional_embedding`]: [77, 2],
  ...Object.fromEntries(
    [0, 1].flatMap((layer) => [
      [`${OPEN_CLIP}.transformer.resblocks.${layer}.ln_1.weight`, [2]],
      [`${OPEN_CLIP}.transformer.resblocks.${layer}.mlp.c_fc.weight`, [8, 2]],
      [`${OPEN_CLIP}.transformer.resblocks.${layer}.attn.in_proj_weight`, [6, 2]],
    ]),
  ),
};

/** The model of a folder with one single file and what lies beside it. */
function read(
  shapes: Readonly<Record<string, readonly number[]>>,
  besides: Readonly<Record<string, string | object>> = {},
  { name = 'x', metadata = {} }: { name?: string; metadata?: object } = {},
): ModelLayout {
  const folder = modelsFolder({ [`${name}.safetensors`]: fileOf(shapes, metadata), ...besides });
  return readModelLayout(folder, path.join(folder, `${name}.safetensors`));
}

function fileOf(shapes: Readonly<Record<string, readonly number[]>>, metadata: object): Buffer {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += 2 * shape.reduce((product, length) => product * length, 1);
    return [name, { dtype: 'F16', shape, data_offsets: [begin, end] }];
  });
  return safetensorsBytes(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }), end);
}

describe('what the network predicts', () => {
  type Case = [string, () => ModelLayout, 'epsilon' | 'v_prediction'];
  test.each<Case>([
    ['1.x, and nothing says otherwise', () => read(SD1), 'epsilon'],
    ['2.x, and nothing says otherwise', () => read(SD2), 'v_prediction'],
    ['2.x by its name', () => read(SD2, {}, { name: 'v2-1_512-ema-pruned' }), 'epsilon'],
    ['the mark of a trainer', () => read({ ...SD1, v_pred: [0] }), 'v_prediction'],
    [
      'the metadata of ModelSpec',
      () => read(SD1, {}, { metadata: { 'modelspec.prediction_type': 'v' } }),
      'v_prediction',
    ],
    [
      'a config of the original code',
      () => read(SD1, { 'x.yaml': 'model:\n  params:\n    parameterization: "v"\n' }),
      'v_prediction',
    ],
    ['one that is silent', () => read(SD2, { 'x.yaml': 'model:\n  params:\n    timesteps: 1000\n' }), 'epsilon'],
    [
      'its owner, before the config',
      () => read(SD2, { 'x.darkroom.json': { prediction: 'v' }, 'x.yaml': 'model:\n' }),
      'v_prediction',
    ],
  ])('%s', (_, layout, expected) => {
    const { scheduler, unet } = layout();
    expect(scheduler.predictionType).toBe(expected);
    const isLarge = expected === 'v_prediction' && unet.config.use_linear_projection === true;
    expect(unet.config.sample_size).toBe(isLarge ? 96 : 64);
  });

  test('zero terminal SNR: the mark of a trainer, or its owner', () => {
    const marked = read({ ...SD1, v_pred: [0], ztsnr: [0] });
    const hinted = read(SD2, { 'x.darkroom.json': { zeroTerminalSnr: true, guidanceRescale: 0.7 } });
    for (const { scheduler } of [marked, hinted]) {
      expect(scheduler).toMatchObject({ rescaleBetasZeroSnr: true, timestepSpacing: 'trailing' });
    }
    expect([marked.guidanceRescale, hinted.guidanceRescale]).toEqual([0, 0.7]);
  });

  test('another program’s notes beside the file concern nobody', () => {
    expect(read(SD1, { 'x.json': { description: 'nice', 'sd version': 'SD1' } }).name).toBe('x');
  });
});

describe('names of the text encoder', () => {
  test('text_model. may be left out', () => {
    const shorter = Object.entries(SD1).map(([name, shape]) => [name.replace('.text_model.', '.'), shape]);
    expect([...read(Object.fromEntries(shorter)).textEncoder.tensors.names()]).toEqual([
      ...read(SD1).textEncoder.tensors.names(),
    ]);
  });

  test('23 layers are the used ones of 24', () => {
    const layers = (count: number) => {
      const more = Array.from({ length: count }, (_, at) => [
        `${OPEN_CLIP}.transformer.resblocks.${at}.ln_1.weight`,
        [2],
      ]);
      return read({ ...SD2, ...Object.fromEntries(more) }).textEncoder.config.num_hidden_layers;
    };
    expect([layers(24), layers(23), layers(3)]).toEqual([23, 23, 2]);
  });
});

describe('what is missing or wrong is named', () => {
  const without = (shapes: object, beginning: string) =>
    Object.fromEntries(Object.entries(shapes).filter(([name]) => !name.startsWith(beginning)));
  test.each<[string, () => ModelLayout, RegExp]>([
    [
      'no autoencoder',
      () => read(without(SD1, VAE) as typeof SD1),
      /^x.safetensors: has no autoencoder .*first_stage_model\.\)/,
    ],
    [
      'half a U-Net',
      () => read(without(SD1, `${UNET}.out`) as typeof SD1),
      /^x.safetensors: conv_out.weight is missing/,
    ],
    [
      'a text encoder of another model',
      () => read({ ...SD1, [`${UNET}.middle_block.1.transformer_blocks.0.attn2.to_k.weight`]: [32, 4] }),
      /expects conditioning 4 wide, the text encoder makes it 2 wide/,
    ],
    [
      'no three equal parts',
      () => read({ ...SD2, [`${OPEN_CLIP}.transformer.resblocks.0.attn.in_proj_weight`]: [7, 2] }),
      /in_proj_weight has 7 rows, expected three equal parts/,
    ],
    [
      'a weight under two names',
      () => read({ ...SD1, 'cond_stage_model.transformer.embeddings.position_embedding.weight': [77, 2] }),
      /under an old and a new name/,
    ],
    [
      'a vocabulary of its own',
      () => read({ ...SD1, [`${CLIP}.embeddings.token_embedding.weight`]: [9, 2] }),
      /knows 9 tokens, expected CLIP's 49408; "tokenizer" in x.darkroom.json may name/,
    ],
    [
      'a tokenizer that is not there',
      () => read(SD1, { 'x.darkroom.json': { tokenizer: 'gone' } }),
      /^gone\/tokenizer\/vocab.json: there is no such file/,
    ],
    [
      'a tokenizer that is a path',
      () => read(SD1, { 'x.darkroom.json': { tokenizer: '../x' } }),
      /^x.darkroom.json: tokenizer: /,
    ],
    ['an unknown hint', () => read(SD1, { 'x.darkroom.json': { predicts: 'v' } }), /^x.darkroom.json: .*predicts/],
    [
      'a style nobody defined',
      () => read(SD1, { 'x.darkroom.json': { defaults: { style: 'ink' } } }),
      /^x.darkroom.json: defaults.style is "ink"/,
    ],
  ])('%s', (_, layout, reason) => {
    expect(layout).toThrow(reason);
  });

  test('a noise prediction cannot have zero terminal SNR', () => {
    const hints = { 'x.darkroom.json': { zeroTerminalSnr: true, prediction: 'epsilon' } };
    expect(() => read(SD1, hints)).toThrow(/^x.safetensors: rescale_betas_zero_snr is true/);
  });
});

test('a hundred headers with a tensor lost, renamed or misshaped: a model or a reason', () => {
  const file = headerOfFile(path.join(MODELS, 'sd2.safetensors'));
  const names = Object.keys(file);
  const folder = modelsFolder({ 'x.darkroom.json': {} });
  const change = fc.record({
    at: fc.nat(names.length - 1),
    how: fc.constantFrom('lost', 'renamed', 'empty', 'scalar', 'wider'),
  });
  let refused = 0;
  fc.assert(
    fc.property(change, ({ at, how }) => {
      const { [names[at]!]: shape, ...rest } = file;
      const token = { [`${OPEN_CLIP}.token_embedding.weight`]: [49408, 128] };
      const shapes = { ...rest, ...changed(names[at]!, shape!, how), ...token };
      try {
        buildAll(readSingleFile(folder, path.join(folder, 'x.safetensors'), headerOf(shapes)));
      } catch (thrown) {
        refused += 1;
        if (!(thrown instanceof DarkroomError)) throw thrown;
        expect(['weights_invalid', 'model_unsupported']).toContain(thrown.code);
      }
    }),
    { numRuns: 100, seed: 5 },
  );
  expect(refused).toBeGreaterThan(10);
});

function headerOfFile(file: string): Readonly<Record<string, readonly number[]>> {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
  const entries = Object.entries(header as Record<string, { shape: number[] }>);
  return Object.fromEntries(entries.flatMap(([name, { shape }]) => (shape === undefined ? [] : [[name, shape]])));
}

function changed(name: string, shape: readonly number[], how: string): Record<string, readonly number[]> {
  switch (how) {
    case 'lost':
      return {};
    case 'renamed':
      return { [`${name}x`]: shape };
    case 'empty':
      return { [name]: [0, ...shape.slice(1)] };
    case 'scalar':
      return { [name]: [] };
    default:
      return { [name]: shape.map((length) => length + 1) };
  }
}

describe('CLIP’s own vocabulary', () => {
  /** Padding token → [text, ids of transformers' CLIPTokenizer, padded and cut to 24]. */
  const expected = readJson('tokenizer/clip_ids.json') as Record<string, [string, number[]][]>;
  const tokenizers = Object.fromEntries(
    Object.keys(expected).map((pad) => [pad, loadClipTokenizer('x', 24, 49408, pad)]),
  );

  test.each(Object.entries(expected).flatMap(([pad, cases]) => cases.map(([text, ids]) => [pad, text, ids] as const)))(
    'padded with %s, %j',
    (pad, text, ids) => {
      expect([...tokenizers[pad]!.encode(text)]).toEqual(ids);
    },
  );

  test('ids other programs have printed', () => {
    const astronaut = [49406, 550, 18376, 6765, 320, 4558, 49407];
    expect([...tokenizers['<|endoftext|>']!.encode('An astronaut riding a horse')].slice(0, 7)).toEqual(astronaut);
    const asking = [49406, 829, 631, 592, 1960, 286, 49407];
    expect([...tokenizers['!']!.encode('how are you doing?')].slice(0, 8)).toEqual([...asking, 0]);
  });

  test('77 tokens, unless the text encoder has fewer places', () => {
    const { tokenizer } = scanModels(modelsFolder({ 'x.safetensors': fileOf(SD1, {}) })).open('x');
    expect(tokenizer.encode('a cat')).toHaveLength(77);
    expect(tokenizer.countTokens('a cat')).toBe(2);
  });
});
