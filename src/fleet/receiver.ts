// Where a fleet's machines fetch start pictures and hand in results: HTTP on the bot's side, one signed address an attempt.
// A result counts only whole: every file with its hash, each hash as its picture says, each picture a PNG of the size it claims.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { DevelopedPicture } from '../core/worker.ts';
import { DarkroomError, deserializeError, type SerializedError, toDarkroomError } from '../errors.ts';
import { writePicture } from '../image/pictureFile.ts';
import { pngSize } from '../image/pngSize.ts';
import type { Logger } from '../log.ts';
import { readTicket, signTicket } from './tickets.ts';
import { deliveryId, type Result, readResult } from './wire.ts';

export interface ReceiverOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** How the machines reach this server, without a slash at the end; null for host and port as they are. */
  readonly publicUrl: string | null;
  /** Secret of the signatures; the same after a restart. */
  readonly key: string;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** An attempt somebody waits for. */
export interface Expected {
  readonly jobId: string;
  readonly attempt: number;
  /** Absolute; made when the first picture comes. */
  readonly outputDir: string;
  /** Name the machine asks by → absolute path of a file it may fetch. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface Awaited {
  /** Address of this attempt, with a slash at the end. */
  readonly url: string;
  /** The checked result. @throws the machine's own typed error; worker_protocol for a result that does not hold */
  readonly end: Promise<readonly DevelopedPicture[]>;
  /** From now on whatever comes is refused. */
  stop(): void;
}

/** An attempt's address is good for a day: with a large model and a slow machine a job may take hours. */
const TICKET_MS = 24 * 60 * 60 * 1000;
/** One picture: a PNG of 4096x4096 in noise has 50 MB. */
const MAX_PICTURE_BYTES = 64 * 2 ** 20;
const MAX_RESULT_BYTES = 2 ** 20;
/** Longest time without a byte, in milliseconds. */
const SILENCE_MS = 30_000;

interface Open extends Expected {
  /** File name → hash of what was handed in. */
  readonly received: Map<string, string>;
  readonly resolve: (pictures: readonly DevelopedPicture[]) => void;
  readonly reject: (error: DarkroomError) => void;
}

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #open = new Map<string, Open>();
  readonly #server: Server;
  #origin = '';

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer({ headersTimeout: SILENCE_MS, requestTimeout: 0 }, (request, response) => {
      void this.#handle(request, response);
    });
    this.#server.timeout = SILENCE_MS;
  }

  /** @throws config_invalid when the address cannot be had */
  async listen(): Promise<void> {
    const { host, port, publicUrl } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const problem = `FLEET_PORT: ${host}:${port} cannot be had (${cause.code}), expected a free port of this machine`;
        reject(new DarkroomError('config_invalid', problem, {}, { cause }));
      });
      this.#server.listen(port, host, resolve);
    });
    const { port: taken } = this.#server.address() as AddressInfo;
    this.#origin = publicUrl ?? `http://${host}:${taken}`;
  }

  get origin(): string {
    return this.#origin;
  }

  expect(expected: Expected): Awaited {
    const { key, nowMs } = this.#options;
    const { jobId, attempt } = expected;
    const id = deliveryId(jobId, attempt);
    let open: Open | undefined;
    const end = new Promise<readonly DevelopedPicture[]>((resolve, reject) => {
      open = { ...expected, received: new Map(), resolve, reject };
    });
    end.catch(() => {});
    this.#open.set(id, open!);
    const ticket = signTicket(key, { jobId, attempt, expiresMs: nowMs() + TICKET_MS });
    const stop = () => {
      if (this.#open.get(id) === open) this.#open.delete(id);
    };
    return { url: `${this.#origin}/fleet/${ticket}/`, end, stop };
  }

  async close(): Promise<void> {
    this.#open.clear();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, body } = await this.#route(request, response);
      if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' }).end(`${body}\n`);
    } catch (thrown) {
      const error = toDarkroomError(thrown);
      this.#options.log.warn({ err: error }, 'a machine of the fleet could not hand in');
      if (!response.headersSent) response.writeHead(error.retry === 'later' ? 503 : 400).end(`${error.code}\n`);
      request.destroy();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const [, fleet, ...segments] = (request.url ?? '').split('/');
    const ticket = fleet === 'fleet' ? readTicket(this.#options.key, segments, this.#options.nowMs()) : undefined;
    const name = segments[4];
    if (ticket === undefined || name === undefined || segments.length !== 5) return { status: 404, body: 'not found' };
    const open = this.#open.get(deliveryId(ticket.jobId, ticket.attempt));
    if (open === undefined) return NOBODY;
    if (request.method === 'GET') return sendInput(open, name, response);
    if (request.method === 'PUT') return this.#take(open, name, request);
    return { status: 405, body: 'GET and PUT' };
  }

  /** What cannot be taken ends the attempt: the queue decides whether there is another. */
  async #take(open: Open, name: string, request: IncomingMessage): Promise<Reply> {
    try {
      return name === 'end' ? await this.#takeEnd(open, request) : await takePicture(open, name, request);
    } catch (thrown) {
      const error = toDarkroomError(thrown, 'worker_protocol');
      if (request.complete) open.reject(error);
      throw error;
    }
  }

  async #takeEnd(open: Open, request: IncomingMessage): Promise<Reply> {
    const result = readResult((await bodyOf(request, MAX_RESULT_BYTES)).toString('utf8'));
    const id = deliveryId(open.jobId, open.attempt);
    if (this.#open.get(id) !== open) return NOBODY;
    if (result.kind === 'failed') open.reject(deserializeError(result.error as SerializedError));
    else {
      await checkResult(open, result);
      open.resolve(result.pictures);
    }
    this.#open.delete(id);
    return { status: 200, body: 'taken' };
  }
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

const NOBODY: Reply = { status: 410, body: 'nobody waits for this attempt' };

async function sendInput({ inputs }: Open, name: string, response: ServerResponse): Promise<Reply> {
  const file = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  if (file === undefined) return { status: 404, body: 'no such input' };
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  await new Promise<void>((resolve, reject) => {
    createReadStream(file).on('error', reject).pipe(response).on('finish', resolve).on('close', resolve);
  });
  return { status: 200, body: '' };
}

/** The same bytes may come twice (an answer was lost on the way), others never. */
async function takePicture(open: Open, name: string, request: IncomingMessage): Promise<Reply> {
  if (!/^[\w-]{1,40}\.png$/.test(name)) return { status: 404, body: 'no such picture' };
  const bytes = await bodyOf(request, MAX_PICTURE_BYTES);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (request.headers['x-sha256'] !== sha256) return { status: 400, body: 'the hash does not fit the bytes' };
  const before = open.received.get(name);
  if (before !== undefined)
    return before === sha256 ? { status: 200, body: 'taken' } : { status: 409, body: 'other bytes' };
  await mkdir(open.outputDir, { recursive: true });
  await writePicture(path.join(open.outputDir, name), bytes);
  open.received.set(name, sha256);
  return { status: 200, body: 'taken' };
}

/** @throws worker_protocol */
async function checkResult(open: Open, { pictures }: Extract<Result, { kind: 'developed' }>): Promise<void> {
  const files = pictures.flatMap((one) => [one, ...(one.controlMaps ?? [])]);
  for (const { fileName, sha256, widthPx, heightPx, sizeBytes } of files) {
    if (open.received.get(fileName) !== sha256) throw broken(fileName, 'was not handed in with this hash');
    const bytes = await readFile(path.join(open.outputDir, fileName));
    const size = pngSize(bytes);
    if (size === undefined || bytes.length !== sizeBytes) throw broken(fileName, 'is no PNG of the length it claims');
    if (size.widthPx !== widthPx || size.heightPx !== heightPx)
      throw broken(fileName, 'has another size than it claims');
  }
}

function broken(fileName: string, problem: string): DarkroomError {
  return new DarkroomError('worker_protocol', `${fileName}: ${problem}`);
}

async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new DarkroomError('worker_protocol', `result: more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
