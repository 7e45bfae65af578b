// How a text is read before rules are held against it: as written, with look-alike letters undone, without signs inside words, with spaced
// letters joined. Every reading is a text of its own, so that a hit can be shown at its place.
// Deliberately not here: what a prompt's brackets and weights do; moderation.ts takes them away first.

/** `spaced` holds only letters that stood alone, joined: there the ends of words are not known. */
export type ReadingKind = 'plain' | 'joined' | 'squeezed' | 'lookalike' | 'spaced';

export interface Reading {
  readonly kind: ReadingKind;
  /** Folded as `foldText` does. */
  readonly text: string;
}

/**
 * Lower case, compatibility forms, accents and invisible characters removed, emoji that show a letter read as it, and traditional Chinese
 * characters of the lists as simplified ones, so that "ｎüd\u200be" reads "nude".
 */
export function foldText(text: string): string {
  const letters = text.normalize('NFKD').replace(MARKS, '').toLowerCase().replaceAll('ß', 'ss');
  return letters.replace(UNFOLDED, (sign) => FOLDED.get(sign) ?? sign).normalize('NFC');
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
/** First of the runs of 26 that normalisation leaves alone: flags' halves, white on black circles, white on black squares. */
const LETTER_EMOJI = [0x1f1e6, 0x1f150, 0x1f170];
/** @source Braille, first to third decade and w, as Unicode orders them */
const BRAILLE = '⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵';
/** Letters with a stroke through them, which have no decomposition. */
const STROKED = 'øo đd ðd łl ħh ŧt ƀb ɇe þp ŋn';
/** @source Unihan, kSimplifiedVariant, of the characters in policyLists.ts */
const TRADITIONAL =
  '體体 愛爱 強强 姦奸 亂乱 倫伦 獸兽 陰阴 莖茎 頭头 沒没 嬰婴 兒儿 寶宝 蘿萝 學学 處处 褲裤 絲丝 內内 張张 開开 雙双 濕湿 點点 歲岁 斷断 殺杀 屍尸 納纳 萬万 禮礼 黨党 戀恋 圖图 黃黄 場场 勢势 視视 頻频 畫画 寫写';
const pairsOf = (text: string) => text.split(' ').map((pair) => [...pair] as [string, string]);
const FOLDED: ReadonlyMap<string, string> = new Map([
  ...LETTER_EMOJI.flatMap((first) =>
    [...ALPHABET].map((letter, at) => [String.fromCodePoint(first + at), letter] as const),
  ),
  ...[...BRAILLE].map((sign, at) => [sign, ALPHABET[at]!] as const),
  ...pairsOf(STROKED),
  ...pairsOf(TRADITIONAL),
]);
const UNFOLDED = new RegExp(`[${[...FOLDED.keys()].join('')}]`, 'gu');

/** The marks that make が of か tell words apart, so they stay. */
const MARKS = /(?![\u3099\u309a])[\p{M}\p{Default_Ignorable_Code_Point}]+/gu;

/** Signs with a letter on each side, as in n-u-d-e, por.n and nu_de. */
const INNER_SIGNS = /(?<=\p{L})[^\p{L}\p{N}\s]+(?=\p{L})/gu;
/** Scripts written without spaces, where a space or a sign between two letters parts a word. */
export const SPACELESS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const BETWEEN = new RegExp(`(?<=${SPACELESS.source})[\\s._*·|/-]+(?=${SPACELESS.source})`, 'gu');
/** Three or more letters or digits that stand alone, at most three signs or spaces apart. */
const SPACED = /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}][^\p{L}\p{N}]{1,3}){2,}[\p{L}\p{N}](?![\p{L}\p{N}])/gu;
const APART = /[^\p{L}\p{N}]+/gu;
/** No language writes a letter three times in a row. */
const STRETCHED = /(\p{L})\1{2,}/gu;
/** The last letter twice, as in nudee. */
const LINGERING = /(\p{L})\1(?!\p{L})/gu;
/** Every letter twice, as in nnuuddee. */
const DOUBLED = /(?<!\p{L})(?:(\p{L})\1){3,}(?!\p{L})/gu;
/** One to three letters without a vowel between spaces: hardly a word, perhaps a piece of its neighbour, as in "po rn". */
const PIECE = /^[bcdfghjklmnpqrstvwxzбвгджзклмнпрстфхцчшщ]{1,3}$/u;
const SHORTS = /(?<![\p{L}\p{N}])\p{L}{1,2}(?:\s\p{L}{1,2})+(?![\p{L}\p{N}])/gu;
/** Signs as a page's source writes them, and tags, which no reader sees. */
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|nbsp|shy|zwj|zwnj|lt|gt|quot|apos));?/giu;
const TAG = /<\/?[a-z][^<>]{0,40}>/giu;

/** The text in every way people read it; each once. */
export function readingsOf(text: string): readonly Reading[] {
  const plain = foldText(text);
  const readings: Reading[] = [{ kind: 'plain', text: plain }];
  const add = (kind: ReadingKind, found: string) => {
    if (readings.every((reading) => reading.text !== found)) readings.push({ kind, text: found });
  };
  add('joined', plain.replace(INNER_SIGNS, '').replace(BETWEEN, ''));
  add('squeezed', plain.replace(STRETCHED, '$1'));
  add('squeezed', plain.replace(STRETCHED, '$1$1'));
  add('squeezed', plain.replace(STRETCHED, '$1').replace(LINGERING, '$1'));
  add(
    'squeezed',
    plain.replace(DOUBLED, (word) => [...word].filter((_, at) => at % 2 === 0).join('')),
  );
  add('joined', foldText(withoutMarkup(text)));
  for (const run of plain.match(SPACED) ?? []) add('spaced', run.replace(APART, ''));
  add('joined', withPiecesJoined(plain));
  add('joined', withShortsJoined(plain));
  for (const { kind, text: found } of [...readings]) {
    const undone = withoutLookalikes(found);
    if (undone !== undefined) add(kind === 'spaced' ? 'spaced' : 'lookalike', undone);
  }
  return readings;
}

/** Words of one or two letters beside each other, in every run of up to four that makes a word of four letters: "nu de", "p o rn". */
function withShortsJoined(folded: string): string {
  return (folded.match(SHORTS) ?? [])
    .flatMap((run) => {
      const words = run.split(/\s/u);
      return words.flatMap((_, from) =>
        Array.from({ length: Math.min(3, words.length - from - 1) }, (__, more) =>
          words.slice(from, from + more + 2).join(''),
        ),
      );
    })
    .filter((joined) => joined.length >= 4)
    .join(' ');
}

/** What a page would show of the text. */
function withoutMarkup(text: string): string {
  const bare = text.replace(TAG, '');
  return bare.replace(ENTITY, (whole, decimal?: string, hex?: string) => {
    if (decimal === undefined && hex === undefined) return '';
    const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Pieces of words with their neighbours: each way a piece may belong is a word of its own. */
function withPiecesJoined(folded: string): string {
  const words = folded.split(/\s+/u);
  return words
    .flatMap((word, at) => {
      const [before, after] = [words[at - 1], words[at + 1]];
      if (!PIECE.test(word)) return [];
      const whole = [before, word, after].filter((one) => one !== undefined).join('');
      return [whole, ...(before === undefined ? [] : [before + word]), ...(after === undefined ? [] : [word + after])];
    })
    .join(' ');
}

/**
 * Letters and signs by the Latin letter they pass for, after folding; l is read as i, for both look like 1.
 * @source Unicode Technical Standard 39, confusables.txt: the single signs people type; digits and signs from leetspeak
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аαɑᴀ4@',
  b: 'ьвʙβ8',
  c: 'сϲᴄ',
  d: 'ԁɗᴅ',
  e: 'еєɛεᴇ3€',
  f: 'ƒꜰ',
  g: 'ɡցɢ9',
  h: 'һհнʜ',
  i: 'lіιıɪӏ1|!',
  j: 'јʝϳᴊ',
  k: 'кκᴋ',
  m: 'мᴍ',
  n: 'пηռոɴ',
  o: 'оοօᴏσ0',
  p: 'рρᴘ',
  q: 'ԛ',
  r: 'гʀя',
  s: 'ѕꜱ5$',
  t: 'тτᴛ7',
  u: 'υսᴜ',
  v: 'νѵᴠ',
  w: 'ѡաᴡω',
  x: 'хχ×',
  y: 'уγʏ',
  z: 'ᴢ',
};
/** Whole alphabets that "fancy text" pages write Latin with. @source Unicode Technical Standard 39, confusables.txt */
const BORROWED = {
  lisu: 'ꓮa ꓐb ꓚc ꓓd ꓰe ꓝf ꓖg ꓧh ꓲi ꓙj ꓗk ꓡi ꓟm ꓠn ꓳo ꓑp ꓣr ꓢs ꓔt ꓴu ꓦv ꓪw ꓫx ꓬy ꓜz',
  cherokee: 'Ꭺa Ᏼb Ꮯc Ꭰd Ꭼe Ꮐg Ꮋh Ꭵi Ꭻj Ꮶk Ꮮi Ꮇm Ꮲp Ꭱr Ꮪs Ꭲt Ꮩv Ꮃw Ꮓz Ꮛe Ꮻo',
  syllabics: 'ᗩa ᗷb ᑕc ᗪd ᗴe ᖴf ᕼh ᒍj ᒪi ᗰm ᑎn ᑭp ᑫq ᖇr ᔕs ᑌu ᐯv ᗯw',
};
const LATIN = new Map([
  ...Object.entries(LOOKALIKES).flatMap(([latin, signs]) => [...signs].map((sign) => [sign, latin] as const)),
  ...Object.values(BORROWED).flatMap((text) =>
    text.split(' ').map((pair) => [[...pair.toLowerCase()][0]!, pair.at(-1)!] as const),
  ),
]);
/** In a set of a regular expression, where the plain signs of it mean something. */
const inSet = (signs: readonly string[]) => signs.map((sign) => sign.replace(/[|$^\]\\-]/, '\\$&')).join('');
const LATIN_SIGNS = new RegExp(`[${inSet([...LATIN.keys()])}]`, 'gu');
/** An l passes for an i and is what it is most of the time. */
const DISGUISES = new RegExp(`[${inSet([...LATIN.keys()].filter((sign) => sign !== 'l'))}]`, 'u');
/** A run that may be a word in disguise. */
const DISGUISED = /[\p{L}\p{N}@$!|€×]+/gu;

/** A folded text as the eye takes it; what a word of a rule is turned into as well before it is looked for there. */
export function skeletonOf(folded: string): string {
  return folded.replace(DISGUISED, (word) => (/\p{L}/u.test(word) ? latin(word) : word));
}

function latin(word: string): string {
  return word.replace(LATIN_SIGNS, (sign) => LATIN.get(sign)!);
}

/** Undefined where nothing is disguised: then l stays l, and the other readings say all. */
function withoutLookalikes(folded: string): string | undefined {
  const words = folded.match(DISGUISED) ?? [];
  const isDisguised = words.some((word) => DISGUISES.test(word) && /\p{L}/u.test(word));
  return isDisguised ? skeletonOf(folded) : undefined;
}
