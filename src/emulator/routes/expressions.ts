// Routes that give a guild emojis and stickers. @source Discord documentation, "Emoji" and "Sticker" resources: sizes, names, slots without boosts
import { apiError, fieldError, invalidForm } from '../apiError.ts';
import { imageFacts } from '../imageSize.ts';
import { mayInGuild } from '../permissions.ts';
import { wireUser } from '../wire.ts';
import type { Expression, Guild } from '../world.ts';
import { type Answer, bodyOf, guildOf, type Handler, type Request } from './request.ts';

const MAX_EMOJI_BYTES = 256 * 1024;
const MAX_STICKER_BYTES = 512 * 1024;
const STICKER_PX = 320;
const SLOTS = { emoji: 50, sticker: 5 } as const;

/** Either right lets an app add; managing is for changing others'. */
function needRight({ scene }: Request, guild: Guild): void {
  const { id } = scene.world.bot;
  const names = ['createGuildExpressions', 'manageGuildExpressions'] as const;
  if (!names.some((name) => mayInGuild(guild, id, name))) throw apiError(50013);
}

function keep({ scene }: Request, guild: Guild, kind: Expression['kind'], name: string, bytes: Buffer): Expression {
  const taken = scene.world.expressions.filter((one) => one.guildId === guild.id && one.kind === kind).length;
  if (taken >= SLOTS[kind]) throw apiError(kind === 'emoji' ? 30008 : 30039);
  const made: Expression = { id: scene.world.ids.next(), kind, guildId: guild.id, name, bytes };
  scene.world.expressions.push(made);
  return made;
}

const created = (body: Answer['body']): Answer => ({ status: 201, ...(body === undefined ? {} : { body }) });

export const postEmoji: Handler = (request) => {
  const guild = guildOf(request);
  needRight(request, guild);
  const { name, image } = bodyOf(request);
  if (!/^[A-Za-z0-9_]{2,32}$/.test(String(name))) {
    throw invalidForm([fieldError(['name'], 'STRING_TYPE_REGEX', 'String value did not match validation regex.')]);
  }
  const [, base64] = /^data:image\/(?:png|jpeg|gif|webp);base64,(.+)$/.exec(String(image)) ?? [];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (imageFacts(bytes) === undefined)
    throw invalidForm([fieldError(['image'], 'IMAGE_INVALID', 'Invalid image data')]);
  if (bytes.length > MAX_EMOJI_BYTES) {
    throw invalidForm([fieldError(['image'], 'BINARY_TYPE_MAX_SIZE', 'File cannot be larger than 256.0 kb.')]);
  }
  const made = keep(request, guild, 'emoji', String(name), bytes);
  const user = wireUser(request.scene.world.bot);
  const flags = { require_colons: true, managed: false, animated: false, available: true };
  return created({ id: made.id, name: made.name, user, roles: [], ...flags });
};

export const postSticker: Handler = (request) => {
  const guild = guildOf(request);
  needRight(request, guild);
  const { name, tags, description } = bodyOf(request);
  const file = request.files.find(({ field }) => field === 'file');
  const facts = file === undefined ? undefined : imageFacts(file.bytes);
  if (file === undefined || facts?.contentType !== 'image/png') throw apiError(50046);
  if (file.bytes.length > MAX_STICKER_BYTES) throw apiError(50045);
  if (facts.widthPx !== STICKER_PX || facts.heightPx !== STICKER_PX) throw apiError(50046);
  const made = keep(request, guild, 'sticker', String(name), file.bytes);
  return created({
    id: made.id,
    name: made.name,
    tags: String(tags),
    type: 2,
    format_type: 1,
    description: description === undefined ? null : String(description),
    available: true,
    guild_id: guild.id,
  });
};
