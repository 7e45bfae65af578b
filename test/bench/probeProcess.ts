// Starts a probe (probe.ts) as a process of its own and reads what it tells.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compiledEntry } from '../../src/root.ts';
import type { ProbeResult, ProbeTask } from './probe.ts';

export async function probeAlone(task: ProbeTask): Promise<ProbeResult> {
  const argv = [compiledEntry('test/bench/probe.ts'), JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as ProbeResult;
}
