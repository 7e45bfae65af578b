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

async function put(
  hand: Handing,
  name: string,
  body: Buffer<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<void> {
  const { status } = await answerOf(hand, name, { method: 'PUT', body, headers });
  if (status !== 200) {
    throw new DarkroomError('worker_protocol', `${name}: the bot answered ${status} to the result`);
  }
}

/** @throws NobodyWaits; input_image_invalid when the bytes are not those that were named; worker_lost when the bot stays away */
export async function fetchInput(hand: Handing, name: string, sha256: string, file: string): Promise<void> {
  const { status, bytes } = await answerOf(hand, name, {});
  const found = createHash('sha256').update(bytes).digest('hex');
  if (status !== 200 || found !== sha256) {
    const problem = status === 200 ? 'has other bytes than the bot named' : `the bot answered ${status}`;
    throw new DarkroomError('input_image_invalid', `start picture: ${problem}`);
  }
  await writeFile(file, bytes);
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Asked again and again while the bot is away or busy; once it has answered, its word counts. @throws NobodyWaits, worker_lost */
async function answerOf({ url, clock, signal }: Handing, name: string, init: RequestInit): Promise<Answer> {
  const untilMs = clock.nowMs() + PATIENCE_MS;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    signal.throwIfAborted();
    const answer = await ask(`${url}${name}`, init, signal);
    if (answer?.status === 404 || answer?.status === 410) throw new NobodyWaits();
    if (answer !== undefined && answer.status < 500) return answer;
    if (clock.nowMs() > untilMs) throw new DarkroomError('worker_lost', 'the bot cannot be reached');
    await clock.sleep(waitMs, signal);
  }
}

/** undefined when nobody answered. */
async function ask(url: string, init: RequestInit, signal: AbortSignal): Promise<Answer | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: limited });
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  } catch {
    return undefined;
  }
}
