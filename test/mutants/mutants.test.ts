// The list of mutants names lines that are really there; whether tests turn red is tried by `npm run mutants`.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { MUTANTS } from './mutants.ts';

test.each(MUTANTS)('$does: one place in $file', ({ file, from, to, tests }) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  expect(text.replace(from, () => to)).not.toBe(text);
  for (const one of tests) expect(existsSync(path.join(ROOT, one)), one).toBe(true);
});
