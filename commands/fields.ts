// What people typed into the forms, read as values; an empty field is an answer too.
import type { ModalSubmitInteraction } from 'discord.js';
import { SEED_COUNT } from '../src/core/request.ts';
import { FIELD } from '../src/discord/views/formViews.ts';

/** '' where the form has no such field. */
export function fieldOf(interaction: ModalSubmitInteraction, name: string): string {
  return interaction.fields.fields.has(name) ? interaction.fields.getTextInputValue(name).trim() : '';
}

/** Empty means a new seed. */
export function seedOf(interaction: ModalSubmitInteraction): { seed: number } | Record<never, never> | 'bad' {
  const text = fieldOf(interaction, FIELD.seed);
  if (text === '') return {};
  return /^\d{1,10}$/.test(text) && Number(text) < SEED_COUNT ? { seed: Number(text) } : 'bad';
}

/** Empty means the request's own number stays. */
export function stepsOf(interaction: ModalSubmitInteraction): { steps: number } | Record<never, never> | 'bad' {
  const text = fieldOf(interaction, FIELD.steps);
  if (text === '') return {};
  return /^\d{1,4}$/.test(text) ? { steps: Number(text) } : 'bad';
}

/** A number in a range, undefined when the field was left empty; a decimal comma is read as a point. */
export function numberOf(text: string, low: number, high: number): number | undefined | 'bad' {
  if (text === '') return undefined;
  const value = /^\d{1,4}(?:[.,]\d{1,6})?$/.test(text) ? Number(text.replace(',', '.')) : Number.NaN;
  return value >= low && value <= high ? value : 'bad';
}
