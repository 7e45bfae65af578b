// What strangers' text may contain before anybody reads it: no control, direction or invisible characters, single spaces.
// Deliberately not here: meaning (flags are `promptFlags`, replies are `reply`, forbidden words are `moderation`).

/** Zero-width joiner between two pictographs: part of one emoji (fire engine + woman), everywhere else it only hides text. */
const EMOJI_JOINER =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Variation_Selector}])\u200d(?=\p{Extended_Pictographic})/gu;
/** Stands for a joiner to keep while the others are removed; a noncharacter no text may hold. */
const KEPT = '\ufdd0';
/** Invisible and direction characters, lone surrogates and noncharacters; the emoji variation selector U+FE0F stays. */
const INVISIBLE = /(?!\ufe0f)[\p{Default_Ignorable_Code_Point}\p{Cs}\ufff9-\ufffb\ufdd1-\ufdef\ufffe\uffff]/gu;
const CONTROL_OR_SPACE = /[\p{Cc}\s]+/gu;

/** One line of visible characters (NFC), single spaces, none at the ends. Linear in the text's length. */
export function cleanText(text: string): string {
  return text
    .replaceAll(KEPT, '')
    .replace(EMOJI_JOINER, KEPT)
    .replace(INVISIBLE, '')
    .replaceAll(KEPT, '\u200d')
    .replace(CONTROL_OR_SPACE, ' ')
    .normalize('NFC')
    .trim();
}

/** Length as people count it: code points, so that an emoji outside the basic plane is one. */
export function countChars(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}
