// Pages of pictures as a private gallery, for /history and /favourites: filtered, turned, searched, and one of them shown in full.
import { MessageFlags, type RepliableInteraction } from 'discord.js';
import type { HistoryFilter } from '../src/core/people.ts';
import { messageOf, phrasesOf, replace, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, FormHandler, SelectHandler } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { mayUseWords, singlesOf } from '../src/discord/results.ts';
import { thumbnailOf } from '../src/discord/thumbnails.ts';
import { FIELD, searchForm } from '../src/discord/views/formViews.ts';
import { type Entry, GALLERY_PAGE_JOBS, galleryView } from '../src/discord/views/galleryView.ts';
import type { View } from '../src/discord/views/view.ts';
import { fieldOf } from './fields.ts';
import { showCard } from './show.ts';

/** Beyond, a search serves better; it bounds what one click may read. */
const MAX_PAGE = 999;

/** Everything of a filter but whose it is: that is always the one who clicks. */
export type Filter = Omit<HistoryFilter, 'userId'>;

/** A page as a new private answer. */
export async function showGallery(interaction: RepliableInteraction, filter: Filter, bot: BotContext): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const view = await pageView(interaction, filter, 0, bot);
  await interaction.editReply(await messageOf(view, bot.dataDir));
}

async function pageView(
  interaction: RepliableInteraction,
  filter: Filter,
  page: number,
  bot: BotContext,
  noteId = bot.store.keepNote(interaction.user.id, filter),
): Promise<View> {
  const { user } = interaction;
  const window = { limit: GALLERY_PAGE_JOBS + 1, offset: page * GALLERY_PAGE_JOBS };
  const jobs = bot.store.history({ ...filter, userId: user.id }, window);
  const shown = jobs.slice(0, GALLERY_PAGE_JOBS);
  const entries = await Promise.all(shown.map((job) => entryOf(job.id, user.id, bot)));
  const hasOlder = jobs.length > GALLERY_PAGE_JOBS && page < MAX_PAGE;
  return galleryView({ filter, noteId, page, entries, hasOlder }, phrasesOf(interaction), bot.ids);
}

async function entryOf(jobId: string, viewerId: string, bot: BotContext): Promise<Entry> {
  const job = bot.store.get(jobId)!;
  const first = singlesOf(jobId, bot)[0];
  const thumbnail = first === undefined ? undefined : await thumbnailOf(first, bot.dataDir);
  return { job, thumbnail, mayRead: mayUseWords(job, viewerId) };
}

/** Notes are read by their owner's id, so nobody turns another's pages. */
function filterOf(userId: string, noteId: string | undefined, bot: BotContext): Filter | undefined {
  return noteId === undefined ? undefined : (bot.store.note(userId, noteId) as Filter | undefined);
}

export const turnPage: ButtonHandler = async (interaction, [noteId, wanted], bot) => {
  const filter = filterOf(interaction.user.id, noteId, bot);
  if (filter === undefined) return tell(interaction, phrasesOf(interaction).staleButton());
  const page = Math.min(MAX_PAGE, Math.max(0, Number(wanted)));
  await replace(interaction, await pageView(interaction, filter, page, bot, noteId), bot.dataDir);
};

export const askSearch: ButtonHandler = async (interaction, [noteId], bot) => {
  const filter = filterOf(interaction.user.id, noteId, bot);
  if (noteId === undefined || filter === undefined) return tell(interaction, phrasesOf(interaction).staleButton());
  const id = bot.ids.write('searchForm', noteId);
  await interaction.showModal(searchForm(id, filter.words ?? '', phrasesOf(interaction)));
};

export const search: FormHandler = async (interaction, [noteId], bot) => {
  const filter = filterOf(interaction.user.id, noteId, bot);
  if (filter === undefined) return tell(interaction, phrasesOf(interaction).staleButton());
  const { words: _, ...others } = filter;
  const words = fieldOf(interaction, FIELD.search);
  const view = await pageView(interaction, words === '' ? others : { ...others, words }, 0, bot);
  if (interaction.isFromMessage()) await replace(interaction, view, bot.dataDir);
  else await show(interaction, view, bot.dataDir);
};

export const choose: SelectHandler = async (interaction, _, bot) => {
  const jobId = interaction.values[0] ?? '';
  await showCard(interaction, jobId, bot);
};
