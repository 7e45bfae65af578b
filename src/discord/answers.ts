// Answers to interactions, private by default: short words, views with files, and whether the bot could write in the channel itself.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type APIMessageTopLevelComponent,
  type AttachmentPayload,
  type AutocompleteInteraction,
  type BaseInteraction,
  ComponentType,
  DiscordAPIError,
  InteractionContextType,
  type InteractionEditReplyOptions,
  type InteractionReplyOptions,
  type MessageComponentInteraction,
  MessageFlags,
  MessagePayload,
  type ModalMessageModalSubmitInteraction,
  PermissionFlagsBits,
  RESTJSONErrorCodes,
  type RepliableInteraction,
} from 'discord.js';
import { fitIn, fittedView } from './fitting.ts';
import { type Phrases, phrasesFor } from './phrases/phrases.ts';
import { type CardPart, NO_MENTIONS, textView, type View } from './views/view.ts';

/** In the language of the person who asked. */
export function phrasesOf(interaction: RepliableInteraction | AutocompleteInteraction): Phrases {
  return phrasesFor(interaction.locale);
}

/** Says something only the person who asked can see. */
export async function tell(interaction: RepliableInteraction, text: string): Promise<void> {
  await show(interaction, textView(text), '');
}

/** Shows a view only the person who asked can see; files that are gone are left out. */
export async function show(interaction: RepliableInteraction, wanted: View, dataDir: string): Promise<void> {
  // An upload on a slow line may outlast the three seconds an answer has; words do not.
  const isFirst = wanted.files.length > 0 && !interaction.deferred && !interaction.replied;
  if (isFirst) await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const view = await fittedView(wanted, interaction.attachmentSizeLimit, fitIn(dataDir));
  const message = await messageOf(view, dataDir);
  const privately = { ...message, flags: (message.flags ?? 0) | MessageFlags.Ephemeral } as InteractionReplyOptions;
  if (isFirst) {
    await interaction.editReply(message);
  } else if (interaction.deferred || interaction.replied) {
    await (answersMessage(interaction) ? interaction.followUp(privately) : interaction.editReply(message));
  } else {
    await interaction.reply(isWords(view) ? wordsOf(interaction, view.content) : privately);
  }
}

function isWords({ embeds, rows, files, card }: View): boolean {
  return card === undefined && embeds.length + rows.length + files.length === 0;
}

/** The body as Discord takes it: working it out would look for embeds, components, files and polls in every answer of a crowd. */
function wordsOf(interaction: RepliableInteraction, content: string): MessagePayload {
  const payload = new MessagePayload(interaction, {});
  payload.body = { content, flags: MessageFlags.Ephemeral, allowed_mentions: NO_MENTIONS };
  payload.files = [];
  return payload;
}

/** Puts a view in the place of the private message that a button or select sits on. */
export async function replace(
  interaction: MessageComponentInteraction | ModalMessageModalSubmitInteraction,
  view: View,
  dataDir: string,
): Promise<void> {
  await interaction.deferUpdate();
  await interaction.editReply({ ...(await messageOf(view, dataDir)), attachments: [] });
}

/** The original answer of a button or its modal is the message it sits on; editing it would overwrite a result. */
export function answersMessage(interaction: RepliableInteraction): boolean {
  return interaction.isMessageComponent() || (interaction.isModalSubmit() && interaction.isFromMessage());
}

type Message = Pick<InteractionEditReplyOptions, 'content' | 'embeds' | 'components' | 'files' | 'flags'> & {
  readonly flags?: MessageFlags.IsComponentsV2;
};

export async function messageOf(view: View, dataDir: string): Promise<Message> {
  const files = await Promise.all(view.files.map((file) => attachmentOf(file, dataDir)));
  const present = files.filter((file) => file !== undefined);
  const names = new Set(present.map((file) => file.name));
  if (view.card !== undefined) {
    const components = view.card.flatMap((part) => cardWithoutLost(part, names));
    return { components, files: present, flags: MessageFlags.IsComponentsV2 };
  }
  const embeds = view.embeds.map((embed) => withoutLost(embed, names));
  return { content: view.content, embeds, components: [...view.rows], files: present };
}

type CardNode = APIMessageTopLevelComponent | CardPart;

/** Nor does it take a gallery item, a thumbnail or a file whose upload is not there. */
function cardWithoutLost<T extends CardNode>(part: T, names: ReadonlySet<string | undefined>): T[] {
  if (part.type === ComponentType.Container) {
    return [{ ...part, components: part.components.flatMap((one) => cardWithoutLost(one, names)) }];
  }
  if (part.type === ComponentType.Section && part.accessory.type === ComponentType.Thumbnail) {
    return thrownAway(part.accessory.media.url, names) ? (part.components as unknown as T[]) : [part];
  }
  if (part.type === ComponentType.File) return thrownAway(part.file.url, names) ? [] : [part];
  if (part.type !== ComponentType.MediaGallery) return [part];
  const items = part.items.filter(({ media }) => !thrownAway(media.url, names));
  return items.length === 0 ? [] : [{ ...part, items }];
}

async function attachmentOf(file: View['files'][number], dataDir: string): Promise<AttachmentPayload | undefined> {
  if (file.data !== undefined) {
    return { attachment: Buffer.from(file.data, 'base64'), name: file.name, description: file.altText };
  }
  try {
    const attachment = await readFile(path.join(dataDir, file.path));
    return { attachment, name: file.name, description: file.altText };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  return undefined;
}

/** Discord refuses an embed whose `attachment://` names no upload. */
function withoutLost(embed: View['embeds'][number], names: ReadonlySet<string | undefined>): View['embeds'][number] {
  const { thumbnail, ...rest } = embed;
  const isLost = thrownAway(thumbnail?.url, names);
  return thumbnail === undefined || isLost ? rest : embed;
}

function thrownAway(url: string | undefined, names: ReadonlySet<string | undefined>): boolean {
  return url?.startsWith('attachment://') === true && !names.has(url.slice('attachment://'.length));
}

/** Whether the bot itself may put a message where this interaction happened; otherwise only its token can. */
export function botMayWrite(interaction: BaseInteraction): boolean {
  if (interaction.guildId === null) return interaction.context !== InteractionContextType.PrivateChannel;
  if (!interaction.inCachedGuild()) return false;
  const send = interaction.channel?.isThread()
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  return interaction.appPermissions.has(PermissionFlagsBits.ViewChannel | send);
}

/** Codes that say the interaction can no longer be answered by us: too late, or another answer came first. */
export function isTooLate(thrown: unknown): boolean {
  return thrown instanceof DiscordAPIError && thrown.code === RESTJSONErrorCodes.UnknownInteraction;
}

export function isAnsweredAlready(thrown: unknown): boolean {
  return thrown instanceof DiscordAPIError && thrown.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged;
}
