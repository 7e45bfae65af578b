// "Report": anybody in a server tells its moderators about a picture, by the context menu or a button; the moderators decide on a card in
// their own channel. Who reported is told to nobody.
import {
  ApplicationCommandType,
  type ButtonInteraction,
  type MessageContextMenuCommandInteraction,
  type ModalSubmitInteraction,
  PermissionFlagsBits,
} from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, FormHandler, MessageCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { removePictures, stopJobs } from '../src/discord/removal.ts';
import { jobOf } from '../src/discord/results.ts';
import { FIELD, reportForm } from '../src/discord/views/formViews.ts';
import { fieldOf } from './fields.ts';
import { SERVERS_ONLY } from './install.ts';
import { localized } from './options.ts';

type Reporting = MessageContextMenuCommandInteraction | ButtonInteraction | ModalSubmitInteraction;
type OfServer = JobRecord & { readonly guildId: string };

/** The job where it can be reported from there; otherwise says why not. */
async function reportable(interaction: Reporting, job: JobRecord, bot: BotContext): Promise<OfServer | undefined> {
  const { moderating } = phrasesOf(interaction);
  const { guildId } = job;
  if (guildId === null || guildId !== interaction.guildId) await tell(interaction, moderating.reportNotOurs());
  else if (bot.store.policy(guildId).reviewChannelId === null) await tell(interaction, moderating.reportNowhere());
  else if (isSettled(job, bot)) {
    const isKept = bot.store.reportOf(job.id)?.state === 'approved';
    await tell(interaction, isKept ? moderating.reportSettled() : moderating.reportSettledTaken());
  } else return { ...job, guildId };
  return undefined;
}

function isSettled({ id }: JobRecord, { store }: BotContext): boolean {
  const state = store.reportOf(id)?.state;
  return state !== undefined && state !== 'open';
}

async function ask(
  interaction: MessageContextMenuCommandInteraction | ButtonInteraction,
  job: JobRecord,
  bot: BotContext,
) {
  if ((await reportable(interaction, job, bot)) === undefined) return;
  await interaction.showModal(reportForm(bot.ids.write('reportForm', job.id), phrasesOf(interaction)));
}

const button: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job !== undefined) await ask(interaction, job, bot);
};

const sent: FormHandler = async (interaction, [jobId], bot) => {
  const { moderating, unknownJob } = phrasesOf(interaction);
  const found = jobId === undefined ? undefined : bot.store.get(jobId);
  if (found === undefined) return tell(interaction, unknownJob());
  const job = await reportable(interaction, found, bot);
  if (job === undefined) return;
  const result = bot.store.report(job, interaction.user.id, fieldOf(interaction, FIELD.reason));
  if (!result.ok) return tell(interaction, moderating.reportTooMany());
  bot.reviews?.touch();
  await tell(interaction, result.isNew ? moderating.reportThanks() : moderating.reportAgain());
};

/** Whoever may delete anybody's messages may decide; bans are for those who may ban, pause or manage. */
function mayDecide({ memberPermissions: held }: ButtonInteraction, decision: Decision): boolean {
  if (held?.has(PermissionFlagsBits.ManageGuild) === true) return true;
  const may = (right: bigint) => held?.has(right) === true;
  const bans = may(PermissionFlagsBits.BanMembers) || may(PermissionFlagsBits.ModerateMembers);
  return may(PermissionFlagsBits.ManageMessages) && (decision !== 'ban' || bans);
}

const DECISIONS = { approve: 'approved', remove: 'removed', ban: 'banned' } as const;
type Decision = keyof typeof DECISIONS;

const review: ButtonHandler = async (interaction, [decision, jobId], bot) => {
  const { moderating, staleButton } = phrasesOf(interaction);
  const report = jobId === undefined ? undefined : bot.store.reportOf(jobId);
  const isKnown = decision !== undefined && Object.hasOwn(DECISIONS, decision);
  // Somebody may press before the database knows that the card stands.
  const isCard = report?.messageId === null || report?.messageId === interaction.message.id;
  const belongs = isCard && report?.guildId === interaction.guildId;
  if (report === undefined || !isKnown || !belongs) return tell(interaction, staleButton());
  if (!mayDecide(interaction, decision as Decision)) return tell(interaction, moderating.moderatorsOnly());
  const isFirst = bot.store.decide(report.jobId, DECISIONS[decision as Decision], interaction.user.id);
  if (!isFirst) return tell(interaction, moderating.decidedBefore());
  await interaction.deferUpdate();
  await carryOut(decision as Decision, report.jobId, report.guildId, interaction.user.id, bot);
  bot.reviews?.touch();
};

async function carryOut(decision: Decision, jobId: string, guildId: string, byUserId: string, bot: BotContext) {
  if (decision === 'approve') return;
  const job = bot.store.get(jobId);
  if (decision === 'ban' && job !== undefined) {
    bot.store.ban({ userId: job.userId, guildId }, `#${jobId}`, byUserId);
    stopJobs(job.userId, guildId, bot);
  }
  await removePictures(jobId, bot);
}

export const report: MessageCommand = {
  kind: 'message',
  name: 'Report',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Report',
    name_localizations: localized({
      en: 'Report',
      zh: '举报',
      ru: 'Пожаловаться',
      es: 'Denunciar',
      de: 'Melden',
      fr: 'Signaler',
      ja: '報告',
    }),
    ...SERVERS_ONLY,
  }),
  async run(interaction, bot) {
    const job = bot.store.byMessage(interaction.targetMessage.id);
    if (job === undefined) return tell(interaction, phrasesOf(interaction).moderating.reportNotOurs());
    await ask(interaction, job, bot);
  },
  buttons: { report: button, review },
  forms: { reportForm: sent },
};
