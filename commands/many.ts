// Several requests from one text: each a wish of its own, told what they are and what they cost before they are made.
import { type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import type { RequestDraft } from '../src/core/request.ts';
import { askFirst } from '../src/discord/asking.ts';
import { type AttachmentLike, fetchAttachment } from '../src/discord/attachments.ts';
import type { BotContext } from '../src/discord/context.ts';
import type { StartPicture, Wish } from '../src/discord/order.ts';

export interface Uploads {
  readonly upload: AttachmentLike | null;
  readonly mask?: AttachmentLike | undefined;
  readonly control?: AttachmentLike | null;
}

/** Shows what would be made. @throws as placing the orders would, so that nothing is promised that will be refused */
export async function askMany(
  interaction: ChatInputCommandInteraction,
  drafts: readonly RequestDraft[],
  { upload, mask, control = null }: Uploads,
  bot: BotContext,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  // Fetched once for all of them.
  const start = await kept(upload, bot);
  const masked = await kept(mask ?? null, bot);
  const followed = await kept(control, bot);
  const wishes = seedsApart(drafts).map(
    (draft): Wish => ({
      kind: 'imagine',
      draft: masked === undefined ? draft : { ...draft, mask: { sha256: masked.sha256 } },
      ...(start === undefined ? {} : { start }),
      ...(followed === undefined ? {} : { control: followed }),
    }),
  );
  await askFirst(interaction, wishes, bot);
}

type Kept = Extract<StartPicture, { kind: 'kept' }>;

async function kept(attachment: AttachmentLike | null, bot: BotContext): Promise<Kept | undefined> {
  if (attachment === null) return undefined;
  return { kind: 'kept', sha256: await bot.inputs.keep(await fetchAttachment(attachment, bot.attachments)) };
}

/** The same text again with the same seed would be the same picture again. */
function seedsApart(drafts: readonly RequestDraft[]): readonly RequestDraft[] {
  const seen = new Map<string, number>();
  return drafts.map((draft) => {
    const key = JSON.stringify(draft);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return draft.seed === undefined ? draft : { ...draft, seed: draft.seed + before * (draft.count ?? 1) };
  });
}
