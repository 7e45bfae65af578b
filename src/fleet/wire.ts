// What the bot and the machines of a fleet say to one another: the names in Redis, the messages, and their schemas. Redis carries tasks,
// heartbeats and progress; pictures and every result go over HTTP (receiver.ts), so that Redis may be wiped at any moment.
import { z } from 'zod';
import type { MAX_CONTROLS } from '../core/control.ts';
import type { MAX_BLENDED } from '../core/request.ts';
import type { DevelopProgress, DevelopTask } from '../core/worker.ts';
import { DarkroomError } from '../errors.ts';
import { errorSchema, factsSchema, pictureSchema, taskSchema } from '../worker/protocol.ts';

/** Both sides must say the same number; raised with every change of a message. */
export const PROTOCOL = 4;

/** A machine is there as long as its heartbeat is younger than its life in Redis. */
export const HEARTBEAT_MS = 2_000;
export const HEARTBEAT_LIFE_MS = 10_000;

export const HEARTBEAT_PREFIX = 'darkroom:station:';
export const CANCEL_CHANNEL = 'darkroom:cancel';

/** BullMQ's queue of one machine. */
export function queueOf(stationId: string): string {
  return `darkroom-${stationId}`;
}

/** One attempt at one job, as BullMQ and the heartbeat call it. */
export function deliveryId(jobId: string, attempt: number): string {
  return `${jobId}-${attempt}`;
}

/** The job a delivery is of. */
export function jobOf(delivery: string): string {
  return delivery.slice(0, delivery.lastIndexOf('-'));
}

/** Set while a delivery is no longer wanted, for machines that did not hear the channel. */
export function cancelKey(delivery: string): string {
  return `darkroom:cancelled:${delivery}`;
}

/** Fields of a task that are paths on the bot's machine; the files travel on their own. */
type PathField = { [K in keyof DevelopTask]: K extends `${string}Path` ? K : never }[keyof DevelopTask] & string;
export const PATH_FIELDS = ['initImagePath', 'maskPath'] as const satisfies readonly PathField[];
/** Does not compile while a path field is missing above. */
type Missing = Exclude<PathField, (typeof PATH_FIELDS)[number]>;
const none: [Missing] extends [never] ? true : never = true;
void none;

/** What a task's control pictures are called on their way, in their order; as many as there may be controls. */
export const CONTROL_INPUTS = ['control1', 'control2', 'control3'] as const satisfies {
  readonly length: typeof MAX_CONTROLS;
};
/** And those the start picture was blended from. */
export const BLENDED_INPUTS = ['blended1', 'blended2', 'blended3', 'blended4', 'blended5'] as const satisfies {
  readonly length: typeof MAX_BLENDED;
};
const INPUTS = [...PATH_FIELDS, ...CONTROL_INPUTS, ...BLENDED_INPUTS] as const;
/** A file a machine fetches. */
export type InputName = (typeof INPUTS)[number];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const parcelSchema = z.strictObject({
  protocol: z.literal(PROTOCOL),
  /** Paths are null or what `inputs` names; outputDir is the receiver's own business. */
  task: taskSchema,
  /** Path field or control picture → hash of the file to fetch. */
  inputs: z.partialRecord(z.enum(INPUTS), sha256),
  /** Signed address under which inputs are fetched and results are handed in; ends with a slash. */
  url: z.url({ protocol: /^https?$/ }),
});
export type Parcel = z.infer<typeof parcelSchema>;

const resultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('developed'), pictures: z.array(pictureSchema).min(1).max(100).readonly() }),
  z.strictObject({ kind: z.literal('failed'), error: errorSchema }),
]);
export type Result = z.infer<typeof resultSchema>;

const heartbeatSchema = z.object({
  protocol: z.int(),
  /** Random for every start of the program there. */
  stationId: z.string().regex(/^[a-z0-9]{16}$/),
  /** For people: the machine's name. */
  name: z.string().min(1).max(200),
  /** Jobs it takes at once. */
  slots: z.int().min(1).max(64),
  memoryBytes: z.int().min(0),
  /** Raised whenever the facts change. */
  edition: z.int().min(0),
  /** With the hashes of LoRAs and control networks on their cards. */
  facts: factsSchema,
  /** Model name → hash of its weights, as recipes carry it. */
  hashes: z.record(z.string(), z.string().regex(/^[0-9a-f]{10,64}$/)),
  /** Deliveries it has in hand. */
  running: z.array(z.string().max(200)).max(1000),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** Bytes of a preview on its way through Redis, which keeps it in memory; what a machine's own encoder makes at most. */
export const MAX_PREVIEW_BYTES = 32 * 1024;

/** Events a machine's queue keeps; each may hold a preview, and only the newest matter. */
export const KEPT_EVENTS = 64;

const progressSchema = z
  .strictObject({
    stepsDone: z.int().min(0),
    stepsTotal: z.int().min(1).max(1_000_000),
    /** A WebP; one that is too large or something else is left out, for the steps count without it. */
    preview: z
      .base64()
      .max(Math.ceil(MAX_PREVIEW_BYTES / 3) * 4)
      .transform((text) => Buffer.from(text, 'base64'))
      .refine((bytes) => isWebp(bytes))
      .optional()
      .catch(undefined),
  })
  .refine(({ stepsDone, stepsTotal }) => stepsDone <= stepsTotal);

function isWebp(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
}

/** What a machine writes of its progress. */
export function wireProgress({ stepsDone, stepsTotal, preview }: DevelopProgress): Record<string, number | string> {
  if (preview === undefined || preview.length > MAX_PREVIEW_BYTES) return { stepsDone, stepsTotal };
  return { stepsDone, stepsTotal, preview: Buffer.from(preview).toString('base64') };
}

/** Undefined for what is no progress. */
export function readProgress(jobId: string, value: unknown): DevelopProgress | undefined {
  const result = progressSchema.safeParse(value);
  if (!result.success) return undefined;
  const { stepsDone, stepsTotal, preview } = result.data;
  return { jobId, stepsDone, stepsTotal, ...(preview === undefined ? {} : { preview }) };
}

/** A heartbeat of another protocol is told apart before its other fields are read. */
export type ReadHeartbeat = Heartbeat | { readonly protocol: number; readonly name: string } | undefined;

/** Undefined for what is no heartbeat at all. */
export function readHeartbeat(text: string): ReadHeartbeat {
  const value = parseJson(text);
  const head = z.object({ protocol: z.int(), name: z.string().max(200) }).safeParse(value);
  if (!head.success) return undefined;
  if (head.data.protocol !== PROTOCOL) return head.data;
  const whole = heartbeatSchema.safeParse(value);
  return whole.success ? whole.data : undefined;
}

/** @throws worker_protocol naming the first field that does not fit; values are not repeated */
export function readParcel(value: unknown): Parcel {
  return read(parcelSchema, value, 'a task from the bot');
}

/** @throws worker_protocol */
export function readResult(text: string): Result {
  return read(resultSchema, parseJson(text), 'a result');
}

function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DarkroomError('worker_protocol', `${what}: ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
