// The autoencoder's asks of one picture, cut into tiles where the picture is too large for one call. Every tile is an ask of its own: others
// have their turn between two, and a cancelled job stops at the next.
import type { Answer, NetworkAsk } from '../diffusion/asks.ts';
import { decodedInTiles, encodedInTiles, needsTiles, tilingOf } from '../diffusion/autoencoderTiles.ts';
import { drive } from '../diffusion/drive.ts';
import type { ModelFacts } from '../diffusion/modelFacts.ts';

/** Answers as `answer` does, whatever the picture's size. */
export async function answerInPieces(
  ask: NetworkAsk,
  facts: Pick<ModelFacts, 'pixelsPerLatent' | 'autoencoderPx'>,
  answer: (ask: NetworkAsk) => Promise<Answer>,
): Promise<Answer> {
  // A seamless picture goes on beyond its edges, which no tile sees.
  if ('tile' in ask && ask.tile === true) return answer(ask);
  if (ask.kind === 'decode' && isLarge(ask.latents, facts.pixelsPerLatent)) {
    return { kind: 'decode', pixels: await drive(decodedInTiles(ask.latents, tilingOf(facts)), answer) };
  }
  if (ask.kind === 'encode' && isLarge(ask.pixels, 1)) {
    return { kind: 'encode', ...(await drive(encodedInTiles(ask.pixels, tilingOf(facts)), answer)) };
  }
  return answer(ask);
}

function isLarge({ height, width }: { readonly height: number; readonly width: number }, scale: number): boolean {
  return needsTiles({ heightPx: height * scale, widthPx: width * scale });
}
