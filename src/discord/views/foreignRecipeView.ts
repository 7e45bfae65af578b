// A recipe somebody else's picture carries, what is different here, and the button that makes it here all the same.
import type { Difference } from '../../core/recipeHere.ts';
import type { DarkroomError } from '../../errors.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, codeBlock, MAX_CONTENT_CHARS, quoted } from '../text.ts';
import { requestDetail } from './refusal.ts';
import { button, row, textView, type View } from './view.ts';

/** Characters of one name in a line. */
const NAME_CHARS = 60;
/** Characters all lines below the recipe may take. */
const LINES_CHARS = 900;

export interface ForeignRecipe {
  readonly text: string;
  readonly differences: readonly Difference[];
  readonly refused: DarkroomError | null;
}

/** @param makeId the button's custom id */
export function foreignRecipeView(recipe: ForeignRecipe, makeId: string, phrases: Phrases): View {
  const { foreign } = phrases;
  const { differences, refused } = recipe;
  const lines = differences.map((one) => `• ${differenceLine(one, phrases)}`);
  const verdict = refused === null ? lines : [...lines, foreign.cannot(requestDetail(refused, phrases))];
  const below = clip((verdict.length === 0 ? [foreign.same()] : verdict).join('\n'), LINES_CHARS);
  const head = `**${foreign.title()}**`;
  const room = MAX_CONTENT_CHARS - head.length - below.length - 12;
  const view = textView(`${head}\n${codeBlock(clip(recipe.text.trim(), room))}\n${below}`);
  return refused === null ? { ...view, rows: [row(button(makeId, { label: foreign.make, emoji: '🎞️' }))] } : view;
}

export function differenceLine(difference: Difference, { foreign, refused }: Phrases): string {
  const name = (text: string) => quoted(text, NAME_CHARS);
  switch (difference.kind) {
    case 'model':
      return foreign.model(name(difference.asked), name(difference.instead));
    case 'modelName':
      return foreign.modelName(name(difference.asked), name(difference.here));
    case 'modelHash':
      return foreign.modelHash(name(difference.name), name(difference.asked), name(difference.here));
    case 'sampler':
      return foreign.sampler(name(difference.asked), name(difference.instead));
    case 'schedule':
      return foreign.schedule(name(difference.asked));
    case 'size':
      return foreign.size(difference.asked, difference.instead);
    case 'number':
      return foreign.number(refused.field[difference.field], difference.asked, difference.instead);
    case 'start':
      return foreign.start();
    case 'loras':
      return foreign.loras(name(difference.names.join(', ')));
    case 'upscaler':
      return foreign.upscaler(name(difference.asked));
    case 'fields':
      return foreign.fields(name(difference.names.join(', ')));
  }
}
