// /admin queue: holding it, emptying it, ending requests, and whose role has how large a share. The machine serves everybody the bot is with:
// what concerns all of them is its owner's; moderators end requests of their own server.
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  type AutocompleteInteraction,
} from 'discord.js';
import type { QueueMode } from '../../src/core/houseRules.ts';
import type { JobRecord, JobState } from '../../src/core/job.ts';
import { WEIGHTS } from '../../src/core/quota.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { Choice } from '../../src/discord/command.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { rolesText } from '../../src/discord/loraAccess.ts';
import { clip, MAX_CHOICE_CHARS, MAX_CONTENT_CHARS, quoted } from '../../src/discord/text.ts';
import { endJobs } from '../cancel.ts';
import { named, type Words } from '../options.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, everywhere, user } from './group.ts';

const { Subcommand, SubcommandGroup, String: TEXT, Role, Integer: WHOLE } = ApplicationCommandOptionType;
const UNFINISHED: readonly JobState[] = ['accepted', 'queued', 'running'];
const MAX_CHOICES = 25;
/** Lines of one answer. */
const SHOWN_JOBS = 15;
/** Requests of one person that are ended at once; the limit on unfinished ones is far below. */
const MAX_CLEARED = 1_000;

function setMode(mode: QueueMode): AdminHandler {
  return async (interaction, bot) => {
    const { houseRules: words } = phrasesOf(interaction);
    if (!bot.isOwner(interaction.user.id)) return tell(interaction, words.ownerAlone());
    bot.store.setQueueMode(mode, interaction.user.id);
    bot.queue.kick();
    await tell(interaction, words.mode[mode]);
  };
}

const show: AdminHandler = async (interaction, bot) => {
  const { houseRules: words, ...phrases } = phrasesOf(interaction);
  const { guildId } = interaction;
  const { waiting, running } = bot.store.counts();
  const jobs = bot.store.list({ guildId, states: UNFINISHED, limit: MAX_CLEARED });
  const isRunning = ({ state }: JobRecord) => state === 'running';
  const weights = bot.store.roleWeights(guildId).map(({ roleId, weight }) => {
    return `- ${rolesText([roleId], guildId)}: ×${weight}`;
  });
  const lines = [
    words.mode[bot.store.queueMode()],
    phrases.queueNow(waiting, running),
    words.queueHere(jobs.filter((job) => !isRunning(job)).length, jobs.filter(isRunning).length),
    ...weights,
    ...jobs.slice(0, SHOWN_JOBS).map((job) => {
      const place = bot.store.position(job.id);
      const where = place === undefined ? phrases.queueRunning() : phrases.queuePlace(place + 1);
      const text = job.request.privatePrompt === true ? '🔒' : quoted(job.request.prompt, 60);
      return `- \`#${job.id}\` <@${job.userId}> ${text} · ${where}`;
    }),
  ];
  await tell(interaction, clip(lines.join('\n'), MAX_CONTENT_CHARS));
};

/** Of this server; the owner reaches all of them. */
function mayEnd(
  job: JobRecord | undefined,
  { guildId, user: who }: AdminInteraction,
  bot: BotContext,
): job is JobRecord {
  return job !== undefined && UNFINISHED.includes(job.state) && (job.guildId === guildId || bot.isOwner(who.id));
}

const cancel: AdminHandler = async (interaction, bot) => {
  const { houseRules: words } = phrasesOf(interaction);
  const typed = interaction.options.getString('request', true).trim().replace(/^#/, '').toLowerCase();
  const job = bot.store.get(typed);
  if (!mayEnd(job, interaction, bot) || !endJobs(job.id, bot)) {
    return tell(interaction, words.noJobHere(quoted(typed, 20)));
  }
  note(interaction, job.userId, `cancelled ${job.id}`, bot);
  await tell(interaction, words.cancelledJob(job.id));
};

const clear: AdminHandler = async (interaction, bot) => {
  const { houseRules: words } = phrasesOf(interaction);
  const isWide = interaction.options.getBoolean('everywhere') === true;
  if (isWide && !bot.isOwner(interaction.user.id)) return tell(interaction, words.ownerAlone());
  const { id: userId } = interaction.options.getUser('user', true);
  const place = isWide ? {} : { guildId: interaction.guildId };
  const jobs = bot.store.list({ userId, ...place, states: UNFINISHED, limit: MAX_CLEARED });
  const ended = jobs.filter(({ id }) => endJobs(id, bot));
  if (ended.length > 0) note(interaction, userId, `cleared ${ended.length}`, bot);
  await tell(interaction, words.cleared(ended.length, `<@${userId}>`));
};

function note({ guildId, user: by }: AdminInteraction, target: string, words: string, { store }: BotContext): void {
  store.noteAudit({ action: 'queue', byUserId: by.id, guildId, target, note: words });
}

const priority: AdminHandler = async (interaction, bot) => {
  const { houseRules: words } = phrasesOf(interaction);
  if (!bot.isOwner(interaction.user.id)) return tell(interaction, words.ownerAlone());
  const { id: roleId } = interaction.options.getRole('role', true);
  const weight = interaction.options.getInteger('weight', true);
  bot.store.setRoleWeight(interaction.guildId, { roleId, weight }, interaction.user.id);
  const shown = rolesText([roleId], interaction.guildId);
  await tell(interaction, weight === 1 ? words.weightUsual(shown) : words.weightSet(shown, weight));
};

function suggest(interaction: AutocompleteInteraction, bot: BotContext): readonly Choice[] {
  const { guildId } = interaction;
  if (guildId === null) return [];
  const wanted = interaction.options.getFocused().toLowerCase();
  return bot.store
    .list({ guildId, states: UNFINISHED, limit: MAX_CHOICES })
    .map((job) => {
      const text = job.request.privatePrompt === true ? '🔒' : job.request.prompt;
      return { name: clip(`#${job.id} ${text}`, MAX_CHOICE_CHARS), value: job.id };
    })
    .filter((choice) => choice.name.toLowerCase().includes(wanted));
}

const request: APIApplicationCommandBasicOption = {
  type: TEXT,
  required: true,
  autocomplete: true,
  max_length: 20,
  ...named(
    { en: 'request', zh: '请求', ru: 'запрос', es: 'petición', de: 'auftrag', fr: 'demande', ja: '依頼' },
    {
      en: 'Which one.',
      zh: '哪一个。',
      ru: 'Который.',
      es: 'Cuál.',
      de: 'Welcher.',
      fr: 'Laquelle.',
      ja: 'どれか。',
    },
  ),
};

const role: APIApplicationCommandBasicOption = {
  type: Role,
  required: true,
  ...named(
    { en: 'role', zh: '身份组', ru: 'роль', es: 'rol', de: 'rolle', fr: 'rôle', ja: 'ロール' },
    {
      en: 'Whose members.',
      zh: '哪个身份组的成员。',
      ru: 'Чьи участники.',
      es: 'De quién son los miembros.',
      de: 'Wessen Mitglieder.',
      fr: 'De quels membres.',
      ja: 'どのロールのメンバーか。',
    },
  ),
};

const weight: APIApplicationCommandBasicOption = {
  type: WHOLE,
  required: true,
  min_value: WEIGHTS[0],
  max_value: WEIGHTS.at(-1)!,
  ...named(
    { en: 'weight', zh: '份额', ru: 'доля', es: 'peso', de: 'gewicht', fr: 'poids', ja: '重み' },
    {
      en: 'Times the share of others who wait; 1 is as everybody.',
      zh: '相当于其他等待者份额的倍数；1 表示与所有人相同。',
      ru: 'Во сколько раз больше доли других; 1 — как все.',
      es: 'Veces la parte de otros que esperan; 1 es como todos.',
      de: 'Das Wievielfache des Anteils anderer; 1 ist wie alle.',
      fr: 'Fois la part des autres qui attendent ; 1 est comme tous.',
      ja: '待っているほかの人の何倍か。1 はみんなと同じ。',
    },
  ),
};

function sub(
  names: Words,
  descriptions: Words,
  options: APIApplicationCommandBasicOption[] = [],
): APIApplicationCommandSubcommandOption {
  return { type: Subcommand, ...named(names, descriptions), options };
}

export const queueDesk: AdminPart = {
  options: [
    {
      type: SubcommandGroup,
      ...named(
        { en: 'queue', zh: '队列', ru: 'очередь', es: 'cola', de: 'schlange', fr: 'file', ja: '順番' },
        {
          en: 'What waits and what is being made.',
          zh: '等待中和生成中的请求。',
          ru: 'Что ждёт и что делается.',
          es: 'Lo que espera y lo que se hace.',
          de: 'Was wartet und was gemacht wird.',
          fr: 'Ce qui attend et ce qui se fait.',
          ja: '待機中と作成中の依頼。',
        },
      ),
      options: [
        sub(
          { en: 'show', zh: '查看', ru: 'показать', es: 'ver', de: 'zeigen', fr: 'voir', ja: '表示' },
          {
            en: 'Who waits for what.',
            zh: '谁在等什么。',
            ru: 'Кто чего ждёт.',
            es: 'Quién espera qué.',
            de: 'Wer worauf wartet.',
            fr: 'Qui attend quoi.',
            ja: 'だれが何を待っているか。',
          },
        ),
        sub(
          { en: 'pause', zh: '暂停', ru: 'пауза', es: 'pausar', de: 'pause', fr: 'suspendre', ja: '休止' },
          {
            en: 'Take requests, begin none.',
            zh: '接受请求，但不开始处理。',
            ru: 'Принимать запросы, но не начинать.',
            es: 'Aceptar peticiones sin empezar ninguna.',
            de: 'Aufträge annehmen, keinen beginnen.',
            fr: 'Prendre les demandes, n’en commencer aucune.',
            ja: '依頼は受け、始めない。',
          },
        ),
        sub(
          { en: 'resume', zh: '继续', ru: 'дальше', es: 'reanudar', de: 'weiter', fr: 'reprendre', ja: '再開' },
          {
            en: 'Go on as usual.',
            zh: '恢复正常。',
            ru: 'Продолжить как обычно.',
            es: 'Seguir como siempre.',
            de: 'Wie üblich weitermachen.',
            fr: 'Continuer comme d’habitude.',
            ja: 'いつもどおりに戻す。',
          },
        ),
        sub(
          { en: 'drain', zh: '清空', ru: 'доработать', es: 'vaciar', de: 'leeren', fr: 'vider', ja: '片付け' },
          {
            en: 'Take no new requests, make those that wait.',
            zh: '不接受新请求，完成等待中的。',
            ru: 'Новых не принимать, ожидающие сделать.',
            es: 'No aceptar nuevas, hacer las que esperan.',
            de: 'Keine neuen annehmen, die wartenden machen.',
            fr: 'N’en prendre aucune nouvelle, faire celles qui attendent.',
            ja: '新しい依頼は受けず、待っている分を作る。',
          },
        ),
        sub(
          { en: 'cancel', zh: '取消', ru: 'отмена', es: 'cancelar', de: 'abbrechen', fr: 'annuler', ja: '取消' },
          {
            en: 'End a request of this server.',
            zh: '结束本服务器的一个请求。',
            ru: 'Отменить запрос этого сервера.',
            es: 'Terminar una petición de este servidor.',
            de: 'Einen Auftrag dieses Servers abbrechen.',
            fr: 'Mettre fin à une demande de ce serveur.',
            ja: 'このサーバーの依頼を 1 つ終える。',
          },
          [request],
        ),
        sub(
          { en: 'clear', zh: '清除', ru: 'убрать', es: 'limpiar', de: 'räumen', fr: 'retirer', ja: '一掃' },
          {
            en: 'End all requests of someone in this server.',
            zh: '结束某人在本服务器的所有请求。',
            ru: 'Отменить все запросы участника на этом сервере.',
            es: 'Terminar todas las peticiones de alguien aquí.',
            de: 'Alle Aufträge von jemandem auf diesem Server abbrechen.',
            fr: 'Mettre fin à toutes les demandes de quelqu’un ici.',
            ja: 'このサーバーでの誰かの依頼をすべて終える。',
          },
          [user, everywhere],
        ),
        sub(
          { en: 'priority', zh: '优先', ru: 'приоритет', es: 'prioridad', de: 'vorrang', fr: 'priorité', ja: '優先' },
          {
            en: 'How large a share of the machine a role has.',
            zh: '某身份组占机器的份额。',
            ru: 'Какая доля машины у роли.',
            es: 'Qué parte de la máquina tiene un rol.',
            de: 'Wie groß der Anteil einer Rolle an der Maschine ist.',
            fr: 'Quelle part de la machine a un rôle.',
            ja: 'ロールが機械を使う割合。',
          },
          [role, weight],
        ),
      ],
    },
  ],
  run: {
    'queue show': show,
    'queue pause': setMode('paused'),
    'queue resume': setMode('running'),
    'queue drain': setMode('draining'),
    'queue cancel': cancel,
    'queue clear': clear,
    'queue priority': priority,
  },
  suggest: { 'queue cancel': suggest },
};
