// The bot's English.
import type { Phrases } from './phrases.ts';

const pictures = (count: number) => (count === 1 ? '1 picture' : `${count} pictures`);

export const en: Phrases = {
  queued: (id, place) => `Queued as \`#${id}\`, place ${place}. The result will appear in this channel.`,
  waiting: (place, ready) => `⏳ Waiting, place ${place} in the queue. Expected ${ready}.`,
  starting: () => '🎞️ Developing is about to start.',
  developing: (percent, bar) => `🎞️ Developing ${bar} ${percent} %`,
  cancelled: (id) => `🚫 Cancelled. Nothing was charged. \`#${id}\``,
  failed: (id, reason) => `⚠️ This did not work: ${reason} Nothing was charged. \`#${id}\``,
  filesGone: (id) => `⚠️ The picture was made, but its file is no longer in my data folder. \`#${id}\``,
  tooLargeHere: (id) =>
    `The picture is larger than this place accepts. The recipe makes it again at a smaller size. \`#${id}\``,
  cannotAttach: (id) =>
    `The picture is ready, but I may not attach files in this channel. Use /history to see it. \`#${id}\``,
  takesLong: (id) =>
    `This takes longer than Discord lets me answer here. It goes on; find it with /history. \`#${id}\``,
  byUser: (prompt, user) => `**${prompt}** · ${user}`,
  pictureAlt: (prompt) => `Generated picture: ${prompt}`,
  gridAlt: (prompt, count) => `Grid of ${count} generated pictures: ${prompt}`,
  steps: (count) => (count === 1 ? '1 step' : `${count} steps`),
  guidance: (value) => `guidance ${value}`,
  fromParent: (id, picture) => (picture === null ? `from \`#${id}\`` : `from \`#${id}\` picture ${picture}`),

  quotaUsed: (used, limit, resets) =>
    `This needs more than you have left today: ${used} of ${pictures(limit)} are used. More ${resets}.`,
  banned: (reason) => `You cannot make pictures here. Reason: ${reason}`,
  tooManyWaiting: (waiting, limit) =>
    `You already have ${waiting} unfinished requests, and ${limit} is the most. Wait for one or /cancel one.`,
  blocked: (reason) => `This prompt is not allowed here: ${reason}. Nothing was charged.`,
  badRequest: (detail) => `I cannot do that: ${detail}`,
  unknownJob: () => 'I do not know this picture any more.',
  notMyMessage: () => 'This is not one of my pictures.',
  notYours: () => 'Only the person who asked for it, or a moderator, can do that.',
  notFinished: () => 'This picture is not finished yet.',
  adminsOnly: () => 'You need the "Manage Server" permission for this.',
  staleButton: () => 'This button does not belong to this message. Use /history to find the picture.',
  restarting: () => 'I am restarting. Please try again in a minute.',
  pictureRefused: (detail) => `I cannot use that picture: ${detail}`,
  noPicture: () => 'There is no picture on this message. Choose a message with a PNG, JPEG or WebP picture.',
  seedExpected: (found) =>
    `The seed should be a whole number from 0 to 4294967295, or empty for a new one; you wrote "${found}".`,
  stepsExpected: (found) => `Steps should be a whole number, or empty for the usual; you wrote "${found}".`,
  numberExpected: (found, low, high) => `I expected a number from ${low} to ${high}; you wrote "${found}".`,

  refused: {
    field: {
      prompt: 'prompt',
      negative: 'negative prompt',
      style: 'style',
      size: 'size',
      count: 'count',
      strength: 'strength',
      seed: 'seed',
      steps: 'steps',
      guidance: 'guidance',
      sampler: 'sampler',
      schedule: 'schedule',
      model: 'model',
      picture: 'picture',
    },
    range: (field, found, low, high) => `${field}: found ${found}, expected a number from ${low} to ${high}`,
    wholeRange: (field, found, low, high) => `${field}: found ${found}, expected a whole number from ${low} to ${high}`,
    number: (field, found) => `${field}: found ${found}, expected a number`,
    oneOf: (field, found, names) => `${field}: found ${found}, expected one of ${names}`,
    tooLong: (field, chars, max) => `${field}: found ${chars} characters, expected at most ${max}`,
    size: (found, stepPx, maxPx, nearest) =>
      `size: found ${found}, expected sides that are multiples of ${stepPx} px up to ${maxPx} px; nearest is ${nearest}`,
    sizeForm: (found) => `size: found ${found}, expected a size such as 96x64 or a shape such as 3:2`,
    pictureKind: () => 'it is not a PNG, JPEG or WebP picture',
    pictureSize: (foundMib, maxMib) => `it has ${foundMib} MiB, and ${maxMib} MiB is the most`,
  },

  reasonBroken: (code) => `something broke while the picture was made (${code}).`,
  reasonPoison: () => 'making this picture broke down again and again, so I stopped trying.',
  reasonDisk: () => 'the disk of this machine is full. Its owner has to make room.',
  reasonModel: () =>
    'the model is not usable at the moment. Another model may be, and the owner can see why in the log.',
  unexpected: (code) => `Something went wrong on my side (${code}). Please try again.`,

  cancelDone: (id) => `Cancelled \`#${id}\`. Nothing was charged.`,
  cancelTooLate: (id) => `\`#${id}\` is already finished.`,
  nothingToCancel: () => 'You have nothing waiting or running.',
  history: (page) => `Your pictures, newest first, page ${page}. The buttons show a picture with its recipe.`,
  historyEmpty: () => 'No pictures yet. Try /imagine.',
  historyLine: (link) => `[show in channel](${link})`,
  queueNow: (waiting, running) => `${waiting} waiting, ${running} being made.`,
  queueMine: () => 'Yours:',
  queuePlace: (place) => `place ${place}`,
  queueRunning: () => 'being made now',
  quotaNow: (used, limit, resets) =>
    `You have used ${used} of ${pictures(limit)} today. The count starts anew ${resets}.`,
  recipeTitle: (id) => `Recipe of \`#${id}\``,
  recipeHint: () =>
    'Reply to the picture, with the ping on, to change it: "in blue", "more fog", "2". The same recipe makes the same picture.',
  ownerOnly: () => 'Only the owner of this bot can do that everywhere.',
  banDone: (user) => `${user} can no longer make pictures in this server.`,
  banDoneEverywhere: (user) => `${user} can no longer make pictures anywhere.`,
  stillBanned: (user) => `${user} still cannot make pictures here: the ban in this server or the owner's stays.`,
  unbanDone: (user) => `${user} can make pictures again.`,
  notBanned: (user) => `${user} was not banned.`,
  quotaSet: (user, limit) => `${user} may now make ${pictures(limit)} a day in this server.`,
  quotaReset: (user, limit) => `${user} has the usual ${pictures(limit)} a day again.`,
  quotaTooHigh: (usual) => `Only the owner of this bot can give more than ${pictures(usual)} a day.`,

  label: {
    cancel: 'Cancel',
    vary: (picture) => (picture === null ? 'Vary' : `Vary ${picture}`),
    again: 'Again',
    edit: 'Edit prompt',
    recipe: 'Recipe',
    delete: 'Delete',
    newer: 'Newer',
    older: 'Older',
    jump: 'Show',
  },
  form: {
    editTitle: 'Edit and make again',
    varyTitle: 'Vary this picture',
    prompt: 'Prompt',
    negative: 'Negative prompt: what to keep out',
    seed: 'Seed',
    seedHint: 'Empty: a new one each time',
    steps: 'Steps',
    picture: (count) => `Which picture, 1 to ${count}`,
    strength: 'Strength, 0 to 1',
    strengthHint: 'How much may change; 0.3 a little, 0.8 a lot',
  },
};
