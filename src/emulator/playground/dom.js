// Making elements. Text always enters as text nodes, so nothing a user or the bot writes can become markup.

/** Element `tag` with properties (or attributes, for names with a dash) and children; null children are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function setProp(element, name, value) {
  if (value === undefined || value === null) return;
  if (name in element && !name.includes('-')) element[name] = value;
  else element.setAttribute(name, value);
}

export const byId = (id) => document.getElementById(id);
