// Discord's ids: 42 bits of milliseconds since 2015, then 22 bits that keep ids of one millisecond apart.

/** First second of 2015, Discord's epoch, in Unix milliseconds. */
export const DISCORD_EPOCH_MS = 1_420_070_400_000;

export function isSnowflake(text: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(text) && BigInt(text) < 2n ** 64n;
}

export function snowflakeTimeMs(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}

/** Ids that rise strictly, also when the clock stands still or steps back. */
export class SnowflakeSource {
  readonly #nowMs: () => number;
  #last = 0n;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  next(): string {
    const fresh = BigInt(Math.floor(this.#nowMs()) - DISCORD_EPOCH_MS) << 22n;
    this.#last = fresh > this.#last ? fresh : this.#last + 1n;
    return String(this.#last);
  }
}
