// A Discord that costs next to nothing, so that a crowd measures the bot and not the machine it shares with a whole local one. It stands in
// front of that: interactions are made ahead, and a first answer is only received, timed and acknowledged. When the crowd is through, the
// local Discord is given all of it and judges by its own rules what was answered, and how late.
import { randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, type JsonObject } from '../../src/emulator/apiError.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { ANSWER_WITHIN_MS, answerInteraction } from '../../src/emulator/interactions.ts';
import { wireInteraction } from '../../src/emulator/interactionWire.ts';
import type { Interaction } from '../../src/emulator/world.ts';

/** An order as the local Discord would have sent it, but for its id. */
export interface Prepared {
  readonly interaction: Interaction;
  readonly wire: JsonObject;
}

interface Asked {
  readonly interaction: Interaction;
  readonly sinceMs: number;
  readonly onAnswer: (tookMs: number | undefined) => void;
  answer?: { readonly atMs: number; readonly body: Buffer };
}

const CALLBACK = /^\/api\/v10\/interactions\/\d+\/([^/]+)\/callback/;
const BY_TOKEN = /^\/api\/v10\/webhooks\/\d+\/([^/]+)/;
const TOO_LATE = JSON.stringify({ message: 'Unknown interaction', code: 10062 });

export class LeanDiscord {
  readonly #emulator: Emulator;
  readonly #server = http.createServer((request, response) => this.#serve(request, response));
  /** What the local Discord has not been told of, by token. */
  readonly #asked = new Map<string, Asked>();
  /** What it has against the answers it was told of. */
  readonly #against: string[] = [];

  constructor(emulator: Emulator) {
    this.#emulator = emulator;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api`;
  }

  /** An order like one before, of somebody else and with other values of its options. */
  prepare(order: Interaction, userId: string, values: Readonly<Record<string, string | number>>): Prepared {
    const options = (order.data.options as JsonObject[]).map((one) => ({ ...one, value: values[String(one.name)]! }));
    const interaction: Interaction = {
      ...order,
      token: randomBytes(72).toString('base64url'),
      userId,
      data: { ...order.data, options },
      state: 'waiting',
      callbackType: null,
      originalId: null,
      cancelAlarm: () => {},
    };
    return { interaction, wire: wireInteraction(this.#emulator.scene, interaction, []) };
  }

  /** Milliseconds until the bot answered; undefined when it did not in time. */
  ask({ interaction, wire }: Prepared): Promise<number | undefined> {
    const { world } = this.#emulator;
    const asked = { ...interaction, id: world.ids.next(), createdAtMs: world.time.nowMs() };
    return new Promise((onAnswer) => {
      this.#asked.set(asked.token, { interaction: asked, sinceMs: performance.now(), onAnswer });
      // The bot leaves those alone whose time is over.
      setTimeout(onAnswer, ANSWER_WITHIN_MS, undefined);
      this.#emulator.gateway.dispatchRaw('INTERACTION_CREATE', { ...wire, id: asked.id });
    });
  }

  /** @returns what the local Discord has against the answers */
  judge(): string[] {
    for (const token of [...this.#asked.keys()]) this.#handOver(token);
    return this.#against.splice(0);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const token = CALLBACK.exec(request.url!)?.[1];
    const asked = token === undefined ? undefined : this.#asked.get(token);
    if (asked === undefined || asked.answer !== undefined) {
      this.#forward(request, response);
      return;
    }
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const tookMs = performance.now() - asked.sinceMs;
      const isLate = tookMs > ANSWER_WITHIN_MS;
      if (!isLate) asked.answer = { atMs: this.#emulator.world.time.nowMs(), body: Buffer.concat(pieces) };
      if (isLate) response.writeHead(404, { 'content-type': 'application/json' }).end(TOO_LATE);
      else response.writeHead(204).end();
      asked.onAnswer(isLate ? undefined : tookMs);
    });
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const token = BY_TOKEN.exec(request.url!)?.[1];
    if (token !== undefined) this.#handOver(token);
    const { method, headers } = request;
    const onward = http.request(`${this.#emulator.origin}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  #handOver(token: string): void {
    const asked = this.#asked.get(token);
    if (asked?.answer === undefined) return;
    this.#asked.delete(token);
    const { interaction, answer } = asked;
    this.#emulator.world.addInteraction(interaction);
    try {
      const body = JSON.parse(answer.body.toString('utf8')) as JsonObject;
      answerInteraction(this.#emulator.scene, interaction.id, token, body, [], answer.atMs);
    } catch (thrown) {
      this.#against.push(thrown instanceof ApiError ? JSON.stringify(thrown.body) : String(thrown));
    }
  }
}
