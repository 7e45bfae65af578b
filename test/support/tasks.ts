// Tasks for workers, small enough for the tiny folders under test/golden/folders.
import path from 'node:path';
import type { ResolvedRequest } from '../../src/core/request.ts';
import type { DevelopTask } from '../../src/core/worker.ts';
import { ROOT } from '../../src/root.ts';

/** Random-weight models: sd-small, plain-mid, v-linear. */
export const TINY_MODELS = path.join(ROOT, 'test', 'golden', 'folders');

export function makeRequest(over: Partial<ResolvedRequest> = {}): ResolvedRequest {
  return {
    prompt: 'a red heart',
    negativePrompt: '',
    model: 'sd-small',
    style: null,
    stylePhrase: '',
    size: { widthPx: 96, heightPx: 64 },
    steps: 3,
    guidance: 4,
    seed: 11,
    count: 1,
    sampler: 'euler',
    initImage: null,
    strength: null,
    ...over,
  };
}

export function makeTask(
  outputDir: string,
  over: Partial<ResolvedRequest> = {},
  initImagePath: string | null = null,
): DevelopTask {
  return { jobId: path.basename(outputDir), attempt: 1, request: makeRequest(over), initImagePath, outputDir };
}
