/** What a file takes that was never recorded: about the mean of all. */
const unknownSecs = 3;

/**
 * Deals files into batches of about `batchSecs` each, the longest first, so that the last batches to start
 * are short ones. Every file is in exactly one batch.
 */
export function deal(
  files: readonly string[],
  durations: ReadonlyMap<string, number>,
  batchSecs: number,
): string[][] {
  const secsOf = (file: string): number => durations.get(file) ?? unknownSecs;
  const total = files.reduce((sum, file) => sum + secsOf(file), 0);
  const count = Math.max(1, Math.ceil(total / batchSecs));
  const batches = Array.from({ length: count }, () => ({ secs: 0, files: [] as string[] }));
  for (const file of [...files].sort((a, b) => secsOf(b) - secsOf(a) || (a < b ? -1 : 1))) {
    const shortest = batches.reduce((least, batch) => (batch.secs < least.secs ? batch : least));
    shortest.files.push(file);
    shortest.secs += secsOf(file);
  }
  return batches
    .filter((batch) => batch.files.length > 0)
    .sort((a, b) => b.secs - a.secs)
    .map((batch) => batch.files.sort());
}
