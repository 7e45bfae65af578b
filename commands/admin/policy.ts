// /admin policy | retention | reports: what a server decides for itself, shown where nothing is said, changed where something is.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType, ChannelType } from 'discord.js';
import { formatLadder, parseLadder, type ServerPolicy } from '../../src/core/policy.ts';
import { type Level, LIST_IDS, type ListId } from '../../src/core/policyLists.ts';
import { phrasesOf, show, tell } from '../../src/discord/answers.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { quoted } from '../../src/discord/text.ts';
import { cardView, textPart } from '../../src/discord/views/view.ts';
import { localized, named } from '../options.ts';
import { levelOption, NEEDED_IN_CHANNELS } from './channels.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, String: TEXT, Integer: WHOLE, Boolean: YES_NO, Channel: CHANNEL } = ApplicationCommandOptionType;
/** Ten years; beyond, "for ever" says it better. */
const MAX_DAYS = 3_650;
const MAX_LADDER_CHARS = 80;

const ordinary = levelOption(
  { en: 'ordinary', zh: '普通频道', ru: 'обычные', es: 'normales', de: 'gewöhnliche', fr: 'ordinaires', ja: '通常' },
  {
    en: 'In ordinary channels.',
    zh: '普通频道。',
    ru: 'В обычных каналах.',
    es: 'En canales normales.',
    de: 'In gewöhnlichen Kanälen.',
    fr: 'Dans les salons ordinaires.',
    ja: '通常のチャンネル。',
  },
  false,
);
const restricted = levelOption(
  {
    en: 'restricted',
    zh: '限龄频道',
    ru: 'взрослые',
    es: 'restringidos',
    de: 'beschränkte',
    fr: 'restreints',
    ja: '年齢制限',
  },
  {
    en: 'In age-restricted channels.',
    zh: '年龄限制频道。',
    ru: 'В каналах с возрастным ограничением.',
    es: 'En canales con restricción de edad.',
    de: 'In Kanälen mit Altersbeschränkung.',
    fr: 'Dans les salons à limite d’âge.',
    ja: '年齢制限のチャンネル。',
  },
  false,
);

const list: APIApplicationCommandBasicOption = {
  type: TEXT,
  choices: LIST_IDS.map((id) => ({ name: id, value: id })),
  ...named(
    { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: 'リスト' },
    {
      en: 'Switches a list of words on or off.',
      zh: '开关某个词表。',
      ru: 'Включает или выключает список слов.',
      es: 'Enciende o apaga una lista.',
      de: 'Schaltet eine Wortliste an oder aus.',
      fr: 'Active ou non une liste.',
      ja: '語のリストを切り替えます。',
    },
  ),
};

const previews: APIApplicationCommandBasicOption = {
  type: YES_NO,
  ...named(
    {
      en: 'previews',
      zh: '预览',
      ru: 'предпросмотр',
      es: 'vistas-previas',
      de: 'vorschau',
      fr: 'aperçus',
      ja: 'プレビュー',
    },
    {
      en: 'Show unfinished pictures, which nobody judged yet.',
      zh: '显示尚未审核的未完成图片。',
      ru: 'Показывать незаконченное, ещё не проверенное.',
      es: 'Mostrar imágenes sin acabar ni revisar.',
      de: 'Unfertige, noch nicht geprüfte Bilder zeigen.',
      fr: 'Montrer les images inachevées, non jugées.',
      ja: '未判定の途中の画像を見せる。',
    },
  ),
};

const ladder: APIApplicationCommandBasicOption = {
  type: TEXT,
  max_length: MAX_LADDER_CHARS,
  ...named(
    { en: 'pauses', zh: '暂停', ru: 'паузы', es: 'pausas', de: 'pausen', fr: 'pauses', ja: '休止' },
    {
      en: 'Strikes and pauses: 3=1h 5=1d 8=7d, or none.',
      zh: '警告与暂停：3=1h 5=1d 8=7d，或 none。',
      ru: 'Предупреждения и паузы: 3=1h 5=1d 8=7d или none.',
      es: 'Avisos y pausas: 3=1h 5=1d 8=7d, o none.',
      de: 'Verwarnungen und Pausen: 3=1h 5=1d 8=7d oder none.',
      fr: 'Avertissements et pauses : 3=1h 5=1d 8=7d, ou none.',
      ja: '警告と休止：3=1h 5=1d 8=7d または none。',
    },
  ),
};

const days = (en: string, zh: string, ru: string, es: string, de: string, fr: string, ja: string, min: number) =>
  ({
    type: WHOLE,
    min_value: min,
    max_value: MAX_DAYS,
    ...named(
      { en: 'days', zh: '天数', ru: 'дней', es: 'días', de: 'tage', fr: 'jours', ja: '日数' },
      { en, zh, ru, es, de, fr, ja },
    ),
  }) as APIApplicationCommandBasicOption;

const decay = days(
  'Days a strike counts.',
  '警告的有效天数。',
  'Сколько дней считается предупреждение.',
  'Días que cuenta un aviso.',
  'Tage, die eine Verwarnung zählt.',
  'Jours que compte un avertissement.',
  '警告の有効日数。',
  1,
);
const keep = days(
  'Files go after that; 0 keeps them.',
  '之后删除文件；0 表示保留。',
  'Потом файлы исчезают; 0 — хранить.',
  'Después los archivos se borran; 0 los guarda.',
  'Danach gehen die Dateien; 0 behält sie.',
  'Ensuite les fichiers partent ; 0 les garde.',
  'その後ファイルを消す。0 で残す。',
  0,
);

const rows: APIApplicationCommandBasicOption = {
  type: TEXT,
  choices: [
    {
      name: 'keep',
      name_localizations: localized({
        en: 'keep',
        zh: '保留',
        ru: 'хранить',
        es: 'guardar',
        de: 'behalten',
        fr: 'garder',
        ja: '残す',
      }),
      value: 'keep',
    },
    {
      name: 'erase',
      name_localizations: localized({
        en: 'erase',
        zh: '删除',
        ru: 'стереть',
        es: 'borrar',
        de: 'löschen',
        fr: 'effacer',
        ja: '消す',
      }),
      value: 'erase',
    },
  ],
  ...named(
    { en: 'rows', zh: '记录', ru: 'записи', es: 'datos', de: 'angaben', fr: 'données', ja: '記録' },
    {
      en: 'What happens to prompts and numbers.',
      zh: '提示词和参数如何处理。',
      ru: 'Что с промптами и числами.',
      es: 'Qué pasa con textos y números.',
      de: 'Was mit Texten und Zahlen geschieht.',
      fr: 'Le sort des textes et nombres.',
      ja: 'プロンプトと数値の扱い。',
    },
  ),
};

const staff: APIApplicationCommandBasicOption = {
  type: CHANNEL,
  channel_types: [ChannelType.GuildText, ChannelType.PrivateThread, ChannelType.PublicThread],
  ...named(
    { en: 'channel', zh: '频道', ru: 'канал', es: 'canal', de: 'kanal', fr: 'salon', ja: 'チャンネル' },
    {
      en: 'A channel for staff; without it, reports end.',
      zh: '管理频道；不填则停止接收。',
      ru: 'Канал для модераторов; без него жалоб нет.',
      es: 'Un canal de moderación; sin él, se acaban.',
      de: 'Ein Kanal der Moderation; ohne ihn ist Schluss.',
      fr: 'Un salon de modération ; sans lui, plus aucun.',
      ja: '運営用。なければ受付終了。',
    },
  ),
};

const policy: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const place = await scopeOf(interaction, bot);
  if (place === undefined) return;
  const typed = interaction.options.getString('pauses');
  const rungs = typed === null ? undefined : parseLadder(typed);
  if (typed !== null && rungs === undefined) {
    return tell(interaction, moderating.badLadder(quoted(typed, MAX_LADDER_CHARS)));
  }
  const change = {
    ...changeOf(interaction, bot.store.policy(place.guildId)),
    ...(rungs === undefined ? {} : { ladder: rungs }),
  };
  if (Object.keys(change).length > 0) bot.store.setPolicy(place.guildId, change, interaction.user.id);
  const lines = policyLines(bot.store.policy(place.guildId), phrasesOf(interaction));
  await show(interaction, cardView([textPart(`### ${moderating.policyTitle()}\n${lines.join('\n')}`)]), bot.dataDir);
};

/** A list that is off is switched on, and the other way. */
function changeOf({ options }: AdminInteraction, known: ServerPolicy): Partial<ServerPolicy> {
  const [one, two] = [options.getString('ordinary') as Level | null, options.getString('restricted') as Level | null];
  const id = options.getString('list') as ListId | null;
  const [shown, count] = [options.getBoolean('previews'), options.getInteger('days')];
  const switched = known.without.includes(id!)
    ? known.without.filter((other) => other !== id)
    : [...known.without, id!];
  return {
    ...(one === null ? {} : { ordinary: one === 'adult' ? 'standard' : one }),
    ...(two === null ? {} : { ageRestricted: two }),
    ...(id === null ? {} : { without: switched }),
    ...(shown === null ? {} : { previews: shown }),
    ...(count === null ? {} : { decayDays: count }),
  };
}

function policyLines(known: ServerPolicy, { moderating, settings }: Phrases): readonly string[] {
  const { policyField: field, policySet } = moderating;
  const without = known.without.map((id) => moderating.rule[id]).join(', ');
  const kept = known.retentionDays === null ? moderating.never() : moderating.days(known.retentionDays);
  return [
    policySet(field.ordinary, moderating.level[known.ordinary]),
    policySet(field.ageRestricted, moderating.level[known.ageRestricted]),
    policySet(field.without, without === '' ? '—' : without),
    policySet(field.previews, known.previews ? settings.yes() : settings.no()),
    policySet(field.decayDays, moderating.days(known.decayDays)),
    policySet(field.ladder, formatLadder(known.ladder)),
    policySet(field.retention, kept),
    policySet(field.reports, known.reviewChannelId === null ? '—' : `<#${known.reviewChannelId}>`),
  ].map((line) => `- ${line}`);
}

const retention: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const count = interaction.options.getInteger('days', true);
  const how = interaction.options.getString('rows') === 'erase' ? 'erase' : 'keep';
  const change = { retentionDays: count === 0 ? null : count, retentionRows: how } as const;
  bot.store.setPolicy(interaction.guildId, change, interaction.user.id);
  const said = how === 'keep' ? moderating.rowsKeep() : moderating.rowsErase();
  await tell(interaction, count === 0 ? moderating.retentionOff() : moderating.retentionSet(count, said));
};

/** Only where the bot can put cards. */
const reports: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const chosen = interaction.options.getChannel('channel');
  if (chosen !== null && !mayReview(interaction, chosen.id)) {
    return tell(interaction, moderating.reportsNoAccess(`<#${chosen.id}>`));
  }
  bot.store.setPolicy(interaction.guildId, { reviewChannelId: chosen?.id ?? null }, interaction.user.id);
  bot.reviews?.touch();
  await tell(interaction, chosen === null ? moderating.reportsOff() : moderating.reportsIn(`<#${chosen.id}>`));
};

function mayReview({ guild }: AdminInteraction, channelId: string): boolean {
  const known = guild?.channels.cache.get(channelId);
  const me = guild?.members.me;
  if (known === undefined || me == null) return false;
  const { ViewChannel, SendMessages, AttachFiles } = NEEDED_IN_CHANNELS;
  return known.permissionsFor(me).has([ViewChannel, SendMessages, AttachFiles]);
}

export const policies: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'policy', zh: '规则', ru: 'правила', es: 'reglas', de: 'regeln', fr: 'règles', ja: '規則' },
        {
          en: 'Show or change the rules of this server.',
          zh: '查看或更改本服务器的规则。',
          ru: 'Показать или изменить правила сервера.',
          es: 'Ver o cambiar las reglas del servidor.',
          de: 'Die Regeln dieses Servers zeigen oder ändern.',
          fr: 'Voir ou changer les règles du serveur.',
          ja: 'このサーバーの規則を見る・変える。',
        },
      ),
      options: [ordinary, restricted, list, previews, decay, ladder, everywhere],
    },
    {
      type: Subcommand,
      ...named(
        {
          en: 'retention',
          zh: '保留',
          ru: 'хранение',
          es: 'conservación',
          de: 'aufbewahrung',
          fr: 'conservation',
          ja: '保存',
        },
        {
          en: 'How long files of pictures are kept.',
          zh: '图片文件保留多久。',
          ru: 'Сколько хранить файлы картинок.',
          es: 'Cuánto se guardan los archivos.',
          de: 'Wie lange Dateien bleiben.',
          fr: 'Combien de temps garder les fichiers.',
          ja: '画像ファイルの保存期間。',
        },
      ),
      options: [{ ...keep, required: true } as never, rows],
    },
    {
      type: Subcommand,
      ...named(
        { en: 'reports', zh: '举报', ru: 'жалобы', es: 'denuncias', de: 'meldungen', fr: 'signalements', ja: '報告' },
        {
          en: 'Where reports are put.',
          zh: '举报送往何处。',
          ru: 'Куда идут жалобы.',
          es: 'Adónde van las denuncias.',
          de: 'Wohin Meldungen kommen.',
          fr: 'Où vont les signalements.',
          ja: '報告の送り先。',
        },
      ),
      options: [staff],
    },
  ],
  run: { policy, retention, reports },
};
