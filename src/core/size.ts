// Sizes and shapes of pictures: reading them from text, and which of them a model can make.
// Deliberately not here: refusing; `resolve` does that with the field's name.
import type { Aspect, ModelCard, RequestLimits, Size } from './request.ts';

/** What `sizeOfAspect` and `allowedSides` read of a card. */
export type SizeCard = Pick<ModelCard, 'sizeStepPx'> & { readonly defaults: Pick<ModelCard['defaults'], 'size'> };

const SIZE_TEXT = /^\s*(\d{1,5})\s*[x×х*]\s*(\d{1,5})\s*$/iu;
const ASPECT_TEXT = /^\s*(\d{1,4}(?:\.\d{1,4})?)\s*[:/]\s*(\d{1,4}(?:\.\d{1,4})?)\s*$/u;

/** "96x64" → 96 wide, 64 high; ×, * and the Cyrillic х are read as x. Undefined for anything else. */
export function parseSize(text: string): Size | undefined {
  const match = SIZE_TEXT.exec(text);
  return match === null ? undefined : { widthPx: Number(match[1]), heightPx: Number(match[2]) };
}

/** "3:2" or "3/2" → three wide to two high. Undefined for anything else and for a side of 0. */
export function parseAspect(text: string): Aspect | undefined {
  const match = ASPECT_TEXT.exec(text);
  if (match === null) return undefined;
  const aspect = { width: Number(match[1]), height: Number(match[2]) };
  return aspect.width > 0 && aspect.height > 0 ? aspect : undefined;
}

/** 96 wide, 64 high → "96x64". */
export function formatSize(size: Size): string {
  return `${size.widthPx}x${size.heightPx}`;
}

/** How much longer than its own size a side of a model's pictures may be whatever the limit: 3:2 of the same area and a little more. */
const OWN_STRETCH = 1.5;

/** Longest side in pixels that may be asked for: models made for large pictures must not lose their own wide shapes to the limit. */
export function longestSide({ sizeStepPx, defaults: { size } }: SizeCard, { maxSidePx }: RequestLimits): number {
  const own = OWN_STRETCH * Math.max(size.widthPx, size.heightPx);
  return Math.floor(Math.max(maxSidePx, own) / sizeStepPx) * sizeStepPx;
}

/** Every side length in pixels the model and the limits allow, ascending. */
export function allowedSides(card: SizeCard, limits: RequestLimits): readonly number[] {
  const count = longestSide(card, limits) / card.sizeStepPx;
  return Array.from({ length: count }, (_, index) => (index + 1) * card.sizeStepPx);
}

/** The allowed size nearest to a wished one, side by side; for offering, never for silently changing a request. */
export function nearestSize(size: Size, card: SizeCard, limits: RequestLimits): Size {
  const largest = longestSide(card, limits);
  const nearest = (sidePx: number) =>
    Math.min(largest, Math.max(card.sizeStepPx, Math.round(sidePx / card.sizeStepPx) * card.sizeStepPx));
  return { widthPx: nearest(size.widthPx), heightPx: nearest(size.heightPx) };
}

/** The allowed size of a shape with about as many pixels as the model's default size, so that a shape costs no more time. */
export function sizeOfAspect(aspect: Aspect, card: SizeCard, limits: RequestLimits): Size {
  const area = card.defaults.size.widthPx * card.defaults.size.heightPx;
  const widthPx = Math.sqrt((area * aspect.width) / aspect.height);
  return nearestSize({ widthPx, heightPx: (widthPx * aspect.height) / aspect.width }, card, limits);
}

/** A few common shapes of the model's default area with different sizes, the default size first; for menus. */
export function suggestedSizes(card: SizeCard, limits: RequestLimits): readonly Size[] {
  const shapes = ['1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16'].map((text) => parseAspect(text)!);
  const sizes = [card.defaults.size, ...shapes.map((shape) => sizeOfAspect(shape, card, limits))];
  return [...new Map(sizes.map((size) => [formatSize(size), size])).values()];
}
