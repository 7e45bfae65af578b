// Replies to results: "in blue", "more fog", "2" make a new job from that picture. A reply pings the author it answers, and a message that
// mentions the bot carries its content without any privileged intent; with the ping off the content is empty and nothing happens.
import { type Message, MessageReferenceType } from 'discord.js';
import type { JobRecord } from '../core/job.ts';
import { applyReply } from '../core/reply.ts';
import { toDarkroomError } from '../errors.ts';
import type { BotContext } from './context.ts';
import { placeOrder, release, type Wish } from './order.ts';
import { type Phrases, phrasesFor } from './phrases/phrases.ts';
import { singlesOf } from './results.ts';
import { refusalText } from './views/failure.ts';

/** Does nothing unless the message is a person's reply, with words, to one of our results. */
export async function takeReply(message: Message, bot: BotContext): Promise<void> {
  const parent = parentOf(message, bot);
  const text = wordsOf(message);
  if (parent === undefined || text === '') return;
  const refusal = await orderReply(message, parent, text, bot);
  if (refusal !== undefined) await message.reply({ content: refusal });
}

function parentOf(message: Message, bot: BotContext): JobRecord | undefined {
  const { reference } = message;
  const isReply = reference?.type === MessageReferenceType.Default && !message.author.bot && message.webhookId === null;
  if (!isReply || reference.messageId === undefined) return undefined;
  const job = bot.store.byMessage(reference.messageId);
  return job?.channelId === message.channelId ? job : undefined;
}

/** The text without mentions of the bot itself, which people type in front of what they want. */
function wordsOf(message: Message): string {
  return message.content.replaceAll(new RegExp(`<@!?${message.client.user.id}>`, 'g'), ' ').trim();
}

/** @returns what to tell the person, or undefined when the job is under way or nothing is to be said. */
async function orderReply(
  message: Message,
  parent: JobRecord,
  text: string,
  bot: BotContext,
): Promise<string | undefined> {
  const phrases = phrasesFor(message.guild?.preferredLocale);
  try {
    const wish = wishOf(parent, text, bot);
    if (wish === undefined) return phrases.notFinished();
    const { author, guildId, channelId, id } = message;
    const asker = { userId: author.id, guildId, channelId, sourceId: id, sourceKind: 'message' } as const;
    const order = await placeOrder(asker, wish, bot);
    if (!order.ok) return spoken(order, phrases);
    release(order.job.id, bot);
    return undefined;
  } catch (thrown) {
    const error = toDarkroomError(thrown);
    if (error.audience !== 'user') bot.log.error({ err: error, parentJobId: parent.id }, 'a reply could not be taken');
    return refusalText(error, phrases);
  }
}

function wishOf(parent: JobRecord, text: string, bot: BotContext): Wish | undefined {
  const pictures = singlesOf(parent.id, bot);
  if (pictures.length === 0) return undefined;
  const { kind, draft, parentImageIndex: imageIndex } = applyReply(parent.request, text, pictures.length);
  const picture = imageIndex === null ? undefined : pictures[imageIndex];
  const start = picture === undefined ? {} : { start: { kind: 'result', picture } as const };
  return { kind, draft, parent: { jobId: parent.id, imageIndex }, ...start };
}

/** The banned get no public answer: it would let them make the bot talk. */
function spoken(order: { reason: string; text: ((phrases: Phrases) => string) | null }, phrases: Phrases) {
  return order.reason === 'banned' ? undefined : order.text?.(phrases);
}
