// Places where the program can be made to die at once, for the tests of what survives: FAILPOINT=order.accepted or order.accepted:3 for
// the third time. Without the variable a failpoint is one comparison.

const [wanted = '', count = '1'] = (process.env.FAILPOINT ?? '').split(':');
let left = Number(count);

/** Where the program can be killed; see test/e2e/botKillPoints.test.ts for what must hold then. */
export type Failpoint =
  | 'order.received'
  | 'order.accepted'
  | 'order.answering'
  | 'order.answered'
  | 'order.queued'
  | 'job.claimed'
  | 'job.step'
  | 'picture.written'
  | 'picture.renamed'
  | 'result.received'
  | 'result.recorded'
  | 'message.sending'
  | 'message.sent'
  | 'message.noted'
  | 'end.sending'
  | 'end.sent'
  | 'end.settled'
  | 'migration.middle'
  | 'recovery.middle'
  | 'drain';

/** Ends the process as a power cut would, when the environment names this place. */
export function failpoint(place: Failpoint): void {
  if (place !== wanted) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}
