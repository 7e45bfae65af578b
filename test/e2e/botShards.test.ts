// A bot in so many servers that Discord wants several connections: it opens them by itself, and everybody is answered once.
import { expect, test } from 'vitest';
import { isFinal } from '../../src/core/job.ts';
import { eventually, House } from './house.ts';

const shardOf = (guildId: string) => Number((BigInt(guildId) >> 22n) % 2n);

test('two shards: servers of both are answered once each', { timeout: 90_000 }, async () => {
  const house = await House.open({ emulator: { shards: 2 } });
  const { emulator } = house;
  try {
    await eventually(() => house.bot.isConnected() && emulator.gateway.connected.length === 2, 30_000);
    const shards = emulator.gateway.connected.map(({ shard }) => shard.join(' of '));
    expect(shards.toSorted()).toEqual(['0 of 2', '1 of 2']);

    const first = { id: house.guildId, channelId: house.channelId };
    const places = [first.channelId];
    // Ids tell the time, so that the parity of their milliseconds decides; sooner or later there is one of the other shard.
    for (let id = first.id; shardOf(id) === shardOf(first.id); ) {
      const guild = emulator.addGuild('Annex', house.owner, { memberIds: [house.alice] });
      id = guild.id;
      places[1] = emulator.addChannel(guild.id, 'pictures').id;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const channelId of places) {
      const answer = await emulator.as(house.alice).command(channelId, 'imagine', { prompt: 'a red heart', steps: 2 });
      expect(answer.kind).not.toBe('failed');
    }
    await eventually(() => {
      const jobs = house.store.list({ limit: 9 });
      return jobs.length === 2 && jobs.every(({ state }) => isFinal(state));
    }, 30_000);
    expect(house.store.list({ limit: 9 }).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    const botId = emulator.world.bot.id;
    for (const channelId of places) {
      const posts = emulator.view(channelId, house.alice).filter((message) => {
        return (message.author as { id?: string }).id === botId && !message.ephemeral;
      });
      expect(posts).toHaveLength(1);
    }
  } finally {
    await house.close();
  }
});
