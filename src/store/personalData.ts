// What each table holds about a person: what of it they are given, and what becomes of it when they ask to be forgotten. Every table of the
// database stands here, those about nobody too, so that a new one cannot be left out: a test compares this list with the schema.
import type { Database } from './database.ts';

/** What forgetting leaves: nothing; the row without its words; or the row as it is. */
export type Afterwards = 'erased' | 'emptied' | 'kept';

export interface PersonalTable {
  /** Its name in the export. */
  readonly as: string;
  /** What a person is given of it, other people's ids left out; `@userId` is theirs. */
  readonly rows: string;
  /** Columns of that which are JSON. */
  readonly json?: readonly string[];
  readonly afterwards: Afterwards;
  /** Why it is not simply erased. */
  readonly because?: string;
  /** What erases or empties it; `?` is the person. */
  readonly forget?: readonly string[];
}

const OWN_JOBS = 'SELECT id FROM jobs WHERE user_id = @userId';
const OF_MINE = 'WHERE job_id IN (SELECT id FROM jobs WHERE user_id = ?)';
const time = (column: string, as: string) => `strftime('%Y-%m-%dT%H:%M:%SZ', ${column} / 1000.0, 'unixepoch') AS ${as}`;

/** What is left of a request nobody may read any more: its numbers, so that sums and speeds stay true. */
export const ERASE = `UPDATE jobs SET input_sha256 = NULL, mask_sha256 = NULL, request = json_set(json_remove(request, '$.mask', '$.blended', '$.loras', '$.controls', '$.outpaint', '$.template'),
  '$.prompt', '', '$.negativePrompt', '', '$.stylePhrase', '', '$.style', NULL, '$.initImage', NULL, '$.strength', NULL)`;

/** In the order in which forgetting goes through them. */
export const PERSONAL: Readonly<Record<string, PersonalTable>> = {
  users: {
    as: 'everywhere',
    rows: `SELECT ban_reason AS banReason, ${time('ban_until_ms', 'bannedUntil')} FROM users
      WHERE user_id = @userId AND ban_reason IS NOT NULL`,
    afterwards: 'kept',
    because: 'a ban would end with it',
  },
  members: {
    as: 'inServers',
    rows: `SELECT guild_id AS server, ban_reason AS banReason, ${time('ban_until_ms', 'bannedUntil')},
      daily_quota AS dailyQuota, hourly_quota AS hourlyQuota FROM members WHERE user_id = @userId`,
    afterwards: 'kept',
    because: 'a ban would end with it',
  },
  prompt_words: {
    as: 'searchIndex',
    rows: `SELECT count(*) AS requestsWithWords FROM prompt_words WHERE rowid IN (SELECT seq FROM jobs WHERE user_id = @userId)`,
    afterwards: 'erased',
    forget: ['DELETE FROM prompt_words WHERE rowid IN (SELECT seq FROM jobs WHERE user_id = ?)'],
  },
  jobs: {
    as: 'requests',
    rows: `SELECT id, kind, state, guild_id AS server, channel_id AS channel, message_id AS message,
      source_id AS askedBy, source_kind AS askedByA, parent_job_id AS madeFrom, cost, request, error, place, verdict,
      ${time('created_at_ms', 'askedAt')}, ${time('ended_at_ms', 'endedAt')} FROM jobs WHERE user_id = @userId ORDER BY seq DESC`,
    json: ['request', 'error', 'place'],
    afterwards: 'emptied',
    because: 'sums, speeds and quotas count it',
    forget: [`${ERASE} WHERE user_id = ?`],
  },
  pictures: {
    as: 'pictures',
    rows: `SELECT job_id AS request, image_index + 1 AS picture, seed, sha256, width_px AS widthPx, height_px AS heightPx,
      size_bytes AS sizeBytes FROM pictures WHERE job_id IN (${OWN_JOBS}) AND image_index >= 0`,
    afterwards: 'erased',
    forget: [`DELETE FROM pictures ${OF_MINE}`],
  },
  control_maps: {
    as: 'controlMaps',
    rows: `SELECT job_id AS request, position, kind, sha256 FROM control_maps WHERE job_id IN (${OWN_JOBS})`,
    afterwards: 'erased',
    forget: [`DELETE FROM control_maps ${OF_MINE}`],
  },
  control_inputs: {
    as: 'controlPictures',
    rows: `SELECT job_id AS request, sha256 FROM control_inputs WHERE job_id IN (${OWN_JOBS})`,
    afterwards: 'erased',
    forget: [`DELETE FROM control_inputs ${OF_MINE}`],
  },
  judgements: {
    as: 'judgements',
    rows: `SELECT job_id AS request, image_index + 1 AS picture, verdict, drawing, hentai, neutral, porn, sexy, concept
      FROM judgements WHERE job_id IN (${OWN_JOBS})`,
    afterwards: 'kept',
    because: 'how the classifier judges is counted; it holds no picture and no words',
  },
  favourites: {
    as: 'favourites',
    rows: `SELECT job_id AS request, ${time('at_ms', 'at')} FROM favourites WHERE user_id = @userId ORDER BY at_ms DESC`,
    afterwards: 'erased',
    // Other people's favourites of what is gone, too.
    forget: [`DELETE FROM favourites ${OF_MINE}`, 'DELETE FROM favourites WHERE user_id = ?'],
  },
  user_settings: {
    as: 'settings',
    rows: 'SELECT settings FROM user_settings WHERE user_id = @userId',
    json: ['settings'],
    afterwards: 'erased',
    forget: ['DELETE FROM user_settings WHERE user_id = ?'],
  },
  styles: {
    as: 'styles',
    rows: 'SELECT name, text, guild_id AS sharedWithServer FROM styles WHERE user_id = @userId',
    afterwards: 'erased',
    forget: ['DELETE FROM styles WHERE user_id = ?'],
  },
  wildcards: {
    as: 'wordLists',
    rows: 'SELECT name, choices FROM wildcards WHERE user_id = @userId',
    json: ['choices'],
    afterwards: 'erased',
    forget: ['DELETE FROM wildcards WHERE user_id = ?'],
  },
  lora_stacks: {
    as: 'loraStacks',
    rows: 'SELECT name, loras FROM lora_stacks WHERE user_id = @userId',
    json: ['loras'],
    afterwards: 'erased',
    forget: ['DELETE FROM lora_stacks WHERE user_id = ?'],
  },
  lora_uploads: {
    as: 'loraUploads',
    rows: `SELECT lora, sha256, guild_id AS server, ${time('at_ms', 'at')} FROM lora_uploads WHERE user_id = @userId`,
    afterwards: 'erased',
    forget: ['DELETE FROM lora_uploads WHERE user_id = ?'],
  },
  notes: {
    as: 'openQuestions',
    rows: `SELECT body, ${time('at_ms', 'at')} FROM notes WHERE user_id = @userId`,
    json: ['body'],
    afterwards: 'erased',
    forget: ['DELETE FROM notes WHERE user_id = ?'],
  },
  sheets: {
    as: 'sheets',
    rows: `SELECT lead_id AS request, spec FROM sheets WHERE lead_id IN (${OWN_JOBS})`,
    json: ['spec'],
    afterwards: 'emptied',
    because: 'its cells are rows of jobs',
    forget: [
      `UPDATE sheets SET spec = json_set(spec, '$.text', '', '$.x.values', json_array('1', '2'), '$.y', NULL)
       WHERE lead_id IN (SELECT id FROM jobs WHERE user_id = ?)`,
    ],
  },
  sheet_cells: {
    as: 'sheetCells',
    rows: `SELECT job_id AS request, lead_id AS sheet, cell FROM sheet_cells WHERE job_id IN (${OWN_JOBS})`,
    afterwards: 'kept',
    because: 'it only says which requests stood on one sheet',
  },
  quota_ledger: {
    as: 'ledger',
    rows: `SELECT job_id AS request, guild_id AS server, kind, pictures, granted, ${time('at_ms', 'at')}
      FROM quota_ledger WHERE user_id = @userId ORDER BY entry_id`,
    afterwards: 'kept',
    because: 'what was used of a day stays used',
  },
  grants: {
    as: 'grants',
    rows: `SELECT guild_id AS server, pictures, ${time('at_ms', 'at')} FROM grants WHERE user_id = @userId`,
    afterwards: 'kept',
    because: 'it was given to them',
  },
  ring: {
    as: 'turnInTheQueue',
    rows: `SELECT value AS turn FROM ring, json_each(turns) WHERE json_extract(value, '$.userId') = @userId`,
    json: ['turn'],
    afterwards: 'kept',
    because: 'it is gone with the last of their waiting requests',
  },
  strikes: {
    as: 'strikes',
    rows: `SELECT guild_id AS server, kind, rule, job_id AS request, ${time('at_ms', 'at')}, ${time('cleared_at_ms', 'forgivenAt')}
      FROM strikes WHERE user_id = @userId ORDER BY strike_id`,
    afterwards: 'kept',
    because: 'forgetting would be a way around the rules; they hold no words',
  },
  reports: {
    as: 'reportsAboutYou',
    rows: `SELECT job_id AS request, guild_id AS server, state, ${time('created_at_ms', 'at')}, ${time('decided_at_ms', 'decidedAt')},
      decided_by IS @userId AS decidedByYou FROM reports WHERE job_id IN (${OWN_JOBS}) OR decided_by = @userId`,
    afterwards: 'kept',
    because: 'moderators answer for what they decided',
  },
  reporters: {
    as: 'reportsByYou',
    rows: `SELECT job_id AS request, reason, ${time('at_ms', 'at')} FROM reporters WHERE user_id = @userId`,
    afterwards: 'emptied',
    because: 'a picture is reported once a person',
    forget: ["UPDATE reporters SET reason = '' WHERE user_id = ?"],
  },
  audit: {
    as: 'audit',
    rows: `SELECT action, guild_id AS server, note, ${time('at_ms', 'at')}, by_user_id = @userId AS byYou, target = @userId AS toYou
      FROM audit WHERE by_user_id = @userId OR target = @userId ORDER BY entry_id`,
    afterwards: 'kept',
    because: 'the log of moderators is never shortened',
  },
};

/** Tables in which nobody is named. */
export const IMPERSONAL: readonly string[] = [
  'model_files',
  'pulled_files',
  'pace',
  'settings',
  'word_rules',
  'policies',
  'channel_rules',
  'lora_rules',
  'lora_defaults',
  'lora_uploaders',
  'quota_rules',
  'role_weights',
  'server_limits',
  'model_rules',
  'refusals',
];

export type PersonalRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

export interface PersonalData {
  /** Everything kept about somebody, by what it is. */
  everythingOf(userId: string): PersonalRows;
  /** Erases and empties, in one go; the caller holds the transaction. */
  erase(userId: string): void;
}

export function makePersonalData(db: Database): PersonalData {
  const readers = Object.values(PERSONAL).map(({ as, rows, json = [] }) => {
    const all = db.prepare<[{ userId: string }], Record<string, unknown>>(rows);
    return { as, read: (userId: string) => all.all({ userId }).map((row) => withParsed(row, json)) };
  });
  const erasers = Object.values(PERSONAL).flatMap(({ forget = [] }) => forget.map((sql) => db.prepare<[string]>(sql)));
  return {
    everythingOf: (userId) => Object.fromEntries(readers.map(({ as, read }) => [as, read(userId)])),
    erase(userId) {
      for (const statement of erasers) statement.run(userId);
    },
  };
}

function withParsed(row: Readonly<Record<string, unknown>>, json: readonly string[]): Record<string, unknown> {
  const parsed = (name: string, value: unknown) =>
    json.includes(name) && typeof value === 'string' ? JSON.parse(value) : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, parsed(name, value)]));
}
