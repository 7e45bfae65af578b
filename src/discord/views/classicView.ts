// A card as an ordinary message with an embed, for servers that prefer those: the same words, pictures and buttons. Covered pictures stand
// below as files, because an embed cannot cover them.
import { type APIComponentInContainer, type APIEmbed, ComponentType } from 'discord.js';
import { clip, MAX_CONTENT_CHARS } from '../text.ts';
import type { ButtonRow, View, ViewFile } from './view.ts';

/** Discord's limits: characters of a description, and rows of a message. */
const MAX_DESCRIPTION_CHARS = 4096;
const MAX_ROWS = 5;
/** Embeds of one url are shown as one, with their pictures side by side. */
const GALLERY_URL = 'https://discord.com/';

/** The view itself where it is no card. */
export function classicView(view: View): View {
  if (view.card === undefined) return view;
  const parts = view.card.flatMap((part) => (part.type === ComponentType.Container ? part.components : []));
  const texts = parts.flatMap((part) => (part.type === ComponentType.TextDisplay ? [part.content] : []));
  const covered = coveredNames(parts);
  const files = view.files.map((file) => (covered.has(file.name) ? { ...file, name: `SPOILER_${file.name}` } : file));
  const rows = parts.filter((part) => part.type === ComponentType.ActionRow).slice(0, MAX_ROWS) as ButtonRow[];
  const [first = '', ...others] = texts;
  const description = clip(others.join('\n'), MAX_DESCRIPTION_CHARS);
  const embeds = embedsOf(description, covered.size > 0 ? [] : files);
  return { content: clip(first, MAX_CONTENT_CHARS), embeds, rows, files };
}

function coveredNames(parts: readonly APIComponentInContainer[]): ReadonlySet<string> {
  const items = parts.flatMap((part) => (part.type === ComponentType.MediaGallery ? part.items : []));
  const covered = items.filter(({ spoiler }) => spoiler === true);
  return new Set(covered.map(({ media }) => media.url.replace('attachment://', '')));
}

function embedsOf(description: string, files: readonly ViewFile[]): APIEmbed[] {
  const words = description === '' ? {} : { description };
  const [first, ...others] = files.map(({ name }) => ({ image: { url: `attachment://${name}` } }));
  if (first === undefined) return description === '' ? [] : [words];
  const url = others.length === 0 ? {} : { url: GALLERY_URL };
  return [{ ...words, ...url, ...first }, ...others.map((image) => ({ url: GALLERY_URL, ...image }))];
}
