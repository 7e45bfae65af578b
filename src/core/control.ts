// Controls as people choose them: a picture, what of it is followed, and how strongly; written `--control canny:0.8`.
// A control is followed by a ControlNet or a T2I-Adapter of models/controlnets. Deliberately not here: what those compute (src/networks), how a
// map is made of a picture (src/image/controlMaps.ts) and which network a wish gets (controlChoice.ts).
import type { InitImage } from './request.ts';

/** What of a picture is followed, where the map is made here. */
export const MADE_MAPS = ['canny', 'scribble', 'softedge', 'silhouette', 'colour', 'tile'] as const;
/** Those whose map comes from elsewhere and is only resized; `map` is any, for networks of an unknown kind. */
export const READY_MAPS = [
  'pose',
  'depth',
  'normal',
  'lineart',
  'mlsd',
  'segmentation',
  'shuffle',
  'inpaint',
  'edit',
  'map',
] as const;
export const CONTROL_KINDS = [...MADE_MAPS, ...READY_MAPS] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];

/** One control as it is asked for. */
export interface ControlWish {
  readonly kind: ControlKind;
  /** Its bytes lie in the data folder under their hash; absent is the start picture. */
  readonly image?: InitImage;
  /** The picture is a map already, whatever the kind: it is only resized. */
  readonly ready?: boolean;
  /** A network's name; absent is the first that fits the model and the kind. */
  readonly model?: string;
  /** 0 … 2; absent is the network's own, mostly 1. */
  readonly strength?: number;
  /** 0 … 1 of the steps that are run: where the control begins and ends; absent is 0 and 1. */
  readonly start?: number;
  readonly end?: number;
  /** The control counts more than the words: it is given to the prompt's row only and weaker to the outer layers. */
  readonly guess?: boolean;
}

/** One control in a resolved request. */
export interface ControlUse {
  readonly kind: ControlKind;
  readonly image: InitImage;
  /** Absent is false, for both. */
  readonly ready?: boolean | undefined;
  readonly guess?: boolean | undefined;
  /** The network's name. */
  readonly model: string;
  /** Eight hexadecimal digits as recipes of A1111's ControlNet carry them. */
  readonly hash: string;
  readonly strength: number;
  readonly start: number;
  readonly end: number;
}

export const CONTROL_NETWORKS = ['controlnet', 't2i-adapter'] as const;
export type ControlNetwork = (typeof CONTROL_NETWORKS)[number];

/** What of a control network of this installation requests and people need to know. */
export interface ControlCard {
  readonly name: string;
  readonly network: ControlNetwork;
  /** What it was trained to follow, the usual kind first; empty is not known, and any is tried. */
  readonly kinds: readonly ControlKind[];
  /** What it was made for, in words. */
  readonly family: string;
  /** Names of the models it fits. */
  readonly fits: readonly string[];
  /** As in `ControlUse`. */
  readonly hash: string;
  /** Where nothing is said; absent is 1. */
  readonly strength?: number | undefined;
  readonly sizeBytes: number;
}

/** The map a picture was drawn by, as the worker wrote it beside the pictures. */
export interface ControlMapFile {
  readonly kind: ControlKind;
  /** Name inside the task's outputDir. */
  readonly fileName: string;
  readonly sha256: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sizeBytes: number;
}

/** A map that is kept. */
export interface ControlMap extends Omit<ControlMapFile, 'fileName'> {
  /** Relative to the data folder. */
  readonly path: string;
}

/** Each is a network as large as a third of the model, at every step. */
export const MAX_CONTROLS = 3 as const;
/** @source sd-webui-controlnet's slider */
export const MAX_CONTROL_STRENGTH = 2;

/** File name of the map of control `index`, 0-based, beside the pictures. */
export function controlMapName(index: number): string {
  return `control-${index + 1}.png`;
}

export function isControlKind(name: string): name is ControlKind {
  return (CONTROL_KINDS as readonly string[]).includes(name);
}

/** `canny`, `canny:0.8`, or with the part of the steps `canny:0.8:0.2-0.8`. @returns undefined when it is none of them */
export function parseControl(text: string): ControlWish | undefined {
  const [, name, strength, start, end] =
    /^([a-z]+)(?::(\d(?:\.\d{1,6})?|\.\d{1,6}))?(?::(\d(?:\.\d{1,6})?|\.\d{1,6})-(\d(?:\.\d{1,6})?|\.\d{1,6}))?$/.exec(
      text.trim().toLowerCase(),
    ) ?? [];
  if (name === undefined) return undefined;
  const kind = name === 'color' ? 'colour' : name;
  if (!isControlKind(kind)) return undefined;
  return {
    kind,
    ...(strength === undefined ? {} : { strength: Number(strength) }),
    ...(start === undefined || end === undefined ? {} : { start: Number(start), end: Number(end) }),
  };
}

/** As `parseControl` reads it. */
export function formatControl({ kind, strength, start, end }: ControlUse): string {
  return `${kind}:${strength}${start === 0 && end === 1 ? '' : `:${start}-${end}`}`;
}

/**
 * What people call networks, and programs that make maps. First match wins: `lineart_anime` is a lineart, `softedge_hed` a soft edge.
 * @source the file names of lllyasviel/ControlNet-v1-1, TencentARC/T2I-Adapter and those of SDXL that follow them
 */
const KINDS_OF_NAMES: readonly (readonly [RegExp, ControlKind])[] = [
  [/canny/, 'canny'],
  [/mlsd/, 'mlsd'],
  [/scribble|sketch|fake_?scribble/, 'scribble'],
  [/line_?art/, 'lineart'],
  [/soft_?edge|(^|[-_ ])hed([-_ ]|$)|pidi/, 'softedge'],
  [/depth|midas|zoe/, 'depth'],
  [/normal/, 'normal'],
  [/(open|key|dw|dense)_?pose|(^|[-_ ])pose/, 'pose'],
  [/segment|[-_]seg([-_.]|$)/, 'segmentation'],
  [/inpaint/, 'inpaint'],
  [/shuffle/, 'shuffle'],
  [/ip2p|pix2pix/, 'edit'],
  [/tile/, 'tile'],
  [/silhouette/, 'silhouette'],
  // Shown how bright every pixel is to be, not a grid of colours.
  [/re-?colou?r|luminance|brightness/, 'map'],
  [/colou?r/, 'colour'],
];

/** Undefined where a name does not say. */
export function kindOfName(name: string): ControlKind | undefined {
  return KINDS_OF_NAMES.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
}
