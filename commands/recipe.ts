// "Recipe": every number of a result and its pictures one by one, privately; as a button and as a context menu that works on any of our messages.
import { ApplicationCommandType, type RepliableInteraction } from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { phrasesOf, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, MessageCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { jobOf } from '../src/discord/results.ts';
import { recipeView } from '../src/discord/views/recipeView.ts';
import { EVERYWHERE } from './install.ts';

const recipeButton: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job !== undefined) await showRecipe(interaction, job, bot);
};

function showRecipe(interaction: RepliableInteraction, job: JobRecord, bot: BotContext): Promise<void> {
  return show(interaction, recipeView(job, bot.store.pictures(job.id), phrasesOf(interaction)), bot.dataDir);
}

export const recipe: MessageCommand = {
  kind: 'message',
  name: 'Recipe',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Recipe',
    name_localizations: { 'zh-CN': '配方', ru: 'Рецепт' },
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const job = bot.store.byMessage(interaction.targetMessage.id);
    if (job === undefined) return tell(interaction, phrasesOf(interaction).notMyMessage());
    await showRecipe(interaction, job, bot);
  },
  buttons: { recipe: recipeButton },
};
