// How the database answers under a long line and a long history: submit, claim, place and cancel with a hundred thousand waiting jobs; pages,
// searches and quotas over millions of rows. Changes are made as the bot makes them: committed on the event loop, synced to this disk by another thread.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { JobStore, NewJob } from '../../src/core/jobStore.ts';
import { DEFAULT_LIMITS, type ModelCard } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openStore } from '../../src/store/openStore.ts';

const CARD: ModelCard = {
  name: 'emoji',
  family: 'sd1',
  defaults: {
    size: { widthPx: 128, heightPx: 128 },
    steps: 12,
    guidance: 4,
    sampler: 'dpmpp_2m',
    strength: 0.75,
    style: null,
  },
  styles: {},
  sizeStepPx: 16,
};
const RULES = { dailyQuota: 1e9, maxWaitingPerUser: 1e9 };
const WORDS = ['red', 'blue', 'heart', 'cat', 'house', 'rocket', 'fog', 'river', 'owl', 'glass', 'winter', 'ink'];

let sources = 0;
function job(userId: string, prompt: string): NewJob {
  sources += 1;
  return {
    kind: 'imagine',
    request: resolveRequest({ prompt, seed: sources % 2 ** 32 }, CARD, DEFAULT_LIMITS, 1),
    parentJobId: null,
    parentImageIndex: null,
    userId,
    guildId: `g${sources % 50}`,
    channelId: 'channel',
    sourceId: `source-${sources}`,
    sourceKind: 'interaction',
    cost: 1,
  };
}

function prompt(n: number): string {
  return Array.from({ length: 5 }, (_, k) => WORDS[(n * (k + 3) + k * k) % WORDS.length]).join(' ');
}

/** Ten characters of the alphabet of job ids. */
function idOf(n: number): string {
  return n
    .toString(32)
    .padStart(10, '0')
    .replace(/./g, (digit) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(digit, 32)]!);
}

/** Milliseconds of each of `count` runs. */
function timed(count: number, run: (index: number) => void): number[] {
  return Array.from({ length: count }, (_, index) => {
    const start = performance.now();
    run(index);
    return performance.now() - start;
  }).toSorted((a, b) => a - b);
}

function row(what: string, times: readonly number[]): string {
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!.toFixed(2);
  return `${what.padEnd(34)} median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${times.at(-1)!.toFixed(2)} ms (${times.length})`;
}

/** The same for work as the bot does it, one after another: until it is on disk, and how long the event loop was held for it. */
async function rowsTogether(what: string, count: number, store: JobStore, work: (index: number) => unknown) {
  const [whole, held]: [number[], number[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    const [startMs, before] = [performance.now(), performance.eventLoopUtilization()];
    await store.together(() => work(index));
    held.push(performance.eventLoopUtilization(before).active);
    whole.push(performance.now() - startMs);
  }
  const rising = (times: readonly number[]) => times.toSorted((a, b) => a - b);
  console.log(row(`${what}, until on disk`, rising(whole)));
  console.log(row('  of it on the event loop', rising(held)));
}

/** What the disk itself takes for as many pages as a submitted job changes, written over and synced. */
function diskRow(folder: string): string {
  const file = openSync(path.join(folder, 'probe'), 'w+');
  const pages = Buffer.alloc(14 * 4_096, 1);
  const write = () => {
    writeSync(file, pages, 0, pages.length, 0);
    fdatasyncSync(file);
  };
  write();
  const times = timed(1_000, write);
  closeSync(file);
  return row('the disk alone, 14 pages', times);
}

/** A year's worth of rows put straight into the tables by SQLite itself, then found as the store finds its own. */
function fill(file: string, { waiting, history, users }: Amounts): void {
  const db = openDatabase(file);
  // A journal of millions of rows would take the disk a second time.
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', 'cache_size = -262144']) db.pragma(pragma);
  db.function('id_of', (n) => idOf(Number(n)));
  db.function('prompt_of', (n) => prompt(Number(n)));
  const ages = { now: Date.now(), gap: (365 * DAY_MS) / history, history };
  const known = db.prepare(`INSERT OR IGNORE INTO users (user_id) SELECT 'user-' || n FROM (${NUMBERS})`);
  known.run({ from: 0, to: users });
  const columns = (db.pragma('table_info(jobs)') as { name: string }[]).map(({ name }) => name);
  const copied = columns.filter((name) => name !== 'seq');
  const jobs = db.prepare(
    `INSERT INTO jobs (${copied.join()}) SELECT ${copied.map((name) => FILLED[name] ?? `one.${name}`).join()}
     FROM (${NUMBERS}), (SELECT * FROM jobs WHERE seq = 1) AS one`,
  );
  const pictures = db.prepare(`INSERT INTO pictures SELECT id_of(n), 0, 'p', 'h', 1, 128, 128, 1000 FROM (${NUMBERS})`);
  // Indexes sorted at the end are made many times sooner than kept at each of millions of rows.
  const indexes = db
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    .all() as IndexRow[];
  for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
  const entries = db.prepare(
    `INSERT INTO quota_ledger (job_id, user_id, guild_id, day, kind, pictures, at_ms)
     SELECT id_of(n), ${FILLED.user_id}, ${FILLED.guild_id}, ${FILLED.created_at_ms} / ${DAY_MS}, kind, 1, ${FILLED.created_at_ms}
     FROM (${NUMBERS}), (SELECT 'reserve' AS kind UNION ALL SELECT 'charge') WHERE kind = 'reserve' OR n < @history`,
  );
  for (let from = 0; from < history + waiting; from += AT_ONCE) {
    const range = { ...ages, users, from, to: Math.min(history + waiting, from + AT_ONCE) };
    db.transaction(() => {
      for (const rows of [jobs, entries]) rows.run(range);
      pictures.run({ from, to: range.to });
    })();
  }
  for (const { sql } of indexes) db.exec(sql);
  db.close();
}

interface IndexRow {
  readonly name: string;
  readonly sql: string;
}

const DAY_MS = 86_400_000;
/** Rows of one transaction. */
const AT_ONCE = 100_000;
const NUMBERS =
  'WITH RECURSIVE numbers (n) AS (SELECT @from UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < @to) SELECT n FROM numbers';
/** What differs from row to row. */
const FILLED: Readonly<Record<string, string>> = {
  id: 'id_of(n)',
  state: "iif(n < @history, 'delivered', 'queued')",
  request: "json_set(one.request, '$.prompt', prompt_of(n))",
  user_id: "'user-' || (n % @users)",
  guild_id: "'g' || (n % 50)",
  source_id: "'filled-' || n",
  message_id: 'NULL',
  created_at_ms: 'CAST(@now - max(0, @history - n) * @gap AS INTEGER)',
};

interface Amounts {
  readonly waiting: number;
  readonly history: number;
  readonly users: number;
}

/** Options: `--waiting N --history N --users N`, and `--folder DIR` for another disk, or memory, than that of temporary files. */
export async function benchStore(args: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { waiting: text, history: text, users: text, folder: text };
  const { values } = parseArgs({ args: [...args], options });
  const [waiting, history, users] = [values.waiting ?? 100_000, values.history ?? 1_000_000, values.users ?? 1_000].map(
    Number,
  ) as [number, number, number];
  const folder = mkdtempSync(path.join(values.folder ?? tmpdir(), 'darkroom-bench-'));
  const file = path.join(folder, 'darkroom.db');
  try {
    let store: JobStore = openStore({ file });
    store.accept(job('user-0', prompt(1)), RULES);
    store.close();
    const start = performance.now();
    fill(file, { waiting, history, users });
    console.log(
      `${waiting} waiting, ${history} past jobs of ${users} users (filled in ${Math.round((performance.now() - start) / 1000)} s)`,
    );
    const opening = performance.now();
    store = openStore({ file });
    console.log(`opened, the words of all prompts indexed, in ${((performance.now() - opening) / 1000).toFixed(0)} s`);
    const opened = performance.now();
    store.claimNext('w', 60_000);
    console.log(`the first claim after the start reads the line: ${(performance.now() - opened).toFixed(0)} ms`);
    // Until the log has come to its length and is written over from its beginning, as in a database that has been in use.
    for (let n = 0; n < 1_500; n += 1) store.accept(job(`user-${n % users}`, prompt(n)), RULES);
    console.log(diskRow(folder));
    const ids: string[] = [];
    await rowsTogether('submit', 1_000, store, (n) => {
      const result = store.accept(job(`user-${n % users}`, prompt(n)), RULES);
      if (result.ok) ids.push(result.job.id);
    });
    await rowsTogether('acknowledge', 1_000, store, (n) => store.acknowledge(ids[n]!));
    await rowsTogether('claim', 1_000, store, () => store.claimNext('w', 60_000));
    console.log(
      row(
        'place and time',
        timed(1_000, (n) => store.waitOf(ids[n]!)),
      ),
    );
    await rowsTogether('cancel', 500, store, (n) => store.cancel(ids[n]!));
    console.log(
      row(
        'quota',
        timed(1_000, (n) => store.quota({ userId: `user-${n % users}`, guildId: 'g1' }, RULES)),
      ),
    );
    const page = { limit: 10, offset: 0 };
    const past = (words?: string) => (n: number) =>
      void store.history({ userId: `user-${n % users}`, ...(words === undefined ? {} : { words }) }, page);
    console.log(row('history, a page', timed(300, past())));
    console.log(row('search, a common word', timed(300, past('heart'))));
    console.log(row('search, two words, one begun', timed(300, past('red ca'))));
    console.log(row('search, found nowhere', timed(300, past('zebra'))));
    store.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
