// /admin stats: what was made in this server in the last days, how long it took, by whom and with what, and what was refused, as charts and in
// words. The owner may ask for everywhere.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  type ButtonInteraction,
  type Guild,
  MessageFlags,
} from 'discord.js';
import type { ChartAsk, ChartWords, Drawn } from '../../src/core/charts.ts';
import { type Stats, statsOf } from '../../src/core/stats.ts';
import { messageOf, phrasesOf, tell } from '../../src/discord/answers.ts';
import type { ButtonHandler } from '../../src/discord/command.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { lookOf } from '../../src/discord/looks.ts';
import { languageOf } from '../../src/discord/phrases/phrases.ts';
import { isAdmin } from '../../src/discord/results.ts';
import { chartWords, STATS_PERIODS, statsView } from '../../src/discord/views/statsView.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, Integer: WHOLE } = ApplicationCommandOptionType;
const USUAL_DAYS = 30;
const MAX_DAYS = 90;
const DAY_MS = 86_400_000;
/** A name that Discord does not tell by then is left out. */
const NAMES_MS = 2_500;

const days: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: 1,
  max_value: MAX_DAYS,
  ...named(
    { en: 'days', zh: '天数', ru: 'дней', es: 'días', de: 'tage', fr: 'jours', ja: '日数' },
    {
      en: 'How many days; 30 as usual.',
      zh: '多少天；默认 30 天。',
      ru: 'За сколько дней; обычно 30.',
      es: 'Cuántos días; 30 si no se dice.',
      de: 'Wie viele Tage; sonst 30.',
      fr: 'Combien de jours ; 30 d’ordinaire.',
      ja: '何日分か。ふつうは 30 日。',
    },
  ),
};

type Asking = AdminInteraction | ButtonInteraction<'cached' | 'raw'>;

const stats: AdminHandler = async (interaction, bot) => {
  const scope = await scopeOf(interaction, bot);
  if (scope === undefined) return;
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await showStats(interaction, scope.guildId, interaction.options.getInteger('days') ?? USUAL_DAYS, bot);
};

/** A button with another period, on the message that one of these showed to this person alone. */
const period: ButtonHandler = async (interaction, [wanted, where], bot) => {
  const phrases = phrasesOf(interaction);
  if (!interaction.inGuild() || !isAdmin(interaction)) return tell(interaction, phrases.adminsOnly());
  if (where === 'all' && !bot.isOwner(interaction.user.id)) return tell(interaction, phrases.ownerOnly());
  await interaction.deferUpdate();
  const asked = STATS_PERIODS.find((one) => one === Number(wanted)) ?? USUAL_DAYS;
  await showStats(interaction, where === 'all' ? null : interaction.guildId, asked, bot);
};

async function showStats(interaction: Asking, guildId: string | null, asked: number, bot: BotContext): Promise<void> {
  const nowMs = bot.clock.nowMs();
  const filter = { guildId, sinceMs: (Math.floor(nowMs / DAY_MS) - asked + 1) * DAY_MS };
  const drawn = await drawnStats({ filter, days: asked, nowMs }, interaction, bot);
  const look = lookOf(interaction.guildId, bot.store);
  const page = { ...drawn, days: asked, isEverywhere: guildId === null, locale: languageOf(interaction.locale) };
  const view = statsView(page, phrasesOf(interaction), bot.ids, look);
  await interaction.editReply({ ...(await messageOf(view, bot.dataDir)), attachments: [] });
}

/** The figures alone where no charts can be drawn. */
async function drawnStats(ask: ChartAsk, interaction: Asking, bot: BotContext): Promise<Drawn> {
  const { store, charts, log } = bot;
  if (charts !== undefined) {
    try {
      return await charts.draw(ask, (found) => wordsFor(found, interaction));
    } catch (err) {
      log.warn({ err }, 'the figures are counted by the bot itself');
    }
  }
  const { filter, days: asked, nowMs } = ask;
  return { stats: statsOf(store.figures(filter), store.refusals(filter), asked, nowMs), pictures: [] };
}

async function wordsFor({ users }: Stats, interaction: Asking): Promise<ChartWords> {
  const names = await Promise.all(users.map(async ({ name: id }) => [id, await nameOf(id, interaction)] as const));
  return chartWords(Object.fromEntries(names), phrasesOf(interaction), languageOf(interaction.locale));
}

/** As the server knows them; '' where nobody says in time. */
async function nameOf(userId: string, { guild, client }: Asking): Promise<string> {
  const asked = (guild as Guild | null)?.members.fetch(userId).then(({ displayName }) => displayName);
  const found = (asked ?? Promise.reject(new Error('no server here'))).catch(async () => {
    return (await client.users.fetch(userId)).displayName;
  });
  return Promise.race([found.catch(() => ''), late()]);
}

function late(): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, NAMES_MS, '').unref());
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
  buttons: { stats: period },
};
