// Whether somebody may have this made here: bans and pauses, closed channels, and what the prompt says. A refused prompt is a strike, and
// the person is told honestly what that means. Pictures are judged later, when there are some.
import { judgePrompt, type PromptJudgement } from '../core/moderation.ts';
import type { Ban } from '../core/moderationStore.ts';
import { isOpen, type Place, rulesAt } from '../core/policy.ts';
import type { ResolvedRequest } from '../core/request.ts';
import type { BotContext } from './context.ts';
import type { Phrases } from './phrases/phrases.ts';
import { quoted, timestamp } from './text.ts';
import { strikeText } from './views/strikes.ts';

export interface Refused {
  readonly reason: 'banned' | 'closed' | 'blocked';
  readonly text: (phrases: Phrases) => string;
}

/** Who asks, as far as rules go. */
export interface Guest {
  readonly userId: string;
  readonly place: Place;
  /** The interaction or message; an event delivered twice is one strike. */
  readonly sourceId: string;
}

/** Channels named to somebody who asked in a closed one. */
const NAMED_CHANNELS = 5;

/** Before anything is looked at. */
export function refusedPerson({ userId, place }: Guest, { store }: BotContext): Refused | undefined {
  const ban = store.banIn({ userId, guildId: place.guildId });
  if (ban !== undefined) return { reason: 'banned', text: (phrases) => banText(ban, phrases) };
  if (place.guildId === null) return undefined;
  const rules = store.channelRules(place.guildId);
  if (isOpen(place, rules)) return undefined;
  const open = rules.flatMap(({ channelId, access }) => (access === 'allow' ? [`<#${channelId}>`] : []));
  return {
    reason: 'closed',
    text: ({ moderating }) =>
      open.length === 0
        ? moderating.closedEverywhere()
        : moderating.closedHere(open.slice(0, NAMED_CHANNELS).join(' ')),
  };
}

/** For a ban, what it is and until when. */
export function banText({ reason, untilMs }: Ban, phrases: Phrases): string {
  const why = quoted(reason, 300);
  return untilMs === null ? phrases.banned(why) : phrases.moderating.paused(why, timestamp(untilMs, 'f'));
}

/** Counts a strike where the prompt is refused. */
export function refusedPrompt(guest: Guest, request: ResolvedRequest, { store }: BotContext): Refused | undefined {
  const { userId, place, sourceId } = guest;
  const { verdict, hit } = judgePrompt(request, rulesAt(place, store).prompts);
  if (verdict !== 'refuse' || hit === null) return undefined;
  const member = { userId, guildId: place.guildId };
  const struck = store.strike({ ...member, kind: 'prompt', rule: hit.rule, jobId: null, sourceId });
  return {
    reason: 'blocked',
    text: (phrases) => `${phrases.blocked(ruleName(hit, phrases))}\n${strikeText(struck, phrases)}`,
  };
}

/** A built-in rule in the reader's language; a server's own by its name. */
export function ruleName({ rule, isBuiltIn }: NonNullable<PromptJudgement['hit']>, { moderating }: Phrases): string {
  if (!isBuiltIn) return quoted(rule, 200);
  return Object.hasOwn(moderating.rule, rule) ? moderating.rule[rule as keyof typeof moderating.rule] : rule;
}
