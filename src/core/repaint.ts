// What a request says of the part of its start picture that is repainted, of the canvas that grows around it, and of how closely a network
// that edits pictures follows it. Deliberately not here: pixels; the mask itself lies in the data folder under its hash.
import { refuse } from './refusal.ts';
import type { InitImage, ModelCard, RequestDraft, RequestLimits, Size } from './request.ts';

export const PAN_SIDES = ['left', 'right', 'up', 'down'] as const;
export type PanSide = (typeof PAN_SIDES)[number];

/** What is painted around the start picture, in pixels of the finished one. */
export interface Border {
  readonly leftPx: number;
  readonly rightPx: number;
  readonly upPx: number;
  readonly downPx: number;
}

/** A canvas that grows to one side by a part of its own length there. */
export interface Pan {
  readonly side: PanSide;
  readonly part: number;
}

/** What a user may ask for; all of it is about a start picture. */
export interface RepaintWish {
  /** White is repainted; of a mask with transparent parts, what is opaque. The start picture's own hash means its transparent parts. */
  readonly mask?: InitImage;
  /** Softens the mask's edge. */
  readonly maskBlurPx?: number;
  /** Only this much around the mask is worked on, at the size of the request, and pasted back; null, as absent, works on the whole. */
  readonly onlyMaskedPx?: number | null;
  /** How closely an edited picture is followed; read only by models that edit. */
  readonly imageGuidance?: number;
  /** The finished size includes it. */
  readonly outpaint?: Border;
  /** The start picture becomes this many times smaller on a canvas of the request's size. */
  readonly zoom?: number;
  readonly pan?: Pan;
}

/** In a resolved request; null, as absent, where nothing of the kind was asked for. */
export interface Repainting {
  readonly mask?: InitImage | null | undefined;
  readonly maskBlurPx?: number | null | undefined;
  readonly onlyMaskedPx?: number | null | undefined;
  readonly imageGuidance?: number | null | undefined;
  readonly outpaint?: Border | null | undefined;
}

/** Around the mask, in pixels of the start picture. @source AUTOMATIC1111, "Only masked padding" */
export const USUAL_PADDING_PX = 32;
export const MAX_PADDING_PX = 256;
export const MAX_MASK_BLUR_PX = 64;
/** @source arXiv:2211.09800; AUTOMATIC1111 and diffusers take the same */
export const USUAL_IMAGE_GUIDANCE = 1.5;
const LEAST_ZOOM = 1.05;
const MAX_ZOOM = 4;
/** Half a picture more. */
const USUAL_PAN = 0.5;
const LEAST_PAN = 0.05;
const MAX_PAN = 1;

/** 4 pixels for pictures of 512, as AUTOMATIC1111 has it, and in proportion for others. */
export function usualMaskBlurPx({ widthPx, heightPx }: Size): number {
  return Math.round(Math.min(widthPx, heightPx) / 128);
}

/** "right", or with a part of the picture's width "right:0.25". Undefined for anything else. */
export function parsePan(text: string): Pan | undefined {
  const [, name, part] = /^([a-z]+)(?::(\d(?:\.\d{1,4})?))?$/.exec(text.toLowerCase()) ?? [];
  const side = PAN_SIDES.find((known) => known === name);
  return side === undefined ? undefined : { side, part: part === undefined ? USUAL_PAN : Number(part) };
}

/** What it is, and the size of the finished picture, which panning makes larger. @throws request_invalid */
export function resolveRepaint(
  draft: RequestDraft,
  card: ModelCard,
  size: Size,
  limits: RequestLimits,
): { readonly size: Size; readonly repainting: Repainting } {
  checkStart(draft, card);
  if (draft.initImage === undefined) return { size, repainting: {} };
  const canvas = resolveCanvas(draft, size, card, limits);
  const { mask, onlyMaskedPx } = draft;
  if (mask !== undefined && canvas.outpaint !== undefined) refuse('mask', 'a mask and a border', 'one of the two');
  const blurPx = draft.maskBlurPx ?? (mask === undefined ? undefined : usualMaskBlurPx(canvas.size));
  const repainting: Repainting = {
    ...(mask === undefined ? {} : { mask: resolveMask(mask) }),
    ...(blurPx === undefined ? {} : { maskBlurPx: whole('mask blur', blurPx, MAX_MASK_BLUR_PX) }),
    ...(onlyMaskedPx == null ? {} : { onlyMaskedPx: whole('only-masked', onlyMaskedPx, MAX_PADDING_PX) }),
    ...(card.needs === 'image' ? { imageGuidance: imageGuidanceOf(draft, limits) } : {}),
    ...(canvas.outpaint === undefined ? {} : { outpaint: canvas.outpaint }),
  };
  return { size: canvas.size, repainting };
}

/** The wish that resolves to this again. */
export function repaintWishOf({ mask, maskBlurPx, onlyMaskedPx, imageGuidance, outpaint }: Repainting): RepaintWish {
  return {
    ...(mask == null ? {} : { mask }),
    ...(maskBlurPx == null ? {} : { maskBlurPx }),
    ...(onlyMaskedPx == null ? {} : { onlyMaskedPx }),
    ...(imageGuidance == null ? {} : { imageGuidance }),
    ...(outpaint == null ? {} : { outpaint }),
  };
}

/** A draft of a picture that is not this one: what was repainted there is no more. */
export function withoutRepaint<T extends RepaintWish>(draft: T) {
  const { mask: _, maskBlurPx: __, onlyMaskedPx: ___, outpaint: ____, zoom: _____, pan: ______, ...rest } = draft;
  return rest;
}

function checkStart({ initImage, mask, outpaint, zoom, pan, onlyMaskedPx }: RequestDraft, { needs }: ModelCard): void {
  if (initImage !== undefined) return;
  const wished = [mask, outpaint, zoom, pan, onlyMaskedPx].some((wish) => wish != null);
  if (wished || needs !== undefined) refuse('image', '', { kind: 'some', example: '/imagine prompt: … image: …' });
}

function resolveMask({ sha256 }: InitImage): InitImage {
  if (!/^[0-9a-f]{64}$/.test(sha256)) refuse('mask', sha256, 'a SHA-256 of 64 lower-case hexadecimal digits');
  return Object.freeze({ sha256 });
}

function imageGuidanceOf({ imageGuidance = USUAL_IMAGE_GUIDANCE }: RequestDraft, limits: RequestLimits): number {
  return within('image guidance', imageGuidance, 0, limits.maxGuidance);
}

interface Canvas {
  readonly size: Size;
  readonly outpaint?: Border;
}

function resolveCanvas(draft: RequestDraft, size: Size, card: ModelCard, limits: RequestLimits): Canvas {
  const { outpaint, zoom, pan } = draft;
  if (outpaint !== undefined) return { size, outpaint: checkedBorder(outpaint, size) };
  const zoomed = zoom === undefined ? NO_BORDER : borderOfZoom(zoom, size);
  if (pan === undefined) return zoom === undefined ? { size } : { size, outpaint: Object.freeze(zoomed) };
  const grown = grownTo(pan, size, card, limits);
  return { size: grown.size, outpaint: Object.freeze(sumOf(zoomed, grown.outpaint)) };
}

const NO_BORDER: Border = { leftPx: 0, rightPx: 0, upPx: 0, downPx: 0 };

function checkedBorder({ leftPx, rightPx, upPx, downPx }: Border, { widthPx, heightPx }: Size): Border {
  const sides = [leftPx, rightPx, upPx, downPx];
  const isWhole = sides.every((side) => Number.isInteger(side) && side >= 0);
  const isInside = leftPx + rightPx < widthPx && upPx + downPx < heightPx;
  if (isWhole && isInside && sides.some((side) => side > 0)) return Object.freeze({ leftPx, rightPx, upPx, downPx });
  return refuse(
    'outpaint',
    sides.join(', '),
    'four borders of which one is above 0 and that leave room for the picture',
  );
}

/** Half of what is left on either side; the odd pixel goes right and down. */
function borderOfZoom(zoom: number, { widthPx, heightPx }: Size): Border {
  within('zoom', zoom, LEAST_ZOOM, MAX_ZOOM);
  const across = widthPx - Math.round(widthPx / zoom);
  const along = heightPx - Math.round(heightPx / zoom);
  const [leftPx, upPx] = [Math.floor(across / 2), Math.floor(along / 2)];
  return { leftPx, rightPx: across - leftPx, upPx, downPx: along - upPx };
}

/** The canvas grows by whole steps of the model, at least one. */
function grownTo({ side, part }: Pan, size: Size, { sizeStepPx }: ModelCard, { maxSidePx }: RequestLimits) {
  within('pan', part, LEAST_PAN, MAX_PAN);
  const field = side === 'left' || side === 'right' ? 'widthPx' : 'heightPx';
  const addedPx = Math.max(1, Math.round((size[field] * part) / sizeStepPx)) * sizeStepPx;
  const grown: Size = Object.freeze({ ...size, [field]: size[field] + addedPx });
  if (grown[field] > maxSidePx) refuse('pan', grown[field], { kind: 'atMost', max: maxSidePx });
  return { size: grown, outpaint: { ...NO_BORDER, [`${side}Px`]: addedPx } };
}

function sumOf(a: Border, b: Border): Border {
  return {
    leftPx: a.leftPx + b.leftPx,
    rightPx: a.rightPx + b.rightPx,
    upPx: a.upPx + b.upPx,
    downPx: a.downPx + b.downPx,
  };
}

function within(field: string, value: number, low: number, high: number): number {
  return value >= low && value <= high ? value : refuse(field, value, { kind: 'within', low, high });
}

function whole(field: string, value: number, high: number): number {
  const isFine = Number.isInteger(value) && value >= 0 && value <= high;
  return isFine ? value : refuse(field, value, { kind: 'whole', low: 0, high });
}
