// Routes that register application commands, globally and for one guild.
import { apiError, fieldError, invalidForm, type JsonObject } from '../apiError.ts';
import { commandErrors, commandListErrors, commandTypeOf, MAX_COMMANDS } from '../commandRules.ts';
import { objects } from '../messages.ts';
import type { Scene } from '../scene.ts';
import { dropNulls, isObject } from '../wire.ts';
import type { Command } from '../world.ts';
import { bodyOf, guildOf, type Handler, nothing, ok, param, type Request } from './request.ts';

/** A command as Discord lists it. */
export function wireCommand(scene: Scene, command: Command): JsonObject {
  const { body } = command;
  const permissions = body.default_member_permissions;
  return {
    id: command.id,
    application_id: scene.world.applicationId,
    version: command.version,
    default_member_permissions: permissions == null ? null : String(permissions),
    type: command.type,
    name: command.name,
    name_localizations: isObject(body.name_localizations) ? body.name_localizations : null,
    description: typeof body.description === 'string' ? body.description : '',
    description_localizations: isObject(body.description_localizations) ? body.description_localizations : null,
    dm_permission: body.dm_permission !== false,
    contexts: Array.isArray(body.contexts) ? body.contexts : null,
    integration_types: Array.isArray(body.integration_types) ? body.integration_types : [0],
    options: objects(body.options).map(wireOption),
    nsfw: body.nsfw === true,
    ...(command.guildId === null ? {} : { guild_id: command.guildId }),
  };
}

function wireOption(option: JsonObject): JsonObject {
  const out = dropNulls(option);
  if (Array.isArray(option.options)) out.options = objects(option.options).map(wireOption);
  if (Array.isArray(option.choices)) out.choices = objects(option.choices).map(dropNulls);
  return out;
}

const placeOf = (request: Request): string | null => request.params.guild_id ?? null;

function commandsIn(scene: Scene, guildId: string | null): Command[] {
  return [...scene.world.commands.values()].filter((command) => command.guildId === guildId);
}

/** @throws ApiError 50001 for another application's commands */
function checkApplication(request: Request): void {
  if (param(request, 'application_id') !== request.scene.world.applicationId) throw apiError(50001);
  if (placeOf(request) !== null) guildOf(request);
}

function keepCommand(scene: Scene, guildId: string | null, body: JsonObject, known?: Command): Command {
  const id = known?.id ?? scene.world.ids.next();
  const command: Command = {
    id,
    version: scene.world.ids.next(),
    guildId,
    type: commandTypeOf(body),
    name: String(body.name),
    body,
  };
  scene.world.commands.set(id, command);
  return command;
}

export const listCommands: Handler = (request) => {
  checkApplication(request);
  return ok(commandsIn(request.scene, placeOf(request)).map((command) => wireCommand(request.scene, command)));
};

/** Replaces the whole list; a command of the same name and kind keeps its id. */
export const putCommands: Handler = (request) => {
  checkApplication(request);
  const { scene } = request;
  const wanted = objects(request.body);
  const errors = commandListErrors(wanted);
  if (errors.length > 0) throw invalidForm(errors);
  const before = commandsIn(scene, placeOf(request));
  for (const command of before) scene.world.commands.delete(command.id);
  const kept = wanted.map((body) =>
    keepCommand(
      scene,
      placeOf(request),
      body,
      before.find((old) => old.name === body.name && old.type === commandTypeOf(body)),
    ),
  );
  scene.world.announce({ type: 'commandsChanged' });
  return ok(kept.map((command) => wireCommand(scene, command)));
};

export const postCommand: Handler = (request) => {
  checkApplication(request);
  const { scene } = request;
  const body = bodyOf(request);
  const before = commandsIn(scene, placeOf(request));
  const known = before.find((old) => old.name === body.name && old.type === commandTypeOf(body));
  const count = before.filter((old) => old.type === commandTypeOf(body)).length;
  const errors = commandErrors(body, []);
  if (known === undefined && count >= (MAX_COMMANDS[commandTypeOf(body)] ?? 0)) {
    errors.push(fieldError([], 'APPLICATION_COMMANDS_MAX', 'Maximum number of application commands reached.'));
  }
  if (errors.length > 0) throw invalidForm(errors);
  const command = keepCommand(scene, placeOf(request), body, known);
  scene.world.announce({ type: 'commandsChanged' });
  return { status: known === undefined ? 201 : 200, body: wireCommand(scene, command) };
};

function commandOf(request: Request): Command {
  checkApplication(request);
  const command = request.scene.world.commands.get(param(request, 'command_id'));
  if (command === undefined || command.guildId !== placeOf(request)) throw apiError(10063);
  return command;
}

export const getCommand: Handler = (request) => ok(wireCommand(request.scene, commandOf(request)));

export const patchCommand: Handler = (request) => {
  const command = commandOf(request);
  const body = { ...command.body, ...bodyOf(request), type: command.type };
  const errors = commandErrors(body, []);
  if (errors.length > 0) throw invalidForm(errors);
  const changed = keepCommand(request.scene, command.guildId, body, command);
  request.scene.world.announce({ type: 'commandsChanged' });
  return ok(wireCommand(request.scene, changed));
};

export const deleteCommand: Handler = (request) => {
  request.scene.world.commands.delete(commandOf(request).id);
  request.scene.world.announce({ type: 'commandsChanged' });
  return nothing;
};
