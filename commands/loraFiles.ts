// /lora upload | remove: files somebody hands in. Whether they may is checked here, at every use; what the file is, is judged elsewhere.
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
  MessageFlags,
} from 'discord.js';
import { findLora } from '../src/core/loraChoice.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { BotContext } from '../src/discord/context.ts';
import { loraAskerOf, mayHandIn } from '../src/discord/loraAccess.ts';
import type { HandedIn, LoraFolder } from '../src/discord/loraFolder.ts';
import type { Phrases } from '../src/discord/phrases/phrases.ts';
import { quoted } from '../src/discord/text.ts';
import { toDarkroomError } from '../src/errors.ts';
import { named } from './options.ts';

const { Subcommand, String: TEXT, Attachment } = ApplicationCommandOptionType;
const MAX_REASON_CHARS = 600;

/** Reading a file through takes longer than Discord waits for an answer. */
export async function handInLora(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const { loraKeeping: words } = phrasesOf(interaction);
  const asker = loraAskerOf(interaction);
  if (!mayHandIn(asker, bot)) return tell(interaction, words.mayNotHandIn());
  if (bot.loraFolder === undefined) return tell(interaction, words.noFolder());
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const attachment = interaction.options.getAttachment('file', true);
  const name = interaction.options.getString('name');
  await tell(interaction, await handedIn(attachment, name, asker, bot.loraFolder, phrasesOf(interaction), bot));
}

async function handedIn(
  attachment: { readonly url: string; readonly size: number; readonly name: string },
  name: string | null,
  { userId, guildId }: { readonly userId: string; readonly guildId: string | null },
  folder: LoraFolder,
  { loraKeeping: words }: Phrases,
  bot: BotContext,
): Promise<string> {
  const cards = () => bot.catalog.cards[0]?.loras ?? [];
  const isTaken = (wanted: string) => findLora(wanted, cards()) !== undefined;
  const nameOf = (sha256: string) => {
    const known = bot.store.loraUploadOf(sha256)?.lora ?? bot.hashes.loraOf(sha256);
    return known !== undefined && isTaken(known) ? known : undefined;
  };
  try {
    const done = await folder.handIn(attachment, name, { nameOf, isTaken });
    if (done.kind === 'kept') bot.store.keepLoraUpload({ lora: done.name, sha256: done.sha256, userId, guildId });
    return outcome(done, words);
  } catch (thrown) {
    const error = toDarkroomError(thrown);
    const isTheFile = ['attachment_refused', 'weights_invalid', 'model_unsupported'].includes(error.code);
    if (!isTheFile) throw thrown;
    return words.refused(quoted(error.message, MAX_REASON_CHARS));
  }
}

function outcome(done: HandedIn, words: Phrases['loraKeeping']): string {
  const name = quoted(done.name, 80);
  if (done.kind === 'known') return words.known(name);
  if (done.kind === 'taken') return words.taken(name);
  const models = done.verdict.fits.map((model) => quoted(model, 60)).join(', ');
  return words.handedIn(name, quoted(done.verdict.family, 60), models);
}

/** What was put there by hand stays the owner's to take away by hand. */
export async function removeLora(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const { loraKeeping: words } = phrasesOf(interaction);
  const asked = interaction.options.getString('name', true);
  const name = findLora(asked, bot.catalog.cards[0]?.loras ?? [])?.name ?? asked;
  const upload = bot.store.loraUpload(name);
  const { user, guildId } = interaction;
  if (upload === undefined) return tell(interaction, words.notHandedIn(quoted(name, 80)));
  if (upload.userId !== user.id && !bot.isOwner(user.id))
    return tell(interaction, words.mayNotRemove(quoted(name, 80)));
  if (bot.loraFolder === undefined) return tell(interaction, words.noFolder());
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  await bot.loraFolder.remove(name);
  bot.store.dropLora(name, guildId, user.id);
  await tell(interaction, words.removed(quoted(name, 80)));
}

const file: APIApplicationCommandOption = {
  type: Attachment,
  required: true,
  ...named(
    { en: 'file', zh: '文件', ru: 'файл', es: 'archivo', de: 'datei', fr: 'fichier', ja: 'ファイル' },
    {
      en: 'The .safetensors file.',
      zh: '.safetensors 文件。',
      ru: 'Файл .safetensors.',
      es: 'El archivo .safetensors.',
      de: 'Die .safetensors-Datei.',
      fr: 'Le fichier .safetensors.',
      ja: '.safetensors ファイル。',
    },
  ),
};

const newName: APIApplicationCommandOption = {
  type: TEXT,
  max_length: 80,
  ...named(
    { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
    {
      en: 'What it is to be called; the file’s name when left out.',
      zh: '它的名称；不填则用文件名。',
      ru: 'Как её назвать; без этого — по имени файла.',
      es: 'Cómo se llamará; si falta, como el archivo.',
      de: 'Wie sie heißen soll; sonst wie die Datei.',
      fr: 'Son nom ; sinon celui du fichier.',
      ja: '名前。省くとファイル名になります。',
    },
  ),
};

/** @param name the option that names a LoRA */
export const loraFileCommands = (name: APIApplicationCommandOption) =>
  [
    {
      type: Subcommand,
      ...named(
        { en: 'upload', zh: '上传', ru: 'загрузить', es: 'entregar', de: 'abgeben', fr: 'déposer', ja: 'アップロード' },
        {
          en: 'Hand in a LoRA; for the owner of this bot and those the owner lets.',
          zh: '上传 LoRA；仅限本机器人的所有者及其允许的人。',
          ru: 'Загрузить LoRA; для владельца бота и тех, кому он разрешил.',
          es: 'Entregar una LoRA; para el dueño del bot y a quienes deje.',
          de: 'Eine LoRA abgeben; für den Besitzer des Bots und wen er lässt.',
          fr: 'Déposer une LoRA ; pour le propriétaire du bot et qui il autorise.',
          ja: 'LoRA をアップロードします。ボットの持ち主と許された人だけ。',
        },
      ),
      options: [file, newName],
    },
    {
      type: Subcommand,
      ...named(
        { en: 'remove', zh: '移除', ru: 'удалить', es: 'eliminar', de: 'entfernen', fr: 'retirer', ja: '削除' },
        {
          en: 'Take away a LoRA you handed in, for everybody.',
          zh: '为所有人移除你上传的 LoRA。',
          ru: 'Удалить загруженную вами LoRA, для всех.',
          es: 'Quitar una LoRA que entregaste, para todos.',
          de: 'Eine LoRA, die du abgegeben hast, für alle wegnehmen.',
          fr: 'Retirer une LoRA que vous avez déposée, pour tous.',
          ja: 'あなたがアップロードした LoRA を、全員から取り除きます。',
        },
      ),
      options: [name],
    },
  ] as APIApplicationCommandOption[];
