// Who looks at pictures before anybody else does: the installation's classifier, and beside it the safety checker of the model at work.
// Numbers only; what follows from them is the policy's business (src/core/pictureJudgement.ts), but for pictures a user sent: those a policy
// refuses are refused here, before anything is computed with them.

import { judgePicture, type PicturePolicy, type PictureScores } from '../core/pictureJudgement.ts';
import type { Pixels } from '../core/pixels.ts';
import { DarkroomError, toDarkroomError } from '../errors.ts';
import { classifierPixels } from '../image/classifierPixels.ts';
import { type OpenClassifier, openClassifier } from '../runtime/classifier.ts';
import type { ClassifierScan } from '../weights/classifier.ts';
import type { JudgeNetworks } from './batcher.ts';

/** A model's own checker, as far as it matters here. */
export interface ConceptChecker {
  /** As PictureScores.concept. @throws runtime_failed, request_invalid when memory is too small for it */
  concept(pixels: Pixels): Promise<number>;
}

/** One is as fast as two for a network of this size, and leaves the others to those who need them. */
const THREADS = 1;

export class PictureJudge {
  /** Null where there is none; then no picture has scores. */
  readonly name: string | null;
  readonly refused: ClassifierScan['refused'];
  readonly #classifier: OpenClassifier | null;

  constructor({ classifier, refused }: ClassifierScan) {
    const opened = classifier === null ? null : triedOpening(classifier);
    this.#classifier = opened === null || 'reason' in opened ? null : opened;
    this.name = this.#classifier === null ? null : classifier!.name;
    this.refused = opened !== null && 'reason' in opened ? [...refused, opened] : refused;
  }

  /** Null where nobody judges. @param checker of the model that made the pictures */
  networks(checker?: ConceptChecker): JudgeNetworks | null {
    const classifier = this.#classifier;
    if (classifier === null) return null;
    return {
      judge: async (pictures) => {
        const scores = await classifier.scores(pictures.map((pixels) => classifierPixels(pixels, classifier.sidePx)));
        if (checker === undefined) return scores;
        const all: PictureScores[] = [];
        for (const [at, pixels] of pictures.entries()) {
          all.push({ ...scores[at]!, concept: await checker.concept(pixels) });
        }
        return all;
      },
    };
  }

  async close(): Promise<void> {
    await this.#classifier?.close();
  }
}

export const NO_JUDGE = new PictureJudge({ classifier: null, refused: [] });

/** Building the graph looks at every tensor's name and shape, and reads no numbers. */
function triedOpening(classifier: NonNullable<ClassifierScan['classifier']>) {
  try {
    return openClassifier(classifier, THREADS);
  } catch (thrown) {
    return { name: `safety/${classifier.name}`, reason: toDarkroomError(thrown, 'weights_invalid').message };
  }
}

/** @param source as messages call it: `start picture`. @throws picture_refused */
export function checkSource(source: string, scores: PictureScores, policy: PicturePolicy): void {
  const { verdict, because } = judgePicture(scores, policy);
  if (verdict !== 'refuse' || because === null) return;
  const measures = because.rule.of.join(' + ');
  const score = Math.round(because.score * 1000) / 1000;
  const message = `${source}: ${measures} is ${score}, expected less than ${because.rule.from}`;
  throw new DarkroomError('picture_refused', message, { source, measures, score, from: because.rule.from });
}
