// The command line of `models`: its commands, their options, its help.

import { refuse } from '../core/request.ts';
import { readArguments } from './arguments.ts';

export const MODELS_HELP = `npm run models -- COMMAND [options]

  list              the models there are, and those that are refused, and why
  inspect PATH      what a file or folder is, told from its tensors; the folder
                    of a model, or a .safetensors file of any kind
  verify [NAME]     whether the files are those that were pulled or seen before
  pull REPO[/FILE]  a model from the hub into the models folder: what is needed
                    of a whole repository, or one .safetensors file; a branch
                    or commit as REPO@REVISION

  --json            print one JSON object instead of lines
  --numbers         verify: also look at every number for NaN and infinity
  --variant NAME    pull: a precision it has beside the plain one, such as fp16
  --name NAME       pull: what it is to be called here
`;

const COMMANDS = ['list', 'inspect', 'verify', 'pull'] as const;
export type ModelsCommand = (typeof COMMANDS)[number];

export interface ModelsOptions {
  readonly command: ModelsCommand;
  /** PATH, NAME or REPO; null where none is needed. */
  readonly what: string | null;
  readonly json: boolean;
  readonly numbers: boolean;
  readonly variant: string | null;
  readonly name: string | null;
}

const OPTIONS = {
  json: { type: 'boolean' },
  numbers: { type: 'boolean' },
  variant: { type: 'string' },
  name: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** Which command has an option of its own. */
const OWNERS = { numbers: 'verify', variant: 'pull', name: 'pull' } as const;

/** @returns null when help was asked for. @throws request_invalid naming the option */
export function parseModels(argv: readonly string[]): ModelsOptions | null {
  const { values, positionals } = readArguments(argv, OPTIONS);
  const [first, what = null, ...rest] = positionals;
  if (values.help === true) return null;
  const command =
    COMMANDS.find((name) => name === first) ??
    refuse('command', first ?? 'nothing', `one of ${COMMANDS.join(', ')}; --help says more`);
  if (rest.length > 0) refuse(command, rest[0]!, 'nothing more');
  if (what === null && command === 'inspect') refuse('inspect', 'nothing', 'the path of a file or folder');
  if (what === null && command === 'pull') refuse('pull', 'nothing', 'a repository such as OWNER/NAME');
  if (what !== null && command === 'list') refuse('list', what, 'nothing more');
  for (const [option, owner] of Object.entries(OWNERS)) {
    if (values[option as keyof typeof OWNERS] !== undefined && owner !== command)
      refuse(`--${option}`, command, `it with ${owner}`);
  }
  if (values.variant !== undefined && !/^[a-z]\w{0,15}$/.test(values.variant))
    refuse('--variant', values.variant, 'a name such as fp16');
  return {
    command,
    what,
    json: values.json ?? false,
    numbers: values.numbers ?? false,
    variant: values.variant ?? null,
    name: values.name ?? null,
  };
}
