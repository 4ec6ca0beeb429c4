import { lookup } from 'node:dns/promises';

/**
 * By which name clients know an address of this machine. Storm's client keeps its connection when the leader's host is,
 * letter by letter, the seed it dialled, and otherwise connects to the host it was told (NimbusClient, 2.8); so we name
 * the configured seed that leads to the address the client reached us at, and where there is none, that address, which
 * it has just shown it can reach.
 */
export type LeaderHost = (localAddress: string) => string;

/** Looks the names up once, earlier ones winning. A name that leads nowhere is passed over. */
export async function resolveLeaderHost(names: readonly string[]): Promise<LeaderHost> {
  const nameByAddress = new Map<string, string>();
  const found = await Promise.all(names.map((name) => lookup(name, { all: true }).catch(() => [])));
  for (const [index, addresses] of found.entries()) {
    for (const { address } of addresses) {
      if (!nameByAddress.has(address)) nameByAddress.set(address, names[index]!);
    }
  }
  return (localAddress) => {
    const address = plainAddress(localAddress);
    return nameByAddress.get(address) ?? address;
  };
}

/** An IPv4 address that came in over an IPv6 socket is an IPv4 address to the client. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
