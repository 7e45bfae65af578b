// The stacks of LoRAs people keep. Deliberately not here: whether a LoRA exists or fits; files come and go, and a stack waits for them.
import type { LoraStacks, LoraUse } from '../core/lora.ts';
import type { Database } from './database.ts';
import type { Remembering } from './remembering.ts';

/** Every method that changes something is called inside the store's transaction. */
export function makeLoraStacks(db: Database, remembered: Remembering): LoraStacks {
  const know = db.prepare<[string]>('INSERT INTO users (user_id) VALUES (?) ON CONFLICT DO NOTHING');
  const get = db
    .prepare<[string, string], string>('SELECT loras FROM lora_stacks WHERE user_id = ? AND name = ?')
    .pluck();
  const put = db.prepare<[string, string, string]>('INSERT OR REPLACE INTO lora_stacks VALUES (?, ?, ?)');
  const drop = db.prepare<[string, string]>('DELETE FROM lora_stacks WHERE user_id = ? AND name = ?');
  const names = db
    .prepare<[string], string>("SELECT name FROM lora_stacks WHERE user_id = ? AND name <> '' ORDER BY name")
    .pluck();
  const stackOf = (userId: string, name: string) => {
    const loras = get.get(userId, name);
    return loras === undefined ? undefined : (JSON.parse(loras) as readonly LoraUse[]);
  };
  const inUse = remembered.of((userId: string) => stackOf(userId, ''));
  return {
    loraStack: (userId, name = '') => (name === '' ? inUse(userId) : stackOf(userId, name)),
    setLoraStack(userId, loras, name = '') {
      if (loras === null || (loras.length === 0 && name !== '')) {
        drop.run(userId, name);
        return;
      }
      know.run(userId);
      put.run(userId, name, JSON.stringify(loras));
    },
    loraStackNames: (userId) => names.all(userId),
  };
}
