// Counts the tests there are by feature, as a table for the README: nothing is run, so the numbers are of this very tree.
//   npm run counts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';
import { FEATURES, featureOf } from './features.ts';

interface Listed {
  readonly name: string;
  readonly file: string;
}

/** @throws Error when a test file cannot even be read */
function listedTests(): readonly Listed[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-counts-'));
  const file = path.join(folder, 'tests.json');
  try {
    const { status, stderr } = spawnSync('npx', ['vitest', 'list', `--json=${file}`], { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) throw new Error(`vitest list ended with ${status}:\n${stderr}`);
    return JSON.parse(readFileSync(file, 'utf8')) as Listed[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function main(): void {
  const tests = listedTests();
  const counts = new Map<string, number>();
  for (const { file } of tests) {
    const name = featureOf(path.relative(path.join(ROOT, 'test'), file).replaceAll(path.sep, '/'));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const number = (count: number) => count.toLocaleString('en-US');
  const rows = FEATURES.map(({ name }) => `| ${name} | ${number(counts.get(name) ?? 0)} |`);
  process.stdout.write(
    ['| what is tried | tests |', '|---|---:|', ...rows, `| **all** | **${number(tests.length)}** |`, ''].join('\n'),
  );
}

main();
