// /admin doctor: what the bot lacks in this server to do its work, channel by channel, and how to give it.
import { ApplicationCommandOptionType, ChannelType, type Guild, type GuildBasedChannel } from 'discord.js';
import { isOpen } from '../../src/core/policy.ts';
import { phrasesOf, show } from '../../src/discord/answers.ts';
import type { BotContext } from '../../src/discord/context.ts';
import { placeIn } from '../../src/discord/place.ts';
import { inviteLink } from '../../src/discord/register.ts';
import { timestamp } from '../../src/discord/text.ts';
import { cardView, textPart } from '../../src/discord/views/view.ts';
import { named } from '../options.ts';
import { NEEDED_IN_CHANNELS } from './channels.ts';
import type { AdminHandler, AdminPart } from './group.ts';

const { Subcommand } = ApplicationCommandOptionType;
/** Channels told one by one; in a server with more the fault is the role's. */
const SHOWN_CHANNELS = 20;
const SHOWN_HIDDEN = 5;
const WRITABLE: readonly ChannelType[] = [
  ChannelType.GuildText,
  ChannelType.GuildAnnouncement,
  ChannelType.GuildForum,
  ChannelType.GuildMedia,
  ChannelType.GuildVoice,
];

type Needed = keyof typeof NEEDED_IN_CHANNELS;

interface Lack {
  readonly channelId: string;
  readonly missing: readonly Needed[];
}

/**
 * Only channels where the bot may be used: a closed one needs nothing. A channel the bot cannot even see is mostly one that staff keep to
 * themselves; those are told together, unless somebody named them in the bot's own rules.
 */
function lacksIn(guild: Guild, { store }: BotContext): { readonly lacks: readonly Lack[]; readonly hidden: string[] } {
  const me = guild.members.me;
  if (me === null) return { lacks: [], hidden: [] };
  const rules = store.channelRules(guild.id);
  const { reviewChannelId } = store.policy(guild.id);
  const channels = [...guild.channels.cache.values()].filter((channel) => WRITABLE.includes(channel.type));
  const isNamed = ({ channelId }: Lack) =>
    channelId === reviewChannelId || rules.some((rule) => rule.channelId === channelId && rule.access === 'allow');
  const isHidden = (lack: Lack) => lack.missing.includes('ViewChannel') && !isNamed(lack);
  const all = channels.flatMap((channel: GuildBasedChannel): readonly Lack[] => {
    const isUsed = isOpen(placeIn(guild.id, channel.id, channel), rules) || channel.id === reviewChannelId;
    const held = channel.permissionsFor(me);
    const missing = (Object.keys(NEEDED_IN_CHANNELS) as Needed[]).filter((name) => !held.has(NEEDED_IN_CHANNELS[name]));
    return isUsed && missing.length > 0 ? [{ channelId: channel.id, missing }] : [];
  });
  return { lacks: all.filter((lack) => !isHidden(lack)), hidden: all.filter(isHidden).map((lack) => lack.channelId) };
}

/** While a moderator keeps the bot quiet, no right helps. */
function timeoutOf(guild: Guild | null, nowMs: number): string[] {
  const untilMs = guild?.members.me?.communicationDisabledUntilTimestamp ?? 0;
  return untilMs > nowMs ? [timestamp(untilMs, 'f')] : [];
}

const doctor: AdminHandler = async (interaction, bot) => {
  const { moderating } = phrasesOf(interaction);
  const { lacks, hidden } = interaction.guild === null ? { lacks: [], hidden: [] } : lacksIn(interaction.guild, bot);
  const quiet = timeoutOf(interaction.guild, bot.clock.nowMs()).map(moderating.doctorTimedOut);
  const lines = lacks
    .slice(0, SHOWN_CHANNELS)
    .map(
      ({ channelId, missing }) =>
        `- ${moderating.doctorChannel(`<#${channelId}>`, missing.map((name) => `\`${name}\``).join(' '))}`,
    );
  const rest = lacks.length > SHOWN_CHANNELS ? [`- … +${lacks.length - SHOWN_CHANNELS}`] : [];
  const hasReports = bot.store.policy(interaction.guildId).reviewChannelId !== null;
  const parts =
    lacks.length === 0
      ? quiet.length === 0
        ? [moderating.doctorFine()]
        : []
      : [
          `### ${moderating.doctorTitle()}\n${[...lines, ...rest].join('\n')}`,
          moderating.doctorFix(inviteLink(interaction.applicationId)),
        ];
  const shownHidden = hidden.slice(0, SHOWN_HIDDEN).map((id) => `<#${id}>`);
  const notes = [
    ...(hidden.length === 0 ? [] : [moderating.doctorHidden(hidden.length, shownHidden.join(' '))]),
    moderating.doctorIntent(),
    ...(hasReports ? [] : [moderating.doctorReports()]),
  ];
  const said = [...quiet, ...parts, notes.map((note) => `-# ${note}`).join('\n')];
  await show(interaction, cardView(said.map(textPart)), bot.dataDir);
};

export const doctors: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        {
          en: 'doctor',
          zh: '诊断',
          ru: 'диагностика',
          es: 'diagnóstico',
          de: 'diagnose',
          fr: 'diagnostic',
          ja: '診断',
        },
        {
          en: 'What I lack here, and how to give it.',
          zh: '我缺少什么权限，如何补齐。',
          ru: 'Чего мне не хватает и как это дать.',
          es: 'Qué me falta aquí, y cómo darlo.',
          de: 'Was mir hier fehlt, und wie man es gibt.',
          fr: 'Ce qui me manque, et comment l’accorder.',
          ja: '足りない権限と直し方。',
        },
      ),
    },
  ],
  run: { doctor },
};
