// The house's plan, enforced: imports go one way, one package lives in one folder, no cycles, the top level is fixed.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Layers from the ground up; a room may import itself and every lower layer, never a sibling. */
const LAYERS: readonly (readonly string[])[] = [
  ['src/errors.ts', 'src/clock.ts', 'src/log.ts', 'src/root.ts', 'src/failpoint.ts', 'src/patterns.ts'],
  ['src/core'],
  ['src/config.ts', 'src/diffusion', 'src/onnx', 'src/image', 'src/store', 'src/queue', 'src/hub'],
  ['src/weights'],
  ['src/networks'],
  ['src/runtime'],
  ['src/worker', 'src/charts'],
  ['src/discord', 'src/ops', 'src/fleet'],
  ['commands'],
  ['src/emulator'],
  ['src/cli', 'src/main.ts'],
];

/** Package → the only rooms that may import it. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  'discord.js': ['src/discord', 'commands'],
  'onnxruntime-node': ['src/runtime'],
  sharp: ['src/image'],
  echarts: ['src/charts'],
  'better-sqlite3': ['src/store'],
  'p-queue': ['src/queue'],
  bullmq: ['src/fleet'],
  ioredis: ['src/fleet'],
  '@huggingface/tokenizers': ['src/weights'],
  '@huggingface/hub': ['src/hub'],
  ws: ['src/emulator'],
  ajv: ['src/emulator'],
  'ajv-formats': ['src/emulator'],
  pino: ['src/log.ts'],
  re2js: ['src/patterns.ts'],
  dotenv: ['src/config.ts'],
  'prom-client': ['src/ops'],
};

/** Rooms without any package or node: module: pure rules and numerics. */
const PURE = ['src/core', 'src/diffusion'];
/** Rooms that stand apart: production code never imports the emulator, and the emulator imports no bot code. */
const EMULATOR_MAY_IMPORT = ['src/errors.ts', 'src/clock.ts', 'src/log.ts', 'src/root.ts', 'src/emulator'];

const TOP_LEVEL_FOLDERS = ['src', 'commands', 'models', 'migrations', 'test'];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function tracked(...patterns: string[]): string[] {
  const out = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '--', ...patterns], { cwd: ROOT });
  return out.toString().split('\0').filter(Boolean);
}

const IMPORT = /^\s*(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const spec = match[3] ?? match[4] ?? '';
    const to = spec.startsWith('.') ? path.posix.join(path.posix.dirname(file), spec) : spec;
    return { from: file, to, typeOnly: match[2] !== undefined };
  });
}

const sources = tracked('src/**/*.ts', 'src/*.ts', 'commands/*.ts', 'commands/**/*.ts');
const imports = sources.flatMap(importsOf);
const isLocal = (spec: string) => spec.startsWith('src/') || spec.startsWith('commands/');
const isIn = (room: string, file: string) => file === room || file.startsWith(`${room}/`);
const layerOf = (file: string) => LAYERS.findIndex((rooms) => rooms.some((room) => isIn(room, file)));
const roomOf = (file: string) => LAYERS.flat().find((room) => isIn(room, file));
const isBuiltin = (spec: string) => spec.startsWith('node:') || builtinModules.includes(spec);
const packageOf = (spec: string) =>
  spec
    .split('/')
    .slice(0, spec.startsWith('@') ? 2 : 1)
    .join('/');
const show = (entry: Import) => `${entry.from} → ${entry.to}`;

describe('architecture', () => {
  test('the top level holds only the agreed folders', () => {
    const folders = new Set(
      tracked('.')
        .filter((file) => file.includes('/'))
        .map((file) => file.slice(0, file.indexOf('/'))),
    );
    expect([...folders].filter((folder) => !folder.startsWith('.') && !TOP_LEVEL_FOLDERS.includes(folder))).toEqual([]);
  });

  test('every source file has a room', () => {
    expect(sources.filter((file) => layerOf(file) === -1)).toEqual([]);
  });

  test('imports go down, never up and never to a sibling', () => {
    const wrong = imports.filter(
      ({ from, to }) => isLocal(to) && roomOf(from) !== roomOf(to) && layerOf(to) >= layerOf(from) && layerOf(from) > 0,
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('one package, one room', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (isLocal(to) || isBuiltin(to)) return false;
      const homes = PACKAGE_HOMES[packageOf(to)];
      return homes !== undefined && !homes.some((room) => isIn(room, from));
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test('core and diffusion import no package and no node: module', () => {
    const wrong = imports.filter(({ from, to }) => PURE.some((room) => isIn(room, from)) && !isLocal(to));
    expect(wrong.map(show)).toEqual([]);
  });

  test('only the process that draws charts may open SVG, and nothing runs in its place', () => {
    const importersOf = (file: string) => imports.filter(({ to }) => to === file).map(({ from }) => from);
    expect(importersOf('src/image/ownSvg.ts')).toEqual(['src/charts/chartChild.ts']);
    expect(importersOf('src/charts/chartChild.ts')).toEqual([]);
    const unblocking = sources.filter((file) => readFileSync(path.join(ROOT, file), 'utf8').includes('sharp.unblock('));
    expect(unblocking).toEqual(['src/image/loaders.ts', 'src/image/ownSvg.ts']);
  });

  test('the emulator knows nothing of the bot', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        isIn('src/emulator', from) && isLocal(to) && !EMULATOR_MAY_IMPORT.some((room) => isIn(room, to)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('no import cycles', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports) {
      if (isLocal(to) && !typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
    }
    expect(findCycle(next)).toEqual([]);
  });
});

function findCycle(next: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const to of next.get(file) ?? []) {
      const cycle = walk(to, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of next.keys()) {
    const cycle = walk(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
