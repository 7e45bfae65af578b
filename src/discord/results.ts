// What a button or a modal on one of our messages may touch: the job it names, checked against message and person at every use.
import {
  type ButtonInteraction,
  MessageFlags,
  type ModalSubmitInteraction,
  PermissionFlagsBits,
  type StringSelectMenuInteraction,
} from 'discord.js';
import { GRID_INDEX, isForAskerOnly, type JobRecord, type PictureRecord } from '../core/job.ts';
import { phrasesOf, tell } from './answers.ts';
import type { BotContext } from './context.ts';

export type ResultInteraction = ButtonInteraction | StringSelectMenuInteraction | ModalSubmitInteraction;

/** The job a signed id names, if it belongs to the message it came from; otherwise says why not and returns undefined. */
export async function jobOf(
  interaction: ResultInteraction,
  jobId: string | undefined,
  bot: BotContext,
): Promise<JobRecord | undefined> {
  const phrases = phrasesOf(interaction);
  const job = jobId === undefined ? undefined : bot.store.get(jobId);
  if (job === undefined) await tell(interaction, phrases.unknownJob());
  else if (!mayLook(job, interaction.user.id)) await tell(interaction, phrases.moderating.onlyFor(`<@${job.userId}>`));
  else if (belongs(interaction, job, bot)) return job;
  else await tell(interaction, phrases.staleButton());
  return undefined;
}

/**
 * A private message shows what its reader may see: own pictures, favourites, and those of the channel. A public message shows exactly its
 * own; an unrecorded one is the newest of its job.
 */
function belongs(interaction: ResultInteraction, job: JobRecord, { store }: BotContext): boolean {
  const { message } = interaction;
  if (job.messageId !== null && job.messageId === message?.id) return true;
  const isHere = job.channelId === interaction.channelId;
  // A form that a message menu opened carries no message; what it may name is what its reader may see.
  if (message !== null && !message.flags.has(MessageFlags.Ephemeral)) return job.messageId === null && isHere;
  return isHere || job.userId === interaction.user.id || store.isFavourite(interaction.user.id, job.id);
}

/** As `jobOf`, for what would show or use the words: those of a private prompt are their owner's alone. */
export async function wordsJobOf(
  interaction: ResultInteraction,
  jobId: string | undefined,
  bot: BotContext,
): Promise<JobRecord | undefined> {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined || mayUseWords(job, interaction.user.id)) return job;
  await tell(interaction, phrasesOf(interaction).card.promptIsPrivate());
  return undefined;
}

/** What the rules of its channel show to nobody but the person who asked. */
export function mayLook(job: JobRecord, viewerId: string): boolean {
  return !isForAskerOnly(job) || job.userId === viewerId;
}

export function mayUseWords({ request, userId }: JobRecord, askerId: string): boolean {
  return request.privatePrompt !== true || userId === askerId;
}

/** What a moderator does to somebody else's request is in the audit; what people do to their own is nobody's business. */
export function noteModeration(
  action: 'queue' | 'removed',
  byUserId: string,
  { id, userId, guildId }: JobRecord,
  { store }: Pick<BotContext, 'store'>,
): void {
  if (guildId === null || userId === byUserId) return;
  const note = action === 'queue' ? `cancelled ${id}` : `#${id}`;
  store.noteAudit({ action, byUserId, guildId, target: userId, note });
}

/** The requester, or somebody who may delete anybody's messages here. */
export function isRequesterOrModerator(interaction: ResultInteraction, job: JobRecord): boolean {
  return (
    interaction.user.id === job.userId ||
    interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true
  );
}

/** Whoever manages the server; checked at every use, whatever the client showed. */
export function isAdmin({ memberPermissions }: Pick<ResultInteraction, 'memberPermissions'>): boolean {
  return memberPermissions?.has(PermissionFlagsBits.ManageGuild) === true;
}

/** Finished pictures in order, without the grid. */
export function singlesOf(jobId: string, bot: Pick<BotContext, 'store'>): readonly PictureRecord[] {
  return bot.store.pictures(jobId).filter((picture) => picture.imageIndex !== GRID_INDEX);
}
