// What another look at the folders of LoRAs and control networks has changed, for the log: an owner who drops a file there reads here whether it
// was taken, and why not.
import type { WorkerFacts } from '../core/worker.ts';
import type { Logger } from '../log.ts';

/** Says nothing where nothing changed. */
export function tellNews(before: WorkerFacts, now: WorkerFacts, log: Logger): void {
  const [had, has] = [namesOf(before), namesOf(now)];
  const found = has.filter((name) => !had.includes(name));
  const gone = had.filter((name) => !has.includes(name));
  if (found.length + gone.length > 0) log.info({ found, gone }, 'LoRAs and control networks came or went');
  const known = new Set(before.refused.map(({ name, reason }) => `${name}\n${reason}`));
  for (const { name, reason } of now.refused) {
    if (!known.has(`${name}\n${reason}`)) log.warn({ model: name, reason }, 'a model was refused');
  }
}

/** Every card has them all. */
function namesOf({ models: [card] }: WorkerFacts): readonly string[] {
  return [...(card?.loras ?? []), ...(card?.controls ?? [])].map(({ name }) => name);
}
