// Prompt text → token ids, as the text encoder of one model folder expects them.

export interface PromptTokenizer {
  /** Length of every encoded prompt, begin and end markers included (77 for CLIP). */
  readonly maxTokens: number;
  /** i32[maxTokens]: begin marker, the prompt's tokens (cut when too long), end marker, padding. */
  encode(text: string): Int32Array;
  /** Tokens the whole prompt has, uncut and without markers; more than maxTokens - 2 means `encode` drops words. */
  countTokens(text: string): number;
  /** The whole text's tokens, uncut and without markers. */
  idsOf(text: string): readonly number[];
  /** i32[maxTokens]: markers and padding around tokens, of which there may be `room`. */
  frame(ids: readonly number[]): Int32Array;
  /** Tokens of one prompt beside its markers; 75 for CLIP. */
  readonly room: number;
  /** Markers before the first token. */
  readonly leading: number;
  /** The token of a comma; undefined where it is no single one. */
  readonly comma: number | undefined;
}
