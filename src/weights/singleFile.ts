// Reads a single-file checkpoint of Stable Diffusion 1.x, 2.x or XL in the original naming: its parts, and the configs it lacks.
// Which single files are others, and what they are, modelKinds tells.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ModelFamily } from '../core/request.ts';
import { DarkroomError } from '../errors.ts';
import { readSharedAutoencoder } from './autoencoderPart.ts';
import { CLIP_TOKENS } from './clipTokenizer.ts';
import { CLIP_VOCAB_SIZE } from './clipVocabulary.ts';
import { modelConditions, pooledWidthOf } from './conditions.ts';
import { type FileHints, readFileHints } from './hints.ts';
import {
  type ClipMaker,
  inferAutoencoderConfig,
  inferTextConfig,
  inferUnetConfig,
  ldmSchedulerConfig,
  type NoiseFacts,
} from './ldmConfigs.ts';
import {
  autoencoderTensors,
  clipTensors,
  LDM_PREFIXES,
  openClipTensors,
  pooledOpenClipTensors,
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
  const text = readTextParts(tensors);
  const { family } = text;
  const pooledWidth = pooledWidthOf(text);
  const noise = noiseFacts(modelsDir, besides, tensors, hints, family);
  const unet = readUnet(tensors, family, noise, pooledWidth);
  const vae = readAutoencoder(modelsDir, tensors, hints, family);
  checkWidths(unet, vae, text);
  const source = tensors.source;
  const hintsSource = nameInMessages(modelsDir, hintsFile);
  const name = path.basename(besides);
  const card = makeModelCard({ source, hintsSource, name, family, hints, unet: unet.config, vae: vae.config });
  // The refiner's published folder says no. @source stabilityai/stable-diffusion-xl-refiner-1.0 model_index.json
  const zeroEmptyNegative = family === 'sdxl';
  return {
    name: card.name,
    path: file,
    unet,
    ...text,
    vae,
    ...tokenizerPlaces(modelsDir, text, hints, hintsSource),
    scheduler: parseScheduler(ldmSchedulerConfig(noise, family), source),
    guidanceRescale: hints.guidanceRescale ?? 0,
    conditions: modelConditions({ source, unet: unet.config, pooledWidth, zeroEmptyNegative }),
    ...(hints.refiner === undefined ? {} : { refiner: hints.refiner }),
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

type TextParts = Pick<ModelLayout, 'family' | 'textEncoder' | 'textEncoder2'>;

/** The text encoders tell the families apart. */
function readTextParts(tensors: TensorIndex): TextParts {
  const names = [...tensors.names()];
  const has = (prefix: keyof typeof LDM_PREFIXES) => names.some((name) => name.startsWith(LDM_PREFIXES[prefix]));
  if (has('refinerOpenClip')) return { family: 'sdxl-refiner', textEncoder: pooledClip(tensors, 'refinerOpenClip') };
  if (has('xlOpenClip') || has('xlClip')) {
    return {
      family: 'sdxl',
      textEncoder: openAiClip(tensors, 'xlClip'),
      textEncoder2: pooledClip(tensors, 'xlOpenClip'),
    };
  }
  if (!has('openClip')) return { family: 'sd1', textEncoder: openAiClip(tensors, 'clip') };
  return { family: 'sd2', textEncoder: clipOf('openclip', openClipTensors(under(tensors, 'openClip', TEXT_ENCODER))) };
}

const TEXT_ENCODER = 'text encoder';

function openAiClip(tensors: TensorIndex, prefix: 'clip' | 'xlClip'): Part {
  return clipOf('openai', clipTensors(under(tensors, prefix, TEXT_ENCODER)));
}

function pooledClip(tensors: TensorIndex, prefix: 'xlOpenClip' | 'refinerOpenClip'): Part {
  return clipOf('openclip', pooledOpenClipTensors(under(tensors, prefix, TEXT_ENCODER)));
}

function clipOf(maker: ClipMaker, tensors: TensorIndex): Part {
  return partOf(tensors, (found) => inferTextConfig(found, maker));
}

/** Latents a side: 512 pixels, 768 for the v-predicting models of 2.x, 1024 for those of XL. */
function sampleSize(family: ModelFamily, { prediction }: NoiseFacts): number {
  if (family === 'sdxl' || family === 'sdxl-refiner') return 128;
  return family === 'sd2' && prediction === 'v' ? 96 : 64;
}

function readUnet(tensors: TensorIndex, family: ModelFamily, noise: NoiseFacts, pooledWidth: number | null): Part {
  return partOf(unetTensors(under(tensors, 'unet', 'U-Net')), (found) =>
    inferUnetConfig(found, family, sampleSize(family, noise), pooledWidth),
  );
}

/** Files "without VAE" need one of models/vaes. */
function readAutoencoder(modelsDir: string, tensors: TensorIndex, { vae }: FileHints, family: ModelFamily): Part {
  if (vae !== undefined) return readSharedAutoencoder(modelsDir, vae, family);
  const own = autoencoderTensors(under(tensors, 'vae', 'autoencoder'));
  return partOf(own, (found) => inferAutoencoderConfig(found, family));
}

/** Two downloads mixed into one would fail in the middle of the first picture. */
function checkWidths(unet: Part, vae: Part, { textEncoder, textEncoder2 }: TextParts): void {
  const kind = kindOfInputChannels(unet.config.in_channels as number, Number(vae.config.latent_channels ?? 4));
  if (kind !== undefined) throw unsupported(unet.tensors.source, kind);
  const wanted = unet.config.cross_attention_dim;
  const given = Number(textEncoder.config.hidden_size) + Number(textEncoder2?.config.hidden_size ?? 0);
  if (wanted === given) return;
  const makers = textEncoder2 === undefined ? 'the text encoder makes' : 'the text encoders make';
  throw new DarkroomError(
    'weights_invalid',
    `${unet.tensors.source}: the U-Net expects conditioning ${wanted} wide, ${makers} it ${given} wide`,
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
  family: ModelFamily,
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
function predictionOfFamily(family: ModelFamily, name: string): NoiseFacts['prediction'] {
  return family !== 'sd2' || /512|base|eps/i.test(name) ? 'epsilon' : 'v';
}

/** OpenCLIP fills prompts up with token 0. */
const PADDING = { openai: CLIP_TOKENS.end, openclip: '!' } as const;

function tokenizerPlaces(
  modelsDir: string,
  { family, textEncoder, textEncoder2 }: TextParts,
  hints: FileHints,
  hintsSource: string,
): Pick<ModelLayout, 'tokenizerPlace' | 'tokenizerPlace2'> {
  const place = (part: Part, maker: ClipMaker) => tokenizerPlace(modelsDir, part, PADDING[maker], hints, hintsSource);
  const first = place(textEncoder, family === 'sd1' || family === 'sdxl' ? 'openai' : 'openclip');
  if (textEncoder2 === undefined) return { tokenizerPlace: first };
  return { tokenizerPlace: first, tokenizerPlace2: place(textEncoder2, 'openclip') };
}

function tokenizerPlace(
  modelsDir: string,
  part: Part,
  padToken: string,
  { tokenizer }: FileHints,
  hintsSource: string,
): TokenizerPlace {
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
