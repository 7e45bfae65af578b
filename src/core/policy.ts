// What a server decides for itself: where the bot may be used, how strict each place is, what strikes lead to, how long files stay.
// Everything has a usual value, and only what differs from it is kept. Deliberately not here: judging; moderation.ts and
// pictureJudgement.ts do that with what `rulesAt` finds.
import type { BlockRule, PromptRules } from './moderation.ts';
import {
  AGE_RESTRICTED_PICTURES,
  judgePicture,
  ORDINARY_PICTURES,
  type PicturePolicy,
  type PictureRule,
  type PictureScores,
  severest,
  type Verdict,
} from './pictureJudgement.ts';
import type { Level, ListId } from './policyLists.ts';

/** Where something was asked for. */
export interface Place {
  /** The server whose rules hold; null in private, and where the bot is no member and only a person brought it along. */
  readonly guildId: string | null;
  /** The channel, then what it lies in: the parent of a thread or post, the category. */
  readonly channelIds: readonly string[];
  /** By the channel's own setting or its parent's. */
  readonly isAgeRestricted: boolean;
  /** Nobody but the person and the bot can look. */
  readonly isPrivate: boolean;
}

export interface ChannelPolicy {
  readonly level?: Level | undefined;
  /** What is done with explicit prompts and pictures; absent is what the level says. */
  readonly explicit?: Verdict | undefined;
}

export interface ChannelRule {
  /** A channel, a thread or a category; what lies in it inherits. */
  readonly channelId: string;
  readonly access: 'allow' | 'deny' | null;
  readonly policy: ChannelPolicy | null;
}

/** So many strikes that still count lead to a pause of so many minutes. */
export interface Rung {
  readonly strikes: number;
  readonly minutes: number;
}

export interface ServerPolicy {
  readonly ordinary: Level;
  /** Of channels that only adults may open. */
  readonly ageRestricted: Level;
  /** Lists this server does without. */
  readonly without: readonly ListId[];
  /** Whether messages show pictures in the making, which nobody has judged yet. */
  readonly previews: boolean;
  /** A strike counts for so many days. */
  readonly decayDays: number;
  /** Fewest strikes first; empty: strikes are only counted. */
  readonly ladder: readonly Rung[];
  /** Files older than that go; null: never. */
  readonly retentionDays: number | null;
  /** Whether the words and numbers of a picture go with its files. */
  readonly retentionRows: 'keep' | 'erase';
  /** Where reports are put. */
  readonly reviewChannelId: string | null;
}

export const USUAL_POLICY: ServerPolicy = {
  ordinary: 'standard',
  ageRestricted: 'adult',
  without: [],
  previews: true,
  decayDays: 30,
  ladder: [
    { strikes: 3, minutes: 60 },
    { strikes: 5, minutes: 24 * 60 },
    { strikes: 8, minutes: 7 * 24 * 60 },
  ],
  retentionDays: null,
  retentionRows: 'keep',
  reviewChannelId: null,
};

/** Where children may look: what is likely is refused, what is daring is shown to nobody else. */
export const STRICT_PICTURES: PicturePolicy = {
  rules: [
    { of: ['porn', 'hentai'], from: 0.4, verdict: 'refuse' },
    { of: ['porn', 'hentai', 'sexy'], from: 0.7, verdict: 'refuse' },
    { of: ['porn', 'hentai', 'sexy'], from: 0.5, verdict: 'private' },
    { of: ['concept'], from: 0.001, verdict: 'refuse' },
  ],
};

const PICTURES: Readonly<Record<Level, PicturePolicy>> = {
  strict: STRICT_PICTURES,
  standard: ORDINARY_PICTURES,
  adult: AGE_RESTRICTED_PICTURES,
};

/** From this share on a picture counts as explicit where a channel says what is done with such. @source the severest rule of ORDINARY_PICTURES */
const EXPLICIT_FROM = 0.85;

/** What holds at one place. */
export interface PlaceRules {
  readonly prompts: PromptRules;
  readonly pictures: PicturePolicy;
  readonly previews: boolean;
  /** Whether only the asker can look anyway. */
  readonly isPrivate: boolean;
}

/** What is needed of the database for one place. */
export interface PolicySource {
  policy(guildId: string | null): ServerPolicy;
  channelRules(guildId: string): readonly ChannelRule[];
  /** Those of everywhere first. */
  wordRules(guildId: string | null): readonly BlockRule[];
}

export function rulesAt(place: Place, source: PolicySource): PlaceRules {
  const server = source.policy(place.guildId);
  const channel = channelPolicyAt(place, place.guildId === null ? [] : source.channelRules(place.guildId));
  const level = levelAt(place, server, channel);
  const explicit = channel.explicit === undefined ? undefined : withinDiscordsRules(channel.explicit, place);
  return {
    prompts: {
      level,
      without: server.without,
      rules: source.wordRules(place.guildId),
      ...(explicit === undefined ? {} : { explicit }),
    },
    pictures: explicit === undefined ? PICTURES[level] : picturesWith(explicit, PICTURES[level]),
    // Nobody has judged a preview yet: there are none where the picture itself might not be shown to all.
    previews: server.previews && level !== 'strict' && explicit !== 'private' && explicit !== 'refuse',
    isPrivate: place.isPrivate,
  };
}

/** The nearest that says something: the thread before its channel, the channel before its category. */
function channelPolicyAt({ channelIds }: Place, rules: readonly ChannelRule[]): ChannelPolicy {
  const near = channelIds.map((id) => rules.find((rule) => rule.channelId === id)?.policy);
  const level = near.find((policy) => policy?.level !== undefined)?.level;
  const explicit = near.find((policy) => policy?.explicit !== undefined)?.explicit;
  return { ...(level === undefined ? {} : { level }), ...(explicit === undefined ? {} : { explicit }) };
}

/** Adults only where only adults can look. */
function levelAt({ isAgeRestricted }: Place, server: ServerPolicy, channel: ChannelPolicy): Level {
  const level = channel.level ?? (isAgeRestricted ? server.ageRestricted : server.ordinary);
  return level === 'adult' && !isAgeRestricted ? 'standard' : level;
}

/** @source Discord's Community Guidelines: sexual pictures only behind an age restriction; a spoiler is none */
function withinDiscordsRules(explicit: Verdict, { isAgeRestricted, isPrivate }: Place): Verdict {
  const isShown = explicit === 'allow' || explicit === 'spoiler';
  return isShown && !isAgeRestricted && !isPrivate ? 'private' : explicit;
}

/** Explicit pictures as the channel wants them, and nothing worse than that for what is only likely. */
function picturesWith(explicit: Verdict, { rules }: PicturePolicy): PicturePolicy {
  if (explicit === 'allow') return { rules: [] };
  const isAbove = (verdict: Verdict) => severest([verdict, explicit]) !== explicit;
  const milder = rules.map((rule): PictureRule => (isAbove(rule.verdict) ? { ...rule, verdict: explicit } : rule));
  return { rules: [{ of: ['porn', 'hentai'], from: EXPLICIT_FROM, verdict: explicit }, ...milder] };
}

/**
 * Whether the bot may be used there. The nearest rule counts; where none speaks, everywhere is open until a channel was allowed by name.
 * Outside servers there are no channels to close.
 */
export function isOpen({ guildId, channelIds }: Place, rules: readonly ChannelRule[]): boolean {
  if (guildId === null) return true;
  const nearest = channelIds
    .map((id) => rules.find((rule) => rule.channelId === id)?.access)
    .find((access) => access != null);
  return nearest === undefined ? !rules.some(({ access }) => access === 'allow') : nearest === 'allow';
}

/** Of pictures that are shown together, with what their prompt called for; without scores only the prompt speaks. */
export function verdictOf(
  scores: readonly (PictureScores | undefined)[],
  prompt: Verdict,
  { pictures, isPrivate }: PlaceRules,
): Verdict {
  const seen = scores.flatMap((one) => (one === undefined ? [] : [judgePicture(one, pictures).verdict]));
  const verdict = severest([prompt, ...seen]);
  return verdict === 'private' && isPrivate ? 'spoiler' : verdict;
}

/** Pauses are counted in minutes; a year is as good as for ever, and somebody who means that uses a ban. */
export const MAX_PAUSE_MINUTES = 365 * 24 * 60;

/** How long somebody with so many strikes pauses, in minutes; undefined below the first rung. */
export function pauseOf(strikes: number, ladder: readonly Rung[]): number | undefined {
  return ladder.findLast((rung) => rung.strikes <= strikes)?.minutes;
}

/** Strikes that are missing to the next pause; undefined where there is none. */
export function strikesToPause(strikes: number, ladder: readonly Rung[]): number | undefined {
  const first = ladder[0]?.strikes;
  return first === undefined ? undefined : Math.max(1, first - strikes);
}

const DURATION = /^(\d{1,5})\s*(m|min|h|d|w)$/iu;
const MINUTES: Readonly<Record<string, number>> = { m: 1, min: 1, h: 60, d: 24 * 60, w: 7 * 24 * 60 };

/** `30m`, `2h`, `7d`, `1w` in minutes; undefined for anything else and for more than a year. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text.trim()) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const minutes = Number(count) * MINUTES[unit.toLowerCase()]!;
  return minutes >= 1 && minutes <= MAX_PAUSE_MINUTES ? minutes : undefined;
}

export function formatDuration(minutes: number): string {
  for (const [unit, size] of [
    ['w', 7 * 24 * 60],
    ['d', 24 * 60],
    ['h', 60],
  ] as const) {
    if (minutes % size === 0) return `${minutes / size}${unit}`;
  }
  return `${minutes}m`;
}

/** Rungs of a ladder; more would be a slope. */
const MAX_RUNGS = 8;
/** Beyond, nobody reaches it within a month. */
const MAX_STRIKES = 100;

/** `3=1h 5=1d 8=7d` as a ladder, `none` as an empty one; undefined when it is neither, or does not rise. */
export function parseLadder(text: string): readonly Rung[] | undefined {
  if (text.trim().toLowerCase() === 'none') return [];
  const rungs = text
    .trim()
    .split(/[\s,]+/u)
    .map((part) => {
      const [strikes = '', duration = ''] = part.split('=');
      return { strikes: /^\d{1,3}$/.test(strikes) ? Number(strikes) : 0, minutes: parseDuration(duration) ?? 0 };
    });
  const isRising = rungs.every((rung, at) => rung.strikes > (rungs[at - 1]?.strikes ?? 0));
  const isWhole = rungs.every(({ strikes, minutes }) => strikes >= 1 && strikes <= MAX_STRIKES && minutes > 0);
  return isRising && isWhole && rungs.length <= MAX_RUNGS ? rungs : undefined;
}

export function formatLadder(ladder: readonly Rung[]): string {
  return ladder.length === 0
    ? 'none'
    : ladder.map(({ strikes, minutes }) => `${strikes}=${formatDuration(minutes)}`).join(' ');
}
