// The bot's Russian.
import type { Phrases } from './phrases.ts';

const rules = new Intl.PluralRules('ru');
const FORMS: Readonly<Record<string, { picture: string; step: string }>> = {
  one: { picture: 'картинка', step: 'шаг' },
  few: { picture: 'картинки', step: 'шага' },
  many: { picture: 'картинок', step: 'шагов' },
  other: { picture: 'картинки', step: 'шага' },
};
const counted = (count: number, noun: 'picture' | 'step') => `${count} ${FORMS[rules.select(count)]![noun]}`;

export const ru: Phrases = {
  queued: (id, place) => `В очереди как \`#${id}\`, место ${place}. Результат появится в этом канале.`,
  waiting: (place, ready) => `⏳ В очереди, место ${place}. Будет готово ${ready}.`,
  starting: () => '🎞️ Сейчас начнётся проявка.',
  developing: (percent, bar) => `🎞️ Проявляется ${bar} ${percent} %`,
  cancelled: (id) => `🚫 Отменено. Квота не списана. \`#${id}\``,
  failed: (id, reason) => `⚠️ Не получилось: ${reason} Квота не списана. \`#${id}\``,
  filesGone: (id) => `⚠️ Картинка была готова, но её файла больше нет в моей папке данных. \`#${id}\``,
  tooLargeHere: (id) =>
    `Картинка больше, чем здесь разрешено. По рецепту её можно сделать меньшего размера. \`#${id}\``,
  cannotAttach: (id) =>
    `Картинка готова, но мне нельзя прикреплять файлы в этом канале. Посмотрите в /history. \`#${id}\``,
  takesLong: (id) =>
    `Это дольше, чем Discord позволяет мне отвечать здесь. Работа идёт; ищите результат в /history. \`#${id}\``,
  byUser: (prompt, user) => `**${prompt}** · ${user}`,
  pictureAlt: (prompt) => `Сгенерированная картинка: ${prompt}`,
  gridAlt: (prompt, count) => `Сетка из ${count} сгенерированных картинок: ${prompt}`,
  steps: (count) => counted(count, 'step'),
  guidance: (value) => `сила промпта ${value}`,
  fromParent: (id, picture) => `из \`#${id}\`, картинка ${picture}`,

  quotaUsed: (used, limit, resets) =>
    `На сегодня столько не осталось: использовано ${used} из ${limit}. Новые картинки ${resets}.`,
  banned: (reason) => `Вам нельзя делать здесь картинки. Причина: ${reason}`,
  tooManyWaiting: (waiting, limit) =>
    `У вас уже ${waiting} незаконченных запросов, больше ${limit} нельзя. Подождите или отмените один: /cancel.`,
  blocked: (reason) => `Такой запрос здесь не разрешён: ${reason}. Квота не списана.`,
  badRequest: (detail) => `Так не получится: ${detail}`,
  unknownJob: () => 'Я больше не знаю этой картинки.',
  notMyMessage: () => 'Это не моя картинка.',
  notYours: () => 'Это может только тот, кто просил картинку, или модератор.',
  notFinished: () => 'Эта картинка ещё не готова.',
  adminsOnly: () => 'Для этого нужно право «Управлять сервером».',
  staleButton: () => 'Эта кнопка не от этого сообщения. Картинку можно найти через /history.',
  restarting: () => 'Я перезапускаюсь. Попробуйте через минуту.',
  pictureRefused: (detail) => `Эту картинку использовать нельзя: ${detail}`,
  noPicture: () => 'В этом сообщении нет картинки. Выберите сообщение с картинкой PNG, JPEG или WebP.',
  seedExpected: (found) => `Зерно — целое число от 0 до 4294967295 или пусто для нового; у вас «${found}».`,
  stepsExpected: (found) => `Шаги — целое число или пусто для обычного; у вас «${found}».`,
  numberExpected: (found, low, high) => `Нужно число от ${low} до ${high}; у вас «${found}».`,

  reasonBroken: (code) => `что-то сломалось во время работы (${code}).`,
  reasonPoison: () => 'на этом запросе работа ломалась снова и снова, больше не пробую.',
  reasonDisk: () => 'на диске этой машины нет места. Владельцу нужно его освободить.',
  reasonModel: () => 'модель сейчас недоступна. Попробуйте другую; причину владелец увидит в журнале.',
  unexpected: (code) => `Что-то пошло не так с моей стороны (${code}). Попробуйте ещё раз.`,

  cancelDone: (id) => `Отменено: \`#${id}\`. Квота не списана.`,
  cancelTooLate: (id) => `\`#${id}\` уже готово.`,
  nothingToCancel: () => 'У вас ничего не ждёт и не делается.',
  history: (page) => `Ваши картинки, сначала новые, страница ${page}. Кнопки покажут картинку и её рецепт.`,
  historyEmpty: () => 'Картинок пока нет. Попробуйте /imagine.',
  historyLine: (link) => `[показать в канале](${link})`,
  queueNow: (waiting, running) => `Ждут: ${waiting}, делаются: ${running}.`,
  queueMine: () => 'Ваши:',
  queuePlace: (place) => `место ${place}`,
  queueRunning: () => 'делается сейчас',
  quotaNow: (used, limit, resets) => `Сегодня использовано ${used} из ${limit}. Счёт начнётся заново ${resets}.`,
  recipeTitle: (id) => `Рецепт \`#${id}\``,
  recipeHint: () =>
    'Чтобы изменить картинку, ответьте на неё с включённым упоминанием: «в синем», «больше тумана», «2». Тот же рецепт даёт ту же картинку.',
  ownerOnly: () => 'Везде это может сделать только владелец бота.',
  banDone: (user) => `${user} больше не может делать картинки на этом сервере.`,
  banDoneEverywhere: (user) => `${user} больше нигде не может делать картинки.`,
  stillBanned: (user) => `${user} по-прежнему не может делать здесь картинки: запрет сервера или владельца остаётся.`,
  unbanDone: (user) => `${user} снова может делать картинки.`,
  notBanned: (user) => `${user} не был заблокирован.`,
  quotaSet: (user, limit) => `${user}: теперь ${counted(limit, 'picture')} в день на этом сервере.`,
  quotaReset: (user, limit) => `${user}: снова обычные ${counted(limit, 'picture')} в день.`,
  quotaTooHigh: (usual) => `Больше чем ${usual} в день может дать только владелец бота.`,

  label: {
    cancel: 'Отменить',
    vary: (picture) => (picture === null ? 'Вариация' : `Вариация ${picture}`),
    again: 'Ещё раз',
    edit: 'Изменить промпт',
    recipe: 'Рецепт',
    delete: 'Удалить',
    newer: 'Новее',
    older: 'Старее',
    jump: 'Показать',
  },
  form: {
    editTitle: 'Изменить и сделать снова',
    varyTitle: 'Вариация этой картинки',
    prompt: 'Промпт',
    negative: 'Негативный промпт: чего не должно быть',
    seed: 'Зерно',
    seedHint: 'Пусто: каждый раз новое',
    steps: 'Шаги',
    picture: (count) => `Какая картинка, от 1 до ${count}`,
    strength: 'Сила изменения, от 0 до 1',
    strengthHint: '0.3 — немного, 0.8 — сильно',
  },
};
