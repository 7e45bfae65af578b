// /admin channels: where the bot may be used, and how strict each place is. Threads follow their channel, channels their category.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ChannelType,
  PermissionFlagsBits,
} from 'discord.js';
import { VERDICTS, type Verdict } from '../../src/core/pictureJudgement.ts';
import { type ChannelPolicy, type ChannelRule, isOpen } from '../../src/core/policy.ts';
import { LEVELS, type Level, WORD_LISTS } from '../../src/core/policyLists.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { moderating } from '../../src/discord/phrases/moderating.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { placeIn } from '../../src/discord/place.ts';
import { endBarred } from '../../src/discord/removal.ts';
import { clip } from '../../src/discord/text.ts';
import { localized, named } from '../options.ts';
import type { AdminHandler, AdminInteraction, AdminPart } from './group.ts';

const { Subcommand, SubcommandGroup, Channel: CHANNEL, String: TEXT } = ApplicationCommandOptionType;
/** Characters of a list that still fit one answer. */
const MAX_LIST_CHARS = 1_900;

const channel: APIApplicationCommandBasicOption = {
  type: CHANNEL,
  required: true,
  channel_types: [
    ChannelType.GuildText,
    ChannelType.GuildAnnouncement,
    ChannelType.GuildVoice,
    ChannelType.GuildForum,
    ChannelType.GuildCategory,
    ChannelType.PublicThread,
    ChannelType.PrivateThread,
  ],
  ...named(
    { en: 'channel', zh: '频道', ru: 'канал', es: 'canal', de: 'kanal', fr: 'salon', ja: 'チャンネル' },
    {
      en: 'Or a category, or a thread.',
      zh: '也可以是类别或子区。',
      ru: 'Или категория, или ветка.',
      es: 'O una categoría, o un hilo.',
      de: 'Oder eine Kategorie oder ein Thread.',
      fr: 'Ou une catégorie, ou un fil.',
      ja: 'カテゴリーやスレッドも可。',
    },
  ),
};

const levelChoices = LEVELS.map((level) => ({
  name: moderating.en.level[level],
  name_localizations: localized(wordsOf((one) => one.level[level])),
  value: level,
}));

export const levelOption = (name: Parameters<typeof named>[0], about: Parameters<typeof named>[1], required: boolean) =>
  ({ type: TEXT, required, choices: levelChoices, ...named(name, about) }) as APIApplicationCommandBasicOption;

function wordsOf(pick: (phrases: (typeof moderating)['en']) => string) {
  const { en, zh, ru, es, de, fr, ja } = moderating;
  return { en: pick(en), zh: pick(zh), ru: pick(ru), es: pick(es), de: pick(de), fr: pick(fr), ja: pick(ja) };
}

const level = levelOption(
  { en: 'level', zh: '级别', ru: 'уровень', es: 'nivel', de: 'stufe', fr: 'niveau', ja: 'レベル' },
  {
    en: 'How strict it is there.',
    zh: '那里有多严格。',
    ru: 'Насколько там строго.',
    es: 'Cuán estricto es allí.',
    de: 'Wie streng es dort ist.',
    fr: 'La sévérité du lieu.',
    ja: 'そこの厳しさ。',
  },
  true,
);

const explicit: APIApplicationCommandBasicOption = {
  type: TEXT,
  choices: VERDICTS.map((verdict) => ({
    name: moderating.en.verdict[verdict],
    name_localizations: localized(wordsOf((one) => one.verdict[verdict])),
    value: verdict,
  })),
  ...named(
    { en: 'explicit', zh: '露骨', ru: 'откровенное', es: 'explícito', de: 'eindeutiges', fr: 'explicite', ja: '露骨' },
    {
      en: 'What is done with explicit pictures there; else what the level says.',
      zh: '如何处理露骨图片；不填则按级别。',
      ru: 'Что делать с откровенными картинками; иначе по уровню.',
      es: 'Qué se hace con lo explícito; si no, lo del nivel.',
      de: 'Was dort mit eindeutigen Bildern geschieht; sonst nach Stufe.',
      fr: 'Le sort des images explicites ; sinon selon le niveau.',
      ja: '露骨な画像の扱い。なければレベルに従う。',
    },
  ),
};

function ruleOf(channelId: string, interaction: AdminInteraction, { store }: BotContext): ChannelRule {
  const known = store.channelRules(interaction.guildId).find((rule) => rule.channelId === channelId);
  return known ?? { channelId, access: null, policy: null };
}

function change(
  change: (rule: ChannelRule) => ChannelRule,
  said: (phrases: Phrases, channel: string) => string,
): AdminHandler {
  return async (interaction, bot) => {
    const { id } = interaction.options.getChannel('channel', true);
    const { guildId } = interaction;
    bot.store.setChannelRule(guildId, change(ruleOf(id, interaction, bot)), interaction.user.id);
    const phrases = phrasesOf(interaction);
    const rules = bot.store.channelRules(guildId);
    const ended = endBarred(guildId, ({ place }) => place != null && !isOpen(place, rules), bot);
    const more = ended === 0 ? '' : `\n${phrases.moderating.requestsEnded(ended)}`;
    await tell(interaction, `${said(phrases, `<#${id}>`)}${more}`);
  };
}

/** Adult rules only where Discord itself keeps children out. */
const nsfwPolicy: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const { id } = interaction.options.getChannel('channel', true);
  const wanted = interaction.options.getString('level', true) as Level;
  const kind = interaction.options.getString('explicit') as Verdict | null;
  const known = interaction.guild?.channels.cache.get(id) ?? null;
  const isCategory = known?.type === ChannelType.GuildCategory;
  const { isAgeRestricted } = placeIn(interaction.guildId, id, known);
  if (wanted === 'adult' && !isAgeRestricted && !isCategory) {
    return tell(interaction, phrases.moderating.channelAdult(`<#${id}>`));
  }
  const policy: ChannelPolicy = { level: wanted, ...(kind === null ? {} : { explicit: kind }) };
  const rule = { ...ruleOf(id, interaction, bot), policy };
  bot.store.setChannelRule(interaction.guildId, rule, interaction.user.id);
  await tell(interaction, policyLine(rule, phrases));
};

function policyLine({ channelId, policy }: ChannelRule, { moderating }: Phrases): string {
  const usual = WORD_LISTS.find(({ id }) => id === 'explicit')!.verdicts[policy?.level ?? 'standard'];
  const kind = moderating.verdict[policy?.explicit ?? usual];
  const name = policy?.level === undefined ? '—' : moderating.level[policy.level];
  return moderating.channelPolicy(`<#${channelId}>`, name, kind);
}

const list: AdminHandler = async (interaction, bot) => {
  const phrases = phrasesOf(interaction);
  const rules = bot.store.channelRules(interaction.guildId);
  if (rules.length === 0) return tell(interaction, phrases.moderating.channelsOpen());
  const lines = rules.map((rule) => {
    const access = rule.access === null ? '' : rule.access === 'allow' ? '✅ ' : '⛔ ';
    return `- ${access}${rule.policy === null ? `<#${rule.channelId}>` : policyLine(rule, phrases)}`;
  });
  await tell(interaction, clip(`**${phrases.moderating.channelsTitle()}**\n${lines.join('\n')}`, MAX_LIST_CHARS));
};

const NAMES = {
  allow: named(
    { en: 'allow', zh: '允许', ru: 'открыть', es: 'permitir', de: 'erlauben', fr: 'autoriser', ja: '許可' },
    {
      en: 'Use the bot there; others close.',
      zh: '可在此使用；其他频道关闭。',
      ru: 'Бот работает там; остальные закрываются.',
      es: 'Usar el bot allí; los demás se cierran.',
      de: 'Den Bot dort erlauben; andere schließen.',
      fr: 'Utiliser le bot là ; les autres ferment.',
      ja: 'そこで使う。ほかは閉じます。',
    },
  ),
  deny: named(
    { en: 'deny', zh: '禁止', ru: 'закрыть', es: 'denegar', de: 'verbieten', fr: 'interdire', ja: '不可' },
    {
      en: 'Not there.',
      zh: '不可在此使用。',
      ru: 'Там нельзя.',
      es: 'Allí no.',
      de: 'Dort nicht.',
      fr: 'Pas là.',
      ja: 'そこでは使わない。',
    },
  ),
  reset: named(
    { en: 'reset', zh: '重置', ru: 'сбросить', es: 'restablecer', de: 'zurücksetzen', fr: 'réinitialiser', ja: '戻す' },
    {
      en: 'As in the rest of the server.',
      zh: '与服务器其余部分一致。',
      ru: 'Как на всём сервере.',
      es: 'Como en el resto del servidor.',
      de: 'Wie im übrigen Server.',
      fr: 'Comme dans le reste du serveur.',
      ja: 'サーバーの設定に合わせる。',
    },
  ),
  nsfw: named(
    {
      en: 'nsfw-policy',
      zh: '内容级别',
      ru: 'уровень',
      es: 'contenido',
      de: 'inhalte',
      fr: 'contenu',
      ja: '内容の規則',
    },
    {
      en: 'How strict it is there.',
      zh: '那里有多严格。',
      ru: 'Насколько там строго.',
      es: 'Cuán estricto es allí.',
      de: 'Wie streng es dort ist.',
      fr: 'La sévérité du lieu.',
      ja: 'そこの厳しさ。',
    },
  ),
  list: named(
    { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: '一覧' },
    {
      en: 'Channels with own rules.',
      zh: '有单独规则的频道。',
      ru: 'Каналы со своими правилами.',
      es: 'Canales con reglas propias.',
      de: 'Kanäle mit eigenen Regeln.',
      fr: 'Salons à règles propres.',
      ja: '独自の規則のチャンネル。',
    },
  ),
};

export const channels: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'channels', zh: '频道', ru: 'каналы', es: 'canales', de: 'kanäle', fr: 'salons', ja: 'チャンネル' },
        {
          en: 'Where, and how strict.',
          zh: '在哪里，多严格。',
          ru: 'Где и насколько строго.',
          es: 'Dónde, y cuán estricto.',
          de: 'Wo, und wie streng.',
          fr: 'Où, et avec quelle sévérité.',
          ja: '場所と厳しさ。',
        },
      ),
      options: [
        { type: Subcommand, ...NAMES.allow, options: [channel] },
        { type: Subcommand, ...NAMES.deny, options: [channel] },
        { type: Subcommand, ...NAMES.reset, options: [channel] },
        { type: Subcommand, ...NAMES.nsfw, options: [channel, level, explicit] },
        { type: Subcommand, ...NAMES.list },
      ],
    },
  ],
  run: {
    'channels allow': change(
      (rule) => ({ ...rule, access: 'allow' }),
      ({ moderating }, name) => moderating.channelAllowed(name),
    ),
    'channels deny': change(
      (rule) => ({ ...rule, access: 'deny' }),
      ({ moderating }, name) => moderating.channelDenied(name),
    ),
    'channels reset': change(
      (rule) => ({ ...rule, access: null, policy: null }),
      ({ moderating }, name) => moderating.channelReset(name),
    ),
    'channels nsfw-policy': nsfwPolicy,
    'channels list': list,
  },
};

/** What the bot needs in a channel to be of use there; `doctor` looks for these. */
export const NEEDED_IN_CHANNELS = {
  ViewChannel: PermissionFlagsBits.ViewChannel,
  SendMessages: PermissionFlagsBits.SendMessages,
  SendMessagesInThreads: PermissionFlagsBits.SendMessagesInThreads,
  AttachFiles: PermissionFlagsBits.AttachFiles,
  EmbedLinks: PermissionFlagsBits.EmbedLinks,
  ReadMessageHistory: PermissionFlagsBits.ReadMessageHistory,
} as const;
