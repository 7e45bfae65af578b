// /queue: how many wait, how many are being made, and where one's own requests stand.
import { ApplicationCommandType } from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { phrasesOf, show } from '../src/discord/answers.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { queueView } from '../src/discord/views/listViews.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** Lines of one's own requests; the owner's limit on waiting requests is usually lower. */
const SHOWN_JOBS = 10;

/** A countdown that has run out would say "4 seconds ago". */
function readyAtMs({ id }: JobRecord, { store, clock }: BotContext): number | 'soon' | undefined {
  const expected = store.readyAtMs(id);
  return expected !== undefined && expected <= clock.nowMs() ? 'soon' : expected;
}

export const queue: SlashCommand = {
  kind: 'slash',
  name: 'queue',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'queue', zh: '队列', ru: 'очередь', es: 'cola', de: 'schlange', fr: 'file', ja: '順番' },
      {
        en: 'How long the queue is, where your requests stand and when they will be ready.',
        zh: '查看队列长度、你的请求的位置和完成时间。',
        ru: 'Какая очередь, где в ней ваши запросы и когда они будут готовы.',
        es: 'Cuánta cola hay, dónde están tus peticiones y cuándo estarán listas.',
        de: 'Wie lang die Schlange ist, wo deine Aufträge stehen und wann sie fertig sind.',
        fr: 'La longueur de la file, la place de vos demandes et quand elles seront prêtes.',
        ja: '待ち行列の長さ、あなたの依頼の順番と完成予定。',
      },
    ),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { user } = interaction;
    const counts = bot.store.counts();
    const jobs = bot.store.list({ userId: user.id, states: ['accepted', 'queued', 'running'], limit: SHOWN_JOBS });
    // A row that is just being answered stands behind everybody.
    const placeOf = ({ id }: JobRecord) => bot.store.position(id) ?? counts.waiting - 1;
    const mine = jobs
      .map((job) => ({
        job,
        position: job.state === 'running' ? undefined : placeOf(job),
        readyAtMs: readyAtMs(job, bot),
      }))
      .sort((a, b) => (a.position ?? -1) - (b.position ?? -1));
    await show(
      interaction,
      queueView({ ...counts, mode: bot.store.queueMode(), mine }, phrasesOf(interaction)),
      bot.dataDir,
    );
  },
};
