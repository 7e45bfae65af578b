// Health and numbers over real HTTP: ready or not and why, the text Prometheus reads, and nothing else.
import { afterEach, expect, test } from 'vitest';
import type { JobRecord } from '../../src/core/job.ts';
import { type HealthServer, serveHealth } from '../../src/ops/healthServer.ts';
import { makeMetrics } from '../../src/ops/metrics.ts';

const open: HealthServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

function fakeStore(jobs: Partial<JobRecord>[] = []) {
  return {
    get: (id: string) => jobs.find((job) => job.id === id) as JobRecord | undefined,
    counts: () => ({ waiting: 3, running: 1 }),
    unsettled: () => jobs as JobRecord[],
  };
}

async function start(problems: readonly string[] = [], nowMs = () => 0, store = fakeStore()) {
  const metrics = makeMetrics({ store, nowMs, isStalled: () => false, isConnected: () => true });
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
  const metrics = makeMetrics({ store: fakeStore(), nowMs: () => 0, isStalled: () => false, isConnected: () => true });
  await expect(serveHealth({ host: '127.0.0.1', port, metrics, problems: () => [] })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('METRICS_PORT'),
  });
});
