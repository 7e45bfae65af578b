// What is said around quotas, limits, models, the queue and the figures of a server, in every language: to those who meet a bound, and to
// those who set it with /admin.
import { countingIn } from './grammar.ts';

const [inEnglish, inRussian, inSpanish, inGerman, inFrench] = [
  countingIn('en'),
  countingIn('ru'),
  countingIn('es'),
  countingIn('de'),
  countingIn('fr'),
];

import type { QueueMode } from '../../core/houseRules.ts';

/** Why orders are refused, as they are counted. */
export const REFUSAL_REASONS = [
  'quota',
  'too_many_waiting',
  'draining',
  'banned',
  'closed',
  'blocked',
  'model_denied',
  'lora_denied',
  'disk_full',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface HouseRulesPhrases {
  limitHere(field: string, found: string, max: string): string;
  modelDenied(name: string): string;
  modelForRoles(name: string, roles: string): string;
  modelForEverybody(name: string): string;
  modelLast(): string;
  hourUsed(used: number, limit: number, resets: string): string;
  serverUsed(used: number, limit: number, resets: string): string;
  counts(cost: number): string;
  draining(): string;
  extra(left: number): string;
  hourNow(used: number, limit: number): string;
  serverNow(used: number, limit: number): string;
  perDay(limit: number): string;
  perHour(limit: number): string;
  quotaOf(whom: string, numbers: string): string;
  usual(): string;
  unlimited(): string;
  wholeServer(): string;
  everyone(numbers: string): string;
  quotasTitle(): string;
  byOwner(): string;
  grantDone(user: string, pictures: number, left: number): string;
  ownerAlone(): string;
  limitsNow(limits: string): string;
  limitSize(px: number): string;
  limitCount(count: number): string;
  modelsTitle(): string;
  everybody(): string;
  nobody(): string;
  cancelledJob(id: string): string;
  noJobHere(id: string): string;
  cleared(count: number, user: string): string;
  queueHere(waiting: number, running: number): string;
  weightSet(role: string, weight: number): string;
  weightUsual(role: string): string;
  statsTitle(days: number): string;
  statsSum(pictures: number, people: number): string;
  statsNone(): string;
  readonly mode: Readonly<Record<QueueMode, string>>;
  /** Headings of /admin stats, for text and charts; before `p50` and the others stands a heading, behind them a time. */
  readonly chart: Readonly<
    Record<'perDay' | 'waits' | 'makes' | 'p50' | 'p90' | 'p99' | 'users' | 'models' | 'refused', string>
  >;
  readonly refusedFor: Readonly<Record<RefusalReason, string>>;
  /** The period a button shows. */
  statsDays(days: number): string;
}

const en: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}: found ${found}; this server allows at most ${max}`,
  modelDenied: (name) => `The model **${name}** may not be used in this server.`,
  modelForRoles: (name, roles) => `In this server the model **${name}** is for ${roles}.`,
  modelForEverybody: (name) => `Everybody may use the model **${name}** in this server.`,
  modelLast: () => 'One model has to stay.',
  hourUsed: (used, limit, resets) =>
    `This needs more than you have left this hour: ${used} of ${limit} are used. More ${resets}.`,
  serverUsed: (used, limit, resets) => `This server has used ${used} of its ${limit} pictures today. More ${resets}.`,
  counts: (cost) => `It counts as ${inEnglish.count(cost, { one: 'usual picture', other: 'usual pictures' })}.`,
  draining: () =>
    'No new requests are taken right now: the queue is being emptied. Nothing was charged; please try again later.',
  extra: (left) =>
    `You also have ${left} given to you in this server; ${left === 1 ? 'it lasts until it is' : 'they last until they are'} used.`,
  hourNow: (used, limit) => `In the last hour: ${used} of ${limit}.`,
  serverNow: (used, limit) => `All of this server today: ${used} of ${limit}.`,
  perDay: (limit) => `${limit} a day`,
  perHour: (limit) => `${limit} an hour`,
  quotaOf: (whom, numbers) => `Pictures for ${whom}: ${numbers}.`,
  usual: () => 'as usual',
  unlimited: () => 'no limit of its own',
  wholeServer: () => 'all of this server together',
  everyone: (numbers) => `Everybody: ${numbers}`,
  quotasTitle: () => 'Pictures people may make here',
  byOwner: () => 'This number was set by the owner of this bot, and only the owner can change it.',
  grantDone: (user, pictures, left) =>
    `${user} was given ${inEnglish.count(pictures, 'picture')} beside the daily ones, and now has ${left} of them in this server.`,
  ownerAlone: () => 'Only the owner of this bot can do that: it concerns everybody the bot serves.',
  limitsNow: (limits) => `Most a request may ask for in this server: ${limits}.`,
  limitSize: (px) => `${px} px a side`,
  limitCount: (count) => `${count} at once`,
  modelsTitle: () => 'Models in this server',
  everybody: () => 'everybody',
  nobody: () => 'nobody',
  cancelledJob: (id) => `\`#${id}\` is cancelled; nothing is charged for it.`,
  noJobHere: (id) => `There is no waiting or running request \`#${id}\` of this server.`,
  cleared: (count, user) => `Cancelled for ${user}: ${count}. Nothing is charged for them.`,
  queueHere: (waiting, running) => `Of this server: ${waiting} waiting, ${running} being made.`,
  weightSet: (role, weight) =>
    `${role} now has ${weight} times the share of the machine that others who wait have. Everybody else still gets their turn.`,
  weightUsual: (role) => `${role} waits like everybody else.`,
  statsTitle: (days) => (days === 1 ? 'The last day' : `The last ${inEnglish.count(days, 'day')}`),
  statsSum: (pictures, people) => `Pictures: ${inEnglish.number(pictures)}, for ${inEnglish.count(people, 'person')}.`,
  statsNone: () => 'Nothing was made in these days.',
  mode: {
    running: 'It runs: requests are taken and made.',
    paused: 'The queue is paused: requests are taken, and made once it goes on.',
    draining: 'The queue is being emptied: no new requests are taken, those that wait are made.',
  },
  chart: {
    perDay: 'Pictures a day',
    waits: 'Wait, at most',
    makes: 'Making, at most',
    p50: 'half',
    p90: '9 of 10',
    p99: '99 of 100',
    users: 'Busiest people',
    models: 'Pictures by model',
    refused: 'Refused requests',
  },
  refusedFor: {
    quota: 'quota used up',
    too_many_waiting: 'too many waiting',
    draining: 'queue being emptied',
    banned: 'banned or paused',
    closed: 'channel not allowed',
    blocked: 'forbidden words',
    model_denied: 'model not allowed',
    lora_denied: 'LoRA not allowed',
    disk_full: 'disk full',
  },
  statsDays: (days) => `${days} days`,
};

const zh: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}为 ${found}，本服务器最多允许 ${max}`,
  modelDenied: (name) => `本服务器不能使用模型 **${name}**。`,
  modelForRoles: (name, roles) => `在本服务器中，模型 **${name}** 仅限 ${roles}。`,
  modelForEverybody: (name) => `本服务器中所有人都可以使用模型 **${name}**。`,
  modelLast: () => '至少要保留一个模型。',
  hourUsed: (used, limit, resets) => `超出了你这一小时的剩余数量：${limit} 张中已用 ${used} 张。${resets}会有更多。`,
  serverUsed: (used, limit, resets) => `本服务器今天的 ${limit} 张已用 ${used} 张。${resets}会有更多。`,
  counts: (cost) => `按 ${cost} 张普通图片计算。`,
  draining: () => '目前不接受新请求：正在清空队列。没有扣除配额，请稍后再试。',
  extra: (left) => `此外，你在本服务器还有 ${left} 张获赠额度，用完为止。`,
  hourNow: (used, limit) => `最近一小时：${limit} 张中已用 ${used} 张。`,
  serverNow: (used, limit) => `本服务器今天合计：${limit} 张中已用 ${used} 张。`,
  perDay: (limit) => `每天 ${limit} 张`,
  perHour: (limit) => `每小时 ${limit} 张`,
  quotaOf: (whom, numbers) => `${whom} 的图片：${numbers}。`,
  usual: () => '默认',
  unlimited: () => '没有自己的限制',
  wholeServer: () => '整个服务器合计',
  everyone: (numbers) => `所有人：${numbers}`,
  quotasTitle: () => '此处可生成的图片数',
  byOwner: () => '这个数字由本机器人的所有者设定，只有所有者能更改。',
  grantDone: (user, pictures, left) => `已赠予 ${user} ${pictures} 张额外图片，现在在本服务器共有 ${left} 张。`,
  ownerAlone: () => '只有本机器人的所有者能这样做：这关系到机器人服务的所有人。',
  limitsNow: (limits) => `本服务器中一次请求的上限：${limits}。`,
  limitSize: (px) => `边长 ${px} 像素`,
  limitCount: (count) => `一次 ${count} 张`,
  modelsTitle: () => '本服务器的模型',
  everybody: () => '所有人',
  nobody: () => '无人',
  cancelledJob: (id) => `\`#${id}\` 已取消，不扣配额。`,
  noJobHere: (id) => `本服务器没有等待或进行中的请求 \`#${id}\`。`,
  cleared: (count, user) => `已取消 ${user} 的 ${count} 个请求，不扣配额。`,
  queueHere: (waiting, running) => `本服务器：等待 ${waiting}，生成中 ${running}。`,
  weightSet: (role, weight) => `${role} 现在获得的机器份额是其他等待者的 ${weight} 倍。其他人仍会轮到。`,
  weightUsual: (role) => `${role} 与其他人一样排队。`,
  statsTitle: (days) => `最近 ${days} 天`,
  statsSum: (pictures, people) => `${people} 人共生成 ${pictures} 张图片。`,
  statsNone: () => '这些天没有生成任何图片。',
  mode: {
    running: '运行中：接受并处理请求。',
    paused: '队列已暂停：仍接受请求，恢复后处理。',
    draining: '正在清空队列：不接受新请求，已在等待的会完成。',
  },
  chart: {
    perDay: '每日图片',
    waits: '等待时间不超过',
    makes: '生成时间不超过',
    p50: '一半',
    p90: '90%',
    p99: '99%',
    users: '最活跃的人',
    models: '各模型图片',
    refused: '被拒绝的请求',
  },
  refusedFor: {
    quota: '配额用完',
    too_many_waiting: '排队过多',
    draining: '正在清空队列',
    banned: '被禁止或暂停',
    closed: '频道不允许',
    blocked: '禁用词',
    model_denied: '模型不允许',
    lora_denied: 'LoRA 不允许',
    disk_full: '磁盘已满',
  },
  statsDays: (days) => `${days} 天`,
};

const ru: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}: у вас ${found}, на этом сервере можно не больше ${max}`,
  modelDenied: (name) => `Модель **${name}** на этом сервере использовать нельзя.`,
  modelForRoles: (name, roles) => `На этом сервере модель **${name}** — для ${roles}.`,
  modelForEverybody: (name) => `На этом сервере моделью **${name}** могут пользоваться все.`,
  modelLast: () => 'Хотя бы одна модель должна остаться.',
  hourUsed: (used, limit, resets) =>
    `Это больше, чем у вас осталось на этот час: использовано ${used} из ${limit}. Ещё — ${resets}.`,
  serverUsed: (used, limit, resets) => `Сервер сегодня использовал ${used} из своих ${limit}. Ещё — ${resets}.`,
  counts: (cost) =>
    `Идёт в счёт как ${inRussian.count(cost, { one: 'обычная картинка', few: 'обычные картинки', other: 'обычных картинок' })}.`,
  draining: () => 'Сейчас новые запросы не принимаются: очередь дорабатывается. Ничего не списано, попробуйте позже.',
  extra: (left) => `Ещё на этом сервере вам подарено ${inRussian.count(left, 'picture')}; они не сгорают.`,
  hourNow: (used, limit) => `За последний час: ${used} из ${limit}.`,
  serverNow: (used, limit) => `Весь сервер сегодня: ${used} из ${limit}.`,
  perDay: (limit) => `${limit} в день`,
  perHour: (limit) => `${limit} в час`,
  quotaOf: (whom, numbers) => `Картинки для ${whom}: ${numbers}.`,
  usual: () => 'как обычно',
  unlimited: () => 'без своего предела',
  wholeServer: () => 'всего сервера вместе',
  everyone: (numbers) => `Все: ${numbers}`,
  quotasTitle: () => 'Сколько картинок здесь можно',
  byOwner: () => 'Это число поставил владелец бота, и изменить его может только он.',
  grantDone: (user, pictures, left) =>
    `${user}: подарено сверх дневных ${inRussian.count(pictures, 'picture')}, всего таких на этом сервере — ${left}.`,
  ownerAlone: () => 'Это может только владелец бота: дело касается всех, кому бот служит.',
  limitsNow: (limits) => `Предел одного запроса на этом сервере: ${limits}.`,
  limitSize: (px) => `сторона ${px} px`,
  limitCount: (count) => `${count} за раз`,
  modelsTitle: () => 'Модели на этом сервере',
  everybody: () => 'все',
  nobody: () => 'никто',
  cancelledJob: (id) => `\`#${id}\` отменён, ничего не списано.`,
  noJobHere: (id) => `На этом сервере нет ожидающего или идущего запроса \`#${id}\`.`,
  cleared: (count, user) => `${user}: отменено — ${inRussian.count(count, 'request')}. Ничего не списано.`,
  queueHere: (waiting, running) => `С этого сервера: ждут ${waiting}, делаются ${running}.`,
  weightSet: (role, weight) =>
    `${role}: доля машины теперь в ${weight} раза больше, чем у других ожидающих. Очередь остальных тоже идёт.`,
  weightUsual: (role) => `${role} ждёт как все.`,
  statsTitle: (days) => (days === 1 ? 'За последний день' : `За последние ${inRussian.count(days, 'day')}`),
  statsSum: (pictures, people) =>
    `${inRussian.form(pictures, { one: 'Сделана', other: 'Сделано' })} ${inRussian.count(pictures, 'picture')} для ${inRussian.count(people, { one: 'человека', other: 'человек' })}.`,
  statsNone: () => 'За эти дни ничего не сделано.',
  mode: {
    running: 'Работает: запросы принимаются и делаются.',
    paused: 'Очередь на паузе: запросы принимаются и будут сделаны, когда она пойдёт дальше.',
    draining: 'Очередь дорабатывается: новые запросы не принимаются, ожидающие будут сделаны.',
  },
  chart: {
    perDay: 'Картинок в день',
    waits: 'Ожидание, не дольше',
    makes: 'Работа, не дольше',
    p50: 'половина',
    p90: '9 из 10',
    p99: '99 из 100',
    users: 'Самые активные',
    models: 'Картинки по моделям',
    refused: 'Отказы',
  },
  refusedFor: {
    quota: 'квота исчерпана',
    too_many_waiting: 'слишком много в очереди',
    draining: 'очередь закрывается',
    banned: 'бан или пауза',
    closed: 'канал закрыт',
    blocked: 'запрещённые слова',
    model_denied: 'модель не разрешена',
    lora_denied: 'LoRA не разрешена',
    disk_full: 'диск полон',
  },
  statsDays: (days) => `Дней: ${days}`,
};

const es: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}: pone ${found} y este servidor permite ${max} como máximo`,
  modelDenied: (name) => `El modelo **${name}** no se puede usar en este servidor.`,
  modelForRoles: (name, roles) => `En este servidor el modelo **${name}** es para ${roles}.`,
  modelForEverybody: (name) => `En este servidor todos pueden usar el modelo **${name}**.`,
  modelLast: () => 'Al menos un modelo tiene que quedar.',
  hourUsed: (used, limit, resets) =>
    `Esto es más de lo que te queda esta hora: ${used} de ${limit} usadas. Más ${resets}.`,
  serverUsed: (used, limit, resets) => `Este servidor ha usado hoy ${used} de sus ${limit} imágenes. Más ${resets}.`,
  counts: (cost) => `Cuenta como ${inSpanish.count(cost, { one: 'imagen habitual', other: 'imágenes habituales' })}.`,
  draining: () =>
    'Ahora no se aceptan peticiones nuevas: la cola se está vaciando. No se ha cobrado nada; inténtalo más tarde.',
  extra: (left) => `Además te han regalado ${inSpanish.count(left, 'picture')} en este servidor; no caducan.`,
  hourNow: (used, limit) => `En la última hora: ${used} de ${limit}.`,
  serverNow: (used, limit) => `Todo este servidor hoy: ${used} de ${limit}.`,
  perDay: (limit) => `${limit} al día`,
  perHour: (limit) => `${limit} por hora`,
  quotaOf: (whom, numbers) => `Imágenes para ${whom}: ${numbers}.`,
  usual: () => 'lo habitual',
  unlimited: () => 'sin límite propio',
  wholeServer: () => 'todo este servidor junto',
  everyone: (numbers) => `Todos: ${numbers}`,
  quotasTitle: () => 'Imágenes que se pueden hacer aquí',
  byOwner: () => 'Este número lo puso el dueño de este bot, y solo él puede cambiarlo.',
  grantDone: (user, pictures, left) =>
    `${user} recibió ${inSpanish.count(pictures, 'picture')} además de las diarias y ahora tiene ${left} en este servidor.`,
  ownerAlone: () => 'Solo el dueño de este bot puede hacerlo: afecta a todos a quienes sirve.',
  limitsNow: (limits) => `Lo máximo que se puede pedir en este servidor: ${limits}.`,
  limitSize: (px) => `${px} px por lado`,
  limitCount: (count) => `${count} a la vez`,
  modelsTitle: () => 'Modelos en este servidor',
  everybody: () => 'todos',
  nobody: () => 'nadie',
  cancelledJob: (id) => `\`#${id}\` está cancelada; no se cobra nada.`,
  noJobHere: (id) => `No hay ninguna petición \`#${id}\` en espera o en marcha de este servidor.`,
  cleared: (count, user) => `Canceladas de ${user}: ${count}. No se cobra nada.`,
  queueHere: (waiting, running) => `De este servidor: ${waiting} en espera, ${running} en marcha.`,
  weightSet: (role, weight) =>
    `${role} tiene ahora ${weight} veces la parte de la máquina de otros que esperan. A los demás también les toca.`,
  weightUsual: (role) => `${role} espera como todos.`,
  statsTitle: (days) => (days === 1 ? 'El último día' : `Los últimos ${inSpanish.count(days, 'day')}`),
  statsSum: (pictures, people) => `Imágenes: ${inSpanish.number(pictures)}, para ${inSpanish.count(people, 'person')}.`,
  statsNone: () => 'En esos días no se hizo nada.',
  mode: {
    running: 'En marcha: se aceptan y se hacen peticiones.',
    paused: 'La cola está en pausa: se aceptan peticiones y se harán cuando siga.',
    draining: 'La cola se está vaciando: no se aceptan peticiones nuevas, las que esperan se hacen.',
  },
  chart: {
    perDay: 'Imágenes al día',
    waits: 'Espera, como mucho',
    makes: 'Trabajo, como mucho',
    p50: 'la mitad',
    p90: '9 de 10',
    p99: '99 de 100',
    users: 'Más activos',
    models: 'Imágenes por modelo',
    refused: 'Peticiones rechazadas',
  },
  refusedFor: {
    quota: 'cuota agotada',
    too_many_waiting: 'demasiadas en espera',
    draining: 'la cola se vacía',
    banned: 'vetado o en pausa',
    closed: 'canal no permitido',
    blocked: 'palabras prohibidas',
    model_denied: 'modelo no permitido',
    lora_denied: 'LoRA no permitida',
    disk_full: 'disco lleno',
  },
  statsDays: (days) => `${days} días`,
};

const de: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}: ${found}, auf diesem Server höchstens ${max}`,
  modelDenied: (name) => `Das Modell **${name}** darf auf diesem Server nicht benutzt werden.`,
  modelForRoles: (name, roles) => `Auf diesem Server ist das Modell **${name}** für ${roles}.`,
  modelForEverybody: (name) => `Auf diesem Server dürfen alle das Modell **${name}** benutzen.`,
  modelLast: () => 'Ein Modell muss bleiben.',
  hourUsed: (used, limit, resets) =>
    `Das ist mehr, als dir in dieser Stunde bleibt: ${used} von ${limit} sind verbraucht. Mehr ${resets}.`,
  serverUsed: (used, limit, resets) =>
    `Dieser Server hat heute ${used} seiner ${limit} Bilder verbraucht. Mehr ${resets}.`,
  counts: (cost) => `Es zählt wie ${inGerman.count(cost, { one: 'übliches Bild', other: 'übliche Bilder' })}.`,
  draining: () =>
    'Gerade werden keine neuen Aufträge angenommen: Die Schlange wird abgearbeitet. Nichts wurde berechnet; versuch es später.',
  extra: (left) =>
    `Dazu hast du auf diesem Server ${inGerman.count(left, { one: 'geschenktes Bild', other: 'geschenkte Bilder' })}, ohne Verfallsdatum.`,
  hourNow: (used, limit) => `In der letzten Stunde: ${used} von ${limit}.`,
  serverNow: (used, limit) => `Der ganze Server heute: ${used} von ${limit}.`,
  perDay: (limit) => `${limit} am Tag`,
  perHour: (limit) => `${limit} in der Stunde`,
  quotaOf: (whom, numbers) => `Bilder für ${whom}: ${numbers}.`,
  usual: () => 'wie üblich',
  unlimited: () => 'keine eigene Grenze',
  wholeServer: () => 'den ganzen Server zusammen',
  everyone: (numbers) => `Alle: ${numbers}`,
  quotasTitle: () => 'Bilder, die man hier machen darf',
  byOwner: () => 'Diese Zahl hat der Besitzer dieses Bots gesetzt, und nur er kann sie ändern.',
  grantDone: (user, pictures, left) =>
    `${user} hat ${inGerman.count(pictures, 'picture')} zusätzlich zu den täglichen bekommen und hat davon nun ${left} auf diesem Server.`,
  ownerAlone: () => 'Das kann nur der Besitzer dieses Bots: Es betrifft alle, für die der Bot da ist.',
  limitsNow: (limits) => `Höchstens darf auf diesem Server verlangt werden: ${limits}.`,
  limitSize: (px) => `${px} px je Seite`,
  limitCount: (count) => `${count} auf einmal`,
  modelsTitle: () => 'Modelle auf diesem Server',
  everybody: () => 'alle',
  nobody: () => 'niemand',
  cancelledJob: (id) => `\`#${id}\` ist abgebrochen; nichts wird berechnet.`,
  noJobHere: (id) => `Auf diesem Server wartet oder läuft kein Auftrag \`#${id}\`.`,
  cleared: (count, user) => `Abgebrochen für ${user}: ${count}. Nichts wird berechnet.`,
  queueHere: (waiting, running) => `Von diesem Server: ${waiting} in der Warteschlange, ${running} in Arbeit.`,
  weightSet: (role, weight) =>
    `${role} bekommt nun das ${weight}-Fache des Anteils anderer Wartender an der Maschine. Alle anderen kommen weiter dran.`,
  weightUsual: (role) => `${role} wartet wie alle anderen.`,
  statsTitle: (days) => (days === 1 ? 'Der letzte Tag' : `Die letzten ${inGerman.count(days, 'day')}`),
  statsSum: (pictures, people) => `Bilder: ${inGerman.number(pictures)}, für ${inGerman.count(people, 'person')}.`,
  statsNone: () => 'In diesen Tagen wurde nichts gemacht.',
  mode: {
    running: 'Sie läuft: Aufträge werden angenommen und gemacht.',
    paused: 'Die Schlange pausiert: Aufträge werden angenommen und gemacht, sobald es weitergeht.',
    draining: 'Die Schlange wird geleert: keine neuen Aufträge, die wartenden werden gemacht.',
  },
  chart: {
    perDay: 'Bilder am Tag',
    waits: 'Warten, höchstens',
    makes: 'Arbeit, höchstens',
    p50: 'die Hälfte',
    p90: '9 von 10',
    p99: '99 von 100',
    users: 'Am fleißigsten',
    models: 'Bilder je Modell',
    refused: 'Abgelehnte Aufträge',
  },
  refusedFor: {
    quota: 'Kontingent verbraucht',
    too_many_waiting: 'zu viele warten',
    draining: 'Schlange wird geleert',
    banned: 'gesperrt oder pausiert',
    closed: 'Kanal nicht erlaubt',
    blocked: 'verbotene Wörter',
    model_denied: 'Modell nicht erlaubt',
    lora_denied: 'LoRA nicht erlaubt',
    disk_full: 'Platte voll',
  },
  statsDays: (days) => `${days} Tage`,
};

const fr: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field} : ${found}, ce serveur permet ${max} au plus`,
  modelDenied: (name) => `Le modèle **${name}** ne peut pas être utilisé sur ce serveur.`,
  modelForRoles: (name, roles) => `Sur ce serveur, le modèle **${name}** est pour ${roles}.`,
  modelForEverybody: (name) => `Sur ce serveur, tout le monde peut utiliser le modèle **${name}**.`,
  modelLast: () => 'Il doit rester au moins un modèle.',
  hourUsed: (used, limit, resets) =>
    `C’est plus qu’il ne vous reste cette heure : ${used} sur ${limit} utilisées. Davantage ${resets}.`,
  serverUsed: (used, limit, resets) =>
    `Ce serveur a utilisé aujourd’hui ${used} de ses ${limit} images. Davantage ${resets}.`,
  counts: (cost) =>
    `Cela compte comme ${inFrench.count(cost, { one: 'image habituelle', other: 'images habituelles' })}.`,
  draining: () =>
    'Aucune nouvelle demande pour l’instant : la file se vide. Rien n’a été compté ; réessayez plus tard.',
  extra: (left) =>
    `Vous avez aussi ${inFrench.count(left, { one: 'image offerte', other: 'images offertes' })} sur ce serveur, sans date limite.`,
  hourNow: (used, limit) => `Dans la dernière heure : ${used} sur ${limit}.`,
  serverNow: (used, limit) => `Tout ce serveur aujourd’hui : ${used} sur ${limit}.`,
  perDay: (limit) => `${limit} par jour`,
  perHour: (limit) => `${limit} par heure`,
  quotaOf: (whom, numbers) => `Images pour ${whom} : ${numbers}.`,
  usual: () => 'comme d’habitude',
  unlimited: () => 'sans limite propre',
  wholeServer: () => 'tout ce serveur ensemble',
  everyone: (numbers) => `Tout le monde : ${numbers}`,
  quotasTitle: () => 'Images que l’on peut faire ici',
  byOwner: () => 'Ce nombre a été fixé par le propriétaire du bot, lui seul peut le changer.',
  grantDone: (user, pictures, left) =>
    `${user} a reçu ${inFrench.count(pictures, 'picture')} en plus de celles du jour, et en a maintenant ${left} sur ce serveur.`,
  ownerAlone: () => 'Seul le propriétaire du bot peut le faire : cela concerne tous ceux que le bot sert.',
  limitsNow: (limits) => `Le maximum d’une demande sur ce serveur : ${limits}.`,
  limitSize: (px) => `${px} px de côté`,
  limitCount: (count) => `${count} à la fois`,
  modelsTitle: () => 'Modèles de ce serveur',
  everybody: () => 'tout le monde',
  nobody: () => 'personne',
  cancelledJob: (id) => `\`#${id}\` est annulée ; rien n’est compté.`,
  noJobHere: (id) => `Aucune demande \`#${id}\` de ce serveur n’attend ni n’est en cours.`,
  cleared: (count, user) => `Annulées pour ${user} : ${count}. Rien n’est compté.`,
  queueHere: (waiting, running) => `De ce serveur : ${waiting} en attente, ${running} en cours.`,
  weightSet: (role, weight) =>
    `${role} a maintenant ${weight} fois la part de machine des autres qui attendent. Chacun garde son tour.`,
  weightUsual: (role) => `${role} attend comme tout le monde.`,
  statsTitle: (days) => (days === 1 ? 'Le dernier jour' : `Les ${inFrench.number(days)} derniers jours`),
  statsSum: (pictures, people) => `Images : ${inFrench.number(pictures)}, pour ${inFrench.count(people, 'person')}.`,
  statsNone: () => 'Rien n’a été fait ces jours-là.',
  mode: {
    running: 'Elle marche : les demandes sont prises et faites.',
    paused: 'La file est en pause : les demandes sont prises, et faites dès qu’elle reprend.',
    draining: 'La file se vide : pas de nouvelle demande, celles qui attendent sont faites.',
  },
  chart: {
    perDay: 'Images par jour',
    waits: 'Attente, au plus',
    makes: 'Travail, au plus',
    p50: 'la moitié',
    p90: '9 sur 10',
    p99: '99 sur 100',
    users: 'Les plus actifs',
    models: 'Images par modèle',
    refused: 'Demandes refusées',
  },
  refusedFor: {
    quota: 'quota épuisé',
    too_many_waiting: 'trop en attente',
    draining: 'file en cours de vidage',
    banned: 'banni ou suspendu',
    closed: 'salon non autorisé',
    blocked: 'mots interdits',
    model_denied: 'modèle non autorisé',
    lora_denied: 'LoRA non autorisé',
    disk_full: 'disque plein',
  },
  statsDays: (days) => `${days} jours`,
};

const ja: HouseRulesPhrases = {
  limitHere: (field, found, max) => `${field}が ${found} です。このサーバーでは ${max} までです`,
  modelDenied: (name) => `このサーバーではモデル **${name}** を使えません。`,
  modelForRoles: (name, roles) => `このサーバーでモデル **${name}** を使えるのは ${roles} です。`,
  modelForEverybody: (name) => `このサーバーでは全員がモデル **${name}** を使えます。`,
  modelLast: () => 'モデルは 1 つ残す必要があります。',
  hourUsed: (used, limit, resets) =>
    `この 1 時間の残りを超えます：${limit} 枚中 ${used} 枚を使いました。${resets}に増えます。`,
  serverUsed: (used, limit, resets) =>
    `このサーバーは今日の ${limit} 枚のうち ${used} 枚を使いました。${resets}に増えます。`,
  counts: (cost) => `ふつうの画像 ${cost} 枚分として数えます。`,
  draining: () =>
    'いまは新しい依頼を受け付けていません。待ち行列を片付けています。枚数は減っていません。あとでお試しください。',
  extra: (left) => `ほかに、このサーバーでもらった ${left} 枚があります。使うまで残ります。`,
  hourNow: (used, limit) => `この 1 時間：${limit} 枚中 ${used} 枚。`,
  serverNow: (used, limit) => `このサーバー全体で今日：${limit} 枚中 ${used} 枚。`,
  perDay: (limit) => `1 日 ${limit} 枚`,
  perHour: (limit) => `1 時間 ${limit} 枚`,
  quotaOf: (whom, numbers) => `${whom} の枚数：${numbers}。`,
  usual: () => '通常どおり',
  unlimited: () => '独自の上限なし',
  wholeServer: () => 'このサーバー全体',
  everyone: (numbers) => `全員：${numbers}`,
  quotasTitle: () => 'ここで作れる枚数',
  byOwner: () => 'この数はボットの持ち主が決めたもので、変えられるのは持ち主だけです。',
  grantDone: (user, pictures, left) =>
    `${user} に 1 日の分とは別に ${pictures} 枚を贈りました。このサーバーでの残りは ${left} 枚です。`,
  ownerAlone: () => 'ボットの持ち主だけができます。ボットを使う全員に関わるためです。',
  limitsNow: (limits) => `このサーバーで一度に頼める上限：${limits}。`,
  limitSize: (px) => `一辺 ${px} px`,
  limitCount: (count) => `一度に ${count} 枚`,
  modelsTitle: () => 'このサーバーのモデル',
  everybody: () => '全員',
  nobody: () => 'だれも',
  cancelledJob: (id) => `\`#${id}\` を取り消しました。枚数は減りません。`,
  noJobHere: (id) => `このサーバーに待機中・作成中の依頼 \`#${id}\` はありません。`,
  cleared: (count, user) => `${user} の依頼を ${count} 件取り消しました。枚数は減りません。`,
  queueHere: (waiting, running) => `このサーバーから：待機 ${waiting}、作成中 ${running}。`,
  weightSet: (role, weight) =>
    `${role} は、待っているほかの人の ${weight} 倍の割合で機械を使えます。ほかの人の順番もちゃんと来ます。`,
  weightUsual: (role) => `${role} はほかの人と同じように待ちます。`,
  statsTitle: (days) => `直近 ${days} 日`,
  statsSum: (pictures, people) => `${people} 人に ${pictures} 枚。`,
  statsNone: () => 'この期間には何も作られていません。',
  mode: {
    running: '動いています。依頼を受け付け、作っています。',
    paused: '待ち行列は一時停止中です。依頼は受け付け、再開後に作ります。',
    draining: '待ち行列を片付けています。新しい依頼は受けず、待っている分は作ります。',
  },
  chart: {
    perDay: '1 日の枚数',
    waits: '待ち時間（以内）',
    makes: '作成時間（以内）',
    p50: '半数',
    p90: '90%',
    p99: '99%',
    users: '多い人',
    models: 'モデル別の枚数',
    refused: '断った依頼',
  },
  refusedFor: {
    quota: '上限に到達',
    too_many_waiting: '待ちが多すぎる',
    draining: '受付を停止中',
    banned: '禁止または一時停止',
    closed: '許可されていないチャンネル',
    blocked: '禁止の言葉',
    model_denied: 'モデルが許可されていない',
    lora_denied: 'LoRA が許可されていない',
    disk_full: 'ディスクがいっぱい',
  },
  statsDays: (days) => `${days} 日`,
};

export const houseRules = { en, zh, ru, es, de, fr, ja } as const;
