// How results look in a server: cards, or ordinary messages with an embed where its people prefer those.
import type { JobStore } from '../core/jobStore.ts';

export const LOOKS = ['card', 'classic'] as const;
export type Look = (typeof LOOKS)[number];

/** Where the choice is kept. */
export function lookKey(guildId: string): string {
  return `look_${guildId}`;
}

/** Cards where nobody chose, and outside servers. */
export function lookOf(guildId: string | null, store: Pick<JobStore, 'setting'>): Look {
  return guildId !== null && store.setting(lookKey(guildId), () => 'card') === 'classic' ? 'classic' : 'card';
}
