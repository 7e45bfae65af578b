// The doctor on a healthy installation and on every illness it knows: what it says, what it advises, how it ends.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { doctor } from '../../src/cli/doctorCommand.ts';
import * as examine from '../../src/cli/examine.ts';
import { findingLines, ok, warn } from '../../src/cli/findings.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { ROOT } from '../../src/root.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openStore } from '../../src/store/openStore.ts';
import { TINY_MODELS } from '../support/tasks.ts';

/** The form of a token; it was never one. */
const TOKEN = `${'A'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'darkroom-test-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

function environment(over: Record<string, string> = {}) {
  return { MODELS_DIR: TINY_MODELS, DATA_DIR: path.join(folder, 'data'), DEVICE: 'cpu', ...over };
}

const config = (over: Record<string, string> = {}): Config => readConfig(environment(over), '/install');

/** Discord with the answers of a test, by the end of the address. */
function discord(answers: Record<string, Response | Error>): { fetch: examine.Fetch; asked: [string, RequestInit][] } {
  const asked: [string, RequestInit][] = [];
  const fetch = async (url: string, init: RequestInit) => {
    asked.push([url, init]);
    const answer = Object.entries(answers).find(([end]) => url.endsWith(end))?.[1];
    if (answer instanceof Response) return answer;
    throw answer ?? new Error(`nobody expected ${url}`);
  };
  return { fetch, asked };
}

const healthy = () =>
  discord({ '/gateway': Response.json({ url: 'wss://x' }), '/users/@me': Response.json({ username: 'darkroom' }) });

async function visit(over: Record<string, string>, fetch: examine.Fetch, nodeVersion = '20.20.2') {
  const out: string[] = [];
  const terminal = {
    environment: environment(over),
    folder,
    print: (text: string) => void out.push(text),
    printError: (text: string) => void out.push(text),
    errorColumns: null,
  };
  const exitCode = await doctor(terminal, nodeVersion, fetch);
  return { exitCode, text: out.join('') };
}

describe('a visit', () => {
  test('to a healthy installation ends with 0 and no remedy', async () => {
    const { exitCode, text } = await visit({ DISCORD_TOKEN: TOKEN }, healthy().fetch);
    expect(text).not.toContain('→');
    expect(text).toMatch(/ok {4}model {11}sd-small, 96x96/);
    expect(text).toContain('Discord knows it, the bot is "darkroom"');
    expect(text).toMatch(/Ready\.\n$/);
    expect(exitCode).toBe(0);
  });

  test('never prints the token', async () => {
    const { text } = await visit({ DISCORD_TOKEN: TOKEN }, healthy().fetch);
    expect(text).not.toContain(TOKEN);
  });

  test('to a broken one names every failure and ends with 1', async () => {
    const { exitCode, text } = await visit({ PORT: 'a', THREADS: 'b' }, discord({}).fetch, '18.19.0');
    expect(text).toMatch(/FAIL {2}Node\.js {9}found 18\.19\.0, expected 20\.9 or newer\n {6}→ install/);
    expect(text).toContain('PORT: found "a"');
    expect(text).toContain('THREADS: found "b"');
    expect(text).toMatch(/3 to mend\.\n$/);
    expect(exitCode).toBe(1);
  });

  test('changes nothing', async () => {
    await visit({}, healthy().fetch);
    await expect(rm(path.join(folder, 'data'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('the classifier', () => {
  test('of the repository looks at every picture', async () => {
    const found = await examine.examineClassifier(config({ MODELS_DIR: path.join(ROOT, 'models') }));
    expect(found).toEqual([ok('classifier', 'nsfwjs looks at every picture')]);
  });

  test('is no fault when it is not there, and named when it cannot be used', async () => {
    const none = ok('classifier', 'none in models/safety: pictures are shown unjudged');
    expect(await examine.examineClassifier(config())).toEqual([none]);
    const models = path.join(folder, 'models');
    await mkdir(path.join(models, 'safety/broken'), { recursive: true });
    await writeFile(path.join(models, 'safety/broken/config.json'), '{}');
    const [first, second] = await examine.examineClassifier(config({ MODELS_DIR: models }));
    expect(first).toEqual(none);
    expect(second).toMatchObject({ verdict: 'warn', text: expect.stringContaining('_class_name is undefined') });
  });
});

test.each([
  ['20.8.1', 'fail'],
  ['20.9.0', 'ok'],
  ['19.20.0', 'fail'],
  ['24.0.0', 'ok'],
])('Node.js %s is %s', (version, verdict) => {
  expect(examine.examineNode(version).verdict).toBe(verdict);
});

test.each([
  [50 * 2 ** 20, 'fail'],
  [500 * 2 ** 20, 'warn'],
  [5 * 2 ** 30, 'ok'],
])('%i bytes of disk are %s', (bytes, verdict) => {
  expect(examine.examineSpace(bytes).verdict).toBe(verdict);
});

test('a package that does not load is named with its reason', async () => {
  const broken = () => Promise.reject(new Error('invalid ELF header\n at more'));
  expect(await examine.examinePackages({ sharp: broken, ws: async () => {} })).toMatchObject([
    { verdict: 'fail', text: 'sharp does not load: invalid ELF header', remedy: expect.stringContaining('npm ci') },
    { verdict: 'ok', text: 'ws loads' },
  ]);
});

test('a provider that does not work here', async () => {
  const finding = await examine.examineProvider(config({ DEVICE: process.platform === 'darwin' ? 'cuda' : 'coreml' }));
  expect(finding).toMatchObject({ verdict: 'fail', remedy: expect.stringContaining('DEVICE=auto') });
});

describe('models', () => {
  test('that are refused are warnings, none at all is a failure', async () => {
    const modelsDir = path.join(folder, 'models');
    await mkdir(path.join(modelsDir, 'half'), { recursive: true });
    await writeFile(path.join(modelsDir, 'old.ckpt'), 'x');
    const findings = await examine.examineModels(config({ MODELS_DIR: modelsDir }));
    expect(findings.map(({ verdict }) => verdict)).toEqual(['warn', 'warn', 'fail']);
    expect(findings[1]?.text).toContain('old.ckpt');
  });

  test('in a folder that is not there', async () => {
    expect(await examine.examineModels(config({ MODELS_DIR: '/nowhere' }))).toMatchObject([{ verdict: 'fail' }]);
  });
});

describe('the data folder', () => {
  test('will be made where it can be', async () => {
    const [found] = await examine.examineDataFolder(config());
    expect(found).toMatchObject({ verdict: 'ok', text: expect.stringContaining('will be made') });
  });

  // The superuser may write anywhere, so there is nothing to see for him.
  test.skipIf(process.getuid?.() === 0)('that cannot be written', async () => {
    await chmod(folder, 0o500);
    expect(await examine.examineDataFolder(config())).toMatchObject([{ verdict: 'fail' }]);
  });
});

describe('the database', () => {
  const file = () => path.join(folder, 'data', 'darkroom.db');

  test('is sound after the program made it', async () => {
    openStore({ file: file() }).close();
    expect(await examine.examineDatabase(config())).toMatchObject({
      verdict: 'ok',
      text: expect.stringContaining('sound'),
    });
  });

  test('tells what the next start will do to it, and refuses one that is newer or was made by other migrations', async () => {
    openStore({ file: file() }).close();
    const change = (sql: string) => {
      const db = openDatabase(file());
      db.exec(sql);
      db.close();
    };
    change('DELETE FROM migrations WHERE version = (SELECT max(version) FROM migrations)');
    expect(await examine.examineDatabase(config())).toMatchObject({
      verdict: 'ok',
      text: expect.stringContaining('1 migration to be made at the next start, after a copy'),
    });
    change("UPDATE migrations SET sha256 = 'edited' WHERE version = 2");
    expect(await examine.examineDatabase(config())).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('a released migration is never edited'),
    });
    change("INSERT INTO migrations VALUES (999, '0999_later.sql', 'x', 0)");
    expect(await examine.examineDatabase(config())).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('0999_later.sql'),
    });
  });

  test('is none when the file holds something else', async () => {
    await mkdir(path.dirname(file()));
    await writeFile(file(), 'not a database, but long enough to be looked at');
    expect(await examine.examineDatabase(config())).toMatchObject({
      verdict: 'fail',
      text: expect.stringContaining('not a database'),
    });
  });
});

describe('Discord', () => {
  const verdicts = async (over: Record<string, string>, answers: Record<string, Response | Error>) =>
    (await examine.examineDiscord(config(over), discord(answers).fetch)).map(({ verdict }) => verdict);
  const away = new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND discord.com') });

  test('is asked where the configuration says, the token only in its header', async () => {
    const { fetch, asked } = healthy();
    await examine.examineDiscord(config({ DISCORD_TOKEN: TOKEN, DISCORD_API_URL: 'http://127.0.0.1:9/api' }), fetch);
    expect(asked.map(([url]) => url)).toEqual([
      'http://127.0.0.1:9/api/v10/gateway',
      'http://127.0.0.1:9/api/v10/users/@me',
    ]);
    expect(asked[1]?.[1]).toMatchObject({ headers: { authorization: `Bot ${TOKEN}` }, redirect: 'error' });
  });

  test('out of reach is a failure with a token and a warning without', async () => {
    expect(await verdicts({}, { '/gateway': away })).toEqual(['warn', 'ok']);
    expect(await verdicts({ DISCORD_TOKEN: TOKEN }, { '/gateway': away })).toEqual(['fail', 'warn']);
    const [found] = await examine.examineDiscord(config(), discord({ '/gateway': away }).fetch);
    expect(found?.text).toContain('ENOTFOUND');
  });

  test('refusing the token is a failure, being ill itself a warning', async () => {
    const gateway = Response.json({});
    const answer = (status: number) => ({ '/gateway': gateway, '/users/@me': new Response('<html>', { status }) });
    expect(await verdicts({ DISCORD_TOKEN: TOKEN }, answer(401))).toEqual(['ok', 'fail']);
    expect(await verdicts({ DISCORD_TOKEN: TOKEN }, answer(503))).toEqual(['ok', 'warn']);
    expect(await verdicts({ DISCORD_TOKEN: TOKEN }, answer(200))).toEqual(['ok', 'ok']);
  });
});

test('a finding is one line, its remedy the next', () => {
  expect(findingLines(ok('disk', 'vast'))).toBe('ok    disk            vast\n');
  expect(findingLines(warn('disk', 'small', 'buy one'))).toBe('warn  disk            small\n      → buy one\n');
});
