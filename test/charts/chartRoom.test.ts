// The process that draws charts: real pictures out of a real database, on a machine without any font too; its time, its end, its line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openChartRoom } from '../../src/charts/chartRoom.ts';
import type { ChartAsk } from '../../src/core/charts.ts';
import type { Stats } from '../../src/core/stats.ts';
import { makeLog } from '../../src/log.ts';
import { compiledEntry, ROOT } from '../../src/root.ts';
import { openMigrated } from '../../src/store/openStore.ts';
import { DAY_MS, NOW_MS, wordsIn } from './words.ts';

/** A machine at work with other tests draws slowly. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'darkroom-charts-'));
const file = path.join(folder, 'darkroom.db');
const log = makeLog('silent');
const ask: ChartAsk = { filter: { guildId: 'guild', sinceMs: NOW_MS - 7 * DAY_MS }, days: 7, nowMs: NOW_MS };
const LIMIT_MS = 100_000;

beforeAll(() => openMigrated({ file }).close());
afterAll(() => rmSync(folder, { recursive: true }));

/** Orders of one server, spread over six days, and a refusal. */
function fill(orders: number): void {
  const db = new Database(file);
  const insert = db.prepare(
    `INSERT INTO jobs (id, kind, state, request, model, work, user_id, guild_id, channel_id, source_id, source_kind, cost,
       created_at_ms, started_at_ms, gpu_ms)
     VALUES (@id, 'imagine', 'delivered', '{"count":2}', 'emoji', 1, @user, 'guild', 'channel', @id, 'interaction', 2,
       @created, @created + @wait, 500)`,
  );
  db.transaction(() => {
    db.prepare('DELETE FROM jobs').run();
    for (const user of ['100', '101', '102']) db.prepare('INSERT OR IGNORE INTO users (user_id) VALUES (?)').run(user);
    for (let at = 0; at < orders; at += 1) {
      const created = NOW_MS - Math.floor(((orders - at) / orders) * 6 * DAY_MS);
      insert.run({ id: `${at}`.padStart(10, '0'), user: `${100 + (at % 3)}`, created, wait: (at % 100) * 10 });
    }
    db.prepare('INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)').run(
      'guild',
      Math.floor(NOW_MS / DAY_MS),
      'quota',
      4,
    );
  })();
  db.close();
}

const names = { '100': 'Ann', '101': '田中', '102': '<b>&amp;' };
const wordsFor = async () => wordsIn('ja', names);

/** How much of a chart is brighter than its ground. */
async function lightPixels(png: Uint8Array): Promise<number> {
  const levels = await sharp(png).greyscale().raw().toBuffer();
  return levels.filter((level) => level > 120).length;
}

describe('with orders', () => {
  beforeAll(() => fill(300));

  test('its charts are counted and drawn, and their names are asked for in between', async () => {
    const seen: Stats[] = [];
    const { stats, pictures } = await openChartRoom({ file, log, limitMs: LIMIT_MS }).draw(ask, (found) => {
      seen.push(found);
      return wordsFor();
    });
    expect(seen).toEqual([stats]);
    expect(stats).toMatchObject({ pictures: 600, people: 3, refused: 4 });
    expect(stats.users).toEqual([
      { name: '100', count: 200 },
      { name: '101', count: 200 },
      { name: '102', count: 200 },
    ]);
    expect(pictures.map(({ name }) => name)).toEqual(['days', 'times', 'ranks']);
    for (const { png, widthPx, heightPx } of pictures) {
      const { format, width, height, hasAlpha } = await sharp(png).metadata();
      expect([format, width, height, hasAlpha]).toEqual(['png', widthPx, heightPx, false]);
      expect(png.length).toBeLessThan(300_000);
      expect(await lightPixels(png)).toBeGreaterThan(3_000);
    }
  });

  test('on a machine without fonts it has letters too, and leaves out names it cannot write', async () => {
    // Nothing but the letters of the program; a missing one would be drawn as a box with its number.
    const own = path.join(ROOT, 'src/image');
    const fonts = path.join(folder, 'fonts.conf');
    writeFileSync(fonts, `<?xml version="1.0"?><fontconfig><dir>${own}</dir></fontconfig>`);
    const ranks = async (names: Record<string, string>) => {
      const room = openChartRoom({ file, log, fonts, limitMs: LIMIT_MS });
      const { pictures } = await room.draw(ask, async () => wordsIn('ja', names));
      return Buffer.from(pictures.find(({ name }) => name === 'ranks')!.png);
    };
    const bare = await ranks({});
    expect((await ranks({ '101': '龍龍龍 한한' })).equals(bare)).toBe(true);
    expect((await ranks({ '101': 'Жук' })).equals(bare)).toBe(false);
  });

  test('figures stay where the drawing fails', async () => {
    const failing = async () => Promise.reject(new Error('no names'));
    const { stats, pictures } = await openChartRoom({ file, log, limitMs: LIMIT_MS }).draw(ask, failing);
    expect([stats.pictures, pictures]).toEqual([600, []]);
  });

  test('a hundred thousand orders leave the bot at leisure', async () => {
    fill(100_000);
    const before = process.cpuUsage();
    const { stats } = await openChartRoom({ file, log, limitMs: LIMIT_MS }).draw(ask, wordsFor);
    const { user, system } = process.cpuUsage(before);
    expect(stats.pictures).toBe(200_000);
    // Of this process, whatever the other one does: counting them alone takes it longer than that.
    expect((user + system) / 1_000).toBeLessThan(250);
  });
});

describe('a process that is no good', () => {
  const draw = (options: { entry?: string; limitMs?: number; file?: string }) =>
    openChartRoom({ file, log, ...options }).draw(ask, wordsFor);

  test('takes its time or its end, and says so', async () => {
    const entry = compiledEntry('test/support/scriptedChild.ts');
    await expect(draw({ entry, limitMs: 300 })).rejects.toThrow('charts: it took more than 0.3 s');
    await expect(draw({ entry: path.join(folder, 'nothing.js') })).rejects.toThrow('ended with exit code 1');
    await expect(draw({ file: path.join(folder, 'none.db'), limitMs: LIMIT_MS })).rejects.toMatchObject({
      code: 'runtime_failed',
      message: expect.stringContaining('unable to open database file'),
    });
    const babbling = path.join(folder, 'babbling.mjs');
    writeFileSync(babbling, "process.on('message', () => process.send({ type: 'counted', stats: { pictures: -1 } }));");
    await expect(draw({ entry: babbling })).rejects.toThrow('an answer nobody understands');
  });

  test('knows no secret', async () => {
    const telling = path.join(folder, 'telling.mjs');
    writeFileSync(
      telling,
      "process.on('message', () => process.send({ type: 'failed', message: Object.keys(process.env).join(' ') }));",
    );
    process.env.DISCORD_TOKEN = 'secret';
    try {
      const thrown = (await draw({ entry: telling }).catch((error: unknown) => error)) as Error;
      expect(thrown.message).toContain('FONTCONFIG_FILE');
      expect(thrown.message).not.toMatch(/TOKEN|REDIS|DATA_DIR|npm_/);
    } finally {
      delete process.env.DISCORD_TOKEN;
    }
  });
});

test('they are drawn one at a time, and few wait', async () => {
  const counting = path.join(folder, 'counting.mjs');
  writeFileSync(
    counting,
    "process.on('message', () => setTimeout(() => process.send({ type: 'failed', message: 'done' }), 200));",
  );
  const room = openChartRoom({ file, log, entry: counting });
  const begunMs = performance.now();
  const all = await Promise.allSettled(Array.from({ length: 6 }, () => room.draw(ask, wordsFor)));
  const reasons = all.map((one) => (one.status === 'rejected' ? String(one.reason.message) : ''));
  expect(reasons.filter((reason) => reason === 'charts: done')).toHaveLength(4);
  expect(reasons.filter((reason) => reason.includes('wait for theirs'))).toHaveLength(2);
  // One after the other.
  expect(performance.now() - begunMs).toBeGreaterThan(4 * 200);
  await expect(room.draw(ask, wordsFor)).rejects.toThrow('done');
});
