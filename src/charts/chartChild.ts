// Entry of the process that counts a server's figures and draws its charts, started by chartRoom.ts for one answer at a time. It reads the
// database and writes nothing.
import type { ChartPicture, ChartWords } from '../core/charts.ts';
import { type Stats, statsOf } from '../core/stats.ts';
import { hasLetter, pngOfOwnSvg } from '../image/ownSvg.ts';
import { openFigures } from '../store/figures.ts';
import { type ChartSpec, chartSpecs } from './chartSpecs.ts';
import { drawableText, FOREIGN_SCRIPTS, type ForeignScript, foreignScripts } from './drawableText.ts';
import { drawChart } from './drawCharts.ts';
import type { ChildMessage, ParentMessage } from './protocol.ts';

/** Signs no chart writes of itself, so that the shipped letters do not answer for the machine's. */
const SIGNS: Readonly<Record<ForeignScript, string>> = { cjk: '龍', hangul: '한' };

function count({ file, ask }: Extract<ParentMessage, { type: 'count' }>): ChildMessage {
  const figures = openFigures(file);
  try {
    const { filter, days, nowMs } = ask;
    const stats = statsOf(figures.each(filter), figures.refusals(filter), days, nowMs);
    return { type: 'counted', stats };
  } finally {
    figures.close();
  }
}

async function draw({ stats, words }: Extract<ParentMessage, { type: 'draw' }>): Promise<ChildMessage> {
  const given = [...Object.values(words.names), ...stats.models.map(({ name }) => name)].join('');
  const scripts = await scriptsHere(foreignScripts(given));
  const specs = chartSpecs(...readable(stats, words, scripts));
  const pictures: ChartPicture[] = [];
  for (const spec of specs) pictures.push(await pictureOf(spec));
  return { type: 'drawn', pictures };
}

async function scriptsHere(wanted: readonly ForeignScript[]): Promise<ReadonlySet<ForeignScript>> {
  const found = new Set<ForeignScript>();
  for (const script of FOREIGN_SCRIPTS) {
    if (wanted.includes(script) && (await hasLetter(SIGNS[script]))) found.add(script);
  }
  return found;
}

/** Strangers' names as far as there are letters for them; a model that has none is its number. */
function readable(stats: Stats, words: ChartWords, scripts: ReadonlySet<ForeignScript>): [Stats, ChartWords] {
  const models = stats.models.map((one, at) => ({ ...one, name: drawableText(one.name, scripts) || `${at + 1}.` }));
  const names = Object.entries(words.names).map(([id, name]) => [id, drawableText(name, scripts)] as const);
  return [
    { ...stats, models },
    { ...words, names: Object.fromEntries(names) },
  ];
}

async function pictureOf(spec: ChartSpec): Promise<ChartPicture> {
  return { name: spec.name, ...(await pngOfOwnSvg(drawChart(spec))) };
}

async function answer(message: ParentMessage): Promise<ChildMessage> {
  try {
    return message.type === 'count' ? count(message) : await draw(message);
  } catch (thrown) {
    return { type: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', async (message: ParentMessage) => process.send?.(await answer(message)));
