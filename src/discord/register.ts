// Telling Discord which commands there are, once per change, and how to invite the bot.
import { createHash } from 'node:crypto';
import { PermissionFlagsBits, type REST, type RESTPostAPIApplicationCommandsJSONBody, Routes } from 'discord.js';
import type { JobStore } from '../core/jobStore.ts';

export interface Registration {
  readonly rest: REST;
  readonly applicationId: string;
  readonly declarations: readonly RESTPostAPIApplicationCommandsJSONBody[];
  readonly store: Pick<JobStore, 'setting' | 'setSetting'>;
  /** Register even when nothing changed: the other side may have forgotten (a local Discord forgets at every start). */
  readonly always: boolean;
}

/** Replaces all global commands when their declaration changed since the last time. @returns whether Discord was asked. */
export async function registerCommands(registration: Registration): Promise<boolean> {
  const { rest, applicationId, declarations, store, always } = registration;
  const key = `commands_of_${applicationId}`;
  const hash = createHash('sha256').update(JSON.stringify(declarations)).digest('hex');
  if (!always && store.setting(key, () => '') === hash) return false;
  await rest.put(Routes.applicationCommands(applicationId), { body: declarations });
  store.setSetting(key, hash);
  return true;
}

/** What the bot needs in a server, and nothing more. */
const NEEDED =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.SendMessagesInThreads |
  PermissionFlagsBits.AttachFiles |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.ReadMessageHistory;

/** Opens Discord's own page for adding the bot to a server. */
export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    permissions: String(NEEDED),
    scope: 'bot applications.commands',
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}
