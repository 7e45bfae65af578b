// The list above the composer: commands, choices, autocomplete answers. One keyboard model for all of them.
import { byId, h } from './dom.js';

const list = byId('suggestions');
let entries = [];
let selected = 0;
let choose = () => {};

/** Shows `items` ({ title, note, value }); `onChoose(item)` is called for Enter, Tab or a click. */
export function suggest(items, onChoose) {
  entries = items;
  choose = onChoose;
  selected = 0;
  list.hidden = items.length === 0;
  list.replaceChildren(...items.map(row));
  mark();
}

export function hideSuggestions() {
  suggest([], () => {});
}

function row(item, index) {
  const note = item.note ? h('i', {}, item.note) : null;
  const element = h('div', { role: 'option', id: `suggestion${index}` }, h('b', {}, item.title), note);
  element.addEventListener('mousedown', (event) => {
    event.preventDefault();
    take(index);
  });
  return element;
}

function take(index) {
  const item = entries[index];
  const then = choose;
  hideSuggestions();
  then(item);
}

function mark() {
  [...list.children].forEach((element, index) => {
    element.setAttribute('aria-selected', String(index === selected));
    if (index === selected) element.scrollIntoView({ block: 'nearest' });
  });
}

/** True when the key was for the list. */
export function suggestionKey(event) {
  if (list.hidden) return false;
  if (event.key === 'Escape') hideSuggestions();
  else if (event.key === 'ArrowDown') selected = (selected + 1) % entries.length;
  else if (event.key === 'ArrowUp') selected = (selected + entries.length - 1) % entries.length;
  else if (event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey)) take(selected);
  else return false;
  mark();
  event.preventDefault();
  return true;
}
