// One Discord message → one list item. Reads Discord's own message objects; sends what the user does to `act`.
import { byId, h } from './dom.js';
import { markdown } from './markdown.js';

const EPHEMERAL = 1 << 6;
const COMPONENTS_V2 = 1 << 15;
const LOADING = 1 << 7;
const LINK_BUTTON = 5;

const HUES = ['#5865f2', '#3ba55c', '#eb459e', '#c27c0e', '#1f8b9c', '#a84300'];

/** `act`: { click, select, reply, menu, remove, dismiss, jump }; `world`: names, menu commands, who acts. */
export function messageItem(message, world, act) {
  const ephemeral = (message.flags & EPHEMERAL) !== 0;
  const item = h('li', { className: ephemeral ? 'message ephemeral' : 'message', id: `m${message.id}` });
  item.append(...reference(message, world, act), avatar(message.author), body(message, world, act, ephemeral));
  if (!ephemeral) item.append(actions(message, world, act));
  return item;
}

function reference(message, world, act) {
  const target = message.referenced_message;
  const origin = message.interaction_metadata ?? message.interaction;
  if (target) return [quote(`↩ ${target.author.username}: ${plainText(target, world)}`, () => act.jump(target.id))];
  if (!origin) return [];
  const who = origin.user?.global_name ?? origin.user?.username ?? world.userName(origin.user_id);
  return [quote(`↩ ${who} used ${origin.name ? `/${origin.name}` : 'a command'}`, () => {})];
}

const plainText = (target, world) => h('span', {}, markdown(wordsOf(target), world)).textContent;
const wordsOf = (target) => target.content || cardWords(target.components ?? [])[0] || 'picture';
const cardWords = (parts) => parts.flatMap((part) => [part.content ?? [], cardWords(part.components ?? [])].flat());
/** Files of such a message are seen only where its parts show them. */
const isCard = (message) => (message.flags & COMPONENTS_V2) !== 0;
const quote = (text, onclick) => h('button', { type: 'button', className: 'reference', onclick }, text);

function avatar(author) {
  const hue = HUES[Number(BigInt(author.id) % BigInt(HUES.length))];
  return h('div', { className: 'avatar', style: `background:${hue}`, 'aria-hidden': 'true' }, nameOf(author)[0]);
}

const nameOf = (user) => user.global_name ?? user.username;

function body(message, world, act, ephemeral) {
  return h(
    'div',
    { className: 'body' },
    h('span', { className: 'author' }, nameOf(message.author)),
    message.author.bot ? h('span', { className: 'tag' }, 'APP') : null,
    h('time', { className: 'when', dateTime: message.timestamp }, new Date(message.timestamp).toLocaleTimeString()),
    text(message, world),
    ...(message.embeds ?? []).map((embed) => embedCard(embed, world)),
    files(isCard(message) ? [] : (message.attachments ?? [])),
    ...(message.components ?? []).map((part) => component(part, message, world, act)),
    reactions(message.reactions ?? []),
    ephemeral ? privateNote(message, act) : null,
  );
}

function text(message, world) {
  const thinking = (message.flags & LOADING) !== 0;
  if (thinking) return h('div', { className: 'text dots', role: 'status' }, 'thinking ');
  const edited = message.edited_timestamp ? h('span', { className: 'note' }, ' (edited)') : null;
  return message.content ? h('div', { className: 'text' }, markdown(message.content, world), edited) : null;
}

function privateNote(message, act) {
  const dismiss = h(
    'button',
    { type: 'button', className: 'reference', onclick: () => act.dismiss(message) },
    'Dismiss',
  );
  return h('div', { className: 'note' }, '👁 Only you can see this ', dismiss);
}

function embedCard(embed, world) {
  const color = embed.color === undefined ? null : `border-color:#${embed.color.toString(16).padStart(6, '0')}`;
  return h(
    'div',
    { className: 'embed', style: color ?? '' },
    embed.title ? h('h4', {}, markdown(embed.title, world)) : null,
    embed.description ? h('div', { className: 'text' }, markdown(embed.description, world)) : null,
    h(
      'div',
      { className: 'fields' },
      (embed.fields ?? []).map((field) => embedField(field, world)),
    ),
    embed.image?.url ? h('img', { src: embed.image.url, alt: embed.image.description ?? '' }) : null,
    embed.footer ? h('div', { className: 'note' }, embed.footer.text) : null,
  );
}

function embedField(field, world) {
  const className = field.inline ? 'field inline' : 'field';
  return h('div', { className }, h('b', {}, field.name), h('div', { className: 'text' }, markdown(field.value, world)));
}

function files(attachments) {
  return h('div', { className: 'files' }, attachments.map(file));
}

function file(attachment) {
  const isPicture = /^image\//.test(attachment.content_type ?? '') || /\.(png|jpe?g|webp)$/i.test(attachment.filename);
  if (!isPicture) return h('a', { href: attachment.url, target: '_blank' }, attachment.filename);
  const alt = attachment.description ?? attachment.filename;
  const image = h('img', { src: attachment.url, alt, title: alt, loading: 'lazy' });
  return h(
    'button',
    { type: 'button', 'aria-label': `Open: ${alt}`, onclick: () => enlarge(attachment.url, alt) },
    image,
  );
}

function enlarge(url, alt) {
  const box = byId('lightbox');
  box.replaceChildren(h('img', { src: url, alt }), h('p', {}, alt));
  box.onclick = () => box.close();
  box.showModal();
}

const TYPE = {
  row: 1,
  button: 2,
  select: 3,
  section: 9,
  text: 10,
  thumbnail: 11,
  gallery: 12,
  file: 13,
  separator: 14,
  container: 17,
};

function component(part, message, world, act) {
  const inside = () => (part.components ?? []).map((one) => component(one, message, world, act));
  if (part.type === TYPE.row) return h('div', { className: 'row' }, inside());
  if (part.type === TYPE.container) return h('div', { className: 'card' }, inside());
  if (part.type === TYPE.text) return h('div', { className: 'text' }, markdown(part.content, world));
  if (part.type === TYPE.gallery) return gallery(part);
  if (part.type === TYPE.thumbnail) return thumbnail(part);
  if (part.type === TYPE.section) {
    const beside = component(part.accessory, message, world, act);
    return h('div', { className: 'section' }, h('div', {}, inside()), beside);
  }
  if (part.type === TYPE.separator) return h('hr', {});
  if (part.type === TYPE.file) return h('a', { href: part.file.url, target: '_blank' }, part.name ?? 'file');
  if (part.type === TYPE.button) return button(part, message, act);
  if (part.type === TYPE.select) return selectMenu(part, message, act);
  return h('span', { className: 'note' }, `component of type ${part.type}`);
}

function thumbnail({ media, description, spoiler }) {
  return h('div', { className: 'thumbnail' }, galleryItem(media.url, description ?? '', spoiler));
}

function gallery({ items }) {
  const pictures = items.map(({ media, description, spoiler }) => galleryItem(media.url, description ?? '', spoiler));
  return h('div', { className: `gallery of${Math.min(items.length, 5)}` }, pictures);
}

/** A covered picture is opened by the first click, enlarged by the second. */
function galleryItem(url, alt, isSpoiler) {
  const item = h('button', { type: 'button', 'aria-label': `Open: ${alt}`, title: alt }, h('img', { src: url, alt }));
  if (isSpoiler) item.dataset.spoiler = 'SPOILER';
  item.addEventListener('click', () => {
    if (item.dataset.spoiler === undefined) enlarge(url, alt);
    else delete item.dataset.spoiler;
  });
  return item;
}

function label(part) {
  return [part.emoji?.name, part.label].filter(Boolean).join(' ');
}

function button(part, message, act) {
  if (part.style === LINK_BUTTON) return h('a', { href: part.url, target: '_blank', rel: 'noreferrer' }, label(part));
  const props = { type: 'button', className: `style${part.style}`, disabled: part.disabled === true };
  const element = h('button', { ...props, title: part.label ?? part.emoji?.name ?? '' }, label(part));
  element.addEventListener('click', () => busyWhile(element, act.click(message, part.custom_id)));
  return element;
}

async function busyWhile(element, promise) {
  element.dataset.busy = '';
  await promise.finally(() => delete element.dataset.busy);
}

function selectMenu(part, message, act) {
  const chosen = (part.options ?? []).some((option) => option.default === true);
  const first = h('option', { value: '', disabled: true, selected: !chosen }, part.placeholder ?? 'Make a selection');
  const options = (part.options ?? []).map((option) =>
    h('option', { value: option.value, selected: option.default === true }, label(option)),
  );
  const element = h(
    'select',
    { disabled: part.disabled === true, 'aria-label': part.placeholder ?? 'Choose' },
    first,
    options,
  );
  if ((part.max_values ?? 1) === 1) {
    element.addEventListener('change', () => act.select(message, part.custom_id, [element.value]));
    return element;
  }
  // Several: chosen with Ctrl, taken with a press.
  first.remove();
  Object.assign(element, { multiple: true, size: 6 });
  const take = h('button', { type: 'button' }, 'Choose');
  take.addEventListener('click', () => {
    const values = [...element.selectedOptions].map((option) => option.value);
    if (values.length > 0) act.select(message, part.custom_id, values);
  });
  return h('span', { className: 'several' }, element, take);
}

function reactions(list) {
  if (list.length === 0) return null;
  return h(
    'div',
    { className: 'reactions' },
    list.map((entry) => h('span', {}, `${entry.emoji.name} ${entry.count}`)),
  );
}

function actions(message, world, act) {
  const reply = h('button', { type: 'button', onclick: () => act.reply(message) }, 'Reply');
  const mayDelete = message.author.id === world.actorId;
  const remove = mayDelete ? h('button', { type: 'button', onclick: () => act.remove(message) }, 'Delete') : null;
  return h('div', { className: 'actions' }, reply, appsMenu(message, world, act), remove);
}

function appsMenu(message, world, act) {
  if (world.messageCommands.length === 0) return null;
  const options = world.messageCommands.map((command) => h('option', { value: command.name }, command.name));
  const menu = h('select', { 'aria-label': 'Apps' }, h('option', { value: '' }, 'Apps'), options);
  menu.addEventListener('change', () => {
    act.menu(message, menu.value);
    menu.value = '';
  });
  return menu;
}
