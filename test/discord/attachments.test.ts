// Start pictures from outside: only Discord's hosts, never a redirect, never more bytes than allowed, never by name.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ATTACHMENT_RULES,
  type AttachmentRules,
  checkedUrl,
  fetchAttachment,
  InputFolder,
  pictureKind,
} from '../../src/discord/attachments.ts';

const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100)]);

describe('urls', () => {
  const rules: AttachmentRules = { ...ATTACHMENT_RULES, extraOrigin: 'http://127.0.0.1:4000' };

  test.each([
    'https://cdn.discordapp.com/attachments/1/2/a.png?ex=1&is=2&hm=3&',
    'https://media.discordapp.net/attachments/1/2/a.webp',
    'https://cdn.discordapp.com:443/attachments/1/2/a.png',
    'http://127.0.0.1:4000/attachments/1/2/a.png',
  ])('allowed: %s', (url) => {
    expect(checkedUrl(url, rules).href).toBeTruthy();
  });

  test.each([
    'http://cdn.discordapp.com/a.png',
    'https://cdn.discordapp.com.evil.example/a.png',
    'https://evil.example/cdn.discordapp.com/a.png',
    'https://cdn.discordapp.com@evil.example/a.png',
    'https://user:pw@cdn.discordapp.com/a.png',
    'https://cdn.discordapp.com:8443/a.png',
    'https://discordapp.com/a.png',
    'https://xcdn.discordapp.com/a.png',
    'https://cdn.discordapp.com./a.png',
    'http://127.0.0.1:4001/a.png',
    'http://localhost:4000/a.png',
    'http://169.254.169.254/latest/meta-data',
    'http://[::1]:4000/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'ftp://cdn.discordapp.com/a.png',
    'not a url',
    '',
  ])('refused: %s', (url) => {
    expect(() => checkedUrl(url, rules)).toThrow(expect.objectContaining({ code: 'attachment_refused' }));
  });
});

describe('fetching', () => {
  let server: Server;
  let canary: Server;
  let origin: string;
  let touched = 0;
  let answer: RequestListener;
  const listen = (on: Server) => new Promise<void>((resolve) => on.listen(0, '127.0.0.1', resolve));
  const originOf = (on: Server) => `http://127.0.0.1:${(on.address() as AddressInfo).port}`;
  const fetchOne = (size = PNG.length, rules: Partial<AttachmentRules> = {}) =>
    fetchAttachment(
      { url: `${origin}/attachments/1/2/a.png`, size },
      { extraOrigin: origin, maxBytes: 1_000, totalMs: 5_000, ...rules },
    );

  beforeEach(async () => {
    touched = 0;
    server = createServer((request, response) => answer(request, response));
    canary = createServer((_, response) => {
      touched += 1;
      response.end(PNG);
    });
    await Promise.all([listen(server), listen(canary)]);
    origin = originOf(server);
  });
  afterEach(() => {
    for (const one of [server, canary]) {
      one.closeAllConnections();
      one.close();
    }
  });

  test('gives the bytes of a picture', async () => {
    answer = (_, response) => response.end(PNG);
    expect((await fetchOne()).equals(PNG)).toBe(true);
  });

  test('follows no redirect, not even to an allowed host', async () => {
    answer = (_, response) => response.writeHead(302, { location: `${originOf(canary)}/x.png` }).end();
    await expect(fetchOne()).rejects.toMatchObject({ code: 'attachment_refused' });
    expect(touched).toBe(0);
  });

  test('of the hostile list nothing is dialled: listeners where it points hear nobody', async () => {
    const there = originOf(canary);
    const { port } = canary.address() as AddressInfo;
    const hostile = [
      `${there}/a.png`,
      `http://localhost:${port}/a.png`,
      `http://0.0.0.0:${port}/a.png`,
      `http://2130706433:${port}/a.png`,
      `http://0x7f.1:${port}/a.png`,
      `http://127.1:${port}/a.png`,
      `http://[::ffff:127.0.0.1]:${port}/a.png`,
      `http://cdn.discordapp.com@127.0.0.1:${port}/a.png`,
      `http://127.0.0.1:${port}#@cdn.discordapp.com/a.png`,
      `http://127.0.0.1:${port}\\@cdn.discordapp.com/a.png`,
      `${origin}@127.0.0.1:${port}/a.png`,
      ` ${there}/a.png`,
      `https://127.0.0.1:${port}/a.png`,
      `ws://127.0.0.1:${port}/a.png`,
      `file://127.0.0.1:${port}/etc/passwd`,
    ];
    answer = (_, response) => {
      touched += 1;
      response.end(PNG);
    };
    let connections = 0;
    for (const one of [server, canary]) one.on('connection', () => (connections += 1));
    for (const url of hostile) {
      const rules = { extraOrigin: origin, maxBytes: 1_000, totalMs: 5_000 };
      await expect(fetchAttachment({ url, size: 10 }, rules), url).rejects.toMatchObject({
        code: 'attachment_refused',
      });
    }
    expect([connections, touched]).toEqual([0, 0]);
  });

  test('counts bytes while they stream, whatever the declared sizes say', async () => {
    let sent = 0;
    answer = (_, response) => {
      const more = () => {
        if (sent < 50_000_000 && response.write(Buffer.alloc(1_000))) setImmediate(more);
        sent += 1_000;
      };
      response.on('drain', more);
      more();
    };
    await expect(fetchOne(10)).rejects.toMatchObject({ code: 'attachment_refused' });
    expect(sent).toBeLessThan(20_000_000);
  });

  test('does not even ask for what is declared too large', async () => {
    answer = () => {
      touched += 1;
    };
    await expect(fetchOne(1_001)).rejects.toThrow('expected at most');
    expect(touched).toBe(0);
  });

  test('gives up on a sender that drips', async () => {
    answer = (_, response) => void response.write(PNG);
    await expect(fetchOne(PNG.length, { totalMs: 100 })).rejects.toThrow('did not arrive within 0.1 s');
  });

  test('refuses what is no picture by its first bytes', async () => {
    answer = (_, response) => response.setHeader('content-type', 'image/png').end('<svg onload="x"/>');
    await expect(fetchOne()).rejects.toThrow('neither PNG nor JPEG nor WebP');
  });

  test('says what Discord said when the upload has expired', async () => {
    answer = (_, response) => response.writeHead(404).end();
    await expect(fetchOne()).rejects.toThrow('404');
  });
});

test('kinds are told by magic bytes', () => {
  expect(pictureKind(PNG)).toBe('png');
  expect(pictureKind(Buffer.from([0xff, 0xd8, 0xff, 0xe0]))).toBe('jpeg');
  expect(pictureKind(Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1'))).toBe('webp');
  expect(pictureKind(Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1'))).toBeUndefined();
  expect(pictureKind(Buffer.from('GIF89a'))).toBeUndefined();
  expect(pictureKind(Buffer.alloc(0))).toBeUndefined();
});

describe('the folder of start pictures', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'inputs-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  test('keeps bytes under their hash, once, and nothing half-written', async () => {
    const inputs = new InputFolder(dataDir);
    const [a, b] = await Promise.all([inputs.keep(PNG), inputs.keep(PNG)]);
    expect(a).toBe(b);
    expect(await readdir(path.join(dataDir, 'inputs'))).toEqual([a]);
    expect((await readFile(inputs.pathOf(a))).equals(PNG)).toBe(true);
    expect(await inputs.has('0'.repeat(64))).toBe(false);
  });

  test('copies a result, and says so when its file is gone', async () => {
    const inputs = new InputFolder(dataDir);
    const source = path.join(dataDir, 'result.png');
    await writeFile(source, PNG);
    await inputs.keepCopy(source, 'ab'.repeat(32));
    expect((await readFile(inputs.pathOf('ab'.repeat(32)))).equals(PNG)).toBe(true);
    const gone = inputs.keepCopy(path.join(dataDir, 'gone.png'), 'cd'.repeat(32));
    await expect(gone).rejects.toMatchObject({ code: 'attachment_refused' });
    expect(await readdir(path.join(dataDir, 'inputs'))).toEqual(['ab'.repeat(32)]);
  });
});
