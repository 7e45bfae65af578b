// From a wish to a queued job: resolve, judge, keep the start picture, commit the row, answer, queue. Every command, button, modal and reply
// that makes pictures goes through here, in this order, so that "queued" always means "in the database".
import path from 'node:path';
import {
  type ButtonInteraction,
  type ChatInputCommandInteraction,
  type InteractionReplyOptions,
  MessageFlags,
  type ModalSubmitInteraction,
  type StringSelectMenuInteraction,
} from 'discord.js';
import type { JobKind, JobRecord, PictureRecord, SourceKind } from '../core/job.ts';
import type { AcceptResult, NewJob } from '../core/jobStore.ts';
import type { Ban } from '../core/moderationStore.ts';
import type { Place } from '../core/policy.ts';
import { type InitImage, isOnlyEnlarged, type RequestDraft, type ResolvedRequest } from '../core/request.ts';
import type { SheetSpec } from '../core/sheet.ts';
import { failpoint } from '../failpoint.ts';
import { answersMessage, botMayWrite, isAnsweredAlready, isTooLate, messageOf, phrasesOf, tell } from './answers.ts';
import { type AttachmentLike, fetchAttachment } from './attachments.ts';
import type { BotContext } from './context.ts';
import { withControlPicture } from './controlPictures.ts';
import { banText, refusedPerson, refusedPrompt } from './gate.ts';
import { costHere, modelDenialText, modelDenied, type Resident, resolverFor } from './houseRules.ts';
import { denialText, loraDenied, rolesOf } from './loraAccess.ts';
import type { AnswerToken } from './messenger.ts';
import type { Phrases } from './phrases/phrases.ts';
import { placeOf } from './place.ts';
import { timestamp } from './text.ts';
import { waitingView } from './views/jobView.ts';

/** Interaction tokens live 15 minutes from the interaction. */
const TOKEN_LIFE_MS = 15 * 60 * 1000;

/** Who asks, and where. */
export interface Asker {
  readonly userId: string;
  readonly guildId: string | null;
  readonly channelId: string;
  /** Interaction or message id; one of them makes at most one job. */
  readonly sourceId: string;
  readonly sourceKind: SourceKind;
  /** Whose rules hold there. */
  readonly place: Place;
  /** In that server; absent is none. */
  readonly roleIds?: readonly string[] | undefined;
}

export type StartPicture =
  | { readonly kind: 'upload'; readonly attachment: AttachmentLike; readonly mask?: AttachmentLike | undefined }
  /** A picture this bot made. */
  | { readonly kind: 'result'; readonly picture: PictureRecord }
  /** Already kept under its hash. */
  | { readonly kind: 'kept'; readonly sha256: string };

export interface Wish {
  readonly kind: JobKind;
  readonly draft: RequestDraft;
  readonly parent?: { readonly jobId: string; readonly imageIndex: number | null };
  readonly start?: StartPicture;
  /** Followed by the controls that name no picture of their own. */
  readonly control?: StartPicture;
}

export type Order =
  | { readonly ok: true; readonly job: JobRecord }
  /** `text` in the asker's language; null when the first delivery of the same event already answers. */
  | { readonly ok: false; readonly reason: string; readonly text: ((phrases: Phrases) => string) | null };

type Refused = Extract<Order, { ok: false }>;
type Examined = { readonly ok: true; readonly job: NewJob } | Refused;

/**
 * @param known what `consider` found a moment ago
 * @throws request_invalid, attachment_refused, disk_full, store_failed
 */
export async function placeOrder(asker: Asker, wish: Wish, bot: BotContext, known?: Considered): Promise<Order> {
  failpoint('order.received');
  const examined = await examine(asker, wish, bot, known);
  if (!examined.ok) return counted(examined, asker, bot);
  const result = await bot.store.together(() => bot.store.accept(examined.job, bot.rules));
  failpoint('order.accepted');
  return result.ok ? result : counted(refused(result, examined.job), asker, bot);
}

/** A refusal, for the charts; not counting one is no reason to say anything else. */
export function counted(order: Order, { guildId }: Asker, { store, log }: BotContext): Order {
  if (order.ok || order.text === null) return order;
  try {
    store.noteRefusal(guildId, order.reason);
  } catch (err) {
    log.warn({ err }, 'a refusal was not counted');
  }
  return order;
}

/** All cells of a sheet, or none. @returns the lead @throws as `placeOrder` */
export async function placeSheet(
  asker: Asker,
  wishes: readonly Wish[],
  spec: SheetSpec,
  bot: BotContext,
): Promise<Order> {
  failpoint('order.received');
  const jobs: NewJob[] = [];
  for (const [cell, wish] of wishes.entries()) {
    const sourceId = cell === 0 ? asker.sourceId : `${asker.sourceId}:${cell}`;
    const examined = await examine({ ...asker, sourceId }, wish, bot);
    if (!examined.ok) return counted(examined, asker, bot);
    jobs.push(examined.job);
  }
  const result = await bot.store.together(() => bot.store.acceptSheet(jobs, spec, bot.rules));
  failpoint('order.accepted');
  return result.ok ? result : counted(refused(result, jobs[0]!), asker, bot);
}

/** Everything before the row. @throws request_invalid, attachment_refused, disk_full */
async function examine(asker: Asker, wish: Wish, bot: BotContext, known?: Considered): Promise<Examined> {
  const considered = known ?? consider(asker, wish, bot);
  if (!considered.ok) return considered;
  const { request: first, resolve } = considered;
  const isComplete = wish.start === undefined && wish.control === undefined;
  const request = isComplete ? first : resolve((await withKeptPictures(wish, bot)).draft);
  return { ok: true, job: newJob(asker, wish, request, bot) };
}

export type Considered =
  | {
      readonly ok: true;
      /** With a stand-in for pictures whose bytes are not here yet. */
      readonly request: ResolvedRequest;
      readonly resolve: (draft: RequestDraft) => ResolvedRequest;
    }
  | Refused;

/** What a wish would be, or why it is not for this asker here; a refused prompt is a strike. Nothing is kept. @throws request_invalid */
export function consider(asker: Asker, wish: Wish, bot: BotContext): Considered {
  const unwelcome = refusedPerson(asker, bot);
  if (unwelcome !== undefined) return refusal(unwelcome.reason, unwelcome.text);
  if (bot.queue.stalled()?.code === 'disk_full') {
    return refusal('disk_full', (phrases) => phrases.badRequest(phrases.reasonDisk()));
  }
  const resolve = resolverFor(wish.draft, asker, bot);
  // Refused before anything is fetched; the start picture's hash is filled in once its bytes are kept.
  const request = resolve(withUnknownStart(wish));
  const blocked = refusedPrompt(asker, request, bot);
  if (blocked !== undefined) return refusal(blocked.reason, blocked.text);
  const barred = isOnlyEnlarged(request) ? undefined : modelDenied(request.model, asker, bot);
  if (barred !== undefined) {
    return refusal('model_denied', (phrases) => modelDenialText(barred, asker.guildId, phrases));
  }
  const denied = loraDenied(request.loras ?? [], asker, bot);
  if (denied !== undefined) return refusal('lora_denied', (phrases) => denialText(denied, phrases));
  return { ok: true, request, resolve };
}

/** What a wish would be, judged and checked, without anything being kept. @throws request_invalid */
export function previewOrder(wish: Wish, asker: Resident, bot: BotContext): ResolvedRequest {
  return resolverFor(wish.draft, asker, bot)(withUnknownStart(wish));
}

/** Pictures whose bytes are not here yet go by this hash. */
const UNKNOWN = { sha256: '0'.repeat(64) };

function withUnknownStart({ draft: wished, start, control }: Wish): RequestDraft {
  const draft = control === undefined ? wished : withControlPicture(wished, UNKNOWN);
  if (start === undefined) return draft;
  const hasMask = start.kind === 'upload' && start.mask !== undefined;
  return { ...draft, initImage: UNKNOWN, ...(hasMask ? { mask: UNKNOWN } : {}) };
}

/** The wish with its pictures on disk and named by their hashes: the bytes lie there before the row that names them is committed. */
export async function withKeptPictures(wish: Wish, bot: BotContext): Promise<Wish> {
  const { draft: wished, start, control, ...rest } = wish;
  const draft = control === undefined ? wished : withControlPicture(wished, await kept(control, bot));
  if (start === undefined) return { ...rest, draft };
  const initImage = await kept(start, bot);
  const mask = start.kind === 'upload' ? start.mask : undefined;
  return {
    ...rest,
    draft: { ...draft, initImage, ...(mask === undefined ? {} : { mask: await keptUpload(mask, bot) }) },
  };
}

async function kept(picture: StartPicture, bot: BotContext): Promise<InitImage> {
  switch (picture.kind) {
    case 'upload':
      return keptUpload(picture.attachment, bot);
    case 'result': {
      const { sha256, path: file } = picture.picture;
      await bot.inputs.keepCopy(path.join(bot.dataDir, file), sha256);
      return { sha256 };
    }
    case 'kept':
      return { sha256: picture.sha256 };
  }
}

async function keptUpload(upload: AttachmentLike, { inputs, attachments }: BotContext): Promise<InitImage> {
  return { sha256: await inputs.keep(await fetchAttachment(upload, attachments)) };
}

function newJob(asker: Asker, wish: Wish, request: ResolvedRequest, bot: BotContext): NewJob {
  return {
    ...asker,
    kind: wish.kind,
    request,
    parentJobId: wish.parent?.jobId ?? null,
    parentImageIndex: wish.parent?.imageIndex ?? null,
    cost: costHere(request, bot),
  };
}

function refused(result: Exclude<AcceptResult, { ok: true }>, job: NewJob): Order {
  switch (result.reason) {
    case 'duplicate':
      return { ok: false, reason: 'duplicate', text: null };
    case 'banned':
      return banned({ reason: result.banReason, untilMs: result.untilMs });
    case 'quota':
      return refusal('quota', (phrases) => overQuota(result, job, phrases));
    case 'draining':
      return refusal('draining', ({ houseRules }) => houseRules.draining());
    case 'too_many_waiting':
      return refusal('too_many_waiting', (phrases) => phrases.tooManyWaiting(result.waiting, result.limit));
  }
}

/** A job that counts more than its pictures says so. */
function overQuota({ over, quota }: Extract<AcceptResult, { reason: 'quota' }>, job: NewJob, phrases: Phrases): string {
  const { houseRules: words } = phrases;
  const [hour, server] = [quota.hour ?? quota, quota.server ?? quota];
  const why = {
    day: () => phrases.quotaUsed(quota.used, quota.limit, timestamp(quota.resetsAtMs, 'R')),
    hour: () => words.hourUsed(hour.used, hour.limit, timestamp(hour.resetsAtMs, 'R')),
    server: () => words.serverUsed(server.used, server.limit, timestamp(quota.resetsAtMs, 'R')),
  }[over]();
  return job.cost === job.request.count ? why : `${why} ${words.counts(job.cost)}`;
}

function banned(ban: Ban): Refused {
  return refusal('banned', (phrases) => banText(ban, phrases));
}

function refusal(reason: string, text: (phrases: Phrases) => string): Refused {
  return { ok: false, reason, text };
}

/** Interactions that may make pictures. */
export type OrderInteraction =
  | ChatInputCommandInteraction
  | ButtonInteraction
  | StringSelectMenuInteraction
  | ModalSubmitInteraction;

export function askerOf(interaction: OrderInteraction): Asker {
  return {
    userId: interaction.user.id,
    guildId: interaction.guildId,
    channelId: interaction.channelId ?? interaction.user.id,
    sourceId: interaction.id,
    sourceKind: 'interaction',
    place: placeOf(interaction),
    roleIds: rolesOf(interaction),
  };
}

/** Places the order of an interaction and answers it. @param known what `consider` found a moment ago */
export async function takeOrder(
  interaction: OrderInteraction,
  wish: Wish,
  bot: BotContext,
  known?: Considered,
): Promise<void> {
  const work = placeOrder(askerOf(interaction), wish, bot, known);
  if (interaction.isChatInputCommand()) await deferIfLate(interaction, work, bot);
  const order = await work;
  if (order.ok) await answerOrder(interaction, order.job, bot);
  else if (order.text !== null) await tell(interaction, order.text(phrasesOf(interaction)));
}

async function answerOrder(interaction: OrderInteraction, job: JobRecord, bot: BotContext): Promise<void> {
  const only = !botMayWrite(interaction);
  await bot.store.together(() => bot.store.answering(job.id));
  failpoint('order.answering');
  const answered = await answer(interaction, job, only, bot);
  if (answered === 'too_late') {
    // Discord told the user that nobody answered; nothing is run and nothing is charged.
    await bot.store.together(() => bot.store.expire(job.id));
    return;
  }
  failpoint('order.answered');
  bot.outbox.answerThrough(job.id, tokenOf(interaction, answered), only);
  if (bot.calm === undefined) return release(job.id, bot);
  // Where the program ends before, the next start queues it.
  const released = bot.calm().then(() => release(job.id, bot));
  released.catch((err) => bot.log.error({ err, jobId: job.id }, 'an answered order waits for the next start'));
}

/** The row is answered for: it may run. A database that cannot take that now does not take the answer back; the queue resumes the row. */
export async function release(jobId: string, bot: BotContext): Promise<void> {
  try {
    await bot.store.together(() => bot.store.acknowledge(jobId));
  } catch (err) {
    bot.log.error({ err, jobId }, 'an answered order could not be queued yet');
  }
  failpoint('order.queued');
  bot.outbox.begin(jobId);
  bot.queue.kick();
}

type Answered = AnswerToken['original'] | 'too_late';

/**
 * Any failure but "too late" may be an answer that did arrive: then a picture nobody expects is better than a promise nobody keeps.
 */
async function answer(
  interaction: OrderInteraction,
  job: JobRecord,
  only: boolean,
  bot: BotContext,
): Promise<Answered> {
  try {
    return await sendAnswer(interaction, job, only, bot);
  } catch (thrown) {
    if (isTooLate(thrown)) return 'too_late';
    if (!isAnsweredAlready(thrown)) bot.log.warn({ err: thrown, jobId: job.id }, 'the answer to an order may be lost');
    return null;
  }
}

/** A button's answer is silent, because the message it makes says it all; a slash command must say something. */
async function sendAnswer(
  interaction: OrderInteraction,
  job: JobRecord,
  only: boolean,
  bot: BotContext,
): Promise<AnswerToken['original']> {
  if (!interaction.isChatInputCommand() && answersMessage(interaction) && 'deferUpdate' in interaction) {
    await interaction.deferUpdate();
    return null;
  }
  const phrases = phrasesOf(interaction);
  const place = turnOf(job, bot);
  if (only && !interaction.deferred) {
    const view = waitingView(job, undefined, { phrases, ids: bot.ids });
    await interaction.reply((await messageOf(view, bot.dataDir)) as InteractionReplyOptions);
  } else {
    await tell(interaction, [phrases.queued(job.id, place), ...aboutQueue(job, phrases, bot)].join('\n'));
  }
  return '@original';
}

/** That it counts more than its pictures, and that nothing is begun now. */
function aboutQueue({ cost, request }: JobRecord, { houseRules }: Phrases, { store }: BotContext): string[] {
  const dear = cost > request.count ? [`-# ${houseRules.counts(cost)}`] : [];
  return store.queueMode() === 'paused' ? [...dear, `⏸️ ${houseRules.mode.paused}`] : dear;
}

/** 1-based place the job will have once it is queued: behind everybody who waits. Its own row already counts. */
function turnOf(job: JobRecord, bot: BotContext): number {
  const position = bot.store.position(job.id);
  return position === undefined ? Math.max(1, bot.store.counts().waiting) : position + 1;
}

export function tokenOf(interaction: OrderInteraction, original: AnswerToken['original']): AnswerToken {
  const { applicationId, token, createdTimestamp, attachmentSizeLimit: fileLimitBytes } = interaction;
  return { applicationId, token, expiresAtMs: createdTimestamp + TOKEN_LIFE_MS, original, fileLimitBytes };
}

/** Leaves a second of Discord's three for the way there. */
const DEFER_AFTER_MS = 1_800;

/**
 * Answers "wait", privately, when the work would outlast Discord's three seconds. It promises nothing: the promise is the row, and the
 * words that follow it. A deferral that fails is met again by the answer itself.
 */
async function deferIfLate(interaction: ChatInputCommandInteraction, work: Promise<unknown>, bot: BotContext) {
  const settled = work.then(
    () => false,
    () => false,
  );
  // Left to run out where the work was in time: to call it off costs a crowd more than two seconds of a timer.
  const isLate = await Promise.race([settled, bot.clock.sleep(DEFER_AFTER_MS).then(() => true)]);
  if (isLate) await interaction.deferReply({ flags: MessageFlags.Ephemeral }).catch(() => {});
  await settled;
}
