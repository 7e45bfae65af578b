import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Long and small in letters, by which files are sorted otherwise: begun last it would run alone for a minute. */
const FIRST = 'test/e2e/webgpu.test.ts';

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isFirst = ({ moduleId }: TestSpecification) => moduleId.endsWith(FIRST);
    const sorted = await super.sort(files);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/guards.ts'],
    // No test reads the settings of whoever runs it.
    env: { ENV_FILE: '' },
    pool: 'forks',
    // One more than the cores it has to make do with: programs under test wait for one another much of the time.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
