// A machine's requests to a bot that is away, busy, or has changed its mind.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchInput, NobodyWaits } from '../../src/fleet/handIn.ts';

const PICTURE = Buffer.from('a picture');
const SHA256 = createHash('sha256').update(PICTURE).digest('hex');

let folder: string;
let server: Server;
let asked: number;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-handin-'));
  asked = 0;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** A bot that does one of these after the other, the last for ever. */
async function bot(...answers: readonly RequestListener[]): Promise<string> {
  server = createServer((request, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)]!;
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
const reset: RequestListener = (request) => request.socket.destroy();
const cut: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-length': PICTURE.length }).write(PICTURE.subarray(0, 3), () => response.destroy());
};
const says = (status: number, body: Buffer = PICTURE) =>
  ((_, response) => response.writeHead(status).end(body)) as RequestListener;

/** Every wait is over at once. */
function inHaste() {
  let nowMs = 0;
  const sleep = async (ms: number) => {
    nowMs += ms;
  };
  return { nowMs: () => nowMs, sleep };
}
const fetched = (url: string, signal = new AbortController().signal) =>
  fetchInput({ url, clock: inHaste(), signal }, 'initPath', SHA256, path.join(folder, 'initPath'));

test('a start picture is asked for again while the bot is away, busy or cut off', async () => {
  await fetched(await bot(reset, says(503), cut, says(200)));
  expect(asked).toBe(4);
  expect(readFileSync(path.join(folder, 'initPath'))).toEqual(PICTURE);
});

test.each([404, 410])('%d: nobody waits for it any more', async (status) => {
  await expect(fetched(await bot(says(status)))).rejects.toBeInstanceOf(NobodyWaits);
  expect(asked).toBe(1);
});

test.each([
  ['other bytes', says(200, Buffer.from('another')), 'has other bytes than the bot named'],
  ['a refusal', says(400), 'the bot answered 400'],
])('%s: its word counts', async (_, answer, problem) => {
  await expect(fetched(await bot(answer))).rejects.toMatchObject({
    code: 'input_image_invalid',
    message: `start picture: ${problem}`,
  });
  expect(asked).toBe(1);
});

test('a bot that stays away for two minutes is lost', async () => {
  await expect(fetched(await bot(reset))).rejects.toMatchObject({ code: 'worker_lost' });
  expect(asked).toBeGreaterThan(20);
});

test('a cancelled task asks no more', async () => {
  const abort = new AbortController();
  abort.abort(new Error('cancelled'));
  await expect(fetched(await bot(says(200)), abort.signal)).rejects.toThrow('cancelled');
  expect(asked).toBe(0);
});
