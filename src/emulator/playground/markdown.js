// The part of Discord's markdown that bots and people use in messages, as DOM nodes.
import { h } from './dom.js';

const INLINE = [
  [/^\\([^a-zA-Z0-9\s])/, (m) => document.createTextNode(m[1])],
  [/^```(?:\w*\n)?([\s\S]+?)```/, (m) => h('pre', {}, m[1])],
  [/^`([^`]+)`/, (m) => h('code', {}, m[1])],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m, world) => h('strong', {}, inline(m[1], world))],
  [/^__([\s\S]+?)__/, (m, world) => h('u', {}, inline(m[1], world))],
  [/^~~([\s\S]+?)~~/, (m, world) => h('s', {}, inline(m[1], world))],
  [/^\*([^\s*][\s\S]*?)\*/, (m, world) => h('em', {}, inline(m[1], world))],
  [/^_([^_]+)_(?!\w)/, (m, world) => h('em', {}, inline(m[1], world))],
  [/^\|\|([\s\S]+?)\|\|/, (m, world) => spoiler(inline(m[1], world))],
  [/^<@!?(\d+)>/, (m, world) => h('span', { className: 'mention' }, `@${world.userName(m[1])}`)],
  [/^<@&(\d+)>/, (m, world) => h('span', { className: 'mention' }, `@${world.roleName(m[1])}`)],
  [/^<#(\d+)>/, (m, world) => h('span', { className: 'mention' }, `#${world.channelName(m[1])}`)],
  [/^<\/([\w -]+):\d+>/, (m) => h('span', { className: 'mention' }, `/${m[1]}`)],
  [/^<t:(-?\d+)(?::(\w))?>/, (m) => timestamp(Number(m[1]) * 1000, m[2])],
  [/^\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/, (m, world) => link(m[2], inline(m[1], world))],
  [/^<?(https?:\/\/[^\s<>]+[^\s<>.,;:!?)])>?/, (m) => link(m[1], [m[1]])],
];

function inline(text, world) {
  const nodes = [];
  let plain = '';
  for (let rest = text; rest.length > 0; ) {
    const hit = firstMatch(rest, world);
    if (hit !== null) nodes.push(plain, hit.node);
    plain = hit === null ? plain + rest[0] : '';
    rest = rest.slice(hit === null ? 1 : hit.length);
  }
  return [...nodes, plain].filter((node) => node !== '');
}

function firstMatch(rest, world) {
  if (!/^[\\`*_~|<[h]/.test(rest)) return null;
  for (const [pattern, make] of INLINE) {
    const match = pattern.exec(rest);
    if (match !== null) return { node: make(match, world), length: match[0].length };
  }
  return null;
}

function spoiler(children) {
  const button = h(
    'button',
    { type: 'button', className: 'spoiler', 'aria-label': 'Spoiler, press to show' },
    children,
  );
  button.addEventListener('click', () => button.classList.add('open'));
  return button;
}

function link(href, children) {
  return h('a', { href, target: '_blank', rel: 'noreferrer noopener' }, children);
}

function timestamp(ms, style) {
  const date = new Date(ms);
  const element = h('time', { dateTime: date.toISOString(), title: date.toLocaleString() }, wording(date, style));
  if (style === 'R') element.dataset.relative = String(ms);
  return element;
}

function wording(date, style) {
  if (style === 'R') return relative(date.getTime());
  if (style === 't' || style === 'T') return date.toLocaleTimeString();
  if (style === 'd' || style === 'D') return date.toLocaleDateString();
  return date.toLocaleString();
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** "in 5 minutes", "3 hours ago". */
export function relative(ms, nowMs = Date.now()) {
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  const delta = ms - nowMs;
  const [unit, size] = UNITS.find(([, unitMs]) => Math.abs(delta) >= unitMs) ?? UNITS.at(-1);
  return words.format(Math.round(delta / size), unit);
}

const LINES = [
  [/^-# (.*)/, (m, world) => h('small', {}, inline(m[1], world))],
  [/^#{1,3} (.*)/, (m, world) => h('strong', {}, inline(m[1], world))],
  [/^> (.*)/, (m, world) => h('blockquote', {}, inline(m[1], world))],
];

/** A whole message's content. `world` names users and channels: { userName(id), channelName(id) }. */
export function markdown(text, world) {
  if (text.includes('```')) return inline(text, world);
  // A quote is a block of its own and needs no line breaks around it.
  const isQuote = /^> /;
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const [pattern, make] = LINES.find(([candidate]) => candidate.test(line)) ?? [null, null];
    const nodes = pattern === null ? inline(line, world) : [make(pattern.exec(line), world)];
    const before = index > 0 && !isQuote.test(lines[index - 1]);
    return before && !isQuote.test(line) ? ['\n', ...nodes] : nodes;
  });
}
