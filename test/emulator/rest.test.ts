// The REST front door: who may come in, how fast, what it says of routes it lacks, and the troubles a test can order.
import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type Api, makeApi } from '../support/emulatorApi.ts';
import { logIn, makeStage, type Stage, type StageOptions } from '../support/emulatorBot.ts';

const CREATE = '/channels/{channel_id}/messages';
let stage: Stage;
let api: Api;
let at: string;

async function open(options: StageOptions = {}): Promise<void> {
  await stage?.close();
  stage = await makeStage(options);
  api = makeApi(stage);
  at = `/channels/${stage.channelId}/messages`;
}
beforeEach(() => open());
afterEach(() => stage.close());

const view = () => stage.emulator.view(stage.channelId, stage.anna).map((message) => message.content);

describe('the door', () => {
  test('a wrong or missing token answers 401', async () => {
    for (const token of ['', 'Bot wrong', stage.emulator.token]) {
      expect(await makeApi(stage, token)('GET', '/users/@me')).toMatchObject({
        status: 401,
        body: { code: 0, message: '401: Unauthorized' },
      });
    }
    expect((await api('GET', '/users/@me')).body.username).toBe('darkroom');
  });

  test('a route it lacks answers 404 and is told at the end', async () => {
    expect(await api('GET', '/voice/regions')).toMatchObject({
      status: 404,
      body: { code: 0, message: '404: Not Found' },
    });
    expect(await api('GET', '/nowhere')).toMatchObject({ status: 404 });
    expect(stage.emulator.missing).toEqual(['GET /voice/regions', 'GET /nowhere']);
    expect(() => stage.emulator.assertClean()).toThrow('missing route: GET /voice/regions');
  });

  test('broken JSON answers 50109, another content type 50035', async () => {
    const post = (body: string, type: string) =>
      fetch(`${stage.emulator.apiUrl}/v10${at}`, {
        method: 'POST',
        body,
        headers: { authorization: `Bot ${stage.emulator.token}`, 'content-type': type },
      }).then((response) => response.json());
    expect(await post('{', 'application/json')).toMatchObject({ code: 50109 });
    expect(await post('content=x', 'text/plain')).toMatchObject({ code: 50035 });
  });

  test('an answer without content claims no content type', async () => {
    const answer = await api('POST', `/channels/${stage.channelId}/typing`);
    expect([answer.status, answer.headers.get('content-type'), answer.body]).toEqual([204, null, '']);
  });

  test('calls are recorded with what came and what was answered', async () => {
    await api('POST', at, { content: 'x' }, ['abc']);
    expect(stage.emulator.calls).toMatchObject([
      {
        method: 'POST',
        route: CREATE,
        body: { content: 'x' },
        files: [{ field: 'files[0]', name: '0.txt', sizeBytes: 3 }],
        status: 200,
        code: null,
        fault: null,
      },
    ]);
  });
});

describe('rate limits', () => {
  test('the headers count down, then 429 with the time to wait', async () => {
    await open({ rateLimits: true });
    const answers = [];
    for (let n = 0; n < 6; n++) answers.push(await api('POST', at, { content: `${n}` }));
    expect(answers.map((answer) => answer.headers.get('x-ratelimit-remaining'))).toEqual([
      '4',
      '3',
      '2',
      '1',
      '0',
      '0',
    ]);
    const last = answers[5]!;
    expect(last).toMatchObject({ status: 429, body: { message: 'You are being rate limited.', global: false } });
    expect(last.body.retry_after).toBeLessThanOrEqual(5);
    expect([last.headers.get('retry-after'), last.headers.get('x-ratelimit-scope')]).toEqual(['5', 'user']);
    expect(stage.emulator.rest.limits.invalidRequests).toBe(1);
    stage.emulator.advance(5000);
    expect((await api('POST', at, { content: 'x' })).status).toBe(200);
  });

  test('buckets are per channel', async () => {
    await open({ rateLimits: true });
    stage.emulator.setRateLimit(`POST ${CREATE}`, { limit: 1, windowMs: 60_000 });
    const other = stage.emulator.addChannel(stage.guildId, 'other').id;
    const statuses = [];
    for (const id of [stage.channelId, stage.channelId, other])
      statuses.push((await api('POST', `/channels/${id}/messages`, { content: 'x' })).status);
    expect(statuses).toEqual([200, 429, 200]);
  });

  test('fifty requests a second over all', async () => {
    await open({ rateLimits: true });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => api('GET', n % 2 === 0 ? '/users/@me' : `/channels/${stage.channelId}`)),
    );
    const refused = answers.filter((answer) => answer.status === 429);
    expect(refused).toHaveLength(10);
    expect(refused.every((answer) => answer.body.global && answer.headers.get('x-ratelimit-global') === 'true')).toBe(
      true,
    );
  });

  test('discord.js waits for its turn by the headers', async () => {
    await open({ rateLimits: true, clock: systemClock });
    stage.emulator.setRateLimit(`POST ${CREATE}`, { limit: 2, windowMs: 300 });
    const client = await logIn(stage);
    const channel = await client.channels.fetch(stage.channelId);
    if (!channel?.isSendable()) throw new Error('no channel');
    await Promise.all([1, 2, 3, 4].map((n) => channel.send(`${n}`)));
    await client.destroy();
    expect(view()).toEqual(['1', '2', '3', '4']);
    expect(stage.emulator.calls.filter((call) => call.status === 429)).toEqual([]);
  });
});

describe('faults', () => {
  test('a status meets so many requests and no more; nothing is done', async () => {
    stage.emulator.fault({
      method: 'POST',
      route: CREATE,
      times: 2,
      effect: { kind: 'status', status: 503, text: '<html>busy</html>' },
    });
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push(await api('POST', at, { content: `${n}` }));
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 200]);
    expect([answers[0]!.headers.get('content-type'), answers[0]!.body]).toEqual(['text/html', '<html>busy</html>']);
    expect(view()).toEqual(['2']);
  });

  test('dropResponse does the work and says nothing', async () => {
    stage.emulator.fault({ route: CREATE, times: 1, effect: { kind: 'dropResponse' } });
    await expect(api('POST', at, { content: 'done' })).rejects.toThrow();
    expect(view()).toEqual(['done']);
  });

  test('reset cuts an upload and does nothing', async () => {
    stage.emulator.fault({ route: '^/channels/\\d+/messages$', times: 1, effect: { kind: 'reset' } });
    await expect(api('POST', at, { content: 'x' }, [Buffer.alloc(500_000)])).rejects.toThrow();
    expect(view()).toEqual([]);
  });

  test('delay lasts as long as the emulator’s time says', async () => {
    stage.emulator.fault({ route: CREATE, times: 1, effect: { kind: 'delay', ms: 3_600_000 } });
    const answer = api('POST', at, { content: 'slow' });
    await expect.poll(() => stage.emulator.rest.faults.met).toBe(1);
    expect(view()).toEqual([]);
    stage.emulator.advance(3_600_000);
    expect((await answer).status).toBe(200);
  });

  test('hang never answers', async () => {
    stage.emulator.fault({ route: CREATE, times: 1, effect: { kind: 'hang' } });
    const url = `${stage.emulator.apiUrl}/v10${at}`;
    const hung = fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(200) });
    await expect(hung).rejects.toThrow(/timeout/);
    expect(stage.emulator.calls.at(-1)).toMatchObject({ status: 0, fault: 'hang' });
  });

  test('cleared faults are gone', async () => {
    stage.emulator.fault({ route: CREATE, effect: { kind: 'status', status: 500 } });
    stage.emulator.rest.faults.clear();
    expect((await api('POST', at, { content: 'x' })).status).toBe(200);
  });

  test('discord.js meets them as it would Discord’s own', async () => {
    const client = await logIn(stage, { rest: { rejectOnRateLimit: () => true, retries: 1 } });
    const channel = await client.channels.fetch(stage.channelId);
    if (!channel?.isSendable()) throw new Error('no channel');
    const failure = () =>
      channel.send('x').then(
        () => 'sent',
        (error: unknown) => error,
      );
    stage.emulator.fault({ route: CREATE, times: 2, effect: { kind: 'status', status: 500 } });
    expect(await failure()).toBeInstanceOf(HTTPError);
    stage.emulator.fault({ route: CREATE, times: 1, effect: { kind: 'rateLimit', retryAfterMs: 60_000 } });
    expect(await failure()).toBeInstanceOf(RateLimitError);
    stage.emulator.fault({
      route: CREATE,
      times: 1,
      effect: { kind: 'status', status: 403, body: { message: 'Missing Access', code: 50001 } },
    });
    expect(await failure()).toMatchObject({ code: 50001, constructor: DiscordAPIError });
    await client.destroy();
  });
});
