// /blend: two to five pictures become one. Without a network that reads pictures this is what a darkroom does: a double exposure, which the
// model then draws over with the words of all of them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type Attachment,
  type ChatInputCommandInteraction,
  MessageFlags,
} from 'discord.js';
import type { JobRecord, PictureRecord } from '../src/core/job.ts';
import { parseRecipe } from '../src/core/recipe.ts';
import { MAX_BLENDED, type RequestDraft } from '../src/core/request.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import { fetchAttachment } from '../src/discord/attachments.ts';
import type { SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import { askerOf, previewOrder } from '../src/discord/order.ts';
import { withPreferences } from '../src/discord/preferences.ts';
import { mayUseWords, singlesOf } from '../src/discord/results.ts';
import { readDrawn, wildcardsOf } from '../src/discord/wildcards.ts';
import { readPictureText } from '../src/image/pictureText.ts';
import { EVERYWHERE } from './install.ts';
import { NAMES, named, type Words } from './options.ts';
import { findJob } from './show.ts';

const MIN_PICTURES = 2;
/** Enough for two shapes to become one, and little enough that both are still seen. */
const BLEND_STRENGTH = 0.75;

/** One of the pictures: its bytes, and the words it was made with where they may be used. */
interface Ingredient {
  readonly bytes: Buffer;
  readonly words: string;
  readonly from: { readonly job: JobRecord; readonly picture: PictureRecord } | null;
}

async function run(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const phrases = phrasesOf(interaction);
  const { blend } = phrases.making;
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const known = namedPictures(interaction, bot);
  if (typeof known === 'string') return tell(interaction, known);
  const uploads = uploadsOf(interaction);
  const count = known.length + uploads.length;
  if (count < MIN_PICTURES || count > MAX_BLENDED) return tell(interaction, blend.howMany(MIN_PICTURES, MAX_BLENDED));
  const ingredients = [
    ...(await Promise.all(known.map((one) => ofResult(one, interaction.user.id, bot)))),
    ...(await Promise.all(uploads.map((upload) => ofUpload(upload, bot)))),
  ];
  if (!ingredients.every((one) => one !== undefined)) return tell(interaction, phrases.notFinished());
  const said = interaction.options.getString('prompt') ?? '';
  const text = said === '' ? joined(ingredients.map(({ words }) => words)) : said;
  if (text === '') return tell(interaction, blend.wordsNeeded());
  const draft = await draftOf(interaction, text, bot);
  const [first] = ingredients.flatMap(({ from }) => from ?? []);
  const parent = first === undefined ? {} : { parent: { jobId: first.job.id, imageIndex: first.picture.imageIndex } };
  const { size } = previewOrder(
    { kind: 'variation', draft, start: { kind: 'kept', sha256: '0'.repeat(64) } },
    askerOf(interaction),
    bot,
  );
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { doubleExposure } = await import('../src/image/doubleExposure.ts');
  const over = await doubleExposure(
    ingredients.map(({ bytes }) => bytes),
    size,
  );
  const start = { kind: 'kept', sha256: await bot.inputs.keep(over) } as const;
  // Each is looked at by itself before anything is drawn: laid over each other they may hide what they show.
  const blended = await Promise.all(ingredients.map(async ({ bytes }) => ({ sha256: await bot.inputs.keep(bytes) })));
  await orderOrAsk(interaction, { kind: 'variation', draft: { ...draft, blended }, start, ...parent }, bot);
}

async function draftOf(interaction: ChatInputCommandInteraction, text: string, bot: BotContext): Promise<RequestDraft> {
  const lists = await wildcardsOf(interaction.user.id, bot);
  const wanted = readDrawn(text, {}, lists, bot.randomSeed);
  const strength = interaction.options.getNumber('strength') ?? wanted.strength ?? BLEND_STRENGTH;
  const person = loraAskerOf(interaction);
  return withPreferences({ ...wanted, strength }, person, bot);
}

/** Each once, in their order. */
function joined(words: readonly string[]): string {
  return [...new Set(words.filter((text) => text !== ''))].join(', ');
}

/** "abcdefghij, bcdefghijk 2". Words for the person where one cannot be had. */
function namedPictures(
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
): readonly { readonly job: JobRecord; readonly number: number }[] | string {
  const text = interaction.options.getString('pictures') ?? '';
  const found: { readonly job: JobRecord; readonly number: number }[] = [];
  for (const part of text.split(/[,，;]/u)) {
    const [id = '', number = '1'] = part.trim().split(/\s+/);
    if (id === '') continue;
    const job = findJob(interaction, id, bot);
    if (typeof job === 'string') return job;
    found.push({ job, number: Number(number) });
  }
  return found;
}

function uploadsOf({ options }: ChatInputCommandInteraction): readonly Attachment[] {
  return UPLOADS.flatMap(({ name }) => options.getAttachment(name.en) ?? []);
}

async function ofResult(
  { job, number }: { readonly job: JobRecord; readonly number: number },
  readerId: string,
  { store, dataDir }: BotContext,
): Promise<Ingredient | undefined> {
  const picture = singlesOf(job.id, { store })[number - 1];
  if (picture === undefined) return undefined;
  const bytes = await readFile(path.join(dataDir, picture.path)).catch(() => undefined);
  const words = mayUseWords(job, readerId) ? job.request.prompt : '';
  return bytes === undefined ? undefined : { bytes, words, from: { job, picture } };
}

/** @throws attachment_refused */
async function ofUpload(upload: Attachment, bot: BotContext): Promise<Ingredient> {
  const bytes = await fetchAttachment(upload, bot.attachments);
  return { bytes, words: wordsIn(bytes), from: null };
}

/** Of a picture that carries its recipe. */
function wordsIn(bytes: Buffer): string {
  try {
    const found = readPictureText(bytes);
    return found?.kind === 'recipe' ? (parseRecipe(found.text).draft.prompt ?? '') : '';
  } catch {
    return ''; // a damaged text is no recipe; a damaged picture is refused when it is decoded
  }
}

const { String: TEXT, Number: NUMBER, Attachment: UPLOAD } = ApplicationCommandOptionType;

const UPLOADS: readonly { readonly name: Words; readonly about: Words }[] = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
].map((en, index) => ({
  name: {
    en,
    zh: `图${index + 1}`,
    ru: `картинка-${index + 1}`,
    es: `imagen-${index + 1}`,
    de: `bild-${index + 1}`,
    fr: `image-${index + 1}`,
    ja: `画像${index + 1}`,
  },
  about: {
    en: 'A picture of your own (PNG, JPEG, WebP).',
    zh: '你自己的图片（PNG、JPEG、WebP）。',
    ru: 'Своя картинка (PNG, JPEG, WebP).',
    es: 'Una imagen tuya (PNG, JPEG, WebP).',
    de: 'Ein eigenes Bild (PNG, JPEG, WebP).',
    fr: 'Une image à vous (PNG, JPEG, WebP).',
    ja: '自分の画像（PNG、JPEG、WebP）。',
  },
}));

function options(maxPromptChars: number): APIApplicationCommandBasicOption[] {
  const uploads = UPLOADS.map(({ name, about }) => ({ type: UPLOAD, ...named(name, about) }) as const);
  return [
    ...uploads.slice(0, 2),
    {
      type: TEXT,
      max_length: 100,
      ...named(
        { en: 'pictures', zh: '作品', ru: 'номера', es: 'obras', de: 'werke', fr: 'œuvres', ja: '作品' },
        {
          en: 'Pictures made here, by their ids: abcdefghij, bcdefghijk 2.',
          zh: '这里生成的图片编号：abcdefghij, bcdefghijk 2。',
          ru: 'Картинки отсюда, по номерам: abcdefghij, bcdefghijk 2.',
          es: 'Imágenes hechas aquí, por su id: abcdefghij, bcdefghijk 2.',
          de: 'Hier gemachte Bilder nach Kennung: abcdefghij, bcdefghijk 2.',
          fr: 'Images faites ici, par leur id : abcdefghij, bcdefghijk 2.',
          ja: 'ここで作った画像の番号：abcdefghij, bcdefghijk 2。',
        },
      ),
    },
    {
      type: TEXT,
      max_length: maxPromptChars,
      ...named(NAMES_OF_PROMPT, {
        en: 'What the whole shall be; without it, the words of the pictures together.',
        zh: '整体要画什么；不填则合并各图片的提示词。',
        ru: 'Чем должно стать целое; без этого — слова всех картинок вместе.',
        es: 'Lo que debe ser el conjunto; sin esto, las palabras de las imágenes juntas.',
        de: 'Was das Ganze sein soll; ohne Angabe die Worte aller Bilder zusammen.',
        fr: 'Ce que doit être le tout ; sans cela, les mots des images réunis.',
        ja: '全体を何にするか。なければ各画像の言葉を合わせます。',
      }),
    },
    { type: NUMBER, min_value: 0, max_value: 1, ...NAMES.strength },
    ...uploads.slice(2),
  ];
}

const NAMES_OF_PROMPT: Words = {
  en: 'prompt',
  zh: '提示词',
  ru: 'промпт',
  es: 'texto',
  de: 'text',
  fr: 'texte',
  ja: 'プロンプト',
};

export const blend: SlashCommand = {
  kind: 'slash',
  name: 'blend',
  declare: ({ limits }) => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'blend', zh: '融合', ru: 'смешать', es: 'mezclar', de: 'mischen', fr: 'mélanger', ja: 'ブレンド' },
      {
        en: 'Make one picture of two to five: a double exposure, drawn over with their words.',
        zh: '把两到五张图片合成一张：先叠曝，再按它们的文字重画。',
        ru: 'Одна картинка из двух–пяти: двойная экспозиция, перерисованная по их словам.',
        es: 'Hacer una imagen de dos a cinco: doble exposición, redibujada con sus palabras.',
        de: 'Aus zwei bis fünf Bildern eines machen: doppelt belichtet, mit ihren Worten neu gemalt.',
        fr: 'Faire une image de deux à cinq : double exposition, redessinée avec leurs mots.',
        ja: '2〜5 枚を 1 枚に：多重露光してから、それぞれの言葉で描き直します。',
      },
    ),
    options: options(limits.maxPromptChars),
    ...EVERYWHERE,
  }),
  run,
};
