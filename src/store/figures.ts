// What the charts are counted from, read from the database; also by a process of its own, which can read and nothing else.
import Database from 'better-sqlite3';
import type { JobFigure, RefusalFigure, StatsFilter } from '../core/houseRules.ts';
import { dayOf } from '../core/quota.ts';
import { asStoreErrors, type Database as Connection, cachedStatements } from './database.ts';

const FIGURES = `SELECT user_id AS userId, model, state, json_extract(request, '$.count') AS count, created_at_ms AS createdAtMs,
  started_at_ms AS startedAtMs, gpu_ms AS gpuMs FROM jobs`;
/** How long a statement waits for another process, in milliseconds; a reader of a write-ahead log hardly ever does. */
const BUSY_TIMEOUT_MS = 5_000;

export interface Figures {
  /** Newest first, read as they are asked for; nothing else may be done with the connection meanwhile. */
  each(filter: StatsFilter): Iterable<JobFigure>;
  refusals(filter: StatsFilter): readonly RefusalFigure[];
}

export function figuresOf(db: Connection): Figures {
  const figures = cachedStatements<JobFigure>(db);
  const refusalsThere = db.prepare<[string, number], RefusalFigure>(
    'SELECT day, reason, count FROM refusals WHERE guild_id = ? AND day >= ? ORDER BY day',
  );
  const refusals = db.prepare<[number], RefusalFigure>(
    'SELECT day, reason, sum(count) AS count FROM refusals WHERE day >= ? GROUP BY day, reason ORDER BY day',
  );
  return {
    *each({ guildId, sinceMs }) {
      const where = guildId === null ? '' : 'WHERE guild_id = @guildId';
      // Newest first by the order of acceptance, which has an index; no index on the time of acceptance is needed for a chart a month.
      for (const row of figures(`${FIGURES} ${where} ORDER BY seq DESC`).iterate({ guildId })) {
        if (row.createdAtMs < sinceMs) return;
        yield row;
      }
    },
    refusals: ({ guildId, sinceMs }) =>
      guildId === null ? refusals.all(dayOf(sinceMs)) : refusalsThere.all(guildId, dayOf(sinceMs)),
  };
}

/** @param file of a migrated database; it is not changed. @throws store_failed */
export function openFigures(file: string): Figures & { readonly close: () => void } {
  return asStoreErrors(() => {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      db.pragma('trusted_schema = OFF');
      return { ...figuresOf(db), close: () => void db.close() };
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  });
}
