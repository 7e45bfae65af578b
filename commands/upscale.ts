// /upscale: enlarges a picture, one of ours by its id or an upload, with an upscaler network where there is one and Lanczos where not.
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type Attachment,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { isJobId, type JobRecord, type PictureRecord } from '../src/core/job.ts';
import type { RequestDraft } from '../src/core/request.ts';
import { draftOf } from '../src/core/resolve.ts';
import { DEFAULT_SCALE, LANCZOS, MAX_SCALE, type UpscaleWish } from '../src/core/upscale.ts';
import { phrasesOf, tell } from '../src/discord/answers.ts';
import { orderOrAsk } from '../src/discord/asking.ts';
import type { ButtonHandler, Choice, SlashCommand } from '../src/discord/command.ts';
import type { BotContext } from '../src/discord/context.ts';
import { withoutStart } from '../src/discord/drafts.ts';
import type { Wish } from '../src/discord/order.ts';
import { jobOf, mayLook, mayUseWords, singlesOf } from '../src/discord/results.ts';
import { clip, MAX_CHOICE_CHARS } from '../src/discord/text.ts';
import { EVERYWHERE } from './install.ts';
import { named } from './options.ts';

/** Discord shows at most this many choices. */
const MAX_CHOICES = 25;

/** People paste ids with the `#` the messages show. */
function finishedJob(text: string, bot: BotContext): JobRecord | undefined {
  const id = text.trim().replace(/^#/, '').toLowerCase();
  return isJobId(id) ? bot.store.get(id) : undefined;
}

/** Somebody's newest finished requests. */
function suggestJobs({ user }: AutocompleteInteraction, typed: string, bot: BotContext): readonly Choice[] {
  return bot.store
    .list({ userId: user.id, states: ['delivered', 'developed'], limit: MAX_CHOICES })
    .map((job) => ({ name: clip(`#${job.id} ${job.request.prompt}`, MAX_CHOICE_CHARS), value: job.id }))
    .filter(({ name }) => name.toLowerCase().includes(typed));
}

function suggestUpscalers(typed: string, { catalog }: BotContext): readonly Choice[] {
  const cards = catalog.upscalers ?? [];
  const names = [...cards.map(({ name, scale }) => ({ name: `${name} (${scale}×)`, value: name })), LANCZOS_CHOICE];
  return names
    .filter(({ name }) => name.toLowerCase().includes(typed))
    .map(({ name, value }) => ({ name: clip(name, MAX_CHOICE_CHARS), value: value.slice(0, MAX_CHOICE_CHARS) }))
    .slice(0, MAX_CHOICES);
}

const LANCZOS_CHOICE: Choice = { name: 'Lanczos', value: LANCZOS };

function wishOf({ options }: ChatInputCommandInteraction): UpscaleWish {
  const upscaler = options.getString('upscaler');
  const scale = options.getNumber('factor');
  return { ...(upscaler === null ? {} : { upscaler }), ...(scale === null ? {} : { scale }) };
}

/**
 * What a picture was drawn with stays with it, so that it can be drawn again or changed: the words, for those who may use them, and the
 * numbers; not what it was drawn over.
 */
function resultWish(job: JobRecord, picture: PictureRecord, upscale: UpscaleWish, askerId: string): Wish {
  const drawn = mayUseWords(job, askerId) ? withoutStart(draftOf(job.request)) : { prompt: '' };
  const from = { widthPx: picture.widthPx, heightPx: picture.heightPx };
  const draft: RequestDraft = { ...drawn, count: 1, seed: picture.seed, upscale: { ...upscale, from } };
  const parent = { jobId: job.id, imageIndex: picture.imageIndex };
  return { kind: 'upscale', draft, parent, start: { kind: 'result', picture } };
}

/** Undefined for an upload in which Discord sees no picture. */
function uploadWish(interaction: ChatInputCommandInteraction, attachment: Attachment): Wish | undefined {
  const { width: widthPx, height: heightPx } = attachment;
  if (widthPx === null || heightPx === null) return undefined;
  const draft: RequestDraft = { prompt: '', upscale: { ...wishOf(interaction), from: { widthPx, heightPx } } };
  return { kind: 'upscale', draft, start: { kind: 'upload', attachment } };
}

async function run(interaction: ChatInputCommandInteraction, bot: BotContext): Promise<void> {
  const phrases = phrasesOf(interaction);
  const upload = interaction.options.getAttachment('image');
  const named = interaction.options.getString('picture');
  if (upload !== null) {
    const wish = uploadWish(interaction, upload);
    return wish === undefined
      ? tell(interaction, phrases.pictureRefused(phrases.refused.pictureKind()))
      : orderOrAsk(interaction, wish, bot);
  }
  const job = named === null ? newest(interaction.user.id, bot) : finishedJob(named, bot);
  if (job === undefined || !mayUse(interaction, job)) return tell(interaction, phrases.unknownJob());
  const pictures = singlesOf(job.id, bot);
  const picture = pictures[(interaction.options.getInteger('number') ?? 1) - 1];
  if (pictures.length === 0) return tell(interaction, phrases.notFinished());
  if (picture === undefined) {
    const found = String(interaction.options.getInteger('number'));
    return tell(interaction, phrases.numberExpected(found, 1, pictures.length));
  }
  await orderOrAsk(interaction, resultWish(job, picture, wishOf(interaction), interaction.user.id), bot);
}

function newest(userId: string, bot: BotContext): JobRecord | undefined {
  return bot.store.list({ userId, states: ['delivered'], limit: 1 })[0];
}

/** One's own, or what everybody in this very channel can see. */
function mayUse({ user, channelId }: ChatInputCommandInteraction, job: JobRecord): boolean {
  return job.userId === user.id || (job.channelId === channelId && mayLook(job, user.id));
}

/** Of one picture of a result: twice its sides, by this installation's first upscaler. */
const enlarge: ButtonHandler = async (interaction, [jobId, index], bot) => {
  const job = await jobOf(interaction, jobId, bot);
  if (job === undefined) return;
  const picture = singlesOf(job.id, bot)[Number(index)];
  if (picture === undefined) return tell(interaction, phrasesOf(interaction).notFinished());
  await orderOrAsk(interaction, resultWish(job, picture, {}, interaction.user.id), bot);
};

const { String: TEXT, Integer: WHOLE, Number: NUMBER, Attachment: UPLOAD } = ApplicationCommandOptionType;

export const upscale: SlashCommand = {
  kind: 'slash',
  name: 'upscale',
  declare: () => ({
    type: ApplicationCommandType.ChatInput,
    ...named(
      { en: 'upscale', zh: '放大', ru: 'увеличить', es: 'ampliar', de: 'vergrößern', fr: 'agrandir', ja: '拡大' },
      {
        en: 'Enlarge a picture: your newest one, one by its id, or an upload.',
        zh: '放大图片：你最新的一张、按编号选择的一张，或上传的图片。',
        ru: 'Увеличить картинку: вашу последнюю, по номеру запроса или загруженную.',
        es: 'Ampliar una imagen: la última tuya, una por su id o una subida.',
        de: 'Ein Bild vergrößern: dein neuestes, eines nach Kennung oder ein hochgeladenes.',
        fr: 'Agrandir une image : votre dernière, une par son id, ou un envoi.',
        ja: '画像を拡大します：最新のもの、番号で選んだもの、またはアップロード。',
      },
    ),
    options: [
      {
        type: TEXT,
        autocomplete: true,
        max_length: 20,
        ...named(
          { en: 'picture', zh: '作品', ru: 'запрос', es: 'petición', de: 'auftrag', fr: 'demande', ja: '依頼' },
          {
            en: 'Id of the request, such as #abcdefghij; without it, your newest.',
            zh: '请求编号，如 #abcdefghij；不填则为最新的。',
            ru: 'Номер запроса, например #abcdefghij; без него — последний.',
            es: 'Id de la petición, como #abcdefghij; sin esto, la última.',
            de: 'Kennung des Auftrags, etwa #abcdefghij; ohne Angabe dein neuester.',
            fr: 'Id de la demande, comme #abcdefghij ; sans cela, la dernière.',
            ja: '依頼の番号（例：#abcdefghij）。なければ最新のもの。',
          },
        ),
      },
      {
        type: WHOLE,
        min_value: 1,
        max_value: 10,
        ...named(
          { en: 'number', zh: '第几张', ru: 'которая', es: 'número', de: 'nummer', fr: 'numéro', ja: '何枚目' },
          {
            en: 'Which picture of that request, where there are several.',
            zh: '该请求有多张时，选择第几张。',
            ru: 'Которая картинка этого запроса, если их несколько.',
            es: 'Qué imagen de esa petición, si hay varias.',
            de: 'Welches Bild des Auftrags, wo es mehrere gibt.',
            fr: 'Quelle image de la demande, s’il y en a plusieurs.',
            ja: 'その依頼に複数あるとき、何枚目か。',
          },
        ),
      },
      {
        type: UPLOAD,
        ...named(
          { en: 'image', zh: '图片', ru: 'картинка', es: 'imagen', de: 'bild', fr: 'image', ja: '画像' },
          {
            en: 'A picture of your own instead (PNG, JPEG, WebP).',
            zh: '改用自己的图片（PNG、JPEG、WebP）。',
            ru: 'Вместо этого своя картинка (PNG, JPEG, WebP).',
            es: 'En su lugar, una imagen tuya (PNG, JPEG, WebP).',
            de: 'Stattdessen ein eigenes Bild (PNG, JPEG, WebP).',
            fr: 'À la place, une image à vous (PNG, JPEG, WebP).',
            ja: '代わりに自分の画像（PNG、JPEG、WebP）。',
          },
        ),
      },
      {
        type: NUMBER,
        min_value: 1,
        max_value: MAX_SCALE,
        ...named(
          { en: 'factor', zh: '倍数', ru: 'раз', es: 'factor', de: 'faktor', fr: 'facteur', ja: '倍率' },
          {
            en: `How many times larger; ${DEFAULT_SCALE} when you say nothing.`,
            zh: `放大倍数；不填为 ${DEFAULT_SCALE}。`,
            ru: `Во сколько раз; по умолчанию ${DEFAULT_SCALE}.`,
            es: `Cuántas veces mayor; ${DEFAULT_SCALE} si no dices nada.`,
            de: `Wie viel mal größer; ohne Angabe ${DEFAULT_SCALE}.`,
            fr: `Combien de fois plus grand ; ${DEFAULT_SCALE} sans précision.`,
            ja: `何倍にするか。なければ ${DEFAULT_SCALE}。`,
          },
        ),
      },
      {
        type: TEXT,
        autocomplete: true,
        ...named(
          {
            en: 'upscaler',
            zh: '放大模型',
            ru: 'апскейлер',
            es: 'ampliador',
            de: 'vergrößerer',
            fr: 'agrandisseur',
            ja: '拡大モデル',
          },
          {
            en: 'The network that fills in detail; Lanczos only enlarges.',
            zh: '补充细节的网络；Lanczos 只做缩放。',
            ru: 'Сеть, которая дорисовывает детали; Lanczos только увеличивает.',
            es: 'La red que añade detalle; Lanczos solo amplía.',
            de: 'Das Netz, das Einzelheiten ergänzt; Lanczos vergrößert nur.',
            fr: 'Le réseau qui ajoute du détail ; Lanczos agrandit seulement.',
            ja: '細部を補うネットワーク。Lanczos は拡大だけ。',
          },
        ),
      },
    ],
    ...EVERYWHERE,
  }),
  run,
  suggest(interaction, bot) {
    const { name, value } = interaction.options.getFocused(true);
    const typed = value.toLowerCase().trim();
    return name === 'upscaler' ? suggestUpscalers(typed, bot) : suggestJobs(interaction, typed, bot);
  },
  buttons: { upscale: enlarge },
};
