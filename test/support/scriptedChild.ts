// A child process that plays faults by name: `modelsDir` names what happens at the handshake, `jobId` what a task does.
import { writeSync } from 'node:fs';

interface Heard {
  readonly type: string;
  readonly taskId?: number;
  readonly ms?: number;
  readonly options?: { readonly modelsDir: string };
  readonly task?: { readonly jobId: string; readonly request: { readonly seed: number } };
}

const FACTS = { pid: process.pid, provider: 'cpu', providerReason: 'scripted', models: [], refused: [] };
const say = (message: unknown) => process.send?.(message);

const HANDSHAKES: Readonly<Record<string, () => void>> = {
  good: () => say({ type: 'ready', facts: FACTS }),
  mute: () => {},
  exit: () => process.exit(7),
  unable: () =>
    say({
      type: 'broken',
      error: { code: 'provider_unavailable', message: 'cuda: not here', details: { want: 'cuda' } },
    }),
};

function developed(taskId: number, seed: number): unknown {
  const picture = {
    imageIndex: 0,
    fileName: '0.png',
    sha256: 'ab'.repeat(32),
    seed,
    widthPx: 96,
    heightPx: 64,
    sizeBytes: 5,
  };
  return { type: 'developed', taskId, pictures: [picture] };
}

/** What it was told about giving way, to be asked for. */
let heardMs: number | undefined;

function spin(): never {
  for (;;);
}

const JOBS: Readonly<Record<string, (taskId: number, seed: number) => void>> = {
  good: (taskId, seed) => {
    say({ type: 'progress', taskId, stepsDone: 1, stepsTotal: 2 });
    say(developed(taskId, seed));
  },
  refused: (taskId) => {
    const error = { code: 'model_missing', message: 'model: found nothing, expected ice', details: { name: 'ice' } };
    say({ type: 'failed', taskId, error });
  },
  newer: (taskId) => say({ type: 'failed', taskId, error: { code: 'from_the_future', message: 'odd', details: {} } }),
  waits: () => {},
  exits: () => process.exit(3),
  killed: () => {
    writeSync(2, 'last words\n');
    process.kill(process.pid, 'SIGKILL');
  },
  tellsSecrets: (taskId) => {
    const message = [process.env.DISCORD_TOKEN, process.env.HF_TOKEN, process.env.REDIS_URL].join();
    say({ type: 'failed', taskId, error: { code: 'internal', message, details: {} } });
  },
  writes: (taskId, seed) => {
    writeSync(2, 'a library complains\n');
    say(developed(taskId, seed));
  },
  garbage: () => say({ type: 'surprise' }),
  wrongField: (taskId) => say({ type: 'progress', taskId, stepsDone: 'many', stepsTotal: 2 }),
  hangs: () => {
    say({ type: 'beat', activity: 'unet', call: 5 });
    spin();
  },
  beatsForever: () => {
    say({ type: 'beat', activity: 'decode', call: 6 });
    say({ type: 'beat', activity: 'decode', call: 6 });
  },
  gaveWay: (taskId) => {
    const message = `for ${heardMs} ms`;
    say({ type: 'failed', taskId, error: { code: 'internal', message, details: {} } });
  },
  callsUnet: () => say({ type: 'beat', activity: 'unet', call: 8 }),
  callsDecode: () => say({ type: 'beat', activity: 'decode', call: 9 }),
};

process.on('message', (message: Heard) => {
  if (message.type === 'start') HANDSHAKES[message.options?.modelsDir ?? 'mute']?.();
  if (message.type === 'close') process.disconnect();
  if (message.type === 'rescan') say({ type: 'facts', facts: { ...FACTS, provider: 'looked again' } });
  if (message.type === 'giveWay') heardMs = message.ms;
  if (message.type === 'cancel') JOBS.good?.(message.taskId ?? 0, 1);
  if (message.type === 'develop')
    JOBS[message.task?.jobId ?? '']?.(message.taskId ?? 0, message.task?.request.seed ?? 0);
});
