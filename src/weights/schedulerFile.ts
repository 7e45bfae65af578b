// scheduler_config.json of a model folder; what it may say is diffusion's business, where it lies is ours.
import { parseSchedulerConfig, type SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { DarkroomError } from '../errors.ts';
import { nameInMessages, readModelJson } from './modelFiles.ts';

/** @throws model_missing, weights_invalid; model_unsupported for a kind of diffusion that is not built */
export function readScheduler(modelsDir: string, file: string): SchedulerConfig {
  return parseScheduler(readModelJson(modelsDir, file), nameInMessages(modelsDir, file));
}

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
