import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobStore } from '../../src/core/jobStore.ts';
import { openStore } from '../../src/store/openStore.ts';
import { newJob } from '../contract/jobStore.ts';

const RULES = { dailyQuota: 10, maxWaitingPerUser: 10 };

let folder: string;
let file: string;
let store: JobStore;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'darkroom-'));
  file = path.join(folder, 'darkroom.db');
  store = openStore({ file });
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

describe('rules kept in memory', () => {
  test('follow every change of their own store at once', () => {
    const member = { userId: 'ann', guildId: 'g' };
    expect(store.serverLimits('g')).toEqual({});
    store.setServerLimits('g', { maxSteps: 20 }, 'ada');
    expect(store.serverLimits('g')).toEqual({ maxSteps: 20 });
    expect(store.modelRules('g')).toEqual([]);
    store.setModelRule('g', 'emoji', ['r'], 'ada');
    expect(store.modelRules('g')).toEqual([{ model: 'emoji', roleIds: ['r'] }]);
    store.setModelRule('g', 'emoji', null, 'ada');
    expect(store.modelRules('g')).toEqual([]);
    expect(store.banIn(member)).toBeUndefined();
    store.ban(member, 'why', 'ada');
    expect(store.banIn(member)?.reason).toBe('why');
    store.unban(member, 'ada');
    expect(store.banIn(member)).toBeUndefined();
    const everywhere = { userId: 'ann', guildId: null };
    expect(store.banIn(everywhere)).toBeUndefined();
    store.ban(everywhere, 'everywhere', 'ada');
    expect([store.banIn(everywhere)?.reason, store.banIn(member)?.reason]).toEqual(['everywhere', 'everywhere']);
    store.unban(everywhere, 'ada');
    expect(store.banIn(everywhere)).toBeUndefined();
    expect(store.settings('ann')).toEqual({});
    store.setSettings('ann', { steps: 9 });
    expect(store.settings('ann')).toEqual({ steps: 9 });
    expect(store.loraStack('ann')).toBeUndefined();
    store.setLoraStack('ann', [{ name: 'neon', strength: 1, textStrength: 1 }]);
    expect(store.loraStack('ann')).toEqual([{ name: 'neon', strength: 1, textStrength: 1 }]);
    expect(store.quota(member, RULES).limit).toBe(10);
    store.setQuota(member, 3, 'ada');
    expect(store.quota(member, RULES).limit).toBe(3);
    expect(store.queueMode()).toBe('running');
    store.setQueueMode('paused', 'ada');
    expect(store.queueMode()).toBe('paused');
  });

  test('end with the person they are about', () => {
    store.setSettings('ann', { steps: 9 });
    store.setLoraStack('ann', [{ name: 'neon', strength: 1, textStrength: 1 }]);
    expect([store.settings('ann'), store.loraStack('ann')?.length]).toEqual([{ steps: 9 }, 1]);
    store.forget('ann');
    expect([store.settings('ann'), store.loraStack('ann')]).toEqual([{}, undefined]);
  });

  test('are what is in the database again after a change that was taken back', async () => {
    let seen: unknown;
    const change = store.together(() => {
      store.setServerLimits('g', { maxSteps: 20 }, 'ada');
      store.setSettings('ann', { steps: 9 });
      seen = [store.serverLimits('g'), store.settings('ann')];
      throw new Error('no');
    });
    await expect(change).rejects.toThrow('no');
    expect(seen).toEqual([{ maxSteps: 20 }, { steps: 9 }]);
    expect([store.serverLimits('g'), store.settings('ann')]).toEqual([{}, {}]);
  });

  test('follow a change by another program in the next turn of the event loop', async () => {
    expect([store.serverLimits('g'), store.banIn({ userId: 'ann', guildId: null })]).toEqual([{}, undefined]);
    const other = new Sqlite(file);
    other.prepare('INSERT INTO server_limits VALUES (?, ?)').run('g', '{"maxSteps":20}');
    other.prepare('INSERT INTO users (user_id, ban_reason) VALUES (?, ?)').run('ann', 'why');
    other.close();
    await nextTurn();
    expect(store.serverLimits('g')).toEqual({ maxSteps: 20 });
    expect(store.banIn({ userId: 'ann', guildId: null })?.reason).toBe('why');
    expect(store.accept(newJob({ userId: 'ann' }), RULES)).toMatchObject({ ok: false, reason: 'banned' });
  });

  test('a ban kept in memory ends at its time', () => {
    const member = { userId: 'ann', guildId: 'g' };
    const untilMs = Date.now() + 40;
    store.ban(member, 'why', 'ada', untilMs);
    expect(store.banIn(member)).toEqual({ reason: 'why', untilMs });
    while (Date.now() <= untilMs) {}
    expect(store.banIn(member)).toBeUndefined();
  });

  test('cannot be changed by whoever reads them', () => {
    store.setModelRule('g', 'emoji', ['r'], 'ada');
    const [rule] = store.modelRules('g');
    expect(() => (rule!.roleIds as string[]).push('everybody')).toThrow(TypeError);
    expect(store.modelRules('g')).toEqual([{ model: 'emoji', roleIds: ['r'] }]);
  });

  test('leave nothing of theirs in the file', () => {
    store.serverLimits('g');
    const plain = new Sqlite(file, { readonly: true });
    expect(plain.prepare("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%rules_changed%'").pluck().get()).toBe(0);
    plain.close();
  });
});
