// What a model folder in the diffusers layout offers: every part's own config.json and the byte ranges of its tensors.
import type { ModelCard } from '../core/request.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { PromptTokenizer } from './promptTokenizer.ts';
import type { TensorIndex } from './tensors.ts';

/** One network of the folder. */
export interface Part {
  /** Its config.json, as published; whoever builds the network checks the fields it reads. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: TensorIndex;
}

export interface ModelFolder {
  /** The folder's name under models/, the same as `card.name`. */
  readonly name: string;
  /** Real absolute path. */
  readonly path: string;
  readonly unet: Part;
  readonly textEncoder: Part;
  readonly vae: Part;
  readonly tokenizer: PromptTokenizer;
  /** scheduler_config.json, read strictly. */
  readonly scheduler: SchedulerConfig;
  readonly card: ModelCard;
}
