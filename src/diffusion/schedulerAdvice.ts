// What a folder's scheduler_config.json says of how its model is best sampled: sampler, schedule, and for distilled models steps and guidance.
// Deliberately not here: the noise it was trained with (schedulerConfig); that is a fact, this is a default the request overrules.
import type { SamplerName, ScheduleName } from '../core/request.ts';

/** Ways of distilling a model into few steps; each wants its own sampler and next to no guidance. */
export const DISTILLATIONS = ['lcm', 'tcd', 'turbo', 'lightning', 'hyper'] as const;
export type Distillation = (typeof DISTILLATIONS)[number];

/** Defaults of a card, as far as something speaks for them. */
export interface SamplingAdvice {
  readonly sampler: SamplerName;
  /** Null is the sampler's own. */
  readonly schedule: ScheduleName | null;
  readonly steps?: number;
  readonly guidance?: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The samplers that walk as these classes do. The rest are what folders carry without meaning it (PNDM came with Stable Diffusion 1, DDIM
 * and DDPM with training scripts) and say nothing.
 */
const SAMPLER_OF_CLASS: Readonly<Record<string, SamplerName>> = {
  DEISMultistepScheduler: 'deis',
  DPMSolverMultistepScheduler: 'dpmpp_2m',
  DPMSolverSDEScheduler: 'dpmpp_sde',
  DPMSolverSinglestepScheduler: 'dpmpp_2m',
  EulerAncestralDiscreteScheduler: 'euler_a',
  EulerDiscreteScheduler: 'euler',
  HeunDiscreteScheduler: 'heun',
  KDPM2AncestralDiscreteScheduler: 'dpm2_a',
  KDPM2DiscreteScheduler: 'dpm2',
  LMSDiscreteScheduler: 'lms',
  UniPCMultistepScheduler: 'unipc',
};

/** Switches for a schedule; Lu's of order 1 are the exponential sigmas. @source diffusers, _convert_to_lu (rho 1) */
const SCHEDULE_OF_SWITCH: Readonly<Record<string, ScheduleName>> = {
  use_karras_sigmas: 'karras',
  use_exponential_sigmas: 'exponential',
  use_lu_lambdas: 'exponential',
  use_beta_sigmas: 'beta',
};

/**
 * Steps and guidance that the models' own pages and diffusers' documentation use. Guidance 1 is none: what diffusers calls 0.
 * Hyper-SD and Lightning come in several step counts; theirs is in the name.
 */
const DISTILLED: Readonly<Record<Distillation, SamplingAdvice & { readonly steps: number }>> = {
  lcm: { sampler: 'lcm', schedule: null, steps: 6, guidance: 1 },
  tcd: { sampler: 'tcd', schedule: null, steps: 4, guidance: 1 },
  turbo: { sampler: 'euler_a', schedule: 'trailing', steps: 4, guidance: 1 },
  lightning: { sampler: 'euler', schedule: 'trailing', steps: 4, guidance: 1 },
  hyper: { sampler: 'ddim', schedule: 'trailing', steps: 8, guidance: 1 },
};

/** A guidance embedding takes the scale as an input, so it costs nothing and is meant to be high. @source diffusers, LatentConsistencyModelPipeline */
const EMBEDDED_GUIDANCE = { steps: 4, guidance: 8.5 } as const;

export interface AdviceSources {
  /** The owner's own word. */
  readonly distilled?: Distillation | undefined;
  /** scheduler_config.json, parsed; absent for a single file. */
  readonly scheduler?: Json | undefined;
  /** Name of the folder or file, the last resort. */
  readonly name: string;
  /** The U-Net is told the guidance scale (time_cond_proj_dim). */
  readonly hasGuidanceInput: boolean;
}

/**
 * What speaks for a way of sampling, the surest first: the owner, the class of the scheduler, trailing Euler steps of noise prediction,
 * the published name. Undefined where nothing does.
 */
export function samplingAdvice({
  distilled,
  scheduler,
  name,
  hasGuidanceInput,
}: AdviceSources): SamplingAdvice | undefined {
  const kind = distilled ?? kindOfScheduler(scheduler) ?? (hasGuidanceInput ? 'lcm' : undefined) ?? kindOfName(name);
  const own = adviceOfClass(scheduler);
  if (kind === undefined) return own;
  const few = DISTILLED[kind];
  const sampling = kind === 'turbo' && own?.schedule === 'trailing' ? own : few;
  const embedded = kind === 'lcm' && hasGuidanceInput ? EMBEDDED_GUIDANCE : {};
  return { ...few, ...sampling, steps: stepsOfName(kind, name) ?? few.steps, ...embedded };
}

function kindOfScheduler(json: Json | undefined): Distillation | undefined {
  if (json?._class_name === 'LCMScheduler') return 'lcm';
  if (json?._class_name === 'TCDScheduler') return 'tcd';
  // Models that predict v and begin at pure noise want trailing steps too; those of SD-Turbo's kind predict noise.
  const isEuler = /^Euler(Ancestral)?DiscreteScheduler$/.test(String(json?._class_name));
  const isNoise = (json?.prediction_type ?? 'epsilon') === 'epsilon';
  return isEuler && isNoise && json?.timestep_spacing === 'trailing' ? 'turbo' : undefined;
}

function adviceOfClass(json: Json | undefined): SamplingAdvice | undefined {
  const sampler = SAMPLER_OF_CLASS[String(json?._class_name)];
  if (json === undefined || sampler === undefined) return undefined;
  const switched = Object.keys(SCHEDULE_OF_SWITCH).find((key) => json[key] === true);
  const isTrailing = json.timestep_spacing === 'trailing';
  const schedule = switched === undefined ? (isTrailing ? 'trailing' : null) : SCHEDULE_OF_SWITCH[switched]!;
  return { sampler: ofAlgorithm(sampler, json), schedule };
}

function ofAlgorithm(sampler: SamplerName, { algorithm_type: algorithm, solver_order: order }: Json): SamplerName {
  if (sampler !== 'dpmpp_2m' || !String(algorithm).startsWith('sde-')) return sampler;
  return order === 3 ? 'dpmpp_3m_sde' : 'dpmpp_2m_sde';
}

/** As publishers write it: sdxl_lightning_4step, Hyper-SD15-8steps, DreamShaperXL_Turbo, LCM_Dreamshaper. A word of its own, not "luminous". */
const KINDS_IN_NAMES: readonly (readonly [RegExp, Distillation])[] = [
  [/lightning/i, 'lightning'],
  [/hyper[-_ ]?sd|[-_ ]hyper([-_ \d]|$)/i, 'hyper'],
  [/turbo/i, 'turbo'],
  [/(^|[-_ ])lcm([-_ \d]|$)/i, 'lcm'],
  [/(^|[-_ ])tcd([-_ \d]|$)/i, 'tcd'],
];

function kindOfName(name: string): Distillation | undefined {
  return KINDS_IN_NAMES.find(([pattern]) => pattern.test(name))?.[1];
}

function stepsOfName(kind: Distillation, name: string): number | undefined {
  const [, steps] = /(?:^|\D)(\d{1,2})[-_ ]?steps?(?![a-z])/i.exec(name) ?? [];
  if (steps === undefined || (kind !== 'lightning' && kind !== 'hyper')) return undefined;
  return Math.max(1, Number(steps));
}
