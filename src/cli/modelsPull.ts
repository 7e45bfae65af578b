// `models pull`: a model from the hub into the folder it belongs in, by what its tensors say it is.
import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../clock.ts';
import type { FileBook } from '../core/fileBook.ts';
import { DarkroomError } from '../errors.ts';
import { type PulledModel, type PullPlan, pull } from '../hub/pull.ts';
import { type HubSettings, parseHubAddress } from '../hub/repository.ts';
import { type FileKind, inspect } from '../weights/inspect.ts';
import type { ModelsContext } from './modelsCommand.ts';
import { inspectWhole } from './modelsInspect.ts';
import { bytesText } from './modelsText.ts';
import { progressBar } from './progressBar.ts';
import { EXIT_OK } from './terminal.ts';

/** Folder under the models folder for each kind; '' is the models folder itself. */
const PLACES: Readonly<Partial<Record<FileKind, string>>> = {
  model: '',
  lora: 'loras',
  embedding: 'embeddings',
  controlnet: 'controlnets',
  't2i-adapter': 'controlnets',
  vae: 'vaes',
  upscaler: 'upscalers',
};

export async function pullCommand(
  { config, options, terminal, signal }: ModelsContext,
  what: string,
  settings: HubSettings,
  book: FileBook,
): Promise<number> {
  const modelsDir = madeFolder(config.modelsDir);
  const bar = progressBar(terminal);
  const say = (text: string) => void (options.json || terminal.print(text));
  const pulled = await pull(parseHubAddress(what, settings.endpoint), {
    modelsDir,
    settings,
    variant: options.variant,
    name: options.name,
    clock: systemClock,
    signal,
    onPlan: (plan) => say(planLine(plan)),
    onProgress: (done, total) => bar.show(Math.round(done / 1e6), Math.ceil(total / 1e6)),
    onRetry: (reason, done) => {
      bar.clear();
      terminal.printError(`${reason}; going on from ${bytesText(done)}\n`);
    },
    placeOf: (staged) => placeOf(staged),
  }).finally(() => bar.clear());
  const { plan, files } = pulled;
  book.putPulled(
    files.map(({ source, ...file }) => ({ ...file, file: source, repository: plan.repository, revision: plan.commit })),
  );
  await report(pulled, modelsDir, options.json, terminal.print);
  return EXIT_OK;
}

function madeFolder(modelsDir: string): string {
  try {
    mkdirSync(modelsDir, { recursive: true });
    return realpathSync(modelsDir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DarkroomError('store_failed', `${modelsDir}: cannot be made (${code})`, {}, { cause });
  }
}

/** @throws model_unsupported when it is nothing this program has a folder for */
function placeOf(staged: string): string {
  const { kind } = inspect(path.dirname(staged), staged);
  const place = PLACES[kind];
  if (place !== undefined) return place;
  const is = kind === 'unknown' ? 'nothing this program knows' : `the ${kind} of a model alone`;
  throw new DarkroomError(
    'model_unsupported',
    `${path.basename(staged)}: is ${is}; it was fetched, but not put among the models`,
  );
}

function planLine({ repository, commit, files, totalBytes }: PullPlan): string {
  return `${repository} at ${commit.slice(0, 12)}: ${files.length === 1 ? '1 file' : `${files.length} files`}, ${bytesText(totalBytes)}\n`;
}

async function report(
  pulled: PulledModel,
  modelsDir: string,
  asJson: boolean,
  print: (text: string) => void,
): Promise<void> {
  const found = await inspectWhole(modelsDir, path.join(modelsDir, pulled.path));
  const { usable, reason, kind } = found;
  if (asJson) {
    print(
      `${JSON.stringify({ path: pulled.path, kind, usable, reason, files: pulled.files, commit: pulled.plan.commit })}\n`,
    );
    return;
  }
  print(`${pulled.path}: ${kind}${usable === false ? `, refused: ${reason}` : ''}\n`);
  if (kind === 'model' && usable === true) print('It is in the list of /imagine after the next start.\n');
}
