// Uploaded files: how a multipart body splits into JSON and files, which names and sizes pass, and what becomes an attachment.
import path from 'node:path';
import { apiError, type FieldError, fieldError, invalidForm, type JsonObject, type JsonValue } from './apiError.ts';
import { imageFacts } from './imageSize.ts';
import type { Scene } from './scene.ts';
import type { Attachment } from './world.ts';

/** One file of a request; `index` is the n of `files[n]`. */
export interface UploadedFile {
  readonly index: number;
  readonly field: string;
  readonly name: string;
  readonly contentType: string | null;
  readonly bytes: Buffer;
}

export interface ParsedBody {
  readonly json: JsonValue | undefined;
  readonly files: readonly UploadedFile[];
}

/** Files one message may carry. @source Discord documentation, "Uploading Files" */
export const MAX_FILES = 10;

/**
 * @param isPlainForm for routes whose multipart body has fields of its own
 * @throws ApiError 50109 for broken JSON, 50035 for form fields Discord does not know.
 */
export async function parseBody(
  bytes: Buffer,
  contentType: string | undefined,
  isPlainForm = false,
): Promise<ParsedBody> {
  if (bytes.length === 0) return { json: undefined, files: [] };
  if (isPlainForm && contentType?.startsWith('multipart/form-data')) return await parsePlainForm(bytes, contentType);
  if (contentType?.startsWith('multipart/form-data')) return await parseMultipart(bytes, contentType);
  if (!contentType?.startsWith('application/json')) {
    throw invalidForm([
      fieldError([], 'CONTENT_TYPE_INVALID', 'Expected "Content-Type" header to be "application/json".'),
    ]);
  }
  return { json: parseJson(bytes.toString()), files: [] };
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw apiError(50109);
  }
}

/** A form whose fields are the body's own, as stickers have it; a file stands in the body by its name. */
async function parsePlainForm(bytes: Buffer, contentType: string): Promise<ParsedBody> {
  const json: Record<string, JsonValue> = {};
  const files: UploadedFile[] = [];
  for (const [field, value] of await readForm(bytes, contentType)) {
    json[field] = typeof value === 'string' ? value : value.name;
    if (typeof value === 'string') continue;
    const content = Buffer.from(await value.arrayBuffer());
    files.push({ index: files.length, field, name: value.name, contentType: value.type || null, bytes: content });
  }
  return { json, files };
}

async function parseMultipart(bytes: Buffer, contentType: string): Promise<ParsedBody> {
  const form = await readForm(bytes, contentType);
  const files: UploadedFile[] = [];
  let json: JsonValue | undefined = {};
  for (const [field, value] of form) {
    if (field === 'payload_json') json = parseJson(typeof value === 'string' ? value : await value.text());
    else files.push(await toUpload(field, value));
  }
  if (files.length > MAX_FILES)
    throw invalidForm([fieldError(['files'], 'BASE_TYPE_BAD_LENGTH', 'Must be 10 or fewer in length.')]);
  return { json, files };
}

async function readForm(bytes: Buffer, contentType: string): Promise<FormData> {
  try {
    return await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw invalidForm([fieldError([], 'MULTIPART_INVALID', 'The multipart body could not be read.')]);
  }
}

async function toUpload(field: string, value: string | File): Promise<UploadedFile> {
  const index = /^files\[(\d)\]$/.exec(field)?.[1];
  if (index === undefined || typeof value === 'string') {
    throw invalidForm([fieldError([field], 'UNKNOWN_FIELD', 'Form fields are payload_json and files[0] to files[9].')]);
  }
  const bytes = Buffer.from(await value.arrayBuffer());
  return { index: Number(index), field, name: value.name, contentType: value.type || null, bytes };
}

/** @throws ApiError 40005 when a file is larger than the place allows. */
export function checkFileSizes(scene: Scene, files: readonly UploadedFile[]): void {
  if (files.some((file) => file.bytes.length > scene.settings.fileLimitBytes)) throw apiError(40005);
}

/** Discord keeps letters, digits, dot, dash and underscore; the rest becomes an underscore. */
function safeName(name: string): string {
  return path.posix.basename(name).replace(/[^\p{L}\p{N}._-]/gu, '_') || 'unknown';
}

/** Where a file's address begins: an ordinary message's, or one only for an interaction. */
export type Shelf = { readonly kind: 'channel' | 'ephemeral'; readonly id: string };

export function shelve(
  scene: Scene,
  shelf: Shelf,
  file: Pick<UploadedFile, 'name' | 'bytes' | 'contentType'>,
  description: string | null = null,
): Attachment {
  const id = scene.world.ids.next();
  const fileName = safeName(file.name);
  const facts = imageFacts(file.bytes);
  const folder = shelf.kind === 'channel' ? 'attachments' : 'ephemeral-attachments';
  const attachment: Attachment = {
    id,
    path: `/${folder}/${shelf.id}/${id}/${fileName}`,
    fileName,
    contentType: facts?.contentType ?? file.contentType,
    sizeBytes: file.bytes.length,
    widthPx: facts?.widthPx ?? null,
    heightPx: facts?.heightPx ?? null,
    description,
    bytes: file.bytes,
    ephemeral: shelf.kind === 'ephemeral',
  };
  scene.world.files.set(attachment.path, attachment);
  return attachment;
}

/**
 * The attachments a message has after a request. On create every entry names an uploaded file; on edit a given list is the
 * whole list: entries naming kept ids stay, everything else goes; without a list the old ones stay and new files join them.
 * @throws ApiError 50035 for entries that name nothing, a file uploaded but not listed on edit, or more than ten.
 */
export function resolveAttachments(
  scene: Scene,
  shelf: Shelf,
  listed: readonly JsonObject[] | undefined,
  files: readonly UploadedFile[],
  before: readonly Attachment[],
): Attachment[] {
  const errors: FieldError[] = [];
  const entries = listed ?? [];
  const taken = new Set<number>();
  const fromList = entries.flatMap((entry, index) => {
    const found = resolveEntry(scene, shelf, entry, files, before, taken);
    if (found === undefined)
      errors.push(
        fieldError(
          ['attachments', index, 'id'],
          'ATTACHMENT_NOT_FOUND',
          `No file files[${String(entry.id)}] and no such attachment.`,
        ),
      );
    return found ?? [];
  });
  if (errors.length > 0) throw invalidForm(errors);
  const unlisted = files.filter((file) => !taken.has(file.index)).map((file) => shelve(scene, shelf, file));
  const kept = listed === undefined ? before : [];
  const all = [...kept, ...fromList, ...unlisted];
  if (all.length > MAX_FILES)
    throw invalidForm([fieldError(['attachments'], 'BASE_TYPE_BAD_LENGTH', 'Must be 10 or fewer in length.')]);
  return all;
}

function resolveEntry(
  scene: Scene,
  shelf: Shelf,
  entry: JsonObject,
  files: readonly UploadedFile[],
  before: readonly Attachment[],
  taken: Set<number>,
): Attachment | undefined {
  const description = typeof entry.description === 'string' ? entry.description : null;
  const old = before.find((attachment) => attachment.id === String(entry.id));
  if (old !== undefined) return entry.description === undefined ? old : { ...old, description };
  const file = files.find((upload) => String(upload.index) === String(entry.id));
  if (file === undefined || taken.has(file.index)) return undefined;
  taken.add(file.index);
  const name = typeof entry.filename === 'string' ? entry.filename : file.name;
  return shelve(scene, shelf, { ...file, name }, description);
}
