// What a model folder says of the noise it was trained with: scheduler_config.json, read strictly.
// Deliberately not here: the sampler. The file names one in _class_name, but which sampler runs is the request's choice.
import { DarkroomError } from '../errors.ts';

export const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;
export type BetaSchedule = (typeof BETA_SCHEDULES)[number];

/** What the network's output means. */
export const PREDICTION_TYPES = ['epsilon', 'v_prediction', 'sample'] as const;
export type PredictionType = (typeof PREDICTION_TYPES)[number];

/** How few sampling timesteps are laid over the training timesteps. @source arXiv:2305.08891, table 2 */
export const TIMESTEP_SPACINGS = ['leading', 'trailing', 'linspace'] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

/** The variance DDPM adds back: fixed_small is the posterior's (beta tilde), fixed_large is beta. */
export const VARIANCE_TYPES = ['fixed_small', 'fixed_large'] as const;
export type VarianceType = (typeof VARIANCE_TYPES)[number];

export const FINAL_SIGMAS = ['zero', 'sigma_min'] as const;
export type FinalSigma = (typeof FINAL_SIGMAS)[number];

export interface SchedulerConfig {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** One beta per training timestep; when given, the three fields above do not matter. */
  readonly trainedBetas: readonly number[] | null;
  readonly predictionType: PredictionType;
  /** Null when the file is silent: every sampler then takes its own customary spacing. */
  readonly timestepSpacing: TimestepSpacing | null;
  /** Added to leading timesteps. */
  readonly stepsOffset: number;
  /** DDIM's last step ends at alpha-bar 1; otherwise at that of the first training timestep. */
  readonly setAlphaToOne: boolean;
  /** DDIM and DDPM hold the denoised picture inside ± this; null for no limit. */
  readonly clipRange: number | null;
  /** Betas are rescaled so that the last training timestep is pure noise. @source arXiv:2305.08891, algorithm 1 */
  readonly rescaleBetasZeroSnr: boolean;
  readonly varianceType: VarianceType;
  /** Steps of the solver a consistency model was distilled with; its timesteps are chosen among theirs. @source arXiv:2310.04378, section 5.1 */
  readonly originalInferenceSteps: number;
  /** What timesteps are multiplied by in the boundary condition of consistency models. */
  readonly timestepScaling: number;
  /** Where the last step ends: at the clean end, or at the smallest trained sigma. */
  readonly finalSigma: FinalSigma;
  /** Multistep solvers end with a step of first order, where they take few steps. */
  readonly lowerOrderFinal: boolean;
  /** DPM++ does so whatever the number of steps. */
  readonly eulerAtFinal: boolean;
}

/** What the file need not say; the values are diffusers' own defaults. */
export const DEFAULT_SCHEDULER: SchedulerConfig = {
  numTrainTimesteps: 1000,
  betaStart: 1e-4,
  betaEnd: 0.02,
  betaSchedule: 'linear',
  trainedBetas: null,
  predictionType: 'epsilon',
  timestepSpacing: null,
  stepsOffset: 0,
  setAlphaToOne: true,
  clipRange: 1,
  rescaleBetasZeroSnr: false,
  varianceType: 'fixed_small',
  originalInferenceSteps: 50,
  timestepScaling: 10,
  finalSigma: 'zero',
  lowerOrderFinal: true,
  eulerAtFinal: false,
};

type ClassDefaults = Readonly<Record<string, unknown>>;

const LATENT_BETAS = { beta_start: 0.00085, beta_end: 0.012 };
const CONSISTENCY: ClassDefaults = { ...LATENT_BETAS, beta_schedule: 'scaled_linear', clip_sample: false };

/** What the classes that differ from the rest mean when their file is silent. @source diffusers 0.42, their constructors */
const CLASS_DEFAULTS: Readonly<Record<string, ClassDefaults>> = {
  DPMSolverSDEScheduler: LATENT_BETAS,
  HeunDiscreteScheduler: LATENT_BETAS,
  KDPM2AncestralDiscreteScheduler: LATENT_BETAS,
  KDPM2DiscreteScheduler: LATENT_BETAS,
  LCMScheduler: CONSISTENCY,
  PNDMScheduler: { set_alpha_to_one: false },
  TCDScheduler: CONSISTENCY,
};

/** Schedulers of ordinary variance-preserving diffusion, whose noise our samplers share. */
const KNOWN_CLASSES = [
  'DDIMParallelScheduler',
  'DDIMScheduler',
  'DDPMParallelScheduler',
  'DDPMScheduler',
  'DEISMultistepScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSDEScheduler',
  'DPMSolverSinglestepScheduler',
  'EulerAncestralDiscreteScheduler',
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'LCMScheduler',
  'LMSDiscreteScheduler',
  'PNDMScheduler',
  'TCDScheduler',
  'UniPCMultistepScheduler',
];

/** Switches that change what the numbers mean, with the only value read here. */
const REQUIRED_VALUES: Readonly<Record<string, unknown>> = {
  thresholding: false,
  use_flow_sigmas: false,
  timestep_type: 'discrete',
  interpolation_type: 'linear',
};

/** More training timesteps than this is no diffusion model anybody trained; the limit keeps a bad file from taking the memory. */
const MAX_TRAIN_TIMESTEPS = 100_000;

/**
 * Reads the parsed scheduler_config.json of a diffusers folder. Fields that name a sampler or a schedule (solver_order, algorithm_type,
 * skip_prk_steps, use_karras_sigmas …) are passed over, because the request names both; schedulerAdvice reads them.
 * @throws model_unsupported for a kind of diffusion or a switch that is not built; weights_invalid for a malformed file.
 */
export function parseSchedulerConfig(json: unknown): SchedulerConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('the file', json, 'a JSON object');
  const said = json as Readonly<Record<string, unknown>>;
  refuseForeignKinds(said);
  const file = { ...CLASS_DEFAULTS[String(said._class_name)], ...withoutNulls(said) };
  const config: SchedulerConfig = {
    numTrainTimesteps: integer(file, 'num_train_timesteps', DEFAULT_SCHEDULER.numTrainTimesteps, 1),
    betaStart: beta(file, 'beta_start', DEFAULT_SCHEDULER.betaStart),
    betaEnd: beta(file, 'beta_end', DEFAULT_SCHEDULER.betaEnd),
    betaSchedule: oneOf(file, 'beta_schedule', BETA_SCHEDULES) ?? DEFAULT_SCHEDULER.betaSchedule,
    trainedBetas: readTrainedBetas(file),
    predictionType: oneOf(file, 'prediction_type', PREDICTION_TYPES) ?? DEFAULT_SCHEDULER.predictionType,
    timestepSpacing: oneOf(file, 'timestep_spacing', TIMESTEP_SPACINGS) ?? null,
    stepsOffset: integer(file, 'steps_offset', DEFAULT_SCHEDULER.stepsOffset, 0),
    setAlphaToOne: flag(file, 'set_alpha_to_one', DEFAULT_SCHEDULER.setAlphaToOne),
    clipRange: readClipRange(file),
    rescaleBetasZeroSnr: flag(file, 'rescale_betas_zero_snr', DEFAULT_SCHEDULER.rescaleBetasZeroSnr),
    varianceType: oneOf(file, 'variance_type', VARIANCE_TYPES) ?? DEFAULT_SCHEDULER.varianceType,
    originalInferenceSteps: integer(file, 'original_inference_steps', DEFAULT_SCHEDULER.originalInferenceSteps, 1),
    timestepScaling: positive(file, 'timestep_scaling', DEFAULT_SCHEDULER.timestepScaling),
    finalSigma: oneOf(file, 'final_sigmas_type', FINAL_SIGMAS) ?? DEFAULT_SCHEDULER.finalSigma,
    lowerOrderFinal: flag(file, 'lower_order_final', DEFAULT_SCHEDULER.lowerOrderFinal),
    eulerAtFinal: flag(file, 'euler_at_final', DEFAULT_SCHEDULER.eulerAtFinal),
  };
  checkTogether(config);
  return Object.freeze(config);
}

/** diffusers writes null for "not set". */
function withoutNulls(file: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(file).filter(([, value]) => value !== null));
}

function refuseForeignKinds(file: Readonly<Record<string, unknown>>): void {
  const className = file._class_name;
  if (className !== undefined && !KNOWN_CLASSES.includes(className as string)) {
    throw unsupported('_class_name', className, `one of ${KNOWN_CLASSES.join(', ')}`);
  }
  for (const [key, wanted] of Object.entries(REQUIRED_VALUES)) {
    const found = file[key];
    if (found !== undefined && found !== null && found !== wanted) throw unsupported(key, found, String(wanted));
  }
  const lambdaMin = file.lambda_min_clipped;
  if (typeof lambdaMin === 'number' && Number.isFinite(lambdaMin)) {
    throw unsupported('lambda_min_clipped', lambdaMin, 'no clipping');
  }
}

function checkTogether(config: SchedulerConfig): void {
  const { trainedBetas, numTrainTimesteps, rescaleBetasZeroSnr, predictionType } = config;
  if (numTrainTimesteps > MAX_TRAIN_TIMESTEPS) {
    throw invalid('num_train_timesteps', numTrainTimesteps, `at most ${MAX_TRAIN_TIMESTEPS}`);
  }
  if (trainedBetas !== null && trainedBetas.length !== numTrainTimesteps) {
    throw invalid('trained_betas.length', trainedBetas.length, `num_train_timesteps = ${numTrainTimesteps}`);
  }
  // At alpha-bar 0 the picture holds no signal, so noise prediction cannot say what the picture is.
  if (rescaleBetasZeroSnr && predictionType === 'epsilon') {
    throw unsupported('rescale_betas_zero_snr', true, 'false where prediction_type is epsilon');
  }
}

function readTrainedBetas(file: Readonly<Record<string, unknown>>): readonly number[] | null {
  const found = file.trained_betas ?? null;
  if (found === null) return null;
  if (!Array.isArray(found) || !found.every(isBeta)) throw invalid('trained_betas', found, 'numbers in 0 … 1');
  return Object.freeze([...found]);
}

function readClipRange(file: Readonly<Record<string, unknown>>): number | null {
  if (!flag(file, 'clip_sample', true)) return null;
  return positive(file, 'clip_sample_range', 1);
}

function positive(file: Readonly<Record<string, unknown>>, key: string, fallback: number): number {
  const found = file[key] ?? fallback;
  if (typeof found !== 'number' || !(found > 0)) throw invalid(key, found, 'a number above 0');
  return found;
}

function isBeta(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function beta(file: Readonly<Record<string, unknown>>, key: string, fallback: number): number {
  const found = file[key] ?? fallback;
  if (!isBeta(found)) throw invalid(key, found, 'a number in 0 … 1');
  return found;
}

function integer(file: Readonly<Record<string, unknown>>, key: string, fallback: number, least: number): number {
  const found = file[key] ?? fallback;
  if (!Number.isSafeInteger(found) || (found as number) < least)
    throw invalid(key, found, `an integer of ${least} or more`);
  return found as number;
}

function flag(file: Readonly<Record<string, unknown>>, key: string, fallback: boolean): boolean {
  const found = file[key] ?? fallback;
  if (typeof found !== 'boolean') throw invalid(key, found, 'true or false');
  return found;
}

function oneOf<T extends string>(
  file: Readonly<Record<string, unknown>>,
  key: string,
  allowed: readonly T[],
): T | undefined {
  const found = file[key] ?? undefined;
  if (found === undefined) return undefined;
  if (!allowed.includes(found as T)) throw unsupported(key, found, `one of ${allowed.join(', ')}`);
  return found as T;
}

function unsupported(key: string, found: unknown, expected: string): DarkroomError {
  return new DarkroomError('model_unsupported', describe(key, found, expected), { field: key });
}

function invalid(key: string, found: unknown, expected: string): DarkroomError {
  return new DarkroomError('weights_invalid', describe(key, found, expected), { field: key });
}

function describe(key: string, found: unknown, expected: string): string {
  return `scheduler_config.json: ${key} is ${String(JSON.stringify(found)).slice(0, 80)}, expected ${expected}`;
}
