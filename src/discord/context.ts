// What a command has in its hands: ports and settings, given once by main. Nothing here is a module-level singleton, so tests give their own.
import type { Clock } from '../clock.ts';
import type { ChartRoom } from '../core/charts.ts';
import type { AcceptRules, JobStore } from '../core/jobStore.ts';
import type { ModelCard, RequestLimits } from '../core/request.ts';
import type { UpscalerCard } from '../core/upscale.ts';
import type { SerializedError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { AttachmentRules, InputFolder } from './attachments.ts';
import type { CustomIds } from './customIds.ts';
import type { AddExpression } from './expressions.ts';
import type { LoraFolder } from './loraFolder.ts';
import type { Messenger } from './messenger.ts';
import type { Outbox } from './outbox.ts';
import type { ReviewDesk } from './reviews.ts';
import type { WildcardFolder } from './wildcards.ts';

/** What may be asked for: the models that answer, and the bounds. */
export interface Catalog {
  readonly cards: readonly ModelCard[];
  readonly defaultModel: string;
  readonly limits: RequestLimits;
  /** Absent, as empty, where there are none; the first is taken where nobody names one. */
  readonly upscalers?: readonly UpscalerCard[] | undefined;
}

/** The part of the dispatcher that commands use. */
export interface QueueControl {
  /** There may be a job to claim. */
  kick(): void;
  /** Ends a waiting or running job; false when it is already developed or final. */
  cancel(jobId: string): boolean;
  /** Why no job is begun at the moment; undefined when all is well. */
  stalled(): SerializedError | undefined;
}

/** What recipes call this installation's files. */
export interface KnownHashes {
  /** Ten digits; undefined while they are not known. */
  hashOf(model: string): string | undefined;
  /** The model a hash of a recipe means. */
  modelOf(hash: string): string | undefined;
  /** The LoRA. */
  loraOf(hash: string): string | undefined;
}

/** An installation that knows no hashes yet. */
export const NO_HASHES: KnownHashes = {
  hashOf: () => undefined,
  modelOf: () => undefined,
  loraOf: () => undefined,
};

/** What is worth counting of the bot's talk with Discord; nothing of who or what. */
export type Sighting =
  | { readonly kind: 'interaction'; readonly tookMs: number; readonly isFailed: boolean }
  /** Discord asked to wait: `scope` is "user" (this bot, one route), "global" or "shared". */
  | { readonly kind: 'rate_limited'; readonly scope: string }
  /** Requests Discord refused in the last ten minutes; at 10,000 it locks the machine's address out. */
  | { readonly kind: 'invalid_requests'; readonly count: number };

export interface BotContext {
  /** Told of everything worth counting; absent where nobody counts. */
  readonly observe?: ((seen: Sighting) => void) | undefined;
  /** Where LoRAs lie; absent where none can be handed in or looked for anew. */
  readonly loraFolder?: LoraFolder | undefined;
  readonly store: JobStore;
  readonly queue: QueueControl;
  readonly outbox: Pick<Outbox, 'begin' | 'touch' | 'answerThrough'>;
  /** The desk of reports; absent where nobody keeps one. */
  readonly reviews?: Pick<ReviewDesk, 'touch'> | undefined;
  /** Resolves when nobody else waits for an answer, at once as a rule: an answered order may wait for that. Absent where nobody counts them. */
  readonly calm?: (() => Promise<void>) | undefined;
  /** Takes messages of ours away again. */
  readonly messages: Pick<Messenger, 'remove'>;
  /** Gives a server an emoji or sticker. */
  readonly addExpression: AddExpression;
  readonly ids: CustomIds;
  readonly catalog: Catalog;
  readonly rules: AcceptRules;
  readonly inputs: InputFolder;
  readonly attachments: AttachmentRules;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the application belongs to that person, or to a team with that person. */
  readonly isOwner: (userId: string) => boolean;
  /** The files of models and LoRAs by the hashes recipes carry. */
  readonly hashes: KnownHashes;
  /** The owner's lists of words for prompts; absent where there are none. */
  readonly wildcards?: WildcardFolder;
  /** Counts and draws what /admin stats shows; absent where it is told in words alone. */
  readonly charts?: ChartRoom | undefined;
  /** 0 … 2^32 - 1. */
  readonly randomSeed: () => number;
}
