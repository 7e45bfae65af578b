// Whom a message pings: mentions in the text, filtered by allowed_mentions and by what the author may do, and the author replied to.
import { type FieldError, fieldError, type JsonObject } from './apiError.ts';
import { PERMISSION, permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import type { Channel, Mentions, Message } from './world.ts';

/** allowed_mentions as sent; undefined when the request had none, which allows everything. */
export type AllowedMentions = JsonObject | undefined;

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** `parse: ["users"]` beside a `users` list contradicts itself; so does the pair for roles. */
export function allowedMentionErrors(allowed: AllowedMentions): FieldError[] {
  if (allowed === undefined) return [];
  return (['users', 'roles'] as const).flatMap((kind) =>
    strings(allowed.parse).includes(kind) && strings(allowed[kind]).length > 0
      ? [
          fieldError(
            ['allowed_mentions'],
            'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE',
            `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
          ),
        ]
      : [],
  );
}

function passes(allowed: AllowedMentions, kind: 'users' | 'roles', id: string): boolean {
  if (allowed === undefined || strings(allowed.parse).includes(kind)) return true;
  return strings(allowed[kind]).includes(id);
}

function idsIn(content: string, pattern: RegExp): string[] {
  return [...new Set([...content.matchAll(pattern)].map((match) => match[1] ?? ''))];
}

interface Source {
  readonly content: string;
  readonly authorId: string;
  readonly channel: Channel;
  readonly allowed: AllowedMentions;
  /** The message replied to. */
  readonly target: Message | undefined;
}

/** An answer to an interaction is not pinged by replies to it, and nobody pings himself by replying. */
function repliedUser(source: Source): string[] {
  const { target, allowed } = source;
  if (target === undefined || target.interactionId !== null || target.authorId === source.authorId) return [];
  const asked = allowed === undefined ? true : allowed.replied_user === true;
  return asked ? [target.authorId] : [];
}

function roleMayBePinged(scene: Scene, source: Source, roleId: string, mayPingAll: boolean): boolean {
  const guild = source.channel.guildId === null ? undefined : scene.world.guilds.get(source.channel.guildId);
  const role = guild?.roles.get(roleId);
  return role !== undefined && roleId !== guild?.id && (role.mentionable || mayPingAll);
}

export function mentionsOf(scene: Scene, source: Source): Mentions {
  const { content, channel, allowed } = source;
  const mayPingAll = (permissionsIn(scene.world, channel, source.authorId) & PERMISSION.mentionEveryone) !== 0n;
  const users = idsIn(content, /<@!?(\d+)>/g).filter((id) => scene.world.users.has(id) && passes(allowed, 'users', id));
  const roles = idsIn(content, /<@&(\d+)>/g).filter(
    (id) => passes(allowed, 'roles', id) && roleMayBePinged(scene, source, id, mayPingAll),
  );
  const everyone =
    /@(everyone|here)\b/.test(content) &&
    mayPingAll &&
    (allowed === undefined || strings(allowed.parse).includes('everyone'));
  return { everyone, userIds: [...new Set([...users, ...repliedUser(source)])], roleIds: roles };
}

export function pingsAnybody(mentions: Mentions): boolean {
  return mentions.everyone || mentions.userIds.length > 0 || mentions.roleIds.length > 0;
}
