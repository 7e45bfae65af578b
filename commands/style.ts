// /style save | use | list | delete | share: words and flags under a name, one's own or a server's.
import {
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { MAX_STYLES, type NamedStyle, styleName } from '../src/core/people.ts';
import { readPrompt } from '../src/core/promptFlags.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import type { Phrases } from '../src/discord/phrases/phrases.ts';
import { nearStyle } from '../src/discord/preferences.ts';
import { clip, MAX_CHOICE_CHARS, MAX_CONTENT_CHARS, quoted } from '../src/discord/text.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

const MAX_CHOICES = 25;
const SHOWN_TEXT_CHARS = 80;
const MAX_TEXT_CHARS = 500;
const { Subcommand, String: TEXT } = ApplicationCommandOptionType;

type Run = (interaction: ChatInputCommandInteraction, bot: BotContext) => string;

const RUN: Readonly<Record<string, Run>> = {
  /** @throws request_invalid for flags that are none */
  save(interaction, bot) {
    const { style } = phrasesOf(interaction);
    const name = styleName(interaction.options.getString('name', true));
    if (name === undefined) return style.badName();
    const text = interaction.options.getString('text', true);
    readPrompt(text);
    const isKept = bot.store.saveStyle(interaction.user.id, name, text);
    return isKept ? style.saved(quoted(name, 24)) : style.tooMany(MAX_STYLES);
  },
  use(interaction, bot) {
    const { style } = phrasesOf(interaction);
    const { id: userId } = interaction.user;
    const { styleInUse: _, ...others } = bot.store.settings(userId);
    const name = interaction.options.getString('name', true).trim().toLowerCase();
    if (name === 'none') {
      bot.store.setSettings(userId, others);
      return style.notUsed();
    }
    const found = bot.store.style(userId, interaction.guildId, name);
    if (found === undefined) return unknown(interaction, name, bot);
    bot.store.setSettings(userId, { ...others, styleInUse: found.name });
    return style.used(quoted(found.name, 24));
  },
  list(interaction, bot) {
    const { style } = phrasesOf(interaction);
    const { user, guildId } = interaction;
    const { styleInUse } = bot.store.settings(user.id);
    const lines = bot.store
      .styles(user.id, guildId)
      .map((one) => line(one, user.id, styleInUse, phrasesOf(interaction)));
    return lines.length === 0 ? style.empty() : clip([`**${style.list()}**`, ...lines].join('\n'), MAX_CONTENT_CHARS);
  },
  delete(interaction, bot) {
    const { style } = phrasesOf(interaction);
    const { id: userId } = interaction.user;
    const name = interaction.options.getString('name', true).trim().toLowerCase();
    if (!bot.store.deleteStyle(userId, name)) return unknown(interaction, name, bot);
    return style.deleted(quoted(name, 24));
  },
  /** A style that is shared here already is taken back. */
  share(interaction, bot) {
    const { style } = phrasesOf(interaction);
    const { user, guildId } = interaction;
    if (guildId === null) return style.serversOnly();
    const name = interaction.options.getString('name', true).trim().toLowerCase();
    const own = bot.store.styles(user.id, null).find((one) => one.userId === user.id && one.name === name);
    if (own === undefined) return unknown(interaction, name, bot);
    const isShared = own.guildId === guildId;
    const shown = quoted(name, 24);
    if (bot.store.shareStyle(user.id, name, isShared ? null : guildId) === 'taken') return style.taken(shown);
    return isShared ? style.notShared(shown) : style.shared(shown);
  },
};

function unknown(interaction: ChatInputCommandInteraction, name: string, bot: BotContext): string {
  const { style, refused } = phrasesOf(interaction);
  const near = nearStyle(name, { userId: interaction.user.id, guildId: interaction.guildId }, bot);
  return (
    style.unknown(quoted(name, 40)) +
    (near === undefined ? '' : refused.nearest(`**${quoted(near, 24)}**`).replace(/^[.。]\s*/u, ' '))
  );
}

function line(one: NamedStyle, userId: string, inUse: string | undefined, { style }: Phrases): string {
  const isOwn = one.userId === userId;
  const marks = [
    ...(one.name === inUse ? [style.inUse()] : []),
    ...(isOwn && one.guildId !== null ? [style.isShared()] : []),
    ...(isOwn ? [] : [style.ofServer()]),
  ];
  const told = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  return `- **${quoted(one.name, 24)}**${told} · ${quoted(one.text, SHOWN_TEXT_CHARS)}`;
}

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const { user, guildId } = interaction;
  const typed = interaction.options.getFocused().toLowerCase();
  const isForUse = interaction.options.getSubcommand() === 'use';
  const styles = bot.store.styles(user.id, guildId).filter((style) => isForUse || style.userId === user.id);
  const own = styles.map(({ name, text }) => ({ name: clip(`${name}: ${text}`, MAX_CHOICE_CHARS), value: name }));
  const all = isForUse ? [...own, { name: 'none', value: 'none' }] : own;
  return all.filter((choice) => choice.name.toLowerCase().includes(typed)).slice(0, MAX_CHOICES);
}

const NAME_WORDS = named(
  { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
  {
    en: 'Letters, digits, hyphens: film-noir.',
    zh: '字母、数字、连字符：film-noir。',
    ru: 'Буквы, цифры, дефисы: film-noir.',
    es: 'Letras, cifras, guiones: film-noir.',
    de: 'Buchstaben, Ziffern, Bindestriche: film-noir.',
    fr: 'Lettres, chiffres, tirets : film-noir.',
    ja: '文字、数字、ハイフン：film-noir。',
  },
);
const newName: APIApplicationCommandOption = { type: TEXT, required: true, max_length: 24, ...NAME_WORDS };
const knownName: APIApplicationCommandOption = {
  type: TEXT,
  required: true,
  autocomplete: true,
  max_length: 40,
  ...NAME_WORDS,
};
const text: APIApplicationCommandOption = {
  type: TEXT,
  required: true,
  max_length: MAX_TEXT_CHARS,
  ...named(
    { en: 'text', zh: '内容', ru: 'текст', es: 'texto', de: 'text', fr: 'texte', ja: '内容' },
    {
      en: 'Words and flags to add: film noir, grain --ar 3:2 --no colour',
      zh: '要附加的词和参数：film noir, grain --ar 3:2 --no colour',
      ru: 'Слова и параметры: film noir, grain --ar 3:2 --no colour',
      es: 'Palabras y parámetros: film noir, grain --ar 3:2 --no colour',
      de: 'Worte und Schalter: film noir, grain --ar 3:2 --no colour',
      fr: 'Mots et paramètres : film noir, grain --ar 3:2 --no colour',
      ja: '加える言葉とパラメーター：film noir, grain --ar 3:2 --no colour',
    },
  ),
};

const SUBCOMMANDS = [
  {
    type: Subcommand,
    ...named(
      { en: 'save', zh: '保存', ru: 'сохранить', es: 'guardar', de: 'speichern', fr: 'enregistrer', ja: '保存' },
      {
        en: 'Keep words and flags under a name.',
        zh: '以名称保存词和参数。',
        ru: 'Сохранить слова и параметры под именем.',
        es: 'Guardar palabras y parámetros con un nombre.',
        de: 'Worte und Schalter unter einem Namen behalten.',
        fr: 'Garder des mots et des paramètres sous un nom.',
        ja: '言葉とパラメーターに名前を付けて保存します。',
      },
    ),
    options: [newName, text],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'use', zh: '使用', ru: 'включить', es: 'usar', de: 'verwenden', fr: 'utiliser', ja: '使う' },
      {
        en: 'Add a style to everything you ask for; "none" ends that.',
        zh: '把一种风格加到你的所有请求；“none”停止。',
        ru: 'Добавлять стиль ко всем запросам; «none» — выключить.',
        es: 'Añadir un estilo a todo lo que pidas; «none» lo quita.',
        de: 'Einen Stil zu allem dazugeben; „none“ beendet das.',
        fr: 'Ajouter un style à toutes vos demandes ; « none » l’enlève.',
        ja: 'すべての依頼にスタイルを加えます。「none」でやめます。',
      },
    ),
    options: [knownName],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: '一覧' },
      {
        en: 'The styles you can use here.',
        zh: '你在这里可以使用的风格。',
        ru: 'Стили, доступные вам здесь.',
        es: 'Los estilos que puedes usar aquí.',
        de: 'Die Stile, die du hier verwenden kannst.',
        fr: 'Les styles que vous pouvez utiliser ici.',
        ja: 'ここで使えるスタイル。',
      },
    ),
  },
  {
    type: Subcommand,
    ...named(
      { en: 'delete', zh: '删除', ru: 'удалить', es: 'borrar', de: 'löschen', fr: 'supprimer', ja: '削除' },
      {
        en: 'Delete one of your styles.',
        zh: '删除你的一个风格。',
        ru: 'Удалить один из ваших стилей.',
        es: 'Borrar uno de tus estilos.',
        de: 'Einen deiner Stile löschen.',
        fr: 'Supprimer un de vos styles.',
        ja: 'スタイルを 1 つ削除します。',
      },
    ),
    options: [knownName],
  },
  {
    type: Subcommand,
    ...named(
      { en: 'share', zh: '分享', ru: 'поделиться', es: 'compartir', de: 'teilen', fr: 'partager', ja: '共有' },
      {
        en: 'Let everybody in this server use a style of yours, or take that back.',
        zh: '让本服务器的所有人使用你的风格，或收回。',
        ru: 'Открыть свой стиль всем на этом сервере или закрыть снова.',
        es: 'Dejar que todo el servidor use un estilo tuyo, o retirarlo.',
        de: 'Einen deiner Stile für alle auf diesem Server freigeben oder zurücknehmen.',
        fr: 'Ouvrir un de vos styles à tout le serveur, ou le reprendre.',
        ja: 'スタイルをこのサーバーの全員と共有します。もう一度で取り消します。',
      },
    ),
    options: [knownName],
  },
] as APIApplicationCommandOption[];

export const style: SlashCommand = {
  kind: 'slash',
  name: 'style',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'style', zh: '风格', ru: 'стиль', es: 'estilo', de: 'stil', fr: 'style', ja: 'スタイル' },
      {
        en: 'Your own named styles: words and flags to use again.',
        zh: '你自己的命名风格：可重复使用的词和参数。',
        ru: 'Ваши стили: слова и параметры, которые пригодятся снова.',
        es: 'Tus estilos: palabras y parámetros para volver a usar.',
        de: 'Deine Stile: Worte und Schalter zum Wiederverwenden.',
        fr: 'Vos styles : des mots et des paramètres à réutiliser.',
        ja: '自分のスタイル：くり返し使う言葉とパラメーター。',
      },
    ),
    options: SUBCOMMANDS,
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const run = RUN[interaction.options.getSubcommand(true)];
    if (run !== undefined) await tell(interaction, run(interaction, bot));
  },
  suggest,
};
