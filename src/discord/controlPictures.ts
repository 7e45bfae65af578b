// The pictures controls follow, in a wish: which control gets the one that was handed in, and which kinds of control a model can be asked for.
// Deliberately not here: keeping the bytes (order.ts) and what is done with them (src/image/controlMaps.ts).
import { CONTROL_KINDS, type ControlKind, type ControlWish } from '../core/control.ts';
import { fittingControls } from '../core/controlChoice.ts';
import type { InitImage, ModelCard, RequestDraft } from '../core/request.ts';
import type { Catalog } from './context.ts';

/** Whether some control names no picture of its own. */
export function needsControlPicture({ controls = [] }: RequestDraft): boolean {
  return controls.some(({ image }) => image === undefined);
}

/** A picture for every control without one. */
export function withControlPicture(draft: RequestDraft, image: InitImage): RequestDraft {
  const { controls } = draft;
  if (controls === undefined) return draft;
  return { ...draft, controls: controls.map((control): ControlWish => ({ image, ...control })) };
}

/** Whether a model of these can be asked to follow a picture at all. */
export function canFollow(catalog: Pick<Catalog, 'cards'>): (model: string) => boolean {
  return (model) => kindsFor(catalog.cards.find(({ name }) => name === model)).length > 0;
}

/** What the networks for a model follow, the usual kinds first; where one's kind is not known, every kind. */
export function kindsFor(card: ModelCard | undefined): readonly ControlKind[] {
  const networks = card === undefined ? [] : fittingControls(card.controls ?? [], card);
  const known = [...new Set(networks.flatMap(({ kinds }) => kinds))];
  if (networks.every(({ kinds }) => kinds.length > 0)) return known;
  return [...known, ...CONTROL_KINDS.filter((kind) => !known.includes(kind))];
}
