// Who may use and hand in LoRAs, as the database keeps it: rules of one server and of everywhere, what a server begins with, uploads, audit.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobStore } from '../../src/core/jobStore.ts';
import { ruleAgainst } from '../../src/core/loraAccess.ts';
import { openStore } from '../../src/store/openStore.ts';

let store: JobStore;
let nowMs = 5_000;
beforeEach(() => {
  store = openStore({ file: ':memory:', clock: { nowMs: () => nowMs } });
});
afterEach(() => store.close());

const INK = { name: 'ink', strength: 0.8, textStrength: 0.8 };
const notes = () =>
  store.audit({ limit: 10 }).map(({ action, guildId, target, note }) => [action, guildId, target, note]);

describe('rules', () => {
  test('hold in their server, those of everywhere in all of them', () => {
    store.setLoraRule({ guildId: 'g1', lora: 'ink', roleIds: ['r1', 'r2'] }, 'mod');
    store.setLoraRule({ guildId: null, lora: 'moth', roleIds: [] }, 'owner');
    const everywhere = { guildId: null, lora: 'moth', roleIds: [] };
    expect(store.loraRules('g1')).toEqual([everywhere, { guildId: 'g1', lora: 'ink', roleIds: ['r1', 'r2'] }]);
    expect(store.loraRules('g2')).toEqual([everywhere]);
    expect(store.loraRules(null)).toEqual([everywhere]);
  });

  test('are replaced and taken back, with a line in the audit each time', () => {
    store.setLoraRule({ guildId: 'g1', lora: 'ink', roleIds: [] }, 'mod');
    store.setLoraRule({ guildId: 'g1', lora: 'ink', roleIds: ['r1'] }, 'mod');
    store.setLoraRule({ guildId: 'g1', lora: 'ink', roleIds: null }, 'mod');
    expect(store.loraRules('g1')).toEqual([]);
    expect(notes()).toEqual([
      ['lora', 'g1', 'ink', 'for everybody'],
      ['lora', 'g1', 'ink', 'for r1'],
      ['lora', 'g1', 'ink', 'for nobody'],
    ]);
  });

  test.each([
    ['no rule for it', 'other', [], undefined],
    ['none of the roles', 'ink', ['r9'], 'ink'],
    ['one of the roles', 'ink', ['r9', 'r2'], undefined],
    ['for nobody', 'moth', ['r1', 'r2'], 'moth'],
  ])('%s', (_, lora, roleIds, against) => {
    const rules = [
      { guildId: 'g1', lora: 'ink', roleIds: ['r1', 'r2'] },
      { guildId: null, lora: 'moth', roleIds: [] },
    ];
    expect(ruleAgainst(lora, rules, { isOwner: false, roleIds })?.lora).toBe(against);
    expect(ruleAgainst(lora, rules, { isOwner: true, roleIds })).toBeUndefined();
  });
});

describe('a server', () => {
  test('says what its people begin with', () => {
    store.setLoraDefaults('g1', [INK], 'mod');
    expect(store.loraDefaults('g1')).toEqual([INK]);
    expect(store.loraDefaults('g2')).toEqual([]);
    expect(store.loraDefaults(null)).toEqual([]);
    store.setLoraDefaults('g1', [], 'mod');
    expect(store.loraDefaults('g1')).toEqual([]);
    expect(notes()[1]).toEqual(['lora', 'g1', 'ink', 'default']);
  });

  test('has roles that hand in', () => {
    expect(store.setLoraUploader('g1', 'r1', true, 'owner')).toBe(true);
    expect(store.setLoraUploader('g1', 'r1', true, 'owner')).toBe(false);
    expect([store.loraUploaders('g1'), store.loraUploaders('g2'), store.loraUploaders(null)]).toEqual([['r1'], [], []]);
    expect(store.setLoraUploader('g1', 'r1', false, 'owner')).toBe(true);
    expect(store.loraUploaders('g1')).toEqual([]);
    expect(notes().map(([, , target, note]) => [target, note])).toEqual([
      ['r1', 'may not upload'],
      ['r1', 'may upload'],
    ]);
  });
});

describe('a file', () => {
  const upload = { lora: 'ink', sha256: 'ab'.repeat(32), userId: 'u1', guildId: 'g1' };

  test('is known by its name and its bytes, and forgotten with its rules and places', () => {
    nowMs = 7_000;
    store.keepLoraUpload(upload);
    store.setLoraRule({ guildId: 'g1', lora: 'ink', roleIds: [] }, 'mod');
    store.setLoraDefaults('g1', [INK, { ...INK, name: 'moth' }], 'mod');
    store.setLoraDefaults('g2', [INK], 'mod');
    expect(store.loraUpload('ink')).toEqual({ ...upload, atMs: 7_000 });
    expect(store.loraUploadOf(upload.sha256)?.lora).toBe('ink');
    store.dropLora('ink', 'g1', 'u1');
    expect([store.loraUpload('ink'), store.loraUploadOf(upload.sha256)]).toEqual([undefined, undefined]);
    expect(store.loraRules('g1')).toEqual([]);
    expect(store.loraDefaults('g1').map(({ name }) => name)).toEqual(['moth']);
    expect(store.loraDefaults('g2')).toEqual([]);
    expect(notes()[0]).toEqual(['lora', 'g1', 'ink', `removed ${upload.sha256}`]);
  });

  test('no longer tells who handed it in once that person is forgotten', () => {
    store.keepLoraUpload(upload);
    store.forget('u1');
    expect(store.loraUpload('ink')).toBeUndefined();
  });
});

describe('a stack', () => {
  test('that is empty on purpose stays; null takes it away; under a name empty is none', () => {
    expect(store.loraStack('u1')).toBeUndefined();
    store.setLoraStack('u1', []);
    expect(store.loraStack('u1')).toEqual([]);
    store.setLoraStack('u1', null);
    expect(store.loraStack('u1')).toBeUndefined();
    store.setLoraStack('u1', [INK], 'mine');
    store.setLoraStack('u1', [], 'mine');
    expect(store.loraStack('u1', 'mine')).toBeUndefined();
  });
});
