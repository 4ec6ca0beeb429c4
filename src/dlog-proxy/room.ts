/** A stream with a place here, as far as its release is concerned. */
export interface HeldStream {
  readonly name: string;
  /** The address of the client that used it last. */
  readonly peer: string;
  readonly usedAtMs: number;
  /** Whether this proxy writes the stream. Otherwise it was redirected, is unknown or has ended. */
  readonly isOwned: boolean;
  /** No write is in flight, no client waits for it, and it is not being released already. */
  readonly isQuiet: boolean;
}

/**
 * A stream that was used this recently keeps its place, unless its client holds more places than the one that
 * asks.
 */
export const keptMs = 3000;

/**
 * Which stream to give back so that another one can have its place. `held` is in the order of use, the one
 * that was unused for longest first. In this order:
 *
 * 1. a stream that is not written here;
 * 2. the stream that was unused for longest, if that is {@link keptMs} or more;
 * 3. of the address that holds the most places, its stream that was unused for longest, if it holds at least
 *    two more than the address that asks: so a flood from one address takes places from itself and not from
 *    others.
 *
 * Giving a stream back costs its clients another acquisition, never a record. Undefined where none qualifies.
 */
export function streamToGiveBack(
  held: Iterable<HeldStream>,
  { nowMs, peer }: { readonly nowMs: number; readonly peer: string },
): string | undefined {
  let oldest: HeldStream | undefined;
  const places = new Map<string, { count: number; oldest: HeldStream | undefined }>();
  for (const each of held) {
    const quiet = each.isQuiet ? each : undefined;
    if (quiet?.isOwned === false) return each.name;
    oldest ??= quiet;
    const of = places.get(each.peer) ?? { count: 0, oldest: undefined };
    places.set(each.peer, { count: of.count + 1, oldest: of.oldest ?? quiet });
  }
  if (oldest !== undefined && nowMs - oldest.usedAtMs >= keptMs) return oldest.name;
  const own = places.get(peer)?.count ?? 0;
  const greediest = [...places.values()].reduce((most, each) => (each.count > most.count ? each : most), {
    count: 0,
    oldest: undefined,
  });
  return greediest.count >= own + 2 ? greediest.oldest?.name : undefined;
}
