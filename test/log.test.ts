// The log as it leaves the process: errors of libraries carry addresses with tokens in them, and none of that may be written.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiledEntry } from '../src/root.ts';

const BOT_TOKEN = `${Buffer.from('123456789012345678').toString('base64url')}.Gabcde.${'x'.repeat(38)}`;
const TOKEN = 'aW50ZXJhY3Rpb246MTIzNDU2Nzg5';

/** What a program of its own writes to stderr when it logs this expression. */
function written(expression: string, secrets: readonly string[] = []): string {
  const { href } = pathToFileURL(compiledEntry('src/log.ts'));
  const program = `import(${JSON.stringify(href)}).then(({ makeLog }) => makeLog('trace', ${JSON.stringify(secrets)}).error(${expression}, 'it failed'))`;
  const { stderr, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stderr;
}

test('of an error only what was asked, how it was answered and where it broke are written', () => {
  const line = written(
    `{ err: Object.assign(new Error('refused'), { code: 50035, status: 400, method: 'PATCH', url: '/webhooks/1/${TOKEN}/x?wait=true', requestBody: { json: { content: 'a secret prompt' } } }) }`,
  );
  expect(JSON.parse(line)).toMatchObject({
    msg: 'it failed',
    err: {
      name: 'Error',
      code: '50035',
      message: 'refused',
      status: 400,
      method: 'PATCH',
      url: '/webhooks/1/[token]/x',
    },
  });
  expect(line).not.toContain(TOKEN);
  expect(line).not.toContain('a secret prompt');
});

test.each([
  `https://discord.com/api/v10/webhooks/123/${TOKEN}/messages/@original`,
  `https://discord.com/api/v10/interactions/123/${TOKEN}/callback`,
  `a token ${BOT_TOKEN} in a sentence`,
])('tokens in a message and its stack are cut out: %s', (message) => {
  const line = written(`{ err: new Error(${JSON.stringify(message)}) }`);
  expect(line).toContain('[token]');
  for (const secret of [TOKEN, BOT_TOKEN]) expect(line).not.toContain(secret);
});

test('the errors below an error are written the same way, and not without end', () => {
  const line = written(
    `{ err: (() => { let e = new Error('/webhooks/1/${TOKEN}/x'); for (let i = 0; i < 9; i += 1) e = Object.assign(new Error('above', { cause: e }), { requestBody: 'a secret prompt' }); return e; })() }`,
  );
  expect(line.match(/"message":"above"/g)).toHaveLength(4);
  expect(line).not.toContain('a secret prompt');
  const low = written(`{ err: new Error('above', { cause: new Error('/interactions/1/${TOKEN}/callback') }) }`);
  expect(JSON.parse(low).err.cause.message).toBe('/interactions/1/[token]/callback');
});

test('tokens are cut out of anything that is logged, not of errors alone', () => {
  const line = written(
    `{ reason: 'POST /webhooks/12/${TOKEN}', nested: { list: ['${BOT_TOKEN}', 'hf_abcdefghijklmnop'] }, redis: 'redis://:pa55word@10.0.0.1' }`,
  );
  for (const secret of [TOKEN, BOT_TOKEN, 'hf_abc', 'pa55word']) expect(line).not.toContain(secret);
  expect(JSON.parse(line)).toMatchObject({ reason: 'POST /webhooks/12/[token]', redis: 'redis://:[secret]@10.0.0.1' });
});

test('the configuration’s own secrets are never written, whatever they look like', () => {
  const secret = 'odd "secret"\\ with marks';
  expect(written(`{ found: ${JSON.stringify(secret)} }`, [secret])).toContain('"found":"[secret]"');
  // A secret of a few letters would be found in ordinary words.
  expect(JSON.parse(written(`{ found: 'a red cat' }`, ['red'])).found).toBe('a red cat');
});

test('a thrown value that is no error says nothing of itself', () => {
  expect(written(`{ err: { token: '${TOKEN}' } }`)).not.toContain(TOKEN);
});
