// Rows of a call and what belongs to one of them: laid behind one another on the way in, cut apart on the way out, grouped by what can share a call.

/** Indices of the items that share a key, groups in order of appearance. */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()];
}

/** One behind the other, of any lengths. */
export function stack(arrays: readonly Float32Array[]): Float32Array {
  const stacked = new Float32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    stacked.set(array, at);
    at += array.length;
  }
  return stacked;
}

/** Copies, so that keeping one part does not keep the whole. */
export function unstack(stacked: Float32Array, count: number): Float32Array[] {
  const length = stacked.length / count;
  return Array.from({ length: count }, (_, index) => stacked.slice(index * length, (index + 1) * length));
}
