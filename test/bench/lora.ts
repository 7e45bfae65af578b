// What side branches cost: a whole step of a U-Net of Stable Diffusion 1.5's size with random weights, without branches, with unused ones, and with
// LoRAs of several ranks, for all rows the same or each its own. The branches lie where such LoRAs need them, as they do in a real installation;
// `--every` measures branches at every layer, convolutions too, in a session of its own. All in one process and in turns that begin elsewhere in
// every round, by the clock and by the processor's time, so that the ratios hold on a machine that is busy. What all are compared with runs twice
// a round, and the difference of the two is told: ratios mean nothing below it. One thread (`--threads 1`) is best where others work too: several
// wait for one another in loops that count as work. Two sessions at once take about 9 GB, a round of `--side 16` seconds. `--header sdxl_unet`,
// `--rounds N`, `--side N` (latent rows and columns), `--rows N`, `--every`.
import os from 'node:os';
import { type LoraFactors, type LoraStack, type SideBranches, stackLoras } from '../../src/diffusion/loraStack.ts';
import { type BranchedLayers, type LoraTarget, loraTargets } from '../../src/networks/loraBranches.ts';
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
  readonly threads: number;
  readonly hasEvery: boolean;
}

function readOptions(argv: readonly string[]): Options {
  const value = (name: string, fallback: string) => argv[argv.indexOf(`--${name}`) + 1] ?? fallback;
  const read = (name: string, fallback: string) => (argv.includes(`--${name}`) ? value(name, fallback) : fallback);
  return {
    header: read('header', 'sd15_unet'),
    rounds: Number(read('rounds', '5')),
    side: Number(read('side', '32')),
    rows: Number(read('rows', '2')),
    threads: Number(read('threads', `${os.availableParallelism()}`)),
    hasEvery: argv.includes('--every'),
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
function attentionModules(targets: readonly LoraTarget[]): ReadonlySet<string> {
  const found = targets.filter(({ module, kernel }) => kernel === null && module.includes('attentions'));
  return new Set(found.map(({ module }) => module));
}

function stackOf(targets: readonly LoraTarget[], rank: number, seed: number): SideBranches {
  return new Map(
    targets.map((target): [string, LoraFactors] => {
      const down = numbers(rank * target.in * (target.kernel ?? 1) ** 2, seed);
      return [target.module, { rank, down, up: numbers(rank * target.out, seed + 1) }];
    }),
  );
}

/** What everything is compared with, at both ends of a round. */
const BASE = 'no branches';
const BASE_AGAIN = 'no branches, again';

/** The inputs laid out, as the first step of a batch does it for all of them; then one step. */
type Step = () => Promise<unknown>;
type Variants = Map<string, (rows: number) => Step>;
type Run = (rows: readonly (SideBranches | null)[]) => Step;

function addVariants(variants: Variants, run: Run, targets: readonly LoraTarget[]): void {
  variants.set('rank 0, unused branches', (rows) => run(new Array(rows).fill(null)));
  for (const rank of RANKS) {
    const [one, other] = [stackOf(targets, rank, 1), stackOf(targets, rank, 2)];
    variants.set(`rank ${rank}`, (rows) => run(new Array(rows).fill(one)));
    variants.set(`rank ${rank}, each row its own`, (rows) =>
      run(Array.from({ length: rows }, (_, k) => (k % 2 === 0 ? one : other))),
    );
  }
}

function addEvery(variants: Variants, run: Run, targets: readonly LoraTarget[]): void {
  const every = stackOf(targets, 16, 3);
  variants.set('every layer: rank 0', (rows) => run(new Array(rows).fill(null)));
  variants.set('every layer: rank 16, convolutions too', (rows) => run(new Array(rows).fill(every)));
}

export async function benchLora(argv: readonly string[]): Promise<void> {
  const { header, rounds, side, rows, threads, hasEvery } = readOptions(argv);
  const part = partOf(randomNetwork(header, 'f16', CACHE));
  const settings = { provider: 'cpu', threads } as const;
  const inputs = inputsOf(part.config, rows, side);
  const open: NetworkSession[] = [];
  const opened = async (branches?: BranchedLayers) => {
    const graph = buildUnet(part, 'cpu', branches);
    const session = await NetworkSession.open(graph, settings);
    open.push(session);
    const targets = loraTargets(graph);
    const feeds = new LoraFeeds(targets, 'cpu');
    const run: Run = (stacks) => {
      const laid = { ...inputs, ...feeds.of(stacks) };
      return () => session.run(laid);
    };
    return { targets, feeds, run };
  };
  const plain = await opened();
  const every = loraTargets(buildUnet(part, 'cpu', 'every'));
  const branched = await opened(attentionModules(every));
  const { length } = branched.targets;
  console.log(
    `  ${header}: branches at ${length} of ${every.length} layers, ${rows} rows of ${side}x${side}, ${rounds} rounds`,
  );
  const variants: Variants = new Map();
  const base = (count: number) => plain.run(new Array(count).fill(null));
  variants.set(BASE, base);
  addVariants(variants, branched.run, branched.targets);
  variants.set(BASE_AGAIN, base);
  if (hasEvery) {
    const { run, targets } = await opened('every');
    addEvery(variants, run, targets);
  }
  tell(await timesOf(variants, rows, rounds));
  tellSwitch(branched.targets, branched.feeds, rows);
  for (const session of open) await session.close();
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

/** Of one call. */
interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}
type Costs = ReadonlyMap<string, readonly Cost[]>;

/** In turns that begin one further every round, so that nobody always comes first; one round before it for warming. */
async function timesOf(variants: Variants, rows: number, rounds: number): Promise<Costs> {
  const names = [...variants.keys()];
  const costs = new Map<string, Cost[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    const begin = Math.max(0, round) % names.length;
    for (const name of [...names.slice(begin), ...names.slice(0, begin)]) {
      const cost = await costOf(variants.get(name)!(rows));
      if (round >= 0) costs.get(name)!.push(cost);
    }
  }
  return costs;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(startCpu);
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000 };
}

/** What the issue asks for, in percent of a step. */
const BARS: Readonly<Record<string, number>> = { 'rank 16': 3, 'rank 128': 6 };
const MIXED_BAR = 5;

/** Ratios round by round: neighbours in time are compared, not sums over a run in which the machine changed. */
function tell(costs: Costs): void {
  for (const [name, list] of costs) {
    const [wall, cpu] = [list.map(({ wallMs }) => wallMs), list.map(({ cpuMs }) => cpuMs)];
    const over = name === BASE ? '' : `; ${ratios(list, baseFor(costs, name), BARS[name])} over no branches`;
    console.log(`  ${name}: ${spread(wall, 'ms', 0)}, of processor ${quantile(cpu, 0.5).toFixed(0)} ms${over}`);
  }
  for (const rank of RANKS) {
    const text = ratios(costs.get(`rank ${rank}, each row its own`)!, costs.get(`rank ${rank}`)!, MIXED_BAR);
    console.log(`  rank ${rank}, mixed against uniform: ${text}`);
  }
}

/** Of every round, the mean of both; its second turn is compared with its first. */
function baseFor(costs: Costs, name: string): readonly Cost[] {
  const [first, second] = [costs.get(BASE)!, costs.get(BASE_AGAIN)!];
  if (name === BASE_AGAIN) return first;
  return first.map(({ wallMs, cpuMs }, round) => {
    const again = second[round]!;
    return { wallMs: (wallMs + again.wallMs) / 2, cpuMs: (cpuMs + again.cpuMs) / 2 };
  });
}

function ratios(list: readonly Cost[], others: readonly Cost[], bar?: number): string {
  const [wall, cpu] = (['wallMs', 'cpuMs'] as const).map((field) =>
    quantile(
      list.map((cost, round) => 100 * (cost[field] / others[round]![field] - 1)),
      0.5,
    ),
  ) as [number, number];
  const held = bar === undefined ? '' : ` (${cpu <= bar ? 'within' : 'NOT within'} ${bar} %)`;
  return `${percent(wall)} by the clock, ${percent(cpu)} of processor${held}`;
}

function percent(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)} %`;
}

/** What another choice costs outside the network: adding up two LoRAs once, and handing a known stack over. */
function tellSwitch(targets: readonly LoraTarget[], feeds: LoraFeeds, rows: number): void {
  const loras: LoraStack[] = [1, 2].map((seed) => ({ unet: stackOf(targets, 16, seed), text: [] }));
  const choices = loras.map((lora) => stackLoras([{ lora, strength: 0.8, textStrength: 0.8 }]).unet);
  for (const choice of choices) feeds.of(new Array(rows).fill(choice));
  const ms = Array.from({ length: 50 }, (_, k) => timed(() => feeds.of(new Array(rows).fill(choices[k % 2]))));
  console.log(
    `  switching between two choices at rank 16, outside the network: ${spread(ms, 'ms', 2)} (asked for: under 5)`,
  );
  const mixes = Array.from({ length: 10 }, (_, k) =>
    timed(() => feeds.of(Array.from({ length: rows }, (__, row) => choices[(row + k) % 2]!))),
  );
  console.log(`  laying out a mixed batch at rank 16, once a batch: ${spread(mixes, 'ms', 2)}`);
  const both = loras.map((lora) => ({ lora, strength: 0.7, textStrength: 0.7 }));
  const first = Array.from({ length: 10 }, () => timed(() => stackLoras(both)));
  console.log(`  adding two LoRAs of rank 16 up, once a choice: ${spread(first, 'ms', 1)}`);
}

function timed(work: () => unknown): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}
