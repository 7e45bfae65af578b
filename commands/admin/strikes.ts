// /admin strikes: what somebody was refused for here and what still counts; forgiven where a moderator wants it.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import { banText, ruleName } from '../../src/discord/gate.ts';
import { timestamp } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, user } from './group.ts';

const { Subcommand, Boolean: YES_NO } = ApplicationCommandOptionType;
/** Strikes told one by one. */
const SHOWN_STRIKES = 15;

const clear: APIApplicationCommandBasicOption = {
  type: YES_NO,
  ...named(
    { en: 'clear', zh: '清除', ru: 'простить', es: 'perdonar', de: 'vergeben', fr: 'pardonner', ja: '取り消し' },
    {
      en: 'Forgive all of them.',
      zh: '全部免除。',
      ru: 'Простить все.',
      es: 'Perdonarlos todos.',
      de: 'Alle vergeben.',
      fr: 'Tout pardonner.',
      ja: 'すべて取り消す。',
    },
  ),
};

const show: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { moderating } = phrases;
  const { id } = interaction.options.getUser('user', true);
  const member = { userId: id, guildId: interaction.guildId };
  if (interaction.options.getBoolean('clear') === true) {
    const count = bot.store.clearStrikes(member, interaction.user.id);
    return tell(interaction, moderating.strikesCleared(`<@${id}>`, count));
  }
  const strikes = bot.store.strikes(member);
  const ban = bot.store.banIn(member);
  const pause = ban === undefined ? [] : [`-# ${banText(ban, phrases)}`];
  if (strikes.length === 0) return tell(interaction, [moderating.strikesNone(`<@${id}>`), ...pause].join('\n'));
  const own = new Set(bot.store.wordRules(interaction.guildId).map(({ name }) => name));
  const lines = strikes.slice(0, SHOWN_STRIKES).map(({ rule, jobId, atMs }) => {
    const name = ruleName({ rule, isBuiltIn: !own.has(rule) } as never, phrases);
    return `- ${timestamp(atMs, 'R')} · ${name}${jobId === null ? '' : ` · \`#${jobId}\``}`;
  });
  await tell(interaction, [moderating.strikesOf(`<@${id}>`, strikes.length), ...lines, ...pause].join('\n'));
};

export const strikes: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        {
          en: 'strikes',
          zh: '警告',
          ru: 'предупреждения',
          es: 'avisos',
          de: 'verwarnungen',
          fr: 'avertissements',
          ja: '警告',
        },
        {
          en: 'What someone was refused for.',
          zh: '某人因何被拒。',
          ru: 'За что кому-то отказано.',
          es: 'Por qué se rechazó a alguien.',
          de: 'Wofür jemand abgelehnt wurde.',
          fr: 'Ce qui a été refusé à quelqu’un.',
          ja: '拒否された理由。',
        },
      ),
      options: [user, clear],
    },
  ],
  run: { strikes: show },
};
