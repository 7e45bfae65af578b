// /help as one card.
import { ComponentType } from 'discord.js';
import type { Phrases } from '../phrases/phrases.ts';
import { type CardPart, cardView, textPart, type View } from './view.ts';

const LINE: CardPart = { type: ComponentType.Separator, divider: true };

export function helpView({ help, control }: Phrases): View {
  const [making, ...others] = help.topics;
  const topics = [...(making === undefined ? [] : [making]), control.help, ...others].flatMap(({ title, body }) => [
    LINE,
    textPart(`**${title}**\n${body}`),
  ]);
  return cardView([textPart(`## ${help.title()}`), ...topics]);
}
