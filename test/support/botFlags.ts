// What `npm start` tells Node, for whoever starts the compiled program in its place.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../src/root.ts';

const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };

/** Flags of the bot's process: they keep its memory small. */
export const BOT_FLAGS: readonly string[] = / node ((?:--\S+ )+)\.build\/src\/main\.js$/
  .exec(scripts.start)![1]!
  .trim()
  .split(' ');
