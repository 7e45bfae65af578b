// A model's own safety checker that answers: pixels → how near they come to a forbidden concept. Its session is opened by its first call and
// gives way to others like every network of the model.
import { conceptScore } from '../core/concepts.ts';
import type { Pixels } from '../core/pixels.ts';
import { DarkroomError } from '../errors.ts';
import { clipPixels } from '../image/clipPixels.ts';
import { buildClipVision, readClipVisionConfig } from '../networks/clipVision.ts';
import { isVisionTensor, type SafetyCheckerFiles } from '../weights/safetyChecker.ts';
import { SessionSlot } from './memory.ts';
import type { SessionSettings } from './session.ts';

export interface OpenSafetyChecker {
  /** f32[p]: the picture as CLIP puts it. @throws runtime_failed, request_invalid when memory is too small */
  embedding(pixels: Pixels): Promise<Float32Array>;
  /** As PictureScores.concept. @throws as embedding */
  concept(pixels: Pixels): Promise<number>;
  close(): Promise<void>;
}

/** Checks every weight's name and shape; loads nothing yet. @throws model_unsupported, weights_invalid */
export function openSafetyChecker(files: SafetyCheckerFiles, settings: SessionSettings): OpenSafetyChecker {
  const { vision, concepts, preparation } = files;
  const { imageSize } = readClipVisionConfig(vision);
  if (imageSize !== preparation.cropPx) {
    const message = `${vision.tensors.source}: takes ${imageSize}x${imageSize} pixels, found a feature extractor that cuts out ${preparation.cropPx}`;
    throw new DarkroomError('model_unsupported', message);
  }
  const slot = new SessionSlot(buildClipVision(vision, settings.provider, isVisionTensor), settings);
  const embedding = async (pixels: Pixels) => {
    const inputs = { pixels: { data: clipPixels(pixels, preparation), dims: [1, 3, imageSize, imageSize] } };
    const { embedding } = await slot.use(inputs, (session) => session.run(inputs));
    return embedding!;
  };
  return {
    embedding,
    concept: async (pixels) => conceptScore(await embedding(pixels), concepts),
    close: () => slot.release(),
  };
}
