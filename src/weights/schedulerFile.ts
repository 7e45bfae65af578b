// scheduler_config.json of a model; what it may say is diffusion's business, where it lies the caller's, the words of a refusal ours.
import { parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { DarkroomError } from '../errors.ts';

/** @param source what messages call the place of the config. @throws weights_invalid, model_unsupported */
export function parseScheduler(json: Readonly<Record<string, unknown>>, source: string): SchedulerConfig {
  try {
    return parseSchedulerConfig(json);
  } catch (cause) {
    if (!(cause instanceof DarkroomError)) throw cause;
    const problem = cause.message.replace(/^scheduler_config\.json: /, '');
    throw new DarkroomError(cause.code, `${source}: ${problem}`, cause.details, { cause });
  }
}
