// The files somebody deploys with, read as what would run them reads them: nothing they name is missing, nothing runs as root or may write
// where it need not, no secret is in a layer, and the exits they leave alone are those the program has.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../src/root.ts';
import { BOT_FLAGS } from './support/botFlags.ts';

const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');
const lines = (name: string) => read(name).replaceAll('\\\n', ' ').split('\n');

test('Node is told the same wherever the bot is started', () => {
  const [asUnit] = /^ExecStart=.*$/m.exec(read('darkroom.service'))!;
  const [asImage] = /^CMD .*$/m.exec(read('Dockerfile'))!;
  expect(BOT_FLAGS.length).toBeGreaterThan(0);
  expect(asUnit).toContain(` ${BOT_FLAGS.join(' ')} .build/src/main.js`);
  expect(JSON.parse(asImage.slice('CMD '.length))).toEqual(['node', ...BOT_FLAGS, '.build/src/main.js']);
});

describe('Dockerfile', () => {
  const steps = lines('Dockerfile').filter((line) => line !== '' && !line.startsWith('#'));
  const last = steps.slice(steps.findLastIndex((line) => line.startsWith('FROM')));
  /** Kept out by the first line, let in by name. */
  const letIn = lines('.dockerignore')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));

  test('copies only what is there and what the context lets in', () => {
    expect(lines('.dockerignore')[0]).toBe('*');
    const copied = steps.flatMap((step) => /^COPY (?!--from)(.+) \S+$/.exec(step)?.[1]?.split(' ') ?? []);
    expect(copied.length).toBeGreaterThan(8);
    for (const name of copied) {
      expect(existsSync(path.join(ROOT, name)), name).toBe(true);
      expect(letIn, name).toContain(name);
    }
    // Whatever the program reads beside its compiled code comes along.
    expect(last.join('\n')).toMatch(/COPY migrations migrations\n[\s\S]*COPY src src/);
  });

  test('says which base exactly, once, and lets it be pinned to bytes', () => {
    const base = steps.find((step) => step.startsWith('ARG '))!;
    expect(base).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim$/);
    const froms = steps.filter((step) => step.startsWith('FROM'));
    expect(froms).toHaveLength(2);
    for (const from of froms) expect(from).toMatch(/^FROM \$\{NODE_IMAGE\}/);
    const major = Number(/node:(\d+)/.exec(base)![1]);
    expect(major).toBeGreaterThanOrEqual(Number(/>=(\d+)/.exec(JSON.parse(read('package.json')).engines.node)![1]));
  });

  test('runs the program as somebody who is not root, and with no secret in a layer', () => {
    const user = last.indexOf('USER node');
    expect(user).toBeGreaterThan(0);
    expect(last.slice(user).filter((line) => /^(RUN|COPY|ADD)/.test(line))).toEqual([]);
    expect(steps.join('\n')).not.toMatch(/(ENV|ARG)[^\n]*(TOKEN|PASSWORD|SECRET)/);
    const [, entry] = /^CMD \[.*"(\.build\/[^"]+)"\]$/.exec(last.at(-1)!)!;
    expect(existsSync(path.join(ROOT, entry!.replace('.build/', '').replace('.js', '.ts')))).toBe(true);
  });

  test('asks for health where the program serves it', () => {
    const probe = JSON.parse(/HEALTHCHECK.*CMD (\[.*\])/.exec(steps.join('\n'))![1]!) as string[];
    expect(probe.slice(0, 2)).toEqual(['node', '-e']);
    expect(probe[2]).toContain("process.env.METRICS_PORT + '/livez'");
    const env = { ...process.env, METRICS_PORT: '9' };
    expect(spawnSync(process.execPath, probe.slice(1), { env }).status).toBe(1);
  });
});

describe.each(['compose.yaml', 'compose.fleet.yaml'])('%s', (name) => {
  /** Service → its lines; the file has two levels of two spaces. */
  const services = [
    ...read(name)
      .split(/^services:\n/m)[1]!
      .split(/^\w/m)[0]!
      .matchAll(/^ {2}(\w+):\n((?: {4}.*\n|\n| {2}#.*\n)*)/gm),
  ];

  test('locks every service it starts down', () => {
    expect(services.length).toBeGreaterThan(0);
    for (const [, service, body] of services) {
      // What the other file has already said of the bot is not said again.
      if (name === 'compose.fleet.yaml' && service === 'bot') continue;
      for (const line of [
        'read_only: true',
        'tmpfs:',
        'cap_drop: [ALL]',
        'no-new-privileges:true',
        'restart: unless-stopped',
      ]) {
        expect(body, `${service}: ${line}`).toContain(line);
      }
      expect(body, service).not.toMatch(/privileged: true|network_mode|^ {4}ports:/m);
    }
  });

  test('starts what exists, and names only settings there are', () => {
    const known = [...read('.env.example').matchAll(/^#([A-Z_]+)=/gm)].map(([, one]) => one!);
    const set = [...read(name).matchAll(/^ {6}([A-Z_]+): /gm)].map(([, one]) => one!);
    expect(set.length).toBeGreaterThan(0);
    for (const variable of set) expect(known).toContain(variable);
    for (const [, entry] of read(name).matchAll(/"\.build\/([^"]+)\.js"/g)) {
      expect(existsSync(path.join(ROOT, `${entry}.ts`)), entry).toBe(true);
    }
  });
});

const UNITS = { 'darkroom.service': 78, 'darkroom-worker.service': 2 };

describe.each(Object.entries(UNITS))('%s', (name, exit) => {
  const settings = lines(name).filter((line) => /^\w+=/.test(line));

  test('starts what exists, not as root, and does not try again what trying cannot mend', () => {
    const [, entry] = /^ExecStart=.* \.build\/(.+)\.js$/.exec(settings.find((line) => line.startsWith('ExecStart='))!)!;
    expect(existsSync(path.join(ROOT, `${entry}.ts`))).toBe(true);
    expect(settings).toContain('User=darkroom');
    expect(settings).toContain('Restart=on-failure');
    expect(settings).toContain(`RestartPreventExitStatus=${exit}`);
    const said = name === 'darkroom.service' ? read('src/main.ts') : read('src/cli/terminal.ts');
    expect(said).toMatch(new RegExp(`EXIT_(CONFIG|BAD_INPUT) = ${exit};`));
  });

  test('locks down what the program never needs', () => {
    const locks = settings.filter((line) =>
      /^(Protect|Private|Restrict|No|Lock|System|Capability|Remove|UMask)/.test(line),
    );
    const others = lines('darkroom.service').filter((line) => locks.includes(line));
    expect(locks.length).toBeGreaterThan(20);
    expect(locks.filter((line) => !others.includes(line))).toEqual([]);
    expect(locks).toContain('CapabilityBoundingSet=');
    expect(locks).toContain('ProtectSystem=strict');
    expect(locks).toContain('NoNewPrivileges=yes');
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  test.skipIf(!hasSystemd)('is little exposed, as systemd itself counts', () => {
    const out = execFileSync('systemd-analyze', ['security', '--offline=true', path.join(ROOT, name)], {
      encoding: 'utf8',
    });
    expect(Number(/exposure level for \S+ ([\d.]+)/.exec(out)![1])).toBeLessThan(2);
  });
});

test('OPERATIONS.md tells the exits there are', () => {
  const page = read('OPERATIONS.md');
  for (const exit of ['0', '1', '78', '130']) expect(page).toContain(`| ${exit} | `);
});
