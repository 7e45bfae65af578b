import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DarkroomError } from '../../src/errors.ts';
import { scanModels } from '../../src/weights/registry.ts';
import { MODEL_INDEX, sdFolder, UNET_CONFIG, UNET_SHAPES, UNET_WEIGHTS } from './makeFolder.ts';
import { modelsFolder, putFile, safetensorsOf } from './makeSafetensors.ts';

const GOLDEN = fileURLToPath(new URL('../golden/folders', import.meta.url));

/** The only reason given in a models folder of these files. */
function reasonFor(files: Parameters<typeof modelsFolder>[0]): string {
  const registry = scanModels(modelsFolder(files));
  expect(registry.cards).toEqual([]);
  expect(registry.refused).toHaveLength(1);
  return registry.refused[0]!.reason;
}

const withChange = (file: string, content?: Uint8Array | string | object) => sdFolder('m', { [file]: content });

describe('a folder that is right', () => {
  test('its card follows from its configs', () => {
    const { cards, refused } = scanModels(modelsFolder(sdFolder('small model')));
    expect(refused).toEqual([]);
    expect(cards).toEqual([
      {
        name: 'small model',
        family: 'sd1',
        defaults: {
          size: { widthPx: 48, heightPx: 32 },
          steps: 25,
          guidance: 7.5,
          sampler: 'dpmpp_2m_karras',
          strength: 0.75,
          style: null,
        },
        styles: {},
        sizeStepPx: 16,
      },
    ]);
  });

  test('opening gives every part, tensors under the names of today', () => {
    const folder = modelsFolder(sdFolder('m'));
    const model = scanModels(folder).open('m');
    expect(model.unet.config).toEqual(UNET_CONFIG);
    expect(model.unet.tensors.get('conv_in.weight')).toMatchObject({
      dtype: 'F16',
      shape: [8, 4, 3, 3],
      file: path.join(folder, 'm', UNET_WEIGHTS),
    });
    expect([...model.vae.tensors.names()]).toEqual([
      'encoder.mid_block.attentions.0.to_q.weight',
      'encoder.mid_block.attentions.0.to_out.0.bias',
      'decoder.conv_in.weight',
    ]);
    expect([...model.textEncoder.tensors.names()]).toContain('text_model.encoder.layers.0.mlp.fc1.bias');
    expect([...model.tokenizer.encode('Cat a')]).toEqual([54, 53, 26, 55, 55, 55, 55, 55]);
    expect(model.scheduler).toMatchObject({ betaSchedule: 'scaled_linear', predictionType: 'epsilon' });
  });

  test('darkroom.json refines the card', () => {
    const hints = {
      name: 'Emoji',
      defaults: { size: '64x32', steps: 12, guidance: 0, sampler: 'euler', style: 'noto' },
      styles: { noto: ', noto style', flat: ', flat' },
    };
    const { cards } = scanModels(modelsFolder(sdFolder('m', { 'darkroom.json': hints })));
    expect(cards).toEqual([
      {
        name: 'Emoji',
        family: 'sd1',
        defaults: {
          size: { widthPx: 64, heightPx: 32 },
          steps: 12,
          guidance: 0,
          sampler: 'euler',
          strength: 0.75,
          style: 'noto',
        },
        styles: hints.styles,
        sizeStepPx: 16,
      },
    ]);
  });

  test('what diffusers itself wrote is read', () => {
    const registry = scanModels(GOLDEN);
    expect(registry.refused).toEqual([]);
    expect(registry.cards.map((card) => card.name)).toEqual(['plain-mid', 'sd-small', 'v-linear']);
    for (const { name } of registry.cards) {
      const model = registry.open(name);
      const bytes = [...model.unet.tensors.names()].reduce(
        (sum, key) => sum + model.unet.tensors.get(key)!.sizeBytes,
        0,
      );
      expect(bytes).toBeGreaterThan(10_000);
    }
  });
});

describe('shards and variants', () => {
  const first = 'diffusion_pytorch_model-00001-of-00002.safetensors';
  const second = 'diffusion_pytorch_model-00002-of-00002.safetensors';
  const sharded = (weight_map: object) =>
    sdFolder('m', {
      [UNET_WEIGHTS]: undefined,
      'unet/diffusion_pytorch_model.safetensors.index.json': { metadata: { total_size: 592 }, weight_map },
      [`unet/${first}`]: safetensorsOf({ 'conv_in.weight': [8, 4, 3, 3] }),
      [`unet/${second}`]: safetensorsOf({ 'conv_in.bias': [8] }),
    });

  test('shards are one set of tensors in two files', () => {
    const folder = modelsFolder(sharded({ 'conv_in.weight': first, 'conv_in.bias': second }));
    const { tensors } = scanModels(folder).open('m').unet;
    expect(tensors.get('conv_in.weight')?.file).toBe(path.join(folder, 'm/unet', first));
    expect(tensors.get('conv_in.bias')?.file).toBe(path.join(folder, 'm/unet', second));
  });

  test.each<[string, object, RegExp]>([
    [
      'a tensor not where it should be',
      { 'conv_in.weight': second, 'conv_in.bias': second },
      /conv_in.weight is said to lie in m\/unet\/.*-00002-of-00002.safetensors, but does not/,
    ],
    ['a tensor nobody listed', { 'conv_in.weight': first, x: second }, /x is said to lie in/],
    ['a tensor left out', { 'conv_in.bias': second }, /index.json: conv_in.weight is missing/],
    ['a missing shard', { 'conv_in.weight': 'gone.safetensors' }, /m\/unet\/gone.safetensors: there is no such file/],
    [
      'a path for a shard',
      { 'conv_in.weight': '../../other/x.safetensors' },
      /expected the plain name of a .safetensors file/,
    ],
    ['an absolute path', { 'conv_in.weight': '/etc/passwd' }, /expected the plain name/],
    ['no text for a shard', { 'conv_in.weight': 7 }, /lies in 7, expected the plain name/],
  ])('%s is refused', (_, weightMap, reason) => {
    expect(reasonFor(sharded(weightMap))).toMatch(reason);
  });

  test('a shard holding a tensor the list does not know', () => {
    const files = { ...sharded({ 'conv_in.weight': first }), [`m/unet/${first}`]: safetensorsOf(UNET_SHAPES) };
    expect(reasonFor(files)).toMatch(/holds conv_in.bias, which is not listed there/);
  });

  const weights = safetensorsOf(UNET_SHAPES);
  test.each([
    ['only fp16', ['fp16.safetensors'], 'fp16.safetensors'],
    ['the plain file before fp16', ['fp16.safetensors', 'safetensors'], 'safetensors'],
    ['fp16 before non_ema', ['non_ema.safetensors', 'fp16.safetensors'], 'fp16.safetensors'],
    ['a lone unknown variant', ['ema.safetensors'], 'ema.safetensors'],
  ])('%s', (_, present, taken) => {
    const unet = Object.fromEntries(present.map((ending) => [`unet/diffusion_pytorch_model.${ending}`, weights]));
    const folder = modelsFolder(sdFolder('m', { [UNET_WEIGHTS]: undefined, ...unet }));
    const { file } = scanModels(folder).open('m').unet.tensors.get('conv_in.weight')!;
    expect(path.basename(file)).toBe(`diffusion_pytorch_model.${taken}`);
  });

  test.each(['safetensors.index.fp16.json', 'fp16.safetensors.index.json'])('a sharded variant, %s', (ending) => {
    const shard = 'diffusion_pytorch_model.fp16-00001-of-00001.safetensors';
    const list = { weight_map: { 'conv_in.weight': shard, 'conv_in.bias': shard } };
    const changes = { [`unet/diffusion_pytorch_model.${ending}`]: list, [`unet/${shard}`]: weights };
    const registry = scanModels(modelsFolder(sdFolder('m', { [UNET_WEIGHTS]: undefined, ...changes })));
    expect(registry.open('m').unet.tensors.get('conv_in.bias')?.file).toContain(shard);
  });

  test('two unknown variants are not guessed between', () => {
    const changes = {
      'unet/diffusion_pytorch_model.a.safetensors': weights,
      'unet/diffusion_pytorch_model.b.safetensors': weights,
    };
    expect(reasonFor(sdFolder('m', { [UNET_WEIGHTS]: undefined, ...changes }))).toMatch(
      /expected one of them; keep the one/,
    );
  });
});

describe('models that need a picture', () => {
  const wide = (channels: number, pipeline: string) => ({
    'model_index.json': { ...MODEL_INDEX, _class_name: pipeline },
    'unet/config.json': { ...UNET_CONFIG, in_channels: channels },
    [UNET_WEIGHTS]: safetensorsOf({ 'conv_in.weight': [8, channels, 3, 3] }),
  });

  test.each([
    ['inpainting', 9, 'StableDiffusionInpaintPipeline', 'image+mask'],
    ['inpainting, saved as another pipeline', 9, 'StableDiffusionPipeline', 'image+mask'],
    ['instruct-pix2pix', 8, 'StableDiffusionInstructPix2PixPipeline', 'image'],
  ] as const)('%s', (_, channels, pipeline, needs) => {
    const [card] = scanModels(modelsFolder(sdFolder('m', wide(channels, pipeline)))).cards;
    expect(card).toMatchObject({ needs, defaults: { strength: 1 } });
  });

  test('a pipeline for inpainting with an ordinary network needs none', () => {
    const [card] = scanModels(modelsFolder(sdFolder('m', wide(4, 'StableDiffusionInpaintPipeline')))).cards;
    expect(card).not.toHaveProperty('needs');
  });

  test('the owner’s strength wins', () => {
    const hints = { 'darkroom.json': { defaults: { strength: 0.8 } } };
    const folder = sdFolder('m', { ...wide(9, 'StableDiffusionInpaintPipeline'), ...hints });
    expect(scanModels(modelsFolder(folder)).cards[0]!.defaults.strength).toBe(0.8);
  });
});

describe('what else it may be is said', () => {
  const index = (changes: object) => withChange('model_index.json', { ...MODEL_INDEX, ...changes });
  const unet = (shapes: Readonly<Record<string, readonly number[]>>) => withChange(UNET_WEIGHTS, safetensorsOf(shapes));
  const lone = (shapes: Readonly<Record<string, readonly number[]>>) => ({ 'x.safetensors': safetensorsOf(shapes) });

  test.each<[string, Parameters<typeof modelsFolder>[0], RegExp]>([
    [
      'an SDXL pipeline without its second text encoder',
      index({ _class_name: 'StableDiffusionXLPipeline' }),
      /^m\/model_index.json: text_encoder_2 is undefined, expected "CLIPTextModelWithProjection"/,
    ],
    [
      'a second text encoder that is not there',
      index({ text_encoder_2: ['transformers', 'CLIPTextModelWithProjection'] }),
      /^m\/tokenizer_2\/vocab.json: there is no such file/,
    ],
    [
      'a U-Net of SDXL among other parts',
      withChange('unet/config.json', { ...UNET_CONFIG, addition_embed_type: 'text_time' }),
      /^m: has a U-Net of SDXL, but SDXL's second text encoder is missing/,
    ],
    [
      'inpainting by its weights alone',
      unet({ 'conv_in.weight': [8, 9, 3, 3] }),
      /^m: conv_in.weight takes 9 channels, expected 4, the in_channels of unet\/config.json/,
    ],
    [
      'a strange number of channels',
      unet({ 'conv_in.weight': [8, 5, 3, 3] }),
      /does not fit its autoencoder.*takes 5 channels/,
    ],
    [
      'a ControlNet pipeline',
      index({ _class_name: 'StableDiffusionControlNetPipeline' }),
      /is a pipeline with a ControlNet/,
    ],
    ['a pipeline of another family', index({ _class_name: 'FluxPipeline' }), /^m: is a Flux model/],
    ['an unheard-of pipeline', index({ _class_name: 'TomorrowPipeline' }), /^m: is a TomorrowPipeline/],
    [
      'another text encoder',
      index({ text_encoder: ['transformers', 'BertModel'] }),
      /text_encoder is "BertModel", expected "CLIPTextModel"/,
    ],
    ['another autoencoder', index({ vae: ['diffusers', 'VQModel'] }), /vae is "VQModel"/],
    ['no autoencoder', index({ vae: [null, null] }), /vae is null, expected "AutoencoderKL" or "AutoencoderTiny"/],
    [
      'a LoRA in the U-Net’s place',
      unet({ 'unet.down_blocks.0.attn1.to_q.lora_A.weight': [4, 8] }),
      /conv_in.weight is missing; this is a LoRA/,
    ],
    [
      'SD 1.x in one file, without its text encoder',
      lone({ 'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3] }),
      /^x.safetensors: has no text encoder \(no tensor's name begins with cond_stage_model.transformer.\)/,
    ],
    [
      'SD 1.x in one file, inside a folder',
      { 'm/x.safetensors': safetensorsOf({ 'model.diffusion_model.input_blocks.0.0.weight': [320, 4, 3, 3] }) },
      /^m\/x.safetensors: is a single-file checkpoint \(Stable Diffusion\); put the file itself into the models folder/,
    ],
    ['unCLIP in one file', lone({ 'model.diffusion_model.label_emb.0.0.bias': [4] }), /\(unCLIP, which is/],
    ['SD 3 in one file', lone({ 'model.diffusion_model.joint_blocks.0.bias': [4] }), /\(Stable Diffusion 3\)/],
    ['Flux in one file', lone({ 'model.diffusion_model.double_blocks.0.bias': [4] }), /\(Flux\)/],
    ['the network of Flux', lone({ 'double_blocks.0.img_attn.qkv.bias': [4] }), /is the network of a Flux model alone/],
    [
      'SDXL in one file, without its first text encoder',
      lone({ 'model.diffusion_model.out.2.bias': [4], 'conditioner.embedders.1.model.ln_final.bias': [2] }),
      /has no text encoder \(no tensor's name begins with conditioner.embedders.0.transformer.\)/,
    ],
    [
      'SDXL with the noise of EDM',
      lone({
        'model.diffusion_model.out.2.bias': [4],
        'conditioner.embedders.1.model.ln_final.bias': [2],
        edm_mean: [4],
      }),
      /\(SDXL with the noise of EDM/,
    ],
    [
      'a kohya LoRA',
      lone({ 'lora_unet_mid_block_attentions_0_proj_in.lora_down.weight': [4, 8] }),
      /^x.safetensors: is a LoRA; it changes a model/,
    ],
    ['an old diffusers LoRA', lone({ 'unet.mid_block.attn1.processor.to_q_lora.down.weight': [4, 8] }), /is a LoRA/],
    ['a diffusers ControlNet', lone({ 'controlnet_cond_embedding.conv_in.bias': [4] }), /is a ControlNet/],
    ['a ControlNet in the old layout', lone({ 'control_model.input_blocks.0.0.bias': [4] }), /is a ControlNet/],
    ['an embedding', lone({ emb_params: [2, 8] }), /textual inversion embedding/],
    [
      'an autoencoder',
      lone({ 'encoder.down_blocks.0.bias': [2], 'decoder.conv_out.bias': [3] }),
      /autoencoder \(VAE\) alone/,
    ],
    ['something never seen', lone({ 'blob.7': [4] }), /no model known here \(its first tensor is "blob.7"\)/],
    ['an empty file', { 'x.safetensors': '' }, /^x.safetensors: has 0 bytes/],
    [
      'a ControlNet folder',
      {
        'm/config.json': { _class_name: 'ControlNetModel' },
        'm/diffusion_pytorch_model.safetensors': safetensorsOf({ 'controlnet_cond_embedding.conv_in.bias': [4] }),
      },
      /^m\/diffusion_pytorch_model.safetensors: is a ControlNet/,
    ],
    [
      'a LoRA folder',
      { 'm/adapter_config.json': {}, 'm/adapter_model.safetensors': safetensorsOf({ a: [1] }) },
      /^m: is a LoRA/,
    ],
    [
      'one part of a model',
      { 'm/config.json': { _class_name: 'UNet2DConditionModel' } },
      /one part of a model \("UNet2DConditionModel"\)/,
    ],
    ['an empty folder', { 'm/notes.txt': '' }, /^m\/model_index.json: there is no such file/],
  ])('%s', (_, files, reason) => {
    expect(reasonFor(files)).toMatch(reason);
  });

  test.each(['x.ckpt', 'x.pt', 'x.PTH', 'x.bin'])('a pickle by its name, %s', (name) => {
    expect(reasonFor({ [name]: 'anything' })).toMatch(
      /is a PyTorch pickle. .* can run any code .*; get the .safetensors version/,
    );
  });

  test('a pickle in a part of a folder, and one under a false name', () => {
    const pickle = Buffer.from('504b030400000808000000000000', 'hex');
    const part = sdFolder('m', { [UNET_WEIGHTS]: undefined, 'unet/diffusion_pytorch_model.bin': pickle });
    expect(reasonFor(part)).toMatch(/^m\/unet\/diffusion_pytorch_model.bin: is a PyTorch pickle/);
    expect(reasonFor({ 'x.safetensors': pickle })).toMatch(/^x.safetensors: is a PyTorch pickle/);
  });
});

describe('what is missing or wrong is named', () => {
  test.each([
    'unet/config.json',
    UNET_WEIGHTS,
    'vae/config.json',
    'vae/diffusion_pytorch_model.safetensors',
    'text_encoder/config.json',
    'text_encoder/model.safetensors',
    'tokenizer/vocab.json',
    'tokenizer/merges.txt',
    'scheduler/scheduler_config.json',
  ])('%s', (file) => {
    expect(reasonFor(withChange(file))).toMatch(new RegExp(`^m/${file}: there is no such file`));
  });

  test.each<[string, string, string | object, RegExp]>([
    ['broken JSON', 'unet/config.json', '{"a":', /^m\/unet\/config.json: not valid JSON/],
    ['a list for an object', 'unet/config.json', [1], /^m\/unet\/config.json: expected a JSON object/],
    ['a key written twice', 'vae/config.json', '{"a":1,"a":2}', /^m\/vae\/config.json: the key "a" appears twice/],
    ['no sample_size', 'unet/config.json', { block_out_channels: [8] }, /sample_size is undefined, expected/],
    ['no channels', 'vae/config.json', {}, /^m\/vae\/config.json: block_out_channels is undefined/],
    [
      'an unknown prediction type',
      'scheduler/scheduler_config.json',
      { prediction_type: 'flow' },
      /^m\/scheduler\/scheduler_config.json: prediction_type is "flow"/,
    ],
    ['an unknown hint', 'darkroom.json', { nmae: 'x' }, /^m\/darkroom.json: .*nmae/],
    ['a hint out of range', 'darkroom.json', { defaults: { steps: 0 } }, /^m\/darkroom.json: defaults.steps: /],
    [
      'a size between the steps',
      'darkroom.json',
      { defaults: { size: '40x32' } },
      /default size is 40x32, expected multiples of 16/,
    ],
    ['a size of 0', 'darkroom.json', { defaults: { size: '0x32' } }, /default size is 0x32/],
    ['a style nobody defined', 'darkroom.json', { defaults: { style: 'x' } }, /defaults.style is "x", expected/],
    ['a name like a path', 'darkroom.json', { name: '../x' }, /^m\/darkroom.json: name: /],
  ])('%s', (_, file, content, reason) => {
    expect(reasonFor(withChange(file, content))).toMatch(reason);
  });

  test.each([0, -5, 1.5, '77', 10 ** 9])('a prompt of %j tokens', (length) => {
    const files = withChange('text_encoder/config.json', { max_position_embeddings: length });
    expect(() => scanModels(modelsFolder(files)).open('m')).toThrow(
      /^m\/text_encoder\/config.json: max_position_embeddings/,
    );
  });

  test('tokens the text encoder has no row for', () => {
    const files = withChange(
      'text_encoder/model.safetensors',
      safetensorsOf({ 'text_model.embeddings.token_embedding.weight': [55, 2] }),
    );
    const registry = scanModels(modelsFolder(files));
    expect(() => registry.open('m')).toThrow(/"<\|endoftext\|>" has the id 55, but the text encoder knows 55 tokens/);
  });
});

describe('the scan', () => {
  test('one bad folder does not hide the good ones; notes and reserved folders concern nobody', () => {
    const folder = modelsFolder({
      ...sdFolder('b'),
      ...sdFolder('a', { 'unet/config.json': '' }),
      ...sdFolder('c'),
      'README.md': 'x',
      'loras/x.safetensors': '',
      '.cache/x.ckpt': '',
    });
    const registry = scanModels(folder);
    expect(registry.cards.map((card) => card.name)).toEqual(['b', 'c']);
    expect(registry.refused.map((entry) => entry.name)).toEqual(['a']);
  });

  test.each(['../b', 'b/../b', '/etc', './b', 'B', '', '__proto__', 'b\0', '..'])('%j is no name', (name) => {
    const registry = scanModels(modelsFolder(sdFolder('b')));
    expect(() => registry.open(name)).toThrow(/not found, known are: b$/);
  });

  test('a name taken twice is refused the second time', () => {
    const folder = modelsFolder({ ...sdFolder('a', { 'darkroom.json': { name: 'b' } }), ...sdFolder('b') });
    const registry = scanModels(folder);
    expect(registry.cards.map((card) => card.name)).toEqual(['b']);
    expect(registry.refused).toEqual([{ name: 'b', reason: 'b: the name b is taken by a' }]);
  });

  test('a link to a folder elsewhere is refused', () => {
    const outside = modelsFolder(sdFolder('m'));
    const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-models-'));
    symlinkSync(path.join(outside, 'm'), path.join(folder, 'm'));
    symlinkSync('nowhere', path.join(folder, 'dead'));
    expect(scanModels(folder).refused).toEqual([
      { name: 'm', reason: expect.stringMatching(/is a link to a file outside the models folder/) },
    ]);
  });

  test('files replaced since the scan are read anew', () => {
    const folder = modelsFolder(sdFolder('m'));
    const registry = scanModels(folder);
    putFile(folder, `m/${UNET_WEIGHTS}`, safetensorsOf({ 'conv_in.weight': [8, 9, 3, 3] }));
    expect(() => registry.open('m')).toThrow(/conv_in.weight takes 9 channels, expected 4/);
  });

  test('no models folder', () => {
    expect(() => scanModels('/nonexistent/models')).toThrow(expect.objectContaining({ code: 'config_invalid' }));
    const empty = modelsFolder({});
    mkdirSync(path.join(empty, 'loras'));
    expect(scanModels(empty)).toMatchObject({ cards: [], refused: [] });
  });
});

describe('fuzz', () => {
  const jsonFiles = [
    'model_index.json',
    'unet/config.json',
    'vae/config.json',
    'text_encoder/config.json',
    'tokenizer/vocab.json',
    'tokenizer/tokenizer.json',
    'tokenizer/tokenizer_config.json',
    'tokenizer/special_tokens_map.json',
    'scheduler/scheduler_config.json',
    'darkroom.json',
    'unet/diffusion_pytorch_model.safetensors.index.json',
  ];
  const key = fc.constantFrom(
    ...[
      '_class_name',
      'unet',
      'vae',
      'text_encoder_2',
      'block_out_channels',
      'sample_size',
      'latent_channels',
      'in_channels',
    ],
    ...[
      'max_position_embeddings',
      'model_max_length',
      'pad_token',
      'bos_token',
      'weight_map',
      'a</w>',
      'model',
      'added_tokens',
    ],
    ...[
      'normalizer',
      'pre_tokenizer',
      'post_processor',
      'decoder',
      'beta_start',
      'clip_sample',
      'defaults',
      'styles',
      'name',
    ],
  );
  const original = sdFolder('m');

  test('three hundred folders with one file changed: a card or a reason that begins with a file name', () => {
    const folder = modelsFolder(original);
    const change = fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...jsonFiles), change, fc.boolean(), (name, changes, isAddition) => {
        const before = original[`m/${name}`];
        const isOld = isAddition && typeof before === 'object';
        putFile(folder, `m/${name}`, isOld ? { ...before, ...changes } : changes);
        expectSound(folder);
        if (before === undefined) rmSync(path.join(folder, 'm', name));
        else putFile(folder, `m/${name}`, before);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  function expectSound(folder: string): void {
    const registry = scanModels(folder);
    for (const { reason } of registry.refused) expect(reason).toMatch(/^m[:/]/);
    for (const { name } of registry.cards) {
      try {
        expect(registry.open(name).tokenizer.encode('a cat').length).toBeGreaterThan(2);
      } catch (thrown) {
        if (!(thrown instanceof DarkroomError)) throw thrown;
        expect(thrown.message).toMatch(/^m[:/]/);
      }
    }
  }
});
