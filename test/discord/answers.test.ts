// Where the bot itself may write, and answers whose files are gone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type BaseInteraction,
  InteractionContextType,
  MessageFlags,
  MessagePayload,
  PermissionFlagsBits,
  PermissionsBitField,
  type RepliableInteraction,
} from 'discord.js';
import { describe, expect, test } from 'vitest';
import { botMayWrite, messageOf, tell } from '../../src/discord/answers.ts';
import { textView, type View } from '../../src/discord/views/view.ts';

interface Place {
  readonly context: InteractionContextType;
  readonly isMember?: boolean;
  readonly isThread?: boolean;
  readonly rights?: readonly bigint[];
}

/** The few parts of an interaction that are read. */
function interactionIn({ context, isMember = true, isThread = false, rights = [] }: Place): BaseInteraction {
  return {
    context,
    guildId: context === InteractionContextType.Guild ? '1' : null,
    inCachedGuild: () => isMember,
    channel: { isThread: () => isThread },
    appPermissions: new PermissionsBitField([...rights]),
  } as unknown as BaseInteraction;
}

describe('the bot may write', () => {
  const { Guild, BotDM, PrivateChannel } = InteractionContextType;
  const { ViewChannel, SendMessages, SendMessagesInThreads } = PermissionFlagsBits;
  test.each([
    ['in private with it', { context: BotDM }, true],
    ['in a private channel of others, where it was only called', { context: PrivateChannel }, false],
    ['in a server it is no member of', { context: Guild, isMember: false, rights: [ViewChannel, SendMessages] }, false],
    ['in a channel with the rights', { context: Guild, rights: [ViewChannel, SendMessages] }, true],
    ['in a channel it cannot see', { context: Guild, rights: [SendMessages] }, false],
    ['in a channel where it may only look', { context: Guild, rights: [ViewChannel] }, false],
    [
      'in a thread, by the right for threads',
      { context: Guild, isThread: true, rights: [ViewChannel, SendMessagesInThreads] },
      true,
    ],
    [
      'in a thread, not by the right for channels',
      { context: Guild, isThread: true, rights: [ViewChannel, SendMessages] },
      false,
    ],
  ] as const)('%s', (_, place, expected) => {
    expect(botMayWrite(interactionIn(place))).toBe(expected);
  });
});

test('words are told as discord.js would tell them, to nobody but the asker, and ping nobody', async () => {
  const sent: MessagePayload[] = [];
  const interaction = {
    deferred: false,
    replied: false,
    client: { options: { allowedMentions: { parse: [], repliedUser: false }, enforceNonce: false } },
    reply: async (payload: MessagePayload) => sent.push(payload),
  } as unknown as RepliableInteraction;
  await tell(interaction, '<@1> @everyone, wait');
  const options = { content: '<@1> @everyone, wait', flags: MessageFlags.Ephemeral } as const;
  const theirs = new MessagePayload(interaction, options).resolveBody();
  const [ours] = sent;
  expect(ours!.files).toEqual([]);
  const said = Object.entries(theirs.body!).filter(([, value]) => value !== undefined && value !== false);
  expect(ours!.body).toEqual({ ...Object.fromEntries(said), allowed_mentions: { parse: [], replied_user: false } });
  expect(ours!.resolveBody()).toBe(ours);
});

test('files that are gone leave the answer, and so do the thumbnails that named them', async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'answers-'));
  await writeFile(path.join(dataDir, 'here.png'), 'bytes');
  const file = (name: string) => ({ name, path: name, altText: name, sizeBytes: 5 });
  const embed = (name: string) => ({ description: name, thumbnail: { url: `attachment://${name}` } });
  const view: View = {
    ...textView('words'),
    files: [file('here.png'), file('gone.png')],
    embeds: [embed('here.png'), embed('gone.png')],
  };
  const message = await messageOf(view, dataDir);
  expect(message.files).toEqual([{ attachment: Buffer.from('bytes'), name: 'here.png', description: 'here.png' }]);
  expect(message.embeds).toEqual([embed('here.png'), { description: 'gone.png' }]);
  await rm(dataDir, { recursive: true });
});
