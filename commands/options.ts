// The options of /imagine: their declaration with names and descriptions in every language there is, and how they become a draft.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
} from 'discord.js';
import {
  MAX_CLIP_SKIP,
  type RequestDraft,
  refuse,
  SAMPLERS,
  type SamplerName,
  SEED_COUNT,
} from '../src/core/request.ts';
import { parseAspect, parseSize } from '../src/core/size.ts';
import type { Catalog } from '../src/discord/context.ts';

/** One text in the languages there are; where one is missing Discord shows English. */
export interface Words {
  readonly en: string;
  readonly zh: string;
  readonly ru: string;
  readonly es?: string;
  readonly de?: string;
  readonly fr?: string;
  readonly ja?: string;
}

/** The locales Discord has for our languages. */
export function localized({ zh, ru, es, de, fr, ja }: Words): Record<string, string> {
  const texts = { 'zh-CN': zh, ru, 'es-ES': es, 'es-419': es, de, fr, ja };
  return Object.fromEntries(
    Object.entries(texts).flatMap(([locale, text]) => (text === undefined ? [] : [[locale, text]])),
  );
}

/** English text and its translations, as Discord's declarations want them. */
export function named(name: Words, description: Words) {
  return {
    name: name.en,
    name_localizations: localized(name),
    description: description.en,
    description_localizations: localized(description),
  };
}

const { String: TEXT, Integer: WHOLE, Number: NUMBER, Attachment: UPLOAD } = ApplicationCommandOptionType;

/** The options in the order people meet them; `model` only where there is a choice. */
export function imagineOptions({ cards, limits }: Catalog): APIApplicationCommandBasicOption[] {
  const model: APIApplicationCommandBasicOption = { type: TEXT, autocomplete: true, ...NAMES.model };
  return [
    { type: TEXT, required: true, max_length: limits.maxPromptChars, ...NAMES.prompt },
    { type: TEXT, max_length: limits.maxPromptChars, ...NAMES.negative },
    { type: TEXT, autocomplete: true, ...NAMES.style },
    { type: TEXT, autocomplete: true, ...NAMES.size },
    { type: WHOLE, min_value: 1, max_value: limits.maxCount, ...NAMES.count },
    { type: UPLOAD, ...NAMES.image },
    { type: UPLOAD, ...NAMES.mask },
    { type: NUMBER, min_value: 0, max_value: 1, ...NAMES.strength },
    { type: WHOLE, min_value: 0, max_value: SEED_COUNT - 1, ...NAMES.seed },
    { type: WHOLE, min_value: 1, max_value: limits.maxSteps, ...NAMES.steps },
    { type: NUMBER, min_value: 0, max_value: limits.maxGuidance, ...NAMES.guidance },
    { type: TEXT, autocomplete: true, ...NAMES.sampler },
    { type: WHOLE, min_value: 1, max_value: MAX_CLIP_SKIP, ...NAMES.clipSkip },
    ...(cards.length > 1 ? [model] : []),
  ];
}

const NAMES = {
  prompt: named(
    { en: 'prompt', zh: '提示词', ru: 'промпт' },
    {
      en: 'What to draw, in any language: "a red heart". Details and colours help.',
      zh: '要画什么，任何语言都可以：“一颗红心”。写出细节和颜色会更好。',
      ru: 'Что нарисовать, на любом языке: «красное сердце». Детали и цвета помогают.',
    },
  ),
  negative: named(
    { en: 'negative', zh: '反向提示词', ru: 'негатив' },
    {
      en: 'What to keep out of the picture: "text, blur".',
      zh: '不希望出现的内容：“文字、模糊”。',
      ru: 'Чего на картинке быть не должно: «текст, размытость».',
    },
  ),
  style: named(
    { en: 'style', zh: '风格', ru: 'стиль' },
    {
      en: 'The look of the picture; "none" for the words alone.',
      zh: '画面风格；“none”表示不加风格。',
      ru: 'Вид картинки; «none» — только ваши слова.',
    },
  ),
  size: named(
    { en: 'size', zh: '尺寸', ru: 'размер' },
    {
      en: 'Width x height in pixels, such as 128x128, or a shape such as 3:2. Larger takes longer.',
      zh: '宽x高（像素），如 128x128，或比例，如 3:2。越大越慢。',
      ru: 'Ширина x высота в пикселях, например 128x128, или форма, например 3:2. Больше — дольше.',
    },
  ),
  count: named(
    { en: 'count', zh: '数量', ru: 'количество' },
    {
      en: 'How many pictures; each counts against your day.',
      zh: '图片数量；每张都计入当天配额。',
      ru: 'Сколько картинок; каждая идёт в счёт дневной квоты.',
    },
  ),
  image: named(
    { en: 'image', zh: '图片', ru: 'картинка' },
    {
      en: 'A picture to start from (PNG, JPEG, WebP).',
      zh: '作为起点的图片（PNG、JPEG、WebP）。',
      ru: 'Картинка, с которой начать (PNG, JPEG, WebP).',
    },
  ),
  mask: named(
    { en: 'mask', zh: '蒙版', ru: 'маска', es: 'máscara', de: 'maske', fr: 'masque', ja: 'マスク' },
    {
      en: 'Where to repaint the image: white is painted anew, black stays as it is. Needs an image.',
      zh: '重画图片的哪些部分：白色重画，黑色保持不变。需要图片。',
      ru: 'Что перерисовать на картинке: белое рисуется заново, чёрное остаётся. Нужна картинка.',
      es: 'Qué repintar de la imagen: lo blanco se pinta de nuevo, lo negro queda igual. Necesita una imagen.',
      de: 'Was vom Bild neu gemalt wird: Weißes neu, Schwarzes bleibt. Braucht ein Bild.',
      fr: 'Ce qui est repeint de l’image : le blanc est refait, le noir reste. Il faut une image.',
      ja: '画像のどこを描き直すか：白は描き直し、黒はそのまま。画像が必要です。',
    },
  ),
  strength: named(
    { en: 'strength', zh: '变化强度', ru: 'сила' },
    {
      en: 'How much of the start picture may change: 0.3 a little, 0.8 a lot. Needs an image.',
      zh: '起点图片可以改变多少：0.3 少许，0.8 很多。需要图片。',
      ru: 'Насколько можно изменить начальную картинку: 0.3 немного, 0.8 сильно. Нужна картинка.',
    },
  ),
  seed: named(
    { en: 'seed', zh: '种子', ru: 'зерно' },
    {
      en: 'The same seed and recipe make the same picture; leave empty for a new one.',
      zh: '相同的种子和配方得到相同的图片；留空则随机。',
      ru: 'То же зерно и рецепт дают ту же картинку; пусто — каждый раз новая.',
    },
  ),
  steps: named(
    { en: 'steps', zh: '步数', ru: 'шаги' },
    {
      en: 'More steps take longer and refine; the default is usually enough.',
      zh: '步数越多越慢、越精细；默认值通常足够。',
      ru: 'Больше шагов — дольше и тщательнее; обычного числа чаще всего хватает.',
    },
  ),
  guidance: named(
    { en: 'guidance', zh: '引导强度', ru: 'следование' },
    {
      en: 'How closely to follow the words: low is free, high is literal. 1 is without guidance.',
      zh: '对提示词的遵循程度：低则自由，高则严格。1 表示不引导。',
      ru: 'Как точно следовать словам: меньше — свободнее, больше — буквальнее. 1 — без усиления.',
    },
  ),
  sampler: named(
    { en: 'sampler', zh: '采样器', ru: 'сэмплер' },
    {
      en: 'The method of developing; most differ little.',
      zh: '生成方法；大多差别不大。',
      ru: 'Метод проявки; большинство отличается мало.',
    },
  ),
  clipSkip: named(
    { en: 'clip_skip', zh: '跳过层数', ru: 'слой_текста' },
    {
      en: 'Which layer of the text encoder counts, from its end; some models want 2.',
      zh: '使用文本编码器的倒数第几层；有些模型需要 2。',
      ru: 'Какой слой текстового кодировщика брать, считая с конца; некоторым моделям нужен 2.',
    },
  ),
  model: named(
    { en: 'model', zh: '模型', ru: 'модель' },
    { en: 'Which model makes the picture.', zh: '用哪个模型生成。', ru: 'Какая модель делает картинку.' },
  ),
} as const;

/** What the options say; absent ones stay absent, so that 0 and "" remain values. @throws request_invalid */
export function draftOfOptions({ options }: ChatInputCommandInteraction): RequestDraft {
  const text = (name: string) => options.getString(name) ?? undefined;
  return present({
    prompt: options.getString('prompt', true),
    negativePrompt: text('negative'),
    style: text('style'),
    model: text('model'),
    sampler: samplerOf(text('sampler')),
    ...shapeOf(text('size')),
    steps: options.getInteger('steps') ?? undefined,
    guidance: options.getNumber('guidance') ?? undefined,
    seed: options.getInteger('seed') ?? undefined,
    clipSkip: options.getInteger('clip_skip') ?? undefined,
    count: options.getInteger('count') ?? undefined,
    strength: options.getNumber('strength') ?? undefined,
    ...maskAlone(options),
  });
}

/** A mask of nothing: asked for here, so that it is refused where all requests are. */
function maskAlone(options: ChatInputCommandInteraction['options']): Pick<RequestDraft, 'mask'> {
  const isAlone = options.getAttachment('mask') !== null && options.getAttachment('image') === null;
  return isAlone ? { mask: { sha256: '0'.repeat(64) } } : {};
}

type Optional<T> = { readonly [K in keyof T]: T[K] | undefined };

/** A draft without the keys nobody set. */
export function present(draft: Optional<RequestDraft> & Pick<RequestDraft, 'prompt'>): RequestDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([, value]) => value !== undefined),
  ) as unknown as RequestDraft;
}

function samplerOf(name: string | undefined): SamplerName | undefined {
  if (name === undefined) return undefined;
  return SAMPLERS.find((sampler) => sampler === name) ?? refuse('sampler', name, { kind: 'names', names: SAMPLERS });
}

function shapeOf(text: string | undefined): Pick<Optional<RequestDraft>, 'size' | 'aspect'> {
  if (text === undefined) return { size: undefined, aspect: undefined };
  const size = parseSize(text);
  const aspect = size === undefined ? parseAspect(text) : undefined;
  if (size === undefined && aspect === undefined) refuse('size', text, { kind: 'sizeForm', shapes: 'too' });
  return { size, aspect };
}
