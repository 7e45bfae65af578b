// The rarer options of a prompt: "a fox --hires 1.5 --hires-steps 10 --variation 5:0.2 --rng gpu --tile".
// Deliberately not here: bounds; `resolve` checks those.
import type { DrawingWish } from './drawing.ts';
import type { HiresWish } from './hires.ts';
import { NOISE_SOURCES, parseVariation } from './noise.ts';
import { refuse } from './refusal.ts';

/** Fields a flag sets, given those that flags before it set. */
type ReadDrawing = (value: string, flag: string, before: DrawingWish) => DrawingWish;

/** A number with a dot, and "2x" for times. */
const NUMBER = /^(\d{1,5}(?:\.\d{1,6})?|\.\d{1,6})x?$/i;

function numberOf(value: string, flag: string): number {
  const text = NUMBER.exec(value)?.[1];
  return text === undefined ? refuse(flag, value, { kind: 'number' }) : Number(text);
}

const readHires =
  (field: keyof HiresWish): ReadDrawing =>
  (value, flag, { hires }) => ({
    hires: { ...hires, [field]: field === 'upscaler' ? value : numberOf(value, flag) },
  });

const readSource: ReadDrawing = (value, flag) => {
  const source = NOISE_SOURCES.find((name) => name === value.toLowerCase());
  return { noiseSource: source ?? refuse(flag, value, { kind: 'names', names: NOISE_SOURCES }) };
};

const readDelta: ReadDrawing = (value, flag) => ({
  noiseSeedDelta: /^-?\d{1,10}$/.test(value) ? Number(value) : refuse(flag, value, { kind: 'number' }),
});

const readVariation: ReadDrawing = (value, flag) => ({
  variation: parseVariation(value) ?? refuse(flag, value, { kind: 'form', example: '5:0.2' }),
});

/** Flags with a value. */
export const DRAWING_FLAGS: Readonly<Record<string, ReadDrawing>> = {
  rng: readSource,
  ensd: readDelta,
  variation: readVariation,
  hires: readHires('scale'),
  'hires-steps': readHires('steps'),
  'hires-denoise': readHires('denoise'),
  'hires-upscaler': readHires('upscaler'),
};

/** Flags that stand alone. */
export const BARE_DRAWING_FLAGS: Readonly<Record<string, DrawingWish>> = { tile: { tile: true } };
