// A machine of a fleet for the end-to-end tests: the compiled `npm run worker` as a process that can be killed, frozen and stopped.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compiledEntry, ROOT } from '../../src/root.ts';
import type { TestRedis } from '../support/redis.ts';

export class Machine {
  readonly #child: ChildProcess;
  #said = '';

  constructor(redisUrl: string, modelsDir = path.join(ROOT, 'test/golden/folders')) {
    const entry = compiledEntry('src/cli/worker.ts');
    if (!existsSync(entry)) throw new Error(`${entry} is missing; npm run build makes it`);
    this.#child = spawn(process.execPath, [entry], {
      env: {
        ...process.env,
        REDIS_URL: redisUrl,
        MODELS_DIR: modelsDir,
        DATA_DIR: mkdtempSync(path.join(tmpdir(), 'darkroom-machine-')),
        DEVICE: 'cpu',
        THREADS: '1',
        LOG_LEVEL: 'warn',
        WORKER_SLOTS: '1',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.#said += data.toString();
    });
  }

  /** Its own heartbeat says so; the process id is in what it is. */
  isBusy(jobId: string, redis: TestRedis): boolean {
    const keys = redis.command('KEYS', 'darkroom:station:*').split('\n').filter(Boolean);
    return keys
      .map((key) => JSON.parse(redis.command('GET', key) || '{}') as { facts?: { pid: number }; running?: string[] })
      .some(({ facts, running }) => this.#hasChild(facts?.pid) && running?.some((id) => id.startsWith(jobId)) === true);
  }

  #hasChild(pid: number | undefined): boolean {
    return pid !== undefined && this.#children().includes(pid);
  }

  #children(): number[] {
    const { pid } = this.#child;
    const file = `/proc/${pid}/task/${pid}/children`;
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async stop(): Promise<number | null> {
    const exited = new Promise<number | null>((resolve) => this.#child.once('exit', (code) => resolve(code)));
    this.#child.kill('SIGTERM');
    return exited;
  }

  /** To it and its image process, as when the plug is pulled. */
  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#children()) process.kill(pid, signal);
    this.#child.kill(signal);
  }
}
