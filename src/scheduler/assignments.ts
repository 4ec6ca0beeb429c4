import type { JsonValue, Logger } from '../base/index.ts';
import type { StateStore, StateWrites } from '../coordination/index.ts';
import type { Slot } from '../packing/index.ts';
import { type AssignmentRecord, keys, type TopologyRecord } from '../topology/index.ts';
import { assignTopology } from './assign.ts';
import type { Assigned } from './desire.ts';
import { digestPlan, type NodeFiles } from './node-files.ts';

export interface AssignmentsDeps {
  readonly store: StateStore;
  /** Under the lease of the leading scheduler. Throws `LEASE_LOST`. */
  readonly writes: () => StateWrites;
  readonly files: NodeFiles;
  readonly log: Logger;
  /** All slots of this node. */
  readonly slots: readonly Slot[];
}

/**
 * Which topology has which slots. Only the leading scheduler writes assignments, so what it has loaded is what is there.
 * Invariant: no slot is in two plans.
 */
export class Assignments {
  readonly #deps: AssignmentsDeps;
  readonly #assigned = new Map<string, Assigned>();

  constructor(deps: AssignmentsDeps) {
    this.#deps = deps;
  }

  get byTopology(): ReadonlyMap<string, Assigned> {
    return this.#assigned;
  }

  get freeSlots(): readonly Slot[] {
    const used = new Set([...this.#assigned.values()].flatMap(({ assignment }) => portsOf(assignment)));
    return this.#deps.slots.filter((slot) => !used.has(slot.port));
  }

  /** Takes what the store has. A plan that names slots which this node does not (or no longer) offer is packed anew. */
  async load(): Promise<void> {
    const { store, slots, log } = this.#deps;
    const prefix = keys.assignment('');
    this.#assigned.clear();
    for (const { key, value } of await store.list(prefix)) {
      const topologyId = key.slice(prefix.length);
      const assignment = value as unknown as AssignmentRecord;
      const isOffered = assignment.plan.containers.every((container) =>
        slots.some((slot) => slot.port === container.slotPort && slot.nodeId === container.nodeId),
      );
      if (isOffered) this.#keep(topologyId, assignment);
      else {
        this.#keep(topologyId, {
          plan: { topologyId, containers: [], tasks: [] },
          reason: 'its slots are gone',
        });
        log.warn({ event: 'assignment.slots-gone', topology: topologyId, ports: portsOf(assignment) });
      }
    }
  }

  /** Packs the topology over the free slots and records what came of it, if that is news. */
  async assign(topology: TopologyRecord): Promise<void> {
    const { writes, files, log } = this.#deps;
    const codeDir = files.codeDirOf(topology.id);
    const assignment = await assignTopology({ topology, codeDir, freeSlots: this.freeSlots });
    const before = this.#assigned.get(topology.id)?.assignment;
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(assignment)) return;
    await writes().put(keys.assignment(topology.id), assignment as unknown as JsonValue);
    this.#keep(topology.id, assignment);
    const { reason } = assignment;
    const fields = { event: 'topology.assigned', topology: topology.id, ports: portsOf(assignment) };
    if (reason === '') log.info(fields);
    else log.warn({ ...fields, reason });
  }

  async forget(topologyId: string): Promise<void> {
    await this.#deps.writes().remove(keys.assignment(topologyId));
    this.#assigned.delete(topologyId);
  }

  #keep(topologyId: string, assignment: AssignmentRecord): void {
    this.#assigned.set(topologyId, { assignment, planDigest: digestPlan(assignment.plan) });
  }
}

function portsOf(assignment: AssignmentRecord): readonly number[] {
  return assignment.plan.containers.map((container) => container.slotPort);
}
