// The cost of a pure function in this process's own CPU time, so that a busy machine does not fail a test of the code.

const RUNS = 15;

/** Least CPU milliseconds of several runs: a quadratic reader is slow each time, a garbage collection comes only now and then. */
export function leastCpuMs(work: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const begin = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}
