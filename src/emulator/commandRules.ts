// What application commands may be beyond openapi.json's types: names, option order and nesting, choices, and the 8,000 characters.
import { type FieldError, fieldError, type JsonObject, required } from './apiError.ts';
import { isObject } from './wire.ts';

/** Commands of one kind in one place. @source Discord documentation, "Registering a Command" */
export const MAX_COMMANDS: Readonly<Record<number, number>> = { 1: 100, 2: 15, 3: 15 };
/** Characters of all names, descriptions and choice values of one command, its longest localisations counted. */
export const MAX_COMMAND_CHARS = 8000;

const CHAT_NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const SUBCOMMAND = 1;
const GROUP = 2;
/** Option kinds that may have choices: text, whole number, number. */
const WITH_CHOICES = [3, 4, 10];

const LOCALES = new Set(
  'ar bg cs da de el en-GB en-US es-419 es-ES fi fr he hi hr hu id it ja ko lt nl no pl pt-BR ro ru sv-SE th tr uk vi zh-CN zh-TW'.split(
    ' ',
  ),
);

type Path = readonly (string | number)[];
const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

export function commandTypeOf(command: JsonObject): number {
  return typeof command.type === 'number' ? command.type : 1;
}

/** Every broken rule of one command. */
export function commandErrors(command: JsonObject, path: Path): FieldError[] {
  const isChat = commandTypeOf(command) === 1;
  const common = [...localeErrors(command, path, isChat), ...sizeErrors(command, path)];
  if (!isChat) return [...menuErrors(command, path), ...common];
  return [
    ...nameErrors(command.name, [...path, 'name']),
    ...descriptionErrors(command, path),
    ...common,
    ...optionListErrors(command, path, 0),
  ];
}

/** A whole list as PUT brings it: each command, no name twice, no kind too often. */
export function commandListErrors(commands: readonly JsonObject[]): FieldError[] {
  const seen = new Set<string>();
  const duplicates = commands.flatMap((command, index) => {
    const key = `${commandTypeOf(command)} ${String(command.name)}`;
    if (seen.has(key))
      return [
        fieldError([index, 'name'], 'APPLICATION_COMMANDS_DUPLICATE_NAME', 'Application command names must be unique'),
      ];
    seen.add(key);
    return [];
  });
  const crowded = Object.entries(MAX_COMMANDS).flatMap(([type, max]) => {
    const count = commands.filter((command) => commandTypeOf(command) === Number(type)).length;
    return count > max
      ? [
          fieldError(
            [],
            'APPLICATION_COMMANDS_MAX',
            `Maximum number of application commands of type ${type} reached (${max}).`,
          ),
        ]
      : [];
  });
  return [...commands.flatMap((command, index) => commandErrors(command, [index])), ...duplicates, ...crowded];
}

function nameErrors(name: unknown, path: Path): FieldError[] {
  const text = String(name ?? '');
  if (CHAT_NAME.test(text) && text === text.toLowerCase()) return [];
  return [fieldError(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid')];
}

function descriptionErrors(node: JsonObject, path: Path): FieldError[] {
  return typeof node.description === 'string' && node.description.length > 0 ? [] : [required(...path, 'description')];
}

function menuErrors(command: JsonObject, path: Path): FieldError[] {
  const described = typeof command.description === 'string' && command.description !== '';
  return [
    ...(described
      ? [
          fieldError(
            [...path, 'description'],
            'APPLICATION_COMMAND_DESCRIPTION_INVALID',
            'Context menu commands cannot have description',
          ),
        ]
      : []),
    ...(objects(command.options).length > 0
      ? [
          fieldError(
            [...path, 'options'],
            'APPLICATION_COMMAND_OPTIONS_INVALID',
            'Context menu commands cannot have options',
          ),
        ]
      : []),
  ];
}

function localeErrors(node: JsonObject, path: Path, isChat: boolean): FieldError[] {
  return (['name_localizations', 'description_localizations'] as const).flatMap((key) => {
    const texts = isObject(node[key]) ? node[key] : {};
    return Object.entries(texts).flatMap(([locale, text]) => {
      const here = [...path, key, locale];
      if (!LOCALES.has(locale))
        return [fieldError(here, 'BASE_TYPE_CHOICES', `Locale "${locale}" is not one Discord has.`)];
      return isChat && key === 'name_localizations' ? nameErrors(text, here) : [];
    });
  });
}

/** The length of a text with its localisations is that of the longest of them. */
function longest(text: unknown, localised: unknown): number {
  const all = [text, ...(isObject(localised) ? Object.values(localised) : [])];
  return Math.max(0, ...all.map((one) => (typeof one === 'string' ? [...one].length : 0)));
}

export function commandChars(node: JsonObject): number {
  const own = longest(node.name, node.name_localizations) + longest(node.description, node.description_localizations);
  const choices = objects(node.choices).reduce(
    (sum, choice) =>
      sum +
      longest(choice.name, choice.name_localizations) +
      (typeof choice.value === 'string' ? choice.value.length : 0),
    0,
  );
  return own + choices + objects(node.options).reduce((sum, option) => sum + commandChars(option), 0);
}

function sizeErrors(command: JsonObject, path: Path): FieldError[] {
  const chars = commandChars(command);
  if (chars <= MAX_COMMAND_CHARS) return [];
  return [
    fieldError(path, 'APPLICATION_COMMAND_TOO_LARGE', `Command exceeds maximum size (${chars} > ${MAX_COMMAND_CHARS})`),
  ];
}

/** `depth` 0 in a command, 1 in a group, 2 in a subcommand. */
function optionListErrors(node: JsonObject, path: Path, depth: number): FieldError[] {
  const options = objects(node.options);
  const at = [...path, 'options'];
  const names = options.map((option) => option.name);
  const subs = options.filter((option) => option.type === SUBCOMMAND || option.type === GROUP).length;
  const firstOptional = options.findIndex((option) => option.required !== true);
  return [
    ...(options.length > 25 ? [fieldError(at, 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.')] : []),
    ...(subs > 0 && subs < options.length
      ? [
          fieldError(
            at,
            'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
            'Sub-command and sub-command group option types are mutually exclusive to all other types',
          ),
        ]
      : []),
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [
            fieldError(
              [...at, index, 'name'],
              'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
              'Option name already exists',
            ),
          ]
        : [],
    ),
    ...options.flatMap((option, index) =>
      option.required === true && firstOptional !== -1 && index > firstOptional
        ? [
            fieldError(
              [...at, index],
              'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
              'Required options must be placed before non-required options',
            ),
          ]
        : [],
    ),
    ...options.flatMap((option, index) => optionErrors(option, [...at, index], depth)),
  ];
}

function optionErrors(option: JsonObject, path: Path, depth: number): FieldError[] {
  const misplaced = (option.type === GROUP && depth > 0) || (option.type === SUBCOMMAND && depth > 1);
  const nested =
    option.type === GROUP
      ? optionListErrors(option, path, 1)
      : option.type === SUBCOMMAND
        ? optionListErrors(option, path, 2)
        : [];
  return [
    ...nameErrors(option.name, [...path, 'name']),
    ...descriptionErrors(option, path),
    ...localeErrors(option, path, true),
    ...(misplaced
      ? [
          fieldError(
            [...path, 'type'],
            'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID',
            'Sub-commands cannot be nested that deep',
          ),
        ]
      : []),
    ...choiceErrors(option, path),
    ...rangeErrors(option, path),
    ...nested,
  ];
}

function choiceErrors(option: JsonObject, path: Path): FieldError[] {
  const choices = objects(option.choices);
  const at = [...path, 'choices'];
  const mayHave = WITH_CHOICES.includes(Number(option.type));
  const unwanted = !mayHave && (choices.length > 0 || option.autocomplete === true);
  const names = choices.map((choice) => choice.name);
  const wrongValue = choices.flatMap((choice, index) => {
    const fits =
      option.type === 3
        ? typeof choice.value === 'string' && choice.value.length <= 100
        : option.type === 4
          ? Number.isInteger(choice.value)
          : typeof choice.value === 'number';
    return fits ? [] : [fieldError([...at, index, 'value'], 'BASE_TYPE_INVALID', 'The value does not fit the option.')];
  });
  return [
    ...(unwanted
      ? [fieldError(at, 'APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID', 'Option type cannot have choices')]
      : []),
    ...(choices.length > 25 ? [fieldError(at, 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.')] : []),
    ...(choices.length > 0 && option.autocomplete === true
      ? [
          fieldError(
            [...path, 'autocomplete'],
            'APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID',
            'Autocomplete cannot be combined with choices',
          ),
        ]
      : []),
    ...names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [
            fieldError(
              [...at, index, 'name'],
              'APPLICATION_COMMAND_OPTIONS_CHOICES_DUPLICATE',
              'Choice name already exists',
            ),
          ]
        : [],
    ),
    ...(mayHave ? wrongValue : []),
  ];
}

function rangeErrors(option: JsonObject, path: Path): FieldError[] {
  return (['value', 'length'] as const).flatMap((what) => {
    const min = option[`min_${what}`];
    const max = option[`max_${what}`];
    if (typeof min !== 'number' || typeof max !== 'number' || min <= max) return [];
    return [
      fieldError(
        [...path, `min_${what}`],
        'APPLICATION_COMMAND_OPTIONS_RANGE_INVALID',
        `min_${what} is greater than max_${what}`,
      ),
    ];
  });
}
