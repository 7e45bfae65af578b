// Recipes in other people's pictures: found in a message's attachments or words, kept as text under their hash until somebody has them made,
// and brought to what this installation has. Pictures are not decoded here; only the bytes around the pixels are read.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Message } from 'discord.js';
import type { PictureRecord } from '../core/job.ts';
import { parseRecipe, type Recipe } from '../core/recipe.ts';
import { type RecipeHere, recipeHere } from '../core/recipeHere.ts';
import type { RequestDraft } from '../core/request.ts';
import { resolveRequest } from '../core/resolve.ts';
import { DarkroomError } from '../errors.ts';
import { type PictureText, readPictureText } from '../image/pictureText.ts';
import { fetchAttachment } from './attachments.ts';
import type { BotContext } from './context.ts';

/** Attachments looked at; a message has at most ten. */
const MAX_PICTURES = 4;

/** The first recipe of a message. @throws attachment_refused when its only picture cannot be fetched */
export async function findRecipe(message: Message, bot: BotContext): Promise<PictureText | undefined> {
  const uploads = [...message.attachments.values()].filter(({ contentType }) => contentType?.startsWith('image/'));
  let other: PictureText | undefined;
  for (const upload of uploads.slice(0, MAX_PICTURES)) {
    const found = textIn(await fetchAttachment(upload, bot.attachments));
    if (found?.kind === 'recipe' && hasFields(found.text)) return found;
    other ??= found;
  }
  if (hasFields(message.content)) return { kind: 'recipe', text: message.content };
  return other?.kind === 'other' ? other : undefined;
}

/** A damaged picture has none. */
function textIn(bytes: Buffer): PictureText | undefined {
  try {
    return readPictureText(bytes);
  } catch (thrown) {
    if (thrown instanceof DarkroomError && thrown.code === 'input_image_invalid') return undefined;
    throw thrown;
  }
}

/** Words alone are no recipe. */
function hasFields(text: string): boolean {
  return readOrNothing(text)?.fields.has('Steps') === true;
}

function readOrNothing(text: string): Recipe | undefined {
  try {
    return parseRecipe(text);
  } catch (thrown) {
    if (thrown instanceof DarkroomError && thrown.code === 'request_invalid') return undefined;
    throw thrown;
  }
}

export interface Adapted extends RecipeHere {
  /** Why even what comes closest cannot be made. */
  readonly refused: DarkroomError | null;
}

/** @throws request_invalid when the text is longer than any recipe */
export async function adaptRecipe(text: string, bot: BotContext): Promise<Adapted> {
  const recipe = parseRecipe(text);
  const kept = await keptPictures(recipe.draft, bot);
  const { cards, defaultModel, limits, upscalers = [] } = bot.catalog;
  const { hashes } = bot;
  const loraOf = (hash: string) => hashes.loraOf(hash);
  const here = { cards, defaultModel, limits, hashes, loraOf, upscalers: upscalers.map(({ name }) => name) };
  const adapted = recipeHere(recipe, { ...here, hasStart: (sha256) => kept.has(sha256) });
  return { ...adapted, refused: refusalOf(adapted, bot) };
}

async function keptPictures(
  { initImage, mask, controls = [] }: RequestDraft,
  bot: BotContext,
): Promise<ReadonlySet<string>> {
  const kept = new Set<string>();
  for (const picture of [initImage, mask, ...controls.map(({ image }) => image)]) {
    if (picture !== undefined && (await bot.inputs.has(picture.sha256))) kept.add(picture.sha256);
  }
  return kept;
}

function refusalOf({ draft }: RecipeHere, { catalog }: BotContext): DarkroomError | null {
  const card = catalog.cards.find(({ name }) => name === draft.model);
  try {
    if (card !== undefined) resolveRequest(draft, card, catalog.limits, 0, catalog.upscalers);
    return null;
  } catch (thrown) {
    if (thrown instanceof DarkroomError && thrown.code === 'request_invalid') return thrown;
    throw thrown;
  }
}

/** Keeps the text for the button; a day, as start pictures nobody used. @returns 43 characters for the button's id */
export async function keepRecipe(text: string, bot: BotContext): Promise<string> {
  return Buffer.from(await bot.inputs.keep(Buffer.from(text, 'utf8')), 'hex').toString('base64url');
}

/** Undefined when it is no longer there. */
export async function keptRecipe(key: string, bot: BotContext): Promise<string | undefined> {
  const sha256 = Buffer.from(key, 'base64url').toString('hex');
  if (!/^[0-9a-f]{64}$/.test(sha256) || !(await bot.inputs.has(sha256))) return undefined;
  return readFile(bot.inputs.pathOf(sha256), 'utf8');
}

/** The hash of the model as it was when a picture was made: its own file says. */
export async function modelHashOf(picture: PictureRecord | undefined, dataDir: string): Promise<string | undefined> {
  if (picture === undefined) return undefined;
  const bytes = await readFile(path.join(dataDir, picture.path)).catch(() => undefined);
  const found = bytes === undefined ? undefined : textIn(bytes);
  const hash = found?.kind === 'recipe' ? readOrNothing(found.text)?.fields.get('Model hash') : undefined;
  return hash !== undefined && /^[0-9a-f]{10}$/.test(hash) ? hash : undefined;
}
