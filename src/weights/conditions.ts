// What a model's U-Net is told beside latents, timestep and prompt, read from its config: SDXL's sizes or its refiner's score, the guidance scale.
import type { ModelConditions } from '../diffusion/modelFacts.ts';
import { DarkroomError } from '../errors.ts';
import type { ModelLayout } from './modelFolder.ts';

type Config = Readonly<Record<string, unknown>>;

export interface ConditionSources {
  /** What messages call the model. */
  readonly source: string;
  readonly unet: Config;
  /** Width of the pooled prompt; null where no text encoder makes one. */
  readonly pooledWidth: number | null;
  /** Whether an empty negative prompt is zeros; only asked of models that take a pooled prompt. */
  readonly zeroEmptyNegative: boolean;
}

/** Numbers each kind is told beside the pooled prompt. @source diffusers, _get_add_time_ids of both SDXL pipelines */
const TOLD = [
  ['sizes', 6],
  ['score', 5],
] as const;

/** Width of the waves one number becomes. @source arXiv:2307.01952's published U-Nets */
const WAVES = 256;

/** @throws weights_invalid when U-Net and text encoders do not belong together */
export function modelConditions({ source, unet, pooledWidth, zeroEmptyNegative }: ConditionSources): ModelConditions {
  const toldGuidance = isSet(unet.time_cond_proj_dim) ? { toldGuidance: true } : {};
  if (unet.addition_embed_type !== 'text_time') {
    if (pooledWidth !== null) throw unfitting(source, 'has the text encoders of SDXL, but its U-Net is none of SDXL');
    return toldGuidance;
  }
  if (pooledWidth === null) throw unfitting(source, "has a U-Net of SDXL, but SDXL's second text encoder is missing");
  const added = toldBesides(source, unet, pooledWidth);
  return { added, ...(zeroEmptyNegative ? { zeroEmptyNegative } : {}), ...toldGuidance };
}

function toldBesides(source: string, unet: Config, pooledWidth: number): 'sizes' | 'score' {
  const { projection_class_embeddings_input_dim: found, addition_time_embed_dim: width = WAVES } = unet;
  const expected = TOLD.map(([kind, count]) => [kind, pooledWidth + count * Number(width)] as const);
  const kind = expected.find(([, inputWidth]) => inputWidth === found)?.[0];
  if (kind !== undefined) return kind;
  const widths = expected.map(([, inputWidth]) => inputWidth).join(' or ');
  throw unfitting(source, `projection_class_embeddings_input_dim is ${JSON.stringify(found)}, expected ${widths}`);
}

/** What a CLIPTextConfig means when it does not say. @source transformers CLIPTextConfig */
const PROJECTION_WIDTH = 512;

/** @returns null for families without a pooled prompt */
export function pooledWidthOf({
  family,
  textEncoder,
  textEncoder2,
}: Pick<ModelLayout, 'family' | 'textEncoder' | 'textEncoder2'>): number | null {
  if (family !== 'sdxl' && family !== 'sdxl-refiner') return null;
  const { config } = textEncoder2 ?? textEncoder;
  return Number(config.projection_dim ?? PROJECTION_WIDTH);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function unfitting(source: string, problem: string): DarkroomError {
  return new DarkroomError('weights_invalid', `${source}: ${problem}`, { model: source });
}
