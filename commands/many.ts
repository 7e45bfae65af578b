// Several requests from one text: told what they are and what they cost, and made only after a yes.
import { type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import { leftOf } from '../src/core/quota.ts';
import type { RequestDraft } from '../src/core/request.ts';
import { botMayWrite, messageOf, phrasesOf, replace, tell } from '../src/discord/answers.ts';
import { type AttachmentLike, fetchAttachment } from '../src/discord/attachments.ts';
import type { ButtonHandler } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { withControlPicture } from '../src/discord/controlPictures.ts';
import { costHere } from '../src/discord/houseRules.ts';
import { askerOf, placeOrder, previewOrder, release, tokenOf, type Wish } from '../src/discord/order.ts';
import { manyView } from '../src/discord/views/manyView.ts';
import { cardView, textPart } from '../src/discord/views/view.ts';

/** What a note keeps until somebody says yes. */
interface Asked {
  readonly drafts: readonly RequestDraft[];
  readonly inputSha256: string | null;
}

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
  const inputSha256 = await kept(upload, bot);
  const maskSha256 = await kept(mask ?? null, bot);
  const masked = maskSha256 === null ? drafts : drafts.map((draft) => ({ ...draft, mask: { sha256: maskSha256 } }));
  const followed = await kept(control, bot);
  const complete = followed === null ? masked : masked.map((draft) => withControlPicture(draft, { sha256: followed }));
  const apart = seedsApart(complete);
  const asker = askerOf(interaction);
  const requests = apart.map((draft) => previewOrder(wishOf(draft, inputSha256), asker, bot));
  const asked: Asked = { drafts: apart, inputSha256 };
  const noteId = bot.store.keepNote(interaction.user.id, asked);
  const cost = requests.reduce((sum, request) => sum + costHere(request, bot), 0);
  const quota = bot.store.quota(asker, bot.rules);
  const readyAtMs = bot.clock.nowMs() + bot.store.expectedMs(requests);
  const view = manyView(
    { requests, cost, left: leftOf(quota), limit: quota.limit, readyAtMs, noteId },
    phrasesOf(interaction),
    bot.ids,
  );
  await interaction.editReply(await messageOf(view, bot.dataDir));
}

async function kept(attachment: AttachmentLike | null, bot: BotContext): Promise<string | null> {
  return attachment === null ? null : bot.inputs.keep(await fetchAttachment(attachment, bot.attachments));
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

function wishOf(draft: RequestDraft, inputSha256: string | null): Wish {
  const start = inputSha256 === null ? {} : { start: { kind: 'kept', sha256: inputSha256 } as const };
  return { kind: 'imagine', draft, ...start };
}

export const makeMany: ButtonHandler = async (interaction, [noteId, answer], bot) => {
  const phrases = phrasesOf(interaction);
  const { id: userId } = interaction.user;
  const asked = noteId === undefined ? undefined : (bot.store.takeNote(userId, noteId) as Asked | undefined);
  if (asked === undefined) return tell(interaction, phrases.many.gone());
  if (answer !== 'yes') return replace(interaction, cardView([textPart('👍')]), bot.dataDir);
  const asker = askerOf(interaction);
  const placed: string[] = [];
  let why: string | undefined;
  for (const [index, draft] of asked.drafts.entries()) {
    const order = await placeOrder(
      { ...asker, sourceId: `${asker.sourceId}:${index}` },
      wishOf(draft, asked.inputSha256),
      bot,
    );
    if (order.ok) placed.push(order.job.id);
    else why = order.text?.(phrases) ?? '';
    if (!order.ok) break;
  }
  const { length } = asked.drafts;
  const said = why === undefined ? phrases.many.started(length) : phrases.many.stoppedAt(placed.length, length, why);
  await replace(interaction, cardView([textPart(said)]), bot.dataDir);
  for (const jobId of placed) {
    bot.outbox.answerThrough(jobId, tokenOf(interaction, null), !botMayWrite(interaction));
    release(jobId, bot);
  }
};
