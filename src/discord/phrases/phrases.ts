// Everything the bot says, by name; one file a language implements it. Arguments arrive escaped and formatted, so that a phrase is only words.
// Deliberately not here: command names and descriptions, which live beside their command because Discord wants them in the declaration.
import { en } from './en.ts';
import { ru } from './ru.ts';
import { zh } from './zh.ts';

export type RequestField =
  | 'prompt'
  | 'negative'
  | 'style'
  | 'size'
  | 'count'
  | 'strength'
  | 'seed'
  | 'steps'
  | 'guidance'
  | 'sampler'
  | 'schedule'
  | 'model'
  | 'picture';

export interface Phrases {
  // answers to a request
  queued(id: string, place: number): string;
  waiting(place: number, ready: string): string;
  starting(): string;
  developing(percent: number, bar: string): string;
  cancelled(id: string): string;
  failed(id: string, reason: string): string;
  filesGone(id: string): string;
  tooLargeHere(id: string): string;
  cannotAttach(id: string): string;
  takesLong(id: string): string;
  byUser(prompt: string, user: string): string;
  pictureAlt(prompt: string): string;
  gridAlt(prompt: string, count: number): string;
  steps(count: number): string;
  guidance(value: number): string;
  /** `picture` is 1-based; null where the whole request was taken up again. */
  fromParent(id: string, picture: number | null): string;
  // refusals
  quotaUsed(used: number, limit: number, resets: string): string;
  banned(reason: string): string;
  tooManyWaiting(waiting: number, limit: number): string;
  blocked(reason: string): string;
  badRequest(detail: string): string;
  unknownJob(): string;
  notMyMessage(): string;
  notYours(): string;
  notFinished(): string;
  adminsOnly(): string;
  staleButton(): string;
  restarting(): string;
  pictureRefused(detail: string): string;
  noPicture(): string;
  seedExpected(found: string): string;
  stepsExpected(found: string): string;
  numberExpected(found: string, low: number, high: number): string;
  /** Parts of a request by their names in core; what is wrong with one, without a full stop. */
  refused: {
    readonly field: Readonly<Record<RequestField, string>>;
    range(field: string, found: string, low: string, high: string): string;
    wholeRange(field: string, found: string, low: string, high: string): string;
    number(field: string, found: string): string;
    oneOf(field: string, found: string, names: string): string;
    tooLong(field: string, chars: string, max: string): string;
    size(found: string, stepPx: string, maxPx: string, nearest: string): string;
    sizeForm(found: string): string;
    pictureKind(): string;
    pictureSize(foundMib: string, maxMib: string): string;
  };
  // reasons a job failed
  reasonBroken(code: string): string;
  reasonPoison(): string;
  reasonDisk(): string;
  reasonModel(): string;
  unexpected(code: string): string;
  // small answers
  cancelDone(id: string): string;
  cancelTooLate(id: string): string;
  nothingToCancel(): string;
  history(page: number): string;
  historyEmpty(): string;
  historyLine(link: string): string;
  queueNow(waiting: number, running: number): string;
  queueMine(): string;
  queuePlace(place: number): string;
  queueRunning(): string;
  quotaNow(used: number, limit: number, resets: string): string;
  recipeTitle(id: string): string;
  recipeHint(): string;
  ownerOnly(): string;
  banDone(user: string): string;
  banDoneEverywhere(user: string): string;
  stillBanned(user: string): string;
  unbanDone(user: string): string;
  notBanned(user: string): string;
  quotaSet(user: string, limit: number): string;
  quotaReset(user: string, limit: number): string;
  quotaTooHigh(usual: number): string;
  // labels
  label: {
    readonly cancel: string;
    vary(picture: number | null): string;
    readonly again: string;
    readonly edit: string;
    readonly recipe: string;
    readonly delete: string;
    readonly newer: string;
    readonly older: string;
    readonly jump: string;
  };
  form: {
    readonly editTitle: string;
    readonly varyTitle: string;
    readonly prompt: string;
    readonly negative: string;
    readonly seed: string;
    readonly seedHint: string;
    readonly steps: string;
    picture(count: number): string;
    readonly strength: string;
    readonly strengthHint: string;
  };
}

const BY_LANGUAGE: Readonly<Record<string, Phrases>> = { en, ru, zh };

/** Phrases of a Discord locale such as `en-US`, `zh-CN`, `ru`; English for languages nobody wrote yet. */
export function phrasesFor(locale: string | null | undefined): Phrases {
  return BY_LANGUAGE[(locale ?? 'en').split('-')[0] ?? 'en'] ?? en;
}
