// SDXL as published, at full size and broken: what single files are understood as, tensor by tensor, what their owner may add, and what
// is refused. The pictures are compared in test/e2e/xl.test.ts.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { buildDecoder, buildEncoder } from '../../src/networks/autoencoderKl.ts';
import { buildClipText, PENULTIMATE_AND_POOLED, PENULTIMATE_LAYER } from '../../src/networks/clipText.ts';
import { buildUnet, SDXL_TIME_IDS } from '../../src/networks/unet.ts';
import { serializeModel } from '../../src/onnx/modelProto.ts';
import { type ModelLayout, readModelLayout } from '../../src/weights/modelFolder.ts';
import type { SafetensorsFile } from '../../src/weights/safetensors.ts';
import { readSingleFile } from '../../src/weights/singleFile.ts';
import type { TensorRange } from '../../src/weights/tensors.ts';
import { writeXlFolder, writeXlSingle, XL } from '../support/madeModels.ts';
import { modelsFolder, putFile } from './makeSafetensors.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

/** Original names and shapes of sd_xl_base_1.0.safetensors and sd_xl_refiner_1.0.safetensors. */
const NAMES: Readonly<Record<'base' | 'refiner', Shapes>> = JSON.parse(
  gunzipSync(readFileSync(path.join(XL, 'names.json.gz'))).toString(),
);

/** A file of these names and shapes, of which nothing but the header is ever read. */
function headerOf(shapes: Shapes): SafetensorsFile {
  const ranges = new Map(
    Object.entries(shapes).map(([name, shape]): [string, TensorRange] => {
      const sizeBytes = 2 * shape.reduce((product, length) => product * length, 1);
      return [name, { name, dtype: 'F16', shape, file: '/x.safetensors', offset: 0, sizeBytes }];
    }),
  );
  const source = 'x.safetensors';
  return { source, metadata: {}, sizeBytes: 0, get: (name) => ranges.get(name), names: () => ranges.keys() };
}

function readFullSize(shapes: Shapes, hints: object = {}): ModelLayout {
  const folder = modelsFolder({ 'x.darkroom.json': hints });
  return readSingleFile(folder, path.join(folder, 'x.safetensors'), headerOf(shapes));
}

function buildAll({ family, unet, vae, textEncoder, textEncoder2 }: ModelLayout): number {
  const isBase = family === 'sdxl';
  const graphs = [
    buildUnet(unet, 'cpu', undefined, isBase ? SDXL_TIME_IDS : SDXL_TIME_IDS - 1),
    buildEncoder(vae, 'cpu'),
    buildDecoder(vae, 'cpu'),
    buildClipText(textEncoder, 'cpu', undefined, isBase ? PENULTIMATE_LAYER : PENULTIMATE_AND_POOLED),
    ...(textEncoder2 === undefined ? [] : [buildClipText(textEncoder2, 'cpu', undefined, PENULTIMATE_AND_POOLED)]),
  ];
  return graphs.reduce((count, graph) => count + graph.weights.length, 0);
}

describe('the full-size files', () => {
  const base = readFullSize(NAMES.base);
  const refiner = readFullSize(NAMES.refiner);

  test('base: what its tensors do not say is as published', () => {
    expect(Object.keys(NAMES.base)).toHaveLength(2515);
    expect(base.unet.config).toMatchObject({
      sample_size: 128,
      block_out_channels: [320, 640, 1280],
      attention_head_dim: [1, 10, 20],
      transformer_layers_per_block: [1, 2, 10],
      cross_attention_dim: 2048,
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2816,
      use_linear_projection: true,
    });
    expect(base.vae.config.scaling_factor).toBe(0.13025);
    expect(base.textEncoder.config).toMatchObject({ num_attention_heads: 12, hidden_act: 'quick_gelu' });
    expect(base.textEncoder2?.config).toMatchObject({
      num_attention_heads: 20,
      num_hidden_layers: 32,
      hidden_act: 'gelu',
      projection_dim: 1280,
    });
    expect(base.conditions).toEqual({ added: 'sizes', zeroEmptyNegative: true });
    expect(base.card).toMatchObject({
      family: 'sdxl',
      sizeStepPx: 32,
      defaults: { guidance: 5, size: { widthPx: 1024, heightPx: 1024 } },
    });
    expect(base.scheduler).toMatchObject({ predictionType: 'epsilon', timestepSpacing: 'leading', stepsOffset: 1 });
    expect([base.tokenizerPlace, base.tokenizerPlace2]).toEqual([
      { folder: null, padToken: '<|endoftext|>' },
      { folder: null, padToken: '!' },
    ]);
  });

  test('refiner: four levels, one text encoder, a score', () => {
    expect(refiner.unet.config).toMatchObject({
      block_out_channels: [384, 768, 1536, 1536],
      attention_head_dim: [1, 12, 24, 24],
      transformer_layers_per_block: [1, 4, 4, 4],
      cross_attention_dim: 1280,
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2560,
    });
    expect(refiner.conditions).toEqual({ added: 'score' });
    expect(refiner.textEncoder2).toBeUndefined();
    expect(refiner.card.family).toBe('sdxl-refiner');
    expect(refiner.tokenizerPlace).toEqual({ folder: null, padToken: '!' });
  });

  test('the networks are built of them, and nothing is left over', () => {
    // 1680 of the U-Net, 248 of the autoencoder, 11 of 12 layers of CLIP, 32 of OpenCLIP with queries, keys and values apart.
    expect(buildAll(base)).toBe(1680 + 248 + (2 + 11 * 16) + (2 + 32 * 16 + 3));
    expect(buildAll(refiner)).toBe(1220 + 248 + (2 + 32 * 16 + 3));
  });

  test('the graph of 2.6 billion parameters has 1 MB at most', () => {
    expect(serializeModel(buildUnet(base.unet, 'cpu')).bytes.length).toBeLessThan(1_000_000);
  });
});

describe('how it was trained', () => {
  const marked = (...marks: readonly string[]) => ({
    ...NAMES.base,
    ...Object.fromEntries(marks.map((mark) => [mark, [0]])),
  });

  test.each([
    [[], {}, 'epsilon', false],
    [['v_pred'], {}, 'v_prediction', false],
    [['v_pred', 'ztsnr'], {}, 'v_prediction', true],
    [['ztsnr'], {}, 'epsilon', false],
    [['v_pred'], { prediction: 'epsilon' }, 'epsilon', false],
    [[], { prediction: 'v', zeroTerminalSnr: true }, 'v_prediction', true],
  ] as const)('marks %j, hints %j: %s, zero terminal SNR %s', (marks, hints, prediction, isZero) => {
    const { scheduler } = readFullSize(marked(...marks), hints);
    expect(scheduler).toMatchObject({ predictionType: prediction, rescaleBetasZeroSnr: isZero });
  });

  test('the refiner of the hints hands over at 0.8 where they name none', () => {
    expect(readFullSize(NAMES.base, { refiner: { model: 'r' } }).refiner).toEqual({ model: 'r', switchAt: 0.8 });
    expect(readFullSize(NAMES.base).refiner).toBeUndefined();
    expect(() => readFullSize(NAMES.base, { refiner: { switchAt: 0.5 } })).toThrow(
      expect.objectContaining({ code: 'weights_invalid', message: expect.stringContaining('refiner.model') }),
    );
  });
});

describe('what does not fit is refused by name', () => {
  const without = (pattern: RegExp, shapes: Shapes = NAMES.base) =>
    Object.fromEntries(Object.entries(shapes).filter(([name]) => !pattern.test(name)));

  test.each<[string, Shapes, string]>([
    [
      'its first text encoder is missing',
      without(/^conditioner\.embedders\.0\./),
      "has no text encoder (no tensor's name begins with conditioner.embedders.0.transformer.)",
    ],
    ['its autoencoder is missing', without(/^first_stage_model\./), 'has no autoencoder'],
    [
      'sizes are missing',
      without(/label_emb\.0\.0\.weight$/),
      'add_embedding.linear_1.weight is missing, expected an axis 1',
    ],
    [
      'the text encoders of another model',
      { ...NAMES.base, 'conditioner.embedders.1.model.token_embedding.weight': [49408, 1024] },
      'the U-Net expects conditioning 2048 wide, the text encoders make it 1792 wide',
    ],
    [
      'a projection of another width',
      { ...NAMES.base, 'conditioner.embedders.1.model.text_projection': [1280, 1281] },
      'addition_time_embed_dim is 255.83333333333334, expected a whole number',
    ],
  ])('%s', (_, shapes, reason) => {
    const attempt = () => buildAll(readFullSize(shapes));
    expect(attempt).toThrow(DarkroomError);
    expect(attempt).toThrow(reason);
  });

  const folder = modelsFolder({});
  afterAll(() => rmSync(folder, { recursive: true }));
  writeXlFolder(folder, 'base');

  test.each<[string, string, (config: Record<string, unknown>) => void, string]>([
    [
      'sizes and pooled prompt do not add up',
      'unet/config.json',
      (config) => Object.assign(config, { projection_class_embeddings_input_dim: 300 }),
      'base: projection_class_embeddings_input_dim is 300, expected 288 or 256',
    ],
    [
      'the U-Net is none of SDXL',
      'unet/config.json',
      (config) =>
        Object.assign(config, {
          addition_embed_type: null,
          addition_time_embed_dim: null,
          projection_class_embeddings_input_dim: null,
        }),
      'base: has the text encoders of SDXL, but its U-Net is none of SDXL',
    ],
    [
      'a second text encoder of another class',
      'model_index.json',
      (config) => Object.assign(config, { text_encoder_2: ['transformers', 'T5EncoderModel'] }),
      'base/model_index.json: text_encoder_2 is "T5EncoderModel", expected "CLIPTextModelWithProjection"',
    ],
  ])('%s', (_, name, change, reason) => {
    const file = path.join(folder, 'base', name);
    const before = readFileSync(file, 'utf8');
    const config = JSON.parse(before);
    change(config);
    putFile(folder, `base/${name}`, config);
    expect(() => readModelLayout(folder, path.join(folder, 'base'))).toThrow(reason);
    writeFileSync(file, before);
  });

  test('a folder says whether an empty negative prompt is zeros', () => {
    const file = path.join(folder, 'base/model_index.json');
    const index = JSON.parse(readFileSync(file, 'utf8'));
    expect(readModelLayout(folder, path.join(folder, 'base')).conditions.zeroEmptyNegative).toBe(true);
    putFile(folder, 'base/model_index.json', { ...index, force_zeros_for_empty_prompt: false });
    expect(readModelLayout(folder, path.join(folder, 'base')).conditions.zeroEmptyNegative).toBeUndefined();
    putFile(folder, 'base/model_index.json', index);
  });

  test('twenty headers with a tensor lost, renamed or misshaped: a model or a reason', () => {
    writeXlSingle(folder, 'base', 'F16', 'x');
    const whole = readModelLayout(folder, path.join(folder, 'x.safetensors'));
    expect(buildAll(whole)).toBeGreaterThan(300);
    const names = Object.keys(JSON.parse(readFileSync(path.join(XL, 'singles.json'), 'utf8')).base);
    const shapes = shapesOf(path.join(folder, 'x.safetensors'));
    const change = fc.record({
      name: fc.constantFrom(...names),
      how: fc.oneof(
        fc.constant('lost'),
        fc.constantFrom(...names),
        fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 4 }),
      ),
    });
    fc.assert(
      fc.property(change, ({ name, how }) => {
        const { [name]: shape, ...rest } = shapes;
        const changed =
          how === 'lost' ? rest : typeof how === 'string' ? { ...rest, [how]: shape! } : { ...rest, [name]: how };
        try {
          buildAll(readSingleFile(folder, path.join(folder, 'x.safetensors'), headerOf(changed)));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(DarkroomError);
          expect(['weights_invalid', 'model_unsupported']).toContain((thrown as DarkroomError).code);
        }
      }),
      { numRuns: 20, seed: 3 },
    );
  });
});

function shapesOf(file: string): Shapes {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
  const { __metadata__: _, ...tensors } = header as Record<string, { shape: readonly number[] }>;
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
}
