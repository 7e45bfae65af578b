// What the queue tells whoever listens: a job's new state, its progress, and that work stands still or goes on.
// Deliberately not a record: events are lost with the process, the database is not.
import type { JobState } from '../core/job.ts';
import type { DevelopProgress } from '../core/worker.ts';
import type { SerializedError } from '../errors.ts';

export type QueueEvent =
  | { readonly kind: 'job'; readonly jobId: string; readonly state: JobState }
  | { readonly kind: 'progress'; readonly progress: DevelopProgress }
  /** No job is begun until `resumed`: `part` is "disk", "database" or a worker's id. */
  | { readonly kind: 'stalled'; readonly part: string; readonly error: SerializedError }
  | { readonly kind: 'resumed'; readonly part: string };

export type QueueListener = (event: QueueEvent) => void;

export interface QueueEvents {
  /** @returns the way to stop listening. */
  on(listener: QueueListener): () => void;
  emit(event: QueueEvent): void;
}

/** @param onThrow told what a listener threw; the queue goes on, the other listeners hear the event too. */
export function makeQueueEvents(onThrow: (thrown: unknown) => void): QueueEvents {
  const listeners = new Set<QueueListener>();
  return {
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (thrown) {
          onThrow(thrown);
        }
      }
    },
  };
}
