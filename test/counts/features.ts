// Which feature each test file is about, by its path under test/; the first row that fits counts. Data for the table of the README.

export interface Feature {
  readonly name: string;
  readonly files: RegExp;
}

const feature = (name: string, ...paths: readonly string[]): Feature => ({
  name,
  files: new RegExp(`^(?:${paths.join('|')})`),
});

export const FEATURES: readonly Feature[] = [
  feature(
    'Every command, menu, button, select and form, by every role, in every place; tampered ids',
    'e2e/botDoors',
    'e2e/botPresses',
    'discord/customIds',
    'commands/',
  ),
  feature(
    'Cards and forms against Discord’s limits, in seven languages',
    'discord/views/',
    'discord/text',
    'discord/phrases',
  ),
  feature(
    'Moderation: words and their disguises, pictures, strikes, reports, audit',
    'core/moderation',
    'core/policy',
    'core/pictureJudgement',
    'e2e/bot(?:Moderation|Staff|Secrets)',
    'store/moderation',
    'worker/(?:judging|loraJudge)',
    'runtime/(?:classifier|safetyChecker)',
    'image/classifierPixels',
  ),
  feature(
    'Prompt language: flags, weights, schedules, permutations, wildcards, grids, replies',
    'core/(?:prompt|permutations|wildcards|sheet|reply|cells|cleanText|concepts|control|drawing|size|resolve|repaint|refusal)',
    'e2e/bot(?:Wildcards|Words|Grids|Asking)',
    'discord/(?:grammar|wording)',
  ),
  feature(
    'Quotas, fairness, queue and the ledger',
    'core/(?:quota|work|backlog|fairness|job|stats|charts|figure)',
    'e2e/bot(?:Quotas|Crowd|Stats)',
    'queue/',
    'store/(?:houseRules|sqliteJobStore)',
    'charts/',
  ),
  feature(
    'Nothing lost: crashes, kills, full disks, faults, restarts, fleets',
    'simulation/',
    'e2e/bot(?:Kill|Soak|Faults|Disk|Fleet|Shards|Dropped|Health)',
    'fleet/',
    'store/',
    'reliability',
    'mutants/',
    'ops/',
    'deploy',
  ),
  feature('The rest of the bot, end to end through the local Discord', 'e2e/bot'),
  feature('Discord client: outbox, attachments, previews, messages', 'discord/'),
  feature('The local Discord itself', 'emulator/'),
  feature('Pictures equal to diffusers’, whole and in parts', 'e2e/', 'diffusion/', 'runtime/', 'networks/', 'onnx/'),
  feature(
    'Strangers’ files: checkpoints, LoRAs, embeddings, recipes, downloads',
    'weights/',
    'hub/',
    'core/(?:recipe|lora|upscale)',
  ),
  feature('The image process, batches, memory', 'worker/'),
  feature('Picture files, masks, maps, metadata', 'image/'),
  feature(
    'Command line, settings, log and the shape of the code',
    'cli/',
    'config',
    'log',
    'architecture',
    'counts/',
    'core/',
  ),
];

/** @param file its path under test/, with slashes @throws Error when it belongs nowhere */
export function featureOf(file: string): string {
  const found = FEATURES.find(({ files }) => files.test(file));
  if (found === undefined)
    throw new Error(`test/${file}: belongs to no feature; give it a row in test/counts/features.ts`);
  return found.name;
}
