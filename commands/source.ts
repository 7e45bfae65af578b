// "Use as source": any message's picture with new words over it; nothing of the old request but the model stays.
import { ApplicationCommandType } from 'discord.js';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { shownBy } from '../src/discord/cells.ts';
import type { MessageCommand } from '../src/discord/command.ts';
import { mayLook } from '../src/discord/results.ts';
import { sourceForm } from '../src/discord/views/formViews.ts';
import { EVERYWHERE } from './install.ts';
import { localized } from './options.ts';
import { keptPicture, MENU } from './vary.ts';

export const source: MessageCommand = {
  kind: 'message',
  name: 'Use as source',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Use as source',
    name_localizations: localized({
      en: 'Use as source',
      zh: '用作起点',
      ru: 'Взять за основу',
      es: 'Usar como base',
      de: 'Als Vorlage nehmen',
      fr: 'Prendre pour départ',
      ja: '元画像に使う',
    }),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { targetMessage, user } = interaction;
    const phrases = phrasesOf(interaction);
    const job = bot.store.byMessage(targetMessage.id);
    if (job !== undefined && !mayLook(job, user.id)) {
      return tell(interaction, phrases.moderating.onlyFor(`<@${job.userId}>`));
    }
    const count = job === undefined ? 1 : shownBy(job, bot).length;
    if (count === 0) return tell(interaction, phrases.notFinished());
    const input = job === undefined ? await keptPicture(targetMessage, bot) : undefined;
    if (job === undefined && input === undefined) return tell(interaction, phrases.noPicture());
    const id = job === undefined ? bot.ids.write('inputForm', input!) : bot.ids.write('sourceForm', job.id, MENU);
    await interaction.showModal(sourceForm(id, bot.catalog.limits, phrases, count));
  },
};
