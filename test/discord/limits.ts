// Discord's limits, written down from its documentation and not from our code, so that views are compared with something independent.
// @source Discord documentation: Create Message, Embed Limits, Component Reference, Modals, Application Commands.
import type { APIModalInteractionResponseCallbackData } from 'discord.js';
import { expect } from 'vitest';
import type { View } from '../../src/discord/views/view.ts';

export function expectFits(view: View): void {
  expect(view.content.length).toBeLessThanOrEqual(2000);
  expect(view.content.length + view.embeds.length + view.files.length).toBeGreaterThan(0);
  expectRows(view);
  expectEmbeds(view);
  expect(view.files.length).toBeLessThanOrEqual(10);
  for (const file of view.files) {
    expect(file.altText.length).toBeLessThanOrEqual(1024);
    expect(file.name).toMatch(/^[\w.-]{1,100}$/);
  }
}

function expectRows(view: View): void {
  expect(view.rows.length).toBeLessThanOrEqual(5);
  const buttons = view.rows.flatMap((row) => {
    expect(row.components.length).toBeGreaterThanOrEqual(1);
    expect(row.components.length).toBeLessThanOrEqual(5);
    return row.components;
  });
  const ids = buttons.map((button) => ('custom_id' in button ? button.custom_id : ''));
  expect(new Set(ids).size).toBe(ids.length);
  for (const button of buttons) {
    expect('custom_id' in button && button.custom_id.length).toBeGreaterThanOrEqual(1);
    expect('custom_id' in button && button.custom_id.length).toBeLessThanOrEqual(100);
    expect('label' in button && [...(button.label ?? '')].length).toBeLessThanOrEqual(80);
  }
}

function expectEmbeds(view: View): void {
  expect(view.embeds.length).toBeLessThanOrEqual(10);
  let total = 0;
  for (const embed of view.embeds) {
    total += (embed.description ?? '').length + (embed.title ?? '').length;
    expect((embed.description ?? '').length).toBeLessThanOrEqual(4096);
    const url = embed.thumbnail?.url;
    if (url?.startsWith('attachment://')) expect(view.files.map((file) => `attachment://${file.name}`)).toContain(url);
  }
  expect(total).toBeLessThanOrEqual(6000);
}

export function expectModalFits(modal: APIModalInteractionResponseCallbackData): void {
  expect(modal.custom_id.length).toBeLessThanOrEqual(100);
  expect(modal.title.length).toBeGreaterThanOrEqual(1);
  expect(modal.title.length).toBeLessThanOrEqual(45);
  expect(modal.components.length).toBeGreaterThanOrEqual(1);
  expect(modal.components.length).toBeLessThanOrEqual(5);
  const inputs = modal.components.flatMap((row) => ('components' in row ? row.components : []));
  expect(new Set(inputs.map((input) => input.custom_id)).size).toBe(inputs.length);
  for (const input of inputs) {
    expect(input.label?.length).toBeGreaterThanOrEqual(1);
    expect(input.label?.length).toBeLessThanOrEqual(45);
    expect(input.max_length ?? 4000).toBeLessThanOrEqual(4000);
    expect((input.placeholder ?? '').length).toBeLessThanOrEqual(100);
    if (input.value !== undefined) {
      expect(input.value.length).toBeGreaterThanOrEqual(1);
      expect(input.value.length).toBeLessThanOrEqual(input.max_length ?? 4000);
    }
  }
}
