// What a message may hold beyond openapi.json's types: lengths, embed sums, component rows and ids, files that must resolve.
import { apiError, type FieldError, fieldError, type JsonObject, type JsonValue, required } from './apiError.ts';
import { isObject } from './wire.ts';
import { type Attachment, FLAG } from './world.ts';

/** Characters of content for apps. */
export const MAX_CONTENT = 2000;
/** Characters of all embeds together. */
export const MAX_EMBED_CHARS = 6000;
const MAX_ROWS = 5;
const MAX_BUTTONS = 5;
/** Components of a V2 message, nested ones included. */
const MAX_V2_COMPONENTS = 40;
/** Text of a V2 message over all text displays. */
const MAX_V2_CHARS = 4000;

const TYPE = { row: 1, button: 2, stringSelect: 3, userSelect: 5, channelSelect: 8, section: 9, text: 10 } as const;
const isSelect = (type: JsonValue | undefined) =>
  type === TYPE.stringSelect || (Number(type) >= TYPE.userSelect && Number(type) <= TYPE.channelSelect);

/** The parts of a message the rules look at, after an edit has been merged. */
export interface Draft {
  readonly content: string;
  readonly embeds: readonly JsonObject[];
  readonly components: readonly JsonObject[];
  readonly attachments: readonly Attachment[];
  readonly flags: number;
}

/** Every broken rule of a message. */
export function messageErrors(draft: Draft): FieldError[] {
  return [
    ...contentErrors(draft.content),
    ...embedErrors(draft),
    ...componentErrors(draft),
    ...(draft.flags & FLAG.componentsV2 ? v2Errors(draft) : classicErrors(draft)),
  ];
}

/** @throws ApiError 50006 when nothing would be shown. */
export function refuseEmpty(draft: Draft, hasSticker: boolean): void {
  const { content, embeds, components, attachments } = draft;
  if (content.trim() === '' && embeds.length + components.length + attachments.length === 0 && !hasSticker)
    throw apiError(50006);
}

function contentErrors(content: string): FieldError[] {
  // Discord counts code points.
  if ([...content].length <= MAX_CONTENT) return [];
  return [fieldError(['content'], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_CONTENT} or fewer in length.`)];
}

const lengthOf = (value: JsonValue | undefined) => (typeof value === 'string' ? [...value].length : 0);

function embedChars(embed: JsonObject): number {
  const fields = Array.isArray(embed.fields) ? embed.fields.filter(isObject) : [];
  const named = isObject(embed.author) ? lengthOf(embed.author.name) : 0;
  const footer = isObject(embed.footer) ? lengthOf(embed.footer.text) : 0;
  const inFields = fields.reduce((sum, field) => sum + lengthOf(field.name) + lengthOf(field.value), 0);
  return lengthOf(embed.title) + lengthOf(embed.description) + named + footer + inFields;
}

function embedErrors(draft: Draft): FieldError[] {
  const total = draft.embeds.reduce((sum, embed) => sum + embedChars(embed), 0);
  const sum =
    total > MAX_EMBED_CHARS
      ? [fieldError(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000')]
      : [];
  return [...sum, ...draft.embeds.flatMap((embed, index) => oneEmbedErrors(embed, index, draft))];
}

function oneEmbedErrors(embed: JsonObject, index: number, draft: Draft): FieldError[] {
  const fields = Array.isArray(embed.fields) ? embed.fields.filter(isObject) : [];
  const empty =
    ['title', 'description', 'image', 'thumbnail', 'author', 'footer', 'video'].every((key) => embed[key] == null) &&
    fields.length === 0;
  return [
    ...(empty ? [required('embeds', index, 'description')] : []),
    ...(fields.length > 25
      ? [fieldError(['embeds', index, 'fields'], 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.')]
      : []),
    ...fields.flatMap((field, at) =>
      (['name', 'value'] as const).flatMap((key) =>
        lengthOf(field[key]) === 0 ? [required('embeds', index, 'fields', at, key)] : [],
      ),
    ),
    ...mediaErrors(embed, ['embeds', index], draft.attachments),
  ];
}

/** Every address in a piece of a message is http(s), or `attachment://` with the name of a file the message has. */
function mediaErrors(
  node: JsonObject,
  path: readonly (string | number)[],
  attachments: readonly Attachment[],
): FieldError[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const here = [...path, key];
    if (isObject(value)) return mediaErrors(value, here, attachments);
    if ((key !== 'url' && key !== 'icon_url') || typeof value !== 'string') return [];
    return urlErrors(value, here, attachments);
  });
}

function urlErrors(url: string, path: readonly (string | number)[], attachments: readonly Attachment[]): FieldError[] {
  if (url.startsWith('attachment://')) {
    const name = url.slice('attachment://'.length);
    if (attachments.some((attachment) => attachment.fileName === name)) return [];
    return [fieldError(path, 'ATTACHMENT_NOT_FOUND', `The attachment "${name}" was not uploaded with the message.`)];
  }
  return /^https?:\/\//.test(url)
    ? []
    : [
        fieldError(
          path,
          'URL_TYPE_INVALID_SCHEME',
          `Scheme "${url.split(':')[0]}" is not supported. Scheme must be one of ('http', 'https').`,
        ),
      ];
}

interface Placed {
  readonly component: JsonObject;
  readonly path: readonly (string | number)[];
}

/** Every component with where it stands, outermost first. */
export function walkComponents(
  components: readonly JsonObject[],
  path: readonly (string | number)[] = ['components'],
): Placed[] {
  return components.flatMap((component, index) => {
    const here = [...path, index];
    const children = Array.isArray(component.components) ? component.components.filter(isObject) : [];
    const extra = (['accessory', 'component'] as const).flatMap((key) => {
      const one = component[key];
      return isObject(one) ? [{ component: one, path: [...here, key] }] : [];
    });
    return [{ component, path: here }, ...walkComponents(children, [...here, 'components']), ...extra];
  });
}

function componentErrors(draft: Draft): FieldError[] {
  const placed = walkComponents(draft.components);
  return [
    ...placed.flatMap(({ component, path }) => partErrors(component, path)),
    ...duplicateErrors(placed, 'custom_id', 'COMPONENT_CUSTOM_ID_DUPLICATED'),
  ];
}

/** Custom ids (and explicit component ids) are unique in a message. */
export function duplicateErrors(placed: readonly Placed[], key: 'custom_id' | 'id', code: string): FieldError[] {
  const seen = new Set<JsonValue>();
  return placed.flatMap(({ component, path }) => {
    const value = component[key];
    if (value == null) return [];
    if (seen.has(value)) return [fieldError([...path, key], code, 'Component custom id cannot be duplicated')];
    seen.add(value);
    return [];
  });
}

function partErrors(component: JsonObject, path: readonly (string | number)[]): FieldError[] {
  if (component.type === TYPE.row) return rowErrors(component, path);
  if (component.type === TYPE.button) return buttonErrors(component, path);
  if (isSelect(component.type)) return selectErrors(component, path);
  return [];
}

function rowErrors(row: JsonObject, path: readonly (string | number)[]): FieldError[] {
  const children = Array.isArray(row.components) ? row.components.filter(isObject) : [];
  const buttons = children.filter((child) => child.type === TYPE.button).length;
  const selects = children.length - buttons;
  if (children.length >= 1 && buttons <= MAX_BUTTONS && selects <= 1 && (selects === 0 || buttons === 0)) return [];
  return [
    fieldError(
      [...path, 'components'],
      'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
      'The specified component exceeds the maximum width',
    ),
  ];
}

/** Styles 1-4 need a custom id, 5 a url, 6 a SKU; a button shows a label or an emoji. */
function buttonErrors(button: JsonObject, path: readonly (string | number)[]): FieldError[] {
  const needs = button.style === 5 ? 'url' : button.style === 6 ? 'sku_id' : 'custom_id';
  const forbidden = ['url', 'sku_id', 'custom_id'].filter((key) => key !== needs && button[key] != null);
  const bare = needs !== 'sku_id' && lengthOf(button.label) === 0 && button.emoji == null;
  return [
    ...(button[needs] == null ? [required(...path, needs)] : []),
    ...forbidden.map((key) =>
      fieldError(
        [...path, key],
        'BUTTON_COMPONENT_FIELD_INVALID',
        `A button of style ${String(button.style)} cannot have ${key}.`,
      ),
    ),
    ...(bare ? [fieldError([...path], 'BUTTON_COMPONENT_INVALID', 'A button must have a label or an emoji.')] : []),
  ];
}

function selectErrors(select: JsonObject, path: readonly (string | number)[]): FieldError[] {
  const min = Number(select.min_values ?? 1);
  const max = Number(select.max_values ?? 1);
  const options = Array.isArray(select.options) ? select.options.filter(isObject) : undefined;
  const range =
    min > max
      ? [
          fieldError(
            [...path, 'min_values'],
            'SELECT_COMPONENT_MIN_VALUES_INVALID',
            'min_values is greater than max_values',
          ),
        ]
      : [];
  if (select.type !== TYPE.stringSelect) return range;
  const count = options?.length ?? 0;
  const values = (options ?? []).map((option) => option.value);
  return [
    ...range,
    ...(count < 1 || count > 25
      ? [fieldError([...path, 'options'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 25 in length.')]
      : []),
    ...(new Set(values).size < values.length
      ? [
          fieldError(
            [...path, 'options'],
            'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
            'The specified option value is already used',
          ),
        ]
      : []),
    ...(max > count
      ? [
          fieldError(
            [...path, 'max_values'],
            'SELECT_COMPONENT_MAX_VALUES_INVALID',
            'max_values is greater than the number of options',
          ),
        ]
      : []),
  ];
}

/** Without the V2 flag the top level holds action rows only, at most five. */
function classicErrors(draft: Draft): FieldError[] {
  const foreign = draft.components.flatMap((component, index) =>
    component.type === TYPE.row
      ? []
      : [fieldError(['components', index, 'type'], 'UNION_TYPE_CHOICES', 'Value of field "type" must be one of (1,).')],
  );
  if (draft.components.length <= MAX_ROWS) return foreign;
  return [...foreign, fieldError(['components'], 'BASE_TYPE_BAD_LENGTH', `Must be ${MAX_ROWS} or fewer in length.`)];
}

function v2Errors(draft: Draft): FieldError[] {
  const placed = walkComponents(draft.components);
  const chars = placed.reduce(
    (sum, { component }) => sum + (component.type === TYPE.text ? lengthOf(component.content) : 0),
    0,
  );
  const legacy = (['content', 'embeds'] as const).filter((key) => draft[key].length > 0);
  return [
    ...legacy.map((key) =>
      fieldError(
        [key],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        `The '${key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
      ),
    ),
    ...(placed.length > MAX_V2_COMPONENTS
      ? [fieldError(['components'], 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED', 'The number of components exceeds 40.')]
      : []),
    ...(chars > MAX_V2_CHARS
      ? [
          fieldError(
            ['components'],
            'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
            'The text of the components exceeds 4000 characters.',
          ),
        ]
      : []),
    ...draft.components.flatMap((component, index) =>
      v2MediaErrors(component, ['components', index], draft.attachments),
    ),
  ];
}

/** Every media item of a V2 message resolves; galleries hold theirs in `items`. */
function v2MediaErrors(
  node: JsonObject,
  path: readonly (string | number)[],
  attachments: readonly Attachment[],
): FieldError[] {
  return Object.entries(node).flatMap(([key, value]) => {
    const here = [...path, key];
    if (Array.isArray(value))
      return value.flatMap((one, index) => (isObject(one) ? v2MediaErrors(one, [...here, index], attachments) : []));
    if (!isObject(value)) return [];
    if ((key === 'media' || key === 'file') && typeof value.url === 'string')
      return urlErrors(value.url, [...here, 'url'], attachments);
    return v2MediaErrors(value, here, attachments);
  });
}

/** Names of the files an embed shows by `attachment://`. */
export function embeddedFiles(embeds: readonly JsonObject[], attachments: readonly Attachment[]): ReadonlySet<string> {
  const text = JSON.stringify(embeds);
  return new Set(attachments.filter((file) => text.includes(`"attachment://${file.fileName}"`)).map((file) => file.id));
}
