// How much machine time each of several jobs on one worker took: while n run together, each is charged an n-th of the clock.
// Deliberately not the worker's own measure: rows of several jobs share one network call, so no job has a time of its own.

export interface MachineTime {
  begin(jobId: string): void;
  /** Milliseconds charged to the job, which leaves. */
  end(jobId: string): number;
}

export function meterMachineTime(nowMs: () => number): MachineTime {
  const charged = new Map<string, number>();
  let lastMs = nowMs();
  const share = () => {
    const now = nowMs();
    const each = Math.max(0, now - lastMs) / Math.max(1, charged.size);
    for (const [jobId, ms] of charged) charged.set(jobId, ms + each);
    lastMs = now;
  };
  return {
    begin(jobId) {
      share();
      charged.set(jobId, 0);
    },
    end(jobId) {
      share();
      const ms = charged.get(jobId) ?? 0;
      charged.delete(jobId);
      return Math.round(ms);
    },
  };
}
