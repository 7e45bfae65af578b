// The desk of reports: keeps the card of every reported picture in the staff channel in step with the database. Which cards are owed is
// read from there, never remembered, so a restart or an outage of Discord loses none.
import type { Clock } from '../clock.ts';
import type { JobStore } from '../core/jobStore.ts';
import type { Report } from '../core/moderationStore.ts';
import type { Logger } from '../log.ts';
import type { Messenger, Outcome } from './messenger.ts';
import type { Phrases } from './phrases/phrases.ts';
import { quoted } from './text.ts';
import type { Wording } from './views/jobView.ts';
import { reviewView } from './views/reviewView.ts';
import { textView, type View } from './views/view.ts';

export interface ReviewDeskOptions {
  readonly store: Pick<JobStore, 'staleReports' | 'cardShown' | 'cardLost' | 'policy' | 'get' | 'pictures'>;
  readonly messenger: Pick<Messenger, 'create' | 'edit' | 'direct'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** In the language of the server. */
  readonly wordingOf: (guildId: string) => Wording;
  /** In the language of somebody of that server. */
  readonly phrasesOf: (guildId: string, userId: string) => Phrases;
  readonly serverNameOf: (guildId: string) => string;
  /** Between two looks for cards that could not be shown, in milliseconds. */
  readonly sweepMs?: number;
}

const SWEEP_MS = 30_000;
/** Cards of one look; a flood of reports must not take all of Discord's patience. */
const CARDS_AT_ONCE = 10;
/** Discord's own limit of a server's name. */
const SERVER_NAME_CHARS = 100;

export class ReviewDesk {
  readonly #options: ReviewDeskOptions;
  readonly #stopped = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(options: ReviewDeskOptions) {
    this.#options = options;
  }

  /** Shows what is owed, now and then again. */
  start(): void {
    this.touch();
    void this.#keepLooking();
  }

  /** A report was made or decided. */
  touch(): void {
    this.#work = this.#work.then(() => this.#showOwed());
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the desk was closed'));
    await this.#work;
  }

  async #keepLooking(): Promise<void> {
    const { clock, sweepMs = SWEEP_MS } = this.#options;
    for (;;) {
      await clock.sleep(sweepMs, this.#stopped.signal).catch(() => {});
      if (this.#stopped.signal.aborted) return;
      this.touch();
    }
  }

  /** A defect in one card must not hold up the others. */
  async #showOwed(): Promise<void> {
    const { store, log } = this.#options;
    try {
      for (const report of store.staleReports(CARDS_AT_ONCE)) {
        if (this.#stopped.signal.aborted) return;
        await this.#show(report);
      }
    } catch (err) {
      if (!this.#stopped.signal.aborted) log.error({ err }, 'reports could not be shown');
    }
  }

  async #show(report: Report): Promise<void> {
    const { store, log } = this.#options;
    const channelId = report.channelId ?? store.policy(report.guildId).reviewChannelId;
    const job = store.get(report.jobId);
    if (channelId === null || job === undefined) return;
    const view = reviewView(job, store.pictures(job.id), report, this.#options.wordingOf(report.guildId));
    const outcome = await this.#send(report, channelId, view);
    if (outcome.kind === 'sent') {
      if (await this.#tellReporters(report)) store.cardShown(report.jobId, outcome, report);
    } else if (outcome.kind === 'gone') store.cardLost(report.jobId);
    else log.warn({ jobId: report.jobId, outcome: outcome.kind }, 'the card of a report could not be shown');
  }

  /**
   * A decision is told, privately, to those who reported; the card counts as shown only afterwards, so that a restart between tells them
   * again under the same nonce. False when Discord has to be asked again; whoever takes no private messages is not told.
   */
  async #tellReporters({ jobId, guildId, state, reporterIds, decidedBy }: Report): Promise<boolean> {
    if (state === 'open') return true;
    const { messenger, phrasesOf, serverNameOf } = this.#options;
    const server = quoted(serverNameOf(guildId), SERVER_NAME_CHARS);
    const outcomes: Outcome[] = [];
    for (const userId of reporterIds.filter((id) => id !== decidedBy)) {
      const { reportKept, reportTaken } = phrasesOf(guildId, userId).moderating;
      const words = state === 'approved' ? reportKept(server) : reportTaken(server);
      outcomes.push(await messenger.direct(userId, textView(`${words} \`#${jobId}\``), `rd${jobId}`));
    }
    return outcomes.every(({ kind }) => kind !== 'retry');
  }

  /** Words are better than no card where the pictures cannot be attached. */
  async #send({ jobId, messageId }: Report, channelId: string, view: View): Promise<Outcome> {
    const { messenger } = this.#options;
    const send = (shown: View) =>
      messageId === null
        ? messenger.create(channelId, shown, { nonce: `rv${jobId}`, replyToMessageId: null })
        : messenger.edit(channelId, messageId, shown);
    const outcome = await send(view);
    const isAboutFiles = outcome.kind === 'files_gone' || outcome.kind === 'too_large' || outcome.kind === 'forbidden';
    return isAboutFiles && view.files.length > 0 ? send(withoutFiles(view)) : outcome;
  }
}

/** A gallery of nothing is no component. */
function withoutFiles(view: View): View {
  const card = view.card?.map((part) =>
    'components' in part ? { ...part, components: part.components.filter((one) => !('items' in one)) } : part,
  );
  return { ...view, files: [], ...(card === undefined ? {} : { card: card as never }) };
}
