// Reads a model, headers and configs only: a folder in the diffusers layout here, a single file in singleFile.
// What it is when it is something else is told by modelKinds; what its owner may add is in hints.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard, ModelFamily } from '../core/request.ts';
import type { ModelConditions } from '../diffusion/modelFacts.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { DarkroomError } from '../errors.ts';
import { AUTOENCODER_CLASSES, readAutoencoderFolder, readSharedAutoencoder } from './autoencoderPart.ts';
import { modelConditions, pooledWidthOf } from './conditions.ts';
import { type Hints, type RefinerHint, readFolderHints } from './hints.ts';
import { makeModelCard } from './modelCard.ts';
import { isRecord, nameInMessages, readModelJson } from './modelFiles.ts';
import {
  kindOfInputChannels,
  kindOfPipeline,
  kindOfTensors,
  LORA,
  STABLE_DIFFUSION_FILE,
  SUPPORTED_PIPELINES,
  unsupported,
} from './modelKinds.ts';
import { textEncoderName } from './partNames.ts';
import { openPartWeights } from './partWeights.ts';
import type { PromptTokenizer } from './promptTokenizer.ts';
import { openSafetensors, pickleError } from './safetensors.ts';
import { parseScheduler } from './schedulerFile.ts';
import { readSingleFile } from './singleFile.ts';
import { renameTensors, type TensorIndex } from './tensors.ts';
import { checkTokenizerFiles, loadClipTokenizer, loadTokenizer } from './tokenizerFiles.ts';

/** One network of the folder. */
export interface Part {
  /** Its config.json, as published; whoever builds the network checks the fields it reads. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Under today's names, whatever the file calls them (partNames.ts). */
  readonly tensors: TensorIndex;
}

export interface ModelFolder {
  /** The same as `card.name`. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** The same as `card.family`. */
  readonly family: ModelFamily;
  readonly unet: Part;
  /** Of SDXL's refiner, which has only one, the second of SDXL. */
  readonly textEncoder: Part;
  /** SDXL's second one, which also says the whole prompt as one vector. */
  readonly textEncoder2?: Part;
  readonly vae: Part;
  readonly tokenizer: PromptTokenizer;
  readonly tokenizer2?: PromptTokenizer;
  /** scheduler_config.json, read strictly. */
  readonly scheduler: SchedulerConfig;
  /** 0 … 1, from the owner's hints (hints.ts). */
  readonly guidanceRescale: number;
  readonly conditions: ModelConditions;
  /** From the owner's hints: who takes pictures over, and when. */
  readonly refiner?: RefinerHint;
  readonly card: ModelCard;
}

/** Everything of a model but the tokenizers, whose vocabularies take a moment to load. */
export interface ModelLayout extends Omit<ModelFolder, 'tokenizer' | 'tokenizer2'> {
  readonly tokenizerPlace: TokenizerPlace;
  readonly tokenizerPlace2?: TokenizerPlace;
}

export interface TokenizerPlace {
  /** Absolute path; null for CLIP's own vocabulary. */
  readonly folder: string | null;
  /** What short prompts are filled up with; null for what the folder says. */
  readonly padToken: string | null;
}

/** Class names in model_index.json that this version builds. */
const PART_CLASSES = {
  unet: 'UNet2DConditionModel',
  vae: AUTOENCODER_CLASSES,
} as const;

/**
 * Reads and checks a model, headers and configs only.
 * @param modelsDir absolute path of the models folder
 * @param modelPath absolute path of a folder or a file inside it
 * @throws model_missing, weights_invalid, model_unsupported; the message names the file
 */
export function readModelLayout(modelsDir: string, modelPath: string): ModelLayout {
  const isFolder = statSync(modelPath, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? readModelFolder(modelsDir, modelPath) : readModelFile(modelsDir, modelPath);
}

function readModelFolder(modelsDir: string, folder: string): ModelLayout {
  const source = nameInMessages(modelsDir, folder);
  const indexFile = path.join(folder, 'model_index.json');
  if (!existsSync(indexFile)) throw refuseFolder(modelsDir, folder);
  const index = readModelJson(modelsDir, indexFile);
  checkModelIndex(index, source);
  const unet = readPart(modelsDir, folder, 'unet', 'diffusion_pytorch_model');
  const hintsFile = path.join(folder, 'darkroom.json');
  const hints = readFolderHints(modelsDir, hintsFile);
  const text = readTextParts(modelsDir, folder, index);
  const { family } = text;
  const vae = readAutoencoder(modelsDir, folder, hints, family);
  checkUnet(unet, vae, source);
  const schedulerFile = path.join(folder, 'scheduler', 'scheduler_config.json');
  const schedulerJson = readModelJson(modelsDir, schedulerFile);
  const scheduler = parseScheduler(schedulerJson, nameInMessages(modelsDir, schedulerFile));
  const hintsSource = nameInMessages(modelsDir, hintsFile);
  const name = path.basename(folder);
  const card = makeModelCard({
    source,
    hintsSource,
    name,
    family,
    hints,
    unet: unet.config,
    vae: vae.config,
    scheduler: schedulerJson,
  });
  const guidanceRescale = hints.guidanceRescale ?? 0;
  return {
    name: card.name,
    path: folder,
    unet,
    ...text,
    vae,
    scheduler,
    guidanceRescale,
    conditions: modelConditions({
      source,
      unet: unet.config,
      pooledWidth: pooledWidthOf(text),
      zeroEmptyNegative: index.force_zeros_for_empty_prompt !== false,
    }),
    ...(hints.refiner === undefined ? {} : { refiner: hints.refiner }),
    card,
  };
}

type TextParts = Pick<ModelLayout, 'family' | 'textEncoder' | 'textEncoder2' | 'tokenizerPlace' | 'tokenizerPlace2'>;

/** Which text encoders there are tells the families apart. */
function readTextParts(modelsDir: string, folder: string, index: Readonly<Record<string, unknown>>): TextParts {
  const source = nameInMessages(modelsDir, folder);
  const read = (suffix: '' | '_2', className: string) => {
    checkClass(source, `text_encoder${suffix}`, index[`text_encoder${suffix}`], className);
    const tokenizerPlace = { folder: path.join(folder, `tokenizer${suffix}`), padToken: null };
    checkTokenizerFiles(tokenizerPlace.folder, `${source}/tokenizer${suffix}`);
    const textEncoder = readPart(modelsDir, folder, `text_encoder${suffix}`, 'model', textEncoderName);
    return { textEncoder, tokenizerPlace };
  };
  const isXl = isComponent(index.text_encoder_2) || String(index._class_name).startsWith('StableDiffusionXL');
  if (!isXl) {
    const only = read('', 'CLIPTextModel');
    return { family: familyOf(only.textEncoder.config), ...only };
  }
  const second = read('_2', 'CLIPTextModelWithProjection');
  if (!isComponent(index.text_encoder)) return { family: 'sdxl-refiner', ...second };
  const first = read('', 'CLIPTextModel');
  return { family: 'sdxl', ...first, textEncoder2: second.textEncoder, tokenizerPlace2: second.tokenizerPlace };
}

/** OpenAI's CLIP, of 1.x, computes with an approximate GELU; OpenCLIP's text encoder, of 2.x, with the exact one. */
function familyOf(textEncoder: Part['config']): ModelFamily {
  return textEncoder.hidden_act === 'gelu' ? 'sd2' : 'sd1';
}

function readModelFile(modelsDir: string, file: string): ModelLayout {
  if (isPickleName(file)) throw pickleError(nameInMessages(modelsDir, file));
  const tensors = openSafetensors(modelsDir, file);
  const kind = kindOfTensors(tensors);
  if (kind !== STABLE_DIFFUSION_FILE) throw unsupported(tensors.source, kind);
  return readSingleFile(modelsDir, file, tensors);
}

/** Adds the tokenizers. @throws weights_invalid */
export function withTokenizer(modelsDir: string, layout: ModelLayout): ModelFolder {
  const { textEncoder, textEncoder2, tokenizerPlace, tokenizerPlace2 } = layout;
  const tokenizer = tokenizerFor(modelsDir, layout, textEncoder, tokenizerPlace);
  if (textEncoder2 === undefined || tokenizerPlace2 === undefined) return { ...layout, tokenizer };
  return { ...layout, tokenizer, tokenizer2: tokenizerFor(modelsDir, layout, textEncoder2, tokenizerPlace2) };
}

function tokenizerFor(
  modelsDir: string,
  layout: ModelLayout,
  { config, tensors }: Part,
  { folder, padToken }: TokenizerPlace,
): PromptTokenizer {
  const source = nameInMessages(modelsDir, layout.path);
  const maxPositions = config.max_position_embeddings ?? CLIP_POSITIONS;
  const vocabSize = tensors.get(TOKEN_TABLE)?.shape[0];
  if (vocabSize === undefined)
    throw new DarkroomError('weights_invalid', `${tensors.source}: ${TOKEN_TABLE} is missing`);
  if (!isPromptLength(maxPositions)) {
    const problem = `max_position_embeddings is ${JSON.stringify(maxPositions)}, expected at most ${MAX_POSITIONS}`;
    throw new DarkroomError('weights_invalid', `${source}/text_encoder/config.json: ${problem}`);
  }
  return folder === null
    ? loadClipTokenizer(source, maxPositions, vocabSize, padToken)
    : loadTokenizer(modelsDir, folder, maxPositions, vocabSize, padToken);
}

/** What a CLIPTextConfig means when it does not say. @source transformers CLIPTextConfig */
const CLIP_POSITIONS = 77;
/** Tokens; Long-CLIP has 248. Every prompt is padded to this length, so a config must not name any number it likes. */
const MAX_POSITIONS = 4096;

function isPromptLength(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_POSITIONS;
}

/** [vocabulary, width]; the table decides which ids exist, whatever the config says. */
const TOKEN_TABLE = 'text_model.embeddings.token_embedding.weight';

function checkModelIndex(index: Readonly<Record<string, unknown>>, source: string): void {
  const pipeline = index._class_name;
  if (typeof pipeline !== 'string') {
    throw new DarkroomError('weights_invalid', `${source}/model_index.json: has no _class_name`);
  }
  if (!SUPPORTED_PIPELINES.includes(pipeline)) throw unsupported(source, kindOfPipeline(pipeline));
  for (const [part, expected] of Object.entries(PART_CLASSES)) checkClass(source, part, index[part], expected);
}

function isComponent(entry: unknown): boolean {
  return Array.isArray(entry) && typeof entry[1] === 'string';
}

function checkClass(source: string, part: string, entry: unknown, classes: string | readonly string[]): void {
  const found = Array.isArray(entry) ? entry[1] : entry;
  if ([classes].flat().includes(found)) return;
  const expected = [classes].flat().join('" or "');
  const file = `${source}/model_index.json`;
  throw new DarkroomError('model_unsupported', `${file}: ${part} is ${JSON.stringify(found)}, expected "${expected}"`);
}

function readPart(
  modelsDir: string,
  folder: string,
  part: string,
  base: string,
  rename?: (name: string) => string,
): Part {
  const partDir = path.join(folder, part);
  const config = readModelJson(modelsDir, path.join(partDir, 'config.json'));
  const tensors = openPartWeights(modelsDir, partDir, base);
  return { config, tensors: rename === undefined ? tensors : renameTensors(tensors, rename) };
}

function readAutoencoder(modelsDir: string, folder: string, { vae }: Hints, family: ModelFamily): Part {
  if (vae !== undefined) return readSharedAutoencoder(modelsDir, vae, family);
  return readAutoencoderFolder(modelsDir, path.join(folder, 'vae'));
}

/** The config can lie about what the weights are (edited by hand, mixed downloads), so both are asked. */
function checkUnet(unet: Part, vae: Part, source: string): void {
  const convIn = unet.tensors.get('conv_in.weight');
  if (convIn === undefined) {
    const kind = kindOfTensors(unet.tensors);
    throw new DarkroomError('weights_invalid', `${unet.tensors.source}: conv_in.weight is missing; this is ${kind.is}`);
  }
  const latentChannels = vae.config.latent_channels ?? KL_CHANNELS;
  const kind = kindOfInputChannels(convIn.shape[1], Number(latentChannels));
  if (kind !== undefined) throw unsupported(source, kind);
  const said = unet.config.in_channels ?? KL_CHANNELS;
  if (said === convIn.shape[1]) return;
  const found = `conv_in.weight takes ${convIn.shape[1]} channels`;
  throw new DarkroomError(
    'weights_invalid',
    `${source}: ${found}, expected ${String(said)}, the in_channels of unet/config.json; are two downloads mixed here?`,
  );
}

/** What an AutoencoderKL config means when it does not say. @source diffusers AutoencoderKL */
const KL_CHANNELS = 4;

/** A folder without model_index.json: says what lies there instead. */
function refuseFolder(modelsDir: string, folder: string): DarkroomError {
  const source = nameInMessages(modelsDir, folder);
  const names = readdirSync(folder).toSorted();
  if (names.includes('adapter_config.json')) return unsupported(source, LORA);
  const weights = names.find((name) => name.endsWith('.safetensors'));
  if (weights !== undefined) {
    const tensors = openSafetensors(modelsDir, path.join(folder, weights));
    return unsupported(tensors.source, kindOfTensors(tensors));
  }
  if (names.includes('config.json')) return refusePart(modelsDir, folder, source);
  const pickle = names.find(isPickleName);
  if (pickle !== undefined) return pickleError(`${source}/${pickle}`);
  return new DarkroomError('model_missing', `${source}/model_index.json: there is no such file`, { model: source });
}

function refusePart(modelsDir: string, folder: string, source: string): DarkroomError {
  const config = readModelJson(modelsDir, path.join(folder, 'config.json'));
  const found = isRecord(config) ? (config._class_name ?? config.model_type) : undefined;
  const advice = 'the whole folder, with model_index.json, is needed';
  return unsupported(source, { is: `one part of a model (${JSON.stringify(found)})`, advice });
}

export function isPickleName(name: string): boolean {
  return /\.(bin|ckpt|pt|pth|pkl)$/i.test(name);
}
