// Where commands exist: installed in a server or by a person, used in servers, with the bot, and in private channels.
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';

/** For commands anybody may use anywhere. */
export const EVERYWHERE = {
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
};

/** For commands about a server. */
export const SERVERS_ONLY = {
  integration_types: [ApplicationIntegrationType.GuildInstall],
  contexts: [InteractionContextType.Guild],
};
