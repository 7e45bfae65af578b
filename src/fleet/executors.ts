// Everything that makes pictures for one bot: this machine's image process, the machines of a fleet, or both. It decides which models, LoRAs and
// control networks a machine may be given jobs of: a name means the weights of whoever had it first, and a machine with other weights under it
// is left out.
import type { Clock } from '../clock.ts';
import type { FleetConfig } from '../config.ts';
import type { ModelCard } from '../core/request.ts';
import { LANCZOS } from '../core/upscale.ts';
import { controlNeed, loraNeed } from '../core/work.ts';
import type { ImageWorker, WorkerFacts } from '../core/worker.ts';
import type { Logger } from '../log.ts';
import type { WorkerLimits } from '../queue/dispatcher.ts';
import { deferred } from '../worker/deferred.ts';
import { tellNews } from '../worker/news.ts';
import { Fleet } from './fleet.ts';
import { Receiver } from './receiver.ts';
import type { Heartbeat } from './wire.ts';

/** What takes workers: the dispatcher. */
export interface Queue {
  addWorker(worker: ImageWorker, limits: WorkerLimits): () => void;
  /** A worker may take what it could not. */
  kick(): void;
}

/** A machine of the fleet. */
interface Joined {
  readonly worker: ImageWorker;
  heartbeat: Heartbeat;
  readonly has: Names;
  /** Undefined until the queue knows it. */
  farewell?: (() => void) | undefined;
}

/** Names of what a worker has, as the queue was given them: they change while it is there. */
type Names = string[];

export interface ExecutorsOptions {
  readonly config: FleetConfig;
  /** This machine's own; null where it makes no pictures. Closed by whoever made it. */
  readonly local: ImageWorker | null;
  readonly localSlots: number;
  /** Hash of a model's weights on this machine, as recipes carry it; undefined until it is known. */
  readonly localHashOf: (model: string) => string | undefined;
  /** Whether this bot's queue knows the job, final or not. */
  readonly isOurs: (jobId: string) => boolean;
  /** Secret of the result addresses; the same after a restart. */
  readonly key: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Executors {
  readonly #options: ExecutorsOptions;
  readonly #receiver: Receiver;
  readonly #fleet: Fleet;
  readonly #first = deferred<WorkerFacts>();
  readonly #joined = new Map<string, Joined>();
  readonly #localHas: Names = [];
  /** Model name → hash of the weights this bot means by it. */
  readonly #meant = new Map<string, string>();
  /** The same of LoRAs and control networks, by the names the queue knows them by. */
  #meantExtras: ReadonlyMap<string, string> = new Map();
  #cards: readonly ModelCard[] = [];
  #localFacts: WorkerFacts | undefined;
  #queue: Queue | undefined;

  constructor(options: ExecutorsOptions) {
    const { config, key, clock, log, isOurs } = options;
    this.#options = options;
    this.#receiver = new Receiver({ ...config, key, nowMs: () => clock.nowMs(), log });
    this.#fleet = new Fleet({
      redisUrl: config.redisUrl,
      receiver: this.#receiver,
      clock,
      log,
      isOurs,
      onJoin: (worker, heartbeat) => this.#join(worker, heartbeat),
      onChange: (heartbeat) => this.#change(heartbeat),
      onLeave: (stationId) => this.#leave(stationId),
    });
  }

  /** What this machine can make; without a worker here, what the first machine of the fleet can, which is waited for. @throws config_invalid */
  async open(): Promise<WorkerFacts> {
    const { local, config, log } = this.#options;
    await this.#receiver.listen();
    this.#fleet.start();
    log.info({ results: this.#receiver.origin }, 'machines of the fleet hand in here');
    if (local !== null) {
      this.#localFacts = await local.ready();
      this.#sort();
      return this.#localFacts;
    }
    if (this.#joined.size === 0) log.info({ config: config.host }, 'waiting for the first machine of the fleet');
    return this.#first.promise;
  }

  /** From now on workers that come are the queue's. */
  serve(queue: Queue): void {
    const { local, localSlots } = this.#options;
    this.#queue = queue;
    if (local !== null && this.#localFacts !== undefined) {
      queue.addWorker(local, { id: 'worker-1', slots: localSlots, models: this.#localHas });
    }
    for (const joined of this.#joined.values()) this.#hand(joined);
  }

  /** Models somebody has now, by name; every card with all LoRAs and control networks somebody has. This machine's come first. */
  cards(): readonly ModelCard[] {
    return this.#cards;
  }

  /** Looks at this machine's LoRAs and control networks again; other machines look at theirs themselves. */
  async refresh(): Promise<void> {
    const before = this.#localFacts;
    if (before === undefined) return;
    this.#localFacts = await this.#options.local!.refresh!();
    tellNews(before, this.#localFacts, this.#options.log);
    this.#sort();
    this.#queue?.kick();
  }

  /** Hash of the weights this bot means by a name, as far as a machine has told it. */
  hashOf(model: string): string | undefined {
    return this.#meant.get(model);
  }

  async close(): Promise<void> {
    await this.#fleet.close();
    await this.#receiver.close();
  }

  #join(worker: ImageWorker, heartbeat: Heartbeat): void {
    const joined: Joined = { worker, heartbeat, has: [] };
    this.#joined.set(heartbeat.stationId, joined);
    for (const [name, hash] of Object.entries(heartbeat.hashes)) {
      const meant = this.#meant.get(name) ?? this.#options.localHashOf(name) ?? hash;
      this.#meant.set(name, meant);
      if (meant !== hash) {
        const { name: machine } = heartbeat;
        this.#options.log.warn({ machine, model: name, found: hash, expected: meant }, 'other weights under this name');
      }
    }
    this.#sort();
    this.#tellStrangers(heartbeat);
    if (this.#queue !== undefined) this.#hand(joined);
    this.#first.resolve(heartbeat.facts);
  }

  #change(heartbeat: Heartbeat): void {
    const joined = this.#joined.get(heartbeat.stationId);
    if (joined === undefined) return;
    joined.heartbeat = heartbeat;
    this.#sort();
    this.#tellStrangers(heartbeat);
    this.#queue?.kick();
  }

  #hand(joined: Joined): void {
    const { worker, has, heartbeat } = joined;
    const { stationId: id, slots } = heartbeat;
    joined.farewell = this.#queue?.addWorker(worker, { id, slots, models: has });
  }

  /** Who has what, in the lists the queue holds. */
  #sort(): void {
    const own = extrasOf(this.#localFacts?.models ?? []);
    const others = [...this.#joined.values()].map(({ heartbeat }) => extrasOf(heartbeat.facts.models));
    this.#meantExtras = meantHashes(this.#meantExtras, own, others);
    if (this.#localFacts !== undefined)
      replace(this.#localHas, this.#namesOf(this.#localFacts, this.#localFacts.models));
    for (const { heartbeat, has } of this.#joined.values()) {
      replace(has, this.#namesOf(heartbeat.facts, this.#meantCards(heartbeat)));
    }
    const all = [...this.#joined.values()].map(({ heartbeat }) => this.#cardsOf(heartbeat));
    this.#cards = togetherOf([this.#localFacts?.models ?? [], ...all]);
  }

  #namesOf({ models, upscalers = [] }: WorkerFacts, meant: readonly ModelCard[]): Names {
    const extras = [...extrasOf(models)].filter(([name, hash]) => this.#meantExtras.get(name) === hash);
    const names = [meant, upscalers].flat().map(({ name }) => name);
    return [...names, LANCZOS, ...extras.map(([name]) => name)];
  }

  #tellStrangers({ name: machine, facts }: Heartbeat): void {
    for (const [name, found] of extrasOf(facts.models)) {
      const expected = this.#meantExtras.get(name);
      if (found !== expected)
        this.#options.log.warn({ machine, name, found, expected }, 'other weights under this name');
    }
  }

  #meantCards({ facts, hashes }: Heartbeat): readonly ModelCard[] {
    return facts.models.filter(({ name }) => hashes[name] === undefined || hashes[name] === this.#meant.get(name));
  }

  /** Its models that are meant, with those of its LoRAs and control networks that are. */
  #cardsOf(heartbeat: Heartbeat): readonly ModelCard[] {
    const isMeant = (need: string, hash: string) => this.#meantExtras.get(need) === hash;
    return this.#meantCards(heartbeat).map(({ loras, controls, ...card }) => ({
      ...card,
      ...(loras && { loras: loras.filter(({ name, hash = '' }) => isMeant(loraNeed(name), hash)) }),
      ...(controls && { controls: controls.filter(({ name, hash }) => isMeant(controlNeed(name), hash)) }),
    }));
  }

  #leave(stationId: string): void {
    const joined = this.#joined.get(stationId);
    this.#joined.delete(stationId);
    joined?.farewell?.();
    this.#sort();
    this.#queue?.kick();
  }
}

/** What a worker has beside models, as requests need it → hash. Every card has them all. */
function extrasOf(models: readonly ModelCard[]): ReadonlyMap<string, string> {
  const { loras = [], controls = [] } = models[0] ?? {};
  return new Map([
    ...loras.map(({ name, hash = '' }) => [loraNeed(name), hash] as const),
    ...controls.map(({ name, hash }) => [controlNeed(name), hash] as const),
  ]);
}

/**
 * What each name means: what this machine has under it, else what it meant before as long as somebody has that, else what the first has.
 * So a file that was replaced on every machine is the new one everywhere, and in between the old one where it still is.
 */
function meantHashes(
  before: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
  others: readonly ReadonlyMap<string, string>[],
): ReadonlyMap<string, string> {
  const meant = new Map(own);
  for (const [name, hash] of others.flatMap((one) => [...one])) {
    const was = before.get(name);
    const isThere = was !== undefined && others.some((one) => one.get(name) === was);
    if (!meant.has(name)) meant.set(name, isThere ? was : hash);
  }
  return meant;
}

function replace(list: Names, by: Names): void {
  list.splice(0, list.length, ...by);
}

/** @param machines the cards of each */
function togetherOf(machines: readonly (readonly ModelCard[])[]): readonly ModelCard[] {
  const loras = merged(machines.flatMap(([card]) => card?.loras ?? []));
  const controls = merged(machines.flatMap(([card]) => card?.controls ?? []));
  const cards = new Map(
    machines
      .flat()
      .toReversed()
      .map((card) => [card.name, card]),
  );
  const names = new Set(machines.flat().map(({ name }) => name));
  const more = { ...(loras.length > 0 && { loras }), ...(controls.length > 0 && { controls }) };
  return [...names].map((name) => ({ ...cards.get(name)!, ...more }));
}

/** One of a name; it fits what it fits anywhere. Sorted by name. */
function merged<T extends { readonly name: string; readonly fits: readonly string[] }>(
  cards: readonly T[],
): readonly T[] {
  const all = new Map<string, T>();
  for (const card of cards) {
    const known = all.get(card.name);
    all.set(card.name, known === undefined ? card : { ...known, fits: [...new Set([...known.fits, ...card.fits])] });
  }
  return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
