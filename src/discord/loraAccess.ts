// Who may use and hand in LoRAs where: the rules of the database held against the roles somebody has at this moment.
import { type BaseInteraction, GuildMember, type Message } from 'discord.js';
import type { LoraCard, LoraWish } from '../core/lora.ts';
import { type LoraRule, type LoraUser, ruleAgainst } from '../core/loraAccess.ts';
import type { BotContext } from './context.ts';
import type { Phrases } from './phrases/phrases.ts';
import { quoted } from './text.ts';

/** Somebody who asks, and where. */
export interface LoraAsker {
  readonly userId: string;
  readonly guildId: string | null;
  /** Absent is none. */
  readonly roleIds?: readonly string[] | undefined;
}

/** Of an interaction or a message; everybody has the role that is named as the server. */
export function rolesOf({ member, guildId }: Pick<BaseInteraction | Message, 'member' | 'guildId'>): readonly string[] {
  if (member === null || guildId === null) return [];
  const roles = member instanceof GuildMember ? [...member.roles.cache.keys()] : (member.roles as readonly string[]);
  return [guildId, ...roles];
}

export function loraAskerOf(interaction: BaseInteraction): LoraAsker {
  return { userId: interaction.user.id, guildId: interaction.guildId, roleIds: rolesOf(interaction) };
}

/** The first rule that keeps somebody from one of these LoRAs there. */
export function loraDenied(
  loras: readonly Pick<LoraWish, 'name'>[],
  asker: LoraAsker,
  bot: Pick<BotContext, 'store' | 'isOwner'>,
): LoraRule | undefined {
  if (loras.length === 0) return undefined;
  const rules = bot.store.loraRules(asker.guildId);
  const user = loraUser(asker, bot);
  for (const { name } of loras) {
    const rule = ruleAgainst(name, rules, user);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function loraUser({ userId, roleIds = [] }: LoraAsker, { isOwner }: Pick<BotContext, 'isOwner'>): LoraUser {
  return { isOwner: isOwner(userId), roleIds };
}

/** Those somebody may use there. */
export function allowedLoras<T extends Pick<LoraCard, 'name'>>(
  loras: readonly T[],
  asker: LoraAsker,
  bot: Pick<BotContext, 'store' | 'isOwner'>,
): readonly T[] {
  const rules = bot.store.loraRules(asker.guildId);
  const user = loraUser(asker, bot);
  return rules.length === 0 ? loras : loras.filter(({ name }) => ruleAgainst(name, rules, user) === undefined);
}

/** Roles are shown as mentions, which ping nobody. */
export function denialText({ lora, roleIds, guildId }: LoraRule, phrases: Phrases): string {
  const name = quoted(lora, 80);
  const { denied, deniedButRoles, keptOut } = phrases.loraKeeping;
  const reason = roleIds.length === 0 ? denied(name) : deniedButRoles(name, rolesText(roleIds, guildId));
  return `${reason} ${keptOut()}`;
}

export function rolesText(roleIds: readonly string[], guildId: string | null): string {
  return roleIds.map((role) => (role === guildId ? '@everyone' : `<@&${role}>`)).join(', ');
}

/** Checked at every use: the owner, and in a server the members with a role the owner named. */
export function mayHandIn({ userId, guildId, roleIds = [] }: LoraAsker, { store, isOwner }: BotContext): boolean {
  return isOwner(userId) || store.loraUploaders(guildId).some((role) => roleIds.includes(role));
}
