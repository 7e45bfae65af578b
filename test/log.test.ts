// The log as it leaves the process: errors of libraries carry addresses with tokens in them, and none of that may be written.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiledEntry } from '../src/root.ts';

const BOT_TOKEN = `${Buffer.from('123456789012345678').toString('base64url')}.Gabcde.${'x'.repeat(38)}`;
const TOKEN = 'aW50ZXJhY3Rpb246MTIzNDU2Nzg5';

/** What a program of its own writes to stderr when it logs this expression. */
function written(expression: string): string {
  const { href } = pathToFileURL(compiledEntry('src/log.ts'));
  const program = `import(${JSON.stringify(href)}).then(({ makeLog }) => makeLog('trace').error(${expression}, 'it failed'))`;
  const { stderr, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stderr;
}

test('of an error only name, code, message and stack are written', () => {
  const line = written(
    `{ err: Object.assign(new Error('refused'), { code: 50035, url: '/webhooks/1/${TOKEN}/x', requestBody: { json: { content: 'a secret prompt' } } }) }`,
  );
  expect(JSON.parse(line)).toMatchObject({
    msg: 'it failed',
    err: { name: 'Error', code: '50035', message: 'refused' },
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

test('a thrown value that is no error says nothing of itself', () => {
  expect(written(`{ err: { token: '${TOKEN}' } }`)).not.toContain(TOKEN);
});
