// Regular expressions that strangers may write: RE2's engine, whose time grows with the text and never explodes, whatever the pattern.
// The only importer of re2js. Deliberately without look-around and back references: they are what makes other engines explode.
// @source RE2 syntax, github.com/google/re2/wiki/Syntax
import { RE2JS, RE2JSException } from 're2js';
import { DarkroomError } from './errors.ts';

export interface Pattern {
  /** UTF-16 place of the first match and the first place behind it; undefined where nothing matches. */
  find(text: string): { readonly start: number; readonly end: number } | undefined;
}

/** Letters of either case are one. @throws request_invalid when it is no pattern of this syntax */
export function compilePattern(source: string): Pattern {
  const compiled = compile(source);
  return {
    find(text) {
      const matcher = compiled.matcher(text);
      return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
    },
  };
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
  } catch (thrown) {
    if (!(thrown instanceof RE2JSException)) throw thrown;
    const message = `pattern: found ${thrown.message}, expected a regular expression of RE2`;
    throw new DarkroomError('request_invalid', message, { field: 'pattern', found: thrown.message }, { cause: thrown });
  }
}
