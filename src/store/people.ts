// The part of the database that belongs to people: search, favourites, settings, styles, notes, and forgetting.
// Deliberately not here: the ledger; what somebody used stays counted.
import { MAX_STYLES, type NamedStyle, type PeopleStore, type UserSettings } from '../core/people.ts';
import { indexedWords, OWNER, wordQuery } from '../core/promptWords.ts';
import type { ResolvedRequest } from '../core/request.ts';
import { MAX_LISTS } from '../core/wildcards.ts';
import { cachedStatements, type Database } from './database.ts';
import { type JobRow, toJob } from './jobRows.ts';
import { makePersonalData } from './personalData.ts';
import type { Remembering } from './remembering.ts';

export interface People extends Omit<PeopleStore, 'keepNote' | 'setSettings' | 'saveStyle' | 'toggleFavourite'> {
  /** Makes the words of a job that has pictures findable. */
  index(seq: number, request: ResolvedRequest, userId: string): void;
  toggleFavourite(userId: string, jobId: string, nowMs: number): boolean;
  setSettings(userId: string, settings: UserSettings): void;
  saveStyle(userId: string, name: string, text: string): boolean;
  keepNote(userId: string, id: string, body: unknown, nowMs: number): void;
}

/** Notes of one person; a private message older than that many clicks is long gone. */
const MAX_NOTES = 100;

const SHOWN = `state IN ('developed', 'delivered') AND kind <> 'verify'
  AND EXISTS (SELECT 1 FROM pictures WHERE pictures.job_id = jobs.id)`;
/** What a page may be narrowed by; each condition stands in the statement only where it is asked for, so that each finds its index. */
const CONDITIONS = {
  own: 'user_id = @userId',
  favourites: 'id IN (SELECT job_id FROM favourites WHERE user_id = @userId)',
  query: `EXISTS (SELECT 1 FROM prompt_words WHERE rowid = jobs.seq AND prompt_words MATCH replace(@query, '${OWNER}', jobs.user_id))`,
  model: 'model = @model',
  lora: "EXISTS (SELECT 1 FROM json_each(request, '$.loras') WHERE json_extract(value, '$.name') = @lora)",
  sinceMs: 'created_at_ms >= @sinceMs',
  untilMs: 'created_at_ms < @untilMs',
  // A person's own words: the index gives the newest first, and nobody else's.
  ownQuery: `seq IN (SELECT rowid FROM prompt_words WHERE prompt_words MATCH replace(@query, '${OWNER}', @userId))`,
} as const;

function historySql(conditions: readonly (keyof typeof CONDITIONS)[]): string {
  const where = [SHOWN, ...conditions.map((name) => CONDITIONS[name])].join(' AND ');
  return `SELECT * FROM jobs WHERE ${where} ORDER BY seq DESC LIMIT @limit OFFSET @offset`;
}

export function makePeople(db: Database, remembered: Remembering): People {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const addWords = db.prepare<[number, string]>('INSERT OR REPLACE INTO prompt_words (rowid, words) VALUES (?, ?)');
  const history = cachedStatements<JobRow>(db);
  const children = db.prepare<[string, number], JobRow>(
    `SELECT * FROM jobs WHERE parent_job_id = ? AND ${SHOWN} ORDER BY seq LIMIT ?`,
  );
  const favourite = db
    .prepare<[string, string], number>('SELECT 1 FROM favourites WHERE user_id = ? AND job_id = ?')
    .pluck();
  const addFavourite = db.prepare('INSERT INTO favourites VALUES (?, ?, ?)');
  const dropFavourite = db.prepare('DELETE FROM favourites WHERE user_id = ? AND job_id = ?');
  const favourites = db
    .prepare<[string], string>('SELECT job_id FROM favourites WHERE user_id = ? ORDER BY at_ms DESC')
    .pluck();
  const settings = db.prepare<[string], string>('SELECT settings FROM user_settings WHERE user_id = ?').pluck();
  const putSettings = db.prepare<[string, string]>('INSERT OR REPLACE INTO user_settings VALUES (?, ?)');
  const settingsOf = remembered.of((userId: string) => JSON.parse(settings.get(userId) ?? '{}') as UserSettings);
  const countStyles = db.prepare<[string], number>('SELECT count(*) FROM styles WHERE user_id = ?').pluck();
  const putStyle = db.prepare<[string, string, string]>(
    'INSERT INTO styles (user_id, name, text) VALUES (?, ?, ?) ON CONFLICT (user_id, name) DO UPDATE SET text = excluded.text',
  );
  const dropStyle = db.prepare<[string, string]>('DELETE FROM styles WHERE user_id = ? AND name = ?');
  const styles = db.prepare<[{ userId: string; guildId: string | null }], NamedStyle>(
    `SELECT user_id AS userId, name, text, guild_id AS guildId FROM styles WHERE user_id = @userId OR guild_id = @guildId
     ORDER BY user_id <> @userId, name`,
  );
  const sharedBy = db
    .prepare<[string, string], string>('SELECT user_id FROM styles WHERE guild_id = ? AND name = ?')
    .pluck();
  const share = db.prepare<[string | null, string, string]>(
    'UPDATE styles SET guild_id = ? WHERE user_id = ? AND name = ?',
  );
  const lists = db.prepare<[string], { name: string; choices: string }>(
    'SELECT name, choices FROM wildcards WHERE user_id = ? ORDER BY name',
  );
  const putList = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO wildcards VALUES (?, ?, ?)');
  const dropList = db.prepare<[string, string]>('DELETE FROM wildcards WHERE user_id = ? AND name = ?');
  const addNote = db.prepare('INSERT INTO notes (id, user_id, body, at_ms) VALUES (?, ?, ?, ?)');
  const trimNotes = db.prepare(
    `DELETE FROM notes WHERE user_id = @userId
     AND seq NOT IN (SELECT seq FROM notes WHERE user_id = @userId ORDER BY seq DESC LIMIT ${MAX_NOTES})`,
  );
  const note = db.prepare<[string, string], string>('SELECT body FROM notes WHERE user_id = ? AND id = ?').pluck();
  const dropNote = db.prepare('DELETE FROM notes WHERE user_id = ? AND id = ?');
  const forget = makeForget(db);

  const stylesOf = (userId: string, guildId: string | null) => styles.all({ userId, guildId });
  const noteOf = (userId: string, id: string): unknown => {
    const body = note.get(userId, id);
    return body === undefined ? undefined : JSON.parse(body);
  };
  indexMissing(db, (seq, words) => addWords.run(seq, words));

  return {
    index: (seq, request, userId) => addWords.run(seq, wordsOf(request, userId)),
    history({ userId, words, favourites = false, ...filter }, page) {
      const query = words === undefined ? undefined : wordQuery(words);
      const narrowed = Object.entries(filter).filter(([, value]) => value !== undefined) as [
        keyof typeof CONDITIONS,
        unknown,
      ][];
      const conditions = [
        favourites ? 'favourites' : 'own',
        ...(query === undefined ? [] : [favourites ? 'query' : 'ownQuery']),
        ...narrowed.map(([name]) => name),
      ] as (keyof typeof CONDITIONS)[];
      const rows = history(historySql(conditions)).all({ userId, query, ...Object.fromEntries(narrowed), ...page });
      return rows.map(toJob);
    },
    children: (jobId, limit) => children.all(jobId, limit).map(toJob),
    isFavourite: (userId, jobId) => favourite.get(userId, jobId) !== undefined,
    toggleFavourite(userId, jobId, nowMs) {
      if (dropFavourite.run(userId, jobId).changes > 0) return false;
      know.run(userId);
      addFavourite.run(userId, jobId, nowMs);
      return true;
    },
    favourites: (userId) => favourites.all(userId),

    settings: settingsOf,
    setSettings(userId, values) {
      know.run(userId);
      putSettings.run(userId, JSON.stringify(values));
    },

    saveStyle(userId, name, text) {
      const isNew = !stylesOf(userId, null).some((style) => style.userId === userId && style.name === name);
      if (isNew && countStyles.get(userId)! >= MAX_STYLES) return false;
      know.run(userId);
      putStyle.run(userId, name, text);
      return true;
    },
    deleteStyle: (userId, name) => dropStyle.run(userId, name).changes > 0,
    styles: stylesOf,
    style: (userId, guildId, name) => stylesOf(userId, guildId).find((style) => style.name === name),
    shareStyle(userId, name, guildId) {
      const owner = guildId === null ? undefined : sharedBy.get(guildId, name);
      if (owner !== undefined && owner !== userId) return 'taken';
      return share.run(guildId, userId, name).changes > 0 ? 'done' : 'unknown';
    },

    wildcards: (userId) =>
      lists.all(userId).map(({ name, choices }) => ({ name, choices: JSON.parse(choices) as string[] })),
    saveWildcard(userId, { name, choices }) {
      const names = lists.all(userId).map((list) => list.name);
      if (!names.includes(name) && names.length >= MAX_LISTS) return false;
      know.run(userId);
      putList.run(userId, name, JSON.stringify(choices));
      return true;
    },
    deleteWildcard: (userId, name) => dropList.run(userId, name).changes > 0,

    keepNote(userId, id, body, nowMs) {
      know.run(userId);
      addNote.run(id, userId, JSON.stringify(body), nowMs);
      trimNotes.run({ userId });
    },
    note: noteOf,
    takeNote(userId, id) {
      const body = noteOf(userId, id);
      dropNote.run(userId, id);
      return body;
    },
    ...forget,
  };
}

function wordsOf({ prompt, negativePrompt }: ResolvedRequest, userId: string): string {
  return indexedWords(`${prompt} ${negativePrompt}`, userId);
}

/** Jobs from before there was an index; once it holds anything it is complete, for words are added together with the pictures. */
function indexMissing(db: Database, add: (seq: number, words: string) => void): void {
  if (db.prepare('SELECT 1 FROM prompt_words LIMIT 1').get() !== undefined) return;
  const page = db.prepare<[number, number], { seq: number; userId: string; request: string }>(
    `SELECT seq, user_id AS userId, request FROM jobs WHERE +state IN ('developed', 'delivered') AND seq > ? ORDER BY seq LIMIT ?`,
  );
  db.transaction(() => {
    for (let rows = page.all(-1, INDEXED_AT_ONCE); rows.length > 0; ) {
      for (const { seq, userId, request } of rows) add(seq, wordsOf(JSON.parse(request) as ResolvedRequest, userId));
      rows = page.all(rows.at(-1)!.seq, INDEXED_AT_ONCE);
    }
  }).immediate();
}

/** Requests read at once: a history of millions does not fit into memory. */
const INDEXED_AT_ONCE = 1_000;

function makeForget(db: Database): Pick<PeopleStore, 'everythingOf' | 'holdings' | 'forget'> {
  const of = 'FROM pictures JOIN jobs ON jobs.id = pictures.job_id WHERE jobs.user_id = ?';
  const requests = db.prepare<[string], number>('SELECT count(*) FROM jobs WHERE user_id = ?').pluck();
  const pictures = db.prepare<[string], number>(`SELECT count(*) ${of} AND image_index >= 0`).pluck();
  const maps = 'SELECT path FROM control_maps JOIN jobs ON jobs.id = control_maps.job_id WHERE jobs.user_id = @userId';
  const files = db
    .prepare<[{ userId: string }], string>(
      `SELECT path FROM pictures JOIN jobs ON jobs.id = pictures.job_id WHERE jobs.user_id = @userId UNION ALL ${maps}`,
    )
    .pluck();
  const messages = db.prepare<[string], { channelId: string; messageId: string }>(
    'SELECT channel_id AS channelId, message_id AS messageId FROM jobs WHERE user_id = ? AND message_id IS NOT NULL',
  );
  const personal = makePersonalData(db);
  return {
    everythingOf: personal.everythingOf,
    holdings: (userId) => ({ requests: requests.get(userId)!, pictures: pictures.get(userId)! }),
    forget(userId) {
      const forgotten = {
        requests: requests.get(userId)!,
        files: files.all({ userId }),
        messages: messages.all(userId),
      };
      personal.erase(userId);
      return forgotten;
    },
  };
}
