// Emojis and stickers given to a server, and what came of it in the terms people are told.
import { DiscordAPIError, type REST, RESTJSONErrorCodes, Routes } from 'discord.js';
import type { ExpressionKind } from '../image/emojiPicture.ts';

export interface NewExpression {
  readonly guildId: string;
  readonly kind: ExpressionKind;
  /** 2 to 30 letters, digits and underscores. */
  readonly name: string;
  readonly png: Buffer;
  /** What a sticker shows, at most 100 characters. */
  readonly about: string;
}

export type Added =
  | { readonly kind: 'added'; readonly id: string }
  /** Every slot of the server is taken. */
  | { readonly kind: 'full' }
  /** The bot may not. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'refused' };

export type AddExpression = (expression: NewExpression) => Promise<Added>;

const FULL: readonly number[] = [
  RESTJSONErrorCodes.MaximumNumberOfEmojisReached,
  RESTJSONErrorCodes.MaximumNumberOfStickersReached,
];
const FORBIDDEN: readonly number[] = [RESTJSONErrorCodes.MissingPermissions, RESTJSONErrorCodes.MissingAccess];

/** @throws what discord.js throws where Discord could not be asked */
export function expressionsBy(rest: REST): AddExpression {
  return async ({ guildId, kind, name, png, about }) => {
    try {
      const made = (
        kind === 'emoji'
          ? await rest.post(Routes.guildEmojis(guildId), {
              body: { name, image: `data:image/png;base64,${png.toString('base64')}` },
            })
          : await rest.post(Routes.guildStickers(guildId), {
              appendToFormData: true,
              body: { name, tags: name, description: about },
              files: [{ key: 'file', name: `${name}.png`, data: png, contentType: 'image/png' }],
            })
      ) as { id: string };
      return { kind: 'added', id: made.id };
    } catch (thrown) {
      if (!(thrown instanceof DiscordAPIError)) throw thrown;
      const code = Number(thrown.code);
      if (FULL.includes(code)) return { kind: 'full' };
      return { kind: FORBIDDEN.includes(code) ? 'forbidden' : 'refused' };
    }
  };
}
