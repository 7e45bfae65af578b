// How a picture is drawn, as fields of a recipe: written so that other tools make the same, read from theirs and ours.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/processing.py create_infotext (names and order), processing.py Hires fields
import type { Drawing, DrawingWish } from './drawing.ts';
import type { HiresWish, LatentUpscaler } from './hires.ts';
import type { NoiseSourceName, VariationWish } from './noise.ts';
import { SEED_COUNT } from './request.ts';
import { formatSize, parseSize } from './size.ts';
import { LANCZOS } from './upscale.ts';

type Field = readonly [name: string, value: string | undefined];
type Fields = ReadonlyMap<string, string>;

const UPSCALER_TITLES: Readonly<Record<LatentUpscaler | typeof LANCZOS, string>> = {
  latent: 'Latent',
  latent_bicubic: 'Latent (bicubic)',
  latent_bicubic_antialiased: 'Latent (bicubic antialiased)',
  latent_nearest: 'Latent (nearest)',
  latent_nearest_exact: 'Latent (nearest-exact)',
  lanczos: 'Lanczos',
};
/** Enlarging, antialiasing changes nothing of the bilinear kind. */
const ANTIALIASED = 'Latent (antialiased)';

/** What AUTOMATIC1111 calls its imitation of a graphics card's noise, which is the same on any machine. */
const RNG_TITLES: Readonly<Record<NoiseSourceName, string>> = { cpu: 'CPU', gpu: 'NV' };

/** @param quote for values that are anybody's names */
export function drawingFields(
  { noiseSource, noiseSeedDelta, variation, hires, tile }: Drawing,
  quote: (value: string) => string,
): readonly Field[] {
  const shown = variation == null || variation.strength === 0 ? null : variation;
  return [
    ['Variation seed', shown === null ? undefined : String(shown.seed)],
    ['Variation seed strength', shown === null ? undefined : String(shown.strength)],
    ['Seed resize from', variation?.resizeFrom == null ? undefined : formatSize(variation.resizeFrom)],
    ['Hires upscale', hires == null ? undefined : String(hires.scale)],
    ['Hires steps', hires == null ? undefined : String(hires.steps)],
    ['Hires upscaler', hires == null ? undefined : quote(titleOf(hires.upscaler))],
    ['Tiling', tile === true ? 'True' : undefined],
    ['ENSD', noiseSeedDelta == null ? undefined : String(noiseSeedDelta)],
    ['RNG', RNG_TITLES[noiseSource ?? 'cpu']],
  ];
}

export function isHires(fields: Fields): boolean {
  return fields.has('Hires upscale') || fields.has('Hires resize');
}

function titleOf(upscaler: string): string {
  return (UPSCALER_TITLES as Readonly<Record<string, string>>)[upscaler] ?? upscaler;
}

/** What a recipe says of it. Where it is silent about the noise, the tool that wrote it decides. */
export function readDrawing(fields: Fields): DrawingWish {
  const variation = readVariation(fields);
  const hires = readHires(fields);
  const delta = /^-?\d{1,10}$/.exec(fields.get('ENSD') ?? '')?.[0];
  return {
    ...(readSource(fields) === 'gpu' ? { noiseSource: 'gpu' } : {}),
    ...(delta === undefined || Number(delta) === 0 ? {} : { noiseSeedDelta: Number(delta) }),
    ...(variation === undefined ? {} : { variation }),
    ...(hires === undefined ? {} : { hires }),
    ...(fields.get('Tiling') === 'True' ? { tile: true } : {}),
  };
}

/** Tools that write this form and draw on the processor; AUTOMATIC1111 and its kin say nothing where they draw on the card. */
const DRAWS_ON_CPU = /^(Darkroom|ComfyUI|Fooocus|InvokeAI|Invoke)/i;

function readSource(fields: Fields): NoiseSourceName {
  const said = fields.get('RNG');
  if (said !== undefined) return said === 'CPU' ? 'cpu' : 'gpu';
  const isSeeded = (numberIn(fields, 'Seed') ?? SEED_COUNT) < SEED_COUNT;
  return DRAWS_ON_CPU.test(fields.get('Version') ?? '') || !isSeeded ? 'cpu' : 'gpu';
}

function readVariation(fields: Fields): VariationWish | undefined {
  const seed = numberIn(fields, 'Variation seed');
  const strength = numberIn(fields, 'Variation seed strength');
  const resizeFrom = parseSize(fields.get('Seed resize from') ?? '');
  if (strength === undefined && resizeFrom === undefined) return undefined;
  return {
    strength: strength ?? 0,
    ...(seed === undefined ? {} : { seed }),
    ...(resizeFrom === undefined ? {} : { resizeFrom }),
  };
}

/** By a factor, or to a size; what counts is the width. */
function readHires(fields: Fields): HiresWish | undefined {
  const to = parseSize(fields.get('Hires resize') ?? '');
  const from = parseSize(fields.get('Size') ?? '');
  const scale = numberIn(fields, 'Hires upscale') ?? (to && from && to.widthPx / from.widthPx);
  if (scale === undefined) return undefined;
  const [steps, denoise] = [numberIn(fields, 'Hires steps'), numberIn(fields, 'Denoising strength')];
  const title = fields.get('Hires upscaler');
  return {
    scale,
    ...(steps === undefined ? {} : { steps }),
    ...(denoise === undefined ? {} : { denoise }),
    ...(title === undefined ? {} : { upscaler: nameOf(title, fields.get('Version') === 'Darkroom') }),
  };
}

/** Another installation's upscaler networks are others; Lanczos stands in for them. */
function nameOf(title: string, isOurs: boolean): string {
  if (title === ANTIALIASED) return 'latent';
  const known = Object.entries(UPSCALER_TITLES).find(([, written]) => written === title);
  return known?.[0] ?? (isOurs ? title : LANCZOS);
}

function numberIn(fields: Fields, name: string): number | undefined {
  const text = fields.get(name);
  return text !== undefined && /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
