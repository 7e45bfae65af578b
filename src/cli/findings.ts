// What an examination says: one line a finding, and a remedy where something is not as it should be.

export type Verdict = 'ok' | 'warn' | 'fail';

export interface Finding {
  readonly verdict: Verdict;
  /** What was looked at, one or two words. */
  readonly subject: string;
  readonly text: string;
  /** What to do; null where all is well. */
  readonly remedy: string | null;
}

export const ok = (subject: string, text: string): Finding => ({ verdict: 'ok', subject, text, remedy: null });
export const warn = (subject: string, text: string, remedy: string): Finding => ({
  verdict: 'warn',
  subject,
  text,
  remedy,
});
export const fail = (subject: string, text: string, remedy: string): Finding => ({
  verdict: 'fail',
  subject,
  text,
  remedy,
});

const MARKS: Readonly<Record<Verdict, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' };
/** Characters the longest subject takes, so that the texts stand under each other. */
const SUBJECT_CHARS = 16;

export function findingLines({ verdict, subject, text, remedy }: Finding): string {
  const line = `${MARKS[verdict]}  ${subject.padEnd(SUBJECT_CHARS)}${text}\n`;
  return remedy === null ? line : `${line}${' '.repeat(6)}→ ${remedy}\n`;
}
