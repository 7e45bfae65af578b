// Model cards and resolved requests for tests that need some, with non-square sizes so that a swapped side shows.
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

/** A resolved request of the test card; seed 7 where the draft has none. */
export function testRequest(draft: Partial<RequestDraft> = {}): ResolvedRequest {
  return resolveRequest({ prompt: 'a red heart', ...draft }, TEST_CARD, DEFAULT_LIMITS, 7);
}
