// The language of the pipe between the bot and the image process: two tagged unions and nothing else.
// Both sides check every message; what does not fit is `worker_protocol`, never a guess.
import { z } from 'zod';
import {
  CONTROL_KINDS,
  CONTROL_NETWORKS,
  type ControlCard,
  type ControlMapFile,
  type ControlUse,
  MAX_CONTROL_STRENGTH,
  MAX_CONTROLS,
} from '../core/control.ts';
import { GRID_INDEX } from '../core/job.ts';
import { type LoraCard, type LoraUse, MAX_LORA_STRENGTH, MAX_LORAS } from '../core/lora.ts';
import {
  checkPicturePolicy,
  PICTURE_MEASURES,
  type PicturePolicy,
  type PictureRule,
  type PictureScores,
  VERDICTS,
} from '../core/pictureJudgement.ts';
import { type Border, MAX_MASK_BLUR_PX, MAX_PADDING_PX } from '../core/repaint.ts';
import {
  MAX_BLENDED,
  MAX_CLIP_SKIP,
  MODEL_FAMILIES,
  MODEL_NEEDS,
  type ModelCard,
  type RefinerCard,
  type ResolvedRequest,
  SAMPLERS,
  SCHEDULES,
  SEED_COUNT,
  type Size,
} from '../core/request.ts';
import { MAX_SCALE, type Upscale, type UpscalerCard } from '../core/upscale.ts';
import type { DevelopedPicture, DevelopTask, WorkerFacts } from '../core/worker.ts';
import { DarkroomError, type SerializedError, toDarkroomError } from '../errors.ts';
import { drawingFields } from './drawingSchema.ts';

/** What the child is busy with; each has its own time limit on the parent's side. A network's first call also loads its weights. */
export const ACTIVITIES = ['idle', 'text', 'unet', 'encode', 'decode', 'upscale', 'hint', 'control', 'judge'] as const;
export type Activity = (typeof ACTIVITIES)[number];

const name = z.string().min(1).max(200);
const filePath = z.string().min(1).max(4096);
const sidePx = z.int().min(1).max(65_536);
const size = z.strictObject({ widthPx: sidePx, heightPx: sidePx } satisfies Fields<Size>);
const samplerName = z.enum(SAMPLERS);

/** The schema of an interface of the core: a field added there without a rule here does not compile. */
type Fields<T> = Record<keyof T, z.ZodType>;

const seed = z
  .int()
  .min(0)
  .max(SEED_COUNT - 1);

const loraStrength = z.number().min(-MAX_LORA_STRENGTH).max(MAX_LORA_STRENGTH);
const loraUse = z.strictObject({
  name,
  strength: loraStrength,
  textStrength: loraStrength,
} satisfies Fields<LoraUse>);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const controlHash = z.string().regex(/^[0-9a-f]{8}$/);
const part = z.number().min(0).max(1);
const controlUse = z.strictObject({
  kind: z.enum(CONTROL_KINDS),
  image: z.strictObject({ sha256 }),
  ready: z.boolean().optional(),
  guess: z.boolean().optional(),
  model: name,
  hash: controlHash,
  strength: z.number().min(0).max(MAX_CONTROL_STRENGTH),
  start: part,
  end: part,
} satisfies Fields<ControlUse>);

const upscale = z.strictObject({
  upscaler: name.nullable(),
  scale: z.number().min(1).max(MAX_SCALE),
  from: size.nullable(),
} satisfies Fields<Upscale>);

const borderPx = z.int().min(0).max(65_536);
const border = z.strictObject({
  leftPx: borderPx,
  rightPx: borderPx,
  upPx: borderPx,
  downPx: borderPx,
} satisfies Fields<Border>);

const request = z.strictObject({
  prompt: z.string(),
  negativePrompt: z.string(),
  model: name,
  style: z.string().nullable(),
  stylePhrase: z.string(),
  size,
  steps: z.int().min(1),
  guidance: z.number(),
  seed,
  count: z.int().min(1).max(64),
  sampler: samplerName,
  schedule: z.enum(SCHEDULES).nullable().optional(),
  clipSkip: z.int().min(1).max(MAX_CLIP_SKIP).nullable().optional(),
  initImage: z.strictObject({ sha256: z.string() }).nullable(),
  blended: z
    .array(z.strictObject({ sha256: z.string() }))
    .max(MAX_BLENDED)
    .readonly()
    .nullable()
    .optional(),
  strength: z.number().min(0).max(1).nullable(),
  loras: z.array(loraUse).max(MAX_LORAS).readonly().nullable().optional(),
  controls: z.array(controlUse).max(MAX_CONTROLS).readonly().nullable().optional(),
  upscale: upscale.nullable().optional(),
  ...drawingFields,
  mask: z.strictObject({ sha256: z.string() }).nullable().optional(),
  maskBlurPx: z.int().min(0).max(MAX_MASK_BLUR_PX).nullable().optional(),
  onlyMaskedPx: z.int().min(0).max(MAX_PADDING_PX).nullable().optional(),
  imageGuidance: z.number().nullable().optional(),
  outpaint: border.nullable().optional(),
  spoiler: z.boolean().optional(),
  privatePrompt: z.boolean().optional(),
  template: z.string().optional(),
} satisfies Fields<ResolvedRequest>);

const share = z.number().min(0).max(1.0001);
const scores = z.strictObject({
  drawing: share,
  hentai: share,
  neutral: share,
  porn: share,
  sexy: share,
  /** A cosine less a threshold. */
  concept: z.number().min(-2).max(2).optional(),
} satisfies Fields<PictureScores>);

const picturePolicy = z
  .strictObject({
    rules: z
      .array(
        z.strictObject({
          of: z.array(z.enum(PICTURE_MEASURES)).readonly(),
          from: z.number(),
          verdict: z.enum(VERDICTS).exclude(['allow']),
        } satisfies Fields<PictureRule>),
      )
      .readonly(),
  } satisfies Fields<PicturePolicy>)
  .superRefine((policy, { addIssue }) => {
    try {
      checkPicturePolicy(policy);
    } catch (thrown) {
      addIssue({ code: 'custom', message: toDarkroomError(thrown).message });
    }
  });

/** A DevelopTask as it crosses a border. */
export const taskSchema = z.strictObject({
  jobId: name,
  attempt: z.int().min(0),
  request,
  initImagePath: filePath.nullable(),
  maskPath: filePath.nullable().optional(),
  controlPaths: z.array(filePath).max(MAX_CONTROLS).readonly().optional(),
  blendedPaths: z.array(filePath).max(MAX_BLENDED).readonly().optional(),
  outputDir: filePath,
  previews: z.boolean().optional(),
  modelHash: z
    .string()
    .regex(/^[0-9a-f]{10}$/)
    .optional(),
  sourcePolicy: picturePolicy.optional(),
} satisfies Fields<DevelopTask>);

const errorDetail = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/** The code stays a plain string here: a newer code becomes `internal` at deserializeError, its message kept. */
export const errorSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), errorDetail),
} satisfies Fields<SerializedError>);

const loraCard = z.strictObject({
  name,
  family: z.string(),
  fits: z.array(name).readonly(),
  triggers: z.array(z.string()).readonly(),
  about: z.string().optional(),
  defaults: z.strictObject({
    strength: loraStrength.optional(),
    textStrength: loraStrength.optional(),
    sampler: samplerName.optional(),
    schedule: z.enum(SCHEDULES).optional(),
    steps: z.int().min(1).optional(),
    guidance: z.number().optional(),
  }),
  sizeBytes: z.int().min(0),
  hash: z
    .string()
    .regex(/^[0-9a-f]{12}$/)
    .optional(),
  idle: z.array(z.string()).readonly().optional(),
  preview: z.string().optional(),
} satisfies Fields<LoraCard>);

const controlCard = z.strictObject({
  name,
  network: z.enum(CONTROL_NETWORKS),
  kinds: z.array(z.enum(CONTROL_KINDS)).readonly(),
  family: z.string(),
  fits: z.array(name).readonly(),
  hash: controlHash,
  strength: z.number().min(0).max(MAX_CONTROL_STRENGTH).optional(),
  sizeBytes: z.int().min(0),
} satisfies Fields<ControlCard>);

const modelCard = z.strictObject({
  name,
  family: z.enum(MODEL_FAMILIES),
  needs: z.enum(MODEL_NEEDS).optional(),
  defaults: z.strictObject({
    size,
    steps: z.int().min(1),
    guidance: z.number(),
    sampler: samplerName,
    schedule: z.enum(SCHEDULES).nullable().optional(),
    strength: z.number(),
    style: z.string().nullable(),
  }),
  styles: z.record(z.string(), z.string()),
  sizeStepPx: sidePx,
  loras: z.array(loraCard).readonly().optional(),
  controls: z.array(controlCard).readonly().optional(),
  refiner: z.strictObject({ model: name, switchAt: z.number().min(0).max(1) } satisfies Fields<RefinerCard>).optional(),
} satisfies Fields<ModelCard>);

export const factsSchema = z.strictObject({
  pid: z.int(),
  provider: z.string(),
  providerReason: z.string(),
  models: z.array(modelCard).readonly(),
  refused: z.array(z.strictObject({ name: z.string(), reason: z.string() })).readonly(),
  modelFiles: z.record(z.string(), z.array(z.string()).readonly()).optional(),
  upscalers: z
    .array(z.strictObject({ name, scale: z.int().min(1).max(MAX_SCALE) } satisfies Fields<UpscalerCard>))
    .readonly()
    .optional(),
  classifier: name.nullable().optional(),
  safetyCheckers: z.array(name).readonly().optional(),
} satisfies Fields<WorkerFacts>);

const fileName = z.string().regex(/^[\w-]+\.png$/);

const controlMap = z.strictObject({
  kind: z.enum(CONTROL_KINDS),
  fileName,
  sha256,
  widthPx: sidePx,
  heightPx: sidePx,
  sizeBytes: z.int().min(1),
} satisfies Fields<ControlMapFile>);

export const pictureSchema = z.strictObject({
  imageIndex: z.int().min(GRID_INDEX),
  fileName,
  sha256,
  seed,
  widthPx: sidePx,
  heightPx: sidePx,
  sizeBytes: z.int().min(1),
  controlMaps: z.array(controlMap).max(MAX_CONTROLS).readonly().optional(),
  scores: scores.optional(),
} satisfies Fields<DevelopedPicture>);

const taskId = z.int().min(1);

/** A WebP of 32 KiB at most, in base64. */
const preview = z.base64().max(44_000).optional();

const childOptions = z.strictObject({
  modelsDir: filePath,
  device: z.enum(['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml']),
  /** What the device computes in; auto when left out. */
  precision: z.enum(['auto', 'fp16', 'fp32']).optional(),
  /** Threads of the networks; null leaves the choice to the engine. */
  threads: z.int().min(1).nullable(),
  /** As MEMORY_LIMIT; the usual share of the machine when left out. */
  memoryLimit: z.string().nullable().optional(),
  /** Who looks at pictures: nobody, the classifier, or with it the models' own safety checkers; everybody who is there when left out. */
  judging: z.enum(['nobody', 'classifier', 'everybody']).optional(),
});

const parentMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), options: childOptions }),
  z.strictObject({ type: z.literal('develop'), taskId, task: taskSchema }),
  z.strictObject({ type: z.literal('cancel'), taskId }),
  /** Looks at the folders of LoRAs and control networks again; answered with `facts`. */
  z.strictObject({ type: z.literal('rescan') }),
  /** Begins no network call for that long. */
  z.strictObject({ type: z.literal('giveWay'), ms: z.int().min(1).max(10_000) }),
  z.strictObject({ type: z.literal('close') }),
]);

const childMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), facts: factsSchema }),
  z.strictObject({ type: z.literal('facts'), facts: factsSchema }),
  /** The child gives up and ends: at the handshake because nothing can be made with these options, later for a message it cannot read. */
  z.strictObject({ type: z.literal('broken'), error: errorSchema }),
  /** Sent when an activity begins and once a second; `call` counts activities, so one call has one deadline. */
  z.strictObject({ type: z.literal('beat'), activity: z.enum(ACTIVITIES), call: z.int().min(0) }),
  z.strictObject({
    type: z.literal('progress'),
    taskId,
    stepsDone: z.int().min(0),
    stepsTotal: z.int().min(0),
    preview,
  }),
  z.strictObject({ type: z.literal('developed'), taskId, pictures: z.array(pictureSchema).min(1).readonly() }),
  z.strictObject({ type: z.literal('failed'), taskId, error: errorSchema }),
]);

export type ChildOptions = z.infer<typeof childOptions>;
export type ParentMessage = z.infer<typeof parentMessage>;
export type ChildMessage = z.infer<typeof childMessage>;
export type Beat = Extract<ChildMessage, { type: 'beat' }>;

/** @throws worker_protocol with the message's type and the first field that does not fit; values (prompts) are not repeated. */
export function parseParentMessage(message: unknown): ParentMessage {
  return parse(parentMessage, message, 'the image process');
}

/** @throws worker_protocol */
export function parseChildMessage(message: unknown): ChildMessage {
  return parse(childMessage, message, 'the bot');
}

function parse<T>(schema: z.ZodType<T>, message: unknown, reader: string): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the message' : issue.path.join('.');
  const text = `${reader} received a message it does not know: type ${typeOf(message)}; ${where}: ${issue?.message}`;
  throw new DarkroomError('worker_protocol', text);
}

function typeOf(message: unknown): string {
  if (typeof message !== 'object' || message === null || !('type' in message)) return `none (${typeof message})`;
  return typeof message.type === 'string' ? JSON.stringify(message.type.slice(0, 40)) : `a ${typeof message.type}`;
}
