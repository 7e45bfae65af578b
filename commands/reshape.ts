// What goes on from one picture: a larger canvas around it (zoom out, pan), and a part of it made anew, chosen by cells or by a mask.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModalSubmitInteraction } from 'discord.js';
import { readCells, writeCells } from '../src/core/cells.ts';
import type { JobRecord, PictureRecord } from '../src/core/job.ts';
import { overlay } from '../src/core/promptFlags.ts';
import type { InitImage, RequestDraft } from '../src/core/request.ts';
import { draftOf } from '../src/core/resolve.ts';
import { phrasesOf, show, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import { fetchAttachment } from '../src/discord/attachments.ts';
import type { ButtonHandler, FormHandler, SelectHandler } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { withoutSeed, withoutStart } from '../src/discord/drafts.ts';
import { type ResultInteraction, singlesOf, wordsJobOf } from '../src/discord/results.ts';
import { FIELD } from '../src/discord/views/formViews.ts';
import { GROWTHS, type Growth, REGION, regionForm, regionView } from '../src/discord/views/reshapeViews.ts';
import { readDrawn, wildcardsOf } from '../src/discord/wildcards.ts';
import { fieldOf, numberOf } from './fields.ts';

/** Of a part that gets other words; the model's usual strength would leave what was there. */
const REGION_STRENGTH = 0.9;

const WISHES: Readonly<Record<Growth, Partial<RequestDraft>>> = {
  'zoom1.5': { zoom: 1.5 },
  zoom2: { zoom: 2 },
  left: { pan: { side: 'left', part: 0.5 } },
  right: { pan: { side: 'right', part: 0.5 } },
  up: { pan: { side: 'up', part: 0.5 } },
  down: { pan: { side: 'down', part: 0.5 } },
};

interface Found {
  readonly job: JobRecord;
  readonly picture: PictureRecord;
}

async function pictureOf(
  interaction: ResultInteraction,
  [jobId, index]: readonly string[],
  bot: BotContext,
): Promise<Found | undefined> {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return undefined;
  const picture = singlesOf(job.id, bot)[Number(index)];
  if (picture === undefined) await tell(interaction, phrasesOf(interaction).notFinished());
  return picture === undefined ? undefined : { job, picture };
}

function wishOf({ job, picture }: Found, change: Partial<RequestDraft>) {
  const draft = overlay(withoutSeed(withoutStart(draftOf(job.request))), { count: 1, ...change });
  const parent = { jobId: job.id, imageIndex: picture.imageIndex };
  return { kind: 'variation', draft, parent, start: { kind: 'result', picture } } as const;
}

const grow: ButtonHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  const how = GROWTHS.find((known) => known === args[2]);
  if (found !== undefined && how !== undefined) await orderOrAsk(interaction, wishOf(found, WISHES[how]), bot);
};

/** One choice of the card's line: a growth, or a part made anew. */
const reshape: SelectHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  if (found === undefined) return;
  const [chosen] = interaction.values;
  const how = GROWTHS.find((known) => known === chosen);
  if (how !== undefined) await orderOrAsk(interaction, wishOf(found, WISHES[how]), bot);
  else if (chosen === REGION) await showCells(interaction, found, bot);
};

const region: ButtonHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  if (found !== undefined) await showCells(interaction, found, bot);
};

async function showCells(interaction: ResultInteraction, { job, picture }: Found, bot: BotContext): Promise<void> {
  const phrases = phrasesOf(interaction);
  const bytes = await readFile(path.join(bot.dataDir, picture.path)).catch(() => undefined);
  if (bytes === undefined) return tell(interaction, phrases.filesGone(job.id));
  // Loaded only here: a bot that decodes no picture needs no decoder in its memory.
  const { picturedCells } = await import('../src/image/cells.ts');
  const webp = await picturedCells(bytes);
  await show(interaction, regionView(job, picture.imageIndex, webp, { phrases, ids: bot.ids }), bot.dataDir);
}

const regionCells: SelectHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  if (found === undefined) return;
  const cells = writeCells(interaction.values.map(Number).filter((cell) => cell >= 0 && cell < 16));
  const id = bot.ids.write('regionForm', found.job.id, found.picture.imageIndex, cells);
  await interaction.showModal(regionForm(id, found.job, false, bot.catalog.limits, phrasesOf(interaction)));
};

const regionMask: ButtonHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  if (found === undefined) return;
  const id = bot.ids.write('regionForm', found.job.id, found.picture.imageIndex, 'mask');
  await interaction.showModal(regionForm(id, found.job, true, bot.catalog.limits, phrasesOf(interaction)));
};

const repaint: FormHandler = async (interaction, args, bot) => {
  const found = await pictureOf(interaction, args, bot);
  if (found === undefined) return;
  const typed = fieldOf(interaction, FIELD.strength);
  const strength = numberOf(typed, 0, 1) ?? REGION_STRENGTH;
  if (strength === 'bad') return tell(interaction, phrasesOf(interaction).numberExpected(typed, 0, 1));
  const lists = await wildcardsOf(interaction.user.id, bot);
  const change = readDrawn(fieldOf(interaction, FIELD.prompt), {}, lists, bot.randomSeed);
  const mask = await maskOf(interaction, args[2] ?? '', found, bot);
  if (mask === undefined)
    return tell(interaction, phrasesOf(interaction).pictureRefused(phrasesOf(interaction).refused.maskEmpty()));
  await orderOrAsk(interaction, wishOf(found, { strength, ...change, mask }), bot);
};

/** Undefined where nothing is marked. @throws attachment_refused */
async function maskOf(
  interaction: ModalSubmitInteraction,
  chosen: string,
  { picture }: Found,
  bot: BotContext,
): Promise<InitImage | undefined> {
  if (chosen === 'mask') {
    const upload = interaction.fields.getUploadedFiles(FIELD.mask)?.first();
    if (upload == null) return undefined;
    return { sha256: await bot.inputs.keep(await fetchAttachment(upload, bot.attachments)) };
  }
  const cells = readCells(chosen);
  if (cells.length === 0) return undefined;
  const { maskOfCells } = await import('../src/image/cells.ts');
  const { widthPx: width, heightPx: height } = picture;
  return { sha256: await bot.inputs.keep(await maskOfCells(cells, { width, height })) };
}

/** For the command whose results have these buttons. */
export const reshaping = {
  buttons: { grow, region, regionMask },
  selects: { reshape, regionCells },
  forms: { regionForm: repaint },
};
