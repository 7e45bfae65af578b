// The playground: one channel as one user sees it. Holds what is shown; the emulator holds the truth.
import * as api from './api.js';
import { makeComposer } from './composer.js';
import { byId, h } from './dom.js';
import { relative } from './markdown.js';
import { messageItem } from './message.js';
import { askModal } from './modal.js';

const CHAT_COMMAND = 1;
const MESSAGE_COMMAND = 3;
const NEAR_BOTTOM_PX = 120;
const CLOCK_MS = 1000;

const list = byId('messages');
const world = {
  actorId: '',
  channelId: '',
  users: [],
  channels: [],
  roles: [],
  slashCommands: [],
  messageCommands: [],
  userName: (id) => world.users.find((user) => user.id === id)?.username ?? 'someone',
  roleName: (id) => world.roles.find((role) => role.id === id)?.name ?? 'some role',
  channelName: (id) => world.channels.find((channel) => channel.id === id)?.name ?? 'somewhere',
};
let application = null;
/** Channel and person the line at the bottom is for. */
let openPlace = '';
let stopListening = () => {};

const asActor = (action, body) => api.act(world.actorId, action, body);

/** Runs what the user did, follows a modal, and says what went wrong. */
async function follow(promise) {
  const outcome = await promise;
  if (outcome.kind === 'failed') throw new Error('The application did not respond');
  if (outcome.kind === 'modal') await fillModal(outcome);
  return outcome;
}

async function fillModal({ interactionId, modal }) {
  const fields = await askModal(modal);
  if (fields === null) return asActor('dismissModal', { interactionId });
  return follow(asActor('submit', { interactionId, fields: await handedIn(fields) }));
}

/** Files are handed in first and named by their id. */
async function handedIn(fields) {
  const entries = Object.entries(fields).map(async ([name, value]) => {
    return [name, value instanceof File ? { upload: await api.upload(value) } : value];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const complaining = (promise) => promise.catch((error) => composer.complain(error.message));

const composer = makeComposer(
  {
    say: async (text, file, target) => {
      const uploads = file === null ? [] : [await api.upload(file)];
      if (target === null) return asActor('say', { channelId: world.channelId, text, uploads });
      return asActor('reply', { messageId: target.id, text, ping: true, uploads });
    },
    run: async (entry, options, attachments) => {
      const values = byName(options);
      for (const [name, file] of attachments) values[name] = await api.upload(file);
      return follow(asActor('command', { channelId: world.channelId, name: entry.path.join(' '), options: values }));
    },
    autocomplete: async (entry, options, focused) => {
      const { [focused]: value = '', ...others } = byName(options);
      const place = { channelId: world.channelId, name: entry.path.join(' ') };
      return (await asActor('autocomplete', { ...place, focused, value, options: others })).choices ?? [];
    },
  },
  world,
);

const byName = (options) => Object.fromEntries(options.map((option) => [option.name, option.value]));

const act = {
  click: (message, button) => complaining(follow(asActor('click', { messageId: message.id, button }))),
  select: (message, customId, values) =>
    complaining(follow(asActor('select', { messageId: message.id, customId, values }))),
  menu: (message, name) => complaining(follow(asActor('messageMenu', { messageId: message.id, name }))),
  remove: (message) => complaining(asActor('delete', { messageId: message.id })),
  dismiss: (message) => complaining(asActor('delete', { messageId: message.id })),
  reply: (message) => composer.reply(message),
  jump: (id) => byId(`m${id}`)?.scrollIntoView({ block: 'center', behavior: 'smooth' }),
};

function show(message) {
  if (message.channel_id !== world.channelId) return;
  const atBottom = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_BOTTOM_PX;
  const item = messageItem(message, world, act);
  const old = byId(`m${message.id}`);
  if (old === null) list.append(item);
  else old.replaceWith(item);
  if (atBottom) scrollDown(item);
}

function scrollDown(item) {
  const down = () => {
    list.scrollTop = list.scrollHeight;
  };
  for (const image of item.querySelectorAll('img')) image.addEventListener('load', down, { once: true });
  down();
}

const onEvent = {
  message: ({ message }) => show(message),
  edit: ({ message }) => show(message),
  reaction: ({ message }) => show(message),
  delete: ({ id }) => byId(`m${id}`)?.remove(),
  interaction: ({ outcome }) => outcome.message && show(outcome.message),
  commands: () => loadCommands(),
  world: () => loadState(),
  online: ({ online }) => showLink(online),
};

function showLink(online) {
  byId('link').textContent = online ? '' : 'The bot is not connected.';
}

async function loadState() {
  const state = await api.state();
  application = state.application;
  world.users = state.users;
  const guild = state.guilds[0];
  world.channels = [...(guild?.channels ?? []), ...directMessages(state)];
  world.roles = guild?.roles ?? [];
  byId('guild').textContent = guild?.name ?? 'Direct messages';
  const people = state.users.filter((user) => !user.bot);
  world.actorId = people.some((user) => user.id === world.actorId) ? world.actorId : (people[0]?.id ?? '');
  showPeople(people);
  showChannels();
  showLink(state.online);
}

function directMessages(state) {
  const mine = state.dms.filter((channel) => channel.recipientIds.includes(world.actorId));
  return mine.map((channel) => ({ ...channel, name: application.user.username, isDm: true }));
}

function showPeople(people) {
  const options = people.map((user) => h('option', { value: user.id }, user.global_name ?? user.username));
  byId('actor').replaceChildren(...options);
  byId('actor').value = world.actorId;
}

function showChannels() {
  byId('channels').replaceChildren(...world.channels.map(channelItem));
}

function channelItem(channel) {
  const name = channel.isDm ? `@ ${channel.name}` : `# ${channel.name}`;
  const current = channel.id === world.channelId ? { 'aria-current': 'page' } : {};
  return h('li', {}, h('button', { type: 'button', ...current, onclick: () => open(channel.id) }, name));
}

async function loadCommands() {
  const commands = await api.commandsFor(world.channelId, world.actorId);
  world.slashCommands = commands.filter((command) => command.type === CHAT_COMMAND);
  world.messageCommands = commands.filter((command) => command.type === MESSAGE_COMMAND);
}

async function open(channelId) {
  const place = `${channelId} ${world.actorId}`;
  const isSamePlace = place === openPlace;
  openPlace = place;
  world.channelId = channelId;
  byId('channel').textContent = `# ${world.channelName(channelId)}`;
  showChannels();
  await loadCommands();
  const messages = await api.messagesFor(channelId, world.actorId);
  list.replaceChildren(welcome());
  for (const message of messages) show(message);
  composer.refresh(isSamePlace);
}

function welcome() {
  const hint = [
    'Type ',
    h('kbd', {}, '/imagine a red heart'),
    ' and press Enter. Then click Reply on the picture and write ',
  ];
  const rest = [h('kbd', {}, 'blue'), '. Everything here stays on this machine.'];
  return h('li', { className: 'welcome' }, h('h3', {}, 'Welcome to the darkroom'), ...hint, ...rest);
}

async function become(userId) {
  world.actorId = userId;
  stopListening();
  stopListening = api.listen(userId, (event) => onEvent[event.type]?.(event), showStream);
  await loadState();
  await open(world.channels.some(({ id }) => id === world.channelId) ? world.channelId : world.channels[0].id);
}

function showStream(linked) {
  if (!linked) byId('link').textContent = 'The playground has stopped; start it again with npm start.';
  else loadState().then(() => open(world.channelId || world.channels[0].id));
}

function tick() {
  for (const element of document.querySelectorAll('time[data-relative]')) {
    element.textContent = relative(Number(element.dataset.relative));
  }
}

byId('actor').addEventListener('change', (event) => complaining(become(event.target.value)));
byId('composer').addEventListener('submit', (event) => event.preventDefault());
setInterval(tick, CLOCK_MS);
await loadState();
await become(world.actorId);
