// What a picture followed, as fields of a recipe: written as the ControlNet extension of AUTOMATIC1111 writes its units, read from its own
// writing, old and new, and from ours. Which picture it was only our own fields tell, by its hash.
// @source Mikubill/sd-webui-controlnet, scripts/infotext.py and internal_controlnet/args.py (names and order)
import {
  type ControlKind,
  type ControlUse,
  type ControlWish,
  isControlKind,
  kindOfName,
  MADE_MAPS,
} from './control.ts';

type Field = readonly [name: string, value: string | undefined];
type Fields = ReadonlyMap<string, string>;

/** What comes nearest there. What makes no map is `none`. */
const MODULES: Readonly<Partial<Record<ControlKind, string>>> = {
  canny: 'canny',
  scribble: 'scribble_xdog',
  softedge: 'softedge_pidinet',
  colour: 't2ia_color_grid',
  tile: 'tile_resample',
  shuffle: 'shuffle',
  inpaint: 'inpaint_only',
};
const NO_MODULE = 'none';
const GUESS = 'ControlNet is more important';

export function controlFields({
  controls,
}: {
  readonly controls?: readonly ControlUse[] | null | undefined;
}): readonly Field[] {
  return (controls ?? []).flatMap((use, at): readonly Field[] => [
    [`ControlNet ${at}`, JSON.stringify(unitText(use))],
    [`ControlNet ${at} kind`, use.kind],
    [`ControlNet ${at} image`, use.image.sha256],
  ]);
}

function unitText({ kind, ready, guess, model, hash, strength, start, end }: ControlUse): string {
  const module = ready === true ? NO_MODULE : (MODULES[kind] ?? NO_MODULE);
  return [
    `Module: ${module}`,
    `Model: ${model} [${hash}]`,
    `Weight: ${strength}`,
    'Resize Mode: Crop and Resize',
    `Guidance Start: ${start}`,
    `Guidance End: ${end}`,
    'Pixel Perfect: True',
    `Control Mode: ${guess === true ? GUESS : 'Balanced'}`,
  ].join(', ');
}

/** A unit as it was read: the wish, and by which hash its network is known. */
export interface ReadControl {
  readonly wish: ControlWish;
  readonly hash: string | undefined;
  /** Name of the field. */
  readonly field: string;
}

/** Units there may be. @source the extension's setting goes to 10 */
const MAX_UNITS = 10;

export function readControlUnits(fields: Fields): readonly ReadControl[] {
  return Array.from({ length: MAX_UNITS }, (_, at) => `ControlNet ${at}`).flatMap((field) => {
    const text = fields.get(field);
    const read = text === undefined ? undefined : readUnit(text, fields, field);
    return read === undefined ? [] : [read];
  });
}

function readUnit(text: string, fields: Fields, field: string): ReadControl | undefined {
  const unit = unitFields(text);
  const [, model, hash] = /^(.*?)(?:\s*\[([0-9a-f]{4,64})\])?$/i.exec(unit.get('model') ?? '') ?? [];
  const module = unit.get('module') ?? unit.get('preprocessor') ?? NO_MODULE;
  const own = fields.get(`${field} kind`);
  const kind = own !== undefined && isControlKind(own) ? own : kindOf(module, model ?? '');
  if (model === undefined || model === '' || /^none$/i.test(model)) return undefined;
  const [start, end] = rangeOf(unit);
  const image = /^[0-9a-f]{64}$/.exec(fields.get(`${field} image`) ?? '')?.[0];
  const strength = numberOf(unit.get('weight'));
  const isReady = /^none$/i.test(module) && (MADE_MAPS as readonly string[]).includes(kind) && kind !== 'silhouette';
  return {
    wish: {
      kind,
      model,
      ...(image === undefined ? {} : { image: { sha256: image } }),
      ...(isReady ? { ready: true } : {}),
      ...(strength === undefined ? {} : { strength }),
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      ...(unit.get('control mode') === GUESS ? { guess: true } : {}),
    },
    hash: hash?.toLowerCase(),
    field,
  };
}

/** `Module: canny, Model: …`, names without regard to case; a value may hold a bracketed list. */
function unitFields(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(/,\s*(?=[A-Za-z][A-Za-z /]*:)/).map((pair) => /^\s*([^:]+):\s*(.*?)\s*$/s.exec(pair));
  return new Map(pairs.flatMap((match) => (match === null ? [] : [[match[1]!.toLowerCase(), match[2]!] as const])));
}

/** By what made the map, else by what the network is called. */
function kindOf(module: string, model: string): ControlKind {
  return (/^none$/i.test(module) ? undefined : kindOfName(module)) ?? kindOfName(model) ?? 'map';
}

function rangeOf(unit: Fields): readonly [number | undefined, number | undefined] {
  const [, from, to] = /^\(([\d.]+),\s*([\d.]+)\)$/.exec(unit.get('starting/ending') ?? '') ?? [];
  return [numberOf(unit.get('guidance start') ?? from), numberOf(unit.get('guidance end') ?? to)];
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,3}(\.\d{1,12})?$/.test(text) ? Number(text) : undefined;
}
