// /privacy export | forget: everything the bot keeps about somebody, in their hands or gone.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  AttachmentBuilder,
  ButtonStyle,
  type ChatInputCommandInteraction,
  MessageFlags,
} from 'discord.js';
import type { Forgotten } from '../src/core/people.ts';
import { phrasesOf, replace, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { dropSheet } from '../src/discord/sheets.ts';
import { dropThumbnail } from '../src/discord/thumbnails.ts';
import { button, cardView, row, textPart } from '../src/discord/views/view.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** All of somebody's requests; nobody has more. */
const ALL = 10_000_000;
const { Subcommand } = ApplicationCommandOptionType;

async function giveExport(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const { id: userId } = interaction.user;
  const { requests, pictures } = bot.store.holdings(userId);
  const json = Buffer.from(`${JSON.stringify(exportOf(userId, bot), null, 2)}\n`);
  const digest = createHash('sha256').update(userId).digest('hex').slice(0, 8);
  const file = new AttachmentBuilder(json, { name: `darkroom-${digest}.json` });
  await interaction.editReply({
    content: phrasesOf(interaction).privacy.exported(requests, pictures),
    files: [file],
  });
}

/** Every row that names the person, and what of it stays after `/privacy forget`. Deliberately without tokens, paths and other people's ids. */
function exportOf(userId: string, { store, clock }: BotContext) {
  const { settings = [], ...rows } = store.everythingOf(userId);
  return {
    user: userId,
    exportedAt: new Date(clock.nowMs()).toISOString(),
    settings: settings[0]?.settings ?? {},
    ...rows,
  };
}

async function askForget(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const { label, privacy: words } = phrasesOf(interaction);
  const { requests, pictures } = bot.store.holdings(interaction.user.id);
  const view = cardView([
    textPart(words.ask(requests, pictures)),
    row(
      button(bot.ids.write('forget', interaction.user.id, 'yes'), {
        label: label.forget,
        emoji: '🗑️',
        style: ButtonStyle.Danger,
      }),
      button(bot.ids.write('forget', interaction.user.id, 'no'), { label: label.keep }),
    ),
  ]);
  await show(interaction, view, bot.dataDir);
}

const forget: ButtonHandler = async (interaction, [userId, answer], bot) => {
  const phrases = phrasesOf(interaction);
  if (userId === undefined || interaction.user.id !== userId) return tell(interaction, phrases.notYours());
  if (answer !== 'yes') return replace(interaction, cardView([textPart('👍')]), bot.dataDir);
  const { pictures } = bot.store.holdings(userId);
  const thumbnails = hashesOf(userId, bot);
  const handedIn = inputsOf(userId, bot);
  const sheets = bot.store.list({ userId, limit: ALL }).filter(({ id }) => bot.store.sheetOf(id)?.leadId === id);
  for (const { id } of unfinished(userId, bot)) {
    bot.queue.cancel(id);
    bot.outbox.touch(id);
  }
  const forgotten = bot.store.forget(userId);
  const said = phrases.privacy.forgotten(forgotten.requests, pictures);
  await replace(interaction, cardView([textPart(said)]), bot.dataDir);
  for (const file of forgotten.files) await rm(path.join(bot.dataDir, file), { force: true });
  for (const sha256 of thumbnails) await dropThumbnail(sha256, bot.dataDir);
  for (const { id } of sheets) await dropSheet(id, bot.dataDir);
  // Somebody else may have started from the same picture.
  for (const sha256 of handedIn) if (!bot.store.needsInput(sha256)) await bot.inputs.drop(sha256);
  void takeAway(forgotten.messages, bot);
};

/** One after the other, because Discord limits deletions; nobody waits for them, not even a program that ends. */
async function takeAway(messages: Forgotten['messages'], bot: BotContext): Promise<void> {
  for (const { channelId, messageId } of messages) await bot.messages.remove(channelId, messageId);
}

function unfinished(userId: string, { store }: BotContext) {
  return store.list({ userId, states: ['accepted', 'queued', 'running'], limit: ALL });
}

function hashesOf(userId: string, { store }: BotContext): readonly string[] {
  return store.list({ userId, limit: ALL }).flatMap((job) => store.pictures(job.id).map(({ sha256 }) => sha256));
}

/** Start pictures, masks, and what controls follow. */
function inputsOf(userId: string, { store }: BotContext): ReadonlySet<string> {
  const requests = store.list({ userId, limit: ALL }).map(({ request }) => request);
  const images = requests.flatMap(({ initImage, mask, controls, blended }) => [
    initImage,
    mask,
    ...(blended ?? []),
    ...(controls ?? []).map(({ image }) => image),
  ]);
  return new Set(images.flatMap((image) => image?.sha256 ?? []));
}

export const privacy: SlashCommand = {
  kind: 'slash',
  name: 'privacy',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      {
        en: 'privacy',
        zh: '隐私',
        ru: 'мои-данные',
        es: 'privacidad',
        de: 'datenschutz',
        fr: 'confidentialité',
        ja: 'プライバシー',
      },
      {
        en: 'What this bot keeps about you: take it with you, or have it erased.',
        zh: '本机器人保存的关于你的内容：导出或删除。',
        ru: 'Что бот хранит о вас: забрать или стереть.',
        es: 'Lo que este bot guarda de ti: llévatelo o haz que se borre.',
        de: 'Was dieser Bot über dich aufbewahrt: mitnehmen oder löschen lassen.',
        fr: 'Ce que ce bot garde sur vous : à emporter ou à effacer.',
        ja: 'このボットが保存しているあなたのデータ：持ち出すか、消去します。',
      },
    ),
    options: [
      {
        type: Subcommand,
        ...named(
          {
            en: 'export',
            zh: '导出',
            ru: 'выгрузить',
            es: 'exportar',
            de: 'mitnehmen',
            fr: 'exporter',
            ja: '書き出し',
          },
          {
            en: 'Everything about you as one file, for you alone.',
            zh: '关于你的全部内容，一个文件，只给你。',
            ru: 'Всё о вас одним файлом, только вам.',
            es: 'Todo sobre ti en un archivo, solo para ti.',
            de: 'Alles über dich in einer Datei, nur für dich.',
            fr: 'Tout sur vous en un fichier, pour vous seul.',
            ja: 'あなたに関するすべてを 1 つのファイルで、あなただけに渡します。',
          },
        ),
      },
      {
        type: Subcommand,
        ...named(
          { en: 'forget', zh: '遗忘', ru: 'забыть', es: 'olvidar', de: 'vergessen', fr: 'oublier', ja: '消去' },
          {
            en: 'Erase your prompts and pictures. You are asked once more.',
            zh: '删除你的提示词和图片，执行前会再次确认。',
            ru: 'Стереть ваши промпты и картинки. Бот переспросит.',
            es: 'Borrar tus textos e imágenes. Se pregunta una vez más.',
            de: 'Deine Texte und Bilder löschen. Es wird noch einmal gefragt.',
            fr: 'Effacer vos textes et vos images. Une confirmation est demandée.',
            ja: 'プロンプトと画像を消去します。実行前にもう一度確認します。',
          },
        ),
      },
    ] as APIApplicationCommandOption[],
    ...EVERYWHERE,
  }),
  run: (interaction, bot) =>
    interaction.options.getSubcommand(true) === 'export' ? giveExport(interaction, bot) : askForget(interaction, bot),
  buttons: { forget },
};
