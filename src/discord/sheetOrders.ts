// The order of a sheet: the question with its axes and its cost, and what a yes or a no leads to. Deliberately not here: what the cells are
// (core/sheet.ts), and the drawn sheet (sheets.ts).
import type { JobRecord } from '../core/job.ts';
import { overlay } from '../core/promptFlags.ts';
import { leftOf } from '../core/quota.ts';
import type { RequestDraft } from '../core/request.ts';
import { cellDrafts, type SheetSpec } from '../core/sheet.ts';
import { drawWildcards } from '../core/wildcards.ts';
import { botMayWrite, phrasesOf, replace, tell } from './answers.ts';
import { closeQuestion, whoAsked } from './asking.ts';
import type { ButtonHandler } from './command.ts';
import type { BotContext } from './context.ts';
import { costHere } from './houseRules.ts';
import { type Asker, placeSheet, previewOrder, release, tokenOf, type Wish } from './order.ts';
import type { Phrases } from './phrases/phrases.ts';
import { withPreferences } from './preferences.ts';
import { sheetAskView } from './views/sheetView.ts';
import { cardView, textPart, type View } from './views/view.ts';
import { wildcardsOf } from './wildcards.ts';

/** What a note keeps until somebody says yes. */
export interface AskedSheet {
  readonly spec: SheetSpec;
  readonly drafts: readonly RequestDraft[];
  readonly inputSha256: string | null;
  readonly parentJobId: string | null;
  /** The message that asked, where no interaction did. */
  readonly messageId?: string;
}

/** The question as it is shown; from now on a yes makes the sheet. @throws request_invalid as its cells would */
export function sheetQuestion(asker: Asker, asked: AskedSheet, phrases: Phrases, bot: BotContext): View {
  const requests = wishesOf(asked).map((wish) => previewOrder(wish, asker, bot));
  const isPublic = asker.sourceKind === 'message';
  const noteId = bot.store.keepNote(asker.userId, isPublic ? { ...asked, messageId: asker.sourceId } : asked);
  const cost = requests.reduce((sum, request) => sum + costHere(request, bot), 0);
  const quota = bot.store.quota(asker, bot.rules);
  const takesMs = bot.store.expectedMs(requests);
  const left = leftOf(quota);
  const { limit } = quota;
  const { spec } = asked;
  const question = { spec, requests, cost, left, limit, takesMs, noteId, askerId: asker.userId, isPublic };
  return sheetAskView(question, phrases, bot.ids);
}

function wishesOf({ drafts, inputSha256, parentJobId }: AskedSheet): readonly Wish[] {
  const start = inputSha256 === null ? {} : { start: { kind: 'kept', sha256: inputSha256 } as const };
  const parent = parentJobId === null ? {} : { parent: { jobId: parentJobId, imageIndex: null } };
  return drafts.map((draft) => ({ kind: 'imagine', draft, ...start, ...parent }));
}

/** The yes or no under a sheet's question. */
export const answerSheet: ButtonHandler = async (interaction, [noteId, answer, askerId], bot) => {
  const phrases = phrasesOf(interaction);
  const { id: userId } = interaction.user;
  if (askerId !== undefined && askerId !== userId) return tell(interaction, phrases.many.notYours(`<@${askerId}>`));
  const asked = noteId === undefined ? undefined : (bot.store.takeNote(userId, noteId) as AskedSheet | undefined);
  if (asked === undefined) return tell(interaction, phrases.many.gone());
  if (answer !== 'yes') return closeQuestion(interaction, phrases.many.dropped(), bot);
  const { messageId } = asked;
  const asker = whoAsked(interaction, messageId ?? null);
  const order = await placeSheet(asker, wishesOf(asked), asked.spec, bot);
  if (!order.ok) {
    if (order.text !== null) await replace(interaction, cardView([textPart(order.text(phrases))]), bot.dataDir);
    return;
  }
  const { jobIds } = bot.store.sheetOf(order.job.id)!;
  await bot.store.together(() => jobIds.map((jobId) => bot.store.answering(jobId)));
  await closeQuestion(interaction, phrases.making.sheet.started(jobIds.length), bot);
  if (messageId === undefined) {
    bot.outbox.answerThrough(order.job.id, tokenOf(interaction, null), !botMayWrite(interaction));
  }
  await Promise.all(jobIds.map((jobId) => release(jobId, bot)));
};

/** The same sheet with another seed. @throws request_invalid where its words are no sheet any more */
export async function anotherSheet(
  lead: JobRecord,
  sheet: SheetSpec,
  asker: Asker,
  bot: BotContext,
): Promise<AskedSheet> {
  const seed = bot.randomSeed();
  const { model, initImage, mask, privatePrompt, spoiler } = lead.request;
  const base = {
    model,
    ...(initImage === null ? {} : { initImage }),
    ...(mask == null ? {} : { mask }),
    ...(privatePrompt === true ? { privatePrompt } : {}),
    ...(spoiler === true ? { spoiler } : {}),
  };
  const text = sheet.text.replace(/(?:--|—|–)seed(?:=|\s+)\S+/giu, '');
  const spec = { ...sheet, text };
  const lists = await wildcardsOf(asker.userId, bot);
  const drawn = { ...spec, text: drawWildcards(text, lists, seed) };
  const drafts = cellDrafts(drawn, seed).map((cell) =>
    withPreferences(overlay(base as RequestDraft, cell), asker, bot),
  );
  return { spec, drafts, inputSha256: null, parentJobId: lead.id };
}
