// What a task's pictures begin from and what is done with them when they are drawn: start picture, mask, the surroundings of a mask alone,
// a canvas that grows. Deliberately not here: running networks; whatever has to be resized on the way is asked for.
import { readFile } from 'node:fs/promises';
import type { Mask, Pixels } from '../core/pixels.ts';
import { type Border, usualMaskBlurPx } from '../core/repaint.ts';
import type { ResolvedRequest, Size } from '../core/request.ts';
import type { DevelopTask } from '../core/worker.ts';
import { type Answer, type Ask, expectKind } from '../diffusion/asks.ts';
import { repaintOf } from '../diffusion/inpainting.ts';
import type { StartPicture } from '../diffusion/pipeline.ts';
import { DarkroomError } from '../errors.ts';
import {
  borderMask,
  carriedOn,
  cropped,
  cropRegion,
  filled,
  fittedRegion,
  innerRegion,
  onCanvas,
  overlaid,
  pasted,
  type Region,
} from '../image/canvas.ts';
import { type ControlPicture, controlMap } from '../image/controlMaps.ts';
import { decodePicture, pictureSize } from '../image/decode.ts';
import { blurredMask, decodeHole, decodeMask } from '../image/mask.ts';
import { resizeMask, resizePixels } from '../image/resize.ts';

export interface Stage {
  readonly start: StartPicture | null;
  /** What of a picture that is followed lies where the stage works. */
  cut(picture: ControlPicture): Promise<ControlPicture>;
  /** Of the finished pictures; that of the request, but for pictures of which only a part was worked on. */
  readonly size: Size;
  /** What was not to be repainted comes back from the start picture, to the bit. */
  finish(drawn: Pixels): Generator<Ask, Pixels, Answer>;
}

/**
 * One stage for all pictures of a task, so that what they share is encoded once.
 * @throws input_image_invalid; request_invalid when the request speaks of a start picture and none came
 */
export async function setStage(task: DevelopTask): Promise<Stage> {
  const { request, initImagePath } = task;
  if (initImagePath === null && request.initImage === null) return bareStage(null, request.size);
  if (initImagePath === null || request.strength === null) {
    throw new DarkroomError('request_invalid', 'start picture: found no file or no strength, expected both');
  }
  const bytes = await readInput('start picture', initImagePath);
  const { outpaint, onlyMaskedPx } = request;
  if (outpaint != null) return borderStage(bytes, request, outpaint, request.strength);
  if (onlyMaskedPx != null) return surroundingsStage(bytes, task, onlyMaskedPx, request.strength);
  const source = await maskedSource(bytes, task, request.size);
  if (source.mask === null) return bareStage({ pixels: source.pixels, strength: request.strength }, request.size);
  return overlayStage(source.pixels, source.mask, request.strength);
}

/** @throws input_image_invalid */
export function readInput(what: string, file: string): Promise<Buffer> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new DarkroomError('input_image_invalid', `${what}: cannot be read (${cause.code})`, {}, { cause });
  });
}

/** A stage that works on the whole. */
const whole: Stage['cut'] = (picture) => Promise.resolve(picture);

function bareStage(start: StartPicture | null, size: Size): Stage {
  return {
    start,
    size,
    cut: whole,
    // biome-ignore lint/correctness/useYield: nothing has to be asked for here
    finish: function* (drawn) {
      return drawn;
    },
  };
}

function overlayStage(pixels: Pixels, mask: Mask, strength: number): Stage {
  const size = sizeOf(pixels);
  return {
    start: { pixels, strength, repaint: repaintOf(pixels, mask) },
    size,
    cut: whole,
    finish: function* (drawn) {
      return overlaid(yield* fitting(drawn, size), pixels, mask);
    },
  };
}

interface Source {
  readonly pixels: Pixels;
  /** Null where all of it is worked on. */
  readonly mask: Mask | null;
}

/** A hole in the picture is filled from around it, because there is nothing to see in it. */
async function maskedSource(bytes: Buffer, { request, maskPath }: DevelopTask, size: Size): Promise<Source> {
  const pixels = await decodePicture(bytes, size);
  const blurPx = request.maskBlurPx ?? usualMaskBlurPx(request.size);
  const isOwn = request.mask != null && request.mask.sha256 === request.initImage?.sha256;
  if (request.mask == null || isOwn) {
    const hole = await decodeHole(bytes, size, isOwn);
    return hole === null ? { pixels, mask: null } : { pixels: filled(pixels, hole), mask: blurredMask(hole, blurPx) };
  }
  if (maskPath == null) throw new DarkroomError('request_invalid', 'mask: found no file, expected one');
  const mask = await decodeMask(await readInput('mask', maskPath), await pictureSize(bytes), size);
  return { pixels, mask: blurredMask(mask, blurPx) };
}

/** Longest side of a picture of which a part is repainted, in pixels; larger ones are made smaller first. */
const MAX_OWN_SIDE_PX = 2048;

/** The surroundings of the mask, enlarged to the request's size; what is drawn is made smaller again and laid over the picture. */
async function surroundingsStage(
  bytes: Buffer,
  task: DevelopTask,
  paddingPx: number,
  strength: number,
): Promise<Stage> {
  const own = bounded(await pictureSize(bytes));
  const { pixels, mask } = await maskedSource(bytes, task, own);
  if (mask === null) {
    throw new DarkroomError('input_image_invalid', 'mask: found none, expected one to work on', {
      reason: 'mask_empty',
    });
  }
  const { size } = task.request;
  const region = cropRegion(mask, size, paddingPx);
  const [cutPixels, cutMask] = [cropped(pixels, region), cropped(mask, region)];
  const fit = fittedRegion(cutPixels, size);
  const start = carriedOn(await resizePixels(cutPixels, sizeOfRegion(fit)), size, fit);
  const repaint = repaintOf(start, carriedOn(await resizeMask(cutMask, sizeOfRegion(fit)), size, fit));
  return {
    start: { pixels: start, strength, repaint },
    size: own,
    cut: async (picture) => {
      const part = cropped(await controlMap('map', picture, own), region);
      return carriedOn(await resizePixels(part, sizeOfRegion(fit)), size, fit);
    },
    finish: function* (drawn) {
      const worked = cropped(yield* fitting(drawn, size), fit);
      const patch = yield* fitting(worked, sizeOfRegion(region));
      return overlaid(pasted(pixels, patch, region), pixels, mask);
    },
  };
}

function bounded({ widthPx, heightPx }: Size): Size {
  const shrink = Math.min(1, MAX_OWN_SIDE_PX / Math.max(widthPx, heightPx));
  const side = (px: number) => Math.max(1, Math.round(px * shrink));
  return { widthPx: side(widthPx), heightPx: side(heightPx) };
}

/** The part of the picture's shorter side, inward from the border, over which the new grows out of the old. */
const OVERLAP = 1 / 8;
const MAX_OVERLAP_PX = 64;

/** The border is filled with a continuation of the picture, for strengths below 1 and for what is said of its colours. */
async function borderStage(bytes: Buffer, { size }: ResolvedRequest, border: Border, strength: number): Promise<Stage> {
  const inner = innerRegion(size, border);
  const picture = await decodePicture(bytes, sizeOfRegion(inner));
  const canvas = filled(onCanvas(picture, size, inner), borderMask(size, border, 0));
  const shorterPx = Math.min(picture.width, picture.height);
  return overlayStage(
    canvas,
    borderMask(size, border, Math.min(MAX_OVERLAP_PX, Math.round(shorterPx * OVERLAP))),
    strength,
  );
}

function* fitting(pixels: Pixels, size: Size): Generator<Ask, Pixels, Answer> {
  if (pixels.width === size.widthPx && pixels.height === size.heightPx) return pixels;
  return expectKind('resize', yield { kind: 'resize', pixels, size }).pixels;
}

function sizeOf({ width, height }: Pixels): Size {
  return { widthPx: width, heightPx: height };
}

function sizeOfRegion({ left, top, right, bottom }: Region): Size {
  return { widthPx: right - left, heightPx: bottom - top };
}
