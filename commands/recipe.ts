// "Recipe": every number of a result and its pictures one by one, privately; as a button and as a context menu. On other people's pictures the
// menu shows the recipe their file carries, what is different here, and a button that makes it here.
import {
  ApplicationCommandType,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type RepliableInteraction,
} from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { phrasesOf, show, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import type { ButtonHandler, MessageCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { adaptRecipe, findRecipe, keepRecipe, keptRecipe, modelHashOf } from '../src/discord/foreignRecipes.ts';
import { mayLook, mayUseWords, wordsJobOf } from '../src/discord/results.ts';
import { choicesOf } from '../src/discord/sheets.ts';
import { foreignRecipeView } from '../src/discord/views/foreignRecipeView.ts';
import { recipeView } from '../src/discord/views/recipeView.ts';
import { chooseCellView } from '../src/discord/views/sheetView.ts';
import { EVERYWHERE } from './install.ts';
import { localized } from './options.ts';

const recipeButton: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job !== undefined) await showRecipe(interaction, job, bot);
};

async function showRecipe(interaction: RepliableInteraction, job: JobRecord, bot: BotContext): Promise<void> {
  const pictures = bot.store.pictures(job.id);
  const modelHash = await modelHashOf(pictures[0], bot.dataDir);
  const view = recipeView(job, pictures, phrasesOf(interaction), modelHash, bot.store.controlMaps(job.id));
  await show(interaction, view, bot.dataDir);
}

/** Fetching may outlast Discord's three seconds, so the answer is promised first. */
async function showForeign(interaction: MessageContextMenuCommandInteraction, bot: BotContext): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const { foreign } = phrasesOf(interaction);
  const found = await findRecipe(interaction.targetMessage, bot);
  if (found === undefined) return tell(interaction, foreign.none());
  if (found.kind === 'other') return tell(interaction, foreign.other(found.tool));
  const { text } = found;
  const makeId = bot.ids.write('remake', await keepRecipe(text, bot));
  const recipe = { text, ...(await adaptRecipe(text, bot)) };
  await show(interaction, foreignRecipeView(recipe, makeId, phrasesOf(interaction)), bot.dataDir);
}

const remake: ButtonHandler = async (interaction, [key], bot) => {
  const text = key === undefined ? undefined : await keptRecipe(key, bot);
  if (text === undefined) return tell(interaction, phrasesOf(interaction).foreign.gone());
  const { draft } = await adaptRecipe(text, bot);
  await orderOrAsk(interaction, { kind: 'imagine', draft }, bot);
};

export const recipe: MessageCommand = {
  kind: 'message',
  name: 'Recipe',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Recipe',
    name_localizations: localized({
      en: 'Recipe',
      zh: '配方',
      ru: 'Рецепт',
      es: 'Receta',
      de: 'Rezept',
      fr: 'Recette',
      ja: 'レシピ',
    }),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const job = bot.store.byMessage(interaction.targetMessage.id);
    if (job === undefined) return showForeign(interaction, bot);
    const { card, moderating } = phrasesOf(interaction);
    if (!mayLook(job, interaction.user.id)) return tell(interaction, moderating.onlyFor(`<@${job.userId}>`));
    if (!mayUseWords(job, interaction.user.id)) return tell(interaction, card.promptIsPrivate());
    const sheet = bot.store.sheetOf(job.id);
    if (sheet?.leadId !== job.id) return showRecipe(interaction, job, bot);
    const wording = { phrases: phrasesOf(interaction), ids: bot.ids };
    await show(interaction, chooseCellView(job, sheet.spec, choicesOf(sheet, bot.store), wording), bot.dataDir);
  },
  buttons: { recipe: recipeButton, remake },
};
