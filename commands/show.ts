// /show, and what leads deeper into a result: one picture alone, more actions, where it came from.
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type RepliableInteraction,
} from 'discord.js';
import { isJobId, type JobRecord } from '../src/core/job.ts';
import { phrasesOf, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { canFollow } from '../src/discord/controlPictures.ts';
import { jobOf, mayLook, mayUseWords, singlesOf } from '../src/discord/results.ts';
import { clip, MAX_CHOICE_CHARS, quoted } from '../src/discord/text.ts';
import { failureReason, strikeLine } from '../src/discord/views/failure.ts';
import { moreView, pictureView, type Wording } from '../src/discord/views/jobView.ts';
import { type Family, familyText, showView } from '../src/discord/views/showView.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';
import { ID_WORDS } from './words.ts';

/** Children told of; a picture with more has them in its channel. */
const SHOWN_CHILDREN = 10;
const MAX_CHOICES = 25;

/** Own results anywhere, favourites, and those of this channel. */
export function findJob(interaction: RepliableInteraction, typed: string, bot: BotContext): JobRecord | string {
  const phrases = phrasesOf(interaction);
  const id = typed.trim().replace(/^#/, '').split(/\s/)[0]!.toLowerCase();
  const job = isJobId(id) ? bot.store.get(id) : undefined;
  if (job === undefined) return phrases.find.unknownId(quoted(id, 20));
  const { user, channelId } = interaction;
  const mayShow = job.userId === user.id || job.channelId === channelId || bot.store.isFavourite(user.id, job.id);
  if (mayShow && !mayLook(job, user.id)) return phrases.moderating.onlyFor(`<@${job.userId}>`);
  return mayShow ? job : phrases.find.notHere(job.id);
}

export async function showCard(interaction: RepliableInteraction, typed: string, bot: BotContext): Promise<void> {
  const phrases = phrasesOf(interaction);
  const found = findJob(interaction, typed, bot);
  if (typeof found === 'string') return tell(interaction, found);
  const pictures = bot.store.pictures(found.id);
  if (pictures.length === 0) return tell(interaction, phrases.notFinished());
  const job = forReader(found, interaction.user.id);
  const maps = bot.store.controlMaps(found.id);
  const view = showView(job, pictures, familyOf(found, bot), wordingOf(interaction, bot), maps);
  await show(interaction, view, bot.dataDir);
}

/** Whoever wrote a private prompt reads it in a private answer. */
function forReader(job: JobRecord, readerId: string): JobRecord {
  const { privatePrompt: _, ...open } = job.request;
  return mayUseWords(job, readerId) ? { ...job, request: open } : job;
}

function wordingOf(interaction: RepliableInteraction, { ids, catalog }: BotContext): Wording {
  return { phrases: phrasesOf(interaction), ids, canFollow: canFollow(catalog) };
}

function familyOf(job: JobRecord, { store }: BotContext): Family {
  const parent = job.parentJobId === null ? undefined : store.get(job.parentJobId);
  return { parent, children: store.children(job.id, SHOWN_CHILDREN) };
}

const pick: ButtonHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  const picture = singlesOf(job.id, bot)[Number(index)];
  if (picture === undefined) return tell(interaction, phrases.notFinished());
  const limitBytes = interaction.attachmentSizeLimit;
  await show(interaction, pictureView(job, picture, wordingOf(interaction, bot), limitBytes), bot.dataDir);
};

/** Of a picture that the rules of its channel keep for the person who asked. */
const reveal: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job !== undefined) await showCard(interaction, job.id, bot);
};

/** Why a picture was not shown, and what that counts for: nobody's business but the person's. */
const why: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  if (job.userId !== interaction.user.id) return tell(interaction, phrases.notYours());
  await tell(interaction, failureReason(job.error, phrases) + strikeLine(job.error, phrases));
};

const more: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  await show(interaction, moreView(job, { phrases: phrasesOf(interaction), ids: bot.ids }), bot.dataDir);
};

const family: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job !== undefined) await tell(interaction, familyText(familyOf(job, bot), phrasesOf(interaction)));
};

/** One's own pictures whose prompt or id begins so. */
export function suggestJobs(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const typed = interaction.options.getFocused().replace(/^#/, '');
  const { id: userId } = interaction.user;
  const page = { limit: MAX_CHOICES, offset: 0 };
  const byWords = bot.store.history({ userId, ...(typed === '' ? {} : { words: typed }) }, page);
  const exact = isJobId(typed) ? bot.store.get(typed) : undefined;
  const jobs = exact?.userId === userId ? [exact] : byWords;
  return jobs.map((job) => ({ name: clip(`#${job.id} ${job.request.prompt}`, MAX_CHOICE_CHARS), value: job.id }));
}

export const showCommand: SlashCommand = {
  kind: 'slash',
  name: 'show',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'show', zh: '查看', ru: 'показать', es: 'mostrar', de: 'zeigen', fr: 'montrer', ja: '表示' },
      {
        en: 'Bring a picture up again with its buttons, its recipe and where it came from.',
        zh: '再次显示一张图片及其按钮、配方和来源。',
        ru: 'Снова показать картинку с кнопками, рецептом и тем, откуда она.',
        es: 'Volver a mostrar una imagen con sus botones, su receta y su origen.',
        de: 'Ein Bild wieder zeigen, mit Knöpfen, Rezept und Herkunft.',
        fr: 'Remontrer une image avec ses boutons, sa recette et son origine.',
        ja: '画像をボタン、レシピ、元と派生とともにもう一度表示します。',
      },
    ),
    options: [{ type: ApplicationCommandOptionType.String, required: true, autocomplete: true, ...ID_WORDS }],
    ...EVERYWHERE,
  }),
  run: (interaction, bot) => showCard(interaction, interaction.options.getString('id', true), bot),
  suggest: suggestJobs,
  buttons: { pick, reveal, why, more, family },
};
