// What every kind of button, select menu and form is for: where it is met, an honest use and what comes of it, and what somebody else is told
// who uses it. Written by hand; the kinds there are come from the router.
import { FIELD } from '../../../src/discord/views/formViews.ts';
import type { FieldValue } from '../../../src/emulator/actor.ts';
import type { Outcome, SeenMessage } from '../../../src/emulator/views.ts';
import { eventually, partsOf } from '../house.ts';
import { answerOf, FILE, pictureIn, type Role, type Stage, said } from './stage.ts';

export interface Meeting {
  readonly stage: Stage;
  /** Who asked for the picture. */
  readonly asker: Role;
  /** Who met the button. */
  readonly presser: Role;
  readonly prompt: string;
}

/** A button or select on a message, or a form that is open. */
export type Met =
  | { readonly kind: 'part'; readonly messageId: string; readonly customId: string }
  | { readonly kind: 'form'; readonly interactionId: string; readonly customId: string };

/** Somebody was not let as far as the thing itself. */
export class NotLet extends Error {}

export interface PressDoor {
  /** What the id names, in which of its arguments, and so what an id may be swapped for. */
  readonly names: 'job' | 'note' | 'person' | 'file' | 'nothing';
  readonly at?: number;
  meet(meeting: Meeting): Promise<Met>;
  readonly values?: readonly string[];
  readonly fields?: Readonly<Record<string, FieldValue>>;
  /** `order`: a new job of whoever pressed. */
  readonly does: 'order' | RegExp;
  /** What a passer-by is told; `may` where it is for everybody. */
  readonly others: 'may' | RegExp;
  /** Who else may, where not everybody may. */
  readonly helper?: Role;
  /** Whether it shows or uses the words, so that those of a private prompt are their owner's. */
  readonly words?: true;
  /** Who meets it at all, where it is not the asker. */
  readonly honest?: Role;
}

const STALE = /does not belong to this message/;
const NOT_YOURS = /Only the person who asked for it, or a moderator/;

const as = ({ stage, presser }: Meeting) => stage.house.emulator.as(stage.people[presser]);

/** The answer, once it stands, as whoever pressed sees it. */
async function shown({ stage, presser }: Meeting, outcome: Outcome): Promise<SeenMessage> {
  if (outcome.kind === 'modal') throw new Error('a form, expected a message');
  const { channelId } = stage.house.emulator.world.interactions.get(outcome.interactionId)!;
  return eventually(() => {
    const seen = stage.house.emulator
      .view(channelId, stage.people[presser])
      .find(({ id }) => id === outcome.message?.id);
    return seen !== undefined && !seen.loading && seen;
  });
}

export function idsOf(message: SeenMessage, action: string): readonly string[] {
  return partsOf(message).flatMap(({ custom_id }) => (custom_id?.startsWith(`v1:${action}:`) ? [custom_id] : []));
}

function part(message: SeenMessage, action: string, at = 0): Met {
  const customId = idsOf(message, action).at(at);
  if (customId === undefined) throw new NotLet(said(message));
  return { kind: 'part', messageId: message.id, customId };
}

async function form(meeting: Meeting, outcome: Outcome): Promise<Met> {
  if (outcome.kind !== 'modal') throw new NotLet(await answerOf(meeting.stage, outcome));
  return { kind: 'form', interactionId: outcome.interactionId, customId: String(outcome.modal?.custom_id) };
}

const press = (meeting: Meeting, met: Met, values: readonly string[] = []) => {
  if (met.kind === 'form') throw new Error('a form is not pressed');
  const { messageId, customId } = met;
  return values.length === 0 ? as(meeting).click(messageId, customId) : as(meeting).select(messageId, customId, values);
};

type Meet = PressDoor['meet'];

/** On the card of a result in the channel. */
const result = ({ stage, asker, prompt }: Meeting) =>
  pictureIn(stage, stage.people[asker], stage.house.channelId, prompt).then(({ message }) => message);
const onResult =
  (action: string): Meet =>
  async (meeting) =>
    part(await result(meeting), action);

const more = async (meeting: Meeting) => shown(meeting, await press(meeting, await onResult('more')(meeting)));
const onMore =
  (action: string): Meet =>
  async (meeting) =>
    part(await more(meeting), action);

/** On the private card of one picture. */
const alone = async (meeting: Meeting) => shown(meeting, await press(meeting, await onMore('pick')(meeting)));
const onAlone =
  (action: string): Meet =>
  async (meeting) =>
    part(await alone(meeting), action);

/** On the private card with cells to tick. */
const cells = async (meeting: Meeting) => shown(meeting, await press(meeting, await onAlone('region')(meeting)));
const onCells =
  (action: string): Meet =>
  async (meeting) =>
    part(await cells(meeting), action);

/** The form a button opens. */
const formOf =
  (meet: Meet, values?: readonly string[]): Meet =>
  async (meeting) =>
    form(meeting, await press(meeting, await meet(meeting), values));

/** The private answer to a command of one's own. */
const onAnswer =
  (command: string, options: object, action: string, at = 0): Meet =>
  async (meeting) => {
    const outcome = await as(meeting).command(meeting.stage.house.channelId, command, options as never);
    return part(await shown(meeting, outcome), action, at);
  };

/** The form a message menu opens over a picture somebody posted. */
const overUpload =
  (menu: string): Meet =>
  async (meeting) => {
    const { emulator, channelId } = meeting.stage.house;
    const upload = await emulator.as(meeting.stage.house.bob).upload(channelId, [FILE]);
    return form(meeting, await as(meeting).messageMenu(upload.id, menu));
  };
const overResult =
  (menu: string): Meet =>
  async (meeting) =>
    form(meeting, await as(meeting).messageMenu((await result(meeting)).id, menu));

const job = { names: 'job', others: 'may' } as const;
const wordsJob = { ...job, words: true } as const;
const own = { others: STALE } as const;

export const PRESS_DOORS: Readonly<Record<string, PressDoor>> = {
  'button again': { ...wordsJob, meet: onResult('again'), does: 'order' },
  'button same': { ...wordsJob, meet: onMore('same'), does: 'order' },
  'button edit': { ...wordsJob, meet: onResult('edit'), does: /^form: Edit/ },
  'form editForm': {
    ...wordsJob,
    meet: formOf(onResult('edit')),
    fields: { [FIELD.prompt]: 'a blue heart' },
    does: 'order',
  },
  'button delete': {
    names: 'job',
    meet: onResult('delete'),
    does: /gone|nothing/,
    others: NOT_YOURS,
    helper: 'moderator',
  },
  'button many': {
    names: 'note',
    meet: onAnswer('imagine', { prompt: '{red, blue} hill' }, 'many'),
    does: 'order',
    others: /Only <@\d+> can answer this/,
  },
  'button sheet': {
    names: 'note',
    meet: onAnswer('grid', { prompt: 'a hill', across: 'cfg: 3, 5' }, 'sheet'),
    does: 'order',
    others: /Only <@\d+> can answer this/,
  },
  'button sheetAgain': {
    ...wordsJob,
    meet: async (meeting) => {
      const asked = { ...meeting, presser: meeting.asker };
      const options = { prompt: meeting.prompt, across: 'cfg: 3, 5' };
      const { house, people } = meeting.stage;
      const before = new Set(house.posts().map(({ id }) => id));
      await press(asked, await onAnswer('grid', options, 'sheet')(asked));
      const sheet = await eventually(() =>
        house.emulator
          .view(house.channelId, people[meeting.presser])
          .find((post) => !before.has(post.id) && idsOf(post, 'sheetAgain').length > 0),
      );
      return part(sheet, 'sheetAgain');
    },
    does: /This makes 2 pictures/,
  },
  'button page': { names: 'note', ...own, meet: onAnswer('history', {}, 'page', -1), does: /Your pictures, page 2/ },
  'button search': { names: 'note', ...own, meet: onAnswer('history', {}, 'search'), does: /^form: / },
  'form searchForm': {
    names: 'note',
    ...own,
    meet: formOf(onAnswer('history', {}, 'search')),
    fields: { [FIELD.search]: 'heart' },
    does: /with “heart”/,
  },
  'select choose': {
    names: 'nothing',
    others: 'may',
    meet: onAnswer('history', {}, 'choose'),
    does: /testmodel/,
  },
  'button favourite': { ...job, meet: onResult('favourite'), does: /favourite/i },
  'button pick': { ...job, meet: onMore('pick'), does: /seed/ },
  'button more': { ...job, meet: onResult('more'), does: /v1:recipe/ },
  'button family': { ...job, meet: onMore('family'), does: /./ },
  'button verify': { ...wordsJob, meet: onMore('verify'), does: 'order' },
  'button upscale': { ...job, meet: onResult('upscale'), does: 'order' },
  'button reveal': {
    names: 'job',
    others: /only <@\d+> can/i,
    meet: async (meeting) => {
      const { worker } = meeting.stage.house;
      worker.scoresOf = () => ({ drawing: 0, hentai: 0, neutral: 0.5, porn: 0, sexy: 0.5 });
      const channelId = meeting.stage.staff;
      const { people, house } = meeting.stage;
      await house.emulator
        .as(house.owner)
        .command(channelId, 'admin channels nsfw-policy', { channel: channelId, level: 'strict' });
      const { message } = await pictureIn(meeting.stage, people[meeting.asker], channelId, meeting.prompt);
      worker.scoresOf = () => undefined;
      return part(message, 'reveal');
    },
    does: /testmodel/,
  },
  'button why': {
    names: 'job',
    others: NOT_YOURS,
    meet: async (meeting) => {
      const { house, people } = meeting.stage;
      house.worker.scoresOf = () => ({ drawing: 0, hentai: 0, neutral: 0.02, porn: 0.95, sexy: 0.03 });
      await house.emulator.as(people[meeting.asker]).command(house.channelId, 'imagine', { prompt: meeting.prompt });
      const { message } = await house.jobIn('failed', people[meeting.asker]);
      house.worker.scoresOf = () => undefined;
      return part(message, 'why');
    },
    does: /does not fit what may be shown/,
  },
  'button settings': {
    names: 'nothing',
    others: 'may',
    meet: onAnswer('settings', {}, 'settings'),
    does: /^form: |Your settings/,
  },
  'select settings': {
    names: 'nothing',
    others: 'may',
    meet: async (meeting) => {
      const outcome = await as(meeting).command(meeting.stage.house.channelId, 'settings');
      const message = await shown(meeting, outcome);
      const select = partsOf(message).find(
        ({ custom_id, options }) => options !== undefined && custom_id?.includes('sampler'),
      )!;
      return { kind: 'part', messageId: message.id, customId: select.custom_id! };
    },
    values: ['ddim'],
    does: /ddim/,
  },
  'form settingsForm': {
    names: 'nothing',
    others: 'may',
    meet: formOf(onAnswer('settings', {}, 'settings:numbers')),
    fields: { steps: '7' },
    does: /Steps: \*\*7\*\*/,
  },
  'button cancel': {
    names: 'job',
    others: NOT_YOURS,
    helper: 'moderator',
    meet: async (meeting) => {
      const { house, people } = meeting.stage;
      const before = new Set(house.posts().map(({ id }) => id));
      house.worker.hold();
      await house.emulator.as(people[meeting.asker]).command(house.channelId, 'imagine', { prompt: meeting.prompt });
      const post = await eventually(() =>
        house.posts().find((one) => !before.has(one.id) && idsOf(one, 'cancel').length > 0),
      );
      // The row stands still while the worker is held.
      await eventually(() => {
        const job = house.newest(people[meeting.asker]);
        return job?.state === 'running' && job.messageId === post.id;
      });
      return part(post, 'cancel');
    },
    does: /Cancelled|gone|nothing/,
  },
  'button forget': {
    names: 'person',
    others: NOT_YOURS,
    meet: onAnswer('privacy forget', {}, 'forget', -1),
    does: /👍/,
  },
  'button loras': {
    names: 'person',
    others: NOT_YOURS,
    meet: onAnswer('lora browse', {}, 'loras', -1),
    does: /page 2 of 2/,
  },
  'button vary': { ...wordsJob, meet: onResult('vary'), does: 'order' },
  'button source': { ...job, meet: onResult('source'), does: /^form: Start from this picture/ },
  'form sourceForm': { ...job, meet: formOf(onResult('source')), fields: { [FIELD.prompt]: 'a kite' }, does: 'order' },
  'button control': { ...wordsJob, meet: onResult('control'), does: /^form: Follow this picture/ },
  'form controlForm': {
    ...wordsJob,
    meet: overResult('Use as control'),
    fields: { [FIELD.prompt]: 'a kite', [FIELD.kind]: ['canny'] },
    does: 'order',
  },
  'form controlInputForm': {
    names: 'file',
    others: 'may',
    meet: overUpload('Use as control'),
    fields: { [FIELD.prompt]: 'a kite', [FIELD.kind]: ['canny'] },
    does: 'order',
  },
  'form varyForm': {
    ...wordsJob,
    meet: overResult('Vary this picture'),
    fields: { [FIELD.prompt]: 'a kite' },
    does: 'order',
  },
  'form inputForm': {
    names: 'file',
    others: 'may',
    meet: overUpload('Vary this picture'),
    fields: { [FIELD.prompt]: 'a kite' },
    does: 'order',
  },
  'select reshape': { ...wordsJob, meet: onResult('reshape'), values: ['zoom1.5'], does: 'order' },
  'button grow': { ...wordsJob, meet: onAlone('grow'), does: 'order' },
  'button region': { ...wordsJob, meet: onAlone('region'), does: /cells\.webp/ },
  'select regionCells': { ...wordsJob, meet: onCells('regionCells'), values: ['0', '1'], does: /^form: / },
  'button regionMask': { ...wordsJob, meet: onCells('regionMask'), does: /^form: / },
  'form regionForm': {
    ...wordsJob,
    meet: formOf(onCells('regionCells'), ['0', '5']),
    fields: { [FIELD.prompt]: 'a hat' },
    does: 'order',
  },
  'button expression': {
    names: 'job',
    honest: 'owner',
    meet: onMore('expression'),
    does: /^form: /,
    others: /You need the permission/,
  },
  'form expressionForm': {
    names: 'job',
    honest: 'owner',
    meet: formOf(onMore('expression')),
    fields: { name: 'hearty' },
    does: /Added|hearty/,
    others: /You need the permission/,
  },
  'button recipe': { ...wordsJob, meet: onMore('recipe'), does: /Recipe of/ },
  'button remake': {
    names: 'file',
    others: 'may',
    meet: async (meeting) => {
      const { house } = meeting.stage;
      const recipe = 'a fox\nSteps: 9, Sampler: Euler, Seed: 8, Size: 96x64';
      const { id } = await house.emulator.as(house.bob).say(house.channelId, recipe);
      return part(await shown(meeting, await as(meeting).messageMenu(id, 'Recipe')), 'remake');
    },
    does: 'order',
  },
  'button report': { ...job, meet: onMore('report'), does: /^form: Report this picture/ },
  'form reportForm': { ...job, meet: formOf(onMore('report')), fields: { [FIELD.reason]: 'rude' }, does: /Thank you/ },
  'button review': {
    names: 'job',
    at: 1,
    honest: 'moderator',
    meet: async (meeting) => {
      const { house, staff, people } = meeting.stage;
      const reporter = { ...meeting, presser: 'owner' } as const;
      const met = await formOf(onMore('report'))(reporter);
      if (met.kind === 'form') await as(reporter).submit(met.interactionId, {});
      const jobId = house.newest(people[meeting.asker])!.id;
      const card = await eventually(() =>
        house.posts(staff).find((one) => idsOf(one, `review:remove:${jobId}`).length > 0),
      );
      await eventually(() => house.store.reportOf(jobId)?.messageId === card.id);
      return part(card, 'review:remove');
    },
    does: /gone|nothing|took it away/,
    others: /for moderators/,
  },
  'button theirs': {
    names: 'person',
    honest: 'moderator',
    meet: async (meeting) => {
      const { house, people } = meeting.stage;
      const who = { ...meeting, presser: 'moderator' } as const;
      const outcome = await as(who).userMenu(house.channelId, people.member, 'Their pictures');
      return part(await shown(who, outcome), 'theirs', -1);
    },
    does: /in this server, page 2/,
    others: /for moderators/,
  },
  'button stats': {
    names: 'nothing',
    honest: 'manager',
    meet: onAnswer('admin stats', {}, 'stats', -1),
    does: /The last \d+ days/,
    others: /Manage Server/,
  },
  'button audit': {
    names: 'note',
    honest: 'manager',
    meet: onAnswer('admin audit', {}, 'audit', -1),
    does: /page 2/,
    others: /Manage Server/,
  },
};
