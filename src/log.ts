// The program's log: one JSON line an event on stderr. Prompts, tokens and message contents never enter it: errors are written by a list of
// what may be, and whatever still looks like a token is cut out of the finished line.
import { type Logger, pino } from 'pino';

export type { Logger };

/** Shorter ones would be found in ordinary words. */
const LEAST_SECRET_CHARS = 6;

/**
 * @param level pino level name; `silent` in tests that expect errors.
 * @param secrets never written, wherever they come from
 */
export function makeLog(level: string, secrets: readonly string[] = []): Logger {
  const known = secrets.filter((secret) => secret.length >= LEAST_SECRET_CHARS).map(asInJson);
  const hide = (line: string) => known.reduce((text, secret) => text.replaceAll(secret, '[secret]'), redact(line));
  return pino(
    { level, base: null, serializers: { err: plainError }, hooks: { streamWrite: hide } },
    pino.destination({ fd: 2, sync: true }),
  );
}

function asInJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Errors below errors that are written; a longer chain says nothing new. */
const MAX_CAUSES = 3;

/**
 * Name, code, message, stack and cause, and of a failed request to Discord what was asked and how it was answered: library errors carry
 * whole request bodies beside them.
 */
function plainError(err: unknown, causes = MAX_CAUSES): unknown {
  if (!(err instanceof Error)) return { message: 'a thrown value that is no Error' };
  const code = 'code' in err ? String(err.code) : undefined;
  const below = err.cause instanceof Error && causes > 0 ? { cause: plainError(err.cause, causes - 1) } : {};
  return { name: err.name, code, ...requestOf(err), message: err.message, stack: err.stack ?? '', ...below };
}

/** As discord.js keeps them in its errors; the token in the address goes with the line's. */
function requestOf(err: Error): { readonly status?: number; readonly method?: string; readonly url?: string } {
  const { status, method, url } = err as { status?: unknown; method?: unknown; url?: unknown };
  return {
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof method === 'string' ? { method } : {}),
    ...(typeof url === 'string' ? { url: url.split('?')[0]! } : {}),
  };
}

/** Interaction tokens and bot tokens as they appear in Discord's urls, tokens of a hub, and passwords in addresses. */
function redact(text: string): string {
  return text
    .replace(/(\/(?:webhooks|interactions)\/\d+\/)[^/\s"'\\?]+/g, '$1[token]')
    .replace(/\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}\b/g, '[token]')
    .replace(/\bhf_[A-Za-z0-9]{8,}\b/g, '[token]')
    .replace(/(\b[a-z]+:\/\/[^\s:/@"\\]*:)[^\s/@"\\]+@/g, '$1[secret]@');
}
