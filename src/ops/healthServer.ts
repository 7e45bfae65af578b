// A small HTTP server for the machine beside the bot: /livez (the process turns), /readyz (it can take and make pictures), /metrics.
// It reads nothing from the request but the path, and answers with numbers and fixed words only.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DarkroomError } from '../errors.ts';
import type { Metrics } from './metrics.ts';

export interface HealthOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** What keeps pictures from being made, in fixed words; empty when ready. */
  readonly problems: () => readonly string[];
}

export interface HealthServer {
  /** `http://host:port` */
  readonly origin: string;
  close(): Promise<void>;
}

/** Longest time a client may take for its request, in milliseconds. */
const REQUEST_MS = 5_000;

/** @throws config_invalid when the address cannot be had */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET\n');
    else void route(path, options, response);
  });
  await listen(server, options);
  const { address, port, family } = server.address() as AddressInfo;
  return {
    origin: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function route(path: string | undefined, options: HealthOptions, response: ServerResponse): Promise<void> {
  if (path === '/livez') answer(response, 200, 'alive\n');
  else if (path === '/readyz') answerReadiness(options.problems(), response);
  else if (path === '/metrics') await answerMetrics(options.metrics, response);
  else answer(response, 404, 'there are /livez, /readyz and /metrics\n');
}

function answerReadiness(problems: readonly string[], response: ServerResponse): void {
  if (problems.length === 0) answer(response, 200, 'ready\n');
  else answer(response, 503, `${problems.join('\n')}\n`);
}

async function answerMetrics(metrics: HealthOptions['metrics'], response: ServerResponse): Promise<void> {
  try {
    answer(response, 200, await metrics.text(), metrics.contentType);
  } catch {
    answer(response, 500, 'the numbers cannot be read now\n');
  }
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

function listen(server: Server, { host, port }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `METRICS_PORT: ${host}:${port} cannot be had (${cause.code}), expected a free port of this machine`;
      reject(new DarkroomError('config_invalid', message, {}, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
}
