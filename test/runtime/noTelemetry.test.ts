// Nothing about anybody's models leaves the machine: onnxruntime is told so before it loads, wherever it is loaded.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiledEntry, ROOT } from '../../src/root.ts';

const FOLDER = path.join(ROOT, 'src/runtime');

test('every file that imports the package says so first', () => {
  const users = readdirSync(FOLDER).filter((name) =>
    /from 'onnxruntime-node'/.test(readFileSync(path.join(FOLDER, name), 'utf8')),
  );
  expect(users.length).toBeGreaterThan(1);
  for (const name of users) {
    const [first] = /^import .*$/m.exec(readFileSync(path.join(FOLDER, name), 'utf8')) ?? [];
    expect(first, name).toBe("import './noTelemetry.ts';");
  }
});

test('a process that loads it leaves no device id and no waiting reports at home', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'darkroom-home-'));
  try {
    const { href } = pathToFileURL(compiledEntry('src/runtime/session.js'));
    // The package sets itself up with the first model it is given, whatever that is.
    const program = `import(${JSON.stringify(href)}).then(async () => {
      const { InferenceSession } = require(${JSON.stringify(path.join(ROOT, 'node_modules/onnxruntime-node'))});
      await InferenceSession.create(Buffer.from('no model')).catch(() => undefined);
      console.log(process.env.ORT_DISABLE_TELEMETRY);
    })`;
    const env = { PATH: process.env.PATH, HOME: home, XDG_CACHE_HOME: home, XDG_DATA_HOME: home };
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], { env, encoding: 'utf8' });
    expect(stdout.trim()).toBe('1');
    expect(stderr).not.toMatch(/telemetry/i);
    expect(readdirSync(home)).toEqual([]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
