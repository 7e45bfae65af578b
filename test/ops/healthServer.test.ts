// Health and numbers over real HTTP: ready or not and why, the text Prometheus reads, and nothing else.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { JobRecord } from '../../src/core/job.ts';
import { diskFacts } from '../../src/ops/disk.ts';
import { type HealthServer, serveHealth } from '../../src/ops/healthServer.ts';
import { makeMetrics } from '../../src/ops/metrics.ts';
import { ROOT } from '../../src/root.ts';

const open: HealthServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function fakeStore(jobs: Partial<JobRecord>[] = []) {
  return {
    get: (id: string) => jobs.find((job) => job.id === id) as JobRecord | undefined,
    counts: () => ({ waiting: 3, running: 1 }),
    unsettled: () => jobs as JobRecord[],
    oldestWaitingMs: () => (jobs.length === 0 ? undefined : 5_000),
    refusals: () => [{ day: 0, reason: 'quota', count: 7 }],
  };
}

const DISK = { freeBytes: 5e9, databaseBytes: 4096, newestBackupMs: 7_000 };

function metricsOf(store = fakeStore(), nowMs = () => 0, disk = () => Promise.resolve(DISK)) {
  return makeMetrics({ store, nowMs, isStalled: () => false, isConnected: () => true, disk, version: '1.2.3' });
}

async function start(problems: readonly string[] = [], nowMs = () => 0, store = fakeStore()) {
  const metrics = metricsOf(store, nowMs);
  const server = await serveHealth({ host: '127.0.0.1', port: 0, metrics, problems: () => problems });
  open.push(server);
  return { metrics, server, get: (path: string, init?: RequestInit) => fetch(`${server.origin}${path}`, init) };
}

test('is alive while it is not ready, and says why it is not', async () => {
  const { get } = await start(['the gateway of Discord is not connected']);
  expect((await get('/livez')).status).toBe(200);
  const ready = await get('/readyz');
  expect(ready.status).toBe(503);
  expect(await ready.text()).toBe('the gateway of Discord is not connected\n');
});

test('is ready without problems', async () => {
  const { get } = await start();
  const ready = await get('/readyz?verbose');
  expect([ready.status, await ready.text()]).toEqual([200, 'ready\n']);
});

test('serves nothing else, and only to readers', async () => {
  const { get } = await start();
  expect((await get('/')).status).toBe(404);
  expect((await get('/metrics/../../etc/passwd')).status).toBe(404);
  expect((await get('/livez', { method: 'POST', body: 'x' })).status).toBe(405);
});

test('counts attempts by their end and measures waiting and developing', async () => {
  let now = 10_000;
  const job = { id: 'aaaaaaaaaa', attempt: 1, createdAtMs: 7_000 };
  const { get, metrics } = await start([], () => now, fakeStore([job]));
  metrics.note({ kind: 'job', jobId: job.id, state: 'running' });
  now = 10_400;
  metrics.note({ kind: 'job', jobId: job.id, state: 'developed' });
  metrics.note({ kind: 'job', jobId: 'bbbbbbbbbb', state: 'failing' });
  const text = await (await get('/metrics')).text();
  const lines = text.split('\n');
  expect(lines).toContain('darkroom_job_attempts_ended_total{end="developed"} 1');
  expect(lines).toContain('darkroom_job_attempts_ended_total{end="failing"} 1');
  expect(lines).toContain('darkroom_job_attempts_ended_total{end="cancelling"} 0');
  expect(lines).toContain('darkroom_job_wait_seconds_sum 3');
  expect(lines).toContain('darkroom_job_develop_seconds_sum 0.4');
  expect(lines).toContain('darkroom_jobs_waiting 3');
  expect(lines).toContain('darkroom_jobs_running 1');
  expect(lines).toContain('darkroom_messages_owed 1');
  expect(lines).toContain('darkroom_discord_connected 1');
  expect(lines).toContain('darkroom_oldest_waiting_seconds 5.4');
  expect(lines).toContain('darkroom_orders_refused_today{reason="quota"} 7');
  expect(text).not.toContain(job.id);
});

test('waiting is measured once a job, not once an attempt', async () => {
  const job = { id: 'aaaaaaaaaa', attempt: 2, createdAtMs: 0 };
  const { get, metrics } = await start([], () => 5_000, fakeStore([job]));
  metrics.note({ kind: 'job', jobId: job.id, state: 'running' });
  expect(await (await get('/metrics')).text()).toContain('darkroom_job_wait_seconds_count 0');
});

test('a port that is taken is said by the name of its variable', async () => {
  const { server } = await start();
  const port = Number(new URL(server.origin).port);
  const metrics = metricsOf();
  await expect(serveHealth({ host: '127.0.0.1', port, metrics, problems: () => [] })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('METRICS_PORT'),
  });
});

test('what the bot sees of Discord is counted, with labels of a few values only', async () => {
  const { get, metrics } = await start();
  metrics.see({ kind: 'interaction', tookMs: 40, isFailed: false });
  metrics.see({ kind: 'interaction', tookMs: 4_000, isFailed: true });
  metrics.see({ kind: 'rate_limited', scope: 'global' });
  metrics.see({ kind: 'rate_limited', scope: 'a new one of Discord’s' });
  metrics.see({ kind: 'invalid_requests', count: 150 });
  const lines = (await (await get('/metrics')).text()).split('\n');
  expect(lines).toContain('darkroom_interaction_seconds_bucket{le="3"} 1');
  expect(lines).toContain('darkroom_interaction_seconds_count 2');
  expect(lines).toContain('darkroom_interactions_failed_total 1');
  expect(lines).toContain('darkroom_discord_rate_limited_total{scope="global"} 1');
  expect(lines).toContain('darkroom_discord_rate_limited_total{scope="user"} 1');
  expect(lines).toContain('darkroom_discord_invalid_requests 150');
});

test('a disk that cannot be asked takes no other number along', async () => {
  const text = await metricsOf(
    fakeStore(),
    () => 0,
    () => Promise.reject(new Error('gone')),
  ).text();
  expect(text).toContain('darkroom_data_free_bytes Nan');
  expect(text).toContain('darkroom_jobs_waiting 3');
  const told = await metricsOf().text();
  expect(told).toContain('darkroom_data_free_bytes 5000000000');
  expect(told).toContain('darkroom_backup_newest_timestamp_seconds 7');
  expect(told).toContain('darkroom_build_info{version="1.2.3"} 1');
});

test('the data folder tells its room, its database and its newest copy', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-disk-'));
  try {
    expect(await diskFacts(folder)).toMatchObject({ databaseBytes: 0, newestBackupMs: null });
    writeFileSync(path.join(folder, 'darkroom.db'), 'x'.repeat(100));
    writeFileSync(path.join(folder, 'darkroom.db-wal'), 'x'.repeat(20));
    mkdirSync(path.join(folder, 'backups'));
    for (const [name, atSeconds] of [
      ['a.db', 1_000],
      ['b.db', 2_000],
      ['c.db.part', 3_000],
    ] as const) {
      const file = path.join(folder, 'backups', name);
      writeFileSync(file, '');
      utimesSync(file, atSeconds, atSeconds);
    }
    const { freeBytes, ...facts } = await diskFacts(folder);
    expect(facts).toEqual({ databaseBytes: 120, newestBackupMs: 2_000_000 });
    expect(freeBytes).toBeGreaterThan(0);
    await expect(diskFacts(path.join(folder, 'none'))).rejects.toThrow('ENOENT');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('OPERATIONS.md lists every number there is, with its kind and its labels, and none that is not', async () => {
  const metrics = metricsOf();
  const text = await metrics.text();
  const own = [...text.matchAll(/^# TYPE (darkroom_\w+) (\w+)$/gm)].filter(
    ([, name]) => !/^darkroom_(nodejs|process)_/.test(name!),
  );
  const labels = (name: string) => {
    const found = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm'))];
    const names = found.flatMap(([, all]) => [...all!.matchAll(/(\w+)="/g)].map(([, one]) => one!));
    return [...new Set(names)].filter((one) => one !== 'le').join(' ');
  };
  const real = own.map(([, name, kind]) => [name!, kind!, labels(name!)].join(' | ').trim());
  const page = readFileSync(path.join(ROOT, 'OPERATIONS.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `(darkroom_\w+)` \| (\w+) \| ((?:`\w+` ?)*)\|/gm)].map(
    ([, name, kind, those]) => [name!, kind!, those!.replaceAll('`', '').trim()].join(' | ').trim(),
  );
  expect(listed.toSorted()).toEqual(real.toSorted());
});
