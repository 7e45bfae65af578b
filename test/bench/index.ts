// Measurements, never part of the tests: `npm run bench -- [pictures] [cold] [answers]`, all of them without a name.
// Each prints its figures with the runs behind them; compare two versions by running both on the same quiet machine.
import { benchAnswers } from './answers.ts';
import { benchCold } from './cold.ts';
import { benchLoad } from './load.ts';
import { benchPictures } from './pictures.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  pictures: benchPictures,
  cold: benchCold,
  answers: benchAnswers,
  load: benchLoad,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`bench: found ${unknown.join(', ')}, expected some of ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  console.log(`\n${name}`);
  await BENCHES[name]!();
}
