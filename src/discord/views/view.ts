// A view: what one message shows, as plain data, before anything is sent. Views are pure functions of records; bytes are read by the sender.
import {
  type APIActionRowComponent,
  type APIAllowedMentions,
  type APIButtonComponent,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
} from 'discord.js';
import { clip, MAX_LABEL_CHARS } from '../text.ts';

export type ButtonRow = APIActionRowComponent<APIButtonComponent>;

/** A file of the data folder, to be uploaded. */
export interface ViewFile {
  /** As readers see it; ASCII, so that it survives multipart headers. */
  readonly name: string;
  /** Path relative to the data folder. */
  readonly path: string;
  readonly altText: string;
  readonly sizeBytes: number;
}

export interface View {
  readonly content: string;
  readonly embeds: readonly APIEmbed[];
  readonly rows: readonly ButtonRow[];
  readonly files: readonly ViewFile[];
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
