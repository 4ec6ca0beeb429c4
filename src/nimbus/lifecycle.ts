import type { TopologyRecord, TopologyStatus } from '../topology/index.ts';

/**
 * The life of a topology, as Storm 2.8 allows it (Nimbus.TOPO_STATE_TRANSITIONS):
 *
 *              activate            rebalance
 *   INACTIVE <----------> ACTIVE -----------> REBALANCING --> (the status before)
 *       |     deactivate    |    <-----------      |
 *       +------- kill ------+------- kill ---------+----> KILLED --(wait over)--> gone
 *
 * A repeated kill moves the time of removal. Anything else is refused with Storm's words.
 */
export type TopologyEvent =
  | { readonly kind: 'activate' }
  | { readonly kind: 'deactivate' }
  | { readonly kind: 'kill'; readonly removeAtMs: number }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'rebalanced'; readonly statusBefore: 'ACTIVE' | 'INACTIVE' };

export type TopologyStep =
  | { readonly kind: 'changed'; readonly record: TopologyRecord }
  /** It is so already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

const accepted: Readonly<Record<TopologyStatus, readonly TopologyEvent['kind'][]>> = {
  ACTIVE: ['activate', 'deactivate', 'rebalance', 'kill'],
  INACTIVE: ['activate', 'deactivate', 'rebalance', 'kill'],
  REBALANCING: ['kill', 'rebalanced'],
  KILLED: ['kill'],
};

/** What Storm calls the events (TopologyActions), for messages that people look up. */
const stormNames: Readonly<Record<TopologyEvent['kind'], string>> = {
  activate: 'ACTIVATE',
  deactivate: 'INACTIVATE',
  kill: 'KILL',
  rebalance: 'REBALANCE',
  rebalanced: 'DO_REBALANCE',
};

export function stepTopology(record: TopologyRecord, event: TopologyEvent): TopologyStep {
  if (!accepted[record.status].includes(event.kind)) {
    return {
      kind: 'refused',
      reason: `No transition for event: ${stormNames[event.kind]}, status: ${record.status} storm-id: ${record.id}`,
    };
  }
  const next = nextRecord(record, event);
  if (next.status === record.status && next.removeAtMs === record.removeAtMs) return { kind: 'unchanged' };
  return { kind: 'changed', record: next };
}

function nextRecord(record: TopologyRecord, event: TopologyEvent): TopologyRecord {
  switch (event.kind) {
    case 'activate':
      return { ...record, status: 'ACTIVE' };
    case 'deactivate':
      return { ...record, status: 'INACTIVE' };
    case 'rebalance':
      return { ...record, status: 'REBALANCING' };
    case 'rebalanced':
      return { ...record, status: event.statusBefore };
    case 'kill':
      return { ...record, status: 'KILLED', removeAtMs: event.removeAtMs };
  }
}
