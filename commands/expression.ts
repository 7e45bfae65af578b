// "Add to this server": a picture as an emoji or sticker, for those who may add them there.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MessageFlags, PermissionFlagsBits, type PermissionsBitField } from 'discord.js';
import { cleanText } from '../src/core/cleanText.ts';
import { isCovered } from '../src/core/job.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import type { ButtonHandler, FormHandler } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { jobOf, mayUseWords, type ResultInteraction, singlesOf } from '../src/discord/results.ts';
import { clip } from '../src/discord/text.ts';
import { EXPRESSION_FIELD, expressionForm } from '../src/discord/views/expressionForm.ts';
import { fieldOf } from './fields.ts';

const { CreateGuildExpressions, ManageGuildExpressions } = PermissionFlagsBits;
const MAX_ABOUT_CHARS = 100;

function mayAdd(permissions: Readonly<PermissionsBitField> | null): boolean {
  return permissions?.has(CreateGuildExpressions) === true || permissions?.has(ManageGuildExpressions) === true;
}

/** Why not, in the person's words; undefined where all may go on. */
function refusalOf(interaction: ResultInteraction): string | undefined {
  const { expression } = phrasesOf(interaction).making;
  if (!interaction.inCachedGuild()) return expression.serversOnly();
  if (!mayAdd(interaction.memberPermissions)) return expression.youMayNot();
  return mayAdd(interaction.appPermissions) ? undefined : expression.iMayNot();
}

/** Discord takes letters, digits and underscores, two at least. */
function nameFrom(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 30)
    .toLowerCase();
  return name.length >= 2 ? name : 'darkroom';
}

const ask: ButtonHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const refusal =
    refusalOf(interaction) ?? (isCovered(job) ? phrasesOf(interaction).moderating.coveredStays() : undefined);
  if (refusal !== undefined) return tell(interaction, refusal);
  const name = nameFrom(mayUseWords(job, interaction.user.id) ? job.request.prompt : '');
  const id = bot.ids.write('expressionForm', job.id, Number(index));
  await interaction.showModal(expressionForm(id, name, phrasesOf(interaction)));
};

const add: FormHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  const { expression } = phrases.making;
  const refusal =
    refusalOf(interaction) ?? (isCovered(job) ? phrasesOf(interaction).moderating.coveredStays() : undefined);
  if (refusal !== undefined) return tell(interaction, refusal);
  const name = fieldOf(interaction, EXPRESSION_FIELD.name);
  if (!/^[A-Za-z0-9_]{2,30}$/.test(name)) return tell(interaction, expression.badName());
  const [chosen] = interaction.fields.getStringSelectValues(EXPRESSION_FIELD.kind);
  const kind = chosen === 'sticker' ? 'sticker' : 'emoji';
  const cutOut = interaction.fields.getStringSelectValues(EXPRESSION_FIELD.background)[0] === 'cut';
  const picture = singlesOf(job.id, bot)[Number(index)];
  const bytes = picture === undefined ? undefined : await fileOf(picture.path, bot);
  if (bytes === undefined) return tell(interaction, phrases.filesGone(job.id));
  await interaction.deferReply({ flags: MessageFlags.Ephemeral });
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { expressionPicture } = await import('../src/image/emojiPicture.ts');
  const png = await expressionPicture(bytes, kind, cutOut);
  if (png === undefined) return void (await interaction.editReply(expression.tooLarge()));
  const about = clip(mayUseWords(job, '') ? cleanText(job.request.prompt) : name, MAX_ABOUT_CHARS);
  const added = await bot.addExpression({ guildId: interaction.guildId!, kind, name, png, about });
  const said = {
    added: () => expression.added(kind === 'emoji', name, added.kind === 'added' ? added.id : ''),
    full: () => expression.full(kind === 'emoji'),
    forbidden: () => expression.iMayNot(),
    refused: () => expression.refused(),
  }[added.kind]();
  await interaction.editReply(said);
};

function fileOf(file: string, { dataDir }: BotContext): Promise<Buffer | undefined> {
  return readFile(path.join(dataDir, file)).catch(() => undefined);
}

/** For the command whose results have this button. */
export const expressing = { buttons: { expression: ask }, forms: { expressionForm: add } };
