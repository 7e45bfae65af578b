// /history: one's own pictures as a private gallery, with search and filters.
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { refuse } from '../src/core/refusal.ts';
import type { Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { allowedModels } from '../src/discord/houseRules.ts';
import { allowedLoras, type LoraAsker, loraAskerOf } from '../src/discord/loraAccess.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { askSearch, choose, type Filter, search, showGallery, turnPage } from './gallery.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

const DAY_MS = 86_400_000;
const MAX_CHOICES = 25;
const { String: TEXT, Boolean: YES_NO } = ApplicationCommandOptionType;

function filterOf({ options }: ChatInputCommandInteraction): Filter {
  const words = options.getString('search') ?? undefined;
  const model = options.getString('model') ?? undefined;
  const lora = options.getString('lora') ?? undefined;
  const since = dayOf(options.getString('since'));
  const until = dayOf(options.getString('until'));
  return {
    ...(words === undefined ? {} : { words }),
    ...(model === undefined ? {} : { model }),
    ...(lora === undefined ? {} : { lora }),
    ...(options.getBoolean('favourites') === true ? { favourites: true } : {}),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until + DAY_MS }),
  };
}

/** First millisecond of a UTC day written as 2026-01-31. @throws request_invalid */
function dayOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
  return isReal ? ms : refuse('date', text, { kind: 'form', example: '2026-01-31' });
}

/** How long ago the suggested days are. */
const DAYS_AGO = [0, 1, 7, 30, 365];

function choicesOf(option: string, who: LoraAsker, bot: BotContext): readonly string[] {
  const { catalog, clock } = bot;
  if (option === 'model') return allowedModels(catalog.cards, who, bot).map(({ name }) => name);
  if (option === 'lora') {
    const loras = catalog.cards.flatMap((card) => card.loras ?? []);
    return [...new Set(allowedLoras(loras, who, bot).map(({ name }) => name))];
  }
  return DAYS_AGO.map((days) => new Date(clock.nowMs() - days * DAY_MS).toISOString().slice(0, 10));
}

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const { name, value } = interaction.options.getFocused(true);
  const choices = choicesOf(name, loraAskerOf(interaction), bot);
  return choices
    .filter((choice) => choice.toLowerCase().includes(value.toLowerCase()))
    .slice(0, MAX_CHOICES)
    .map((choice) => ({ name: clip(choice, MAX_CHOICE_CHARS), value: choice.slice(0, MAX_CHOICE_CHARS) }));
}

const LORA_OPTION: APIApplicationCommandOption = {
  type: TEXT,
  autocomplete: true,
  ...named(
    { en: 'lora', zh: 'lora', ru: 'lora', es: 'lora', de: 'lora', fr: 'lora', ja: 'lora' },
    {
      en: 'Only pictures made with this LoRA.',
      zh: '仅显示使用该 LoRA 的图片。',
      ru: 'Только картинки с этой LoRA.',
      es: 'Solo imágenes hechas con esta LoRA.',
      de: 'Nur Bilder mit dieser LoRA.',
      fr: 'Seulement les images faites avec cette LoRA.',
      ja: 'この LoRA を使った画像だけ。',
    },
  ),
};

const OPTIONS: readonly APIApplicationCommandOption[] = [
  {
    type: TEXT,
    max_length: 200,
    ...named(
      { en: 'search', zh: '搜索', ru: 'поиск', es: 'buscar', de: 'suche', fr: 'recherche', ja: '検索' },
      {
        en: 'Words of the prompt; the beginning of a word is enough.',
        zh: '提示词中的词；写词的开头即可。',
        ru: 'Слова из промпта; достаточно начала слова.',
        es: 'Palabras del texto; basta el principio de una palabra.',
        de: 'Wörter des Textes; der Anfang eines Wortes genügt.',
        fr: 'Mots du texte ; le début d’un mot suffit.',
        ja: 'プロンプトの言葉。言葉の初めだけでも探せます。',
      },
    ),
  },
  {
    type: YES_NO,
    ...named(
      {
        en: 'favourites',
        zh: '收藏',
        ru: 'избранное',
        es: 'favoritas',
        de: 'favoriten',
        fr: 'favoris',
        ja: 'お気に入り',
      },
      {
        en: 'Only your favourites.',
        zh: '仅显示收藏。',
        ru: 'Только избранное.',
        es: 'Solo tus favoritas.',
        de: 'Nur deine Favoriten.',
        fr: 'Seulement vos favoris.',
        ja: 'お気に入りだけ。',
      },
    ),
  },
  {
    type: TEXT,
    autocomplete: true,
    ...named(
      { en: 'model', zh: '模型', ru: 'модель', es: 'modelo', de: 'modell', fr: 'modèle', ja: 'モデル' },
      {
        en: 'Only pictures of this model.',
        zh: '仅显示该模型的图片。',
        ru: 'Только картинки этой модели.',
        es: 'Solo imágenes de este modelo.',
        de: 'Nur Bilder dieses Modells.',
        fr: 'Seulement les images de ce modèle.',
        ja: 'このモデルの画像だけ。',
      },
    ),
  },
  {
    type: TEXT,
    autocomplete: true,
    ...named(
      { en: 'since', zh: '起始日', ru: 'с', es: 'desde', de: 'ab', fr: 'depuis', ja: '開始日' },
      {
        en: 'From this day on, such as 2026-01-31.',
        zh: '从这一天起，如 2026-01-31。',
        ru: 'Начиная с этого дня, например 2026-01-31.',
        es: 'Desde este día, por ejemplo 2026-01-31.',
        de: 'Ab diesem Tag, etwa 2026-01-31.',
        fr: 'À partir de ce jour, par exemple 2026-01-31.',
        ja: 'この日から（例：2026-01-31）。',
      },
    ),
  },
  {
    type: TEXT,
    autocomplete: true,
    ...named(
      { en: 'until', zh: '截止日', ru: 'по', es: 'hasta', de: 'bis', fr: 'jusque', ja: '終了日' },
      {
        en: 'Until this day, such as 2026-01-31.',
        zh: '到这一天为止，如 2026-01-31。',
        ru: 'По этот день включительно, например 2026-01-31.',
        es: 'Hasta este día, por ejemplo 2026-01-31.',
        de: 'Bis zu diesem Tag, etwa 2026-01-31.',
        fr: 'Jusqu’à ce jour, par exemple 2026-01-31.',
        ja: 'この日まで（例：2026-01-31）。',
      },
    ),
  },
];

export const history: SlashCommand = {
  kind: 'slash',
  name: 'history',
  declare: ({ cards }) => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'history', zh: '历史', ru: 'история', es: 'historial', de: 'verlauf', fr: 'historique', ja: '履歴' },
      {
        en: 'Your pictures, newest first, with search; only you see them.',
        zh: '你的图片，从新到旧，可搜索；只有你能看到。',
        ru: 'Ваши картинки, сначала новые, с поиском; видите только вы.',
        es: 'Tus imágenes, primero las nuevas, con búsqueda; solo las ves tú.',
        de: 'Deine Bilder, die neuesten zuerst, mit Suche; nur du siehst sie.',
        fr: 'Vos images, les plus récentes d’abord, avec recherche ; vous seul les voyez.',
        ja: 'あなたの画像を新しい順に表示し、検索できます。見えるのはあなただけです。',
      },
    ),
    // Where there are none, nothing can be chosen by them.
    options: cards.some(({ loras = [] }) => loras.length > 0) ? [...OPTIONS, LORA_OPTION] : [...OPTIONS],
    ...EVERYWHERE,
  }),
  run: (interaction, bot) => showGallery(interaction, filterOf(interaction), bot),
  suggest,
  buttons: { page: turnPage, search: askSearch },
  selects: { choose },
  forms: { searchForm: search },
};
