// Colour words in the languages people write prompts in, so that "in blue" can be told from "more fog".
// Deliberately not complete: a colour missing here still changes the picture, only less strongly.

const COLOUR_WORDS: ReadonlySet<string> = new Set(
  [
    'red orange yellow green blue purple violet pink brown black white grey gray gold golden silver cyan turquoise',
    'teal magenta crimson scarlet navy lime beige indigo maroon lavender peach rainbow colorful colourful',
    'rot rote roter rotes gelb grün blau lila rosa braun schwarz weiß grau',
    'rouge jaune vert verte bleu bleue violette rose brun noir noire blanc blanche gris',
    'rojo roja amarillo verde azul morado rosado marrón negro negra blanco blanca naranja',
    'красный красная красное красные красным оранжевый оранжевая оранжевое жёлтый жёлтая жёлтое желтый желтая желтое',
    'зелёный зелёная зелёное зеленый зеленая зеленое синий синяя синее голубой голубая голубое фиолетовый фиолетовая',
    'фиолетовое розовый розовая розовое коричневый коричневая коричневое чёрный чёрная чёрное черный черная черное',
    'белый белая белое серый серая серое золотой золотая золотое',
  ].flatMap((line) => line.split(' ')),
);
const SHADES: ReadonlySet<string> = new Set('light dark bright deep pale and hell dunkel светло тёмно и'.split(' '));

/** Chinese and Japanese write no spaces, so these are looked for anywhere. */
const COLOUR_SIGNS = /[红橙黄绿蓝紫粉棕黑白灰金银]色?|[赤青緑茶桃]色?/u;
const ONLY_COLOUR_SIGNS = /^(?:[深浅淡亮暗]?(?:[红橙黄绿蓝紫粉棕黑白灰金银赤青緑茶桃])色?的?)+$/u;

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? [];
}

/** True for "blue", "light blue", "red and white", "蓝色"; false for "blue hat". */
export function isColour(text: string): boolean {
  if (ONLY_COLOUR_SIGNS.test(text)) return true;
  const words = wordsOf(text);
  const known = words.every((word) => COLOUR_WORDS.has(word) || SHADES.has(word));
  return known && words.some((word) => COLOUR_WORDS.has(word)) && !/\p{N}/u.test(text);
}

/** True when any word of the text is a colour: "a blue hat". */
export function namesColour(text: string): boolean {
  return COLOUR_SIGNS.test(text) || wordsOf(text).some((word) => COLOUR_WORDS.has(word));
}
