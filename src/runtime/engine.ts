// A model folder as networks that answer: token ids → conditioning, rows → predictions, pixels ⇄ latents. Sessions are opened when first
// used and stay until the model is closed. Which rows belong together is the caller's business; here they are only stacked.
import type { Conditioning, Latents, Pixels, UnetRow } from '../diffusion/asks.ts';
import { DarkroomError } from '../errors.ts';
import { buildDecoder, buildEncoder } from '../networks/autoencoder.ts';
import { buildClipText, buildClipTextOfAnyLayer, clipTextLayers, layerChannels } from '../networks/clipText.ts';
import { buildUnet } from '../networks/unet.ts';
import type { Graph } from '../onnx/graph.ts';
import type { ModelFolder } from '../weights/modelFolder.ts';
import { NetworkSession, type SessionSettings } from './session.ts';

export interface Posterior {
  readonly mean: Latents;
  /** f32[c, h, w], as large as the mean; empty for an autoencoder whose latents have no spread. */
  readonly std: Float32Array;
}

/** What of a model folder the networks are made from. */
export type ModelParts = Pick<ModelFolder, 'textEncoder' | 'unet' | 'vae'>;

export interface OpenModel {
  /**
   * Hidden states, one f32[t, d] a prompt. Prompts of one call have the same number of tokens.
   * @param clipSkip 1 for the last layer, 2 for the one before it …
   * @throws request_invalid when the text encoder has fewer layers
   */
  text(tokenIds: readonly Int32Array[], clipSkip?: number): Promise<readonly Conditioning[]>;
  /** One prediction f32[c, h, w] a row, in order. Rows of equal latent shape and token count run as one call. */
  unet(rows: readonly UnetRow[]): Promise<readonly Float32Array[]>;
  encode(pixels: Pixels): Promise<Posterior>;
  /** Pictures not clamped to -1 … 1. One at a time inside, so that memory does not grow with their number. */
  decode(latents: readonly Latents[]): Promise<readonly Pixels[]>;
  close(): Promise<void>;
}

/**
 * Reads the configs and checks every weight's name and shape; loads nothing yet.
 * @throws model_unsupported, weights_invalid
 */
export async function openModel(folder: ModelParts, settings: SessionSettings): Promise<OpenModel> {
  const { provider } = settings;
  const text = new LazySession(buildClipText(folder.textEncoder, provider), settings);
  const anyLayer = textOfAnyLayer(folder, settings);
  const unet = new LazySession(buildUnet(folder.unet, provider), settings);
  const encoder = new LazySession(buildEncoder(folder.vae, provider), settings);
  const decoder = new LazySession(buildDecoder(folder.vae, provider), settings);
  return {
    text: (tokenIds, clipSkip = 1) =>
      clipSkip === 1 ? encodeText(text, tokenIds, {}) : anyLayer.encode(tokenIds, clipSkip),
    unet: (rows) => predict(unet, rows),
    encode: (pixels) => encode(encoder, pixels),
    decode: (latents) => inTurn(latents, (one) => decode(decoder, one)),
    close: async () => {
      for (const session of [text, anyLayer, unet, encoder, decoder]) await session.close();
    },
  };
}

/** A session that is opened by its first call. */
class LazySession {
  readonly graph: Graph;
  readonly #settings: SessionSettings;
  #opening: Promise<NetworkSession> | null = null;
  #isClosed = false;

  constructor(graph: Graph, settings: SessionSettings) {
    this.graph = graph;
    this.#settings = settings;
  }

  async run(inputs: Parameters<NetworkSession['run']>[0]): ReturnType<NetworkSession['run']> {
    if (this.#isClosed) throw new DarkroomError('runtime_failed', `${this.graph.name}: called after it was closed`);
    this.#opening ??= this.#open();
    const session = await this.#opening;
    return session.run(inputs);
  }

  /** A failed attempt is forgotten, so that the next call tries again. */
  async #open(): Promise<NetworkSession> {
    try {
      return await NetworkSession.open(this.graph, this.#settings);
    } catch (thrown) {
      this.#opening = null;
      throw thrown;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opening = this.#opening;
    this.#opening = null;
    await (await opening)?.close();
  }
}

/**
 * The text encoder that can stop at any layer: one session for every clip skip, beside that of the last layer, which most requests
 * use and whose numbers must not depend on this one.
 */
function textOfAnyLayer({ textEncoder }: ModelParts, settings: SessionSettings) {
  const layers = clipTextLayers(textEncoder);
  let session: LazySession | null = null;
  return {
    encode: (tokenIds: readonly Int32Array[], clipSkip: number) => {
      if (clipSkip > layers) {
        const problem = `clip skip: found ${clipSkip}, expected 1 to ${layers}, the layers of this model's text encoder`;
        throw new DarkroomError('request_invalid', problem, { field: 'clipSkip' });
      }
      session ??= new LazySession(buildClipTextOfAnyLayer(textEncoder, settings.provider), settings);
      const channels = layerChannels(textEncoder, layers - clipSkip);
      return encodeText(session, tokenIds, { channels: { data: channels, dims: [channels.length] } });
    },
    close: async () => session?.close(),
  };
}

async function encodeText(
  session: LazySession,
  tokenIds: readonly Int32Array[],
  more: Parameters<NetworkSession['run']>[0],
): Promise<readonly Conditioning[]> {
  if (tokenIds.length === 0) return [];
  const tokens = tokenIds[0]!.length;
  const input = { data: stackIntegers(tokenIds), dims: [tokenIds.length, tokens] };
  const { hidden } = await session.run({ token_ids: input, ...more });
  const width = hidden!.length / (tokenIds.length * tokens);
  return unstack(hidden!, tokenIds.length).map((data) => ({ tokens, width, hidden: data }));
}

async function predict(session: LazySession, rows: readonly UnetRow[]): Promise<readonly Float32Array[]> {
  const predictions: Float32Array[] = new Array(rows.length);
  for (const indices of groupsOf(rows, shapeKey)) {
    const group = indices.map((index) => rows[index]!);
    const results = await predictEqualShapes(session, group);
    for (const [at, index] of indices.entries()) predictions[index] = results[at]!;
  }
  return predictions;
}

function shapeKey({ latents, extra, conditioning }: UnetRow): string {
  const { tokens, width } = conditioning;
  return [latents.channels, extra?.channels ?? 0, latents.height, latents.width, tokens, width].join();
}

async function predictEqualShapes(session: LazySession, rows: readonly UnetRow[]): Promise<readonly Float32Array[]> {
  const { latents, extra, conditioning } = rows[0]!;
  const n = rows.length;
  const channels = latents.channels + (extra?.channels ?? 0);
  const { prediction } = await session.run({
    sample: {
      data: stack(rows.flatMap(channelsOf)),
      dims: [n, channels, latents.height, latents.width],
    },
    timestep: { data: Float32Array.from(rows, (row) => row.timestep), dims: [n] },
    conditioning: {
      data: stack(rows.map((row) => row.conditioning.hidden)),
      dims: [n, conditioning.tokens, conditioning.width],
    },
  });
  return unstack(prediction!, n);
}

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

/** Indices of the items that share a key, groups in order of appearance. */
function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()];
}

/** One behind the other, of any lengths. */
function stack(arrays: readonly Float32Array[]): Float32Array {
  const stacked = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    stacked.set(array, at);
    at += array.length;
  }
  return stacked;
}

function stackIntegers(arrays: readonly Int32Array[]): Int32Array {
  const length = arrays[0]!.length;
  const stacked = new Int32Array(length * arrays.length);
  for (const [index, array] of arrays.entries()) stacked.set(array, index * length);
  return stacked;
}

/** Copies, so that keeping one part does not keep the whole. */
function unstack(stacked: Float32Array, count: number): Float32Array[] {
  const length = stacked.length / count;
  return Array.from({ length: count }, (_, index) => stacked.slice(index * length, (index + 1) * length));
}
