// The playground's line at the bottom, in a real browser: what is typed there is what the bot is asked.
import { ApplicationCommandOptionType, type ChatInputCommandInteraction, Events, MessageFlags } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { BROWSER, Browser } from '../support/browser.ts';
import { type BotStage, makeBotStage } from '../support/emulatorBot.ts';

const { String: text, Integer: integer, Subcommand: subcommand } = ApplicationCommandOptionType;
const SIZES = ['small', 'large'];
const COMMANDS = [
  {
    name: 'imagine',
    description: 'Makes pictures',
    options: [
      { type: text, name: 'prompt', description: 'What to see', required: true },
      { type: integer, name: 'steps', description: 'How long to draw' },
    ],
  },
  {
    name: 'lora',
    description: 'LoRAs',
    options: [
      {
        type: subcommand,
        name: 'use',
        description: 'Uses one',
        options: [{ type: text, name: 'name', description: 'Which', required: true, autocomplete: true }],
      },
      { type: subcommand, name: 'list', description: 'Lists them' },
    ],
  },
  {
    name: 'size',
    description: 'Sets the size',
    options: [
      {
        type: text,
        name: 'of',
        description: 'Which',
        required: true,
        choices: SIZES.map((name) => ({ name, value: name })),
      },
    ],
  },
] as const;

describe.skipIf(BROWSER === undefined)('the line at the bottom of the playground', { timeout: 120_000 }, () => {
  let stage: BotStage;
  let browser: Browser;
  let asked: string[];

  /** A command as it reached the bot. */
  function wordsOf({ commandName, options }: ChatInputCommandInteraction): string {
    const part = options.getSubcommand(false);
    const leaves = part === null ? options.data : (options.data[0]?.options ?? []);
    return [commandName, part ?? [], leaves.map(({ name, value }) => `${name}=${value}`)].flat(2).join(' ');
  }

  beforeAll(async () => {
    stage = await makeBotStage({ clock: systemClock });
    stage.client.on(Events.InteractionCreate, async (interaction) => {
      if (interaction.isAutocomplete()) {
        const names = ['neon', 'outline'].filter((name) => name.startsWith(interaction.options.getFocused()));
        await interaction.respond(names.map((name) => ({ name, value: name })));
      } else if (interaction.isChatInputCommand()) {
        asked.push(wordsOf(interaction));
        await interaction.reply({ content: `done: ${wordsOf(interaction)}`, flags: MessageFlags.Ephemeral });
      }
    });
    await stage.client.application.commands.set(COMMANDS);
  }, 120_000);
  afterAll(async () => {
    await stage?.close();
  });

  beforeEach(async () => {
    asked = [];
    browser = await Browser.open(stage.emulator.origin);
    await browser.until("document.querySelector('.plain input[type=text]') !== null");
    // The line is made anew when the world has come.
    await browser.until("document.getElementById('messages').innerText.includes('Welcome')");
    await browser.look("document.querySelector('.plain input[type=text]').focus()");
    return () => browser.close();
  }, 120_000);

  const shown = () => browser.until<string>("document.getElementById('trouble').textContent");
  const suggestions = () =>
    browser.look<string>(
      "const box = document.getElementById('suggestions'); box.hidden ? '' : box.innerText.replaceAll('\\n', ' ')",
    );
  const reached = () => stage.emulator.until(() => asked.at(-1), 60_000);
  const answered = (words: string) =>
    browser.until(`document.getElementById('messages').innerText.includes('${words}')`);

  test('a command typed in one go is sent by Enter, and its answer is seen', async () => {
    await browser.type('/imagine a red heart');
    expect(await suggestions()).toBe('');
    await browser.press('Enter');
    expect(await reached()).toBe('imagine prompt=a red heart');
    await answered('done: imagine prompt=a red heart');
    expect(await browser.until("document.querySelector('.plain input[type=text]')?.value === ''")).toBe(true);
  });

  test('a command is chosen from the list that its beginning brings', async () => {
    await browser.type('/im');
    await browser.until("document.getElementById('suggestions').innerText.includes('/imagine')");
    await browser.press('Enter');
    await browser.until("document.querySelector('.command-head b')?.textContent === '/imagine'");
    expect(await browser.look("document.querySelector('.option.wrong') === null")).toBe(true);
    await browser.type('fog');
    await browser.press('Enter');
    expect(await reached()).toBe('imagine prompt=fog');
  });

  test('a part of a command typed in one go is that part, with its suggestions', async () => {
    await browser.type('/lora use ne');
    await browser.until("document.getElementById('suggestions').innerText.includes('neon')");
    await browser.press('Enter');
    await browser.until("document.querySelector('.options input')?.value === 'neon'");
    await browser.press('Enter');
    expect(await reached()).toBe('lora use name=neon');
  });

  test('one without options is sent by a second Enter, not by the one that chose it', async () => {
    await browser.type('/lora list');
    await browser.until("document.getElementById('suggestions').innerText.includes('/lora list')");
    await browser.press('Enter');
    await browser.until("document.querySelector('.command-head b')?.textContent === '/lora list'");
    expect(asked).toEqual([]);
    await browser.press('Enter');
    expect(await reached()).toBe('lora list');
  });

  test('what is half typed stays when the page connects anew', async () => {
    await browser.type('/imagine a red');
    await browser.look("document.querySelector('.welcome').setAttribute('data-old', '')");
    await browser.look("document.querySelector('#channels button').click()");
    await browser.until(
      "document.querySelector('.welcome[data-old]') === null && document.querySelector('.welcome') !== null",
    );
    await browser.type(' heart');
    await browser.press('Enter');
    expect(await reached()).toBe('imagine prompt=a red heart');
  });

  test('what there is not is said, and what there is of it', async () => {
    await browser.type('/imagin a heart');
    await browser.press('Enter');
    expect(await shown()).toBe('There is no command called /imagin.');
    await browser.look("document.querySelector('.plain input[type=text]').value = ''");
    await browser.type('/lora off');
    await browser.press('Enter');
    expect(
      await browser.until(
        "document.getElementById('trouble').textContent.includes('/lora use') && document.getElementById('trouble').textContent",
      ),
    ).toBe('/lora is several commands: /lora use, /lora list.');
    expect(asked).toEqual([]);
  });

  test('a choice is taken by its name, and Escape leaves the command', async () => {
    await browser.type('/size la');
    await browser.until("document.getElementById('suggestions').innerText.includes('large')");
    await browser.press('Enter');
    await browser.press('Enter');
    expect(await reached()).toBe('size of=large');
    await browser.until("document.querySelector('.plain input[type=text]')?.value === ''");
    await browser.type('/imagine fog');
    await browser.press('Escape');
    await browser.until("document.querySelector('.plain input[type=text]')?.value === ''");
    expect(asked).toEqual(['size of=large']);
  });

  test('without a slash it is a message', async () => {
    await browser.type('hello there');
    await browser.press('Enter');
    await answered('hello there');
    expect(asked).toEqual([]);
  });
});
