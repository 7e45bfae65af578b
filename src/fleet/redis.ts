// The connection to Redis that both sides of a fleet open.
import { Redis } from 'ioredis';
import type { Logger } from '../log.ts';

/** A connection that comes back by itself; what it meets meanwhile is one line in the log, not a crash. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, connectTimeout: 5_000, commandTimeout: 5_000 });
  redis.on('error', (err) => log.debug({ err }, 'Redis connection'));
  return redis;
}
