// Brings queued jobs to workers and their results back to the store: claims by the store's fairness, a few jobs at a time per worker,
// leases kept, losses counted, a full disk waited out, shutdown without loss. Deliberately no queue of its own: p-queue only bounds how
// many jobs are in flight, and whatever this process forgets is still in the database.
import path from 'node:path';
import PQueue from 'p-queue';
import type { Clock } from '../clock.ts';
import type { JobRecord, JobState, PictureRecord } from '../core/job.ts';
import type { JobStore } from '../core/jobStore.ts';
import { judgePrompt } from '../core/moderation.ts';
import { rulesAt } from '../core/policy.ts';
import type { DevelopedPicture, DevelopProgress, DevelopTask, ImageWorker } from '../core/worker.ts';
import { DarkroomError, type ErrorCode, type SerializedError, toDarkroomError } from '../errors.ts';
import { failpoint } from '../failpoint.ts';
import type { Logger } from '../log.ts';
import { judgeResult, recordResult } from './judgement.ts';
import { type MachineTime, meterMachineTime } from './machineTime.ts';
import { dropFolder, hasRoom, inputFile, pictureFolder } from './pictureFolders.ts';
import { makeQueueEvents, type QueueListener } from './queueEvents.ts';
import { Stalls } from './stalls.ts';

export interface DispatcherOptions {
  readonly store: JobStore;
  /** Those that are there for good; machines of a fleet come and go by `addWorker`. */
  readonly workers: readonly ImageWorker[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Absolute; holds `pictures/` and `inputs/`. */
  readonly dataDir: string;
  /** Jobs in flight per worker, so that their rows can share network calls; more only makes each one slower. */
  readonly jobsPerWorker?: number;
  /** A job whose lease was not renewed for this long counts as lost, in milliseconds. */
  readonly leaseMs?: number;
  /** Whether the disk has room again; asked only after it was full. */
  readonly hasRoom?: (dataDir: string) => Promise<boolean>;
  /** The hash a model's recipes carry; undefined until it is known. */
  readonly hashOf?: (model: string) => string | undefined;
  /** Whether workers show what they are making; absent is no. */
  readonly previews?: boolean;
}

const DEFAULT_JOBS_PER_WORKER = 2;
const DEFAULT_LEASE_MS = 60_000;
/** An order is answered within this or something failed in the middle of it: three tries of a request, and some. In milliseconds. */
const ANSWERED_WITHIN_MS = 60_000;
/** Renewals in the time of one lease: two may fail before the job counts as lost. */
const RENEWALS_PER_LEASE = 3;
/** How long an aborted worker may take to let go at shutdown before its job is given back without it, in milliseconds. */
const LET_GO_MS = 5_000;
/** The worker is gone, not only this job. */
const LOSSES: readonly ErrorCode[] = ['worker_crashed', 'worker_hung', 'worker_protocol'];

/** What a worker that joins later can do. */
export interface WorkerLimits {
  /** Names the worker; unique for ever. */
  readonly id: string;
  /** Jobs in flight at once. */
  readonly slots: number;
  /** Names of what it has (core/work.ts, `needsOf`); it is given jobs that need nothing else. Whoever added it may change the list. */
  readonly models: readonly string[];
}

/** One worker with its bounded executor. */
interface Lane {
  readonly id: string;
  readonly worker: ImageWorker;
  readonly slots: number;
  /** Undefined: every model. */
  readonly models: readonly string[] | undefined;
  readonly running: PQueue;
  readonly time: MachineTime;
  filling: boolean;
  /** Something may have changed while `filling`. */
  kicked: boolean;
}

interface Flight {
  readonly job: JobRecord;
  readonly lane: Lane;
  readonly abort: AbortController;
  progress: DevelopProgress | undefined;
}

type Outcome = { readonly pictures: readonly DevelopedPicture[] } | { readonly error: DarkroomError };

export class Dispatcher {
  readonly #options: Required<DispatcherOptions>;
  readonly #lanes = new Set<Lane>();
  readonly #flights = new Map<string, Flight>();
  /** Who waits for the last flight to land. */
  readonly #landed = new Set<() => void>();
  readonly #events;
  readonly #stalls: Stalls;
  /** Aborts when no more jobs are to be begun. */
  readonly #draining = new AbortController();
  #isStarted = false;
  /** Aborts when nothing is waited for any more. */
  readonly #closed = new AbortController();

  constructor(options: DispatcherOptions) {
    this.#options = {
      jobsPerWorker: DEFAULT_JOBS_PER_WORKER,
      leaseMs: DEFAULT_LEASE_MS,
      hasRoom,
      hashOf: () => undefined,
      previews: false,
      ...options,
    };
    const { clock, log, workers, jobsPerWorker } = this.#options;
    this.#events = makeQueueEvents((thrown) => log.error({ err: thrown }, 'a queue listener threw'));
    this.#stalls = new Stalls(clock, this.#events);
    for (const [index, worker] of workers.entries()) {
      this.#lanes.add(makeLane(worker, { id: `worker-${index + 1}`, slots: jobsPerWorker, models: undefined }, clock));
    }
  }

  /**
   * A worker with models of its own, also while the queue runs; a job whose model nobody has waits.
   * @returns its farewell: it is given nothing more, what it has in flight ends by itself
   */
  addWorker(worker: ImageWorker, limits: WorkerLimits): () => void {
    const lane = makeLane(worker, limits, this.#options.clock);
    this.#lanes.add(lane);
    if (this.#isStarted) void this.#fill(lane);
    return () => this.#lanes.delete(lane);
  }

  /** Begins to claim; call `store.recover`, `sweepPictures` and `sweepInputs` first. */
  start(): void {
    this.#isStarted = true;
    void this.#keepLeases();
    this.kick();
  }

  /** There may be a job to claim. */
  kick(): void {
    for (const lane of this.#lanes) void this.#fill(lane);
  }

  /** Ends a waiting or running job, told to its worker at once; false when it is already developed or final. */
  cancel(jobId: string): boolean {
    if (!this.#options.store.cancel(jobId)) return false;
    this.#flights.get(jobId)?.abort.abort(new DarkroomError('cancelled', 'the job was cancelled'));
    this.#tell(jobId, 'cancelling');
    return true;
  }

  /** How far a running job is; undefined before its first step and when it does not run here. */
  progress(jobId: string): DevelopProgress | undefined {
    return this.#flights.get(jobId)?.progress;
  }

  /** Why no job is begun at the moment; undefined when all is well. */
  stalled(): SerializedError | undefined {
    return this.#stalls.first();
  }

  /** @returns the way to stop listening. */
  on(listener: QueueListener): () => void {
    return this.#events.on(listener);
  }

  /** Begins no more jobs, lets running ones end within `graceMs`, and gives the rest back to the queue. Close the workers afterwards. */
  async drain(graceMs: number): Promise<void> {
    this.#draining.abort(new Error('the dispatcher drains'));
    failpoint('drain');
    await this.#idleWithin(graceMs);
    for (const { abort } of this.#flights.values()) abort.abort(SHUTDOWN);
    await this.#idleWithin(LET_GO_MS);
    this.#closed.abort(new Error('the dispatcher is closed'));
    for (const { job } of this.#flights.values()) this.#options.store.release(job.id, job.attempt);
    this.#flights.clear();
  }

  async #idleWithin(ms: number): Promise<void> {
    if (this.#flights.size === 0) return;
    const waiting = new AbortController();
    const idle = new Promise<void>((resolve) => this.#landed.add(resolve));
    await Promise.race([idle, this.#options.clock.sleep(ms, waiting.signal).catch(() => undefined)]);
    waiting.abort(new Error('idle'));
  }

  #land(flight: Flight): void {
    if (this.#flights.get(flight.job.id) === flight) this.#flights.delete(flight.job.id);
    if (this.#flights.size > 0) return;
    for (const resolve of this.#landed) resolve();
    this.#landed.clear();
  }

  /** Claims until the worker is full or nobody waits; one at a time per lane, later kicks make it look again. */
  async #fill(lane: Lane): Promise<void> {
    lane.kicked = true;
    if (lane.filling) return;
    lane.filling = true;
    while (lane.kicked && !this.#draining.signal.aborted) {
      lane.kicked = false;
      while (this.#hasSlot(lane) && (await this.#begin(lane)));
    }
    lane.filling = false;
  }

  #hasSlot(lane: Lane): boolean {
    const isOpen = !this.#draining.signal.aborted && this.#lanes.has(lane);
    return isOpen && lane.running.pending + lane.running.size < lane.slots;
  }

  /** One claim; false when there is nothing to do. A failure is waited out here, then tried again. */
  async #begin(lane: Lane): Promise<boolean> {
    const { store, leaseMs } = this.#options;
    await this.#untilRoom();
    let part = lane.id;
    try {
      await lane.worker.ready();
      this.#stalls.clear(lane.id);
      if (!this.#hasSlot(lane)) return false;
      part = DATABASE;
      // Once more, since others' work may come first in the same commit.
      const claim = () => (this.#hasSlot(lane) ? store.claimNext(lane.id, leaseMs, lane.models) : undefined);
      const job = await store.together(claim);
      this.#stalls.clear(DATABASE);
      if (job === undefined) return false;
      // Cancelled while its claim was on the way to the disk: nobody could call this flight off.
      const now = store.get(job.id);
      if (now?.state === 'running' && now.attempt === job.attempt) await this.#launch(lane, job);
      return true;
    } catch (thrown) {
      if (!this.#lanes.has(lane)) return false;
      await this.#standStill(part, toDarkroomError(thrown));
      return true;
    }
  }

  async #standStill(part: string, error: DarkroomError): Promise<void> {
    if (!this.#stalls.has(part)) this.#options.log.error({ err: error, part }, 'the queue stands still');
    this.#stalls.note(part, error);
    await this.#stalls.wait(part, this.#draining.signal);
  }

  async #untilRoom(): Promise<void> {
    while (this.#stalls.has(DISK) && !this.#draining.signal.aborted) {
      await this.#stalls.wait(DISK, this.#draining.signal);
      if (await this.#options.hasRoom(this.#options.dataDir).catch(() => false)) this.#stalls.clear(DISK);
      else this.#stalls.note(DISK, new DarkroomError('disk_full', 'the disk with the pictures is still full'));
    }
  }

  /**
   * A job that was claimed before may have been what took its worker down, with others in flight beside it: it runs alone, so that a
   * second loss names the guilty one.
   */
  async #launch(lane: Lane, job: JobRecord): Promise<void> {
    const flight: Flight = { job, lane, abort: new AbortController(), progress: undefined };
    this.#flights.set(job.id, flight);
    failpoint('job.claimed');
    this.#tell(job.id, 'running');
    if (job.attempt > 1) {
      await lane.running.onIdle();
      await lane.running.add(() => this.#fly(flight));
    } else {
      void lane.running.add(() => this.#fly(flight)).then(() => this.#fill(lane));
    }
  }

  async #fly(flight: Flight): Promise<void> {
    const { job, lane } = flight;
    lane.time.begin(job.id);
    const outcome = await this.#develop(flight);
    const gpuMs = lane.time.end(job.id);
    try {
      await this.#record(flight, outcome, gpuMs);
    } catch (thrown) {
      this.#options.log.error({ err: thrown, jobId: job.id }, 'a result could not be recorded');
    } finally {
      this.#land(flight);
    }
  }

  async #develop(flight: Flight): Promise<Outcome> {
    const { job, lane, abort } = flight;
    const { dataDir, hashOf } = this.#options;
    const { initImage, mask, controls, blended, model } = job.request;
    if (this.#draining.signal.aborted) return { error: SHUTDOWN };
    try {
      const task = {
        jobId: job.id,
        attempt: job.attempt,
        request: job.request,
        initImagePath: initImage === null ? null : inputFile(dataDir, initImage.sha256),
        maskPath: mask == null ? null : inputFile(dataDir, mask.sha256),
        ...(controls == null ? {} : { controlPaths: controls.map(({ image }) => inputFile(dataDir, image.sha256)) }),
        ...(blended == null ? {} : { blendedPaths: blended.map(({ sha256 }) => inputFile(dataDir, sha256)) }),
        outputDir: path.join(dataDir, pictureFolder(job)),
        modelHash: hashOf(model),
        ...this.#judgedBy(job),
      };
      abort.signal.throwIfAborted();
      return { pictures: await lane.worker.develop(task, (progress) => this.#note(flight, progress), abort.signal) };
    } catch (thrown) {
      return { error: toDarkroomError(thrown) };
    }
  }

  /**
   * The rules of the place it was asked for in, as they are now; a job of no place is judged by nobody. Previews are judged by the classifier
   * alone, so there are none where already the words call for caution.
   */
  #judgedBy({ place, request }: JobRecord): Pick<DevelopTask, 'sourcePolicy' | 'previews'> {
    const { previews, store } = this.#options;
    if (place == null) return previews ? { previews } : {};
    const rules = rulesAt(place, store);
    const isHarmless = () => judgePrompt(request, rules.prompts).verdict === 'allow';
    return { sourcePolicy: rules.pictures, ...(previews && rules.previews && isHarmless() ? { previews } : {}) };
  }

  #note(flight: Flight, progress: DevelopProgress): void {
    failpoint('job.step');
    flight.progress = progress;
    this.#events.emit({ kind: 'progress', progress });
  }

  /** Writes the end of an attempt; what no longer counts leaves no files. */
  async #record(flight: Flight, outcome: Outcome, gpuMs: number): Promise<void> {
    const { job } = flight;
    const state =
      'pictures' in outcome
        ? await this.#keep(job, outcome.pictures, gpuMs)
        : await this.#giveUp(flight, outcome.error);
    if (state !== 'developed') await dropFolder(this.#options.dataDir, job).catch(() => undefined);
    if (state !== undefined) this.#tell(job.id, state);
  }

  async #keep(job: JobRecord, made: readonly DevelopedPicture[], gpuMs: number): Promise<JobState | undefined> {
    const { store } = this.#options;
    try {
      failpoint('result.received');
      const pictures = made.map((picture) => toRecord(job, picture));
      const judged = judgeResult(job, pictures, store);
      const counts = await this.#write(() => recordResult(job, pictures, gpuMs, judged, store));
      failpoint('result.recorded');
      return counts ?? (this.#areRecorded(job, pictures) ? 'developed' : undefined);
    } catch (thrown) {
      const error = toDarkroomError(thrown);
      return (await this.#write(() => store.fail(job.id, error.toJSON(), job.attempt))) ? 'failing' : undefined;
    }
  }

  /** By an earlier try of the same write, of which only the way to the disk failed: what is committed is not taken back. */
  #areRecorded(job: JobRecord, pictures: readonly PictureRecord[]): boolean {
    const recorded = new Set(this.#options.store.pictures(job.id).map((picture) => picture.path));
    return pictures.every((picture) => recorded.has(picture.path));
  }

  async #giveUp({ job, abort }: Flight, error: DarkroomError): Promise<JobState | undefined> {
    const { store } = this.#options;
    if (error === SHUTDOWN || abort.signal.reason === SHUTDOWN) return this.#release(job);
    if (error.code === 'disk_full') {
      if (!this.#stalls.has(DISK)) this.#options.log.error({ err: error }, 'the disk is full; no job is begun');
      this.#stalls.note(DISK, error);
      return this.#release(job);
    }
    if (error.code === 'picture_refused' && job.place != null) {
      const refusal = { kind: 'source', rule: 'source', pictures: [], gpuMs: 0 } as const;
      const struck = await this.#write(() => store.refuse(job.id, job.attempt, refusal));
      return struck === undefined ? undefined : 'failing';
    }
    if (error.code === 'worker_lost') return this.#write(() => store.interrupt(job.id, job.attempt));
    if (LOSSES.includes(error.code)) return this.#write(() => store.lose(job.id, job.attempt, error.toJSON()));
    return (await this.#write(() => store.fail(job.id, error.toJSON(), job.attempt))) ? 'failing' : undefined;
  }

  async #release(job: JobRecord): Promise<JobState | undefined> {
    return (await this.#write(() => this.#options.store.release(job.id, job.attempt))) ? 'queued' : undefined;
  }

  /** A write that must not be lost: repeated while the database cannot take it, until the dispatcher closes. */
  async #write<T>(write: () => T): Promise<T> {
    for (;;) {
      try {
        const result = await this.#options.store.together(write);
        this.#stalls.clear(DATABASE);
        return result;
      } catch (thrown) {
        const error = toDarkroomError(thrown);
        if (error.retry === 'never' || this.#closed.signal.aborted) throw error;
        this.#stalls.note(DATABASE, error);
        await this.#stalls.wait(DATABASE, this.#closed.signal);
      }
    }
  }

  /** Renews what runs here, then loses what nobody renewed. A job cancelled or lost behind our back is stopped. */
  async #keepLeases(): Promise<void> {
    const { clock, leaseMs, log } = this.#options;
    while (!this.#closed.signal.aborted) {
      await clock.sleep(leaseMs / RENEWALS_PER_LEASE, this.#closed.signal).catch(() => undefined);
      if (this.#closed.signal.aborted) return;
      try {
        this.#renewAll();
      } catch (thrown) {
        log.error({ err: thrown }, 'leases could not be renewed');
      }
      this.kick();
    }
  }

  #renewAll(): void {
    const { store, leaseMs } = this.#options;
    for (const { job, abort } of this.#flights.values()) {
      const isOurs = store.renewLease(job.id, job.attempt, leaseMs);
      if (!isOurs) abort.abort(new DarkroomError('cancelled', 'the job ended elsewhere'));
    }
    store.lapse();
    store.resume(ANSWERED_WITHIN_MS);
  }

  #tell(jobId: string, state: JobState): void {
    this.#events.emit({ kind: 'job', jobId, state });
  }
}

function makeLane(worker: ImageWorker, limits: Pick<Lane, 'id' | 'slots' | 'models'>, clock: Clock): Lane {
  return {
    ...limits,
    worker,
    running: new PQueue({ concurrency: limits.slots }),
    time: meterMachineTime(() => clock.nowMs()),
    filling: false,
    kicked: false,
  };
}

const DISK = 'disk';
const DATABASE = 'database';
const SHUTDOWN = new DarkroomError('cancelled', 'the program is shutting down; the job goes on after the next start');

/** @throws worker_protocol when a file name leads out of the job's folder. */
function toRecord(job: JobRecord, picture: DevelopedPicture): PictureRecord {
  const { fileName, controlMaps, ...rest } = picture;
  const maps = controlMaps?.map(({ fileName: name, ...map }) => ({ ...map, path: placeOf(job, name) }));
  const record = { ...rest, jobId: job.id, path: placeOf(job, fileName) };
  return maps === undefined ? record : { ...record, controlMaps: maps };
}

function placeOf(job: JobRecord, fileName: string): string {
  if (fileName === path.basename(fileName) && fileName !== '' && fileName !== '..') {
    return path.posix.join(pictureFolder(job), fileName);
  }
  throw new DarkroomError('worker_protocol', 'picture: found a path, expected a file name in the job folder');
}
