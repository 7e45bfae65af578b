// /queue: how many wait, how many are being made, and where one's own requests stand.
import { ApplicationCommandType } from 'discord.js';
import { phrasesOf, show } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import { queueView } from '../src/discord/views/listViews.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** Lines of one's own requests; the owner's limit on waiting requests is usually lower. */
const SHOWN_JOBS = 10;

export const queue: SlashCommand = {
  kind: 'slash',
  name: 'queue',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'queue', zh: '队列', ru: 'очередь' },
      {
        en: 'How long the queue is and where your requests stand.',
        zh: '查看队列长度和你的请求的位置。',
        ru: 'Какая очередь и где в ней ваши запросы.',
      },
    ),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { user } = interaction;
    const jobs = bot.store.list({ userId: user.id, states: ['queued', 'running'], limit: SHOWN_JOBS });
    const mine = jobs.map((job) => ({
      job,
      position: job.state === 'queued' ? bot.store.position(job.id) : undefined,
    }));
    await show(interaction, queueView({ ...bot.store.counts(), mine }, phrasesOf(interaction)), bot.dataDir);
  },
};
