// The bot as people meet it: commands, buttons, forms, replies, on a strict local Discord.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesOf, House, labelsOf } from './house.ts';

let house: House;
beforeEach(async () => {
  house = await House.open();
});
afterEach(() => house.close());

describe('/imagine', () => {
  test('answers privately at once, posts one message, and turns it into the picture', async () => {
    house.worker.hold();
    const outcome = await house.emulator.as(house.alice).command(house.channelId, 'imagine', {
      prompt: 'a *red* heart',
      seed: 42,
      steps: 10,
      guidance: 0,
      size: '64x96',
      style: 'noto',
      negative: '@everyone',
    });
    expect(outcome).toMatchObject({ kind: 'message', message: { ephemeral: true } });
    const job = house.newest()!;
    expect(outcome.message?.content).toContain(`#${job.id}`);
    await house.emulator.until(() => house.posts().length === 1);
    house.worker.report(5);
    await house.emulator.until(() => house.posts()[0]?.content.includes('50 %'));
    expect(labelsOf(house.posts()[0]!)).toEqual(['Cancel']);
    house.worker.release();
    const { message } = await house.jobIn('delivered');
    expect(house.posts()).toHaveLength(1);
    expect(message.content).toContain(`**a \\*red\\* heart** · <@${house.alice}>`);
    expect(message.content).toContain('seed `42` · 64×96 · 10 steps · guidance 0');
    expect(filesOf(message)).toMatchObject([{ filename: `darkroom-${job.id}-1.png` }]);
    expect(filesOf(message)[0]?.description).toBe('Generated picture: a *red* heart');
    expect(labelsOf(message)).toEqual(['Vary', 'Again', 'Edit prompt', 'Recipe', 'Delete']);
    expect(house.worker.tasks[0]?.request).toMatchObject({ seed: 42, negativePrompt: '@everyone', style: 'noto' });
  });
});
