import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REST } from 'discord.js';
import { Agent } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeRequest } from '../../src/discord/transport.ts';

let server: Server;
let origin: string;
let handle: (request: IncomingMessage, response: ServerResponse) => void;
let agent: Agent;

beforeEach(async () => {
  server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  agent = new Agent({ connections: 1 });
});

afterEach(async () => {
  await agent.destroy();
  server.closeAllConnections();
  server.close();
});

const ask = (path: string, init: Record<string, unknown> = {}) =>
  makeRequest(`${origin}${path}`, { method: 'GET', dispatcher: agent, ...init } as never);

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

describe('a request to the API', () => {
  test('says what it is told and hears all of the answer', async () => {
    handle = async (request, response) => {
      const { method, url, headers } = request;
      const heard = { method, url, type: headers['content-type'], body: await bodyOf(request) };
      response.writeHead(201, { 'Content-Type': 'application/json', 'X-RateLimit-Limit': '5' });
      response.end(JSON.stringify({ ...heard, grüß: '猫'.repeat(50_000) }));
    };
    const headers = { 'Content-Type': 'application/json' };
    const answer = await ask('/a/b?c=d%20e', { method: 'POST', headers, body: '{"x":"ä"}' });
    expect([answer.status, answer.statusText, answer.ok]).toEqual([201, 'Created', true]);
    expect([answer.headers.get('x-ratelimit-LIMIT'), answer.headers.has('Retry-After')]).toEqual(['5', false]);
    expect(answer.headers.get('Retry-After')).toBeNull();
    expect(await answer.json()).toEqual({
      method: 'POST',
      url: '/a/b?c=d%20e',
      type: 'application/json',
      body: '{"x":"ä"}',
      grüß: '猫'.repeat(50_000),
    });
  });

  test('takes an empty answer, and bytes', async () => {
    handle = ({ url }, response) => {
      if (url === '/none') response.writeHead(204).end();
      else response.end(Buffer.from([0, 255, 128]));
    };
    const none = await ask('/none', { method: 'POST', body: '{}' });
    expect([none.status, none.ok, await none.text()]).toEqual([204, true, '']);
    const bytes = await ask('/bytes');
    expect([...new Uint8Array(await bytes.arrayBuffer())]).toEqual([0, 255, 128]);
  });

  test('gives its connection back though nobody reads the answer', async () => {
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    handle = (_, response) => response.writeHead(502).end('x'.repeat(100_000));
    for (let time = 0; time < 5; time += 1) expect((await ask('/')).status).toBe(502);
    expect(connections).toBe(1);
  });

  test.each(['before the answer', 'in the middle of it'])('ends when it is called off %s', async (when) => {
    handle = (_, response) => {
      if (when === 'in the middle of it') response.write('begun');
    };
    const calling = new AbortController();
    const asked = ask('/', { signal: calling.signal });
    setTimeout(() => calling.abort(), 50);
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('called off before it was sent is never sent', async () => {
    let heard = 0;
    handle = (_, response) => {
      heard += 1;
      response.end();
    };
    await expect(ask('/', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toBe(0);
  });

  test('a connection that breaks is told by its code', async () => {
    handle = ({ socket }) => socket.destroy();
    await expect(ask('/')).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });

  test('an upload arrives as a form', async () => {
    handle = async (request, response) => response.end(await bodyOf(request));
    const form = new FormData();
    form.append('files[0]', new Blob(['pixels']), 'picture.png');
    const answer = await ask('/', { method: 'POST', body: form });
    expect(await answer.text()).toContain('filename="picture.png"');
  });

  test("discord.js reads Discord's errors through it", async () => {
    handle = (_, response) => {
      response.writeHead(404, { 'Content-Type': 'application/json' });
      response.end('{"code":10008,"message":"Unknown Message"}');
    };
    const rest = new REST({ api: `${origin}/api`, agent, makeRequest }).setToken('t');
    await expect(rest.get('/channels/1/messages/2')).rejects.toMatchObject({ code: 10_008, status: 404 });
  });
});
