import type { PendingRebalance, TopologyRecord } from '../records/index.ts';
import type { TopologyStatus } from '../topology/index.ts';

/**
 * The life cycle of a topology, as in Storm 2.8 (Nimbus.TOPO_STATE_TRANSITIONS):
 *
 *            activate         rebalance
 *   INACTIVE <------> ACTIVE ---------> REBALANCING: waiting --place--> placing --rebalanced--> former status
 *      |   deactivate    |                   |                             |
 *      +----- kill ------+------ kill -------+-----------------------------+--> KILLED --(wait over)--> gone
 *
 * An inactive topology can be rebalanced as well. A repeated kill moves the time of removal. Any other event
 * is refused in Storm's words.
 *
 * Invariant: `rebalance` is set exactly while the status is REBALANCING; its `statusBefore` is ACTIVE or
 * INACTIVE.
 * Invariant: `removeAtMs` is set exactly while the status is KILLED; no event leaves KILLED.
 * Invariant: `rebalances` and `codeVersion` never decrease; each grows by at most one, when a rebalance is
 * placed.
 */
export type TopologyEvent =
  | { readonly kind: 'activate' }
  | { readonly kind: 'deactivate' }
  | { readonly kind: 'kill'; readonly removeAtMs: number }
  | {
      readonly kind: 'rebalance';
      /** What the client asked for, and when the wait before it ends. */
      readonly asked: Omit<PendingRebalance, 'phase' | 'statusBefore'>;
    }
  /** The wait is over: the record takes over what was asked for, and the scheduler packs. */
  | { readonly kind: 'place' }
  /** The scheduler has packed: the former status is restored. */
  | { readonly kind: 'rebalanced' };

export type TopologyStep =
  | { readonly kind: 'changed'; readonly record: TopologyRecord }
  /** The record already says so. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

const accepted: Readonly<Record<TopologyStatus, readonly TopologyEvent['kind'][]>> = {
  ACTIVE: ['activate', 'deactivate', 'rebalance', 'kill'],
  INACTIVE: ['activate', 'deactivate', 'rebalance', 'kill'],
  REBALANCING: ['kill', 'place', 'rebalanced'],
  KILLED: ['kill'],
};

/** Storm's names of the events (TopologyActions), for messages that users look up. */
const stormNames: Readonly<Record<TopologyEvent['kind'], string>> = {
  activate: 'ACTIVATE',
  deactivate: 'INACTIVATE',
  kill: 'KILL',
  rebalance: 'REBALANCE',
  place: 'DO_REBALANCE',
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
  const isSame =
    next.status === record.status &&
    next.removeAtMs === record.removeAtMs &&
    next.rebalance?.phase === record.rebalance?.phase;
  return isSame ? { kind: 'unchanged' } : { kind: 'changed', record: next };
}

function nextRecord(record: TopologyRecord, event: TopologyEvent): TopologyRecord {
  const { rebalance, ...rest } = record;
  switch (event.kind) {
    case 'activate':
      return { ...record, status: 'ACTIVE' };
    case 'deactivate':
      return { ...record, status: 'INACTIVE' };
    case 'rebalance': {
      const statusBefore = record.status === 'INACTIVE' ? 'INACTIVE' : 'ACTIVE';
      return {
        ...record,
        status: 'REBALANCING',
        rebalance: { ...event.asked, phase: 'waiting', statusBefore },
      };
    }
    case 'place':
      return place(record);
    case 'rebalanced':
      return rebalance?.phase === 'placing' ? { ...rest, status: rebalance.statusBefore } : record;
    case 'kill':
      // A kill cancels the rebalance.
      return { ...rest, status: 'KILLED', removeAtMs: event.removeAtMs };
  }
}

function place(record: TopologyRecord): TopologyRecord {
  const { rebalance } = record;
  if (rebalance?.phase !== 'waiting') return record;
  const { workers, executors, confOverrides } = rebalance;
  return {
    ...record,
    rebalance: { ...rebalance, phase: 'placing' },
    rebalances: (record.rebalances ?? 0) + 1,
    ...(workers === undefined ? {} : { workers }),
    ...(executors === undefined ? {} : { executors: { ...record.executors, ...executors } }),
    ...(confOverrides === undefined ? {} : { codeVersion: (record.codeVersion ?? 0) + 1 }),
  };
}
