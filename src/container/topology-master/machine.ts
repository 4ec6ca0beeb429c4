import type { PackingPlan, PhysicalPlan, StreamManagerAddress } from '../../topology/index.ts';

/**
 * What a topology master decides: which stream managers are registered, which plan is published when, and
 * that spouts pause while tasks move.
 *
 *   registered ──> member (connected) ──disconnected──> member (silent) ──tick past graceMs──> gone
 *        │             ^                                     │
 *        │             └────────── registered again ─────────┘
 *        └──> refused: another topology, an unknown container, an incarnation that has been replaced
 *
 * A new packing plan is sent before the physical plan that refers to it. From then on tasks move, until every
 * container of the plan reports that it has applied it, or a limit has passed. Meanwhile the published status
 * is REBALANCING, unless the topology is KILLED. A container that a packing plan leaves out stays a member
 * while it is connected: the others must reach it to receive what it hands on.
 *
 * An epoch is the epoch of the lease in its high part and a counter in its low part, so it also grows from
 * one master to the next. A stream manager that holds a higher epoch (the state store was emptied) raises
 * this one above it.
 */
export interface MasterState {
  readonly topologyId: string;
  /** Invariant: its version never decreases. */
  readonly packing: PackingPlan;
  /** Invariant: never decreases, and is higher in each plan published than in the one before. */
  readonly epoch: number;
  /** The status in the topology's record. */
  readonly status: PhysicalPlan['status'];
  /**
   * Rebalances that the topology's record asks for, and those that the packing plan includes. Invariant:
   * placed never decreases.
   */
  readonly rebalances: { readonly asked: number; readonly placed: number };
  /**
   * Set while tasks move. Invariant: unset once every container of the packing plan is connected and has
   * applied it.
   */
  readonly moving: { readonly untilMs: number } | undefined;
  /** Invariant: at most one member for each container id. */
  readonly members: readonly Member[];
  /**
   * Incarnations that were replaced, `containerId/incarnation`, newest last. One of them is refused unless
   * the scheduler's record names it. Invariant: at most `replacedMax`.
   */
  readonly replaced: readonly string[];
}

export interface Member {
  readonly address: StreamManagerAddress;
  /** The id of its connection. Undefined: it has been disconnected since `silentSinceMs`. */
  readonly connection: number | undefined;
  readonly silentSinceMs: number;
  /** Version of the packing plan that it has applied. */
  readonly packingHeld: number;
}

export interface Registration {
  readonly connection: number;
  readonly topologyId: string;
  readonly address: StreamManagerAddress;
  readonly epochHeld: number;
  readonly packingHeld: number;
  /** The incarnation that the scheduler started last. Undefined: the store did not answer in time. */
  readonly startedIncarnation: string | undefined;
}

export type MasterEvent =
  | { readonly kind: 'registered'; readonly registration: Registration }
  | { readonly kind: 'disconnected'; readonly connection: number; readonly nowMs: number }
  /** The topology's record has changed. */
  | { readonly kind: 'status'; readonly status: PhysicalPlan['status']; readonly rebalances: number }
  /** The scheduler's assignment was read. `moveMsMax`: how long spouts may pause for it. */
  | {
      readonly kind: 'assigned';
      readonly packing: PackingPlan;
      readonly rebalances: number;
      readonly nowMs: number;
      readonly moveMsMax: number;
    }
  /** A container has applied a packing plan: its routes and hosts follow it. */
  | { readonly kind: 'took'; readonly connection: number; readonly version: number }
  /** The lease is held, for the first time or again, under this epoch. */
  | { readonly kind: 'held'; readonly leaseEpoch: number }
  | { readonly kind: 'tick'; readonly nowMs: number; readonly graceMs: number };

export type MasterEffect =
  | { readonly kind: 'publish'; readonly physical: PhysicalPlan }
  /** To one connection, or to all registered ones when undefined. */
  | { readonly kind: 'pack'; readonly connection: number | undefined; readonly packing: PackingPlan }
  | { readonly kind: 'refuse'; readonly connection: number; readonly reason: string };

const replacedMax = 256;
/** Leaves room for a million changes under one lease. */
const epochsPerLease = 2 ** 20;

export function initialMasterState(options: {
  readonly packing: PackingPlan;
  readonly leaseEpoch: number;
  readonly status: PhysicalPlan['status'];
  readonly rebalances: MasterState['rebalances'];
}): MasterState {
  const { packing, status, rebalances } = options;
  return {
    ...{ topologyId: packing.topologyId, packing, status, rebalances },
    epoch: options.leaseEpoch * epochsPerLease,
    moving: undefined,
    members: [],
    replaced: [],
  };
}

/** The physical plan of this state. */
export function physicalPlanOf(state: MasterState): PhysicalPlan {
  const streamManagers = state.members
    .map((member) => member.address)
    .sort((a, b) => a.containerId - b.containerId);
  const present = new Set(streamManagers.map((address) => address.containerId));
  return {
    topologyId: state.topologyId,
    epoch: state.epoch,
    packingVersion: state.packing.version,
    isComplete: state.packing.containers.every(({ containerId }) => present.has(containerId)),
    status: statusOf(state),
    streamManagers,
  };
}

export function stepMaster(state: MasterState, event: MasterEvent): [MasterState, readonly MasterEffect[]] {
  switch (event.kind) {
    case 'registered':
      return register(state, event.registration);
    case 'disconnected':
      return disconnect(state, event);
    case 'status': {
      const rebalances = { ...state.rebalances, asked: event.rebalances };
      return publishIfNews(state, { ...state, status: event.status, rebalances });
    }
    case 'assigned':
      return assign(state, event);
    case 'took': {
      const { connection, version } = event;
      const members = state.members.map((member) =>
        member.connection === connection ? { ...member, packingHeld: version } : member,
      );
      return publishIfNews(state, arrived({ ...state, members }));
    }
    case 'held':
      return confirm(state, event.leaseEpoch);
    case 'tick': {
      const members = state.members.filter(
        (member) => member.connection !== undefined || event.nowMs - member.silentSinceMs < event.graceMs,
      );
      const isOverdue = state.moving !== undefined && event.nowMs >= state.moving.untilMs;
      return publishIfNews(state, { ...state, members, moving: isOverdue ? undefined : state.moving });
    }
  }
}

/**
 * Nothing was sent while the lease was in doubt: now every stream manager receives the physical plan, and
 * those that have not applied the packing plan receive that too.
 */
function confirm(state: MasterState, leaseEpoch: number): [MasterState, readonly MasterEffect[]] {
  const { packing } = state;
  const [next, published] = publish({
    ...state,
    epoch: Math.max(state.epoch, leaseEpoch * epochsPerLease),
  });
  const behind = state.members.filter(
    ({ connection, packingHeld }) => connection !== undefined && packingHeld < packing.version,
  );
  const packs = behind.map(({ connection }) => ({ kind: 'pack', connection, packing }) as const);
  return [next, [...packs, ...published]];
}

/** KILLED wins. Otherwise report REBALANCING from the request until all moved tasks have arrived. */
function statusOf({ status, moving, rebalances }: MasterState): PhysicalPlan['status'] {
  if (status === 'KILLED') return status;
  return moving !== undefined || rebalances.placed < rebalances.asked ? 'REBALANCING' : status;
}

function isPlanned(state: MasterState, containerId: number): boolean {
  return state.packing.containers.some((container) => container.containerId === containerId);
}

/** A container that the packing plan has left out gets no grace. */
function disconnect(
  state: MasterState,
  event: { readonly connection: number; readonly nowMs: number },
): [MasterState, readonly MasterEffect[]] {
  const members = state.members.flatMap((member) => {
    if (member.connection !== event.connection) return [member];
    const isSilent = isPlanned(state, member.address.containerId);
    return isSilent ? [{ ...member, connection: undefined, silentSinceMs: event.nowMs }] : [];
  });
  return publishIfNews(state, { ...state, members });
}

/** An older packing plan than the one held comes from a store that has lost data, and is ignored. */
function assign(
  state: MasterState,
  event: Extract<MasterEvent, { readonly kind: 'assigned' }>,
): [MasterState, readonly MasterEffect[]] {
  const rebalances = { ...state.rebalances, placed: Math.max(state.rebalances.placed, event.rebalances) };
  if (event.packing.version <= state.packing.version) return publishIfNews(state, { ...state, rebalances });
  const moving = { untilMs: event.nowMs + event.moveMsMax };
  const [next, published] = publish(arrived({ ...state, packing: event.packing, rebalances, moving }));
  return [next, [{ kind: 'pack', connection: undefined, packing: event.packing }, ...published]];
}

/** Ends the move once every container of the packing plan is connected and has applied it. */
function arrived(state: MasterState): MasterState {
  if (state.moving === undefined) return state;
  const { version, containers } = state.packing;
  const isThere = containers.every(({ containerId }) =>
    state.members.some(
      ({ address, connection, packingHeld }) =>
        address.containerId === containerId && connection !== undefined && packingHeld >= version,
    ),
  );
  return isThere ? { ...state, moving: undefined } : state;
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
  const { packingHeld } = registration;
  const members = [
    ...state.members.filter((member) => member !== before),
    { address, connection, silentSinceMs: 0, packingHeld },
  ];
  const epoch = Math.max(state.epoch, registration.epochHeld);
  const [next, published] = publish(arrived({ ...state, epoch, members, replaced }));
  if (packingHeld < state.packing.version) effects.push({ kind: 'pack', connection, packing: state.packing });
  return [next, [...effects, ...published]];
}

function refusal(state: MasterState, registration: Registration): string | undefined {
  const { address, topologyId, startedIncarnation } = registration;
  if (topologyId !== state.topologyId) {
    return `topology ${topologyId}, this is the master of ${state.topologyId}`;
  }
  if (!isPlanned(state, address.containerId)) {
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

/** Publishes only when the physical plan differs from the one before. */
function publishIfNews(before: MasterState, after: MasterState): [MasterState, readonly MasterEffect[]] {
  const isNews = JSON.stringify(physicalPlanOf(before)) !== JSON.stringify(physicalPlanOf(after));
  return isNews ? publish(after) : [after, []];
}

function publish(state: MasterState): [MasterState, readonly MasterEffect[]] {
  const next = { ...state, epoch: state.epoch + 1 };
  return [next, [{ kind: 'publish', physical: physicalPlanOf(next) }]];
}

function incarnationKey(address: StreamManagerAddress): string {
  return `${address.containerId}/${address.incarnation}`;
}
