// How the database answers under a long line and a long history: submit, claim, place and cancel with a hundred thousand waiting jobs; pages,
// searches and quotas over millions of rows. Times are whole transactions, commits synced to this disk included.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
  db.close();
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

/** Options: `--waiting N --history N --users N`. */
export async function benchStore(args: readonly string[]): Promise<void> {
  const option = (name: string, usual: number) => {
    const at = args.indexOf(`--${name}`);
    return at === -1 ? usual : Number(args[at + 1]);
  };
  const [waiting, history] = [option('waiting', 100_000), option('history', 1_000_000)];
  const users = option('users', 1_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-bench-'));
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
    const ids: string[] = [];
    console.log(
      row(
        'submit',
        timed(1_000, (n) => {
          const result = store.accept(job(`user-${n % users}`, prompt(n)), RULES);
          if (result.ok) ids.push(result.job.id);
        }),
      ),
    );
    console.log(
      row(
        'acknowledge',
        timed(1_000, (n) => store.acknowledge(ids[n]!)),
      ),
    );
    console.log(
      row(
        'claim',
        timed(1_000, () => store.claimNext('w', 60_000)),
      ),
    );
    console.log(
      row(
        'place and time',
        timed(1_000, (n) => store.waitOf(ids[n]!)),
      ),
    );
    console.log(
      row(
        'cancel',
        timed(500, (n) => store.cancel(ids[n]!)),
      ),
    );
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
