// /lora browse | use | stack | strength | clear | info | save | load: the LoRAs a person has in everything they ask for. Kept in the database;
// `<lora:name:0.8>` or `--lora` in a prompt is for that request alone.
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type BaseInteraction,
  type ChatInputCommandInteraction,
  type RepliableInteraction,
} from 'discord.js';
import {
  fitting,
  fuzzy,
  LORA_WORDS,
  type LoraCard,
  type LoraUse,
  type LoraWish,
  type LoraWords,
  MAX_LORA_STRENGTH,
  merged,
} from '../src/core/lora.ts';
import { findLora, resolveLoras } from '../src/core/loraChoice.ts';
import { styleName } from '../src/core/people.ts';
import { type ModelCard, refuse } from '../src/core/request.ts';
import { messageOf, phrasesOf, show, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { allowedModels } from '../src/discord/houseRules.ts';
import { allowedLoras, denialText, type LoraAsker, loraAskerOf, loraDenied } from '../src/discord/loraAccess.ts';
import { usualModelFor } from '../src/discord/preferences.ts';
import { clip, MAX_CHOICE_CHARS, quoted } from '../src/discord/text.ts';
import { loraThumbnail, type Thumbnail } from '../src/discord/thumbnails.ts';
import { loraPage, loraPageView, loraView, stackView } from '../src/discord/views/loraViews.ts';
import { textView, type View } from '../src/discord/views/view.ts';
import { EVERYWHERE } from './install.ts';
import { handInLora, loraFileCommands, removeLora } from './loraFiles.ts';
import { localized, named } from './options.ts';

const MAX_CHOICES = 25;
/** Names what people of a server begin with, in the place of an own stack. */
const SERVERS_OWN = 'server';
const { Subcommand, String: TEXT, Number: NUMBER } = ApplicationCommandOptionType;

type Run = (interaction: ChatInputCommandInteraction, bot: BotContext) => View;

const RUN: Readonly<Record<string, Run>> = {
  /** Only this one from now on. @throws request_invalid */
  use: (interaction, bot) => change(interaction, bot, (wish) => [wish]),
  /** This one too; without a name, what there is. @throws request_invalid */
  stack(interaction, bot) {
    const stack = stackOf(interaction.user.id, bot);
    if (interaction.options.getString('name') === null) return stackView(stack, phrasesOf(interaction));
    return change(interaction, bot, (wish) => [...stack, wish]);
  },
  /** @throws request_invalid */
  strength(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const stack = stackOf(interaction.user.id, bot);
    const asked = interaction.options.getString('name', true);
    const name = findLora(asked, cardsOf(bot))?.name ?? asked;
    if (!stack.some((use) => use.name === name)) return textView(phrases.lora.notThere(quoted(asked, 80)));
    return change(interaction, bot, (wish) => [...stack, wish]);
  },
  clear(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const stack = stackOf(interaction.user.id, bot);
    const asked = interaction.options.getString('name');
    const name = asked === null ? undefined : (findLora(asked, cardsOf(bot))?.name ?? asked);
    const left = stack.filter((use) => name !== undefined && use.name !== name);
    if (name !== undefined && left.length === stack.length) {
      return textView(phrases.lora.notThere(quoted(name, 80)));
    }
    bot.store.setLoraStack(interaction.user.id, left);
    return left.length === 0 ? textView(phrases.lora.cleared()) : stackView(left, phrases);
  },
  /** @throws request_invalid */
  info(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const card = cardNamed(interaction, bot);
    const denied = loraDenied([card], loraAskerOf(interaction), bot);
    if (denied !== undefined) return textView(denialText(denied, phrases));
    return loraView({ ...card, fits: fitsHere(card, interaction, bot) }, phrases);
  },
  /** What becomes of the words a LoRA knows. */
  words(interaction, bot) {
    const { store } = bot;
    const asked = interaction.options.getString('place', true);
    const words = LORA_WORDS.find((one) => one === asked) ?? 'suggest';
    const { loraWords: _, ...others } = store.settings(interaction.user.id);
    store.setSettings(interaction.user.id, words === 'suggest' ? others : { ...others, loraWords: words });
    return textView(phrasesOf(interaction).loraKeeping.words[words]());
  },
  save(interaction, bot) {
    const { lora, style } = phrasesOf(interaction);
    const name = styleName(interaction.options.getString('name', true));
    if (name === undefined || name === SERVERS_OWN) return textView(style.badName());
    bot.store.setLoraStack(interaction.user.id, stackOf(interaction.user.id, bot), name);
    return textView(lora.saved(quoted(name, 24)));
  },
  load(interaction, bot) {
    const phrases = phrasesOf(interaction);
    const name = styleName(interaction.options.getString('name', true)) ?? '';
    if (name === SERVERS_OWN) {
      bot.store.setLoraStack(interaction.user.id, null);
      return stackView(bot.store.loraDefaults(interaction.guildId), phrases);
    }
    const stack = name === '' ? undefined : bot.store.loraStack(interaction.user.id, name);
    if (stack === undefined) return textView(phrases.lora.noStack(quoted(name || '—', 24)));
    bot.store.setLoraStack(interaction.user.id, stack);
    return stackView(stack, phrases);
  },
};

/** Those that answer for themselves. */
const SLOW: Readonly<Record<string, (interaction: ChatInputCommandInteraction, bot: BotContext) => Promise<void>>> = {
  upload: handInLora,
  remove: removeLora,
  /** Whatever was put there since is shown, as far as the folder is looked through in time. */
  async browse(interaction, bot) {
    await lookAgain(bot);
    const view = await page(0, interaction.options.getString('search') ?? '', interaction, bot);
    await show(interaction, view, bot.dataDir);
  },
};

/** Milliseconds of Discord's three seconds; whoever draws at the moment looks when a call is over. */
const LOOK_MS = 1_200;

async function lookAgain({ loraFolder, clock, log }: BotContext): Promise<void> {
  if (loraFolder === undefined) return;
  const looked = loraFolder.refresh().catch((err: unknown) => log.warn({ err }, 'the folder of LoRAs was not read'));
  const timer = new AbortController();
  const late = clock.sleep(LOOK_MS, timer.signal).catch(() => {});
  await Promise.race([looked, late]);
  timer.abort();
}

function stackOf(userId: string, { store }: BotContext): readonly LoraUse[] {
  return store.loraStack(userId) ?? [];
}

/** Every LoRA there is; each model's card has them all. */
function cardsOf({ catalog }: BotContext): readonly LoraCard[] {
  return catalog.cards[0]?.loras ?? [];
}

/** The model somebody uses there. */
function modelOf(who: LoraAsker, bot: BotContext): ModelCard {
  const name = usualModelFor(who, bot.store.settings(who.userId), bot);
  return bot.catalog.cards.find((card) => card.name === name) ?? bot.catalog.cards[0]!;
}

/** The models a LoRA fits, of those somebody may use there. */
function fitsHere({ fits }: LoraCard, interaction: BaseInteraction, bot: BotContext): readonly string[] {
  const here = allowedModels(bot.catalog.cards, loraAskerOf(interaction), bot).map(({ name }) => name);
  return fits.filter((name) => here.includes(name));
}

/** @throws request_invalid with the names somebody may use there */
function cardNamed(interaction: ChatInputCommandInteraction, bot: BotContext): LoraCard {
  const name = interaction.options.getString('name', true);
  const names = allowedLoras(cardsOf(bot), loraAskerOf(interaction), bot).map((card) => card.name);
  return findLora(name, cardsOf(bot)) ?? refuse('LoRA', name, { kind: 'names', names });
}

/** Keeps the stack that `next` makes with what is asked for, checked as a request would be, and shows it with what there is to know. */
function change(
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
  next: (wish: LoraWish) => readonly LoraWish[],
): View {
  const { options, user } = interaction;
  const phrases = phrasesOf(interaction);
  const card = cardNamed(interaction, bot);
  const denied = loraDenied([card], loraAskerOf(interaction), bot);
  if (denied !== undefined) return textView(denialText(denied, phrases));
  const strength = options.getNumber('strength') ?? undefined;
  const textStrength = options.getNumber('text_strength') ?? undefined;
  const usual = modelOf(loraAskerOf(interaction), bot);
  const stack = checked(merged(next({ name: card.name, strength, textStrength })), usual, bot);
  bot.store.setLoraStack(user.id, stack);
  const words = card.triggers.length === 0 ? [] : [phrases.lora.triggers(quoted(card.triggers.join(', '), 400))];
  const models =
    fitsHere(card, interaction, bot)
      .map((name) => quoted(name, 60))
      .join(', ') || '—';
  const elsewhere = card.fits.includes(usual.name) ? [] : [phrases.lora.notForUsual(quoted(card.name, 80), models)];
  return stackView(stack, phrases, [...words, ...elsewhere]);
}

/** Every LoRA is judged on a model it fits; one that fits none here is refused. */
function checked(wishes: readonly LoraWish[], usual: ModelCard, { catalog }: BotContext): readonly LoraUse[] {
  const known = wishes.filter(({ name }) => findLora(name, usual.loras ?? []) !== undefined);
  // The number of them counts for all together.
  resolveLoras(
    known.filter(({ name }) => fitsModel(name, usual)),
    usual,
  );
  return known.flatMap((wish) => {
    const model = [usual, ...catalog.cards].find((card) => fitsModel(wish.name, card)) ?? usual;
    return resolveLoras([wish], model);
  });
}

function fitsModel(name: string, model: ModelCard): boolean {
  return findLora(name, model.loras ?? [])?.fits.includes(model.name) === true;
}

async function page(at: number, search: string, interaction: RepliableInteraction, bot: BotContext): Promise<View> {
  const userId = interaction.user.id;
  const who = loraAskerOf(interaction);
  const model = modelOf(who, bot);
  const usable = allowedLoras(fitting(model.loras ?? [], model), who, bot);
  const cards = fuzzy(usable, searchText, search);
  const stack = stackOf(userId, bot);
  const pictures = await picturesOf(loraPage(cards, at).shown, bot);
  const shown = { userId, model: model.name, cards, page: at, stack, turns: search === '', pictures };
  return loraPageView(shown, phrasesOf(interaction), bot.ids);
}

/** Thumbnails of what lies beside the files, by the LoRA's name. */
async function picturesOf(cards: readonly LoraCard[], { loraFolder, dataDir }: BotContext) {
  const found = new Map<string, Thumbnail>();
  for (const { name, preview } of loraFolder === undefined ? [] : cards) {
    const small = preview === undefined ? undefined : await loraThumbnail(preview, loraFolder!.modelsDir, dataDir);
    if (small !== undefined) found.set(name, small);
  }
  return found;
}

function searchText({ name, triggers }: LoraCard): string {
  return [name, ...triggers].join(' ');
}

const turned: ButtonHandler = async (interaction, [userId = '', at], bot) => {
  if (interaction.user.id !== userId) return tell(interaction, phrasesOf(interaction).notYours());
  await interaction.deferUpdate();
  const view = await page(Number(at), '', interaction, bot);
  await interaction.editReply({ ...(await messageOf(view, bot.dataDir)), attachments: [] });
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const typed = interaction.options.getFocused();
  const subcommand = interaction.options.getSubcommand(true);
  const names = suggestedNames(subcommand, typed, interaction, bot);
  return names
    .slice(0, MAX_CHOICES)
    .map((name) => ({ name: clip(name, MAX_CHOICE_CHARS), value: name.slice(0, MAX_CHOICE_CHARS) }));
}

/** Of hundreds the best matches; those in use where only they can be meant. */
function suggestedNames(
  subcommand: string,
  typed: string,
  interaction: AutocompleteInteraction,
  bot: BotContext,
): readonly string[] {
  const userId = interaction.user.id;
  if (subcommand === 'load') {
    const servers = bot.store.loraDefaults(interaction.guildId).length > 0 ? [SERVERS_OWN] : [];
    return fuzzy([...bot.store.loraStackNames(userId), ...servers], (name) => name, typed);
  }
  if (subcommand === 'strength' || subcommand === 'clear') {
    return fuzzy(
      stackOf(userId, bot).map((use) => use.name),
      (name) => name,
      typed,
    );
  }
  const who = loraAskerOf(interaction);
  const model = modelOf(who, bot);
  const usable = allowedLoras(fitting(model.loras ?? [], model), who, bot);
  return fuzzy(usable, searchText, typed).map((card) => card.name);
}

const name: APIApplicationCommandOption = {
  type: TEXT,
  required: true,
  autocomplete: true,
  ...named(
    { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
    {
      en: 'Which LoRA; type a part of its name.',
      zh: '哪个 LoRA；输入名称的一部分。',
      ru: 'Какая LoRA; введите часть имени.',
      es: 'Qué LoRA; escribe una parte del nombre.',
      de: 'Welche LoRA; ein Teil des Namens genügt.',
      fr: 'Quelle LoRA ; tapez une partie du nom.',
      ja: 'どの LoRA か。名前の一部を入力します。',
    },
  ),
};
const anyName = { ...name, required: false } as APIApplicationCommandOption;

const strength: APIApplicationCommandOption = {
  type: NUMBER,
  min_value: -MAX_LORA_STRENGTH,
  max_value: MAX_LORA_STRENGTH,
  ...named(
    { en: 'strength', zh: '强度', ru: 'сила', es: 'fuerza', de: 'stärke', fr: 'force', ja: '強さ' },
    {
      en: 'How strongly; 1 is as it was made, below 0 the opposite.',
      zh: '强度；1 为原样，小于 0 为相反效果。',
      ru: 'Насколько сильно; 1 — как задумано, меньше 0 — наоборот.',
      es: 'Con qué fuerza; 1 es como se hizo, menos de 0 lo contrario.',
      de: 'Wie stark; 1 wie gemacht, unter 0 das Gegenteil.',
      fr: 'Avec quelle force ; 1 comme prévu, sous 0 le contraire.',
      ja: '強さ。1 がそのまま、0 未満は逆の効果です。',
    },
  ),
};

const textStrength: APIApplicationCommandOption = {
  type: NUMBER,
  min_value: -MAX_LORA_STRENGTH,
  max_value: MAX_LORA_STRENGTH,
  ...named(
    {
      en: 'text_strength',
      zh: '文本强度',
      ru: 'сила_текста',
      es: 'fuerza_texto',
      de: 'textstärke',
      fr: 'force_texte',
      ja: 'テキストの強さ',
    },
    {
      en: 'The same for the reading of your words; as the strength when left out.',
      zh: '对文本理解的强度；不填则与强度相同。',
      ru: 'То же для понимания слов; без этого — как сила.',
      es: 'Lo mismo para la lectura de tus palabras; si falta, igual que la fuerza.',
      de: 'Dasselbe für das Lesen der Worte; sonst wie die Stärke.',
      fr: 'La même chose pour la lecture des mots ; sinon comme la force.',
      ja: '言葉の読み取りへの強さ。省くと強さと同じです。',
    },
  ),
};

const search: APIApplicationCommandOption = {
  type: TEXT,
  ...named(
    { en: 'search', zh: '搜索', ru: 'поиск', es: 'buscar', de: 'suche', fr: 'recherche', ja: '検索' },
    {
      en: 'A part of the name or of the words it knows.',
      zh: '名称或触发词的一部分。',
      ru: 'Часть имени или слов, которые она знает.',
      es: 'Una parte del nombre o de las palabras que conoce.',
      de: 'Ein Teil des Namens oder der Worte, die sie kennt.',
      fr: 'Une partie du nom ou des mots qu’elle connaît.',
      ja: '名前か、知っている言葉の一部。',
    },
  ),
};

const stackName: APIApplicationCommandOption = {
  type: TEXT,
  required: true,
  ...named(
    { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
    {
      en: 'A name for the LoRAs you use now.',
      zh: '给你当前使用的 LoRA 起的名称。',
      ru: 'Имя для LoRA, которые вы используете сейчас.',
      es: 'Un nombre para las LoRA que usas ahora.',
      de: 'Ein Name für die LoRAs, die du jetzt verwendest.',
      fr: 'Un nom pour les LoRA que vous utilisez maintenant.',
      ja: '今使っている LoRA に付ける名前。',
    },
  ),
};

const wordsPlace: APIApplicationCommandOption = {
  type: TEXT,
  required: true,
  ...named(
    { en: 'place', zh: '位置', ru: 'место', es: 'lugar', de: 'platz', fr: 'place', ja: '位置' },
    {
      en: 'Only shown to you, before your words, or after them.',
      zh: '仅显示给你、放在你的文字之前或之后。',
      ru: 'Только показать, перед вашими словами или после них.',
      es: 'Solo mostrarlas, delante de tu texto o detrás.',
      de: 'Nur zeigen, vor deinem Text oder dahinter.',
      fr: 'Seulement montrés, avant votre texte ou après.',
      ja: '表示だけ、あなたの言葉の前、または後。',
    },
  ),
  choices: [
    wordsChoice('suggest', {
      en: 'only show them',
      zh: '仅显示',
      ru: 'только показать',
      es: 'solo mostrarlas',
      de: 'nur zeigen',
      fr: 'seulement montrer',
      ja: '表示だけ',
    }),
    wordsChoice('before', {
      en: 'before my words',
      zh: '放在前面',
      ru: 'перед моими словами',
      es: 'delante de mi texto',
      de: 'vor meinen Text',
      fr: 'avant mon texte',
      ja: '前に置く',
    }),
    wordsChoice('after', {
      en: 'after my words',
      zh: '放在后面',
      ru: 'после моих слов',
      es: 'detrás de mi texto',
      de: 'hinter meinen Text',
      fr: 'après mon texte',
      ja: '後に置く',
    }),
  ],
};

function wordsChoice(value: LoraWords, titles: Parameters<typeof localized>[0]) {
  return { name: titles.en, name_localizations: localized(titles), value };
}

const SUBCOMMANDS = [
  {
    type: Subcommand,
    ...named(
      { en: 'browse', zh: '浏览', ru: 'обзор', es: 'explorar', de: 'stöbern', fr: 'parcourir', ja: '一覧' },
      {
        en: 'What LoRAs there are for your model.',
        zh: '查看适用于你的模型的 LoRA。',
        ru: 'Какие LoRA есть для вашей модели.',
        es: 'Qué LoRA hay para tu modelo.',
        de: 'Welche LoRAs es für dein Modell gibt.',
        fr: 'Les LoRA qu’il y a pour votre modèle.',
        ja: 'あなたのモデルで使える LoRA。',
      },
    ),
    options: [search],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'use', zh: '使用', ru: 'включить', es: 'usar', de: 'verwenden', fr: 'utiliser', ja: '使う' },
      {
        en: 'Use one LoRA, and only it, in everything you ask for.',
        zh: '在你的所有请求中只使用这一个 LoRA。',
        ru: 'Использовать во всех запросах одну эту LoRA.',
        es: 'Usar una LoRA, y solo esa, en todo lo que pidas.',
        de: 'Eine LoRA, und nur sie, bei allem verwenden.',
        fr: 'Utiliser une LoRA, et elle seule, dans toutes vos demandes.',
        ja: 'すべての依頼で、この LoRA だけを使います。',
      },
    ),
    options: [name, strength, textStrength],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'stack', zh: '叠加', ru: 'добавить', es: 'apilar', de: 'stapeln', fr: 'empiler', ja: '重ねる' },
      {
        en: 'Add a LoRA to those you use; without a name, show them.',
        zh: '在当前 LoRA 上再叠加一个；不填名称则显示当前组合。',
        ru: 'Добавить LoRA к вашим; без имени — показать их.',
        es: 'Añadir una LoRA a las tuyas; sin nombre, mostrarlas.',
        de: 'Eine LoRA zu deinen dazunehmen; ohne Namen werden sie gezeigt.',
        fr: 'Ajouter une LoRA aux vôtres ; sans nom, les montrer.',
        ja: '今の LoRA にもう 1 つ加えます。名前がなければ一覧を表示します。',
      },
    ),
    options: [anyName, strength, textStrength],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'strength', zh: '强度', ru: 'сила', es: 'fuerza', de: 'stärke', fr: 'force', ja: '強さ' },
      {
        en: 'Change how strongly one of your LoRAs counts.',
        zh: '更改你的某个 LoRA 的强度。',
        ru: 'Изменить силу одной из ваших LoRA.',
        es: 'Cambiar la fuerza de una de tus LoRA.',
        de: 'Ändern, wie stark eine deiner LoRAs zählt.',
        fr: 'Changer la force d’une de vos LoRA.',
        ja: '使っている LoRA の強さを変えます。',
      },
    ),
    options: [name, { ...strength, required: true }, textStrength],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'clear', zh: '清除', ru: 'убрать', es: 'quitar', de: 'leeren', fr: 'vider', ja: '消す' },
      {
        en: 'Stop using one of your LoRAs, or all of them.',
        zh: '停止使用某个 LoRA，或全部停止。',
        ru: 'Убрать одну из ваших LoRA или все.',
        es: 'Dejar de usar una de tus LoRA, o todas.',
        de: 'Eine deiner LoRAs nicht mehr verwenden, oder keine mehr.',
        fr: 'Ne plus utiliser une de vos LoRA, ou aucune.',
        ja: 'LoRA の 1 つ、またはすべてをやめます。',
      },
    ),
    options: [anyName],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'info', zh: '信息', ru: 'сведения', es: 'info', de: 'info', fr: 'info', ja: '情報' },
      {
        en: 'What a LoRA is for, and the words it knows.',
        zh: '查看 LoRA 的用途和触发词。',
        ru: 'Для чего LoRA и какие слова она знает.',
        es: 'Para qué es una LoRA y qué palabras conoce.',
        de: 'Wofür eine LoRA ist und welche Worte sie kennt.',
        fr: 'À quoi sert une LoRA et quels mots elle connaît.',
        ja: 'LoRA の用途と、知っている言葉。',
      },
    ),
    options: [name],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'words', zh: '触发词', ru: 'слова', es: 'palabras', de: 'worte', fr: 'mots', ja: '言葉' },
      {
        en: 'Where the words a LoRA knows go in your prompts.',
        zh: 'LoRA 的触发词放在提示词的什么位置。',
        ru: 'Куда в промпте идут слова, которые знает LoRA.',
        es: 'Dónde van en tus textos las palabras que conoce una LoRA.',
        de: 'Wohin in deinen Texten die Worte kommen, die eine LoRA kennt.',
        fr: 'Où vont dans vos textes les mots qu’une LoRA connaît.',
        ja: 'LoRA が知っている言葉を、プロンプトのどこに置くか。',
      },
    ),
    options: [wordsPlace],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'save', zh: '保存', ru: 'сохранить', es: 'guardar', de: 'sichern', fr: 'garder', ja: '保存' },
      {
        en: 'Keep the LoRAs you use now under a name.',
        zh: '以名称保存你当前使用的 LoRA。',
        ru: 'Сохранить нынешние LoRA под именем.',
        es: 'Guardar con un nombre las LoRA que usas ahora.',
        de: 'Die LoRAs, die du jetzt verwendest, unter einem Namen behalten.',
        fr: 'Garder sous un nom les LoRA que vous utilisez.',
        ja: '今使っている LoRA を名前を付けて保存します。',
      },
    ),
    options: [stackName],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'load', zh: '取回', ru: 'вернуть', es: 'cargar', de: 'holen', fr: 'reprendre', ja: '呼び出す' },
      {
        en: 'Use the LoRAs you kept under a name.',
        zh: '使用你保存的 LoRA 组合。',
        ru: 'Использовать LoRA, сохранённые под именем.',
        es: 'Usar las LoRA que guardaste con un nombre.',
        de: 'Die LoRAs verwenden, die du unter einem Namen behalten hast.',
        fr: 'Utiliser les LoRA gardées sous un nom.',
        ja: '名前を付けて保存した LoRA を使います。',
      },
    ),
    options: [{ ...stackName, autocomplete: true }],
  },
] as APIApplicationCommandOption[];

export const lora: SlashCommand = {
  kind: 'slash',
  name: 'lora',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'lora', zh: 'lora', ru: 'lora', es: 'lora', de: 'lora', fr: 'lora', ja: 'lora' },
      {
        en: 'Your own look: small additions to the model, for your pictures alone.',
        zh: '你自己的画风：只用于你的图片的小型模型附加。',
        ru: 'Свой вид: небольшие добавки к модели, только для ваших картинок.',
        es: 'Tu propio aspecto: añadidos al modelo, solo para tus imágenes.',
        de: 'Dein eigener Stil: kleine Zusätze zum Modell, nur für deine Bilder.',
        fr: 'Votre style : de petits ajouts au modèle, pour vos images seulement.',
        ja: '自分だけの画風：あなたの画像にだけ使う小さな追加モデル。',
      },
    ),
    options: [...SUBCOMMANDS, ...loraFileCommands(name)],
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const subcommand = interaction.options.getSubcommand(true);
    const slow = SLOW[subcommand];
    if (slow !== undefined) return slow(interaction, bot);
    const run = RUN[subcommand];
    if (run !== undefined) await show(interaction, run(interaction, bot), bot.dataDir);
  },
  suggest,
  buttons: { loras: turned },
};
