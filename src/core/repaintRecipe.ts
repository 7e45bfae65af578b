// What is repainted of a start picture, as fields of a recipe: written so that other tools know them, read from theirs and ours.
// @source AUTOMATIC1111 stable-diffusion-webui, modules/processing.py, StableDiffusionProcessingImg2Img.init and create_infotext
import type { Border, Repainting, RepaintWish } from './repaint.ts';

type Field = readonly [name: string, value: string | undefined];
type Fields = ReadonlyMap<string, string>;

const ONLY_MASKED = 'Only masked';

/** `Mask` and `Outpaint` are our own; where nothing is softened AUTOMATIC1111 says nothing, and so do we. */
export function repaintFields(request: Repainting): readonly Field[] {
  const { mask, maskBlurPx, onlyMaskedPx, imageGuidance, outpaint } = request;
  return [
    ['Image CFG scale', imageGuidance == null ? undefined : String(imageGuidance)],
    ['Mask blur', maskBlurPx == null || maskBlurPx === 0 ? undefined : String(maskBlurPx)],
    ['Inpaint area', onlyMaskedPx == null ? undefined : ONLY_MASKED],
    ['Masked area padding', onlyMaskedPx == null ? undefined : String(onlyMaskedPx)],
    ['Mask', mask?.sha256],
    ['Outpaint', outpaint == null ? undefined : borderText(outpaint)],
  ];
}

function borderText({ leftPx, rightPx, upPx, downPx }: Border): string {
  return `left ${leftPx} right ${rightPx} up ${upPx} down ${downPx}`;
}

/** Read only where a start picture is named: without one none of it means anything. */
export function readRepaint(fields: Fields): RepaintWish {
  if (!fields.has('Init image')) return {};
  const mask = /^[0-9a-f]{64}$/.exec(fields.get('Mask') ?? '')?.[0];
  const maskBlurPx = readWhole(fields.get('Mask blur')) ?? (mask === undefined ? undefined : 0);
  const onlyMaskedPx =
    fields.get('Inpaint area') === ONLY_MASKED ? readWhole(fields.get('Masked area padding')) : undefined;
  const outpaint = readBorder(fields.get('Outpaint') ?? '');
  return {
    ...(mask === undefined ? {} : { mask: { sha256: mask } }),
    ...(maskBlurPx === undefined ? {} : { maskBlurPx }),
    ...(onlyMaskedPx === undefined ? {} : { onlyMaskedPx }),
    ...(outpaint === undefined ? {} : { outpaint }),
    ...readGuidance(fields.get('Image CFG scale')),
  };
}

function readWhole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function readGuidance(text: string | undefined): Pick<RepaintWish, 'imageGuidance'> {
  return text !== undefined && /^\d{1,4}(\.\d{1,6})?$/.test(text) ? { imageGuidance: Number(text) } : {};
}

function readBorder(text: string): Border | undefined {
  const match = /^left (\d{1,5}) right (\d{1,5}) up (\d{1,5}) down (\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [leftPx, rightPx, upPx, downPx] = match.slice(1).map(Number) as [number, number, number, number];
  return { leftPx, rightPx, upPx, downPx };
}
