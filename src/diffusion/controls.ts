// The controls of one picture while it is sampled: what each map says is asked for once, what a ControlNet finds at every look, and all of it is
// weighed, added up and laid beside the rows of the U-Net. Deliberately not here: how maps are made (src/image) and who computes (src/runtime).
// @source diffusers StableDiffusionControlNetPipeline, MultiControlNetModel, StableDiffusionXLAdapterPipeline
import type { ControlNetwork } from '../core/control.ts';
import type { Answer, Ask, ControlRow, ControlSignal, Latents, Pixels, UnetRow } from './asks.ts';
import { expectKind } from './asks.ts';
import type { PromptRole } from './guidance.ts';

/** One control of a picture. */
export interface PictureControl {
  /** The network's. */
  readonly name: string;
  readonly network: ControlNetwork;
  /** What the network finds is averaged over the picture. */
  readonly isPooled: boolean;
  readonly strength: number;
  /** 0 … 1 of a pass. */
  readonly start: number;
  readonly end: number;
  /** Only the prompt's rows are controlled, the outer skips less. */
  readonly guess: boolean;
  /** Of the picture's size; one object for all pictures of a request. */
  readonly map: Pixels;
  /** Of the second pass's; null, as absent, without one. */
  readonly secondMap?: Pixels | null | undefined;
}

/** A row and whose prompt it has. */
export interface RoleRow {
  readonly row: UnetRow;
  readonly role: PromptRole;
}

/** The rows of a look with what controls add to them. */
export type Controlled = (look: number, rows: readonly RoleRow[]) => Generator<Ask, readonly UnetRow[], Answer>;

/** Strength 0 is no control, and asks for nothing. */
export function isActive({ strength }: PictureControl): boolean {
  return strength !== 0;
}

/** The controls as the second pass has them. */
export function ofSecondPass(controls: readonly PictureControl[]): readonly PictureControl[] {
  return controls.map((control) => ({ ...control, map: control.secondMap ?? control.map, secondMap: null }));
}

/**
 * Asks for what the maps say.
 * @param looks of the whole pass
 */
export function* readControls(controls: readonly PictureControl[], looks: number): Generator<Ask, Controlled, Answer> {
  const ready: ReadyControl[] = [];
  for (const control of controls.filter(isActive)) {
    const { features } = expectKind('hint', yield { kind: 'hint', control: control.name, pixels: control.map });
    const isAdapter = control.network === 't2i-adapter';
    const levels = isAdapter ? features.map((level) => weighed(level, control.strength)) : null;
    ready.push({ control, levels, hint: isAdapter ? null : features[0]! });
  }
  return function* controlled(look, rows) {
    const now = ready.filter(({ control }) => isInRange(control, look, looks));
    return now.length === 0 ? rows.map(({ row }) => row) : yield* signalled(now, rows);
  };
}

/** A control whose map was read: what an adapter adds, or what a ControlNet is shown. */
interface ReadyControl {
  readonly control: PictureControl;
  readonly levels: readonly Latents[] | null;
  readonly hint: Latents | null;
}

/** A look counts while all of it is inside. @source diffusers StableDiffusionControlNetPipeline.__call__, controlnet_keep */
function isInRange({ start, end }: PictureControl, look: number, looks: number): boolean {
  return look / looks >= start && (look + 1) / looks <= end;
}

function* signalled(
  now: readonly ReadyControl[],
  rows: readonly RoleRow[],
): Generator<Ask, readonly UnetRow[], Answer> {
  const skips = rows.map((): Latents[] | null => null);
  const levels = rows.map((): readonly Latents[] | null => null);
  for (const ready of now) {
    const { control } = ready;
    const places = [...rows.keys()].filter((at) => !isForPromptOnly(control) || rows[at]!.role === 'cond');
    if (ready.levels !== null) for (const at of places) levels[at] = summed(levels[at]!, ready.levels);
    if (ready.hint === null || places.length === 0) continue;
    const shown = places.map((at) => shownRow(rows[at]!.row, ready.hint!));
    const { residuals } = expectKind('control', yield { kind: 'control', control: control.name, rows: shown });
    for (const [k, at] of places.entries()) skips[at] = summedResiduals(skips[at]!, residuals[k]!, control);
  }
  return rows.map(({ row }, at) => withSignal(row, { skips: skips[at]!, levels: levels[at]! }));
}

/** @source diffusers StableDiffusionControlNetPipeline.__call__: networks that pool are used as in guess mode */
function isForPromptOnly({ guess, isPooled }: PictureControl): boolean {
  return guess || isPooled;
}

function shownRow({ latents, timestep, conditioning, added, tile }: UnetRow, hint: Latents): ControlRow {
  return {
    latents,
    timestep,
    conditioning,
    hint,
    ...(added === undefined ? {} : { added }),
    ...(tile === undefined ? {} : { tile }),
  };
}

function withSignal(row: UnetRow, control: ControlSignal): UnetRow {
  return control.skips === null && control.levels === null ? row : { ...row, control };
}

function summedResiduals(sum: Latents[] | null, found: readonly Latents[], control: PictureControl): Latents[] {
  const weights = weightsOf(control, found.length);
  const own = found.map((residual, at) => weighed(control.isPooled ? pooled(residual) : residual, weights[at]!));
  return summed(sum, own);
}

/** The least of a guess's weights; the last is 1. */
const LEAST_GUESS = 0.1;

/** One for every place. @source diffusers ControlNetModel.forward, torch.logspace(-1, 0, count) */
function weightsOf({ strength, guess, isPooled }: PictureControl, count: number): readonly number[] {
  const weight = (at: number) => LEAST_GUESS ** (1 - at / (count - 1));
  return Array.from({ length: count }, (_, at) => (guess && !isPooled ? weight(at) * strength : strength));
}

/** Plain loops here and below: of SDXL 27 million numbers a row pass through at every look. */
function weighed(latents: Latents, weight: number): Latents {
  if (weight === 1) return latents;
  const data = new Float32Array(latents.data.length);
  for (let i = 0; i < data.length; i++) data[i] = latents.data[i]! * weight;
  return { ...latents, data };
}

/** Every channel its own mean everywhere. */
function pooled({ channels, height, width, data }: Latents): Latents {
  const plane = height * width;
  const means = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    const own = data.subarray(channel * plane, (channel + 1) * plane);
    means.fill(own.reduce((sum, value) => sum + value, 0) / plane, channel * plane, (channel + 1) * plane);
  }
  return { channels, height, width, data: means };
}

function summed(sum: readonly Latents[] | null, more: readonly Latents[]): Latents[] {
  if (sum === null) return [...more];
  return more.map((latents, at) => {
    const before = sum[at]!.data;
    const data = new Float32Array(before.length);
    for (let i = 0; i < data.length; i++) data[i] = latents.data[i]! + before[i]!;
    return { ...latents, data };
  });
}
