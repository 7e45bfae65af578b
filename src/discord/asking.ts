// Large orders are asked about first, whichever way they came: what they are, what they count, what is left, and a yes or a no. What would be
// refused is refused before anybody is asked. Deliberately not here: sheets, which have axes to show (commands/grid.ts).
import { type ButtonInteraction, MessageFlags } from 'discord.js';
import { leftOf } from '../core/quota.ts';
import type { RequestDraft } from '../core/request.ts';
import { botMayWrite, isTooLate, phrasesOf, replace, show, tell } from './answers.ts';
import type { ButtonHandler } from './command.ts';
import type { BotContext } from './context.ts';
import { costHere } from './houseRules.ts';
import {
  type Asker,
  askerOf,
  consider,
  counted,
  type Order,
  type OrderInteraction,
  placeOrder,
  previewOrder,
  release,
  takeOrder,
  tokenOf,
  type Wish,
  withKeptPictures,
} from './order.ts';
import type { Phrases } from './phrases/phrases.ts';
import { manyView } from './views/manyView.ts';
import { cardView, textPart, type View } from './views/view.ts';

/** Usual pictures from which on an order is asked about first: four with twice the sides and four times the steps. */
export const ASK_FROM_COST = 64;

/** What a note keeps until somebody says yes. */
interface Asked {
  readonly wishes: readonly Wish[];
  /** The message that asked, where no interaction did: its result answers that message. */
  readonly messageId: string | null;
}

type Refused = Extract<Order, { ok: false }>;
export type Question = { readonly ok: true; readonly view: View } | Refused;

/** Places the order of an interaction, or asks about it first. @throws as placing it */
export async function orderOrAsk(interaction: OrderInteraction, wish: Wish, bot: BotContext): Promise<void> {
  const known = consider(askerOf(interaction), wish, bot);
  if (known.ok && costHere(known.request, bot) > ASK_FROM_COST) return askFirst(interaction, [wish], bot);
  return takeOrder(interaction, wish, bot, known);
}

/** A wish that cannot be is not large: placing it says what is wrong with it. */
export function isLarge(wish: Wish, asker: Asker, bot: BotContext): boolean {
  try {
    return costHere(previewOrder(wish, asker, bot), bot) > ASK_FROM_COST;
  } catch {
    return false;
  }
}

/** Shows what would be made. @throws as placing the orders would */
export async function askFirst(interaction: OrderInteraction, wishes: readonly Wish[], bot: BotContext): Promise<void> {
  const phrases = phrasesOf(interaction);
  // Fetching may outlast Discord's three seconds.
  const isFetched = interaction.isChatInputCommand() && !interaction.deferred && wishes.some(hasUpload);
  if (isFetched) await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const question = await questionOf(askerOf(interaction), wishes, phrases, bot);
  if (question.ok) await show(interaction, question.view, bot.dataDir);
  else if (question.text !== null) await tell(interaction, question.text(phrases));
}

function hasUpload({ start, control }: Wish): boolean {
  return start?.kind === 'upload' || control?.kind === 'upload';
}

/** The question as it is shown, or why there is none to ask; from now on a yes makes what was wished. @throws as placing the orders would */
export async function questionOf(
  asker: Asker,
  wishes: readonly Wish[],
  phrases: Phrases,
  bot: BotContext,
): Promise<Question> {
  for (const wish of wishes) {
    const considered = consider(asker, wish, bot);
    if (!considered.ok) return counted(considered, asker, bot) as Refused;
  }
  const kept = await Promise.all(wishes.map((wish) => withKeptPictures(wish, bot)));
  const requests = kept.map((wish) => previewOrder(wish, asker, bot));
  const isMessage = asker.sourceKind === 'message';
  const asked: Asked = { wishes: kept, messageId: isMessage ? asker.sourceId : null };
  const noteId = bot.store.keepNote(asker.userId, asked);
  const quota = bot.store.quota(asker, bot.rules);
  const many = {
    requests,
    cost: requests.reduce((sum, request) => sum + costHere(request, bot), 0),
    left: leftOf(quota),
    limit: quota.limit,
    takesMs: bot.store.expectedMs(requests),
    noteId,
    askerId: asker.userId,
    isPublic: isMessage,
  };
  return { ok: true, view: manyView(many, phrases, bot.ids) };
}

/** The yes or no under a question. */
export const answerQuestion: ButtonHandler = async (interaction, [noteId, answer, askerId], bot) => {
  const phrases = phrasesOf(interaction);
  const { id: userId } = interaction.user;
  if (askerId !== undefined && askerId !== userId) return tell(interaction, phrases.many.notYours(`<@${askerId}>`));
  const asked = noteId === undefined ? undefined : (bot.store.takeNote(userId, noteId) as Partial<Asked> | undefined);
  const { wishes, messageId = null } = asked ?? {};
  if (wishes === undefined || !(await arePicturesThere(wishes, bot))) return tell(interaction, phrases.many.gone());
  if (answer !== 'yes') return closeQuestion(interaction, phrases.many.dropped(), bot);
  const asker = whoAsked(interaction, messageId);
  const { placed, why } = await placeAll(wishes, asker, phrases, bot);
  if (placed.length === 0 && why !== undefined) {
    return replace(interaction, cardView([textPart(why)]), bot.dataDir);
  }
  const said = startedText(placed, wishes.length, why, phrases, bot);
  await closeQuestion(interaction, said, bot).catch((thrown) => {
    if (isTooLate(thrown)) for (const jobId of placed) bot.store.expire(jobId);
    throw thrown;
  });
  for (const jobId of placed) {
    if (messageId === null) bot.outbox.answerThrough(jobId, tokenOf(interaction, null), !botMayWrite(interaction));
    await release(jobId, bot);
  }
};

/** What a private question turns into; a public one goes away, because what it led to stands in the channel by itself. */
export async function closeQuestion(interaction: ButtonInteraction, text: string, bot: BotContext): Promise<void> {
  const isPrivate = interaction.message.flags.has(MessageFlags.Ephemeral);
  if (isPrivate) return replace(interaction, cardView([textPart(text)]), bot.dataDir);
  await interaction.deferUpdate();
  await interaction.deleteReply();
}

/** Whoever answers, with the message that asked where no interaction did: its result answers that message. */
export function whoAsked(interaction: ButtonInteraction, messageId: string | null): Asker {
  const answering = askerOf(interaction);
  return messageId === null ? answering : { ...answering, sourceId: messageId, sourceKind: 'message' };
}

/** In their order, up to the first that is refused. */
async function placeAll(
  wishes: readonly Wish[],
  asker: Asker,
  phrases: Phrases,
  bot: BotContext,
): Promise<{ readonly placed: readonly string[]; readonly why?: string }> {
  const placed: string[] = [];
  for (const [index, wish] of wishes.entries()) {
    const sourceId = wishes.length === 1 ? asker.sourceId : `${asker.sourceId}:${index}`;
    const order = await placeOrder({ ...asker, sourceId }, wish, bot);
    if (!order.ok) return { placed, why: order.text?.(phrases) ?? '' };
    await bot.store.together(() => bot.store.answering(order.job.id));
    placed.push(order.job.id);
  }
  return { placed };
}

function startedText(
  placed: readonly string[],
  wished: number,
  why: string | undefined,
  phrases: Phrases,
  { store }: BotContext,
): string {
  const [first] = placed;
  if (why !== undefined) return wished === 1 ? why : phrases.many.stoppedAt(placed.length, wished, why);
  if (wished > 1 || first === undefined) return phrases.many.started(wished);
  return phrases.queued(first, (store.position(first) ?? store.counts().waiting) + 1);
}

/** Between question and answer files nobody asked for yet may have been cleared away. */
async function arePicturesThere(wishes: readonly Wish[], { inputs }: BotContext): Promise<boolean> {
  for (const sha256 of wishes.flatMap(({ draft }) => picturesOf(draft))) {
    if (!(await inputs.has(sha256))) return false;
  }
  return true;
}

function picturesOf({ initImage, mask, controls = [], blended = [] }: RequestDraft): string[] {
  return [initImage, mask, ...blended, ...controls.map(({ image }) => image)].flatMap((image) => image?.sha256 ?? []);
}
