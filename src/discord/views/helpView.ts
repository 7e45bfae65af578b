// /help as one card.
import { ComponentType } from 'discord.js';
import type { Phrases } from '../phrases/phrases.ts';
import { type CardPart, cardView, textPart, type View } from './view.ts';

const LINE: CardPart = { type: ComponentType.Separator, divider: true };

export function helpView({ help, control, making }: Phrases): View {
  const [first, ...others] = help.topics;
  const topics = [...(first === undefined ? [] : [first]), control.help, making.help, ...others].flatMap(
    ({ title, body }) => [LINE, textPart(`**${title}**\n${body}`)],
  );
  return cardView([textPart(`## ${help.title()}`), ...topics]);
}
