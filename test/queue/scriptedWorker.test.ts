import { systemClock } from '../../src/clock.ts';
import { imageWorkerContract } from '../contract/imageWorker.ts';
import { testRequest } from '../support/cards.ts';
import { ScriptedWorker } from '../support/scriptedWorker.ts';

imageWorkerContract('the scripted worker', {
  open: () => {
    const worker = new ScriptedWorker(systemClock);
    worker.stepMs = 0;
    return worker;
  },
  request: ({ model, ...draft }) => ({
    ...testRequest({ steps: 3, ...draft }),
    ...(model === undefined ? {} : { model }),
  }),
});
