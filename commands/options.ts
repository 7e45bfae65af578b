// The options of /imagine: their declaration with names and descriptions in every language there is, and how they become a draft.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { MAX_CONTROL_STRENGTH } from '../src/core/control.ts';
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

const {
  String: TEXT,
  Integer: WHOLE,
  Number: NUMBER,
  Boolean: YES_NO,
  Attachment: UPLOAD,
} = ApplicationCommandOptionType;

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
    { type: TEXT, autocomplete: true, ...NAMES.control },
    { type: UPLOAD, ...NAMES.controlImage },
    { type: NUMBER, min_value: 0, max_value: MAX_CONTROL_STRENGTH, ...NAMES.controlStrength },
    { type: WHOLE, min_value: 0, max_value: SEED_COUNT - 1, ...NAMES.seed },
    { type: WHOLE, min_value: 1, max_value: limits.maxSteps, ...NAMES.steps },
    { type: NUMBER, min_value: 0, max_value: limits.maxGuidance, ...NAMES.guidance },
    { type: TEXT, autocomplete: true, ...NAMES.sampler },
    { type: WHOLE, min_value: 1, max_value: MAX_CLIP_SKIP, ...NAMES.clipSkip },
    ...(cards.length > 1 ? [model] : []),
    { type: YES_NO, ...NAMES.spoiler },
  ];
}

/** The options every command that draws has in common. */
export const NAMES = {
  prompt: named(
    { en: 'prompt', zh: '提示词', ru: 'промпт', es: 'texto', de: 'text', fr: 'texte', ja: 'プロンプト' },
    {
      en: 'What to draw, in any language: "a red heart". Details and colours help.',
      zh: '要画什么，任何语言都可以：“一颗红心”。写出细节和颜色会更好。',
      ru: 'Что нарисовать, на любом языке: «красное сердце». Детали и цвета помогают.',
      es: 'Qué dibujar, en cualquier idioma: «un corazón rojo». Detalles y colores ayudan.',
      de: 'Was zu zeichnen ist, in jeder Sprache: „ein rotes Herz“. Einzelheiten und Farben helfen.',
      fr: 'Quoi dessiner, en toute langue : « un cœur rouge ». Détails et couleurs aident.',
      ja: '描くもの。どの言語でも：「赤いハート」。細部や色を書くとよくなります。',
    },
  ),
  negative: named(
    { en: 'negative', zh: '反向提示词', ru: 'негатив', es: 'negativo', de: 'negativ', fr: 'négatif', ja: '除外' },
    {
      en: 'What to keep out of the picture: "text, blur".',
      zh: '不希望出现的内容：“文字、模糊”。',
      ru: 'Чего на картинке быть не должно: «текст, размытость».',
      es: 'Qué no debe salir en la imagen: «texto, borroso».',
      de: 'Was nicht ins Bild soll: „Schrift, Unschärfe“.',
      fr: 'Ce qui ne doit pas paraître : « texte, flou ».',
      ja: '画像に入れたくないもの：「文字、ぼけ」。',
    },
  ),
  style: named(
    { en: 'style', zh: '风格', ru: 'стиль', es: 'estilo', de: 'stil', fr: 'style', ja: 'スタイル' },
    {
      en: 'The look of the picture; "none" for the words alone.',
      zh: '画面风格；“none”表示不加风格。',
      ru: 'Вид картинки; «none» — только ваши слова.',
      es: 'El aspecto de la imagen; «none» para solo las palabras.',
      de: 'Das Aussehen des Bildes; „none“ für die Worte allein.',
      fr: 'L’aspect de l’image ; « none » pour les mots seuls.',
      ja: '画像の見た目。「none」なら言葉だけ。',
    },
  ),
  size: named(
    { en: 'size', zh: '尺寸', ru: 'размер', es: 'tamaño', de: 'größe', fr: 'taille', ja: 'サイズ' },
    {
      en: 'Width x height in pixels, such as 128x128, or a shape such as 3:2. Larger takes longer.',
      zh: '宽x高（像素），如 128x128，或比例，如 3:2。越大越慢。',
      ru: 'Ширина x высота в пикселях, например 128x128, или форма, например 3:2. Больше — дольше.',
      es: 'Ancho x alto en píxeles, como 128x128, o una forma, como 3:2. Más grande tarda más.',
      de: 'Breite x Höhe in Pixeln, etwa 128x128, oder eine Form, etwa 3:2. Größer dauert länger.',
      fr: 'Largeur x hauteur en pixels, comme 128x128, ou une forme, comme 3:2. Plus grand, plus long.',
      ja: '幅x高さ（画素、例：128x128）または比率（例：3:2）。大きいほど時間がかかります。',
    },
  ),
  count: named(
    { en: 'count', zh: '数量', ru: 'количество', es: 'cantidad', de: 'anzahl', fr: 'nombre', ja: '枚数' },
    {
      en: 'How many pictures; each counts against your day.',
      zh: '图片数量；每张都计入当天配额。',
      ru: 'Сколько картинок; каждая идёт в счёт дневной квоты.',
      es: 'Cuántas imágenes; cada una cuenta en tu cupo del día.',
      de: 'Wie viele Bilder; jedes zählt zu deinem Tag.',
      fr: 'Combien d’images ; chacune compte dans votre journée.',
      ja: '枚数。1 枚ごとに今日の分として数えます。',
    },
  ),
  image: named(
    { en: 'image', zh: '图片', ru: 'картинка', es: 'imagen', de: 'bild', fr: 'image', ja: '画像' },
    {
      en: 'A picture to start from (PNG, JPEG, WebP).',
      zh: '作为起点的图片（PNG、JPEG、WebP）。',
      ru: 'Картинка, с которой начать (PNG, JPEG, WebP).',
      es: 'Una imagen de la que partir (PNG, JPEG, WebP).',
      de: 'Ein Bild, mit dem begonnen wird (PNG, JPEG, WebP).',
      fr: 'Une image de départ (PNG, JPEG, WebP).',
      ja: '出発点にする画像（PNG、JPEG、WebP）。',
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
    { en: 'strength', zh: '变化强度', ru: 'сила', es: 'fuerza', de: 'stärke', fr: 'force', ja: '強さ' },
    {
      en: 'How much of the start picture may change: 0.3 a little, 0.8 a lot. Needs an image.',
      zh: '起点图片可以改变多少：0.3 少许，0.8 很多。需要图片。',
      ru: 'Насколько можно изменить начальную картинку: 0.3 немного, 0.8 сильно. Нужна картинка.',
      es: 'Cuánto puede cambiar la imagen inicial: 0.3 poco, 0.8 mucho. Necesita una imagen.',
      de: 'Wie viel sich am Startbild ändern darf: 0.3 wenig, 0.8 viel. Braucht ein Bild.',
      fr: 'Combien peut changer l’image de départ : 0.3 un peu, 0.8 beaucoup. Il faut une image.',
      ja: '元画像をどれだけ変えるか：0.3 は少し、0.8 は大きく。画像が必要です。',
    },
  ),
  control: named(
    { en: 'control', zh: '控制', ru: 'образец', es: 'control', de: 'vorlage', fr: 'guide', ja: 'お手本' },
    {
      en: 'What to follow of a picture, such as its edges or silhouette.',
      zh: '遵循图片的什么，比如边缘或剪影。',
      ru: 'Чему на картинке следовать: контурам, силуэту и так далее.',
      es: 'Qué seguir de una imagen, como sus bordes o su silueta.',
      de: 'Wem auf einem Bild gefolgt wird, etwa den Kanten oder dem Umriss.',
      fr: 'Que suivre d’une image, comme ses contours ou sa silhouette.',
      ja: '画像の何に従うか。輪郭線やシルエットなど。',
    },
  ),
  controlImage: named(
    {
      en: 'control_image',
      zh: '控制图片',
      ru: 'картинка_образец',
      es: 'imagen_de_control',
      de: 'vorlagenbild',
      fr: 'image_guide',
      ja: 'お手本画像',
    },
    {
      en: 'The picture to follow; without it, the start picture. A ready map (pose, depth, …) works too.',
      zh: '要遵循的图片；没有则用起点图片。现成的控制图（姿势、深度等）也可以。',
      ru: 'Картинка-образец; без неё — начальная. Подойдёт и готовая карта (поза, глубина…).',
      es: 'La imagen que seguir; sin ella, la inicial. También vale un mapa hecho (pose, profundidad…).',
      de: 'Das Bild, dem gefolgt wird; ohne es das Startbild. Auch eine fertige Karte (Pose, Tiefe …).',
      fr: 'L’image à suivre ; sans elle, celle de départ. Une carte toute faite (pose, profondeur…) aussi.',
      ja: '従う画像。なければ元画像。用意済みの図（ポーズ、深度など）でもかまいません。',
    },
  ),
  controlStrength: named(
    {
      en: 'control_strength',
      zh: '控制强度',
      ru: 'сила_образца',
      es: 'fuerza_de_control',
      de: 'vorlagenstärke',
      fr: 'force_du_guide',
      ja: 'お手本の強さ',
    },
    {
      en: 'How closely to follow it: 0.5 loosely, 1 as usual, up to 2.',
      zh: '遵循的程度：0.5 较松，1 为通常，最多 2。',
      ru: 'Насколько точно следовать: 0.5 — свободно, 1 — как обычно, не больше 2.',
      es: 'Con qué fidelidad: 0.5 con soltura, 1 lo habitual, hasta 2.',
      de: 'Wie genau: 0.5 locker, 1 wie üblich, höchstens 2.',
      fr: 'Avec quelle fidélité : 0.5 librement, 1 d’ordinaire, 2 au plus.',
      ja: 'どれだけ従うか：0.5 はゆるく、1 はふつう、2 まで。',
    },
  ),
  seed: named(
    { en: 'seed', zh: '种子', ru: 'зерно', es: 'semilla', de: 'startwert', fr: 'graine', ja: 'シード' },
    {
      en: 'The same seed and recipe make the same picture; leave empty for a new one.',
      zh: '相同的种子和配方得到相同的图片；留空则随机。',
      ru: 'То же зерно и рецепт дают ту же картинку; пусто — каждый раз новая.',
      es: 'La misma semilla y receta dan la misma imagen; vacío para una nueva.',
      de: 'Gleicher Startwert und gleiches Rezept ergeben dasselbe Bild; leer für ein neues.',
      fr: 'Même graine et même recette donnent la même image ; vide pour une nouvelle.',
      ja: '同じシードとレシピからは同じ画像ができます。空欄なら新しく。',
    },
  ),
  steps: named(
    { en: 'steps', zh: '步数', ru: 'шаги', es: 'pasos', de: 'schritte', fr: 'étapes', ja: 'ステップ' },
    {
      en: 'More steps take longer and refine; the default is usually enough.',
      zh: '步数越多越慢、越精细；默认值通常足够。',
      ru: 'Больше шагов — дольше и тщательнее; обычного числа чаще всего хватает.',
      es: 'Más pasos tardan más y afinan; los habituales suelen bastar.',
      de: 'Mehr Schritte dauern länger und verfeinern; die üblichen reichen meist.',
      fr: 'Plus d’étapes prennent plus de temps et affinent ; le nombre habituel suffit souvent.',
      ja: '多いほど時間がかかり、細かくなります。ふつうは既定値で十分です。',
    },
  ),
  guidance: named(
    { en: 'guidance', zh: '引导强度', ru: 'следование', es: 'guía', de: 'texttreue', fr: 'guidage', ja: '忠実度' },
    {
      en: 'How closely to follow the words: low is free, high is literal. 1 is without guidance.',
      zh: '对提示词的遵循程度：低则自由，高则严格。1 表示不引导。',
      ru: 'Как точно следовать словам: меньше — свободнее, больше — буквальнее. 1 — без усиления.',
      es: 'Cuánto seguir las palabras: bajo es libre, alto es literal. 1 es sin guía.',
      de: 'Wie genau den Worten gefolgt wird: niedrig frei, hoch wörtlich. 1 ist ohne Verstärkung.',
      fr: 'Fidélité aux mots : bas, libre ; haut, littéral. 1 est sans guidage.',
      ja: '言葉にどれだけ従うか：低いと自由、高いと忠実。1 は強調なし。',
    },
  ),
  sampler: named(
    {
      en: 'sampler',
      zh: '采样器',
      ru: 'сэмплер',
      es: 'muestreador',
      de: 'sampler',
      fr: 'échantillonneur',
      ja: 'サンプラー',
    },
    {
      en: 'The method of developing; most differ little.',
      zh: '生成方法；大多差别不大。',
      ru: 'Метод проявки; большинство отличается мало.',
      es: 'El método de revelado; casi todos se parecen.',
      de: 'Das Verfahren; die meisten unterscheiden sich wenig.',
      fr: 'La méthode de développement ; la plupart diffèrent peu.',
      ja: '現像の方法。多くは大差ありません。',
    },
  ),
  clipSkip: named(
    {
      en: 'clip_skip',
      zh: '跳过层数',
      ru: 'слой_текста',
      es: 'capa_de_texto',
      de: 'textschicht',
      fr: 'couche_de_texte',
      ja: 'テキスト層',
    },
    {
      en: 'Which layer of the text encoder counts, from its end; some models want 2.',
      zh: '使用文本编码器的倒数第几层；有些模型需要 2。',
      ru: 'Какой слой текстового кодировщика брать, считая с конца; некоторым моделям нужен 2.',
      es: 'Qué capa del codificador de texto cuenta, desde el final; algunos modelos quieren 2.',
      de: 'Welche Schicht des Textkodierers zählt, vom Ende her; manche Modelle wollen 2.',
      fr: 'Quelle couche de l’encodeur de texte compte, depuis la fin ; certains modèles veulent 2.',
      ja: 'テキストエンコーダーの終わりから数えて何層目か。2 を求めるモデルもあります。',
    },
  ),
  spoiler: named(
    { en: 'spoiler', zh: '遮盖', ru: 'спойлер', es: 'spoiler', de: 'verdeckt', fr: 'masqué', ja: 'ネタバレ' },
    {
      en: 'Cover the pictures until somebody clicks on them.',
      zh: '遮住图片，点击后才显示。',
      ru: 'Закрыть картинки, пока на них не нажмут.',
      es: 'Tapar las imágenes hasta que alguien pulse en ellas.',
      de: 'Die Bilder verdecken, bis jemand darauf klickt.',
      fr: 'Cacher les images jusqu’à ce qu’on clique dessus.',
      ja: 'クリックされるまで画像を隠します。',
    },
  ),
  model: named(
    { en: 'model', zh: '模型', ru: 'модель', es: 'modelo', de: 'modell', fr: 'modèle', ja: 'モデル' },
    {
      en: 'Which model makes the picture.',
      zh: '用哪个模型生成。',
      ru: 'Какая модель делает картинку.',
      es: 'Qué modelo hace la imagen.',
      de: 'Welches Modell das Bild macht.',
      fr: 'Quel modèle fait l’image.',
      ja: 'どのモデルで作るか。',
    },
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
    spoiler: options.getBoolean('spoiler') ?? undefined,
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
