// One REST request from socket to answer: route, faults, authorisation, rate limit, body, schema, handler, own answer checked, record.
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  ApiError,
  apiError,
  fieldError,
  invalidForm,
  type JsonObject,
  type JsonValue,
  unauthorized,
} from './apiError.ts';
import { type Fault, Faults } from './faults.ts';
import { type ParsedBody, parseBody } from './files.ts';
import type { Gateway } from './gateway.ts';
import { beginAnswer } from './interactions.ts';
import { INVALID_LIMIT, RateLimits } from './rateLimits.ts';
import type { Answer } from './routes/request.ts';
import { isPlainForm, needsNoAuth, ROUTES } from './routes.ts';
import type { Scene } from './scene.ts';
import { sharedSchema } from './schema.ts';
import { isSnowflake } from './snowflake.ts';
import { isObject } from './wire.ts';

const CALLBACK_ROUTE = '/interactions/{interaction_id}/{interaction_token}/callback';

export const API_PREFIX = '/api/v10';

const FIRST_MET: readonly (readonly [method: string, template: string])[] = [
  ['PUT', '/applications/{application_id}/commands'],
  ['POST', CALLBACK_ROUTE],
  ['POST', '/channels/{channel_id}/messages'],
  ['PATCH', '/channels/{channel_id}/messages/{message_id}'],
  ['PATCH', '/webhooks/{webhook_id}/{webhook_token}/messages/@original'],
];

interface Matched {
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What is known of a request while it is being served; becomes its record. */
interface Course {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly matched: Matched | undefined;
  fault: Fault | undefined;
  parsed: ParsedBody;
  headers: Record<string, string>;
}

/** Thrown through the pipeline by faults that leave the client without an answer. */
class NoAnswer extends Error {}

export class Rest {
  readonly faults = new Faults();
  readonly limits: RateLimits;
  /** `METHOD /path` of every request no route was there for. */
  readonly missing: string[] = [];
  readonly #scene: Scene;
  readonly #gateway: Gateway;
  readonly #schema = sharedSchema();
  readonly #matchers: readonly {
    readonly template: string;
    readonly pattern: RegExp;
    readonly names: readonly string[];
  }[];

  constructor(scene: Scene, gateway: Gateway) {
    this.#scene = scene;
    this.#gateway = gateway;
    this.limits = new RateLimits(scene.world.time, scene.settings.rateLimits);
    // Fixed words win over parameters: more literal templates are tried first.
    this.#matchers = [...this.#schema.templates].sort((a, b) => braces(a) - braces(b)).map(toMatcher);
  }

  /** Compiles the validators a bot meets first, one a turn of the event loop, so that no answer waits for them. */
  warmUp(left = FIRST_MET): void {
    const [next, ...rest] = left;
    if (next === undefined) return;
    const [method, template] = next;
    setImmediate(() => {
      this.#schema.compile(template, method, this.#scene.settings.checkAnswers);
      this.warmUp(rest);
    });
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const course = this.#begin(request, url);
    try {
      const answer = await this.#answer(course, request);
      if (course.fault?.effect.kind === 'dropResponse') throw new NoAnswer();
      this.#finish(course, response, answer.status, answer.body);
    } catch (error) {
      if (error instanceof NoAnswer) return this.#cut(course, request, response);
      const refusal =
        error instanceof ApiError ? error : new ApiError(500, { message: '500: Internal Server Error', code: 0 });
      if (!(error instanceof ApiError))
        this.#scene.complaints.push(
          `${course.method} ${course.path}: ${String(error instanceof Error ? error.stack : error)}`,
        );
      this.#finish(course, response, refusal.status, refusal.body);
    }
  }

  #begin(request: IncomingMessage, url: URL): Course {
    const method = request.method ?? 'GET';
    const path = url.pathname.startsWith(`${API_PREFIX}/`) ? url.pathname.slice(API_PREFIX.length) : url.pathname;
    const matched = url.pathname.startsWith(`${API_PREFIX}/`) ? this.#match(path) : undefined;
    const query = Object.fromEntries(url.searchParams);
    return { method, path, query, matched, fault: undefined, parsed: { json: undefined, files: [] }, headers: {} };
  }

  #match(path: string): Matched | undefined {
    for (const { template, pattern, names } of this.#matchers) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = Object.fromEntries(names.map((name, index) => [name, decode(found[index + 1] ?? '')]));
      return { template, params };
    }
    return undefined;
  }

  async #answer(course: Course, request: IncomingMessage): Promise<Answer> {
    const { method, path, matched } = course;
    if (this.limits.invalidRequests >= INVALID_LIMIT) throw new ApiError(429, { html: 'error code: 1015' });
    course.fault = this.faults.take(method, matched?.template ?? null, path);
    if (course.fault !== undefined) await this.#suffer(course, request);
    const arrivedAtMs = this.#scene.world.time.nowMs();
    const isCallback = matched?.template === CALLBACK_ROUTE;
    const end = isCallback ? beginAnswer(this.#scene, matched.params.interaction_id ?? '') : undefined;
    try {
      return await this.#handle(course, request, arrivedAtMs);
    } finally {
      end?.();
    }
  }

  async #handle(course: Course, request: IncomingMessage, arrivedAtMs: number): Promise<Answer> {
    const { method, path, matched } = course;
    const bytes = await readBody(request, this.#scene.settings.requestLimitBytes);
    const handler = matched === undefined ? undefined : ROUTES[`${method} ${matched.template}`];
    if (matched === undefined || handler === undefined) {
      this.missing.push(`${method} ${path}`);
      throw apiError(0);
    }
    if (!needsNoAuth(matched.template)) this.#authorise(request);
    this.#limit(course, matched);
    if (bytes === undefined) throw apiError(40005);
    course.parsed = await parseBody(bytes, request.headers['content-type'], isPlainForm(matched.template));
    this.#check(course, matched);
    const answer = handler({
      scene: this.#scene,
      params: matched.params,
      query: course.query,
      body: course.parsed.json,
      files: course.parsed.files,
      identifies: this.#gateway.identifies,
      arrivedAtMs,
    });
    this.#checkOwn(course, matched, answer);
    return answer;
  }

  async #suffer(course: Course, request: IncomingMessage): Promise<void> {
    const effect = course.fault?.effect;
    switch (effect?.kind) {
      case 'delay':
        return this.#scene.world.time.sleep(effect.ms);
      case 'status':
        await readBody(request, this.#scene.settings.requestLimitBytes);
        throw new ApiError(
          effect.status,
          effect.text === undefined
            ? ((effect.body ?? { message: `${effect.status}: emulated`, code: 0 }) as JsonObject)
            : { html: effect.text },
        );
      case 'rateLimit':
        await readBody(request, this.#scene.settings.requestLimitBytes);
        throw this.#tooMany(course, effect.retryAfterMs, effect.global ?? false);
      case 'hang':
        this.#record(course, 0, undefined);
        return new Promise(() => {});
      case 'reset':
        await firstBytes(request);
        throw new NoAnswer();
    }
  }

  #authorise(request: IncomingMessage): void {
    if (request.headers.authorization !== `Bot ${this.#scene.settings.token}`) throw unauthorized();
  }

  #limit(course: Course, matched: Matched): void {
    const { params } = matched;
    const major =
      params.channel_id ??
      params.guild_id ??
      (params.webhook_token === undefined ? '' : `${params.webhook_id}/${params.webhook_token}`);
    const verdict = this.limits.take(course.method, matched.template, major);
    Object.assign(course.headers, verdict.headers);
    if (verdict.waitMs !== null) throw this.#tooMany(course, verdict.waitMs, verdict.global);
  }

  #tooMany(course: Course, waitMs: number, global: boolean): ApiError {
    course.headers['x-ratelimit-scope'] ??= global ? 'global' : 'user';
    if (global) course.headers['x-ratelimit-global'] = 'true';
    return new ApiError(429, { message: 'You are being rate limited.', retry_after: waitMs / 1000, global, code: 0 });
  }

  #check(course: Course, matched: Matched): void {
    const ids = Object.entries(matched.params).filter(
      ([name, value]) => name.endsWith('_id') && !isSnowflake(value) && !value.startsWith('@'),
    );
    const errors = [
      ...ids.map(([name, value]) => fieldError([name], 'NUMBER_TYPE_COERCE', `Value "${value}" is not snowflake.`)),
      ...this.#schema.checkQuery(matched.template, course.method, course.query),
      ...this.#schema.checkBody(matched.template, course.method, course.parsed.json),
    ];
    if (errors.length > 0) throw invalidForm(errors);
  }

  #checkOwn(course: Course, matched: Matched, answer: Answer): void {
    if (!this.#scene.settings.checkAnswers || answer.body === undefined) return;
    this.#scene.complaints.push(
      ...this.#schema.checkAnswer(matched.template, course.method, answer.status, answer.body),
    );
  }

  #finish(course: Course, response: ServerResponse, status: number, body: JsonValue | undefined): void {
    this.#record(course, status, body);
    this.limits.noteAnswer(status);
    if (response.destroyed) return;
    if (isObject(body) && typeof body.retry_after === 'number')
      course.headers['retry-after'] = String(Math.ceil(body.retry_after));
    const html = isObject(body) && typeof body.html === 'string' ? body.html : undefined;
    const type = html === undefined ? 'application/json' : 'text/html';
    // A 204 must not claim a content type: clients would try to parse its body.
    response.writeHead(status, body === undefined ? course.headers : { ...course.headers, 'content-type': type });
    response.end(body === undefined ? undefined : (html ?? JSON.stringify(body)));
  }

  #cut(course: Course, request: IncomingMessage, response: ServerResponse): void {
    this.#record(course, 0, undefined);
    response.destroy();
    request.socket.destroy();
  }

  #record(course: Course, status: number, body: JsonValue | undefined): void {
    const { method, path, matched, query, parsed, fault } = course;
    const call = {
      atMs: this.#scene.world.time.nowMs(),
      method,
      path,
      route: matched?.template ?? null,
      query,
      body: parsed.json,
      files: parsed.files.map((file) => ({ field: file.field, name: file.name, sizeBytes: file.bytes.length })),
      status,
      code: status >= 400 && isObject(body) && typeof body.code === 'number' ? body.code : null,
      answer: body,
      fault: fault?.effect.kind ?? null,
    };
    this.#scene.world.calls.push(call);
    this.#scene.world.announce({ type: 'called', call });
  }
}

/** Percent-decoding that leaves broken sequences as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const braces = (template: string) => template.split('{').length;

function toMatcher(template: string): { template: string; pattern: RegExp; names: readonly string[] } {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const source = template
    .split(/\{\w+\}/)
    .map((part) => part.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace('@', '(?:@|%40)'))
    .join('([^/]+)');
  return { template, pattern: new RegExp(`^${source}$`), names };
}

/** The whole body, or undefined when it is larger than allowed. */
async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limitBytes) chunks.push(chunk);
  }
  return size > limitBytes ? undefined : Buffer.concat(chunks);
}

function firstBytes(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    request.once('data', () => resolve());
    request.once('end', () => resolve());
  });
}
