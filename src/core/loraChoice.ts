// The LoRAs of a request, from what somebody said to what is done: found among those of this installation, held to the model's family and to
// the bounds, and what their makers say they should be used with.
import { type LoraCard, type LoraUse, type LoraWish, MAX_LORA_STRENGTH, MAX_LORAS, merged } from './lora.ts';
import { type ModelCard, type ModelFamily, refuse } from './request.ts';

export const FAMILY_TITLES: Readonly<Record<ModelFamily, string>> = {
  sd1: 'Stable Diffusion 1.x',
  sd2: 'Stable Diffusion 2.x',
  sdxl: 'SDXL',
  'sdxl-refiner': "SDXL's refiner",
};

/** @throws request_invalid naming the LoRA, and both families where it is for another one */
export function resolveLoras(wishes: readonly LoraWish[], model: ModelCard): readonly LoraUse[] {
  const uses = merged(wishes.map((wish) => resolveOne(wish, model)));
  if (uses.length > MAX_LORAS) refuse('LoRA', `${uses.length}`, `at most ${MAX_LORAS}`);
  return Object.freeze(uses);
}

function resolveOne({ name, ...wish }: LoraWish, model: ModelCard): LoraUse {
  const cards = model.loras ?? [];
  const card = findLora(name, cards) ?? refuse('LoRA', name, { kind: 'names', names: namesFor(model, cards) });
  if (!card.fits.includes(model.name)) {
    refuse('LoRA', name, `one for ${FAMILY_TITLES[model.family]}, as ${model.name} is; this one is for ${card.family}`);
  }
  const strength = bounded(wish.strength ?? card.defaults.strength ?? 1, name);
  const textStrength = bounded(wish.textStrength ?? wish.strength ?? card.defaults.textStrength ?? strength, name);
  return Object.freeze({ name: card.name, strength, textStrength });
}

/** By its name; else without regard to case, and with `_` for spaces, which a flag cannot hold. */
export function findLora(name: string, cards: readonly LoraCard[]): LoraCard | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', ' ');
  return cards.find((card) => card.name === name) ?? cards.find((card) => plain(card.name) === plain(name));
}

function namesFor(model: ModelCard, cards: readonly LoraCard[]): readonly string[] {
  return cards.filter(({ fits }) => fits.includes(model.name)).map((card) => card.name);
}

function bounded(strength: number, name: string): number {
  if (Math.abs(strength) <= MAX_LORA_STRENGTH) return strength;
  return refuse(`LoRA ${name}`, strength, { kind: 'within', low: -MAX_LORA_STRENGTH, high: MAX_LORA_STRENGTH });
}

/** The model with the defaults its LoRAs bring; of several that bring one the last counts. */
export function withDefaultsOf(uses: readonly LoraUse[], model: ModelCard): ModelCard {
  const brought = uses.flatMap(({ name }) => {
    const defaults = findLora(name, model.loras ?? [])?.defaults;
    return defaults === undefined ? [] : [defaults];
  });
  const steps = brought.findLast((one) => one.steps !== undefined)?.steps;
  const guidance = brought.findLast((one) => one.guidance !== undefined)?.guidance;
  const drawing = brought.findLast((one) => one.sampler !== undefined);
  if (steps === undefined && guidance === undefined && drawing === undefined) return model;
  const defaults = {
    ...model.defaults,
    ...(steps === undefined ? {} : { steps }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(drawing === undefined ? {} : { sampler: drawing.sampler!, schedule: drawing.schedule ?? null }),
  };
  return { ...model, defaults };
}
