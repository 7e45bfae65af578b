// Who gets which job in a fleet whose machines have different LoRAs and control networks: a real Redis, real HTTP, the real queue and database;
// only the pictures are painted by nobody's networks.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { ControlCard } from '../../src/core/control.ts';
import type { LoraCard } from '../../src/core/lora.ts';
import type { ModelCard, ResolvedRequest } from '../../src/core/request.ts';
import type { WorkerFacts } from '../../src/core/worker.ts';
import { Executors } from '../../src/fleet/executors.ts';
import { openStation, type Station } from '../../src/fleet/station.ts';
import { Dispatcher } from '../../src/queue/dispatcher.ts';
import { openStore } from '../../src/store/openStore.ts';
import { newJob } from '../contract/jobStore.ts';
import { ScriptedWorker } from '../e2e/scriptedWorker.ts';
import { CONTROLLED_CARD, TEST_CARD, TEST_CONTROLS, testRequest } from '../support/cards.ts';
import { HAS_REDIS, TestRedis } from '../support/redis.ts';
import { log } from './house.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** By name, what of files tells them apart. */
type Loras = Readonly<Record<string, string>>;

function loraCards(loras: Loras): readonly LoraCard[] {
  return Object.entries(loras).map(([name, digit]) => ({
    name,
    family: 'of the Stable Diffusion 1.x kind',
    fits: [TEST_CARD.name],
    triggers: [],
    defaults: {},
    sizeBytes: 1_000,
    hash: digit.repeat(12),
  }));
}

/** A machine with files that its owner may change while it runs. */
class Painter extends ScriptedWorker {
  card: ModelCard;

  constructor(loras: Loras, controls: readonly ControlCard[] = []) {
    super();
    this.card = { ...TEST_CARD, loras: loraCards(loras), controls };
  }

  override async ready(): Promise<WorkerFacts> {
    return { ...(await super.ready()), models: [this.card] };
  }

  refresh(): Promise<WorkerFacts> {
    return this.ready();
  }

  get made(): readonly string[] {
    return this.tasks.map(({ jobId }) => jobId);
  }
}

const withLoras = (...names: string[]): ResolvedRequest => ({
  ...testRequest(),
  loras: names.map((name) => ({ name, strength: 1, textStrength: 1 })),
});
const SHA256 = 'ab'.repeat(32);
const followed = testRequest({ controls: [{ kind: 'canny', image: { sha256: SHA256 } }] });

describe.skipIf(!HAS_REDIS)('over Redis', () => {
  const redis = HAS_REDIS ? TestRedis.start() : undefined;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'darkroom-executors-'));
  mkdirSync(path.join(dataDir, 'inputs'));
  writeFileSync(path.join(dataDir, 'inputs', SHA256), 'a picture');
  const store = openStore({ file: ':memory:' });
  const stations: Station[] = [];
  let executors: Executors;
  let dispatcher: Dispatcher;
  let redisUrl: string;

  beforeEach(async () => {
    redisUrl = (await redis!).url;
    (await redis!).command('FLUSHALL');
    dispatcher = new Dispatcher({ store, workers: [], clock: systemClock, log, dataDir });
  });
  afterEach(async () => {
    await dispatcher.drain(0);
    for (const station of stations.splice(0)) await station.close(0);
    await executors.close();
  });
  afterAll(async () => {
    await (await redis)?.down();
    store.close();
    rmSync(dataDir, { recursive: true });
  });

  async function join(worker: Painter, name: string): Promise<Station> {
    const station = await openStation({ redisUrl, worker, hashes: {}, slots: 1, log, name });
    stations.push(station);
    return station;
  }

  async function openFleet(local: Painter | null = null): Promise<void> {
    const config = { redisUrl, host: '127.0.0.1', port: 0, publicUrl: null, hasLocalWorker: local !== null };
    executors = new Executors({
      config,
      local,
      localSlots: 1,
      localHashOf: () => undefined,
      isOurs: (jobId) => store.get(jobId) !== undefined,
      key: 'test key',
      clock: systemClock,
      log,
    });
    await executors.open();
    executors.serve(dispatcher);
    dispatcher.start();
  }

  /** The job's id. */
  function ask(request: ResolvedRequest, userId: string): string {
    const result = store.accept(newJob({ request, userId }), { dailyQuota: 100, maxWaitingPerUser: 50 });
    if (!result.ok) throw new Error(result.reason);
    store.acknowledge(result.job.id);
    dispatcher.kick();
    return result.job.id;
  }

  const isMade = (id: string) => vi.waitFor(() => expect(store.get(id)?.state).toBe('developed'), { timeout: 30_000 });
  const lorasThere = () => executors.cards()[0]?.loras?.map(({ name, hash }) => `${name} ${hash?.[0]}`);
  const offered = (...names: string[]) => vi.waitFor(() => expect(lorasThere()).toEqual(names), { timeout: 30_000 });

  test('a job lands only where all it needs is; what nobody has together waits until somebody has', async () => {
    const [first, second] = [new Painter({ ink: 'a' }, TEST_CONTROLS), new Painter({ ink: 'b', photo: 'c' })];
    await join(first, 'first');
    await openFleet();
    await offered('ink a');
    const other = await join(second, 'second');
    // Its other file of that name is not what the bot means.
    await offered('ink a', 'photo c');
    const inked = [1, 2, 3].map((user) => ask(withLoras('ink'), `inker ${user}`));
    const photos = [1, 2, 3].map((user) => ask(withLoras('photo'), `photographer ${user}`));
    const edges = ask(followed, 'follower');
    const both = ask(withLoras('ink', 'photo'), 'collector');
    for (const id of [...inked, ...photos, edges]) await isMade(id);
    expect(first.made.toSorted()).toEqual([...inked, edges].toSorted());
    expect(second.made.toSorted()).toEqual(photos.toSorted());
    expect(store.get(both)?.state).toBe('queued');
    second.card = { ...second.card, loras: loraCards({ ink: 'a', photo: 'c' }) };
    await other.refresh();
    await isMade(both);
    expect(second.made).toContain(both);
  });

  test('a name means what somebody has; a file that was replaced everywhere is the new one everywhere', async () => {
    const [first, second] = [new Painter({ ink: 'a' }), new Painter({ ink: 'a', wool: 'd' })];
    const [one, two] = [await join(first, 'first'), await join(second, 'second')];
    await openFleet();
    await offered('ink a', 'wool d');
    first.card = { ...first.card, loras: loraCards({ ink: 'b' }) };
    await one.refresh();
    await wait(2_500);
    expect(lorasThere()).toEqual(['ink a', 'wool d']);
    const before = [1, 2, 3].map((user) => ask(withLoras('ink'), `early ${user}`));
    for (const id of before) await isMade(id);
    expect(first.made).toEqual([]);
    second.card = { ...second.card, loras: loraCards({ ink: 'b' }) };
    await two.refresh();
    await offered('ink b');
    const gone = ask(withLoras('wool'), 'knitter');
    const after = [1, 2, 3, 4].map((user) => ask(withLoras('ink'), `late ${user}`));
    for (const id of after) await isMade(id);
    expect(first.made.length).toBeGreaterThan(0);
    expect(store.get(gone)?.state).toBe('queued');
  });

  test('what lies on this machine goes before, also when it comes later', async () => {
    const [own, far] = [new Painter({}), new Painter({ ink: 'b' }, TEST_CONTROLS.slice(0, 1))];
    await join(far, 'far');
    await openFleet(own);
    await offered('ink b');
    expect(executors.cards()[0]?.controls).toEqual(CONTROLLED_CARD.controls!.slice(0, 1));
    const there = ask(withLoras('ink'), 'early');
    await isMade(there);
    expect(far.made).toEqual([there]);
    own.card = { ...own.card, loras: loraCards({ ink: 'e' }) };
    await executors.refresh();
    expect(lorasThere()).toEqual(['ink e']);
    const here = [1, 2, 3].map((user) => ask(withLoras('ink'), `late ${user}`));
    for (const id of here) await isMade(id);
    expect(own.made.toSorted()).toEqual(here.toSorted());
  });
});
