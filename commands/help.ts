// /help: what can be done here, with examples to copy.
import { ApplicationCommandType } from 'discord.js';
import { phrasesOf, show } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import { helpView } from '../src/discord/views/helpView.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

export const help: SlashCommand = {
  kind: 'slash',
  name: 'help',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'help', zh: '帮助', ru: 'помощь', es: 'ayuda', de: 'hilfe', fr: 'aide', ja: 'ヘルプ' },
      {
        en: 'How to use this bot, with examples.',
        zh: '如何使用这个机器人，附示例。',
        ru: 'Как пользоваться ботом, с примерами.',
        es: 'Cómo se usa este bot, con ejemplos.',
        de: 'Wie dieser Bot zu benutzen ist, mit Beispielen.',
        fr: 'Comment utiliser ce bot, avec des exemples.',
        ja: 'このボットの使い方と例。',
      },
    ),
    ...EVERYWHERE,
  }),
  run: (interaction, bot) => show(interaction, helpView(phrasesOf(interaction)), bot.dataDir),
};
