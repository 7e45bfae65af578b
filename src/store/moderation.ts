// Policies, strikes, reports, verdicts and what was taken away, in the database. Every method that changes something is called inside the
// store's transaction, so that it and its audit are one. Deliberately not here: bans, word rules and the audit itself; house.ts has them.
import type { JobRecord, PictureRecord } from '../core/job.ts';
import type { Member } from '../core/jobStore.ts';
import {
  type AuditAction,
  MAX_REPORTS_AN_HOUR,
  type ModerationStore,
  type NewStrike,
  PROGRAM,
  type Report,
  type Strike,
  type Struck,
  type TakenAway,
} from '../core/moderationStore.ts';
import { VERDICTS, type Verdict } from '../core/pictureJudgement.ts';
import { type ChannelRule, pauseOf, type ServerPolicy, strikesToPause, USUAL_POLICY } from '../core/policy.ts';
import type { Database } from './database.ts';
import type { House } from './house.ts';
import { type JobRow, type PictureRow, toJob, toPicture } from './jobRows.ts';
import { ERASE } from './personalData.ts';
import type { Remembering } from './remembering.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** Reasons a card shows. */
const SHOWN_REASONS = 5;

type Methods = Omit<ModerationStore, 'wordRules' | 'ownWordRules' | 'banIn' | 'pause' | 'auditOf' | 'noteAudit'>;

type Clocked<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (nowMs: number, ...args: A) => R : never;
};

export interface Moderation extends Clocked<Methods> {
  /** What the classifier saw; a later attempt replaces what an earlier one left. */
  judge(nowMs: number, jobId: string, pictures: readonly PictureRecord[], verdict: Verdict): void;
  setVerdict(jobId: string, verdict: Verdict): void;
  refusalsSince(member: Member, sinceMs: number): number;
}

interface ReportRow {
  readonly jobId: string;
  readonly guildId: string;
  readonly state: Report['state'];
  readonly channelId: string | null;
  readonly messageId: string | null;
  readonly decidedBy: string | null;
  readonly createdAtMs: number;
}

const REPORT = `SELECT job_id AS jobId, guild_id AS guildId, state, channel_id AS channelId, message_id AS messageId,
  decided_by AS decidedBy, created_at_ms AS createdAtMs FROM reports`;
/** Each server's own number of days; jobs that end well or badly have files for as long. */
const EXPIRED = `SELECT jobs.*, json_extract(policies.policy, '$.retentionRows') AS rows FROM policies
  JOIN jobs ON jobs.guild_id = policies.guild_id
  WHERE json_extract(policies.policy, '$.retentionDays') IS NOT NULL AND jobs.files_gone_ms IS NULL AND jobs.ended_at_ms IS NOT NULL
    AND jobs.ended_at_ms < @nowMs - json_extract(policies.policy, '$.retentionDays') * ${DAY_MS}
    AND jobs.state IN ('delivered', 'failed', 'cancelled', 'expired')
  LIMIT @limit`;
const PICTURES_IN = `SELECT * FROM jobs WHERE guild_id = @guildId AND user_id = @userId AND state IN ('developed', 'delivered')
  AND EXISTS (SELECT 1 FROM pictures WHERE pictures.job_id = jobs.id) ORDER BY seq DESC LIMIT @limit OFFSET @offset`;
const REFUSED = `SELECT count(*) FROM jobs WHERE user_id = @userId AND coalesce(guild_id, '') = @guildId AND verdict = 'refuse'
  AND ended_at_ms >= @sinceMs`;

export function makeModeration(db: Database, house: House, remembered: Remembering): Moderation {
  return {
    ...makePolicies(db, house, remembered),
    ...makeStrikes(db, house),
    ...makeReports(db, house),
    ...makeVerdicts(db),
  };
}

function makePolicies(db: Database, house: House, remembered: Remembering) {
  const policy = db.prepare<[string], string>('SELECT policy FROM policies WHERE guild_id = ?').pluck();
  const putPolicy = db.prepare<[string, string]>('INSERT OR REPLACE INTO policies VALUES (?, ?)');
  const rules = db.prepare<[string], { channelId: string; access: ChannelRule['access']; policy: string | null }>(
    'SELECT channel_id AS channelId, access, policy FROM channel_rules WHERE guild_id = ? ORDER BY channel_id',
  );
  const putRule = db.prepare('INSERT OR REPLACE INTO channel_rules VALUES (?, ?, ?, ?)');
  const dropRule = db.prepare('DELETE FROM channel_rules WHERE guild_id = ? AND channel_id = ?');
  const ownOf = remembered.of((guildId: string) => JSON.parse(policy.get(guildId) ?? '{}') as Partial<ServerPolicy>);
  const own = (guildId: string | null) => ownOf(guildId ?? '');
  const rulesOf = remembered.of((guildId: string): readonly ChannelRule[] =>
    rules.all(guildId).map((row) => ({ ...row, policy: row.policy === null ? null : JSON.parse(row.policy) })),
  );
  return {
    policy: (_: number, guildId: string | null): ServerPolicy => ({ ...USUAL_POLICY, ...own(guildId) }),
    setPolicy(nowMs: number, guildId: string | null, change: Partial<ServerPolicy>, byUserId: string): void {
      putPolicy.run(guildId ?? '', JSON.stringify({ ...own(guildId), ...change }));
      for (const [name, value] of Object.entries(change)) {
        const words = typeof value === 'string' ? value : JSON.stringify(value);
        const action = name.startsWith('retention') ? 'retention' : 'policy';
        house.note({ action, byUserId, guildId, target: name, note: words, atMs: nowMs });
      }
    },
    channelRules: (_: number, guildId: string): readonly ChannelRule[] => rulesOf(guildId),
    setChannelRule(nowMs: number, guildId: string, { channelId, access, policy: set }: ChannelRule, byUserId: string) {
      const isNothing = access === null && set === null;
      if (isNothing) dropRule.run(guildId, channelId);
      else putRule.run(guildId, channelId, access, set === null ? null : JSON.stringify(set));
      const words = isNothing
        ? 'default'
        : [access, set === null ? null : JSON.stringify(set)].filter(Boolean).join(' ');
      house.note({ action: 'channel', byUserId, guildId, target: channelId, note: words, atMs: nowMs });
    },
  };
}

function makeStrikes(db: Database, house: House) {
  const add = db.prepare(
    `INSERT INTO strikes (guild_id, user_id, kind, rule, job_id, source_id, at_ms)
     VALUES (@guild, @userId, @kind, @rule, @jobId, @sourceId, @nowMs) ON CONFLICT (source_id) DO NOTHING`,
  );
  const counting = db.prepare<[{ guild: string; userId: string; sinceMs: number }], Strike>(
    `SELECT strike_id AS id, kind, rule, job_id AS jobId, at_ms AS atMs FROM strikes
     WHERE guild_id = @guild AND user_id = @userId AND at_ms > @sinceMs AND cleared_at_ms IS NULL ORDER BY at_ms DESC, strike_id DESC`,
  );
  const clear = db.prepare(
    'UPDATE strikes SET cleared_at_ms = @nowMs WHERE guild_id = @guild AND user_id = @userId AND cleared_at_ms IS NULL',
  );
  const policy = db.prepare<[string], string>('SELECT policy FROM policies WHERE guild_id = ?').pluck();
  const policyOf = (guildId: string | null): ServerPolicy => ({
    ...USUAL_POLICY,
    ...(JSON.parse(policy.get(guildId ?? '') ?? '{}') as Partial<ServerPolicy>),
  });
  const strikes = (nowMs: number, { userId, guildId }: Member): readonly Strike[] =>
    counting.all({ guild: guildId ?? '', userId, sinceMs: nowMs - policyOf(guildId).decayDays * DAY_MS });

  /** A pause is a ban with an end, which never shortens another. */
  function pauseFor(nowMs: number, member: Member, rule: string, count: number): number | null {
    const minutes = pauseOf(count, policyOf(member.guildId).ladder);
    if (minutes === undefined) return null;
    const untilMs = nowMs + minutes * MINUTE_MS;
    const isLonger = house.pause(member, { reason: `${count} strikes: ${rule}`, untilMs }, PROGRAM, nowMs);
    return isLonger ? untilMs : (house.banIn(member, nowMs)?.untilMs ?? null);
  }

  return {
    strike(nowMs: number, strike: NewStrike): Struck {
      const { userId, guildId, kind, rule, jobId, sourceId } = strike;
      house.know(userId);
      const isNew = add.run({ guild: guildId ?? '', userId, kind, rule, jobId, sourceId, nowMs }).changes > 0;
      const found = strikes(nowMs, strike);
      const { ladder, decayDays } = policyOf(guildId);
      if (isNew) house.note({ action: 'strike', byUserId: PROGRAM, guildId, target: userId, note: rule, atMs: nowMs });
      const untilMs = isNew
        ? pauseFor(nowMs, strike, rule, found.length)
        : (house.banIn(strike, nowMs)?.untilMs ?? null);
      const oldest = found.at(-1);
      return {
        count: found.length,
        left: strikesToPause(found.length, ladder) ?? null,
        untilMs,
        fadesAtMs: oldest === undefined ? null : oldest.atMs + decayDays * DAY_MS,
      };
    },
    strikes,
    clearStrikes(nowMs: number, member: Member, byUserId: string): number {
      const counted = strikes(nowMs, member).length;
      clear.run({ guild: member.guildId ?? '', userId: member.userId, nowMs });
      const action: AuditAction = 'strikes_cleared';
      const { guildId, userId: target } = member;
      house.note({ action, byUserId, guildId, target, note: String(counted), atMs: nowMs });
      return counted;
    },
  };
}

function makeReports(db: Database, house: House) {
  const byJob = db.prepare<[string], ReportRow>(`${REPORT} WHERE job_id = ?`);
  const stale = db.prepare<[number], ReportRow>(`${REPORT} INDEXED BY reports_owed WHERE is_stale = 1 LIMIT ?`);
  const add = db.prepare(
    `INSERT INTO reports (job_id, guild_id, state, is_stale, created_at_ms) VALUES (?, ?, 'open', 1, ?) ON CONFLICT DO NOTHING`,
  );
  const addReporter = db.prepare('INSERT INTO reporters VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const reporterIds = db
    .prepare<[string], string>('SELECT user_id FROM reporters WHERE job_id = ? ORDER BY at_ms, user_id')
    .pluck();
  const reasons = db
    .prepare<[string], string>(
      `SELECT reason FROM reporters WHERE job_id = ? AND reason <> '' ORDER BY at_ms DESC LIMIT ${SHOWN_REASONS}`,
    )
    .pluck();
  const lately = db
    .prepare<[string, number], number>('SELECT count(*) FROM reporters WHERE user_id = ? AND at_ms > ?')
    .pluck();
  const touch = db.prepare('UPDATE reports SET is_stale = 1 WHERE job_id = ?');
  const shown = db.prepare('UPDATE reports SET channel_id = ?, message_id = ?, is_stale = ? WHERE job_id = ?');
  const lost = db.prepare('UPDATE reports SET channel_id = NULL, message_id = NULL, is_stale = 1 WHERE job_id = ?');
  const decide = db.prepare(
    `UPDATE reports SET state = ?, decided_by = ?, decided_at_ms = ?, is_stale = 1 WHERE job_id = ? AND state = 'open'`,
  );
  const whole = (row: ReportRow): Report => {
    const ids = reporterIds.all(row.jobId);
    return { ...row, reporters: ids.length, reporterIds: ids, reasons: reasons.all(row.jobId) };
  };
  const reportOf = (jobId: string) => {
    const row = byJob.get(jobId);
    return row === undefined ? undefined : whole(row);
  };
  return {
    report(nowMs: number, job: JobRecord & { readonly guildId: string }, byUserId: string, reason: string) {
      if (lately.get(byUserId, nowMs - HOUR_MS)! >= MAX_REPORTS_AN_HOUR) return { ok: false } as const;
      house.know(byUserId);
      add.run(job.id, job.guildId, nowMs);
      const isNew = addReporter.run(job.id, byUserId, reason, nowMs).changes > 0;
      if (isNew) touch.run(job.id);
      return { ok: true, report: reportOf(job.id)!, isNew } as const;
    },
    reportOf: (_: number, jobId: string) => reportOf(jobId),
    staleReports: (_: number, limit: number) => stale.all(limit).map(whole),
    cardShown(_: number, jobId: string, card: { channelId: string; messageId: string }, seen: Report): void {
      const now = reportOf(jobId);
      const isStale = now?.reporters !== seen.reporters || now.state !== seen.state;
      shown.run(card.channelId, card.messageId, Number(isStale), jobId);
    },
    cardLost: (_: number, jobId: string) => void lost.run(jobId),
    decide(nowMs: number, jobId: string, state: 'approved' | 'removed' | 'banned', byUserId: string): boolean {
      if (decide.run(state, byUserId, nowMs, jobId).changes === 0) return false;
      const { guildId } = byJob.get(jobId)!;
      house.note({ action: `report_${state}`, byUserId, guildId, target: jobId, note: '', atMs: nowMs });
      return true;
    },
  };
}

function makeVerdicts(db: Database) {
  const row = db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?');
  const pictures = db.prepare<[string], PictureRow>('SELECT * FROM pictures WHERE job_id = ? ORDER BY image_index');
  const dropPictures = db.prepare('DELETE FROM pictures WHERE job_id = ?');
  const dropFavourites = db.prepare('DELETE FROM favourites WHERE job_id = ?');
  const dropWords = db.prepare('DELETE FROM prompt_words WHERE rowid = ?');
  const erase = db.prepare<[string]>(`${ERASE} WHERE id = ?`);
  const gone = db.prepare('UPDATE jobs SET files_gone_ms = ?, input_sha256 = NULL, mask_sha256 = NULL WHERE id = ?');
  const setVerdict = db.prepare('UPDATE jobs SET verdict = ? WHERE id = ?');
  const judge = db.prepare(
    `INSERT OR REPLACE INTO judgements (job_id, image_index, verdict, drawing, hentai, neutral, porn, sexy, concept, at_ms)
     VALUES (@jobId, @imageIndex, @verdict, @drawing, @hentai, @neutral, @porn, @sexy, @concept, @nowMs)`,
  );
  const expired = db.prepare<[{ nowMs: number; limit: number }], JobRow & { rows: 'keep' | 'erase' | null }>(EXPIRED);
  const picturesIn = db.prepare<[Record<string, unknown>], JobRow>(PICTURES_IN);
  const refused = db.prepare<[Record<string, unknown>], number>(REFUSED).pluck();
  const counts = db.prepare<[number], { verdict: Verdict; count: number }>(
    'SELECT verdict, count(*) AS count FROM judgements WHERE at_ms >= ? GROUP BY verdict',
  );
  const taken = (jobId: string): TakenAway | undefined => {
    const found = row.get(jobId);
    return found === undefined ? undefined : { job: toJob(found), pictures: pictures.all(jobId).map(toPicture) };
  };
  return {
    judge(nowMs: number, jobId: string, judged: readonly PictureRecord[], verdict: Verdict): void {
      for (const { imageIndex, scores } of judged) {
        if (scores !== undefined) {
          judge.run({ ...scores, concept: scores.concept ?? null, jobId, imageIndex, verdict, nowMs });
        }
      }
      setVerdict.run(verdict, jobId);
    },
    setVerdict: (jobId: string, verdict: Verdict) => void setVerdict.run(verdict, jobId),
    takeAway(nowMs: number, jobId: string, { erase: isErased }: { readonly erase: boolean }) {
      const away = taken(jobId);
      if (away === undefined) return undefined;
      dropPictures.run(jobId);
      dropFavourites.run(jobId);
      gone.run(nowMs, jobId);
      if (!isErased) return away;
      dropWords.run(row.get(jobId)!.seq);
      erase.run(jobId);
      return away;
    },
    filesGone(nowMs: number, jobId: string) {
      gone.run(nowMs, jobId);
      return taken(jobId);
    },
    expired: (nowMs: number, limit: number) =>
      expired.all({ nowMs, limit }).map((found) => ({
        job: toJob(found),
        rows: found.rows ?? 'keep',
        pictures: pictures.all(found.id).map(({ sha256 }) => sha256),
      })),
    picturesIn: (_: number, member: { userId: string; guildId: string }, page: { limit: number; offset: number }) =>
      picturesIn.all({ ...member, ...page }).map(toJob),
    refusalsSince: ({ userId, guildId }: Member, sinceMs: number): number =>
      refused.get({ userId, guildId: guildId ?? '', sinceMs })!,
    verdictCounts(_: number, sinceMs: number): Readonly<Record<Verdict, number>> {
      const found = new Map(counts.all(sinceMs).map(({ verdict, count }) => [verdict, count]));
      return Object.fromEntries(VERDICTS.map((verdict) => [verdict, found.get(verdict) ?? 0])) as Record<
        Verdict,
        number
      >;
    },
  };
}
