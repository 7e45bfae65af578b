// Options that several commands have, in every language.
import { named } from './options.ts';

export const ID_WORDS = named(
  { en: 'id', zh: '编号', ru: 'номер', es: 'id', de: 'kennung', fr: 'id', ja: '番号' },
  {
    en: 'What stands at the end of the line under a picture, such as abcdefghij.',
    zh: '图片下方那一行末尾的编号，如 abcdefghij。',
    ru: 'То, что стоит в конце строки под картинкой, например abcdefghij.',
    es: 'Lo que está al final de la línea bajo la imagen, como abcdefghij.',
    de: 'Was am Ende der Zeile unter dem Bild steht, etwa abcdefghij.',
    fr: 'Ce qui est à la fin de la ligne sous l’image, comme abcdefghij.',
    ja: '画像の下の行の最後にある番号（例：abcdefghij）。',
  },
);
