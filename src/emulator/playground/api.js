// The emulator's control API (described in control.ts), as one person at a time uses it.

async function call(method, path, body, type) {
  const headers = type === undefined ? {} : { 'content-type': type };
  const response = await fetch(`/_control/${path}`, { method, body, headers });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `${method} ${path} answered ${response.status}`);
  return answer;
}

export const state = () => call('GET', 'state');
export const commandsFor = (channel, user) => call('GET', `commands?${new URLSearchParams({ channel, user })}`);
export const messagesFor = (channel, user) => call('GET', `messages?${new URLSearchParams({ channel, user })}`);

/** One user action; the answer is an Outcome or a Message. */
export function act(user, action, body) {
  return call('POST', `as/${user}/${action}`, JSON.stringify(body), 'application/json');
}

/** Hands a file in; resolves with the id to name it by, once. */
export async function upload(file) {
  const query = new URLSearchParams({ name: file.name });
  return (await call('POST', `uploads?${query}`, file, file.type || 'application/octet-stream')).id;
}

/** Calls `onEvent` for every change this user sees; `onLink(true | false)` when the stream comes and goes. */
export function listen(user, onEvent, onLink) {
  const stream = new EventSource(`/_control/events?${new URLSearchParams({ user })}`);
  stream.onmessage = (event) => onEvent(JSON.parse(event.data));
  stream.onopen = () => onLink(true);
  stream.onerror = () => onLink(false);
  return () => stream.close();
}
