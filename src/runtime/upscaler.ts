// An upscaler's network that answers: pixels → larger pixels. The session is opened by its first call, and gives way when others need the room.
import type { Pixels } from '../core/pixels.ts';
import { buildUpscaler, upscalerFold } from '../networks/esrgan.ts';
import type { Upscaler } from '../weights/upscalers.ts';
import { SessionSlot } from './memory.ts';
import type { SessionSettings } from './session.ts';

export interface OpenUpscaler {
  /** The picture `scale` times as large, not clamped. @throws runtime_failed, request_invalid when memory is too small for it */
  upscale(pixels: Pixels): Promise<Pixels>;
  close(): Promise<void>;
}

/** Checks every weight's name and shape; loads nothing yet. @throws model_unsupported, weights_invalid */
export function openUpscaler({ card, part }: Upscaler, settings: SessionSettings): OpenUpscaler {
  const graph = buildUpscaler(part, settings.provider);
  const fold = upscalerFold(part);
  const slot = new SessionSlot(graph, settings);
  return {
    async upscale(pixels) {
      const fitting = grown(pixels, fold);
      const { height, width, data } = fitting;
      const inputs = { pixels: { data, dims: [1, 3, height, width] } };
      const { upscaled } = await slot.use(inputs, (session) => session.run(inputs));
      const large = { height: height * card.scale, width: width * card.scale, data: upscaled! };
      return fitting === pixels ? large : corner(large, pixels.height * card.scale, pixels.width * card.scale);
    },
    close: () => slot.release(),
  };
}

/** Rows and columns added below and to the right, mirrored, until both are multiples of `fold`; the same object where they are. */
function grown(pixels: Pixels, fold: number): Pixels {
  const [height, width] = [pixels.height, pixels.width].map((side) => Math.ceil(side / fold) * fold) as [
    number,
    number,
  ];
  return height === pixels.height && width === pixels.width ? pixels : copied(pixels, height, width);
}

function corner(pixels: Pixels, height: number, width: number): Pixels {
  return copied(pixels, height, width);
}

function copied({ height: rows, width: columns, data: from }: Pixels, height: number, width: number): Pixels {
  const data = new Float32Array(3 * height * width);
  for (let at = 0; at < data.length; at++) {
    const [channel, y, x] = [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
    data[at] = from[(channel * rows + mirrored(y, rows)) * columns + mirrored(x, columns)]!;
  }
  return { height, width, data };
}

/** The last row is not repeated, as torch's reflection has it; a picture too small for that repeats it. */
function mirrored(at: number, length: number): number {
  return at < length ? at : Math.max(0, 2 * (length - 1) - at);
}
