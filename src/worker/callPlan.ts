// Which waiting asks share the next network call: pure scheduling, no networks and no promises.
// The longest waiting ask chooses the kind of call, the jobs then take turns, so that no job waits for another's pictures.
import type { Ask, NetworkAsk } from '../diffusion/asks.ts';

/** An ask reduced to what the choice needs. */
export interface WaitingAsk {
  /** Whose picture it belongs to; jobs take turns. */
  readonly job: number;
  /** Asks of one group can share a call: same model, network and shapes. */
  readonly group: string;
  readonly rows: number;
  /** Rows a call of this group may have. */
  readonly rowLimit: number;
  /** Ordinal of its arrival. */
  readonly arrival: number;
}

/**
 * The asks of the next call, [] when nothing waits. Asks stay whole: half an answer moves no picture on. An ask larger than
 * its limit is chosen alone and has to be cut by the caller.
 * @param servedAt ordinal of the last call each job had rows in; a job that is missing was never served.
 */
export function planCall<T extends WaitingAsk>(
  waiting: readonly T[],
  servedAt: ReadonlyMap<number, number>,
): readonly T[] {
  const byArrival = [...waiting].sort((a, b) => a.arrival - b.arrival);
  const oldest = byArrival[0];
  if (oldest === undefined) return [];
  const group = byArrival.filter((ask) => ask.group === oldest.group);
  const chosen = takeTurns(jobsInTurn(group, servedAt), oldest.rowLimit);
  return chosen.length > 0 ? chosen : [oldest];
}

/** The job served longest ago first; the sort is stable, so equals keep their order of arrival. */
function jobsInTurn<T extends WaitingAsk>(group: readonly T[], servedAt: ReadonlyMap<number, number>): T[][] {
  const turn = ([ask]: readonly T[]) => (ask === undefined ? -1 : (servedAt.get(ask.job) ?? -1));
  return queuesOf(group).sort((a, b) => turn(a) - turn(b));
}

/** One queue a job, in order of their first ask. */
export function queuesOf<T extends WaitingAsk>(asks: readonly T[]): T[][] {
  const queues = new Map<number, T[]>();
  for (const ask of asks) queues.set(ask.job, [...(queues.get(ask.job) ?? []), ask]);
  return [...queues.values()];
}

/** One ask from every queue in turn while they fit; a queue whose head no longer fits is done for this call. */
function takeTurns<T extends WaitingAsk>(queues: readonly T[][], rowLimit: number): T[] {
  const chosen: T[] = [];
  let free = rowLimit;
  let open = queues;
  while (open.length > 0) {
    open = open.filter((queue) => {
      const ask = queue.shift();
      if (ask === undefined || ask.rows > free) return false;
      chosen.push(ask);
      free -= ask.rows;
      return true;
    });
  }
  return chosen;
}

/** How much may go into one call, in cells of the latent grid (rows x height x width), so that time and memory stay bounded at any size. */
export interface RowBudget {
  readonly unetCells: number;
  readonly autoencoderCells: number;
}

/**
 * On a processor a row costs the same in a call of 1 or of 16, so a call is kept short: 8 U-Net rows or 4 pictures of 128x128
 * (16x16 cells), after which cancellations are heard and jobs take turns again. A graphics card is filled by many rows: 64 of
 * them, or 4 of 512x512, which still fit into 8 GB with a Stable Diffusion 1.x model.
 */
export function budgetFor(provider: string): RowBudget {
  const cells = 16 * 16;
  return provider === 'cpu'
    ? { unetCells: 8 * cells, autoencoderCells: 4 * cells }
    : { unetCells: 64 * cells, autoencoderCells: 16 * cells };
}

/** Rows of a text call: prompts of mostly one chunk, 77 tokens, for the smallest of the four networks. */
const TEXT_ROWS = 16;
/** Pictures of any size are judged by a network of milliseconds; so many make a call in which cancellations are still heard soon. */
const JUDGED_ROWS = 4;
/** Every known autoencoder of this family shrinks each side by 8; only a measure of memory here. */
const PX_PER_CELL = 8;
/** Guidance asks for its two rows at once, and at every size running them together is faster than one by one. */
const LEAST_UNET_ROWS = 2;

export function rowsOf(ask: Ask): number {
  return ask.kind === 'unet' || ask.kind === 'control' ? ask.rows.length : 1;
}

export function rowLimitOf(ask: NetworkAsk, budget: RowBudget): number {
  switch (ask.kind) {
    case 'text':
      return TEXT_ROWS;
    case 'unet':
    case 'control':
      return fit(budget.unetCells, cellsOfUnet(ask), LEAST_UNET_ROWS);
    case 'encode':
      return fit(budget.autoencoderCells, (ask.pixels.height * ask.pixels.width) / PX_PER_CELL ** 2, 1);
    case 'decode':
      return fit(budget.autoencoderCells, ask.latents.height * ask.latents.width, 1);
    case 'hint':
      return 1; // once a picture, as large as it
    case 'upscale':
      return 1; // a tile is as much work as a picture elsewhere
    case 'judge':
      return JUDGED_ROWS;
  }
}

function fit(budgetCells: number, rowCells: number, least: number): number {
  return Math.max(least, Math.floor(budgetCells / rowCells));
}

function cellsOfUnet(ask: Extract<Ask, { kind: 'unet' | 'control' }>): number {
  const latents = ask.rows[0]?.latents;
  return latents === undefined ? 1 : latents.height * latents.width;
}

/** @param model names the open model; rows of two models never meet. */
export function groupOf(model: string, ask: NetworkAsk): string {
  return `${model}|${ask.kind}|${shapeOf(ask)}${isSeamless(ask) ? '|tile' : ''}`;
}

function isSeamless(ask: NetworkAsk): boolean {
  if (ask.kind === 'unet' || ask.kind === 'control') return ask.rows[0]?.tile === true;
  return 'tile' in ask && ask.tile === true;
}

function shapeOf(ask: NetworkAsk): string {
  switch (ask.kind) {
    case 'text':
      return `${ask.clipSkip ?? 1}`;
    case 'unet': {
      const row = ask.rows[0];
      if (row === undefined) return '';
      const { latents, extra, conditioning } = row;
      return [shape(latents), extra?.channels ?? 0, conditioning.tokens, conditioning.width].join('|');
    }
    case 'control': {
      const row = ask.rows[0];
      if (row === undefined) return ask.control;
      const { latents, conditioning } = row;
      return [ask.control, shape(latents), conditioning.tokens, conditioning.width].join('|');
    }
    case 'hint':
      return `${ask.control}|${ask.pixels.height}x${ask.pixels.width}`;
    case 'encode':
      return `${ask.pixels.height}x${ask.pixels.width}`;
    case 'decode':
      return shape(ask.latents);
    case 'upscale':
      return `${ask.model}|${ask.pixels.height}x${ask.pixels.width}`;
    case 'judge':
      return '';
  }
}

function shape({ channels, height, width }: { channels: number; height: number; width: number }): string {
  return `${channels}x${height}x${width}`;
}
