// The bot's process never loads what can bring it down: the parent's side is followed through every import it makes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../src/root.ts';

const IMPORT = /^\s*(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)/gm;

/** Files and packages a file brings into its process. */
function loadedBy(file: string, imports = IMPORT, loaded = new Set<string>()): Set<string> {
  loaded.add(file);
  for (const match of readFileSync(path.join(ROOT, file), 'utf8').matchAll(imports)) {
    const spec = match[1] ?? match[2] ?? '';
    const target = spec.startsWith('.') ? path.posix.join(path.posix.dirname(file), spec) : spec;
    if (!target.startsWith('src/')) loaded.add(target);
    else if (!loaded.has(target)) loadedBy(target, imports, loaded);
  }
  return loaded;
}

/** What is loaded before anybody asked for anything: imports at the top of files. */
const AT_ONCE = /^\s*(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;

const NATIVE = /^(src\/(runtime|image|networks|onnx|weights)\/|onnxruntime-node$|sharp$)/;

test('the parent’s side loads no networks, no sharp and no onnxruntime', () => {
  expect([...loadedBy('src/worker/parent.ts')].filter((name) => NATIVE.test(name))).toEqual([]);
});

test('the child’s side does, so the test above can see them', () => {
  const loaded = [...loadedBy('src/worker/child.ts')].filter((name) => NATIVE.test(name));
  expect(loaded).toContain('onnxruntime-node');
  expect(loaded).toContain('sharp');
});

test('the program begins without them too: whatever the bot draws itself is loaded when somebody first asks for it', () => {
  const loaded = loadedBy('src/main.ts', AT_ONCE);
  expect(loaded).toContain('discord.js');
  expect([...loaded].filter((name) => /^(src\/(runtime|networks|onnx)\/|onnxruntime-node$|sharp$)/.test(name))).toEqual(
    [],
  );
});
