// The connection to Redis that both sides of a fleet open.
import { Redis } from 'ioredis';
import type { Logger } from '../log.ts';

/** A connection that comes back by itself; that it is away is said once, until it is back. */
export function connectRedis(url: string, log: Logger): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null, connectTimeout: 5_000, commandTimeout: 5_000 });
  let isAway = false;
  redis.on('error', (err) => {
    if (!isAway) log.warn({ err }, 'Redis is not reached; trying again');
    isAway = true;
  });
  redis.on('ready', () => {
    isAway = false;
  });
  return redis;
}
