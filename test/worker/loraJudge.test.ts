// The process that reads what strangers hand in: its verdict, its refusals, and its end when it takes too long.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { judgeLora } from '../../src/worker/loraJudge.ts';

const MODELS = path.join(ROOT, 'test/golden/folders');
const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-judge-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => path.join(folder, name);
cpSync(path.join(ROOT, 'test/golden/loras/files/second.safetensors'), file('second.safetensors'));
writeFileSync(file('words.safetensors'), 'x'.repeat(100));

test('a LoRA is told by what it fits', async () => {
  expect((await judgeLora(MODELS, folder, file('second.safetensors'))).fits).toEqual(['sd-small']);
});

test('what is none is refused with the reason', async () => {
  await expect(judgeLora(MODELS, folder, file('words.safetensors'))).rejects.toMatchObject({ code: 'weights_invalid' });
});

test('what takes too long or the process with it is refused, too', async () => {
  const hanging = { entry: compiledEntry('test/support/scriptedChild.ts'), limitMs: 300 };
  await expect(judgeLora(MODELS, folder, file('second.safetensors'), hanging)).rejects.toThrow('took more than 0.3 s');
  const missing = { entry: path.join(folder, 'nothing.js') };
  await expect(judgeLora(MODELS, folder, file('second.safetensors'), missing)).rejects.toThrow(
    'ended with exit code 1',
  );
});
