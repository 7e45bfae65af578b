// What a person set once, laid under what they ask for now: settings fill what is left open, a named style adds its words and flags.
// Deliberately only for /imagine: again, variations and replies go on from what there is.
import { fitting, withLoraWords } from '../core/lora.ts';
import type { NamedStyle, UserSettings } from '../core/people.ts';
import { overlay, readPrompt } from '../core/promptFlags.ts';
import { nearestName } from '../core/refusal.ts';
import { type ModelCard, type RequestDraft, refuse, SAMPLERS } from '../core/request.ts';
import type { BotContext } from './context.ts';
import { allowedModels, defaultModelFor } from './houseRules.ts';
import { allowedLoras } from './loraAccess.ts';

export interface Person {
  readonly userId: string;
  readonly guildId: string | null;
  /** In that server; absent is none. */
  readonly roleIds?: readonly string[] | undefined;
}

/** @throws request_invalid where a style is named that there is not */
export function withPreferences(draft: RequestDraft, person: Person, bot: BotContext): RequestDraft {
  const settings = bot.store.settings(person.userId);
  const styled = withStyle(draft, settings, person, bot);
  const usual = usualModelFor(person, settings, bot);
  const isUsual = (styled.model ?? usual) === usual;
  const card = bot.catalog.cards.find(({ name }) => name === (styled.model ?? usual));
  const wanted = overlay(isUsual ? forUsualModel(settings, usual, card) : forAnyModel(settings), styled);
  const complete = wanted.loras === undefined ? { ...wanted, ...stackFor(person, card, bot) } : wanted;
  const words = settings.loraWords ?? 'suggest';
  return { ...complete, prompt: withLoraWords(complete.prompt, complete.loras ?? [], card?.loras ?? [], words) };
}

/**
 * Of somebody's stack what fits the model; what does not waits for another. Whoever never chose one has the server's, as far as they may use
 * it; of an own choice nothing is left out in silence.
 */
function stackFor(person: Person, card: ModelCard | undefined, bot: BotContext): Pick<RequestDraft, 'loras'> {
  const { store } = bot;
  const fits = card === undefined ? [] : fitting(card.loras ?? [], card).map(({ name }) => name);
  const chosen = store.loraStack(person.userId) ?? allowedLoras(store.loraDefaults(person.guildId), person, bot);
  const loras = chosen.filter(({ name }) => fits.includes(name));
  return loras.length === 0 ? {} : { loras };
}

/** The numbers somebody chose for one model would be wrong for another. */
function forUsualModel(settings: UserSettings, model: string, card: ModelCard | undefined): RequestDraft {
  const { size, steps, guidance, sampler, style } = settings;
  const known = SAMPLERS.find((name) => name === sampler);
  return {
    ...forAnyModel(settings),
    model,
    ...(size === undefined ? {} : { size }),
    ...(steps === undefined ? {} : { steps }),
    ...(guidance === undefined ? {} : { guidance }),
    ...(known === undefined ? {} : { sampler: known }),
    ...(style !== undefined && (style === 'none' || Object.hasOwn(card?.styles ?? {}, style)) ? { style } : {}),
  };
}

function forAnyModel({ count, privatePrompts }: UserSettings): RequestDraft {
  return {
    prompt: '',
    ...(count === undefined ? {} : { count }),
    ...(privatePrompts === true ? { privatePrompt: true } : {}),
  };
}

/** The model of the settings where somebody may use it, else one they may. */
export function usualModelFor(person: Person, { model }: UserSettings, bot: BotContext): string {
  const allowed = allowedModels(bot.catalog.cards, person, bot);
  return allowed.some(({ name }) => name === model) ? model! : defaultModelFor(person, bot);
}

function withStyle(draft: RequestDraft, settings: UserSettings, person: Person, bot: BotContext): RequestDraft {
  const inUse = ownStyle(settings.styleInUse, person, bot);
  const base = inUse === undefined ? draft : applied(draft, inUse);
  const isModelStyle = bot.catalog.cards.some((card) => Object.hasOwn(card.styles, base.style ?? ''));
  if (base.style === undefined || base.style === '' || base.style === 'none' || isModelStyle) return base;
  const { style: name, ...rest } = base;
  const named = ownStyle(name, person, bot);
  return named === undefined ? refuseStyle(name, person, bot) : applied(rest, named);
}

function ownStyle(name: string | undefined, { userId, guildId }: Person, { store }: BotContext) {
  return name === undefined ? undefined : store.style(userId, guildId, name.toLowerCase());
}

/** The style's words behind the prompt; what is asked for now wins over the style's flags, and unwanted things add up. */
function applied(draft: RequestDraft, { text }: NamedStyle): RequestDraft {
  const { prompt: words, ...flags } = readPrompt(text);
  const unwanted = [draft.negativePrompt, flags.negativePrompt].filter((part) => part !== undefined && part !== '');
  return {
    ...overlay({ prompt: '', ...flags }, draft),
    prompt: [draft.prompt, words].filter((part) => part !== '').join(', '),
    ...(draft.template === undefined
      ? {}
      : { template: [draft.template, words].filter((part) => part !== '').join(', ') }),
    ...(unwanted.length === 0 ? {} : { negativePrompt: unwanted.join(', ') }),
  };
}

function refuseStyle(name: string, person: Person, bot: BotContext): never {
  const { userId, guildId } = person;
  const { store, catalog } = bot;
  const own = store.styles(userId, guildId).map((style) => style.name);
  const cards = allowedModels(catalog.cards, person, bot);
  const names = [...new Set([...cards.flatMap((card) => Object.keys(card.styles)), ...own, 'none'])];
  return refuse('style', name, { kind: 'names', names });
}

/** A name for an unknown one, for answers outside of requests. */
export function nearStyle(name: string, { userId, guildId }: Person, { store }: BotContext): string | undefined {
  return nearestName(
    name,
    store.styles(userId, guildId).map((style) => style.name),
  );
}
