/** What a server holds for one connection. */
export interface Holding {
  /** Bytes of answers that the operating system has not taken, and of a frame that is not complete. */
  readonly heldBytes: number;
  /** When the larger of the two last made progress. */
  readonly movedAtMs: number;
}

/** This many times the limit, the server cuts at once instead of waiting for its next check. */
export const urgentTimes = 3;

/**
 * How long a connection must have made no progress before it may be cut, by how far the sum exceeds the
 * limit. A client that reads its answers makes progress within a second.
 */
const stages = [
  { times: 1, stillMs: 1000 },
  { times: 2, stillMs: 100 },
  { times: urgentTimes, stillMs: 0 },
] as const;

/**
 * The connections to cut so that the rest hold at most `heldBytesMax`, or as close to it as the stages allow:
 * the largest first, among those that have made no progress for long enough. Empty while the sum is within
 * the limit.
 */
export function toCut<H extends Holding>(
  holdings: readonly H[],
  nowMs: number,
  heldBytesMax: number,
): readonly H[] {
  let sum = holdings.reduce((total, { heldBytes }) => total + heldBytes, 0);
  if (sum <= heldBytesMax) return [];
  const left = holdings
    .filter(({ heldBytes }) => heldBytes > 0)
    .sort((one, other) => other.heldBytes - one.heldBytes || one.movedAtMs - other.movedAtMs);
  const cut = new Set<H>();
  for (const { times, stillMs } of stages) {
    for (const holding of left) {
      if (sum <= times * heldBytesMax) break;
      if (cut.has(holding) || nowMs - holding.movedAtMs < stillMs) continue;
      cut.add(holding);
      sum -= holding.heldBytes;
    }
  }
  return [...cut];
}
