// /admin audit: who did what to whom, and why, page by page or as a file; the owner's own for all servers, too.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType, MessageFlags } from 'discord.js';
import type { AuditEntry } from '../../src/core/jobStore.ts';
import { AUDIT_ACTIONS, type AuditAction, type AuditOf, PROGRAM } from '../../src/core/moderationStore.ts';
import type { Verdict } from '../../src/core/pictureJudgement.ts';
import type { ServerPolicy } from '../../src/core/policy.ts';
import type { Level } from '../../src/core/policyLists.ts';
import { messageOf, phrasesOf, replace, tell } from '../../src/discord/answers.ts';
import { type AuditFormat, auditExport, targetOf } from '../../src/discord/auditFile.ts';
import type { ButtonHandler } from '../../src/discord/command.ts';
import type { BotContext } from '../../src/discord/context.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { isAdmin } from '../../src/discord/results.ts';
import { clip, quoted, timestamp } from '../../src/discord/text.ts';
import { button, cardView, row, textPart, type View } from '../../src/discord/views/view.ts';
import { named } from '../options.ts';
import { type AdminHandler, type AdminInteraction, type AdminPart, everywhere, scopeOf } from './group.ts';

const { Subcommand, User, String: TEXT } = ApplicationCommandOptionType;
const PAGE_ENTRIES = 10;
/** Pages somebody turns; the file has the rest. */
const MAX_PAGE = 200;
const NOTE_CHARS = 120;

type Filter = Omit<AuditOf, 'limit' | 'beforeId'>;

const by: APIApplicationCommandBasicOption = {
  type: User,
  ...named(
    { en: 'by', zh: '操作者', ru: 'кто', es: 'por', de: 'von', fr: 'par', ja: '実行者' },
    {
      en: 'Who did it.',
      zh: '谁做的。',
      ru: 'Кто сделал.',
      es: 'Quién lo hizo.',
      de: 'Wer es tat.',
      fr: 'Qui l’a fait.',
      ja: '誰がしたか。',
    },
  ),
};
const about: APIApplicationCommandBasicOption = {
  type: User,
  ...named(
    { en: 'about', zh: '对象', ru: 'кого', es: 'sobre', de: 'wen', fr: 'sur', ja: '対象' },
    {
      en: 'To whom.',
      zh: '对谁。',
      ru: 'С кем.',
      es: 'A quién.',
      de: 'Wen es betraf.',
      fr: 'Envers qui.',
      ja: '誰に対してか。',
    },
  ),
};
const action: APIApplicationCommandBasicOption = {
  type: TEXT,
  choices: AUDIT_ACTIONS.slice(0, 25).map((name) => ({ name, value: name })),
  ...named(
    { en: 'action', zh: '操作', ru: 'действие', es: 'acción', de: 'tat', fr: 'action', ja: '操作' },
    {
      en: 'What was done.',
      zh: '做了什么。',
      ru: 'Что сделано.',
      es: 'Qué se hizo.',
      de: 'Was getan wurde.',
      fr: 'Ce qui a été fait.',
      ja: '何をしたか。',
    },
  ),
};
const format: APIApplicationCommandBasicOption = {
  type: TEXT,
  choices: (['csv', 'json'] as const).map((name) => ({ name, value: name })),
  ...named(
    { en: 'export', zh: '导出', ru: 'файл', es: 'exportar', de: 'datei', fr: 'exporter', ja: '書き出し' },
    {
      en: 'As a file.',
      zh: '导出为文件。',
      ru: 'Файлом.',
      es: 'Como archivo.',
      de: 'Als Datei.',
      fr: 'En fichier.',
      ja: 'ファイルで。',
    },
  ),
};

const audit: AdminHandler = async (interaction, bot) => {
  const scope = await scopeOf(interaction, bot);
  if (scope === undefined) return;
  const filter = { ...filterOf(interaction), ...scope };
  const wanted = interaction.options.getString('export') as AuditFormat | null;
  if (wanted !== null) return giveFile(interaction, filter, wanted, bot);
  const noteId = bot.store.keepNote(interaction.user.id, { ...filter, openedIn: interaction.guildId });
  const view = pageView(filter, 0, noteId, phrasesOf(interaction), bot);
  const message = await messageOf(view, bot.dataDir);
  await interaction.reply({ ...message, flags: (message.flags ?? 0) | MessageFlags.Ephemeral } as never);
};

function filterOf({ options }: AdminInteraction): Omit<Filter, 'guildId'> {
  const [who, whom] = [options.getUser('by')?.id, options.getUser('about')?.id];
  const what = options.getString('action') as AuditAction | null;
  return {
    ...(who === undefined ? {} : { byUserId: who }),
    ...(whom === undefined ? {} : { target: whom }),
    ...(what === null ? {} : { action: what }),
  };
}

async function giveFile(interaction: AdminInteraction, filter: Filter, wanted: AuditFormat, bot: BotContext) {
  const { moderating } = phrasesOf(interaction);
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const { name, bytes, entries } = await auditExport((window) => bot.store.auditOf({ ...filter, ...window }), wanted);
  await interaction.editReply({ content: moderating.auditExport(entries), files: [{ attachment: bytes, name }] });
}

/** Numbered pages are found by skipping, for entries come while somebody reads. */
function pageView(
  filter: Filter,
  page: number,
  noteId: string,
  { moderating, label, ...phrases }: Phrases,
  { store, ids }: BotContext,
): View {
  const entries = store.auditOf({ ...filter, limit: (page + 1) * PAGE_ENTRIES + 1 });
  const shown = entries.slice(page * PAGE_ENTRIES, (page + 1) * PAGE_ENTRIES);
  if (shown.length === 0) return cardView([textPart(moderating.auditEmpty())]);
  const hasOlder = entries.length > (page + 1) * PAGE_ENTRIES && page < MAX_PAGE;
  const lines = shown.map((entry) => line(entry, { moderating, label, ...phrases }));
  return cardView([
    textPart(
      `**${filter.guildId === null ? moderating.auditTitleEverywhere(page + 1) : moderating.auditTitle(page + 1)}**`,
    ),
    textPart(lines.join('\n')),
    row(
      button(ids.write('audit', noteId, page - 1), { label: label.newer, emoji: '◀️', disabled: page === 0 }),
      button(ids.write('audit', noteId, page + 1), { label: label.older, emoji: '▶️', disabled: !hasOlder }),
    ),
  ]);
}

function line(entry: AuditEntry, phrases: Phrases): string {
  const { action: what, byUserId, note, atMs } = entry;
  const who = byUserId === PROGRAM ? phrases.moderating.theProgram() : `<@${byUserId}>`;
  const words = note === '' ? '' : ` · ${noteText(entry, phrases)}`;
  return `${timestamp(atMs, 'R')} **${what}** · ${who} → ${targetText(entry, phrases)}${words}`;
}

/** Mentions ping nobody. */
function targetText(entry: AuditEntry, { moderating }: Phrases): string {
  const { kind, name } = targetOf(entry);
  const isId = /^\d{15,21}$/.test(name);
  if (isId && kind === 'user') return `<@${name}>`;
  if (isId && kind === 'role') return `<@&${name}>`;
  if (isId && kind === 'channel') return `<#${name}>`;
  const field = FIELDS[name as keyof ServerPolicy];
  if (kind === 'setting' && field !== undefined) return moderating.policyField[field];
  return `\`${clip((kind === 'request' ? `#${name}` : name).replaceAll('`', 'ˋ'), 60)}\``;
}

const FIELDS: Partial<Record<keyof ServerPolicy, keyof Phrases['moderating']['policyField']>> = {
  ordinary: 'ordinary',
  ageRestricted: 'ageRestricted',
  without: 'without',
  previews: 'previews',
  decayDays: 'decayDays',
  ladder: 'ladder',
  retentionDays: 'retention',
  reviewChannelId: 'reports',
};

/** The end of a pause as Discord writes times, roles and channels as mentions, and what a channel was set to in words. */
function noteText({ action: what, target, note }: AuditEntry, phrases: Phrases): string {
  const [, until, why] = /^until (\S+): (.*)$/s.exec(note) ?? [];
  if (what === 'timeout' && until !== undefined) {
    return `${timestamp(Date.parse(until), 'f')}: ${quoted(why ?? '', NOTE_CHARS)}`;
  }
  if (target === 'reviewChannelId' && /^\d{15,21}$/.test(note)) return `<#${note}>`;
  if (what === 'channel') return channelNote(note, phrases);
  const shown = quoted(note, NOTE_CHARS);
  return what === 'model' || what === 'lora' ? shown.replace(/\b\d{15,21}\b/g, '<@&$&>') : shown;
}

function channelNote(note: string, { moderating }: Phrases): string {
  const [, access = '', json] = /^(\w*) ?(\{.*\})?$/.exec(note) ?? [];
  if (json === undefined) return quoted(note, NOTE_CHARS);
  const { level, explicit } = JSON.parse(json) as { readonly level?: Level; readonly explicit?: Verdict };
  const words = [
    ...(access === '' ? [] : [access]),
    ...(level === undefined ? [] : [moderating.level[level]]),
    ...(explicit === undefined ? [] : [moderating.verdict[explicit]]),
  ];
  return words.join(', ');
}

const turn: ButtonHandler = async (interaction, [noteId, wanted], bot) => {
  const phrases = phrasesOf(interaction);
  if (!interaction.inGuild() || !isAdmin(interaction)) return tell(interaction, phrases.adminsOnly());
  const kept = noteId === undefined ? undefined : bot.store.note(interaction.user.id, noteId);
  const { openedIn, ...filter } = (kept ?? {}) as Filter & { readonly openedIn?: string };
  if (noteId === undefined || openedIn !== interaction.guildId) return tell(interaction, phrases.staleButton());
  // An owner may have been one when the page was opened, and be none any more.
  if (filter.guildId === null && !bot.isOwner(interaction.user.id)) return tell(interaction, phrases.ownerOnly());
  const page = Math.min(MAX_PAGE, Math.max(0, Number(wanted) || 0));
  await replace(interaction, pageView(filter, page, noteId, phrases, bot), bot.dataDir);
};

export const auditLog: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'audit', zh: '记录', ru: 'журнал', es: 'registro', de: 'protokoll', fr: 'journal', ja: '記録' },
        {
          en: 'Who did what to whom, and why.',
          zh: '谁对谁做了什么，为什么。',
          ru: 'Кто, с кем, что и почему.',
          es: 'Quién hizo qué, a quién y por qué.',
          de: 'Wer wem was tat, und warum.',
          fr: 'Qui a fait quoi, à qui et pourquoi.',
          ja: '誰が誰に何をなぜしたか。',
        },
      ),
      options: [by, about, action, format, everywhere],
    },
  ],
  run: { audit },
  buttons: { audit: turn },
};
