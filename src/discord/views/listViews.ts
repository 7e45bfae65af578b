// Private lists: the queue and the quota.
import type { QueueMode } from '../../core/houseRules.ts';
import type { JobRecord } from '../../core/job.ts';
import type { QuotaStatus } from '../../core/quota.ts';
import type { Phrases } from '../phrases/phrases.ts';
import { quoted, timestamp } from '../text.ts';
import { textView, type View } from './view.ts';

export interface QueueView {
  readonly mode: QueueMode;
  readonly waiting: number;
  readonly running: number;
  readonly mine: readonly {
    readonly job: JobRecord;
    /** 0-based; undefined while it is being made. */
    readonly position: number | undefined;
    /** `soon`: the expected moment is past. */
    readonly readyAtMs: number | 'soon' | undefined;
  }[];
}

export function queueView(queue: QueueView, phrases: Phrases): View {
  const mine = queue.mine.map(({ job, position, readyAtMs }) => {
    const where = position === undefined ? phrases.queueRunning() : phrases.queuePlace(position + 1);
    const when = readyAtMs === undefined ? [] : [whenReady(readyAtMs, phrases)];
    return [`- \`#${job.id}\` ${quoted(job.request.prompt, 60)}`, where, ...when].join(' · ');
  });
  const own = mine.length === 0 ? [] : [phrases.queueMine(), ...mine];
  const mode = queue.mode === 'running' ? [] : [`⏸️ ${phrases.houseRules.mode[queue.mode]}`];
  return textView([phrases.queueNow(queue.waiting, queue.running), ...mode, ...own].join('\n'));
}

function whenReady(readyAtMs: number | 'soon', phrases: Phrases): string {
  return readyAtMs === 'soon' ? phrases.readySoon() : phrases.readyAt(timestamp(readyAtMs, 'R'));
}

export function quotaView(quota: QuotaStatus, phrases: Phrases): View {
  const { used, limit, resetsAtMs, granted, hour, server } = quota;
  const { extra, hourNow, serverNow } = phrases.houseRules;
  return textView(
    [
      phrases.quotaNow(used, limit, timestamp(resetsAtMs, 'R')),
      ...(granted === undefined ? [] : [extra(granted)]),
      ...(hour === undefined ? [] : [hourNow(hour.used, hour.limit)]),
      ...(server === undefined ? [] : [serverNow(server.used, server.limit)]),
    ].join('\n'),
  );
}
