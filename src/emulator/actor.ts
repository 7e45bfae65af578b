// A person at a Discord client: types, clicks, uploads. Refuses what the client itself would not let a user do.
import { DarkroomError } from '../errors.ts';
import type { JsonObject, JsonValue } from './apiError.ts';
import { shelve, type UploadedFile } from './files.ts';
import { createInteraction, type NewInteraction } from './interactions.ts';
import { CONTEXT, contextOf } from './interactionWire.ts';
import { walkComponents } from './messageRules.ts';
import { addReaction, createMessage, deleteMessage, editMessage, objects, removeReaction } from './messages.ts';
import { type ModalInput, modalInputs } from './modalRules.ts';
import { may, PERMISSION, type PermissionName, permissionsIn } from './permissions.ts';
import type { Scene } from './scene.ts';
import { type Outcome, outcomeOf, type SeenMessage, seenMessage } from './views.ts';
import { isVisibleTo } from './wire.ts';
import type { Attachment, Channel, Command, Interaction, Message } from './world.ts';

/** A file a user picks from his disk. */
export interface UserFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly description?: string;
}

export type OptionValue = string | number | boolean | UserFile;
export type OptionValues = Readonly<Record<string, OptionValue>>;

export interface ReplyOptions {
  /** Whether "@ ON" is set; on by default, as in the client. */
  readonly ping?: boolean;
  readonly files?: readonly UserFile[];
}

type TextOrValues = string | readonly string[] | undefined;
/** What somebody puts into one field of a form. */
export type FieldValue = string | readonly string[] | UserFile | readonly UserFile[];

/** @source Discord documentation, Component Reference: File Upload */
const FILE_UPLOAD = 19;

/** Kinds of options. @source Discord documentation, "Application Command Option Type" */
const OPTION = { subcommand: 1, group: 2, string: 3, integer: 4, boolean: 5, number: 10, attachment: 11 } as const;

/** @throws request_invalid: the client would not let this happen. */
function refuse(message: string): never {
  throw new DarkroomError('request_invalid', message);
}

const isFile = (value: unknown): value is UserFile => typeof value === 'object' && value !== null && 'bytes' in value;

/** The commands this user's client offers in a channel. */
export function offeredCommands(scene: Scene, channel: Channel, userId: string): Command[] {
  const { world } = scene;
  if (!may(world, channel, userId, 'useApplicationCommands')) return [];
  return [...world.commands.values()].filter((command) => {
    if (command.guildId !== null && command.guildId !== channel.guildId) return false;
    return fitsContext(scene, command, channel) && mayUse(scene, command, channel, userId);
  });
}

/**
 * Contexts: 0 guild, 1 DM with the bot, 2 between people, where only what a person installed shows. Without a list a command shows
 * everywhere but there, unless dm_permission is false.
 */
function fitsContext(scene: Scene, command: Command, channel: Channel): boolean {
  const { contexts, dm_permission, integration_types: types } = command.body;
  const context = contextOf(scene, channel);
  if (context === CONTEXT.private && !(Array.isArray(types) && types.includes(1))) return false;
  if (Array.isArray(contexts)) return contexts.includes(context);
  if (context === CONTEXT.private) return false;
  return channel.guildId !== null || (dm_permission !== false && command.guildId === null);
}

function mayUse(scene: Scene, command: Command, channel: Channel, userId: string): boolean {
  const wanted = command.body.default_member_permissions;
  if (wanted == null || channel.guildId === null) return true;
  const held = permissionsIn(scene.world, channel, userId);
  if (held & PERMISSION.administrator) return true;
  const bits = BigInt(String(wanted));
  return bits !== 0n && (held & bits) === bits;
}

export class Actor {
  readonly #scene: Scene;
  readonly userId: string;

  constructor(scene: Scene, userId: string) {
    if (!scene.world.users.has(userId)) refuse(`user ${userId} does not exist`);
    this.#scene = scene;
    this.userId = userId;
  }

  // Slash commands

  /**
   * Sends a slash command, `name` with its subcommands after spaces ("admin ban"). Files are options whose value is a file.
   * @throws request_invalid when the client would not send it
   */
  async command(channelId: string, name: string, options: OptionValues = {}): Promise<Outcome> {
    const { channel, command, node, path } = this.#find(channelId, name);
    const uploads: Attachment[] = [];
    const filled = this.#fill(node, options, uploads);
    return await this.#interact({
      kind: 'command',
      channelId: channel.id,
      data: this.#commandData(command, path, filled),
      commandType: 1,
      commandName: command.name,
      uploads,
    });
  }

  /** What the client asks while the user types in an option; the outcome has `choices`. */
  async autocomplete(
    channelId: string,
    name: string,
    focused: string,
    value: string | number,
    options: OptionValues = {},
  ): Promise<Outcome> {
    const { channel, command, node, path } = this.#find(channelId, name);
    const option = objects(node.options).find((one) => one.name === focused);
    if (option?.autocomplete !== true) refuse(`/${name}: option ${focused} has no autocomplete`);
    const others = objects(node.options).filter(
      (one) => typeof one.name === 'string' && options[one.name] !== undefined && one !== option,
    );
    const sent = others.map((one) => ({
      type: one.type,
      name: one.name,
      value: options[String(one.name)] as JsonValue,
    }));
    const filled = [...sent, { type: option.type, name: focused, value, focused: true }] as JsonObject[];
    return await this.#interact({
      kind: 'autocomplete',
      channelId: channel.id,
      data: this.#commandData(command, path, filled),
      commandType: 1,
      commandName: command.name,
    });
  }

  #find(channelId: string, name: string): { channel: Channel; command: Command; node: JsonObject; path: JsonObject[] } {
    const channel = this.#channel(channelId);
    const [first, ...rest] = name.split(' ');
    const command = offeredCommands(this.#scene, channel, this.userId).find(
      (one) => one.type === 1 && one.name === first,
    );
    if (command === undefined) return refuse(`/${first}: this user's client offers no such command here`);
    const path: JsonObject[] = [];
    let node: JsonObject = command.body;
    for (const step of rest) {
      const next = objects(node.options).find(
        (one) => one.name === step && (one.type === OPTION.subcommand || one.type === OPTION.group),
      );
      if (next === undefined) return refuse(`/${name}: no subcommand ${step}`);
      path.push(next);
      node = next;
    }
    if (objects(node.options).some((one) => one.type === OPTION.subcommand || one.type === OPTION.group))
      refuse(`/${name}: choose one of its subcommands`);
    return { channel, command, node, path };
  }

  #commandData(command: Command, path: readonly JsonObject[], options: JsonObject[]): JsonObject {
    const nested = path
      .toReversed()
      .reduce<JsonObject[]>((inner, step) => [{ type: step.type, name: step.name, options: inner }], options);
    return {
      id: command.id,
      name: command.name,
      type: command.type,
      options: nested,
      ...(command.guildId === null ? {} : { guild_id: command.guildId }),
    };
  }

  #fill(node: JsonObject, values: OptionValues, uploads: Attachment[]): JsonObject[] {
    const known = objects(node.options);
    const unknown = Object.keys(values).filter((name) => !known.some((option) => option.name === name));
    if (unknown.length > 0) refuse(`no such option: ${unknown.join(', ')}`);
    return known.flatMap((option) => {
      const name = String(option.name);
      const value = values[name];
      if (value === undefined) return option.required === true ? refuse(`option ${name} is required`) : [];
      return [{ type: option.type, name, value: this.#optionValue(option, value, uploads) }];
    });
  }

  #optionValue(option: JsonObject, value: OptionValue, uploads: Attachment[]): JsonValue {
    if (option.type === OPTION.attachment) {
      if (!isFile(value)) return refuse(`option ${String(option.name)} wants a file`);
      const attachment = this.#upload(value, 'ephemeral', this.#scene.world.applicationId);
      uploads.push(attachment);
      return attachment.id;
    }
    if (isFile(value)) return refuse(`option ${String(option.name)} wants no file`);
    checkOption(option, value);
    return value;
  }

  #upload(file: UserFile, kind: 'channel' | 'ephemeral', id: string): Attachment {
    const { settings } = this.#scene;
    if (file.bytes.length > settings.fileLimitBytes)
      refuse(`${file.name}: ${file.bytes.length} bytes, at most ${settings.fileLimitBytes}`);
    const upload = { name: file.name, bytes: file.bytes, contentType: file.contentType ?? null };
    return shelve(this.#scene, { kind, id }, upload, file.description ?? null);
  }

  // Components, modals, context menus

  /** Clicks a button, found by its custom id or else its label. */
  async click(messageId: string, customIdOrLabel: string): Promise<Outcome> {
    const message = this.#message(messageId);
    const buttons = walkComponents(message.now.components)
      .map((placed) => placed.component)
      .filter((one) => one.type === 2);
    const button =
      buttons.find((one) => one.custom_id === customIdOrLabel) ?? buttons.find((one) => one.label === customIdOrLabel);
    if (button === undefined)
      return refuse(
        `message ${messageId} has no button ${customIdOrLabel}; it has ${buttons.map((one) => String(one.label ?? one.custom_id)).join(', ') || 'none'}`,
      );
    return await this.#component(message, button, {});
  }

  /** Chooses in a select menu: values of a text select, ids of the others. */
  async select(messageId: string, customId: string, values: readonly string[]): Promise<Outcome> {
    const message = this.#message(messageId);
    const select = walkComponents(message.now.components)
      .map((placed) => placed.component)
      .find((one) => one.custom_id === customId && one.type !== 2);
    if (select === undefined) return refuse(`message ${messageId} has no select ${customId}`);
    checkSelection(select, values);
    return await this.#component(message, select, { values: [...values] });
  }

  async #component(message: Message, component: JsonObject, more: JsonObject): Promise<Outcome> {
    if (component.disabled === true) refuse(`component ${String(component.custom_id)} is disabled`);
    if (typeof component.custom_id !== 'string') refuse('a link button sends nothing to the app');
    if (message.authorId !== this.#scene.world.bot.id) refuse("the message is not the app's");
    return await this.#interact({
      kind: 'component',
      channelId: message.channelId,
      data: { id: component.id, component_type: component.type, custom_id: component.custom_id, ...more },
      sourceMessageId: message.id,
    });
  }

  /**
   * Fills and sends the modal that an interaction opened. `fields`: custom id → text, list of values for selects, or files for uploads.
   * Fields left out keep the value the app prefilled.
   */
  async submit(interactionId: string, fields: Readonly<Record<string, FieldValue>> = {}): Promise<Outcome> {
    const opener = this.#openModal(interactionId);
    const modal = opener.modal ?? {};
    const inputs = modalInputs(modal);
    const unknown = Object.keys(fields).filter((id) => !inputs.some((input) => input.component.custom_id === id));
    if (unknown.length > 0) refuse(`the modal has no field ${unknown.join(', ')}`);
    const uploads: Attachment[] = [];
    const given = ({ component }: ModalInput) => {
      const value = fields[String(component.custom_id)];
      return component.type === FILE_UPLOAD ? this.#uploaded(component, value, uploads) : (value as TextOrValues);
    };
    const components = inputs.map((input) => submitted(input, given(input)));
    this.#closeModal(opener);
    return await this.#interact({
      kind: 'modal',
      channelId: opener.channelId,
      data: { id: '0', custom_id: modal.custom_id, components },
      sourceMessageId: opener.sourceMessageId,
      openerId: opener.id,
      uploads,
    });
  }

  /** The files' ids, as the app gets them. */
  #uploaded(component: JsonObject, given: FieldValue | undefined, uploads: Attachment[]): readonly string[] {
    const files = [given ?? []].flat().map((file) => (isFile(file) ? file : refuse('an upload takes files')));
    const least = component.required === false ? 0 : Number(component.min_values ?? 1);
    if (files.length < least || files.length > Number(component.max_values ?? 1)) {
      refuse(`upload ${String(component.custom_id)}: ${files.length} files chosen`);
    }
    const shelved = files.map((file) => this.#upload(file, 'ephemeral', this.#scene.world.applicationId));
    uploads.push(...shelved);
    return shelved.map(({ id }) => id);
  }

  /** Closes a modal without sending it; the app hears nothing. */
  dismissModal(interactionId: string): void {
    this.#closeModal(this.#openModal(interactionId));
  }

  #openModal(interactionId: string): Interaction {
    const opener = this.#scene.world.interactions.get(interactionId);
    if (opener?.userId !== this.userId || !opener.modalOpen)
      return refuse(`interaction ${interactionId} has no modal open for this user`);
    return opener;
  }

  #closeModal(opener: Interaction): void {
    opener.modalOpen = false;
    this.#scene.world.announce({ type: 'modalClosed', interaction: opener });
  }

  /** Uses a message context-menu command ("Apps"). */
  async messageMenu(messageId: string, commandName: string): Promise<Outcome> {
    const message = this.#message(messageId);
    return await this.#menu(this.#channel(message.channelId), 3, commandName, message.id, message.id);
  }

  /** Uses a user context-menu command on somebody. */
  async userMenu(channelId: string, userId: string, commandName: string): Promise<Outcome> {
    return await this.#menu(this.#channel(channelId), 2, commandName, userId, null);
  }

  async #menu(
    channel: Channel,
    type: number,
    name: string,
    targetId: string,
    targetMessageId: string | null,
  ): Promise<Outcome> {
    const command = offeredCommands(this.#scene, channel, this.userId).find(
      (one) => one.type === type && one.name === name,
    );
    if (command === undefined) return refuse(`no context-menu command "${name}" here`);
    const guild = command.guildId === null ? {} : { guild_id: command.guildId };
    return await this.#interact({
      kind: 'command',
      channelId: channel.id,
      data: { id: command.id, name, type, target_id: targetId, ...guild },
      targetMessageId,
      commandType: type,
      commandName: name,
    });
  }

  // Messages

  async say(
    channelId: string,
    text: string,
    options: { readonly files?: readonly UserFile[] } = {},
  ): Promise<SeenMessage> {
    return this.#post(this.#channel(channelId), text, options.files ?? [], null, true);
  }

  /** Replies to a message; with `ping: false` the author replied to is not mentioned. */
  async reply(messageId: string, text: string, options: ReplyOptions = {}): Promise<SeenMessage> {
    const target = this.#message(messageId);
    if (target.ephemeralTo !== null) refuse('an ephemeral message cannot be replied to');
    return this.#post(this.#channel(target.channelId), text, options.files ?? [], target.id, options.ping ?? true);
  }

  /** Posts files with an optional text. */
  async upload(channelId: string, files: readonly UserFile[], text = ''): Promise<SeenMessage> {
    return this.#post(this.#channel(channelId), text, files, null, true);
  }

  #post(
    channel: Channel,
    text: string,
    files: readonly UserFile[],
    referenceId: string | null,
    ping: boolean,
  ): SeenMessage {
    this.#need(channel, channel.kind === 'thread' ? 'sendMessagesInThreads' : 'sendMessages');
    if (files.length > 0) this.#need(channel, 'attachFiles');
    const tooLarge = files.find((file) => file.bytes.length > this.#scene.settings.fileLimitBytes);
    if (tooLarge !== undefined) refuse(`${tooLarge.name}: ${tooLarge.bytes.length} bytes is over the upload limit`);
    const uploads = files.map(
      (file, index): UploadedFile => ({
        index,
        field: `files[${index}]`,
        name: file.name,
        contentType: file.contentType ?? null,
        bytes: file.bytes,
      }),
    );
    const attachments = files.map((file, index) => ({
      id: String(index),
      filename: file.name,
      description: file.description ?? null,
    }));
    const body: JsonObject = {
      content: text,
      attachments,
      ...(ping ? {} : { allowed_mentions: { parse: ['users', 'roles', 'everyone'], replied_user: false } }),
    };
    const author = {
      authorId: this.userId,
      type: referenceId === null ? 0 : 19,
      interactionId: null,
      ephemeralTo: null,
      referenceId,
    };
    return seenMessage(this.#scene, createMessage(this.#scene, channel, author, body, uploads), this.userId);
  }

  /** Changes one of the user's own messages. */
  async edit(messageId: string, text: string): Promise<SeenMessage> {
    const message = this.#message(messageId);
    if (message.authorId !== this.userId) refuse('only own messages can be edited');
    return seenMessage(this.#scene, editMessage(this.#scene, message, { content: text }, []), this.userId);
  }

  /** Deletes a message: own ones, others' with MANAGE_MESSAGES; an ephemeral one is only dismissed on this client. */
  async delete(messageId: string): Promise<void> {
    const message = this.#message(messageId);
    const channel = this.#channel(message.channelId);
    const isOwn = message.authorId === this.userId || message.ephemeralTo === this.userId;
    if (!isOwn) this.#need(channel, 'manageMessages');
    deleteMessage(this.#scene, message);
  }

  async react(messageId: string, emoji: string): Promise<void> {
    const message = this.#message(messageId);
    if (message.ephemeralTo !== null) refuse('an ephemeral message takes no reactions');
    this.#need(this.#channel(message.channelId), 'addReactions');
    addReaction(this.#scene, message, this.userId, emoji);
  }

  async unreact(messageId: string, emoji: string): Promise<void> {
    removeReaction(this.#scene, this.#message(messageId), this.userId, emoji);
  }

  async type(channelId: string): Promise<void> {
    this.#scene.world.announce({ type: 'typing', channel: this.#channel(channelId), userId: this.userId });
  }

  /** The DM channel with the bot. */
  dm(): string {
    return this.#scene.world.dmBetween(this.userId, this.#scene.world.bot.id).id;
  }

  // Shared

  #channel(channelId: string): Channel {
    const channel = this.#scene.world.channels.get(channelId);
    if (channel === undefined || channel.deleted) return refuse(`channel ${channelId} does not exist`);
    if (!may(this.#scene.world, channel, this.userId, 'viewChannel'))
      return refuse(`user ${this.userId} does not see channel ${channelId}`);
    return channel;
  }

  #message(messageId: string): Message {
    const message = this.#scene.world.messages.get(messageId);
    if (message === undefined || message.deleted || !isVisibleTo(this.#scene, message, this.userId))
      return refuse(`user ${this.userId} sees no message ${messageId}`);
    return message;
  }

  #need(channel: Channel, name: PermissionName): void {
    if (!may(this.#scene.world, channel, this.userId, name))
      refuse(`user ${this.userId} lacks ${name} in channel ${channel.id}`);
  }

  /** Resolves when the app has answered, or when its three seconds are over. */
  #interact(draft: Omit<NewInteraction, 'userId'>): Promise<Outcome> {
    const interaction = createInteraction(this.#scene, { ...draft, userId: this.userId });
    return new Promise((resolve) => {
      this.#scene.world.whenSettled(interaction.id, () => resolve(outcomeOf(this.#scene, interaction)));
    });
  }
}

/** What the client checks of an option's value before it sends it. */
function checkOption(option: JsonObject, value: string | number | boolean): void {
  const name = String(option.name);
  const wanted =
    option.type === OPTION.boolean
      ? 'boolean'
      : option.type === OPTION.integer || option.type === OPTION.number
        ? 'number'
        : 'string';
  if (typeof value !== wanted) refuse(`option ${name}: found ${typeof value}, expected ${wanted}`);
  if (option.type === OPTION.integer && !Number.isInteger(value))
    refuse(`option ${name}: ${String(value)} is not a whole number`);
  const choices = objects(option.choices);
  if (choices.length > 0 && !choices.some((choice) => choice.value === value))
    refuse(`option ${name}: ${String(value)} is none of its choices`);
  const [min, max, size] =
    typeof value === 'string'
      ? [option.min_length, option.max_length ?? 6000, value.length]
      : [option.min_value, option.max_value, Number(value)];
  if (typeof min === 'number' && size < min) refuse(`option ${name}: ${size} is under ${min}`);
  if (typeof max === 'number' && size > max) refuse(`option ${name}: ${size} is over ${max}`);
}

function checkSelection(select: JsonObject, values: readonly string[]): void {
  const id = String(select.custom_id);
  if (values.length < Number(select.min_values ?? 1) || values.length > Number(select.max_values ?? 1))
    refuse(`select ${id}: ${values.length} values chosen`);
  const known = objects(select.options).map((option) => option.value);
  const strange = select.type === 3 ? values.filter((value) => !known.includes(value)) : [];
  if (strange.length > 0) refuse(`select ${id} has no option ${strange.join(', ')}`);
}

/** One modal part as the app receives it; labels nest their component, older rows hold a list. */
function submitted(input: ModalInput, given: string | readonly string[] | undefined): JsonObject {
  const { component, inLabel } = input;
  const isText = component.type === 4;
  const value = given ?? (isText ? String(component.value ?? '') : []);
  if (isText) checkText(component, input.label, String(value));
  const base = {
    id: typeof component.id === 'number' ? component.id : 1,
    type: component.type,
    custom_id: component.custom_id,
  };
  const filled: JsonObject = isText
    ? { ...base, value: String(value) }
    : { ...base, values: [value].flat() as string[] };
  return inLabel ? { id: 1, type: 18, component: filled } : { id: 1, type: 1, components: [filled] };
}

function checkText(component: JsonObject, label: string, value: string): void {
  const isEmpty = value.length === 0;
  if (isEmpty && component.required !== false) refuse(`the field "${label}" is required`);
  if (!isEmpty && value.length < Number(component.min_length ?? 0))
    refuse(`the field "${label}": ${value.length} characters is under ${String(component.min_length)}`);
  if (value.length > Number(component.max_length ?? 4000))
    refuse(`the field "${label}": ${value.length} characters is over ${String(component.max_length ?? 4000)}`);
}
