// Has charts counted and drawn by a process of its own: the bot goes on answering, and a drawing that fails or hangs takes nothing with it. One
// at a time, for each takes a core for about two seconds.
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { ChartAsk, ChartRoom, ChartWords, Drawn } from '../core/charts.ts';
import type { Stats } from '../core/stats.ts';
import { DarkroomError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { compiledEntry, ROOT } from '../root.ts';
import { type ChildMessage, childMessage, type ParentMessage } from './protocol.ts';

/** From fork to the last picture; usually two seconds, on a small machine with all its cores at work many times that. */
const LIMIT_MS = 60_000;
/** Of the interpreter: the times of some million orders are sorted. */
const MEMORY_MIB = 512;
/** Those beyond would wait longer than people do. */
const MAX_WAITING = 4;
/** Nothing secret: what finds programs, fonts and a place for the cache of fonts. */
const KEPT_ENV = [
  'PATH',
  'HOME',
  'XDG_CACHE_HOME',
  'LD_LIBRARY_PATH',
  'SystemRoot',
  'WINDIR',
  'TEMP',
  'TMP',
  'LOCALAPPDATA',
  'NODE_V8_COVERAGE',
];

export interface ChartRoomOptions {
  /** Path of the database. */
  readonly file: string;
  readonly log: Logger;
  /** Absolute path of the child's JavaScript; tests put another there. */
  readonly entry?: string;
  readonly limitMs?: number;
  /** Absolute path of the list of font folders; tests take the machine's fonts away. */
  readonly fonts?: string;
}

export function openChartRoom(options: ChartRoomOptions): ChartRoom {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    async draw(ask, wordsFor) {
      if (waiting >= MAX_WAITING) throw failed(`${waiting} wait for theirs already`);
      waiting += 1;
      const turn = last.then(() => drawOnce(ask, wordsFor, options)).finally(() => (waiting -= 1));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

type WordsFor = (stats: Stats) => Promise<ChartWords>;

/** @throws runtime_failed when the figures were not counted */
async function drawOnce(ask: ChartAsk, wordsFor: WordsFor, options: ChartRoomOptions): Promise<Drawn> {
  const child = start(options);
  const answers = answersOf(child, options.limitMs ?? LIMIT_MS);
  try {
    const { stats } = await answers.to({ type: 'count', file: options.file, ask }, 'counted');
    const pictures = await drawn(stats).catch((err: unknown) => {
      options.log.warn({ err }, 'the charts could not be drawn; their figures are told in words');
      return [];
    });
    return { stats, pictures };
  } finally {
    answers.end();
    child.kill('SIGKILL');
  }

  async function drawn(stats: Stats) {
    return (await answers.to({ type: 'draw', stats, words: await wordsFor(stats) }, 'drawn')).pictures;
  }
}

function start({ entry = compiledEntry('src/charts/chartChild.ts'), fonts }: ChartRoomOptions): ChildProcess {
  const kept = KEPT_ENV.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const env = {
    ...Object.fromEntries(kept),
    FONTCONFIG_FILE: fonts ?? path.join(ROOT, 'src/image/fonts.conf'),
    // Elsewhere than on Linux the letters beside it would not be found otherwise.
    PANGOCAIRO_BACKEND: 'fontconfig',
  };
  const execArgv = [`--max-old-space-size=${MEMORY_MIB}`];
  return fork(entry, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced', execArgv, env });
}

type Answer<T extends ChildMessage['type']> = Extract<ChildMessage, { type: T }>;

/** One answer to each message, all within the time. */
function answersOf(child: ChildProcess, limitMs: number) {
  let end: (error: DarkroomError) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => undefined);
  const late = setTimeout(() => end(failed(`it took more than ${limitMs / 1000} s`)), limitMs);
  child.on('error', (error) => end(failed(`the process could not begin (${error.message})`)));
  child.on('exit', (code, signal) => end(failed(`the process ended with ${signal ?? `exit code ${code}`}`)));

  return {
    /** @throws runtime_failed */
    async to<T extends ChildMessage['type']>(message: ParentMessage, expected: T): Promise<Answer<T>> {
      const answered = new Promise<unknown>((resolve) => child.once('message', resolve));
      // Whoever is gone says so by its end.
      child.send(message, () => undefined);
      const found = childMessage.safeParse(await Promise.race([answered, ended]));
      if (!found.success) throw failed('it ended in an answer nobody understands');
      if (found.data.type === 'failed') throw failed(found.data.message);
      if (found.data.type !== expected) throw failed(`found ${found.data.type}, expected ${expected}`);
      return found.data as Answer<T>;
    },
    end: () => clearTimeout(late),
  };
}

function failed(how: string): DarkroomError {
  return new DarkroomError('runtime_failed', `charts: ${how}`);
}
