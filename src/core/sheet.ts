// A sheet compares settings: "--x cfg:3,5,7 --y sampler:euler,ddim" is one picture for every pair, all of one seed. Any two flags of a prompt
// can be its axes, and its words. Deliberately not here: drawing it, and asking whether so many are wanted.
import { isValueFlag, overlay, readPrompt, VALUE_FLAGS } from './promptFlags.ts';
import { type RequestDraft, refuse } from './request.ts';

/** What changes from column to column, or from row to row. */
export interface Axis {
  /** A flag's name, or `words`: the first value is looked for in the prompt and the others take its place. */
  readonly name: string;
  readonly values: readonly string[];
}

export interface SheetSpec {
  /** The prompt with its flags, without the axes. */
  readonly text: string;
  readonly x: Axis;
  /** Null for one row. */
  readonly y: Axis | null;
}

/** A select lets people choose one of 25 cells. */
export const MAX_CELLS = 25;
/** The axis that exchanges words of the prompt. */
export const WORDS = 'words';

/** Up to the next flag, because words may have spaces in them. */
const AXIS_FLAG = /(?:^|\s)(?:--|—|–)([xy])(?:=|\s+)(.*?)(?=\s(?:--|—|–)\p{L}|$)/gisu;

/** The sheet a prompt asks for; undefined where it asks for none. @throws request_invalid */
export function readSheet(prompt: string): SheetSpec | undefined {
  const found = new Map<string, string>();
  const text = prompt.replace(AXIS_FLAG, (_, letter: string, value: string) => {
    found.set(letter.toLowerCase(), value);
    return '';
  });
  const [x, y] = [found.get('x'), found.get('y')];
  if (x === undefined && y === undefined) return undefined;
  return sheetOf(text.trim(), x ?? y!, x === undefined ? null : (y ?? null));
}

/** @param x as "cfg: 3, 5, 7" @throws request_invalid */
export function sheetOf(text: string, x: string, y: string | null): SheetSpec {
  const spec = { text, x: readAxis(x, '--x'), y: y === null ? null : readAxis(y, '--y') };
  const cells = spec.x.values.length * (spec.y?.values.length ?? 1);
  if (cells > MAX_CELLS) refuse('cells', cells, { kind: 'atMost', max: MAX_CELLS });
  if (spec.y?.name === spec.x.name) refuse('--y', spec.y.name, 'another parameter than --x');
  return spec;
}

const AXIS = /^\s*(?:--)?([\p{L}][\p{L}-]*)\s*[:：=]\s*(.+)$/su;

function readAxis(text: string, flag: string): Axis {
  const [, name = '', list = ''] = AXIS.exec(text) ?? [];
  if (name === '') refuse(flag, text, { kind: 'form', example: 'cfg:3,5,7' });
  const lower = name.toLowerCase();
  if (lower !== WORDS && !isValueFlag(lower)) {
    refuse(flag, name, { kind: 'names', names: [...VALUE_FLAGS, WORDS] });
  }
  const values = list.split(/[,，、]/u).flatMap((value) => (value.trim() === '' ? [] : [value.trim()]));
  const distinct = [...new Set(values)];
  return distinct.length < 2
    ? refuse(flag, list, { kind: 'form', example: `${lower}:3,5,7` })
    : { name: lower, values: distinct };
}

/** The drafts of all cells, row by row. @param seed for cells that name none @throws request_invalid */
export function cellDrafts(spec: SheetSpec, seed: number): readonly RequestDraft[] {
  const rows = spec.y === null ? [null] : spec.y.values;
  return rows.flatMap((row) => spec.x.values.map((column) => cellDraft(spec, column, row, seed)));
}

function cellDraft({ text, x, y }: SheetSpec, column: string, row: string | null, seed: number): RequestDraft {
  const across = withValue(text, x, column);
  const whole = y === null || row === null ? across : withValue(across, y, row);
  const draft = readPrompt(whole);
  return overlay(draft, { seed: draft.seed ?? seed, count: 1 });
}

function withValue(text: string, { name, values }: Axis, value: string): string {
  if (name !== WORDS) return `${text} --${name} ${value}`;
  const [sought] = values;
  if (!text.includes(sought!)) refuse(WORDS, sought!, 'words that stand in the prompt');
  return text.replaceAll(sought!, value);
}

/** Whether what an axis changes is words, which may be private. */
export function isOfWords(name: string): boolean {
  return name === WORDS || name === 'no' || name === 'negative';
}

/** What stands beside a row or above a column. */
export function axisLabels({ name, values }: Axis, isPrivate: boolean): readonly string[] {
  if (isPrivate && isOfWords(name)) return values.map((_, index) => `${index + 1}`);
  return values.map((value) => (name === WORDS ? value : `${name} ${value}`));
}

/** "cfg 3, 5, 7 × sampler euler, ddim" */
export function sheetTitle({ x, y }: SheetSpec, isPrivate: boolean): string {
  const one = (axis: Axis) => {
    const labels = axisLabels(axis, isPrivate);
    const shown = axis.name === WORDS || labels[0] === '1' ? labels : axis.values;
    return `${axis.name} ${shown.join(', ')}`;
  };
  return y === null ? one(x) : `${one(x)} × ${one(y)}`;
}
