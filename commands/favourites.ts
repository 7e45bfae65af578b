// /favourites, and the ⭐ under every result.
import { ApplicationCommandType } from 'discord.js';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, SlashCommand } from '../src/discord/command.ts';
import { jobOf } from '../src/discord/results.ts';
import { showGallery } from './gallery.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

const favourite: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const { card } = phrasesOf(interaction);
  const isFavourite = bot.store.toggleFavourite(interaction.user.id, job.id);
  await tell(interaction, isFavourite ? card.favouriteAdded(job.id) : card.favouriteRemoved(job.id));
};

export const favourites: SlashCommand = {
  kind: 'slash',
  name: 'favourites',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      {
        en: 'favourites',
        zh: '收藏',
        ru: 'избранное',
        es: 'favoritas',
        de: 'favoriten',
        fr: 'favoris',
        ja: 'お気に入り',
      },
      {
        en: 'The pictures you pressed ⭐ under, whoever made them.',
        zh: '你按过 ⭐ 的图片，无论由谁生成。',
        ru: 'Картинки, под которыми вы нажали ⭐, чьи бы они ни были.',
        es: 'Las imágenes en las que pulsaste ⭐, sean de quien sean.',
        de: 'Die Bilder, unter denen du ⭐ gedrückt hast, von wem auch immer.',
        fr: 'Les images où vous avez appuyé sur ⭐, quel qu’en soit l’auteur.',
        ja: '⭐ を押した画像。誰が作ったものでも並びます。',
      },
    ),
    ...EVERYWHERE,
  }),
  run: (interaction, bot) => showGallery(interaction, { favourites: true }, bot),
  buttons: { favourite },
};
