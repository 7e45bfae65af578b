// The program's log: one JSON line an event on stderr. Prompts, tokens and message contents never enter it.
import { type Logger, pino } from 'pino';

export type { Logger };

/** @param level pino level name; `silent` in tests that expect errors. */
export function makeLog(level: string): Logger {
  return pino({ level, base: null, serializers: { err: plainError } }, pino.destination({ fd: 2, sync: true }));
}

/** Only name, code, message and stack: library errors carry urls with interaction tokens and whole request bodies. */
function plainError(err: unknown): unknown {
  if (!(err instanceof Error)) return { message: 'a thrown value that is no Error' };
  const code = 'code' in err ? String(err.code) : undefined;
  return { name: err.name, code, message: redact(err.message), stack: redact(err.stack ?? '') };
}

/** Interaction tokens and bot tokens as they appear in Discord's urls. */
function redact(text: string): string {
  return text
    .replace(/(\/(?:webhooks|interactions)\/\d+\/)[^/\s"']+/g, '$1[token]')
    .replace(/\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}\b/g, '[token]');
}
