// Which conditionings every look at the picture is made with: schedules and AND taken apart, every text asked for once, all made one length.
// Deliberately not here: weights inside a text; whoever answers a text ask reads those (promptChunks).
import { promptParts } from '../core/promptParts.ts';
import { type ScheduledText, scheduleOf, textAt } from '../core/promptSchedule.ts';
import { DarkroomError } from '../errors.ts';
import { type Answer, type Ask, type Conditioning, type Expert, expectKind } from './asks.ts';
import { type PromptRole, rolesOfParts } from './guidance.ts';
import { padded } from './promptChunks.ts';

export interface Prompts {
  readonly prompt: string;
  /** AND has no meaning here, as in A1111. */
  readonly negativePrompt: string;
  readonly guidance: number;
  /** Of a picture the network is shown; 1, as absent, is none of its own. */
  readonly pictureScale?: number | undefined;
  readonly clipSkip?: number | null | undefined;
  /** Whose text encoders are asked; absent are the model's own. */
  readonly expert?: Expert;
  /** An empty negative prompt is zeros. */
  readonly zeroEmptyNegative?: boolean | undefined;
}

/** The conditionings of one look, in the order of `rolesOfParts`; look 0 is the first that is made. */
export type ConditioningsAt = (look: number) => readonly Conditioning[];

/** Different texts of one picture; each is encoded, and kept until the picture is done. */
const MAX_TEXTS = 64;

/**
 * Asks for every text once, before any noise is drawn.
 * @param looks of the whole schedule, a start picture's share included; `when` in a prompt is counted in them
 * @throws request_invalid when the prompts pass through more than 64 texts
 */
export function* readPrompts(prompts: Prompts, looks: number): Generator<Ask, ConditioningsAt, Answer> {
  const schedules = textsOf(prompts).map((text) => scheduleOf(text, looks));
  checkCount(schedules);
  const encoded: ReadonlyMap<string, Conditioning>[] = [];
  const manner = { clipSkip: prompts.clipSkip ?? 1, expert: prompts.expert };
  for (const schedule of schedules) encoded.push(yield* encodeAll(schedule, manner));
  const equal = [...(yield* equalised(encoded, manner))];
  if (prompts.zeroEmptyNegative === true && prompts.negativePrompt === '' && rolesOf(prompts)[0] === 'uncond') {
    equal[0] = new Map([...equal[0]!].map(([text, state]) => [text, zeros(state)]));
  }
  return (look) => schedules.map((schedule, row) => equal[row]!.get(textAt(schedule, look))!);
}

/** One text a row. */
function textsOf(prompts: Prompts): readonly string[] {
  const roles = rolesOf(prompts);
  const conds = roles.includes('cond') ? promptParts(prompts.prompt).map(({ text }) => text) : [];
  return roles.includes('uncond') ? [prompts.negativePrompt, ...conds] : conds;
}

function rolesOf({ prompt, guidance, pictureScale }: Prompts): readonly PromptRole[] {
  const weights = promptParts(prompt).map(({ weight }) => weight);
  return rolesOfParts(guidance, weights, pictureScale);
}

function zeros({ tokens, width, hidden, pooled }: Conditioning): Conditioning {
  const empty = { tokens, width, hidden: new Float32Array(hidden.length) };
  return pooled === undefined ? empty : { ...empty, pooled: new Float32Array(pooled.length) };
}

/** How texts are asked for. */
interface Manner {
  readonly clipSkip: number;
  readonly expert: Expert | undefined;
}

function checkCount(schedules: readonly (readonly ScheduledText[])[]): void {
  const texts = new Set(schedules.flatMap((schedule) => schedule.map(({ text }) => text)));
  if (texts.size <= MAX_TEXTS) return;
  throw new DarkroomError(
    'request_invalid',
    `prompt: found ${texts.size} texts in turn, expected at most ${MAX_TEXTS}`,
    {
      field: 'prompt',
    },
  );
}

function* encodeAll(
  schedule: readonly ScheduledText[],
  manner: Manner,
): Generator<Ask, Map<string, Conditioning>, Answer> {
  const encoded = new Map<string, Conditioning>();
  for (const { text } of schedule) {
    if (!encoded.has(text)) encoded.set(text, yield* encodeText(text, manner));
  }
  return encoded;
}

function* encodeText(prompt: string, { clipSkip, expert }: Manner): Generator<Ask, Conditioning, Answer> {
  const skipped = clipSkip === 1 ? {} : { clipSkip };
  const answer = yield { kind: 'text', prompt, ...skipped, ...(expert === undefined ? {} : { expert }) };
  return expectKind('text', answer).conditioning;
}

/** All as long as the longest, so that every row can share one call, now and in other steps. */
function* equalised(
  encoded: readonly ReadonlyMap<string, Conditioning>[],
  manner: Manner,
): Generator<Ask, readonly ReadonlyMap<string, Conditioning>[], Answer> {
  const lengths = new Set(encoded.flatMap((texts) => [...texts.values()].map(({ tokens }) => tokens)));
  if (lengths.size < 2) return encoded;
  const empty = yield* encodeText('', manner);
  const longest = Math.max(...lengths);
  return encoded.map((texts) => new Map([...texts].map(([text, state]) => [text, padded(state, longest, empty)])));
}
