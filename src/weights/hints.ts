// What the owner of a model may say of it: darkroom.json inside a folder, NAME.darkroom.json beside a single file NAME.safetensors.
// Deliberately not NAME.json: other programs keep their own notes under that name.
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { CONTROL_KINDS, MAX_CONTROL_STRENGTH } from '../core/control.ts';
import { DEFAULT_LIMITS, SAMPLERS, SCHEDULES } from '../core/request.ts';
import { parseSize } from '../core/size.ts';
import { DISTILLATIONS } from '../diffusion/schedulerAdvice.ts';
import { DarkroomError } from '../errors.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';

/** A name people can type and Discord can show in a list (100 characters at most), without anything that could be a path. */
export const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._()+-]{0,79}$/u;

const folderSchema = z.strictObject({
  name: z.string().regex(NAME).optional(),
  defaults: z
    .strictObject({
      /** `128x96`: width and height in pixels. */
      size: z
        .string()
        .refine((text) => parseSize(text) !== undefined, 'expected WIDTHxHEIGHT')
        .optional(),
      steps: z.int().min(1).max(DEFAULT_LIMITS.maxSteps).optional(),
      guidance: z.number().min(0).max(DEFAULT_LIMITS.maxGuidance).optional(),
      sampler: z.enum(SAMPLERS).optional(),
      schedule: z.enum(SCHEDULES).nullable().optional(),
      strength: z.number().min(0).max(1).optional(),
      style: z.string().nullable().optional(),
    })
    .optional(),
  /** The model was distilled into few steps this way; the default sampler, schedule, steps and guidance follow. */
  distilled: z.enum(DISTILLATIONS).optional(),
  /** How far guided predictions are brought back to the spread of unguided ones; models of zero terminal SNR like 0.7. */
  guidanceRescale: z.number().min(0).max(1).optional(),
  /** An autoencoder of models/vaes, in the place of the model's own. */
  vae: z.string().regex(NAME).optional(),
  /** Another model, which does the last steps: SDXL's refiner. */
  refiner: z
    .strictObject({
      model: z.string().regex(NAME),
      /** The part of the way from pure noise that is behind the picture when it is handed over. @source arXiv:2307.01952's published pair */
      switchAt: z.number().min(0).max(1).default(0.8),
    })
    .optional(),
  /** Style key → phrase, appended to the prompt as it stands: begin it with a comma or a space. */
  styles: z.record(z.string().regex(NAME), z.string().min(1).max(200)).optional(),
});

/** A single file has no configs: the owner may say what they would. */
const fileSchema = folderSchema.extend({
  /** What the network predicts. */
  prediction: z.enum(['epsilon', 'v']).optional(),
  zeroTerminalSnr: z.boolean().optional(),
  /** A folder under models/ whose tokenizer is used; for text encoders with a vocabulary of their own. */
  tokenizer: z.string().regex(NAME).optional(),
});

/** A control network says little of itself. */
const controlSchema = z.strictObject({
  name: z.string().regex(NAME).optional(),
  /** What it follows, the usual kind first; empty for anything. */
  kinds: z.array(z.enum(CONTROL_KINDS)).max(CONTROL_KINDS.length).optional(),
  /** Where nobody says another. */
  strength: z.number().min(0).max(MAX_CONTROL_STRENGTH).optional(),
});

export type ControlHints = z.infer<typeof controlSchema>;
export type Hints = z.infer<typeof folderSchema>;
export type RefinerHint = NonNullable<Hints['refiner']>;
export type FileHints = z.infer<typeof fileSchema>;

/** darkroom.json of a folder; nothing when there is none. @throws weights_invalid naming the field */
export function readFolderHints(modelsDir: string, file: string): Hints {
  return readHints(modelsDir, file, folderSchema);
}

/** NAME.darkroom.json of a single file. @throws weights_invalid naming the field */
export function readFileHints(modelsDir: string, file: string): FileHints {
  return readHints(modelsDir, file, fileSchema);
}

/** darkroom.json of a control network's folder, NAME.darkroom.json of its file. @throws weights_invalid naming the field */
export function readControlHints(modelsDir: string, file: string): ControlHints {
  return readHints(modelsDir, file, controlSchema);
}

function readHints<T extends object>(modelsDir: string, file: string, schema: z.ZodType<T>): T | Record<string, never> {
  if (!existsSync(file)) return {};
  const parsed = schema.safeParse(readModelJson(modelsDir, file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.join('.');
  throw new DarkroomError('weights_invalid', `${nameInMessages(modelsDir, file)}: ${where}: ${issue.message}`, {
    where,
  });
}
