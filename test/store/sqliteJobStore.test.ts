import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore } from '../../src/store/openStore.ts';
import { jobStoreContract } from '../contract/jobStore.ts';

jobStoreContract('SQLite in memory', (clock) => openStore({ file: ':memory:', clock }));
jobStoreContract('SQLite on a file', (clock) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-store-'));
  return openStore({ file: path.join(folder, 'deep', 'darkroom.db'), clock });
});
