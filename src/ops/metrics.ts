// The numbers an owner's monitoring reads: what the queue does, how long people wait, how Discord and the disk are. Counts and times only,
// never a name, a prompt or an id; every label has a handful of values. OPERATIONS.md lists them all. Deliberately not here: serving them;
// that is healthServer's.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JobRecord } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';
import type { QueueEvent } from '../queue/queueEvents.ts';

/** Upper edges in seconds: from a tenth of a second with a small model to ten minutes with a large one on a processor. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Discord waits three seconds for an answer. */
const ANSWER_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** How an attempt at a job ended, as far as the queue sees. */
const ENDS = ['developed', 'failing', 'cancelling', 'queued'] as const;
type End = (typeof ENDS)[number];

/** Discord's own, of a request it asked to wait with. */
const SCOPES = ['user', 'global', 'shared'] as const;

/** What the bot saw of Discord. */
export type Sighting =
  | { readonly kind: 'interaction'; readonly tookMs: number; readonly isFailed: boolean }
  | { readonly kind: 'rate_limited'; readonly scope: string }
  | { readonly kind: 'invalid_requests'; readonly count: number };

/** Of the data folder, in bytes and milliseconds. */
export interface DiskFacts {
  readonly freeBytes: number;
  /** With its write-ahead log. */
  readonly databaseBytes: number;
  /** Of the newest copy in `backups`; null when there is none. */
  readonly newestBackupMs: number | null;
}

export interface MetricsSources {
  readonly store: Pick<JobStore, 'get' | 'counts' | 'unsettled' | 'oldestWaitingMs' | 'refusals'>;
  readonly nowMs: () => number;
  /** Parts of the queue that stand still at the moment. */
  readonly isStalled: () => boolean;
  /** Whether every connection to Discord's gateway is up. */
  readonly isConnected: () => boolean;
  readonly disk: () => Promise<DiskFacts>;
  /** Of this program. */
  readonly version: string;
}

export interface Metrics {
  /** To be called with every event of the queue. */
  note(event: QueueEvent): void;
  /** To be called with everything the bot saw of Discord. */
  see(seen: Sighting): void;
  /** Everything in Prometheus' text form. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** One registry of its own, so that several of these in one process do not mix. */
export function makeMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'darkroom_' });
  addBuild(registry, sources);
  addGauges(registry, sources);
  addRefusals(registry, sources);
  addDisk(registry, sources);
  const note = addJobMetrics(registry, sources);
  const see = addDiscordMetrics(registry);
  return { note, see, text: () => registry.metrics(), contentType: registry.contentType };
}

function addBuild(registry: Registry, { version }: MetricsSources): void {
  const registers = [registry];
  const help = '1, with the version of the program';
  new Gauge({ name: 'darkroom_build_info', help, labelNames: ['version'], registers }).set({ version }, 1);
}

function addJobMetrics(registry: Registry, { store, nowMs }: MetricsSources): Metrics['note'] {
  const registers = [registry];
  const ends = new Counter({
    name: 'darkroom_job_attempts_ended_total',
    help: 'Attempts at jobs by how they ended: developed, failing, cancelling, or queued again',
    labelNames: ['end'],
    registers,
  });
  for (const end of ENDS) ends.inc({ end }, 0);
  const waited = new Histogram({
    name: 'darkroom_job_wait_seconds',
    help: 'From the acceptance of a job to its first step on a worker',
    buckets: SECONDS,
    registers,
  });
  const developed = new Histogram({
    name: 'darkroom_job_develop_seconds',
    help: 'From the start of the last attempt to the finished pictures',
    buckets: SECONDS,
    registers,
  });
  const begun = new Map<string, number>();
  return (event) => {
    if (event.kind !== 'job') return;
    if (event.state === 'running') {
      begun.set(event.jobId, nowMs());
      const job = store.get(event.jobId);
      if (job !== undefined && isFirstAttempt(job)) waited.observe((nowMs() - job.createdAtMs) / 1000);
    } else if (isEnd(event.state)) {
      ends.inc({ end: event.state });
      const from = begun.get(event.jobId);
      begun.delete(event.jobId);
      if (event.state === 'developed' && from !== undefined) developed.observe((nowMs() - from) / 1000);
    }
  };
}

function isFirstAttempt(job: JobRecord): boolean {
  return job.attempt === 1;
}

function isEnd(state: string): state is End {
  return (ENDS as readonly string[]).includes(state);
}

function addDiscordMetrics(registry: Registry): Metrics['see'] {
  const registers = [registry];
  const took = new Histogram({
    name: 'darkroom_interaction_seconds',
    help: 'From the arrival of an interaction to the end of what answers it',
    buckets: ANSWER_SECONDS,
    registers,
  });
  const failed = new Counter({
    name: 'darkroom_interactions_failed_total',
    help: 'Interactions that could not be answered, or that the program is to blame for; refusals are not counted',
    registers,
  });
  const limited = new Counter({
    name: 'darkroom_discord_rate_limited_total',
    help: 'Requests Discord asked to wait with: user is one route of this bot, global all of them, shared somebody else’s',
    labelNames: ['scope'],
    registers,
  });
  for (const scope of SCOPES) limited.inc({ scope }, 0);
  const invalid = new Gauge({
    name: 'darkroom_discord_invalid_requests',
    help: 'Requests Discord refused in ten minutes, told every 50; at 10,000 it locks the address out',
    registers,
  });
  return (seen) => {
    if (seen.kind === 'invalid_requests') invalid.set(seen.count);
    else if (seen.kind === 'rate_limited') limited.inc({ scope: SCOPES.find((one) => one === seen.scope) ?? 'user' });
    else {
      took.observe(seen.tookMs / 1000);
      if (seen.isFailed) failed.inc();
    }
  };
}

/** Read at the moment of asking; nothing is counted in two places. */
function addGauges(registry: Registry, { store, nowMs, isStalled, isConnected }: MetricsSources): void {
  const gauge = (name: string, help: string, read: () => number) => {
    const registers = [registry];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('darkroom_jobs_waiting', 'Jobs that wait for a worker', () => store.counts().waiting);
  gauge('darkroom_jobs_running', 'Jobs on a worker', () => store.counts().running);
  gauge('darkroom_oldest_waiting_seconds', 'How long the job that waits longest has waited; 0 when none does', () => {
    const sinceMs = store.oldestWaitingMs();
    return sinceMs === undefined ? 0 : Math.max(0, nowMs() - sinceMs) / 1000;
  });
  gauge('darkroom_messages_owed', 'Jobs whose end Discord does not show yet', () => store.unsettled().length);
  gauge('darkroom_queue_stalled', '1 while no job is begun for want of disk, database or worker', () =>
    Number(isStalled()),
  );
  gauge('darkroom_discord_connected', '1 while every gateway connection is up', () => Number(isConnected()));
}

/** Kept by the database, so that a restart loses none of them. */
function addRefusals(registry: Registry, { store, nowMs }: MetricsSources): void {
  new Gauge({
    name: 'darkroom_orders_refused_today',
    help: 'Orders refused since midnight UTC, by the reason the charts of /admin stats have',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { reason, count } of store.refusals({ guildId: null, sinceMs: nowMs() })) this.set({ reason }, count);
    },
  });
}

/** Asked once for all three; a disk that cannot be asked has no numbers, and the others are given all the same. */
function addDisk(registry: Registry, { disk }: MetricsSources): void {
  let asked: Promise<DiskFacts | undefined> | undefined;
  const facts = () => {
    asked ??= disk()
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  const gauge = (name: string, help: string, read: (facts: DiskFacts) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const found = await facts();
        this.set(found === undefined ? Number.NaN : read(found));
      },
    });
  gauge('darkroom_data_free_bytes', 'Room on the disk with the data folder', ({ freeBytes }) => freeBytes);
  gauge('darkroom_database_bytes', 'The database with its write-ahead log', ({ databaseBytes }) => databaseBytes);
  gauge(
    'darkroom_backup_newest_timestamp_seconds',
    'When the newest copy in the folder backups was made; 0 when there is none',
    ({ newestBackupMs }) => (newestBackupMs ?? 0) / 1000,
  );
}
