import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/guards.ts'],
    // No test reads the settings of whoever runs it.
    env: { ENV_FILE: '' },
    pool: 'forks',
    // One more than the cores it has to make do with: programs under test wait for one another much of the time.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
