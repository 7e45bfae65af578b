// The networks one picture passes through and what each is told: the model's own, and near the end its refiner, which reads the prompt by
// text encoders of its own. Sampling goes on over the change as if there were one network: what a sampler sees is denoised pictures.
// @source arXiv:2307.01952, section 2.5; diffusers, denoising_end and denoising_start; A1111, modules/sd_samplers_common.py apply_refiner
import { promptParts } from '../core/promptParts.ts';
import type { Size } from '../core/request.ts';
import type { Answer, Ask, Conditioning, Expert, UnetRow } from './asks.ts';
import { type PromptRole, rolesOfParts } from './guidance.ts';
import type { ModelConditions, ModelFacts } from './modelFacts.ts';
import type { NoiseLevel } from './noiseSchedule.ts';
import { type ConditioningsAt, type Prompts, readPrompts } from './promptReading.ts';
import type { SchedulerConfig } from './schedulerConfig.ts';

/** One network, as one picture uses it. */
export interface NetworkUse {
  /** Null for the model's own. */
  readonly expert: Expert | null;
  readonly predictionType: SchedulerConfig['predictionType'];
  readonly conditioningsAt: ConditioningsAt;
  /** What every prompt is, in the order of the conditionings. */
  readonly roles: readonly PromptRole[];
  readonly conditions: ModelConditions;
}

/** Who is asked at a level of noise. */
export type NetworkAt = (level: NoiseLevel) => NetworkUse;

/**
 * Asks for the prompts, by the refiner too where one of the levels is its own. A network that is shown a picture has no refiner, for that
 * one would not see it.
 * @param levels those that are run
 */
export function* readNetworks(
  prompts: Prompts,
  looks: number,
  model: ModelFacts,
  levels: readonly NoiseLevel[],
): Generator<Ask, NetworkAt, Answer> {
  const conditions = model.conditions ?? {};
  const weights = promptParts(prompts.prompt).map(({ weight }) => weight);
  const roles = rolesOfParts(prompts.guidance, weights, prompts.pictureScale);
  const read = (expert: Expert | null, { zeroEmptyNegative }: ModelConditions) =>
    readPrompts({ ...prompts, zeroEmptyNegative, ...(expert === null ? {} : { expert }) }, looks);
  const own: NetworkUse = {
    expert: null,
    predictionType: model.scheduler.predictionType,
    conditioningsAt: yield* read(null, conditions),
    roles,
    conditions,
  };
  const { refiner } = model;
  const isRefined = (level: NoiseLevel) => level.timestep < handOver(refiner?.switchAt ?? 1, model.scheduler);
  if (refiner === undefined || conditions.needs !== undefined || !levels.some(isRefined)) return () => own;
  const refined: NetworkUse = {
    expert: 'refiner',
    predictionType: refiner.predictionType,
    conditioningsAt: yield* read('refiner', refiner.conditions),
    roles,
    conditions: refiner.conditions,
  };
  return (level) => (isRefined(level) ? refined : own);
}

/** The timestep below which the refiner is asked. */
function handOver(switchAt: number, { numTrainTimesteps }: SchedulerConfig): number {
  return Math.round(numTrainTimesteps - switchAt * numTrainTimesteps);
}

/** Beauty that prompt and negative prompt are said to have. @source diffusers, StableDiffusionXLImg2ImgPipeline.__call__ */
const SCORES: Readonly<Record<PromptRole, number>> = { cond: 6, uncond: 2.5 };

/** What a row is told besides its prompt. Sizes: the picture comes whole from one of its own size. */
export function toldBesides(
  conditioning: Conditioning,
  role: PromptRole,
  { conditions: { added, toldGuidance } }: NetworkUse,
  { size: { widthPx, heightPx }, guidance }: { readonly size: Size; readonly guidance: number },
): Pick<UnetRow, 'added' | 'guidance'> {
  const told = toldGuidance === true ? { guidance: guidance - 1 } : {};
  if (added === undefined) return told;
  const source = [heightPx, widthPx, 0, 0];
  const timeIds = Float32Array.from([...source, ...(added === 'score' ? [SCORES[role]] : [heightPx, widthPx])]);
  return { ...told, added: { pooled: conditioning.pooled ?? new Float32Array(0), timeIds } };
}
