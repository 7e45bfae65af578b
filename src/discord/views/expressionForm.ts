// The form that makes a picture an emoji or sticker of a server: its name, which of the two, and whether the background goes.
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  TextInputStyle,
} from 'discord.js';
import type { Phrases } from '../phrases/phrases.ts';
import { clip } from '../text.ts';

export const EXPRESSION_FIELD = { name: 'name', kind: 'kind', background: 'background' } as const;

/** Discord's limit of a title and a label, in characters. */
const MAX_TITLE_CHARS = 45;

export function expressionForm(
  customId: string,
  name: string,
  { making: { expression } }: Phrases,
): APIModalInteractionResponseCallbackData {
  const input = {
    type: ComponentType.TextInput,
    style: TextInputStyle.Short,
    custom_id: EXPRESSION_FIELD.name,
    min_length: 2,
    max_length: 30,
    required: true,
    value: name,
  } as const;
  return {
    custom_id: customId,
    title: clip(expression.title(), MAX_TITLE_CHARS),
    components: [
      labelled(expression.name(), input),
      labelled(
        expression.kind(),
        select(EXPRESSION_FIELD.kind, [expression.emoji(), expression.sticker()], ['emoji', 'sticker']),
      ),
      labelled(
        expression.background(),
        select(EXPRESSION_FIELD.background, [expression.cut(), expression.keep()], ['cut', 'keep']),
      ),
    ],
  };
}

/** The first is chosen until somebody chooses another. */
function select(customId: string, labels: readonly string[], values: readonly string[]) {
  const options = labels.map((label, index) => ({
    label: clip(label, 100),
    value: values[index]!,
    default: index === 0,
  }));
  return { type: ComponentType.StringSelect, custom_id: customId, options, required: true } as const;
}

function labelled(label: string, component: APILabelComponent['component']): APILabelComponent {
  return { type: ComponentType.Label, label: clip(label, MAX_TITLE_CHARS), component };
}
