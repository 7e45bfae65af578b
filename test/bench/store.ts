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

/** Rows put straight into the tables, a hundred times faster than one order after the other, then found as the store finds its own. */
function fill(file: string, waiting: number, history: number, users: number): void {
  const db = openDatabase(file);
  const columns = db.pragma('table_info(jobs)') as { name: string }[];
  const template = db.prepare('SELECT * FROM jobs LIMIT 1').get() as Record<string, unknown>;
  const names = columns.map(({ name }) => name).filter((name) => name !== 'seq');
  const insert = db.prepare(`INSERT INTO jobs (${names.join()}) VALUES (${names.map((name) => `@${name}`).join()})`);
  const sample = JSON.parse(String(template.request)) as object;
  const picture = db.prepare(`INSERT INTO pictures VALUES (?, 0, 'p', 'h', 1, 128, 128, 1000)`);
  const user = db.prepare('INSERT OR IGNORE INTO users (user_id) VALUES (?)');
  db.pragma('synchronous = OFF');
  db.transaction(() => {
    for (let n = 0; n < users; n += 1) user.run(`user-${n}`);
    for (let n = 0; n < history + waiting; n += 1) {
      const state = n < history ? 'delivered' : 'queued';
      const id = idOf(n);
      const request = JSON.stringify({ ...sample, prompt: prompt(n) });
      const userId = `user-${n % users}`;
      insert.run({ ...template, id, state, request, user_id: userId, source_id: `filled-${n}`, message_id: null });
      picture.run(id);
    }
  })();
  db.close();
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
    fill(file, waiting, history, users);
    console.log(
      `${waiting} waiting, ${history} past jobs of ${users} users (filled in ${Math.round((performance.now() - start) / 1000)} s)`,
    );
    store = openStore({ file });
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
