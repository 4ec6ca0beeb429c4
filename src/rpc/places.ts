export interface Occupant {
  readonly address: string;
  /** Since when the client has neither sent nor read anything; undefined while one of its calls runs. */
  readonly idleSinceMs: number | undefined;
}

export interface PlaceLimits {
  readonly connectionsMax: number;
  /** For each remote address; loopback addresses are exempt. */
  readonly connectionsPerAddressMax: number;
}

/** A connection that has been idle for less than this is never closed for a new one. */
const idleMsMin = 1000;

/**
 * Decides about a new connection: accept it, accept it after closing `close`, or refuse it. `close` is the
 * connection that has been idle longest, of the address with the most connections among the addresses that
 * have an idle one.
 */
export function placeFor<O extends Occupant>(
  address: string,
  occupants: ReadonlySet<O>,
  { limits, nowMs }: { readonly limits: PlaceLimits; readonly nowMs: number },
): { readonly close?: O } | { readonly refused: string } {
  const { connectionsMax, connectionsPerAddressMax } = limits;
  const own = isLoopback(address) ? 0 : countOf(address, occupants, connectionsPerAddressMax);
  const isOwnFull = own >= connectionsPerAddressMax;
  if (!isOwnFull && occupants.size < connectionsMax) return {};
  const counts = new Map<string, number>();
  for (const { address: each } of occupants) counts.set(each, (counts.get(each) ?? 0) + 1);
  let close: O | undefined;
  for (const occupant of occupants) {
    const { idleSinceMs } = occupant;
    if (idleSinceMs === undefined || nowMs - idleSinceMs < idleMsMin) continue;
    if (isOwnFull && occupant.address !== address) continue;
    if (close === undefined || isRather(occupant, close, counts)) close = occupant;
  }
  if (close !== undefined) return { close };
  return {
    refused: isOwnFull
      ? `there are ${own} connections from ${address} already, the most for one address (egret.connections.per.address.max), none of them idle`
      : `there are ${occupants.size} connections already, none of them idle`,
  };
}

/** Connections of `address`. Skips counting while all connections together are below the limit. */
function countOf(address: string, occupants: ReadonlySet<Occupant>, limit: number): number {
  if (occupants.size < limit) return 0;
  let count = 0;
  for (const occupant of occupants) if (occupant.address === address) count += 1;
  return count;
}

function isRather(one: Occupant, other: Occupant, counts: ReadonlyMap<string, number>): boolean {
  const more = counts.get(one.address)! - counts.get(other.address)!;
  return more > 0 || (more === 0 && one.idleSinceMs! < other.idleSinceMs!);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
