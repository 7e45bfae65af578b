// A picture cut into four by four cells, by name: A1 is the left upper one, D4 the right lower one.

/** Cells across and down. */
export const CELLS_A_SIDE = 4;

/** @param cell 0 … 15, row by row */
export function cellName(cell: number): string {
  return `${'ABCD'[cell % CELLS_A_SIDE]}${Math.floor(cell / CELLS_A_SIDE) + 1}`;
}

/** Four hexadecimal digits, a bit a cell; short enough for a button. */
export function writeCells(cells: readonly number[]): string {
  return cells.reduce((bits, cell) => bits | (1 << cell), 0).toString(16);
}

export function readCells(text: string): readonly number[] {
  const bits = /^[0-9a-f]{1,4}$/.test(text) ? Number.parseInt(text, 16) : 0;
  return Array.from({ length: CELLS_A_SIDE ** 2 }, (_, cell) => cell).filter((cell) => (bits >> cell) & 1);
}
