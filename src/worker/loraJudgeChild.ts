// Entry of the process that reads what somebody handed in, started by loraJudge.ts with the models folder, the file's folder and the file.
import { toDarkroomError } from '../errors.ts';
import { checkLora } from '../weights/loraCheck.ts';
import { scanModels } from '../weights/registry.ts';

const [modelsDir = '', folder = '', file = ''] = process.argv.slice(2);
const answer = await checkLora(folder, file, scanModels(modelsDir).layouts).then(
  (verdict) => ({ verdict }),
  (thrown: unknown) => ({ error: toDarkroomError(thrown, 'weights_invalid').toJSON() }),
);
process.send?.(answer, () => process.disconnect());
