// An installation of models and control networks whose networks answer asks, opened when first asked: for pictures that are compared with
// diffusers'.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Answer, Ask } from '../../src/diffusion/asks.ts';
import type { PictureControl } from '../../src/diffusion/controls.ts';
import { drive } from '../../src/diffusion/drive.ts';
import { type LoraStack, stackLoras } from '../../src/diffusion/loraStack.ts';
import { developPicture, type Picture, type PictureRequest } from '../../src/diffusion/pipeline.ts';
import { checkControl, type OpenControl, openControl } from '../../src/runtime/control.ts';
import { type OpenModel, openModel } from '../../src/runtime/engine.ts';
import { type ControlLibrary, scanControls } from '../../src/weights/controlNetLibrary.ts';
import { loadLora, readLora } from '../../src/weights/loraFile.ts';
import type { ModelFolder } from '../../src/weights/modelFolder.ts';
import { type ModelRegistry, scanModels } from '../../src/weights/registry.ts';
import { factsOf } from '../../src/worker/modelShelf.ts';
import { encodePrompts } from '../../src/worker/promptEncoder.ts';
import type { ControlCase } from './goldenControls.ts';
import { answerWith } from './goldenPipelines.ts';
import { CONTROLS } from './madeControls.ts';

const CPU = { provider: 'cpu', threads: 1 } as const;
/** Every place there is. */
const PLACES = { skips: true, levels: true };

interface Opened {
  readonly folder: ModelFolder;
  readonly open: Promise<OpenModel>;
}

export interface ControlBench {
  readonly registry: ModelRegistry;
  readonly library: ControlLibrary;
  modelOf(name: string): Opened;
  networkOf(name: string): OpenControl;
  settingOf(name: string): Pick<PictureControl, 'network' | 'isPooled'>;
  loraOf(golden: Pick<ControlCase, 'lora' | 'folder'>): LoraStack | undefined;
  answer(model: string, ask: Ask, loras?: LoraStack): Promise<Answer>;
  /** As diffusers' pipelines with controls, which rescale no guidance. */
  develop(request: PictureRequest, model: string, loras?: LoraStack): Promise<Picture>;
  /** Deletes the folder, too. */
  close(): Promise<void>;
}

export function openControlBench(modelsDir: string): ControlBench {
  const registry = scanModels(modelsDir);
  const library = scanControls(modelsDir, registry.layouts, checkControl);
  const models = new Map<string, Opened>();
  const networks = new Map<string, OpenControl>();

  function modelOf(name: string): Opened {
    const folder = models.get(name)?.folder ?? registry.open(name);
    const loraLayers = () => ({ unet: 'every' as const, text: ['every' as const] });
    const parts = { ...folder, controlPlaces: PLACES, loraLayers };
    const found = models.get(name) ?? { folder, open: openModel(parts, CPU) };
    models.set(name, found);
    return found;
  }

  function networkOf(name: string): OpenControl {
    const found = networks.get(name) ?? openControl(library.open(name), CPU);
    networks.set(name, found);
    return found;
  }

  function loraOf({ lora, folder }: Pick<ControlCase, 'lora' | 'folder'>): LoraStack | undefined {
    if (lora === null) return undefined;
    const root = path.dirname(CONTROLS);
    const file = readLora(root, path.join(root, 'loras/files', lora));
    return stackLoras([{ lora: loadLora(root, file, modelOf(folder).folder, ''), strength: 1, textStrength: 1 }]);
  }

  async function answer(name: string, ask: Ask, loras?: LoraStack): Promise<Answer> {
    if (ask.kind === 'hint') return { kind: 'hint', features: await networkOf(ask.control).hint(ask.pixels, ask.tile) };
    if (ask.kind === 'control') return { kind: 'control', residuals: await networkOf(ask.control).control(ask.rows) };
    const { folder, open } = modelOf(name);
    if (loras === undefined) return answerWith(await open, folder, ask);
    if (ask.kind === 'text') {
      const [conditioning] = await encodePrompts(await open, folder, [ask.prompt], ask.clipSkip, [loras]);
      return { kind: 'text', conditioning: conditioning! };
    }
    const asked = ask.kind === 'unet' ? { ...ask, rows: ask.rows.map((row) => ({ ...row, loras })) } : ask;
    return answerWith(await open, folder, asked);
  }

  return {
    registry,
    library,
    modelOf,
    networkOf,
    settingOf: (name) => ({ network: library.open(name).network, isPooled: networkOf(name).isPooled }),
    loraOf,
    answer,
    develop(request, name, loras) {
      const facts = { ...factsOf(modelOf(name).folder), guidanceRescale: 0 };
      return drive(developPicture(request, facts), (ask) => answer(name, ask, loras));
    },
    async close() {
      for (const { open } of models.values()) await (await open).close();
      for (const network of networks.values()) await network.close();
      await rm(modelsDir, { recursive: true });
    },
  };
}
