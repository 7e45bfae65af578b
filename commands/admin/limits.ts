// /admin limits: the most a request may ask for in this server, within what the program allows.
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord.js';
import type { ServerLimits } from '../../src/core/houseRules.ts';
import { DEFAULT_LIMITS } from '../../src/core/request.ts';
import { phrasesOf, tell } from '../../src/discord/answers.ts';
import type { Phrases } from '../../src/discord/phrases/phrases.ts';
import { named } from '../options.ts';
import type { AdminHandler, AdminPart } from './group.ts';

const { Subcommand, Integer: WHOLE } = ApplicationCommandOptionType;

/** Models are made for pictures of some size; smaller limits would leave nothing. */
const LEAST_SIDE_PX = 64;
/** Some models draw wider than the program's own limit. */
const MOST_SIDE_PX = 2 * DEFAULT_LIMITS.maxSidePx;

const size: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: LEAST_SIDE_PX,
  max_value: MOST_SIDE_PX,
  ...named(
    { en: 'size', zh: '尺寸', ru: 'размер', es: 'tamaño', de: 'größe', fr: 'taille', ja: 'サイズ' },
    {
      en: 'Longest side in pixels.',
      zh: '最长边的像素数。',
      ru: 'Длинная сторона в пикселях.',
      es: 'El lado más largo, en píxeles.',
      de: 'Längste Seite in Pixeln.',
      fr: 'Le plus long côté, en pixels.',
      ja: '長辺の画素数。',
    },
  ),
};
const steps: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: 1,
  max_value: DEFAULT_LIMITS.maxSteps,
  ...named(
    { en: 'steps', zh: '步数', ru: 'шаги', es: 'pasos', de: 'schritte', fr: 'étapes', ja: 'ステップ' },
    {
      en: 'Most steps.',
      zh: '最多步数。',
      ru: 'Больше всего шагов.',
      es: 'Máximo de pasos.',
      de: 'Höchste Zahl der Schritte.',
      fr: 'Nombre maximal d’étapes.',
      ja: 'ステップの上限。',
    },
  ),
};
const count: APIApplicationCommandBasicOption = {
  type: WHOLE,
  min_value: 1,
  max_value: DEFAULT_LIMITS.maxCount,
  ...named(
    { en: 'count', zh: '数量', ru: 'количество', es: 'cantidad', de: 'anzahl', fr: 'nombre', ja: '枚数' },
    {
      en: 'Most pictures of one request.',
      zh: '一次请求最多图片数。',
      ru: 'Больше всего картинок в запросе.',
      es: 'Máximo de imágenes por petición.',
      de: 'Meiste Bilder eines Auftrags.',
      fr: 'Nombre maximal d’images par demande.',
      ja: '一度の依頼の枚数の上限。',
    },
  ),
};

/** Those named are set, the others stay; named as much as the program allows, one is lifted. */
const limits: AdminHandler = async (interaction, bot) => {
  const { options, guildId } = interaction;
  const program = bot.catalog.limits;
  const before = bot.store.serverLimits(guildId);
  const named = {
    maxSidePx: options.getInteger('size'),
    maxSteps: options.getInteger('steps'),
    maxCount: options.getInteger('count'),
  };
  const isChange = Object.values(named).some((value) => value !== null);
  const after = Object.fromEntries(
    (Object.keys(named) as (keyof typeof named)[]).flatMap((name) => {
      const value = named[name] ?? before[name];
      const most = name === 'maxSidePx' ? MOST_SIDE_PX : program[name];
      return value === undefined || value >= most ? [] : [[name, value] as const];
    }),
  ) as ServerLimits;
  if (isChange) bot.store.setServerLimits(guildId, after, interaction.user.id);
  const phrases = phrasesOf(interaction);
  await tell(interaction, phrases.houseRules.limitsNow(limitsText(after, phrases)));
};

function limitsText(
  { maxSidePx, maxSteps, maxCount }: ServerLimits,
  { houseRules: words, ...phrases }: Phrases,
): string {
  const parts = [
    maxSidePx === undefined ? [] : [words.limitSize(maxSidePx)],
    maxSteps === undefined ? [] : [phrases.steps(maxSteps)],
    maxCount === undefined ? [] : [words.limitCount(maxCount)],
  ].flat();
  return parts.length === 0 ? words.usual() : parts.join(', ');
}

export const limitsHere: AdminPart = {
  options: [
    {
      type: Subcommand,
      ...named(
        { en: 'limits', zh: '限制', ru: 'пределы', es: 'límites', de: 'grenzen', fr: 'limites', ja: '制限' },
        {
          en: 'The most a request may ask for in this server.',
          zh: '本服务器中一次请求的上限。',
          ru: 'Больше всего, о чём можно просить на этом сервере.',
          es: 'Lo máximo que se puede pedir en este servidor.',
          de: 'Was auf diesem Server höchstens verlangt werden darf.',
          fr: 'Le maximum qu’on peut demander sur ce serveur.',
          ja: 'このサーバーで頼める上限。',
        },
      ),
      options: [size, steps, count],
    },
  ],
  run: { limits },
};
