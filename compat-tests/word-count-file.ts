import { existsSync, readFileSync } from 'node:fs';

/** Occurrences of each word of a text, split at white space: a count by other means than any topology's. */
export function countWords(file: string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of readFileSync(file, 'utf8').split(/\s+/)) {
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return sorted(counts);
}

/** The counts in a file of an example: a word and its count in each line, in either order, between a tab. */
export function readCounts(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const counts = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [left, right] = line.split('\t');
    if (left === undefined || right === undefined) continue;
    if (/^\d+$/.test(left)) counts.set(right, Number(left));
    else counts.set(left, Number(right));
  }
  return sorted(counts);
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
