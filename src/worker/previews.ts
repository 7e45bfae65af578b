// Small pictures of what a task is making, every few seconds: the latest look at each of its pictures, side by side, as a WebP.
// A preview is made beside the networks and never waited for; one that fails is none.
import type { Pixels } from '../core/pixels.ts';
import { type Answer, type Ask, expectKind, type Latents } from '../diffusion/asks.ts';
import type { ModelFacts } from '../diffusion/modelFacts.ts';
import type { Watch } from '../diffusion/pipeline.ts';
import { fittedMap, type PreviewMap, previewOf, probePixels, publishedMap } from '../diffusion/preview.ts';
import { gridOf } from '../image/grid.ts';
import { encodePreview } from '../image/preview.ts';

/** Least milliseconds between two previews of a task; a message is not edited more often. */
export const PREVIEW_MS = 3_000;

export interface PreviewOptions {
  readonly facts: ModelFacts;
  /** Pictures of the task. */
  readonly count: number;
  /** What the encoder is asked for, where nobody published what its latents look like. */
  readonly answer: (ask: Ask) => Promise<Answer>;
  readonly onPreview: (webp: Uint8Array) => void;
  /** Whether everybody may see it; absent is yes. */
  readonly mayShow?: (pixels: Pixels) => Promise<boolean>;
  /** A clock that never jumps. */
  readonly nowMs: () => number;
}

/** Of an open model: its facts stay one object for as long as it is open. */
const maps = new WeakMap<ModelFacts, Promise<PreviewMap>>();

export class Previews {
  readonly #options: PreviewOptions;
  readonly #latest: (Latents | undefined)[];
  #nextMs: number;
  #isBusy = false;

  constructor(options: PreviewOptions) {
    this.#options = options;
    this.#latest = new Array(options.count).fill(undefined);
    // A picture that is done sooner needs none.
    this.#nextMs = options.nowMs() + PREVIEW_MS;
  }

  watch(imageIndex: number): Watch {
    return (denoised) => {
      this.#latest[imageIndex] = denoised;
      if (this.#isBusy || this.#options.nowMs() < this.#nextMs) return;
      this.#isBusy = true;
      void this.#make().finally(() => {
        this.#isBusy = false;
        this.#nextMs = this.#options.nowMs() + PREVIEW_MS;
      });
    };
  }

  async #make(): Promise<void> {
    try {
      const seen = this.#latest.filter((latents) => latents !== undefined);
      const map = await mapOf(this.#options);
      const looks = seen.map((latents) => previewOf(latents, map));
      for (const look of looks) if ((await this.#options.mayShow?.(look)) === false) return;
      const webp = await encodePreview(sheetOf(looks));
      if (webp !== null) this.#options.onPreview(webp);
    } catch {
      // The picture itself will say what is wrong; a task that was cancelled has nothing to show.
    }
  }
}

/** Between two passes pictures have different sizes: then only those of the first one's are shown. */
function sheetOf(pictures: readonly Pixels[]): Pixels {
  const first = pictures[0]!;
  return pictures.length === 1
    ? first
    : gridOf(pictures.filter(({ height, width }) => height === first.height && width === first.width));
}

function mapOf({ facts, answer }: PreviewOptions): Promise<PreviewMap> {
  const published = publishedMap(facts);
  if (published !== null) return Promise.resolve(published);
  const map = maps.get(facts) ?? fit(facts, answer);
  maps.set(facts, map);
  map.catch(() => maps.delete(facts));
  return map;
}

async function fit(facts: ModelFacts, answer: PreviewOptions['answer']): Promise<PreviewMap> {
  const pixels = probePixels(facts);
  const { mean } = expectKind('encode', await answer({ kind: 'encode', pixels }));
  return fittedMap({ ...mean, data: mean.data.map((value) => value * facts.scalingFactor) }, pixels);
}
