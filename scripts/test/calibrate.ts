/**
 * The milliseconds that a fixed piece of work takes on this machine now: the best of a few, so that a
 * moment's load does not count. It hashes and sorts, as compilers and tests do.
 */
export function calibrate(rounds = 5): number {
  return Math.min(...Array.from({ length: rounds }, work));
}

function work(): number {
  const beganMs = performance.now();
  const counts = new Map<string, number>();
  for (let i = 0, seed = 1; i < 300_000; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    const key = `k${seed % 5000}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return performance.now() - beganMs;
}
