// /admin models: which models are for whom in this server.
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
} from 'discord.js';
import type { JobRecord } from '../../src/core/job.ts';
import { fuzzy } from '../../src/core/lora.ts';
import { isOnlyEnlarged, refuse } from '../../src/core/request.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { rolesText } from '../../src/discord/loraAccess.ts';
import { endBarred } from '../../src/discord/removal.ts';
import { clip, MAX_CHOICE_CHARS, MAX_CONTENT_CHARS, quoted } from '../../src/discord/text.ts';
import { named } from '../options.ts';
import type { AdminHandler, AdminInteraction, AdminPart } from './group.ts';

const { Subcommand, SubcommandGroup, String: TEXT, Role } = ApplicationCommandOptionType;
const MAX_CHOICES = 25;

/** Those there are, and those of rules whose files are gone. */
function namesOf(guildId: string | null, { catalog, store }: BotContext): string[] {
  const ruled = store.modelRules(guildId).map(({ model }) => model);
  return [...new Set([...catalog.cards.map((card) => card.name), ...ruled])];
}

/** @throws request_invalid with the names there are */
function nameOf(interaction: AdminInteraction, bot: BotContext): string {
  const asked = interaction.options.getString('name', true);
  const names = namesOf(interaction.guildId, bot);
  return names.includes(asked) ? asked : refuse('model', asked, { kind: 'names', names });
}

function rolesNow(model: string, { guildId }: AdminInteraction, { store }: BotContext): readonly string[] | undefined {
  return store.modelRules(guildId).find((rule) => rule.model === model)?.roleIds;
}

const enable: AdminHandler = async (interaction, bot) => {
  const model = nameOf(interaction, bot);
  bot.store.setModelRule(interaction.guildId, model, null, interaction.user.id);
  await tell(interaction, phrasesOf(interaction).houseRules.modelForEverybody(quoted(model, 80)));
};

/** The last one stays: a server without any would refuse everything and say nothing useful. What waits for it ends. */
const disable: AdminHandler = async (interaction, bot) => {
  const { houseRules: words, moderating } = phrasesOf(interaction);
  const model = nameOf(interaction, bot);
  const rules = bot.store.modelRules(interaction.guildId);
  const isLeft = bot.catalog.cards.some(
    ({ name }) => name !== model && !rules.some((rule) => rule.model === name && rule.roleIds.length === 0),
  );
  if (!isLeft) return tell(interaction, words.modelLast());
  bot.store.setModelRule(interaction.guildId, model, [], interaction.user.id);
  const isBarred = ({ request, userId }: JobRecord) =>
    request.model === model && !isOnlyEnlarged(request) && !bot.isOwner(userId);
  const ended = endBarred(interaction.guildId, isBarred, bot);
  const more = ended === 0 ? '' : `\n${moderating.requestsEnded(ended)}`;
  await tell(interaction, `${words.modelDenied(quoted(model, 80))}${more}`);
};

/** That role, too; whoever has none of them may no longer. */
const allowRole: AdminHandler = async (interaction, bot) => {
  const { houseRules: words } = phrasesOf(interaction);
  const model = nameOf(interaction, bot);
  const { id } = interaction.options.getRole('role', true);
  const roles = [...new Set([...(rolesNow(model, interaction, bot) ?? []), id])];
  bot.store.setModelRule(interaction.guildId, model, roles, interaction.user.id);
  await tell(interaction, words.modelForRoles(quoted(model, 80), rolesText(roles, interaction.guildId)));
};

const list: AdminHandler = async (interaction, bot) => {
  const { houseRules: words } = phrasesOf(interaction);
  const lines = namesOf(interaction.guildId, bot).map((name) => {
    const roles = rolesNow(name, interaction, bot);
    const who = roles?.length === 0 ? words.nobody() : rolesText(roles ?? [], interaction.guildId) || words.everybody();
    return `- ${quoted(name, 80)}: ${who}`;
  });
  await tell(interaction, clip([`**${words.modelsTitle()}**`, ...lines].join('\n'), MAX_CONTENT_CHARS));
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext) {
  const names = namesOf(interaction.guildId, bot);
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
      en: 'Which model.',
      zh: '哪个模型。',
      ru: 'Какая модель.',
      es: 'Qué modelo.',
      de: 'Welches Modell.',
      fr: 'Quel modèle.',
      ja: 'どのモデルか。',
    },
  ),
};

const role: APIApplicationCommandBasicOption = {
  type: Role,
  required: true,
  ...named(
    { en: 'role', zh: '身份组', ru: 'роль', es: 'rol', de: 'rolle', fr: 'rôle', ja: 'ロール' },
    {
      en: 'This role may use it.',
      zh: '此身份组可以使用。',
      ru: 'Этой роли можно.',
      es: 'Este rol puede usarlo.',
      de: 'Diese Rolle darf es benutzen.',
      fr: 'Ce rôle peut l’utiliser.',
      ja: 'このロールは使えます。',
    },
  ),
};

export const models: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'models', zh: '模型', ru: 'модели', es: 'modelos', de: 'modelle', fr: 'modèles', ja: 'モデル' },
        {
          en: 'Which models are for whom here.',
          zh: '此处的模型供谁使用。',
          ru: 'Какие модели здесь для кого.',
          es: 'Qué modelos son para quién aquí.',
          de: 'Welche Modelle hier für wen sind.',
          fr: 'Quels modèles sont pour qui ici.',
          ja: 'ここでどのモデルを誰が使えるか。',
        },
      ),
      options: [
        {
          type: Subcommand,
          ...named(
            { en: 'enable', zh: '启用', ru: 'включить', es: 'activar', de: 'freigeben', fr: 'activer', ja: '有効' },
            {
              en: 'For everybody again.',
              zh: '重新对所有人开放。',
              ru: 'Снова для всех.',
              es: 'Otra vez para todos.',
              de: 'Wieder für alle.',
              fr: 'De nouveau pour tous.',
              ja: 'ふたたび全員に。',
            },
          ),
          options: [name],
        },
        {
          type: Subcommand,
          ...named(
            {
              en: 'disable',
              zh: '禁用',
              ru: 'выключить',
              es: 'desactivar',
              de: 'sperren',
              fr: 'désactiver',
              ja: '無効',
            },
            {
              en: 'For nobody in this server.',
              zh: '本服务器中无人可用。',
              ru: 'Ни для кого на этом сервере.',
              es: 'Para nadie en este servidor.',
              de: 'Für niemanden auf diesem Server.',
              fr: 'Pour personne sur ce serveur.',
              ja: 'このサーバーではだれも使えません。',
            },
          ),
          options: [name],
        },
        {
          type: Subcommand,
          ...named(
            {
              en: 'allow-role',
              zh: '允许身份组',
              ru: 'для-роли',
              es: 'permitir-rol',
              de: 'für-rolle',
              fr: 'pour-rôle',
              ja: 'ロール許可',
            },
            {
              en: 'Only for this role, beside those it is already for.',
              zh: '仅限此身份组及已允许的身份组。',
              ru: 'Только для этой роли и уже названных.',
              es: 'Solo para este rol, además de los que ya tiene.',
              de: 'Nur für diese Rolle, neben denen, die es schon dürfen.',
              fr: 'Seulement pour ce rôle, en plus de ceux déjà nommés.',
              ja: 'このロールと、すでに許したロールだけ。',
            },
          ),
          options: [name, role],
        },
        {
          type: Subcommand,
          ...named(
            { en: 'list', zh: '列表', ru: 'список', es: 'lista', de: 'liste', fr: 'liste', ja: '一覧' },
            {
              en: 'What holds here.',
              zh: '此处的规则。',
              ru: 'Что здесь действует.',
              es: 'Lo que vale aquí.',
              de: 'Was hier gilt.',
              fr: 'Ce qui vaut ici.',
              ja: 'ここでの決まり。',
            },
          ),
        },
      ],
    },
  ],
  run: { 'models enable': enable, 'models disable': disable, 'models allow-role': allowRole, 'models list': list },
  suggest: { 'models enable': suggest, 'models disable': suggest, 'models allow-role': suggest },
};
