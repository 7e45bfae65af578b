// Embeddings in prompts of one open model: which words mean one, and the numbers that stand in their place. A prompt's token ids beyond every
// vocabulary name vectors of this book; the engine asks it for them.
// @source A1111 modules/textual_inversion/textual_inversion.py, find_embedding_at_position: token by token, the longest name first
import type { ChunkRules, TokenUnit } from '../diffusion/promptChunks.ts';
import { DarkroomError } from '../errors.ts';
import { type EmbeddingCard, type EmbeddingRegistry, familyOfWidths } from '../weights/embeddings.ts';
import type { PromptTokenizer } from '../weights/promptTokenizer.ts';

/** What prompts are read with; tokens of one embedding come as one unit. */
export type PromptReader = ChunkRules & Pick<PromptTokenizer, 'frame' | 'leading'>;

/** The first id that is nobody's token; the largest vocabulary has some hundred thousand. */
const FIRST_ID = 2 ** 24;

/** What the book needs to know of a model. */
export interface EmbeddedModel {
  readonly name: string;
  /** Width of each of its text encoders. */
  readonly widths: readonly number[];
}

export class EmbeddingBook {
  readonly #registry: EmbeddingRegistry;
  readonly #model: EmbeddedModel;
  /** Embeddings used so far, and the id of the first vector of each. */
  readonly #firstIds = new Map<string, number>();
  /** For every id from FIRST_ID on, its vector for each text encoder. */
  readonly #vectors: (readonly Float32Array[])[] = [];

  constructor(registry: EmbeddingRegistry, model: EmbeddedModel) {
    this.#registry = registry;
    this.#model = model;
  }

  /** The same tokenizer, but words that mean an embedding become its vectors. */
  reading(tokenizer: PromptTokenizer): PromptReader {
    if (this.#registry.cards.length === 0) return tokenizer;
    const names = namesByLength(this.#registry.cards, tokenizer);
    const learned = learnedWords(this.#registry.cards);
    const unitOf = (card: EmbeddingCard) => this.#unitOf(card, tokenizer.room);
    const idsOf = (text: string) =>
      text.split(learned.pattern).flatMap((piece) => {
        const card = learned.cards.get(piece.toLowerCase());
        return card === undefined ? withEmbeddings(tokenizer.idsOf(piece), names, unitOf) : [unitOf(card)];
      });
    return { ...tokenizer, idsOf };
  }

  /**
   * The vector an id stands for, undefined for tokens.
   * @param encoder position among the model's text encoders
   */
  vectorOf(id: number, encoder: number): Float32Array | undefined {
    return this.#vectors[id - FIRST_ID]?.[encoder];
  }

  /** @throws request_invalid when it was made for another kind of model */
  #unitOf(card: EmbeddingCard, room: number): readonly number[] {
    this.#check(card, room);
    const known = this.#firstIds.get(card.name);
    const first = known ?? this.#learn(card);
    return Array.from({ length: card.vectors }, (_, index) => first + index);
  }

  #check({ name, vectors, widths, family }: EmbeddingCard, room: number): void {
    const model = this.#model;
    if (String(widths) !== String(model.widths)) {
      const expected = `one for ${model.name} (${familyOfWidths(model.widths)})`;
      const problem = `embedding ${name}: found one for ${family}, expected ${expected}`;
      throw new DarkroomError('request_invalid', problem, { field: 'embedding', found: name });
    }
    if (vectors <= room) return;
    const problem = `embedding ${name}: found ${vectors} vectors, expected at most ${room}, a chunk of the prompt`;
    throw new DarkroomError('request_invalid', problem, { field: 'embedding', found: name });
  }

  #learn({ name, vectors }: EmbeddingCard): number {
    const first = FIRST_ID + this.#vectors.length;
    const encoders = this.#registry.read(name);
    for (let row = 0; row < vectors; row++) {
      this.#vectors.push(encoders.map(({ width, data }) => data.subarray(row * width, (row + 1) * width)));
    }
    this.#firstIds.set(name, first);
    return first;
  }
}

interface Name {
  readonly ids: readonly number[];
  readonly card: EmbeddingCard;
}

/** Names by their first token, the longest first. */
type Names = ReadonlyMap<number, readonly Name[]>;

function namesByLength(cards: readonly EmbeddingCard[], tokenizer: PromptTokenizer): Names {
  const names = new Map<number, Name[]>();
  for (const card of cards) {
    for (const word of card.words) {
      const ids = tokenizer.idsOf(word);
      if (ids.length > 0) names.set(ids[0]!, [...(names.get(ids[0]!) ?? []), { ids, card }]);
    }
  }
  for (const list of names.values()) list.sort((a, b) => b.ids.length - a.ids.length);
  return names;
}

/** Words such as <cat-toy> are found as they are written, whatever stands beside them: as tokens, `<cat-toy>,` would end in one sign. */
function learnedWords(cards: readonly EmbeddingCard[]): { pattern: RegExp; cards: ReadonlyMap<string, EmbeddingCard> } {
  const found = new Map<string, EmbeddingCard>();
  for (const card of cards) {
    for (const word of card.words) if (/^<.+>$/.test(word)) found.set(word.toLowerCase(), card);
  }
  const words = [...found.keys()].toSorted((a, b) => b.length - a.length).map((word) => word.replace(SIGNS, '\\$&'));
  // Without any word a pattern that never matches.
  return { pattern: new RegExp(words.length === 0 ? '(?!)' : `(${words.join('|')})`, 'iu'), cards: found };
}

const SIGNS = /[\\^$.*+?()[\]{}|/]/g;

function withEmbeddings(
  ids: readonly number[],
  names: Names,
  unitOf: (card: EmbeddingCard) => readonly number[],
): readonly TokenUnit[] {
  const units: TokenUnit[] = [];
  for (let at = 0; at < ids.length; ) {
    const name = names.get(ids[at]!)?.find((one) => one.ids.every((id, index) => ids[at + index] === id));
    units.push(name === undefined ? ids[at]! : unitOf(name.card));
    at += name?.ids.length ?? 1;
  }
  return units;
}
