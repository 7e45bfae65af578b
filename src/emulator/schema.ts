// Discord's own API description at work: checks request bodies, queries and answers against openapi.json.
// Validators are compiled on first use of an operation; the whole description would cost a second at start.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { ROOT } from '../root.ts';
import { type FieldError, fieldError, type JsonObject, type JsonValue } from './apiError.ts';
import { isSnowflake } from './snowflake.ts';

export const OPENAPI_PATH = path.join(ROOT, 'src/emulator/openapi.json');

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: JsonObject; readonly required?: boolean };
  readonly responses: Record<string, { readonly content?: JsonObject }>;
}

interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, JsonObject> };
}

/**
 * Rewrites unions so that a failure tells about the branch that was meant: "null or X" becomes if/else, and a union whose
 * branches are told apart by a number in `type` becomes one if/then a branch.
 */
function sharpenUnions(node: unknown, schemas: Record<string, JsonObject>): void {
  if (Array.isArray(node)) for (const item of node) sharpenUnions(item, schemas);
  if (!isObject(node)) return;
  for (const key of ['oneOf', 'anyOf'] as const) {
    const branches = node[key];
    if (!Array.isArray(branches) || !branches.every(isObject)) continue;
    const sharp = sharpUnion(branches, schemas);
    if (sharp === undefined) continue;
    delete node[key];
    Object.assign(node, sharp);
  }
  for (const value of Object.values(node)) sharpenUnions(value, schemas);
}

function sharpUnion(branches: readonly JsonObject[], schemas: Record<string, JsonObject>): JsonObject | undefined {
  const isNull = (branch: JsonObject) => branch.type === 'null';
  const rest = branches.filter((branch) => !isNull(branch));
  const inner = rest.length === 1 ? rest[0] : byTypeNumber(rest, schemas);
  if (inner === undefined) return undefined;
  return rest.length < branches.length ? { if: { type: 'null' }, else: inner } : inner;
}

function byTypeNumber(branches: readonly JsonObject[], schemas: Record<string, JsonObject>): JsonObject | undefined {
  const numbers = branches.map((branch) => typeNumbers(branch, schemas));
  const all = numbers.flat();
  if (numbers.some((some) => some.length === 0) || new Set(all).size !== all.length) return undefined;
  return {
    type: 'object',
    required: ['type'],
    properties: { type: { enum: all } },
    allOf: branches.map((branch, index) => ({
      if: { required: ['type'], properties: { type: { enum: numbers[index] ?? [] } } },
      // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
      then: branch,
    })),
  };
}

/** The numbers a branch's required `type` may be; empty when it is told apart in another way. */
function typeNumbers(branch: JsonObject, schemas: Record<string, JsonObject>): number[] {
  const target =
    schemas[
      String(branch.$ref ?? '')
        .split('/')
        .at(-1) ?? ''
    ];
  const type = (target?.properties as JsonObject | undefined)?.type;
  const isRequired = Array.isArray(target?.required) && target.required.includes('type');
  return isRequired && isObject(type) && Array.isArray(type.enum) ? (type.enum as number[]) : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where the documentation and the description differ, the documentation wins. */
function amend(description: Description): void {
  const permissions = { type: ['integer', 'string', 'null'], minimum: 0, pattern: '^\\d{1,20}$' };
  for (const name of [
    'ApplicationCommandCreateRequest',
    'ApplicationCommandUpdateRequest',
    'ApplicationCommandPatchRequestPartial',
  ]) {
    const properties = description.components.schemas[name]?.properties as JsonObject | undefined;
    if (properties !== undefined) properties.default_member_permissions = permissions;
  }
}

function makeAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false, inlineRefs: false, verbose: true });
  (addFormats as unknown as (target: Ajv2020) => void)(ajv);
  ajv.addFormat('snowflake', { type: 'string', validate: isSnowflake });
  ajv.addFormat('nonce', { type: 'string', validate: (text: string) => text.length <= 25 });
  return ajv;
}

const escapePointer = (text: string) => encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));

let shared: Schema | undefined;

/** One for the whole process: compiled validators serve every emulator in it. */
export function sharedSchema(): Schema {
  shared ??= new Schema();
  return shared;
}

export class Schema {
  readonly #description: Description;
  readonly #ajv = makeAjv();
  readonly #compiled = new Map<string, ValidateFunction>();
  /** Path templates with their method names, for matching. */
  readonly templates: readonly string[];

  constructor() {
    this.#description = JSON.parse(readFileSync(OPENAPI_PATH, 'utf8')) as Description;
    amend(this.#description);
    sharpenUnions(this.#description, this.#description.components.schemas);
    this.templates = Object.keys(this.#description.paths);
    this.#ajv.addSchema({ $id: 'discord', ...this.#description } as object, 'discord');
  }

  operation(template: string, method: string): Operation | undefined {
    return this.#description.paths[template]?.[method.toLowerCase()];
  }

  #validator(pointer: string): ValidateFunction {
    const known = this.#compiled.get(pointer);
    if (known !== undefined) return known;
    const made = this.#ajv.compile({ $ref: `discord#${pointer}` });
    this.#compiled.set(pointer, made);
    return made;
  }

  /** What is wrong with a JSON body; empty when nothing is. */
  checkBody(template: string, method: string, body: JsonValue | undefined): FieldError[] {
    const operation = this.operation(template, method);
    if (operation?.requestBody?.content['application/json'] === undefined) return [];
    if (body === undefined)
      return operation.requestBody.required ? [fieldError([], 'BASE_TYPE_REQUIRED', 'This field is required')] : [];
    const pointer = `/paths/${escapePointer(template)}/${method.toLowerCase()}/requestBody/content/application~1json/schema`;
    return this.#run(pointer, body);
  }

  /** What is wrong with the query; numbers and booleans are read from their text first. */
  checkQuery(template: string, method: string, query: Readonly<Record<string, string>>): FieldError[] {
    const operation = this.operation(template, method);
    return (operation?.parameters ?? []).flatMap((parameter, index) => {
      const text = query[parameter.name];
      if (parameter.in !== 'query' || text === undefined) return [];
      const pointer = `/paths/${escapePointer(template)}/${method.toLowerCase()}/parameters/${index}/schema`;
      return this.#run(pointer, readQueryValue(text)).map((error) => ({
        ...error,
        path: [parameter.name, ...error.path],
      }));
    });
  }

  /** One line for every way an own answer breaks the description. */
  checkAnswer(template: string, method: string, status: number, body: JsonValue): string[] {
    const operation = this.operation(template, method);
    const answer = operation?.responses[String(status)];
    if (answer === undefined) return [`${method} ${template}: status ${status} is not described`];
    if (answer.content?.['application/json'] === undefined) return [];
    const pointer = `/paths/${escapePointer(template)}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
    return this.#run(pointer, body).map(
      (error) => `${method} ${template}: answer.${error.path.join('.')}: ${error.message}`,
    );
  }

  /** Compiles what a route's bodies, and perhaps its answers, are checked with. */
  compile(template: string, method: string, answers: boolean): void {
    this.checkBody(template, method, {});
    const described = Object.keys(this.operation(template, method)?.responses ?? {}).filter((status) =>
      /^2\d\d$/.test(status),
    );
    for (const status of answers ? described : []) this.checkAnswer(template, method, Number(status), {});
  }

  /** A named schema of the description, for payloads the description knows but no route answers with. */
  checkNamed(name: string, value: JsonValue): FieldError[] {
    return this.#run(`/components/schemas/${name}`, value);
  }

  #run(pointer: string, value: JsonValue): FieldError[] {
    const validate = this.#validator(pointer);
    return validate(value) ? [] : toFieldErrors(validate.errors ?? []);
  }
}

function readQueryValue(text: string): JsonValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** ajv also reports the wrapper of a failed branch; only what failed inside it is worth telling. */
function toFieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const told = errors.filter((error) => !['oneOf', 'anyOf', 'allOf', 'if'].includes(error.keyword));
  const shown = (told.length > 0 ? told : errors).map(toFieldError);
  return [...new Map(shown.map((error) => [JSON.stringify(error), error])).values()];
}

function pathOf(error: ErrorObject): (string | number)[] {
  const steps = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const missing = error.keyword === 'required' ? [String(error.params.missingProperty)] : [];
  return [...steps, ...missing].map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function toFieldError(error: ErrorObject): FieldError {
  const [code, message] = describe(error);
  return { path: pathOf(error), code, message };
}

/** Discord's codes for what ajv found. @source error trees as its API answers them */
function describe(error: ErrorObject): [string, string] {
  const limit = Number(error.params.limit);
  switch (error.keyword) {
    case 'required':
      return ['BASE_TYPE_REQUIRED', 'This field is required'];
    case 'maxLength':
      return ['BASE_TYPE_MAX_LENGTH', `Must be ${limit} or fewer in length.`];
    case 'minLength':
      return ['BASE_TYPE_MIN_LENGTH', `Must be ${limit} or more in length.`];
    case 'maxItems':
      return ['BASE_TYPE_BAD_LENGTH', `Must be ${limit} or fewer in length.`];
    case 'minItems':
      return ['BASE_TYPE_BAD_LENGTH', `Must be ${limit} or more in length.`];
    case 'maximum':
      return ['NUMBER_TYPE_MAX', `int value should be less than or equal to ${limit}.`];
    case 'minimum':
      return ['NUMBER_TYPE_MIN', `int value should be greater than or equal to ${limit}.`];
    case 'enum':
      return ['BASE_TYPE_CHOICES', `Value must be one of {${(error.params.allowedValues as unknown[]).join(', ')}}.`];
    case 'const':
      return ['BASE_TYPE_CHOICES', `Value must be one of {${String(error.params.allowedValue)}}.`];
    case 'format':
    case 'pattern':
      return formatError(error);
    case 'type':
      return [
        `${String(error.params.type).toUpperCase()}_TYPE_CONVERT`,
        `Value is not a ${String(error.params.type)}.`,
      ];
    default:
      return ['BASE_TYPE_INVALID', error.message ?? error.keyword];
  }
}

function formatError(error: ErrorObject): [string, string] {
  if (error.params.format === 'uri') return ['URL_TYPE_INVALID_URL', 'Not a well formed URL.'];
  if (error.params.format === 'date-time') return ['DATETIME_TYPE_CONVERT', 'Not a valid date-time.'];
  if (error.params.format === 'snowflake' || error.keyword === 'pattern') {
    return ['NUMBER_TYPE_COERCE', `Value ${JSON.stringify(error.data)} is not snowflake.`];
  }
  return ['BASE_TYPE_INVALID', error.message ?? 'wrong format'];
}
