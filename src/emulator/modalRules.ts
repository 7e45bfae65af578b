// What a modal may hold beyond openapi.json's types: one to five parts, ids unique, labels where the kind of part needs them.
import { type FieldError, fieldError, type JsonObject, required } from './apiError.ts';
import { duplicateErrors, walkComponents } from './messageRules.ts';
import { isObject } from './wire.ts';

const TYPE = { row: 1, textInput: 4, text: 10, label: 18, fileUpload: 19 } as const;

/** The inputs of a modal, in order, with the label its user reads. */
export interface ModalInput {
  readonly component: JsonObject;
  readonly label: string;
  /** Label components answer in another shape than the older action rows. */
  readonly inLabel: boolean;
}

export function modalInputs(modal: JsonObject): ModalInput[] {
  const parts = Array.isArray(modal.components) ? modal.components.filter(isObject) : [];
  return parts.flatMap((part): ModalInput[] => {
    if (part.type === TYPE.label && isObject(part.component))
      return [{ component: part.component, label: String(part.label), inLabel: true }];
    const children = Array.isArray(part.components) ? part.components.filter(isObject) : [];
    return children.map((component) => ({ component, label: String(component.label ?? ''), inLabel: false }));
  });
}

export function modalErrors(modal: JsonObject): FieldError[] {
  const parts = Array.isArray(modal.components) ? modal.components.filter(isObject) : [];
  const placed = walkComponents(parts, ['data', 'components']);
  const count =
    parts.length < 1 || parts.length > 5
      ? [fieldError(['data', 'components'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.')]
      : [];
  return [
    ...count,
    ...duplicateErrors(placed, 'custom_id', 'COMPONENT_CUSTOM_ID_DUPLICATED'),
    ...placed.flatMap(({ component, path }) => (component.type === TYPE.textInput ? inputErrors(component, path) : [])),
    ...parts.flatMap((part, index) => rowErrors(part, index)),
  ];
}

/** An action row holds one text input; an upload stands in a label only. */
function rowErrors(part: JsonObject, index: number): FieldError[] {
  const children = Array.isArray(part.components) ? part.components : [];
  if (children.some((child) => isObject(child) && child.type === TYPE.fileUpload)) {
    return [
      fieldError(
        ['data', 'components', index, 'components', 0],
        'UNION_TYPE_CHOICES',
        'Value of field "type" must be one of (4,).',
      ),
    ];
  }
  if (part.type !== TYPE.row || children.length === 1) return [];
  return [fieldError(['data', 'components', index, 'components'], 'BASE_TYPE_BAD_LENGTH', 'Must be 1 in length.')];
}

function inputErrors(input: JsonObject, path: readonly (string | number)[]): FieldError[] {
  const min = Number(input.min_length ?? 0);
  const max = Number(input.max_length ?? 4000);
  const length = typeof input.value === 'string' ? input.value.length : undefined;
  const inRow = path.at(-2) === 'components';
  return [
    ...(inRow && typeof input.label !== 'string' ? [required(...path, 'label')] : []),
    ...(min > max
      ? [fieldError([...path, 'min_length'], 'TEXT_INPUT_MIN_LENGTH_INVALID', 'min_length is greater than max_length')]
      : []),
    ...(length !== undefined && length > max
      ? [fieldError([...path, 'value'], 'BASE_TYPE_BAD_LENGTH', `Must be ${max} or fewer in length.`)]
      : []),
  ];
}
