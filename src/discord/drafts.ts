// Drafts made from drafts: what a new request does not take over from the one before. Laying changes over is core's `overlay`.
import { withoutRepaint } from '../core/repaint.ts';
import type { RequestDraft } from '../core/request.ts';

/** A new seed will be drawn. */
export function withoutSeed({ seed: _, ...draft }: RequestDraft): RequestDraft {
  return draft;
}

/** Another start picture will be given; how much may change starts from the model's default again, and words drawn from lists stay. */
export function withoutStart(draft: RequestDraft): RequestDraft {
  const { initImage: _, strength: __, template: ___, ...rest } = withoutRepaint(draft);
  return rest;
}
