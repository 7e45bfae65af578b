// A control network that answers: a map → what it says, and at every step rows → what is added to the U-Net. Sessions are opened by their first
// call, and give way when others need the room. Which rows belong together is the caller's business.

import type { Pixels } from '../core/pixels.ts';
import type { ControlRow, Latents } from '../diffusion/asks.ts';
import { DarkroomError } from '../errors.ts';
import { buildControlHint, buildControlNet, readControlNetConfig } from '../networks/controlNet.ts';
import { seamlessGraph } from '../networks/seamless.ts';
import { buildAdapter, readAdapterConfig } from '../networks/t2iAdapter.ts';
import { SDXL_TIME_IDS } from '../networks/unet.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { type Axes, dimValue } from '../onnx/liveness.ts';
import type { ControlFile } from '../weights/controlNet.ts';
import { ownBytes, SessionSlot } from './memory.ts';
import { foldedCells } from './pixelCells.ts';
import { groupsOf, stack } from './rows.ts';
import type { Input, SessionSettings } from './session.ts';

export interface OpenControl {
  /** What the network finds is averaged over the picture. */
  readonly isPooled: boolean;
  /**
   * What a map of the picture's size says: one f32[c, h, w] of the latents' size for a ControlNet's rows, or what an adapter adds to the levels.
   * @param tile the picture goes on beyond its edges as on the other side
   */
  hint(map: Pixels, tile?: boolean): Promise<readonly Latents[]>;
  /** What is added for each row. Rows of equal shapes run as one call; all of them are to be seamless, or none. */
  control(rows: readonly ControlRow[]): Promise<readonly (readonly Latents[])[]>;
  /**
   * Bytes of memory it takes for a picture, beside what the model itself takes.
   * @param latents rows and columns of the picture's latents
   */
  ownBytes(latents: Pick<Latents, 'height' | 'width'>): number;
  close(): Promise<void>;
}

/** Checks every weight's name and shape; loads nothing yet. @throws model_unsupported, weights_invalid */
export function openControl(file: ControlFile, settings: SessionSettings): OpenControl {
  return file.network === 'controlnet' ? openControlNet(file, settings) : openAdapter(file, settings);
}

/** The same for somebody who only wants to know whether it is whole. @throws model_unsupported, weights_invalid */
export function checkControl({ network, part }: ControlFile): void {
  if (network === 't2i-adapter') buildAdapter(part, 'cpu');
  else {
    buildControlHint(part, 'cpu');
    buildControlNet(part, 'cpu', SDXL_TIME_IDS);
  }
}

function openControlNet({ part }: ControlFile, settings: SessionSettings): OpenControl {
  const { provider } = settings;
  const hints = new BothKinds(buildControlHint(part, provider), settings);
  const steps = new BothKinds(buildControlNet(part, provider, SDXL_TIME_IDS), settings);
  return {
    isPooled: readControlNetConfig(part).isPooled,
    hint: async (map, tile) => [await hintOf(hints.of(tile), map)],
    control: (rows) => controlRows(steps.of(rows[0]?.tile), rows),
    ownBytes: ({ height, width }) => ownBytes(steps.of().graph, { n: 2, t: 77, h: height, w: width }),
    close: async () => {
      await hints.close();
      await steps.close();
    },
  };
}

function openAdapter({ part }: ControlFile, settings: SessionSettings): OpenControl {
  const config = readAdapterConfig(part);
  const adapter = new BothKinds(buildAdapter(part, settings.provider), settings);
  return {
    isPooled: false,
    hint: (map, tile) => levelsOf(adapter.of(tile), map, config),
    control: () => {
      throw new DarkroomError('internal', 't2i-adapter: was asked for a step, and has none');
    },
    ownBytes: ({ height, width }) => ownBytes(adapter.of().graph, { n: 1, h: height, w: width }),
    close: () => adapter.close(),
  };
}

/** A network, and beside it the same without seams, opened when somebody asks for it. */
class BothKinds {
  readonly #settings: SessionSettings;
  readonly #usual: SessionSlot;
  #seamless: SessionSlot | null = null;

  constructor(graph: Graph, settings: SessionSettings) {
    this.#settings = settings;
    this.#usual = new SessionSlot(graph, settings);
  }

  of(isSeamless = false): SessionSlot {
    if (!isSeamless) return this.#usual;
    this.#seamless ??= new SessionSlot(seamlessGraph(this.#usual.graph), this.#settings);
    return this.#seamless;
  }

  async close(): Promise<void> {
    await this.#usual.release();
    await this.#seamless?.release();
  }
}

async function hintOf(slot: SessionSlot, { height, width, data }: Pixels): Promise<Latents> {
  const inputs = { pixels: { data, dims: [1, 3, height, width] } };
  const { hint } = await slot.use(inputs, (session) => session.run(inputs));
  return latentsOf(slot.graph.outputs[0]!, hint!, { n: 1, h: height, w: width });
}

async function levelsOf(
  slot: SessionSlot,
  map: Pixels,
  config: ReturnType<typeof readAdapterConfig>,
): Promise<readonly Latents[]> {
  const { channels, height, width, data } = foldedCells(map, config);
  const inputs = { cells: { data, dims: [1, channels, height, width] } };
  const levels = await slot.use(inputs, (session) => session.run(inputs));
  return slot.graph.outputs.map((output) => latentsOf(output, levels[output.name]!, { n: 1, h: height, w: width }));
}

/** One row of an output. */
function latentsOf({ shape }: Value, data: Float32Array, axes: Axes): Latents {
  const [channels, height, width] = shape.slice(1).map((dim) => dimValue(dim, axes)) as [number, number, number];
  return { channels, height, width, data };
}

async function controlRows(slot: SessionSlot, rows: readonly ControlRow[]): Promise<readonly (readonly Latents[])[]> {
  const results: (readonly Latents[])[] = new Array(rows.length);
  for (const indices of groupsOf(rows, shapeKey)) {
    const found = await controlEqualShapes(
      slot,
      indices.map((index) => rows[index]!),
    );
    for (const [at, index] of indices.entries()) results[index] = found[at]!;
  }
  return results;
}

function shapeKey({ latents, conditioning }: ControlRow): string {
  return [latents.channels, latents.height, latents.width, conditioning.tokens, conditioning.width].join();
}

async function controlEqualShapes(
  slot: SessionSlot,
  rows: readonly ControlRow[],
): Promise<readonly (readonly Latents[])[]> {
  const { channels, height, width } = rows[0]!.latents;
  const inputs = inputsOf(slot.graph, rows);
  const found = await slot.use(inputs, (session) => session.run(inputs));
  const axes = { n: rows.length, c: channels, h: height, w: width };
  const parts = slot.graph.outputs.map((output) => ({ output, rows: partsOf(found[output.name]!, rows.length) }));
  return rows.map((_, row) => parts.map((part) => latentsOf(part.output, part.rows[row]!, axes)));
}

/** Views: all of them are used up at once, by the call that follows. */
function partsOf(stacked: Float32Array, count: number): Float32Array[] {
  const length = stacked.length / count;
  return Array.from({ length: count }, (_, index) => stacked.subarray(index * length, (index + 1) * length));
}

/** @throws internal when a row lacks what this network is told */
function inputsOf(graph: Graph, rows: readonly ControlRow[]): Readonly<Record<string, Input>> {
  const n = rows.length;
  const { latents, conditioning } = rows[0]!;
  const ofRows = (pick: (row: ControlRow) => Float32Array, ...dims: number[]): Input => {
    const values = rows.map(pick);
    const length = dims.reduce((product, dim) => product * dim, 1);
    const wrong = values.find((value) => value.length !== length);
    if (wrong === undefined) return { data: stack(values), dims: [n, ...dims] };
    throw new DarkroomError('internal', `${graph.name}: found ${wrong.length} numbers, expected ${length}`);
  };
  const { channels, height, width } = latents;
  const { hint } = rows[0]!;
  const all: Readonly<Record<string, () => Input>> = {
    sample: () => ofRows((row) => row.latents.data, channels, height, width),
    timestep: () => ({ data: Float32Array.from(rows, ({ timestep }) => timestep), dims: [n] }),
    conditioning: () => ofRows((row) => row.conditioning.hidden, conditioning.tokens, conditioning.width),
    hint: () => ofRows((row) => row.hint.data, hint.channels, height, width),
    pooled: () => ofRows((row) => row.added?.pooled ?? NONE, widthOf(graph, 'pooled')),
    time_ids: () => ofRows((row) => row.added?.timeIds ?? NONE, widthOf(graph, 'time_ids')),
  };
  return Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]!()]));
}

const NONE = new Float32Array(0);

function widthOf({ inputs }: Graph, name: string): number {
  return inputs.find((input) => input.name === name)!.shape[1] as number;
}
