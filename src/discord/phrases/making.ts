// What is said around one picture and many: files that do not fit, in every language. Kept beside each other here, so that a new sentence is
// written in all of them at once; the rest of the bot's words are in one file a language.

import { countingIn } from './grammar.ts';
import type { HelpTopic } from './phrases.ts';

const [inEnglish, inRussian, inSpanish, inGerman, inFrench] = [
  countingIn('en'),
  countingIn('ru'),
  countingIn('es'),
  countingIn('de'),
  countingIn('fr'),
];

export interface MakingPhrases {
  /** Under pictures shown as a smaller file; MiB of the original. */
  smallerHere(mib: string): string;
  originalTooLarge(mib: string, limitMib: string): string;
  /** One order that compares settings. */
  readonly sheet: {
    ask(pictures: number, columns: number, rows: number): string;
    progress(done: number, total: number, bar: string): string;
    started(pictures: number): string;
    choose(): string;
    alt(prompt: string, axes: string): string;
    /** A reply did not say which picture it means. */
    which(count: number): string;
    /** The cell of that number has no picture. */
    empty(number: number): string;
    /** Only the whole can be removed. */
    whole(): string;
  };
  /** Lists of words; names arrive safe. */
  readonly wildcard: {
    saved(name: string, count: number): string;
    list(): string;
    none(): string;
    deleted(name: string): string;
    unknown(name: string): string;
    badName(): string;
    tooFew(): string;
    tooMany(max: number): string;
  };
  /** Going on from one picture. */
  readonly reshape: {
    /** In the place of a choice. */
    more(): string;
    zoom(times: string): string;
    pan(direction: string): string;
    readonly region: string;
    readonly left: string;
    readonly up: string;
    readonly down: string;
    readonly right: string;
    cellsAlt(): string;
    chooseCells(): string;
    regionTitle(): string;
    regionHint(): string;
    readonly ownMask: string;
    promptHint(): string;
    readonly mask: string;
    maskHint(): string;
  };
  /** Several pictures made one. */
  readonly blend: {
    howMany(least: number, most: number): string;
    wordsNeeded(): string;
  };
  look(isClassic: boolean): string;
  /** A picture as an emoji or sticker of a server. */
  readonly expression: {
    title(): string;
    name(): string;
    kind(): string;
    emoji(): string;
    sticker(): string;
    background(): string;
    cut(): string;
    keep(): string;
    serversOnly(): string;
    youMayNot(): string;
    iMayNot(): string;
    badName(): string;
    tooLarge(): string;
    refused(): string;
    full(isEmoji: boolean): string;
    added(isEmoji: boolean, name: string, id: string): string;
  };
  /** A paragraph of /help. */
  readonly help: HelpTopic;
  readonly label: {
    readonly original: string;
  };
}

const en: MakingPhrases = {
  smallerHere: (mib) => `Shown as WebP to fit here; the PNG has ${mib} MiB and stays with me.`,
  originalTooLarge: (mib, limitMib) =>
    `The original PNG has ${mib} MiB and ${limitMib} MiB fit here, so this is a WebP of it. Where more fits, /show gives the original.`,
  sheet: {
    ask: (pictures, columns, rows) => `This makes ${pictures} pictures, ${columns} across and ${rows} down.`,
    progress: (done, total, bar) => `🔲 ${done} of ${total} pictures are made ${bar}`,
    started: (pictures) => `${pictures} pictures are queued; they appear on one sheet.`,
    choose: () => 'Show one of them alone, with its buttons',
    alt: (prompt, axes) => `Sheet of generated pictures comparing ${axes}: ${prompt}`,
    which: (count) =>
      `Which picture? Begin with its number, 1 to ${count}, counted row by row: “3 more fog”, “v3”, “u3”. “again” makes the whole sheet anew.`,
    empty: (number) => `Picture ${number} of this sheet was not made.`,
    whole: () => 'A single picture cannot be taken off a sheet. “delete” alone removes the whole sheet.',
  },
  wildcard: {
    saved: (name, count) =>
      `Saved: \`__${name}__\` takes one of ${count}, drawn by the seed. \`__${name}:all__\` makes all of them.`,
    list: () => 'Lists you can use',
    none: () => 'No lists yet. Save one: `/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` is deleted.`,
    unknown: (name) => `You have no list named \`__${name}__\`.`,
    badName: () => 'A name has 1 to 40 letters, digits or hyphens, such as `animal`.',
    tooFew: () => 'A list has at least two choices, with commas between them.',
    tooMany: (max) => `You have ${inEnglish.count(max, 'list')}, and that is the most. Delete one first.`,
  },
  reshape: {
    more: () => 'Zoom out, pan or redo a part',
    zoom: (times) => `Zoom out ${times}`,
    pan: (direction) => `Paint on: ${direction}`,
    region: 'Redo a part',
    left: 'Left',
    up: 'Up',
    down: 'Down',
    right: 'Right',
    cellsAlt: () => 'The picture in four by four cells, A1 at the left upper corner, D4 at the right lower one',
    chooseCells: () => 'Cells to make anew',
    regionTitle: () => 'Redo a part of the picture',
    regionHint: () =>
      'Choose the cells to be made anew; everything else stays to the pixel. For a finer shape, hand in a mask: white is made anew.',
    ownMask: 'Hand in a mask',
    promptHint: () => 'What shall be in the whole picture',
    mask: 'Mask',
    maskHint: () => 'White is made anew, black stays; the same shape as the picture',
  },
  blend: {
    howMany: (least, most) => `Give ${least} to ${most} pictures: uploads, ids of pictures made here, or both.`,
    wordsNeeded: () => 'None of these pictures tells what it shows. Say in `prompt` what the whole shall be.',
  },
  look: (isClassic) =>
    isClassic ? 'Results here are messages with an embed from now on.' : 'Results here are cards from now on.',
  expression: {
    title: () => 'Add to this server',
    name: () => 'Name',
    kind: () => 'As',
    emoji: () => 'Emoji',
    sticker: () => 'Sticker',
    background: () => 'Background',
    cut: () => 'Make it transparent',
    keep: () => 'Keep it',
    serversOnly: () => 'Emojis and stickers belong to a server; there is none here.',
    youMayNot: () => 'You need the permission "Create Expressions" in this server for this.',
    iMayNot: () => 'I need the permission "Create Expressions" in this server for this.',
    badName: () => 'A name has 2 to 30 letters, digits or underscores, such as `red_heart`.',
    tooLarge: () => 'This picture cannot be made small enough.',
    refused: () => 'Discord did not take this picture. Another name may help.',
    full: (isEmoji) =>
      isEmoji ? 'This server has no free place for an emoji.' : 'This server has no free place for a sticker.',
    added: (isEmoji, name, id) =>
      isEmoji ? `Added: <:${name}:${id}> \`:${name}:\`` : `The sticker **${name}** is added.`,
  },
  help: {
    title: '🔲 Compare, mix, draw lots',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\nAny two settings on one sheet; two to five pictures as one; a word from a list (`/wildcard save`), drawn by the seed.',
  },
  label: { original: 'Original file' },
};

const zh: MakingPhrases = {
  smallerHere: (mib) => `为适应此处以 WebP 显示；PNG 原图 ${mib} MiB，仍保存在我这里。`,
  originalTooLarge: (mib, limitMib) =>
    `PNG 原图 ${mib} MiB，此处上限 ${limitMib} MiB，所以这是它的 WebP 版本。在上限更高的地方，/show 会给出原图。`,
  sheet: {
    ask: (pictures, columns, rows) => `将生成 ${pictures} 张图片：横 ${columns}，纵 ${rows}。`,
    progress: (done, total, bar) => `🔲 已完成 ${total} 张中的 ${done} 张 ${bar}`,
    started: (pictures) => `已排队 ${pictures} 张图片，完成后显示在一张大图上。`,
    choose: () => '单独查看其中一张及其按钮',
    alt: (prompt, axes) => `对比 ${axes} 的生成图片：${prompt}`,
    which: (count) =>
      `哪一张？请先写编号（1 到 ${count}，从左上角逐行数）：“3 多一些雾”、“v3”、“u3”。回复“again”会重做整张对比图。`,
    empty: (number) => `这张对比图的第 ${number} 张没有生成。`,
    whole: () => '对比图里的单张不能单独删除。只回复“delete”会删除整张对比图。',
  },
  wildcard: {
    saved: (name, count) => `已保存：\`__${name}__\` 按种子从 ${count} 个中抽取一个；\`__${name}:all__\` 会全部生成。`,
    list: () => '你可以使用的词表',
    none: () => '还没有词表。保存一个：`/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `已删除 \`__${name}__\`。`,
    unknown: (name) => `你没有名为 \`__${name}__\` 的词表。`,
    badName: () => '名称为 1 到 40 个字母、数字或连字符，如 `animal`。',
    tooFew: () => '词表至少要有两个选项，用逗号分隔。',
    tooMany: (max) => `你已有 ${max} 个词表，这是上限。请先删除一个。`,
  },
  reshape: {
    more: () => '缩小、平移或重画局部',
    zoom: (times) => `缩小 ${times}`,
    pan: (direction) => `向外延伸：${direction}`,
    region: '重画局部',
    left: '左',
    up: '上',
    down: '下',
    right: '右',
    cellsAlt: () => '分成四乘四格的图片，A1 在左上角，D4 在右下角',
    chooseCells: () => '要重画的格子',
    regionTitle: () => '重画图片的一部分',
    regionHint: () => '选择要重画的格子，其余部分一个像素也不变。需要更精细的形状时可上传蒙版：白色部分重画。',
    ownMask: '上传蒙版',
    promptHint: () => '整张图片应有的内容',
    mask: '蒙版',
    maskHint: () => '白色重画，黑色保留；形状与图片相同',
  },
  blend: {
    howMany: (least, most) => `请给出 ${least} 到 ${most} 张图片：上传、这里的图片编号，或两者都用。`,
    wordsNeeded: () => '这些图片都没有说明内容。请在 `prompt` 中写出整体要画什么。',
  },
  look: (isClassic) => (isClassic ? '此处的结果今后以嵌入消息显示。' : '此处的结果今后以卡片显示。'),
  expression: {
    title: () => '添加到此服务器',
    name: () => '名称',
    kind: () => '类型',
    emoji: () => '表情',
    sticker: () => '贴纸',
    background: () => '背景',
    cut: () => '变透明',
    keep: () => '保留',
    serversOnly: () => '表情和贴纸属于服务器，这里没有服务器。',
    youMayNot: () => '你需要此服务器的“创建表情”权限。',
    iMayNot: () => '我需要此服务器的“创建表情”权限。',
    badName: () => '名称为 2 到 30 个字母、数字或下划线，如 `red_heart`。',
    tooLarge: () => '这张图片无法变得足够小。',
    refused: () => 'Discord 没有接受这张图片。换个名称也许可以。',
    full: (isEmoji) => (isEmoji ? '此服务器没有空余的表情位。' : '此服务器没有空余的贴纸位。'),
    added: (isEmoji, name, id) => (isEmoji ? `已添加：<:${name}:${id}> \`:${name}:\`` : `已添加贴纸 **${name}**。`),
  },
  help: {
    title: '🔲 比较、融合、抽取',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\n任意两项设置拼成一张大图；两到五张图片合成一张；从词表（`/wildcard save`）按种子抽取词语。',
  },
  label: { original: '原始文件' },
};

const ru: MakingPhrases = {
  smallerHere: (mib) => `Показано в WebP, чтобы поместиться; PNG на ${mib} МиБ остаётся у меня.`,
  originalTooLarge: (mib, limitMib) =>
    `Исходный PNG — ${mib} МиБ, а здесь помещается ${limitMib} МиБ, поэтому это его WebP. Где помещается больше, /show даст исходный файл.`,
  sheet: {
    ask: (pictures, columns, rows) =>
      `Будет ${inRussian.count(pictures, 'picture')}: ${columns} в ширину, ${rows} в высоту.`,
    progress: (done, total, bar) => `🔲 Готово ${done} из ${total} ${bar}`,
    started: (pictures) => `В очереди ${inRussian.count(pictures, 'picture')}; они появятся на одном листе.`,
    choose: () => 'Показать одну отдельно, с кнопками',
    alt: (prompt, axes) => `Лист созданных картинок, сравнение ${axes}: ${prompt}`,
    which: (count) =>
      `Какую картинку? Начните с номера от 1 до ${count}, считая по строкам: «3 больше тумана», «v3», «u3». «ещё раз» переделает весь лист.`,
    empty: (number) => `Картинка ${number} на этом листе не получилась.`,
    whole: () => 'Одну картинку с листа убрать нельзя. Просто «delete» удалит весь лист.',
  },
  wildcard: {
    saved: (name, count) =>
      `Сохранено: \`__${name}__\` берёт одно из ${count}, по зерну. \`__${name}:all__\` делает все.`,
    list: () => 'Списки, которыми можно пользоваться',
    none: () => 'Списков пока нет. Сохраните: `/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` удалён.`,
    unknown: (name) => `У вас нет списка \`__${name}__\`.`,
    badName: () => 'Имя — от 1 до 40 букв, цифр или дефисов, например `animal`.',
    tooFew: () => 'В списке не меньше двух вариантов через запятую.',
    tooMany: (max) => `У вас уже ${inRussian.count(max, 'list')}, больше нельзя. Сначала удалите один.`,
  },
  reshape: {
    more: () => 'Отдалить, сдвинуть или переделать часть',
    zoom: (times) => `Отдалить ${times}`,
    pan: (direction) => `Дорисовать: ${direction}`,
    region: 'Переделать часть',
    left: 'Влево',
    up: 'Вверх',
    down: 'Вниз',
    right: 'Вправо',
    cellsAlt: () => 'Картинка, разделённая на четыре на четыре клетки: A1 слева вверху, D4 справа внизу',
    chooseCells: () => 'Клетки, которые переделать',
    regionTitle: () => 'Переделать часть картинки',
    regionHint: () =>
      'Выберите клетки; всё остальное останется до пикселя. Для более точной формы пришлите маску: белое рисуется заново.',
    ownMask: 'Прислать маску',
    promptHint: () => 'Что должно быть на всей картинке',
    mask: 'Маска',
    maskHint: () => 'Белое рисуется заново, чёрное остаётся; та же форма, что у картинки',
  },
  blend: {
    howMany: (least, most) => `Нужно от ${least} до ${most} картинок: загруженных, по номерам отсюда или тех и других.`,
    wordsNeeded: () => 'Ни одна из картинок не говорит, что на ней. Напишите в `prompt`, чем должно стать целое.',
  },
  look: (isClassic) =>
    isClassic ? 'Результаты здесь теперь сообщениями со встройкой.' : 'Результаты здесь теперь карточками.',
  expression: {
    title: () => 'Добавить на этот сервер',
    name: () => 'Имя',
    kind: () => 'Как',
    emoji: () => 'Эмодзи',
    sticker: () => 'Стикер',
    background: () => 'Фон',
    cut: () => 'Сделать прозрачным',
    keep: () => 'Оставить',
    serversOnly: () => 'Эмодзи и стикеры принадлежат серверу, а здесь его нет.',
    youMayNot: () => 'Для этого вам нужно право «Создавать выражения» на этом сервере.',
    iMayNot: () => 'Для этого мне нужно право «Создавать выражения» на этом сервере.',
    badName: () => 'Имя — от 2 до 30 латинских букв, цифр или подчёркиваний, например `red_heart`.',
    tooLarge: () => 'Эту картинку нельзя сделать достаточно маленькой.',
    refused: () => 'Discord не принял эту картинку. Может помочь другое имя.',
    full: (isEmoji) => (isEmoji ? 'На этом сервере нет места для эмодзи.' : 'На этом сервере нет места для стикера.'),
    added: (isEmoji, name, id) =>
      isEmoji ? `Добавлено: <:${name}:${id}> \`:${name}:\`` : `Стикер **${name}** добавлен.`,
  },
  help: {
    title: '🔲 Сравнить, смешать, вытянуть',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\nЛюбые две настройки на одном листе; из двух–пяти картинок одна; слово из списка (`/wildcard save`), по зерну.',
  },
  label: { original: 'Исходный файл' },
};

const es: MakingPhrases = {
  smallerHere: (mib) => `Se muestra en WebP para que quepa; el PNG ocupa ${mib} MiB y lo conservo.`,
  originalTooLarge: (mib, limitMib) =>
    `El PNG original ocupa ${mib} MiB y aquí caben ${limitMib} MiB, así que esto es su WebP. Donde quepa más, /show da el original.`,
  sheet: {
    ask: (pictures, columns, rows) =>
      `Son ${inSpanish.count(pictures, 'picture')}, ${columns} a lo ancho y ${rows} a lo alto.`,
    progress: (done, total, bar) => `🔲 ${done} de ${total} imágenes hechas ${bar}`,
    started: (pictures) => `${pictures} imágenes en cola; aparecerán en una sola hoja.`,
    choose: () => 'Mostrar una sola, con sus botones',
    alt: (prompt, axes) => `Hoja de imágenes generadas que compara ${axes}: ${prompt}`,
    which: (count) =>
      `¿Qué imagen? Empieza por su número, del 1 al ${count}, contando por filas: «3 más niebla», «v3», «u3». «otra vez» repite toda la hoja.`,
    empty: (number) => `La imagen ${number} de esta hoja no llegó a hacerse.`,
    whole: () => 'No se puede quitar una sola imagen de la hoja. «delete» a secas borra la hoja entera.',
  },
  wildcard: {
    saved: (name, count) =>
      `Guardada: \`__${name}__\` toma una de ${count}, según la semilla. \`__${name}:all__\` las hace todas.`,
    list: () => 'Listas que puedes usar',
    none: () => 'Aún no hay listas. Guarda una: `/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` está borrada.`,
    unknown: (name) => `No tienes ninguna lista llamada \`__${name}__\`.`,
    badName: () => 'Un nombre tiene de 1 a 40 letras, cifras o guiones, como `animal`.',
    tooFew: () => 'Una lista tiene al menos dos opciones, separadas por comas.',
    tooMany: (max) => `Tienes ${inSpanish.count(max, 'list')}, el máximo. Borra una antes.`,
  },
  reshape: {
    more: () => 'Alejar, desplazar o rehacer una parte',
    zoom: (times) => `Alejar ${times}`,
    pan: (direction) => `Continuar: ${direction}`,
    region: 'Rehacer una parte',
    left: 'Izquierda',
    up: 'Arriba',
    down: 'Abajo',
    right: 'Derecha',
    cellsAlt: () => 'La imagen en cuatro por cuatro celdas, A1 arriba a la izquierda, D4 abajo a la derecha',
    chooseCells: () => 'Celdas que rehacer',
    regionTitle: () => 'Rehacer una parte de la imagen',
    regionHint: () =>
      'Elige las celdas que se rehacen; todo lo demás queda igual al píxel. Para una forma más fina, sube una máscara: lo blanco se rehace.',
    ownMask: 'Subir una máscara',
    promptHint: () => 'Lo que debe haber en toda la imagen',
    mask: 'Máscara',
    maskHint: () => 'Lo blanco se rehace, lo negro queda; misma forma que la imagen',
  },
  blend: {
    howMany: (least, most) => `Da de ${least} a ${most} imágenes: subidas, ids de imágenes hechas aquí, o ambas.`,
    wordsNeeded: () => 'Ninguna de estas imágenes dice qué muestra. Escribe en `prompt` qué debe ser el conjunto.',
  },
  look: (isClassic) =>
    isClassic
      ? 'Los resultados aquí son mensajes con incrustado desde ahora.'
      : 'Los resultados aquí son tarjetas desde ahora.',
  expression: {
    title: () => 'Añadir a este servidor',
    name: () => 'Nombre',
    kind: () => 'Como',
    emoji: () => 'Emoji',
    sticker: () => 'Pegatina',
    background: () => 'Fondo',
    cut: () => 'Hacerlo transparente',
    keep: () => 'Conservarlo',
    serversOnly: () => 'Los emojis y pegatinas son de un servidor; aquí no hay ninguno.',
    youMayNot: () => 'Necesitas el permiso «Crear expresiones» en este servidor.',
    iMayNot: () => 'Necesito el permiso «Crear expresiones» en este servidor.',
    badName: () => 'Un nombre tiene de 2 a 30 letras, cifras o guiones bajos, como `red_heart`.',
    tooLarge: () => 'Esta imagen no puede hacerse lo bastante pequeña.',
    refused: () => 'Discord no aceptó esta imagen. Quizá sirva otro nombre.',
    full: (isEmoji) =>
      isEmoji ? 'Este servidor no tiene sitio para otro emoji.' : 'Este servidor no tiene sitio para otra pegatina.',
    added: (isEmoji, name, id) =>
      isEmoji ? `Añadido: <:${name}:${id}> \`:${name}:\`` : `La pegatina **${name}** está añadida.`,
  },
  help: {
    title: '🔲 Comparar, mezclar, sortear',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\nDos ajustes cualesquiera en una hoja; de dos a cinco imágenes, una; una palabra de una lista (`/wildcard save`), según la semilla.',
  },
  label: { original: 'Archivo original' },
};

const de: MakingPhrases = {
  smallerHere: (mib) => `Als WebP gezeigt, damit es hier passt; das PNG hat ${mib} MiB und bleibt bei mir.`,
  originalTooLarge: (mib, limitMib) =>
    `Das PNG hat ${mib} MiB, und hier passen ${limitMib} MiB, deshalb ist dies ein WebP davon. Wo mehr passt, gibt /show das Original.`,
  sheet: {
    ask: (pictures, columns, rows) =>
      `Das ergibt ${pictures} Bilder, ${columns} nebeneinander und ${rows} untereinander.`,
    progress: (done, total, bar) => `🔲 ${done} von ${total} Bildern fertig ${bar}`,
    started: (pictures) => `${pictures} Bilder sind in der Warteschlange; sie erscheinen auf einem Blatt.`,
    choose: () => 'Eines davon allein zeigen, mit seinen Knöpfen',
    alt: (prompt, axes) => `Blatt mit erzeugten Bildern, Vergleich von ${axes}: ${prompt}`,
    which: (count) =>
      `Welches Bild? Beginne mit seiner Nummer, 1 bis ${count}, zeilenweise gezählt: „3 mehr Nebel“, „v3“, „u3“. „nochmal“ macht das ganze Blatt neu.`,
    empty: (number) => `Bild ${number} auf diesem Blatt ist nicht gelungen.`,
    whole: () => 'Ein einzelnes Bild lässt sich nicht vom Blatt nehmen. „delete“ allein entfernt das ganze Blatt.',
  },
  wildcard: {
    saved: (name, count) =>
      `Gespeichert: \`__${name}__\` nimmt eines von ${count}, nach dem Startwert gezogen. \`__${name}:all__\` macht alle.`,
    list: () => 'Listen, die du verwenden kannst',
    none: () => 'Noch keine Listen. Speichere eine: `/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` ist gelöscht.`,
    unknown: (name) => `Du hast keine Liste namens \`__${name}__\`.`,
    badName: () => 'Ein Name hat 1 bis 40 Buchstaben, Ziffern oder Bindestriche, etwa `animal`.',
    tooFew: () => 'Eine Liste hat mindestens zwei Einträge mit Kommas dazwischen.',
    tooMany: (max) => `Du hast ${inGerman.count(max, 'list')}, mehr geht nicht. Lösche zuerst eine.`,
  },
  reshape: {
    more: () => 'Herauszoomen, weitermalen oder einen Teil neu',
    zoom: (times) => `Herauszoomen ${times}`,
    pan: (direction) => `Weitermalen: ${direction}`,
    region: 'Teil neu malen',
    left: 'Links',
    up: 'Oben',
    down: 'Unten',
    right: 'Rechts',
    cellsAlt: () => 'Das Bild in vier mal vier Feldern, A1 links oben, D4 rechts unten',
    chooseCells: () => 'Felder, die neu gemalt werden',
    regionTitle: () => 'Einen Teil des Bildes neu malen',
    regionHint: () =>
      'Wähle die Felder; alles andere bleibt bis aufs Pixel. Für eine feinere Form gib eine Maske: Weißes wird neu gemalt.',
    ownMask: 'Maske hochladen',
    promptHint: () => 'Was im ganzen Bild sein soll',
    mask: 'Maske',
    maskHint: () => 'Weißes wird neu gemalt, Schwarzes bleibt; gleiche Form wie das Bild',
  },
  blend: {
    howMany: (least, most) =>
      `Gib ${least} bis ${most} Bilder: hochgeladene, Kennungen von hier gemachten oder beides.`,
    wordsNeeded: () => 'Keines dieser Bilder sagt, was es zeigt. Schreibe in `prompt`, was das Ganze sein soll.',
  },
  look: (isClassic) =>
    isClassic
      ? 'Ergebnisse sind hier von nun an Nachrichten mit Einbettung.'
      : 'Ergebnisse sind hier von nun an Karten.',
  expression: {
    title: () => 'Zu diesem Server hinzufügen',
    name: () => 'Name',
    kind: () => 'Als',
    emoji: () => 'Emoji',
    sticker: () => 'Sticker',
    background: () => 'Hintergrund',
    cut: () => 'Durchsichtig machen',
    keep: () => 'Behalten',
    serversOnly: () => 'Emojis und Sticker gehören zu einem Server; hier ist keiner.',
    youMayNot: () => 'Dafür brauchst du in diesem Server das Recht „Ausdrücke erstellen“.',
    iMayNot: () => 'Dafür brauche ich in diesem Server das Recht „Ausdrücke erstellen“.',
    badName: () => 'Ein Name hat 2 bis 30 Buchstaben, Ziffern oder Unterstriche, etwa `red_heart`.',
    tooLarge: () => 'Dieses Bild lässt sich nicht klein genug machen.',
    refused: () => 'Discord hat dieses Bild nicht genommen. Vielleicht hilft ein anderer Name.',
    full: (isEmoji) =>
      isEmoji
        ? 'Dieser Server hat keinen freien Platz für ein Emoji.'
        : 'Dieser Server hat keinen freien Platz für einen Sticker.',
    added: (isEmoji, name, id) =>
      isEmoji ? `Hinzugefügt: <:${name}:${id}> \`:${name}:\`` : `Der Sticker **${name}** ist hinzugefügt.`,
  },
  help: {
    title: '🔲 Vergleichen, mischen, losen',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\nZwei beliebige Einstellungen auf einem Blatt; aus zwei bis fünf Bildern eines; ein Wort aus einer Liste (`/wildcard save`), nach dem Startwert.',
  },
  label: { original: 'Originaldatei' },
};

const fr: MakingPhrases = {
  smallerHere: (mib) => `Montré en WebP pour tenir ici ; le PNG fait ${mib} Mio et reste chez moi.`,
  originalTooLarge: (mib, limitMib) =>
    `Le PNG d’origine fait ${mib} Mio et ${limitMib} Mio passent ici, voici donc son WebP. Là où plus passe, /show donne l’original.`,
  sheet: {
    ask: (pictures, columns, rows) => `Cela fait ${pictures} images, ${columns} en largeur et ${rows} en hauteur.`,
    progress: (done, total, bar) => `🔲 ${done} images sur ${total} ${bar}`,
    started: (pictures) =>
      `${inFrench.count(pictures, 'picture')} en file d’attente ; tout paraîtra sur une seule planche.`,
    choose: () => 'En montrer une seule, avec ses boutons',
    alt: (prompt, axes) => `Feuille d’images générées comparant ${axes} : ${prompt}`,
    which: (count) =>
      `Quelle image ? Commencez par son numéro, de 1 à ${count}, en comptant ligne par ligne : « 3 plus de brume », « v3 », « u3 ». « encore » refait toute la planche.`,
    empty: (number) => `L’image ${number} de cette planche n’a pas pu être faite.`,
    whole: () => 'Une image ne peut pas être retirée seule de la planche. « delete » seul supprime toute la planche.',
  },
  wildcard: {
    saved: (name, count) =>
      `Enregistrée : \`__${name}__\` en prend un parmi ${count}, tiré par la graine. \`__${name}:all__\` les fait tous.`,
    list: () => 'Listes que vous pouvez employer',
    none: () => 'Pas encore de liste. Enregistrez-en une : `/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` est supprimée.`,
    unknown: (name) => `Vous n’avez pas de liste nommée \`__${name}__\`.`,
    badName: () => 'Un nom a 1 à 40 lettres, chiffres ou tirets, comme `animal`.',
    tooFew: () => 'Une liste a au moins deux choix, séparés par des virgules.',
    tooMany: (max) => `Vous avez ${inFrench.count(max, 'list')}, le maximum. Supprimez-en une d’abord.`,
  },
  reshape: {
    more: () => 'Dézoomer, prolonger ou refaire une partie',
    zoom: (times) => `Dézoomer ${times}`,
    pan: (direction) => `Prolonger : ${direction}`,
    region: 'Refaire une partie',
    left: 'Gauche',
    up: 'Haut',
    down: 'Bas',
    right: 'Droite',
    cellsAlt: () => 'L’image en quatre par quatre cases, A1 en haut à gauche, D4 en bas à droite',
    chooseCells: () => 'Cases à refaire',
    regionTitle: () => 'Refaire une partie de l’image',
    regionHint: () =>
      'Choisissez les cases à refaire ; le reste ne change d’aucun pixel. Pour une forme plus fine, envoyez un masque : le blanc est refait.',
    ownMask: 'Envoyer un masque',
    promptHint: () => 'Ce qui doit être dans toute l’image',
    mask: 'Masque',
    maskHint: () => 'Le blanc est refait, le noir reste ; même forme que l’image',
  },
  blend: {
    howMany: (least, most) => `Donnez de ${least} à ${most} images : envois, ids d’images faites ici, ou les deux.`,
    wordsNeeded: () => 'Aucune de ces images ne dit ce qu’elle montre. Écrivez dans `prompt` ce que doit être le tout.',
  },
  look: (isClassic) =>
    isClassic
      ? 'Les résultats sont ici des messages avec intégration désormais.'
      : 'Les résultats sont ici des cartes désormais.',
  expression: {
    title: () => 'Ajouter à ce serveur',
    name: () => 'Nom',
    kind: () => 'Comme',
    emoji: () => 'Émoji',
    sticker: () => 'Autocollant',
    background: () => 'Fond',
    cut: () => 'Le rendre transparent',
    keep: () => 'Le garder',
    serversOnly: () => 'Les émojis et autocollants sont à un serveur ; il n’y en a pas ici.',
    youMayNot: () => 'Il vous faut la permission « Créer des expressions » sur ce serveur.',
    iMayNot: () => 'Il me faut la permission « Créer des expressions » sur ce serveur.',
    badName: () => 'Un nom a 2 à 30 lettres, chiffres ou tirets bas, comme `red_heart`.',
    tooLarge: () => 'Cette image ne peut être rendue assez petite.',
    refused: () => 'Discord n’a pas pris cette image. Un autre nom peut aider.',
    full: (isEmoji) =>
      isEmoji ? 'Ce serveur n’a plus de place pour un émoji.' : 'Ce serveur n’a plus de place pour un autocollant.',
    added: (isEmoji, name, id) =>
      isEmoji ? `Ajouté : <:${name}:${id}> \`:${name}:\`` : `L’autocollant **${name}** est ajouté.`,
  },
  help: {
    title: '🔲 Comparer, mélanger, tirer au sort',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\nDeux réglages sur une feuille ; deux à cinq images en une ; un mot d’une liste (`/wildcard save`), tiré par la graine.',
  },
  label: { original: 'Fichier d’origine' },
};

const ja: MakingPhrases = {
  smallerHere: (mib) => `ここに収まるよう WebP で表示しています。PNG（${mib} MiB）はこちらに残っています。`,
  originalTooLarge: (mib, limitMib) =>
    `元の PNG は ${mib} MiB、ここでは ${limitMib} MiB までなので、これはその WebP です。より大きく送れる場所では /show が原本を渡します。`,
  sheet: {
    ask: (pictures, columns, rows) => `横 ${columns} × 縦 ${rows} で ${pictures} 枚作ります。`,
    progress: (done, total, bar) => `🔲 ${total} 枚中 ${done} 枚完成 ${bar}`,
    started: (pictures) => `${pictures} 枚を順番待ちに入れました。1 枚のシートに表示されます。`,
    choose: () => '1 枚だけをボタンと一緒に表示',
    alt: (prompt, axes) => `${axes} を比べた生成画像のシート：${prompt}`,
    which: (count) =>
      `どの画像ですか？左上から行ごとに数えた番号（1〜${count}）を先に書いてください：「3 もっと霧を」「v3」「u3」。「もう一度」でシート全体を作り直します。`,
    empty: (number) => `このシートの ${number} 番の画像は作られませんでした。`,
    whole: () => 'シートから 1 枚だけを削除することはできません。「delete」だけでシート全体を削除します。',
  },
  wildcard: {
    saved: (name, count) =>
      `保存しました：\`__${name}__\` は ${count} 個からシードで 1 つを選びます。\`__${name}:all__\` ですべて作ります。`,
    list: () => '使えるリスト',
    none: () => 'まだリストがありません。保存するには：`/wildcard save name:animal words:fox, owl, hen`',
    deleted: (name) => `\`__${name}__\` を削除しました。`,
    unknown: (name) => `\`__${name}__\` というリストはありません。`,
    badName: () => '名前は 1〜40 文字の文字、数字、ハイフンです（例：`animal`）。',
    tooFew: () => 'リストにはカンマ区切りで 2 つ以上必要です。',
    tooMany: (max) => `リストは ${max} 個までです。先に 1 つ削除してください。`,
  },
  reshape: {
    more: () => 'ズームアウト・パン・一部の描き直し',
    zoom: (times) => `${times} ズームアウト`,
    pan: (direction) => `描き足す：${direction}`,
    region: '一部を描き直す',
    left: '左',
    up: '上',
    down: '下',
    right: '右',
    cellsAlt: () => '4×4 のマスに分けた画像。左上が A1、右下が D4',
    chooseCells: () => '描き直すマス',
    regionTitle: () => '画像の一部を描き直す',
    regionHint: () =>
      '描き直すマスを選んでください。ほかは 1 画素も変わりません。細かい形にはマスクを送れます：白い部分を描き直します。',
    ownMask: 'マスクを送る',
    promptHint: () => '画像全体に描かれるべきもの',
    mask: 'マスク',
    maskHint: () => '白は描き直し、黒はそのまま。画像と同じ形',
  },
  blend: {
    howMany: (least, most) =>
      `${least}〜${most} 枚の画像をください：アップロード、ここで作った画像の番号、または両方。`,
    wordsNeeded: () => 'どの画像にも説明がありません。`prompt` に全体を何にするか書いてください。',
  },
  look: (isClassic) =>
    isClassic ? 'ここでの結果は今後埋め込みメッセージで表示されます。' : 'ここでの結果は今後カードで表示されます。',
  expression: {
    title: () => 'このサーバーに追加',
    name: () => '名前',
    kind: () => '種類',
    emoji: () => '絵文字',
    sticker: () => 'スタンプ',
    background: () => '背景',
    cut: () => '透明にする',
    keep: () => '残す',
    serversOnly: () => '絵文字とスタンプはサーバーのものです。ここにはサーバーがありません。',
    youMayNot: () => 'このサーバーで「エクスプレッションを作成」の権限が必要です。',
    iMayNot: () => '私にこのサーバーで「エクスプレッションを作成」の権限が必要です。',
    badName: () => '名前は 2〜30 文字の英数字と下線です（例：`red_heart`）。',
    tooLarge: () => 'この画像は十分に小さくできません。',
    refused: () => 'Discord がこの画像を受け付けませんでした。別の名前なら通るかもしれません。',
    full: (isEmoji) =>
      isEmoji ? 'このサーバーには絵文字の空きがありません。' : 'このサーバーにはスタンプの空きがありません。',
    added: (isEmoji, name, id) =>
      isEmoji ? `追加しました：<:${name}:${id}> \`:${name}:\`` : `スタンプ **${name}** を追加しました。`,
  },
  help: {
    title: '🔲 比べる・混ぜる・引く',
    body: '> /grid prompt:a fox across:cfg: 3, 5 down:steps: 8, 20\n> /blend pictures:abcdefghij, bcdefghijk\n> /imagine a \\_\\_animal\\_\\_ in fog\n2 つの設定を 1 枚のシートに。2〜5 枚の画像を 1 枚に。リスト（`/wildcard save`）の言葉をシードで選びます。',
  },
  label: { original: '元のファイル' },
};

export const making = { en, zh, ru, es, de, fr, ja } as const;
