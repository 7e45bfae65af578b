// A server's own limits: what its moderators allow less of than the program. Whoever names no number gets one that is allowed; whoever names
// one that is not is told so.
import type { ServerLimits } from './houseRules.ts';
import { isOnlyEnlarged, type ModelCard, type ResolvedRequest, refuse, type Size } from './request.ts';
import { formatSize } from './size.ts';

/** The card with defaults that are allowed there. */
export function cardWithin(card: ModelCard, { maxSidePx, maxSteps }: ServerLimits): ModelCard {
  const { size, steps } = card.defaults;
  const defaults = {
    ...card.defaults,
    steps: Math.min(steps, maxSteps ?? steps),
    size: maxSidePx === undefined ? size : sizeWithin(size, maxSidePx, card.sizeStepPx),
  };
  return { ...card, defaults };
}

/** The same shape, as nearly as the model's steps allow; never smaller than one step. */
function sizeWithin(size: Size, maxSidePx: number, stepPx: number): Size {
  const share = Math.min(1, maxSidePx / Math.max(size.widthPx, size.heightPx));
  if (share === 1) return size;
  const side = (px: number) => Math.max(stepPx, Math.floor((px * share) / stepPx) * stepPx);
  return Object.freeze({ widthPx: side(size.widthPx), heightPx: side(size.heightPx) });
}

/** @returns the request itself @throws request_invalid naming what is more than a server allows */
export function withinLimits(request: ResolvedRequest, { maxSidePx, maxSteps, maxCount }: ServerLimits) {
  const { size, hires, steps, count } = request;
  if (maxCount !== undefined && count > maxCount) refuse('count', count, { kind: 'here', max: `${maxCount}` });
  if (isOnlyEnlarged(request)) return request;
  const drawn = hires?.size ?? size;
  const largest = [size, drawn].find(({ widthPx, heightPx }) => Math.max(widthPx, heightPx) > (maxSidePx ?? Infinity));
  if (largest !== undefined) refuse('size', formatSize(largest), { kind: 'here', max: `${maxSidePx} px` });
  const all = Math.max(steps, hires?.steps ?? 0);
  if (maxSteps !== undefined && all > maxSteps) refuse('steps', all, { kind: 'here', max: `${maxSteps}` });
  return request;
}
