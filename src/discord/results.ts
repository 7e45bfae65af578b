// What a button or a modal on one of our messages may touch: the job it names, checked against message and person at every use.
import { type ButtonInteraction, MessageFlags, type ModalSubmitInteraction, PermissionFlagsBits } from 'discord.js';
import { GRID_INDEX, type JobRecord, type PictureRecord } from '../core/job.ts';
import { phrasesOf, tell } from './answers.ts';
import type { BotContext } from './context.ts';

export type ResultInteraction = ButtonInteraction | ModalSubmitInteraction;

/** The job a signed id names, if it belongs to the message it came from; otherwise says why not and returns undefined. */
export async function jobOf(
  interaction: ResultInteraction,
  jobId: string | undefined,
  bot: BotContext,
): Promise<JobRecord | undefined> {
  const phrases = phrasesOf(interaction);
  const job = jobId === undefined ? undefined : bot.store.get(jobId);
  if (job === undefined) await tell(interaction, phrases.unknownJob());
  else if (belongs(interaction, job)) return job;
  else await tell(interaction, phrases.staleButton());
  return undefined;
}

/** A private list shows its reader's own jobs; a public message shows exactly its own. An unrecorded message is the newest one of its job. */
function belongs(interaction: ResultInteraction, job: JobRecord): boolean {
  const { message } = interaction;
  if (message === null) return true;
  if (job.messageId === message.id) return true;
  if (message.flags.has(MessageFlags.Ephemeral)) return job.userId === interaction.user.id;
  return job.messageId === null && job.channelId === interaction.channelId;
}

/** The requester, or somebody who may delete anybody's messages here. */
export function isRequesterOrModerator(interaction: ResultInteraction, job: JobRecord): boolean {
  return (
    interaction.user.id === job.userId ||
    interaction.memberPermissions?.has(PermissionFlagsBits.ManageMessages) === true
  );
}

/** Finished pictures in order, without the grid. */
export function singlesOf(jobId: string, bot: Pick<BotContext, 'store'>): readonly PictureRecord[] {
  return bot.store.pictures(jobId).filter((picture) => picture.imageIndex !== GRID_INDEX);
}
