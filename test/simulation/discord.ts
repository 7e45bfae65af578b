// A Discord for simulations: messages in memory, nonces remembered for some minutes, and every request answered as the schedule says.
// It keeps time of its own: a program whose clock is set wrong does not change Discord's.
import type { Messenger, Outcome } from '../../src/discord/messenger.ts';
import type { View } from '../../src/discord/views/view.ts';

/** What happens to one request. A `lost` one reached Discord, a `dropped` one did not; the program hears the same of both. */
export const FAULTS = ['lost', 'dropped', 'slow', 'slow-dropped', 'crash-before', 'crash-after'] as const;
export type Fault = (typeof FAULTS)[number];

export interface SimulatedMessage {
  readonly id: string;
  /** From the nonce, `dr` and the job's id. */
  readonly jobId: string;
  readonly place: 'channel' | 'answer' | 'direct';
  view: View;
  isDeleted: boolean;
}

/** One life of the program, as Discord sees it. */
export interface Life {
  isOver: boolean;
  sleep(ms: number): Promise<void>;
  /** The power goes out. */
  crash(): void;
}

/** @source what Discord's documentation calls "the past few minutes" */
const NONCE_MS = 5 * 60_000;
/** discord.js gives a request up after this. */
const REST_TIMEOUT_MS = 15_000;
const NEVER = new Promise<never>(() => {});
const LOST = { kind: 'retry', reason: 'simulated' } as const;
const FORBIDDEN: Outcome = { kind: 'forbidden', code: 50013 };

export class SimulatedDiscord {
  readonly messages: SimulatedMessage[] = [];
  readonly faults: Fault[] = [];
  /** Whether the bot may not write in the channel. */
  isClosed = false;
  trueMs = 0;
  readonly #nonces = new Map<string, { readonly message: SimulatedMessage; readonly atMs: number }>();

  of(jobId: string): readonly SimulatedMessage[] {
    return this.messages.filter((message) => message.jobId === jobId);
  }

  messenger(life: Life): Messenger {
    const ask = (apply: () => Outcome) => this.#request(life, apply);
    const inChannel = (apply: () => Outcome) => ask(() => (this.isClosed ? FORBIDDEN : apply()));
    return {
      create: (_, view, { nonce }) => inChannel(() => this.#create('channel', view, nonce)),
      edit: (_, messageId, view) => inChannel(() => this.#edit(messageId, view)),
      answer: (token, messageId, view) =>
        ask(() => {
          const isNew = messageId === null || messageId === '@original';
          return isNew ? this.#create('answer', view, `dr${token.token}`) : this.#edit(messageId, view);
        }),
      direct: (_, view, nonce) => ask(() => this.#create('direct', view, nonce)),
      deleteAnswer: async () => {},
      remove: async () => {},
      mention: async () => {},
      findOwn: async (_, isIt) => {
        if (life.isOver) return NEVER;
        const own = this.messages.filter(({ place, isDeleted }) => place === 'channel' && !isDeleted);
        const found = own.findLast(({ view }) => isIt({ components: [...view.rows, ...(view.card ?? [])] } as never));
        if (this.faults.shift() !== undefined) return LOST;
        return this.isClosed || found === undefined ? { kind: 'none' } : { kind: 'found', messageId: found.id };
      },
    };
  }

  async #request(life: Life, apply: () => Outcome): Promise<Outcome> {
    if (life.isOver) return NEVER;
    const fault = this.faults.shift();
    if (fault === 'crash-before') life.crash();
    if (fault === 'slow' || fault === 'slow-dropped') await life.sleep(REST_TIMEOUT_MS);
    if (life.isOver) return NEVER;
    if (fault === 'dropped' || fault === 'slow-dropped') return LOST;
    const outcome = apply();
    if (fault === 'crash-after') {
      life.crash();
      return NEVER;
    }
    return fault === 'lost' || fault === 'slow' ? LOST : outcome;
  }

  #create(place: SimulatedMessage['place'], view: View, nonce: string): Outcome {
    const key = `${place} ${nonce}`;
    const earlier = this.#nonces.get(key);
    if (earlier !== undefined && this.trueMs - earlier.atMs < NONCE_MS) return sent(earlier.message);
    const id = String(9_000_000 + this.messages.length);
    const message: SimulatedMessage = { id, jobId: nonce.slice(2), place, view, isDeleted: false };
    this.messages.push(message);
    this.#nonces.set(key, { message, atMs: this.trueMs });
    return sent(message);
  }

  #edit(messageId: string, view: View): Outcome {
    const message = this.messages.find(({ id }) => id === messageId);
    if (message === undefined || message.isDeleted) return { kind: 'gone' };
    message.view = view;
    return sent(message);
  }
}

function sent({ id }: SimulatedMessage): Outcome {
  return { kind: 'sent', messageId: id, channelId: 'channel' };
}
