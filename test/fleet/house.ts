// A bot's half of a fleet and any number of stations in one process, over a real Redis and real HTTP.
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { ImageWorker } from '../../src/core/worker.ts';
import { Fleet } from '../../src/fleet/fleet.ts';
import { Receiver } from '../../src/fleet/receiver.ts';
import { openStation, type Station } from '../../src/fleet/station.ts';
import type { Heartbeat } from '../../src/fleet/wire.ts';
import { makeLog } from '../../src/log.ts';

export const log = makeLog('silent');

export interface FleetHouse {
  readonly receiver: Receiver;
  readonly fleet: Fleet;
  /** Machines that are there, by station id. */
  readonly workers: Map<string, ImageWorker>;
  addStation(worker: ImageWorker, options?: { name?: string; slots?: number }): Promise<Station>;
  /** Resolves when so many machines are known. */
  joined(count: number): Promise<ImageWorker[]>;
  close(): Promise<void>;
}

/** @param isOurs jobs of this bot; without it, it leaves alone what it has not sent itself */
export async function openHouse(
  redisUrl: string,
  isOurs: (jobId: string) => boolean = () => false,
): Promise<FleetHouse> {
  const receiver = new Receiver({
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
    key: 'test key',
    nowMs: () => systemClock.nowMs(),
    log,
  });
  await receiver.listen();
  const workers = new Map<string, ImageWorker>();
  const fleet = new Fleet({
    redisUrl,
    receiver,
    log,
    isOurs,
    onJoin: (worker, { stationId }: Heartbeat) => workers.set(stationId, worker),
    onLeave: (stationId) => workers.delete(stationId),
  });
  fleet.start();
  const stations: Station[] = [];
  return {
    receiver,
    fleet,
    workers,
    async addStation(worker, { name = 'test machine', slots = 2 } = {}) {
      const station = await openStation({ redisUrl, worker, hashes: {}, slots, log, name });
      stations.push(station);
      return station;
    },
    async joined(count) {
      while (workers.size < count) await wait(20);
      return [...workers.values()];
    },
    async close() {
      for (const station of stations) await station.close(0);
      await fleet.close();
      await receiver.close();
    },
  };
}
