// The safety checkers that models of this installation bring along: which can be used, and one for each open model.
import { toDarkroomError } from '../errors.ts';
import { MemoryShare } from '../runtime/memory.ts';
import { type OpenSafetyChecker, openSafetyChecker } from '../runtime/safetyChecker.ts';
import type { SessionSettings } from '../runtime/session.ts';
import type { ModelLayout } from '../weights/modelFolder.ts';
import { readSafetyChecker, SAFETY_CHECKER_FOLDER } from '../weights/safetyChecker.ts';
import type { OpenedModel } from './modelShelf.ts';

export interface SafetyCheckers {
  /** Models whose checker can be used. */
  readonly models: readonly string[];
  /** Checkers that cannot; their models make pictures all the same. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
  /** Undefined for a model without one, and without one that can be used. */
  open(layout: Pick<ModelLayout, 'name' | 'path'>, settings: SessionSettings): OpenSafetyChecker | undefined;
}

export const NO_SAFETY_CHECKERS: SafetyCheckers = { models: [], refused: [], open: () => undefined };

/** Headers and configs only. */
export function scanSafetyCheckers(
  modelsDir: string,
  layouts: readonly Pick<ModelLayout, 'name' | 'path'>[],
  settings: SessionSettings,
): SafetyCheckers {
  const models: string[] = [];
  const refused: { name: string; reason: string }[] = [];
  for (const layout of layouts) {
    try {
      if (openOf(modelsDir, layout, settings) !== undefined) models.push(layout.name);
    } catch (thrown) {
      const { message } = toDarkroomError(thrown, 'weights_invalid');
      refused.push({ name: `${layout.name}/${SAFETY_CHECKER_FOLDER}`, reason: message });
    }
  }
  const open: SafetyCheckers['open'] = (layout, own) =>
    models.includes(layout.name) ? openOf(modelsDir, layout, own) : undefined;
  return { models, refused, open };
}

function openOf(modelsDir: string, { path }: Pick<ModelLayout, 'path'>, settings: SessionSettings) {
  const files = readSafetyChecker(modelsDir, path);
  return files === null ? undefined : openSafetyChecker(files, settings);
}

/**
 * An opener of models that opens their checkers with them. A checker is a network like the model's others: it gives way to them where memory is
 * short, before them while nobody needs the model.
 */
export function withCheckers(
  open: (name: string) => Promise<OpenedModel>,
  checkers: SafetyCheckers,
  layouts: readonly Pick<ModelLayout, 'name' | 'path'>[],
  settings: SessionSettings,
): (name: string) => Promise<OpenedModel> {
  return async (name) => {
    const model = await open(name);
    const layout = layouts.find((one) => one.name === name);
    const memory = settings.memory === undefined ? undefined : new MemoryShare(settings.memory.budget);
    const own = memory === undefined ? settings : { ...settings, memory };
    const checker = layout === undefined ? undefined : checkers.open(layout, own);
    if (checker === undefined) return model;
    const setIdle = (isIdle: boolean) => {
      model.setIdle?.(isIdle);
      if (memory !== undefined) memory.isIdle = isIdle;
    };
    const close = async () => {
      await model.close();
      await checker.close();
    };
    return { ...model, checker, setIdle, close };
  };
}
