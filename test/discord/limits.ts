// Discord's limits, written down from its documentation and not from our code, so that views are compared with something independent.
// @source Discord documentation: Create Message, Embed Limits, Component Reference, Modals, Application Commands.
import type { APIModalInteractionResponseCallbackData } from 'discord.js';
import { expect } from 'vitest';
import type { View } from '../../src/discord/views/view.ts';

export function expectFits(view: View): void {
  if (view.card === undefined) expectClassicFits(view);
  else expectCardFits(view);
}

function expectClassicFits(view: View): void {
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

interface Item {
  readonly media: { readonly url: string };
  readonly description?: string;
}

interface Node {
  readonly type: number;
  readonly content?: string;
  readonly components?: readonly Node[];
  readonly items?: readonly Item[];
  readonly accessory?: Node;
  readonly options?: readonly { readonly label: string; readonly value: string; readonly description?: string }[];
  readonly custom_id?: string;
  readonly label?: string;
  readonly placeholder?: string;
}

/** @source Discord documentation, Component Reference: 40 components, 4,000 characters of text, 10 gallery items, 25 options. */
function expectCardFits(view: View): void {
  expect([view.content, view.embeds, view.rows]).toEqual(['', [], []]);
  const nodes = (view.card as readonly Node[]).flatMap(walk);
  expect(nodes.length).toBeLessThanOrEqual(40);
  const text = nodes.filter((node) => node.type === 10).map((node) => node.content ?? '');
  for (const one of text) expect(one.length).toBeGreaterThan(0);
  expect(text.join('').length).toBeLessThanOrEqual(4000);
  for (const row of nodes.filter((node) => node.type === 1)) expectRowFits(row);
  const ids = nodes.flatMap((node) => node.custom_id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id.length).toBeLessThanOrEqual(100);
  const items = nodes.flatMap((node) => (node.type === 11 ? [node as unknown as Item] : (node.items ?? [])));
  expect(items.length).toBeLessThanOrEqual(10);
  expect(items.map(({ media }) => media.url)).toEqual(view.files.map((file) => `attachment://${file.name}`));
  for (const item of items) expect(item.description!.length).toBeLessThanOrEqual(1024);
}

function walk(node: Node): Node[] {
  return [node, ...(node.components ?? []).flatMap(walk), ...(node.accessory === undefined ? [] : [node.accessory])];
}

function expectRowFits({ components = [] }: Node): void {
  expect(components.length).toBeGreaterThanOrEqual(1);
  expect(components.length).toBeLessThanOrEqual(5);
  for (const part of components) {
    if (part.type === 2) expect([...(part.label ?? '')].length).toBeLessThanOrEqual(80);
    if (part.type !== 3) continue;
    expect(components).toHaveLength(1);
    expect(part.placeholder!.length).toBeLessThanOrEqual(150);
    expectOptionsFit(part);
  }
}

function expectOptionsFit({ options = [] }: Node): void {
  expect(options.length).toBeGreaterThanOrEqual(1);
  expect(options.length).toBeLessThanOrEqual(25);
  expect(new Set(options.map(({ value }) => value)).size).toBe(options.length);
  for (const { label, value, description } of options) {
    for (const text of [label, value, description ?? 'x']) {
      expect(text.length).toBeGreaterThanOrEqual(1);
      expect(text.length).toBeLessThanOrEqual(100);
    }
  }
}

/** The words of a card, from top to bottom. */
export function cardText(view: View): string {
  const nodes = ((view.card ?? []) as readonly Node[]).flatMap(walk);
  return nodes.flatMap((node) => (node.type === 10 ? [node.content ?? ''] : [])).join('\n');
}

/** The labels of a card's buttons, row by row. */
export function cardLabels(view: View): string[][] {
  const rows = ((view.card ?? []) as readonly Node[]).flatMap(walk).filter((node) => node.type === 1);
  return rows.map((row) => (row.components ?? []).map((part) => part.label ?? ''));
}

function expectRows(view: View): void {
  expect(view.rows.length).toBeLessThanOrEqual(5);
  const rows = view.rows as unknown as readonly Node[];
  for (const row of rows) expectRowFits(row);
  const ids = rows.flatMap(({ components = [] }) => components.map(({ custom_id }) => custom_id ?? ''));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id.length).toBeGreaterThanOrEqual(1);
    expect(id.length).toBeLessThanOrEqual(100);
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

interface Input extends Node {
  readonly max_length?: number;
  readonly value?: string;
}

/** The inputs of a row, or the one of a label, with the words its user reads. */
function inputsOf(part: APIModalInteractionResponseCallbackData['components'][number]): Input[] {
  if ('components' in part) return part.components as unknown as Input[];
  return 'component' in part ? [{ ...(part.component as unknown as Input), label: part.label }] : [];
}

export function expectModalFits(modal: APIModalInteractionResponseCallbackData): void {
  expect(modal.custom_id.length).toBeLessThanOrEqual(100);
  expect(modal.title.length).toBeGreaterThanOrEqual(1);
  expect(modal.title.length).toBeLessThanOrEqual(45);
  expect(modal.components.length).toBeGreaterThanOrEqual(1);
  expect(modal.components.length).toBeLessThanOrEqual(5);
  const inputs = modal.components.flatMap(inputsOf);
  expect(new Set(inputs.map((input) => input.custom_id)).size).toBe(inputs.length);
  for (const input of inputs) {
    expect(input.label?.length).toBeGreaterThanOrEqual(1);
    expect(input.label?.length).toBeLessThanOrEqual(45);
    if (input.type === 3) expectOptionsFit(input);
    expect(input.max_length ?? 4000).toBeLessThanOrEqual(4000);
    expect((input.placeholder ?? '').length).toBeLessThanOrEqual(100);
    if (input.value !== undefined) {
      expect(input.value.length).toBeGreaterThanOrEqual(1);
      expect(input.value.length).toBeLessThanOrEqual(input.max_length ?? 4000);
    }
  }
}
