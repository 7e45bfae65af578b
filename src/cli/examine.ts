// The doctor's examinations, one function each: it looks, changes nothing that was there, and says what it found and what to do.
import { access, constants, stat, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import { type Config, type Environment, readConfig } from '../config.ts';
import { toDarkroomError } from '../errors.ts';
import { ROOT } from '../root.ts';
import { type Finding, fail, ok, warn } from './findings.ts';

/** Oldest Node.js that has everything used here. */
const LEAST_NODE = [20, 9] as const;

export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok('Node.js', version);
  const text = `found ${version}, expected ${LEAST_NODE.join('.')} or newer`;
  return fail('Node.js', text, 'install the current long-term version from https://nodejs.org');
}

const GIB = 2 ** 30;

export function examineMachine(): Finding {
  const memory = (totalmem() / GIB).toFixed(1);
  return ok('machine', `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${memory} GB of memory`);
}

export type ReadEnvironment = { readonly config: Config | null; readonly findings: readonly Finding[] };

/** One finding for every variable that is wrong. */
export function examineEnvironment(environment: Environment): ReadEnvironment {
  try {
    return { config: readConfig(environment, ROOT), findings: [ok('environment', 'every variable is understood')] };
  } catch (thrown) {
    const lines = toDarkroomError(thrown).message.split('\n');
    const remedy = 'correct or remove the variable; README.md lists them all';
    return { config: null, findings: lines.map((line) => fail('environment', line, remedy)) };
  }
}

/** Packages with native code or large enough to be broken by half an installation, and the room that loads each. */
const PACKAGES: Readonly<Record<string, () => Promise<unknown>>> = {
  'onnxruntime-node': () => import('../runtime/session.ts'),
  sharp: () => import('../image/loaders.ts'),
  'better-sqlite3': async () => (await import('../store/database.ts')).openDatabase(':memory:').close(),
  'discord.js': () => import('../discord/bot.ts'),
};

/** @param packages name → loads it, and throws when that fails */
export async function examinePackages(packages = PACKAGES): Promise<readonly Finding[]> {
  const findings = Object.entries(packages).map(async ([name, load]) => {
    try {
      await load();
      return ok('package', `${name} loads`);
    } catch (thrown) {
      const text = `${name} does not load: ${firstLine(thrown)}`;
      return fail(
        'package',
        text,
        'run npm ci again, with this very Node.js; delete node_modules first if that changes nothing',
      );
    }
  });
  return Promise.all(findings);
}

export async function examineProvider({ device, precision }: Config): Promise<Finding> {
  try {
    const { chooseProvider } = await import('../runtime/providers.ts');
    const { provider, reason } = await chooseProvider(device, precision);
    return ok('provider', `${provider}: ${reason}`);
  } catch (thrown) {
    return fail('provider', firstLine(thrown), 'set DEVICE=auto or DEVICE=cpu, or install what the provider needs');
  }
}

export async function examineModels({ modelsDir }: Config): Promise<readonly Finding[]> {
  try {
    const { scanModels } = await import('../weights/registry.ts');
    const { cards, refused } = scanModels(modelsDir);
    const usable = cards.map(({ name, defaults: { size } }) =>
      ok('model', `${name}, ${size.widthPx}x${size.heightPx}`),
    );
    const others = refused.map(({ reason }) =>
      warn(
        'model',
        `refused: ${reason}`,
        'repair it or take it out of the models folder; npm run models -- inspect says more',
      ),
    );
    if (cards.length > 0) return [...usable, ...others];
    const none = `${modelsDir}: found no model that can be used`;
    return [
      ...others,
      fail('models', none, 'restore models/emoji, put a model there, or fetch one with npm run models -- pull'),
    ];
  } catch (thrown) {
    return [fail('models', `${modelsDir}: ${firstLine(thrown)}`, 'make the folder, or set MODELS_DIR')];
  }
}

/** None is no fault: pictures are made all the same, and nobody judges them. */
export async function examineClassifier({ modelsDir }: Config): Promise<readonly Finding[]> {
  const [{ scanClassifier }, { PictureJudge }] = await Promise.all([
    import('../weights/classifier.ts'),
    import('../worker/pictureJudge.ts'),
  ]);
  const { name, refused } = new PictureJudge(scanClassifier(modelsDir));
  const remedy = 'restore models/safety/nsfwjs, or take the folder out of the models folder';
  const others = refused.map(({ reason }) => warn('classifier', `refused: ${reason}`, remedy));
  const found = name === null ? 'none in models/safety: pictures are shown unjudged' : `${name} looks at every picture`;
  return [ok('classifier', found), ...others];
}

/** Below the first the bot takes no jobs for long; below the second there is room for some ten thousand pictures at 128 px. */
const FULL_BYTES = 100 * 2 ** 20;
const SCARCE_BYTES = GIB;

export async function examineDataFolder({ dataDir }: Config): Promise<readonly Finding[]> {
  const folder = await nearestFolder(dataDir);
  const made = folder === dataDir ? dataDir : `${dataDir} will be made at the first start`;
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    return [fail('data folder', `${folder} cannot be written by this user`, 'change its owner, or set DATA_DIR')];
  }
  const { bavail, bsize } = await statfs(folder);
  return [ok('data folder', made), examineSpace(bavail * bsize)];
}

export function examineSpace(freeBytes: number): Finding {
  const text = `${(freeBytes / GIB).toFixed(1)} GB free for pictures and database`;
  if (freeBytes < FULL_BYTES) return fail('disk', text, 'free some space, or set DATA_DIR to another disk');
  if (freeBytes < SCARCE_BYTES) return warn('disk', text, 'free some space soon');
  return ok('disk', text);
}

/** The folder itself, or the closest one above it that exists; there the missing ones would be made. */
async function nearestFolder(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isThere || path.dirname(folder) === folder ? folder : nearestFolder(path.dirname(folder));
}

export async function examineDatabase({ dataDir }: Config): Promise<Finding> {
  const file = path.join(dataDir, 'darkroom.db');
  try {
    const [{ openDatabase }, { openStore }] = await Promise.all([
      import('../store/database.ts'),
      import('../store/openStore.ts'),
    ]);
    if (!(await exists(file))) {
      openStore({ file: ':memory:' }).close();
      return ok('database', 'none yet; it will be made at the first start');
    }
    const { checkMigrations, readMigrations } = await import('../store/migrate.ts');
    const db = openDatabase(file);
    try {
      const verdict = db.pragma('quick_check', { simple: true });
      const remedy = 'stop the bot and bring a copy back with npm run restore';
      if (verdict !== 'ok') return fail('database', `${file} is damaged: ${String(verdict)}`, remedy);
      const pending = checkMigrations(db, readMigrations(path.join(ROOT, 'migrations')));
      const next =
        pending === 0
          ? ''
          : `, ${pending} migration${pending === 1 ? '' : 's'} to be made at the next start, after a copy`;
      return ok('database', `${file} is sound${next}`);
    } finally {
      db.close();
    }
  } catch (thrown) {
    return fail('database', `${file}: ${firstLine(thrown)}`, 'restore a copy, or move the file away to begin anew');
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** Longest wait for one answer of Discord, in milliseconds. */
const ANSWER_MS = 10_000;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Whether Discord answers, and whether it takes the token; without a token only the former, and only as a warning. */
export async function examineDiscord(config: Config, fetch: Fetch): Promise<readonly Finding[]> {
  const { discordApiUrl, discordToken } = config;
  const severity = discordToken === null ? warn : fail;
  const gateway = await ask(`${discordApiUrl}/v10/gateway`, fetch, {});
  if (typeof gateway === 'string' || !gateway.ok) {
    const text = `${discordApiUrl} ${typeof gateway === 'string' ? gateway : `answered ${gateway.status}`}`;
    return [
      severity('Discord', text, 'check the network, its firewall and proxy, and DISCORD_API_URL'),
      tokenUnasked(config),
    ];
  }
  return [
    ok('Discord', `${discordApiUrl} answers`),
    discordToken === null ? tokenUnasked(config) : await askToken(config, fetch),
  ];
}

function tokenUnasked({ discordToken }: Config): Finding {
  if (discordToken === null) return ok('token', 'DISCORD_TOKEN is not set: npm start opens the playground');
  return warn('token', 'could not be tried', 'run the doctor again when Discord can be reached');
}

async function askToken({ discordApiUrl, discordToken }: Config, fetch: Fetch): Promise<Finding> {
  const answer = await ask(`${discordApiUrl}/v10/users/@me`, fetch, { authorization: `Bot ${discordToken}` });
  if (typeof answer === 'string') return warn('token', `could not be tried: Discord ${answer}`, 'run the doctor again');
  if (answer.status === 401) {
    return fail(
      'token',
      'Discord does not know it',
      'reset the token on the Bot page of the developer portal and set DISCORD_TOKEN',
    );
  }
  if (!answer.ok)
    return warn('token', `could not be tried: Discord answered ${answer.status}`, 'run the doctor again later');
  const user = (await answer.json().catch(() => ({}))) as { readonly username?: unknown };
  return ok('token', `Discord knows it, the bot is ${JSON.stringify(user.username ?? 'nameless')}`);
}

/** The answer, or in words why there is none. */
async function ask(url: string, fetch: Fetch, headers: Record<string, string>): Promise<Response | string> {
  try {
    return await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (thrown) {
    const { cause } = thrown as Error;
    return `cannot be reached: ${firstLine(cause instanceof Error ? cause : thrown)}`;
  }
}

function firstLine(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.split('\n')[0] ?? '';
}
