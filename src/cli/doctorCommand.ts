// `doctor`: every examination in order, a line each as soon as it is known, and an exit code for scripts.
import type { Config } from '../config.ts';
import * as examine from './examine.ts';
import { type Finding, findingLines } from './findings.ts';
import { EXIT_OK, EXIT_OUR_FAULT, type Terminal } from './terminal.ts';

/** @returns 0 when nothing failed; warnings alone are fine. */
export async function doctor(terminal: Terminal, nodeVersion: string, fetch: examine.Fetch): Promise<number> {
  let failed = 0;
  for await (const finding of findings(terminal, nodeVersion, fetch)) {
    terminal.print(findingLines(finding));
    if (finding.verdict === 'fail') failed += 1;
  }
  terminal.print(failed === 0 ? 'Ready.\n' : `${failed} to mend.\n`);
  return failed === 0 ? EXIT_OK : EXIT_OUR_FAULT;
}

async function* findings(terminal: Terminal, nodeVersion: string, fetch: examine.Fetch): AsyncGenerator<Finding> {
  yield examine.examineNode(nodeVersion);
  yield examine.examineMachine();
  const { config, findings } = examine.examineEnvironment(terminal.environment);
  yield* findings;
  yield* await examine.examinePackages();
  if (config !== null) yield* examineInstallation(config, fetch);
}

async function* examineInstallation(config: Config, fetch: examine.Fetch): AsyncGenerator<Finding> {
  yield await examine.examineProvider(config);
  yield* await examine.examineModels(config);
  yield* await examine.examineClassifier(config);
  yield* await examine.examineDataFolder(config);
  yield await examine.examineDatabase(config);
  yield* await examine.examineDiscord(config, fetch);
}
