// What side branches cost: a whole step of a U-Net of Stable Diffusion 1.5's size with random weights, without branches, with unused ones, and with
// LoRAs of several ranks, for all rows the same or each its own. All in one process and in turns, so that the ratios hold on a machine that is busy;
// two sessions at once take about 10 GB. `--header sdxl_unet`, `--rounds N`, `--side N` (latent rows and columns), `--rows N`.
import os from 'node:os';
import { type LoraFactors, type LoraStack, type SideBranches, stackLoras } from '../../src/diffusion/loraStack.ts';
import { type LoraTarget, loraTargets } from '../../src/networks/loraBranches.ts';
import { buildUnet } from '../../src/networks/unet.ts';
import { LoraFeeds } from '../../src/runtime/loraFeeds.ts';
import { type Input, NetworkSession } from '../../src/runtime/session.ts';
import { quantile, spread } from './figures.ts';
import { CACHE } from './load.ts';
import { partOf, randomNetwork } from './randomModel.ts';

const TOKENS = 77;
const RANKS = [16, 128];

interface Options {
  readonly header: string;
  readonly rounds: number;
  readonly side: number;
  readonly rows: number;
}

function readOptions(argv: readonly string[]): Options {
  const value = (name: string, fallback: string) => argv[argv.indexOf(`--${name}`) + 1] ?? fallback;
  const read = (name: string, fallback: string) => (argv.includes(`--${name}`) ? value(name, fallback) : fallback);
  return {
    header: read('header', 'sd15_unet'),
    rounds: Number(read('rounds', '9')),
    side: Number(read('side', '32')),
    rows: Number(read('rows', '2')),
  };
}

/** As long as no factor's row, so that no two are alike. */
const TABLE = Float32Array.from({ length: 65_521 }, (_, i) => 0.01 * Math.sin(1.7 * i));

/** Small numbers that are no zeros: denormal or zero products would be faster. */
function numbers(length: number, seed: number): Float32Array {
  const result = new Float32Array(length);
  for (let i = 0; i < length; i++) result[i] = TABLE[(i + 977 * seed) % TABLE.length]!;
  return result;
}

/** What kohya trains by default: every matrix of the attention blocks. */
function attentionStack(targets: readonly LoraTarget[], rank: number, seed: number): SideBranches {
  return stackOf(
    targets.filter(({ module, kernel }) => kernel === null && module.includes('attentions')),
    rank,
    seed,
  );
}

function stackOf(targets: readonly LoraTarget[], rank: number, seed: number): SideBranches {
  return new Map(
    targets.map((target): [string, LoraFactors] => {
      const down = numbers(rank * target.in * (target.kernel ?? 1) ** 2, seed);
      return [target.module, { rank, down, up: numbers(rank * target.out, seed + 1) }];
    }),
  );
}

type Variants = Map<string, (rows: number) => Promise<unknown>>;

function addVariants(
  variants: Variants,
  run: (rows: readonly (SideBranches | null)[]) => Promise<unknown>,
  targets: readonly LoraTarget[],
): void {
  variants.set('unused branches', (rows) => run(new Array(rows).fill(null)));
  for (const rank of RANKS) {
    const [one, other] = [attentionStack(targets, rank, 1), attentionStack(targets, rank, 2)];
    variants.set(`rank ${rank}`, (rows) => run(new Array(rows).fill(one)));
    variants.set(`rank ${rank}, each row its own`, (rows) =>
      run(Array.from({ length: rows }, (_, k) => (k % 2 === 0 ? one : other))),
    );
  }
  const every = stackOf(targets, 16, 3);
  variants.set('rank 16 in every layer, convolutions too', (rows) => run(new Array(rows).fill(every)));
}

export async function benchLora(argv: readonly string[]): Promise<void> {
  const { header, rounds, side, rows } = readOptions(argv);
  const part = partOf(randomNetwork(header, 'f16', CACHE));
  const settings = { provider: 'cpu', threads: os.availableParallelism() } as const;
  const graph = buildUnet(part, 'cpu', 'every');
  const targets = loraTargets(graph);
  console.log(`  ${header}: ${targets.length} layers with branches, ${rows} rows of ${side}x${side}, ${rounds} rounds`);
  const plain = await NetworkSession.open(buildUnet(part, 'cpu'), settings);
  const branched = await NetworkSession.open(graph, settings);
  const feeds = new LoraFeeds(targets, 'cpu');
  const inputs = inputsOf(part.config, rows, side);
  const variants: Variants = new Map([['no branches', () => plain.run(inputs)]]);
  addVariants(variants, (stacks) => branched.run({ ...inputs, ...feeds.of(stacks) }), targets);
  tell(await timesOf(variants, rows, rounds));
  tellSwitch(targets, feeds, rows);
  await plain.close();
  await branched.close();
}

function inputsOf(config: Readonly<Record<string, unknown>>, rows: number, side: number): Record<string, Input> {
  const channels = Number(config.in_channels ?? 4);
  const width = Number(config.cross_attention_dim);
  const added: Record<string, Input> = config.addition_embed_type === 'text_time' ? addedInputs(rows) : {};
  return {
    sample: {
      data: numbers(rows * channels * side * side, 5).map((value) => 100 * value),
      dims: [rows, channels, side, side],
    },
    timestep: { data: new Float32Array(rows).fill(500), dims: [rows] },
    conditioning: { data: numbers(rows * TOKENS * width, 6).map((value) => 100 * value), dims: [rows, TOKENS, width] },
    ...added,
  };
}

function addedInputs(rows: number): Record<string, Input> {
  return {
    pooled: { data: numbers(rows * 1280, 7), dims: [rows, 1280] },
    time_ids: { data: new Float32Array(rows * 6).fill(1024), dims: [rows, 6] },
  };
}

/** In turns, the first turn for warming. */
async function timesOf(
  variants: Variants,
  rows: number,
  rounds: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const times = new Map<string, number[]>([...variants.keys()].map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of variants) {
      const startMs = performance.now();
      await run(rows);
      if (round > 0) times.get(name)!.push(performance.now() - startMs);
    }
  }
  return times;
}

/** Ratios round by round: neighbours in time are compared, not sums over a run in which the machine changed. */
function tell(times: ReadonlyMap<string, readonly number[]>): void {
  const base = times.get('no branches')!;
  for (const [name, list] of times) {
    const ratios = list.map((ms, round) => 100 * (ms / base[round]! - 1));
    console.log(`  ${name}: ${spread(list, 'ms', 0)}, ${percent(quantile(ratios, 0.5))} of no branches`);
  }
  for (const rank of RANKS) {
    const [same, own] = [times.get(`rank ${rank}`)!, times.get(`rank ${rank}, each row its own`)!];
    const ratios = own.map((ms, round) => 100 * (ms / same[round]! - 1));
    console.log(`  rank ${rank}, mixed against uniform: ${percent(quantile(ratios, 0.5))}`);
  }
}

function percent(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)} %`;
}

/** What another choice costs outside the network: adding up two LoRAs once, and handing a known stack over. */
function tellSwitch(targets: readonly LoraTarget[], feeds: LoraFeeds, rows: number): void {
  const loras: LoraStack[] = [1, 2].map((seed) => ({ unet: attentionStack(targets, 16, seed), text: [] }));
  const choices = loras.map((lora) => stackLoras([{ lora, strength: 0.8, textStrength: 0.8 }]).unet);
  for (const choice of choices) feeds.of(new Array(rows).fill(choice));
  const ms = Array.from({ length: 50 }, (_, k) => timed(() => feeds.of(new Array(rows).fill(choices[k % 2]))));
  console.log(`  switching between two choices at rank 16: ${spread(ms, 'ms', 2)}`);
  const both = loras.map((lora) => ({ lora, strength: 0.7, textStrength: 0.7 }));
  const first = Array.from({ length: 10 }, () => timed(() => stackLoras(both)));
  console.log(`  adding two LoRAs of rank 16 up, once a choice: ${spread(first, 'ms', 1)}`);
}

function timed(work: () => unknown): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}
