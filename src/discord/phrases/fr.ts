// The bot's French.
import { control } from './control.ts';
import { countingIn } from './grammar.ts';
import { houseRules } from './houseRules.ts';
import { loraKeeping } from './loraKeeping.ts';
import { making } from './making.ts';
import { moderating } from './moderating.ts';
import type { Phrases } from './phrases.ts';

const { number, percent, form, count: counted } = countingIn('fr');
const pictures = (count: number) => counted(count, 'picture');
const requests = (count: number) => counted(count, 'request');

export const fr: Phrases = {
  isEnglish: false,
  queued: (id, place) =>
    `En file d’attente : \`#${id}\`, place ${number(place)}. Le résultat apparaîtra dans ce salon.`,
  waiting: (place, ready) => `⏳ En attente, place ${number(place)} dans la file. Prête ${ready}.`,
  starting: () => '🎞️ Le développement va commencer.',
  developing: (share, bar) => `🎞️ Développement ${bar} ${percent(share)}`,
  previewAlt: () => 'Un aperçu flou de l’image en cours',
  cancelled: (id) => `🚫 Annulé. Rien n’a été décompté. \`#${id}\``,
  failed: (id, reason) => `⚠️ Cela n’a pas marché : ${reason} Rien n’a été décompté. \`#${id}\``,
  filesGone: (id) => `⚠️ L’image était faite, mais son fichier n’est plus dans mon dossier de données. \`#${id}\``,
  tooLargeHere: (id) =>
    `L’image est plus grande que ce qui est admis ici. La recette permet de la refaire en plus petit. \`#${id}\``,
  cannotAttach: (id) =>
    `L’image est prête, mais je ne peux pas joindre de fichiers dans ce salon. /history la montre. \`#${id}\``,
  takesLong: (id) =>
    `C’est plus long que ce que Discord m’accorde pour répondre ici. Le travail continue ; retrouvez-la avec /history. \`#${id}\``,
  byUser: (prompt, user) => `**${prompt}** · ${user}`,
  pictureAlt: (prompt) => `Image générée : ${prompt}`,
  gridAlt: (prompt, count) => `Grille de ${count} images générées : ${prompt}`,
  steps: (count) => counted(count, 'step'),
  guidance: (value) => `guidage ${number(value)}`,
  fromParent: (id, picture) => (picture === null ? `d’après \`#${id}\`` : `d’après \`#${id}\`, image ${picture}`),

  quotaUsed: (used, limit, resets) =>
    `Il ne vous en reste pas autant aujourd’hui : ${number(used)} sur ${pictures(limit)}. La suite ${resets}.`,
  banned: (reason) => `Vous ne pouvez pas faire d’images ici. Motif : ${reason}`,
  tooManyWaiting: (waiting, limit) =>
    `Vous avez déjà ${requests(waiting)} en cours, et ${number(limit)} est le maximum. Attendez-en une ou annulez-la avec /cancel.`,
  blocked: (reason) => `Ce texte n’est pas permis ici : ${reason}. Rien n’a été décompté.`,
  badRequest: (detail) => `Ce n’est pas possible : ${detail}`,
  unknownJob: () => 'Je n’ai plus de trace de cette image.',
  notYours: () => 'Seule la personne qui l’a demandée, ou la modération, peut faire cela.',
  notFinished: () => 'Cette image n’est pas encore terminée.',
  adminsOnly: () => 'Il faut pour cela la permission « Gérer le serveur ».',
  staleButton: () => 'Ce bouton n’appartient pas à ce message. Cherchez l’image avec /history.',
  restarting: () => 'Je redémarre. Réessayez dans une minute.',
  pictureRefused: (detail) => `Je ne peux pas utiliser cette image : ${detail}`,
  plainUpscale: () => 'Lanczos, sans réseau d’agrandissement',
  noPicture: () => 'Il n’y a pas d’image dans ce message. Choisissez-en un avec une image PNG, JPEG ou WebP.',
  seedExpected: (found) =>
    `La graine est un nombre entier de 0 à 4294967295, ou rien pour une nouvelle ; vous avez écrit « ${found} ».`,
  stepsExpected: (found) =>
    `Les étapes sont un nombre entier, ou rien pour le nombre habituel ; vous avez écrit « ${found} ».`,
  numberExpected: (found, low, high) => `Il faut un nombre de ${low} à ${high} ; vous avez écrit « ${found} ».`,

  refused: {
    field: {
      prompt: 'texte',
      negative: 'texte négatif',
      style: 'style',
      size: 'taille',
      count: 'nombre',
      strength: 'force',
      seed: 'graine',
      steps: 'étapes',
      guidance: 'guidage',
      sampler: 'échantillonneur',
      schedule: 'calendrier',
      model: 'modèle',
      picture: 'image',
      image: 'image de départ',
      mask: 'masque',
      zoom: 'zoom',
      pan: 'panoramique',
      'clip skip': 'couche du texte',
      flag: 'paramètre',
      permutations: 'combinaisons',
      wildcard: 'liste de mots',
      cells: 'cases',
      date: 'date',
      scale: 'agrandissement',
      upscaler: 'agrandisseur',
      variation: 'variation',
      hires: 'second passage',
    },
    range: (field, found, low, high) => `${field} : vous avez ${found}, il faut un nombre de ${low} à ${high}`,
    wholeRange: (field, found, low, high) =>
      `${field} : vous avez ${found}, il faut un nombre entier de ${low} à ${high}`,
    number: (field, found) => `${field} : vous avez ${found}, il faut un nombre`,
    oneOf: (field, found, names) => `${field} : ${found} n’existe pas, il y a ${names}`,
    tooLong: (field, chars, max) => `${field} : ${chars} caractères, ${max} au maximum`,
    size: (found, stepPx, maxPx, nearest) =>
      `taille : vous avez ${found}, les côtés doivent être des multiples de ${stepPx} px jusqu’à ${maxPx} px ; la plus proche est ${nearest}`,
    memory: (found, need, have, largest) =>
      `taille : ${found} demande ${need} Gio de mémoire, il y en a ${have} Gio ; au plus ${largest}`,
    form: (field, found, example) => `${field} : vous avez ${found}, il faut quelque chose comme ${example}`,
    tooMany: (field, found, max) => `${field} : ${found}, ${max} au maximum`,
    missing: (field, example) => `${field} : il manque la valeur ; cela s’écrit comme ${example}`,
    other: (field, found) => `${field} : ${found} n’est pas possible ici`,
    nearest: (name) => `. Vouliez-vous dire ${name} ?`,
    maskEmpty: () => 'il ne marque rien : peignez en blanc ce qui doit être repeint',
    maskShape: () => 'il n’a pas la forme de l’image',
    pictureKind: () => 'ce n’est pas une image PNG, JPEG ou WebP',
    pictureOther: () => 'elle n’a pas pu être lue',
    pictureSize: (foundMib, maxMib) => `elle fait ${foundMib} Mio, le maximum est ${maxMib} Mio`,
  },

  reasonBroken: (code) => `un problème est survenu pendant la création (${code}).`,
  reasonPoison: () => 'cette image a échoué encore et encore, j’ai donc cessé d’essayer.',
  reasonDisk: () => 'le disque de cette machine est plein. Son propriétaire doit faire de la place.',
  reasonModel: () =>
    'le modèle n’est pas utilisable en ce moment. Un autre l’est peut-être ; le journal du propriétaire dit pourquoi.',
  reasonSource: () =>
    'une image envoyée ne convient pas à ce qui peut être montré ici, je ne m’en suis donc pas servi.',
  unexpected: (code) => `Quelque chose s’est mal passé de mon côté (${code}). Réessayez, s’il vous plaît.`,

  cancelDone: (id) => `\`#${id}\` annulé. Rien n’a été décompté.`,
  cancelTooLate: (id) => `\`#${id}\` est déjà terminé.`,
  nothingToCancel: () => 'Vous n’avez rien en attente ni en cours.',
  historyEmpty: () => 'Pas encore d’images. Essayez /imagine.',
  historyLine: (link) => `[voir dans le salon](${link})`,
  queueNow: (waiting, running) => `${number(waiting)} en attente, ${number(running)} en cours.`,
  queueMine: () => 'Les vôtres :',
  queuePlace: (place) => `place ${number(place)}`,
  queueRunning: () => 'en cours',
  readyAt: (ready) => `prête ${ready}`,
  quotaNow: (used, limit, resets) =>
    `Vous avez utilisé ${number(used)} sur ${pictures(limit)} aujourd’hui. Le compte repart ${resets}.`,
  recipeTitle: (id) => `Recette de \`#${id}\``,
  recipeHint: () =>
    'Répondez à l’image, mention activée, pour la changer : « en bleu », « plus de brume », « 2 ». La même recette donne la même image.',
  foreign: {
    title: () => 'Recette de cette image',
    none: () =>
      'Je ne trouve pas de recette ici. Beaucoup de sites la retirent des images ; le fichier d’origine l’a peut-être encore.',
    other: (tool) => `Cette image a été faite avec ${tool}, dont je ne sais pas lire les recettes.`,
    same: () => 'Tout ce qu’il lui faut est ici.',
    model: (asked, instead) =>
      `Le modèle ${asked} n’est pas ici ; je prendrais **${instead}**, et l’image sera différente.`,
    modelName: (asked, here) => `Le modèle ${asked} s’appelle ici **${here}** ; les poids sont les mêmes.`,
    modelHash: (name, asked, here) => `**${name}** a ici d’autres poids : ${asked} là-bas, ${here} ici.`,
    sampler: (asked, instead) => `Je ne connais pas l’échantillonneur ${asked} ; je prendrais ${instead}.`,
    schedule: (asked) => `Je ne connais pas le calendrier ${asked} ; je prendrais celui de l’échantillonneur.`,
    size: (asked, instead) => `La taille ${asked} n’est pas possible ici ; ${instead} est la plus proche.`,
    number: (field, asked, instead) => `${field} ${asked} est trop ici ; ${instead} est le plus proche.`,
    start: () => 'Elle a été faite à partir d’une autre image, que la recette ne contient pas.',
    loras: (names) => `Ces LoRA ne sont pas ici : ${names}.`,
    upscaler: (asked) => `L’agrandisseur ${asked} n’est pas ici ; je ferais sans lui.`,
    fields: (names) => `Cela ne veut rien dire ici : ${names}.`,
    cannot: (detail) => `Elle ne peut pas être faite ici : ${detail}`,
    gone: () => 'Je n’ai plus cette recette. Choisissez de nouveau « Recette » sur l’image.',
    make: 'La faire ici',
  },
  ownerOnly: () => 'Seul le propriétaire de ce bot peut faire cela partout.',
  banDone: (user) => `${user} ne peut plus faire d’images sur ce serveur.`,
  banDoneEverywhere: (user) => `${user} ne peut plus faire d’images nulle part.`,
  stillBanned: (user) =>
    `${user} ne peut toujours pas faire d’images ici : l’exclusion de ce serveur ou celle du propriétaire demeure.`,
  unbanDone: (user) => `${user} peut de nouveau faire des images.`,
  notBanned: (user) => `${user} n’avait pas d’exclusion.`,
  quotaSet: (user, limit) => `${user} peut désormais faire ${pictures(limit)} par jour sur ce serveur.`,
  quotaReset: (user, limit) => `${user} retrouve ses ${pictures(limit)} par jour.`,
  quotaTooHigh: (usual) => `Seul le propriétaire de ce bot peut donner plus de ${pictures(usual)} par jour.`,

  card: {
    hiddenPrompt: () => '🔒 texte privé',
    hiddenAlt: () => 'Image générée ; son texte est privé',
    promptIsPrivate: () => 'Le texte de cette image est privé : seule la personne qui l’a écrit peut voir la recette.',
    moreTitle: (id) => `Plus pour \`#${id}\``,
    pictureTitle: (id, picture) => `Image ${picture} de \`#${id}\``,
    favouriteAdded: (id) => `⭐ \`#${id}\` est maintenant dans vos favoris : /favourites.`,
    favouriteRemoved: (id) => `\`#${id}\` n’est plus dans vos favoris.`,
    deleted: (id) => `\`#${id}\` est supprimée de ce salon. Elle reste dans /history.`,
    parent: (id) => `⬆️ Faite d’après ${id}`,
    children: (ids) => `⬇️ D’après celle-ci : ${ids}`,
    noFamily: () => 'Faite avec des mots seulement, et rien n’en a encore été tiré.',
    ready: (user) => `${user}, votre image est prête.`,
  },
  find: {
    title: (page) => `Vos images, page ${page}`,
    favouritesTitle: (page) => `Vos favoris, page ${page}`,
    words: (words) => `avec « ${words} »`,
    model: (model) => `modèle ${model}`,
    favourites: () => 'favoris seulement',
    since: (day) => `depuis le ${day}`,
    until: (day) => `jusqu’au ${day}`,
    nothing: () => 'Rien ne correspond. Essayez moins de mots, ou seulement le début d’un mot.',
    noFavourites: () => 'Pas encore de favoris. Appuyez sur ⭐ sous une image pour la garder ici.',
    choose: () => 'En montrer une',
    unknownId: (found) =>
      `Je ne connais pas d’image \`#${found}\`. L’identifiant est à la fin de la ligne sous l’image, par exemple \`#abcdefghij\`.`,
    notHere: (id) => `\`#${id}\` n’est pas à vous et n’a pas été faite dans ce salon.`,
  },
  settings: {
    title: () => 'Vos réglages',
    intro: () => 'Ils valent dans /imagine quand vous ne dites rien d’autre.',
    field: {
      language: 'Langue',
      model: 'Modèle',
      size: 'Taille',
      steps: 'Étapes',
      guidance: 'Guidage',
      sampler: 'Échantillonneur',
      style: 'Style',
      count: 'Images',
      mention: 'Me mentionner quand les images sont prêtes',
      privatePrompts: 'Garder mes textes privés',
    },
    usual: () => 'celui du modèle',
    automatic: () => 'comme dans mon Discord',
    yes: () => 'oui',
    no: () => 'non',
    choose: (field) => `${field} : choisir`,
    formTitle: () => 'Taille et nombres',
    formHint: () => 'Vide : la valeur du modèle',
  },
  lora: {
    browse: (model, page, pages) => `LoRA pour ${model}, page ${page} sur ${pages}`,
    none: (model) => `Il n’y a pas de LoRA pour ${model} ici.`,
    stack: () => 'Vos LoRA, dans tout ce que vous demandez :',
    empty: () => 'Vous n’utilisez aucune LoRA. `/lora browse` montre celles qu’il y a.',
    cleared: () => 'Vous n’utilisez plus de LoRA.',
    notThere: (name) => `**${name}** n’est pas parmi vos LoRA.`,
    notForUsual: (name, models) => `**${name}** convient à ${models} ; avec d’autres modèles elle est laissée de côté.`,
    triggers: (words) => `Mots qu’elle connaît : ${words}`,
    made: (family, models) => `Faite pour ${family} ; convient à ${models}`,
    advised: (text) => `Va avec ${text}`,
    saved: (name) => `Enregistré sous **${name}**. \`/lora load\` le reprend.`,
    noStack: (name) => `Vous n’avez pas d’ensemble nommé **${name}**.`,
  },
  style: {
    saved: (name) =>
      `Enregistré sous **${name}**. Utilisez-le avec \`--style ${name}\`, ou pour tout avec \`/style use\`.`,
    used: (name) => `Désormais **${name}** s’ajoute à vos demandes. \`/style use none\` l’enlève.`,
    notUsed: () => 'Aucun style ne s’ajoute plus.',
    deleted: (name) => `**${name}** est supprimé.`,
    shared: (name) => `Tout le serveur peut maintenant utiliser **${name}**.`,
    notShared: (name) => `**${name}** n’est de nouveau qu’à vous.`,
    taken: (name) =>
      `Quelqu’un partage déjà un style nommé **${name}** sur ce serveur. Enregistrez d’abord le vôtre sous un autre nom.`,
    unknown: (name) => `Il n’y a pas de style **${name}** utilisable ici. \`/style list\` les montre.`,
    badName: () => 'Un nom compte de 1 à 24 lettres, chiffres ou tirets, comme `film-noir`.',
    tooMany: (max) => `Vous avez ${counted(max, 'style')}, c’est le maximum. Supprimez-en un d’abord.`,
    serversOnly: () => 'Un style se partage avec un serveur ; il n’y en a pas ici.',
    list: () => 'Styles à votre disposition',
    empty: () =>
      'Pas encore de styles. Enregistrez-en un : `/style save name:noir text:film noir, grain --ar 3:2 --no colour`',
    inUse: () => 'en usage',
    isShared: () => 'partagé',
    ofServer: () => 'de ce serveur',
  },
  privacy: {
    exported: (asked, count) =>
      `Tout ce que je garde sur vous, ligne par ligne : ${requests(asked)}, ${pictures(count)}, ce que vous avez enregistré et utilisé, et ce que la modération a noté.`,
    ask: (asked, count) =>
      `Ceci efface vos textes, ${pictures(count)} et leurs messages (${requests(asked)}), ainsi que tout ce que vous avez enregistré : réglages, styles, listes de mots, ensembles de LoRA, favoris. Ce que vous avez consommé, les avertissements, les exclusions et le journal de la modération restent. C’est irréversible.`,
    forgotten: (asked, count) =>
      `Effacé : ${requests(asked)} et ${pictures(count)}. Les messages des salons disparaîtront dans les prochaines minutes.`,
  },
  verify: {
    same: (id, count) =>
      `✅ \`#${id}\` a été refaite : ${count === 1 ? 'tous les pixels sont identiques' : `tous les pixels des ${count} images sont identiques`}.`,
    differs: (id, lines) => `⚠️ \`#${id}\` a été refaite et n’est pas identique :\n${lines}`,
    line: (picture, largest, share) =>
      `image ${picture} : ${percent(share, 2)} des pixels diffèrent, de ${largest} sur 255 au plus`,
    gone: (id) => `Les fichiers de \`#${id}\` ne sont plus là, il n’y a donc rien à comparer.`,
  },
  reply: {
    hidden: () =>
      'Je ne peux pas lire votre réponse, car Discord m’en cache le texte. En répondant, laissez la mention activée (@ OUI) à côté du champ, ou utilisez **Modifier le texte** sous l’image.',
    seeds: (seeds) => `Graine : ${seeds}`,
    undone: (id, link) => `Annulé. Vous êtes de nouveau à \`#${id}\` : ${link}`,
    nothingToUndo: () =>
      'Cette image n’a pas été faite d’après une autre, il n’y a donc pas de retour. « delete » la supprime.',
  },
  many: {
    ask: (asked, count, ready) =>
      asked === 1
        ? `Cela fait ${pictures(count)}, ${form(count, { one: 'prête', other: 'prêtes' })} ${ready}.`
        : `Cela fait ${requests(asked)} et ${pictures(count)} en tout, prêtes ${ready}.`,
    left: (left, limit) => `Il vous en reste ${number(left)} sur ${number(limit)} aujourd’hui.`,
    started: (count) => `${requests(count)} ${form(count, { one: 'est', other: 'sont' })} en file d’attente.`,
    stoppedAt: (done, count, why) => `En file d’attente : ${number(done)} sur ${requests(count)}. ${why}`,
    notYours: (user) => `C’est à ${user} de répondre.`,
    dropped: () => 'D’accord, rien n’est lancé.',
    gone: () => 'Cette question est trop ancienne. Redemandez, s’il vous plaît.',
  },
  help: {
    title: () => 'Comment utiliser ce bot',
    topics: [
      {
        title: '🎨 Faire une image',
        body: '> /imagine un phare dans la brume\nToute langue convient. Ajoutez une image pour partir d’elle.\n> /imagine un phare --ar 3:2 --seed 5 --no gens\n> /imagine un renard {rouge, bleu} --repeat 2',
      },
      {
        title: '💬 Répondre à une image',
        body: 'Laissez la mention activée. « plus de brume », « en bleu », « 2 », « v3 », « u1 », « encore », « --steps 40 », « seed », « recipe », « undo », « delete ». Une image jointe devient le départ.',
      },
      {
        title: '🖱️ Appuyer sur un bouton',
        body: '**U1–U4** montrent une image en entier, **V1–V4** la varient. ⭐ la garde, 🧰 offre le reste. Les boutons marchent toujours.',
      },
      {
        title: '🔎 La retrouver',
        body: '> /history search:renard\n> /favourites\n> /show id:abcdefghij\n`/queue` dit quand, `/quota` combien.',
      },
      {
        title: '⚙️ À votre goût',
        body: '> /settings\n> /style save name:noir text:film noir, grain --ar 3:2\nPuis écrivez `--style noir`.',
      },
      { title: '🔐 Vos données', body: '> /privacy export\n> /privacy forget' },
    ],
  },
  control: control.fr,
  houseRules: houseRules.fr,
  loraKeeping: loraKeeping.fr,
  making: making.fr,
  moderating: moderating.fr,
  label: {
    cancel: 'Annuler',
    vary: (picture) => (picture === null ? 'Varier' : `Varier ${picture}`),
    again: 'Encore',
    edit: 'Modifier le texte',
    recipe: 'Recette',
    delete: 'Supprimer',
    newer: 'Plus récentes',
    older: 'Plus anciennes',
    jump: 'Montrer',
    varySubtle: 'Varier un peu',
    varyStrong: 'Varier beaucoup',
    same: 'Même graine',
    favourite: 'Favori',
    source: 'Partir d’elle',
    more: 'Plus',
    upscale: 'Agrandir 2×',
    verify: 'Vérifier',
    family: 'D’où elle vient',
    search: 'Chercher',
    numbers: 'Taille et nombres',
    mention: 'Me mentionner',
    privatePrompts: 'Textes privés',
    reset: 'Tout réinitialiser',
    forget: 'Tout effacer',
    keep: 'Garder',
    make: (count) => (count === 1 ? 'Lancer' : `Lancer les ${count}`),
  },
  form: {
    editTitle: 'Modifier et refaire',
    varyTitle: 'Varier cette image',
    prompt: 'Texte',
    negative: 'Texte négatif : à ne pas montrer',
    seed: 'Graine',
    seedHint: 'Vide : une nouvelle à chaque fois',
    steps: 'Étapes',
    picture: (count) => `Quelle image, de 1 à ${count}`,
    strength: 'Force, de 0 à 1',
    strengthHint: 'Combien peut changer ; 0.3 un peu, 0.8 beaucoup',
    sourceTitle: 'Partir de cette image',
    searchTitle: 'Chercher dans vos textes',
    searchHint: 'renard forêt ; le début d’un mot suffit',
    size: 'Taille, par exemple 512x768',
    guidance: 'Guidage',
    count: 'Images par demande',
  },
};
