// What people keep with the bot: settings, named styles, favourites, and the search through their own pictures.
import type { JobRecord } from './job.ts';
import type { LoraWords } from './lora.ts';
import type { Size } from './request.ts';

/** What a person set for all requests; absent is the model's or the program's own. */
export interface UserSettings {
  /** Language of the answers to this person; absent follows Discord. */
  readonly language?: string;
  readonly model?: string;
  readonly size?: Size;
  readonly steps?: number;
  readonly guidance?: number;
  readonly sampler?: string;
  readonly style?: string;
  readonly count?: number;
  /** Whether to be mentioned when pictures are ready. */
  readonly mention?: boolean;
  /** Whether prompts stay out of the channel and out of the files. */
  readonly privatePrompts?: boolean;
  /** Name of the style that is added to everything. */
  readonly styleInUse?: string;
  /** Where the words go that a LoRA knows; absent leaves them out. */
  readonly loraWords?: LoraWords;
}

/** Words and flags under a name. */
export interface NamedStyle {
  readonly userId: string;
  /** 1 to 24 letters, digits and hyphens, lower case. */
  readonly name: string;
  readonly text: string;
  /** The server it is shared with. */
  readonly guildId: string | null;
}

/** Beyond, nobody finds anything in the list. */
export const MAX_STYLES = 50;
const STYLE_NAME = /^[\p{L}\p{N}][\p{L}\p{N}-]{0,23}$/u;

/** The name as it is kept, or undefined when it cannot be one. */
export function styleName(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  return STYLE_NAME.test(name) && name !== 'none' ? name : undefined;
}

/** What `__name__` in a prompt stands for. */
export interface WildcardList {
  readonly name: string;
  readonly choices: readonly string[];
}

export interface HistoryFilter {
  readonly userId: string;
  /** Words that begin words of the prompt. */
  readonly words?: string;
  readonly model?: string;
  readonly lora?: string;
  /** This person's favourites, whoever made them, instead of the own pictures. */
  readonly favourites?: boolean;
  readonly sinceMs?: number;
  /** Exclusive. */
  readonly untilMs?: number;
}

export interface Forgotten {
  readonly requests: number;
  /** Of the erased pictures, relative to the data folder. */
  readonly files: readonly string[];
  /** Messages that still show them. */
  readonly messages: readonly { readonly channelId: string; readonly messageId: string }[];
}

/** The part of the database that belongs to people. */
export interface PeopleStore {
  /** Finished jobs with pictures, newest first. */
  history(filter: HistoryFilter, page: { readonly limit: number; readonly offset: number }): readonly JobRecord[];
  /** Finished jobs made from this one, oldest first. */
  children(jobId: string, limit: number): readonly JobRecord[];
  isFavourite(userId: string, jobId: string): boolean;
  /** Adds or removes. @returns whether it is one now. */
  toggleFavourite(userId: string, jobId: string): boolean;
  favourites(userId: string): readonly string[];

  settings(userId: string): UserSettings;
  /** Replaces all of them. */
  setSettings(userId: string, settings: UserSettings): void;

  /** Adds or replaces; false when there are MAX_STYLES already. A replaced style stays shared. */
  saveStyle(userId: string, name: string, text: string): boolean;
  deleteStyle(userId: string, name: string): boolean;
  /** The person's own, then what others share with that server. */
  styles(userId: string, guildId: string | null): readonly NamedStyle[];
  /** The style of that name a person can use there, an own one first. */
  style(userId: string, guildId: string | null, name: string): NamedStyle | undefined;
  /** Null ends the sharing. @returns `taken` when another shared style of that server has the name. */
  shareStyle(userId: string, name: string, guildId: string | null): 'done' | 'taken' | 'unknown';

  /** A person's own lists of words for prompts, by name. */
  wildcards(userId: string): readonly WildcardList[];
  /** Adds or replaces; false when there are MAX_LISTS already. */
  saveWildcard(userId: string, list: WildcardList): boolean;
  deleteWildcard(userId: string, name: string): boolean;

  /** Keeps something for a button; the oldest of a person's many go. @returns its id, 12 characters */
  keepNote(userId: string, body: unknown): string;
  note(userId: string, id: string): unknown;
  /** Reads it for the last time. */
  takeNote(userId: string, id: string): unknown;

  /** Every row that names somebody, by what it is; other people's ids are left out. */
  everythingOf(userId: string): Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  /** How much `forget` would erase. */
  holdings(userId: string): { readonly requests: number; readonly pictures: number };
  /** Cancels what is unfinished and erases prompts, pictures, settings, styles and favourites; the ledger stays. */
  forget(userId: string): Forgotten;
}
