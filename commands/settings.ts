// /settings: a panel of one's own defaults. Every change is checked as a request would be, kept at once, and shown.
import {
  ApplicationCommandType,
  type ButtonInteraction,
  type ModalSubmitInteraction,
  type RepliableInteraction,
  type StringSelectMenuInteraction,
} from 'discord.js';
import type { UserSettings } from '../src/core/people.ts';
import { type RequestDraft, refuse, SAMPLERS } from '../src/core/request.ts';
import { chooseCard, resolveRequest } from '../src/core/resolve.ts';
import { parseSize } from '../src/core/size.ts';
import { phrasesOf, replace, show } from '../src/discord/answers.ts';
import type { ButtonHandler, FormHandler, SelectHandler, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { allowedModels, type Resident } from '../src/discord/houseRules.ts';
import { loraAskerOf } from '../src/discord/loraAccess.ts';
import { LANGUAGES, type Phrases, phrasesFor } from '../src/discord/phrases/phrases.ts';
import { usualModelFor } from '../src/discord/preferences.ts';
import { FIELD, settingsForm } from '../src/discord/views/formViews.ts';
import { settingsView, UNSET } from '../src/discord/views/settingsView.ts';
import type { View } from '../src/discord/views/view.ts';
import { fieldOf } from './fields.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** Of the models somebody may use there. */
function panel(settings: UserSettings, who: Resident, bot: BotContext, phrases: Phrases): View {
  const cards = allowedModels(bot.catalog.cards, who, bot);
  const card = cards.find(({ name }) => name === usualModelFor(who, settings, bot));
  return settingsView(
    settings,
    card,
    cards.map(({ name }) => name),
    phrases,
    bot.ids,
  );
}

/** A language that was just chosen answers at once. */
function phrasesNow(interaction: RepliableInteraction, { language }: UserSettings): Phrases {
  return language === undefined ? phrasesOf(interaction) : phrasesFor(language);
}

async function keep(
  interaction: ButtonInteraction | StringSelectMenuInteraction,
  settings: UserSettings,
  bot: BotContext,
): Promise<void> {
  bot.store.setSettings(interaction.user.id, settings);
  await replace(
    interaction,
    panel(settings, loraAskerOf(interaction), bot, phrasesNow(interaction, settings)),
    bot.dataDir,
  );
}

const pressed: ButtonHandler = async (interaction, [what], bot) => {
  const settings = bot.store.settings(interaction.user.id);
  if (what === 'numbers') {
    await interaction.showModal(settingsForm(bot.ids.write('settingsForm'), settings, phrasesOf(interaction)));
  } else if (what === 'mention' || what === 'privatePrompts') {
    await keep(interaction, { ...settings, [what]: settings[what] !== true }, bot);
  } else if (what === 'reset') {
    await keep(interaction, {}, bot);
  }
};

const chosen: SelectHandler = async (interaction, [field], bot) => {
  const value = interaction.values[0] ?? UNSET;
  const settings = bot.store.settings(interaction.user.id);
  if (field !== 'language' && field !== 'model' && field !== 'sampler' && field !== 'style') return;
  const { [field]: _, ...others } = settings;
  await keep(
    interaction,
    value === UNSET ? others : { ...others, [field]: checked(field, value, settings, loraAskerOf(interaction), bot) },
    bot,
  );
};

/** Values come from the other side; only names there are pass. @throws request_invalid */
function checked(
  field: 'language' | 'model' | 'sampler' | 'style',
  value: string,
  settings: UserSettings,
  who: Resident,
  bot: BotContext,
): string {
  const cards = allowedModels(bot.catalog.cards, who, bot);
  const card = chooseCard({ prompt: '' }, cards, usualModelFor(who, settings, bot));
  const names: Readonly<Record<typeof field, readonly string[]>> = {
    language: Object.keys(LANGUAGES),
    model: cards.map(({ name }) => name),
    sampler: SAMPLERS,
    style: [...Object.keys(card.styles), 'none'],
  };
  return names[field].includes(value) ? value : refuse(field, value, { kind: 'names', names: names[field] });
}

const typed: FormHandler = async (interaction, _, bot) => {
  const { size: _size, steps: _steps, guidance: _g, count: _c, ...others } = bot.store.settings(interaction.user.id);
  const settings = { ...others, ...numbersOf(interaction) };
  // The same door as a request's: what it refuses now, it would refuse later.
  const draft: RequestDraft = { prompt: 'x', ...numbersOf(interaction) };
  const card = chooseCard(draft, bot.catalog.cards, usualModelFor(loraAskerOf(interaction), others, bot));
  resolveRequest(draft, card, bot.catalog.limits, 0);
  bot.store.setSettings(interaction.user.id, settings);
  const view = panel(settings, loraAskerOf(interaction), bot, phrasesNow(interaction, settings));
  if (interaction.isFromMessage()) await replace(interaction, view, bot.dataDir);
  else await show(interaction, view, bot.dataDir);
};

function numbersOf(interaction: ModalSubmitInteraction): Pick<UserSettings, 'size' | 'steps' | 'guidance' | 'count'> {
  const size = fieldOf(interaction, FIELD.size);
  const parsed =
    size === '' ? undefined : (parseSize(size) ?? refuse('size', size, { kind: 'sizeForm', shapes: 'not' }));
  const number = (name: 'steps' | 'guidance' | 'count') => {
    const text = fieldOf(interaction, FIELD[name]).replace(',', '.');
    if (text === '') return {};
    return { [name]: /^\d{1,4}(?:\.\d{1,4})?$/.test(text) ? Number(text) : refuse(name, text, { kind: 'number' }) };
  };
  const numbers = { ...number('steps'), ...number('guidance'), ...number('count') };
  return parsed === undefined ? numbers : { size: parsed, ...numbers };
}

export const settings: SlashCommand = {
  kind: 'slash',
  name: 'settings',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'settings', zh: '设置', ru: 'настройки', es: 'ajustes', de: 'einstellungen', fr: 'réglages', ja: '設定' },
      {
        en: 'Your own defaults: language, model, size, numbers, mentions, private prompts.',
        zh: '你的默认值：语言、模型、尺寸、数值、提及、提示词是否公开。',
        ru: 'Ваши значения: язык, модель, размер, числа, упоминания, скрытые промпты.',
        es: 'Tus valores: idioma, modelo, tamaño, números, menciones, textos privados.',
        de: 'Deine Vorgaben: Sprache, Modell, Größe, Zahlen, Erwähnungen, private Texte.',
        fr: 'Vos valeurs : langue, modèle, taille, nombres, mentions, textes privés.',
        ja: 'あなたの既定値：言語、モデル、サイズ、数値、メンション、プロンプトの非公開。',
      },
    ),
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const own = bot.store.settings(interaction.user.id);
    await show(interaction, panel(own, loraAskerOf(interaction), bot, phrasesOf(interaction)), bot.dataDir);
  },
  buttons: { settings: pressed },
  selects: { settings: chosen },
  forms: { settingsForm: typed },
};
