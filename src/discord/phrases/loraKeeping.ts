// What is said around keeping LoRAs, in every language: handing them in and taking them away, who may use which, what a server's people begin
// with, and what becomes of the words a LoRA knows. What everybody meets when using them is in the files of the languages.

export interface LoraKeepingPhrases {
  /** Somebody may not use one there. */
  denied(name: string): string;
  deniedButRoles(name: string, roles: string): string;
  keptOut(): string;
  noFolder(): string;
  handedIn(name: string, family: string, models: string): string;
  known(name: string): string;
  taken(name: string): string;
  refused(reason: string): string;
  mayNotHandIn(): string;
  removed(name: string): string;
  mayNotRemove(name: string): string;
  notHandedIn(name: string): string;
  forEverybody(name: string): string;
  forNobody(name: string): string;
  forNobodyAnywhere(name: string): string;
  forRoles(name: string, roles: string): string;
  defaults(loras: string): string;
  noDefaults(): string;
  uploader(role: string): string;
  noUploader(role: string): string;
  /** Titles of the list of what a server has set. */
  readonly title: { readonly rules: string; readonly defaults: string; readonly uploaders: string };
  nobody(): string;
  words: Readonly<Record<'suggest' | 'before' | 'after', () => string>>;
  previewAlt(name: string): string;
}

const en: LoraKeepingPhrases = {
  denied: (name) => `The LoRA **${name}** may not be used here.`,
  deniedButRoles: (name, roles) => `The LoRA **${name}** is only for ${roles} here.`,
  keptOut: () => 'If it is among your own, `/lora clear` takes it off; `--lora none` leaves all of them out once.',
  noFolder: () => 'LoRAs cannot be handed in here.',
  handedIn: (name, family, models) =>
    `**${name}** is here: made for ${family}, fits ${models}. \`/lora use\` puts it under everything you ask for.`,
  known: (name) => `This file is here already, as **${name}**.`,
  taken: (name) => `There is another LoRA named **${name}**. Give this one another name.`,
  refused: (reason) => `This file was not taken, and is deleted: ${reason}`,
  mayNotHandIn: () =>
    'LoRAs are handed in by the owner of this bot, and by roles the owner names with `/admin lora uploader`.',
  removed: (name) => `**${name}** is removed.`,
  mayNotRemove: (name) => `**${name}** can be removed by whoever handed it in, and by the owner of this bot.`,
  notHandedIn: (name) => `**${name}** did not come through Discord. Take its file out of \`models/loras\`.`,
  forEverybody: (name) => `Everybody may use **${name}** again.`,
  forNobody: (name) => `Nobody may use **${name}** in this server.`,
  forNobodyAnywhere: (name) => `Nobody but you may use **${name}** anywhere.`,
  forRoles: (name, roles) => `In this server **${name}** is for ${roles}.`,
  defaults: (loras) => `Whoever chose no LoRA uses in this server: ${loras}`,
  noDefaults: () => 'Whoever chose no LoRA uses none in this server.',
  uploader: (role) => `${role} may now hand in LoRAs.`,
  noUploader: (role) => `${role} may not hand in LoRAs.`,
  title: { rules: 'Not for everybody', defaults: 'What people begin with', uploaders: 'May hand in LoRAs' },
  nobody: () => 'nobody',
  words: {
    suggest: () => 'The words a LoRA knows are shown to you and left out of your prompts.',
    before: () => 'The words a LoRA knows now stand before your prompt, unless you write them yourself.',
    after: () => 'The words a LoRA knows now stand behind your prompt, unless you write them yourself.',
  },
  previewAlt: (name) => `What the LoRA ${name} does`,
};

const zh: LoraKeepingPhrases = {
  denied: (name) => `此处不能使用 LoRA **${name}**。`,
  deniedButRoles: (name, roles) => `在此处，LoRA **${name}** 仅限 ${roles} 使用。`,
  keptOut: () => '如果它在你的列表中，用 `/lora clear` 移除；`--lora none` 可让本次不使用任何 LoRA。',
  noFolder: () => '此处不能上传 LoRA。',
  handedIn: (name, family, models) =>
    `**${name}** 已就绪：为 ${family} 制作，适用于 ${models}。用 \`/lora use\` 应用到你的所有请求。`,
  known: (name) => `此文件已存在，名为 **${name}**。`,
  taken: (name) => `已有另一个名为 **${name}** 的 LoRA，请换个名称。`,
  refused: (reason) => `此文件未被接受，已删除：${reason}`,
  mayNotHandIn: () => '只有本机器人的所有者，以及所有者用 `/admin lora uploader` 指定的身份组，才能上传 LoRA。',
  removed: (name) => `**${name}** 已移除。`,
  mayNotRemove: (name) => `只有上传者和本机器人的所有者才能移除 **${name}**。`,
  notHandedIn: (name) => `**${name}** 不是通过 Discord 上传的，请从 \`models/loras\` 中移走其文件。`,
  forEverybody: (name) => `所有人又可以使用 **${name}** 了。`,
  forNobody: (name) => `本服务器中任何人都不能使用 **${name}**。`,
  forNobodyAnywhere: (name) => `除你之外，任何地方都不能使用 **${name}**。`,
  forRoles: (name, roles) => `在本服务器中，**${name}** 仅限 ${roles}。`,
  defaults: (loras) => `在本服务器中，没有选择 LoRA 的人使用：${loras}`,
  noDefaults: () => '在本服务器中，没有选择 LoRA 的人不使用任何 LoRA。',
  uploader: (role) => `${role} 现在可以上传 LoRA。`,
  noUploader: (role) => `${role} 不能上传 LoRA。`,
  title: { rules: '并非所有人可用', defaults: '默认使用', uploaders: '可以上传 LoRA' },
  nobody: () => '无人',
  words: {
    suggest: () => 'LoRA 的触发词只会显示给你，不会加入提示词。',
    before: () => 'LoRA 的触发词现在会放在提示词之前，除非你自己写了。',
    after: () => 'LoRA 的触发词现在会放在提示词之后，除非你自己写了。',
  },
  previewAlt: (name) => `LoRA ${name} 的效果`,
};

const ru: LoraKeepingPhrases = {
  denied: (name) => `LoRA **${name}** здесь использовать нельзя.`,
  deniedButRoles: (name, roles) => `LoRA **${name}** здесь только для ${roles}.`,
  keptOut: () => 'Если она среди ваших, её уберёт `/lora clear`; `--lora none` один раз обойдётся без всех.',
  noFolder: () => 'Здесь нельзя загружать LoRA.',
  handedIn: (name, family, models) =>
    `**${name}** здесь: для ${family}, подходит к ${models}. \`/lora use\` включит её для всех ваших запросов.`,
  known: (name) => `Этот файл уже здесь под именем **${name}**.`,
  taken: (name) => `Есть другая LoRA с именем **${name}**. Дайте этой другое имя.`,
  refused: (reason) => `Файл не принят и удалён: ${reason}`,
  mayNotHandIn: () => 'LoRA загружает владелец бота и роли, которые он назвал в `/admin lora uploader`.',
  removed: (name) => `**${name}** удалена.`,
  mayNotRemove: (name) => `**${name}** может удалить тот, кто её загрузил, и владелец бота.`,
  notHandedIn: (name) => `**${name}** пришла не через Discord. Уберите её файл из \`models/loras\`.`,
  forEverybody: (name) => `**${name}** снова может использовать каждый.`,
  forNobody: (name) => `На этом сервере **${name}** не может использовать никто.`,
  forNobodyAnywhere: (name) => `**${name}** нигде не может использовать никто, кроме вас.`,
  forRoles: (name, roles) => `На этом сервере **${name}** — для ${roles}.`,
  defaults: (loras) => `Кто не выбрал LoRA, на этом сервере использует: ${loras}`,
  noDefaults: () => 'Кто не выбрал LoRA, на этом сервере не использует ни одной.',
  uploader: (role) => `${role} теперь может загружать LoRA.`,
  noUploader: (role) => `${role} не может загружать LoRA.`,
  title: { rules: 'Не для всех', defaults: 'С чего начинают', uploaders: 'Могут загружать LoRA' },
  nobody: () => 'никому',
  words: {
    suggest: () => 'Слова, которые знает LoRA, вам показываются и не добавляются в промпт.',
    before: () => 'Слова, которые знает LoRA, теперь стоят перед промптом, если вы не написали их сами.',
    after: () => 'Слова, которые знает LoRA, теперь стоят после промпта, если вы не написали их сами.',
  },
  previewAlt: (name) => `Что делает LoRA ${name}`,
};

const es: LoraKeepingPhrases = {
  denied: (name) => `La LoRA **${name}** no se puede usar aquí.`,
  deniedButRoles: (name, roles) => `Aquí la LoRA **${name}** es solo para ${roles}.`,
  keptOut: () => 'Si está entre las tuyas, `/lora clear` la quita; `--lora none` prescinde de todas una vez.',
  noFolder: () => 'Aquí no se pueden entregar LoRA.',
  handedIn: (name, family, models) =>
    `**${name}** ya está aquí: hecha para ${family}, sirve para ${models}. \`/lora use\` la aplica a todo lo que pidas.`,
  known: (name) => `Este archivo ya está aquí, como **${name}**.`,
  taken: (name) => `Hay otra LoRA llamada **${name}**. Dale otro nombre a esta.`,
  refused: (reason) => `Este archivo no se aceptó y se ha borrado: ${reason}`,
  mayNotHandIn: () => 'Las LoRA las entrega el dueño de este bot, y los roles que nombre con `/admin lora uploader`.',
  removed: (name) => `**${name}** se ha quitado.`,
  mayNotRemove: (name) => `**${name}** la puede quitar quien la entregó y el dueño de este bot.`,
  notHandedIn: (name) => `**${name}** no llegó por Discord. Saca su archivo de \`models/loras\`.`,
  forEverybody: (name) => `Todos pueden usar **${name}** de nuevo.`,
  forNobody: (name) => `Nadie puede usar **${name}** en este servidor.`,
  forNobodyAnywhere: (name) => `Nadie más que tú puede usar **${name}** en ningún sitio.`,
  forRoles: (name, roles) => `En este servidor **${name}** es para ${roles}.`,
  defaults: (loras) => `Quien no eligió LoRA usa en este servidor: ${loras}`,
  noDefaults: () => 'Quien no eligió LoRA no usa ninguna en este servidor.',
  uploader: (role) => `${role} ya puede entregar LoRA.`,
  noUploader: (role) => `${role} no puede entregar LoRA.`,
  title: { rules: 'No para todos', defaults: 'Con lo que se empieza', uploaders: 'Pueden entregar LoRA' },
  nobody: () => 'nadie',
  words: {
    suggest: () => 'Las palabras que conoce una LoRA se te muestran y no se añaden a tus textos.',
    before: () => 'Las palabras que conoce una LoRA van ahora delante de tu texto, salvo que las escribas tú.',
    after: () => 'Las palabras que conoce una LoRA van ahora detrás de tu texto, salvo que las escribas tú.',
  },
  previewAlt: (name) => `Lo que hace la LoRA ${name}`,
};

const de: LoraKeepingPhrases = {
  denied: (name) => `Die LoRA **${name}** darf hier nicht verwendet werden.`,
  deniedButRoles: (name, roles) => `Die LoRA **${name}** ist hier nur für ${roles}.`,
  keptOut: () => 'Ist sie unter deinen, nimmt `/lora clear` sie heraus; `--lora none` lässt einmal alle weg.',
  noFolder: () => 'Hier können keine LoRAs abgegeben werden.',
  handedIn: (name, family, models) =>
    `**${name}** ist da: gemacht für ${family}, passt zu ${models}. Mit \`/lora use\` gilt sie für alles, was du anforderst.`,
  known: (name) => `Diese Datei gibt es hier schon, als **${name}**.`,
  taken: (name) => `Es gibt eine andere LoRA namens **${name}**. Gib dieser einen anderen Namen.`,
  refused: (reason) => `Diese Datei wurde nicht angenommen und ist gelöscht: ${reason}`,
  mayNotHandIn: () => 'LoRAs gibt der Besitzer dieses Bots ab, und Rollen, die er mit `/admin lora uploader` bestimmt.',
  removed: (name) => `**${name}** ist entfernt.`,
  mayNotRemove: (name) => `**${name}** entfernt, wer sie abgegeben hat, und der Besitzer dieses Bots.`,
  notHandedIn: (name) => `**${name}** kam nicht über Discord. Nimm ihre Datei aus \`models/loras\`.`,
  forEverybody: (name) => `**${name}** dürfen wieder alle verwenden.`,
  forNobody: (name) => `**${name}** darf auf diesem Server niemand verwenden.`,
  forNobodyAnywhere: (name) => `**${name}** darf außer dir nirgends jemand verwenden.`,
  forRoles: (name, roles) => `Auf diesem Server ist **${name}** für ${roles}.`,
  defaults: (loras) => `Wer keine LoRA gewählt hat, verwendet auf diesem Server: ${loras}`,
  noDefaults: () => 'Wer keine LoRA gewählt hat, verwendet auf diesem Server keine.',
  uploader: (role) => `${role} darf jetzt LoRAs abgeben.`,
  noUploader: (role) => `${role} darf keine LoRAs abgeben.`,
  title: { rules: 'Nicht für alle', defaults: 'Womit alle anfangen', uploaders: 'Dürfen LoRAs abgeben' },
  nobody: () => 'niemand',
  words: {
    suggest: () => 'Die Worte, die eine LoRA kennt, werden dir gezeigt und nicht eingefügt.',
    before: () => 'Die Worte, die eine LoRA kennt, stehen jetzt vor deinem Text, außer du schreibst sie selbst.',
    after: () => 'Die Worte, die eine LoRA kennt, stehen jetzt hinter deinem Text, außer du schreibst sie selbst.',
  },
  previewAlt: (name) => `Was die LoRA ${name} tut`,
};

const fr: LoraKeepingPhrases = {
  denied: (name) => `La LoRA **${name}** ne peut pas être utilisée ici.`,
  deniedButRoles: (name, roles) => `Ici, la LoRA **${name}** est réservée à ${roles}.`,
  keptOut: () => 'Si elle est parmi les vôtres, `/lora clear` la retire ; `--lora none` s’en passe une fois.',
  noFolder: () => 'On ne peut pas déposer de LoRA ici.',
  handedIn: (name, family, models) =>
    `**${name}** est là : faite pour ${family}, convient à ${models}. \`/lora use\` l’applique à toutes vos demandes.`,
  known: (name) => `Ce fichier est déjà là, sous le nom **${name}**.`,
  taken: (name) => `Il y a une autre LoRA nommée **${name}**. Donnez un autre nom à celle-ci.`,
  refused: (reason) => `Ce fichier n’a pas été accepté et il est supprimé : ${reason}`,
  mayNotHandIn: () =>
    'Les LoRA sont déposées par le propriétaire de ce bot et par les rôles qu’il nomme avec `/admin lora uploader`.',
  removed: (name) => `**${name}** est retirée.`,
  mayNotRemove: (name) => `**${name}** peut être retirée par qui l’a déposée et par le propriétaire de ce bot.`,
  notHandedIn: (name) => `**${name}** n’est pas venue par Discord. Retirez son fichier de \`models/loras\`.`,
  forEverybody: (name) => `Tout le monde peut de nouveau utiliser **${name}**.`,
  forNobody: (name) => `Personne ne peut utiliser **${name}** sur ce serveur.`,
  forNobodyAnywhere: (name) => `Personne d’autre que vous ne peut utiliser **${name}**, nulle part.`,
  forRoles: (name, roles) => `Sur ce serveur, **${name}** est pour ${roles}.`,
  defaults: (loras) => `Qui n’a pas choisi de LoRA utilise sur ce serveur : ${loras}`,
  noDefaults: () => 'Qui n’a pas choisi de LoRA n’en utilise aucune sur ce serveur.',
  uploader: (role) => `${role} peut maintenant déposer des LoRA.`,
  noUploader: (role) => `${role} ne peut pas déposer de LoRA.`,
  title: { rules: 'Pas pour tout le monde', defaults: 'Au départ', uploaders: 'Peuvent déposer des LoRA' },
  nobody: () => 'personne',
  words: {
    suggest: () => 'Les mots qu’une LoRA connaît vous sont montrés et ne sont pas ajoutés.',
    before: () => 'Les mots qu’une LoRA connaît précèdent maintenant votre texte, sauf si vous les écrivez.',
    after: () => 'Les mots qu’une LoRA connaît suivent maintenant votre texte, sauf si vous les écrivez.',
  },
  previewAlt: (name) => `Ce que fait la LoRA ${name}`,
};

const ja: LoraKeepingPhrases = {
  denied: (name) => `LoRA **${name}** はここでは使えません。`,
  deniedButRoles: (name, roles) => `ここでは LoRA **${name}** は ${roles} だけが使えます。`,
  keptOut: () => '自分の LoRA に入っている場合は `/lora clear` で外せます。`--lora none` なら今回だけ使いません。',
  noFolder: () => 'ここでは LoRA をアップロードできません。',
  handedIn: (name, family, models) =>
    `**${name}** を追加しました：${family} 用、${models} で使えます。\`/lora use\` ですべての依頼に使えます。`,
  known: (name) => `このファイルは **${name}** としてすでにあります。`,
  taken: (name) => `**${name}** という別の LoRA があります。別の名前を付けてください。`,
  refused: (reason) => `このファイルは受け付けられず、削除されました：${reason}`,
  mayNotHandIn: () =>
    'LoRA をアップロードできるのは、このボットの持ち主と、持ち主が `/admin lora uploader` で指定したロールです。',
  removed: (name) => `**${name}** を削除しました。`,
  mayNotRemove: (name) => `**${name}** を削除できるのは、アップロードした人とこのボットの持ち主です。`,
  notHandedIn: (name) =>
    `**${name}** は Discord から追加されたものではありません。\`models/loras\` から取り除いてください。`,
  forEverybody: (name) => `**${name}** はまた誰でも使えます。`,
  forNobody: (name) => `このサーバーでは誰も **${name}** を使えません。`,
  forNobodyAnywhere: (name) => `あなた以外は、どこでも **${name}** を使えません。`,
  forRoles: (name, roles) => `このサーバーでは **${name}** は ${roles} 用です。`,
  defaults: (loras) => `LoRA を選んでいない人は、このサーバーでは次を使います：${loras}`,
  noDefaults: () => 'LoRA を選んでいない人は、このサーバーでは何も使いません。',
  uploader: (role) => `${role} は LoRA をアップロードできるようになりました。`,
  noUploader: (role) => `${role} は LoRA をアップロードできません。`,
  title: { rules: '全員用ではないもの', defaults: '最初から使うもの', uploaders: 'LoRA をアップロードできる' },
  nobody: () => '誰も使えない',
  words: {
    suggest: () => 'LoRA が知っている言葉は表示するだけで、プロンプトには加えません。',
    before: () => 'LoRA が知っている言葉を、自分で書かない限りプロンプトの前に加えます。',
    after: () => 'LoRA が知っている言葉を、自分で書かない限りプロンプトの後に加えます。',
  },
  previewAlt: (name) => `LoRA ${name} の効果`,
};

export const loraKeeping = { en, zh, ru, es, de, fr, ja };
