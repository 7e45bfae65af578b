// The outbox: brings the one message of every job to Discord and keeps it in step with the database, until the end has been shown.
// One message a job: created once under a nonce, its id stored, then only edited. Which jobs are owed is read from the database, never
// remembered; a restart loses nothing but the interaction tokens, which are needed only where the bot itself may not write.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock.ts';
import { isFinal, isForAskerOnly, type JobRecord, type JobState } from '../core/job.ts';
import type { JobStore, Sheet } from '../core/jobStore.ts';
import type { DevelopProgress } from '../core/worker.ts';
import { failpoint } from '../failpoint.ts';
import type { Logger } from '../log.ts';
import { type Fit, isFitting } from './fitting.ts';
import type { AnswerToken, Messenger, Outcome, Sought } from './messenger.ts';
import type { Phrases } from './phrases/phrases.ts';
import type { SheetDesk } from './sheets.ts';
import {
  cancelledView,
  developingView,
  type Expectation,
  failedView,
  fileChoices,
  mapFiles,
  onlyForView,
  resultView,
  type Wording,
  waitingView,
} from './views/jobView.ts';
import { textView, type View, type ViewFile } from './views/view.ts';

export interface OutboxTiming {
  /** Between two edits of one message; Discord asks for patience, and people cannot read faster. */
  readonly progressMs: number;
  /** Between two edits that only change the place in the queue. */
  readonly placeMs: number;
  /** Between two looks for jobs nobody told us about. */
  readonly sweepMs: number;
  /** First and longest wait after a failed request; doubled in between, with jitter. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long Discord surely remembers a nonce. */
  readonly nonceMs: number;
  /** A token is given up this long before its end, while it can still say so. */
  readonly tokenMarginMs: number;
}

export const OUTBOX_TIMING: OutboxTiming = {
  progressMs: 3_000,
  placeMs: 12_000,
  sweepMs: 5_000,
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  nonceMs: 60_000,
  tokenMarginMs: 45_000,
};

export interface OutboxOptions {
  readonly store: Pick<
    JobStore,
    'together' | 'get' | 'pictures' | 'controlMaps' | 'waitOf' | 'setMessage' | 'settle' | 'unsettled'
  >;
  readonly messenger: Messenger;
  readonly clock: Clock;
  readonly log: Logger;
  /** Language and signing key for a job's message. */
  readonly wordingOf: (job: JobRecord) => Wording;
  /** Bytes one file may have where the job's message is. */
  readonly uploadLimitOf: (job: JobRecord) => number;
  /** Makes files smaller that are too large; absent, they are left out. */
  readonly fit?: Fit;
  /** Whether a message of ours with these custom ids shows this job. */
  readonly showsJob: (customIds: readonly string[], jobId: string) => boolean;
  /** Jobs that are shown together; absent, every job has its own message. */
  readonly sheets?: SheetDesk;
  /** A view as the job's server likes to see it. */
  readonly dress?: (job: JobRecord, view: View) => View;
  /** What to say of a rendering made only to compare. */
  readonly verdictOf?: (job: JobRecord) => Promise<View>;
  /** Whether the person wants to be mentioned when pictures are there. */
  readonly wantsMention?: (job: JobRecord) => boolean;
  /** Discord no longer accepts the token: nothing can be delivered by this process. */
  readonly onUnauthorized: () => void;
  readonly timing?: OutboxTiming;
  /** Resolves when a message may be made and sent; absent is always. */
  readonly turn?: () => Promise<void>;
  /** 0 … 1, for the jitter of the back-off. */
  readonly random?: () => number;
}

/** Jobs at work or waiting up to which their messages show previews. */
const MAX_PREVIEWED_JOBS = 8;
/** Messages of one channel that show previews at once; each is an upload every three seconds. */
const MAX_PREVIEWED_A_CHANNEL = 3;

/** Where a job's message can be put; it only ever moves down this list. */
type Place = 'channel' | 'answer' | 'direct' | 'nowhere';

/** What is known of one job's message in this life of the process. */
interface Line {
  readonly jobId: string;
  place: Place;
  token: AnswerToken | null;
  /** Follow-up made with the token, when the interaction's own answer is not ours. */
  answerMessageId: string | null;
  progress: DevelopProgress | null;
  /** WebP in base64; null where there is none to show, or the place takes none. */
  preview: string | null;
  takesPreviews: boolean;
  /** The channel, once there is something to preview. */
  previewsIn: string | null;
  expected: Expectation | undefined;
  shown: string;
  shownState: JobState | null;
  nextEditMs: number;
  failures: number;
  /** Which of the file sets to try next, and what became of the ones before. */
  fileChoice: number;
  withoutFiles: 'too_large' | 'files_gone' | 'forbidden' | null;
  /** Those that were followed, beside the pictures. */
  maps: 'wanted' | 'shown' | 'left_out';
  /** A create may have reached Discord without our knowing. */
  mayExist: boolean;
  /** Nobody can have shown it before: its order was answered a moment ago, and this line never broke. */
  readonly isNew: boolean;
  dirty: boolean;
  wake: () => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #timing: OutboxTiming;
  readonly #lines = new Map<string, Line>();
  readonly #following = new Set<Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#timing = options.timing ?? OUTBOX_TIMING;
    // One listener for every job that is backing off; a Discord outage is no leak.
    setMaxListeners(0, this.#stopped.signal);
  }

  /** Takes up every job whose end has not been shown, and looks again now and then. */
  start(): void {
    this.#sweep();
    void this.#keepSweeping();
  }

  /** A job whose order was answered just now: it has no message yet. */
  begin(jobId: string): void {
    wake(this.#lines.get(jobId) ?? this.#follow(jobId, true));
  }

  /** Something about the job changed in the database. */
  touch(jobId: string): void {
    const line = this.#lines.get(jobId) ?? this.#follow(jobId, false);
    wake(line);
  }

  progress(progress: DevelopProgress): void {
    const line = this.#lines.get(progress.jobId);
    if (line === undefined) return;
    line.progress = progress;
    if (progress.preview !== undefined) line.preview = Buffer.from(progress.preview).toString('base64');
    wake(line);
  }

  /**
   * Remembers how to answer the interaction that asked for the job.
   * @param only the bot cannot write in that channel at all: the token is the way from the start.
   */
  answerThrough(jobId: string, token: AnswerToken, only: boolean): void {
    const line = this.#lines.get(jobId) ?? this.#follow(jobId, true);
    line.token = token;
    if (only) line.place = 'answer';
  }

  /** Waits until everything owed now has been shown, or the signal aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#owed() > 0) {
      await this.#options.clock.sleep(50, signal).catch(() => {});
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the outbox was stopped'));
    for (const line of this.#lines.values()) wake(line);
    await Promise.all(this.#following);
  }

  #owed(): number {
    const { store, sheets } = this.#options;
    return store.unsettled().filter((job) => isEnding(job.state) && !this.#isOpen(sheets?.of(job.id))).length;
  }

  #follow(jobId: string, isNew: boolean): Line {
    const line: Line = {
      jobId,
      place: 'channel',
      token: null,
      answerMessageId: null,
      progress: null,
      preview: null,
      takesPreviews: true,
      previewsIn: null,
      expected: undefined,
      shown: '',
      shownState: null,
      nextEditMs: 0,
      failures: 0,
      fileChoice: 0,
      withoutFiles: null,
      maps: 'wanted',
      mayExist: !isNew,
      isNew,
      dirty: false,
      wake: () => {},
    };
    this.#lines.set(jobId, line);
    const following = this.#run(line).finally(() => {
      this.#lines.delete(jobId);
      this.#following.delete(following);
    });
    this.#following.add(following);
    return line;
  }

  /** A defect must not silence the other jobs; the sweep takes the job up again. */
  async #run(line: Line): Promise<void> {
    try {
      await Promise.resolve();
      while (!this.#stopped.signal.aborted && (await this.#step(line))) {
        // one step after the other until the job's end is shown
      }
    } catch (err) {
      if (!this.#stopped.signal.aborted)
        this.#options.log.error({ err, jobId: line.jobId }, 'the outbox broke on a job');
    }
  }

  /** False when nothing more is owed. */
  async #step(line: Line): Promise<boolean> {
    const { turn, store } = this.#options;
    if (turn !== undefined) await turn();
    const job = store.get(line.jobId);
    if (job === undefined || isFinal(job.state)) return false;
    if (job.state === 'accepted') return this.#rest(line, null);
    const sheet = this.#options.sheets?.of(job.id);
    if (sheet !== undefined && sheet.leadId !== job.id) return this.#followCell(line, job, sheet.leadId);
    if (isEnding(job.state) && !this.#isOpen(sheet)) return this.#showEnd(line, job);
    if (line.place === 'nowhere' || line.place === 'direct') return this.#rest(line, null);
    const waitMs = this.#dueInMs(line, job);
    if (waitMs > 0) return this.#rest(line, waitMs);
    return this.#showState(line, job);
  }

  /** A sheet's cell has no message: the lead's shows it. */
  async #followCell(line: Line, job: JobRecord, leadId: string): Promise<boolean> {
    if (isEnding(job.state)) await this.#settle(job);
    if (line.shownState !== job.state) this.touch(leadId);
    line.shownState = job.state;
    return isEnding(job.state) ? false : this.#rest(line, null);
  }

  /** Whether other cells of the sheet are still to come. */
  #isOpen(sheet: Sheet | undefined): boolean {
    return sheet !== undefined && this.#options.sheets?.isDone(sheet) === false;
  }

  #dueInMs(line: Line, job: JobRecord): number {
    const isSamePlaceEdit = line.shownState === 'queued' && job.state === 'queued';
    const extraMs = isSamePlaceEdit ? this.#timing.placeMs - this.#timing.progressMs : 0;
    return line.nextEditMs + extraMs - this.#options.clock.nowMs();
  }

  async #showState(line: Line, job: JobRecord): Promise<boolean> {
    const wording = this.#options.wordingOf(job);
    if (this.#tokenIsEnding(line)) {
      await this.#send(line, job, textView(wording.phrases.takesLong(job.id)));
      line.place = 'direct';
      return true;
    }
    const view = this.#stateView(line, job, wording);
    if (JSON.stringify(view) === line.shown) return this.#rest(line, this.#tokenWaitMs(line));
    line.nextEditMs = this.#options.clock.nowMs() + this.#timing.progressMs;
    const outcome = await this.#sendState(line, job, view);
    if (outcome === null) return true;
    if (outcome.kind === 'sent' || outcome.kind === 'refused' || outcome.kind === 'too_large') {
      Object.assign(line, { shown: JSON.stringify(view), shownState: job.state });
    } else {
      line.nextEditMs = 0;
    }
    return true;
  }

  #stateView(line: Line, job: JobRecord, wording: Wording): View {
    const sheet = this.#options.sheets?.of(job.id);
    if (sheet !== undefined) return this.#options.sheets!.progressView(sheet, job, wording);
    if (job.state === 'queued') return waitingView(job, this.#expectation(line, job), wording);
    const share = line.progress === null ? 0 : line.progress.stepsDone / Math.max(1, line.progress.stepsTotal);
    return developingView(job, share, wording, this.#previewFor(line, job));
  }

  /** Only by editing the job's own message; with many at work at once Discord has enough to do with words. */
  #previewFor(line: Line, job: JobRecord): string | undefined {
    const isCalm = this.#lines.size <= MAX_PREVIEWED_JOBS && line.failures === 0;
    const isThere = line.place === 'channel' && job.messageId !== null;
    if (!isCalm || !isThere || !line.takesPreviews || line.preview === null) return undefined;
    line.previewsIn = job.channelId;
    const there = [...this.#lines.values()].filter(({ previewsIn }) => previewsIn === job.channelId);
    return there.indexOf(line) < MAX_PREVIEWED_A_CHANNEL ? line.preview : undefined;
  }

  /** A preview that is not taken is no trouble: the same is said without, from now on. Null where that is still to be done. */
  async #sendState(line: Line, job: JobRecord, view: View): Promise<Outcome | null> {
    if (view.files.length === 0) return this.#send(line, job, view);
    const outcome = await this.#request(line, job, view);
    if (outcome.kind === 'sent') return outcome;
    line.takesPreviews = false;
    line.nextEditMs = 0;
    return null;
  }

  /** Computed anew only when the place changes or the time has come; the reader's client counts down by itself. */
  #expectation(line: Line, job: JobRecord): Expectation | undefined {
    const wait = this.#options.store.waitOf(job.id);
    if (wait === undefined) return undefined;
    const nowMs = this.#options.clock.nowMs();
    const place = wait.position + 1;
    if (line.expected?.place === place && line.expected.readyAtMs > nowMs) return line.expected;
    line.expected = { place, readyAtMs: nowMs + wait.aheadMs + wait.ownMs };
    return line.expected;
  }

  /** The end is sent at once, however lately the last edit was, and repeated until Discord has it or never will. */
  async #showEnd(line: Line, job: JobRecord): Promise<boolean> {
    if (job.state === 'cancelling' && !this.#hasMessage(line, job)) return this.#settle(job);
    if (line.place === 'nowhere') return this.#settle(job);
    const bare = await this.#endView(line, job);
    const view = this.#options.dress?.(job, bare) ?? bare;
    failpoint('end.sending');
    const outcome = await this.#send(line, job, view);
    failpoint('end.sent');
    if (outcome.kind === 'sent') return this.#settleShown(line, job, outcome.messageId);
    if (outcome.kind === 'too_large' || outcome.kind === 'files_gone') this.#tryOtherFiles(line, outcome.kind);
    if (outcome.kind === 'refused') this.#afterRefusedEnd(line);
    return true;
  }

  /** A map that cannot be shown must not cost the pictures. */
  #tryOtherFiles(line: Line, why: 'too_large' | 'files_gone'): void {
    if (line.maps === 'shown') {
      line.maps = 'left_out';
      return;
    }
    line.fileChoice += 1;
    line.withoutFiles = why;
  }

  /** A refusal of pictures is met without pictures; a refusal of plain words is a defect of ours and ends the matter. */
  #afterRefusedEnd(line: Line): void {
    if (line.withoutFiles === 'forbidden') line.place = 'nowhere';
    line.withoutFiles = 'forbidden';
  }

  #hasMessage(line: Line, job: JobRecord): boolean {
    return job.messageId !== null || (line.place === 'answer' && line.token !== null) || line.mayExist;
  }

  async #endView(line: Line, job: JobRecord): Promise<View> {
    const wording = this.#options.wordingOf(job);
    const sheet = await this.#sheetView(line, job, wording);
    if (sheet !== undefined) return sheet;
    if (job.state === 'cancelling') return cancelledView(job, wording);
    if (job.state === 'failing') return failedView(job, wording);
    if (isForAskerOnly(job)) return onlyForView(job, wording);
    if (job.kind === 'verify' && this.#options.verdictOf !== undefined) return this.#options.verdictOf(job);
    const files = await this.#files(line, job, wording);
    return files.length > 0
      ? resultView(job, files, wording, undefined, this.#maps(line, job, files, wording))
      : resultView(job, [], wording, whyNoFiles(line, job, wording.phrases));
  }

  /** Undefined for other jobs, and where no cell has a picture: then the lead tells why. */
  async #sheetView(line: Line, job: JobRecord, wording: Wording): Promise<View | undefined> {
    const { sheets } = this.#options;
    const sheet = sheets?.of(job.id);
    const file = sheet === undefined ? undefined : await sheets!.file(sheet, job, wording);
    if (sheet === undefined || file === undefined) return undefined;
    return sheets!.view(sheet, job, await this.#fitting(line, job, [[file]]), wording);
  }

  /** The next set of files that fits the place, made smaller where that helps; empty when none is left. */
  #files(line: Line, job: JobRecord, { phrases }: Wording): Promise<readonly ViewFile[]> {
    return this.#fitting(line, job, fileChoices(job, this.#options.store.pictures(job.id), phrases));
  }

  async #fitting(line: Line, job: JobRecord, choices: readonly ViewFile[][]): Promise<readonly ViewFile[]> {
    if (line.withoutFiles === 'forbidden') return [];
    const limit = this.#fileLimit(line, job);
    const attempts = attemptsOf(choices);
    for (; line.fileChoice < attempts.length; line.fileChoice += 1) {
      const { files, part } = attempts[line.fileChoice]!;
      const fitting = await this.#fitted(files, part * limit);
      const isNew = part === 1 || fitting !== files;
      if (fitting !== undefined && isNew) return fitting;
    }
    if (attempts.length > 0) line.withoutFiles ??= 'too_large';
    return [];
  }

  /** Shown where there is room beside the pictures. */
  #maps(line: Line, job: JobRecord, files: readonly ViewFile[], { phrases }: Wording): readonly ViewFile[] {
    if (line.maps === 'left_out') return [];
    const maps = mapFiles(job, this.#options.store.controlMaps(job.id), phrases);
    const areShown = maps.length > 0 && isFitting([...files, ...maps], this.#fileLimit(line, job));
    line.maps = areShown ? 'shown' : 'left_out';
    return areShown ? maps : [];
  }

  #fitted(files: readonly ViewFile[], limit: number): Promise<readonly ViewFile[] | undefined> {
    const { fit } = this.#options;
    return fit === undefined ? Promise.resolve(isFitting(files, limit) ? files : undefined) : fit(files, limit);
  }

  /** An answer's own limit counts where the token is the way. */
  #fileLimit(line: Line, job: JobRecord): number {
    const own = line.place === 'answer' ? line.token?.fileLimitBytes : undefined;
    return own ?? this.#options.uploadLimitOf(job);
  }

  /** An edit pings nobody, so whoever wants it gets a few words more; lost ones are not repeated. */
  async #settleShown(line: Line, job: JobRecord, messageId: string): Promise<false> {
    const { messenger, wantsMention, wordingOf } = this.#options;
    const isWanted = job.state === 'developed' && line.place === 'channel' && wantsMention?.(job) === true;
    await this.#settle(job);
    if (!isWanted) return false;
    const words = wordingOf(job).phrases.card.ready(`<@${job.userId}>`);
    void messenger.mention(job.channelId, messageId, job.userId, words, `rm${job.id}`);
    return false;
  }

  async #settle(job: JobRecord): Promise<false> {
    const { store } = this.#options;
    await store.together(() => store.settle(job.id));
    failpoint('end.settled');
    return false;
  }

  /** Sends to the line's place, and moves the line when that place turns out closed. */
  async #send(line: Line, job: JobRecord, view: View): Promise<Outcome> {
    failpoint('message.sending');
    const outcome = await this.#request(line, job, view);
    switch (outcome.kind) {
      case 'sent':
        failpoint('message.sent');
        line.failures = 0;
        await this.#onSent(line, job, outcome.messageId);
        failpoint('message.noted');
        break;
      case 'gone':
        line.place = 'nowhere';
        break;
      case 'forbidden':
      case 'token_over':
        this.#moveDown(line, view);
        break;
      case 'unauthorized':
        this.#options.onUnauthorized();
        await this.#backOff(line, 'unauthorized');
        break;
      case 'retry':
        line.mayExist = true;
        await this.#backOff(line, outcome.reason);
        break;
      case 'refused':
        this.#options.log.error(
          { jobId: job.id, code: outcome.code, reason: outcome.message },
          'Discord refused a message',
        );
        break;
      default:
        break;
    }
    return outcome;
  }

  async #request(line: Line, job: JobRecord, view: View): Promise<Outcome> {
    const { messenger } = this.#options;
    if (line.place === 'answer' && line.token !== null) {
      return messenger.answer(line.token, line.answerMessageId ?? line.token.original, view);
    }
    if (line.place !== 'channel') return messenger.direct(job.userId, view, nonceOf(job.id));
    if (job.messageId !== null) return messenger.edit(job.channelId, job.messageId, view);
    const sought = await this.#findLost(line, job);
    if (sought.kind === 'retry') return sought;
    if (sought.kind === 'none') return job.state === 'cancelling' ? { kind: 'gone' } : this.#create(line, job, view);
    // Noted before it is changed: what it shows next may no longer say whose it is.
    await this.#note(job, sought.messageId);
    return messenger.edit(job.channelId, sought.messageId, view);
  }

  /** Under a nonce Discord may answer with an earlier create's message and its old text, so a doubtful create is followed by an edit. */
  async #create(line: Line, job: JobRecord, view: View): Promise<Outcome> {
    const { messenger } = this.#options;
    const options = { nonce: nonceOf(job.id), replyToMessageId: this.#replyTo(job) };
    const outcome = await messenger.create(job.channelId, view, options);
    if (outcome.kind !== 'sent' || !line.mayExist) return outcome;
    await this.#note(job, outcome.messageId);
    return messenger.edit(job.channelId, outcome.messageId, view);
  }

  /**
   * A create whose answer was lost: Discord's nonce covers a minute surely, after that we look for our own message. So do we at once when
   * nobody knows how long ago it was: it was in an earlier life, or the clock was set back since. And for what was cancelled, since
   * nothing is created to say so.
   */
  async #findLost(line: Line, job: JobRecord): Promise<Sought> {
    const { clock, messenger, showsJob } = this.#options;
    if (!line.mayExist) return { kind: 'none' };
    const ageMs = clock.nowMs() - job.createdAtMs;
    const isRecent = line.isNew && ageMs >= 0 && ageMs < this.#timing.nonceMs;
    if (isRecent && job.state !== 'cancelling') return { kind: 'none' };
    return messenger.findOwn(job.channelId, (message) => showsJob(customIdsOf(message), job.id));
  }

  #replyTo(job: JobRecord): string | null {
    if (job.sourceKind === 'message') return job.sourceId;
    const parent = job.parentJobId === null ? undefined : this.#options.store.get(job.parentJobId);
    return parent?.channelId === job.channelId ? parent.messageId : null;
  }

  async #onSent(line: Line, job: JobRecord, messageId: string): Promise<void> {
    line.mayExist = false;
    if (line.place === 'answer') line.answerMessageId = messageId;
    if (job.messageId === null) await this.#note(job, messageId);
    if (line.place === 'channel' && line.token?.original) this.#removeAnswer(line, line.token);
  }

  #note({ id }: JobRecord, messageId: string): Promise<unknown> {
    const { store } = this.#options;
    return store.together(() => store.setMessage(id, messageId));
  }

  /** The short private answer has done its work once the public message stands. */
  #removeAnswer(line: Line, token: AnswerToken): void {
    line.token = { ...token, original: null };
    void this.#options.messenger.deleteAnswer(token);
  }

  /** channel → the same without files → the interaction's token → a direct message → nowhere. */
  #moveDown(line: Line, view: View): void {
    if (line.place === 'channel' && view.files.length > 0) {
      line.withoutFiles = 'forbidden';
    } else if (line.place === 'channel') {
      line.place = this.#hasToken(line) ? 'answer' : 'direct';
      line.withoutFiles = null;
    } else {
      line.place = line.place === 'answer' ? 'direct' : 'nowhere';
    }
    this.#options.log.warn({ jobId: line.jobId, place: line.place }, 'a message could not be put where it belongs');
  }

  #hasToken(line: Line): boolean {
    return line.token !== null && line.token.expiresAtMs > this.#options.clock.nowMs();
  }

  #tokenIsEnding(line: Line): boolean {
    const waitMs = this.#tokenWaitMs(line);
    return waitMs !== null && waitMs <= 0;
  }

  /** Until a token line must say that it takes long; null where no token is in use. */
  #tokenWaitMs(line: Line): number | null {
    if (line.place !== 'answer' || line.token === null) return null;
    return line.token.expiresAtMs - this.#timing.tokenMarginMs - this.#options.clock.nowMs();
  }

  async #backOff(line: Line, reason: string): Promise<void> {
    const { clock, log, random = Math.random } = this.#options;
    const fullMs = Math.min(this.#timing.maxBackoffMs, this.#timing.backoffMs * 2 ** line.failures);
    line.failures += 1;
    log.warn({ jobId: line.jobId, reason, failures: line.failures, waitMs: fullMs }, 'Discord did not take a message');
    await clock.sleep(fullMs * (0.5 + random() / 2), this.#stopped.signal).catch(() => {});
  }

  /** Until the line is touched, or `ms` have passed. */
  async #rest(line: Line, ms: number | null): Promise<boolean> {
    if (!line.dirty) {
      const timer = new AbortController();
      const touched = new Promise<void>((resolve) => {
        line.wake = resolve;
      });
      const timed = ms === null ? [] : [this.#options.clock.sleep(ms, timer.signal).catch(() => {})];
      await Promise.race([touched, ...timed]);
      timer.abort();
    }
    line.dirty = false;
    return true;
  }

  #sweep(): void {
    for (const job of this.#options.store.unsettled()) {
      const line = this.#lines.get(job.id) ?? this.#follow(job.id, false);
      wake(line);
    }
  }

  async #keepSweeping(): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      await clock.sleep(this.#timing.sweepMs, this.#stopped.signal).catch(() => {});
      if (this.#stopped.signal.aborted) return;
      try {
        this.#sweep();
      } catch (err) {
        log.error({ err }, 'the outbox could not read what is owed');
      }
    }
  }
}

function whyNoFiles(line: Line, job: JobRecord, phrases: Phrases): string {
  if (line.withoutFiles === 'forbidden') return phrases.cannotAttach(job.id);
  return line.withoutFiles === 'too_large' ? phrases.tooLargeHere(job.id) : phrases.filesGone(job.id);
}

interface Attempt {
  readonly files: readonly ViewFile[];
  /** Of what the place is believed to take; less than 1 where Discord found files too large all the same. */
  readonly part: number;
}

function attemptsOf(choices: readonly (readonly ViewFile[])[]): readonly Attempt[] {
  return choices.flatMap((files, at) => (at === 0 ? [1, 0.5, 0.25] : [1]).map((part) => ({ files, part })));
}

function wake(line: Line): void {
  line.dirty = true;
  line.wake();
}

function isEnding(state: JobState): boolean {
  return state === 'developed' || state === 'failing' || state === 'cancelling';
}

/** 12 characters, under Discord's 25; the same for every attempt to create a job's message. */
export function nonceOf(jobId: string): string {
  return `dr${jobId}`;
}

interface ComponentLike {
  readonly custom_id?: string;
  readonly components?: readonly ComponentLike[];
}

function customIdsOf(message: { components?: readonly object[] }): string[] {
  const inside = (part: ComponentLike): string[] => [
    ...(part.custom_id === undefined ? [] : [part.custom_id]),
    ...(part.components ?? []).flatMap(inside),
  ];
  return ((message.components ?? []) as readonly ComponentLike[]).flatMap(inside);
}
