// "Use as control": new pictures that follow the edges, the silhouette or the like of one there is; as a context menu on any message with a
// picture, as a button under a result, and as options of /imagine.
import {
  ApplicationCommandType,
  type BaseInteraction,
  type ChatInputCommandInteraction,
  type ModalSubmitInteraction,
} from 'discord.js';
import {
  type ControlKind,
  type ControlWish,
  isControlKind,
  MAX_CONTROL_STRENGTH,
  parseControl,
} from '../src/core/control.ts';
import type { JobRecord } from '../src/core/job.ts';
import { FAMILY_TITLES } from '../src/core/loraChoice.ts';
import { overlay, readPrompt } from '../src/core/promptFlags.ts';
import { type ModelCard, type RequestDraft, refuse } from '../src/core/request.ts';
import { draftOf } from '../src/core/resolve.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import { shownBy } from '../src/discord/cells.ts';
import type { ButtonHandler, Choice, FormHandler, MessageCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { kindsFor } from '../src/discord/controlPictures.ts';
import { withoutSeed, withoutStart } from '../src/discord/drafts.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import type { Phrases } from '../src/discord/phrases/phrases.ts';
import { usualModelFor, withPreferences } from '../src/discord/preferences.ts';
import { mayLook, mayUseWords, singlesOf, wordsJobOf } from '../src/discord/results.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { FIELD, followForm } from '../src/discord/views/formViews.ts';
import { fieldOf, numberOf } from './fields.ts';
import { EVERYWHERE } from './install.ts';
import { localized } from './options.ts';
import { keptPicture } from './vary.ts';

/** Choices of a model's control networks, in the person's language. */
export function kindChoices(card: ModelCard | undefined, { control }: Phrases): readonly Choice[] {
  return kindsFor(card).map((kind) => ({
    name: clip(`${control.kind[kind]} (${kind})`, MAX_CHOICE_CHARS),
    value: kind,
  }));
}

/**
 * A prompt with what the command's own options say of a control written in front of it, as a flag: so that further flags may say more of it,
 * and everything that is made of prompts carries it on. A picture alone is followed as the first network for the model was made to.
 * @throws request_invalid for a kind there is not
 */
export function withControlFlag(interaction: ChatInputCommandInteraction, prompt: string, bot: BotContext): string {
  const { options } = interaction;
  const said = options.getString('control');
  const strength = options.getNumber('control_strength');
  const hasPicture = options.getAttachment('control_image') !== null;
  if (said === null && strength === null && !hasPicture) return prompt;
  if (said === null && /(^|\s)--control[\s=]/.test(prompt)) return prompt;
  const card = cardOf(options.getString('model') ?? usualModelOf(interaction, bot), bot);
  const wish = wishOf(said, card);
  const flag = strength === null ? wish : { ...wish, strength };
  return `--control ${flagOf(flag)} ${prompt}`;
}

function wishOf(said: string | null, card: ModelCard | undefined): ControlWish {
  const kinds = kindsFor(card);
  if (said === null) return { kind: kinds[0] ?? refuseAll(card) };
  return parseControl(said) ?? refuse('control', said, { kind: 'names', names: kinds });
}

function refuseAll(card: ModelCard | undefined): never {
  const family = card === undefined ? '' : FAMILY_TITLES[card.family];
  return refuse('control', '', { kind: 'controls', model: card?.name ?? '', family, kinds: '' });
}

function flagOf({ kind, strength, start, end }: ControlWish): string {
  const range = start === undefined || end === undefined ? '' : `:${start}-${end}`;
  return `${kind}${strength === undefined ? (range === '' ? '' : ':1') : `:${strength}`}${range}`;
}

function usualModelOf(interaction: BaseInteraction, bot: BotContext): string {
  const who = loraAskerOf(interaction);
  return usualModelFor(who, bot.store.settings(who.userId), bot);
}

function cardOf(model: string, { catalog }: BotContext): ModelCard | undefined {
  return catalog.cards.find(({ name }) => name === model);
}

/** Why a model cannot be asked to follow anything; undefined where it can. */
function whyNot(model: string, phrases: Phrases, bot: BotContext): string | undefined {
  const card = cardOf(model, bot);
  if (card !== undefined && kindsFor(card).length > 0) return undefined;
  const family = card === undefined ? model : FAMILY_TITLES[card.family];
  return phrases.badRequest(phrases.control.none(model, family));
}

const button: ButtonHandler = async (interaction, [jobId, index], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  if (singlesOf(job.id, bot)[Number(index)] === undefined) return tell(interaction, phrases.notFinished());
  const refusal = whyNot(job.request.model, phrases, bot);
  if (refusal !== undefined) return tell(interaction, refusal);
  const of = { prompt: job.request.prompt, pictures: 1 };
  const id = bot.ids.write('controlForm', job.id, Number(index));
  await interaction.showModal(followForm(id, of, kindsOf(job, bot), bot.catalog.limits, phrases));
};

function kindsOf({ request }: JobRecord, bot: BotContext): readonly ControlKind[] {
  return kindsFor(cardOf(request.model, bot));
}

/** The result's own request, with new words, over the lines of its picture instead of over what it followed itself. */
const followJob: FormHandler = async (interaction, [jobId, index], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const phrases = phrasesOf(interaction);
  // The menu's form was opened on a whole message, the button's on one picture.
  const shown = index === undefined ? shownBy(job, bot) : singlesOf(job.id, bot).map((picture) => ({ job, picture }));
  const typed = fieldOf(interaction, FIELD.picture);
  const chosen = index === undefined ? numberOf(typed, 1, shown.length) : Number(index) + 1;
  const cell = shown[chosen === 'bad' ? -1 : (chosen ?? 1) - 1];
  if (cell === undefined || !mayLook(cell.job, interaction.user.id)) {
    return tell(interaction, phrases.numberExpected(typed, 1, shown.length));
  }
  const { picture } = cell;
  const words = readForm(interaction);
  if (words === 'bad') return badStrength(interaction);
  const { controls: _, ...before } = withoutSeed(withoutStart(draftOf(cell.job.request)));
  const parent = { jobId: cell.job.id, imageIndex: picture.imageIndex };
  const control = { kind: 'result', picture } as const;
  await orderOrAsk(interaction, { kind: 'variation', draft: overlay(before, words), parent, control }, bot);
};

const followInput: FormHandler = async (interaction, [hash], bot) => {
  const sha256 = Buffer.from(hash ?? '', 'base64url').toString('hex');
  if (!(await bot.inputs.has(sha256))) return tell(interaction, phrasesOf(interaction).unknownJob());
  const words = readForm(interaction);
  if (words === 'bad') return badStrength(interaction);
  const person = loraAskerOf(interaction);
  const draft = withPreferences(words, person, bot);
  await orderOrAsk(interaction, { kind: 'imagine', draft, control: { kind: 'kept', sha256 } }, bot);
};

/** @throws request_invalid for flags as `readPrompt` does, and for a kind nobody offered */
function readForm(interaction: ModalSubmitInteraction): RequestDraft | 'bad' {
  const strength = numberOf(fieldOf(interaction, FIELD.strength), 0, MAX_CONTROL_STRENGTH);
  if (strength === 'bad') return 'bad';
  const [kind = ''] = interaction.fields.getStringSelectValues(FIELD.kind);
  if (!isControlKind(kind)) return refuse('control', kind, { kind: 'form', example: 'canny' });
  const control = strength === undefined ? { kind } : { kind, strength };
  return readPrompt(fieldOf(interaction, FIELD.prompt), { controls: [control] });
}

function badStrength(interaction: ModalSubmitInteraction): Promise<void> {
  const found = fieldOf(interaction, FIELD.strength);
  return tell(interaction, phrasesOf(interaction).numberExpected(found, 0, MAX_CONTROL_STRENGTH));
}

export const control: MessageCommand = {
  kind: 'message',
  name: 'Use as control',
  declare: () => ({
    type: ApplicationCommandType.Message,
    name: 'Use as control',
    name_localizations: localized({
      en: 'Use as control',
      zh: '用作控制图',
      ru: 'Взять за образец',
      es: 'Usar como control',
      de: 'Als Vorlage',
      fr: 'Utiliser comme guide',
      ja: 'お手本にする',
    }),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const { targetMessage, user } = interaction;
    const phrases = phrasesOf(interaction);
    const job = bot.store.byMessage(targetMessage.id);
    const pictures = job === undefined ? 0 : shownBy(job, bot).length;
    if (job !== undefined && pictures === 0) return tell(interaction, phrases.notFinished());
    if (job !== undefined && !mayUseWords(job, user.id)) return tell(interaction, phrases.card.promptIsPrivate());
    const model = job?.request.model ?? usualModelOf(interaction, bot);
    const refusal = whyNot(model, phrases, bot);
    if (refusal !== undefined) return tell(interaction, refusal);
    const input = job === undefined ? await keptPicture(targetMessage, bot) : undefined;
    if (job === undefined && input === undefined) return tell(interaction, phrases.noPicture());
    const customId =
      job === undefined ? bot.ids.write('controlInputForm', input!) : bot.ids.write('controlForm', job.id);
    const of = { prompt: job?.request.prompt ?? '', pictures: Math.max(1, pictures) };
    await interaction.showModal(followForm(customId, of, kindsFor(cardOf(model, bot)), bot.catalog.limits, phrases));
  },
  buttons: { control: button },
  forms: { controlForm: followJob, controlInputForm: followInput },
};
