// The controls of a request, from what somebody said to what is done: each gets a network of this installation that fits the model, held to
// the bounds. Deliberately not here: pictures; they lie in the data folder under their hashes.
import {
  CONTROL_KINDS,
  type ControlCard,
  type ControlUse,
  type ControlWish,
  isControlKind,
  MAX_CONTROL_STRENGTH,
  MAX_CONTROLS,
} from './control.ts';
import { FAMILY_TITLES } from './loraChoice.ts';
import { type InitImage, type ModelCard, refuse } from './request.ts';

/**
 * @param start the request's start picture, which a control without a picture of its own follows
 * @throws request_invalid naming the control, and both families where its network is for another one
 */
export function resolveControls(
  wishes: readonly ControlWish[],
  model: ModelCard,
  start: InitImage | undefined,
): readonly ControlUse[] {
  if (wishes.length > MAX_CONTROLS) refuse('control', wishes.length, { kind: 'atMost', max: MAX_CONTROLS });
  return Object.freeze(wishes.map((wish) => resolveOne(wish, model, start)));
}

function resolveOne(wish: ControlWish, model: ModelCard, startPicture: InitImage | undefined): ControlUse {
  const { kind } = wish;
  if (!isControlKind(kind)) refuse('control', kind, { kind: 'names', names: CONTROL_KINDS });
  const image = wish.image ?? startPicture;
  if (image === undefined)
    refuse('control image', '', { kind: 'some', example: '/imagine prompt: … control_image: …' });
  if (!/^[0-9a-f]{64}$/.test(image.sha256)) {
    refuse('control image', image.sha256, 'a SHA-256 of 64 lower-case hexadecimal digits');
  }
  const card = networkFor(wish, model);
  const strength = within('control strength', wish.strength ?? card.strength ?? 1, 0, MAX_CONTROL_STRENGTH);
  const start = within('control start', wish.start ?? 0, 0, 1);
  const end = within('control end', wish.end ?? 1, 0, 1);
  if (start >= end) refuse('control end', end, `more than the start, ${start}`);
  return Object.freeze({
    kind,
    image: Object.freeze({ sha256: image.sha256 }),
    ...(wish.ready === true ? { ready: true } : {}),
    ...(wish.guess === true ? { guess: true } : {}),
    model: card.name,
    hash: card.hash,
    strength,
    start,
    end,
  });
}

/** The wish that resolves to this again. */
export function controlWishOf({ kind, image, ready, guess, model, strength, start, end }: ControlUse): ControlWish {
  return {
    kind,
    image,
    ...(ready === true ? { ready } : {}),
    ...(guess === true ? { guess } : {}),
    model,
    strength,
    start,
    end,
  };
}

/** The one that is named; else one of the kind, else one whose kind nobody knows. */
function networkFor({ kind, model: name }: ControlWish, model: ModelCard): ControlCard {
  const cards = model.controls ?? [];
  if (name !== undefined) return named(name, cards, model);
  const fitting = fittingControls(cards, model);
  const own = fitting.find(({ kinds }) => kinds.includes(kind));
  const any = fitting.find(({ kinds }) => kinds.length === 0);
  const only = kind === 'map' && fitting.length === 1 ? fitting[0] : undefined;
  return own ?? any ?? only ?? refuseKind(kind, fitting, model);
}

function refuseKind(kind: string, fitting: readonly ControlCard[], model: ModelCard): never {
  const kinds = [...new Set(fitting.flatMap((card) => card.kinds))].join(', ');
  return refuse('control', kind, { kind: 'controls', model: model.name, family: FAMILY_TITLES[model.family], kinds });
}

function named(name: string, cards: readonly ControlCard[], model: ModelCard): ControlCard {
  const card = findControl(name, cards) ?? refuse('control model', name, there(cards, model));
  if (card.fits.includes(model.name)) return card;
  const expected = `one that fits ${model.name}, ${FAMILY_TITLES[model.family]}; this one is for ${card.family}`;
  return refuse('control model', name, expected);
}

/** By its name; else without regard to case, and with `_` for spaces, which a flag cannot hold. */
export function findControl(name: string, cards: readonly ControlCard[]): ControlCard | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', ' ');
  return cards.find((card) => card.name === name) ?? cards.find((card) => plain(card.name) === plain(name));
}

/** The cards of the control networks that fit a model. */
export function fittingControls(cards: readonly ControlCard[], model: Pick<ModelCard, 'name'>): readonly ControlCard[] {
  return cards.filter(({ fits }) => fits.includes(model.name));
}

/** Networks listed in a refusal. */
const NAMES_SHOWN = 10;

function there(cards: readonly ControlCard[], model: ModelCard): string {
  const fitting = fittingControls(cards, model);
  if (fitting.length === 0) return `none; there are none for ${model.name}`;
  const names = fitting.map(({ name, kinds }) => `${name} (${kinds.join(', ') || 'any'})`);
  const more = names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : '';
  return `one of ${names.slice(0, NAMES_SHOWN).join(', ')}${more}`;
}

function within(field: string, value: number, low: number, high: number): number {
  return value >= low && value <= high ? value : refuse(field, value, { kind: 'within', low, high });
}
