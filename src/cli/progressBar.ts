// One line that fills itself, on terminals only.
import type { Terminal } from './terminal.ts';

const MAX_BAR_CHARS = 40;

export interface ProgressBar {
  show(done: number, total: number): void;
  /** Takes the line away again. */
  clear(): void;
}

export function progressBar(terminal: Pick<Terminal, 'printError' | 'errorColumns'>): ProgressBar {
  const { errorColumns } = terminal;
  if (errorColumns === null) return { show: () => {}, clear: () => {} };
  return {
    show: (done, total) => terminal.printError(`\r${barLine(done, total, errorColumns)}`),
    clear: () => terminal.printError('\r\u001b[K'),
  };
}

/** `████████░░░░ 12/20`, never wider than the terminal; it redraws in place, so a wrapped line would fill the screen. */
export function barLine(done: number, total: number, columns: number): string {
  const count = ` ${done}/${total}`;
  const width = Math.max(0, Math.min(MAX_BAR_CHARS, columns - count.length - 1));
  const full = total === 0 ? width : Math.min(width, Math.floor((width * done) / total));
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}${count}`;
}
