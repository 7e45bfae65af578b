// The emulator as a process of its own: says where it is, is driven over HTTP, and ends when asked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { compiledEntry } from '../../src/root.ts';

test('prints its address, serves REST and controls, ends on SIGTERM', async () => {
  const env = { ...process.env, EMULATOR_TOKEN: 'secret', EMULATOR_OPTIONS: '{"rateLimits":false}' };
  const child = spawn(process.execPath, [compiledEntry('src/emulator/process.ts')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { apiUrl, origin, token } = JSON.parse(String(line)) as Record<string, string>;
  const me = await fetch(`${apiUrl}/v10/users/@me`, { headers: { authorization: `Bot ${token}` } });
  expect([token, me.status]).toEqual(['secret', 200]);
  const user = await fetch(`${origin}/_control/users`, { method: 'POST', body: '{"name":"anna"}' });
  expect(await user.json()).toMatchObject({ username: 'anna' });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
