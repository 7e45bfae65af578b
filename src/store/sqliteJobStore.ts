// The job store on SQLite: each method one immediate transaction over the tables. The truth of the program lives here.
// Deliberately not here: waiting, timers, files; and no state change that core/job does not allow.
import { JOB_ID_CHARS, type JobRecord, type JobState, jobIdFromBytes } from '../core/job.ts';
import {
  type AcceptResult,
  type AcceptRules,
  type JobStore,
  MAX_LOSSES,
  MAX_RESTARTS,
  type NewJob,
} from '../core/jobStore.ts';
import type { Struck } from '../core/moderationStore.ts';
import { quotaAgainst } from '../core/quota.ts';
import type { SheetSpec } from '../core/sheet.ts';
import { workOf } from '../core/work.ts';
import { DarkroomError, type SerializedError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import { makeCommitGroup } from './commitGroup.ts';
import { asStoreErrors, type Database } from './database.ts';
import { makeHouse } from './house.ts';
import { makeHouseRules } from './houseRules.ts';
import { type JobRow, readRequest, toJob } from './jobRows.ts';
import { makeJobTable } from './jobTable.ts';
import { makeLedger } from './ledger.ts';
import { makeLine } from './line.ts';
import { type LogSync, makeLogSync } from './logSync.ts';
import { makeLoraAccess } from './loraAccess.ts';
import { makeLoraStacks } from './loraStacks.ts';
import { makeModeration } from './moderation.ts';
import { makePeople } from './people.ts';
import { makeRemembering } from './remembering.ts';
import { makeSheets } from './sheets.ts';

export interface StoreContext {
  readonly nowMs: () => number;
  /** At least `count` random bytes, for job ids. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** How commits that are shared reach the disk; on a thread of their own when left out. */
  readonly makeSync?: ((db: Database) => LogSync) | undefined;
}

/** Where a job goes when its message shows how it ended. */
const SETTLED: Readonly<Partial<Record<JobState, JobState>>> = {
  developed: 'delivered',
  failing: 'failed',
  cancelling: 'cancelled',
};

const UNFINISHED: readonly JobState[] = ['accepted', 'queued', 'running'];

/** Draws of a fresh id before the random source is taken for broken; one collision in a lifetime is already unlikely. */
const MAX_ID_DRAWS = 8;

/** @param db a migrated database; the store closes it. */
export function makeJobStore(db: Database, { nowMs, randomBytes, makeSync = makeLogSync }: StoreContext): JobStore {
  const rules = makeRemembering(db);
  const ledger = makeLedger(db, rules);
  const line = makeLine(db);
  const jobs = makeJobTable(db, ledger, line);
  const house = makeHouse(db, rules);
  const moderation = makeModeration(db, house, rules);
  const people = makePeople(db, rules);
  const stacks = makeLoraStacks(db, rules);
  const access = makeLoraAccess(db, nowMs, rules);
  const sheets = makeSheets(db);
  const rulesHere = makeHouseRules(db, house, ledger, nowMs, rules);
  const log = makeSync(db);
  /** What is held in memory beside the database, when a transaction was taken back. */
  const forgetRead = () => {
    line.forget();
    rules.forget();
  };
  const group = makeCommitGroup(db, log, forgetRead);
  const read = <T>(work: () => T): T => {
    if (!db.open) throw new DarkroomError('store_failed', 'database: it is closed');
    return asStoreErrors(work);
  };
  // Made once: better-sqlite3 builds four functions for each it makes.
  const inTransaction = db.transaction((work: () => unknown) => work());
  const write = <T>(work: () => T): T => {
    try {
      return read(() => inTransaction.immediate(work) as T);
    } catch (thrown) {
      forgetRead();
      throw thrown;
    }
  };

  /** Under an id no other job has. */
  function insert(job: NewJob, weight: number, now: number): JobRecord {
    for (let draw = 0; draw < MAX_ID_DRAWS; draw += 1) {
      const record = jobs.insert(jobIdFromBytes(randomBytes(JOB_ID_CHARS)), job, weight, now);
      if (record !== undefined) return record;
    }
    throw new DarkroomError('store_failed', `job id: ${MAX_ID_DRAWS} random ids in a row exist already`);
  }

  function accept(job: NewJob, rules: AcceptRules): AcceptResult {
    const earlier = jobs.bySource(job.sourceId);
    if (earlier !== undefined) return { ok: false, reason: 'duplicate', job: earlier };
    const ban = house.banIn(
      { userId: job.userId, guildId: job.place == null ? job.guildId : job.place.guildId },
      nowMs(),
    );
    if (ban !== undefined) return { ok: false, reason: 'banned', banReason: ban.reason, untilMs: ban.untilMs };
    if (rulesHere.queueMode() === 'draining') return { ok: false, reason: 'draining' };
    const waiting = jobs.unfinishedOf(job.userId);
    const limit = rules.maxWaitingPerUser;
    if (waiting >= limit) return { ok: false, reason: 'too_many_waiting', waiting, limit };
    const now = nowMs();
    const quota = ledger.status(job, rules, now);
    const over = quotaAgainst(quota, job.cost);
    if (over !== undefined) return { ok: false, reason: 'quota', over, quota };
    house.know(job.userId);
    const record = insert(job, rulesHere.weightOf(job), now);
    ledger.reserve(record.id, job, job.cost, quota, now);
    return { ok: true, job: record };
  }

  /** A refused cell takes the ones before it back with it. */
  function acceptSheet(cells: readonly NewJob[], spec: SheetSpec, rules: AcceptRules): AcceptResult {
    let refused: AcceptResult | undefined;
    try {
      return write(() => {
        const ids = cells.map((cell, at) => {
          const result = accept(cell, at === 0 ? rules : { ...rules, maxWaitingPerUser: Number.POSITIVE_INFINITY });
          if (result.ok) return result.job.id;
          refused = result;
          throw new RefusedCell();
        });
        sheets.keep(ids, spec);
        return { ok: true, job: toJob(jobs.row(ids[0]!)!) };
      });
    } catch (thrown) {
      if (refused !== undefined) return refused;
      throw thrown;
    }
  }

  function moveJob(jobId: string, to: JobState, error?: SerializedError): boolean {
    const row = jobs.row(jobId);
    return row !== undefined && jobs.move(row, to, nowMs(), error);
  }

  function claimNext(workerId: string, leaseMs: number, models?: readonly string[]): JobRecord | undefined {
    if (rulesHere.queueMode() === 'paused') return undefined;
    const jobId = line.takeNext(models);
    if (jobId === undefined) return undefined;
    const now = nowMs();
    return toJob(jobs.claim(jobId, { workerId, leaseUntilMs: now + leaseMs }, now));
  }

  function loseRow(row: JobRow, error: SerializedError): JobState {
    jobs.countLoss(row.id);
    const losses = row.losses + 1;
    const to = losses < MAX_LOSSES ? 'queued' : 'failing';
    jobs.move(row, to, nowMs(), to === 'failing' ? poisonError(losses, error) : undefined);
    return to;
  }

  function restartRow(row: JobRow): JobState {
    jobs.countRestart(row.id);
    const restarts = row.restarts + 1;
    const to = restarts <= MAX_RESTARTS ? 'queued' : 'failing';
    jobs.move(row, to, nowMs(), to === 'failing' ? restartsError(restarts) : undefined);
    return to;
  }

  function recover(answerWithinMs: number): ReturnType<JobStore['recover']> {
    const now = nowMs();
    const ends = jobs.inStates(['running']).map(restartRow);
    failpoint('recovery.middle');
    const accepted = jobs.inStates(['accepted']);
    for (const row of accepted.filter((one) => one.answering === 1)) jobs.move(row, 'queued', now);
    const unanswered = accepted.filter((row) => row.answering === 0 && isOlder(row, answerWithinMs));
    for (const row of unanswered) jobs.move(row, 'expired', now);
    const poisoned = ends.filter((state) => state === 'failing').length;
    return { requeued: ends.length - poisoned, expired: unanswered.length, poisoned };
  }

  /** A row of the future was written before the clock was set back: how old it is nobody knows. */
  function isOlder({ created_at_ms: at }: JobRow, ageMs: number): boolean {
    return at > nowMs() || at <= nowMs() - ageMs;
  }

  function resume(answerWithinMs: number): number {
    const stuck = jobs.inStates(['accepted']).filter((row) => isOlder(row, answerWithinMs));
    for (const row of stuck) jobs.move(row, row.answering === 1 ? 'queued' : 'expired', nowMs());
    return stuck.length;
  }

  const develop: JobStore['develop'] = (jobId, attempt, pictures, gpuMs, verdict) => {
    const row = jobs.runningRow(jobId, attempt);
    if (row === undefined) return false;
    for (const picture of pictures) jobs.addPicture({ ...picture, jobId });
    if (verdict !== undefined) moderation.judge(nowMs(), jobId, pictures, verdict);
    jobs.setGpuMs(jobId, gpuMs);
    line.measure(row.model, row.work, gpuMs);
    people.index(row.seq, readRequest(row.request), row.user_id);
    return jobs.move(row, 'developed', nowMs());
  };

  /** A model may draw what nobody asked for, so only the third refused picture of a day is a strike, and each after it. */
  const refuse: JobStore['refuse'] = (jobId, attempt, { kind, rule, pictures, gpuMs }) => {
    const row = jobs.runningRow(jobId, attempt);
    if (row === undefined) return undefined;
    const { userId, guildId: askedIn, place } = toJob(row);
    const member = { userId, guildId: place == null ? askedIn : place.guildId };
    moderation.judge(nowMs(), jobId, pictures, 'refuse');
    const isRepeated = moderation.refusalsSince(member, nowMs() - DAY_MS) + 1 >= REFUSALS_TO_STRIKE;
    const isStrike = kind === 'source' || isRepeated;
    const struck = isStrike
      ? moderation.strike(nowMs(), { ...member, kind, rule, jobId, sourceId: `job:${jobId}` })
      : null;
    jobs.setGpuMs(jobId, gpuMs);
    jobs.move(row, 'failing', nowMs(), refusedError(kind, rule, struck));
    return struck;
  };

  /** Unfinished jobs end first, so that nothing of them is made any more. */
  function forget(userId: string): ReturnType<JobStore['forget']> {
    for (const row of jobs.inStates(UNFINISHED).filter((one) => one.user_id === userId)) {
      jobs.move(row, 'cancelling', nowMs());
    }
    return people.forget(userId);
  }

  function readyAtMs(jobId: string): number | undefined {
    const row = jobs.row(jobId);
    // Nobody knows how long a pause lasts.
    if (row?.state !== 'running' && rulesHere.queueMode() === 'paused') return undefined;
    const place = line.placeOf(jobId);
    if (place !== undefined) return nowMs() + place.aheadMs + place.ownMs;
    // A row that is just being answered stands behind everybody.
    if (row?.state === 'accepted') return nowMs() + line.waitingMs() + line.expected(row.model, row.work);
    if (row?.state !== 'running') return undefined;
    return Math.max(nowMs() + 1_000, (row.started_at_ms ?? nowMs()) + line.expected(row.model, row.work));
  }

  function keepNote(userId: string, body: unknown): string {
    const id = Buffer.from(randomBytes(9)).toString('base64url');
    people.keepNote(userId, id, body, nowMs());
    return id;
  }

  return {
    together: (work) => group.add(work),
    accept: (job, rules) => write(() => accept(job, rules)),
    acceptSheet,
    sheetOf: (jobId) => read(() => sheets.of(jobId)),
    answering: (jobId) => write(() => jobs.answering(jobId)),
    acknowledge: (jobId) => write(() => moveFrom('accepted', jobId, 'queued')),
    expire: (jobId) => write(() => moveJob(jobId, 'expired')),
    get: (jobId) => read(() => recordOf(jobs.row(jobId))),
    byMessage: (messageId) => read(() => jobs.byMessage(messageId)),
    list: (filter) => read(() => jobs.list(filter)),
    pictures: (jobId) => read(() => jobs.pictures(jobId)),
    controlMaps: (jobId) => read(() => jobs.controlMaps(jobId)),
    needsInput: (sha256) => read(() => jobs.needsInput(sha256)),
    position: (jobId) => read(() => line.placeOf(jobId)?.position),
    waitOf: (jobId) => read(() => line.placeOf(jobId)),
    readyAtMs: (jobId) => read(() => readyAtMs(jobId)),
    expectedMs: (requests) =>
      read(() => requests.reduce((sum, one) => sum + line.expected(one.model, workOf(one)), line.waitingMs())),
    oldestWaitingMs: () => read(() => jobs.oldestQueuedMs()),
    counts: () => read(() => ({ waiting: line.size() + line.answering(), running: jobs.countIn('running') })),

    claimNext: (workerId, leaseMs, models) => write(() => claimNext(workerId, leaseMs, models)),
    renewLease: (jobId, attempt, leaseMs) => write(() => jobs.renew(jobId, attempt, nowMs() + leaseMs)),
    develop: (...args) => write(() => develop(...args)),
    refuse: (...args) => write(() => refuse(...args)),
    lose: (jobId, attempt, error) =>
      write(() => {
        const row = jobs.runningRow(jobId, attempt);
        return row === undefined ? undefined : loseRow(row, error);
      }),
    interrupt: (jobId, attempt) =>
      write(() => {
        const row = jobs.runningRow(jobId, attempt);
        return row === undefined ? undefined : restartRow(row);
      }),
    release: (jobId, attempt) =>
      write(() => {
        const row = jobs.runningRow(jobId, attempt);
        return row !== undefined && jobs.move(row, 'queued', nowMs());
      }),
    lapse: () => write(() => jobs.lapsed(nowMs()).map((row) => loseRow(row, LAPSED)).length),
    fail: (jobId, error, attempt) =>
      write(() => {
        const row = attempt === undefined ? jobs.row(jobId) : jobs.runningRow(jobId, attempt);
        if (row === undefined) return false;
        return jobs.move(row, row.state === 'developed' ? 'failed' : 'failing', nowMs(), error);
      }),
    cancel: (jobId) => write(() => moveJob(jobId, 'cancelling')),

    setMessage: (jobId, messageId) => write(() => jobs.setMessage(jobId, messageId)),
    settle: (jobId) =>
      write(() => {
        const row = jobs.row(jobId);
        const to = row === undefined ? undefined : SETTLED[row.state];
        if (row === undefined || to === undefined) return undefined;
        jobs.move(row, to, nowMs());
        return to;
      }),
    unsettled: () => read(() => jobs.inStates(['developed', 'failing', 'cancelling']).map(toJob)),
    recover: (answerWithinMs) => write(() => recover(answerWithinMs)),
    resume: (answerWithinMs) => write(() => resume(answerWithinMs)),

    quota: (customer, rules) => read(() => ledger.status(customer, rules, nowMs())),
    setQuota: (member, daily, byUserId, hourly = null) =>
      write(() => house.setQuota(member, { daily, hourly }, byUserId, nowMs())),
    memberQuota: (member) => read(() => rulesHere.memberQuota(member)),
    roleQuotas: (guildId) => read(() => rulesHere.roleQuotas(guildId)),
    setRoleQuota: (...args) => write(() => rulesHere.setRoleQuota(...args)),
    serverQuota: (guildId) => read(() => rulesHere.serverQuota(guildId)),
    setServerQuota: (...args) => write(() => rulesHere.setServerQuota(...args)),
    grant: (...args) => write(() => rulesHere.grant(...args)),
    roleWeights: (guildId) => read(() => rulesHere.roleWeights(guildId)),
    setRoleWeight: (...args) => write(() => rulesHere.setRoleWeight(...args)),
    serverLimits: (guildId) => read(() => rulesHere.serverLimits(guildId)),
    setServerLimits: (...args) => write(() => rulesHere.setServerLimits(...args)),
    modelRules: (guildId) => read(() => rulesHere.modelRules(guildId)),
    setModelRule: (...args) => write(() => rulesHere.setModelRule(...args)),
    queueMode: () => read(() => rulesHere.queueMode()),
    setQueueMode: (...args) => write(() => rulesHere.setQueueMode(...args)),
    noteRefusal: (...args) => write(() => rulesHere.noteRefusal(...args)),
    figures: (filter) => read(() => rulesHere.figures(filter)),
    refusals: (filter) => read(() => rulesHere.refusals(filter)),
    ban: (member, reason, byUserId, untilMs = null) =>
      write(() => house.ban(member, { reason, untilMs }, byUserId, nowMs())),
    unban: (member, byUserId) => write(() => house.unban(member, byUserId, nowMs())),
    banOf: (member) => read(() => house.banIn(member, nowMs())?.reason),
    banIn: (member) => read(() => house.banIn(member, nowMs())),
    pause: (member, ban, byUserId) => write(() => house.pause(member, ban, byUserId, nowMs())),
    wordRules: (guildId) => read(() => house.blocklist(guildId)),
    ownWordRules: (guildId) => read(() => house.ownBlocklist(guildId)),
    block: (rule, byUserId, guildId = null) => write(() => house.block(rule, byUserId, guildId, nowMs())),
    unblock: (ruleName, byUserId, guildId = null) => write(() => house.unblock(ruleName, byUserId, guildId, nowMs())),
    noteAudit: (entry) => write(() => house.note({ ...entry, atMs: nowMs() })),
    auditOf: (filter) => read(() => house.auditOf(filter)),
    policy: (...args) => read(() => moderation.policy(nowMs(), ...args)),
    setPolicy: (...args) => write(() => moderation.setPolicy(nowMs(), ...args)),
    channelRules: (...args) => read(() => moderation.channelRules(nowMs(), ...args)),
    setChannelRule: (...args) => write(() => moderation.setChannelRule(nowMs(), ...args)),
    strike: (...args) => write(() => moderation.strike(nowMs(), ...args)),
    strikes: (...args) => read(() => moderation.strikes(nowMs(), ...args)),
    clearStrikes: (...args) => write(() => moderation.clearStrikes(nowMs(), ...args)),
    report: (...args) => write(() => moderation.report(nowMs(), ...args)),
    reportOf: (...args) => read(() => moderation.reportOf(nowMs(), ...args)),
    staleReports: (...args) => read(() => moderation.staleReports(nowMs(), ...args)),
    cardShown: (...args) => write(() => moderation.cardShown(nowMs(), ...args)),
    cardLost: (...args) => write(() => moderation.cardLost(nowMs(), ...args)),
    decide: (...args) => write(() => moderation.decide(nowMs(), ...args)),
    takeAway: (...args) => write(() => moderation.takeAway(nowMs(), ...args)),
    expired: (...args) => read(() => moderation.expired(nowMs(), ...args)),
    filesGone: (...args) => write(() => moderation.filesGone(nowMs(), ...args)),
    picturesIn: (...args) => read(() => moderation.picturesIn(nowMs(), ...args)),
    verdictCounts: (...args) => read(() => moderation.verdictCounts(nowMs(), ...args)),
    audit: (filter) => read(() => house.audit(filter)),
    setting: (key, make) => write(() => house.setting(key, make)),
    setSetting: (key, value) => write(() => house.setSetting(key, value)),

    history: (filter, page) => read(() => people.history(filter, page)),
    children: (jobId, limit) => read(() => people.children(jobId, limit)),
    isFavourite: (userId, jobId) => read(() => people.isFavourite(userId, jobId)),
    toggleFavourite: (userId, jobId) => write(() => people.toggleFavourite(userId, jobId, nowMs())),
    favourites: (userId) => read(() => people.favourites(userId)),
    settings: (userId) => read(() => people.settings(userId)),
    setSettings: (userId, settings) => write(() => people.setSettings(userId, settings)),
    loraRules: (guildId) => read(() => access.loraRules(guildId)),
    setLoraRule: (...args) => write(() => access.setLoraRule(...args)),
    loraDefaults: (guildId) => read(() => access.loraDefaults(guildId)),
    setLoraDefaults: (...args) => write(() => access.setLoraDefaults(...args)),
    loraUploaders: (guildId) => read(() => access.loraUploaders(guildId)),
    setLoraUploader: (...args) => write(() => access.setLoraUploader(...args)),
    loraUpload: (lora) => read(() => access.loraUpload(lora)),
    loraUploadOf: (sha256) => read(() => access.loraUploadOf(sha256)),
    keepLoraUpload: (upload) => write(() => access.keepLoraUpload(upload)),
    dropLora: (...args) => write(() => access.dropLora(...args)),
    loraStack: (...which) => read(() => stacks.loraStack(...which)),
    setLoraStack: (...stack) => write(() => stacks.setLoraStack(...stack)),
    loraStackNames: (userId) => read(() => stacks.loraStackNames(userId)),
    saveStyle: (...style) => write(() => people.saveStyle(...style)),
    deleteStyle: (userId, name) => write(() => people.deleteStyle(userId, name)),
    styles: (userId, guildId) => read(() => people.styles(userId, guildId)),
    style: (...which) => read(() => people.style(...which)),
    shareStyle: (...sharing) => write(() => people.shareStyle(...sharing)),
    wildcards: (userId) => read(() => people.wildcards(userId)),
    saveWildcard: (...list) => write(() => people.saveWildcard(...list)),
    deleteWildcard: (...which) => write(() => people.deleteWildcard(...which)),
    keepNote: (userId, body) => write(() => keepNote(userId, body)),
    note: (userId, id) => read(() => people.note(userId, id)),
    takeNote: (userId, id) => write(() => people.takeNote(userId, id)),
    everythingOf: (userId) => read(() => people.everythingOf(userId)),
    holdings: (userId) => read(() => people.holdings(userId)),
    forget: (userId) => write(() => forget(userId)),
    close() {
      try {
        if (db.open) line.save();
        log.close();
      } catch {
        // A full or broken disk must not keep the program from ending; the ring goes on from where it was last saved.
      } finally {
        db.close();
      }
    },
  };

  /** Only from one state: `running → queued` is a legal move too, but not an answer to Discord. */
  function moveFrom(from: JobState, jobId: string, to: JobState): boolean {
    const row = jobs.row(jobId);
    return row?.state === from && jobs.move(row, to, nowMs());
  }
}

/** Only to leave a transaction by. */
class RefusedCell extends Error {}

function recordOf(row: JobRow | undefined): JobRecord | undefined {
  return row === undefined ? undefined : toJob(row);
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Refused pictures of one person in a day from which on they count. */
const REFUSALS_TO_STRIKE = 3;

/** Everything the person is told stands in the details. */
function refusedError(kind: 'source' | 'picture', rule: string, struck: Struck | null): SerializedError {
  const told =
    struck === null
      ? {}
      : { strikes: struck.count, left: struck.left, untilMs: struck.untilMs, fadesAtMs: struck.fadesAtMs };
  return { code: 'picture_refused', message: `${kind}: ${rule}`, details: { part: kind, rule, ...told } };
}

const LAPSED: SerializedError = {
  code: 'worker_hung',
  message: 'nobody renewed the lease of the running job',
  details: {},
};

function restartsError(restarts: number): SerializedError {
  const message = `the program ended ${restarts} times while making this picture`;
  return { code: 'poison', message, details: { restarts } };
}

function poisonError(losses: number, last: SerializedError): SerializedError {
  const message = `the worker was lost ${losses} times while making this picture; last: ${last.message}`;
  return { code: 'poison', message, details: { losses, last: last.code } };
}
