// The line at the bottom: plain messages and replies, or, after "/", a command with its options.
import { byId, h } from './dom.js';
import { hideSuggestions, suggest, suggestionKey } from './suggestions.js';

const TYPE = { subcommand: 1, string: 3, integer: 4, boolean: 5, user: 6, channel: 7, number: 10, attachment: 11 };
const AUTOCOMPLETE_WAIT_MS = 200;

const nameOf = ({ path }) => path.join(' ');
const longestFirst = (a, b) => b.path.length - a.path.length;

const line = byId('line');
const replying = byId('replying');
const trouble = byId('trouble');

/**
 * `api`: { say(text, file, replyTo), run(command, options, attachments), autocomplete(command, options, focused) },
 * each a promise; `world`: { slashCommands, users, channels }.
 */
export function makeComposer(api, world) {
  let replyTo = null;
  let busy = false;
  const complain = (message) => {
    trouble.hidden = message === '';
    trouble.textContent = message;
  };
  /** One thing at a time: Enter pressed twice sends once. */
  const attempt = async (start) => {
    if (busy) return false;
    busy = true;
    try {
      await start();
      complain('');
      return true;
    } catch (error) {
      complain(error.message);
      return false;
    } finally {
      busy = false;
    }
  };

  function plain(focus = true) {
    hideSuggestions();
    const input = textInput();
    const upload = h('input', { type: 'file', accept: 'image/png,image/jpeg,image/webp', hidden: true });
    const attach = h('button', { type: 'button', className: 'button', title: 'Upload a picture' }, '＋ picture');
    attach.addEventListener('click', () => upload.click());
    upload.addEventListener('change', () => {
      attach.textContent = upload.files[0]?.name ?? '＋ picture';
    });
    input.addEventListener('input', () => suggestCommands(input));
    input.addEventListener('keydown', (event) => {
      if (suggestionKey(event)) return;
      if (event.key === 'Escape') setReply(null);
      if (event.key === 'Enter') send(event, input, upload);
    });
    line.replaceChildren(h('div', { className: 'plain' }, input, upload, attach));
    if (focus) input.focus();
  }

  function textInput() {
    const placeholder = 'Type / for commands, or click Reply on a picture and say what to change';
    return h('input', {
      type: 'text',
      placeholder,
      maxLength: 2000,
      'aria-label': 'Message',
      'aria-controls': 'suggestions',
    });
  }

  async function send(event, input, upload) {
    event.preventDefault();
    const text = input.value.trim();
    const file = upload.files[0] ?? null;
    if (text === '' && file === null) return;
    if (text.startsWith('/')) return complain(whyNot(text.slice(1)));
    const target = replyTo;
    if (await attempt(() => api.say(text, file, target))) {
      setReply(null);
      plain();
    }
  }

  function suggestCommands(input) {
    const text = input.value;
    if (!text.startsWith('/')) return hideSuggestions();
    const typed = text.slice(1);
    const entries = entriesOf(world.slashCommands);
    const begun = entries.filter((entry) => typed.startsWith(`${nameOf(entry)} `)).sort(longestFirst)[0];
    if (begun !== undefined && typed.trim() !== nameOf(begun))
      return command(begun, typed.slice(nameOf(begun).length + 1));
    const fitting = entries.filter((entry) => `${nameOf(entry)} `.startsWith(typed));
    suggest(fitting.map(commandItem), (item) => command(item.entry));
  }

  /** Typed and not to be run as it stands. */
  function whyNot(typed) {
    const [name] = typed.split(' ');
    const parts = entriesOf(world.slashCommands).filter((entry) => entry.path.length > 1 && entry.path[0] === name);
    if (parts.length === 0) return `There is no command called /${name}.`;
    return `/${name} is several commands: ${parts
      .map(nameOf)
      .map((part) => `/${part}`)
      .join(', ')}.`;
  }

  function command(entry, firstValue = '') {
    hideSuggestions();
    const shown = entry.options.filter((option) => option.required);
    const fields = new Map();
    const box = h('div', { className: 'options' });
    const more = h('div', { className: 'more' });
    const add = (option, value = '') => {
      const field = makeField(option, value, () => read(fields), entry);
      fields.set(option.name, field);
      box.append(field.element);
      offerRest();
      return field;
    };
    const offerRest = () => {
      const rest = entry.options.filter((option) => !fields.has(option.name));
      const go = h('button', { type: 'button', className: 'send', onclick: () => run(entry, fields) }, 'Send');
      more.replaceChildren(rest.length > 0 ? 'add:' : '', ...rest.map((option) => addButton(option, add)), go);
    };
    offerRest();
    shown.forEach((option, index) => {
      add(option, index === 0 ? firstValue : '');
    });
    line.replaceChildren(commandHead(entry), box, more);
    line.onkeydown = (event) => commandKey(event, entry, fields);
    const first = fields.get(shown[0]?.name);
    if (first === undefined) more.querySelector('.send').focus();
    else first.focus();
  }

  function addButton(option, add) {
    const props = { type: 'button', title: option.description, onclick: () => add(option).focus() };
    return h('button', props, option.name);
  }

  function commandHead(entry) {
    const close = h('button', { type: 'button', title: 'Leave the command', onclick: () => plain() }, '✕');
    return h('div', { className: 'command-head' }, h('b', {}, `/${nameOf(entry)}`), entry.description, close);
  }

  function commandKey(event, entry, fields) {
    if (line.firstElementChild?.className === 'plain') return;
    // The Enter that chose the command is not the one that sends it.
    if (event.defaultPrevented || suggestionKey(event)) return;
    if (event.key === 'Escape') plain();
    if (event.key === 'Enter' && event.target.tagName !== 'BUTTON') {
      event.preventDefault();
      run(entry, fields);
    }
  }

  async function run(entry, fields) {
    const missing = [...fields.values()].find((field) => !field.check());
    if (missing !== undefined) return missing.focus();
    const { options, attachments } = read(fields);
    if (await attempt(() => api.run(entry, options, attachments))) plain();
  }

  function makeField(option, value, readAll, entry) {
    const input = fieldInput(option, value, world);
    const wide = option.type === TYPE.string && option.required ? ' wide' : '';
    const name = h('span', {}, option.name);
    const element = h('label', { className: `option${wide}`, title: option.description }, name, input);
    if (option.choices?.length > 0) watchChoices(input, option);
    else if (option.autocomplete)
      watchAutocomplete(input, () => api.autocomplete(entry, readAll().options, option.name));
    return {
      option,
      input,
      element,
      focus: () => input.focus(),
      check: () => {
        const ok = !option.required || input.type === 'file' || input.value !== '';
        element.classList.toggle('wrong', !ok);
        return ok;
      },
    };
  }

  function setReply(message) {
    replyTo = message;
    replying.hidden = message === null;
    if (message === null) return;
    const who = h('b', {}, message.author.global_name ?? message.author.username);
    const cancel = h('button', { type: 'button', title: 'Do not reply', onclick: () => setReply(null) }, '✕');
    replying.replaceChildren('Replying to ', who, cancel);
  }

  plain(false);
  return {
    reply(message) {
      setReply(message);
      plain();
    },
    /** What somebody has begun to type stays where it is the same place: a connection made anew is no reason to begin again. */
    refresh(isSamePlace) {
      const inputs = [...line.querySelectorAll('.plain input')];
      const isEmpty = inputs.length > 0 && inputs.every((input) => input.value === '');
      if (isEmpty || !isSamePlace) plain(line.contains(document.activeElement));
    },
    complain,
  };
}

const hasSubcommands = (command) => (command.options ?? []).some((option) => option.type === TYPE.subcommand);

/** Every runnable thing: a command, or each of its subcommands, with the path of names to it. */
function entriesOf(commands) {
  return commands.flatMap((command) => {
    if (!hasSubcommands(command)) return [runnable(command, [command.name], command)];
    return command.options.map((option) => runnable(command, [command.name, option.name], option));
  });
}

function runnable(command, path, source) {
  return { command, path, description: source.description, options: source.options ?? [] };
}

function commandItem(entry) {
  return { title: `/${nameOf(entry)}`, note: entry.description, entry };
}

function fieldInput(option, value, world) {
  if (option.type === TYPE.attachment) return h('input', { type: 'file', accept: 'image/png,image/jpeg,image/webp' });
  if (option.type === TYPE.boolean)
    return picker([
      { name: 'True', value: 'true' },
      { name: 'False', value: 'false' },
    ]);
  if (option.type === TYPE.user) return picker(world.users.map((user) => ({ name: user.username, value: user.id })));
  if (option.type === TYPE.channel) return picker(world.channels.map(({ name, id }) => ({ name, value: id })));
  const numeric = option.type === TYPE.integer || option.type === TYPE.number;
  const input = h('input', { type: 'text', inputMode: numeric ? 'decimal' : 'text', placeholder: range(option) });
  input.value = value;
  return input;
}

function picker(items) {
  return h(
    'select',
    {},
    h('option', { value: '' }, ''),
    items.map((item) => h('option', { value: item.value }, item.name)),
  );
}

function range(option) {
  if (option.min_value === undefined && option.max_value === undefined) return '';
  return `${option.min_value ?? ''}…${option.max_value ?? ''}`;
}

function watchChoices(input, option) {
  const show = () => {
    const typed = input.value.toLowerCase();
    const fitting = option.choices.filter((choice) => choice.name.toLowerCase().includes(typed));
    suggest(fitting.map(choiceItem), (item) => fill(input, item));
  };
  input.addEventListener('input', show);
  input.addEventListener('focus', show);
  input.addEventListener('blur', hideSuggestions);
}

function watchAutocomplete(input, ask) {
  let timer = 0;
  const show = async () => {
    const choices = await ask().catch(() => []);
    if (document.activeElement === input) suggest(choices.map(choiceItem), (item) => fill(input, item));
  };
  const later = () => {
    clearTimeout(timer);
    delete input.dataset.value;
    timer = setTimeout(show, AUTOCOMPLETE_WAIT_MS);
  };
  input.addEventListener('input', later);
  input.addEventListener('focus', later);
  input.addEventListener('blur', () => {
    clearTimeout(timer);
    hideSuggestions();
  });
}

const choiceItem = (choice) => ({ title: choice.name, value: choice.value });

/** Shows the choice's name, sends its value. */
function fill(input, item) {
  input.value = item.title;
  input.dataset.value = JSON.stringify(item.value);
}

/** Options as Discord sends them, and the files of attachment options by option name. */
function read(fields) {
  const options = [];
  const attachments = new Map();
  for (const { option, input } of fields.values()) {
    if (input.type === 'file') {
      if (input.files[0]) attachments.set(option.name, input.files[0]);
    } else if (input.value !== '') {
      options.push({ name: option.name, type: option.type, value: typed(option, input) });
    }
  }
  return { options, attachments };
}

function typed(option, input) {
  if (input.dataset.value !== undefined) return JSON.parse(input.dataset.value);
  const choice = option.choices?.find((candidate) => candidate.name === input.value);
  if (choice !== undefined) return choice.value;
  if (option.type === TYPE.boolean) return input.value === 'true';
  if (option.type === TYPE.integer || option.type === TYPE.number) return Number(input.value);
  return input.value;
}
