/**
 * What should run against what does: the decisions of the local scheduler, without a process, a file or a clock.
 *
 * The life of a container here:
 *
 *      start            the process is there             it ended by itself
 *   ────────> starting ───────────────────────> running ────────────────────> waiting ──┐ startAtMs passed:
 *                │ it could not be started          │                           │  ^     │ start
 *                └──────────────────────────────────┼───────────────────────────┼──┘ <───┘
 *                                             end   v                           v drop
 *                                                 ending ─────────────────────> (gone)
 */
export type ContainerPhase = 'starting' | 'running' | 'waiting' | 'ending';

export interface ContainerView {
  readonly topologyId: string;
  readonly containerId: number;
  /** Of what it was started with and cannot change while it runs. */
  readonly digest: string;
  readonly phase: ContainerPhase;
  /** When a waiting one is due again. */
  readonly startAtMs: number;
}

export interface DesiredTopology {
  readonly topologyId: string;
  /** 0 (the topology master) and those of the plan; none while no slot is free. */
  readonly containers: readonly { readonly containerId: number; readonly digest: string }[];
  /** Those that a newer plan left out: they are not started again, and may run until their time. */
  readonly leaving: readonly { readonly containerId: number; readonly endAtMs: number }[];
}

export interface Situation {
  readonly nowMs: number;
  readonly desired: readonly DesiredTopology[];
  readonly containers: readonly ContainerView[];
  /** Topologies of which something is kept: an assignment, a directory. */
  readonly kept: readonly string[];
  /** Topologies whose records cannot be read: what runs of them is left alone, and nothing is started or forgotten. */
  readonly held?: readonly string[];
}

export interface ContainerName {
  readonly topologyId: string;
  readonly containerId: number;
}

export interface Decision {
  readonly starts: readonly ContainerName[];
  readonly ends: readonly ContainerName[];
  /** Waiting ones that nobody wants any more: there is no process. */
  readonly drops: readonly ContainerName[];
  /** Not desired and without a container: what is kept of them goes. */
  readonly forgets: readonly string[];
  /** When to look again though nothing happens; infinite for never. */
  readonly lookAgainAtMs: number;
}

/**
 * Two containers of one name never run at a time: one that must be started with something else is ended first and
 * started when it is gone. A new plan alone ends nothing: running containers take it over as it comes.
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
