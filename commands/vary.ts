// "Vary this picture": the button under a result, and the context menu on any message with a picture.
import { ApplicationCommandType, type Message, type ModalSubmitInteraction } from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { overlay, readPrompt } from '../src/core/promptFlags.ts';
import type { RequestDraft } from '../src/core/request.ts';
import { draftOf } from '../src/core/resolve.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import { fetchAttachment } from '../src/discord/attachments.ts';
import { cellFor, shownBy } from '../src/discord/cells.ts';
import type { ButtonHandler, FormHandler, MessageCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { withoutSeed, withoutStart } from '../src/discord/drafts.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import { withPreferences } from '../src/discord/preferences.ts';
import { jobOf, mayUseWords, singlesOf, wordsJobOf } from '../src/discord/results.ts';
import { FIELD, sourceForm, varyForm } from '../src/discord/views/formViews.ts';
import { expressing } from './expression.ts';
import { fieldOf, numberOf } from './fields.ts';
import { EVERYWHERE } from './install.ts';
import { localized } from './options.ts';
import { reshaping } from './reshape.ts';

/** A form must be the first answer, so the picture has to be here within Discord's three seconds. */
const FETCH_MS = 2_200;

/** How much a button's name lets change; without one it is the model's usual strength. */
const STRENGTHS: Readonly<Record<string, number>> = { subtle: 0.35, strong: 0.8 };

/** In the place of a picture's index: the form was opened on a whole message. */
export const MENU = 'menu';

const varyButton: ButtonHandler = async (interaction, [jobId, index, how = ''], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const picture = singlesOf(job.id, bot)[Number(index)];
  if (picture === undefined) return tell(interaction, phrasesOf(interaction).notFinished());
  const strength = STRENGTHS[how];
  const draft = overlay(freshDraft(job), strength === undefined ? {} : { strength });
  const parent = { jobId: job.id, imageIndex: picture.imageIndex };
  await orderOrAsk(interaction, { kind: 'variation', draft, parent, start: { kind: 'result', picture } }, bot);
};

const source: ButtonHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  if (singlesOf(job.id, bot)[Number(index)] === undefined) return tell(interaction, phrases.notFinished());
  const id = bot.ids.write('sourceForm', job.id, Number(index));
  await interaction.showModal(sourceForm(id, bot.catalog.limits, phrases));
};

/** New words over that picture; of the old request only the model stays. */
const startFrom: FormHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const count = index === MENU ? shownBy(job, bot).length : singlesOf(job.id, bot).length;
  const fallback = index === MENU ? 1 : Number(index) + 1;
  const which = numberOf(fieldOf(interaction, FIELD.picture), 1, count) ?? fallback;
  if (which === 'bad') return badNumber(interaction, FIELD.picture, 1, count);
  const picture =
    index === MENU ? cellFor(job, which, interaction.user.id, bot)?.picture : singlesOf(job.id, bot)[which - 1];
  if (picture === undefined) return tell(interaction, phrasesOf(interaction).notFinished());
  const change = changeOf(interaction);
  if (change === 'bad') return badNumber(interaction, FIELD.strength, 0, 1);
  const person = loraAskerOf(interaction);
  const draft = withPreferences({ model: job.request.model, ...change }, person, bot);
  const parent = { jobId: picture.jobId, imageIndex: picture.imageIndex };
  await orderOrAsk(interaction, { kind: 'variation', draft, parent, start: { kind: 'result', picture } }, bot);
};

function freshDraft(job: JobRecord): RequestDraft {
  return withoutSeed(withoutStart(draftOf(job.request)));
}

const varyJob: FormHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const { length } = shownBy(job, bot);
  const which = numberOf(fieldOf(interaction, FIELD.picture), 1, length) ?? 1;
  if (which === 'bad' || !Number.isInteger(which)) return badNumber(interaction, FIELD.picture, 1, length);
  const change = changeOf(interaction);
  if (change === 'bad') return badNumber(interaction, FIELD.strength, 0, 1);
  const cell = cellFor(job, which, interaction.user.id, bot);
  if (cell === undefined) return tell(interaction, phrasesOf(interaction).notFinished());
  const { picture } = cell;
  const draft = overlay(freshDraft(cell.job), change);
  const parent = { jobId: cell.job.id, imageIndex: picture.imageIndex };
  await orderOrAsk(interaction, { kind: 'variation', draft, parent, start: { kind: 'result', picture } }, bot);
};

const varyInput: FormHandler = async (interaction, [hash], bot) => {
  const sha256 = Buffer.from(hash ?? '', 'base64url').toString('hex');
  if (!(await bot.inputs.has(sha256))) return tell(interaction, phrasesOf(interaction).unknownJob());
  const draft = changeOf(interaction);
  if (draft === 'bad') return badNumber(interaction, FIELD.strength, 0, 1);
  await orderOrAsk(interaction, { kind: 'variation', draft, start: { kind: 'kept', sha256 } }, bot);
};

function changeOf(interaction: ModalSubmitInteraction): RequestDraft | 'bad' {
  const strength = numberOf(fieldOf(interaction, FIELD.strength), 0, 1);
  if (strength === 'bad') return 'bad';
  const draft = readPrompt(fieldOf(interaction, FIELD.prompt));
  return strength === undefined ? draft : { ...draft, strength };
}

function badNumber(interaction: ModalSubmitInteraction, field: string, low: number, high: number): Promise<void> {
  return tell(interaction, phrasesOf(interaction).numberExpected(fieldOf(interaction, field), low, high));
}

export const vary: MessageCommand = {
  kind: 'message',
  name: 'Vary this picture',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Vary this picture',
    name_localizations: localized({
      en: 'Vary this picture',
      zh: '生成变体',
      ru: 'Вариация картинки',
      es: 'Variar esta imagen',
      de: 'Dieses Bild abwandeln',
      fr: 'Varier cette image',
      ja: 'この画像を変える',
    }),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { targetMessage } = interaction;
    const phrases = phrasesOf(interaction);
    const job = bot.store.byMessage(targetMessage.id);
    const count = job === undefined ? 1 : shownBy(job, bot).length;
    if (count === 0) return tell(interaction, phrases.notFinished());
    if (job !== undefined && !mayUseWords(job, interaction.user.id)) {
      return tell(interaction, phrases.card.promptIsPrivate());
    }
    const input = job === undefined ? await keptPicture(targetMessage, bot) : undefined;
    const inputId = input === undefined ? undefined : bot.ids.write('inputForm', input);
    const customId = job === undefined ? inputId : bot.ids.write('varyForm', job.id);
    if (customId === undefined) return tell(interaction, phrases.noPicture());
    await interaction.showModal(varyForm(customId, job ?? null, bot.catalog.limits, phrases, count));
  },
  buttons: { vary: varyButton, source, ...reshaping.buttons, ...expressing.buttons },
  selects: reshaping.selects,
  forms: { varyForm: varyJob, inputForm: varyInput, sourceForm: startFrom, ...reshaping.forms, ...expressing.forms },
};

/** Takes the message's first picture in now, because its url expires. @returns its hash in 43 characters, for a form to carry */
export async function keptPicture(message: Message, bot: BotContext): Promise<string | undefined> {
  const upload = message.attachments.find((attachment) => attachment.contentType?.startsWith('image/'));
  if (upload === undefined) return undefined;
  const bytes = await fetchAttachment(upload, { ...bot.attachments, totalMs: FETCH_MS });
  const sha256 = await bot.inputs.keep(bytes);
  return Buffer.from(sha256, 'hex').toString('base64url');
}
