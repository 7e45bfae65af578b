// Every command there is.
import type { Command } from '../src/discord/command.ts';
import { admin } from './admin.ts';
import { cancel } from './cancel.ts';
import { history } from './history.ts';
import { imagine } from './imagine.ts';
import { queue } from './queue.ts';
import { quota } from './quota.ts';
import { recipe } from './recipe.ts';
import { upscale } from './upscale.ts';
import { vary } from './vary.ts';

export const commands: readonly Command[] = [imagine, upscale, history, queue, cancel, quota, admin, vary, recipe];
