// A modal a command or button answered with: text inputs, selects and uploads, then submit.
import { byId, h } from './dom.js';

const PARAGRAPH = 2;
const SELECT = 3;
const UPLOAD = 19;

/** Shows `modal` ({ title, custom_id, components }); resolves to { customId: value, or a File } or null when it is dismissed. */
export function askModal(modal) {
  const dialog = byId('modal');
  const inputs = inputsOf(modal.components);
  return new Promise((resolve) => {
    const form = h('form', { method: 'dialog' }, h('h3', {}, modal.title), inputs.map(fieldOf), buttons(dialog));
    form.addEventListener('submit', () => resolve(valuesOf(form, inputs)));
    dialog.onclose = () => resolve(null);
    dialog.replaceChildren(form);
    dialog.showModal();
  });
}

/** Inputs of action rows (type 1) and of labels (type 18), with their wording. */
function inputsOf(components) {
  return components.flatMap((part) => {
    if (part.type === 18) return [{ ...part.component, label: part.label }];
    return part.components ?? [];
  });
}

function fieldOf(input) {
  if (input.type === SELECT) return h('label', {}, input.label, select(input));
  if (input.type === UPLOAD) return h('label', {}, input.label, upload(input));
  const props = { name: input.custom_id, value: input.value ?? '', placeholder: input.placeholder ?? '' };
  const limits = { required: input.required !== false, maxLength: input.max_length ?? 4000 };
  const tag = input.style === PARAGRAPH ? 'textarea' : 'input';
  return h('label', {}, input.label, h(tag, { ...props, ...limits, ...(tag === 'textarea' ? { rows: 3 } : {}) }));
}

function select({ custom_id: name, options }) {
  return h(
    'select',
    { name },
    options.map((option) => h('option', { value: option.value, selected: option.default === true }, option.label)),
  );
}

function upload({ custom_id: name, required }) {
  return h('input', { type: 'file', name, accept: 'image/png,image/jpeg,image/webp', required: required !== false });
}

function buttons(dialog) {
  const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
  return h('footer', {}, cancel, h('button', { type: 'submit', className: 'style1' }, 'Submit'));
}

function valuesOf(form, inputs) {
  return Object.fromEntries(
    inputs.flatMap(({ custom_id: name }) => {
      const element = form.elements[name];
      if (element.type !== 'file') return [[name, element.value]];
      return element.files.length === 0 ? [] : [[name, element.files[0]]];
    }),
  );
}
