// /cancel and the Cancel button: end a waiting or running request; nothing is charged for it.
import { ApplicationCommandOptionType, ApplicationCommandType, type AutocompleteInteraction } from 'discord.js';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { isRequesterOrModerator, jobOf, noteModeration } from '../src/discord/results.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

const MAX_CHOICES = 25;

function unfinished(userId: string, bot: BotContext) {
  return bot.store.list({ userId, states: ['accepted', 'queued', 'running'], limit: MAX_CHOICES });
}

/** A sheet ends with all its cells. */
export function endJobs(jobId: string, bot: BotContext): boolean {
  const jobIds = bot.store.sheetOf(jobId)?.jobIds ?? [jobId];
  const cancelled = jobIds.filter((id) => bot.queue.cancel(id));
  for (const id of jobIds) bot.outbox.touch(id);
  return cancelled.length > 0;
}

const cancelButton: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  if (!isRequesterOrModerator(interaction, job)) return tell(interaction, phrases.notYours());
  if (endJobs(job.id, bot)) {
    noteModeration('queue', interaction.user.id, job, bot);
    await interaction.deferUpdate();
  } else await tell(interaction, phrases.cancelTooLate(job.id));
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const wanted = interaction.options.getFocused().toLowerCase();
  return unfinished(interaction.user.id, bot)
    .map((job) => ({ name: clip(`#${job.id} ${job.request.prompt}`, MAX_CHOICE_CHARS), value: job.id }))
    .filter((choice) => choice.name.toLowerCase().includes(wanted));
}

export const cancel: SlashCommand = {
  kind: 'slash',
  name: 'cancel',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'cancel', zh: '取消', ru: 'отмена', es: 'cancelar', de: 'abbrechen', fr: 'annuler', ja: '取消' },
      {
        en: 'Cancel one of your waiting or running requests.',
        zh: '取消你正在排队或生成的请求。',
        ru: 'Отменить один из ваших ожидающих или идущих запросов.',
        es: 'Cancelar una de tus peticiones en espera o en marcha.',
        de: 'Einen deiner wartenden oder laufenden Aufträge abbrechen.',
        fr: 'Annuler une de vos demandes en attente ou en cours.',
        ja: '待機中または作成中の依頼を取り消します。',
      },
    ),
    options: [
      {
        type: ApplicationCommandOptionType.String,
        autocomplete: true,
        ...named(
          { en: 'request', zh: '请求', ru: 'запрос', es: 'petición', de: 'auftrag', fr: 'demande', ja: '依頼' },
          {
            en: 'Which one; without it, your newest.',
            zh: '哪一个；不填则取消最新的。',
            ru: 'Какой; без этого — самый новый.',
            es: 'Cuál; sin esto, la más nueva.',
            de: 'Welchen; ohne Angabe den neuesten.',
            fr: 'Laquelle ; sans cela, la plus récente.',
            ja: 'どれか。なければ最新のもの。',
          },
        ),
      },
    ],
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const wanted = interaction.options.getString('request')?.replace(/^#/, '').split(' ')[0];
    const mine = unfinished(interaction.user.id, bot);
    const job = wanted === undefined ? mine[0] : mine.find(({ id }) => id === wanted);
    if (job === undefined) return tell(interaction, phrases.nothingToCancel());
    await tell(interaction, endJobs(job.id, bot) ? phrases.cancelDone(job.id) : phrases.cancelTooLate(job.id));
  },
  suggest,
  buttons: { cancel: cancelButton },
};
