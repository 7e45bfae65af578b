// The control networks this installation has: a look at models/controlnets, headers only, against the configs of every model; then names are
// keys of what was found. The folder may be looked at again at any time.
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ControlCard } from '../core/control.ts';
import { FAMILY_TITLES } from '../core/loraChoice.ts';
import type { ModelFamily } from '../core/request.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { CONTROLNETS_FOLDER, type ControlFile, controlPlaces, readControlFile } from './controlNet.ts';
import { nameInMessages, withModelFile } from './modelFiles.ts';
import type { ModelLayout } from './modelFolder.ts';

/** A model as control networks are tried on it. */
export type ControlledModel = Pick<ModelLayout, 'name' | 'unet' | 'vae' | 'family'>;

export interface RefusedControl {
  /** File or folder under models/controlnets. */
  readonly name: string;
  readonly reason: string;
}

export interface ControlLibrary {
  /** Sorted by name; so as the last look at the folder found them. */
  readonly cards: readonly ControlCard[];
  readonly refused: readonly RefusedControl[];
  /** Looks at the folder again; of what has not changed nothing is read. @returns whether anything changed */
  rescan(): boolean;
  /** Changes when one of its files does. @throws model_missing */
  versionOf(name: string): string;
  /** Reads the file again. @throws model_missing, weights_invalid, model_unsupported */
  open(name: string): ControlFile;
}

export const NO_CONTROL_LIBRARY: ControlLibrary = {
  cards: [],
  refused: [],
  rescan: () => false,
  versionOf: (name) => missing(name, []),
  open: (name) => missing(name, []),
};

/**
 * None where there is no such folder; what is wrong with a file becomes `refused`.
 * @param check builds the network, to see every tensor; throws what is wrong with it
 */
export function scanControls(
  modelsDir: string,
  models: readonly ControlledModel[],
  check: (file: ControlFile) => void = () => {},
): ControlLibrary {
  return new FolderLibrary(modelsDir, models, check);
}

/** What one file or folder turned out to be, as long as nothing about it changes. */
interface Found {
  readonly place: string;
  /** Sizes and times of its files. */
  readonly stamp: string;
  readonly card?: ControlCard;
  readonly reason?: string;
}

class FolderLibrary implements ControlLibrary {
  readonly #modelsDir: string;
  readonly #models: readonly ControlledModel[];
  readonly #check: (file: ControlFile) => void;
  /** By place. */
  #all: ReadonlyMap<string, Found> = new Map();
  #usable: ReadonlyMap<string, Found> = new Map();
  cards: readonly ControlCard[] = [];
  refused: readonly RefusedControl[] = [];

  constructor(modelsDir: string, models: readonly ControlledModel[], check: (file: ControlFile) => void) {
    this.#modelsDir = modelsDir;
    this.#models = models;
    this.#check = check;
    this.rescan();
  }

  rescan(): boolean {
    const folder = path.join(this.#modelsDir, CONTROLNETS_FOLDER);
    const before = this.#all;
    const found = controlPlaces(folder).flatMap((place) => {
      const stamp = stampOf(place);
      if (stamp === undefined) return [];
      const known = before.get(place);
      return known?.stamp === stamp ? known : this.#look(place, stamp);
    });
    this.#all = new Map(found.map((one) => [one.place, one]));
    const isSame = found.length === before.size && found.every((one) => before.get(one.place) === one);
    if (!isSame) this.#tell(folder, found);
    return !isSame;
  }

  versionOf(name: string): string {
    return stampOf(this.#placeOf(name)) ?? gone(name);
  }

  open(name: string): ControlFile {
    return readControlFile(this.#modelsDir, this.#placeOf(name));
  }

  #placeOf(name: string): string {
    return this.#usable.get(name)?.place ?? missing(name, [...this.#usable.keys()]);
  }

  #look(place: string, stamp: string): Found {
    try {
      const file = readControlFile(this.#modelsDir, place);
      this.#check(file);
      return { place, stamp, card: cardOf(this.#modelsDir, file, this.#models) };
    } catch (thrown) {
      return { place, stamp, reason: toDarkroomError(thrown, 'weights_invalid').message };
    }
  }

  /** Of two with one name the first by place has it. */
  #tell(folder: string, found: readonly Found[]): void {
    const usable = new Map<string, Found>();
    const refused: RefusedControl[] = [];
    for (const one of found) {
      const other = one.card && usable.get(one.card.name);
      if (one.card !== undefined && other === undefined) usable.set(one.card.name, one);
      const reason = one.reason ?? (other && nameTaken(one.card!.name, nameInMessages(this.#modelsDir, other.place)));
      if (reason !== undefined) refused.push({ name: nameInMessages(folder, one.place), reason });
    }
    this.#usable = usable;
    this.cards = [...usable.values()].map(({ card }) => card!).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.refused = refused;
  }
}

/** Undefined where the place is gone since the folder was listed. */
function stampOf(place: string): string | undefined {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const files = stat.isDirectory()
    ? readdirSync(place).map((name) => path.join(place, name))
    : [place, ...['.darkroom.json', '.yaml'].map((ending) => place.replace(/\.safetensors$/, ending))];
  const stats = files.map((file) => statSync(file, { throwIfNoEntry: false }));
  return stats.map((one) => (one === undefined ? '' : `${one.size}-${one.mtimeMs}`)).join();
}

function cardOf(modelsDir: string, file: ControlFile, models: readonly ControlledModel[]): ControlCard {
  const { name, network, kinds, strength, sizeBytes } = file;
  return {
    name,
    network,
    kinds,
    family: familyOf(file),
    fits: models.filter((model) => fitsModel(file, model)).map((model) => model.name),
    hash: hashOf(modelsDir, file.file),
    ...(strength === undefined ? {} : { strength }),
    sizeBytes,
  };
}

type Config = Readonly<Record<string, unknown>>;

/** Whether what it says can be added to the model's network at all; nobody can see whether the two were trained together. */
export function fitsModel({ name, network, part }: ControlFile, { unet, vae, family }: ControlledModel): boolean {
  const pixelsPerCell = 2 ** (listOf(vae.config.block_out_channels, []).length - 1);
  return network === 'controlnet'
    ? fitsAsCopy(part.config, unet.config, pixelsPerCell)
    : fitsAsAdapter(part.config, unet.config, pixelsPerCell) && (familyOfName(name) ?? family) === family;
}

/** An adapter does not look at words, so that only its name tells 1.x from 2.x. @source TencentARC's file names: sd14v1, sd15v2 */
function familyOfName(name: string): ModelFamily | undefined {
  if (/sd[-_ ]?v?1[45.]/i.test(name)) return 'sd1';
  return /sd[-_ ]?v?2[01.]/i.test(name) ? 'sd2' : undefined;
}

/** What both classes take for a field that is absent. @source diffusers UNet2DConditionModel, ControlNetModel */
const USUAL: Config = { block_out_channels: [320, 640, 1280, 1280], layers_per_block: 2, cross_attention_dim: 1280 };

/** Every skip must be there, as wide and as large. */
function fitsAsCopy(own: Config, unet: Config, pixelsPerCell: number): boolean {
  const levels = listOf(own.block_out_channels ?? USUAL.block_out_channels, []).length;
  const shapeOf = (config: Config) => [
    listOf(config.block_out_channels ?? USUAL.block_out_channels, []),
    perLevel(config.layers_per_block ?? USUAL.layers_per_block, levels),
    // Networks that do not look at the words have no width for them.
    attends(own) ? perLevel(config.cross_attention_dim ?? USUAL.cross_attention_dim, levels) : null,
    config.addition_embed_type ?? null,
    config.projection_class_embeddings_input_dim ?? null,
  ];
  const halvings = listOf(own.conditioning_embedding_out_channels ?? [16, 32, 96, 256], []).length - 1;
  const latents = own.in_channels ?? USUAL_LATENTS;
  const isSame = JSON.stringify(shapeOf(own)) === JSON.stringify(shapeOf(unet));
  return isSame && latents === (unet.out_channels ?? USUAL_LATENTS) && 2 ** halvings === pixelsPerCell;
}

const USUAL_LATENTS = 4;

function attends(config: Config): boolean {
  const blocks = config.down_block_types;
  const isInDown = !Array.isArray(blocks) || blocks.includes('CrossAttnDownBlock2D');
  return isInDown || (config.mid_block_type ?? '') === 'UNetMidBlock2DCrossAttn';
}

/** A level for every block, and of SDXL's one for the middle. */
function fitsAsAdapter(own: Config, unet: Config, pixelsPerCell: number): boolean {
  const blocks = listOf(unet.block_out_channels ?? USUAL.block_out_channels, []);
  const channels = listOf(own.channels ?? USUAL.block_out_channels, []);
  const isXl = own.adapter_type === 'full_adapter_xl';
  const isLight = own.adapter_type === 'light_adapter';
  const levels = isLight ? [...channels, channels.at(-1)] : channels;
  const wanted = isXl ? [...blocks, blocks.at(-1)] : blocks;
  const fold = own.downscale_factor ?? (isXl ? 16 : 8);
  const halvesFirst = Array.isArray(unet.down_block_types) && unet.down_block_types[0] === 'DownBlock2D';
  const isSame = JSON.stringify(levels) === JSON.stringify(wanted);
  return isSame && isXl === (halvesFirst && blocks.length > 1) && fold === pixelsPerCell * (isXl ? 2 : 1);
}

function listOf(value: unknown, fallback: readonly unknown[]): readonly unknown[] {
  return Array.isArray(value) ? value : fallback;
}

function perLevel(value: unknown, levels: number): readonly unknown[] {
  return Array.isArray(value) ? value : Array.from({ length: levels }, () => value);
}

/** Told by the width of the words it reads, or by the levels of an adapter. */
const FAMILIES: Readonly<Record<number, keyof typeof FAMILY_TITLES>> = { 768: 'sd1', 1024: 'sd2', 2048: 'sdxl' };

function familyOf({ name, network, part: { config } }: ControlFile): string {
  if (network === 't2i-adapter') {
    const named = familyOfName(name);
    if (named !== undefined) return FAMILY_TITLES[named];
    return config.adapter_type === 'full_adapter_xl'
      ? FAMILY_TITLES.sdxl
      : `${FAMILY_TITLES.sd1} or ${FAMILY_TITLES.sd2}`;
  }
  const [tokens] = perLevel(config.cross_attention_dim ?? USUAL.cross_attention_dim, 1);
  if (config.addition_embed_type === 'text_time') return FAMILY_TITLES.sdxl;
  const family = FAMILIES[Number(tokens)];
  return family === undefined ? `a model whose words are ${String(tokens)} wide` : FAMILY_TITLES[family];
}

/** The piece of a file by which A1111's extension names it. @source A1111 modules/sd_models.py, model_hash; sd-webui-controlnet */
const HASHED_BEGIN = 0x100000;
const HASHED_BYTES = 0x10000;
const HASH_DIGITS = 8;

/** Of files that end before, and are nobody else's, the whole. */
function hashOf(modelsDir: string, file: string): string {
  return withModelFile(modelsDir, file, (open) => {
    const isLarge = open.sizeBytes > HASHED_BEGIN;
    const begin = isLarge ? HASHED_BEGIN : 0;
    const length = isLarge ? Math.min(HASHED_BYTES, open.sizeBytes - begin) : open.sizeBytes;
    return createHash('sha256').update(open.read(begin, length)).digest('hex').slice(0, HASH_DIGITS);
  });
}

function nameTaken(name: string, other: string): string {
  return `the name ${name} is taken by ${other}; rename one of the two`;
}

function gone(name: string): never {
  throw new DarkroomError('model_missing', `control network ${JSON.stringify(name)}: its file is not there any more`);
}

function missing(name: string, known: readonly string[]): never {
  const names = known.slice(0, 10).join(', ') || 'none';
  throw new DarkroomError('model_missing', `control network ${JSON.stringify(name)}: not found, known are: ${names}`);
}
