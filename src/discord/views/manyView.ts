// Several requests before they are made: what each is, how many pictures, what is left of the day, and a yes or a no.
import { ButtonStyle } from 'discord.js';
import type { ResolvedRequest } from '../../core/request.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';
import { button, cardView, row, textPart, type View } from './view.ts';

export interface ManyRequests {
  readonly requests: readonly ResolvedRequest[];
  /** In usual pictures. */
  readonly cost: number;
  /** Pictures of today that are not used yet. */
  readonly left: number;
  readonly limit: number;
  /** From now on until everything is made: a moment would be past while somebody thinks it over. */
  readonly takesMs: number;
  readonly noteId: string;
  /** Whose yes counts. */
  readonly askerId: string;
  /** Whether others see the question: then private words stay out of it. */
  readonly isPublic?: boolean;
}

/** Sixteen lines of this and the rest stay under the 4,000 characters of a card, even if every sign has to be escaped. */
const LINE_CHARS = 90;

export function manyView(
  { requests, cost, left, limit, takesMs, noteId, askerId, isPublic = false }: ManyRequests,
  phrases: Phrases,
  ids: CustomIds,
): View {
  const pictures = requests.reduce((sum, { count }) => sum + count, 0);
  const lines = requests.map(({ prompt, privatePrompt, steps, guidance, size }, index) => {
    const words = isPublic && privatePrompt === true ? phrases.card.hiddenPrompt() : quoted(prompt, LINE_CHARS);
    const numbers = `${size.widthPx}×${size.heightPx} · ${phrases.steps(steps)} · ${phrases.guidance(guidance)}`;
    return [...(requests.length === 1 ? [] : [`${index + 1}.`]), words === '' ? numbers : `${words} · ${numbers}`].join(
      ' ',
    );
  });
  const { many, label } = phrases;
  const dear = cost > pictures ? `\n${phrases.houseRules.counts(cost)}` : '';
  return cardView([
    textPart(`**${many.ask(requests.length, pictures)}**\n${many.takes(takesMs)} ${many.left(left, limit)}${dear}`),
    textPart(lines.join('\n')),
    row(
      button(ids.write('many', noteId, 'yes', askerId), {
        label: label.make(requests.length === 1 ? pictures : requests.length),
        emoji: '🎨',
        style: ButtonStyle.Primary,
        disabled: cost > left,
      }),
      button(ids.write('many', noteId, 'no', askerId), { label: label.cancel }),
    ),
  ]);
}
