// A machine's way to the bot: fetches start pictures, hands in pictures and then the result that names them. A bot that is away for a
// while is waited for; one that no longer wants the result says so, and the machine drops it.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { DevelopedPicture } from '../core/worker.ts';
import { DarkroomError } from '../errors.ts';
import type { Result } from './wire.ts';

/** The attempt is over for the bot: cancelled, lost, or made elsewhere. */
export class NobodyWaits extends Error {
  constructor() {
    super('the bot no longer waits for this attempt');
    this.name = 'NobodyWaits';
  }
}

export interface Handing {
  readonly url: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type HandIn = Handing &
  ({ readonly folder: string; readonly pictures: readonly DevelopedPicture[] } | { readonly error: DarkroomError });

/** How long a bot that cannot be reached is waited for: a restart with a slow start takes a minute. */
const PATIENCE_MS = 120_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const REQUEST_MS = 60_000;

/** @throws NobodyWaits; worker_protocol when the bot refuses the result; worker_lost when it stays away */
export async function handIn(hand: HandIn): Promise<void> {
  if ('error' in hand) {
    await putResult(hand, { kind: 'failed', error: hand.error.toJSON() });
    return;
  }
  for (const { fileName, sha256 } of hand.pictures.flatMap((one) => [one, ...(one.controlMaps ?? [])])) {
    const bytes = await readFile(path.join(hand.folder, fileName));
    await put(hand, fileName, bytes, { 'x-sha256': sha256, 'content-type': 'image/png' });
  }
  await putResult(hand, { kind: 'developed', pictures: hand.pictures });
}

function putResult(hand: Handing, result: Result): Promise<void> {
  return put(hand, 'end', Buffer.from(JSON.stringify(result)), { 'content-type': 'application/json' });
}

/** Again and again while the bot is away or busy; once it has answered, its word counts. */
async function put(
  { url, clock, signal }: Handing,
  name: string,
  body: Buffer<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<void> {
  const untilMs = clock.nowMs() + PATIENCE_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    const status = await ask(`${url}${name}`, { method: 'PUT', body, headers }, signal);
    if (status === 200) return;
    if (status === 404 || status === 410) throw new NobodyWaits();
    if (status !== undefined && status < 500) {
      throw new DarkroomError('worker_protocol', `${name}: the bot answered ${status} to the result`);
    }
    if (clock.nowMs() > untilMs) throw new DarkroomError('worker_lost', 'the bot cannot be reached');
    await clock.sleep(waitMs, signal);
  }
}

/** The status; undefined when nobody answered. */
async function ask(url: string, init: RequestInit, signal: AbortSignal): Promise<number | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: limited });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

/** @throws NobodyWaits; input_image_invalid when the bytes are not those that were named */
export async function fetchInput(url: string, sha256: string, file: string, signal: AbortSignal): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
  const response = await fetch(url, { redirect: 'error', signal: limited });
  if (response.status === 404 || response.status === 410) throw new NobodyWaits();
  const bytes = Buffer.from(await response.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (!response.ok || found !== sha256) {
    const problem = response.ok ? 'has other bytes than the bot named' : `the bot answered ${response.status}`;
    throw new DarkroomError('input_image_invalid', `start picture: ${problem}`);
  }
  await writeFile(file, bytes);
}
