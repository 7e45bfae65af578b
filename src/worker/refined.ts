// A model together with the refiner its owner's hints put behind it: both lent for the time of a job, so that neither is closed in the middle.
import { DarkroomError } from '../errors.ts';
import type { LentModel, ModelShelf, Use } from './modelShelf.ts';

export interface RefinedModel extends LentModel {
  /** Who answers asks of the expert `refiner`. */
  readonly refiner?: { readonly name: string; readonly networks: LentModel['networks'] };
}

/** @throws what the shelf throws for either; model_unsupported when the two make different latents */
export async function lendRefined(shelf: ModelShelf, name: string, use: Use = {}): Promise<RefinedModel> {
  const model = await shelf.lend(name, use);
  if (model.refinedBy === undefined) return model;
  try {
    return await withRefiner(shelf, name, model, model.refinedBy, use);
  } catch (reason) {
    await model.giveBack(false);
    throw reason;
  }
}

async function withRefiner(
  shelf: ModelShelf,
  name: string,
  model: LentModel,
  hint: NonNullable<LentModel['refinedBy']>,
  request: Use,
): Promise<RefinedModel> {
  const refiner = await shelf.lend(hint.model, { ...request, isSecond: true });
  if (latentsOf(refiner) !== latentsOf(model)) {
    await refiner.giveBack(false);
    const message = `${name}: its refiner ${hint.model} has latents of ${latentsOf(refiner)}, expected ${latentsOf(model)}`;
    throw new DarkroomError('model_unsupported', message, { model: name });
  }
  const { conditions = {}, scheduler } = refiner.facts;
  const use = { switchAt: hint.switchAt, conditions, predictionType: scheduler.predictionType };
  const giveBack = async (isBroken: boolean) => {
    await refiner.giveBack(isBroken);
    await model.giveBack(isBroken);
  };
  const { networks } = refiner;
  return { ...model, facts: { ...model.facts, refiner: use }, refiner: { name: hint.model, networks }, giveBack };
}

function latentsOf({ facts }: LentModel): string {
  return `${facts.latentChannels} channels, ${facts.pixelsPerLatent} pixels, factor ${facts.scalingFactor}`;
}
