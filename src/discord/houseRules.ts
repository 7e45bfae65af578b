// A server's own rules at the door every order goes through: which models are for whom there, how large and how many pictures may be, and
// what they count. Deliberately not here: words and pictures (gate.ts, dispatcher), LoRAs (loraAccess.ts).
import type { ServerLimits } from '../core/houseRules.ts';
import { findLora } from '../core/loraChoice.ts';
import { type ModelRule, modelRuleAgainst } from '../core/modelAccess.ts';
import { costOf } from '../core/quota.ts';
import type { ModelCard, RequestDraft, ResolvedRequest } from '../core/request.ts';
import { chooseCard, resolveRequest } from '../core/resolve.ts';
import { cardWithin, withinLimits } from '../core/serverLimits.ts';
import type { BotContext } from './context.ts';
import { allowedLoras, rolesText } from './loraAccess.ts';
import type { Phrases } from './phrases/phrases.ts';
import { quoted } from './text.ts';

/** Somebody who asks, and where. */
export interface Resident {
  readonly userId: string;
  readonly guildId: string | null;
  /** In that server; absent is none. */
  readonly roleIds?: readonly string[] | undefined;
}

type Books = Pick<BotContext, 'store' | 'isOwner'>;

/** The rule that keeps somebody from a model there. */
export function modelDenied(
  model: string,
  { userId, guildId, roleIds = [] }: Resident,
  { store, isOwner }: Books,
): ModelRule | undefined {
  if (guildId === null) return undefined;
  return modelRuleAgainst(model, store.modelRules(guildId), { isOwner: isOwner(userId), roleIds });
}

/** Those somebody may use there. */
export function allowedModels<T extends Pick<ModelCard, 'name'>>(cards: readonly T[], who: Resident, bot: Books): T[] {
  if (who.guildId === null || bot.store.modelRules(who.guildId).length === 0) return [...cards];
  return cards.filter(({ name }) => modelDenied(name, who, bot) === undefined);
}

/** The program's model, or the first that somebody may use there. */
export function defaultModelFor(who: Resident, bot: BotContext): string {
  const { cards, defaultModel } = bot.catalog;
  const allowed = allowedModels(cards, who, bot);
  return allowed.some(({ name }) => name === defaultModel) ? defaultModel : (allowed[0]?.name ?? defaultModel);
}

/** Roles are shown as mentions, which ping nobody. */
export function modelDenialText({ model, roleIds }: ModelRule, guildId: string | null, phrases: Phrases): string {
  const name = quoted(model, 80);
  const { houseRules: words } = phrases;
  return roleIds.length === 0 ? words.modelDenied(name) : words.modelForRoles(name, rolesText(roleIds, guildId));
}

/**
 * How drafts become requests for somebody there; the same seed each time.
 * @throws request_invalid, then as later when a draft is resolved
 */
export function resolverFor(draft: RequestDraft, who: Resident, bot: BotContext) {
  const { cards, limits, upscalers } = bot.catalog;
  const here: ServerLimits = who.guildId === null ? {} : bot.store.serverLimits(who.guildId);
  // A name nobody knows is answered with those the asker may use; one that is not for them is told so later.
  const isKnown = cards.some(({ name }) => name === draft.model);
  const offered = isKnown ? cards : allowedModels(cards, who, bot);
  const chosen = chooseCard(draft, offered, defaultModelFor(who, bot));
  const card = cardWithin(forAsker(chosen, draft, who, bot), here);
  const seed = bot.randomSeed();
  return (complete: RequestDraft): ResolvedRequest =>
    withinLimits(resolveRequest(complete, card, limits, seed, upscalers), here);
}

/** Where a LoRA is named that nobody knows, the card names only those the asker may use. */
function forAsker(card: ModelCard, { loras = [] }: RequestDraft, who: Resident, bot: Books): ModelCard {
  const known = card.loras ?? [];
  const isEveryKnown = loras.every(({ name }) => findLora(name, known) !== undefined);
  return isEveryKnown ? card : { ...card, loras: allowedLoras(known, who, bot) };
}

/** In usual pictures; a model that is gone counts by pictures. */
export function costHere(request: ResolvedRequest, { catalog }: BotContext): number {
  const card = catalog.cards.find(({ name }) => name === request.model);
  return card === undefined ? request.count : costOf(request, card);
}
