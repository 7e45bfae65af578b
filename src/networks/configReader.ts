// Reads a network's config.json: fields with the defaults its class had when a field is absent, each checked, and at the end every field
// nobody asked for. What would change the computation and is not computed here is refused by name and value, never ignored.
import { DarkroomError } from '../errors.ts';

export type Config = Readonly<Record<string, unknown>>;

export class ConfigReader {
  readonly #part: string;
  readonly #config: Config;
  readonly #read = new Set<string>();

  /** @param part how messages call it: `unet`. */
  constructor(part: string, config: Config) {
    this.#part = part;
    this.#config = config;
  }

  /** A whole number of at least 1. */
  count(field: string, fallback: number): number {
    const value = this.#take(field, fallback);
    return isCount(value) ? value : this.refuse(field, 'a whole number of at least 1');
  }

  real(field: string, fallback: number): number {
    const value = this.#take(field, fallback);
    return typeof value === 'number' && Number.isFinite(value) ? value : this.refuse(field, 'a number');
  }

  flag(field: string, fallback: boolean): boolean {
    const value = this.#take(field, fallback);
    return typeof value === 'boolean' ? value : this.refuse(field, 'true or false');
  }

  /** A list of counts. @param length what the list must have, when that is known. */
  counts(field: string, fallback: readonly number[], length?: number): readonly number[] {
    const value = this.#take(field, fallback);
    const fits = Array.isArray(value) && value.every(isCount) && (length === undefined || value.length === length);
    return fits ? value : this.refuse(field, `a list of ${length ?? 'some'} whole numbers`);
  }

  /** One count for every block, or a list with one each. */
  countPerBlock(field: string, fallback: number, blocks: number): readonly number[] {
    const value = this.#take(field, fallback);
    return isCount(value) ? new Array<number>(blocks).fill(value) : this.counts(field, [fallback], blocks);
  }

  /** As `countPerBlock`; a block that has none of them may say 0. */
  countPerBlockOrNone(field: string, fallback: number, blocks: number, hasSome: readonly boolean[]): readonly number[] {
    const value = this.#take(field, fallback);
    if (!Array.isArray(value) || value.length !== blocks) return this.countPerBlock(field, fallback, blocks);
    const fits = value.every((item, block) => isCount(item) || (item === 0 && hasSome[block] === false));
    return fits ? value : this.refuse(field, `a list of ${blocks} whole numbers, 0 only for blocks without any`);
  }

  flagPerBlock(field: string, fallback: boolean, blocks: number): readonly boolean[] {
    const value = this.#take(field, fallback);
    if (typeof value === 'boolean') return new Array<boolean>(blocks).fill(value);
    const fits = Array.isArray(value) && value.length === blocks && value.every((item) => typeof item === 'boolean');
    return fits ? value : this.refuse(field, `true, false or a list of ${blocks} of them`);
  }

  oneOf<T extends string | null>(field: string, fallback: T, choices: readonly T[]): T {
    const value = this.#take(field, fallback) as T;
    return choices.includes(value) ? value : this.refuse(field, choices.map(show).join(' or '));
  }

  listOf<T extends string>(field: string, fallback: readonly T[], choices: readonly T[]): readonly T[] {
    const value = this.#take(field, fallback);
    const fits = Array.isArray(value) && value.length > 0 && value.every((item) => choices.includes(item));
    return fits ? value : this.refuse(field, `a list of ${choices.map(show).join(', ')}`);
  }

  /** A list of different names. */
  names(field: string): readonly string[] {
    const value = this.#take(field, undefined);
    const isList = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
    return isList && new Set(value).size === value.length ? value : this.refuse(field, 'a list of different names');
  }

  isSet(field: string): boolean {
    return this.#config[field] !== undefined && this.#config[field] !== null;
  }

  /** A feature this program does not compute: the field may only hold one of these values, or be absent. */
  only(field: string, allowed: readonly unknown[], meaning?: string): void {
    const value = this.#take(field, allowed[0]);
    if (!allowed.includes(value)) this.refuse(field, allowed.map(show).join(' or '), meaning);
  }

  /** Fields that say nothing about the computation. */
  skip(...fields: readonly string[]): void {
    for (const field of fields) this.#read.add(field);
  }

  /** @throws model_unsupported when the config has a field nobody read. Names beginning with _ are the file's own. */
  refuseUnread(): void {
    const unread = Object.keys(this.#config).filter(
      (field) => !field.startsWith('_') && !this.#read.has(field) && !isUnset(this.#config[field]),
    );
    if (unread.length > 0) this.refuse(unread[0]!, 'no such field; this program does not know what it changes');
  }

  /** @throws model_unsupported naming the field, its value and what would do. */
  refuse(field: string, expected: string, meaning?: string): never {
    const found = show(this.#config[field]);
    const hint = meaning === undefined ? '' : `; ${meaning}`;
    const message = `${this.#part}: config field ${field} is ${found}, expected ${expected}${hint}`;
    throw new DarkroomError('model_unsupported', message, { part: this.#part, field, found });
  }

  #take(field: string, fallback: unknown): unknown {
    this.#read.add(field);
    const value = this.#config[field];
    return value === undefined ? fallback : value;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isUnset(value: unknown): boolean {
  return value === null || value === false;
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
