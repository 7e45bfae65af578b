// /admin ban | unban: who may make no pictures here, and why.
import { ApplicationCommandOptionType } from 'discord.js';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, everywhere, reason, scopeOf, user } from './group.ts';

const { Subcommand } = ApplicationCommandOptionType;

const ban: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const whom = interaction.options.getUser('user', true);
  const why = interaction.options.getString('reason') ?? '—';
  bot.store.ban({ userId: whom.id, ...place }, why, interaction.user.id);
  const said = place.guildId === null ? phrases.banDoneEverywhere : phrases.banDone;
  await tell(interaction, said(`<@${whom.id}>`));
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
  run: { ban, unban },
};
