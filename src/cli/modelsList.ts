// `models list`: every model with what a request gets by default, what lies beside the models, and what is refused, with the reason.
import path from 'node:path';
import type { ModelCard } from '../core/request.ts';
import { formatSize } from '../core/size.ts';
import { toDarkroomError } from '../errors.ts';
import { type FileKind, type Inspection, inspect } from '../weights/inspect.ts';
import { extraFiles, type ModelRegistry, scanModels } from '../weights/registry.ts';
import type { ModelsContext } from './modelsCommand.ts';
import { bytesText, precisionOf } from './modelsText.ts';
import { EXIT_OK } from './terminal.ts';

interface ListedModel extends Pick<ModelCard, 'name' | 'family' | 'defaults'> {
  readonly layout: Inspection['layout'];
  readonly precision: string;
  readonly sizeBytes: number;
}

interface ListedExtra {
  readonly path: string;
  readonly kind: FileKind;
  readonly family: Inspection['family'];
  readonly sizeBytes: number;
}

interface Refused {
  readonly name: string;
  readonly reason: string;
}

export async function listCommand({ config, options, terminal }: ModelsContext): Promise<number> {
  const { modelsDir } = config;
  const registry = scanModels(modelsDir);
  const models = registry.cards.map((card) => listedModel(card, registry, modelsDir));
  const { extras, refused: refusedExtras } = listExtras(modelsDir);
  const refused = [...registry.refused, ...refusedExtras];
  if (options.json) terminal.print(`${JSON.stringify({ modelsDir, models, extras, refused })}\n`);
  else terminal.print(linesOf(modelsDir, models, extras, refused));
  return EXIT_OK;
}

function listedModel(card: ModelCard, registry: ModelRegistry, modelsDir: string): ListedModel {
  const { name, family, defaults } = card;
  const files = registry.files.get(name) ?? [];
  // The first folder under the models folder, or the file itself, is where the model lies.
  const place = path.join(modelsDir, files[0]?.split('/')[0] ?? name);
  const { layout, parts, sizeBytes } = inspect(modelsDir, place);
  return { name, family, defaults, layout, precision: precisionOf(parts), sizeBytes };
}

function listExtras(modelsDir: string): {
  readonly extras: readonly ListedExtra[];
  readonly refused: readonly Refused[];
} {
  const extras: ListedExtra[] = [];
  const refused: Refused[] = [];
  for (const name of extraFiles(modelsDir)) {
    try {
      const { kind, family, sizeBytes } = inspect(modelsDir, path.join(modelsDir, name));
      extras.push({ path: name, kind, family, sizeBytes });
    } catch (thrown) {
      refused.push({ name, reason: toDarkroomError(thrown, 'weights_invalid').message });
    }
  }
  return { extras, refused };
}

function linesOf(
  modelsDir: string,
  models: readonly ListedModel[],
  extras: readonly ListedExtra[],
  refused: readonly Refused[],
): string {
  const lines = [
    `${modelsDir}: ${models.length === 1 ? '1 model' : `${models.length} models`}`,
    ...models.flatMap((model) => [
      `  ${model.name}: ${model.family}, ${model.layout}, ${model.precision}, ${bytesText(model.sizeBytes)}`,
      `    ${defaultsText(model.defaults)}`,
    ]),
    ...extras.map(
      (extra) =>
        `  ${extra.path}: ${[extra.kind, extra.family, bytesText(extra.sizeBytes)].filter(Boolean).join(', ')}`,
    ),
    ...refused.map(({ name, reason }) => `  refused ${name}\n    ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

function defaultsText({ size, steps, guidance, sampler, style }: ModelCard['defaults']): string {
  const look = style === null ? '' : `, style ${style}`;
  return `${formatSize(size)}, ${steps} steps, guidance ${guidance}, ${sampler}${look}`;
}
