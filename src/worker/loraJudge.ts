// Has a file that somebody handed in read by a process of its own, which knows no secret, has little memory and little time: whatever a
// stranger put into it, the bot and the pictures in the making go on.
import { fork } from 'node:child_process';
import { z } from 'zod';
import { DarkroomError, deserializeError, type SerializedError } from '../errors.ts';
import { compiledEntry } from '../root.ts';
import type { LoraVerdict } from '../weights/loraCheck.ts';
import { errorSchema } from './protocol.ts';

/** From fork to answer; a gigabyte takes seconds, a slow disk minutes. */
const JUDGE_MS = 180_000;
/** Of the interpreter; numbers are read piece by piece. */
const MEMORY_MIB = 512;

export interface JudgeOptions {
  /** Absolute path of the child's JavaScript; tests put another there. */
  readonly entry?: string;
  readonly limitMs?: number;
}

const answerSchema = z.union([
  z.strictObject({ verdict: z.strictObject({ family: z.string(), fits: z.array(z.string()).readonly() }) }),
  z.strictObject({ error: errorSchema }),
]);

/**
 * @param folder the file lies in
 * @throws weights_invalid, model_unsupported with the reason; weights_invalid, too, when reading it takes the process or its time
 */
export async function judgeLora(
  modelsDir: string,
  folder: string,
  file: string,
  { entry = compiledEntry('src/worker/loraJudgeChild.ts'), limitMs = JUDGE_MS }: JudgeOptions = {},
): Promise<LoraVerdict> {
  const { DISCORD_TOKEN: _, HF_TOKEN: __, REDIS_URL: ___, ...env } = process.env;
  const execArgv = [`--max-old-space-size=${MEMORY_MIB}`];
  const child = fork(entry, [modelsDir, folder, file], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv, env });
  try {
    return await new Promise<LoraVerdict>((resolve, reject) => {
      const late = setTimeout(() => reject(unreadable(`took more than ${limitMs / 1000} s`)), limitMs);
      child.on('message', (message) => {
        const answer = answerSchema.safeParse(message);
        if (!answer.success) reject(unreadable('ended in an answer nobody understands'));
        else if ('verdict' in answer.data) resolve(answer.data.verdict);
        else reject(deserializeError(answer.data.error as SerializedError));
      });
      child.on('error', (error) => reject(unreadable(`could not begin (${error.message})`)));
      child.on('exit', (code, signal) => {
        clearTimeout(late);
        reject(unreadable(`ended with ${signal ?? `exit code ${code}`}`));
      });
    });
  } finally {
    child.kill('SIGKILL');
  }
}

function unreadable(how: string): DarkroomError {
  return new DarkroomError('weights_invalid', `the file could not be read through: reading it ${how}`);
}
