// The whole recipe of a job, for the person who asked to see it: every number, the seed of each picture, and the pictures themselves.
import { cleanText } from '../../core/cleanText.ts';
import { type ControlMap, type ControlUse, formatControl } from '../../core/control.ts';
import { GRID_INDEX, type JobRecord, type PictureRecord } from '../../core/job.ts';
import { formatLora } from '../../core/lora.ts';
import { requestOfImage } from '../../core/noise.ts';
import type { ResolvedRequest } from '../../core/request.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, codeBlock, MAX_CONTENT_CHARS } from '../text.ts';
import { mapFiles, parentPicture, pictureFile } from './jobView.ts';
import { textView, type View } from './view.ts';

/** @param modelHash of the weights the pictures were made with, where their files tell */
export function recipeView(
  job: JobRecord,
  pictures: readonly PictureRecord[],
  phrases: Phrases,
  modelHash?: string,
  maps: readonly ControlMap[] = [],
): View {
  const head = `**${phrases.recipeTitle(job.id)}**`;
  const hint = phrases.recipeHint();
  const room = MAX_CONTENT_CHARS - head.length - hint.length - 20;
  const singles = pictures.filter((picture) => picture.imageIndex !== GRID_INDEX);
  const ofPictures = singles.map((picture) => pictureFile(job, picture, singles.length, phrases));
  const files = [...ofPictures, ...mapFiles(job, maps, phrases)];
  return { ...textView(`${head}\n${codeBlock(recipeText(job, room, modelHash))}\n${hint}`), files };
}

/** `key: value` lines as they can be copied; long prompts are cut so that the numbers always fit in `room` characters. */
export function recipeText(job: JobRecord, room: number, modelHash?: string): string {
  const { request } = job;
  const { upscale } = request;
  const seeds = Array.from({ length: request.count }, (_, index) => requestOfImage(request, index).seed);
  const numbers = [
    `seed: ${seeds.join(', ')}`,
    `size: ${request.size.widthPx}x${request.size.heightPx}`,
    `steps: ${request.steps}`,
    `guidance: ${request.guidance}`,
    `sampler: ${request.sampler}`,
    ...(request.schedule == null ? [] : [`schedule: ${request.schedule}`]),
    ...(request.clipSkip == null ? [] : [`clip skip: ${request.clipSkip}`]),
    `model: ${request.model}${modelHash === undefined ? '' : ` [${modelHash}]`}`,
    ...(request.style === null ? [] : [`style: ${request.style}`]),
    ...((request.loras ?? []).length === 0 ? [] : [`loras: ${request.loras!.map(formatLora).join(', ')}`]),
    ...(request.controls ?? []).map(controlLine),
    ...(request.strength === null ? [] : [`strength: ${request.strength}`]),
    ...(request.initImage === null ? [] : [`start picture: ${request.initImage.sha256.slice(0, 16)}`]),
    ...repaintLines(request),
    ...(job.parentJobId === null ? [] : [parentLine(job)]),
    ...(upscale == null ? [] : [`upscaler: ${upscale.upscaler ?? 'Lanczos'}`, `upscaled by: ${upscale.scale}`]),
    `kind: ${job.kind}`,
  ].join('\n');
  const forTexts = Math.max(40, room - numbers.length - 40);
  const negative = cleanText(request.negativePrompt);
  const share = negative === '' ? forTexts : Math.floor(forTexts / 2);
  const texts = [`prompt: ${clip(cleanText(request.prompt), share)}`];
  if (negative !== '') texts.push(`negative: ${clip(negative, share)}`);
  return [...texts, numbers].join('\n');
}

function repaintLines({ mask, maskBlurPx, onlyMaskedPx, imageGuidance, outpaint }: ResolvedRequest): readonly string[] {
  const border = outpaint == null ? [] : [outpaint.leftPx, outpaint.rightPx, outpaint.upPx, outpaint.downPx];
  return [
    ...(mask == null ? [] : [`mask: ${mask.sha256.slice(0, 16)}`]),
    ...(maskBlurPx == null ? [] : [`mask blur: ${maskBlurPx}`]),
    ...(onlyMaskedPx == null ? [] : [`only masked: ${onlyMaskedPx}`]),
    ...(imageGuidance == null ? [] : [`image guidance: ${imageGuidance}`]),
    ...(outpaint == null ? [] : [`outpaint (left, right, up, down): ${border.join(', ')}`]),
  ];
}

function controlLine(control: ControlUse): string {
  const { model, hash, image, ready, guess } = control;
  const ways = [...(ready === true ? ['ready map'] : []), ...(guess === true ? ['guess'] : [])];
  return [
    `control: ${formatControl(control)}`,
    `${model} [${hash}]`,
    `picture ${image.sha256.slice(0, 16)}`,
    ...ways,
  ].join(', ');
}

function parentLine(job: JobRecord): string {
  const picture = parentPicture(job);
  return `parent: #${job.parentJobId}${picture === null ? '' : `, picture ${picture}`}`;
}
