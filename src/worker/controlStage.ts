// The maps a task's pictures are drawn by: its control pictures decoded and turned into maps of every pass's size, and afterwards the same maps
// as files beside the pictures. Deliberately not here: how a map is made (src/image/controlMaps.ts) and what is done with it (src/diffusion).
import path from 'node:path';
import { type ControlMapFile, type ControlUse, controlMapName } from '../core/control.ts';
import type { Pixels } from '../core/pixels.ts';
import type { Size } from '../core/request.ts';
import type { DevelopTask } from '../core/worker.ts';
import type { PictureControl } from '../diffusion/controls.ts';
import { DarkroomError } from '../errors.ts';
import { type ControlPicture, controlMap, decodeControl } from '../image/controlMaps.ts';
import { encodePng } from '../image/encode.ts';
import { writePicture } from '../image/pictureFile.ts';
import type { ControlShelf } from './controlShelf.ts';
import { readInput, type Stage } from './stage.ts';

/** @throws input_image_invalid; request_invalid when a picture did not come; model_missing, weights_invalid, model_unsupported */
export async function setControls(
  { request, controlPaths = [] }: DevelopTask,
  stage: Stage,
  shelf: ControlShelf,
): Promise<readonly PictureControl[]> {
  const set: PictureControl[] = [];
  for (const [at, use] of (request.controls ?? []).entries()) {
    const file = controlPaths[at];
    if (file === undefined)
      throw new DarkroomError('request_invalid', `control ${at + 1}: found no file, expected one`);
    set.push(await setOne(use, await readInput('control picture', file), request, stage, shelf));
  }
  return set;
}

async function setOne(
  use: ControlUse,
  bytes: Buffer,
  { size, hires }: DevelopTask['request'],
  stage: Stage,
  shelf: ControlShelf,
): Promise<PictureControl> {
  const { network } = shelf.card(use.model);
  const picture = await stage.cut(await decodeControl(bytes));
  return {
    name: use.model,
    network,
    isPooled: shelf.isPooled(use.model),
    strength: use.strength,
    start: use.start,
    end: use.end,
    guess: use.guess === true,
    map: await mapOf(use, picture, size, stage),
    secondMap: hires == null ? null : await mapOf(use, picture, hires.size, stage),
  };
}

async function mapOf({ kind, ready }: ControlUse, picture: ControlPicture, size: Size, stage: Stage): Promise<Pixels> {
  const map = await controlMap(ready === true ? 'map' : kind, picture, size);
  const mask = stage.start?.repaint?.mask;
  const hasHole = kind === 'inpaint' && mask !== undefined && mask.width === map.width && mask.height === map.height;
  return hasHole ? { ...map, data: map.data.map((value, i) => (isHole(mask.data, i) ? HOLE : value)) } : map;
}

/** What is to be repainted is -1 in shares of 0 … 1. @source lllyasviel/control_v11p_sd15_inpaint, its example's make_inpaint_condition */
const HOLE = -3;
const REPAINTED = 0.5;

function isHole(mask: Float32Array, i: number): boolean {
  return mask[i % mask.length]! > REPAINTED;
}

/** The first pass's maps, in the order of the controls. @throws disk_full, store_failed */
export async function writeMaps(
  { request, outputDir }: DevelopTask,
  controls: readonly PictureControl[],
): Promise<readonly ControlMapFile[]> {
  const written: ControlMapFile[] = [];
  for (const [at, { map }] of controls.entries()) {
    const fileName = controlMapName(at);
    const shown = { ...map, data: map.data.map((value) => Math.max(-1, Math.min(1, value))) };
    const file = await writePicture(
      path.join(outputDir, fileName),
      await encodePng(shown, null, 'algorithmicallyEnhanced'),
    );
    const { kind } = request.controls![at]!;
    written.push({ kind, fileName, widthPx: map.width, heightPx: map.height, ...file });
  }
  return written;
}
