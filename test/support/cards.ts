// Model cards and resolved requests for tests that need some, with non-square sizes so that a swapped side shows.
import type { ControlCard } from '../../src/core/control.ts';
import { DEFAULT_LIMITS, type ModelCard, type RequestDraft, type ResolvedRequest } from '../../src/core/request.ts';
import { resolveRequest } from '../../src/core/resolve.ts';

export const TEST_CARD: ModelCard = {
  name: 'testmodel',
  family: 'sd1',
  defaults: {
    size: { widthPx: 96, heightPx: 64 },
    steps: 12,
    guidance: 4,
    sampler: 'dpmpp_2m',
    strength: 0.6,
    style: 'flat',
  },
  styles: { flat: ', flat style', noto: ', noto style' },
  sizeStepPx: 16,
};

/** Control networks for it: one for edges and silhouettes, one for poses, and one of another family. */
export const TEST_CONTROLS: readonly ControlCard[] = [
  {
    name: 'edges-net',
    network: 'controlnet',
    kinds: ['canny', 'silhouette'],
    family: 'Stable Diffusion 1.x',
    fits: ['testmodel'],
    hash: '0badcafe',
    sizeBytes: 1_000,
  },
  {
    name: 'poses',
    network: 't2i-adapter',
    kinds: ['pose'],
    family: 'Stable Diffusion 1.x',
    fits: ['testmodel'],
    hash: 'feedbeef',
    strength: 0.7,
    sizeBytes: 1_000,
  },
  {
    name: 'depths-xl',
    network: 'controlnet',
    kinds: ['depth'],
    family: 'SDXL',
    fits: [],
    hash: '12345678',
    sizeBytes: 1_000,
  },
];

/** The test card with those. */
export const CONTROLLED_CARD: ModelCard = { ...TEST_CARD, controls: TEST_CONTROLS };

/** A resolved request of the test card; seed 7 where the draft has none. */
export function testRequest(draft: Partial<RequestDraft> = {}): ResolvedRequest {
  return resolveRequest({ prompt: 'a red heart', ...draft }, CONTROLLED_CARD, DEFAULT_LIMITS, 7);
}
