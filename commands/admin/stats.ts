// /admin stats: what was made in this server in the last days, how long it took, by whom and with what, and what was refused. The owner may
// ask for everywhere.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { type Percentiles, type Stats, statsOf } from '../../src/core/stats.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { clip, MAX_CONTENT_CHARS, quoted } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, Integer: WHOLE } = ApplicationCommandOptionType;
const USUAL_DAYS = 14;
const MAX_DAYS = 60;
const DAY_MS = 86_400_000;
const BARS = '▁▂▃▄▅▆▇█';

const days: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: 1,
  max_value: MAX_DAYS,
  ...named(
    { en: 'days', zh: '天数', ru: 'дней', es: 'días', de: 'tage', fr: 'jours', ja: '日数' },
    {
      en: 'How many days; 14 as usual.',
      zh: '多少天；默认 14 天。',
      ru: 'За сколько дней; обычно 14.',
      es: 'Cuántos días; 14 si no se dice.',
      de: 'Wie viele Tage; sonst 14.',
      fr: 'Combien de jours ; 14 d’ordinaire.',
      ja: '何日分か。ふつうは 14 日。',
    },
  ),
};

const stats: AdminHandler = async (interaction, bot) => {
  const scope = await scopeOf(interaction, bot);
  if (scope === undefined) return;
  const asked = interaction.options.getInteger('days') ?? USUAL_DAYS;
  const nowMs = bot.clock.nowMs();
  const filter = { ...scope, sinceMs: (Math.floor(nowMs / DAY_MS) - asked + 1) * DAY_MS };
  const found = statsOf(bot.store.figures(filter), bot.store.refusals(filter), asked, nowMs);
  await tell(interaction, clip(statsText(found, asked, phrasesOf(interaction)), MAX_CONTENT_CHARS));
};

/** One bar a day; the highest day is a full one, and no day with pictures is empty. */
function bars(counts: readonly number[]): string {
  const highest = Math.max(1, ...counts);
  const bar = (count: number) => BARS[Math.ceil((count / highest) * (BARS.length - 1))];
  return counts.map(bar).join('');
}

function statsText(found: Stats, asked: number, { houseRules: words }: Phrases): string {
  const { chart } = words;
  const refused = found.refusals.reduce((sum, { count }) => sum + count, 0);
  const times = ({ half, most }: Percentiles) =>
    half === undefined ? '—' : `${chart.half} ${seconds(half)} · ${chart.most} ${seconds(most!)}`;
  const list = (rows: Stats['models'], shown: (name: string) => string) =>
    rows.map(({ name, count }) => `${shown(name)} ${count}`).join(' · ') || '—';
  return [
    `**${words.statsTitle(asked)}**`,
    found.pictures === 0 ? words.statsNone() : words.statsSum(found.pictures, found.people),
    `**${chart.perDay}** (${Math.max(0, ...found.picturesADay)})\n\`${bars(found.picturesADay)}\``,
    `**${chart.waits}**: ${times(found.waits)}`,
    `**${chart.makes}**: ${times(found.makes)}`,
    `**${chart.users}**: ${list(found.users, (id) => `<@${id}>`)}`,
    `**${chart.models}**: ${list(found.models, (name) => quoted(name, 60))}`,
    `**${chart.refused}** (${refused}): ${list(found.refusals, (reason) => `\`${reason}\``)}`,
  ].join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)}`;
}

export const statistics: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'stats', zh: '统计', ru: 'статистика', es: 'cifras', de: 'zahlen', fr: 'chiffres', ja: '統計' },
        {
          en: 'What was made here, how fast, and by whom.',
          zh: '此处生成了什么、多快、由谁。',
          ru: 'Что здесь сделано, как быстро и кем.',
          es: 'Qué se hizo aquí, con qué rapidez y quién.',
          de: 'Was hier gemacht wurde, wie schnell und von wem.',
          fr: 'Ce qui a été fait ici, à quelle vitesse et par qui.',
          ja: 'ここで何が、どれだけ速く、だれによって作られたか。',
        },
      ),
      options: [days, everywhere],
    },
  ],
  run: { stats },
};
