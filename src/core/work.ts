// How much machine time a request will probably take, for fair turns and for "about 20 seconds".
// Deliberately rough: what is measured replaces the constant as soon as a model has made a picture.
import { isLatentUpscaler } from './hires.ts';
import { promptParts } from './promptParts.ts';
import type { ModelCard, ResolvedRequest, Size } from './request.ts';
import { LANCZOS, type Upscale } from './upscale.ts';

/** Before anything was measured: milliseconds for one network row over 64x64 pixels; a slow two-core machine. */
export const UNMEASURED_MS_PER_UNIT = 10;
const UNIT_PX = 64 * 64;

/** What a pass of a Real-ESRGAN costs, over as many pixels, in rows of a Stable Diffusion U-Net. */
const UPSCALER_ROWS = 12;

/** What a ControlNet costs, in rows of its U-Net: the encoder's half and the middle. @source SD 1.5's ControlNet, 361 of 860 million weights */
const CONTROL_ROWS = 0.4;

/** Rows of a step with guidance, and with a scale of its own for the picture that is edited. */
const GUIDED_ROWS = 2;
const EDITED_ROWS = 3;

/** What a LoRA's branches cost, in rows of its U-Net: rank 128 on every layer of SD 1.5 takes 4 % longer. */
const LORA_ROWS = 0.03;

/** Whose pace decides how long a request takes: the model's, or the upscaler's where nothing is drawn. */
export function workerNameOf({ model, upscale }: ResolvedRequest): string {
  return upscale == null || upscale.from === null ? model : (upscale.upscaler ?? LANCZOS);
}

/** What workers that have a LoRA or a control network of that name say they have; no model's or upscaler's name holds a slash. */
export function loraNeed(name: string): string {
  return `lora/${name}`;
}

export function controlNeed(name: string): string {
  return `control/${name}`;
}

/** Names of everything a worker must have to carry a request out. */
export function needsOf(request: ResolvedRequest): readonly string[] {
  const { loras, controls, upscale, hires } = request;
  const own = workerNameOf(request);
  if (upscale != null && upscale.from !== null) return [own];
  return [
    own,
    ...(loras ?? []).map(({ name }) => loraNeed(name)),
    ...(controls ?? []).map(({ model }) => controlNeed(model)),
    ...(upscale?.upscaler == null ? [] : [upscale.upscaler]),
    ...(hires == null || isLatentUpscaler(hires.upscaler) ? [] : [hires.upscaler]),
  ];
}

/** Work of a request in units of one network row over 64x64 pixels; every prompt and part of one is a row, a start picture saves steps. */
export function workOf(request: ResolvedRequest): number {
  return drawingOf(request) + (request.upscale == null ? 0 : upscalingOf(request, request.upscale));
}

function upscalingOf({ size, hires, count }: ResolvedRequest, { from, upscaler }: Upscale): number {
  const { widthPx, heightPx } = from ?? hires?.size ?? size;
  return (count * (upscaler === null ? 1 : UPSCALER_ROWS) * widthPx * heightPx) / UNIT_PX;
}

function drawingOf(request: ResolvedRequest): number {
  if (request.upscale != null && request.upscale.from !== null) return 0;
  const steps = request.strength === null ? request.steps : Math.max(1, request.steps * request.strength);
  const parts = promptParts(request.prompt).length;
  // Following a picture by a scale of its own takes one row more.
  const isEdited = request.imageGuidance != null && request.imageGuidance !== 1;
  const rowsPerStep = request.guidance === 1 && parts === 1 && !isEdited ? 1 : parts + 1 + Number(isEdited);
  const { hires } = request;
  const passes = steps * areasOf(request.size) + (hires == null ? 0 : hires.steps * areasOf(hires.size));
  const branches = controlShare(request) + LORA_ROWS * (request.loras?.length ?? 0);
  return request.count * rowsPerStep * passes * (1 + branches);
}

/** Work of one picture of a model with nothing asked for but words. */
export function usualWorkOf({ defaults: { size, steps, guidance }, needs }: ModelCard): number {
  return steps * areasOf(size) * (guidance === 1 ? 1 : needs === 'image' ? EDITED_ROWS : GUIDED_ROWS);
}

/** Half of a network runs once more for every control, in the part of the steps it is followed in. */
function controlShare({ controls }: ResolvedRequest): number {
  return (controls ?? []).reduce((share, { start, end }) => share + CONTROL_ROWS * (end - start), 0);
}

function areasOf({ widthPx, heightPx }: Size): number {
  return (widthPx * heightPx) / UNIT_PX;
}

/** Expected machine time in whole milliseconds, at least 1. */
export function expectedMs(workUnits: number, msPerUnit: number): number {
  return Math.max(1, Math.round(workUnits * msPerUnit));
}
