// How each language writes numbers and counts things: separators, per cent, and the form of a noun beside a number, by the Unicode rules the
// runtime brings (CLDR). Deliberately without Chinese and Japanese nouns: their counters stand in the sentences, for they never change.

/** Forms by plural category; `other` stands in for those that are not given. */
export type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

const pair = (one: string, other: string): Forms => ({ one, other });
/** Russian: 1 and 21; 2 to 4; the rest; and fractions as 2. */
const three = (one: string, few: string, many: string): Forms => ({ one, few, many, other: few });

/** Nouns that are counted in more than one place. */
const NOUNS = {
  en: {
    picture: pair('picture', 'pictures'),
    request: pair('request', 'requests'),
    step: pair('step', 'steps'),
    day: pair('day', 'days'),
    person: pair('person', 'people'),
    strike: pair('strike', 'strikes'),
    entry: pair('entry', 'entries'),
    list: pair('list', 'lists'),
    style: pair('style', 'styles'),
    character: pair('character', 'characters'),
  },
  ru: {
    picture: three('картинка', 'картинки', 'картинок'),
    request: three('запрос', 'запроса', 'запросов'),
    step: three('шаг', 'шага', 'шагов'),
    day: three('день', 'дня', 'дней'),
    person: three('человек', 'человека', 'человек'),
    strike: three('предупреждение', 'предупреждения', 'предупреждений'),
    entry: three('запись', 'записи', 'записей'),
    list: three('список', 'списка', 'списков'),
    style: three('стиль', 'стиля', 'стилей'),
    character: three('символ', 'символа', 'символов'),
  },
  es: {
    picture: pair('imagen', 'imágenes'),
    request: pair('petición', 'peticiones'),
    step: pair('paso', 'pasos'),
    day: pair('día', 'días'),
    person: pair('persona', 'personas'),
    strike: pair('aviso', 'avisos'),
    entry: pair('entrada', 'entradas'),
    list: pair('lista', 'listas'),
    style: pair('estilo', 'estilos'),
    character: pair('carácter', 'caracteres'),
  },
  de: {
    picture: pair('Bild', 'Bilder'),
    request: pair('Auftrag', 'Aufträge'),
    step: pair('Schritt', 'Schritte'),
    day: pair('Tag', 'Tage'),
    person: pair('Person', 'Personen'),
    strike: pair('Verwarnung', 'Verwarnungen'),
    entry: pair('Eintrag', 'Einträge'),
    list: pair('Liste', 'Listen'),
    style: pair('Stil', 'Stile'),
    character: pair('Zeichen', 'Zeichen'),
  },
  fr: {
    picture: pair('image', 'images'),
    request: pair('demande', 'demandes'),
    step: pair('étape', 'étapes'),
    day: pair('jour', 'jours'),
    person: pair('personne', 'personnes'),
    strike: pair('avertissement', 'avertissements'),
    entry: pair('entrée', 'entrées'),
    list: pair('liste', 'listes'),
    style: pair('style', 'styles'),
    character: pair('caractère', 'caractères'),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Forms>>>>;

export type Noun = keyof (typeof NOUNS)['en'];

export interface Numbers {
  /** "1,234.5" */
  number(value: number): string;
  /** "42 %"; `percent` is 0 … 100. @param digits behind the separator */
  percent(percent: number, digits?: number): string;
  /** Milliseconds as people say them, "10 seconds", "6 minutes", "1.5 hours": rounded, because it is expected only. */
  duration(ms: number): string;
  /** The form that stands beside a number. */
  form(value: number, forms: Forms): string;
}

export interface Counting extends Numbers {
  /** "3 pictures" */
  count(value: number, noun: Noun | Forms): string;
}

/** Numbers of a language that counts without changing its nouns. */
export function numbersOf(language: string): Numbers {
  const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 3 });
  const rules = new Intl.PluralRules(language);
  return {
    number: (value) => plain.format(value),
    percent: (percent, digits = 0) =>
      new Intl.NumberFormat(language, {
        style: 'percent',
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }).format(percent / 100),
    duration(ms) {
      const { unit, value } = rounded(ms);
      return new Intl.NumberFormat(language, {
        style: 'unit',
        unit,
        unitDisplay: 'long',
        maximumFractionDigits: 1,
      }).format(value);
    },
    form: (value, forms) => forms[rules.select(value)] ?? forms.other,
  };
}

/** Under a minute by five seconds, under an hour by minutes, else by half hours. */
function rounded(ms: number): { readonly unit: 'second' | 'minute' | 'hour'; readonly value: number } {
  const seconds = Math.max(1, ms / 1000);
  if (seconds < 57.5) return { unit: 'second', value: Math.max(5, Math.round(seconds / 5) * 5) };
  if (seconds < 3570) return { unit: 'minute', value: Math.max(1, Math.round(seconds / 60)) };
  return { unit: 'hour', value: Math.round(seconds / 1800) / 2 };
}

export function countingIn(language: keyof typeof NOUNS): Counting {
  const numbers = numbersOf(language);
  const nouns: Readonly<Record<Noun, Forms>> = NOUNS[language];
  return {
    ...numbers,
    count: (value, noun) =>
      `${numbers.number(value)} ${numbers.form(value, typeof noun === 'string' ? nouns[noun] : noun)}`,
  };
}

/** French keeps a space before two-part marks and inside its quotation marks, at which no line may break. */
export function spacedFrench(text: string): string {
  return text.replace(/ (?=[;:?!»%])/gu, '\u00a0').replace(/« /gu, '«\u00a0');
}

/** Every sentence of a table of phrases, written so. Words people wrote pass through it too; only the kind of their spaces changes. */
export function spelt<T>(phrases: T, spell: (text: string) => string): T {
  if (typeof phrases === 'string') return spell(phrases) as T;
  if (typeof phrases === 'function') {
    return ((...args: unknown[]) => spelt((phrases as (...given: unknown[]) => unknown)(...args), spell)) as T;
  }
  if (Array.isArray(phrases)) return phrases.map((one) => spelt(one, spell)) as T;
  if (typeof phrases !== 'object' || phrases === null) return phrases;
  return Object.fromEntries(Object.entries(phrases).map(([name, one]) => [name, spelt(one, spell)])) as T;
}
