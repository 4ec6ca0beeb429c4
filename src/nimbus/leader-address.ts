import { lookup } from 'node:dns/promises';

/**
 * Returns the name by which clients know an address of this machine. Storm's client keeps its connection only
 * if the leader's host equals the seed that it dialled, and otherwise connects to the host in the answer
 * (NimbusClient, 2.8). So the answer is the configured seed that resolves to the address the client has
 * reached, or, if there is none, that address itself, which the client is known to reach.
 */
export type LeaderHost = (localAddress: string) => string;

/**
 * Resolves the names once; of two names for one address, the earlier wins. A name that does not resolve is
 * skipped.
 */
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

/** To the client, an IPv4 address that arrived over an IPv6 socket is an IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
