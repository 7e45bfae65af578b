// A command line read strictly: what is not among the options is refused, in the same words everywhere.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DarkroomError } from '../errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
interface Strict<T extends Options> {
  args: string[];
  options: T;
  allowPositionals: true;
  strict: true;
}

/** @throws request_invalid naming the first option that is wrong */
export function readArguments<const T extends Options>(argv: readonly string[], options: T) {
  try {
    return parseArgs<Strict<T>>({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (thrown) {
    const [sentence = ''] = (thrown as Error).message.split(/\.(?:\s|$)/);
    throw new DarkroomError('request_invalid', `options: ${sentence}; --help lists them all`, { field: 'options' });
  }
}
