// What is said around one picture and many: files that do not fit, in every language. Kept beside each other here, so that a new sentence is
// written in all of them at once; the rest of the bot's words are in one file a language.

export interface MakingPhrases {
  /** Under pictures shown as a smaller file; MiB of the original. */
  smallerHere(mib: string): string;
  originalTooLarge(mib: string, limitMib: string): string;
  /** One order that compares settings. */
  readonly sheet: {
    ask(pictures: number, columns: number, rows: number, ready: string): string;
    progress(done: number, total: number, bar: string): string;
    started(pictures: number): string;
    choose(): string;
    alt(prompt: string, axes: string): string;
  };
  readonly label: {
    readonly original: string;
  };
}

const en: MakingPhrases = {
  smallerHere: (mib) => `Shown as WebP to fit here; the PNG has ${mib} MiB and stays with me.`,
  originalTooLarge: (mib, limitMib) =>
    `The original PNG has ${mib} MiB and ${limitMib} MiB fit here, so this is a WebP of it. Where more fits, /show gives the original.`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `This makes ${pictures} pictures, ${columns} across and ${rows} down, ready ${ready}.`,
    progress: (done, total, bar) => `🔲 ${done} of ${total} pictures are made ${bar}`,
    started: (pictures) => `${pictures} pictures are queued; they appear on one sheet.`,
    choose: () => 'Show one of them alone, with its buttons',
    alt: (prompt, axes) => `Sheet of generated pictures comparing ${axes}: ${prompt}`,
  },
  label: { original: 'Original file' },
};

const zh: MakingPhrases = {
  smallerHere: (mib) => `为适应此处以 WebP 显示；PNG 原图 ${mib} MiB，仍保存在我这里。`,
  originalTooLarge: (mib, limitMib) =>
    `PNG 原图 ${mib} MiB，此处上限 ${limitMib} MiB，所以这是它的 WebP 版本。在上限更高的地方，/show 会给出原图。`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `将生成 ${pictures} 张图片：横 ${columns}，纵 ${rows}，预计 ${ready} 完成。`,
    progress: (done, total, bar) => `🔲 已完成 ${total} 张中的 ${done} 张 ${bar}`,
    started: (pictures) => `已排队 ${pictures} 张图片，完成后显示在一张大图上。`,
    choose: () => '单独查看其中一张及其按钮',
    alt: (prompt, axes) => `对比 ${axes} 的生成图片：${prompt}`,
  },
  label: { original: '原始文件' },
};

const ru: MakingPhrases = {
  smallerHere: (mib) => `Показано в WebP, чтобы поместиться; PNG на ${mib} МиБ остаётся у меня.`,
  originalTooLarge: (mib, limitMib) =>
    `Исходный PNG — ${mib} МиБ, а здесь помещается ${limitMib} МиБ, поэтому это его WebP. Где помещается больше, /show даст исходный файл.`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `Будет сделано картинок: ${pictures} (${columns} по ширине, ${rows} по высоте), готово ${ready}.`,
    progress: (done, total, bar) => `🔲 Готово ${done} из ${total} ${bar}`,
    started: (pictures) => `В очереди картинок: ${pictures}; они появятся на одном листе.`,
    choose: () => 'Показать одну отдельно, с кнопками',
    alt: (prompt, axes) => `Лист созданных картинок, сравнение ${axes}: ${prompt}`,
  },
  label: { original: 'Исходный файл' },
};

const es: MakingPhrases = {
  smallerHere: (mib) => `Se muestra en WebP para que quepa; el PNG ocupa ${mib} MiB y lo conservo.`,
  originalTooLarge: (mib, limitMib) =>
    `El PNG original ocupa ${mib} MiB y aquí caben ${limitMib} MiB, así que esto es su WebP. Donde quepa más, /show da el original.`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `Esto hace ${pictures} imágenes, ${columns} a lo ancho y ${rows} a lo alto, listas ${ready}.`,
    progress: (done, total, bar) => `🔲 ${done} de ${total} imágenes hechas ${bar}`,
    started: (pictures) => `${pictures} imágenes en cola; aparecerán en una sola hoja.`,
    choose: () => 'Mostrar una sola, con sus botones',
    alt: (prompt, axes) => `Hoja de imágenes generadas que compara ${axes}: ${prompt}`,
  },
  label: { original: 'Archivo original' },
};

const de: MakingPhrases = {
  smallerHere: (mib) => `Als WebP gezeigt, damit es hier passt; das PNG hat ${mib} MiB und bleibt bei mir.`,
  originalTooLarge: (mib, limitMib) =>
    `Das PNG hat ${mib} MiB, und hier passen ${limitMib} MiB, deshalb ist dies ein WebP davon. Wo mehr passt, gibt /show das Original.`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `Das ergibt ${pictures} Bilder, ${columns} nebeneinander und ${rows} untereinander, fertig ${ready}.`,
    progress: (done, total, bar) => `🔲 ${done} von ${total} Bildern fertig ${bar}`,
    started: (pictures) => `${pictures} Bilder sind in der Warteschlange; sie erscheinen auf einem Blatt.`,
    choose: () => 'Eines davon allein zeigen, mit seinen Knöpfen',
    alt: (prompt, axes) => `Blatt mit erzeugten Bildern, Vergleich von ${axes}: ${prompt}`,
  },
  label: { original: 'Originaldatei' },
};

const fr: MakingPhrases = {
  smallerHere: (mib) => `Montré en WebP pour tenir ici ; le PNG fait ${mib} Mio et reste chez moi.`,
  originalTooLarge: (mib, limitMib) =>
    `Le PNG d’origine fait ${mib} Mio et ${limitMib} Mio passent ici, voici donc son WebP. Là où plus passe, /show donne l’original.`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `Cela fait ${pictures} images, ${columns} en largeur et ${rows} en hauteur, prêtes ${ready}.`,
    progress: (done, total, bar) => `🔲 ${done} images sur ${total} ${bar}`,
    started: (pictures) => `${pictures} images sont en file ; elles paraîtront sur une seule feuille.`,
    choose: () => 'En montrer une seule, avec ses boutons',
    alt: (prompt, axes) => `Feuille d’images générées comparant ${axes} : ${prompt}`,
  },
  label: { original: 'Fichier d’origine' },
};

const ja: MakingPhrases = {
  smallerHere: (mib) => `ここに収まるよう WebP で表示しています。PNG（${mib} MiB）はこちらに残っています。`,
  originalTooLarge: (mib, limitMib) =>
    `元の PNG は ${mib} MiB、ここでは ${limitMib} MiB までなので、これはその WebP です。より大きく送れる場所では /show が原本を渡します。`,
  sheet: {
    ask: (pictures, columns, rows, ready) =>
      `横 ${columns} × 縦 ${rows} で ${pictures} 枚作ります。完成予定 ${ready}。`,
    progress: (done, total, bar) => `🔲 ${total} 枚中 ${done} 枚完成 ${bar}`,
    started: (pictures) => `${pictures} 枚を順番待ちに入れました。1 枚のシートに表示されます。`,
    choose: () => '1 枚だけをボタンと一緒に表示',
    alt: (prompt, axes) => `${axes} を比べた生成画像のシート：${prompt}`,
  },
  label: { original: '元のファイル' },
};

export const making = { en, zh, ru, es, de, fr, ja } as const;
