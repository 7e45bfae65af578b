// Everything that makes pictures for one bot: this machine's image process, the machines of a fleet, or both. It decides which models a
// machine may be given: a name means the weights of whoever had it first, and a machine with other weights under it is left out.
import type { Clock } from '../clock.ts';
import type { FleetConfig } from '../config.ts';
import type { ModelCard } from '../core/request.ts';
import { LANCZOS } from '../core/upscale.ts';
import type { ImageWorker, WorkerFacts } from '../core/worker.ts';
import type { Logger } from '../log.ts';
import type { WorkerLimits } from '../queue/dispatcher.ts';
import { deferred } from '../worker/deferred.ts';
import { Fleet } from './fleet.ts';
import { Receiver } from './receiver.ts';
import type { Heartbeat } from './wire.ts';

/** What takes workers: the dispatcher. */
export interface Queue {
  addWorker(worker: ImageWorker, limits: WorkerLimits): () => void;
}

export interface ExecutorsOptions {
  readonly config: FleetConfig;
  /** This machine's own; null where it makes no pictures. Closed by whoever made it. */
  readonly local: ImageWorker | null;
  readonly localSlots: number;
  /** Hash of a model's weights on this machine, as recipes carry it; undefined until it is known. */
  readonly localHashOf: (model: string) => string | undefined;
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
  readonly #joined = new Map<string, { readonly worker: ImageWorker; readonly heartbeat: Heartbeat }>();
  readonly #farewells = new Map<string, () => void>();
  /** Model name → hash of the weights this bot means by it. */
  readonly #meant = new Map<string, string>();
  #localFacts: WorkerFacts | undefined;
  #queue: Queue | undefined;

  constructor(options: ExecutorsOptions) {
    const { config, key, clock, log } = options;
    this.#options = options;
    this.#receiver = new Receiver({ ...config, key, nowMs: () => clock.nowMs(), log });
    this.#fleet = new Fleet({
      redisUrl: config.redisUrl,
      receiver: this.#receiver,
      clock,
      log,
      onJoin: (worker, heartbeat) => this.#join(worker, heartbeat),
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
      const models = this.#localFacts.models.map(({ name }) => name);
      queue.addWorker(local, { id: 'worker-1', slots: localSlots, models: withUpscalers(models, this.#localFacts) });
    }
    for (const { worker, heartbeat } of this.#joined.values()) this.#hand(worker, heartbeat);
  }

  /** Models somebody has now, by name; this machine's cards first. */
  cards(): readonly ModelCard[] {
    const cards = new Map<string, ModelCard>();
    for (const card of this.#localFacts?.models ?? []) cards.set(card.name, card);
    for (const { heartbeat } of this.#joined.values()) {
      for (const card of this.#meantCards(heartbeat)) if (!cards.has(card.name)) cards.set(card.name, card);
    }
    return [...cards.values()];
  }

  /** Looks at this machine's LoRAs again; those of other machines are what they were when they came. */
  async refresh(): Promise<void> {
    if (this.#localFacts !== undefined) this.#localFacts = await this.#options.local!.refresh!();
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
    this.#joined.set(heartbeat.stationId, { worker, heartbeat });
    for (const [name, hash] of Object.entries(heartbeat.hashes)) {
      const meant = this.#meant.get(name) ?? this.#options.localHashOf(name) ?? hash;
      this.#meant.set(name, meant);
      if (meant !== hash) {
        const { name: machine } = heartbeat;
        this.#options.log.warn({ machine, model: name, found: hash, expected: meant }, 'other weights under this name');
      }
    }
    if (this.#queue !== undefined) this.#hand(worker, heartbeat);
    this.#first.resolve(heartbeat.facts);
  }

  #hand(worker: ImageWorker, heartbeat: Heartbeat): void {
    const models = this.#meantCards(heartbeat).map(({ name }) => name);
    const { stationId: id, slots } = heartbeat;
    const limits = { id, slots, models: withUpscalers(models, heartbeat.facts) };
    const farewell = this.#queue?.addWorker(worker, limits);
    if (farewell !== undefined) this.#farewells.set(id, farewell);
  }

  #meantCards({ facts, hashes }: Heartbeat): readonly ModelCard[] {
    return facts.models.filter(({ name }) => hashes[name] === undefined || hashes[name] === this.#meant.get(name));
  }

  #leave(stationId: string): void {
    this.#joined.delete(stationId);
    this.#farewells.get(stationId)?.();
    this.#farewells.delete(stationId);
  }
}

/** What a worker takes jobs for: models, upscalers, and enlarging without either. */
function withUpscalers(models: readonly string[], { upscalers = [] }: WorkerFacts): readonly string[] {
  return [...models, ...upscalers.map(({ name }) => name), LANCZOS];
}
