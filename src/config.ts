// What the owner sets by environment variables or in an env file, read once at start into one frozen object. All problems are told at once.
// Deliberately not here: anything users choose; that is a request's business.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { parse } from 'dotenv';
import { z } from 'zod';
import { nearestName } from './core/refusal.ts';
import { DarkroomError } from './errors.ts';

const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;
export type Device = (typeof DEVICES)[number];
const PRECISIONS = ['auto', 'fp16', 'fp32'] as const;
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
  /** What it computes in; `auto`: fp16 on graphics cards that compute right in it. */
  readonly precision: (typeof PRECISIONS)[number];
  /** Port of the playground on loopback; 0 takes a free one. */
  readonly port: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Pictures a user may have per UTC day. */
  readonly dailyQuota: number;
  /** Pictures a user may have in an hour; null is as many as a day. */
  readonly hourlyQuota: number | null;
  /** Jobs one user may have unfinished. */
  readonly maxWaitingPerUser: number;
  /** Threads a network call may use; null leaves it to the machine. */
  readonly threads: number | null;
  /** Size of a LoRA somebody hands in, in MiB. */
  readonly loraUploadMib: number;
  /** Whether messages show pictures in the making. */
  readonly previews: boolean;
  /** Whether queue and model stand under the bot's name. */
  readonly presence: boolean;
  /** `8G`, `6000M` or `60%` for the networks; null leaves it to the machine. */
  readonly memoryLimit: string | null;
  /** Whether the safety checkers that models bring look at their pictures, beside the installation's classifier. */
  readonly hasSafetyCheckers: boolean;
  /** Where models are pulled from; the token is null for what everybody may read. */
  readonly hub: { readonly endpoint: string; readonly token: string | null };
  /** Other machines that make pictures; null for none. */
  readonly fleet: FleetConfig | null;
  /** Jobs a machine of the fleet takes at once. */
  readonly workerSlots: number;
  /** Where numbers and health are served; null for nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
}

export interface FleetConfig {
  /** May hold a password. */
  readonly redisUrl: string;
  readonly host: string;
  readonly port: number;
  /** Null: host and port say it. */
  readonly publicUrl: string | null;
  /** Whether this machine makes pictures, too. */
  readonly hasLocalWorker: boolean;
}

/** Whatever of a configuration nobody may read in a log. */
export function secretsOf({ discordToken, hub, fleet }: Config): readonly string[] {
  const password = fleet === null ? '' : decodeURIComponent(new URL(fleet.redisUrl).password);
  return [discordToken ?? '', hub.token ?? '', password].filter((secret) => secret !== '');
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DISCORD_API_URL = 'https://discord.com/api';
const HUB_ENDPOINT = 'https://huggingface.co';
const DEFAULT_PORT = 7777;
const DEFAULT_FLEET_PORT = 7788;
/** Characters of a wrong value an error repeats. */
const MAX_FOUND_CHARS = 80;
/** Values that are secret: a problem tells only their length. */
const SECRET: ReadonlySet<string> = new Set(['DISCORD_TOKEN', 'HF_TOKEN', 'REDIS_URL']);
const SECRET_FILES: ReadonlySet<string> = new Set([...SECRET].map((name) => `${name}_FILE`));
/** One word; Discord's have some 70 characters, other servers may use their own. A pasted `Bot …` or half a token does not pass. */
const TOKEN = /^[\x21-\x7e]{20,}$/;

/** A variable: what it may be, and the two things `.env.example` says of it. */
interface Variable<T> {
  readonly value: z.ZodOptional<z.ZodType<T, string>>;
  readonly about: string;
  /** What holds when it is not set, as it would be written; '' where nothing does. */
  readonly usual: string;
}

const VARIABLES = {
  DISCORD_TOKEN: variable(
    rule('the bot token from the developer portal, a single word of 20 characters or more', (text) =>
      TOKEN.test(text) ? text : undefined,
    ),
    "The bot's token from https://discord.com/developers/applications. Without it the playground opens. DISCORD_TOKEN_FILE, as HF_TOKEN_FILE and REDIS_URL_FILE, names a file with it instead.",
  ),
  DATA_DIR: variable(
    rule('a folder', (text) => path.resolve(text)),
    'Database and pictures; one bot a folder.',
    './data',
  ),
  MODELS_DIR: variable(
    rule('a folder', (text) => path.resolve(text)),
    'Models: diffusers folders and single .safetensors files.',
    './models',
  ),
  DEVICE: variable(oneOf(DEVICES), `What computes: ${DEVICES.join(', ')}.`, 'auto'),
  PRECISION: variable(
    oneOf(PRECISIONS),
    'What a graphics card computes in: auto, fp16 or fp32. Parts that overflow in fp16 stay in fp32.',
    'auto',
  ),
  THREADS: variable(whole(1, 256), 'Threads of one network call; every core when not set.'),
  PREVIEWS: variable(oneOf(['on', 'off']), 'Whether messages show pictures in the making: on or off.', 'on'),
  PRESENCE: variable(
    oneOf(['on', 'off']),
    "Whether the length of the queue and the model stand under the bot's name: on or off.",
    'on',
  ),
  MEMORY_LIMIT: variable(
    rule('an amount such as 8G, 6000M or 60%', memoryAmount),
    'Memory of the networks: 8G, 6000M, or a share such as 60%. Not set: 70% of the machine or container, no limit on a graphics card.',
  ),
  SAFETY_CHECKER: variable(
    oneOf(['on', 'off']),
    "Whether a model's own safety checker looks at its pictures: on or off. One of Stable Diffusion takes 1.2 GB of memory and about a second a picture.",
    'on',
  ),
  DAILY_QUOTA: variable(whole(0, 1_000_000), 'Pictures a user may have per UTC day.', '200'),
  HOURLY_QUOTA: variable(whole(0, 1_000_000), 'Pictures a user may have in an hour; without it, as many as a day.'),
  LORA_UPLOAD_MIB: variable(whole(1, 10_000), 'Largest LoRA that may be handed in with /lora upload, in MiB.', '256'),
  MAX_WAITING_PER_USER: variable(whole(1, 1_000), 'Unfinished jobs a user may have.', '10'),
  PORT: variable(whole(0, 65_535), 'Port of the playground, on loopback; 0 takes a free one.', '7777'),
  METRICS_PORT: variable(
    whole(0, 65_535),
    'Port of /metrics, /livez and /readyz; 0 takes a free one. None are served when not set.',
  ),
  METRICS_HOST: variable(
    rule('an IP address such as 127.0.0.1 or 0.0.0.0', (text) => (isIP(text) === 0 ? undefined : text)),
    'Address they are served on. They tell numbers only, but anybody who reaches it may read them.',
    '127.0.0.1',
  ),
  REDIS_URL: variable(
    rule('a redis or rediss address such as redis://127.0.0.1:6379', redisAddress),
    'More machines: the Redis that `npm run worker` elsewhere is told, too. Not set: this machine alone.',
  ),
  FLEET_HOST: variable(
    rule('an IP address such as 127.0.0.1 or 0.0.0.0', (text) => (isIP(text) === 0 ? undefined : text)),
    'Address on which the other machines hand in their pictures.',
    '127.0.0.1',
  ),
  FLEET_PORT: variable(whole(0, 65_535), 'Its port; 0 takes a free one.', '7788'),
  FLEET_URL: variable(
    rule('an http or https address such as http://192.168.1.5:7788', webAddress),
    'How the other machines reach it, where FLEET_HOST and FLEET_PORT do not say it.',
  ),
  LOCAL_WORKER: variable(oneOf(['on', 'off']), 'Whether the bot makes pictures on its own machine, too.', 'on'),
  WORKER_SLOTS: variable(whole(1, 64), 'Jobs `npm run worker` takes at once.', '2'),
  HF_TOKEN: variable(
    rule('a token that begins with hf_', (text) => (/^hf_[\x21-\x7e]{2,}$/.test(text) ? text : undefined)),
    'For `npm run models -- pull` of models that only some accounts may read: https://huggingface.co/settings/tokens.',
  ),
  HF_ENDPOINT: variable(
    rule(`an http or https address such as ${HUB_ENDPOINT}`, webAddress),
    'Another hub of the same kind.',
    HUB_ENDPOINT,
  ),
  LOG_LEVEL: variable(oneOf(LOG_LEVELS), `One of ${LOG_LEVELS.join(', ')}; JSON lines on stderr.`, 'info'),
  DISCORD_API_URL: variable(
    rule(`an http or https address such as ${DISCORD_API_URL}`, webAddress),
    'Another API server.',
    DISCORD_API_URL,
  ),
  DISCORD_CDN_ORIGIN: variable(
    rule('an http or https origin without a path such as http://127.0.0.1:7777', webOrigin),
    'One more origin that attachments may come from; logged as a warning.',
  ),
};

type Values = {
  readonly [Name in keyof typeof VARIABLES]?: (typeof VARIABLES)[Name] extends Variable<infer T> ? T : never;
};

const schema = z.object(
  Object.fromEntries(Object.entries(VARIABLES).map(([name, { value }]) => [name, value])),
) as unknown as z.ZodType<Values>;

/**
 * @param root absolute folder the default data and models folders lie in.
 * @throws config_invalid with one line for every variable that is wrong
 */
export function readConfig(environment: Environment, root: string): Config {
  const result = schema.safeParse(withoutEmpty(environment));
  if (!result.success) throw problems(result.error, environment);
  const values = result.data;
  if (values.LOCAL_WORKER === 'off' && values.REDIS_URL === undefined) {
    const message =
      'LOCAL_WORKER: found "off" without REDIS_URL, expected the Redis of the machines that make pictures instead';
    throw new DarkroomError('config_invalid', message, { variables: 1 });
  }
  return Object.freeze({
    discordToken: values.DISCORD_TOKEN ?? null,
    discordApiUrl: values.DISCORD_API_URL ?? DISCORD_API_URL,
    discordCdnOrigin: values.DISCORD_CDN_ORIGIN ?? null,
    dataDir: values.DATA_DIR ?? path.join(root, 'data'),
    modelsDir: values.MODELS_DIR ?? path.join(root, 'models'),
    device: values.DEVICE ?? 'auto',
    precision: values.PRECISION ?? 'auto',
    port: values.PORT ?? DEFAULT_PORT,
    logLevel: values.LOG_LEVEL ?? 'info',
    dailyQuota: values.DAILY_QUOTA ?? 200,
    hourlyQuota: values.HOURLY_QUOTA ?? null,
    maxWaitingPerUser: values.MAX_WAITING_PER_USER ?? 10,
    threads: values.THREADS ?? null,
    loraUploadMib: values.LORA_UPLOAD_MIB ?? 256,
    previews: (values.PREVIEWS ?? 'on') === 'on',
    presence: (values.PRESENCE ?? 'on') === 'on',
    memoryLimit: values.MEMORY_LIMIT ?? null,
    hasSafetyCheckers: values.SAFETY_CHECKER !== 'off',
    hub: Object.freeze({ endpoint: values.HF_ENDPOINT ?? HUB_ENDPOINT, token: values.HF_TOKEN ?? null }),
    fleet: fleetConfig(values),
    workerSlots: values.WORKER_SLOTS ?? 2,
    metrics:
      values.METRICS_PORT === undefined
        ? null
        : Object.freeze({ host: values.METRICS_HOST ?? '127.0.0.1', port: values.METRICS_PORT }),
  });
}

function fleetConfig(values: Values): FleetConfig | null {
  if (values.REDIS_URL === undefined) return null;
  return Object.freeze({
    redisUrl: values.REDIS_URL,
    host: values.FLEET_HOST ?? '127.0.0.1',
    port: values.FLEET_PORT ?? DEFAULT_FLEET_PORT,
    publicUrl: values.FLEET_URL ?? null,
    hasLocalWorker: values.LOCAL_WORKER !== 'off',
  });
}

/**
 * The environment with the variables of an env file below it: what is set outside the file wins. The file is ENV_FILE, or `.env` in
 * `root`; an empty ENV_FILE means none.
 * @throws config_invalid when the file cannot be read or sets what is no variable of this program
 */
export function withEnvFile(environment: Environment, root: string): Environment {
  const file = path.resolve(environment.ENV_FILE ?? path.join(root, '.env'));
  const text = environment.ENV_FILE === '' ? undefined : readIfThere(file);
  if (text === undefined) return withSecretFiles(environment);
  const fromFile = parse(text);
  const isKnown = (name: string) => Object.hasOwn(VARIABLES, name) || SECRET_FILES.has(name);
  const unknown = Object.keys(fromFile).filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const lines = unknown.map((name) => `${file}: found ${name.slice(0, MAX_FOUND_CHARS)}, expected ${meant(name)}`);
    throw new DarkroomError('config_invalid', lines.join('\n'), { variables: unknown.length });
  }
  return withSecretFiles({ ...fromFile, ...withoutEmpty(environment) });
}

/**
 * `DISCORD_TOKEN_FILE` and its like: where a container or service manager hands secrets over as files, so that they stand in nobody's
 * environment. @throws config_invalid when the file cannot be read
 */
function withSecretFiles(environment: Environment): Environment {
  const read = [...SECRET].flatMap((name) => {
    const file = environment[`${name}_FILE`]?.trim() ?? '';
    if (file === '' || (environment[name] ?? '') !== '') return [];
    const text = readIfThere(path.resolve(file));
    if (text !== undefined) return [[name, text.trim()] as const];
    throw new DarkroomError('config_invalid', `${name}_FILE: ${file} is not there, expected a file with the value`);
  });
  return read.length === 0 ? environment : { ...environment, ...Object.fromEntries(read) };
}

/** What somebody may have wanted to write; everything there is where nothing is near. */
function meant(name: string): string {
  const known = Object.keys(VARIABLES);
  const near = nearestName(name.toUpperCase(), known);
  return near === undefined ? `one of ${known.join(', ')}` : `${near}? .env.example lists them all`;
}

/** Shorter names look like too many others'. */
const LEAST_MISSPELT_CHARS = 8;

/**
 * Variables of the environment that are most likely slips of the pen for one of ours. An environment has many others' variables in it, so
 * that nothing unknown there can be refused as it is in a file.
 * @returns one line each
 */
export function likelyMisspelt(environment: Environment): readonly string[] {
  const known = Object.keys(VARIABLES);
  const isOther = (name: string) => !known.includes(name) && !SECRET_FILES.has(name) && name !== 'ENV_FILE';
  const names = Object.keys(environment).filter((name) => isOther(name) && name.length >= LEAST_MISSPELT_CHARS);
  return names.flatMap((name) => {
    const near = nearestName(name.toUpperCase(), known);
    return near === undefined || near.length < LEAST_MISSPELT_CHARS ? [] : [`${name}: unknown, did you mean ${near}?`];
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new DarkroomError('config_invalid', `${file}: could not be read (${code})`, {}, { cause });
  }
}

/** The text of `.env.example`: every variable, what it is for and what holds without it. */
export function envExample(): string {
  const head = [
    '# Copy to .env and uncomment what you change. What is set in the environment wins over this file.',
    '# Written from src/config.ts; a test keeps the two together.',
  ];
  const variables = Object.entries(VARIABLES).map(([name, { about, usual }]) => `# ${about}\n#${name}=${usual}`);
  return `${[head.join('\n'), ...variables].join('\n\n')}\n`;
}

/** `DEVICE=` in an env file means "not set". */
function withoutEmpty(environment: Environment): Environment {
  const entries = Object.entries(environment).map(([name, value]) => [name, value?.trim()] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

function variable<T>(value: z.ZodOptional<z.ZodType<T, string>>, about: string, usual = ''): Variable<T> {
  return { value, about, usual };
}

/** An optional variable; `read` gives undefined for what is not `expected`. */
function rule<T>(expected: string, read: (text: string) => T | undefined): z.ZodOptional<z.ZodType<T, string>> {
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

function memoryAmount(text: string): string | undefined {
  const [, amount, unit] = /^(\d{1,7}(?:\.\d{1,3})?)([GM%])$/i.exec(text) ?? [];
  const isRight = Number(amount) > 0 && (unit !== '%' || Number(amount) <= 100);
  return isRight ? text.toUpperCase() : undefined;
}

function webAddress(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && search === '' && hash === '' ? text.replace(/\/+$/, '') : undefined;
}

function redisAddress(text: string): string | undefined {
  return URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) ? text : undefined;
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
