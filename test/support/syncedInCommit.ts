// Shared commits synced by SQLite itself, inside the commit: where time is turned by hand nothing may happen on threads.
import type { LogSync } from '../../src/store/logSync.ts';

export const syncedInCommit = (): LogSync => ({
  withoutSync: (work) => work(),
  sync: () => Promise.resolve(),
  close() {},
});
