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
    tests: ['test/store/sqliteJobStore.test.ts', 'test/store/storeSafety.test.ts'],
  },
  {
    does: 'takes any result somebody uploads',
    file: 'src/fleet/tickets.ts',
    from: 'return left.length === right.length && timingSafeEqual(left, right);',
    to: 'return timingSafeEqual(left, left);',
    tests: ['test/fleet'],
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
    from: 'const messageId = job.messageId ?? (await this.#findLost(line, job));',
    to: 'const messageId = job.messageId ?? undefined;',
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
];
