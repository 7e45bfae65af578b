// The table of tests by feature: every test file belongs to one, and every feature has some.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';
import { FEATURES, featureOf } from './features.ts';

test('every test file belongs to a feature, and every feature has a file', () => {
  const files = readdirSync(path.join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith('.test.ts'));
  const met = new Set(files.map(featureOf));
  expect(FEATURES.filter(({ name }) => !met.has(name))).toEqual([]);
  expect(() => featureOf('elsewhere/x.test.ts')).toThrow('belongs to no feature');
});
