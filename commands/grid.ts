// /grid: one picture for every pair of two settings, on one sheet. Asked about before it is made, because it is many pictures at once.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  MessageFlags,
} from 'discord.js';
import { fitting } from '../src/core/lora.ts';
import { overlay } from '../src/core/promptFlags.ts';
import type { RequestDraft } from '../src/core/request.ts';
import { cellDrafts, type SheetSpec, sheetOf } from '../src/core/sheet.ts';
import { formatSize, suggestedSizes } from '../src/core/size.ts';
import { drawWildcards } from '../src/core/wildcards.ts';
import { phrasesOf, show } from '../src/discord/answers.ts';
import { type AttachmentLike, fetchAttachment } from '../src/discord/attachments.ts';
import type { ButtonHandler, Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { withControlPicture } from '../src/discord/controlPictures.ts';
import { allowedModels } from '../src/discord/houseRules.ts';
import { allowedLoras, loraAskerOf } from '../src/discord/loraAccess.ts';
import { askerOf } from '../src/discord/order.ts';
import { usualModelFor, withPreferences } from '../src/discord/preferences.ts';
import { wordsJobOf } from '../src/discord/results.ts';
import { anotherSheet, answerSheet, sheetQuestion } from '../src/discord/sheetOrders.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { wildcardsOf } from '../src/discord/wildcards.ts';
import { EVERYWHERE } from './install.ts';
import { NAMES, named } from './options.ts';

export interface SheetSource {
  readonly upload?: AttachmentLike | null;
  readonly mask?: AttachmentLike | undefined;
  readonly control?: AttachmentLike | null;
  /** Said beside the prompt, for every cell; the axes go before it. */
  readonly options?: Partial<RequestDraft>;
}

/** Shows what a sheet would be. @throws request_invalid as its cells would */
export async function askSheet(
  interaction: ChatInputCommandInteraction,
  spec: SheetSpec,
  { upload = null, mask, control = null, options = {} }: SheetSource,
  bot: BotContext,
): Promise<void> {
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const person = loraAskerOf(interaction);
  const inputSha256 = await kept(upload, bot);
  const maskSha256 = await kept(mask ?? null, bot);
  const masked = maskSha256 === null ? {} : { mask: { sha256: maskSha256 } };
  const followed = await kept(control, bot);
  const seed = options.seed ?? bot.randomSeed();
  const lists = await wildcardsOf(interaction.user.id, bot);
  const drawn = { ...spec, text: drawWildcards(spec.text, lists, seed) };
  const cells = cellDrafts(drawn, seed).map((cell) =>
    withPreferences({ ...overlay(options as RequestDraft, cell), ...masked }, person, bot),
  );
  const drafts = followed === null ? cells : cells.map((cell) => withControlPicture(cell, { sha256: followed }));
  const asked = { spec, drafts, inputSha256, parentJobId: null };
  await show(interaction, sheetQuestion(askerOf(interaction), asked, phrasesOf(interaction), bot), bot.dataDir);
}

async function kept(attachment: AttachmentLike | null, bot: BotContext): Promise<string | null> {
  return attachment === null ? null : bot.inputs.keep(await fetchAttachment(attachment, bot.attachments));
}

/** The same sheet with another seed, asked about again. */
const sheetAgain: ButtonHandler = async (interaction, [leadId], bot) => {
  const lead = await wordsJobOf(interaction, leadId, bot);
  const sheet = lead === undefined ? undefined : bot.store.sheetOf(lead.id);
  if (lead === undefined || sheet === undefined) return;
  const asker = askerOf(interaction);
  const asked = await anotherSheet(lead, sheet.spec, asker, bot);
  await show(interaction, sheetQuestion(asker, asked, phrasesOf(interaction), bot), bot.dataDir);
};

/** What people may compare, with values of the model they use. */
function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const typed = interaction.options.getFocused().toLowerCase().trim();
  const who = loraAskerOf(interaction);
  const { limits } = bot.catalog;
  const cards = allowedModels(bot.catalog.cards, who, bot);
  const model = usualModelFor(who, bot.store.settings(who.userId), bot);
  const card = cards.find(({ name }) => name === model) ?? cards[0];
  if (card === undefined) return [];
  const { guidance, steps, sampler } = card.defaults;
  const loras = allowedLoras(fitting(card.loras ?? [], card), who, bot)
    .slice(0, 4)
    .map(({ name }) => name);
  const sizes = suggestedSizes(card, limits).slice(0, 4).map(formatSize);
  const values: readonly (readonly [string, readonly (string | number)[]])[] = [
    ['cfg', [0.5, 0.75, 1, 1.5, 2].map((part) => Math.round(part * guidance * 10) / 10)],
    ['steps', [0.5, 0.75, 1, 1.5, 2].map((part) => Math.max(1, Math.round(part * steps)))],
    ['sampler', [...new Set([sampler, 'euler', 'euler_a', 'dpmpp_2m', 'ddim'])]],
    ['schedule', ['karras', 'exponential', 'sgm_uniform', 'beta']],
    ['seed', [1, 2, 3, 4]],
    ['style', Object.keys(card.styles)],
    ['size', sizes],
    ['strength', [0.3, 0.5, 0.7, 0.9]],
    ['model', cards.slice(0, 5).map(({ name }) => name)],
    ['lora', loras.length === 1 ? [0.4, 0.7, 1].map((part) => `${loras[0]}:${part}`) : loras],
    ['words', ['red', 'blue', 'green']],
  ];
  return values
    .filter(([, list]) => new Set(list).size > 1)
    .map(([name, list]) => `${name}: ${[...new Set(list)].join(', ')}`)
    .filter((text) => text.includes(typed))
    .map((text) => ({ name: clip(text, MAX_CHOICE_CHARS), value: text.slice(0, MAX_CHOICE_CHARS) }));
}

const { String: TEXT, Attachment: UPLOAD } = ApplicationCommandOptionType;
const MAX_AXIS_CHARS = 300;

function options(maxPromptChars: number): APIApplicationCommandBasicOption[] {
  return [
    { type: TEXT, required: true, max_length: maxPromptChars, ...NAMES.prompt },
    {
      type: TEXT,
      required: true,
      autocomplete: true,
      max_length: MAX_AXIS_CHARS,
      ...named(
        { en: 'across', zh: '横向', ru: 'по-ширине', es: 'columnas', de: 'spalten', fr: 'colonnes', ja: '横' },
        {
          en: 'What changes from column to column: "cfg: 3, 5, 7", "sampler: euler, ddim".',
          zh: '每列变化的内容：“cfg: 3, 5, 7”、“sampler: euler, ddim”。',
          ru: 'Что меняется от столбца к столбцу: «cfg: 3, 5, 7», «sampler: euler, ddim».',
          es: 'Lo que cambia de columna en columna: «cfg: 3, 5, 7», «sampler: euler, ddim».',
          de: 'Was sich von Spalte zu Spalte ändert: „cfg: 3, 5, 7“, „sampler: euler, ddim“.',
          fr: 'Ce qui change d’une colonne à l’autre : « cfg: 3, 5, 7 », « sampler: euler, ddim ».',
          ja: '列ごとに変えるもの：「cfg: 3, 5, 7」「sampler: euler, ddim」。',
        },
      ),
    },
    {
      type: TEXT,
      autocomplete: true,
      max_length: MAX_AXIS_CHARS,
      ...named(
        { en: 'down', zh: '纵向', ru: 'по-высоте', es: 'filas', de: 'zeilen', fr: 'lignes', ja: '縦' },
        {
          en: 'What changes from row to row, in the same way; leave empty for one row.',
          zh: '每行变化的内容，写法相同；留空则只有一行。',
          ru: 'Что меняется от строки к строке, так же; пусто — одна строка.',
          es: 'Lo que cambia de fila en fila, igual; vacío para una sola fila.',
          de: 'Was sich von Zeile zu Zeile ändert, ebenso; leer für eine Zeile.',
          fr: 'Ce qui change d’une ligne à l’autre, de même ; vide pour une seule ligne.',
          ja: '行ごとに変えるもの。書き方は同じ。空欄なら 1 行。',
        },
      ),
    },
    { type: UPLOAD, ...NAMES.image },
  ];
}

export const grid: SlashCommand = {
  kind: 'slash',
  name: 'grid',
  declare: ({ limits }) => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      {
        en: 'grid',
        zh: '对比图',
        ru: 'сетка',
        es: 'cuadrícula',
        de: 'raster',
        fr: 'grille',
        ja: '比較表',
      },
      {
        en: 'Compare two settings: one picture for every pair, on one labelled sheet.',
        zh: '比较两项设置：每一对组合一张图片，拼成一张带标签的大图。',
        ru: 'Сравнить две настройки: по картинке на каждую пару, на одном листе с подписями.',
        es: 'Comparar dos ajustes: una imagen por cada par, en una hoja con rótulos.',
        de: 'Zwei Einstellungen vergleichen: ein Bild für jedes Paar, auf einem beschrifteten Blatt.',
        fr: 'Comparer deux réglages : une image par paire, sur une feuille légendée.',
        ja: '2 つの設定を比べます：組み合わせごとに 1 枚、ラベル付きの 1 枚のシートに。',
      },
    ),
    options: options(limits.maxPromptChars),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { options: given } = interaction;
    const spec = sheetOf(given.getString('prompt', true), given.getString('across', true), given.getString('down'));
    await askSheet(interaction, spec, { upload: given.getAttachment('image') }, bot);
  },
  suggest,
  buttons: { sheet: answerSheet, sheetAgain },
};
