// "Their pictures": what somebody made in this server, for its moderators, privately. Every look is in the audit.
import {
  ApplicationCommandType,
  type ButtonInteraction,
  MessageFlags,
  PermissionFlagsBits,
  type UserContextMenuCommandInteraction,
} from 'discord.js';
import { messageOf, phrasesOf, replace, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, UserCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { singlesOf } from '../src/discord/results.ts';
import { thumbnailOf } from '../src/discord/thumbnails.ts';
import { type Entry, GALLERY_PAGE_JOBS } from '../src/discord/views/galleryView.ts';
import { theirView } from '../src/discord/views/reviewView.ts';
import type { View } from '../src/discord/views/view.ts';
import { SERVERS_ONLY } from './install.ts';
import { localized } from './options.ts';

type Looking = UserContextMenuCommandInteraction | ButtonInteraction;

/** Beyond, nobody turns; it bounds what one click may read. */
const MAX_PAGE = 999;

function isModerator({ memberPermissions }: Looking): boolean {
  return memberPermissions?.any([PermissionFlagsBits.ManageMessages, PermissionFlagsBits.ManageGuild]) === true;
}

/** Private prompts stay their writer's even here. */
async function pageOf(interaction: Looking, userId: string, page: number, bot: BotContext): Promise<View> {
  const member = { userId, guildId: interaction.guildId! };
  const window = { limit: GALLERY_PAGE_JOBS + 1, offset: page * GALLERY_PAGE_JOBS };
  const jobs = bot.store.picturesIn(member, window);
  const entries = await Promise.all(
    jobs.slice(0, GALLERY_PAGE_JOBS).map(async (job): Promise<Entry> => {
      const first = singlesOf(job.id, bot)[0];
      const thumbnail = first === undefined ? undefined : await thumbnailOf(first, bot.dataDir);
      return { job, thumbnail, mayRead: job.request.privatePrompt !== true };
    }),
  );
  const hasOlder = jobs.length > GALLERY_PAGE_JOBS && page < MAX_PAGE;
  return theirView({ userId, page, entries, hasOlder }, phrasesOf(interaction), bot.ids);
}

const turn: ButtonHandler = async (interaction, [userId, wanted], bot) => {
  if (!interaction.inGuild() || !isModerator(interaction)) {
    return tell(interaction, phrasesOf(interaction).moderating.moderatorsOnly());
  }
  const page = Math.min(MAX_PAGE, Math.max(0, Number(wanted) || 0));
  await replace(interaction, await pageOf(interaction, userId ?? '', page, bot), bot.dataDir);
};

export const theirPictures: UserCommand = {
  kind: 'user',
  name: 'Their pictures',
  declare: () => ({
    type: ApplicationCommandType.User,
    name: 'Their pictures',
    name_localizations: localized({
      en: 'Their pictures',
      zh: '此用户的图片',
      ru: 'Картинки участника',
      es: 'Sus imágenes',
      de: 'Bilder dieser Person',
      fr: 'Ses images',
      ja: 'この人の画像',
    }),
    default_member_permissions: String(PermissionFlagsBits.ManageMessages),
    ...SERVERS_ONLY,
  }),
  async run(interaction, bot) {
    if (!interaction.inGuild() || !isModerator(interaction)) {
      return tell(interaction, phrasesOf(interaction).moderating.moderatorsOnly());
    }
    const { guildId, user, targetUser } = interaction;
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    bot.store.noteAudit({ action: 'looked', byUserId: user.id, guildId, target: targetUser.id, note: '' });
    const view = await pageOf(interaction, targetUser.id, 0, bot);
    await interaction.editReply(await messageOf(view, bot.dataDir));
  },
  buttons: { theirs: turn },
};
