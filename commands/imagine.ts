// /imagine, and what its results offer: again with a new seed, edit in a form, delete.
import { ApplicationCommandType, type AutocompleteInteraction, MessageFlags } from 'discord.js';
import { expandPrompt } from '../src/core/permutations.ts';
import { overlay } from '../src/core/promptFlags.ts';
import type { ModelCard } from '../src/core/request.ts';
import { SAMPLERS } from '../src/core/request.ts';
import { draftOf } from '../src/core/resolve.ts';
import { readSheet } from '../src/core/sheet.ts';
import { formatSize, suggestedSizes } from '../src/core/size.ts';
import { withAllChoices } from '../src/core/wildcards.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { answerQuestion, orderOrAsk } from '../src/discord/asking.ts';
import type { ButtonHandler, Choice, FormHandler, SlashCommand } from '../src/discord/command.ts';
import type { BotContext, Catalog } from '../src/discord/context.ts';
import { withoutSeed } from '../src/discord/drafts.ts';
import { allowedModels } from '../src/discord/houseRules.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import type { Wish } from '../src/discord/order.ts';
import { usualModelFor, withPreferences } from '../src/discord/preferences.ts';
import { isRequesterOrModerator, jobOf, noteModeration, wordsJobOf } from '../src/discord/results.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { editForm, FIELD } from '../src/discord/views/formViews.ts';
import { drawnAgain, readDrawn, wildcardsIn, wildcardsOf } from '../src/discord/wildcards.ts';
import { kindChoices, withControlFlag } from './control.ts';
import { fieldOf, seedOf, stepsOf } from './fields.ts';
import { askSheet } from './grid.ts';
import { EVERYWHERE } from './install.ts';
import { askMany } from './many.ts';
import { draftOfOptions, imagineOptions, named } from './options.ts';

/** Discord shows at most this many choices. */
const MAX_CHOICES = 25;

const again: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const lists = await wildcardsOf(interaction.user.id, bot);
  const draft = drawnAgain(withoutSeed(draftOf(job.request)), lists, bot.randomSeed);
  await orderOrAsk(interaction, { kind: 'again', draft, parent: { jobId: job.id, imageIndex: null } }, bot);
};

/** The very request again: what makes a picture that was lost, and shows what a change of model or machine does. */
const same: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const draft = draftOf(job.request);
  await orderOrAsk(interaction, { kind: 'again', draft, parent: { jobId: job.id, imageIndex: null } }, bot);
};

const edit: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const { ids, catalog } = bot;
  await interaction.showModal(editForm(ids.write('editForm', job.id), job, catalog.limits, phrasesOf(interaction)));
};

const edited: FormHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  const [seed, steps] = [seedOf(interaction), stepsOf(interaction)];
  if (seed === 'bad') return tell(interaction, phrases.seedExpected(fieldOf(interaction, FIELD.seed)));
  if (steps === 'bad') return tell(interaction, phrases.stepsExpected(fieldOf(interaction, FIELD.steps)));
  const lists = await wildcardsOf(interaction.user.id, bot);
  const typed = { negativePrompt: fieldOf(interaction, FIELD.negative), ...seed, ...steps };
  const { template: _, ...base } = overlay(withoutSeed(draftOf(job.request)), typed);
  const words = readDrawn(fieldOf(interaction, FIELD.prompt), seed, lists, bot.randomSeed);
  const draft = overlay(base, words);
  await orderOrAsk(interaction, { kind: 'edit', draft, parent: { jobId: job.id, imageIndex: null } }, bot);
};

const remove: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  if (!isRequesterOrModerator(interaction, job)) return tell(interaction, phrasesOf(interaction).notYours());
  noteModeration('removed', interaction.user.id, job, bot);
  bot.queue.cancel(job.id);
  bot.outbox.touch(job.id);
  if (interaction.message.id === job.messageId || !interaction.message.flags.has(MessageFlags.Ephemeral)) {
    await interaction.deferUpdate();
    await interaction.deleteReply();
    return;
  }
  // From a private list it is the public message that goes.
  if (job.messageId !== null) await bot.messages.remove(job.channelId, job.messageId);
  await tell(interaction, phrasesOf(interaction).card.deleted(job.id));
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const { name, value } = interaction.options.getFocused(true);
  // People write the paper's name, dpm++, and sizes with a cross.
  const wanted = value.toLowerCase().trim().replaceAll('++', 'pp').replaceAll('×', 'x');
  const own = ownChoices(interaction, name, bot);
  const cards = allowedModels(bot.catalog.cards, loraAskerOf(interaction), bot);
  return [...choicesOf(name, cardFor(interaction, bot), { ...bot.catalog, cards }), ...own]
    .filter((choice) => `${choice.name} ${choice.value}`.toLowerCase().includes(wanted))
    .slice(0, MAX_CHOICES);
}

/** What depends on the person. */
function ownChoices(interaction: AutocompleteInteraction, option: string, bot: BotContext): readonly Choice[] {
  if (option === 'style') return ownStyles(interaction, bot);
  return option === 'control' ? kindChoices(cardFor(interaction, bot), phrasesOf(interaction)) : [];
}

/** Named styles, after the model's. */
function ownStyles({ user, guildId }: AutocompleteInteraction, { store }: BotContext): Choice[] {
  return store.styles(user.id, guildId).map(({ name, text }) => choice(`${name}: ${text}`, name));
}

/** The model already chosen in the same command, or the person's usual one. */
function cardFor(interaction: AutocompleteInteraction, bot: BotContext): ModelCard | undefined {
  const { cards } = bot.catalog;
  const who = loraAskerOf(interaction);
  const name = interaction.options.getString('model') ?? usualModelFor(who, bot.store.settings(who.userId), bot);
  return cards.find((card) => card.name === name) ?? cards[0];
}

function choicesOf(option: string, card: ModelCard | undefined, catalog: Catalog): readonly Choice[] {
  if (option === 'model') return catalog.cards.map(({ name }) => choice(name, name));
  if (card === undefined) return [];
  if (option === 'sampler') return SAMPLERS.map((name) => choice(mark(name, card.defaults.sampler), name));
  if (option === 'style') return styleChoices(card);
  if (option === 'size') return suggestedSizes(card, catalog.limits).map((size) => sizeChoice(formatSize(size), card));
  return [];
}

function styleChoices(card: ModelCard): Choice[] {
  const styles = Object.keys(card.styles).map((style) => choice(mark(style, card.defaults.style), style));
  return styles.length === 0 ? [] : [...styles, choice('none', 'none')];
}

function sizeChoice(size: string, card: ModelCard): Choice {
  return choice(mark(size, formatSize(card.defaults.size)), size);
}

function mark(name: string, usual: string | null): string {
  return name === usual ? `${name} ★` : name;
}

function choice(name: string, value: string): Choice {
  return { name: clip(name, MAX_CHOICE_CHARS), value: value.slice(0, MAX_CHOICE_CHARS) };
}

export const imagine: SlashCommand = {
  kind: 'slash',
  name: 'imagine',
  declare: (catalog) => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'imagine', zh: '画图', ru: 'нарисуй', es: 'imagina', de: 'male', fr: 'imagine', ja: '描く' },
      {
        en: 'Make a picture from words, or from a picture and words.',
        zh: '用文字，或用图片加文字，生成图片。',
        ru: 'Сделать картинку по словам или по картинке и словам.',
        es: 'Hacer una imagen con palabras, o con una imagen y palabras.',
        de: 'Ein Bild aus Worten machen, oder aus einem Bild und Worten.',
        fr: 'Faire une image avec des mots, ou avec une image et des mots.',
        ja: '言葉から、または画像と言葉から、画像を作ります。',
      },
    ),
    options: imagineOptions(catalog),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { prompt: said, ...options } = draftOfOptions(interaction);
    const prompt = withControlFlag(interaction, said, bot);
    const control = interaction.options.getAttachment('control_image');
    const person = loraAskerOf(interaction);
    const sheet = readSheet(prompt);
    if (sheet !== undefined) {
      const [image, masked] = [interaction.options.getAttachment('image'), interaction.options.getAttachment('mask')];
      return askSheet(interaction, sheet, { upload: image, mask: masked ?? undefined, control, options }, bot);
    }
    const lists = await wildcardsIn(prompt, interaction.user.id, bot);
    const drafts = expandPrompt(withAllChoices(prompt, lists)).map((text) =>
      withPreferences(readDrawn(text, options, lists, bot.randomSeed), person, bot),
    );
    const upload = interaction.options.getAttachment('image');
    const mask = interaction.options.getAttachment('mask') ?? undefined;
    const [draft] = drafts;
    if (draft === undefined || drafts.length > 1) return askMany(interaction, drafts, { upload, mask, control }, bot);
    const start = upload === null ? {} : { start: { kind: 'upload', attachment: upload, mask } as const };
    const follow = control === null ? {} : { control: { kind: 'upload', attachment: control } as const };
    const wish: Wish = { kind: 'imagine', draft, ...start, ...follow };
    await orderOrAsk(interaction, wish, bot);
  },
  suggest,
  buttons: { again, same, edit, delete: remove, many: answerQuestion },
  forms: { editForm: edited },
};
