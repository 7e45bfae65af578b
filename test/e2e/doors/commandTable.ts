// What every command and subcommand is for: who may use it where, an honest use of it, and what comes of that. Written by hand from what the
// README promises, never from the declarations, which are compared with it.
import type { JobKind } from '../../../src/core/job.ts';
import type { OptionValues } from '../../../src/emulator/actor.ts';
import type { Outcome } from '../../../src/emulator/views.ts';
import { FILE, type Place, quiet, type Role, type Stage } from './stage.ts';

export interface Visit {
  readonly stage: Stage;
  readonly role: Role;
  readonly userId: string;
  readonly place: Place;
  readonly channelId: string;
  /** A finished picture of that person. */
  readonly jobId: string;
  /** Its message. */
  readonly messageId: string;
}

export interface CommandDoor {
  /** `owner`: shown to all who manage the server, done for the owner of the bot alone. */
  readonly who: 'anybody' | 'moderators' | 'managers' | 'owner';
  readonly where: 'anywhere' | 'servers';
  /** Absent: without options, in the words `says`. */
  readonly use?: (visit: Visit) => Promise<Outcome>;
  readonly options?: (visit: Visit) => OptionValues;
  /** What is done before, so that there is something to use it on. */
  readonly before?: (visit: Visit) => Promise<unknown>;
  /** The kind of the job that comes of it: an order is refused to the banned and in closed channels. */
  readonly makes?: JobKind;
  readonly says?: RegExp;
}

const anywhere = { who: 'anybody', where: 'anywhere' } as const;
const managers = { who: 'managers', where: 'servers' } as const;
const ownerAlone = { who: 'owner', where: 'servers' } as const;
const run = ({ stage, userId, channelId }: Visit, command: string, options: OptionValues = {}) =>
  stage.house.emulator.as(userId).command(channelId, command, options);
const menu =
  (name: string) =>
  ({ stage, userId, messageId }: Visit) =>
    stage.house.emulator.as(userId).messageMenu(messageId, name);
const victim = ({ stage }: Visit) => ({ user: stage.victim });
const role = ({ stage }: Visit) => ({ role: stage.roleId });
const spare = ({ stage }: Visit) => ({ channel: stage.spareChannel });

const saveStyle = (visit: Visit) => run(visit, 'style save', { name: 'mine', text: 'ink drawing' });
const saveList = (visit: Visit) => run(visit, 'wildcard save', { name: 'pets', words: 'cat, dog' });
const stack = (visit: Visit) => run(visit, 'lora use', { name: 'lora-2' });
const BEETLES = { word: 'zyzzyva', name: 'no beetles' };
const addRule = (visit: Visit) => run(visit, 'admin words add', BEETLES);
const quietly = ({ stage }: Visit) => quiet(stage);

export const COMMAND_DOORS: Readonly<Record<string, CommandDoor>> = {
  '/imagine': { ...anywhere, options: () => ({ prompt: 'a hill --steps 2' }), makes: 'imagine' },
  '/grid': { ...anywhere, options: () => ({ prompt: 'a hill', across: 'cfg: 3, 5' }), says: /This makes 2 pictures/ },
  '/blend': { ...anywhere, options: () => ({ first: FILE, second: FILE, prompt: 'two hills' }), makes: 'variation' },
  '/upscale': { ...anywhere, options: ({ jobId }) => ({ picture: jobId }), makes: 'upscale' },
  '/history': {
    ...anywhere,
    options: () => ({ search: 'heart' }),
    says: /Your pictures, page 1.*with “heart”.*a red heart/s,
  },
  '/favourites': { ...anywhere, says: /No favourites yet/ },
  '/show': { ...anywhere, options: ({ jobId }) => ({ id: jobId }), says: /a red heart/ },
  '/verify': { ...anywhere, options: ({ jobId }) => ({ id: jobId }), makes: 'verify' },
  '/style save': { ...anywhere, options: () => ({ name: 'mine', text: 'ink drawing' }), says: /Saved as \*\*mine\*\*/ },
  '/style use': {
    ...anywhere,
    before: saveStyle,
    options: () => ({ name: 'mine' }),
    says: /From now on \*\*mine\*\* is added/,
  },
  '/style list': { ...anywhere, before: saveStyle, says: /\*\*mine\*\*.*ink drawing/s },
  '/style share': {
    ...anywhere,
    before: saveStyle,
    options: () => ({ name: 'mine' }),
    says: /now use \*\*mine\*\*|\*\*mine\*\* is yours alone again|shared with a server; there is none/,
  },
  '/style delete': {
    ...anywhere,
    before: saveStyle,
    options: () => ({ name: 'mine' }),
    says: /\*\*mine\*\* is deleted/,
  },
  '/wildcard save': {
    ...anywhere,
    options: () => ({ name: 'pets', words: 'cat, dog' }),
    says: /`__pets__` takes one of 2/,
  },
  '/wildcard list': { ...anywhere, before: saveList, says: /`__pets__` ✎ \(2\) · cat, dog/ },
  '/wildcard delete': {
    ...anywhere,
    before: saveList,
    options: () => ({ name: 'pets' }),
    says: /`__pets__` is deleted/,
  },
  '/lora browse': { ...anywhere, says: /LoRAs for testmodel, page 1 of 2.*lora-1/s },
  '/lora use': { ...anywhere, options: () => ({ name: 'lora-2' }), says: /Your LoRAs.*lora-2:1/s },
  '/lora stack': { ...anywhere, before: stack, options: () => ({ name: 'lora-3' }), says: /lora-2:1.*lora-3:1/s },
  '/lora strength': {
    ...anywhere,
    before: stack,
    options: () => ({ name: 'lora-2', strength: 0.5 }),
    says: /lora-2:0\.5/,
  },
  '/lora save': { ...anywhere, before: stack, options: () => ({ name: 'pair' }), says: /Saved as \*\*pair\*\*/ },
  '/lora load': {
    ...anywhere,
    before: async (visit) => {
      await stack(visit);
      await run(visit, 'lora save', { name: 'pair' });
    },
    options: () => ({ name: 'pair' }),
    says: /Your LoRAs.*lora-2:1/s,
  },
  '/lora info': { ...anywhere, options: () => ({ name: 'lora-4' }), says: /\*\*lora-4\*\*.*fits testmodel/s },
  '/lora words': { ...anywhere, options: () => ({ place: 'suggest' }), says: /words a LoRA knows are shown to you/ },
  '/lora clear': { ...anywhere, before: stack, says: /not using any LoRA now/ },
  '/lora upload': {
    ...anywhere,
    options: () => ({ file: { ...FILE, name: 'x.safetensors' } }),
    // This stage has no folder for them; botLoraKeeping.test.ts has.
    says: /LoRAs cannot be handed in here|handed in by the owner of this bot/,
  },
  '/lora remove': {
    ...anywhere,
    options: () => ({ name: 'lora-5' }),
    says: /\*\*lora-5\*\* did not come through Discord/,
  },
  '/settings': { ...anywhere, says: /\*\*Your settings\*\*.*Language: as in my Discord/s },
  '/queue': { ...anywhere, says: /waiting, \d+ being made/ },
  '/cancel': { ...anywhere, before: quietly, says: /You have nothing waiting or running/ },
  '/quota': { ...anywhere, says: /of 100,000 pictures today/ },
  '/help': { ...anywhere, says: /\/imagine/ },
  '/privacy export': { ...anywhere, says: /darkroom-[0-9a-f]{8}\.json/ },
  '/privacy forget': { ...anywhere, says: /This erases your prompts/ },

  '/admin ban': { ...managers, options: victim, says: /<@\d+> can no longer make pictures in this server/ },
  '/admin unban': {
    ...managers,
    before: (visit) => run(visit, 'admin ban', victim(visit)),
    options: victim,
    says: /<@\d+> can make pictures again/,
  },
  '/admin timeout': {
    ...managers,
    options: (visit) => ({ ...victim(visit), duration: '1h' }),
    says: /<@\d+> can make pictures again <t:\d+:R>/,
  },
  '/admin words add': { ...managers, options: () => BEETLES, says: /The rule \*\*no beetles\*\* now holds/ },
  '/admin words list': { ...managers, before: addRule, says: /\*\*no beetles\*\* zyzzyva/ },
  '/admin words test': {
    ...managers,
    before: addRule,
    options: () => ({ text: 'a zyzzyva' }),
    says: /Rule \*\*no beetles\*\* → refuse/,
  },
  '/admin words remove': {
    ...managers,
    before: addRule,
    options: () => ({ name: 'no beetles' }),
    says: /\*\*no beetles\*\* is gone/,
  },
  '/admin channels allow': { ...managers, options: spare, says: /I may be used in <#\d+>/ },
  '/admin channels deny': { ...managers, options: spare, says: /I may not be used in <#\d+> any more/ },
  '/admin channels reset': { ...managers, options: spare, says: /<#\d+> follows the rest of the server again/ },
  '/admin channels nsfw-policy': {
    ...managers,
    options: (visit) => ({ ...spare(visit), level: 'strict' }),
    says: /<#\d+>: \*\*strict\*\*/,
  },
  '/admin channels list': { ...managers, says: /⛔ <#\d+>/ },
  '/admin policy': { ...managers, says: /Ordinary channels: \*\*standard\*\*/ },
  '/admin retention': { ...managers, options: () => ({ days: 0 }), says: /Files of this server are kept/ },
  '/admin reports': {
    ...managers,
    options: ({ stage }) => ({ channel: stage.staff }),
    says: /Reports appear in <#\d+>/,
  },
  '/admin strikes': { ...managers, options: victim, says: /has no strikes/ },
  '/admin audit': { ...managers, says: /What was done in this server, page 1/ },
  '/admin doctor': { ...managers, says: /I have every right I need/ },
  '/admin quota user': {
    ...managers,
    options: (visit) => ({ ...victim(visit), pictures: 9 }),
    says: /<@\d+> may now make 9 pictures a day/,
  },
  '/admin quota role': { ...managers, options: (visit) => ({ ...role(visit), pictures: 9 }), says: /<@&\d+>: 9 a day/ },
  '/admin quota server': {
    ...managers,
    options: () => ({ pictures: 100_000 }),
    // The owner comes first, and what the owner set is the owner's.
    says: /this server together: 100000 a day|set by the owner of this bot/,
  },
  '/admin quota show': { ...managers, says: /Pictures people may make here.*Everybody: 100000 a day/s },
  '/admin grant': { ...managers, options: (visit) => ({ ...victim(visit), pictures: 1 }), says: /<@\d+> was given 1 / },
  '/admin limits': { ...managers, says: /Most a request may ask for in this server/ },
  '/admin models enable': {
    ...managers,
    options: () => ({ name: 'other' }),
    says: /Everybody may use the model \*\*other\*\*/,
  },
  '/admin models disable': { ...managers, options: () => ({ name: 'other' }), says: /model \*\*other\*\*/ },
  '/admin models allow-role': {
    ...managers,
    options: (visit) => ({ ...role(visit), name: 'other' }),
    says: /the model \*\*other\*\* is for <@&\d+>/,
  },
  '/admin models list': { ...managers, says: /Models in this server.*testmodel.*other/s },
  '/admin queue show': { ...managers, says: /Of this server: \d+ waiting, \d+ being made/ },
  '/admin queue pause': { ...ownerAlone, says: /The queue is paused/ },
  '/admin queue drain': { ...ownerAlone, says: /The queue is being emptied/ },
  '/admin queue resume': { ...ownerAlone, says: /It runs: requests are taken and made/ },
  '/admin queue cancel': {
    ...managers,
    options: ({ jobId }) => ({ request: jobId }),
    says: /There is no waiting or running request `#\w+`/,
  },
  '/admin queue clear': { ...managers, options: victim, says: /Cancelled for <@\d+>: 0/ },
  '/admin queue priority': {
    ...ownerAlone,
    options: (visit) => ({ ...role(visit), weight: 2 }),
    says: /<@&\d+> now has 2 times the share/,
  },
  '/admin stats': { ...managers, says: /The last 30 days/ },
  '/admin lora allow': {
    ...managers,
    options: () => ({ name: 'lora-6' }),
    says: /Everybody may use \*\*lora-6\*\* again/,
  },
  '/admin lora deny': { ...managers, options: () => ({ name: 'lora-6' }), says: /Nobody may use \*\*lora-6\*\*/ },
  '/admin lora default': { ...managers, options: () => ({ loras: 'lora-7' }), says: /uses in this server: lora-7:1/ },
  '/admin lora uploader': {
    ...ownerAlone,
    options: (visit) => ({ ...role(visit), may: true }),
    says: /<@&\d+> may now hand in LoRAs/,
  },
  '/admin lora list': {
    ...managers,
    before: (visit) => run(visit, 'admin lora deny', { name: 'lora-6' }),
    says: /lora-6: nobody/,
  },
  '/admin look': { ...managers, options: () => ({ kind: 'card' }), says: /Results here are cards/ },

  'message:Vary this picture': { ...anywhere, use: menu('Vary this picture'), says: /^form: Vary this picture/ },
  'message:Use as source': { ...anywhere, use: menu('Use as source'), says: /^form: Start from this picture/ },
  'message:Use as control': { ...anywhere, use: menu('Use as control'), says: /^form: Follow this picture/ },
  'message:Recipe': { ...anywhere, use: menu('Recipe'), says: /Recipe of .*a red heart/s },
  'message:Report': { who: 'anybody', where: 'servers', use: menu('Report'), says: /^form: Report this picture/ },
  'user:Their pictures': {
    who: 'moderators',
    where: 'servers',
    use: ({ stage, userId, channelId }) =>
      stage.house.emulator.as(userId).userMenu(channelId, stage.people.member, 'Their pictures'),
    says: /Pictures of <@\d+> in this server, page 1/,
  },
};

/** Through that door, honestly. */
export async function enter(door: string, visit: Visit): Promise<Outcome> {
  const { use, options } = COMMAND_DOORS[door]!;
  return use === undefined ? run(visit, door.slice(1), options?.(visit)) : use(visit);
}

/** Who the program lets, where a client did not offer it: whoever manages the server may look as moderators do. */
export const LET_IN_CODE: Readonly<Record<CommandDoor['who'], readonly Role[]>> = {
  anybody: [],
  moderators: ['owner', 'manager', 'moderator'],
  managers: ['owner', 'manager'],
  owner: ['owner'],
};

export const HOLDS: Readonly<Record<CommandDoor['who'], readonly Role[]>> = {
  anybody: ['owner', 'manager', 'moderator', 'member', 'banned'],
  moderators: ['owner', 'moderator'],
  managers: ['owner', 'manager'],
  owner: ['owner'],
};
