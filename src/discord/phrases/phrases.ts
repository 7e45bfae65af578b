// Everything the bot says, by name; one file a language implements it. Arguments arrive escaped and formatted, so that a phrase is only words.
// Deliberately not here: command names and descriptions, which live beside their command because Discord wants them in the declaration.
import type { ControlPhrases } from './control.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { spacedFrench, spelt } from './grammar.ts';
import type { HouseRulesPhrases } from './houseRules.ts';
import { ja } from './ja.ts';
import type { LoraKeepingPhrases } from './loraKeeping.ts';
import type { MakingPhrases } from './making.ts';
import type { ModeratingPhrases } from './moderating.ts';
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
  | 'picture'
  | 'image'
  | 'mask'
  | 'zoom'
  | 'pan'
  | 'clip skip'
  | 'flag'
  | 'permutations'
  | 'wildcard'
  | 'cells'
  | 'scale'
  | 'upscaler'
  | 'variation'
  | 'hires'
  | 'date';

export interface Phrases {
  /** Whether errors' own English may be shown. */
  readonly isEnglish: boolean;
  // answers to a request
  queued(id: string, place: number): string;
  waiting(place: number, ready: string): string;
  starting(): string;
  developing(percent: number, bar: string): string;
  /** What a preview is, for those who cannot see it. */
  previewAlt(): string;
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
  notYours(): string;
  notFinished(): string;
  adminsOnly(): string;
  staleButton(): string;
  restarting(): string;
  pictureRefused(detail: string): string;
  /** What stands in the place of an upscaler's name. */
  plainUpscale(): string;
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
    /** A picture larger than memory; amounts in GiB. `largest` of this shape fits, — for none. */
    memory(found: string, need: string, have: string, largest: string): string;
    /** `example` is one way to write it, or two. */
    form(field: string, found: string, example: string): string;
    tooMany(field: string, found: string, max: string): string;
    /** Nothing was written where something has to be. */
    missing(field: string, example: string): string;
    /** Why is not known in this language. */
    other(field: string, found: string): string;
    /** Joins a sentence about a name that does not exist. */
    nearest(name: string): string;
    maskEmpty(): string;
    maskShape(): string;
    pictureKind(): string;
    pictureOther(): string;
    pictureSize(foundMib: string, maxMib: string): string;
  };
  // reasons a job failed
  reasonBroken(code: string): string;
  reasonPoison(): string;
  reasonDisk(): string;
  reasonModel(): string;
  /** The classifier refused a start picture or the like. */
  reasonSource(): string;
  unexpected(code: string): string;
  // small answers
  cancelDone(id: string): string;
  cancelTooLate(id: string): string;
  nothingToCancel(): string;
  historyEmpty(): string;
  historyLine(link: string): string;
  queueNow(waiting: number, running: number): string;
  queueMine(): string;
  queuePlace(place: number): string;
  queueRunning(): string;
  /** `ready` counts down by itself. */
  readyAt(ready: string): string;
  /** It should have been ready by now. */
  readySoon(): string;
  quotaNow(used: number, limit: number, resets: string): string;
  recipeTitle(id: string): string;
  recipeHint(): string;
  /** A recipe found in somebody else's picture. */
  foreign: {
    title(): string;
    none(): string;
    other(tool: string): string;
    same(): string;
    model(asked: string, instead: string): string;
    modelName(asked: string, here: string): string;
    modelHash(name: string, asked: string, here: string): string;
    sampler(asked: string, instead: string): string;
    schedule(asked: string): string;
    size(asked: string, instead: string): string;
    number(field: string, asked: string, instead: string): string;
    start(): string;
    loras(names: string): string;
    upscaler(asked: string): string;
    fields(names: string): string;
    cannot(detail: string): string;
    gone(): string;
    readonly make: string;
  };
  ownerOnly(): string;
  banDone(user: string): string;
  banDoneEverywhere(user: string): string;
  stillBanned(user: string): string;
  unbanDone(user: string): string;
  notBanned(user: string): string;
  quotaSet(user: string, limit: number): string;
  quotaReset(user: string, limit: number): string;
  quotaTooHigh(usual: number): string;
  card: {
    /** In the place of a prompt its owner keeps private. */
    hiddenPrompt(): string;
    hiddenAlt(): string;
    promptIsPrivate(): string;
    moreTitle(id: string): string;
    pictureTitle(id: string, picture: number): string;
    favouriteAdded(id: string): string;
    favouriteRemoved(id: string): string;
    deleted(id: string): string;
    parent(id: string): string;
    children(ids: string): string;
    noFamily(): string;
    /** Said to the person who asked, when pictures are ready. */
    ready(user: string): string;
  };
  find: {
    title(page: number): string;
    favouritesTitle(page: number): string;
    words(words: string): string;
    model(model: string): string;
    favourites(): string;
    since(day: string): string;
    until(day: string): string;
    nothing(): string;
    noFavourites(): string;
    choose(): string;
    unknownId(found: string): string;
    notHere(id: string): string;
  };
  settings: {
    title(): string;
    intro(): string;
    readonly field: Readonly<Record<SettingName, string>>;
    /** The model's own value. */
    usual(): string;
    /** The language of the person's Discord. */
    automatic(): string;
    yes(): string;
    no(): string;
    choose(field: string): string;
    formTitle(): string;
    formHint(): string;
  };
  lora: {
    browse(model: string, page: number, pages: number): string;
    none(model: string): string;
    stack(): string;
    empty(): string;
    cleared(): string;
    notThere(name: string): string;
    notForUsual(name: string, models: string): string;
    triggers(words: string): string;
    made(family: string, models: string): string;
    advised(text: string): string;
    saved(name: string): string;
    noStack(name: string): string;
  };
  style: {
    saved(name: string): string;
    used(name: string): string;
    notUsed(): string;
    deleted(name: string): string;
    shared(name: string): string;
    notShared(name: string): string;
    taken(name: string): string;
    unknown(name: string): string;
    badName(): string;
    tooMany(max: number): string;
    serversOnly(): string;
    list(): string;
    empty(): string;
    inUse(): string;
    isShared(): string;
    ofServer(): string;
  };
  privacy: {
    exported(requests: number, pictures: number): string;
    /** What will be erased, before it is. */
    ask(requests: number, pictures: number): string;
    forgotten(requests: number, pictures: number): string;
  };
  verify: {
    same(id: string, pictures: number): string;
    /** `lines` names each picture that differs. */
    differs(id: string, lines: string): string;
    /** `percent` is 0 … 100, of the pixels. */
    line(picture: number, largest: number, percent: number): string;
    gone(id: string): string;
  };
  reply: {
    hidden(): string;
    seeds(seeds: string): string;
    undone(id: string, link: string): string;
    nothingToUndo(): string;
  };
  many: {
    ask(requests: number, pictures: number): string;
    /** How long from now on until everything is ready, as far as known. */
    takes(ms: number): string;
    left(left: number, limit: number): string;
    started(count: number): string;
    stoppedAt(done: number, count: number, why: string): string;
    /** Somebody else pressed the button. */
    notYours(user: string): string;
    /** After a no. */
    dropped(): string;
    gone(): string;
  };
  help: {
    title(): string;
    readonly topics: readonly HelpTopic[];
  };
  /** Around one picture and many. */
  readonly control: ControlPhrases;
  readonly houseRules: HouseRulesPhrases;
  readonly loraKeeping: LoraKeepingPhrases;
  readonly making: MakingPhrases;
  readonly moderating: ModeratingPhrases;
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
    readonly varySubtle: string;
    readonly varyStrong: string;
    readonly same: string;
    readonly favourite: string;
    readonly source: string;
    readonly more: string;
    readonly upscale: string;
    readonly verify: string;
    readonly family: string;
    readonly search: string;
    readonly numbers: string;
    readonly mention: string;
    readonly privatePrompts: string;
    readonly reset: string;
    readonly forget: string;
    readonly keep: string;
    make(count: number): string;
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
    readonly sourceTitle: string;
    readonly searchTitle: string;
    readonly searchHint: string;
    readonly size: string;
    readonly guidance: string;
    readonly count: string;
  };
}

/** What a person may set for all their requests. */
export type SettingName =
  | 'language'
  | 'model'
  | 'size'
  | 'steps'
  | 'guidance'
  | 'sampler'
  | 'style'
  | 'count'
  | 'mention'
  | 'privatePrompts';

/** A paragraph of /help; lines of the body that begin with ">" are examples. */
export interface HelpTopic {
  readonly title: string;
  readonly body: string;
}

/** Names of the languages there are, each in its own words. */
export const LANGUAGES = {
  en: 'English',
  zh: '中文',
  ru: 'Русский',
  es: 'Español',
  de: 'Deutsch',
  fr: 'Français',
  ja: '日本語',
} as const;
export type Language = keyof typeof LANGUAGES;

const BY_LANGUAGE: Readonly<Record<Language, Phrases>> = {
  en,
  zh,
  ru,
  es,
  de,
  fr: spelt(fr, spacedFrench),
  ja,
};

/** The language written for a Discord locale such as `en-US`, `zh-CN`, `es-419`; English for those nobody wrote yet. */
export function languageOf(locale: string | null | undefined): Language {
  const first = (locale ?? 'en').split('-')[0] ?? 'en';
  return Object.hasOwn(LANGUAGES, first) ? (first as Language) : 'en';
}

export function phrasesFor(locale: string | null | undefined): Phrases {
  return BY_LANGUAGE[languageOf(locale)];
}
