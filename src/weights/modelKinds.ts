// Tells what a stranger's file or folder is when it is not what this version loads, so that the refusal can name it.
import type { ModelNeeds } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { TensorIndex } from './tensors.ts';

/** What was recognised, as the middle of a sentence, and what the owner can do about it. */
export interface Kind {
  readonly is: string;
  readonly advice: string;
}

const LATER = 'this version loads Stable Diffusion 1.x, 2.x and XL, as a diffusers folder or a single file';

/** The kind of single file this version loads; the advice is for those that lie inside a folder. */
export const STABLE_DIFFUSION_FILE: Kind = {
  is: 'a single-file checkpoint (Stable Diffusion)',
  advice: 'put the file itself into the models folder, not into a folder there',
};

const CONTROLNET: Kind = {
  is: 'a ControlNet',
  advice: 'it steers a model and is none by itself; put it into controlnets, in the models folder',
};
const ADAPTER: Kind = { ...CONTROLNET, is: 'a T2I-Adapter' };
export const LORA: Kind = {
  is: 'a LoRA',
  advice: 'it changes a model and is none by itself; put it into models/loras',
};
const EMBEDDING: Kind = {
  is: 'a textual inversion embedding',
  advice: 'it adds words to a model and is none by itself; put the file into embeddings, in the models folder',
};
const UPSCALER: Kind = {
  is: 'an upscaler (ESRGAN)',
  advice: 'it enlarges pictures that are done; put the file into upscalers, in the models folder',
};
const AUTOENCODER: Kind = { is: 'an autoencoder (VAE) alone', advice: 'it belongs into the vae folder of a model' };

/** Pipelines in whose folders this version finds everything it needs. */
export const SUPPORTED_PIPELINES = [
  'StableDiffusionPipeline',
  'StableDiffusionImg2ImgPipeline',
  'StableDiffusionInpaintPipeline',
  'StableDiffusionInstructPix2PixPipeline',
  'StableDiffusionXLPipeline',
  'StableDiffusionXLImg2ImgPipeline',
  'StableDiffusionXLInpaintPipeline',
  'StableDiffusionXLInstructPix2PixPipeline',
  'LatentConsistencyModelPipeline',
  'LatentConsistencyModelImg2ImgPipeline',
];

/** First match wins. */
const PIPELINES: readonly (readonly [RegExp, Kind])[] = [
  [
    /ControlNet/,
    {
      is: 'a pipeline with a ControlNet',
      advice: 'put its controlnet folder into controlnets, in the models folder, and the model beside that',
    },
  ],
  [/^StableDiffusion3/, { is: 'a Stable Diffusion 3 model', advice: LATER }],
  [/^Flux/, { is: 'a Flux model', advice: LATER }],
  [/^Onnx|^ORT/, { is: 'an ONNX export', advice: 'the original folder with .safetensors files is what is needed' }],
];

/** @param className `_class_name` of model_index.json */
export function kindOfPipeline(className: string): Kind {
  return PIPELINES.find(([pattern]) => pattern.test(className))?.[1] ?? { is: `a ${className}`, advice: LATER };
}

/**
 * What the U-Net is shown beside the noisy latents, by the width of its first convolution: latents of a picture (InstructPix2Pix), or those
 * and a mask (inpainting); undefined for nothing.
 */
export function needsOfInputChannels(channels: number, latentChannels: number): ModelNeeds | undefined {
  if (channels === 2 * latentChannels) return 'image';
  return channels === 2 * latentChannels + 1 ? 'image+mask' : undefined;
}

/** @param channels second length of conv_in.weight. Undefined for the widths this version knows. */
export function kindOfInputChannels(channels: number | undefined, latentChannels: number): Kind | undefined {
  if (channels === latentChannels) return undefined;
  if (channels !== undefined && needsOfInputChannels(channels, latentChannels) !== undefined) return undefined;
  return {
    is: `a U-Net that does not fit its autoencoder (conv_in.weight takes ${channels} channels, expected ${latentChannels})`,
    advice: 'are two downloads mixed here?',
  };
}

const LORA_NAME =
  /^lora_(unet|te\d?)_|\.lora[._](A|B|up|down|linear_layer)\b|\.lora_(up|down|A|B)\.|_lora\.(up|down)\.|\.(hada_w1_a|lokr_w1|dora_scale)/;

const UPSCALER_NAME =
  /^(params(_ema)?\.)?(model\.1\.sub\.\d+\.RDB\d\.|RRDB_trunk\.\d+\.RDB\d\.|body\.\d+\.(rdb\d\.|weight$))/;

/** What a lone weights file is, told from its tensors' names and shapes. */
export function kindOfTensors(tensors: TensorIndex): Kind {
  const names = [...tensors.names()];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(LORA_NAME)) return LORA;
  if (has(/^control_model\.|controlnet_cond_embedding\.|^input_hint_block\./)) return CONTROLNET;
  if (has(/^model\.diffusion_model\./)) return checkpoint(has);
  if (has(/^(adapter\.)?body\.\d+\.(body\.\d+\.|resnets\.\d+\.)?block1\.weight$/)) return ADAPTER;
  if (has(/^double_blocks\./)) return { is: 'the network of a Flux model alone', advice: LATER };
  if (names.length <= 2 && has(/^emb_params$|^clip_[lg]$|^<.*>$/)) return EMBEDDING;
  if (has(UPSCALER_NAME)) return UPSCALER;
  if (has(/^down_blocks\.\d+\.resnets\./) && has(/^time_embedding\./)) {
    return {
      is: 'the U-Net of a diffusers folder alone',
      advice: 'the whole folder, with model_index.json, is needed',
    };
  }
  if (has(/^(first_stage_model\.)?encoder\.(down|down_blocks)\./) && has(/decoder\.conv_out/)) return AUTOENCODER;
  return { is: `no model known here (its first tensor is ${JSON.stringify(names[0] ?? '')})`, advice: LATER };
}

function checkpoint(has: (pattern: RegExp) => boolean): Kind {
  const family = otherFamily(has);
  return family === undefined ? STABLE_DIFFUSION_FILE : { is: `a single-file checkpoint (${family})`, advice: LATER };
}

/**
 * Undefined for Stable Diffusion 1.x, 2.x and XL.
 * @source diffusers single_file_utils.py, infer_diffusers_model_type: the tensors that tell the families apart
 */
function otherFamily(has: (pattern: RegExp) => boolean): string | undefined {
  if (has(/\.joint_blocks\./)) return 'Stable Diffusion 3';
  if (has(/\.double_blocks\./)) return 'Flux';
  if (has(/^edm_(mean|std|vpred)\b/)) return 'SDXL with the noise of EDM, as Playground and CosXL have it';
  if (has(/^conditioner\.embedders\./)) return undefined;
  if (has(/^model\.diffusion_model\.label_emb\./)) return 'unCLIP, which is conditioned on pictures';
  return undefined;
}

/** The refusal, with the name first. */
export function unsupported(source: string, kind: Kind): DarkroomError {
  return new DarkroomError('model_unsupported', `${source}: is ${kind.is}; ${kind.advice}`, { model: source });
}
