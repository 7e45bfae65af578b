// What somebody is told about strikes: how many count, until when, and what the next ones lead to.
import type { Struck } from '../../core/moderationStore.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { timestamp } from '../text.ts';

/** What a strike led to, in a small line. */
export function strikeText({ count, left, untilMs, fadesAtMs }: Struck, { moderating }: Phrases): string {
  const fades = timestamp(fadesAtMs ?? 0, 'R');
  const next =
    untilMs === null
      ? left === null
        ? ''
        : moderating.strikesLeft(left)
      : moderating.pausedNow(timestamp(untilMs, 'f'));
  return `-# ${moderating.strike(count, fades)} ${next}`.trimEnd();
}
