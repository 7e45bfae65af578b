// What is said around controls, pictures whose edges, depth or the like are followed, in every language. Kept beside each other here, so that
// a new kind or sentence is named in all of them at once; the rest of the bot's words are in one file a language.
import type { ControlKind } from '../../core/control.ts';

/** Fields of a control that can be refused, as `refuse` names them. */
export type ControlField =
  | 'control'
  | 'control image'
  | 'control model'
  | 'control strength'
  | 'control start'
  | 'control end'
  | 'control range';

export interface ControlPhrases {
  /** What is followed of a picture. */
  readonly kind: Readonly<Record<ControlKind, string>>;
  readonly field: Readonly<Record<ControlField, string>>;
  /** Beside the map in a result; `what` is the kind. */
  follows(what: string, strength: number, network: string): string;
  /** The part of the steps, in percent. */
  during(from: number, to: number): string;
  mapAlt(what: string): string;
  /** No network at all for a model; `family` is what it has to be made for. */
  none(model: string, family: string): string;
  /** Networks, but none for that kind. */
  notKind(what: string, model: string, kinds: string): string;
  /** A picture nothing stands out of. */
  noSilhouette(): string;
  readonly help: { readonly title: string; readonly body: string };
  readonly label: { readonly use: string };
  readonly form: {
    readonly title: string;
    readonly kind: string;
    readonly strength: string;
    readonly strengthHint: string;
  };
}

const en: ControlPhrases = {
  kind: {
    canny: 'edges',
    scribble: 'scribble',
    softedge: 'soft edges',
    silhouette: 'silhouette',
    colour: 'colours',
    tile: 'coarse copy',
    pose: 'pose map',
    depth: 'depth map',
    normal: 'normal map',
    lineart: 'line art',
    mlsd: 'straight lines',
    segmentation: 'segments',
    shuffle: 'contents, shuffled',
    inpaint: 'picture to repaint',
    edit: 'picture to edit',
    map: 'ready map',
  },
  field: {
    control: 'control',
    'control image': 'control picture',
    'control model': 'control network',
    'control strength': 'control strength',
    'control start': 'start of the control',
    'control end': 'end of the control',
    'control range': 'range of the control',
  },
  follows: (what, strength, network) => `Follows: **${what}**, strength ${strength} · ${network}`,
  during: (from, to) => `${from}% to ${to}% of the steps`,
  mapAlt: (what) => `The map that was followed: ${what}`,
  none: (model, family) =>
    `there is no control network for ${model} here. The owner can put a ControlNet or T2I-Adapter for ${family} (a .safetensors file or a diffusers folder) into models/controlnets; it is found within seconds`,
  notKind: (what, model, kinds) => `no control network here follows “${what}” with ${model}; there is: ${kinds}`,
  noSilhouette: () =>
    'nothing stands out in it; a silhouette needs a transparent background, or one plain colour around the thing',
  help: {
    title: '🧭 Follow a picture',
    body: '> /imagine a castle control:canny control_image:…\nThe lines of that picture are followed. **Apps → Use as control** does it with any picture here; `--control canny:0.7` says how closely.',
  },
  label: { use: 'Use as control' },
  form: {
    title: 'Follow this picture',
    kind: 'What to follow',
    strength: 'How closely, 0 to 2',
    strengthHint: '0.5 loosely, 1 as usual',
  },
};

const zh: ControlPhrases = {
  kind: {
    canny: '边缘',
    scribble: '涂鸦',
    softedge: '柔和边缘',
    silhouette: '轮廓剪影',
    colour: '颜色',
    tile: '粗略副本',
    pose: '姿势图',
    depth: '深度图',
    normal: '法线图',
    lineart: '线稿',
    mlsd: '直线',
    segmentation: '分割图',
    shuffle: '打乱的内容',
    inpaint: '待重画的图片',
    edit: '待编辑的图片',
    map: '现成的控制图',
  },
  field: {
    control: '控制',
    'control image': '控制图片',
    'control model': '控制网络',
    'control strength': '控制强度',
    'control start': '控制的起点',
    'control end': '控制的终点',
    'control range': '控制的范围',
  },
  follows: (what, strength, network) => `遵循：**${what}**，强度 ${strength} · ${network}`,
  during: (from, to) => `步数的 ${from}%–${to}%`,
  mapAlt: (what) => `所遵循的控制图：${what}`,
  none: (model, family) =>
    `这里没有适用于 ${model} 的控制网络。机器人的所有者可以把用于 ${family} 的 ControlNet 或 T2I-Adapter（.safetensors 文件或 diffusers 文件夹）放进 models/controlnets，几秒后即可使用`,
  notKind: (what, model, kinds) => `这里没有控制网络能让 ${model} 遵循“${what}”；可用的有：${kinds}`,
  noSilhouette: () => '图中没有突出的东西；剪影需要透明背景，或者物体周围是单一的颜色',
  help: {
    title: '🧭 遵循一张图片',
    body: '> /imagine 城堡 control:canny control_image:…\n会遵循那张图片的线条。对这里的任何图片，**应用 → 用作控制图**也可以；`--control canny:0.7` 说明遵循的程度。',
  },
  label: { use: '用作控制图' },
  form: { title: '遵循这张图片', kind: '遵循什么', strength: '遵循程度，0 到 2', strengthHint: '0.5 较松，1 为通常' },
};

const ru: ControlPhrases = {
  kind: {
    canny: 'контуры',
    scribble: 'набросок',
    softedge: 'мягкие контуры',
    silhouette: 'силуэт',
    colour: 'цвета',
    tile: 'грубая копия',
    pose: 'карта позы',
    depth: 'карта глубины',
    normal: 'карта нормалей',
    lineart: 'линейный рисунок',
    mlsd: 'прямые линии',
    segmentation: 'сегменты',
    shuffle: 'содержимое вперемешку',
    inpaint: 'картинка для перерисовки',
    edit: 'картинка для правки',
    map: 'готовая карта',
  },
  field: {
    control: 'образец',
    'control image': 'картинка-образец',
    'control model': 'сеть для образца',
    'control strength': 'сила образца',
    'control start': 'начало образца',
    'control end': 'конец образца',
    'control range': 'промежуток образца',
  },
  follows: (what, strength, network) => `Следует: **${what}**, сила ${strength} · ${network}`,
  during: (from, to) => `${from}–${to} % шагов`,
  mapAlt: (what) => `Карта, которой следовала картинка: ${what}`,
  none: (model, family) =>
    `для ${model} здесь нет сети контроля. Владелец может положить ControlNet или T2I-Adapter для ${family} (файл .safetensors или папку diffusers) в models/controlnets, и через несколько секунд сеть появится`,
  notKind: (what, model, kinds) => `ни одна сеть контроля здесь не следует «${what}» с ${model}; есть: ${kinds}`,
  noSilhouette: () => 'на ней ничего не выделяется; силуэту нужен прозрачный фон или один ровный цвет вокруг предмета',
  help: {
    title: '🧭 Следовать картинке',
    body: '> /imagine замок control:canny control_image:…\nРисунок пойдёт по её линиям. **Приложения → Взять за образец** — с любой картинкой здесь; `--control canny:0.7` — насколько точно.',
  },
  label: { use: 'Взять за образец' },
  form: {
    title: 'Следовать этой картинке',
    kind: 'Чему следовать',
    strength: 'Насколько точно, от 0 до 2',
    strengthHint: '0.5 — свободно, 1 — как обычно',
  },
};

const es: ControlPhrases = {
  kind: {
    canny: 'bordes',
    scribble: 'garabato',
    softedge: 'bordes suaves',
    silhouette: 'silueta',
    colour: 'colores',
    tile: 'copia tosca',
    pose: 'mapa de pose',
    depth: 'mapa de profundidad',
    normal: 'mapa de normales',
    lineart: 'dibujo lineal',
    mlsd: 'líneas rectas',
    segmentation: 'segmentos',
    shuffle: 'contenido mezclado',
    inpaint: 'imagen por repintar',
    edit: 'imagen por editar',
    map: 'mapa ya hecho',
  },
  field: {
    control: 'control',
    'control image': 'imagen de control',
    'control model': 'red de control',
    'control strength': 'fuerza del control',
    'control start': 'inicio del control',
    'control end': 'fin del control',
    'control range': 'tramo del control',
  },
  follows: (what, strength, network) => `Sigue: **${what}**, fuerza ${strength} · ${network}`,
  during: (from, to) => `del ${from} al ${to} % de los pasos`,
  mapAlt: (what) => `El mapa que se ha seguido: ${what}`,
  none: (model, family) =>
    `aquí no hay ninguna red de control para ${model}. El dueño puede poner un ControlNet o T2I-Adapter para ${family} (un archivo .safetensors o una carpeta de diffusers) en models/controlnets; se encuentra en unos segundos`,
  notKind: (what, model, kinds) => `ninguna red de control sigue aquí «${what}» con ${model}; hay: ${kinds}`,
  noSilhouette: () =>
    'nada destaca en ella; una silueta necesita un fondo transparente o un solo color alrededor del objeto',
  help: {
    title: '🧭 Seguir una imagen',
    body: '> /imagine un castillo control:canny control_image:…\nSe siguen las líneas de esa imagen. **Aplicaciones → Usar como control** lo hace con cualquiera de aquí; `--control canny:0.7` dice con qué fidelidad.',
  },
  label: { use: 'Usar como control' },
  form: {
    title: 'Seguir esta imagen',
    kind: 'Qué seguir',
    strength: 'Con qué fidelidad, de 0 a 2',
    strengthHint: '0.5 con soltura, 1 lo habitual',
  },
};

const de: ControlPhrases = {
  kind: {
    canny: 'Kanten',
    scribble: 'Skizze',
    softedge: 'weiche Kanten',
    silhouette: 'Umriss',
    colour: 'Farben',
    tile: 'grobe Kopie',
    pose: 'Posenkarte',
    depth: 'Tiefenkarte',
    normal: 'Normalenkarte',
    lineart: 'Strichzeichnung',
    mlsd: 'gerade Linien',
    segmentation: 'Segmente',
    shuffle: 'Inhalt, gemischt',
    inpaint: 'Bild zum Übermalen',
    edit: 'Bild zum Bearbeiten',
    map: 'fertige Karte',
  },
  field: {
    control: 'Vorlage',
    'control image': 'Bild der Vorlage',
    'control model': 'Netz der Vorlage',
    'control strength': 'Stärke der Vorlage',
    'control start': 'Beginn der Vorlage',
    'control end': 'Ende der Vorlage',
    'control range': 'Bereich der Vorlage',
  },
  follows: (what, strength, network) => `Folgt: **${what}**, Stärke ${strength} · ${network}`,
  during: (from, to) => `${from} bis ${to} % der Schritte`,
  mapAlt: (what) => `Die Karte, der gefolgt wurde: ${what}`,
  none: (model, family) =>
    `für ${model} gibt es hier kein Steuernetz. Der Besitzer kann ein ControlNet oder einen T2I-Adapter für ${family} (eine .safetensors-Datei oder einen diffusers-Ordner) in models/controlnets legen; es wird nach wenigen Sekunden gefunden`,
  notKind: (what, model, kinds) => `kein Steuernetz hier folgt „${what}“ mit ${model}; es gibt: ${kinds}`,
  noSilhouette: () =>
    'darauf hebt sich nichts ab; ein Umriss braucht einen durchsichtigen Hintergrund oder eine einzige Farbe um das Ding',
  help: {
    title: '🧭 Einem Bild folgen',
    body: '> /imagine eine Burg control:canny control_image:…\nDen Linien dieses Bildes wird gefolgt. **Apps → Als Vorlage** tut das mit jedem Bild hier; `--control canny:0.7` sagt, wie genau.',
  },
  label: { use: 'Als Vorlage' },
  form: {
    title: 'Diesem Bild folgen',
    kind: 'Wem gefolgt wird',
    strength: 'Wie genau, 0 bis 2',
    strengthHint: '0.5 locker, 1 wie üblich',
  },
};

const fr: ControlPhrases = {
  kind: {
    canny: 'contours',
    scribble: 'griffonnage',
    softedge: 'contours doux',
    silhouette: 'silhouette',
    colour: 'couleurs',
    tile: 'copie grossière',
    pose: 'carte de pose',
    depth: 'carte de profondeur',
    normal: 'carte de normales',
    lineart: 'dessin au trait',
    mlsd: 'lignes droites',
    segmentation: 'segments',
    shuffle: 'contenu mélangé',
    inpaint: 'image à repeindre',
    edit: 'image à retoucher',
    map: 'carte toute faite',
  },
  field: {
    control: 'guide',
    'control image': 'image guide',
    'control model': 'réseau du guide',
    'control strength': 'force du guide',
    'control start': 'début du guide',
    'control end': 'fin du guide',
    'control range': 'plage du guide',
  },
  follows: (what, strength, network) => `Suit : **${what}**, force ${strength} · ${network}`,
  during: (from, to) => `de ${from} à ${to} % des étapes`,
  mapAlt: (what) => `La carte qui a été suivie : ${what}`,
  none: (model, family) =>
    `il n’y a ici aucun réseau de contrôle pour ${model}. Le propriétaire peut mettre un ControlNet ou un T2I-Adapter pour ${family} (un fichier .safetensors ou un dossier diffusers) dans models/controlnets ; il est trouvé en quelques secondes`,
  notKind: (what, model, kinds) => `aucun réseau de contrôle ne suit ici « ${what} » avec ${model} ; il y a : ${kinds}`,
  noSilhouette: () =>
    'rien ne s’y détache ; une silhouette demande un fond transparent, ou une seule couleur autour de la chose',
  help: {
    title: '🧭 Suivre une image',
    body: '> /imagine un château control:canny control_image:…\nLes lignes de cette image sont suivies. **Applications → Utiliser comme guide** le fait avec n’importe laquelle ici ; `--control canny:0.7` dit avec quelle fidélité.',
  },
  label: { use: 'Utiliser comme guide' },
  form: {
    title: 'Suivre cette image',
    kind: 'Que suivre',
    strength: 'Avec quelle fidélité, de 0 à 2',
    strengthHint: '0.5 librement, 1 d’ordinaire',
  },
};

const ja: ControlPhrases = {
  kind: {
    canny: '輪郭線',
    scribble: '落書き',
    softedge: 'やわらかい輪郭',
    silhouette: 'シルエット',
    colour: '色',
    tile: '粗い写し',
    pose: 'ポーズ図',
    depth: '深度図',
    normal: '法線図',
    lineart: '線画',
    mlsd: '直線',
    segmentation: '領域図',
    shuffle: '混ぜた内容',
    inpaint: '描き直す画像',
    edit: '編集する画像',
    map: '用意済みの図',
  },
  field: {
    control: 'お手本',
    'control image': 'お手本の画像',
    'control model': 'お手本のネットワーク',
    'control strength': 'お手本の強さ',
    'control start': 'お手本の始まり',
    'control end': 'お手本の終わり',
    'control range': 'お手本の範囲',
  },
  follows: (what, strength, network) => `お手本：**${what}**、強さ ${strength} · ${network}`,
  during: (from, to) => `ステップの ${from}〜${to}%`,
  mapAlt: (what) => `従った図：${what}`,
  none: (model, family) =>
    `${model} 用の制御ネットワークはここにありません。持ち主が ${family} 用の ControlNet か T2I-Adapter（.safetensors ファイルか diffusers フォルダー）を models/controlnets に置けば、数秒で使えるようになります`,
  notKind: (what, model, kinds) => `${model} で「${what}」に従う制御ネットワークはここにありません。あるのは：${kinds}`,
  noSilhouette: () => '浮き出ているものがありません。シルエットには透明な背景か、まわりが一色の画像が必要です',
  help: {
    title: '🧭 画像に従う',
    body: '> /imagine 城 control:canny control_image:…\nその画像の線に従って描きます。ここのどの画像でも **アプリ → お手本にする** でできます。`--control canny:0.7` でどれだけ従うかを指定します。',
  },
  label: { use: 'お手本にする' },
  form: {
    title: 'この画像に従う',
    kind: '何に従うか',
    strength: 'どれだけ従うか（0〜2）',
    strengthHint: '0.5 はゆるく、1 はふつう',
  },
};

export const control = { en, zh, ru, es, de, fr, ja } as const;
