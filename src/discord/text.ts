// Strangers' text made safe to show: invisible characters out, markdown and mentions inert, lengths inside Discord's limits.
// Deliberately not here: what a prompt may say; core/moderation judges that.
import { cleanText } from '../core/cleanText.ts';

/** Characters in a message's content; Discord refuses more with 50035. */
export const MAX_CONTENT_CHARS = 2000;
/** Characters in a button label. */
export const MAX_LABEL_CHARS = 80;
/** Characters in an attachment's description (alt text). */
export const MAX_ALT_CHARS = 1024;
/** Characters in the name of an autocomplete choice. */
export const MAX_CHOICE_CHARS = 100;

/** At most `max` UTF-16 units, cut between code points, with an ellipsis when something was cut. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  let kept = '';
  for (const char of text) {
    if (kept.length + char.length > max - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Any ASCII punctuation that Discord could read as markdown, a mention, a link or a custom emoji, escaped. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|>#\-[\]()<:@]/g, '\\$&');
}

/** A user's text for a message: inert, one line, at most `max` characters before escaping (twice that after). */
export function quoted(text: string, max: number): string {
  return escapeMarkdown(clip(cleanText(text), max));
}

/** Text inside a code block, where only the fence itself can escape. */
export function codeBlock(text: string): string {
  return `\`\`\`\n${text.replace(/`/g, 'ˋ')}\n\`\`\``;
}

export type TimestampStyle = 'R' | 't' | 'f';

/** A moment as each reader's client shows it. */
export function timestamp(ms: number, style: TimestampStyle): string {
  return `<t:${Math.round(ms / 1000)}:${style}>`;
}

/** Where a message is; a click jumps to it. */
export function messageLink(guildId: string | null, channelId: string, messageId: string): string {
  return `https://discord.com/channels/${guildId ?? '@me'}/${channelId}/${messageId}`;
}
