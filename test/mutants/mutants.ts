// Defects somebody could write by mistake, one line each, and the tests that must then turn red. `npm run mutants` proves it;
// mutants.test.ts sees to it that every line named here is still in the program.

export interface Mutant {
  /** What the program would then do. */
  readonly does: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Test files of which at least one turns red. */
  readonly tests: readonly string[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    does: 'makes a second job of an event that Discord delivers twice',
    file: 'src/store/sqliteJobStore.ts',
    from: "if (earlier !== undefined) return { ok: false, reason: 'duplicate', job: earlier };",
    to: '',
    tests: ['test/store/sqliteJobStore.test.ts'],
  },
  {
    does: 'lets two rows carry the same interaction',
    file: 'migrations/0001_initial.sql',
    from: 'source_id TEXT NOT NULL UNIQUE,',
    to: 'source_id TEXT NOT NULL,',
    tests: ['test/store/migrate.test.ts', 'test/store/storeSafety.test.ts'],
  },
  {
    does: 'answers "queued" before the row is committed',
    file: 'src/discord/order.ts',
    from: '  const work = placeOrder(askerOf(interaction), wish, bot);\n',
    to: "  await tell(interaction, 'queued');\n  const work = placeOrder(askerOf(interaction), wish, bot);\n",
    tests: ['test/e2e/botKillPoints.test.ts'],
  },
  {
    does: 'may ping people when a message is edited',
    file: 'src/discord/messenger.ts',
    from: '    allowed_mentions: NO_MENTIONS,\n',
    to: '',
    tests: ['test/discord/messenger.test.ts', 'test/discord/views'],
  },
  {
    does: 'believes any button',
    file: 'src/discord/customIds.ts',
    from: '      if (!sameText(customId.slice(cut + 1), sign(text))) return undefined;\n',
    to: '',
    tests: ['test/discord/customIds.test.ts'],
  },
  {
    does: 'takes results of attempts that were given up',
    file: 'src/store/jobTable.ts',
    from: "return row?.state === 'running' && row.attempt === attempt ? row : undefined;",
    to: "return row?.state === 'running' ? row : undefined;",
    tests: ['test/store/sqliteJobStore.test.ts'],
  },
  {
    does: 'takes any result somebody uploads',
    file: 'src/fleet/tickets.ts',
    from: 'return left.length === right.length && timingSafeEqual(left, right);',
    to: 'return timingSafeEqual(left, left);',
    tests: ['test/fleet/receiver.test.ts'],
  },
  {
    does: 'sends a message again instead of recognising the one whose answer was lost',
    file: 'src/discord/messenger.ts',
    from: '      const once = { nonce, enforce_nonce: true };\n',
    to: '      const once = {};\n',
    tests: ['test/discord/messenger.test.ts', 'test/e2e/botFaults.test.ts'],
  },
  {
    does: 'does not look for its own message after a crash',
    file: 'src/discord/outbox.ts',
    from: "    if (!line.mayExist) return { kind: 'none' };\n",
    to: "    if (line !== undefined) return { kind: 'none' };\n",
    tests: ['test/discord/outbox.test.ts', 'test/simulation/simulation.test.ts'],
  },
  {
    does: 'forgets a job that was promised when the power went',
    file: 'src/store/sqliteJobStore.ts',
    from: "for (const row of accepted.filter((one) => one.answering === 1)) jobs.move(row, 'queued', now);",
    to: "for (const row of accepted.filter((one) => one.answering === 1)) jobs.move(row, 'expired', now);",
    tests: ['test/simulation/simulation.test.ts', 'test/store/sqliteJobStore.test.ts'],
  },
  {
    does: 'gives the machine to whoever asked first',
    file: 'src/core/fairness.ts',
    from: 'const winner = visits.indexOf(rounds);',
    to: 'const winner = 0;',
    tests: ['test/core/fairness.test.ts'],
  },
  {
    does: 'fetches start pictures from anywhere',
    file: 'src/discord/attachments.ts',
    from: "url.username !== '' || url.password !== '' || !(isDiscord || isExtra)",
    to: "url.username !== '' || url.password !== ''",
    tests: ['test/discord/attachments.test.ts'],
  },
  {
    does: 'follows redirects to elsewhere',
    file: 'src/discord/attachments.ts',
    from: "redirect: 'error'",
    to: "redirect: 'follow'",
    tests: ['test/discord/attachments.test.ts'],
  },
  {
    does: 'commits without waiting for the disk',
    file: 'src/store/database.ts',
    from: "db.pragma('synchronous = FULL');",
    to: "db.pragma('synchronous = OFF');",
    tests: ['test/store/storeSafety.test.ts'],
  },
  {
    does: 'lets a job that takes its worker down try for ever',
    file: 'src/store/sqliteJobStore.ts',
    from: "const to = losses < MAX_LOSSES ? 'queued' : 'failing';",
    to: "const to = losses < 1000 ? 'queued' : 'failing';",
    tests: ['test/store/sqliteJobStore.test.ts', 'test/simulation/simulation.test.ts'],
  },
  {
    does: 'takes a result under an address whose time is over',
    file: 'src/fleet/tickets.ts',
    from: ' && nowMs < ticket.expiresMs ? ticket',
    to: ' ? ticket',
    tests: ['test/fleet/receiver.test.ts'],
  },
  {
    does: 'believes a machine what it says of its picture',
    file: 'src/fleet/receiver.ts',
    from: "    if (open.received.get(fileName) !== sha256) throw broken(fileName, 'was not handed in with this hash');\n",
    to: '',
    tests: ['test/fleet/receiver.test.ts'],
  },
  {
    does: 'gives a machine of a fleet any field of an object as a file',
    file: 'src/fleet/receiver.ts',
    from: 'Object.hasOwn(inputs, name) ? inputs[name] : undefined',
    to: 'inputs[name]',
    tests: ['test/fleet/receiver.test.ts'],
  },
  {
    does: 'lets previews of any size through Redis',
    file: 'src/fleet/wire.ts',
    from: 'preview === undefined || preview.length > MAX_PREVIEW_BYTES',
    to: 'preview === undefined',
    tests: ['test/fleet/previews.test.ts'],
  },
  {
    does: 'gives a machine jobs of models it has not',
    file: 'src/store/line.ts',
    from: 'models === undefined ? undefined : new Set(models)',
    to: 'undefined',
    tests: ['test/store/sqliteJobStore.test.ts'],
  },
  {
    does: 'forgets at each start how often it logged in to Discord',
    file: 'src/discord/identifyBudget.ts',
    from: 'this.#options.store.setSetting(PAID_UNTIL, String(Math.ceil(paidUntilMs)));',
    to: '',
    tests: ['test/discord/identifyBudget.test.ts'],
  },
  {
    does: 'takes a button from another message for its own',
    file: 'src/discord/results.ts',
    from: '  if (!message.flags.has(MessageFlags.Ephemeral)) return job.messageId === null && isHere;\n',
    to: '',
    tests: ['test/e2e/botFaults.test.ts'],
  },
  {
    does: 'lets anybody delete anybody’s picture',
    file: 'src/discord/results.ts',
    from: '    interaction.user.id === job.userId ||\n',
    to: '    interaction.user.id !== "" ||\n',
    tests: ['test/e2e/bot.test.ts'],
  },
  {
    does: 'leaves markdown and mentions of strangers alive',
    file: 'src/discord/text.ts',
    from: "text.replace(/[\\\\*_~`|>#\\-[\\]()<:@]/g, '\\\\$&')",
    to: 'text',
    tests: ['test/discord/text.test.ts'],
  },
  {
    does: 'keeps characters that turn the direction of text',
    file: 'src/core/cleanText.ts',
    from: "    .replace(INVISIBLE, '')\n",
    to: '',
    tests: ['test/core/cleanText.test.ts'],
  },
  {
    does: 'has every decoder of its image library at hand',
    file: 'src/image/loaders.ts',
    from: "sharp.block({ operation: ['VipsForeignLoad'] });\n",
    to: '',
    tests: ['test/image/decode.test.ts'],
  },
  {
    does: 'decodes pictures of any size',
    file: 'src/image/loaders.ts',
    from: "{ limitInputPixels: MAX_PICTURE_PIXELS, pages: 1, failOn: 'error', autoOrient: true }",
    to: "{ limitInputPixels: false, pages: 1, failOn: 'error', autoOrient: true }",
    tests: ['test/image/decode.test.ts'],
  },
  {
    does: 'decodes every frame of an animation',
    file: 'src/image/loaders.ts',
    from: "pages: 1, failOn: 'error', autoOrient: true }",
    to: "pages: -1, failOn: 'error', autoOrient: true }",
    tests: ['test/image/decode.test.ts'],
  },
  {
    does: 'reads weights through a link out of the models folder',
    file: 'src/weights/modelFiles.ts',
    from: '  if (!isInside(root, real)) {',
    to: '  if (real === "") {',
    tests: ['test/weights/safetensors.test.ts'],
  },
  {
    does: 'reads weights that have another name outside the models folder',
    file: 'src/weights/modelFiles.ts',
    from: '  if (stat.nlink > 1 && ',
    to: '  if (stat.nlink > 99 && ',
    tests: ['test/weights/safetensors.test.ts'],
  },
  {
    does: 'keeps the pictures of a failed job on its asker’s account',
    file: 'src/store/jobTable.ts',
    from: 'if (givesBack(row.state, to)) ledger.refund(row.id, nowMs);',
    to: '',
    tests: ['test/store/sqliteJobStore.test.ts'],
  },
  {
    does: 'writes the errors of libraries into the log as they are, with their addresses and tokens',
    file: 'src/log.ts',
    from: 'serializers: { err: plainError }',
    to: 'serializers: {}',
    tests: ['test/log.test.ts'],
  },
];
