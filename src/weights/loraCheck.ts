// Whether a stranger's file is a LoRA that works here: read whole, header and every number, against the models of this installation.
import { DarkroomError } from '../errors.ts';
import { brokenTensors } from './finiteNumbers.ts';
import { fitLora, fits, type LoraTargetModel, readLora } from './loraFile.ts';

/** What a file turned out to be. */
export interface LoraVerdict {
  /** What it was made for, in words. */
  readonly family: string;
  /** Names of the models it fits. */
  readonly fits: readonly string[];
}

/**
 * @param folder the file lies in; nothing outside of it is opened
 * @throws weights_invalid, model_unsupported, model_missing with the reason
 */
export async function checkLora(
  folder: string,
  file: string,
  models: readonly LoraTargetModel[],
): Promise<LoraVerdict> {
  const lora = readLora(folder, file);
  const tried = models.map((model) => ({ name: model.name, fit: fitLora(lora, model) }));
  const fitting = tried.filter(({ fit }) => fits(fit)).map(({ name }) => name);
  if (fitting.length === 0) {
    const misfit = tried.flatMap(({ fit }) => fit.misfits)[0];
    const why = misfit === undefined ? 'none of its layers is among theirs' : misfit;
    const names = models.map(({ name }) => name).join(', ') || 'none';
    const message = `${lora.source}: is a LoRA for ${lora.family}, and fits none of the models here (${names}): ${why}`;
    throw new DarkroomError('model_unsupported', message, { lora: lora.source });
  }
  const [broken] = await brokenTensors(lora.tensors);
  if (broken !== undefined) {
    const found = `found ${broken.broken} of ${broken.numbers} that are none`;
    throw new DarkroomError('weights_invalid', `${lora.source}: ${broken.name}: ${found}, expected finite numbers`);
  }
  return { family: lora.family, fits: fitting };
}
