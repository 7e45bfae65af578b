// Replies to results: "in blue", "more fog", "2" make a new job from that picture; "seed", "recipe", "u2" tell of it, "undo" and "delete" take
// it back. A reply pings the author it answers, and a message that mentions the bot carries its content without any privileged intent; with
// the ping off Discord sends it empty, and the person is told so, once a day.
import { type Attachment, type Message, MessageReferenceType, PermissionFlagsBits } from 'discord.js';
import { isForAskerOnly, type JobRecord, type PictureRecord } from '../core/job.ts';
import { requestOfImage } from '../core/noise.ts';
import { overlay } from '../core/promptFlags.ts';
import {
  applyReply,
  isAgain,
  type ReplyOrder,
  readCellReply,
  readReply,
  refusePicture,
  replyOrder,
} from '../core/reply.ts';
import type { RequestDraft } from '../core/request.ts';
import { draftOf } from '../core/resolve.ts';
import { toDarkroomError } from '../errors.ts';
import { messageOf } from './answers.ts';
import { isLarge, questionOf } from './asking.ts';
import { type Cell, cellsOf } from './cells.ts';
import type { BotContext } from './context.ts';
import { canFollow, needsControlPicture } from './controlPictures.ts';
import { withoutSeed } from './drafts.ts';
import { fitIn, fittedView, USUAL_FILE_BYTES } from './fitting.ts';
import { rolesOf } from './loraAccess.ts';
import { type Asker, placeOrder, release, type Wish } from './order.ts';
import { languageOf, type Phrases, phrasesFor } from './phrases/phrases.ts';
import { placeOfMessage } from './place.ts';
import { mayLook, mayUseWords, noteModeration, singlesOf } from './results.ts';
import { anotherSheet, sheetQuestion } from './sheetOrders.ts';
import { refusalText } from './views/failure.ts';
import { pictureView, type Wording } from './views/jobView.ts';
import { recipeView } from './views/recipeView.ts';
import { linkTo } from './views/showView.ts';
import { textView, type View } from './views/view.ts';
import { drawnAgain, wildcardsOf } from './wildcards.ts';

/** Between two hints to the same person that their words cannot be read, in milliseconds. */
const HINT_PAUSE_MS = 24 * 60 * 60 * 1000;
/** People remembered for that; a hint too many does no harm. */
const MAX_HINTED = 10_000;

export class Replies {
  readonly #bot: BotContext;
  readonly #hintedAtMs = new Map<string, number>();

  constructor(bot: BotContext) {
    this.#bot = bot;
  }

  /** Does nothing unless the message is a person's reply to one of our results. */
  async take(message: Message): Promise<void> {
    const bot = this.#bot;
    const parent = parentOf(message, bot);
    if (parent === undefined) return;
    const phrases = phrasesOf(message, bot);
    if (isHidden(message)) return this.#hint(message, phrases);
    const text = wordsOf(message);
    if (text === '' && pictureOf(message) === undefined) return;
    const said = await orderReply(message, parent, text, phrases, bot);
    if (said === undefined) return;
    const view = await fittedView(said, USUAL_FILE_BYTES, fitIn(bot.dataDir));
    await message.reply({ ...(await messageOf(view, bot.dataDir)) } as never);
  }

  async #hint(message: Message, phrases: Phrases): Promise<void> {
    const nowMs = this.#bot.clock.nowMs();
    const { id } = message.author;
    if (nowMs - (this.#hintedAtMs.get(id) ?? -HINT_PAUSE_MS) < HINT_PAUSE_MS) return;
    this.#hintedAtMs.delete(id);
    this.#hintedAtMs.set(id, nowMs);
    if (this.#hintedAtMs.size > MAX_HINTED) this.#hintedAtMs.delete(this.#hintedAtMs.keys().next().value!);
    await message.reply({ content: phrases.reply.hidden() });
  }
}

/** The person's own language where they chose one, else the server's. */
function phrasesOf(message: Message, { store }: BotContext): Phrases {
  return phrasesFor(store.settings(message.author.id).language ?? languageOf(message.guild?.preferredLocale));
}

function parentOf(message: Message, bot: BotContext): JobRecord | undefined {
  const { reference } = message;
  const isReply = reference?.type === MessageReferenceType.Default && !message.author.bot && message.webhookId === null;
  if (!isReply || reference.messageId === undefined) return undefined;
  const job = bot.store.byMessage(reference.messageId);
  return job?.channelId === message.channelId ? job : undefined;
}

/** In a server, and without a mention of the bot, Discord leaves words and pictures out; a sticker alone is no wish. */
function isHidden({ guildId, mentions, client, content, attachments, stickers }: Message): boolean {
  if (guildId === null || mentions.users.has(client.user.id)) return false;
  return content === '' && attachments.size === 0 && stickers.size === 0;
}

/** The text without mentions of the bot itself, which people type in front of what they want. */
function wordsOf(message: Message): string {
  return message.content.replaceAll(new RegExp(`<@!?${message.client.user.id}>`, 'g'), ' ').trim();
}

function pictureOf({ attachments }: Message): Attachment | undefined {
  return attachments.find(({ contentType }) => contentType?.startsWith('image/'));
}

/** @returns what to tell the person, or undefined when the job is under way or nothing is to be said. */
async function orderReply(
  message: Message,
  parent: JobRecord,
  text: string,
  phrases: Phrases,
  bot: BotContext,
): Promise<View | undefined> {
  try {
    const cells = cellsOf(parent, bot);
    if (cells !== undefined) return await onSheet(message, parent, cells, text, phrases, bot);
    const pictures = singlesOf(parent.id, bot);
    if (pictures.length === 0) return textView(phrases.notFinished());
    return await onPictures(message, parent, pictures, text, phrases, bot);
  } catch (thrown) {
    const error = toDarkroomError(thrown);
    if (error.audience !== 'user') bot.log.error({ err: error, parentJobId: parent.id }, 'a reply could not be taken');
    return textView(refusalText(error, phrases));
  }
}

/** A reply to one result's own pictures. @throws as placing what it asks for */
async function onPictures(
  message: Message,
  parent: JobRecord,
  pictures: readonly PictureRecord[],
  text: string,
  phrases: Phrases,
  bot: BotContext,
): Promise<View | undefined> {
  if (!mayLook(parent, message.author.id)) return textView(phrases.moderating.onlyFor(`<@${parent.userId}>`));
  const order = pictureOf(message) === undefined ? replyOrder(text, pictures.length) : undefined;
  if (order !== undefined) return await answerOrder(order, message, parent, pictures, phrases, bot);
  if (!mayUseWords(parent, message.author.id)) return textView(phrases.card.promptIsPrivate());
  const wish = wishOf(message, parent, text, pictures);
  const lists = await wildcardsOf(message.author.id, bot);
  const draft = wish.kind === 'again' ? drawnAgain(wish.draft, lists, bot.randomSeed) : wish.draft;
  return await place(message, { ...wish, draft }, phrases, bot);
}

/**
 * A sheet shows many requests in one message: a reply means the cell it names, counted row by row, and is asked which where it has to name
 * one and does not. @throws as placing what it asks for
 */
async function onSheet(
  message: Message,
  lead: JobRecord,
  cells: readonly (Cell | undefined)[],
  said: string,
  phrases: Phrases,
  bot: BotContext,
): Promise<View | undefined> {
  const { sheet: words } = phrases.making;
  if (cells.every((cell) => cell === undefined)) return textView(phrases.notFinished());
  const { cell: number, text } = readCellReply(said);
  const order = replyOrder(text, 1);
  if (number === null) {
    if (order?.kind === 'delete') return takeBack('delete', message, lead, phrases, bot);
    if (order?.kind === 'undo') return textView(phrases.reply.nothingToUndo());
    if (order?.kind === 'seed') return textView(phrases.reply.seeds(seedsOnSheet(cells)));
    if (isAgain(said) && pictureOf(message) === undefined) return sheetAgain(message, lead, phrases, bot);
    return textView(words.which(cells.length));
  }
  if (number < 1 || number > cells.length) refusePicture(number, cells.length);
  const cell = cells[number - 1];
  if (cell === undefined)
    return textView(isUnfinished(lead, number, bot) ? phrases.notFinished() : words.empty(number));
  if (order?.kind === 'delete' || order?.kind === 'undo') return textView(words.whole());
  return onPictures(message, cell.job, [cell.picture], text, phrases, bot);
}

function isUnfinished(lead: JobRecord, number: number, { store }: BotContext): boolean {
  const { state } = store.get(store.sheetOf(lead.id)!.jobIds[number - 1]!)!;
  return state === 'accepted' || state === 'queued' || state === 'running';
}

/** Each once, in their order. */
function seedsOnSheet(cells: readonly (Cell | undefined)[]): string {
  return [...new Set(cells.flatMap((cell) => (cell === undefined ? [] : [seedsOf(cell.job)])))].join(', ');
}

async function sheetAgain(message: Message, lead: JobRecord, phrases: Phrases, bot: BotContext): Promise<View> {
  if (!mayUseWords(lead, message.author.id)) return textView(phrases.card.promptIsPrivate());
  const asker = askerOf(message);
  return sheetQuestion(asker, await anotherSheet(lead, bot.store.sheetOf(lead.id)!.spec, asker, bot), phrases, bot);
}

function askerOf(message: Message): Asker {
  return {
    userId: message.author.id,
    guildId: message.guildId,
    channelId: message.channelId,
    sourceId: message.id,
    sourceKind: 'message',
    place: placeOfMessage(message),
    roleIds: rolesOf(message),
  };
}

async function place(message: Message, wish: Wish, phrases: Phrases, bot: BotContext): Promise<View | undefined> {
  const asker = askerOf(message);
  if (isLarge(wish, asker, bot)) {
    const question = await questionOf(asker, [wish], phrases, bot);
    return question.ok ? question.view : spoken(question, phrases);
  }
  const order = await placeOrder(asker, wish, bot);
  if (!order.ok) return spoken(order, phrases);
  await release(order.job.id, bot);
  return undefined;
}

function wishOf(message: Message, parent: JobRecord, text: string, pictures: readonly PictureRecord[]): Wish {
  const upload = pictureOf(message);
  if (upload !== undefined) {
    const draft = withNewStart(parent, text);
    const control = { kind: 'upload', attachment: upload } as const;
    if (needsControlPicture(draft))
      return { kind: 'variation', draft, parent: { jobId: parent.id, imageIndex: null }, control };
    const start = { kind: 'upload', attachment: upload } as const;
    return { kind: 'variation', draft, parent: { jobId: parent.id, imageIndex: null }, start };
  }
  const { kind, draft, parentImageIndex: imageIndex } = applyReply(parent.request, text, pictures.length);
  if (needsControlPicture(draft)) return followWish(parent, draft, pictures, imageIndex ?? 0);
  const picture = imageIndex === null ? undefined : pictures[imageIndex];
  const start = picture === undefined ? {} : { start: { kind: 'result', picture } as const };
  return { kind, draft, parent: { jobId: parent.id, imageIndex }, ...start };
}

/** "--control canny" follows the picture that is replied to, from noise: whoever wants its colours, too, varies it. */
function followWish(
  parent: JobRecord,
  draft: RequestDraft,
  pictures: readonly PictureRecord[],
  imageIndex: number,
): Wish {
  const control = { kind: 'result', picture: pictures[imageIndex]! } as const;
  return { kind: 'variation', draft, parent: { jobId: parent.id, imageIndex }, control };
}

/**
 * The parent's request over the attached picture, which is followed where a control is asked for; words, where there are some, take the
 * place of its prompt.
 */
function withNewStart(parent: JobRecord, text: string): RequestDraft {
  const { initImage: _, strength: __, ...draft } = withoutSeed(draftOf(parent.request));
  const { prompt, ...flags } = readReply(parent.request, text);
  return overlay(draft, prompt === '' ? flags : { prompt, ...flags });
}

async function answerOrder(
  order: ReplyOrder,
  message: Message,
  parent: JobRecord,
  pictures: readonly PictureRecord[],
  phrases: Phrases,
  bot: BotContext,
): Promise<View | undefined> {
  switch (order.kind) {
    case 'seed':
      return textView(phrases.reply.seeds(seedsOf(parent)));
    case 'recipe':
      if (!mayUseWords(parent, message.author.id)) return textView(phrases.card.promptIsPrivate());
      return { ...recipeView(parent, bot.store.pictures(parent.id), phrases), files: [] };
    case 'pick':
      if (isForAskerOnly(parent)) return textView(phrases.moderating.onlyFor(`<@${parent.userId}>`));
      return pictureView(parent, pictures[order.imageIndex]!, wordingIn(phrases, bot), USUAL_FILE_BYTES);
    case 'delete':
    case 'undo':
      return takeBack(order.kind, message, parent, phrases, bot);
  }
}

function wordingIn(phrases: Phrases, { ids, catalog }: BotContext): Wording {
  return { phrases, ids, canFollow: canFollow(catalog) };
}

function seedsOf({ request }: JobRecord): string {
  const seeds = Array.from({ length: request.count }, (_, index) => requestOfImage(request, index).seed);
  return seeds.map((seed) => `\`${seed}\``).join(', ');
}

/** Deleting says nothing more: the picture is gone before everybody's eyes. */
async function takeBack(
  kind: 'delete' | 'undo',
  message: Message,
  parent: JobRecord,
  phrases: Phrases,
  bot: BotContext,
): Promise<View | undefined> {
  if (message.author.id !== parent.userId && !isModerator(message)) return textView(phrases.notYours());
  const before = parent.parentJobId === null ? undefined : bot.store.get(parent.parentJobId);
  if (kind === 'undo' && before === undefined) return textView(phrases.reply.nothingToUndo());
  noteModeration('removed', message.author.id, parent, bot);
  if (parent.messageId !== null) await bot.messages.remove(parent.channelId, parent.messageId);
  if (before === undefined || kind === 'delete') return textView(phrases.card.deleted(parent.id));
  return textView(phrases.reply.undone(before.id, linkTo(before)));
}

function isModerator({ member, channel }: Message): boolean {
  if (member === null || !('permissionsFor' in channel)) return false;
  return channel.permissionsFor(member)?.has(PermissionFlagsBits.ManageMessages) === true;
}

/** The banned get no public answer: it would let them make the bot talk. */
function spoken(order: { reason: string; text: ((phrases: Phrases) => string) | null }, phrases: Phrases) {
  const text = order.reason === 'banned' ? undefined : order.text?.(phrases);
  return text === undefined ? undefined : textView(text);
}
