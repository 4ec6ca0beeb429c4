import type { PhysicalPlan, StreamManagerAddress } from '../../topology/index.ts';

/**
 * What a topology master decides: who is registered, and which plan is published when.
 *
 *   registered ──> member (connected) ──disconnected──> member (silent) ──tick past graceMs──> gone
 *        │             ^                                     │
 *        │             └────────── registered again ─────────┘
 *        └──> refused: another topology, an unknown container, an incarnation that has been replaced
 *
 * Epochs: high part the epoch of the lease, low part a counter, so they grow also across masters. A stream manager that
 * holds a higher epoch (the state store was emptied) lifts ours above it.
 */
export interface MasterState {
  readonly topologyId: string;
  /** The containers of the packing plan, 1..N. */
  readonly containerIds: readonly number[];
  readonly epoch: number;
  readonly status: PhysicalPlan['status'];
  readonly members: readonly Member[];
  /** Incarnations that were replaced, `containerId/incarnation`, newest last. They never come back. */
  readonly replaced: readonly string[];
}

export interface Member {
  readonly address: StreamManagerAddress;
  /** Of its connection; undefined since `silentSinceMs`. */
  readonly connection: number | undefined;
  readonly silentSinceMs: number;
}

export interface Registration {
  readonly connection: number;
  readonly topologyId: string;
  readonly address: StreamManagerAddress;
  readonly epochHeld: number;
  /** The incarnation that the scheduler last started, when the store could be asked. */
  readonly startedIncarnation: string | undefined;
}

export type MasterEvent =
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'disconnected'; readonly connection: number; readonly nowMs: number }
  | { readonly kind: 'status'; readonly status: PhysicalPlan['status'] }
  | { readonly kind: 'containers'; readonly containerIds: readonly number[] }
  /** The lease is held (again) under this epoch. */
  | { readonly kind: 'held'; readonly leaseEpoch: number }
  | { readonly kind: 'tick'; readonly nowMs: number; readonly graceMs: number };

export type MasterEffect =
  | { readonly kind: 'publish'; readonly plan: PhysicalPlan }
  | { readonly kind: 'refuse'; readonly connection: number; readonly reason: string };

const replacedMax = 256;
/** Room for a million changes under one lease. */
const epochsPerLease = 2 ** 20;

export function initialMasterState(options: {
  readonly topologyId: string;
  readonly containerIds: readonly number[];
  readonly leaseEpoch: number;
  readonly status: PhysicalPlan['status'];
}): MasterState {
  const { topologyId, containerIds, status } = options;
  return {
    ...{ topologyId, containerIds, status },
    epoch: options.leaseEpoch * epochsPerLease,
    members: [],
    replaced: [],
  };
}

/** The plan as it stands. */
export function planOf(state: MasterState): PhysicalPlan {
  const streamManagers = state.members
    .map((member) => member.address)
    .sort((a, b) => a.containerId - b.containerId);
  const present = new Set(streamManagers.map((address) => address.containerId));
  return {
    topologyId: state.topologyId,
    epoch: state.epoch,
    packingVersion: 1,
    isComplete: state.containerIds.every((containerId) => present.has(containerId)),
    status: state.status,
    streamManagers,
  };
}

export function stepMaster(state: MasterState, event: MasterEvent): [MasterState, readonly MasterEffect[]] {
  switch (event.kind) {
    case 'registered':
      return register(state, event.registration);
    case 'disconnected': {
      const silence = { connection: undefined, silentSinceMs: event.nowMs };
      const members = state.members.map((member) =>
        member.connection === event.connection ? { ...member, ...silence } : member,
      );
      return [{ ...state, members }, []];
    }
    case 'status':
      return event.status === state.status ? [state, []] : publish({ ...state, status: event.status });
    case 'containers': {
      const { containerIds } = event;
      if (containerIds.join() === state.containerIds.join()) return [state, []];
      const members = state.members.filter((member) => containerIds.includes(member.address.containerId));
      return publish({ ...state, containerIds, members });
    }
    case 'held':
      return publish({ ...state, epoch: Math.max(state.epoch, event.leaseEpoch * epochsPerLease) });
    case 'tick': {
      const members = state.members.filter(
        (member) => member.connection !== undefined || event.nowMs - member.silentSinceMs < event.graceMs,
      );
      return members.length === state.members.length ? [state, []] : publish({ ...state, members });
    }
  }
}

function register(state: MasterState, registration: Registration): [MasterState, readonly MasterEffect[]] {
  const { connection, address } = registration;
  const reason = refusal(state, registration);
  if (reason !== undefined) return [state, [{ kind: 'refuse', connection, reason }]];
  const before = state.members.find((member) => member.address.containerId === address.containerId);
  const effects: MasterEffect[] = [];
  let replaced = state.replaced;
  if (before?.connection !== undefined) {
    const by = `container ${address.containerId} registered again as ${address.incarnation}`;
    effects.push({ kind: 'refuse', connection: before.connection, reason: by });
  }
  if (before !== undefined && before.address.incarnation !== address.incarnation) {
    replaced = [...replaced, incarnationKey(before.address)].slice(-replacedMax);
  }
  const members = [
    ...state.members.filter((member) => member !== before),
    { address, connection, silentSinceMs: 0 },
  ];
  const epoch = Math.max(state.epoch, registration.epochHeld);
  const [next, published] = publish({ ...state, epoch, members, replaced });
  return [next, [...effects, ...published]];
}

function refusal(state: MasterState, registration: Registration): string | undefined {
  const { address, topologyId, startedIncarnation } = registration;
  if (topologyId !== state.topologyId) {
    return `topology ${topologyId}, this is the master of ${state.topologyId}`;
  }
  if (!state.containerIds.includes(address.containerId)) {
    return `container ${address.containerId} is not in the packing plan`;
  }
  if (startedIncarnation !== undefined && startedIncarnation !== address.incarnation) {
    return `incarnation ${address.incarnation} is stale, the scheduler started ${startedIncarnation}`;
  }
  if (startedIncarnation === undefined && state.replaced.includes(incarnationKey(address))) {
    return `incarnation ${address.incarnation} has been replaced`;
  }
  return undefined;
}

function publish(state: MasterState): [MasterState, readonly MasterEffect[]] {
  const next = { ...state, epoch: state.epoch + 1 };
  return [next, [{ kind: 'publish', plan: planOf(next) }]];
}

function incarnationKey(address: StreamManagerAddress): string {
  return `${address.containerId}/${address.incarnation}`;
}
