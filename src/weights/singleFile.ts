// Reads a single-file checkpoint of Stable Diffusion 1.x or 2.x in the original naming: its parts, and the configs it lacks.
// Which single files are others, and what they are, modelKinds tells.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DarkroomError } from '../errors.ts';
import { readSharedAutoencoder } from './autoencoderPart.ts';
import { CLIP_TOKENS } from './clipTokenizer.ts';
import { CLIP_VOCAB_SIZE } from './clipVocabulary.ts';
import { type FileHints, readFileHints } from './hints.ts';
import {
  inferAutoencoderConfig,
  inferTextConfig,
  inferUnetConfig,
  type LdmFamily,
  ldmSchedulerConfig,
  type NoiseFacts,
} from './ldmConfigs.ts';
import {
  autoencoderTensors,
  clipTensors,
  LDM_PREFIXES,
  openClipTensors,
  tensorsUnder,
  unetTensors,
} from './ldmNames.ts';
import { makeModelCard } from './modelCard.ts';
import { nameInMessages, readModelText } from './modelFiles.ts';
import type { ModelLayout, Part, TokenizerPlace } from './modelFolder.ts';
import { kindOfInputChannels, unsupported } from './modelKinds.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { parseScheduler } from './schedulerFile.ts';
import type { TensorIndex } from './tensors.ts';
import { checkTokenizerFiles } from './tokenizerFiles.ts';

/**
 * @param file absolute path of the file, inside the models folder
 * @param tensors its header
 * @throws model_missing, weights_invalid, model_unsupported; the message names the file
 */
export function readSingleFile(modelsDir: string, file: string, tensors: SafetensorsFile): ModelLayout {
  const besides = path.join(path.dirname(file), path.parse(file).name);
  const hintsFile = `${besides}.darkroom.json`;
  const hints = readFileHints(modelsDir, hintsFile);
  const text = readTextEncoder(tensors);
  const noise = noiseFacts(modelsDir, besides, tensors, hints, text.family);
  const unet = readUnet(tensors, text.family, noise);
  const vae = readAutoencoder(modelsDir, tensors, hints);
  checkWidths(unet, vae, text.part);
  const source = tensors.source;
  const hintsSource = nameInMessages(modelsDir, hintsFile);
  const name = path.basename(besides);
  const { family } = text;
  const card = makeModelCard({ source, hintsSource, name, family, hints, unet: unet.config, vae: vae.config });
  return {
    name: card.name,
    path: file,
    family,
    unet,
    textEncoder: text.part,
    vae,
    tokenizerPlace: tokenizerPlace(modelsDir, text, hints, hintsSource),
    scheduler: parseScheduler(ldmSchedulerConfig(noise), source),
    guidanceRescale: hints.guidanceRescale ?? 0,
    card,
  };
}

/** @throws weights_invalid when nothing has the prefix: files "without VAE" are published too */
function under(tensors: TensorIndex, prefix: keyof typeof LDM_PREFIXES, what: string): TensorIndex {
  const found = tensorsUnder(tensors, LDM_PREFIXES[prefix]);
  if (!found.names()[Symbol.iterator]().next().done) return found;
  const message = `${tensors.source}: has no ${what} (no tensor's name begins with ${LDM_PREFIXES[prefix]})`;
  throw new DarkroomError('weights_invalid', message, { source: tensors.source });
}

function partOf(tensors: TensorIndex, infer: (tensors: TensorIndex) => Part['config']): Part {
  return { config: infer(tensors), tensors };
}

interface TextEncoder {
  readonly family: LdmFamily;
  readonly part: Part;
}

/** The text encoder tells the families apart. */
function readTextEncoder(tensors: TensorIndex): TextEncoder {
  const isOpenClip = [...tensors.names()].some((name) => name.startsWith(LDM_PREFIXES.openClip));
  const family = isOpenClip ? 'sd2' : 'sd1';
  const named = isOpenClip
    ? openClipTensors(under(tensors, 'openClip', 'text encoder'))
    : clipTensors(under(tensors, 'clip', 'text encoder'));
  return { family, part: partOf(named, (found) => inferTextConfig(found, family)) };
}

/** Latents a side: 512 pixels, and 768 for the v-predicting models of 2.x. */
const SAMPLE_SIZE = 64;
const SAMPLE_SIZE_768 = 96;

function readUnet(tensors: TensorIndex, family: LdmFamily, { prediction }: NoiseFacts): Part {
  const sampleSize = family === 'sd2' && prediction === 'v' ? SAMPLE_SIZE_768 : SAMPLE_SIZE;
  return partOf(unetTensors(under(tensors, 'unet', 'U-Net')), (found) => inferUnetConfig(found, family, sampleSize));
}

/** Files "without VAE" need one of models/vaes. */
function readAutoencoder(modelsDir: string, tensors: TensorIndex, { vae }: FileHints): Part {
  if (vae !== undefined) return readSharedAutoencoder(modelsDir, vae);
  return partOf(autoencoderTensors(under(tensors, 'vae', 'autoencoder')), inferAutoencoderConfig);
}

/** Two downloads mixed into one would fail in the middle of the first picture. */
function checkWidths(unet: Part, vae: Part, text: Part): void {
  const kind = kindOfInputChannels(unet.config.in_channels as number, Number(vae.config.latent_channels ?? 4));
  if (kind !== undefined) throw unsupported(unet.tensors.source, kind);
  const [wanted, given] = [unet.config.cross_attention_dim, text.config.hidden_size];
  if (wanted === given) return;
  throw new DarkroomError(
    'weights_invalid',
    `${unet.tensors.source}: the U-Net expects conditioning ${wanted} wide, the text encoder makes it ${given} wide`,
  );
}

/** Tensors that trainers leave in a file to say how it was trained; their numbers mean nothing. */
const V_MARK = 'v_pred';
const ZERO_SNR_MARK = 'ztsnr';

function noiseFacts(
  modelsDir: string,
  besides: string,
  tensors: SafetensorsFile,
  hints: FileHints,
  family: LdmFamily,
): NoiseFacts {
  const prediction =
    hints.prediction ??
    predictionOfYaml(modelsDir, `${besides}.yaml`) ??
    predictionOfMetadata(tensors) ??
    (tensors.get(V_MARK) === undefined ? predictionOfFamily(family, path.basename(besides)) : 'v');
  const zeroTerminalSnr = hints.zeroTerminalSnr ?? (prediction === 'v' && tensors.get(ZERO_SNR_MARK) !== undefined);
  return { prediction, zeroTerminalSnr };
}

/** The original code's config, which A1111 too reads beside a checkpoint. It says `parameterization: "v"` or nothing. */
function predictionOfYaml(modelsDir: string, file: string): NoiseFacts['prediction'] | undefined {
  if (!existsSync(file)) return undefined;
  return /^\s*parameterization:\s*["']?v["']?\s*(#.*)?$/m.test(readModelText(modelsDir, file)) ? 'v' : 'epsilon';
}

/** @source Stability-AI/ModelSpec 1.0.0, prediction_type */
function predictionOfMetadata({ metadata }: SafetensorsFile): NoiseFacts['prediction'] | undefined {
  const found = metadata['modelspec.prediction_type'];
  return found === 'v' || found === 'epsilon' ? found : undefined;
}

/**
 * Nothing in the tensors of 2.x tells v from noise prediction. Most files are descendants of 2.1 at 768 pixels, which predicts v; those of
 * the 512-pixel base, which predicts noise, carry it in their names.
 */
function predictionOfFamily(family: LdmFamily, name: string): NoiseFacts['prediction'] {
  return family === 'sd1' || /512|base|eps/i.test(name) ? 'epsilon' : 'v';
}

/** OpenCLIP fills prompts up with token 0. */
const PADDING: Readonly<Record<LdmFamily, string>> = { sd1: CLIP_TOKENS.end, sd2: '!' };

function tokenizerPlace(
  modelsDir: string,
  { family, part }: TextEncoder,
  { tokenizer }: FileHints,
  hintsSource: string,
): TokenizerPlace {
  const padToken = PADDING[family];
  if (tokenizer !== undefined) {
    checkTokenizerFiles(path.join(modelsDir, tokenizer, 'tokenizer'), `${tokenizer}/tokenizer`);
    return { folder: path.join(modelsDir, tokenizer, 'tokenizer'), padToken };
  }
  const vocabSize = part.config.vocab_size as number;
  if (vocabSize >= CLIP_VOCAB_SIZE) return { folder: null, padToken };
  throw new DarkroomError(
    'weights_invalid',
    `${part.tensors.source}: its text encoder knows ${vocabSize} tokens, expected CLIP's ${CLIP_VOCAB_SIZE}; ` +
      `"tokenizer" in ${hintsSource} may name a model folder that has its vocabulary`,
  );
}
