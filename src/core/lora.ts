// LoRAs as people choose them: a name and how strongly, written `<lora:name:0.8>` or `--lora name:0.8`, and the rules a choice must keep.
// Deliberately not here: what is in the files (src/weights) and whose default is what (src/store).
// @source AUTOMATIC1111 stable-diffusion-webui, modules/extra_networks.py and extensions-builtin/Lora/extra_networks_lora.py (the notation)
import type { ModelCard, SamplerName, ScheduleName } from './request.ts';

/** One LoRA in a request. 1 is as it was trained, 0 nothing, below 0 the opposite. */
export interface LoraUse {
  readonly name: string;
  /** In the network that draws. */
  readonly strength: number;
  /** In the text encoders. */
  readonly textStrength: number;
}

/** One LoRA as it is asked for; what is not said is the LoRA's own strength, and for the text that of the picture. */
export interface LoraWish {
  readonly name: string;
  readonly strength?: number | undefined;
  readonly textStrength?: number | undefined;
}

/** What of a LoRA requests and people need to know. */
export interface LoraCard {
  readonly name: string;
  /** What it was made for, in words. */
  readonly family: string;
  /** Names of the models it fits. */
  readonly fits: readonly string[];
  /** Words that call what it learned. */
  readonly triggers: readonly string[];
  readonly about?: string | undefined;
  /** What its makers say it should be used with; overrides the model's defaults, never what somebody asks for. */
  readonly defaults: LoraDefaults;
  readonly sizeBytes: number;
  /** Twelve hexadecimal digits that tell its file from another one of the same name; not what recipes carry, which takes reading it whole. */
  readonly hash?: string | undefined;
  /** Parts of the file that fit no layer of any model here; the first few by name. */
  readonly idle?: readonly string[] | undefined;
  /** Picture of what it does, relative to the models folder, with slashes. */
  readonly preview?: string | undefined;
}

export interface LoraDefaults {
  readonly strength?: number | undefined;
  readonly textStrength?: number | undefined;
  readonly sampler?: SamplerName | undefined;
  readonly schedule?: ScheduleName | undefined;
  readonly steps?: number | undefined;
  readonly guidance?: number | undefined;
}

/** LoRAs in one request; each adds its rank to every layer of every step. */
export const MAX_LORAS = 8;
/** Beyond it every known LoRA destroys the picture. */
export const MAX_LORA_STRENGTH = 4;

/** `name:0.8` or `name:0.8:0.5`, picture and text apart; as `--lora` and the bot's lists write it. @returns undefined when it is neither */
export function parseLora(text: string): LoraWish | undefined {
  const [, name, picture, words] = /^([^:<>]+?)(?::([^:]*))?(?::([^:]*))?$/u.exec(text.trim()) ?? [];
  const strength = picture === undefined ? undefined : numberOf(picture);
  const textStrength = words === undefined ? undefined : numberOf(words);
  const isWrong = (said: string | undefined, read: number | undefined) => said !== undefined && read === undefined;
  if (name === undefined || isWrong(picture, strength) || isWrong(words, textStrength)) return undefined;
  return { name: name.trim(), ...said({ strength, textStrength }) };
}

function said(strengths: Pick<LoraWish, 'strength' | 'textStrength'>): Pick<LoraWish, 'strength' | 'textStrength'> {
  return Object.fromEntries(Object.entries(strengths).filter(([, value]) => value !== undefined));
}

export function formatLora({ name, strength, textStrength }: LoraUse): string {
  return strength === textStrength ? `${name}:${strength}` : `${name}:${strength}:${textStrength}`;
}

const TAG = /<lora:([^<>]*)>/gu;

/**
 * The prompt without its `<lora:…>` tags, and what they ask for. In a tag the text's strength stands first, and one number is both.
 * A tag that cannot be read stays in the prompt.
 */
export function takeLoraTags(prompt: string): { readonly prompt: string; readonly loras: readonly LoraWish[] } {
  const loras: LoraWish[] = [];
  const bare = prompt.replace(TAG, (tag, inner: string) => {
    const use = parseTag(inner);
    if (use === undefined) return tag;
    loras.push(use);
    return ' ';
  });
  return { prompt: loras.length === 0 ? prompt : bare.replace(/ {2,}/g, ' ').trim(), loras };
}

/** As `takeLoraTags` reads it. */
export function loraTag({ name, strength, textStrength }: LoraUse): string {
  return strength === textStrength ? `<lora:${name}:${strength}>` : `<lora:${name}:${textStrength}:${strength}>`;
}

/** `name:te:unet`, or with the two named: `name:te=0.5:unet=1`. */
function parseTag(inner: string): LoraWish | undefined {
  const [name, ...rest] = inner.split(':').map((part) => part.trim());
  const named = new Map(rest.filter((part) => part.includes('=')).map((part) => part.split('=') as [string, string]));
  const plain = rest.filter((part) => !part.includes('='));
  const words = named.get('te') ?? plain[0];
  const picture = named.get('unet') ?? plain[1] ?? words;
  const [textStrength, strength] = [words, picture].map((part) => (part === undefined ? undefined : numberOf(part)));
  const isWrong =
    (words !== undefined && textStrength === undefined) || (picture !== undefined && strength === undefined);
  if (name === undefined || name === '' || isWrong) return undefined;
  return { name, ...said({ strength, textStrength }) };
}

function numberOf(text: string): number | undefined {
  return /^[+-]?(\d{1,3}(\.\d{0,6})?|\.\d{1,6})$/.test(text.trim()) ? Number(text) : undefined;
}

/** Where the words a LoRA knows go; `suggest` leaves them out of prompts. */
export const LORA_WORDS = ['suggest', 'before', 'after'] as const;
export type LoraWords = (typeof LORA_WORDS)[number];

/** Words one LoRA adds to a prompt; captions of a whole training set would be a prompt of their own. */
const MAX_ADDED_WORDS = 3;

/** The prompt with the words its LoRAs know, as far as it does not have them already; what counts 0 calls nothing. */
export function withLoraWords(
  prompt: string,
  uses: readonly LoraWish[],
  cards: readonly LoraCard[],
  words: LoraWords,
): string {
  if (words === 'suggest') return prompt;
  const counted = uses.filter(({ strength }) => strength === undefined || strength > 0);
  const triggersOf = (name: string) => cards.find((card) => card.name === name)?.triggers ?? [];
  const wanted = counted.flatMap(({ name }) => triggersOf(name).slice(0, MAX_ADDED_WORDS));
  const missing = [...new Set(wanted)].filter((word) => !prompt.toLowerCase().includes(word.toLowerCase()));
  const parts = words === 'before' ? [...missing, prompt] : [prompt, ...missing];
  return parts.filter((part) => part !== '').join(', ');
}

/** The same LoRA asked for twice counts as its last, at its first place. */
export function merged<T extends LoraWish>(uses: readonly T[]): readonly T[] {
  return [...new Map(uses.map((use) => [use.name, use])).values()];
}

/** The cards of the LoRAs that fit a model. */
export function fitting(cards: readonly LoraCard[], model: Pick<ModelCard, 'name'>): readonly LoraCard[] {
  return cards.filter(({ fits }) => fits.includes(model.name));
}

/** Finds names people half remember: every letter of `typed` in order, those beginning so first, then whole pieces, then the shortest. */
export function fuzzy<T>(items: readonly T[], nameOf: (item: T) => string, typed: string): readonly T[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const scored = items.map((item) => ({
    item,
    name: nameOf(item),
    score: scoreOf(nameOf(item).toLowerCase(), wanted),
  }));
  return scored
    .filter(({ score }) => score !== undefined)
    .toSorted((a, b) => a.score! - b.score! || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .map(({ item }) => item);
}

/** 0 for a beginning, then where the piece lies, then how far the letters are apart; undefined where one is missing. */
function scoreOf(name: string, wanted: string): number | undefined {
  const at = name.indexOf(wanted);
  if (at !== -1) return at === 0 ? 0 : at;
  let from = -1;
  let gaps = 1000;
  for (const letter of wanted.replaceAll(' ', '')) {
    const next = name.indexOf(letter, from + 1);
    if (next === -1) return undefined;
    gaps += next - from - 1;
    from = next;
  }
  return gaps;
}

/** The part of the database that keeps stacks; the one without a name is in use. */
export interface LoraStacks {
  loraStack(userId: string, name?: string): readonly LoraUse[] | undefined;
  /**
   * Null takes it away, and so does an empty one under a name. An empty one in use stays: somebody wants none, not even what a server's people
   * begin with.
   */
  setLoraStack(userId: string, loras: readonly LoraUse[] | null, name?: string): void;
  loraStackNames(userId: string): readonly string[];
}
