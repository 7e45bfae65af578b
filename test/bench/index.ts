// Measurements, never part of the tests: `npm run bench -- [pictures] [cold] [answers] [crowd] [flat] [load] [lora …] [store …] [real …]`; without a name the first three,
// which need nothing but the repository. `load`, `lora` and `real` write random weights of real size first; options behind `real` are its own.
// Each prints its figures with the runs behind them; compare two versions by running both on the same quiet machine.
import { benchAnswers } from './answers.ts';
import { benchCold } from './cold.ts';
import { benchCrowd } from './crowd.ts';
import { benchFlat } from './flat.ts';
import { benchLoad } from './load.ts';
import { benchLora } from './lora.ts';
import { benchPictures } from './pictures.ts';
import { benchReal } from './real.ts';
import { benchStore } from './store.ts';

const BENCHES: Readonly<Record<string, (options: readonly string[]) => Promise<void>>> = {
  pictures: benchPictures,
  cold: benchCold,
  answers: benchAnswers,
  crowd: benchCrowd,
  flat: benchFlat,
  load: benchLoad,
  lora: benchLora,
  real: benchReal,
  store: benchStore,
};

const USUAL = ['pictures', 'cold', 'answers'];

const argv = process.argv.slice(2);
const firstOption = argv.findIndex((word) => word.startsWith('--'));
const asked = firstOption === -1 ? argv : argv.slice(0, firstOption);
const options = firstOption === -1 ? [] : argv.slice(firstOption);
const unknown = asked.filter((name) => BENCHES[name] === undefined);
if (unknown.length > 0) {
  console.error(`bench: found ${unknown.join(', ')}, expected some of ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : USUAL) {
  console.log(`\n${name}`);
  await BENCHES[name]!(options);
}
