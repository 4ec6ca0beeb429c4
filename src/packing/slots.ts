/** A place for one container: Storm's worker slot. The port is its name; nothing has to listen there. */
export interface Slot {
  readonly nodeId: string;
  readonly hostname: string;
  readonly port: number;
}

/**
 * The order in which Storm's even scheduler fills slots (EvenScheduler.sortSlots, 2.8): one slot of each node
 * in turn, the nodes with the most free slots first, equal ones by id, and the lowest port of a node first.
 */
export function sortSlots<T extends Slot>(slots: readonly T[]): T[] {
  const byNode = new Map<string, T[]>();
  for (const slot of slots) {
    const ofNode = byNode.get(slot.nodeId);
    if (ofNode === undefined) byNode.set(slot.nodeId, [slot]);
    else ofNode.push(slot);
  }
  const nodes = [...byNode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, ofNode]) => ofNode.sort((a, b) => a.port - b.port))
    .sort((a, b) => b.length - a.length);
  return nodes.length === 0
    ? []
    : nodes[0]!.flatMap((_, turn) => nodes.flatMap((ofNode) => ofNode[turn] ?? []));
}
