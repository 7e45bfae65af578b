// `upscale` without a bot: a picture file → a larger one, in this process, by the code the image process runs.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../config.ts';
import { upscaledRecipe } from '../core/recipe.ts';
import { refuse, type Size } from '../core/request.ts';
import { LANCZOS, resolveUpscale, type Upscale, type UpscaleWish } from '../core/upscale.ts';
import type { DevelopedPicture } from '../core/worker.ts';
import { DarkroomError } from '../errors.ts';
import { pictureSize } from '../image/decode.ts';
import { ROOT } from '../root.ts';
import { type Developer, openDeveloper } from '../worker/developer.ts';
import { readArguments } from './arguments.ts';
import { placePicture } from './placePicture.ts';
import { progressBar } from './progressBar.ts';
import { EXIT_OK, type Terminal } from './terminal.ts';

export const UPSCALE_HELP = `npm run upscale -- FILE [options]

  --model NAME      a file of models/upscalers, or ${LANCZOS} for none;
                    by default the first one there, else ${LANCZOS}
  --scale X         1 to 8, how many times larger; 2 by default
  --out FILE        where the picture goes; by default FILE-2x.png
  --json            print one JSON object instead of lines
`;

const OPTIONS = {
  model: { type: 'string' },
  scale: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

interface UpscaleOptions {
  readonly file: string;
  readonly wish: UpscaleWish;
  readonly out: string | null;
  readonly json: boolean;
}

/** @returns the exit code. @throws DarkroomError, whose exit code is `exitCodeOf` */
export async function upscale(argv: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const options = parseUpscale(argv);
  if (options === null) {
    terminal.print(UPSCALE_HELP);
    return EXIT_OK;
  }
  const { device, precision, threads, memoryLimit, modelsDir } = readConfig(terminal.environment, ROOT);
  const file = path.resolve(terminal.folder, options.file);
  const from = await sizeOf(file);
  const developer = await openDeveloper({ modelsDir, device, precision, threads, memoryLimit, judging: 'nobody' });
  try {
    const wish = resolveUpscale({ ...options.wish, from }, developer.facts.upscalers ?? [], from);
    const picture = await enlarge(
      developer,
      wish,
      file,
      wantedPath(file, wish, options.out, terminal),
      terminal,
      signal,
    );
    report(picture, wish, developer, options.json, terminal);
  } finally {
    await developer.close();
  }
  return EXIT_OK;
}

/** @returns null when help was asked for. @throws request_invalid naming the option */
export function parseUpscale(argv: readonly string[]): UpscaleOptions | null {
  const { values, positionals } = readArguments(argv, OPTIONS);
  if (values.help === true) return null;
  const [file, second] = positionals;
  if (file === undefined) refuse('FILE', 'nothing', { kind: 'some', example: 'npm run upscale -- heart.png' });
  if (second !== undefined) refuse('FILE', second, 'one picture at a time');
  const scale = values.scale === undefined ? undefined : Number(values.scale.replace(/x$/i, ''));
  if (Number.isNaN(scale)) refuse('scale', values.scale!, { kind: 'number' });
  return {
    file,
    wish: {
      ...(values.model === undefined ? {} : { upscaler: values.model }),
      ...(scale === undefined ? {} : { scale }),
    },
    out: values.out ?? null,
    json: values.json ?? false,
  };
}

async function sizeOf(file: string): Promise<Size> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new DarkroomError('input_image_invalid', `${file}: cannot be read (${cause.code})`, {}, { cause });
  });
  return pictureSize(bytes);
}

/** `heart.png` becomes `heart-2x.png` beside it. */
function wantedPath(file: string, { scale }: Upscale, out: string | null, terminal: Terminal): string {
  const { dir, name } = path.parse(file);
  return out === null ? path.join(dir, `${name}-${scale}x.png`) : path.resolve(terminal.folder, out);
}

type PlacedPicture = Pick<DevelopedPicture, 'sha256' | 'widthPx' | 'heightPx' | 'sizeBytes'> & {
  readonly path: string;
};

async function enlarge(
  developer: Developer,
  upscale: Upscale,
  file: string,
  wanted: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<PlacedPicture> {
  const outputDir = await mkdtemp(path.join(tmpdir(), 'darkroom-'));
  const bar = progressBar(terminal);
  try {
    const task = {
      jobId: 'upscale',
      attempt: 1,
      request: requestOf(upscale),
      initImagePath: file,
      maskPath: null,
      outputDir,
    };
    const [picture] = await developer.develop(task, (step) => bar.show(step.stepsDone, step.stepsTotal), signal);
    const { fileName, sha256, widthPx, heightPx, sizeBytes } = picture!;
    return { sha256, widthPx, heightPx, sizeBytes, path: await placePicture(path.join(outputDir, fileName), wanted) };
  } finally {
    bar.clear();
    await rm(outputDir, { recursive: true, force: true });
  }
}

/** What a picture is drawn with is not asked for here; the worker reads only `upscale`. */
function requestOf(upscale: Upscale) {
  return {
    prompt: '',
    negativePrompt: '',
    model: upscale.upscaler ?? LANCZOS,
    style: null,
    stylePhrase: '',
    size: upscale.from!,
    steps: 1,
    guidance: 1,
    seed: 0,
    count: 1,
    sampler: 'euler',
    initImage: null,
    strength: null,
    upscale,
  } as const;
}

function report(
  picture: PlacedPicture,
  upscale: Upscale,
  { facts }: Developer,
  asJson: boolean,
  terminal: Terminal,
): void {
  const plain = upscale.upscaler === null ? 'No upscaler network was used, only Lanczos.\n' : '';
  if (asJson) terminal.print(`${JSON.stringify({ picture, upscale, provider: facts.provider })}\n`);
  else terminal.print(`${picture.path}\n${plain}${upscaledRecipe(null, upscale)}\n`);
}
