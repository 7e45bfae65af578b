// /admin audit: who did what to whom, and why, page by page or as a file.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType, MessageFlags } from 'discord.js';
import type { AuditEntry } from '../../src/core/jobStore.ts';
import { AUDIT_ACTIONS, type AuditAction, type AuditOf, PROGRAM } from '../../src/core/moderationStore.ts';
import { messageOf, phrasesOf, replace, tell } from '../../src/discord/answers.ts';
import { type AuditFormat, auditFile } from '../../src/discord/auditFile.ts';
import type { ButtonHandler } from '../../src/discord/command.ts';
import type { BotContext } from '../../src/discord/context.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { isAdmin } from '../../src/discord/results.ts';
import { clip, quoted, timestamp } from '../../src/discord/text.ts';
import { button, cardView, row, textPart, type View } from '../../src/discord/views/view.ts';
import { named } from '../options.ts';
import type { AdminHandler, AdminInteraction, AdminPart } from './group.ts';

const { Subcommand, User, String: TEXT } = ApplicationCommandOptionType;
const PAGE_ENTRIES = 10;
/** Pages somebody turns; the file has the rest. */
const MAX_PAGE = 200;
/** Entries of a file: some megabytes. */
const FILE_ENTRIES = 20_000;
const NOTE_CHARS = 120;

type Filter = Omit<AuditOf, 'guildId' | 'limit' | 'beforeId'>;

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
  const filter = filterOf(interaction);
  const wanted = interaction.options.getString('export') as AuditFormat | null;
  if (wanted !== null) return giveFile(interaction, filter, wanted, bot);
  const noteId = bot.store.keepNote(interaction.user.id, { guildId: interaction.guildId, ...filter });
  const view = pageView(interaction.guildId, filter, 0, noteId, phrasesOf(interaction), bot);
  const message = await messageOf(view, bot.dataDir);
  await interaction.reply({ ...message, flags: (message.flags ?? 0) | MessageFlags.Ephemeral } as never);
};

function filterOf({ options }: AdminInteraction): Filter {
  const [who, whom] = [options.getUser('by')?.id, options.getUser('about')?.id];
  const what = options.getString('action') as AuditAction | null;
  return {
    ...(who === undefined ? {} : { byUserId: who }),
    ...(whom === undefined ? {} : { target: whom }),
    ...(what === null ? {} : { action: what }),
  };
}

async function giveFile(interaction: AdminInteraction, filter: Filter, wanted: AuditFormat, bot: BotContext) {
  const entries = bot.store.auditOf({ ...filter, guildId: interaction.guildId, limit: FILE_ENTRIES });
  const { moderating } = phrasesOf(interaction);
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  const attachment = Buffer.from(auditFile(entries, wanted), 'utf8');
  await interaction.editReply({
    content: moderating.auditExport(entries.length),
    files: [{ attachment, name: `audit.${wanted}` }],
  });
}

/** Numbered pages are found by skipping, for entries come while somebody reads. */
function pageView(
  guildId: string,
  filter: Filter,
  page: number,
  noteId: string,
  { moderating, label, ...phrases }: Phrases,
  { store, ids }: BotContext,
): View {
  const entries = store.auditOf({ ...filter, guildId, limit: (page + 1) * PAGE_ENTRIES + 1 });
  const shown = entries.slice(page * PAGE_ENTRIES, (page + 1) * PAGE_ENTRIES);
  if (shown.length === 0) return cardView([textPart(moderating.auditEmpty())]);
  const hasOlder = entries.length > (page + 1) * PAGE_ENTRIES && page < MAX_PAGE;
  const lines = shown.map((entry) => line(entry, { moderating, label, ...phrases }));
  return cardView([
    textPart(`**${moderating.auditTitle(page + 1)}**`),
    textPart(lines.join('\n')),
    row(
      button(ids.write('audit', noteId, page - 1), { label: label.newer, emoji: '◀️', disabled: page === 0 }),
      button(ids.write('audit', noteId, page + 1), { label: label.older, emoji: '▶️', disabled: !hasOlder }),
    ),
  ]);
}

function line({ action: what, byUserId, target, note, atMs }: AuditEntry, { moderating }: Phrases): string {
  const who = byUserId === PROGRAM ? moderating.theProgram() : `<@${byUserId}>`;
  const isPerson = /^\d{15,21}$/.test(target);
  const whom =
    what === 'channel' ? `<#${target}>` : isPerson ? `<@${target}>` : `\`${clip(target.replaceAll('`', 'ˋ'), 60)}\``;
  const isPlace = target === 'reviewChannelId' && /^\d{15,21}$/.test(note);
  const words = note === '' ? '' : ` · ${isPlace ? `<#${note}>` : quoted(note, NOTE_CHARS)}`;
  return `${timestamp(atMs, 'R')} **${what}** · ${who} → ${whom}${words}`;
}

const turn: ButtonHandler = async (interaction, [noteId, wanted], bot) => {
  const phrases = phrasesOf(interaction);
  if (!interaction.inGuild() || !isAdmin(interaction)) return tell(interaction, phrases.adminsOnly());
  const kept = noteId === undefined ? undefined : bot.store.note(interaction.user.id, noteId);
  const { guildId, ...filter } = (kept ?? {}) as Filter & { readonly guildId?: string };
  if (noteId === undefined || guildId !== interaction.guildId) return tell(interaction, phrases.staleButton());
  const page = Math.min(MAX_PAGE, Math.max(0, Number(wanted) || 0));
  await replace(interaction, pageView(guildId, filter, page, noteId, phrases, bot), bot.dataDir);
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
      options: [by, about, action, format],
    },
  ],
  run: { audit },
  buttons: { audit: turn },
};
