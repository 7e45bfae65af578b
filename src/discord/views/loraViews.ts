// Private views of LoRAs: what there is for a model, page by page; one of them; and the stack of the person who asked.
import { formatLora, type LoraCard, type LoraUse } from '../../core/lora.ts';
import type { CustomIds } from '../customIds.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { clip, MAX_ALT_CHARS, MAX_CONTENT_CHARS, quoted } from '../text.ts';
import type { Thumbnail } from '../thumbnails.ts';
import { button, cardView, galleryPart, row, textPart, textView, type View } from './view.ts';

/** Three rows of three pictures; a gallery holds ten. */
export const PAGE_LORAS = 9;

export interface LoraPage {
  readonly userId: string;
  readonly model: string;
  /** Everything that fits the model, or what a search left of it. */
  readonly cards: readonly LoraCard[];
  /** 0-based. */
  readonly page: number;
  readonly stack: readonly LoraUse[];
  /** Whether the buttons that turn pages are shown; a search has none. */
  readonly turns: boolean;
  /** What LoRAs of the page look like, by name. */
  readonly pictures?: ReadonlyMap<string, Thumbnail>;
}

/** Those of one page, and which page that is. */
export function loraPage(cards: readonly LoraCard[], page: number) {
  const pages = Math.max(1, Math.ceil(cards.length / PAGE_LORAS));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { at, pages, shown: cards.slice(at * PAGE_LORAS, (at + 1) * PAGE_LORAS) };
}

export function loraPageView(
  { userId, model, cards, page, stack, turns, pictures = new Map() }: LoraPage,
  phrases: Phrases,
  ids: CustomIds,
): View {
  if (cards.length === 0) return textView(phrases.lora.none(quoted(model, 80)));
  const { at, pages, shown } = loraPage(cards, page);
  const head = `**${phrases.lora.browse(quoted(model, 80), at + 1, pages)}**`;
  const used = (card: LoraCard) => stack.find(({ name }) => name === card.name);
  const lines = shown.map((card, index) => `${index + 1}. ${pageLine(card, used(card))}`);
  const files = shown.flatMap(({ name }, index) => {
    const picture = pictures.get(name);
    const altText = clip(phrases.loraKeeping.previewAlt(name), MAX_ALT_CHARS);
    return picture === undefined ? [] : [{ ...picture, name: `lora-${index + 1}.webp`, altText }];
  });
  const parts = [textPart(head), ...galleryPart(files), textPart(clip(lines.join('\n'), MAX_CONTENT_CHARS))];
  if (!turns || pages === 1) return cardView(parts, files);
  const turn = (to: number, label: string, emoji: string, disabled: boolean) =>
    button(ids.write('loras', userId, to), { label, emoji, disabled });
  const { newer, older } = phrases.label;
  const turning = row(turn(at - 1, newer, '◀️', at === 0), turn(at + 1, older, '▶️', at === pages - 1));
  return cardView([...parts, turning], files);
}

function pageLine({ name, triggers, about }: LoraCard, used: LoraUse | undefined): string {
  const words = triggers.slice(0, 3).join(', ') || (about ?? '');
  const mark = used === undefined ? '' : ` ✓ ${used.strength}`;
  return `**${quoted(name, 80)}**${mark}${words === '' ? '' : ` · ${quoted(words, 60)}`}`;
}

export function loraView(card: LoraCard, phrases: Phrases): View {
  const { sampler, schedule, steps, guidance } = card.defaults;
  const advised = [
    sampler,
    schedule,
    ...(steps === undefined ? [] : [phrases.steps(steps)]),
    ...(guidance === undefined ? [] : [phrases.guidance(guidance)]),
  ].filter((part) => part !== undefined);
  const lines = [
    `**${quoted(card.name, 80)}** · ${(card.sizeBytes / 2 ** 20).toFixed(1)} MiB`,
    phrases.lora.made(quoted(card.family, 60), card.fits.map((model) => quoted(model, 60)).join(', ') || '—'),
    ...(card.about === undefined ? [] : [quoted(card.about, 300)]),
    ...(card.triggers.length === 0 ? [] : [phrases.lora.triggers(quoted(card.triggers.join(', '), 400))]),
    ...(advised.length === 0 ? [] : [phrases.lora.advised(advised.join(', '))]),
    `\`<lora:${card.name}:${card.defaults.strength ?? 1}>\``,
  ];
  return textView(clip(lines.join('\n'), MAX_CONTENT_CHARS));
}

/** @param notes lines below, such as the words the newest one knows */
export function stackView(stack: readonly LoraUse[], phrases: Phrases, notes: readonly string[] = []): View {
  if (stack.length === 0) return textView([phrases.lora.empty(), ...notes].join('\n'));
  const lines = stack.map((use) => `- ${quoted(formatLora(use), 100)}`);
  return textView(clip([phrases.lora.stack(), ...lines, ...notes].join('\n'), MAX_CONTENT_CHARS));
}
