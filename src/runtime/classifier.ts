// The classifier's network that answers: pictures at its own size → scores. Opened by its first call and then kept, because every picture needs it.
import { PICTURE_CLASSES, type PictureScores } from '../core/pictureJudgement.ts';
import { DarkroomError } from '../errors.ts';
import { buildMobileNet, readMobileNetConfig } from '../networks/mobileNet.ts';
import type { Classifier } from '../weights/classifier.ts';
import { NetworkSession } from './session.ts';

export interface OpenClassifier {
  /** Rows and columns of the pictures it takes, in pixels. */
  readonly sidePx: number;
  /** f32[3,side,side] in 0 … 1 each. @throws runtime_failed */
  scores(pictures: readonly Float32Array[]): Promise<readonly PictureScores[]>;
  close(): Promise<void>;
}

/**
 * Checks every weight's name and shape; loads nothing yet. Always on the processor, where it takes milliseconds: no graphics card's memory is
 * worth it, and no memory limit counts it, for it is smaller than what such limits round away.
 * @throws model_unsupported, weights_invalid
 */
export function openClassifier({ name, part }: Classifier, threads: number): OpenClassifier {
  const { imageSize: sidePx, classes } = readMobileNetConfig(part);
  const places = PICTURE_CLASSES.map((wanted) => classes.indexOf(wanted));
  if (places.includes(-1) || classes.length !== PICTURE_CLASSES.length) {
    const message = `${name}: config field classes is ${classes.join(', ')}, expected ${PICTURE_CLASSES.join(', ')}`;
    throw new DarkroomError('model_unsupported', message);
  }
  const graph = buildMobileNet(part);
  let opening: Promise<NetworkSession> | null = null;
  const session = () => {
    opening ??= NetworkSession.open(graph, { provider: 'cpu', threads }).catch((thrown: unknown) => {
      opening = null;
      throw thrown;
    });
    return opening;
  };
  // One picture at a time through one buffer: more at once are no faster on a processor, and a hundred fresh buffers wait long to be collected.
  const data = new Float32Array(3 * sidePx * sidePx);
  const inputs = { pixels: { data, dims: [1, 3, sidePx, sidePx] } };
  const scoresOf = async (picture: Float32Array) => {
    const network = await session();
    data.set(picture);
    const { scores } = await network.run(inputs);
    const shares = PICTURE_CLASSES.map((one, at) => [one, scores![places[at]!]!]);
    return Object.fromEntries(shares) as PictureScores;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (picture: Float32Array) => {
    const scores = turn.then(() => scoresOf(picture));
    turn = scores.catch(() => undefined);
    return scores;
  };
  return {
    sidePx,
    scores: (pictures) => Promise.all(pictures.map(inTurn)),
    async close() {
      await (await opening)?.close();
      opening = null;
    },
  };
}
