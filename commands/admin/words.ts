// /admin words: a server's own rules for prompts beside the lists that come with the bot, and what they find in a text.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import { type Hit, judgeText, MAX_PATTERN_CHARS, MAX_RULE_NAME_CHARS, MAX_RULES } from '../../src/core/moderation.ts';
import { rulesAt } from '../../src/core/policy.ts';
import { LISTS_VERSION, WORD_LISTS } from '../../src/core/policyLists.ts';
import { phrasesOf, show, tell } from '../../src/discord/answers.ts';
import { ruleName } from '../../src/discord/gate.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { placeOf } from '../../src/discord/place.ts';
import { clip, quoted } from '../../src/discord/text.ts';
import { cardView, textPart } from '../../src/discord/views/view.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, SubcommandGroup, String: TEXT, Boolean: YES_NO } = ApplicationCommandOptionType;
/** Characters of the list in one card; the rest is told as a number. */
const SHOWN_LIST_CHARS = 2_500;
/** Characters around a hit. */
const AROUND_CHARS = 40;
const MAX_CHOICES = 25;

const pattern: APIApplicationCommandBasicOption = {
  type: TEXT,
  required: true,
  max_length: MAX_PATTERN_CHARS,
  ...named(
    { en: 'word', zh: '词', ru: 'слово', es: 'palabra', de: 'wort', fr: 'mot', ja: '語' },
    {
      en: 'Word or phrase; a star at an end is any letters.',
      zh: '词或短语；首尾的星号代表任意字母。',
      ru: 'Слово или фраза; звёздочка с краю — любые буквы.',
      es: 'Palabra o frase; un asterisco al borde es cualquier letra.',
      de: 'Wort oder Wendung; ein Stern am Rand steht für beliebige Buchstaben.',
      fr: 'Mot ou phrase ; une étoile au bord vaut toutes lettres.',
      ja: '語や句。端の * は任意の文字。',
    },
  ),
};

const ruleLabel: APIApplicationCommandBasicOption = {
  type: TEXT,
  max_length: MAX_RULE_NAME_CHARS,
  ...named(
    { en: 'name', zh: '名称', ru: 'название', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
    {
      en: 'What refused people are told; else the word.',
      zh: '被拒者看到的名称；不填则为该词。',
      ru: 'Что увидит получивший отказ; иначе само слово.',
      es: 'Lo que se dice al rechazar; si no, la palabra.',
      de: 'Was Abgelehnten gesagt wird; sonst das Wort.',
      fr: 'Ce qui est dit en cas de refus ; sinon le mot.',
      ja: '拒否時に伝える名前。なければ語そのもの。',
    },
  ),
};

const isPattern: APIApplicationCommandBasicOption = {
  type: YES_NO,
  ...named(
    { en: 'regex', zh: '正则', ru: 'выражение', es: 'expresión', de: 'muster', fr: 'motif', ja: '正規表現' },
    {
      en: 'Read it as a regular expression (RE2).',
      zh: '按正则表达式（RE2）理解。',
      ru: 'Считать регулярным выражением (RE2).',
      es: 'Leerlo como expresión regular (RE2).',
      de: 'Als regulären Ausdruck lesen (RE2).',
      fr: 'La lire comme expression régulière (RE2).',
      ja: '正規表現（RE2）として読む。',
    },
  ),
};

const knownName: APIApplicationCommandBasicOption = { ...ruleLabel, required: true, autocomplete: true } as never;

const text: APIApplicationCommandBasicOption = {
  type: TEXT,
  required: true,
  max_length: 1_000,
  ...named(
    { en: 'text', zh: '文本', ru: 'текст', es: 'texto', de: 'text', fr: 'texte', ja: '文' },
    {
      en: 'A prompt to try.',
      zh: '要试的提示词。',
      ru: 'Промпт для пробы.',
      es: 'Un texto de prueba.',
      de: 'Ein Text zum Ausprobieren.',
      fr: 'Un texte à essayer.',
      ja: '試すプロンプト。',
    },
  ),
};

const add: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const word = interaction.options.getString('word', true).trim();
  const name = (interaction.options.getString('name') ?? clip(word, MAX_RULE_NAME_CHARS)).trim();
  const own = bot.store.ownWordRules(place.guildId);
  if (own.length >= MAX_RULES && own.every((rule) => rule.name !== name)) {
    return tell(interaction, moderating.ruleTooMany(MAX_RULES));
  }
  const kind = interaction.options.getBoolean('regex') === true ? 'regex' : 'word';
  bot.store.block({ name, kind, pattern: word }, interaction.user.id, place.guildId);
  await tell(interaction, moderating.ruleAdded(quoted(name, MAX_RULE_NAME_CHARS)));
};

const remove: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const name = interaction.options.getString('name', true).trim();
  const isGone = bot.store.unblock(name, interaction.user.id, place.guildId);
  const said = isGone ? moderating.ruleRemoved : moderating.ruleUnknown;
  await tell(interaction, said(quoted(name, MAX_RULE_NAME_CHARS)));
};

const list: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { moderating } = phrases;
  const [own, wide] = [bot.store.ownWordRules(interaction.guildId), bot.store.ownWordRules(null)];
  const { without } = bot.store.policy(interaction.guildId);
  const line = (scope: string) => (rule: (typeof own)[number]) => {
    const found = rule.kind === 'regex' ? `\`/${rule.pattern.replaceAll('`', 'ˋ')}/\`` : quoted(rule.pattern, 60);
    return `- **${quoted(rule.name, MAX_RULE_NAME_CHARS)}** ${found}${scope}`;
  };
  const rules = [...wide.map(line(` · ${moderating.ruleEverywhere()}`)), ...own.map(line(''))].join('\n');
  const lists = WORD_LISTS.map(({ id, words, verdicts }) => {
    const levels = (['strict', 'standard', 'adult'] as const).map(
      (level) => `${moderating.level[level]}: ${moderating.verdict[verdicts[level]]}`,
    );
    const state = without.includes(id) ? ` · **${moderating.listOff()}**` : '';
    return `- **${moderating.rule[id]}** (${words.length}) ${levels.join(', ')}${state}`;
  });
  const parts = [
    textPart(
      `### ${moderating.rulesTitle()}\n${own.length === 0 ? moderating.rulesNone() : moderating.rulesOwn(own.length)}`,
    ),
    ...(rules === '' ? [] : [textPart(clip(rules, SHOWN_LIST_CHARS))]),
    textPart(`-# ${moderating.listsTitle(LISTS_VERSION)}\n${lists.join('\n')}`),
    textPart(`-# ${moderating.alwaysRefused(`${moderating.rule.minors}, ${moderating.rule.never}`)}`),
  ];
  await show(interaction, cardView(parts), bot.dataDir);
};

/** By the rules of the channel it is tried in. */
const test: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { prompts } = rulesAt(placeOf(interaction), bot.store);
  const { verdict, hit } = judgeText(interaction.options.getString('text', true), prompts);
  if (hit === null) return tell(interaction, phrases.moderating.testFree());
  await tell(
    interaction,
    `${phrases.moderating.testHit(ruleName(hit, phrases), phrases.moderating.verdict[verdict])}\n${placeText(hit, phrases)}`,
  );
};

/** The reading around the hit, the hit itself in bold, and its place by number. */
function placeText({ text: read, start, end, reading }: Hit, { moderating }: Phrases): string {
  const [before, met, after] = [read.slice(0, start), read.slice(start, end), read.slice(end)];
  const left = before.length > AROUND_CHARS ? `…${before.slice(-AROUND_CHARS)}` : before;
  const shown = `${quoted(left, 2 * AROUND_CHARS)}${/\s$/.test(left) ? ' ' : ''}**${quoted(met, 100)}**${/^\s/.test(after) ? ' ' : ''}${quoted(clip(after, AROUND_CHARS), AROUND_CHARS)}`;
  return `${moderating.testReading(reading)} ${shown} \`${start}–${end}\``;
}

const group = {
  add: named(
    { en: 'add', zh: '添加', ru: 'добавить', es: 'añadir', de: 'hinzufügen', fr: 'ajouter', ja: '追加' },
    {
      en: 'Refuse prompts with a word.',
      zh: '拒绝含有某词的提示词。',
      ru: 'Отказывать промптам со словом.',
      es: 'Rechazar textos con una palabra.',
      de: 'Texte mit einem Wort ablehnen.',
      fr: 'Refuser les textes avec un mot.',
      ja: '語を含むプロンプトを拒否。',
    },
  ),
  remove: named(
    { en: 'remove', zh: '移除', ru: 'убрать', es: 'quitar', de: 'entfernen', fr: 'retirer', ja: '削除' },
    {
      en: 'Take a rule away.',
      zh: '移除规则。',
      ru: 'Убрать правило.',
      es: 'Quitar una regla.',
      de: 'Eine Regel entfernen.',
      fr: 'Retirer une règle.',
      ja: '規則を消す。',
    },
  ),
  list: named(
    { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: '一覧' },
    {
      en: 'All rules and lists.',
      zh: '所有规则和列表。',
      ru: 'Все правила и списки.',
      es: 'Todas las reglas y listas.',
      de: 'Alle Regeln und Listen.',
      fr: 'Toutes les règles et listes.',
      ja: 'すべての規則とリスト。',
    },
  ),
  test: named(
    { en: 'test', zh: '测试', ru: 'проверить', es: 'probar', de: 'testen', fr: 'tester', ja: '試す' },
    {
      en: 'Which rule a prompt meets, and where.',
      zh: '提示词触发哪条规则、在何处。',
      ru: 'Какое правило сработает и где.',
      es: 'Qué regla salta, y dónde.',
      de: 'Welche Regel greift, und wo.',
      fr: 'Quelle règle s’applique, et où.',
      ja: 'どの規則にどこで当たるか。',
    },
  ),
};

export const words: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'words', zh: '词语', ru: 'слова', es: 'palabras', de: 'wörter', fr: 'mots', ja: '語句' },
        {
          en: 'Rules for prompts.',
          zh: '提示词规则。',
          ru: 'Правила для промптов.',
          es: 'Reglas para los textos.',
          de: 'Regeln für Texte.',
          fr: 'Règles pour les textes.',
          ja: 'プロンプトの規則。',
        },
      ),
      options: [
        { type: Subcommand, ...group.add, options: [pattern, ruleLabel, isPattern, everywhere] },
        { type: Subcommand, ...group.remove, options: [knownName, everywhere] },
        { type: Subcommand, ...group.list },
        { type: Subcommand, ...group.test, options: [text] },
      ],
    },
  ],
  run: { 'words add': add, 'words remove': remove, 'words list': list, 'words test': test },
  suggest: {
    'words remove': (interaction, { store }) => {
      const typed = interaction.options.getFocused().toLowerCase();
      return store
        .ownWordRules(interaction.guildId)
        .filter(({ name }) => name.toLowerCase().includes(typed))
        .slice(0, MAX_CHOICES)
        .map(({ name }) => ({ name, value: name }));
    },
  },
};
