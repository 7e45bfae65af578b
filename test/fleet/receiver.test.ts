// The door through which machines of a fleet hand in results, and those who have no business there.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Receiver } from '../../src/fleet/receiver.ts';
import { signTicket } from '../../src/fleet/tickets.ts';
import { makeLog } from '../../src/log.ts';
import { plainPng } from '../e2e/scriptedWorker.ts';

const KEY = 'key of this bot';
const SIZE = { widthPx: 96, heightPx: 64 };
const PICTURE = plainPng(SIZE, 7);
const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const DAY_MS = 86_400_000;

let folder: string;
let receiver: Receiver;
let nowMs = 0;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-receiver-'));
  nowMs = 1_800_000_000_000;
  const log = makeLog('silent');
  receiver = new Receiver({ host: '127.0.0.1', port: 0, publicUrl: null, key: KEY, nowMs: () => nowMs, log });
  await receiver.listen();
});
afterEach(async () => {
  await receiver.close();
  rmSync(folder, { recursive: true });
});

const outputDir = () => path.join(folder, 'out');
function awaitOne(attempt = 1) {
  const source = path.join(folder, 'source.png');
  writeFileSync(source, 'the start picture');
  return receiver.expect({ jobId: 'abcdefghij', attempt, outputDir: outputDir(), inputs: { initImagePath: source } });
}

async function put(url: string, body: Buffer | string, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(url, { method: 'PUT', body: new Uint8Array(Buffer.from(body)), headers })).status;
}
const putPicture = (url: string, bytes = PICTURE, sha256 = sha256Of(bytes)) =>
  put(`${url}0.png`, bytes, { 'x-sha256': sha256 });

function endOf(changes: object = {}): string {
  const picture = {
    imageIndex: 0,
    fileName: '0.png',
    sha256: sha256Of(PICTURE),
    seed: 5,
    ...SIZE,
    sizeBytes: PICTURE.length,
    ...changes,
  };
  return JSON.stringify({ kind: 'developed', pictures: [picture] });
}

test('a result handed in under its address arrives, and only once', async () => {
  const { url, end } = awaitOne();
  expect(await putPicture(url)).toBe(200);
  expect(await put(`${url}end`, endOf())).toBe(200);
  expect((await end)[0]).toMatchObject({ fileName: '0.png', seed: 5 });
  expect(await put(`${url}end`, endOf())).toBe(410);
});

describe('nothing is taken, or given away,', () => {
  test.each<[string, (url: string) => string]>([
    ['with another signature', (url) => url.replace(/[^/]{43}\/$/, `${'A'.repeat(43)}/`)],
    ['with half a signature', (url) => url.replace(/[^/]{20}\/$/, '/')],
    ['for another job', (url) => url.replace('abcdefghij', 'abcdefghik')],
    ['for another attempt', (url) => url.replace('/1/', '/2/')],
    ['for longer than was granted', (url) => url.replace(/\/(\d{13})\//, (_, ms) => `/${Number(ms) + 1}/`)],
    [
      'by somebody with another key',
      () => {
        const ticket = signTicket('another key', { jobId: 'abcdefghij', attempt: 1, expiresMs: nowMs + 1_000 });
        return `${receiver.origin}/fleet/${ticket}/`;
      },
    ],
    ['without any ticket', () => `${receiver.origin}/fleet/`],
  ])('%s', async (_, forge) => {
    const { url } = awaitOne();
    const forged = forge(url);
    expect(forged).not.toBe(url);
    expect(await putPicture(forged)).toBe(404);
    expect(await put(`${forged}end`, endOf())).toBe(404);
    expect((await fetch(`${forged}initImagePath`)).status).toBe(404);
    expect(existsSync(outputDir())).toBe(false);
  });

  test('after its time', async () => {
    const { url } = awaitOne();
    nowMs += 30 * DAY_MS;
    expect(await putPicture(url)).toBe(404);
  });

  test('for an attempt that was given up: a zombie hears that nobody waits', async () => {
    const first = awaitOne(1);
    first.stop();
    const second = awaitOne(2);
    expect(await putPicture(first.url)).toBe(410);
    expect(await put(`${first.url}end`, endOf())).toBe(410);
    expect(await putPicture(second.url)).toBe(200);
  });
});

describe('what is handed in', () => {
  test('with a hash that does not fit is not kept; other bytes under a taken name neither', async () => {
    const { url } = awaitOne();
    expect(await putPicture(url, PICTURE, sha256Of(Buffer.from('x')))).toBe(400);
    expect(existsSync(outputDir())).toBe(false);
    expect(await putPicture(url)).toBe(200);
    expect(await putPicture(url)).toBe(200);
    expect(await putPicture(url, plainPng(SIZE, 9))).toBe(409);
  });

  test.each(['..%2f0.png', '%2e%2e/0.png', '0.txt', '.0.png', '0.png%00', `${'a'.repeat(41)}.png`, 'a/b.png'])(
    'as %s is no picture',
    async (name) => {
      const { url } = awaitOne();
      const status = await put(`${url}${name}`, PICTURE, { 'x-sha256': sha256Of(PICTURE) });
      expect(status).toBe(404);
      expect(readdirSync(folder)).toEqual(['source.png']);
    },
  );

  test.each<[string, object]>([
    ['a size it does not have', { widthPx: 64, heightPx: 96 }],
    ['a length it does not have', { sizeBytes: PICTURE.length + 1 }],
    ['the hash of something else', { sha256: 'ab'.repeat(32) }],
    ['a name nothing was handed in under', { fileName: '1.png' }],
  ])('and claims %s ends the attempt as a defect of that machine', async (_, changes) => {
    const { url, end } = awaitOne();
    await putPicture(url);
    expect(await put(`${url}end`, endOf(changes))).toBe(400);
    await expect(end).rejects.toMatchObject({ code: 'worker_protocol' });
  });

  test('of another shape ends the attempt too', async () => {
    const { url, end } = awaitOne();
    expect(await put(`${url}end`, '{"kind":"developed","pictures":[],"more":1}')).toBe(400);
    await expect(end).rejects.toMatchObject({ code: 'worker_protocol' });
  });
});

test('inputs are given out by their names only', async () => {
  const { url } = awaitOne();
  expect(await (await fetch(`${url}initImagePath`)).text()).toBe('the start picture');
  for (const name of ['maskPath', '__proto__', 'constructor', '%2e%2e%2fsource.png']) {
    expect((await fetch(`${url}${name}`)).status, name).toBe(404);
  }
});
