// Controls in a prompt: "a castle --control canny:0.8 --control-range 0-0.6". A flag that says how belongs to the control before it, which is
// also the one of the command's own options. Deliberately not here: which picture is followed; no flag can hold one.
import { type ControlWish, parseControl } from './control.ts';
import { type RequestDraft, refuse } from './request.ts';

type Controlled = Pick<RequestDraft, 'controls'>;
/** Fields a flag sets, given those that flags before it set. */
type ReadControl = (value: string, flag: string, before: Controlled) => Controlled;

const EXAMPLE = 'canny:0.8';
const NUMBER = String.raw`(\d(?:\.\d{1,6})?|\.\d{1,6})`;
const RANGE = new RegExp(`^${NUMBER}(?:-|–|\\.\\.)${NUMBER}$`);

/** Adds up over several flags; of the same kind it says more of the one there is. `none` takes all away. */
const readControl: ReadControl = (value, flag, { controls = [] }) => {
  if (value.toLowerCase() === 'none') return { controls: [] };
  const control = parseControl(value) ?? refuse(flag, value, { kind: 'form', example: EXAMPLE });
  const before = controls.find(({ kind }) => kind === control.kind);
  return { controls: [...controls.filter((one) => one !== before), { ...before, ...control }] };
};

const readRange: ReadControl = (value, flag, before) => {
  const [, start, end] = RANGE.exec(value) ?? refuse(flag, value, { kind: 'form', example: '0.2-0.8' });
  return withLast(before, flag, { start: Number(start), end: Number(end) });
};

/** @throws request_invalid where there is no control to speak of */
function withLast({ controls = [] }: Controlled, flag: string, change: Partial<ControlWish>): Controlled {
  const last = controls.at(-1) ?? refuse(flag, '', { kind: 'some', example: `--control ${EXAMPLE} ${flag} …` });
  return { controls: [...controls.slice(0, -1), { ...last, ...change }] };
}

/** Flags with a value. */
export const CONTROL_FLAGS: Readonly<Record<string, ReadControl>> = {
  control: readControl,
  'control-range': readRange,
  'control-model': (value, flag, before) => withLast(before, flag, { model: value }),
};

/** Flags that stand alone. */
export const BARE_CONTROL_FLAGS: Readonly<Record<string, (before: Controlled) => Controlled>> = {
  'control-ready': (before) => withLast(before, '--control-ready', { ready: true }),
  'control-guess': (before) => withLast(before, '--control-guess', { guess: true }),
};
