// What is said around one picture and many: files that do not fit, in every language. Kept beside each other here, so that a new sentence is
// written in all of them at once; the rest of the bot's words are in one file a language.

export interface MakingPhrases {
  /** Under pictures shown as a smaller file; MiB of the original. */
  smallerHere(mib: string): string;
  originalTooLarge(mib: string, limitMib: string): string;
  readonly label: {
    readonly original: string;
  };
}

const en: MakingPhrases = {
  smallerHere: (mib) => `Shown as WebP to fit here; the PNG has ${mib} MiB and stays with me.`,
  originalTooLarge: (mib, limitMib) =>
    `The original PNG has ${mib} MiB and ${limitMib} MiB fit here, so this is a WebP of it. Where more fits, /show gives the original.`,
  label: { original: 'Original file' },
};

const zh: MakingPhrases = {
  smallerHere: (mib) => `为适应此处以 WebP 显示；PNG 原图 ${mib} MiB，仍保存在我这里。`,
  originalTooLarge: (mib, limitMib) =>
    `PNG 原图 ${mib} MiB，此处上限 ${limitMib} MiB，所以这是它的 WebP 版本。在上限更高的地方，/show 会给出原图。`,
  label: { original: '原始文件' },
};

const ru: MakingPhrases = {
  smallerHere: (mib) => `Показано в WebP, чтобы поместиться; PNG на ${mib} МиБ остаётся у меня.`,
  originalTooLarge: (mib, limitMib) =>
    `Исходный PNG — ${mib} МиБ, а здесь помещается ${limitMib} МиБ, поэтому это его WebP. Где помещается больше, /show даст исходный файл.`,
  label: { original: 'Исходный файл' },
};

const es: MakingPhrases = {
  smallerHere: (mib) => `Se muestra en WebP para que quepa; el PNG ocupa ${mib} MiB y lo conservo.`,
  originalTooLarge: (mib, limitMib) =>
    `El PNG original ocupa ${mib} MiB y aquí caben ${limitMib} MiB, así que esto es su WebP. Donde quepa más, /show da el original.`,
  label: { original: 'Archivo original' },
};

const de: MakingPhrases = {
  smallerHere: (mib) => `Als WebP gezeigt, damit es hier passt; das PNG hat ${mib} MiB und bleibt bei mir.`,
  originalTooLarge: (mib, limitMib) =>
    `Das PNG hat ${mib} MiB, und hier passen ${limitMib} MiB, deshalb ist dies ein WebP davon. Wo mehr passt, gibt /show das Original.`,
  label: { original: 'Originaldatei' },
};

const fr: MakingPhrases = {
  smallerHere: (mib) => `Montré en WebP pour tenir ici ; le PNG fait ${mib} Mio et reste chez moi.`,
  originalTooLarge: (mib, limitMib) =>
    `Le PNG d’origine fait ${mib} Mio et ${limitMib} Mio passent ici, voici donc son WebP. Là où plus passe, /show donne l’original.`,
  label: { original: 'Fichier d’origine' },
};

const ja: MakingPhrases = {
  smallerHere: (mib) => `ここに収まるよう WebP で表示しています。PNG（${mib} MiB）はこちらに残っています。`,
  originalTooLarge: (mib, limitMib) =>
    `元の PNG は ${mib} MiB、ここでは ${limitMib} MiB までなので、これはその WebP です。より大きく送れる場所では /show が原本を渡します。`,
  label: { original: '元のファイル' },
};

export const making = { en, zh, ru, es, de, fr, ja } as const;
