// What stands under the bot's name: how many requests there are, and the model. Signs and numbers only, because it is the same for everybody.
import { ActivityType } from 'discord.js';
import type { Clock } from '../clock.ts';
import type { JobStore } from '../core/jobStore.ts';

/** Between two changes; Discord takes five in twenty seconds, and nobody reads faster. */
export const PRESENCE_PAUSE_MS = 20_000;

export interface PresenceOptions {
  readonly store: Pick<JobStore, 'counts'>;
  readonly model: () => string;
  readonly clock: Clock;
  /** Gives Discord the new line. */
  readonly tell: (activity: {
    readonly name: string;
    readonly type: ActivityType.Custom;
    readonly state: string;
  }) => void;
  readonly pauseMs?: number;
}

/** "🎞️ 1 · ⏳ 12 · emoji" */
export function presenceLine(
  { waiting, running }: { readonly waiting: number; readonly running: number },
  model: string,
): string {
  const parts = [...(running === 0 ? [] : [`🎞️ ${running}`]), ...(waiting === 0 ? [] : [`⏳ ${waiting}`]), model];
  return parts.join(' · ').slice(0, 128);
}

/** Until the signal aborts; only what changed is told. A look that fails is not worth more than the next one. */
export async function keepPresence(options: PresenceOptions, signal: AbortSignal): Promise<void> {
  const { store, model, clock, tell, pauseMs = PRESENCE_PAUSE_MS } = options;
  let told = '';
  while (!signal.aborted) {
    const line = lineNow(store, model());
    if (line !== undefined && line !== told) {
      tell({ name: 'Darkroom', type: ActivityType.Custom, state: line });
      told = line;
    }
    await clock.sleep(pauseMs, signal).catch(() => {});
  }
}

/** Undefined while the database cannot tell. */
function lineNow(store: PresenceOptions['store'], model: string): string | undefined {
  try {
    return presenceLine(store.counts(), model);
  } catch {
    return undefined;
  }
}
