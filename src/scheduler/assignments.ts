import type { JsonValue, Logger } from '../base/index.ts';
import type { StateStore, StateWrites } from '../coordination/index.ts';
import type { Slot } from '../packing/index.ts';
import {
  type AssignmentRecord,
  isTopologyId,
  keys,
  readAssignmentRecord,
  type TopologyRecord,
} from '../topology/index.ts';
import { assignTopology } from './assign.ts';
import { needPacking } from './desire.ts';
import type { NodeFiles } from './node-files.ts';
import { type ContainerName, nameKey } from './reconcile.ts';

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
 * Invariant: no slot is in two plans, and none in a plan while a container that left another still runs in it.
 */
export class Assignments {
  readonly #deps: AssignmentsDeps;
  readonly #assigned = new Map<string, AssignmentRecord>();

  constructor(deps: AssignmentsDeps) {
    this.#deps = deps;
  }

  get byTopology(): ReadonlyMap<string, AssignmentRecord> {
    return this.#assigned;
  }

  get freeSlots(): readonly Slot[] {
    const used = new Set(
      [...this.#assigned.values()].flatMap((assignment) => [
        ...portsOf(assignment),
        ...(assignment.leaving ?? []).map(({ slotPort }) => slotPort),
      ]),
    );
    return this.#deps.slots.filter((slot) => !used.has(slot.port));
  }

  /** Takes what the store has. A plan that names slots which this node does not (or no longer) offer is packed anew. */
  async load(): Promise<void> {
    const { store, slots, log } = this.#deps;
    const prefix = keys.assignment('');
    this.#assigned.clear();
    for (const { key, value } of await store.list(prefix)) {
      const topologyId = key.slice(prefix.length);
      const reading = readAssignmentRecord(topologyId, value);
      if (reading.kind === 'unreadable') {
        this.#assigned.set(topologyId, this.#recover(topologyId, reading.reason));
        continue;
      }
      const assignment = reading.record;
      const isOffered = assignment.plan.containers.every((container) =>
        slots.some((slot) => slot.port === container.slotPort && slot.nodeId === container.nodeId),
      );
      if (isOffered) this.#assigned.set(topologyId, assignment);
      else {
        const plan = { ...assignment.plan, containers: [], tasks: [] };
        this.#assigned.set(topologyId, { ...assignment, plan, reason: 'its slots are gone' });
        log.warn({ event: 'assignment.slots-gone', topology: topologyId, ports: portsOf(assignment) });
      }
    }
  }

  /**
   * The node's copy of an assignment that cannot be read; else one without containers, to be packed again into a plan
   * that is newer than those its containers run by.
   */
  #recover(topologyId: string, reason: string): AssignmentRecord {
    const { files, log } = this.#deps;
    const copy = isTopologyId(topologyId) ? files.readCopy(topologyId) : undefined;
    const copied = copy?.kind === 'read' ? copy.record.assignment : undefined;
    log.warn({
      event: 'assignment.unreadable',
      topology: topologyId,
      reason,
      isCopied: copied !== undefined,
    });
    if (copied !== undefined) return copied;
    const version = isTopologyId(topologyId) ? files.planVersionOf(topologyId) : 0;
    return {
      plan: { topologyId, version, codeVersion: 0, containers: [], tasks: [] },
      reason: `its assignment could not be read: ${reason}`,
    };
  }

  /** Packs all topologies that need it, in their order. */
  async assignAll(topologies: readonly TopologyRecord[], nowMs: number): Promise<void> {
    const moment = { nowMs, freeSlots: this.freeSlots.length };
    for (const topology of needPacking(topologies, this.#assigned, moment))
      await this.#assign(topology, nowMs);
  }

  /** Containers that left a plan and have ended give their slots back. */
  async freeSlotsOf(running: readonly ContainerName[]): Promise<void> {
    const present = new Set(running.map(nameKey));
    for (const [topologyId, { leaving, ...assignment }] of this.#assigned) {
      const still = leaving?.filter(({ containerId }) => present.has(nameKey({ topologyId, containerId })));
      if (still === undefined || still.length === leaving?.length) continue;
      await this.#write(topologyId, { ...assignment, ...(still.length === 0 ? {} : { leaving: still }) });
    }
  }

  async forget(topologyId: string): Promise<void> {
    await this.#deps.writes().remove(keys.assignment(topologyId));
    this.#assigned.delete(topologyId);
  }

  /** Packs the topology over the free slots and records what came of it, if that is news. */
  async #assign(topology: TopologyRecord, nowMs: number): Promise<void> {
    const { files, log } = this.#deps;
    const codeDir = files.codeDirOf(topology.id);
    const before = this.#assigned.get(topology.id);
    const assignment = await assignTopology({ topology, codeDir, freeSlots: this.freeSlots, before, nowMs });
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(assignment)) return;
    await this.#write(topology.id, assignment);
    const { reason, plan, rebalances } = assignment;
    const ports = portsOf(assignment);
    const fields = {
      event: 'topology.assigned',
      topology: topology.id,
      ports,
      version: plan.version,
      rebalances,
    };
    if (reason === '') log.info(fields);
    else log.warn({ ...fields, reason });
  }

  async #write(topologyId: string, assignment: AssignmentRecord): Promise<void> {
    await this.#deps.writes().put(keys.assignment(topologyId), assignment as unknown as JsonValue);
    this.#assigned.set(topologyId, assignment);
  }
}

function portsOf(assignment: AssignmentRecord): readonly number[] {
  return assignment.plan.containers.map((container) => container.slotPort);
}
