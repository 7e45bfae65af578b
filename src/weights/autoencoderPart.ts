// The autoencoder of a model: the one in its own vae folder, or one of models/vaes that its owner's hints put in the place of it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ModelFamily } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import { inferAutoencoderConfig } from './ldmConfigs.ts';
import { autoencoderTensors, LDM_PREFIXES, tensorsUnder } from './ldmNames.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';
import type { Part } from './modelFolder.ts';
import { autoencoderName } from './partNames.ts';
import { openPartWeights } from './partWeights.ts';
import { openSafetensors } from './safetensors.ts';
import { renameTensors } from './tensors.ts';

/** Classes of diffusers that the networks build. */
export const AUTOENCODER_CLASSES = ['AutoencoderKL', 'AutoencoderTiny'];

/** Folder under models/ for autoencoders that serve several models. */
export const AUTOENCODERS_FOLDER = 'vaes';

/** @param folder with config.json and weights. @throws model_missing, weights_invalid, model_unsupported */
export function readAutoencoderFolder(modelsDir: string, folder: string): Part {
  const configFile = path.join(folder, 'config.json');
  const config = withTinyDefaults(readModelJson(modelsDir, configFile));
  const found = config._class_name;
  if (found !== undefined && !AUTOENCODER_CLASSES.includes(found as string)) {
    const problem = `_class_name is ${JSON.stringify(found)}, expected one of ${AUTOENCODER_CLASSES.join(', ')}`;
    throw new DarkroomError('model_unsupported', `${nameInMessages(modelsDir, configFile)}: ${problem}`);
  }
  const tensors = openPartWeights(modelsDir, folder, 'diffusion_pytorch_model');
  return { config, tensors: renameTensors(tensors, autoencoderName) };
}

/** What its class means when the config does not say; other rooms know only the defaults of AutoencoderKL. */
function withTinyDefaults(config: Part['config']): Part['config'] {
  if (config._class_name !== 'AutoencoderTiny') return config;
  const channels = config.decoder_block_out_channels ?? [64, 64, 64, 64];
  return { block_out_channels: channels, scaling_factor: 1, ...config };
}

/**
 * models/vaes/NAME in the diffusers layout, or models/vaes/NAME.safetensors in the original naming.
 * @param family of the model it serves; a file does not say what its latents are multiplied by
 * @throws model_missing, weights_invalid, model_unsupported
 */
export function readSharedAutoencoder(modelsDir: string, name: string, family: ModelFamily): Part {
  const place = path.join(modelsDir, AUTOENCODERS_FOLDER, name);
  return existsSync(place)
    ? readAutoencoderFolder(modelsDir, place)
    : readAutoencoderFile(modelsDir, `${place}.safetensors`, family);
}

/** One in the original naming, alone or inside a checkpoint. @throws as readSharedAutoencoder */
export function readAutoencoderFile(modelsDir: string, file: string, family: ModelFamily): Part {
  const whole = openSafetensors(modelsDir, file);
  const inside = tensorsUnder(whole, LDM_PREFIXES.vae);
  const isInside = !inside.names()[Symbol.iterator]().next().done;
  const tensors = autoencoderTensors(isInside ? inside : whole);
  return { config: inferAutoencoderConfig(tensors, family), tensors };
}
