import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first: one of them begun among the last would run alone for minutes. */
const LONG = [
  'simulation/simulation',
  'e2e/webgpu',
  'e2e/botKillPoints',
  'e2e/botPresses',
  'e2e/botFleet',
  'e2e/botSoak',
  'e2e/botDoors',
  'e2e/botKill',
  'fleet/contract',
].map((name) => `test/${name}.test.ts`);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = LONG.flatMap((name) => sorted.filter(({ moduleId }) => moduleId.endsWith(name)));
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}

/** Folders whose tests leave nothing behind in their process, so that a file finds the modules of the one before loaded. */
const SHARED = ['core', 'onnx', 'weights', 'diffusion', 'networks', 'discord', 'store', 'queue', 'image', 'hub'];
const inShared = SHARED.map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: inShared } },
      { extends: true, test: { name: 'shared', include: inShared, isolate: false } },
    ],
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
