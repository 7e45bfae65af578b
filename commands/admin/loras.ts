// /admin lora: which LoRAs are for whom in this server, what its people begin with, and who may hand in files. The files lie on the machine of
// the bot's owner, so that only the owner lets roles hand in, and only the owner takes a LoRA away everywhere.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
} from 'discord.js';
import { formatLora, fuzzy, type LoraUse, parseLora } from '../../src/core/lora.ts';
import { findLora, resolveLoras } from '../../src/core/loraChoice.ts';
import { type ModelCard, refuse } from '../../src/core/request.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { rolesText } from '../../src/discord/loraAccess.ts';
import { clip, MAX_CHOICE_CHARS, MAX_CONTENT_CHARS, quoted } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, SubcommandGroup, String: TEXT, Role, Boolean: YES_NO } = ApplicationCommandOptionType;
const MAX_CHOICES = 25;

function cardsOf({ catalog }: BotContext) {
  return catalog.cards[0]?.loras ?? [];
}

/** One that is gone may still have a rule. @throws request_invalid with the names there are */
function nameOf(interaction: AdminInteraction, bot: BotContext): string {
  const asked = interaction.options.getString('name', true);
  const cards = cardsOf(bot);
  const isRuled = bot.store.loraRules(interaction.guildId).some(({ lora }) => lora === asked);
  if (isRuled) return asked;
  return (
    findLora(asked, cards)?.name ?? refuse('LoRA', asked, { kind: 'names', names: cards.map((card) => card.name) })
  );
}

/** With a role: that one, too. Without: everybody again. */
const allow: AdminHandler = async (interaction, bot) => {
  const { loraKeeping: words } = phrasesOf(interaction);
  const scope = await scopeOf(interaction, bot);
  if (scope === undefined) return;
  const lora = nameOf(interaction, bot);
  const role = scope.guildId === null ? null : interaction.options.getRole('role');
  const now = role === null ? null : [...new Set([...(rolesNow(lora, interaction, bot) ?? []), role.id])];
  bot.store.setLoraRule({ guildId: scope.guildId, lora, roleIds: now }, interaction.user.id);
  const name = quoted(lora, 80);
  await tell(
    interaction,
    now === null ? words.forEverybody(name) : words.forRoles(name, rolesText(now, scope.guildId)),
  );
};

/** With a role: no longer that one, of those it is for. Without: nobody. */
const deny: AdminHandler = async (interaction, bot) => {
  const { loraKeeping: words } = phrasesOf(interaction);
  const scope = await scopeOf(interaction, bot);
  if (scope === undefined) return;
  const lora = nameOf(interaction, bot);
  const role = scope.guildId === null ? null : interaction.options.getRole('role');
  const left = role === null ? [] : (rolesNow(lora, interaction, bot) ?? []).filter((id) => id !== role.id);
  bot.store.setLoraRule({ guildId: scope.guildId, lora, roleIds: left }, interaction.user.id);
  const name = quoted(lora, 80);
  if (scope.guildId === null) return tell(interaction, words.forNobodyAnywhere(name));
  await tell(
    interaction,
    left.length === 0 ? words.forNobody(name) : words.forRoles(name, rolesText(left, scope.guildId)),
  );
};

/** Of this server's own rule; undefined while it is for everybody. */
function rolesNow(lora: string, { guildId }: AdminInteraction, { store }: BotContext): readonly string[] | undefined {
  return store.loraRules(guildId).find((rule) => rule.guildId === guildId && rule.lora === lora)?.roleIds;
}

const defaults: AdminHandler = async (interaction, bot) => {
  const text = interaction.options.getString('loras');
  if (text !== null) bot.store.setLoraDefaults(interaction.guildId, stackOf(text, bot), interaction.user.id);
  await tell(interaction, defaultsText(interaction, bot));
};

function defaultsText(interaction: AdminInteraction, { store }: BotContext): string {
  const { loraKeeping: words } = phrasesOf(interaction);
  const loras = store.loraDefaults(interaction.guildId);
  if (loras.length === 0) return words.noDefaults();
  return words.defaults(loras.map((use) => quoted(formatLora(use), 100)).join(', '));
}

/** `ink:0.8, moth`, each judged on a model it fits. @throws request_invalid */
function stackOf(text: string, bot: BotContext): readonly LoraUse[] {
  if (text.trim().toLowerCase() === 'none') return [];
  const uses = text.split(',').map((one) => {
    const wish = parseLora(one) ?? refuse('LoRA', one.trim(), { kind: 'form', example: 'ink:0.8, moth' });
    return resolveLoras([wish], modelFor(wish.name, bot))[0]!;
  });
  return [...new Map(uses.map((use) => [use.name, use])).values()];
}

function modelFor(name: string, { catalog }: BotContext): ModelCard {
  const fits = (card: ModelCard) => findLora(name, card.loras ?? [])?.fits.includes(card.name) === true;
  return catalog.cards.find(fits) ?? catalog.cards[0]!;
}

const uploader: AdminHandler = async (interaction, bot) => {
  const { loraKeeping: words, ownerOnly } = phrasesOf(interaction);
  if (!bot.isOwner(interaction.user.id)) return tell(interaction, ownerOnly());
  const role = interaction.options.getRole('role', true);
  const may = interaction.options.getBoolean('may') ?? true;
  bot.store.setLoraUploader(interaction.guildId, role.id, may, interaction.user.id);
  const shown = rolesText([role.id], interaction.guildId);
  await tell(interaction, may ? words.uploader(shown) : words.noUploader(shown));
};

const list: AdminHandler = async (interaction, bot) => {
  const { loraKeeping: words } = phrasesOf(interaction);
  const { guildId } = interaction;
  const rules = bot.store.loraRules(guildId).map(({ lora, roleIds, guildId: where }) => {
    const who = roleIds.length === 0 ? words.nobody() : rolesText(roleIds, guildId);
    return `- ${quoted(lora, 80)}: ${who}${where === null ? ' 🌐' : ''}`;
  });
  const uploaders = bot.store.loraUploaders(guildId).map((role) => `- ${rolesText([role], guildId)}`);
  const parts = [
    `**${words.title.rules}**`,
    ...(rules.length === 0 ? ['- —'] : rules),
    `**${words.title.defaults}**`,
    `- ${defaultsText(interaction, bot)}`,
    `**${words.title.uploaders}**`,
    ...(uploaders.length === 0 ? ['- —'] : uploaders),
  ];
  await tell(interaction, clip(parts.join('\n'), MAX_CONTENT_CHARS));
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext) {
  const gone = bot.store.loraRules(interaction.guildId).map(({ lora }) => lora);
  const names = [...new Set([...cardsOf(bot).map((card) => card.name), ...gone])];
  const found = fuzzy(names, (name) => name, interaction.options.getFocused()).slice(0, MAX_CHOICES);
  return found.map((name) => ({ name: clip(name, MAX_CHOICE_CHARS), value: name.slice(0, MAX_CHOICE_CHARS) }));
}

const name: APIApplicationCommandBasicOption = {
  type: TEXT,
  required: true,
  autocomplete: true,
  ...named(
    { en: 'name', zh: '名称', ru: 'имя', es: 'nombre', de: 'name', fr: 'nom', ja: '名前' },
    {
      en: 'Which LoRA.',
      zh: '哪个 LoRA。',
      ru: 'Какая LoRA.',
      es: 'Qué LoRA.',
      de: 'Welche LoRA.',
      fr: 'Quelle LoRA.',
      ja: 'どの LoRA か。',
    },
  ),
};

const role: APIApplicationCommandBasicOption = {
  type: Role,
  ...named(
    { en: 'role', zh: '身份组', ru: 'роль', es: 'rol', de: 'rolle', fr: 'rôle', ja: 'ロール' },
    {
      en: 'For this role; everybody when left out.',
      zh: '针对此身份组；不填则针对所有人。',
      ru: 'Для этой роли; без неё — для всех.',
      es: 'Para este rol; si falta, para todos.',
      de: 'Für diese Rolle; sonst für alle.',
      fr: 'Pour ce rôle ; sinon pour tous.',
      ja: 'このロールについて。省くと全員。',
    },
  ),
};

const loras: APIApplicationCommandBasicOption = {
  type: TEXT,
  max_length: 400,
  ...named(
    { en: 'loras', zh: 'lora列表', ru: 'лоры', es: 'loras', de: 'loras', fr: 'loras', ja: 'lora一覧' },
    {
      en: 'Such as ink:0.8, moth; none for none.',
      zh: '例如 ink:0.8, moth；填 none 表示不用。',
      ru: 'Например ink:0.8, moth; none — никаких.',
      es: 'Por ejemplo ink:0.8, moth; none para ninguna.',
      de: 'Etwa ink:0.8, moth; none für keine.',
      fr: 'Par exemple ink:0.8, moth ; none pour aucune.',
      ja: '例：ink:0.8, moth。none で使わない。',
    },
  ),
};

const may: APIApplicationCommandBasicOption = {
  type: YES_NO,
  ...named(
    { en: 'may', zh: '允许', ru: 'можно', es: 'puede', de: 'darf', fr: 'peut', ja: '許可' },
    {
      en: 'Whether they may; yes when left out.',
      zh: '是否允许；不填则允许。',
      ru: 'Можно ли им; без этого — да.',
      es: 'Si pueden; sí cuando falta.',
      de: 'Ob sie dürfen; ohne Angabe ja.',
      fr: 'S’ils peuvent ; oui par défaut.',
      ja: '許可するか。省くと許可。',
    },
  ),
};

export const loraRules: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'lora', zh: 'lora', ru: 'lora', es: 'lora', de: 'lora', fr: 'lora', ja: 'lora' },
        {
          en: 'LoRAs in this server.',
          zh: '本服务器的 LoRA。',
          ru: 'LoRA на этом сервере.',
          es: 'LoRA en este servidor.',
          de: 'LoRAs auf diesem Server.',
          fr: 'LoRA sur ce serveur.',
          ja: 'このサーバーの LoRA。',
        },
      ),
      options: [
        {
          type: Subcommand,
          ...named(
            { en: 'allow', zh: '允许', ru: 'разрешить', es: 'permitir', de: 'erlauben', fr: 'permettre', ja: '許可' },
            {
              en: 'Let a role, or everybody, use a LoRA.',
              zh: '允许身份组或所有人使用某个 LoRA。',
              ru: 'Разрешить LoRA роли или всем.',
              es: 'Dejar una LoRA a un rol o a todos.',
              de: 'Eine LoRA einer Rolle oder allen erlauben.',
              fr: 'Permettre une LoRA à un rôle ou à tous.',
              ja: 'LoRA をロールか全員に許可します。',
            },
          ),
          options: [name, role, everywhere],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'deny', zh: '禁止', ru: 'запретить', es: 'prohibir', de: 'verbieten', fr: 'interdire', ja: '禁止' },
            {
              en: 'Take a LoRA from a role, or from everybody.',
              zh: '禁止身份组或所有人使用某个 LoRA。',
              ru: 'Запретить LoRA роли или всем.',
              es: 'Quitar una LoRA a un rol o a todos.',
              de: 'Eine LoRA einer Rolle oder allen nehmen.',
              fr: 'Retirer une LoRA à un rôle ou à tous.',
              ja: 'LoRA をロールか全員に禁止します。',
            },
          ),
          options: [name, role, everywhere],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'default', zh: '默认', ru: 'начало', es: 'inicial', de: 'anfang', fr: 'départ', ja: '既定' },
            {
              en: 'What people without a choice of their own use.',
              zh: '没有自选 LoRA 的人使用什么。',
              ru: 'Что используют те, кто не выбирал.',
              es: 'Lo que usa quien no eligió.',
              de: 'Was verwendet, wer nichts gewählt hat.',
              fr: 'Ce qu’utilise qui n’a rien choisi.',
              ja: '自分で選んでいない人が使うもの。',
            },
          ),
          options: [loras],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'uploader', zh: '上传者', ru: 'загрузка', es: 'entrega', de: 'abgabe', fr: 'dépôt', ja: '投稿者' },
            {
              en: 'Which role may hand in LoRAs; for the owner of this bot.',
              zh: '哪个身份组可上传 LoRA；仅限机器人所有者。',
              ru: 'Кто может загружать LoRA; для владельца бота.',
              es: 'Qué rol puede entregar LoRA; para el dueño del bot.',
              de: 'Welche Rolle LoRAs abgeben darf; für den Besitzer.',
              fr: 'Quel rôle peut déposer des LoRA ; pour le propriétaire.',
              ja: 'LoRA を投稿できるロール。ボットの持ち主用。',
            },
          ),
          options: [{ ...role, required: true } as APIApplicationCommandBasicOption, may],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: '一覧' },
            {
              en: 'What is set here.',
              zh: '查看此处的设置。',
              ru: 'Что здесь задано.',
              es: 'Lo que hay fijado aquí.',
              de: 'Was hier festgelegt ist.',
              fr: 'Ce qui est fixé ici.',
              ja: 'ここでの設定。',
            },
          ),
        },
      ],
    },
  ],
  run: {
    'lora allow': allow,
    'lora deny': deny,
    'lora default': defaults,
    'lora uploader': uploader,
    'lora list': list,
  },
  suggest: { 'lora allow': suggest, 'lora deny': suggest },
};
