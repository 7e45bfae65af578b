// What a pipeline needs of a model's configs: the noise it was trained with and how its latents lie over the pixels.
import type { ModelNeeds } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';

export interface ModelFacts {
  readonly scheduler: SchedulerConfig;
  readonly latentChannels: number;
  /** Pixels a latent cell covers in each direction (8 for Stable Diffusion). */
  readonly pixelsPerLatent: number;
  /** Latents are the autoencoder's means times this (0.18215 for Stable Diffusion 1). */
  readonly scalingFactor: number;
  /** Pixels a side of the pictures the autoencoder was trained on, where its config says so. */
  readonly autoencoderPx?: number;
  /** 0 … 1: how far guided predictions are brought back to the spread of unguided ones; absent or 0 for not at all. */
  readonly guidanceRescale?: number;
  readonly conditions?: ModelConditions;
  readonly refiner?: Refiner;
}

/** What the network is told beside latents, timestep and prompt; absent or false for nothing. */
export interface ModelConditions {
  /** SDXL is told sizes and a crop, its refiner a score of beauty in the place of the size wanted. */
  readonly added?: 'sizes' | 'score';
  /** An empty negative prompt is all zeros instead of an encoded nothing. */
  readonly zeroEmptyNegative?: boolean;
  /** The network sees a picture, or a mask and a masked picture, behind the latents. */
  readonly needs?: ModelNeeds;
  /** The network is told the guidance scale, and one row is all there is. */
  readonly toldGuidance?: boolean;
}

/** The model that takes pictures over, and when. */
export interface Refiner {
  /** 0 … 1 of the training timesteps, counted from pure noise on. */
  readonly switchAt: number;
  readonly conditions: ModelConditions;
  readonly predictionType: SchedulerConfig['predictionType'];
}

/** Defaults of diffusers' AutoencoderKL. */
const DEFAULT_LATENT_CHANNELS = 4;
const DEFAULT_SCALING_FACTOR = 0.18215;

/**
 * @param autoencoder vae/config.json, parsed
 * @param guidanceRescale what the owner's hints say; no published config has a field for it
 * @param conditions what the network is told besides
 * @throws weights_invalid for a field of the wrong kind; model_unsupported for shifted latents, which other pipelines have
 */
export function modelFacts(
  scheduler: SchedulerConfig,
  autoencoder: Readonly<Record<string, unknown>>,
  guidanceRescale = 0,
  conditions: ModelConditions = {},
): ModelFacts {
  const { block_out_channels: levels, shift_factor: shift } = autoencoder;
  if (!Array.isArray(levels) || levels.length === 0) throw invalid('block_out_channels', levels, 'a list of channels');
  if (shift !== undefined && shift !== null && shift !== 0) {
    throw new DarkroomError('model_unsupported', `vae/config.json: shift_factor is ${String(shift)}, expected none`);
  }
  return {
    scheduler,
    latentChannels: positive(autoencoder, 'latent_channels', DEFAULT_LATENT_CHANNELS),
    pixelsPerLatent: 2 ** (levels.length - 1),
    scalingFactor: positive(autoencoder, 'scaling_factor', DEFAULT_SCALING_FACTOR),
    ...trainedSize(autoencoder),
    ...(guidanceRescale === 0 ? {} : { guidanceRescale }),
    ...(Object.keys(conditions).length === 0 ? {} : { conditions }),
  };
}

/** One number or [height, width]; only tiles are cut by it. */
function trainedSize({ sample_size: size }: Readonly<Record<string, unknown>>): Pick<ModelFacts, 'autoencoderPx'> {
  const side: unknown = Array.isArray(size) ? size[0] : size;
  return typeof side === 'number' && Number.isSafeInteger(side) && side > 0 ? { autoencoderPx: side } : {};
}

function positive(config: Readonly<Record<string, unknown>>, key: string, fallback: number): number {
  const found = config[key] ?? fallback;
  if (typeof found !== 'number' || !(found > 0)) throw invalid(key, found, 'a number above 0');
  return found;
}

function invalid(key: string, found: unknown, expected: string): DarkroomError {
  const shown = String(JSON.stringify(found)).slice(0, 80);
  return new DarkroomError('weights_invalid', `vae/config.json: ${key} is ${shown}, expected ${expected}`, {
    field: key,
  });
}
