// What was read of the rules is kept until somebody changes one: every order asks for all of them, hardly anybody ever changes any, and a crowd
// would wait for SQLite to say the same thing a thousand times. SQLite itself tells of every change: of this connection's by triggers that are
// its alone, of other programs' by `data_version`, looked at once in a turn of the event loop.
// @source SQLite documentation, "CREATE TRIGGER" (TEMP triggers on tables of the main database) and "PRAGMA data_version"
import type { Database } from './database.ts';

/** Kept of each kind of question; beyond, all of its answers are forgotten. */
const MAX_KEPT = 2_000;

/** Tables the answers come from. */
const TABLES = [
  'members',
  'user_settings',
  'lora_stacks',
  'word_rules',
  'quota_rules',
  'role_weights',
  'server_limits',
  'model_rules',
  'settings',
  'policies',
  'channel_rules',
  'lora_rules',
  'lora_defaults',
] as const;
/** A new row of `users` says nothing yet about a ban, and comes with every new person. */
const CHANGES: readonly (readonly [table: string, change: string])[] = [
  ...TABLES.flatMap((table) => ['INSERT', 'UPDATE', 'DELETE'].map((change) => [table, change] as const)),
  ['users', 'UPDATE'],
  ['users', 'DELETE'],
];

export interface Remembering {
  /** `read`, each of its answers kept, and frozen as everybody gets the same. It reads nothing but the tables above. */
  of<A extends readonly string[], V>(read: (...asked: A) => V): (...asked: A) => V;
  /** A transaction was taken back: what it let be read is not so. */
  forget(): void;
}

export function makeRemembering(db: Database): Remembering {
  const kept: Map<string, unknown>[] = [];
  const dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
  let seenVersion: number | undefined;
  let isLooked = false;

  const forget = () => {
    for (const answers of kept) answers.clear();
  };
  /** Nobody else's change comes to light within a turn. */
  const look = () => {
    if (isLooked) return;
    isLooked = true;
    setImmediate(() => {
      isLooked = false;
    });
    const version = dataVersion.get();
    if (version !== seenVersion) forget();
    seenVersion = version;
  };

  db.function('rules_changed', forget);
  for (const [table, change] of CHANGES) {
    db.exec(
      `CREATE TEMP TRIGGER IF NOT EXISTS ${table}_${change} AFTER ${change} ON main.${table} BEGIN SELECT rules_changed(); END`,
    );
  }

  return {
    of<A extends readonly string[], V>(read: (...asked: A) => V) {
      const answers = new Map<string, V>();
      kept.push(answers);
      return (...asked: A) => {
        look();
        const key = asked.length === 1 ? asked[0]! : JSON.stringify(asked);
        const known = answers.get(key);
        if (known !== undefined || answers.has(key)) return known as V;
        const answer = frozen(read(...asked));
        if (answers.size >= MAX_KEPT) answers.clear();
        answers.set(key, answer);
        return answer;
      };
    },
    forget,
  };
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
