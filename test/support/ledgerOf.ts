// What the ledger of quotas says of a job in each state: reserved once, and closed once by the way it ended.
import type { JobState } from '../../src/core/job.ts';

/** Kinds of a job's entries in their order, with spaces between. */
export const LEDGER_OF: Readonly<Record<JobState, string>> = {
  accepted: 'reserve',
  queued: 'reserve',
  running: 'reserve',
  developed: 'reserve',
  delivered: 'reserve charge',
  failing: 'reserve refund',
  cancelling: 'reserve refund',
  failed: 'reserve refund',
  cancelled: 'reserve refund',
  expired: 'reserve refund',
};
