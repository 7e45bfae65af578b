// What the owner sets by environment variables, read once at start into one frozen object. All problems are told at once.
// Deliberately not here: anything users choose; that is a request's business.
import path from 'node:path';
import { z } from 'zod';
import { DarkroomError } from './errors.ts';

const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;
export type Device = (typeof DEVICES)[number];
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export interface Config {
  /** Null: no bot, the playground opens instead. */
  readonly discordToken: string | null;
  /** Without a slash at the end; the version is the client's business. */
  readonly discordApiUrl: string;
  /** One more origin attachments may come from; null in ordinary use. */
  readonly discordCdnOrigin: string | null;
  /** Absolute folder of the database and the pictures. */
  readonly dataDir: string;
  /** Absolute folder of the models. */
  readonly modelsDir: string;
  readonly device: Device;
  /** Port of the playground on loopback; 0 takes a free one. */
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Pictures a user may have per UTC day. */
  readonly dailyQuota: number;
  /** Jobs one user may have unfinished. */
  readonly maxWaitingPerUser: number;
  /** Threads a network call may use; null leaves it to the machine. */
  readonly threads: number | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DISCORD_API_URL = 'https://discord.com/api';
const DEFAULT_PORT = 7777;
/** Characters of a wrong value an error repeats. */
const MAX_FOUND_CHARS = 80;
/** Values that are secret: a problem tells only their length. */
const SECRET: ReadonlySet<PropertyKey> = new Set(['DISCORD_TOKEN']);
/** One word; Discord's have some 70 characters, other servers may use their own. A pasted `Bot …` or half a token does not pass. */
const TOKEN = /^[\x21-\x7e]{20,}$/;

const schema = z.object({
  DISCORD_TOKEN: rule('the bot token from the developer portal, a single word of 20 characters or more', (text) =>
    TOKEN.test(text) ? text : undefined,
  ),
  DISCORD_API_URL: rule(`an http or https address such as ${DISCORD_API_URL}`, webAddress),
  DISCORD_CDN_ORIGIN: rule('an http or https origin without a path such as http://127.0.0.1:7777', webOrigin),
  DATA_DIR: rule('a folder', (text) => path.resolve(text)),
  MODELS_DIR: rule('a folder', (text) => path.resolve(text)),
  DEVICE: oneOf(DEVICES),
  PORT: whole(0, 65_535),
  LOG_LEVEL: oneOf(LOG_LEVELS),
  DAILY_QUOTA: whole(0, 1_000_000),
  MAX_WAITING_PER_USER: whole(1, 1_000),
  THREADS: whole(1, 256),
});

/**
 * @param root absolute folder the default data and models folders lie in.
 * @throws config_invalid with one line for every variable that is wrong
 */
export function readConfig(environment: Environment, root: string): Config {
  const result = schema.safeParse(withoutEmpty(environment));
  if (!result.success) throw problems(result.error, environment);
  const values = result.data;
  return Object.freeze({
    discordToken: values.DISCORD_TOKEN ?? null,
    discordApiUrl: values.DISCORD_API_URL ?? DISCORD_API_URL,
    discordCdnOrigin: values.DISCORD_CDN_ORIGIN ?? null,
    dataDir: values.DATA_DIR ?? path.join(root, 'data'),
    modelsDir: values.MODELS_DIR ?? path.join(root, 'models'),
    device: values.DEVICE ?? 'auto',
    port: values.PORT ?? DEFAULT_PORT,
    logLevel: values.LOG_LEVEL ?? 'info',
    dailyQuota: values.DAILY_QUOTA ?? 200,
    maxWaitingPerUser: values.MAX_WAITING_PER_USER ?? 10,
    threads: values.THREADS ?? null,
  });
}

/** `DEVICE=` in an env file means "not set". */
function withoutEmpty(environment: Environment): Environment {
  const entries = Object.entries(environment).map(([name, value]) => [name, value?.trim()] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

/** An optional variable; `read` gives undefined for what is not `expected`. */
function rule<T>(expected: string, read: (text: string) => T | undefined) {
  const value = z.string().transform((text, context): T => {
    const found = read(text);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
  return value.optional();
}

function oneOf<T extends string>(names: readonly T[]) {
  return rule(`one of ${names.join(', ')}`, (text) => names.find((name) => name === text));
}

function whole(min: number, max: number) {
  const read = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : -1);
  return rule(`a whole number from ${min} to ${max}`, (text) => {
    const value = read(text);
    return value >= min && value <= max ? value : undefined;
  });
}

function webAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && search === '' && hash === '' ? text.replace(/\/+$/, '') : undefined;
}

function webOrigin(text: string): string | undefined {
  const address = webAddress(text);
  return address !== undefined && new URL(address).origin === address ? address : undefined;
}

function problems(error: z.ZodError, environment: Environment): DarkroomError {
  const lines = error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${name}: found ${shown(name, environment[name] ?? '')}, expected ${issue.message}`;
  });
  return new DarkroomError('config_invalid', lines.join('\n'), { variables: lines.length });
}

function shown(name: string, value: string): string {
  if (SECRET.has(name)) return `a value of ${value.length} characters`;
  return JSON.stringify(value.length > MAX_FOUND_CHARS ? `${value.slice(0, MAX_FOUND_CHARS)}…` : value);
}
