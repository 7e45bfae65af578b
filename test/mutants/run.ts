// Tries every mutant in a copy of the repository: its tests are run and have to fail,
// after all of them together were green there.
//   npm run mutants              all of them
//   npm run mutants -- signature 'gives back'   those whose text has one of these
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';
import { MUTANTS, type Mutant } from './mutants.ts';

const LEFT_OUT = new Set(['node_modules', '.git', 'data', '.build']);

function copyOfRepository(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'darkroom-mutants-'));
  cpSync(ROOT, copy, { recursive: true, filter: (file) => !LEFT_OUT.has(path.relative(ROOT, file)) });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/** What these tests say of the copy as it is. */
function outcomeOf(tests: readonly string[], copy: string): 'green' | 'red' | 'broken' {
  const env = { ...process.env, SIMULATIONS: '500', NO_COLOR: '1' };
  const options = { cwd: copy, env, encoding: 'utf8', timeout: 1_800_000 } as const;
  spawnSync('npm', ['run', '--silent', 'build'], options);
  const { status, stdout } = spawnSync('npx', ['vitest', 'run', ...tests, '--bail', '1'], options);
  if (status === 0) return 'green';
  console.log((/ FAIL .*/.exec(stdout)?.[0] ?? '').trim());
  // A run that found no test at all fails too, and proves nothing.
  return /Tests .*failed/.test(stdout) ? 'red' : 'broken';
}

/** Whether a test turned red; the copy is as before afterwards. */
function isCaught({ file, from, to, tests }: Mutant, copy: string): boolean {
  const target = path.join(copy, file);
  const original = readFileSync(target, 'utf8');
  writeFileSync(
    target,
    original.replace(from, () => to),
  );
  try {
    return outcomeOf(tests, copy) === 'red';
  } finally {
    writeFileSync(target, original);
  }
}

const wanted = process.argv.slice(2);
const copy = copyOfRepository();
let survivors = 0;
try {
  const chosen = MUTANTS.filter(({ does }) => wanted.length === 0 || wanted.some((words) => does.includes(words)));
  // Tests that are red already would seem to catch everything.
  const tests = [...new Set(chosen.flatMap((mutant) => mutant.tests))];
  const before = outcomeOf(tests, copy);
  if (before !== 'green') throw new Error(`without any mutant the tests are ${before}: ${tests.join(' ')}`);
  for (const mutant of chosen) {
    const caught = isCaught(mutant, copy);
    if (!caught) survivors += 1;
    console.log(`${caught ? 'caught  ' : 'SURVIVED'}  ${mutant.does}  (${mutant.file})`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${survivors} survived`);
process.exitCode = survivors === 0 ? 0 : 1;
