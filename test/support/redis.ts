// A real Redis of a test's own: started on a free port, in memory only, killed with the test. Where none is installed, tests say so.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/** Tests that need Redis are skipped without it: `describe.skipIf(!HAS_REDIS)`. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

export class TestRedis {
  readonly port: number;
  #server: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort());
    await redis.up();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Begins with an empty memory, as after a crash without persistence. */
  async up(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#server = spawn('redis-server', options, { stdio: 'ignore' });
    while (this.command('PING') !== 'PONG') await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await exited;
  }

  /** What redis-cli prints. */
  command(...words: string[]): string {
    return spawnSync('redis-cli', ['-p', String(this.port), ...words])
      .stdout.toString()
      .trim();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
