// /verify: makes a result again from its row alone and says whether the pixels agree.
import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import type { JobRecord } from '../src/core/job.ts';
import { draftOf } from '../src/core/resolve.ts';
import { LANCZOS } from '../src/core/upscale.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import type { ButtonHandler, SlashCommand } from '../src/discord/command.ts';
import type { Wish } from '../src/discord/order.ts';
import { mayUseWords, singlesOf, wordsJobOf } from '../src/discord/results.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';
import { findJob, suggestJobs } from './show.ts';
import { ID_WORDS } from './words.ts';

/** The very request again, start picture and all. */
function wishOf(job: JobRecord): Wish {
  const { initImage, upscale } = job.request;
  const start = initImage === null ? {} : { start: { kind: 'kept', sha256: initImage.sha256 } as const };
  const { from, upscaler, scale } = upscale ?? { from: null, upscaler: null, scale: 1 };
  const enlarging = from === null ? {} : { upscale: { upscaler: upscaler ?? LANCZOS, scale, from } };
  return {
    kind: 'verify',
    draft: { ...draftOf(job.request), ...enlarging },
    parent: { jobId: job.id, imageIndex: null },
    ...start,
  };
}

const verifyButton: ButtonHandler = async (interaction, [jobId], bot) => {
  const job = await wordsJobOf(interaction, jobId, bot);
  if (job === undefined) return;
  if (singlesOf(job.id, bot).length === 0) return tell(interaction, phrasesOf(interaction).notFinished());
  await orderOrAsk(interaction, wishOf(job), bot);
};

export const verify: SlashCommand = {
  kind: 'slash',
  name: 'verify',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'verify', zh: '核对', ru: 'проверить', es: 'comprobar', de: 'nachprüfen', fr: 'vérifier', ja: '確認' },
      {
        en: 'Make a picture again from its recipe and compare every pixel. Counts like a picture.',
        zh: '按配方重新生成并逐像素比较。与普通图片一样计数。',
        ru: 'Сделать картинку снова по рецепту и сравнить каждый пиксель. Идёт в счёт квоты.',
        es: 'Volver a hacer una imagen con su receta y comparar cada píxel. Cuenta como una imagen.',
        de: 'Ein Bild nach Rezept noch einmal machen und jedes Pixel vergleichen. Zählt wie ein Bild.',
        fr: 'Refaire une image d’après sa recette et comparer chaque pixel. Compte comme une image.',
        ja: 'レシピから作り直し、すべての画素を比べます。1 枚として数えます。',
      },
    ),
    options: [{ type: ApplicationCommandOptionType.String, required: true, autocomplete: true, ...ID_WORDS }],
    ...EVERYWHERE,
  }),
  async run(interaction, bot) {
    const found = findJob(interaction, interaction.options.getString('id', true), bot);
    if (typeof found === 'string') return tell(interaction, found);
    const phrases = phrasesOf(interaction);
    if (singlesOf(found.id, bot).length === 0) return tell(interaction, phrases.notFinished());
    if (!mayUseWords(found, interaction.user.id)) return tell(interaction, phrases.card.promptIsPrivate());
    await orderOrAsk(interaction, wishOf(found), bot);
  },
  suggest: suggestJobs,
  buttons: { verify: verifyButton },
};
