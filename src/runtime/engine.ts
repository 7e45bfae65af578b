// A model folder as networks that answer: token ids → conditioning, rows → predictions, pixels ⇄ latents. Sessions are opened when first
// used and stay until the model is closed. Which rows belong together is the caller's business; here they are only stacked.
import type { Conditioning, Latents, Pixels, UnetRow } from '../diffusion/asks.ts';
import type { Changes, LoraStack, SideBranches } from '../diffusion/loraStack.ts';
import { DarkroomError } from '../errors.ts';
import { buildDecoder, buildEncoder } from '../networks/autoencoder.ts';
import {
  buildClipText,
  buildClipTextOfAnyLayer,
  clipTextLayers,
  clipTextWidth,
  endOf,
  LAST_LAYER,
  layerChannels,
  PENULTIMATE_AND_POOLED,
  PENULTIMATE_LAYER,
  type TextUse,
} from '../networks/clipText.ts';
import type { ControlPlaces } from '../networks/controlInputs.ts';
import { type BranchedLayers, bothLayers, isBranched, loraTargets, NO_LAYERS } from '../networks/loraBranches.ts';
import { mergedGraph } from '../networks/mergedWeights.ts';
import { autoencoderPrecision, TEXT_PRECISION } from '../networks/precision.ts';
import { seamlessGraph } from '../networks/seamless.ts';
import { guidanceWaves } from '../networks/timeEmbedding.ts';
import { buildUnet, SDXL_TIME_IDS } from '../networks/unet.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ModelFolder, Part } from '../weights/modelFolder.ts';
import { controlFeeds } from './controlFeeds.ts';
import { LoraFeeds } from './loraFeeds.ts';
import { needBytes, SessionSlot } from './memory.ts';
import { groupsOf, stack, unstack } from './rows.ts';
import type { Input, NetworkSession, SessionSettings } from './session.ts';

export interface Posterior {
  readonly mean: Latents;
  /** f32[c, h, w], as large as the mean; empty for an autoencoder whose latents have no spread. */
  readonly std: Float32Array;
}

/** What of a model folder the networks are made from. */
export type ModelParts = Pick<ModelFolder, 'textEncoder' | 'unet' | 'vae'> &
  Partial<Pick<ModelFolder, 'textEncoder2' | 'family' | 'conditions'>> & {
    /** Layers the LoRAs of this installation change; asked again when a call brings one for others. Absent: none are expected. */
    readonly loraLayers?: () => LoraLayers;
    /** Where controls may add something to the U-Net; absent is nowhere, which costs nothing. */
    readonly controlPlaces?: ControlPlaces;
    /** What token ids beyond the vocabulary stand for. */
    readonly vectorOf?: VectorOf;
  };

/** Layers with side branches, network by network. */
export interface LoraLayers {
  readonly unet: BranchedLayers;
  /** In the order of the text encoders. */
  readonly text: readonly BranchedLayers[];
}

export interface OpenModel {
  /**
   * Hidden states, one f32[t, d] a prompt. Prompts of one call have the same number of tokens.
   * @param clipSkip 1 for the last layer, 2 for the one before it …; models that never take the last one take for 1 what they do for 2
   * @param loras of each prompt
   * @throws request_invalid when the text encoder has fewer layers
   */
  text: EncodeText;
  /** The same by the second text encoder; only of models that have two. */
  readonly text2?: EncodeText;
  /**
   * One prediction f32[c, h, w] a row, in order. Rows of equal latent shape and token count run as one call. All of them are to be seamless,
   * or none.
   */
  unet(rows: readonly UnetRow[]): Promise<readonly Float32Array[]>;
  /** @param tile the picture goes on beyond its edges as on the other side */
  encode(pixels: Pixels, tile?: boolean): Promise<Posterior>;
  /** Pictures not clamped to -1 … 1. One at a time inside, so that memory does not grow with their number. */
  decode(latents: readonly Latents[], tile?: boolean): Promise<readonly Pixels[]>;
  /**
   * Bytes of memory a picture takes at its worst moment, while no other network is open.
   * @param latents rows and columns of the picture's latents
   * @param piece of what the decoder sees at once
   * @param besideBytes of other networks that are open while the U-Net draws; absent is 0
   */
  needBytes(latents: Grid, piece: Grid, besideBytes?: number): number;
  close(): Promise<void>;
}

export interface Grid {
  readonly height: number;
  readonly width: number;
}

export type EncodeText = (
  tokenIds: readonly Int32Array[],
  clipSkip?: number,
  loras?: readonly (LoraStack | undefined)[],
) => Promise<readonly Conditioning[]>;

/**
 * Reads the configs and checks every weight's name and shape; loads nothing yet.
 * @throws model_unsupported, weights_invalid
 */
export async function openModel(folder: ModelParts, settings: SessionSettings): Promise<OpenModel> {
  const { provider } = settings;
  const vectorOf = folder.vectorOf ?? (() => undefined);
  const layers = folder.loraLayers ?? (() => ({ unet: NO_LAYERS, text: [] }));
  const shared = { settings: { ...settings, precision: TEXT_PRECISION }, vectorOf, layers };
  const text = openText(folder.textEncoder, firstTextUse(folder), 0, shared);
  const { textEncoder2 } = folder;
  const text2 = textEncoder2 === undefined ? undefined : openText(textEncoder2, PENULTIMATE_AND_POOLED, 1, shared);
  const timeIds = folder.conditions?.added === 'score' ? SDXL_TIME_IDS - 1 : SDXL_TIME_IDS;
  const unet = new BothKinds(
    {
      layers: () => layers().unet,
      build: (branches) => buildUnet(folder.unet, provider, branches, timeIds, folder.controlPlaces),
    },
    settings,
  );
  const vaeSettings = { ...settings, precision: autoencoderPrecision(folder.vae, folder.family, settings.precision) };
  const encoder = new BothKinds(fixed(buildEncoder(folder.vae, provider)), vaeSettings);
  const decoder = new BothKinds(fixed(buildDecoder(folder.vae, provider)), vaeSettings);
  return {
    text: text.encode,
    ...(text2 === undefined ? {} : { text2: text2.encode }),
    unet: (rows) => predict(unet.of(rows[0]?.tile), rows),
    encode: (pixels, tile) => encode(encoder.of(tile), pixels),
    decode: (latents, tile) => inTurn(latents, (one) => decode(decoder.of(tile), one)),
    needBytes: (latents, piece, besideBytes = 0) =>
      Math.max(unetBytes(unet.of().graph, latents) + besideBytes, decoderBytes(decoder.of().graph, piece)),
    close: async () => {
      for (const session of [text, text2, unet, encoder, decoder]) await session?.close();
    },
  };
}

/** For the two rows of guidance and a prompt of one chunk. */
function unetBytes(graph: Graph, { height, width }: Grid): number {
  return needBytes(graph, { n: 2, t: 77, h: height, w: width });
}

function decoderBytes(graph: Graph, { height, width }: Grid): number {
  return needBytes(graph, { n: 1, h: height, w: width });
}

/** SDXL's refiner has only the second of SDXL's text encoders. */
function firstTextUse({ family }: ModelParts): TextUse {
  if (family === 'sdxl') return PENULTIMATE_LAYER;
  return family === 'sdxl-refiner' ? PENULTIMATE_AND_POOLED : LAST_LAYER;
}

/** A network that can be built with side branches at any layers. */
interface Plan {
  /** Layers LoRAs want now. */
  readonly layers: () => BranchedLayers;
  readonly build: (branches: BranchedLayers) => Graph;
}

/** A network without side branches. */
function fixed(graph: Graph): Plan {
  return { layers: () => NO_LAYERS, build: () => graph };
}

/** Networks with other weights that stay beside one; each is as large as the network itself, and counted as it. */
const MERGED_KEPT = 2;

/** A network built with side branches at some layers. */
interface Built {
  readonly branches: BranchedLayers;
  readonly graph: Graph;
  readonly slot: SessionSlot;
  readonly feeds: LoraFeeds;
  /** The one it replaces has given its memory back. */
  readonly after: Promise<void>;
  /** Calls going on. */
  users: number;
}

/**
 * A session that is opened by its first call, and again by the first after others needed its memory. The first call that brings a LoRA for
 * layers without a side branch replaces it by one that has them; switching among known LoRAs never does.
 */
class LazySession {
  readonly #plan: Plan;
  readonly #settings: SessionSettings;
  /** Seen before: their layers have branches. */
  readonly #known = new WeakSet<SideBranches>();
  /** The network with other weights, in order of last use, oldest first. */
  readonly #merged = new Map<Changes, LazySession>();
  #built: Built;
  #isClosed = false;

  constructor(plan: Plan, settings: SessionSettings) {
    this.#plan = plan;
    this.#settings = settings;
    this.#built = this.#build(plan.layers());
  }

  get graph(): Graph {
    return this.#built.graph;
  }

  get isBusy(): boolean {
    return this.#built.users > 0;
  }

  /** Itself, or the same network with changed weights, whose session is built by its first call. */
  with(changes: Changes | undefined): LazySession {
    if (changes === undefined || changes.size === 0) return this;
    const { layers, build } = this.#plan;
    const plan = { layers, build: (branches: BranchedLayers) => mergedGraph(build(branches), changes) };
    const merged = this.#merged.get(changes) ?? new LazySession(plan, this.#settings);
    this.#merged.delete(changes);
    this.#merged.set(changes, merged);
    const idle = [...this.#merged].find(([, session]) => session !== merged && !session.isBusy);
    if (this.#merged.size > MERGED_KEPT && idle !== undefined) {
      this.#merged.delete(idle[0]);
      void idle[1].close();
    }
    return merged;
  }

  /** @param loras of each row, null for the network as it is */
  async run(
    inputs: Parameters<NetworkSession['run']>[0],
    loras: readonly (SideBranches | null)[] = [],
  ): ReturnType<NetworkSession['run']> {
    if (this.#isClosed) throw new DarkroomError('runtime_failed', `${this.graph.name}: called after it was closed`);
    const built = this.#builtFor(loras);
    built.users += 1;
    try {
      await built.after;
      return await built.slot.use(inputs, (session) => session.run({ ...inputs, ...built.feeds.of(loras) }));
    } finally {
      built.users -= 1;
      if (built !== this.#built && built.users === 0) await built.slot.release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const session of this.#merged.values()) await session.close();
    await this.#built.slot.release();
  }

  #build(branches: BranchedLayers, after = Promise.resolve()): Built {
    const graph = this.#plan.build(branches);
    const feeds = new LoraFeeds(loraTargets(graph), this.#settings.provider);
    return { branches, graph, feeds, slot: new SessionSlot(graph, this.#settings), after, users: 0 };
  }

  /** With a branch at every layer that `loras` change. What layers others want by now is taken along, so that it happens once. */
  #builtFor(loras: readonly (SideBranches | null)[]): Built {
    const fresh = [...new Set(loras)].filter((one) => one !== null && !this.#known.has(one)) as SideBranches[];
    const lacking = fresh.flatMap((one) => [...one.keys()].filter((name) => !isBranched(this.#built.branches, name)));
    for (const one of fresh) this.#known.add(one);
    if (lacking.length === 0) return this.#built;
    const { branches, slot, users } = this.#built;
    const released = users === 0 ? slot.release() : Promise.resolve();
    this.#built = this.#build(bothLayers(bothLayers(branches, this.#plan.layers()), new Set(lacking)), released);
    return this.#built;
  }
}

/** A network, and beside it the same without seams, opened when somebody asks for it. */
class BothKinds {
  readonly #usual: LazySession;
  readonly #plan: Plan;
  readonly #settings: SessionSettings;
  #seamless: LazySession | null = null;

  constructor(plan: Plan, settings: SessionSettings) {
    this.#usual = new LazySession(plan, settings);
    this.#plan = plan;
    this.#settings = settings;
  }

  of(isSeamless = false): LazySession {
    if (!isSeamless) return this.#usual;
    const build = (branches: BranchedLayers) => seamlessGraph(this.#plan.build(branches));
    this.#seamless ??= new LazySession({ ...this.#plan, build }, this.#settings);
    return this.#seamless;
  }

  async close(): Promise<void> {
    await this.#usual.close();
    await this.#seamless?.close();
  }
}

interface TextSettings {
  readonly settings: SessionSettings;
  readonly vectorOf: VectorOf;
  readonly layers: () => LoraLayers;
}

/**
 * A text encoder: one session for the layer most requests use, whose numbers must not depend on anybody's clip skip, and one beside it,
 * opened when somebody asks, that can stop at any layer.
 * @param position among the model's text encoders
 */
function openText(part: Part, use: TextUse, position: number, { settings, vectorOf, layers }: TextSettings) {
  const depth = clipTextLayers(part);
  const { provider } = settings;
  const planOf = (build: Plan['build']): Plan => ({ layers: () => layers().text[position] ?? NO_LAYERS, build });
  const usual = new LazySession(
    planOf((branches) => buildClipText(part, provider, branches, use)),
    settings,
  );
  const endsOf = use.isPooled ? endsWith(endOf(part)) : () => ({});
  let anyLayer: LazySession | null = null;
  const encode: EncodeText = async (tokenIds, clipSkip = 1, loras = []) => {
    const changesOf = (row: number) => loras[row]?.merged?.text[position];
    const encoded: Conditioning[] = new Array(tokenIds.length);
    const weightsOf = weightKeys();
    for (const rows of groupsOf([...tokenIds.keys()], (row) => weightsOf(changesOf(row)))) {
      const own = rows.map((row) => tokenIds[row]!);
      const states = await encodeAlike(
        own,
        clipSkip,
        rows.map((row) => loras[row]),
        changesOf(rows[0]!),
      );
      for (const [at, row] of rows.entries()) encoded[row] = states[at]!;
    }
    return encoded;
  };
  /** @param changes of all rows */
  const encodeAlike = async (
    tokenIds: readonly Int32Array[],
    clipSkip: number,
    loras: readonly (LoraStack | undefined)[],
    changes: Changes | undefined,
  ) => {
    const words = wordInputs(tokenIds, part, (id) => vectorOf(id, position));
    const rows = tokenIds.map((_, row) => loras[row]?.text[position] ?? null);
    if (clipSkip <= use.layer)
      return encodeText(usual.with(changes), tokenIds, { ...words, ...endsOf(tokenIds) }, rows);
    if (clipSkip > depth) {
      const problem = `clip skip: found ${clipSkip}, expected 1 to ${depth}, the layers of this model's text encoder`;
      throw new DarkroomError('request_invalid', problem, { field: 'clipSkip' });
    }
    anyLayer ??= new LazySession(
      planOf((branches) => buildClipTextOfAnyLayer(part, provider, branches, use)),
      settings,
    );
    const channels = layerChannels(part, depth - clipSkip);
    const picked = { channels: { data: channels, dims: [channels.length] } };
    return encodeText(anyLayer.with(changes), tokenIds, { ...words, ...picked, ...endsOf(tokenIds) }, rows);
  };
  const close = async () => {
    await usual.close();
    await anyLayer?.close();
  };
  return { encode, close };
}

type Inputs = Parameters<NetworkSession['run']>[0];

/** The learned vector an id stands for; undefined for tokens. */
export type VectorOf = (id: number, encoder: number) => Float32Array | undefined;

/** Token ids, and the vectors that stand in the place of some. What a token there would be does not matter. */
function wordInputs(
  tokenIds: readonly Int32Array[],
  part: Part,
  vectorOf: (id: number) => Float32Array | undefined,
): Inputs {
  const [n, tokens, width] = [tokenIds.length, tokenIds[0]?.length ?? 0, clipTextWidth(part)];
  const data = stackIntegers(tokenIds);
  const found = [...data].flatMap((id, at) => {
    const vector = vectorOf(id);
    return vector === undefined ? [] : [{ at, vector }];
  });
  if (found.length === 0) return { token_ids: { data, dims: [n, tokens] }, ...plainWords(width) };
  const vectors = new Float32Array(n * tokens * width);
  const spelled = new Float32Array(n * tokens).fill(1);
  for (const { at, vector } of found) {
    data[at] = 0;
    spelled[at] = 0;
    vectors.set(vector, at * width);
  }
  return {
    token_ids: { data, dims: [n, tokens] },
    vectors: { data: vectors, dims: [n, tokens, width] },
    spelled: { data: spelled, dims: [n, tokens, 1] },
  };
}

function plainWords(width: number): Inputs {
  return {
    vectors: { data: new Float32Array(width), dims: [1, 1, width] },
    spelled: { data: Float32Array.of(1), dims: [1, 1, 1] },
  };
}

/** f32[n,1,t]: 1 where a prompt ends. */
function endsWith(endOfPrompt: (tokenIds: Int32Array) => number) {
  return (tokenIds: readonly Int32Array[]): Inputs => {
    const tokens = tokenIds[0]?.length ?? 0;
    const data = new Float32Array(tokenIds.length * tokens);
    for (const [row, ids] of tokenIds.entries()) data[row * tokens + endOfPrompt(ids)] = 1;
    return { ends: { data, dims: [tokenIds.length, 1, tokens] } };
  };
}

async function encodeText(
  session: LazySession,
  tokenIds: readonly Int32Array[],
  more: Inputs,
  loras: readonly (SideBranches | null)[],
): Promise<readonly Conditioning[]> {
  const tokens = tokenIds[0]!.length;
  const { hidden, pooled } = await session.run(more, loras);
  const width = hidden!.length / (tokenIds.length * tokens);
  const pooledRows = pooled === undefined ? [] : unstack(pooled, tokenIds.length);
  return unstack(hidden!, tokenIds.length).map((data, row) => {
    const vector = pooledRows[row];
    return { tokens, width, hidden: data, ...(vector === undefined ? {} : { pooled: vector }) };
  });
}

async function predict(session: LazySession, rows: readonly UnetRow[]): Promise<readonly Float32Array[]> {
  const predictions: Float32Array[] = new Array(rows.length);
  const weightsOf = weightKeys();
  for (const indices of groupsOf(rows, (row) => `${shapeKey(row)},${weightsOf(row.loras?.merged?.unet)}`)) {
    const group = indices.map((index) => rows[index]!);
    const results = await predictEqualShapes(session.with(group[0]!.loras?.merged?.unet), group);
    for (const [at, index] of indices.entries()) predictions[index] = results[at]!;
  }
  return predictions;
}

/** Rows share a call where they share the network's weights: the same text for the same changes. */
function weightKeys(): (changes: Changes | undefined) => string {
  const ids = new Map<Changes, string>();
  return (changes) => {
    if (changes === undefined || changes.size === 0) return '';
    const id = ids.get(changes) ?? `${ids.size}`;
    ids.set(changes, id);
    return id;
  };
}

function shapeKey({ latents, extra, conditioning }: UnetRow): string {
  const { tokens, width } = conditioning;
  return [latents.channels, extra?.channels ?? 0, latents.height, latents.width, tokens, width].join();
}

async function predictEqualShapes(session: LazySession, rows: readonly UnetRow[]): Promise<readonly Float32Array[]> {
  const { latents, extra, conditioning } = rows[0]!;
  const n = rows.length;
  const channels = latents.channels + (extra?.channels ?? 0);
  const inputs = {
    sample: {
      data: stack(rows.flatMap(channelsOf)),
      dims: [n, channels, latents.height, latents.width],
    },
    timestep: { data: Float32Array.from(rows, (row) => row.timestep), dims: [n] },
    conditioning: {
      data: stack(rows.map((row) => row.conditioning.hidden)),
      dims: [n, conditioning.tokens, conditioning.width],
    },
    ...toldBesides(session.graph, rows),
    ...controlFeeds(
      session.graph,
      rows.map(({ control }) => control),
    ),
  };
  const branches = rows.map(({ loras }) => loras?.unet ?? null);
  const { prediction } = await session.run(inputs, branches);
  return unstack(prediction!, n);
}

/** The further inputs of networks that have them. @throws internal when a row lacks one */
function toldBesides({ inputs }: Graph, rows: readonly UnetRow[]): Inputs {
  const told: Record<string, Input> = {};
  for (const { name, shape } of inputs) {
    const valuesOf = TOLD_BESIDES[name];
    if (valuesOf === undefined) continue;
    const width = shape[1] as number;
    const values = rows.map((row) => valuesOf(row, width));
    const wrong = values.find((value) => value?.length !== width);
    if (wrong !== undefined || values.includes(undefined)) {
      throw new DarkroomError('internal', `unet ${name}: found ${wrong?.length ?? 'none'} numbers, expected ${width}`);
    }
    told[name] = { data: stack(values as Float32Array[]), dims: [rows.length, width] };
  }
  return told;
}

/** What of a row becomes an input of the U-Net that only some have. */
const TOLD_BESIDES: Readonly<Record<string, (row: UnetRow, width: number) => Float32Array | undefined>> = {
  pooled: ({ added }) => added?.pooled,
  time_ids: ({ added }) => added?.timeIds,
  guidance: ({ guidance }, width) => (guidance === undefined ? undefined : guidanceWaves(guidance, width)),
};

/** What the first convolution sees of a row: the noisy latents, and behind them what else this kind of model is shown. */
function channelsOf({ latents, extra }: UnetRow): readonly Float32Array[] {
  return extra === undefined ? [latents.data] : [latents.data, extra.data];
}

async function encode(session: LazySession, pixels: Pixels): Promise<Posterior> {
  const { height, width } = pixels;
  const { mean, std } = await session.run({ pixels: { data: pixels.data, dims: [1, 3, height, width] } });
  const factor = 2 ** halvingsOf(session.graph);
  const latents = { height: Math.floor(height / factor), width: Math.floor(width / factor) };
  const channels = mean!.length / (latents.height * latents.width);
  return { mean: { channels, ...latents, data: mean! }, std: std ?? new Float32Array(0) };
}

async function decode(session: LazySession, latents: Latents): Promise<Pixels> {
  const { channels, height, width, data } = latents;
  const { pixels } = await session.run({ latents: { data, dims: [1, channels, height, width] } });
  const factor = Math.sqrt(pixels!.length / (3 * height * width));
  return { height: height * factor, width: width * factor, data: pixels! };
}

/** How often a graph halves its rows: its convolutions of stride 2. */
function halvingsOf(graph: Graph): number {
  return graph.nodes.filter(({ attributes }) => (attributes.strides as readonly number[] | undefined)?.[0] === 2)
    .length;
}

async function inTurn<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await call(item));
  return results;
}

function stackIntegers(arrays: readonly Int32Array[]): Int32Array {
  const length = arrays[0]!.length;
  const stacked = new Int32Array(length * arrays.length);
  for (const [index, array] of arrays.entries()) stacked.set(array, index * length);
  return stacked;
}
