// The environment: every default, every rule, all problems at once, and never the token.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Config, envExample, likelyMisspelt, readConfig, secretsOf, withEnvFile } from '../src/config.ts';
import type { DarkroomError } from '../src/errors.ts';

/** The form of a token; it was never one. */
const TOKEN = `${'A'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`;
const read = (environment: Record<string, string | undefined>) => readConfig(environment, '/install');

function problem(environment: Record<string, string>): string {
  try {
    read(environment);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'config_invalid', audience: 'operator' });
    return (thrown as DarkroomError).message;
  }
  throw new Error('nothing was refused');
}

test('an empty environment is complete', () => {
  expect(read({ PATH: '/bin' })).toEqual({
    discordToken: null,
    discordApiUrl: 'https://discord.com/api',
    discordCdnOrigin: null,
    dataDir: '/install/data',
    modelsDir: '/install/models',
    device: 'auto',
    precision: 'auto',
    port: 7777,
    logLevel: 'info',
    dailyQuota: 200,
    hourlyQuota: null,
    maxWaitingPerUser: 10,
    threads: null,
    loraUploadMib: 256,
    previews: true,
    presence: true,
    memoryLimit: null,
    hasSafetyCheckers: true,
    metrics: null,
    hub: { endpoint: 'https://huggingface.co', token: null },
    fleet: null,
    workerSlots: 2,
  } satisfies Config);
});

test('is frozen', () => {
  expect(Object.isFrozen(read({}))).toBe(true);
});

test('an empty variable is one that is not set, and spaces around a value do not count', () => {
  expect(read({ DEVICE: '', PORT: '  ', DISCORD_TOKEN: ` ${TOKEN}\n` })).toMatchObject({
    device: 'auto',
    precision: 'auto',
    port: 7777,
    discordToken: TOKEN,
  });
});

const ACCEPTED: [variable: string, value: string, key: keyof Config, read: unknown][] = [
  ['DISCORD_API_URL', 'http://127.0.0.1:8080/api/', 'discordApiUrl', 'http://127.0.0.1:8080/api'],
  ['DISCORD_CDN_ORIGIN', 'http://127.0.0.1:8080/', 'discordCdnOrigin', 'http://127.0.0.1:8080'],
  ['DATA_DIR', 'elsewhere', 'dataDir', path.resolve('elsewhere')],
  ['MODELS_DIR', '/big/disk', 'modelsDir', '/big/disk'],
  ['DEVICE', 'webgpu', 'device', 'webgpu'],
  ['PRECISION', 'fp32', 'precision', 'fp32'],
  ['PORT', '0', 'port', 0],
  ['LOG_LEVEL', 'silent', 'logLevel', 'silent'],
  ['DAILY_QUOTA', '0', 'dailyQuota', 0],
  ['HOURLY_QUOTA', '0', 'hourlyQuota', 0],
  ['MAX_WAITING_PER_USER', '1', 'maxWaitingPerUser', 1],
  ['THREADS', '2', 'threads', 2],
  ['MEMORY_LIMIT', '8g', 'memoryLimit', '8G'],
  ['MEMORY_LIMIT', '62.5%', 'memoryLimit', '62.5%'],
  ['SAFETY_CHECKER', 'off', 'hasSafetyCheckers', false],
];

test.each(ACCEPTED)('%s=%s', (variable, value, key, expected) => {
  expect(read({ [variable]: value })[key]).toBe(expected);
});

const REFUSED: [variable: string, value: string][] = [
  ['DISCORD_TOKEN', 'Bot abc'],
  ['DISCORD_API_URL', 'discord.com/api'],
  ['DISCORD_API_URL', 'file:///etc/passwd'],
  ['DISCORD_API_URL', 'https://discord.com/api?x=1'],
  ['DISCORD_CDN_ORIGIN', 'https://cdn.example/attachments'],
  ['DEVICE', 'GPU'],
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '7777.5'],
  ['PORT', '0x50'],
  ['LOG_LEVEL', 'loud'],
  ['DAILY_QUOTA', '1e3'],
  ['MAX_WAITING_PER_USER', '0'],
  ['THREADS', 'all'],
  ['MEMORY_LIMIT', '8'],
  ['MEMORY_LIMIT', '0G'],
  ['MEMORY_LIMIT', '101%'],
];

describe('refused', () => {
  test.each(REFUSED)('%s=%s', (variable, value) => {
    expect(problem({ [variable]: value })).toMatch(new RegExp(`^${variable}: found .+, expected .+`));
  });

  test('all at once, one line each', () => {
    const lines = problem({ PORT: 'x', DEVICE: 'y', THREADS: '0', LOG_LEVEL: 'debug' }).split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['DEVICE', 'THREADS', 'PORT']);
  });

  test('without the token', () => {
    const text = problem({ DISCORD_TOKEN: 'Bot secret and wrong.' });
    expect(text).not.toContain('secret');
    expect(text).toContain('21 characters');
  });
});

describe('an env file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-env-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (text: string) => {
    const file = path.join(folder, `${randomUUID()}.env`);
    writeFileSync(file, text);
    return file;
  };

  test('sets what the environment does not', () => {
    const ENV_FILE = write('# mine\nDEVICE=cpu\nPORT="8000"\n');
    expect(withEnvFile({ ENV_FILE, PORT: '9000' }, '/nowhere')).toEqual({ ENV_FILE, DEVICE: 'cpu', PORT: '9000' });
  });

  test('need not be there', () => {
    expect(withEnvFile({ A: 'b' }, folder)).toEqual({ A: 'b' });
  });

  test('lies in the root unless it is named', () => {
    writeFileSync(path.join(folder, '.env'), 'DEVICE=cpu');
    expect(withEnvFile({}, folder)).toEqual({ DEVICE: 'cpu' });
    expect(withEnvFile({ ENV_FILE: '' }, folder)).toEqual({ ENV_FILE: '' });
  });

  test('may set nothing unknown: a slip of the pen is no silent default', () => {
    const ENV_FILE = write('DAILY_QUOTTA=5\n');
    const refused = () => withEnvFile({ ENV_FILE }, folder);
    expect(refused).toThrow(/found DAILY_QUOTTA, expected DAILY_QUOTA\?/);
    const strange = write('COLOUR=red\n');
    expect(() => withEnvFile({ ENV_FILE: strange }, folder)).toThrow(
      /found COLOUR, expected one of DISCORD_TOKEN, .*PORT/,
    );
    expect(refused).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });

  test('may name files that hold the secrets, and nothing else’s', () => {
    const DISCORD_TOKEN_FILE = write(`${TOKEN}\n`);
    const ENV_FILE = write(`DISCORD_TOKEN_FILE=${DISCORD_TOKEN_FILE}\n`);
    expect(withEnvFile({ ENV_FILE }, folder).DISCORD_TOKEN).toBe(TOKEN);
    expect(withEnvFile({ ENV_FILE: '', DISCORD_TOKEN_FILE }, folder).DISCORD_TOKEN).toBe(TOKEN);
    expect(withEnvFile({ ENV_FILE, DISCORD_TOKEN: 'mine' }, folder).DISCORD_TOKEN).toBe('mine');
    const gone = { ENV_FILE: '', DISCORD_TOKEN_FILE: path.join(folder, 'gone') };
    expect(() => withEnvFile(gone, folder)).toThrow(/DISCORD_TOKEN_FILE: .*gone is not there/);
    expect(() => withEnvFile({ ENV_FILE: write('DEVICE_FILE=x\n') }, folder)).toThrow(/found DEVICE_FILE/);
  });

  test('that cannot be read is a problem, not an empty one', () => {
    expect(() => withEnvFile({ ENV_FILE: folder }, folder)).toThrow(/could not be read \(EISDIR\)/);
  });
});

test('a slip of the pen in the environment is noticed; other programs’ variables are not', () => {
  const others = {
    PATH: '/bin',
    HOME: '/root',
    POST: '1',
    DATA: 'x',
    HOSTNAME: 'a',
    npm_config_cache: 'b',
    HF_HOME: '/x',
  };
  expect(likelyMisspelt({ ...others, DISCORD_TOKEN: 'x', PORT: '1' })).toEqual([]);
  expect(likelyMisspelt({ ...others, DISCORD_TOKN: 'secret', Models_Dir: 'x' })).toEqual([
    'DISCORD_TOKN: unknown, did you mean DISCORD_TOKEN?',
    'Models_Dir: unknown, did you mean MODELS_DIR?',
  ]);
});

test('.env.example tells every variable as it is', async () => {
  await expect(envExample()).toMatchFileSnapshot('../.env.example');
});

test('the example as it stands changes nothing, and with its lines in force it is valid', () => {
  const lines = envExample().split('\n');
  const settings = lines.filter((line) => /^#[A-Z_]+=./.test(line)).map((line) => line.slice(1).split('=', 2));
  const { dataDir, modelsDir, metrics, ...rest } = read(Object.fromEntries(settings));
  const { dataDir: _, modelsDir: __, metrics: ___, ...usual } = read({});
  expect(rest).toEqual(usual);
  expect([dataDir, modelsDir, metrics]).toEqual([path.resolve('data'), path.resolve('models'), null]);
});

test('health is served where a port is named, on loopback unless said otherwise', () => {
  expect(read({ METRICS_HOST: '0.0.0.0' }).metrics).toBeNull();
  expect(read({ METRICS_PORT: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(read({ METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0' }).metrics).toEqual({ host: '0.0.0.0', port: 9464 });
});

test('what nobody may read in a log is known', () => {
  const REDIS_URL = 'redis://:pass%2Fword@10.0.0.1:6379';
  expect(secretsOf(read({ DISCORD_TOKEN: TOKEN, HF_TOKEN: 'hf_abc', REDIS_URL }))).toEqual([
    TOKEN,
    'hf_abc',
    'pass/word',
  ]);
  expect(secretsOf(read({}))).toEqual([]);
});

test('a fleet begins with the address of its Redis, which is never repeated', () => {
  expect(read({ FLEET_PORT: '1', LOCAL_WORKER: 'on' }).fleet).toBeNull();
  expect(problem({ LOCAL_WORKER: 'off' })).toContain('LOCAL_WORKER: found "off" without REDIS_URL');
  expect(read({ REDIS_URL: 'redis://:secret@10.0.0.1:6379', LOCAL_WORKER: 'off' }).fleet).toEqual({
    redisUrl: 'redis://:secret@10.0.0.1:6379',
    host: '127.0.0.1',
    port: 7788,
    publicUrl: null,
    hasLocalWorker: false,
  });
  expect(problem({ REDIS_URL: 'http://:secret@10.0.0.1' })).not.toContain('secret');
});
