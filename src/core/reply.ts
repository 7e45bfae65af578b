// What a reply to a result means: "2" varies picture 2, "in blue" and "more fog" change it, "again" makes another, "no people"
// takes something away, "--seed 5" sets an option. Deliberately no grammar beyond that: whatever is not one of these is added to the prompt.
import { isColour, namesColour } from './colours.ts';
import type { ControlWish } from './control.ts';
import type { JobKind } from './job.ts';
import { overlay, readPrompt } from './promptFlags.ts';
import { withoutRepaint } from './repaint.ts';
import { type RequestDraft, type ResolvedRequest, refuse } from './request.ts';
import { draftOf } from './resolve.ts';

/** How much of the parent picture a reply replaces, 0 … 1; "--strength" in the reply wins. */
export interface ReplyStrengths {
  /** "2": the same thing, differently. */
  readonly vary: number;
  /** "more fog", "no people". */
  readonly text: number;
  /** "in blue": colours are fixed early in sampling, so more has to be replaced to change them. */
  readonly colour: number;
}

export const REPLY_STRENGTHS: ReplyStrengths = { vary: 0.7, text: 0.7, colour: 0.85 };

export interface ReplyPlan {
  /** `again` starts from nothing, `variation` and `reply` start from the parent's picture. */
  readonly kind: Extract<JobKind, 'again' | 'variation' | 'reply'>;
  /** Ready for `resolveRequest`, but for `initImage`: a plan with a picture gets that picture's hash from the caller. */
  readonly draft: RequestDraft;
  /** 0-based picture of the parent to start from; null when the new job starts from noise or from the parent's own start picture. */
  readonly parentImageIndex: number | null;
}

const AGAIN: ReadonlySet<string> = new Set(
  'again|reroll|redo|another|another one|one more|once more|retry|new seed|more|🔁|🔄|🎲|nochmal|noch einmal|encore|otra vez|ещё|еще|ещё раз|еще раз|снова|再来|再来一次|再来一张|重来|もう一度'.split(
    '|',
  ),
);
const UNWANTED = /^(?:(?:no|without|remove|ohne|sans|sin|без)\s+(?:the\s+|any\s+)?|(?:没有|不要|去掉))(?=\S)/iu;
/** Words in front of a change that say nothing about the picture. */
const LEAD_IN = /^(?:(?:please|but|now|and|just)\s+)*(?:(?:make|turn|paint|colou?r)\s+(?:it|this|that|them)\s+)?/iu;
/** In front of a colour alone: the model reads ", blue" as the colour of everything before it. */
const COLOUR_LEAD_IN = /^(?:(?:in|all|в)\s+|换成|变成|改成|变)/iu;
/** "2", "#2", "v2", "2️⃣", "2." and what follows it. */
const PICK = /^[#vu]?(\d{1,2})\ufe0f?\u20e3?(?:[.:)]?\s+|[.:)]?$|,\s*)(.*)$/iu;
const CLAUSE_END = /\s*[,;，、；]\s*|\s+and\s+(?=(?:no|without)\s)/iu;

/**
 * The request a reply to a finished result asks for. Everything it does not mention stays as in the parent; the seed is new unless
 * the reply only sets options.
 * @param imageCount pictures the parent result shows.
 * @throws request_invalid for a picture there is not, and for flags as `readPrompt` does.
 */
export function applyReply(
  parent: ResolvedRequest,
  text: string,
  imageCount: number,
  strengths: ReplyStrengths = REPLY_STRENGTHS,
): ReplyPlan {
  const { prompt: said, ...flags } = readReply(parent, text);
  const { imageIndex, words } = readPick(said, imageCount);
  if (isAgain(words)) {
    return imageIndex === null ? anew(parent, flags) : variation(parent, flags, imageIndex, strengths.vary);
  }
  if (words === '') {
    if (flags.zoom !== undefined || flags.pan !== undefined) return grown(parent, flags, imageIndex ?? 0);
    if (imageIndex !== null) return variation(parent, flags, imageIndex, strengths.vary);
    return Object.keys(flags).length === 0 ? anew(parent, {}) : sameWith(parent, flags);
  }
  return change(parent, flags, words, imageIndex ?? 0, strengths);
}

/**
 * A reply's words, and what its flags set; those of controls speak of the parent's. A control goes to another network with another model.
 * @throws request_invalid
 */
export function readReply(parent: ResolvedRequest, text: string): RequestDraft {
  const given = draftOf(parent).controls;
  if (given === undefined) return readPrompt(text);
  const { controls = given, ...said } = readPrompt(text, { controls: given });
  const isElsewhere = said.model !== undefined && said.model !== parent.model;
  if (isElsewhere) return { ...said, controls: controls.map((control) => withoutNetworkOf(parent, control)) };
  return controls === given ? said : { ...said, controls };
}

function withoutNetworkOf(parent: ResolvedRequest, control: ControlWish): ControlWish {
  const { model, ...rest } = control;
  return parent.controls?.some((before) => before.model === model) ? rest : control;
}

/** What a reply asks about a result, or does to it, without making a picture. */
export type ReplyOrder =
  | { readonly kind: 'seed' | 'recipe' | 'undo' | 'delete' }
  /** 0-based picture to be shown at its own size. */
  | { readonly kind: 'pick'; readonly imageIndex: number };

const ORDERS: readonly (readonly [Exclude<ReplyOrder['kind'], 'pick'>, string])[] = [
  ['seed', 'seed|seeds|зерно|种子|semilla|startwert|graine|シード'],
  ['recipe', 'recipe|info|parameters|рецепт|配方|参数|receta|rezept|recette|レシピ'],
  ['undo', 'undo|back|отмена|назад|撤回|撤销|deshacer|zurück|rückgängig|retour|元に戻す|取り消し'],
  ['delete', 'delete|remove|del|удалить|удали|删除|borrar|eliminar|löschen|supprimer|削除|❌|🗑️'],
];
const ORDER_OF: ReadonlyMap<string, Exclude<ReplyOrder['kind'], 'pick'>> = new Map(
  ORDERS.flatMap(([kind, words]) => words.split('|').map((word) => [word, kind] as const)),
);
const SHOW_ONE = /^u(\d{1,2})[.!]*$/iu;

/**
 * Undefined where the reply asks for a picture.
 * @throws request_invalid for a picture there is not
 */
export function replyOrder(text: string, imageCount: number): ReplyOrder | undefined {
  const words = text.trim();
  const number = SHOW_ONE.exec(words)?.[1];
  if (number === undefined) {
    const kind = ORDER_OF.get(words.toLowerCase().replace(/[.!。！]+$/u, ''));
    return kind === undefined ? undefined : { kind };
  }
  const wish = Number(number);
  if (wish < 1 || wish > imageCount) refusePicture(wish, imageCount);
  return { kind: 'pick', imageIndex: wish - 1 };
}

/** What a reply to a sheet says, apart from which of its pictures it means. */
export interface CellReply {
  /** 1-based, as written; null where the reply names none. */
  readonly cell: number | null;
  /** The rest, to be read as a reply to that picture alone. */
  readonly text: string;
}

/** "seed 3", "again v2": the number behind what is wanted of it. */
const NUMBER_LAST = /^(.*\S)\s+[#vu]?(\d{1,2})\ufe0f?\u20e3?[.!]?$/isu;

/** "3", "v3", "u3", "3 more fog", "seed 3"; pictures of a sheet are counted row by row. */
export function readCellReply(text: string): CellReply {
  const said = text.trim();
  const first = PICK.exec(said);
  if (first !== null) {
    const [, number, rest = ''] = first;
    return { cell: Number(number), text: rest !== '' ? rest : /^u/iu.test(said) ? 'u1' : '1' };
  }
  const [, words = '', number] = NUMBER_LAST.exec(said) ?? [];
  const isOrder = ORDER_OF.has(words.toLowerCase()) || isAgain(words);
  return isOrder ? { cell: Number(number), text: words } : { cell: null, text: said };
}

/** Whether the whole is wanted anew, and nothing else. */
export function isAgain(text: string): boolean {
  return AGAIN.has(
    text
      .trim()
      .toLowerCase()
      .replace(/[!.\s]+$/u, ''),
  );
}

/** The parent's request from noise again, with a new seed. */
function anew(parent: ResolvedRequest, flags: Partial<RequestDraft>): ReplyPlan {
  const { seed: _, ...draft } = draftOf(parent);
  return { kind: 'again', draft: withFlags(parent, draft, flags), parentImageIndex: null };
}

/** Options alone: the parent's request with its own seed, so that only the options' effect shows. */
function sameWith(parent: ResolvedRequest, flags: Partial<RequestDraft>): ReplyPlan {
  return { kind: 'again', draft: withFlags(parent, draftOf(parent), flags), parentImageIndex: null };
}

function variation(
  parent: ResolvedRequest,
  flags: Partial<RequestDraft>,
  parentImageIndex: number,
  strength: number,
): ReplyPlan {
  return { kind: 'variation', draft: fromPicture(parent, flags, strength), parentImageIndex };
}

/** "--zoom 1.5", "2 --pan left": the picture itself on a larger canvas; how much of the border is new is the model's choice. */
function grown(parent: ResolvedRequest, flags: Partial<RequestDraft>, parentImageIndex: number): ReplyPlan {
  const { strength: _, ...draft } = fromPicture(parent, {}, 0);
  return { kind: 'variation', draft: withFlags(parent, draft, flags), parentImageIndex };
}

function change(
  parent: ResolvedRequest,
  flags: Partial<RequestDraft>,
  words: string,
  parentImageIndex: number,
  strengths: ReplyStrengths,
): ReplyPlan {
  const { wanted, unwanted } = readClauses(words);
  const strength = wanted.some(namesColour) ? strengths.colour : strengths.text;
  const negativePrompt = joined([...unwanted, flags.negativePrompt ?? '']);
  const draft = fromPicture(parent, { ...flags, ...(negativePrompt === '' ? {} : { negativePrompt }) }, strength);
  return { kind: 'reply', draft: { ...draft, prompt: changedPrompt(parent.prompt, wanted) }, parentImageIndex };
}

/** The parent's draft without its seed and start picture. */
function fromPicture(parent: ResolvedRequest, flags: Partial<RequestDraft>, strength: number): RequestDraft {
  const { seed: _, initImage: __, template: ___, ...draft } = withoutRepaint(draftOf(parent));
  return withFlags(parent, { ...draft, strength }, flags);
}

/** What a reply does not want joins what the parent did not want. */
function withFlags(parent: ResolvedRequest, draft: RequestDraft, flags: Partial<RequestDraft>): RequestDraft {
  if (flags.negativePrompt === undefined) return overlay(draft, flags);
  const phrases = [parent.negativePrompt, flags.negativePrompt].flatMap((text) => text.split(', '));
  return overlay(draft, { ...flags, negativePrompt: joined([...new Set(phrases)]) });
}

function joined(phrases: readonly string[]): string {
  return phrases.filter((phrase) => phrase !== '').join(', ');
}

/** A number that picks no picture is text where there is only one picture to pick: "3 cats". */
function readPick(said: string, imageCount: number): { readonly imageIndex: number | null; readonly words: string } {
  const match = PICK.exec(said);
  const words = match?.[2] ?? '';
  const wish = Number(match?.[1]);
  if (match === null || (imageCount === 1 && wish !== 1 && words !== '')) return { imageIndex: null, words: said };
  if (wish < 1 || wish > imageCount) refusePicture(wish, imageCount);
  return { imageIndex: wish - 1, words };
}

/** @throws request_invalid */
export function refusePicture(wish: number, imageCount: number): never {
  if (imageCount === 1) refuse('picture', wish, { kind: 'names', names: ['1'] });
  return refuse('picture', wish, { kind: 'whole', low: 1, high: imageCount });
}

function readClauses(words: string): { readonly wanted: readonly string[]; readonly unwanted: readonly string[] } {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const raw of words.split(CLAUSE_END)) {
    const clause = raw.replace(LEAD_IN, '').replace(/[.!。！]+$/u, '');
    const without = clause.replace(UNWANTED, '');
    const colour = clause.replace(COLOUR_LEAD_IN, '');
    if (without !== clause) unwanted.push(without);
    else if (clause !== '') wanted.push(isColour(colour) ? colour : clause);
  }
  return { wanted, unwanted };
}

/** "a heart" + blue → "a heart, blue" + green → "a heart, green": a new colour takes the place of the last one. */
function changedPrompt(prompt: string, wanted: readonly string[]): string {
  const comma = prompt.lastIndexOf(',');
  const endsInColour = comma > 0 && isColour(prompt.slice(comma + 1));
  const base = endsInColour && wanted.some(isColour) ? prompt.slice(0, comma) : prompt;
  return joined([base, ...wanted]);
}
