// Every command there is.
import type { Command } from '../src/discord/command.ts';
import { admin } from './admin.ts';
import { blend } from './blend.ts';
import { cancel } from './cancel.ts';
import { control } from './control.ts';
import { favourites } from './favourites.ts';
import { grid } from './grid.ts';
import { help } from './help.ts';
import { history } from './history.ts';
import { imagine } from './imagine.ts';
import { lora } from './lora.ts';
import { privacy } from './privacy.ts';
import { queue } from './queue.ts';
import { quota } from './quota.ts';
import { recipe } from './recipe.ts';
import { report } from './report.ts';
import { settings } from './settings.ts';
import { showCommand } from './show.ts';
import { source } from './source.ts';
import { style } from './style.ts';
import { theirPictures } from './theirPictures.ts';
import { upscale } from './upscale.ts';
import { vary } from './vary.ts';
import { verify } from './verify.ts';
import { wildcard } from './wildcard.ts';

export const commands: readonly Command[] = [
  imagine,
  grid,
  blend,
  upscale,
  history,
  favourites,
  showCommand,
  verify,
  style,
  wildcard,
  lora,
  settings,
  queue,
  cancel,
  quota,
  help,
  privacy,
  admin,
  vary,
  source,
  control,
  recipe,
  report,
  theirPictures,
];
