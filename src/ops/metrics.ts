// The numbers an owner's monitoring reads: what the queue does, how long people wait, how the process is. Counts and times only, never a
// name, a prompt or an id. Deliberately not here: serving them; that is healthServer's.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JobRecord } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';
import type { QueueEvent } from '../queue/queueEvents.ts';

/** Upper edges in seconds: from a tenth of a second with a small model to ten minutes with a large one on a processor. */
const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** How an attempt at a job ended, as far as the queue sees. */
const ENDS = ['developed', 'failing', 'cancelling', 'queued'] as const;
type End = (typeof ENDS)[number];

export interface MetricsSources {
  readonly store: Pick<JobStore, 'get' | 'counts' | 'unsettled'>;
  readonly nowMs: () => number;
  /** Parts of the queue that stand still at the moment. */
  readonly isStalled: () => boolean;
  /** Whether every connection to Discord's gateway is up. */
  readonly isConnected: () => boolean;
}

export interface Metrics {
  /** To be called with every event of the queue. */
  note(event: QueueEvent): void;
  /** Everything in Prometheus' text form. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** One registry of its own, so that several of these in one process do not mix. */
export function makeMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'darkroom_' });
  addGauges(registry, sources);
  const note = addJobMetrics(registry, sources);
  return { note, text: () => registry.metrics(), contentType: registry.contentType };
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

/** Read at the moment of asking; nothing is counted in two places. */
function addGauges(registry: Registry, { store, isStalled, isConnected }: MetricsSources): void {
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
  gauge('darkroom_messages_owed', 'Jobs whose end Discord does not show yet', () => store.unsettled().length);
  gauge('darkroom_queue_stalled', '1 while no job is begun for want of disk, database or worker', () =>
    Number(isStalled()),
  );
  gauge('darkroom_discord_connected', '1 while every gateway connection is up', () => Number(isConnected()));
}
