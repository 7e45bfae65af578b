// How a picture is drawn, as it crosses the pipe. @see core/drawing.ts
import { z } from 'zod';
import type { Drawing } from '../core/drawing.ts';
import type { Hires } from '../core/hires.ts';
import { NOISE_SOURCES, type Variation } from '../core/noise.ts';
import { SEED_COUNT, type Size } from '../core/request.ts';

type Fields<T> = Record<keyof T, z.ZodType>;

const sidePx = z.int().min(1).max(65_536);
const size = z.strictObject({ widthPx: sidePx, heightPx: sidePx } satisfies Fields<Size>);

const variation = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(SEED_COUNT - 1),
  strength: z.number().min(0).max(1),
  resizeFrom: size.nullable(),
} satisfies Fields<Variation>);

const hires = z.strictObject({
  scale: z.number().min(1),
  steps: z.int().min(1),
  denoise: z.number().gt(0).max(1),
  upscaler: z.string().min(1).max(200),
  size,
} satisfies Fields<Hires>);

/** Fields of a request. */
export const drawingFields = {
  noiseSource: z.enum(NOISE_SOURCES).nullable().optional(),
  noiseSeedDelta: z.int().nullable().optional(),
  variation: variation.nullable().optional(),
  hires: hires.nullable().optional(),
  tile: z.boolean().nullable().optional(),
} satisfies Fields<Drawing>;
