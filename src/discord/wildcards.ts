// The lists somebody's prompts may name: the owner's text files and their own; and prompts read with them, drawn by the seed.
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { overlay, readPrompt } from '../core/promptFlags.ts';
import type { RequestDraft } from '../core/request.ts';
import { drawWildcards, hasWildcards, readChoices, type Wildcards, wildcardName } from '../core/wildcards.ts';
import type { BotContext } from './context.ts';

/** Files read of the owner's folder, and bytes of one; a list of thousands is a dictionary. */
const MAX_FILES = 500;
const MAX_FILE_BYTES = 256 * 1024;

interface KnownFile {
  readonly changedMs: number;
  readonly choices: readonly string[];
}

/** `NAME.txt` in one folder, read again when a file changed. */
export class WildcardFolder {
  readonly #folder: string;
  #known = new Map<string, KnownFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Empty where there is no such folder. */
  async lists(): Promise<Wildcards> {
    const names = await readdir(this.#folder).catch(() => []);
    const files = names.filter((name) => name.endsWith('.txt')).sort();
    const known = new Map<string, KnownFile>();
    for (const file of files.slice(0, MAX_FILES)) {
      const name = wildcardName(file.slice(0, -'.txt'.length));
      const found = name === undefined ? undefined : await this.#read(name, file);
      if (name !== undefined && found !== undefined) known.set(name, found);
    }
    this.#known = known;
    return new Map([...known].map(([name, { choices }]) => [name, choices]));
  }

  async #read(name: string, file: string): Promise<KnownFile | undefined> {
    const place = path.join(this.#folder, file);
    const found = await stat(place).catch(() => undefined);
    if (found === undefined || !found.isFile() || found.size > MAX_FILE_BYTES) return undefined;
    const before = this.#known.get(name);
    if (before?.changedMs === found.mtimeMs) return before;
    const text = await readFile(place, 'utf8').catch(() => '');
    return { changedMs: found.mtimeMs, choices: readChoices(text) };
  }
}

/** Own lists go before the owner's of the same name. */
export async function wildcardsOf(userId: string, { store, wildcards }: BotContext): Promise<Wildcards> {
  const shared = (await wildcards?.lists()) ?? new Map();
  return new Map([...shared, ...store.wildcards(userId).map(({ name, choices }) => [name, choices] as const)]);
}

/** As `wildcardsOf`, for a text that may name none: then no folder is read. */
export async function wildcardsIn(text: string, userId: string, bot: BotContext): Promise<Wildcards> {
  return hasWildcards(text) ? wildcardsOf(userId, bot) : new Map();
}

/**
 * A prompt read with its lists: what was drawn is the prompt, and how it was written stays beside it, so that another seed draws anew.
 * @param given what is said beside the prompt
 * @throws request_invalid
 */
export function readDrawn(
  text: string,
  given: Partial<RequestDraft>,
  lists: Wildcards,
  randomSeed: () => number,
): RequestDraft {
  if (!hasWildcards(text)) return overlay(readPrompt(text), given);
  const seed = given.seed ?? readPrompt(text).seed ?? randomSeed();
  const draft = overlay(readPrompt(drawWildcards(text, lists, seed)), given);
  return { ...draft, seed, template: readPrompt(text).prompt };
}

/** For a new seed: what the old one had drawn is drawn anew. @throws request_invalid when a list is gone */
export function drawnAgain(draft: RequestDraft, lists: Wildcards, randomSeed: () => number): RequestDraft {
  if (draft.template === undefined) return draft;
  const seed = draft.seed ?? randomSeed();
  return { ...draft, seed, prompt: readPrompt(drawWildcards(draft.template, lists, seed)).prompt };
}
