// /admin ban | timeout | unban: who may make no pictures here, why, and until when.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { parseDuration } from '../../src/core/policy.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import { stopJobs } from '../../src/discord/removal.ts';
import { quoted, timestamp } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, everywhere, reason, scopeOf, user } from './group.ts';

const { Subcommand, String: TEXT } = ApplicationCommandOptionType;
const MINUTE_MS = 60 * 1000;
const MAX_DURATION_CHARS = 8;

const duration: APIApplicationCommandBasicOption = {
  type: TEXT,
  required: true,
  max_length: MAX_DURATION_CHARS,
  ...named(
    { en: 'duration', zh: '时长', ru: 'срок', es: 'duración', de: 'dauer', fr: 'durée', ja: '期間' },
    {
      en: '30m, 2h, 7d or 1w.',
      zh: '30m、2h、7d 或 1w。',
      ru: '30m, 2h, 7d или 1w.',
      es: '30m, 2h, 7d o 1w.',
      de: '30m, 2h, 7d oder 1w.',
      fr: '30m, 2h, 7d ou 1w.',
      ja: '30m、2h、7d、1w。',
    },
  ),
};

const ban: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const whom = interaction.options.getUser('user', true);
  const why = interaction.options.getString('reason') ?? '—';
  bot.store.ban({ userId: whom.id, ...place }, why, interaction.user.id);
  stopJobs(whom.id, place.guildId, bot);
  const said = place.guildId === null ? phrases.banDoneEverywhere : phrases.banDone;
  await tell(interaction, said(`<@${whom.id}>`));
};

/** A ban with an end; it takes the place of the one there was. */
const timeout: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const typed = interaction.options.getString('duration', true);
  const minutes = parseDuration(typed);
  if (minutes === undefined) return tell(interaction, moderating.badDuration(quoted(typed, MAX_DURATION_CHARS)));
  const whom = interaction.options.getUser('user', true);
  const why = interaction.options.getString('reason') ?? '—';
  const untilMs = bot.clock.nowMs() + minutes * MINUTE_MS;
  bot.store.ban({ userId: whom.id, ...place }, why, interaction.user.id, untilMs);
  stopJobs(whom.id, place.guildId, bot);
  await tell(interaction, moderating.timeoutDone(`<@${whom.id}>`, timestamp(untilMs, 'R')));
};

const unban: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const whom = interaction.options.getUser('user', true);
  const member = { userId: whom.id, ...place };
  const wasBanned = bot.store.unban(member, interaction.user.id);
  const isStill = bot.store.banOf({ ...member, guildId: interaction.guildId }) !== undefined;
  const said = isStill ? phrases.stillBanned : wasBanned ? phrases.unbanDone : phrases.notBanned;
  await tell(interaction, said(`<@${whom.id}>`));
};

export const bans: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'ban', zh: '封禁', ru: 'запретить', es: 'vetar', de: 'sperren', fr: 'exclure', ja: '禁止' },
        {
          en: 'Stop someone from making pictures.',
          zh: '禁止某人生成图片。',
          ru: 'Запретить кому-то делать картинки.',
          es: 'Impedir que alguien haga imágenes.',
          de: 'Jemanden vom Bildermachen ausschließen.',
          fr: 'Empêcher quelqu’un de faire des images.',
          ja: '誰かが画像を作れないようにします。',
        },
      ),
      options: [user, reason, everywhere],
    },
    {
      type: Subcommand,
      ...named(
        { en: 'timeout', zh: '暂停', ru: 'пауза', es: 'pausar', de: 'pause', fr: 'suspendre', ja: '休止' },
        {
          en: 'Stop someone for a while.',
          zh: '暂时禁止某人。',
          ru: 'Запретить на время.',
          es: 'Impedirlo por un tiempo.',
          de: 'Jemanden für eine Weile ausschließen.',
          fr: 'L’empêcher pour un temps.',
          ja: 'しばらくの間だけ止めます。',
        },
      ),
      options: [user, duration, reason, everywhere],
    },
    {
      type: Subcommand,
      ...named(
        { en: 'unban', zh: '解封', ru: 'разрешить', es: 'permitir', de: 'entsperren', fr: 'réadmettre', ja: '解除' },
        {
          en: 'Let someone make pictures again.',
          zh: '允许某人再次生成图片。',
          ru: 'Снова разрешить кому-то делать картинки.',
          es: 'Permitir de nuevo que alguien haga imágenes.',
          de: 'Jemanden wieder Bilder machen lassen.',
          fr: 'Laisser de nouveau quelqu’un faire des images.',
          ja: '誰かがまた画像を作れるようにします。',
        },
      ),
      options: [user, everywhere],
    },
  ],
  run: { ban, timeout, unban },
};
