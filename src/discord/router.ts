// From an interaction to the one handler that answers it: commands by name, buttons and forms by their signed action. Every handler's failure
// ends here, as plain words for the person and a line in the log.
import type {
  AutocompleteInteraction,
  ButtonInteraction,
  Interaction,
  ModalSubmitInteraction,
  RepliableInteraction,
  StringSelectMenuInteraction,
} from 'discord.js';
import { toDarkroomError } from '../errors.ts';
import { isAnsweredAlready, isTooLate, phrasesOf, tell } from './answers.ts';
import type { ButtonHandler, Command, FormHandler, SelectHandler, SlashCommand } from './command.ts';
import type { BotContext } from './context.ts';
import type { Action } from './customIds.ts';
import type { Turns } from './turns.ts';
import { refusalText } from './views/failure.ts';

/** Discord repeats an event after a resumed session within seconds; orders are deduplicated for ever by the database. */
const REMEMBERED_INTERACTIONS = 2_000;
/** Discord takes no first answer after this, in milliseconds. @source Discord documentation, "Receiving and Responding" */
const ANSWERED_WITHIN_MS = 3_000;

export class Router {
  readonly #bot: BotContext;
  readonly #turns: Turns;
  readonly #commands: ReadonlyMap<string, Command>;
  readonly #buttons: ReadonlyMap<Action, ButtonHandler>;
  readonly #selects: ReadonlyMap<Action, SelectHandler>;
  readonly #forms: ReadonlyMap<Action, FormHandler>;
  readonly #seen = new Set<string>();
  readonly #open = new Set<Promise<void>>();
  #closed = false;

  /** @throws Error when two commands claim the same button, form or name: a defect of the program. */
  constructor(commands: readonly Command[], bot: BotContext, turns: Turns) {
    this.#bot = bot;
    this.#turns = turns;
    this.#commands = uniqueMap(commands.map((command) => [`${command.kind}:${command.name}`, command]));
    this.#buttons = uniqueMap(commands.flatMap(({ buttons }) => entriesOf(buttons)));
    this.#selects = uniqueMap(commands.flatMap(({ selects }) => entriesOf(selects)));
    this.#forms = uniqueMap(commands.flatMap(({ forms }) => entriesOf(forms)));
  }

  /** Interactions that wait for their turn or are being answered. */
  get open(): number {
    return this.#open.size;
  }

  /** Never rejects. An interaction delivered twice is handled once. */
  handle(interaction: Interaction): Promise<void> {
    if (this.#isRepeated(interaction.id)) return Promise.resolve();
    const cameMs = performance.now();
    const work = this.#turns
      .answer(async () => {
        const waitedMs = performance.now() - cameMs;
        if (waitedMs < ANSWERED_WITHIN_MS) return this.#observed(interaction, cameMs);
        // Its person has been told that nobody answers; the time is better spent on the next one.
        this.#bot.log.warn({ interaction: interaction.id, waitedMs }, 'an interaction waited too long to be answered');
        this.#bot.observe?.({ kind: 'interaction', tookMs: waitedMs, isFailed: true });
      })
      .finally(() => this.#open.delete(work));
    this.#open.add(work);
    return work;
  }

  async #observed(interaction: Interaction, cameMs: number): Promise<void> {
    const isFailed = await this.#answer(interaction);
    this.#bot.observe?.({ kind: 'interaction', tookMs: performance.now() - cameMs, isFailed });
  }

  /** From now on everybody is told to come back in a minute; resolves when the handlers under way are through. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#open);
  }

  /** The language somebody chose in /settings stands in for the one of their Discord. */
  #speakTheirLanguage(interaction: Interaction): void {
    const { language } = this.#bot.store.settings(interaction.user.id);
    if (language !== undefined) Object.assign(interaction, { locale: language });
  }

  #isRepeated(id: string): boolean {
    if (this.#seen.has(id)) return true;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED_INTERACTIONS) this.#seen.delete(this.#seen.values().next().value!);
    return false;
  }

  /** @returns whether the program is to blame that it went wrong; what people may not do is no failure */
  async #answer(interaction: Interaction): Promise<boolean> {
    try {
      if (!this.#closed) this.#speakTheirLanguage(interaction);
      if (interaction.isAutocomplete()) await this.#suggest(interaction);
      else if (interaction.isRepliable()) await this.#take(interaction);
      return false;
    } catch (thrown) {
      return this.#onFailure(interaction, thrown);
    }
  }

  #take(interaction: RepliableInteraction): Promise<void> {
    return this.#closed ? tell(interaction, phrasesOf(interaction).restarting()) : this.#run(interaction);
  }

  async #run(interaction: RepliableInteraction): Promise<void> {
    if (interaction.isChatInputCommand()) {
      const command = this.#commands.get(`slash:${interaction.commandName}`);
      if (command?.kind === 'slash') return command.run(interaction, this.#bot);
    } else if (interaction.isMessageContextMenuCommand()) {
      const command = this.#commands.get(`message:${interaction.commandName}`);
      if (command?.kind === 'message') return command.run(interaction, this.#bot);
    } else if (interaction.isUserContextMenuCommand()) {
      const command = this.#commands.get(`user:${interaction.commandName}`);
      if (command?.kind === 'user') return command.run(interaction, this.#bot);
    } else if (interaction.isButton()) {
      return this.#runSigned(interaction, this.#buttons);
    } else if (interaction.isStringSelectMenu()) {
      return this.#runSigned(interaction, this.#selects);
    } else if (interaction.isModalSubmit()) {
      return this.#runSigned(interaction, this.#forms);
    }
    await tell(interaction, phrasesOf(interaction).staleButton());
  }

  async #runSigned<I extends ButtonInteraction | StringSelectMenuInteraction | ModalSubmitInteraction>(
    interaction: I,
    handlers: ReadonlyMap<Action, (interaction: I, args: readonly string[], bot: BotContext) => Promise<void>>,
  ): Promise<void> {
    const id = this.#bot.ids.read(interaction.customId);
    const run = id === undefined ? undefined : handlers.get(id.action);
    if (id === undefined || run === undefined) return tell(interaction, phrasesOf(interaction).staleButton());
    await run(interaction, id.args, this.#bot);
  }

  async #suggest(interaction: AutocompleteInteraction): Promise<void> {
    const command = this.#commands.get(`slash:${interaction.commandName}`) as SlashCommand | undefined;
    await interaction.respond(this.#closed ? [] : [...(command?.suggest?.(interaction, this.#bot) ?? [])]);
  }

  async #onFailure(interaction: Interaction, thrown: unknown): Promise<boolean> {
    const { log } = this.#bot;
    if (isTooLate(thrown) || isAnsweredAlready(thrown)) {
      log.warn({ interaction: interaction.id }, 'an interaction could no longer be answered');
      return true;
    }
    const error = toDarkroomError(thrown);
    const isOurs = error.audience !== 'user';
    if (isOurs) log.error({ err: thrown, interaction: interaction.id }, 'an interaction failed');
    if (!interaction.isRepliable()) return isOurs;
    const text = refusalText(error, phrasesOf(interaction));
    await tell(interaction, text).catch((err) => log.warn({ err }, 'a failure could not be told'));
    return isOurs;
  }
}

function entriesOf<H>(handlers: Partial<Record<Action, H>> | undefined): [Action, H][] {
  return Object.entries(handlers ?? {}) as [Action, H][];
}

function uniqueMap<K, V>(entries: readonly (readonly [K, V])[]): ReadonlyMap<K, V> {
  const map = new Map(entries);
  if (map.size !== entries.length) throw new Error(`commands: ${entries.length} names, expected all different`);
  return map;
}
