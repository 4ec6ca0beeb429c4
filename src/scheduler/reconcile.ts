/**
 * What should run compared with what runs: the decisions of the local scheduler, without a process, a file or
 * a clock.
 *
 * The phases of a container on this node (a new one, and one that an earlier gateway left, begin as waiting):
 *
 *      ┌────────────────────── start, when startAtMs has passed ──────────────────────┐
 *      v                                                                              │
 *   starting ──has a process──> running ──process ended──> clearing ──cleared──> waiting ──drop──> (gone)
 *      │                         │  ^                         ^                   │   │
 *      └── could not be started ─│──│─────────────────────────┘                   │   │
 *                            end │  └── adopt: an earlier gateway started it ─────┘   │
 *                                v                                                    │
 *                              ending <── end: an earlier gateway left it dead ───────┘
 *                                └──────> (gone)
 *
 * While it is clearing, the processes that a dead one left are ended: its successor starts only after that.
 */
export type ContainerPhase = keyof typeof containerSuccessors;

/** The arrows above. LocalContainer takes no other. */
export const containerSuccessors = {
  starting: ['running', 'clearing'],
  running: ['clearing', 'ending'],
  clearing: ['waiting'],
  waiting: ['starting', 'running', 'ending'],
  ending: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export interface ContainerView {
  readonly topologyId: string;
  readonly containerId: number;
  /** Digest of what it was started with and cannot change while it runs. */
  readonly digest: string;
  readonly phase: ContainerPhase;
  /** When a waiting container may be started. */
  readonly startAtMs: number;
}

export interface DesiredTopology {
  readonly topologyId: string;
  /** Container 0 (the topology master) and those of the plan; none while no slot is free. */
  readonly containers: readonly { readonly containerId: number; readonly digest: string }[];
  /** Containers that a newer plan left out: they are not restarted, and may run until `endAtMs`. */
  readonly leaving: readonly { readonly containerId: number; readonly endAtMs: number }[];
}

export interface Situation {
  readonly nowMs: number;
  readonly desired: readonly DesiredTopology[];
  readonly containers: readonly ContainerView[];
  /** Topologies that still have an assignment or a directory. */
  readonly kept: readonly string[];
  /**
   * Topologies whose records cannot be read: their containers are left alone, and nothing is started or
   * forgotten.
   */
  readonly held?: readonly string[];
}

export interface ContainerName {
  readonly topologyId: string;
  readonly containerId: number;
}

export interface Decision {
  readonly starts: readonly ContainerName[];
  readonly ends: readonly ContainerName[];
  /** Waiting containers that are no longer desired; they have no process. */
  readonly drops: readonly ContainerName[];
  /** Topologies that are not desired and have no container: what is kept of them is removed. */
  readonly forgets: readonly string[];
  /** When to decide again even if nothing happens; infinite for never. */
  readonly lookAgainAtMs: number;
}

/**
 * Two containers of one name never run at the same time: a container that must be started with something else
 * is ended first, and started when it is gone. A new plan alone ends nothing: running containers take it
 * over.
 */
export function reconcile(situation: Situation): Decision {
  const { nowMs, desired, kept } = situation;
  const held = new Set(situation.held);
  const containers = situation.containers.filter(({ topologyId }) => !held.has(topologyId));
  const wanted = new Map(
    desired.flatMap(({ topologyId, containers: ofPlan }) =>
      ofPlan.map(({ containerId, digest }) => [nameKey({ topologyId, containerId }), digest]),
    ),
  );
  const endAtMs = new Map(
    desired.flatMap(({ topologyId, leaving }) =>
      leaving.map((each) => [nameKey({ topologyId, containerId: each.containerId }), each.endAtMs]),
    ),
  );
  const present = new Map(containers.map((container) => [nameKey(container), container]));
  const isWanted = (container: ContainerView): boolean => wanted.has(nameKey(container));
  const waiting = containers.filter((container) => container.phase === 'waiting');
  const due = waiting.filter((container) => isWanted(container) && container.startAtMs <= nowMs);
  const missing = desired.flatMap(({ topologyId, containers: ofPlan }) =>
    ofPlan
      .map(({ containerId }) => ({ topologyId, containerId }))
      .filter((name) => !present.has(nameKey(name))),
  );
  const running = containers.filter((container) => container.phase === 'running');
  const isLeaving = (container: ContainerView): boolean =>
    !isWanted(container) && (endAtMs.get(nameKey(container)) ?? 0) > nowMs;
  const ends = running.filter(
    (container) => wanted.get(nameKey(container)) !== container.digest && !isLeaving(container),
  );
  const drops = waiting.filter((container) => !isWanted(container));
  const dropped = new Set(drops.map(nameKey));
  const staying = new Set([
    ...desired.map((topology) => topology.topologyId),
    ...containers
      .filter((container) => !dropped.has(nameKey(container)))
      .map((container) => container.topologyId),
  ]);
  const later = waiting.filter((container) => isWanted(container) && container.startAtMs > nowMs);
  return {
    starts: [...missing, ...due.map(nameOf)],
    ends: ends.map(nameOf),
    drops: drops.map(nameOf),
    forgets: [...new Set(kept)].filter((topologyId) => !staying.has(topologyId) && !held.has(topologyId)),
    lookAgainAtMs: Math.min(
      ...later.map((container) => container.startAtMs),
      ...running.filter(isLeaving).map((container) => endAtMs.get(nameKey(container))!),
      Number.POSITIVE_INFINITY,
    ),
  };
}

/** Topology ids hold no slash. */
export function nameKey({ topologyId, containerId }: ContainerName): string {
  return `${topologyId}/${containerId}`;
}

function nameOf({ topologyId, containerId }: ContainerName): ContainerName {
  return { topologyId, containerId };
}
