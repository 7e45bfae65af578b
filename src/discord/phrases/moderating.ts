// What is said around a community's rules: refusals and strikes to the person, reports and decisions to moderators, /admin to those who
// manage a server. Every language beside the others, so that a new sentence is written in all of them at once.

import type { Verdict } from '../../core/pictureJudgement.ts';
import type { Level, ListId } from '../../core/policyLists.ts';
import { countingIn } from './grammar.ts';

const [inEnglish, inRussian, inSpanish, inGerman, inFrench] = [
  countingIn('en'),
  countingIn('ru'),
  countingIn('es'),
  countingIn('de'),
  countingIn('fr'),
];

export interface ModeratingPhrases {
  /** Names of the lists and of the rules nobody can lift. */
  readonly rule: Readonly<Record<ListId | 'minors' | 'never', string>>;
  readonly level: Readonly<Record<Level, string>>;
  readonly verdict: Readonly<Record<Verdict, string>>;
  /** To the person. */
  closedHere(open: string): string;
  closedEverywhere(): string;
  paused(reason: string, until: string): string;
  strike(count: number, fades: string): string;
  strikesLeft(left: number): string;
  pausedNow(until: string): string;
  /** Of a job whose pictures were not uploaded; a sentence. */
  /** `reason` is a sentence. */
  notShown(id: string, reason: string): string;
  refusedResult(): string;
  onlyFor(user: string): string;
  coveredStays(): string;
  removed(): string;
  /** Reports. */
  reportTitle(): string;
  reportReason(): string;
  reportHint(): string;
  reportThanks(): string;
  reportAgain(): string;
  reportSettled(): string;
  reportSettledTaken(): string;
  /** To those who reported; `server` is its name. */
  reportKept(server: string): string;
  reportTaken(server: string): string;
  reportTooMany(): string;
  reportNotOurs(): string;
  reportNowhere(): string;
  reviewTitle(reporters: number): string;
  reviewAuthor(user: string): string;
  reviewReasons(reasons: string): string;
  reviewGone(): string;
  approved(user: string): string;
  takenAway(user: string): string;
  takenAwayAndBanned(user: string): string;
  decidedBefore(): string;
  moderatorsOnly(): string;
  /** /admin. */
  timeoutDone(user: string, until: string): string;
  badDuration(found: string): string;
  ruleAdded(name: string): string;
  ruleRemoved(name: string): string;
  ruleUnknown(name: string): string;
  ruleTooMany(max: number): string;
  rulesTitle(): string;
  rulesOwn(count: number): string;
  rulesNone(): string;
  ruleEverywhere(): string;
  listsTitle(version: number): string;
  listOff(): string;
  /** Of rules no server can lift; `rules` are their names. */
  alwaysRefused(rules: string): string;
  testFree(): string;
  testHit(rule: string, verdict: string): string;
  testReading(reading: string): string;
  channelAllowed(channel: string): string;
  channelDenied(channel: string): string;
  channelReset(channel: string): string;
  /** Waiting requests that a new rule ended. */
  requestsEnded(count: number): string;
  channelPolicy(channel: string, level: string, explicit: string): string;
  channelAdult(channel: string): string;
  channelsTitle(): string;
  channelsOpen(): string;
  policyTitle(): string;
  policySet(field: string, value: string): string;
  readonly policyField: Readonly<
    Record<
      'ordinary' | 'ageRestricted' | 'without' | 'previews' | 'decayDays' | 'ladder' | 'retention' | 'reports',
      string
    >
  >;
  days(count: number): string;
  never(): string;
  badLadder(found: string): string;
  reportsIn(channel: string): string;
  reportsOff(): string;
  reportsNoAccess(channel: string): string;
  strikesOf(user: string, count: number): string;
  strikesNone(user: string): string;
  strikesCleared(user: string, count: number): string;
  auditTitle(page: number): string;
  auditTitleEverywhere(page: number): string;
  auditEmpty(): string;
  auditExport(count: number): string;
  theProgram(): string;
  retentionSet(days: number, rows: string): string;
  retentionOff(): string;
  rowsKeep(): string;
  rowsErase(): string;
  doctorFine(): string;
  doctorTitle(): string;
  doctorChannel(channel: string, names: string): string;
  doctorFix(link: string): string;
  doctorIntent(): string;
  doctorReports(): string;
  doctorHidden(count: number, channels: string): string;
  doctorTimedOut(until: string): string;
  theirTitle(user: string, page: number): string;
  theirNone(user: string): string;
  readonly label: {
    readonly reveal: string;
    readonly report: string;
    readonly approve: string;
    readonly remove: string;
    readonly removeAndBan: string;
    readonly clear: string;
    readonly why: string;
  };
}

const en: ModeratingPhrases = {
  rule: {
    explicit: 'sexual content',
    nudity: 'nudity',
    gore: 'gore',
    hate: 'hate symbols',
    minors: 'minors in a sexual context',
    never: 'sexual abuse of children',
  },
  level: { strict: 'strict', standard: 'standard', adult: 'adult' },
  verdict: { allow: 'show', spoiler: 'cover', private: 'only for whoever asked', refuse: 'refuse' },
  closedHere: (open) => `I may not be used in this channel. Try ${open}.`,
  closedEverywhere: () => 'I may not be used in this channel, nor in another one of this server you could use.',
  paused: (reason, until) => `You pause from making pictures here until ${until}. Reason: ${reason}`,
  strike: (count, fades) => `⚠️ This counts as strike ${count}. The oldest one stops counting ${fades}.`,
  strikesLeft: (left) => `With ${left} more you pause for a while.`,
  pausedNow: (until) => `You pause from making pictures here until ${until}.`,
  notShown: (id, reason) => `🛡️ Not shown: ${reason} Nothing was charged. \`#${id}\``,
  refusedResult: () =>
    'the picture does not fit what may be shown in this channel, so I did not upload it. Other words may help.',
  onlyFor: (user) => `🔒 By the rules of this channel only ${user} can see this picture.`,
  coveredStays: () => 'Covered pictures cannot become emojis or stickers: those are shown to everybody.',
  removed: () => '🛡️ A moderator took this picture away.',
  reportTitle: () => 'Report this picture',
  reportReason: () => 'What is wrong with it?',
  reportHint: () => 'Moderators read this; the author does not learn who you are.',
  reportThanks: () => '🛡️ Thank you. The moderators of this server will look at it.',
  reportAgain: () => 'You have reported this picture already. It is in the queue of the moderators.',
  reportSettled: () => 'The moderators of this server have looked at this picture already and let it stay.',
  reportSettledTaken: () => 'The moderators of this server have taken this picture away already.',
  reportKept: (server) =>
    `🛡️ Thank you for your report. The moderators of **${server}** looked at the picture and let it stay.`,
  reportTaken: (server) => `🛡️ Thank you for your report. The moderators of **${server}** took the picture away.`,
  reportTooMany: () => 'You have reported a lot lately. Please go on in an hour.',
  reportNotOurs: () => 'I can only take reports of pictures I made. Use Discord’s own report for others.',
  reportNowhere: () =>
    'This server has no place for reports yet. Tell somebody who manages it: `/admin reports channel`.',
  reviewTitle: (reporters) => (reporters === 1 ? '🛡️ Reported by 1 person' : `🛡️ Reported by ${reporters} people`),
  reviewAuthor: (user) => `Made by ${user}`,
  reviewReasons: (reasons) => `They say:\n${reasons}`,
  reviewGone: () => 'The picture is no longer in my data folder.',
  approved: (user) => `✅ ${user} let it stay.`,
  takenAway: (user) => `🗑️ ${user} took it away.`,
  takenAwayAndBanned: (user) => `⛔ ${user} took it away and banned its author.`,
  decidedBefore: () => 'Somebody has decided this already.',
  moderatorsOnly: () => 'This is for moderators.',
  timeoutDone: (user, until) => `${user} can make pictures again ${until}.`,
  badDuration: (found) => `I cannot read “${found}” as a time. Write it as 30m, 2h, 7d or 1w, a year at most.`,
  ruleAdded: (name) => `The rule **${name}** now holds. \`/admin words test\` shows what it finds.`,
  ruleRemoved: (name) => `The rule **${name}** is gone.`,
  ruleUnknown: (name) => `There is no rule named **${name}** here.`,
  ruleTooMany: (max) => `There are ${max} rules, and that is the most. Remove one first, or use a pattern.`,
  rulesTitle: () => 'Rules for prompts',
  rulesOwn: (count) => `Rules of this server: ${count}`,
  rulesNone: () => 'This server has no rules of its own.',
  ruleEverywhere: () => 'everywhere',
  listsTitle: (version) => `Lists that come with the bot (version ${version}); \`/admin policy\` switches them`,
  listOff: () => 'off',
  alwaysRefused: (rules) => `Refused always, in every channel and whoever asks: ${rules}`,
  testFree: () => '✅ No rule speaks against this.',
  testHit: (rule, verdict) => `Rule **${rule}** → ${verdict}`,
  testReading: (reading) => `Read as (${reading}):`,
  channelAllowed: (channel) => `I may be used in ${channel}. Channels nobody allowed are closed now.`,
  channelDenied: (channel) => `I may not be used in ${channel} any more.`,
  channelReset: (channel) => `${channel} follows the rest of the server again.`,
  requestsEnded: (count) =>
    count === 1
      ? '1 request that waited was ended; nothing was charged.'
      : `${count} requests that waited were ended; nothing was charged.`,
  channelPolicy: (channel, level, explicit) => `${channel}: **${level}**; explicit pictures: ${explicit}.`,
  channelAdult: (channel) =>
    `${channel} is not age-restricted, so “adult” would do nothing there. Switch on the age restriction in the channel’s settings first.`,
  channelsTitle: () => 'Channels with rules of their own',
  channelsOpen: () => 'None. I may be used in every channel.',
  policyTitle: () => 'Rules of this server',
  policySet: (field, value) => `${field}: **${value}**`,
  policyField: {
    ordinary: 'Ordinary channels',
    ageRestricted: 'Age-restricted channels',
    without: 'Lists switched off',
    previews: 'Previews while drawing',
    decayDays: 'A strike counts for',
    ladder: 'Strikes and pauses',
    retention: 'Files are kept',
    reports: 'Reports go to',
  },
  days: (count) => inEnglish.count(count, 'day'),
  never: () => 'for ever',
  badLadder: (found) => `I cannot read “${found}”. Write strikes and pauses as \`3=1h 5=1d 8=7d\`, or \`none\`.`,
  reportsIn: (channel) => `Reports appear in ${channel} from now on.`,
  reportsOff: () => 'Reports are not taken any more.',
  reportsNoAccess: (channel) => `I may not write or attach files in ${channel}. Let me, then try again.`,
  strikesOf: (user, count) =>
    count === 1 ? `${user} has 1 strike that counts:` : `${user} has ${count} strikes that count:`,
  strikesNone: (user) => `${user} has no strikes.`,
  strikesCleared: (user, count) =>
    `${inEnglish.count(count, 'strike')} of ${user} ${count === 1 ? 'is' : 'are'} forgiven. A pause is lifted with \`/admin unban\`.`,
  auditTitle: (page) => `What was done in this server, page ${page}`,
  auditTitleEverywhere: (page) => `What was done for all servers, page ${page}`,
  auditEmpty: () => 'Nothing of that kind was done here.',
  auditExport: (count) => `${inEnglish.count(count, 'entry')}, newest first.`,
  theProgram: () => 'the bot itself',
  retentionSet: (days, rows) => `Files of pictures from this server go after ${inEnglish.count(days, 'day')}; ${rows}.`,
  retentionOff: () => 'Files of this server are kept until somebody erases them.',
  rowsKeep: () => 'prompts and numbers stay',
  rowsErase: () => 'prompts and numbers go with them',
  doctorFine: () => '✅ I have every right I need, in every channel where I may be used.',
  doctorTitle: () => 'What I lack here',
  doctorChannel: (channel, names) => `${channel}: ${names}`,
  doctorFix: (link) =>
    `[Invite me again](${link}) to grant what is missing in the whole server, or let me in the channel’s own settings.`,
  doctorIntent: () =>
    'Replies reach me only with the ping on: I ask for no right to read messages. That is as it should be.',
  doctorReports: () => 'Reports have no place yet: `/admin reports channel`.',
  doctorHidden: (count, channels) =>
    `Channels I cannot see: ${count} (${channels}). Right for private ones; where I am wanted, let me in.`,
  doctorTimedOut: (until) =>
    `⚠️ I am timed out in this server until ${until}, so I may not write. In the members’ list, somebody with the right to time out can lift it.`,
  theirTitle: (user, page) => `Pictures of ${user} in this server, page ${page}`,
  theirNone: (user) => `${user} has no pictures in this server.`,
  label: {
    reveal: 'Show it to me',
    report: 'Report',
    approve: 'Let it stay',
    remove: 'Take it away',
    removeAndBan: 'Take away and ban',
    clear: 'Forgive all',
    why: 'Why?',
  },
};

const zh: ModeratingPhrases = {
  rule: {
    explicit: '色情内容',
    nudity: '裸露',
    gore: '血腥',
    hate: '仇恨标志',
    minors: '涉及未成年人的性内容',
    never: '儿童性侵害',
  },
  level: { strict: '严格', standard: '标准', adult: '成人' },
  verdict: { allow: '显示', spoiler: '遮盖', private: '仅请求者可见', refuse: '拒绝' },
  closedHere: (open) => `我不能在此频道使用。请试试 ${open}。`,
  closedEverywhere: () => '我不能在此频道使用，本服务器也没有你能使用我的其他频道。',
  paused: (reason, until) => `你在 ${until} 之前不能在此生成图片。原因：${reason}`,
  strike: (count, fades) => `⚠️ 这是第 ${count} 次警告。最早的一次将于${fades}失效。`,
  strikesLeft: (left) => `再有 ${left} 次，你将暂停一段时间。`,
  pausedNow: (until) => `你在 ${until} 之前不能在此生成图片。`,
  notShown: (id, reason) => `🛡️ 未展示：${reason}没有扣除任何配额。\`#${id}\``,
  refusedResult: () => '图片不符合此频道允许展示的内容，因此没有上传。换个说法也许可以。',
  onlyFor: (user) => `🔒 按照此频道的规则，只有 ${user} 能看到这张图片。`,
  coveredStays: () => '被遮盖的图片不能做成表情或贴纸，因为那些所有人都会看到。',
  removed: () => '🛡️ 管理员移除了这张图片。',
  reportTitle: () => '举报这张图片',
  reportReason: () => '有什么问题？',
  reportHint: () => '管理员会看到；作者不会知道是谁举报的。',
  reportThanks: () => '🛡️ 谢谢。本服务器的管理员会查看。',
  reportAgain: () => '你已经举报过这张图片，它在管理员的队列中。',
  reportSettled: () => '本服务器的管理员已经看过这张图片，并决定保留。',
  reportSettledTaken: () => '本服务器的管理员已经移除了这张图片。',
  reportKept: (server) => `🛡️ 感谢你的举报。**${server}** 的管理员看过这张图片，决定保留。`,
  reportTaken: (server) => `🛡️ 感谢你的举报。**${server}** 的管理员已移除这张图片。`,
  reportTooMany: () => '你最近举报得太多了，请一小时后再试。',
  reportNotOurs: () => '我只能受理我生成的图片。其他内容请使用 Discord 自带的举报。',
  reportNowhere: () => '本服务器还没有接收举报的地方。请告诉管理者：`/admin reports channel`。',
  reviewTitle: (reporters) => `🛡️ 被 ${reporters} 人举报`,
  reviewAuthor: (user) => `作者：${user}`,
  reviewReasons: (reasons) => `举报理由：\n${reasons}`,
  reviewGone: () => '图片已不在我的数据文件夹中。',
  approved: (user) => `✅ ${user} 决定保留。`,
  takenAway: (user) => `🗑️ ${user} 已移除。`,
  takenAwayAndBanned: (user) => `⛔ ${user} 已移除图片并封禁作者。`,
  decidedBefore: () => '已经有人处理过了。',
  moderatorsOnly: () => '仅限管理员。',
  timeoutDone: (user, until) => `${user} 将于 ${until} 可以再次生成图片。`,
  badDuration: (found) => `无法把“${found}”理解为时长。请写成 30m、2h、7d 或 1w，最多一年。`,
  ruleAdded: (name) => `规则 **${name}** 已生效。用 \`/admin words test\` 查看它会匹配什么。`,
  ruleRemoved: (name) => `规则 **${name}** 已移除。`,
  ruleUnknown: (name) => `这里没有名为 **${name}** 的规则。`,
  ruleTooMany: (max) => `已有 ${max} 条规则，达到上限。请先移除一条，或使用正则表达式。`,
  rulesTitle: () => '提示词规则',
  rulesOwn: (count) => `本服务器的规则：${count} 条`,
  rulesNone: () => '本服务器没有自己的规则。',
  ruleEverywhere: () => '所有服务器',
  listsTitle: (version) => `机器人自带的列表（版本 ${version}）；用 \`/admin policy\` 开关`,
  listOff: () => '关闭',
  alwaysRefused: (rules) => `在任何频道、对任何人都会拒绝：${rules}`,
  testFree: () => '✅ 没有规则反对。',
  testHit: (rule, verdict) => `规则 **${rule}** → ${verdict}`,
  testReading: (reading) => `读作（${reading}）：`,
  channelAllowed: (channel) => `我可以在 ${channel} 使用。未被允许的频道现已关闭。`,
  channelDenied: (channel) => `我不再可以在 ${channel} 使用。`,
  channelReset: (channel) => `${channel} 恢复为与服务器一致。`,
  requestsEnded: (count) => `已结束 ${count} 个等待中的请求，未扣费。`,
  channelPolicy: (channel, level, explicit) => `${channel}：**${level}**；露骨图片：${explicit}。`,
  channelAdult: (channel) => `${channel} 没有年龄限制，“成人”在那里不起作用。请先在频道设置中开启年龄限制。`,
  channelsTitle: () => '有单独规则的频道',
  channelsOpen: () => '没有。我可以在所有频道使用。',
  policyTitle: () => '本服务器的规则',
  policySet: (field, value) => `${field}：**${value}**`,
  policyField: {
    ordinary: '普通频道',
    ageRestricted: '年龄限制频道',
    without: '已关闭的列表',
    previews: '绘制时的预览',
    decayDays: '警告有效期',
    ladder: '警告与暂停',
    retention: '文件保留',
    reports: '举报送往',
  },
  days: (count) => `${count} 天`,
  never: () => '永久',
  badLadder: (found) => `无法理解“${found}”。请写成 \`3=1h 5=1d 8=7d\` 或 \`none\`。`,
  reportsIn: (channel) => `举报今后会出现在 ${channel}。`,
  reportsOff: () => '不再接受举报。',
  reportsNoAccess: (channel) => `我在 ${channel} 不能发言或上传文件。请先授权，再试一次。`,
  strikesOf: (user, count) => `${user} 有 ${count} 次有效警告：`,
  strikesNone: (user) => `${user} 没有警告。`,
  strikesCleared: (user, count) => `已免除 ${user} 的 ${count} 次警告。暂停可用 \`/admin unban\` 解除。`,
  auditTitle: (page) => `本服务器的操作记录，第 ${page} 页`,
  auditTitleEverywhere: (page) => `针对所有服务器的操作记录，第 ${page} 页`,
  auditEmpty: () => '没有此类记录。',
  auditExport: (count) => `${count} 条记录，最新在前。`,
  theProgram: () => '机器人自身',
  retentionSet: (days, rows) => `本服务器的图片文件在 ${days} 天后删除；${rows}。`,
  retentionOff: () => '本服务器的文件会一直保留，直到有人删除。',
  rowsKeep: () => '提示词和参数保留',
  rowsErase: () => '提示词和参数一并删除',
  doctorFine: () => '✅ 在所有可以使用我的频道里，我都有所需的权限。',
  doctorTitle: () => '我缺少的权限',
  doctorChannel: (channel, names) => `${channel}：${names}`,
  doctorFix: (link) => `[重新邀请我](${link})即可补齐整个服务器的权限，或在频道设置中单独授权。`,
  doctorIntent: () => '只有开启 @ 提醒的回复我才看得到：我不申请读取消息的权限。这是正常的。',
  doctorReports: () => '举报还没有去处：`/admin reports channel`。',
  doctorHidden: (count, channels) =>
    `我看不到的频道：${count} 个（${channels}）。私密频道本该如此；需要我的地方请给我权限。`,
  doctorTimedOut: (until) => `⚠️ 我在本服务器被禁言至 ${until}，因此无法发言。有禁言权限的人可在成员列表中解除。`,
  theirTitle: (user, page) => `${user} 在本服务器的图片，第 ${page} 页`,
  theirNone: (user) => `${user} 在本服务器没有图片。`,
  label: {
    reveal: '给我看',
    report: '举报',
    approve: '保留',
    remove: '移除',
    removeAndBan: '移除并封禁',
    clear: '全部免除',
    why: '为什么？',
  },
};

const ru: ModeratingPhrases = {
  rule: {
    explicit: 'сексуальное содержание',
    nudity: 'нагота',
    gore: 'жестокость',
    hate: 'символы ненависти',
    minors: 'несовершеннолетние в сексуальном контексте',
    never: 'сексуальное насилие над детьми',
  },
  level: { strict: 'строгий', standard: 'обычный', adult: 'для взрослых' },
  verdict: { allow: 'показать', spoiler: 'закрыть', private: 'только тому, кто просил', refuse: 'отказать' },
  closedHere: (open) => `В этом канале мной пользоваться нельзя. Попробуйте ${open}.`,
  closedEverywhere: () => 'В этом канале мной пользоваться нельзя, и других доступных вам каналов на этом сервере нет.',
  paused: (reason, until) => `Вам нельзя делать здесь картинки до ${until}. Причина: ${reason}`,
  strike: (count, fades) => `⚠️ Это предупреждение № ${count}. Самое старое перестанет считаться ${fades}.`,
  strikesLeft: (left) => `Ещё ${inRussian.count(left, 'strike')}, и наступит пауза.`,
  pausedNow: (until) => `Вам нельзя делать здесь картинки до ${until}.`,
  notShown: (id, reason) => `🛡️ Не показано: ${reason} Ничего не списано. \`#${id}\``,
  refusedResult: () =>
    'картинка не подходит к тому, что можно показывать в этом канале, поэтому я её не загрузил. Попробуйте другие слова.',
  onlyFor: (user) => `🔒 По правилам этого канала картинку видит только ${user}.`,
  coveredStays: () => 'Закрытые картинки не могут стать эмодзи или стикерами: их видят все.',
  removed: () => '🛡️ Модератор убрал эту картинку.',
  reportTitle: () => 'Пожаловаться на картинку',
  reportReason: () => 'Что с ней не так?',
  reportHint: () => 'Это прочтут модераторы; автор не узнает, кто вы.',
  reportThanks: () => '🛡️ Спасибо. Модераторы этого сервера посмотрят.',
  reportAgain: () => 'Вы уже пожаловались на эту картинку. Она в очереди у модераторов.',
  reportSettled: () => 'Модераторы этого сервера уже смотрели эту картинку и оставили её.',
  reportSettledTaken: () => 'Модераторы этого сервера уже убрали эту картинку.',
  reportKept: (server) => `🛡️ Спасибо за жалобу. Модераторы сервера **${server}** посмотрели картинку и оставили её.`,
  reportTaken: (server) => `🛡️ Спасибо за жалобу. Модераторы сервера **${server}** убрали картинку.`,
  reportTooMany: () => 'За последнее время слишком много жалоб. Продолжите через час.',
  reportNotOurs: () => 'Я принимаю жалобы только на картинки, которые сделал сам. Для остального есть жалоба Discord.',
  reportNowhere: () =>
    'На этом сервере ещё нет места для жалоб. Скажите тому, кто им управляет: `/admin reports channel`.',
  reviewTitle: (reporters) => `🛡️ Жалоб: ${reporters}`,
  reviewAuthor: (user) => `Автор: ${user}`,
  reviewReasons: (reasons) => `Пишут:\n${reasons}`,
  reviewGone: () => 'Картинки больше нет в моей папке данных.',
  approved: (user) => `✅ ${user}: оставить.`,
  takenAway: (user) => `🗑️ ${user}: убрано.`,
  takenAwayAndBanned: (user) => `⛔ ${user}: убрано, автору запрещено делать картинки.`,
  decidedBefore: () => 'Это уже решили.',
  moderatorsOnly: () => 'Это для модераторов.',
  timeoutDone: (user, until) => `${user} снова сможет делать картинки ${until}.`,
  badDuration: (found) => `Не понимаю «${found}» как время. Пишите 30m, 2h, 7d или 1w, не больше года.`,
  ruleAdded: (name) => `Правило **${name}** действует. \`/admin words test\` покажет, что оно находит.`,
  ruleRemoved: (name) => `Правила **${name}** больше нет.`,
  ruleUnknown: (name) => `Правила **${name}** здесь нет.`,
  ruleTooMany: (max) =>
    `Здесь уже ${inRussian.count(max, { one: 'правило', few: 'правила', other: 'правил' })}, больше нельзя. Уберите одно или используйте выражение.`,
  rulesTitle: () => 'Правила для промптов',
  rulesOwn: (count) => `Правил этого сервера: ${count}`,
  rulesNone: () => 'Своих правил у этого сервера нет.',
  ruleEverywhere: () => 'везде',
  listsTitle: (version) => `Списки самого бота (версия ${version}); переключаются в \`/admin policy\``,
  listOff: () => 'выключен',
  alwaysRefused: (rules) => `Отказ всегда, в любом канале и кому угодно: ${rules}`,
  testFree: () => '✅ Ни одно правило не против.',
  testHit: (rule, verdict) => `Правило **${rule}** → ${verdict}`,
  testReading: (reading) => `Прочитано (${reading}):`,
  channelAllowed: (channel) => `Мной можно пользоваться в ${channel}. Каналы без разрешения теперь закрыты.`,
  channelDenied: (channel) => `Мной больше нельзя пользоваться в ${channel}.`,
  channelReset: (channel) => `${channel} снова как весь сервер.`,
  requestsEnded: (count) =>
    `Отменено: ${inRussian.count(count, { one: 'ожидавший запрос', few: 'ожидавших запроса', other: 'ожидавших запросов' })}; ничего не списано.`,
  channelPolicy: (channel, level, explicit) => `${channel}: **${level}**; откровенные картинки: ${explicit}.`,
  channelAdult: (channel) =>
    `У ${channel} нет возрастного ограничения, там «для взрослых» ничего не даст. Сначала включите его в настройках канала.`,
  channelsTitle: () => 'Каналы со своими правилами',
  channelsOpen: () => 'Таких нет. Мной можно пользоваться во всех каналах.',
  policyTitle: () => 'Правила этого сервера',
  policySet: (field, value) => `${field}: **${value}**`,
  policyField: {
    ordinary: 'Обычные каналы',
    ageRestricted: 'Каналы с возрастным ограничением',
    without: 'Выключенные списки',
    previews: 'Предпросмотр при рисовании',
    decayDays: 'Предупреждение считается',
    ladder: 'Предупреждения и паузы',
    retention: 'Файлы хранятся',
    reports: 'Жалобы идут в',
  },
  days: (count) => inRussian.count(count, 'day'),
  never: () => 'всегда',
  badLadder: (found) => `Не понимаю «${found}». Пишите \`3=1h 5=1d 8=7d\` или \`none\`.`,
  reportsIn: (channel) => `Жалобы теперь появляются в ${channel}.`,
  reportsOff: () => 'Жалобы больше не принимаются.',
  reportsNoAccess: (channel) => `Я не могу писать или прикладывать файлы в ${channel}. Разрешите и повторите.`,
  strikesOf: (user, count) => `У ${user} действующих предупреждений: ${count}`,
  strikesNone: (user) => `У ${user} нет предупреждений.`,
  strikesCleared: (user, count) =>
    `${user}: прощено ${inRussian.count(count, 'strike')}. Паузу снимает \`/admin unban\`.`,
  auditTitle: (page) => `Что делалось на этом сервере, страница ${page}`,
  auditTitleEverywhere: (page) => `Что делалось для всех серверов, страница ${page}`,
  auditEmpty: () => 'Такого здесь не было.',
  auditExport: (count) => `${inRussian.count(count, 'entry')}, новые сверху.`,
  theProgram: () => 'сам бот',
  retentionSet: (days, rows) => `Файлы картинок этого сервера исчезают через ${inRussian.count(days, 'day')}; ${rows}.`,
  retentionOff: () => 'Файлы этого сервера хранятся, пока их не сотрут.',
  rowsKeep: () => 'промпты и числа остаются',
  rowsErase: () => 'промпты и числа исчезают вместе с ними',
  doctorFine: () => '✅ У меня есть все нужные права во всех каналах, где мной можно пользоваться.',
  doctorTitle: () => 'Чего мне здесь не хватает',
  doctorChannel: (channel, names) => `${channel}: ${names}`,
  doctorFix: (link) =>
    `[Пригласите меня заново](${link}), чтобы дать недостающее на всём сервере, или разрешите в настройках канала.`,
  doctorIntent: () => 'Ответы я вижу только с упоминанием: права читать сообщения я не прошу. Так и должно быть.',
  doctorReports: () => 'Жалобам ещё некуда идти: `/admin reports channel`.',
  doctorHidden: (count, channels) =>
    `Каналы, которых я не вижу: ${count} (${channels}). Для закрытых так и надо; где я нужен, впустите меня.`,
  doctorTimedOut: (until) =>
    `⚠️ На этом сервере у меня тайм-аут до ${until}, писать я не могу. Его снимет в списке участников тот, кто вправе давать тайм-ауты.`,
  theirTitle: (user, page) => `Картинки ${user} на этом сервере, страница ${page}`,
  theirNone: (user) => `У ${user} нет картинок на этом сервере.`,
  label: {
    reveal: 'Показать мне',
    report: 'Пожаловаться',
    approve: 'Оставить',
    remove: 'Убрать',
    removeAndBan: 'Убрать и запретить',
    clear: 'Простить все',
    why: 'Почему?',
  },
};

const es: ModeratingPhrases = {
  rule: {
    explicit: 'contenido sexual',
    nudity: 'desnudez',
    gore: 'violencia sangrienta',
    hate: 'símbolos de odio',
    minors: 'menores en un contexto sexual',
    never: 'abuso sexual de menores',
  },
  level: { strict: 'estricto', standard: 'normal', adult: 'adulto' },
  verdict: { allow: 'mostrar', spoiler: 'tapar', private: 'solo para quien la pidió', refuse: 'rechazar' },
  closedHere: (open) => `No se me puede usar en este canal. Prueba en ${open}.`,
  closedEverywhere: () => 'No se me puede usar en este canal ni en otro de este servidor al que tengas acceso.',
  paused: (reason, until) => `No puedes hacer imágenes aquí hasta ${until}. Motivo: ${reason}`,
  strike: (count, fades) => `⚠️ Esto cuenta como aviso ${count}. El más antiguo deja de contar ${fades}.`,
  strikesLeft: (left) => `Con ${left} más habrá una pausa.`,
  pausedNow: (until) => `No puedes hacer imágenes aquí hasta ${until}.`,
  notShown: (id, reason) => `🛡️ No se muestra: ${reason} No se cobró nada. \`#${id}\``,
  refusedResult: () =>
    'la imagen no encaja con lo que se puede mostrar en este canal, así que no la subí. Prueba con otras palabras.',
  onlyFor: (user) => `🔒 Según las reglas de este canal, solo ${user} puede ver esta imagen.`,
  coveredStays: () => 'Las imágenes tapadas no pueden ser emojis ni stickers: esos los ve todo el mundo.',
  removed: () => '🛡️ Alguien de moderación quitó esta imagen.',
  reportTitle: () => 'Denunciar esta imagen',
  reportReason: () => '¿Qué tiene de malo?',
  reportHint: () => 'Lo lee la moderación; su autor no sabrá quién eres.',
  reportThanks: () => '🛡️ Gracias. La moderación de este servidor la mirará.',
  reportAgain: () => 'Ya denunciaste esta imagen. Está en la cola de la moderación.',
  reportSettled: () => 'La moderación de este servidor ya miró esta imagen y la dejó.',
  reportSettledTaken: () => 'La moderación de este servidor ya retiró esta imagen.',
  reportKept: (server) => `🛡️ Gracias por tu denuncia. La moderación de **${server}** miró la imagen y la dejó.`,
  reportTaken: (server) => `🛡️ Gracias por tu denuncia. La moderación de **${server}** retiró la imagen.`,
  reportTooMany: () => 'Has denunciado mucho últimamente. Sigue dentro de una hora.',
  reportNotOurs: () => 'Solo acepto denuncias de imágenes que hice yo. Para lo demás usa la denuncia de Discord.',
  reportNowhere: () =>
    'Este servidor aún no tiene lugar para denuncias. Díselo a quien lo lleva: `/admin reports channel`.',
  reviewTitle: (reporters) => (reporters === 1 ? '🛡️ 1 denuncia' : `🛡️ ${reporters} denuncias`),
  reviewAuthor: (user) => `Hecha por ${user}`,
  reviewReasons: (reasons) => `Dicen:\n${reasons}`,
  reviewGone: () => 'La imagen ya no está en mi carpeta de datos.',
  approved: (user) => `✅ ${user} la dejó.`,
  takenAway: (user) => `🗑️ ${user} la quitó.`,
  takenAwayAndBanned: (user) => `⛔ ${user} la quitó y vetó a su autor.`,
  decidedBefore: () => 'Alguien ya lo decidió.',
  moderatorsOnly: () => 'Esto es para la moderación.',
  timeoutDone: (user, until) => `${user} podrá volver a hacer imágenes ${until}.`,
  badDuration: (found) => `No entiendo «${found}» como duración. Escribe 30m, 2h, 7d o 1w, un año como mucho.`,
  ruleAdded: (name) => `La regla **${name}** ya vale. \`/admin words test\` muestra qué encuentra.`,
  ruleRemoved: (name) => `La regla **${name}** ya no está.`,
  ruleUnknown: (name) => `Aquí no hay ninguna regla llamada **${name}**.`,
  ruleTooMany: (max) => `Hay ${max} reglas, que es el máximo. Quita una antes o usa una expresión.`,
  rulesTitle: () => 'Reglas para los textos',
  rulesOwn: (count) => `Reglas de este servidor: ${count}`,
  rulesNone: () => 'Este servidor no tiene reglas propias.',
  ruleEverywhere: () => 'en todas partes',
  listsTitle: (version) => `Listas que trae el bot (versión ${version}); se cambian con \`/admin policy\``,
  listOff: () => 'apagada',
  alwaysRefused: (rules) => `Se rechaza siempre, en todo canal y a cualquiera: ${rules}`,
  testFree: () => '✅ Ninguna regla se opone.',
  testHit: (rule, verdict) => `Regla **${rule}** → ${verdict}`,
  testReading: (reading) => `Leído como (${reading}):`,
  channelAllowed: (channel) => `Se me puede usar en ${channel}. Los canales sin permiso quedan cerrados.`,
  channelDenied: (channel) => `Ya no se me puede usar en ${channel}.`,
  channelReset: (channel) => `${channel} vuelve a seguir al resto del servidor.`,
  requestsEnded: (count) =>
    count === 1
      ? 'Se terminó 1 petición que esperaba; no se cobró nada.'
      : `Se terminaron ${count} peticiones que esperaban; no se cobró nada.`,
  channelPolicy: (channel, level, explicit) => `${channel}: **${level}**; imágenes explícitas: ${explicit}.`,
  channelAdult: (channel) =>
    `${channel} no tiene restricción de edad, así que «adulto» no haría nada allí. Actívala antes en los ajustes del canal.`,
  channelsTitle: () => 'Canales con reglas propias',
  channelsOpen: () => 'Ninguno. Se me puede usar en todos los canales.',
  policyTitle: () => 'Reglas de este servidor',
  policySet: (field, value) => `${field}: **${value}**`,
  policyField: {
    ordinary: 'Canales normales',
    ageRestricted: 'Canales con restricción de edad',
    without: 'Listas apagadas',
    previews: 'Vistas previas al dibujar',
    decayDays: 'Un aviso cuenta durante',
    ladder: 'Avisos y pausas',
    retention: 'Los archivos se guardan',
    reports: 'Las denuncias van a',
  },
  days: (count) => inSpanish.count(count, 'day'),
  never: () => 'para siempre',
  badLadder: (found) => `No entiendo «${found}». Escribe \`3=1h 5=1d 8=7d\` o \`none\`.`,
  reportsIn: (channel) => `Las denuncias aparecen desde ahora en ${channel}.`,
  reportsOff: () => 'Ya no se aceptan denuncias.',
  reportsNoAccess: (channel) => `No puedo escribir o adjuntar archivos en ${channel}. Dame permiso y prueba de nuevo.`,
  strikesOf: (user, count) => `Avisos de ${user} que cuentan: ${count}`,
  strikesNone: (user) => `${user} no tiene avisos.`,
  strikesCleared: (user, count) =>
    `Se perdona a ${user}: ${inSpanish.count(count, 'strike')}. Una pausa se levanta con \`/admin unban\`.`,
  auditTitle: (page) => `Lo que se hizo en este servidor, página ${page}`,
  auditTitleEverywhere: (page) => `Lo que se hizo para todos los servidores, página ${page}`,
  auditEmpty: () => 'Aquí no se hizo nada de eso.',
  auditExport: (count) => `${inSpanish.count(count, 'entry')}, las nuevas primero.`,
  theProgram: () => 'el propio bot',
  retentionSet: (days, rows) =>
    `Los archivos de este servidor desaparecen en ${inSpanish.count(days, 'day')}; ${rows}.`,
  retentionOff: () => 'Los archivos de este servidor se guardan hasta que alguien los borre.',
  rowsKeep: () => 'los textos y números se quedan',
  rowsErase: () => 'los textos y números se van con ellos',
  doctorFine: () => '✅ Tengo todos los permisos que necesito en cada canal donde se me puede usar.',
  doctorTitle: () => 'Lo que me falta aquí',
  doctorChannel: (channel, names) => `${channel}: ${names}`,
  doctorFix: (link) =>
    `[Invítame otra vez](${link}) para dar lo que falta en todo el servidor, o permítelo en los ajustes del canal.`,
  doctorIntent: () => 'Las respuestas solo me llegan con la mención activada: no pido leer mensajes. Así debe ser.',
  doctorReports: () => 'Las denuncias aún no tienen lugar: `/admin reports channel`.',
  doctorHidden: (count, channels) =>
    `Canales que no veo: ${count} (${channels}). En los privados es lo correcto; donde me queráis, dadme acceso.`,
  doctorTimedOut: (until) =>
    `⚠️ Estoy aislado en este servidor hasta ${until} y no puedo escribir. Quien pueda aislar miembros lo quita en la lista de miembros.`,
  theirTitle: (user, page) => `Imágenes de ${user} en este servidor, página ${page}`,
  theirNone: (user) => `${user} no tiene imágenes en este servidor.`,
  label: {
    reveal: 'Enséñamela',
    report: 'Denunciar',
    approve: 'Dejarla',
    remove: 'Quitarla',
    removeAndBan: 'Quitar y vetar',
    clear: 'Perdonar todo',
    why: '¿Por qué?',
  },
};

const de: ModeratingPhrases = {
  rule: {
    explicit: 'sexuelle Inhalte',
    nudity: 'Nacktheit',
    gore: 'blutige Gewalt',
    hate: 'Zeichen des Hasses',
    minors: 'Minderjährige in sexuellem Zusammenhang',
    never: 'sexueller Missbrauch von Kindern',
  },
  level: { strict: 'streng', standard: 'üblich', adult: 'Erwachsene' },
  verdict: { allow: 'zeigen', spoiler: 'verdecken', private: 'nur für den, der fragte', refuse: 'ablehnen' },
  closedHere: (open) => `In diesem Kanal darf ich nicht benutzt werden. Versuche es in ${open}.`,
  closedEverywhere: () =>
    'In diesem Kanal darf ich nicht benutzt werden, und in keinem anderen dieses Servers, den du nutzen könntest.',
  paused: (reason, until) => `Du machst hier bis ${until} Pause vom Bildermachen. Grund: ${reason}`,
  strike: (count, fades) => `⚠️ Das zählt als Verwarnung ${count}. Die älteste zählt ${fades} nicht mehr.`,
  strikesLeft: (left) => `Nach ${left} weiteren folgt eine Pause.`,
  pausedNow: (until) => `Du machst hier bis ${until} Pause vom Bildermachen.`,
  notShown: (id, reason) => `🛡️ Nicht gezeigt: ${reason} Nichts wurde berechnet. \`#${id}\``,
  refusedResult: () =>
    'das Bild passt nicht zu dem, was in diesem Kanal gezeigt werden darf, darum habe ich es nicht hochgeladen. Andere Worte helfen vielleicht.',
  onlyFor: (user) => `🔒 Nach den Regeln dieses Kanals kann nur ${user} dieses Bild sehen.`,
  coveredStays: () => 'Verdeckte Bilder können keine Emojis oder Sticker werden: Die sehen alle.',
  removed: () => '🛡️ Die Moderation hat dieses Bild entfernt.',
  reportTitle: () => 'Dieses Bild melden',
  reportReason: () => 'Was stimmt damit nicht?',
  reportHint: () => 'Die Moderation liest das; der Urheber erfährt nicht, wer du bist.',
  reportThanks: () => '🛡️ Danke. Die Moderation dieses Servers sieht es sich an.',
  reportAgain: () => 'Du hast dieses Bild schon gemeldet. Es liegt bei der Moderation.',
  reportSettled: () => 'Die Moderation dieses Servers hat dieses Bild schon gesehen und stehen lassen.',
  reportSettledTaken: () => 'Die Moderation dieses Servers hat dieses Bild schon entfernt.',
  reportKept: (server) =>
    `🛡️ Danke für deine Meldung. Die Moderation von **${server}** hat das Bild gesehen und stehen lassen.`,
  reportTaken: (server) => `🛡️ Danke für deine Meldung. Die Moderation von **${server}** hat das Bild entfernt.`,
  reportTooMany: () => 'Du hast zuletzt sehr viel gemeldet. Bitte in einer Stunde weiter.',
  reportNotOurs: () =>
    'Ich nehme nur Meldungen über Bilder an, die ich gemacht habe. Für anderes gibt es Discords eigene.',
  reportNowhere: () =>
    'Dieser Server hat noch keinen Ort für Meldungen. Sag es jemandem, der ihn verwaltet: `/admin reports channel`.',
  reviewTitle: (reporters) => (reporters === 1 ? '🛡️ Von 1 Person gemeldet' : `🛡️ Von ${reporters} Personen gemeldet`),
  reviewAuthor: (user) => `Von ${user}`,
  reviewReasons: (reasons) => `Sie schreiben:\n${reasons}`,
  reviewGone: () => 'Das Bild liegt nicht mehr in meinem Datenordner.',
  approved: (user) => `✅ ${user} lässt es stehen.`,
  takenAway: (user) => `🗑️ ${user} hat es entfernt.`,
  takenAwayAndBanned: (user) => `⛔ ${user} hat es entfernt und den Urheber gesperrt.`,
  decidedBefore: () => 'Das hat schon jemand entschieden.',
  moderatorsOnly: () => 'Das ist für die Moderation.',
  timeoutDone: (user, until) => `${user} kann ${until} wieder Bilder machen.`,
  badDuration: (found) => `„${found}“ verstehe ich nicht als Zeit. Schreibe 30m, 2h, 7d oder 1w, höchstens ein Jahr.`,
  ruleAdded: (name) => `Die Regel **${name}** gilt jetzt. \`/admin words test\` zeigt, was sie findet.`,
  ruleRemoved: (name) => `Die Regel **${name}** ist weg.`,
  ruleUnknown: (name) => `Hier gibt es keine Regel namens **${name}**.`,
  ruleTooMany: (max) => `Es gibt ${max} Regeln, mehr gehen nicht. Entferne zuerst eine oder nimm ein Muster.`,
  rulesTitle: () => 'Regeln für Texte',
  rulesOwn: (count) => `Regeln dieses Servers: ${count}`,
  rulesNone: () => 'Dieser Server hat keine eigenen Regeln.',
  ruleEverywhere: () => 'überall',
  listsTitle: (version) => `Listen, die der Bot mitbringt (Version ${version}); \`/admin policy\` schaltet sie`,
  listOff: () => 'aus',
  alwaysRefused: (rules) => `Immer abgelehnt, in jedem Kanal und wer auch fragt: ${rules}`,
  testFree: () => '✅ Keine Regel spricht dagegen.',
  testHit: (rule, verdict) => `Regel **${rule}** → ${verdict}`,
  testReading: (reading) => `Gelesen als (${reading}):`,
  channelAllowed: (channel) => `In ${channel} darf ich benutzt werden. Kanäle ohne Erlaubnis sind jetzt geschlossen.`,
  channelDenied: (channel) => `In ${channel} darf ich nicht mehr benutzt werden.`,
  channelReset: (channel) => `Für ${channel} gilt wieder, was im Server gilt.`,
  requestsEnded: (count) =>
    count === 1
      ? '1 wartender Auftrag wurde beendet; nichts wurde berechnet.'
      : `${count} wartende Aufträge wurden beendet; nichts wurde berechnet.`,
  channelPolicy: (channel, level, explicit) => `${channel}: **${level}**; eindeutige Bilder: ${explicit}.`,
  channelAdult: (channel) =>
    `${channel} hat keine Altersbeschränkung, dort bewirkte „Erwachsene“ nichts. Schalte sie zuerst in den Kanaleinstellungen ein.`,
  channelsTitle: () => 'Kanäle mit eigenen Regeln',
  channelsOpen: () => 'Keine. Ich darf in jedem Kanal benutzt werden.',
  policyTitle: () => 'Regeln dieses Servers',
  policySet: (field, value) => `${field}: **${value}**`,
  policyField: {
    ordinary: 'Gewöhnliche Kanäle',
    ageRestricted: 'Kanäle mit Altersbeschränkung',
    without: 'Ausgeschaltete Listen',
    previews: 'Vorschau beim Zeichnen',
    decayDays: 'Eine Verwarnung zählt',
    ladder: 'Verwarnungen und Pausen',
    retention: 'Dateien bleiben',
    reports: 'Meldungen gehen nach',
  },
  days: (count) => inGerman.count(count, 'day'),
  never: () => 'für immer',
  badLadder: (found) => `„${found}“ verstehe ich nicht. Schreibe \`3=1h 5=1d 8=7d\` oder \`none\`.`,
  reportsIn: (channel) => `Meldungen erscheinen ab jetzt in ${channel}.`,
  reportsOff: () => 'Meldungen werden nicht mehr angenommen.',
  reportsNoAccess: (channel) =>
    `In ${channel} darf ich nicht schreiben oder keine Dateien anhängen. Erlaube es und versuche es noch einmal.`,
  strikesOf: (user, count) => `Verwarnungen von ${user}, die zählen: ${count}`,
  strikesNone: (user) => `${user} hat keine Verwarnungen.`,
  strikesCleared: (user, count) =>
    `${inGerman.count(count, 'strike')} von ${user} ${count === 1 ? 'ist' : 'sind'} erlassen. Eine Pause beendet \`/admin unban\`.`,
  auditTitle: (page) => `Was in diesem Server getan wurde, Seite ${page}`,
  auditTitleEverywhere: (page) => `Was für alle Server getan wurde, Seite ${page}`,
  auditEmpty: () => 'Nichts dergleichen wurde hier getan.',
  auditExport: (count) => `${inGerman.count(count, 'entry')}, die neuesten zuerst.`,
  theProgram: () => 'der Bot selbst',
  retentionSet: (days, rows) =>
    `Dateien von Bildern dieses Servers verschwinden nach ${inGerman.count(days, { one: 'Tag', other: 'Tagen' })}; ${rows}.`,
  retentionOff: () => 'Dateien dieses Servers bleiben, bis jemand sie löscht.',
  rowsKeep: () => 'Texte und Zahlen bleiben',
  rowsErase: () => 'Texte und Zahlen gehen mit',
  doctorFine: () => '✅ Ich habe jedes nötige Recht in allen Kanälen, in denen ich benutzt werden darf.',
  doctorTitle: () => 'Was mir hier fehlt',
  doctorChannel: (channel, names) => `${channel}: ${names}`,
  doctorFix: (link) =>
    `[Lade mich neu ein](${link}), um im ganzen Server das Fehlende zu geben, oder erlaube es in den Kanaleinstellungen.`,
  doctorIntent: () =>
    'Antworten erreichen mich nur mit Ping: Ich bitte nicht darum, Nachrichten zu lesen. So soll es sein.',
  doctorReports: () => 'Meldungen haben noch keinen Ort: `/admin reports channel`.',
  doctorHidden: (count, channels) =>
    `Kanäle, die ich nicht sehe: ${count} (${channels}). Bei privaten ist das richtig; wo ich erwünscht bin, lasst mich hinein.`,
  doctorTimedOut: (until) =>
    `⚠️ Ich habe in diesem Server bis ${until} einen Timeout und darf nicht schreiben. Wer Timeouts geben darf, hebt ihn in der Mitgliederliste auf.`,
  theirTitle: (user, page) => `Bilder von ${user} in diesem Server, Seite ${page}`,
  theirNone: (user) => `${user} hat keine Bilder in diesem Server.`,
  label: {
    reveal: 'Zeig es mir',
    report: 'Melden',
    approve: 'Stehen lassen',
    remove: 'Entfernen',
    removeAndBan: 'Entfernen und sperren',
    clear: 'Alle vergeben',
    why: 'Warum?',
  },
};

const fr: ModeratingPhrases = {
  rule: {
    explicit: 'contenu sexuel',
    nudity: 'nudité',
    gore: 'violence sanglante',
    hate: 'symboles de haine',
    minors: 'mineurs dans un contexte sexuel',
    never: 'abus sexuel d’enfants',
  },
  level: { strict: 'strict', standard: 'normal', adult: 'adulte' },
  verdict: { allow: 'montrer', spoiler: 'masquer', private: 'seulement à qui l’a demandée', refuse: 'refuser' },
  closedHere: (open) => `On ne peut pas m’utiliser dans ce salon. Essayez ${open}.`,
  closedEverywhere: () =>
    'On ne peut pas m’utiliser dans ce salon, ni dans un autre de ce serveur qui vous soit ouvert.',
  paused: (reason, until) => `Vous ne pouvez pas faire d’images ici jusqu’à ${until}. Motif : ${reason}`,
  strike: (count, fades) => `⚠️ Cela compte comme avertissement ${count}. Le plus ancien ne comptera plus ${fades}.`,
  strikesLeft: (left) => `Encore ${left}, et une pause suivra.`,
  pausedNow: (until) => `Vous ne pouvez pas faire d’images ici jusqu’à ${until}.`,
  notShown: (id, reason) => `🛡️ Non montré : ${reason} Rien n’a été décompté. \`#${id}\``,
  refusedResult: () =>
    'l’image ne convient pas à ce qui peut être montré dans ce salon, je ne l’ai donc pas envoyée. D’autres mots aideront peut-être.',
  onlyFor: (user) => `🔒 Selon les règles de ce salon, seul ${user} peut voir cette image.`,
  coveredStays: () => 'Les images masquées ne peuvent devenir des émojis ou des autocollants : tout le monde les voit.',
  removed: () => '🛡️ La modération a retiré cette image.',
  reportTitle: () => 'Signaler cette image',
  reportReason: () => 'Qu’est-ce qui ne va pas ?',
  reportHint: () => 'La modération lit ceci ; l’auteur ne saura pas qui vous êtes.',
  reportThanks: () => '🛡️ Merci. La modération de ce serveur va regarder.',
  reportAgain: () => 'Vous avez déjà signalé cette image. Elle attend la modération.',
  reportSettled: () => 'La modération de ce serveur a déjà vu cette image et l’a laissée.',
  reportSettledTaken: () => 'La modération de ce serveur a déjà retiré cette image.',
  reportKept: (server) => `🛡️ Merci pour ton signalement. La modération de **${server}** a vu l’image et l’a laissée.`,
  reportTaken: (server) => `🛡️ Merci pour ton signalement. La modération de **${server}** a retiré l’image.`,
  reportTooMany: () => 'Vous avez beaucoup signalé récemment. Continuez dans une heure.',
  reportNotOurs: () =>
    'Je ne prends que les signalements d’images que j’ai faites. Pour le reste, utilisez celui de Discord.',
  reportNowhere: () =>
    'Ce serveur n’a pas encore de lieu pour les signalements. Dites-le à qui le gère : `/admin reports channel`.',
  reviewTitle: (reporters) => (reporters === 1 ? '🛡️ Signalée par 1 personne' : `🛡️ Signalée par ${reporters} personnes`),
  reviewAuthor: (user) => `Faite par ${user}`,
  reviewReasons: (reasons) => `On dit :\n${reasons}`,
  reviewGone: () => 'L’image n’est plus dans mon dossier de données.',
  approved: (user) => `✅ ${user} l’a laissée.`,
  takenAway: (user) => `🗑️ ${user} l’a retirée.`,
  takenAwayAndBanned: (user) => `⛔ ${user} l’a retirée et a exclu son auteur.`,
  decidedBefore: () => 'Quelqu’un en a déjà décidé.',
  moderatorsOnly: () => 'C’est réservé à la modération.',
  timeoutDone: (user, until) => `${user} pourra refaire des images ${until}.`,
  badDuration: (found) => `Je ne comprends pas « ${found} » comme durée. Écrivez 30m, 2h, 7d ou 1w, un an au plus.`,
  ruleAdded: (name) => `La règle **${name}** s’applique. \`/admin words test\` montre ce qu’elle trouve.`,
  ruleRemoved: (name) => `La règle **${name}** n’existe plus.`,
  ruleUnknown: (name) => `Il n’y a pas de règle nommée **${name}** ici.`,
  ruleTooMany: (max) => `Il y a ${max} règles, c’est le maximum. Retirez-en une, ou utilisez un motif.`,
  rulesTitle: () => 'Règles pour les textes',
  rulesOwn: (count) => `Règles de ce serveur : ${count}`,
  rulesNone: () => 'Ce serveur n’a pas de règles à lui.',
  ruleEverywhere: () => 'partout',
  listsTitle: (version) => `Listes fournies avec le bot (version ${version}) ; \`/admin policy\` les règle`,
  listOff: () => 'désactivée',
  alwaysRefused: (rules) => `Refusé toujours, dans tout salon et à qui que ce soit : ${rules}`,
  testFree: () => '✅ Aucune règle ne s’y oppose.',
  testHit: (rule, verdict) => `Règle **${rule}** → ${verdict}`,
  testReading: (reading) => `Lu comme (${reading}) :`,
  channelAllowed: (channel) =>
    `On peut m’utiliser dans ${channel}. Les salons sans autorisation sont désormais fermés.`,
  channelDenied: (channel) => `On ne peut plus m’utiliser dans ${channel}.`,
  channelReset: (channel) => `${channel} suit de nouveau le reste du serveur.`,
  requestsEnded: (count) =>
    count === 1
      ? '1 demande en attente a pris fin ; rien n’a été compté.'
      : `${count} demandes en attente ont pris fin ; rien n’a été compté.`,
  channelPolicy: (channel, level, explicit) => `${channel} : **${level}** ; images explicites : ${explicit}.`,
  channelAdult: (channel) =>
    `${channel} n’a pas de limite d’âge, « adulte » n’y ferait rien. Activez-la d’abord dans les paramètres du salon.`,
  channelsTitle: () => 'Salons avec leurs propres règles',
  channelsOpen: () => 'Aucun. On peut m’utiliser dans tous les salons.',
  policyTitle: () => 'Règles de ce serveur',
  policySet: (field, value) => `${field} : **${value}**`,
  policyField: {
    ordinary: 'Salons ordinaires',
    ageRestricted: 'Salons à limite d’âge',
    without: 'Listes désactivées',
    previews: 'Aperçus pendant le dessin',
    decayDays: 'Un avertissement compte',
    ladder: 'Avertissements et pauses',
    retention: 'Fichiers gardés',
    reports: 'Signalements vers',
  },
  days: (count) => inFrench.count(count, 'day'),
  never: () => 'pour toujours',
  badLadder: (found) => `Je ne comprends pas « ${found} ». Écrivez \`3=1h 5=1d 8=7d\` ou \`none\`.`,
  reportsIn: (channel) => `Les signalements paraissent désormais dans ${channel}.`,
  reportsOff: () => 'Les signalements ne sont plus pris.',
  reportsNoAccess: (channel) =>
    `Je ne peux pas écrire ou joindre des fichiers dans ${channel}. Autorisez-moi, puis réessayez.`,
  strikesOf: (user, count) => `Avertissements de ${user} qui comptent : ${count}`,
  strikesNone: (user) => `${user} n’a pas d’avertissements.`,
  strikesCleared: (user, count) =>
    `${user} : ${inFrench.count(count, { one: 'avertissement levé', other: 'avertissements levés' })}. \`/admin unban\` lève une pause.`,
  auditTitle: (page) => `Ce qui a été fait dans ce serveur, page ${page}`,
  auditTitleEverywhere: (page) => `Ce qui a été fait pour tous les serveurs, page ${page}`,
  auditEmpty: () => 'Rien de tel n’a été fait ici.',
  auditExport: (count) => `${inFrench.count(count, 'entry')}, les plus récentes d’abord.`,
  theProgram: () => 'le bot lui-même',
  retentionSet: (days, rows) =>
    `Les fichiers des images de ce serveur partent après ${inFrench.count(days, 'day')} ; ${rows}.`,
  retentionOff: () => 'Les fichiers de ce serveur restent jusqu’à ce que quelqu’un les efface.',
  rowsKeep: () => 'les textes et les nombres restent',
  rowsErase: () => 'les textes et les nombres partent avec eux',
  doctorFine: () => '✅ J’ai tous les droits qu’il me faut, dans chaque salon où l’on peut m’utiliser.',
  doctorTitle: () => 'Ce qui me manque ici',
  doctorChannel: (channel, names) => `${channel} : ${names}`,
  doctorFix: (link) =>
    `[Réinvitez-moi](${link}) pour accorder ce qui manque dans tout le serveur, ou autorisez-le dans le salon.`,
  doctorIntent: () =>
    'Les réponses ne m’arrivent qu’avec la mention : je ne demande pas à lire les messages. C’est voulu.',
  doctorReports: () => 'Les signalements n’ont pas encore de lieu : `/admin reports channel`.',
  doctorHidden: (count, channels) =>
    `Salons que je ne vois pas : ${count} (${channels}). Normal s’ils sont privés ; là où je suis voulu, laissez-moi entrer.`,
  doctorTimedOut: (until) =>
    `⚠️ Je suis exclu temporairement de ce serveur jusqu’au ${until} et ne peux pas écrire. Qui peut exclure peut lever l’exclusion dans la liste des membres.`,
  theirTitle: (user, page) => `Images de ${user} dans ce serveur, page ${page}`,
  theirNone: (user) => `${user} n’a pas d’images dans ce serveur.`,
  label: {
    reveal: 'Me la montrer',
    report: 'Signaler',
    approve: 'La laisser',
    remove: 'La retirer',
    removeAndBan: 'Retirer et exclure',
    clear: 'Tout pardonner',
    why: 'Pourquoi ?',
  },
};

const ja: ModeratingPhrases = {
  rule: {
    explicit: '性的な内容',
    nudity: '裸',
    gore: '残虐な描写',
    hate: '憎悪の象徴',
    minors: '未成年者の性的な表現',
    never: '児童への性的虐待',
  },
  level: { strict: '厳格', standard: '標準', adult: '成人向け' },
  verdict: { allow: '表示', spoiler: '隠す', private: '頼んだ人だけに表示', refuse: '拒否' },
  closedHere: (open) => `このチャンネルでは使えません。${open} をお試しください。`,
  closedEverywhere: () => 'このチャンネルでは使えません。このサーバーであなたが使える他のチャンネルもありません。',
  paused: (reason, until) => `${until} まで、ここでは画像を作れません。理由：${reason}`,
  strike: (count, fades) => `⚠️ これは ${count} 回目の警告です。最も古いものは ${fades} に消えます。`,
  strikesLeft: (left) => `あと ${left} 回で、しばらく休止になります。`,
  pausedNow: (until) => `${until} まで、ここでは画像を作れません。`,
  notShown: (id, reason) => `🛡️ 表示しません：${reason}何も差し引かれていません。\`#${id}\``,
  refusedResult: () =>
    'この画像はこのチャンネルで見せてよい内容に合わないため、投稿しませんでした。別の言葉を試してみてください。',
  onlyFor: (user) => `🔒 このチャンネルの規則により、この画像は ${user} だけが見られます。`,
  coveredStays: () => '隠された画像は絵文字やスタンプにできません。全員に見えるためです。',
  removed: () => '🛡️ モデレーターがこの画像を取り除きました。',
  reportTitle: () => 'この画像を報告',
  reportReason: () => '何が問題ですか',
  reportHint: () => 'モデレーターが読みます。作者にはあなたのことは伝わりません。',
  reportThanks: () => '🛡️ ありがとうございます。このサーバーのモデレーターが確認します。',
  reportAgain: () => 'この画像はすでに報告済みです。モデレーターの確認を待っています。',
  reportSettled: () => 'このサーバーのモデレーターはこの画像を確認し、残すことにしました。',
  reportSettledTaken: () => 'このサーバーのモデレーターはこの画像をすでに取り除きました。',
  reportKept: (server) =>
    `🛡️ ご報告ありがとうございます。**${server}** のモデレーターは画像を確認し、残すことにしました。`,
  reportTaken: (server) => `🛡️ ご報告ありがとうございます。**${server}** のモデレーターは画像を取り除きました。`,
  reportTooMany: () => '最近の報告が多すぎます。1 時間後にお願いします。',
  reportNotOurs: () => '私が作った画像の報告だけを受け付けます。ほかは Discord の報告を使ってください。',
  reportNowhere: () =>
    'このサーバーにはまだ報告の送り先がありません。管理者に `/admin reports channel` を伝えてください。',
  reviewTitle: (reporters) => `🛡️ ${reporters} 人から報告`,
  reviewAuthor: (user) => `作者：${user}`,
  reviewReasons: (reasons) => `理由：\n${reasons}`,
  reviewGone: () => '画像はもうデータフォルダーにありません。',
  approved: (user) => `✅ ${user} が残すと決めました。`,
  takenAway: (user) => `🗑️ ${user} が取り除きました。`,
  takenAwayAndBanned: (user) => `⛔ ${user} が取り除き、作者を禁止しました。`,
  decidedBefore: () => 'すでに誰かが決めました。',
  moderatorsOnly: () => 'モデレーター用です。',
  timeoutDone: (user, until) => `${user} は ${until} からまた画像を作れます。`,
  badDuration: (found) => `「${found}」は時間として読めません。30m、2h、7d、1w のように書いてください（最長 1 年）。`,
  ruleAdded: (name) => `規則 **${name}** を有効にしました。\`/admin words test\` で何に当たるか確かめられます。`,
  ruleRemoved: (name) => `規則 **${name}** を消しました。`,
  ruleUnknown: (name) => `**${name}** という規則はここにありません。`,
  ruleTooMany: (max) => `規則は ${max} 個までです。先に 1 つ消すか、パターンを使ってください。`,
  rulesTitle: () => 'プロンプトの規則',
  rulesOwn: (count) => `このサーバーの規則：${count} 個`,
  rulesNone: () => 'このサーバー独自の規則はありません。',
  ruleEverywhere: () => 'すべての場所',
  listsTitle: (version) => `ボット付属のリスト（版 ${version}）。\`/admin policy\` で切り替えます`,
  listOff: () => 'オフ',
  alwaysRefused: (rules) => `どのチャンネルでも、だれに対しても必ず拒否：${rules}`,
  testFree: () => '✅ 反対する規則はありません。',
  testHit: (rule, verdict) => `規則 **${rule}** → ${verdict}`,
  testReading: (reading) => `読み（${reading}）：`,
  channelAllowed: (channel) => `${channel} で使えます。許可のないチャンネルは閉じました。`,
  channelDenied: (channel) => `${channel} では使えなくなりました。`,
  channelReset: (channel) => `${channel} はサーバーの設定に戻りました。`,
  requestsEnded: (count) => `待機中の依頼 ${count} 件を終了しました。料金はかかっていません。`,
  channelPolicy: (channel, level, explicit) => `${channel}：**${level}**。露骨な画像：${explicit}。`,
  channelAdult: (channel) =>
    `${channel} には年齢制限がないため、「成人向け」は効きません。先にチャンネル設定で年齢制限をオンにしてください。`,
  channelsTitle: () => '独自の規則があるチャンネル',
  channelsOpen: () => 'ありません。すべてのチャンネルで使えます。',
  policyTitle: () => 'このサーバーの規則',
  policySet: (field, value) => `${field}：**${value}**`,
  policyField: {
    ordinary: '通常のチャンネル',
    ageRestricted: '年齢制限のチャンネル',
    without: 'オフのリスト',
    previews: '描画中のプレビュー',
    decayDays: '警告の有効期間',
    ladder: '警告と休止',
    retention: 'ファイルの保存',
    reports: '報告の送り先',
  },
  days: (count) => `${count} 日`,
  never: () => '無期限',
  badLadder: (found) => `「${found}」は読めません。\`3=1h 5=1d 8=7d\` または \`none\` と書いてください。`,
  reportsIn: (channel) => `報告は今後 ${channel} に届きます。`,
  reportsOff: () => '報告を受け付けなくなりました。',
  reportsNoAccess: (channel) => `${channel} で書き込みかファイル添付ができません。許可してからもう一度お試しください。`,
  strikesOf: (user, count) => `${user} の有効な警告は ${count} 回：`,
  strikesNone: (user) => `${user} に警告はありません。`,
  strikesCleared: (user, count) => `${user} の警告 ${count} 回を取り消しました。休止は \`/admin unban\` で解除します。`,
  auditTitle: (page) => `このサーバーでの操作、${page} ページ`,
  auditTitleEverywhere: (page) => `全サーバーに対する操作、${page} ページ`,
  auditEmpty: () => '該当する操作はありません。',
  auditExport: (count) => `${count} 件、新しい順。`,
  theProgram: () => 'ボット自身',
  retentionSet: (days, rows) => `このサーバーの画像ファイルは ${days} 日後に消えます。${rows}。`,
  retentionOff: () => 'このサーバーのファイルは、誰かが消すまで残ります。',
  rowsKeep: () => 'プロンプトと数値は残ります',
  rowsErase: () => 'プロンプトと数値も消えます',
  doctorFine: () => '✅ 使えるすべてのチャンネルで、必要な権限がそろっています。',
  doctorTitle: () => '足りない権限',
  doctorChannel: (channel, names) => `${channel}：${names}`,
  doctorFix: (link) =>
    `[もう一度招待](${link})するとサーバー全体に足りない権限を与えられます。チャンネル設定でも許可できます。`,
  doctorIntent: () => '返信は通知オンのときだけ届きます。メッセージを読む権限は求めていません。これで正常です。',
  doctorReports: () => '報告の送り先がまだありません：`/admin reports channel`。',
  doctorHidden: (count, channels) =>
    `見えないチャンネル：${count}（${channels}）。非公開ならそれで構いません。使う場所では入れてください。`,
  doctorTimedOut: (until) =>
    `⚠️ このサーバーで ${until} までタイムアウト中のため書き込めません。権限のある人がメンバー一覧で解除できます。`,
  theirTitle: (user, page) => `${user} のこのサーバーでの画像、${page} ページ`,
  theirNone: (user) => `${user} はこのサーバーに画像がありません。`,
  label: {
    reveal: '自分に見せる',
    report: '報告',
    approve: '残す',
    remove: '取り除く',
    removeAndBan: '取り除いて禁止',
    clear: 'すべて許す',
    why: 'なぜ？',
  },
};

export const moderating = { en, zh, ru, es, de, fr, ja } as const;
