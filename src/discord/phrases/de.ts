// The bot's German.
import { control } from './control.ts';
import { countingIn } from './grammar.ts';
import { houseRules } from './houseRules.ts';
import { loraKeeping } from './loraKeeping.ts';
import { making } from './making.ts';
import { moderating } from './moderating.ts';
import type { Phrases } from './phrases.ts';

const { number, percent, duration, form, count: counted } = countingIn('de');
const pictures = (count: number) => counted(count, 'picture');
const requests = (count: number) => counted(count, 'request');

export const de: Phrases = {
  isEnglish: false,
  queued: (id, place) =>
    `In der Warteschlange als \`#${id}\`, Platz ${number(place)}. Das Ergebnis erscheint in diesem Kanal.`,
  waiting: (place, ready) => `⏳ Wartet, Platz ${number(place)} in der Warteschlange. Fertig ${ready}.`,
  starting: () => '🎞️ Die Entwicklung beginnt gleich.',
  developing: (share, bar) => `🎞️ Wird entwickelt ${bar} ${percent(share)}`,
  previewAlt: () => 'Ein unscharfer Blick auf das entstehende Bild',
  cancelled: (id) => `🚫 Abgebrochen. Nichts wurde angerechnet. \`#${id}\``,
  failed: (id, reason) => `⚠️ Das hat nicht geklappt: ${reason} Nichts wurde angerechnet. \`#${id}\``,
  filesGone: (id) => `⚠️ Das Bild war fertig, aber seine Datei ist nicht mehr in meinem Datenordner. \`#${id}\``,
  tooLargeHere: (id) =>
    `Das Bild ist größer, als hier erlaubt ist. Mit dem Rezept lässt es sich kleiner noch einmal machen. \`#${id}\``,
  cannotAttach: (id) =>
    `Das Bild ist fertig, aber ich darf in diesem Kanal keine Dateien anhängen. Mit /history ist es zu sehen. \`#${id}\``,
  takesLong: (id) =>
    `Das dauert länger, als Discord mich hier antworten lässt. Es geht weiter; zu finden ist es mit /history. \`#${id}\``,
  byUser: (prompt, user) => `**${prompt}** · ${user}`,
  pictureAlt: (prompt) => `Erzeugtes Bild: ${prompt}`,
  gridAlt: (prompt, count) =>
    `Raster aus ${counted(count, { one: 'erzeugten Bild', other: 'erzeugten Bildern' })}: ${prompt}`,
  steps: (count) => counted(count, 'step'),
  guidance: (value) => `Texttreue ${number(value)}`,
  fromParent: (id, picture) => (picture === null ? `aus \`#${id}\`` : `aus \`#${id}\`, Bild ${picture}`),

  quotaUsed: (used, limit, resets) =>
    `So viel ist heute nicht mehr übrig: ${number(used)} von ${counted(limit, { one: 'Bild', other: 'Bildern' })} sind verbraucht. Mehr gibt es ${resets}.`,
  banned: (reason) => `Du kannst hier keine Bilder machen. Grund: ${reason}`,
  tooManyWaiting: (waiting, limit) =>
    `Du hast schon ${counted(waiting, { one: 'unfertigen Auftrag', other: 'unfertige Aufträge' })}, mehr als ${number(limit)} gehen nicht. Warte auf einen oder brich ihn mit /cancel ab.`,
  blocked: (reason) => `Dieser Text ist hier nicht erlaubt: ${reason}. Nichts wurde angerechnet.`,
  badRequest: (detail) => `Das geht nicht: ${detail}`,
  unknownJob: () => 'Dieses Bild kenne ich nicht mehr.',
  notYours: () => 'Das kann nur, wer es bestellt hat, oder die Moderation.',
  notFinished: () => 'Dieses Bild ist noch nicht fertig.',
  adminsOnly: () => 'Dafür brauchst du das Recht „Server verwalten“.',
  staleButton: () => 'Dieser Knopf gehört nicht zu dieser Nachricht. Das Bild findest du mit /history.',
  restarting: () => 'Ich starte gerade neu. Bitte versuche es in einer Minute noch einmal.',
  pictureRefused: (detail) => `Dieses Bild kann ich nicht verwenden: ${detail}`,
  plainUpscale: () => 'Lanczos, ohne Upscaler-Netz',
  noPicture: () => 'An dieser Nachricht hängt kein Bild. Wähle eine mit einem PNG, JPEG oder WebP.',
  seedExpected: (found) =>
    `Der Startwert ist eine ganze Zahl von 0 bis 4294967295, oder leer für einen neuen; da steht „${found}“.`,
  stepsExpected: (found) => `Schritte sind eine ganze Zahl, oder leer für die übliche; da steht „${found}“.`,
  numberExpected: (found, low, high) => `Erwartet war eine Zahl von ${low} bis ${high}; da steht „${found}“.`,

  refused: {
    field: {
      prompt: 'Text',
      negative: 'Negativtext',
      style: 'Stil',
      size: 'Größe',
      count: 'Anzahl',
      strength: 'Stärke',
      seed: 'Startwert',
      steps: 'Schritte',
      guidance: 'Texttreue',
      sampler: 'Sampler',
      schedule: 'Rauschplan',
      model: 'Modell',
      picture: 'Bild',
      image: 'Startbild',
      mask: 'Maske',
      zoom: 'Zoom',
      pan: 'Schwenk',
      'clip skip': 'Textschicht',
      flag: 'Parameter',
      permutations: 'Kombinationen',
      wildcard: 'Wortliste',
      cells: 'Felder',
      date: 'Datum',
      scale: 'Vergrößerung',
      upscaler: 'Vergrößerer',
      variation: 'Variation',
      hires: 'zweiter Durchgang',
    },
    range: (field, found, low, high) => `${field}: da steht ${found}, erlaubt ist eine Zahl von ${low} bis ${high}`,
    wholeRange: (field, found, low, high) =>
      `${field}: da steht ${found}, erlaubt ist eine ganze Zahl von ${low} bis ${high}`,
    number: (field, found) => `${field}: da steht ${found}, nötig ist eine Zahl`,
    oneOf: (field, found, names) => `${field}: ${found} gibt es nicht, es gibt ${names}`,
    tooLong: (field, chars, max) => `${field}: ${chars} Zeichen, erlaubt sind ${max}`,
    size: (found, stepPx, maxPx, nearest) =>
      `Größe: da steht ${found}, die Seiten müssen Vielfache von ${stepPx} px bis ${maxPx} px sein; am nächsten liegt ${nearest}`,
    memory: (found, need, have, largest) =>
      `Größe: ${found} braucht ${need} GiB Speicher, da sind ${have} GiB; höchstens passt ${largest}`,
    form: (field, found, example) => `${field}: da steht ${found}, gemeint ist etwas wie ${example}`,
    tooMany: (field, found, max) => `${field}: ${found}, erlaubt sind ${max}`,
    missing: (field, example) => `${field}: hier fehlt etwas; geschrieben wird es wie ${example}`,
    other: (field, found) => `${field}: ${found} geht hier nicht`,
    nearest: (name) => `. Meintest du ${name}?`,
    maskEmpty: () => 'sie markiert nichts: male weiß, was neu gemalt werden soll',
    maskShape: () => 'sie hat eine andere Form als das Bild',
    pictureKind: () => 'es ist kein PNG, JPEG oder WebP',
    pictureOther: () => 'es ließ sich nicht lesen',
    pictureSize: (foundMib, maxMib) => `es hat ${foundMib} MiB, erlaubt sind ${maxMib} MiB`,
  },

  reasonBroken: (code) => `beim Erzeugen des Bildes ist etwas schiefgegangen (${code}).`,
  reasonPoison: () => 'bei diesem Bild ging es immer wieder schief, deshalb habe ich aufgehört.',
  reasonDisk: () => 'die Festplatte dieses Rechners ist voll. Wer ihn betreibt, muss Platz schaffen.',
  reasonModel: () =>
    'das Modell ist gerade nicht verwendbar. Vielleicht geht ein anderes; warum, steht im Protokoll des Betreibers.',
  reasonSource: () =>
    'ein Bild, das du geschickt hast, passt nicht zu dem, was hier gezeigt werden darf. Ich habe nicht damit gearbeitet.',
  unexpected: (code) => `Bei mir ist etwas schiefgegangen (${code}). Bitte versuche es noch einmal.`,

  cancelDone: (id) => `\`#${id}\` abgebrochen. Nichts wurde angerechnet.`,
  cancelTooLate: (id) => `\`#${id}\` ist schon fertig.`,
  nothingToCancel: () => 'Bei dir wartet und läuft gerade nichts.',
  historyEmpty: () => 'Noch keine Bilder. Versuche /imagine.',
  historyLine: (link) => `[im Kanal zeigen](${link})`,
  queueNow: (waiting, running) =>
    `${form(waiting, { one: '1 wartet', other: `${number(waiting)} warten` })}, ${number(running)} in Arbeit.`,
  queueMine: () => 'Deine:',
  queuePlace: (place) => `Platz ${number(place)}`,
  queueRunning: () => 'gerade in Arbeit',
  readyAt: (ready) => `fertig ${ready}`,
  readySoon: () => 'gleich fertig',
  quotaNow: (used, limit, resets) =>
    `Du hast heute ${number(used)} von ${counted(limit, { one: 'Bild', other: 'Bildern' })} verbraucht. Neu gezählt wird ${resets}.`,
  recipeTitle: (id) => `Rezept von \`#${id}\``,
  recipeHint: () =>
    'Zum Ändern antworte auf das Bild und lass die Erwähnung an: „in Blau“, „mehr Nebel“, „2“. Dasselbe Rezept ergibt dasselbe Bild.',
  foreign: {
    title: () => 'Rezept in diesem Bild',
    none: () =>
      'Hier finde ich kein Rezept. Viele Seiten entfernen es aus Bildern; die Originaldatei hat es vielleicht noch.',
    other: (tool) => `Dieses Bild wurde mit ${tool} gemacht, dessen Rezepte ich nicht lesen kann.`,
    same: () => 'Alles, was es braucht, ist hier.',
    model: (asked, instead) =>
      `Das Modell ${asked} ist nicht hier; ich würde **${instead}** nehmen, und das Bild wird ein anderes.`,
    modelName: (asked, here) => `Das Modell ${asked} heißt hier **${here}**; die Gewichte sind dieselben.`,
    modelHash: (name, asked, here) => `**${name}** hat hier andere Gewichte: dort ${asked}, hier ${here}.`,
    sampler: (asked, instead) => `Den Sampler ${asked} kenne ich nicht; ich würde ${instead} nehmen.`,
    schedule: (asked) => `Den Rauschplan ${asked} kenne ich nicht; ich würde den des Samplers nehmen.`,
    size: (asked, instead) => `Die Größe ${asked} geht hier nicht; ${instead} ist die nächste.`,
    number: (field, asked, instead) => `${field} ${asked} ist hier zu viel; ${instead} ist am nächsten.`,
    start: () => 'Es wurde aus einem anderen Bild gemacht, das im Rezept nicht enthalten ist.',
    loras: (names) => `Diese LoRAs sind nicht hier: ${names}.`,
    upscaler: (asked) => `Der Vergrößerer ${asked} ist nicht hier; es geht ohne ihn weiter.`,
    fields: (names) => `Das bedeutet hier nichts: ${names}.`,
    cannot: (detail) => `Es kann hier nicht gemacht werden: ${detail}`,
    gone: () => 'Dieses Rezept habe ich nicht mehr. Wähle auf dem Bild noch einmal „Rezept“.',
    make: 'Hier machen',
  },
  ownerOnly: () => 'Überall kann das nur, wem dieser Bot gehört.',
  banDone: (user) => `${user} kann auf diesem Server keine Bilder mehr machen.`,
  banDoneEverywhere: (user) => `${user} kann nirgends mehr Bilder machen.`,
  stillBanned: (user) =>
    `${user} kann hier weiterhin keine Bilder machen: Die Sperre dieses Servers oder des Besitzers bleibt.`,
  unbanDone: (user) => `${user} kann wieder Bilder machen.`,
  notBanned: (user) => `${user} war nicht gesperrt.`,
  quotaSet: (user, limit) => `${user} darf auf diesem Server jetzt ${pictures(limit)} am Tag machen.`,
  quotaReset: (user, limit) => `${user} hat wieder wie üblich ${pictures(limit)} am Tag.`,
  quotaTooHigh: (usual) => `Mehr als ${pictures(usual)} am Tag kann nur geben, wem dieser Bot gehört.`,

  card: {
    hiddenPrompt: () => '🔒 privater Text',
    hiddenAlt: () => 'Erzeugtes Bild; sein Text ist privat',
    promptIsPrivate: () => 'Der Text dieses Bildes ist privat; das Rezept sieht nur, wer ihn geschrieben hat.',
    moreTitle: (id) => `Mehr zu \`#${id}\``,
    pictureTitle: (id, picture) => `Bild ${picture} von \`#${id}\``,
    favouriteAdded: (id) => `⭐ \`#${id}\` ist jetzt unter deinen Favoriten: /favourites.`,
    favouriteRemoved: (id) => `\`#${id}\` ist nicht mehr unter deinen Favoriten.`,
    deleted: (id) => `\`#${id}\` ist aus diesem Kanal gelöscht. In /history bleibt es.`,
    parent: (id) => `⬆️ Gemacht aus ${id}`,
    children: (ids) => `⬇️ Daraus gemacht: ${ids}`,
    noFamily: () => 'Nur aus Worten gemacht, und bisher wurde nichts daraus gemacht.',
    ready: (user) => `${user}, dein Bild ist fertig.`,
  },
  find: {
    title: (page) => `Deine Bilder, Seite ${page}`,
    favouritesTitle: (page) => `Deine Favoriten, Seite ${page}`,
    words: (words) => `mit „${words}“`,
    model: (model) => `Modell ${model}`,
    favourites: () => 'nur Favoriten',
    since: (day) => `ab ${day}`,
    until: (day) => `bis ${day}`,
    nothing: () => 'Dazu passt nichts. Versuche weniger Wörter oder nur den Anfang eines Wortes.',
    noFavourites: () => 'Noch keine Favoriten. Drücke ⭐ unter einem Bild, dann steht es hier.',
    choose: () => 'Eines davon zeigen',
    unknownId: (found) =>
      `Ein Bild \`#${found}\` kenne ich nicht. Die Kennung steht am Ende der Zeile unter dem Bild, etwa \`#abcdefghij\`.`,
    notHere: (id) => `\`#${id}\` ist nicht deins und wurde nicht in diesem Kanal gemacht.`,
  },
  settings: {
    title: () => 'Deine Einstellungen',
    intro: () => 'Sie gelten in /imagine, wo du nichts anderes sagst.',
    field: {
      language: 'Sprache',
      model: 'Modell',
      size: 'Größe',
      steps: 'Schritte',
      guidance: 'Texttreue',
      sampler: 'Sampler',
      style: 'Stil',
      count: 'Bilder',
      mention: 'Mich erwähnen, wenn Bilder fertig sind',
      privatePrompts: 'Meine Texte privat halten',
    },
    usual: () => 'wie beim Modell üblich',
    automatic: () => 'wie in meinem Discord',
    yes: () => 'ja',
    no: () => 'nein',
    choose: (field) => `${field}: wählen`,
    formTitle: () => 'Größe und Zahlen',
    formHint: () => 'Leer: wie beim Modell üblich',
  },
  lora: {
    browse: (model, page, pages) => `LoRAs für ${model}, Seite ${page} von ${pages}`,
    none: (model) => `Für ${model} gibt es hier keine LoRAs.`,
    stack: () => 'Deine LoRAs, bei allem dabei, was du dir wünschst:',
    empty: () => 'Du verwendest keine LoRA. `/lora browse` zeigt, was es gibt.',
    cleared: () => 'Du verwendest keine LoRA mehr.',
    notThere: (name) => `**${name}** ist nicht unter deinen LoRAs.`,
    notForUsual: (name, models) => `**${name}** passt zu ${models}; bei anderen Modellen bleibt sie weg.`,
    triggers: (words) => `Worte, die sie kennt: ${words}`,
    made: (family, models) => `Gemacht für ${family}; passt zu ${models}`,
    advised: (text) => `Empfohlen: ${text}`,
    saved: (name) => `Gespeichert als **${name}**. \`/lora load\` holt es zurück.`,
    noStack: (name) => `Du hast keine Auswahl namens **${name}**.`,
  },
  style: {
    saved: (name) =>
      `Gespeichert als **${name}**. Verwende es mit \`--style ${name}\` oder für alles mit \`/style use\`.`,
    used: (name) => `Ab jetzt kommt **${name}** zu allem dazu. \`/style use none\` beendet das.`,
    notUsed: () => 'Es kommt kein Stil mehr dazu.',
    deleted: (name) => `**${name}** ist gelöscht.`,
    shared: (name) => `Alle auf diesem Server können **${name}** jetzt verwenden.`,
    notShared: (name) => `**${name}** gehört wieder nur dir.`,
    taken: (name) =>
      `Auf diesem Server teilt schon jemand einen Stil namens **${name}**. Speichere deinen erst unter einem anderen Namen.`,
    unknown: (name) =>
      `Einen Stil **${name}**, den du hier verwenden kannst, gibt es nicht. \`/style list\` zeigt sie.`,
    badName: () => 'Ein Name hat 1 bis 24 Buchstaben, Ziffern oder Bindestriche, etwa `film-noir`.',
    tooMany: (max) => `Du hast ${counted(max, 'style')}, mehr gehen nicht. Lösche erst einen.`,
    serversOnly: () => 'Stile werden mit einem Server geteilt; hier ist keiner.',
    list: () => 'Stile, die du verwenden kannst',
    empty: () =>
      'Noch keine Stile. Speichere einen: `/style save name:noir text:film noir, grain --ar 3:2 --no colour`',
    inUse: () => 'in Gebrauch',
    isShared: () => 'geteilt',
    ofServer: () => 'von diesem Server',
  },
  privacy: {
    exported: (asked, count) =>
      `Alles, was ich über dich aufbewahre, Zeile für Zeile: ${requests(asked)}, ${pictures(count)}, was du gespeichert und verbraucht hast und was die Moderation vermerkt hat.`,
    ask: (asked, count) =>
      `Das löscht deine Texte, ${pictures(count)} und ihre Nachrichten (${requests(asked)}) und alles, was du gespeichert hast: Einstellungen, Stile, Wortlisten, LoRA-Auswahlen, Favoriten. Verbrauchtes, Verwarnungen, Sperren und das Protokoll der Moderation bleiben. Rückgängig machen lässt es sich nicht.`,
    forgotten: (asked, count) =>
      `Gelöscht: ${requests(asked)} und ${pictures(count)}. Nachrichten in Kanälen verschwinden in den nächsten Minuten.`,
  },
  verify: {
    same: (id, count) =>
      `✅ \`#${id}\` wurde noch einmal gemacht: ${count === 1 ? 'Jedes Pixel ist gleich' : `Jedes Pixel aller ${count} Bilder ist gleich`}.`,
    differs: (id, lines) => `⚠️ \`#${id}\` wurde noch einmal gemacht und ist nicht gleich:\n${lines}`,
    line: (picture, largest, share) =>
      `Bild ${picture}: ${percent(share, 2)} der Pixel weichen ab, höchstens um ${largest} von 255`,
    gone: (id) => `Die Dateien von \`#${id}\` sind nicht mehr da, es gibt also nichts zum Vergleichen.`,
  },
  reply: {
    hidden: () =>
      'Ich kann deine Antwort nicht lesen, weil Discord ihre Worte vor mir verbirgt. Lass beim Antworten die Erwähnung neben dem Textfeld an (@ AN) oder nimm **Text ändern** unter dem Bild.',
    seeds: (seeds) => `Startwert: ${seeds}`,
    undone: (id, link) => `Zurückgenommen. Du bist wieder bei \`#${id}\`: ${link}`,
    nothingToUndo: () => 'Dieses Bild ist nicht aus einem anderen gemacht, es gibt kein Zurück. „delete“ entfernt es.',
  },
  many: {
    ask: (asked, count) =>
      asked === 1
        ? `Das ${form(count, { one: 'wird', other: 'werden' })} ${pictures(count)}.`
        : `Das sind ${requests(asked)} mit zusammen ${counted(count, { one: 'Bild', other: 'Bildern' })}.`,
    takes: (ms) => `Das dauert etwa ${duration(ms)}.`,
    left: (left, limit) => `Heute hast du noch ${number(left)} von ${number(limit)}.`,
    started: (count) => `${requests(count)} ${form(count, { one: 'steht', other: 'stehen' })} in der Warteschlange.`,
    stoppedAt: (done, count, why) =>
      `${number(done)} von ${counted(count, { one: 'Auftrag', other: 'Aufträgen' })} ${form(done, { one: 'steht', other: 'stehen' })} in der Warteschlange. ${why}`,
    notYours: (user) => `Das kann nur ${user} beantworten.`,
    dropped: () => 'Alles klar, es wird nichts gemacht.',
    gone: () => 'Diese Frage ist zu alt. Bitte frage noch einmal.',
  },
  help: {
    title: () => 'So funktioniert dieser Bot',
    topics: [
      {
        title: '🎨 Ein Bild machen',
        body: '> /imagine ein Leuchtturm im Nebel\nJede Sprache geht. Mit einem Bild dazu beginnt es bei diesem.\n> /imagine ein Leuchtturm --ar 3:2 --seed 5 --no Menschen\n> /imagine ein {roter, blauer} Fuchs --repeat 2',
      },
      {
        title: '💬 Auf ein Bild antworten',
        body: 'Lass die Erwähnung an. „mehr Nebel“, „in Blau“, „2“, „v3“, „u1“, „nochmal“, „--steps 40“, „seed“, „recipe“, „undo“, „delete“. Ein angehängtes Bild wird zum Anfang.',
      },
      {
        title: '🖱️ Einen Knopf drücken',
        body: '**U1–U4** zeigen ein Bild ganz, **V1–V4** wandeln es ab. ⭐ behält es, 🧰 hat den Rest. Die Knöpfe laufen nie ab.',
      },
      {
        title: '🔎 Wiederfinden',
        body: '> /history search:Fuchs\n> /favourites\n> /show id:abcdefghij\n`/queue` sagt wann, `/quota` wie viele.',
      },
      {
        title: '⚙️ Nach deinem Geschmack',
        body: '> /settings\n> /style save name:noir text:film noir, grain --ar 3:2\nDann schreibe `--style noir`.',
      },
      { title: '🔐 Deine Daten', body: '> /privacy export\n> /privacy forget' },
    ],
  },
  control: control.de,
  houseRules: houseRules.de,
  loraKeeping: loraKeeping.de,
  making: making.de,
  moderating: moderating.de,
  label: {
    cancel: 'Abbrechen',
    vary: (picture) => (picture === null ? 'Abwandeln' : `Abwandeln ${picture}`),
    again: 'Nochmal',
    edit: 'Text ändern',
    recipe: 'Rezept',
    delete: 'Löschen',
    newer: 'Neuere',
    older: 'Ältere',
    jump: 'Zeigen',
    varySubtle: 'Etwas anders',
    varyStrong: 'Ganz anders',
    same: 'Gleicher Startwert',
    favourite: 'Favorit',
    source: 'Damit beginnen',
    more: 'Mehr',
    upscale: 'Vergrößern 2×',
    verify: 'Nachprüfen',
    family: 'Woher es kommt',
    search: 'Suchen',
    numbers: 'Größe und Zahlen',
    mention: 'Mich erwähnen',
    privatePrompts: 'Private Texte',
    reset: 'Alles zurücksetzen',
    forget: 'Alles löschen',
    keep: 'Behalten',
    make: (count) => (count === 1 ? 'Machen' : `Alle ${count} machen`),
  },
  form: {
    editTitle: 'Ändern und nochmal machen',
    varyTitle: 'Dieses Bild abwandeln',
    prompt: 'Text',
    negative: 'Negativtext: was nicht zu sehen sein soll',
    seed: 'Startwert',
    seedHint: 'Leer: jedes Mal ein neuer',
    steps: 'Schritte',
    picture: (count) => `Welches Bild, 1 bis ${count}`,
    strength: 'Stärke, 0 bis 1',
    strengthHint: 'Wie viel sich ändern darf; 0.3 wenig, 0.8 viel',
    sourceTitle: 'Mit diesem Bild beginnen',
    searchTitle: 'In deinen Texten suchen',
    searchHint: 'Fuchs Wald; der Anfang eines Wortes genügt',
    size: 'Größe, etwa 512x768',
    guidance: 'Texttreue',
    count: 'Bilder je Auftrag',
  },
};
