// The settings as a private panel: what is set, and a select or button for each.
import { type APISelectMenuOption, ButtonStyle } from 'discord.js';
import type { UserSettings } from '../../core/people.ts';
import { type ModelCard, SAMPLERS } from '../../core/request.ts';
import { formatSize } from '../../core/size.ts';
import type { CustomIds } from '../customIds.ts';
import { LANGUAGES, type Phrases, type SettingName } from '../phrases/phrases.ts';
import { quoted } from '../text.ts';
import { type ButtonRow, button, cardView, row, type SelectRow, selectRow, textPart, type View } from './view.ts';

/** Options a select holds; the first one stands for "nothing set". */
const MAX_OPTIONS = 25;
/** The value of an option that takes a setting back; no name can be this. */
export const UNSET = '-';

/** @param card the model the settings are for */
export function settingsView(
  settings: UserSettings,
  card: ModelCard | undefined,
  models: readonly string[],
  phrases: Phrases,
  ids: CustomIds,
): View {
  const words = phrases.settings;
  return cardView([
    textPart(`**${words.title()}**\n-# ${words.intro()}\n${listOf(settings, card, phrases)}`),
    languageRow(settings, phrases, ids),
    ...(models.length > 1 ? [nameRow('model', models, settings.model, phrases, ids)] : []),
    nameRow('sampler', SAMPLERS, settings.sampler, phrases, ids),
    ...stylesRow(settings, card, phrases, ids),
    buttonRow(settings, phrases, ids),
  ]);
}

function listOf(settings: UserSettings, card: ModelCard | undefined, { settings: words }: Phrases): string {
  const { language, size } = settings;
  const own = card?.defaults;
  const values: Readonly<Record<SettingName, readonly [set: string | number | undefined, usual: string | number]>> = {
    language: [language === undefined ? undefined : (LANGUAGES as Record<string, string>)[language], words.automatic()],
    // A model somebody chose elsewhere may not be for them here.
    model: [settings.model === card?.name ? settings.model : undefined, card?.name ?? '—'],
    size: [size === undefined ? undefined : formatSize(size), own === undefined ? '—' : formatSize(own.size)],
    steps: [settings.steps, own?.steps ?? '—'],
    guidance: [settings.guidance, own?.guidance ?? '—'],
    sampler: [settings.sampler, own?.sampler ?? '—'],
    style: [settings.style, own?.style ?? '—'],
    count: [settings.count, 1],
    mention: [settings.mention === true ? words.yes() : undefined, words.no()],
    privatePrompts: [settings.privatePrompts === true ? words.yes() : undefined, words.no()],
  };
  // What somebody set stands out from what is so anyway.
  return (Object.keys(words.field) as SettingName[])
    .map((name) => {
      const [set, usual] = values[name];
      const shown = quoted(String(set ?? usual), 100);
      return `- ${words.field[name]}: ${set === undefined ? shown : `**${shown}**`}`;
    })
    .join('\n');
}

function languageRow({ language }: UserSettings, { settings: words }: Phrases, ids: CustomIds): SelectRow {
  const options = Object.entries(LANGUAGES).map(([value, label]) => ({ label, value, default: value === language }));
  return select('language', [unset(words.automatic(), language), ...options], words.field.language, words, ids);
}

type NameField = 'model' | 'sampler' | 'style';

function nameRow(
  field: NameField,
  names: readonly string[],
  current: string | undefined,
  { settings: words }: Phrases,
  ids: CustomIds,
): SelectRow {
  const options = names
    .slice(0, MAX_OPTIONS - 1)
    .map((name) => ({ label: name, value: name.slice(0, 100), default: name === current }));
  return select(field, [unset(words.usual(), current), ...options], words.field[field], words, ids);
}

function stylesRow(settings: UserSettings, card: ModelCard | undefined, phrases: Phrases, ids: CustomIds): SelectRow[] {
  const names = Object.keys(card?.styles ?? {});
  return names.length === 0 ? [] : [nameRow('style', [...names, 'none'], settings.style, phrases, ids)];
}

function unset(label: string, current: string | undefined): APISelectMenuOption {
  return { label, value: UNSET, default: current === undefined };
}

/** Closed, a select shows its chosen option alone, so every option says what it is for. */
function select(
  field: NameField | 'language',
  options: readonly APISelectMenuOption[],
  title: string,
  words: Phrases['settings'],
  ids: CustomIds,
): SelectRow {
  const titled = options.map((option) => ({ ...option, label: `${title}: ${option.label}` }));
  return selectRow(ids.write('settings', field), words.choose(title), titled);
}

function buttonRow({ mention, privatePrompts }: UserSettings, { label }: Phrases, ids: CustomIds): ButtonRow {
  const style = (isOn: boolean | undefined) => (isOn === true ? ButtonStyle.Primary : ButtonStyle.Secondary);
  return row(
    button(ids.write('settings', 'numbers'), { label: label.numbers, emoji: '📐' }),
    button(ids.write('settings', 'mention'), { label: label.mention, emoji: '🔔', style: style(mention) }),
    button(ids.write('settings', 'privatePrompts'), {
      label: label.privatePrompts,
      emoji: '🔒',
      style: style(privatePrompts),
    }),
    button(ids.write('settings', 'reset'), { label: label.reset, emoji: '↩️', style: ButtonStyle.Danger }),
  );
}
