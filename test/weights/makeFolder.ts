// A diffusers folder just complete enough for the reader: right names, tiny weights. Tests change one file of it at a time.
import { safetensorsOf } from './makeSafetensors.ts';

type Content = Uint8Array | string | object;
type Files = Readonly<Record<string, Content>>;

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz'];
const VOCAB = Object.fromEntries(
  [...ALPHABET, ...ALPHABET.map((letter) => `${letter}</w>`), 'ca', 'cat</w>', '<|startoftext|>', '<|endoftext|>'].map(
    (token, id) => [token, id],
  ),
);

export const UNET_WEIGHTS = 'unet/diffusion_pytorch_model.safetensors';
export const UNET_CONFIG = {
  _class_name: 'UNet2DConditionModel',
  block_out_channels: [8, 8, 8],
  sample_size: [8, 12],
  in_channels: 4,
};
export const UNET_SHAPES = { 'conv_in.weight': [8, 4, 3, 3], 'conv_in.bias': [8] };
export const MODEL_INDEX = {
  _class_name: 'StableDiffusionPipeline',
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  scheduler: ['diffusers', 'PNDMScheduler'],
  safety_checker: [null, null],
};

/** Paths relative to the models folder; an undefined change leaves the file out. */
export function sdFolder(name: string, changes: Readonly<Record<string, Content | undefined>> = {}): Files {
  const files: Record<string, Content | undefined> = {
    'model_index.json': MODEL_INDEX,
    'unet/config.json': UNET_CONFIG,
    [UNET_WEIGHTS]: safetensorsOf(UNET_SHAPES),
    'vae/config.json': { block_out_channels: [8, 8, 8], latent_channels: 4 },
    'vae/diffusion_pytorch_model.safetensors': safetensorsOf({
      'encoder.mid_block.attentions.0.query.weight': [2, 3],
      'encoder.mid_block.attentions.0.proj_attn.bias': [2],
      'decoder.conv_in.weight': [2, 4, 3, 3],
    }),
    'text_encoder/config.json': { max_position_embeddings: 8 },
    'text_encoder/model.safetensors': safetensorsOf({
      'embeddings.token_embedding.weight': [56, 2],
      'encoder.layers.0.mlp.fc1.bias': [3],
    }),
    'tokenizer/vocab.json': VOCAB,
    'tokenizer/merges.txt': '#version: 0.2\nc a\nca t</w>\n',
    'scheduler/scheduler_config.json': { _class_name: 'PNDMScheduler', beta_schedule: 'scaled_linear' },
    ...changes,
  };
  const kept = Object.entries(files).flatMap(([file, content]) =>
    content === undefined ? [] : [[`${name}/${file}`, content]],
  );
  return Object.fromEntries(kept);
}
