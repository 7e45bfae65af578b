// /wildcard save | list | delete: one's own lists of words, drawn from by `__name__` in a prompt.
import { ApplicationCommandOptionType, ApplicationCommandType, type AutocompleteInteraction } from 'discord.js';
import { MAX_LISTS, readChoices, wildcardName } from '../src/core/wildcards.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { clip, MAX_CHOICE_CHARS, MAX_CONTENT_CHARS, quoted } from '../src/discord/text.ts';
import { wildcardsOf } from '../src/discord/wildcards.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

const MAX_CHOICES = 25;
const SHOWN_CHARS = 120;
/** Of all choices together; Discord's own limit for an option is 6,000. */
const MAX_TEXT_CHARS = 4_000;
const { Subcommand, String: TEXT } = ApplicationCommandOptionType;

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const typed = interaction.options.getFocused().toLowerCase();
  return bot.store
    .wildcards(interaction.user.id)
    .filter(({ name }) => name.includes(typed))
    .slice(0, MAX_CHOICES)
    .map(({ name, choices }) => ({ name: clip(`${name}: ${choices.join(', ')}`, MAX_CHOICE_CHARS), value: name }));
}

async function listOf(userId: string, bot: BotContext): Promise<readonly string[]> {
  const own = new Set(bot.store.wildcards(userId).map(({ name }) => name));
  const all = [...(await wildcardsOf(userId, bot))].sort(([a], [b]) => Number(own.has(b)) - Number(own.has(a)));
  return all.map(([name, choices]) => {
    const mark = own.has(name) ? ' ✎' : '';
    return `- \`__${name}__\`${mark} (${choices.length}) · ${quoted(choices.join(', '), SHOWN_CHARS)}`;
  });
}

const NAME = named(
  { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
  {
    en: 'Letters, digits, hyphens: animal.',
    zh: '字母、数字、连字符：animal。',
    ru: 'Буквы, цифры, дефисы: animal.',
    es: 'Letras, cifras, guiones: animal.',
    de: 'Buchstaben, Ziffern, Bindestriche: animal.',
    fr: 'Lettres, chiffres, tirets : animal.',
    ja: '文字、数字、ハイフン：animal。',
  },
);

export const wildcard: SlashCommand = {
  kind: 'slash',
  name: 'wildcard',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'wildcard', zh: '词表', ru: 'списки', es: 'comodín', de: 'wortliste', fr: 'liste', ja: '単語リスト' },
      {
        en: 'Lists of words: __animal__ in a prompt takes one of a list, drawn by the seed.',
        zh: '词表：提示词中的 __animal__ 会按种子从列表中抽取一个。',
        ru: 'Списки слов: __animal__ в промпте берёт одно из списка, по зерну.',
        es: 'Listas de palabras: __animal__ en un texto toma una de la lista, según la semilla.',
        de: 'Wortlisten: __animal__ im Text nimmt eines der Liste, nach dem Startwert gezogen.',
        fr: 'Listes de mots : __animal__ dans un texte en prend un, tiré par la graine.',
        ja: '単語リスト：プロンプト中の __animal__ がシードで選ばれた 1 つになります。',
      },
    ),
    options: [
      {
        type: Subcommand,
        ...named(
          { en: 'save', zh: '保存', ru: 'сохранить', es: 'guardar', de: 'speichern', fr: 'enregistrer', ja: '保存' },
          {
            en: 'Keep a list, or replace the one of that name.',
            zh: '保存一个列表，或替换同名列表。',
            ru: 'Сохранить список или заменить одноимённый.',
            es: 'Guardar una lista, o sustituir la de ese nombre.',
            de: 'Eine Liste aufheben oder die gleichen Namens ersetzen.',
            fr: 'Garder une liste, ou remplacer celle de ce nom.',
            ja: 'リストを保存、または同名のものを置き換えます。',
          },
        ),
        options: [
          { type: TEXT, required: true, max_length: 40, ...NAME },
          {
            type: TEXT,
            required: true,
            max_length: MAX_TEXT_CHARS,
            ...named(
              { en: 'words', zh: '词语', ru: 'слова', es: 'palabras', de: 'worte', fr: 'mots', ja: '言葉' },
              {
                en: 'With commas between them: fox, owl, sea horse.',
                zh: '用逗号分隔：fox, owl, sea horse。',
                ru: 'Через запятую: fox, owl, sea horse.',
                es: 'Separadas por comas: fox, owl, sea horse.',
                de: 'Mit Kommas dazwischen: fox, owl, sea horse.',
                fr: 'Séparés par des virgules : fox, owl, sea horse.',
                ja: 'カンマ区切り：fox, owl, sea horse。',
              },
            ),
          },
        ],
      },
      {
        type: Subcommand,
        ...named(
          { en: 'list', zh: '列表', ru: 'показать', es: 'lista', de: 'liste', fr: 'voir', ja: '一覧' },
          {
            en: 'The lists you can use.',
            zh: '你可以使用的列表。',
            ru: 'Списки, которыми можно пользоваться.',
            es: 'Las listas que puedes usar.',
            de: 'Die Listen, die du verwenden kannst.',
            fr: 'Les listes que vous pouvez employer.',
            ja: '使えるリスト。',
          },
        ),
      },
      {
        type: Subcommand,
        ...named(
          { en: 'delete', zh: '删除', ru: 'удалить', es: 'borrar', de: 'löschen', fr: 'supprimer', ja: '削除' },
          {
            en: 'Delete one of your lists.',
            zh: '删除你的一个列表。',
            ru: 'Удалить один из ваших списков.',
            es: 'Borrar una de tus listas.',
            de: 'Eine deiner Listen löschen.',
            fr: 'Supprimer une de vos listes.',
            ja: '自分のリストを 1 つ削除します。',
          },
        ),
        options: [{ type: TEXT, required: true, autocomplete: true, max_length: 44, ...NAME }],
      },
    ],
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { wildcard: words } = phrasesOf(interaction).making;
    const { user, options } = interaction;
    const action = options.getSubcommand();
    if (action === 'list') {
      const lines = await listOf(user.id, bot);
      const text = lines.length === 0 ? words.none() : [`**${words.list()}**`, ...lines].join('\n');
      return tell(interaction, clip(text, MAX_CONTENT_CHARS));
    }
    const name = wildcardName(options.getString('name', true));
    if (name === undefined) return tell(interaction, words.badName());
    if (action === 'delete') {
      const isGone = bot.store.deleteWildcard(user.id, name);
      return tell(interaction, isGone ? words.deleted(name) : words.unknown(name));
    }
    const choices = readChoices(options.getString('words', true));
    if (choices.length < 2) return tell(interaction, words.tooFew());
    const isKept = bot.store.saveWildcard(user.id, { name, choices });
    await tell(interaction, isKept ? words.saved(name, choices.length) : words.tooMany(MAX_LISTS));
  },
  suggest,
};
