// A view: what one message shows, as plain data, before anything is sent. Views are pure functions of records; bytes are read by the sender.
import {
  type APIActionRowComponent,
  type APIAllowedMentions,
  type APIButtonComponent,
  type APIComponentInContainer,
  type APIEmbed,
  type APIMessageTopLevelComponent,
  type APISelectMenuOption,
  type APIStringSelectComponent,
  ButtonStyle,
  ComponentType,
} from 'discord.js';
import { clip, MAX_LABEL_CHARS } from '../text.ts';

export type ButtonRow = APIActionRowComponent<APIButtonComponent>;
export type SelectRow = APIActionRowComponent<APIStringSelectComponent>;
/** What stands in a card, from top to bottom. */
export type CardPart = APIComponentInContainer;

/** A file of the data folder, to be uploaded. */
export interface ViewFile {
  /** As readers see it; ASCII, so that it survives multipart headers. */
  readonly name: string;
  /** Path relative to the data folder. */
  readonly path: string;
  readonly altText: string;
  readonly sizeBytes: number;
  /** The bytes in base64, of a file that lies nowhere; `path` is not read then. */
  readonly data?: string;
  /** Of a file that stands in for a larger original: the original's bytes, and whether the pixels are the same. */
  readonly smallerThan?: number;
  readonly isExact?: boolean;
}

export interface View {
  readonly content: string;
  readonly embeds: readonly APIEmbed[];
  readonly rows: readonly ButtonRow[];
  readonly files: readonly ViewFile[];
  /**
   * A message of Components V2; content, embeds and rows are empty then. Discord never turns such a message back into a classic one.
   * Deliberately no classic form of the same yet: a server may get that choice later.
   */
  readonly card?: readonly APIMessageTopLevelComponent[];
}

/** Nobody is ever pinged by this bot: on every create and on every edit, because an edit without it parses mentions again. */
export const NO_MENTIONS: APIAllowedMentions = { parse: [], replied_user: false };

export function textView(content: string): View {
  return { content, embeds: [], rows: [], files: [] };
}

export interface ButtonLook {
  readonly label: string;
  readonly emoji?: string;
  readonly style?: ButtonStyle.Primary | ButtonStyle.Secondary | ButtonStyle.Danger;
  readonly disabled?: boolean;
}

export function button(customId: string, look: ButtonLook): APIButtonComponent {
  return {
    type: ComponentType.Button,
    style: look.style ?? ButtonStyle.Secondary,
    custom_id: customId,
    label: clip(look.label, MAX_LABEL_CHARS),
    ...(look.emoji === undefined ? {} : { emoji: { name: look.emoji } }),
    ...(look.disabled === undefined ? {} : { disabled: look.disabled }),
  };
}

export function row(...buttons: readonly APIButtonComponent[]): ButtonRow {
  return { type: ComponentType.ActionRow, components: [...buttons] };
}

/** A card in a frame. */
export function cardView(parts: readonly CardPart[], files: readonly ViewFile[] = []): View {
  return { ...textView(''), files, card: [{ type: ComponentType.Container, components: [...parts] }] };
}

export function textPart(content: string): CardPart {
  return { type: ComponentType.TextDisplay, content };
}

/** The files side by side, each opened by a click; readers who cannot see them hear what they show. */
export function galleryPart(files: readonly ViewFile[], isSpoiler = false): readonly CardPart[] {
  if (files.length === 0) return [];
  const items = files.map(({ name, altText }) => ({
    media: { url: `attachment://${name}` },
    description: altText,
    ...(isSpoiler ? { spoiler: true } : {}),
  }));
  return [{ type: ComponentType.MediaGallery, items }];
}

/** Words with a small picture beside them. */
export function thumbnailPart(content: string, { name, altText }: ViewFile, isSpoiler = false): CardPart {
  return {
    type: ComponentType.Section,
    components: [{ type: ComponentType.TextDisplay, content }],
    accessory: {
      type: ComponentType.Thumbnail,
      media: { url: `attachment://${name}` },
      description: altText,
      ...(isSpoiler ? { spoiler: true } : {}),
    },
  };
}

/** Characters of an option's label and of a select's placeholder. */
const MAX_OPTION_CHARS = 100;
const MAX_PLACEHOLDER_CHARS = 150;

export function selectRow(customId: string, placeholder: string, options: readonly APISelectMenuOption[]): SelectRow {
  const clipped = options.map((option) => ({ ...option, label: clip(option.label, MAX_OPTION_CHARS) }));
  const select: APIStringSelectComponent = {
    type: ComponentType.StringSelect,
    custom_id: customId,
    placeholder: clip(placeholder, MAX_PLACEHOLDER_CHARS),
    options: clipped,
  };
  return { type: ComponentType.ActionRow, components: [select] };
}
