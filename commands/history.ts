// /history: one's own pictures, newest first, by pages, privately; each can be shown again with its recipe.
import { ApplicationCommandType } from 'discord.js';
import { messageOf, phrasesOf, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { HISTORY_PAGE_JOBS, type HistoryPage, historyView } from '../src/discord/views/listViews.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** Beyond, a search would serve better; it bounds what one click may read. */
const MAX_PAGE = 99;

function pageOf(userId: string, page: number, bot: BotContext): HistoryPage {
  const from = page * HISTORY_PAGE_JOBS;
  const limit = from + HISTORY_PAGE_JOBS + 1;
  const jobs = bot.store.list({ userId, states: ['developed', 'delivered'], limit }).slice(from);
  const entries = jobs.slice(0, HISTORY_PAGE_JOBS).map((job) => ({ job, pictures: bot.store.pictures(job.id) }));
  return { userId, page, entries, hasOlder: jobs.length > HISTORY_PAGE_JOBS && page < MAX_PAGE };
}

const turn: ButtonHandler = async (interaction, [userId = '', page], bot) => {
  if (interaction.user.id !== userId) return tell(interaction, phrasesOf(interaction).notYours());
  const wanted = Math.min(MAX_PAGE, Math.max(0, Number(page)));
  const view = historyView(pageOf(userId, wanted, bot), phrasesOf(interaction), bot.ids);
  await interaction.deferUpdate();
  await interaction.editReply({ ...(await messageOf(view, bot.dataDir)), attachments: [] });
};

export const history: SlashCommand = {
  kind: 'slash',
  name: 'history',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'history', zh: '历史', ru: 'история' },
      {
        en: 'Your pictures, newest first; only you see the list.',
        zh: '你的图片，从新到旧；只有你能看到。',
        ru: 'Ваши картинки, сначала новые; список видите только вы.',
      },
    ),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const view = historyView(pageOf(interaction.user.id, 0, bot), phrasesOf(interaction), bot.ids);
    await show(interaction, view, bot.dataDir);
  },
  buttons: { page: turn },
};
