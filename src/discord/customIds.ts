// Custom ids of buttons and modals: `v1:action:argument…:mac`. Short, versioned and signed, so that a handler only ever sees what this
// bot wrote. What an id may do is not decided here: handlers check job, message and user in the database at every use.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { JobStore } from '../core/jobStore.ts';

/** Discord's limit for a custom id, in characters. */
export const MAX_CUSTOM_ID_CHARS = 100;
const VERSION = 'v1';
/** 9 bytes, 12 characters: 2^72 guesses through a rate-limited API. */
const MAC_BYTES = 9;

export const ACTIONS = [
  'vary',
  'again',
  'edit',
  'recipe',
  'remake',
  'delete',
  'cancel',
  'page',
  'editForm',
  'varyForm',
  'inputForm',
  'pick',
  'same',
  'favourite',
  'more',
  'source',
  'sourceForm',
  'family',
  'verify',
  'upscale',
  'choose',
  'search',
  'searchForm',
  'settings',
  'settingsForm',
  'forget',
  'many',
  'loras',
  'control',
  'controlForm',
  'controlInputForm',
  'sheet',
  'sheetAgain',
  'grow',
  'reshape',
  'region',
  'regionCells',
  'regionMask',
  'regionForm',
  'expression',
  'expressionForm',
  'reveal',
  'why',
  'report',
  'reportForm',
  'review',
  'theirs',
  'audit',
  'stats',
] as const;
export type Action = (typeof ACTIONS)[number];

export interface CustomId {
  readonly action: Action;
  readonly args: readonly string[];
}

export interface CustomIds {
  /** @throws RangeError when the id would pass Discord's limit; arguments are ids and numbers, never user text. */
  write(action: Action, ...args: readonly (string | number)[]): string;
  /** undefined for anything this bot did not write, or wrote under another key. */
  read(customId: string): CustomId | undefined;
}

/** The signing key is made once and kept in the database, so that buttons work after a restart. */
export function makeCustomIds(store: Pick<JobStore, 'setting'>): CustomIds {
  const key = Buffer.from(
    store.setting('custom_id_key', () => randomBytes(32).toString('base64url')),
    'base64url',
  );
  const sign = (text: string) =>
    createHmac('sha256', key).update(text).digest().subarray(0, MAC_BYTES).toString('base64url');

  return {
    write(action, ...args) {
      const text = [VERSION, action, ...args].join(':');
      const id = `${text}:${sign(text)}`;
      if (id.length > MAX_CUSTOM_ID_CHARS) {
        throw new RangeError(`custom id of ${action} has ${id.length} characters, at most ${MAX_CUSTOM_ID_CHARS}`);
      }
      return id;
    },
    read(customId) {
      const cut = customId.lastIndexOf(':');
      const text = customId.slice(0, Math.max(0, cut));
      if (!sameText(customId.slice(cut + 1), sign(text))) return undefined;
      const [version, action, ...args] = text.split(':');
      return version === VERSION && isAction(action) ? { action, args } : undefined;
    },
  };
}

function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function isAction(value: unknown): value is Action {
  return (ACTIONS as readonly unknown[]).includes(value);
}
