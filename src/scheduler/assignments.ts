import { type Clock, describeError, type Logger } from '../base/index.ts';
import type { Slot } from '../packing/index.ts';
import {
  type AssignmentRecord,
  isTopologyId,
  keys,
  type RecordStore,
  type RecordWrites,
  type TopologyRecord,
} from '../records/index.ts';
import { type AssignRequest, unpacked } from './assign.ts';
import { needPacking } from './desire.ts';
import type { NodeFiles } from './node-files.ts';
import type { Packer, PackOutcome } from './packer.ts';
import { type ContainerName, nameKey } from './reconcile.ts';

export interface AssignmentsDeps {
  readonly store: RecordStore;
  /** Under the lease of the leading scheduler. Throws `LEASE_LOST`. */
  readonly writes: () => RecordWrites;
  readonly files: NodeFiles;
  readonly log: Logger;
  /** All slots of this node. */
  readonly slots: readonly Slot[];
  readonly packer: Packer;
  readonly clock: Clock;
  /** A topology has been packed after the pass that asked for it had stopped waiting. */
  readonly onLate: () => void;
}

/**
 * Packing takes milliseconds. While one takes longer, containers of others must still be started and ended.
 */
const patienceMs = 100;

/**
 * Which topology has which slots. Only the leading scheduler writes assignments, so what it has loaded is
 * what the store holds. Invariant: no slot is in two plans, and none in a plan while a container that left
 * another still runs in it.
 */
export class Assignments {
  readonly #deps: AssignmentsDeps;
  readonly #assigned = new Map<string, AssignmentRecord>();
  /**
   * Topology id -> the request whose packing was given up: it is not retried while the request is the same.
   */
  readonly #givenUp = new Map<string, string>();
  #topologies: ReadonlyMap<string, TopologyRecord> = new Map();
  #packing: Promise<void> | undefined;
  /**
   * Grows with each load. Invariant: a result of packing is used only in the generation that asked for it.
   */
  #generation = 0;

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

  /**
   * Loads the assignments from the store. A plan over slots that this node does not offer is packed again.
   */
  async load(): Promise<void> {
    const { store, slots, log } = this.#deps;
    this.#assigned.clear();
    this.#generation += 1;
    for (const found of await store.list(keys.assignments)) {
      const topologyId = found.id;
      if (found.kind === 'unreadable') {
        await this.#recover(topologyId, found.reason);
        continue;
      }
      const assignment = found.record;
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
   * Takes the node's copy of an assignment that cannot be read; else one without containers, to be packed
   * again into a plan that is newer than those its containers run by.
   */
  async #recover(topologyId: string, reason: string): Promise<void> {
    const { files, log } = this.#deps;
    const copy = isTopologyId(topologyId) ? files.readCopy(topologyId) : undefined;
    const copied = copy?.kind === 'read' ? copy.record.assignment : undefined;
    log.warn({
      event: 'assignment.unreadable',
      topology: topologyId,
      reason,
      isCopied: copied !== undefined,
    });
    if (copied !== undefined) return this.#write(topologyId, copied);
    const version = isTopologyId(topologyId) ? files.planVersionOf(topologyId) : 0;
    this.#assigned.set(topologyId, {
      plan: { topologyId, version, codeVersion: 0, containers: [], tasks: [] },
      reason: `its assignment could not be read: ${reason}`,
    });
  }

  /**
   * Packs all topologies that need it, in their order, one at a time. Resolves when all are packed or one
   * takes long; the rest is then packed while passes continue, and `onLate` says when a result is there.
   */
  async assignAll(topologies: readonly TopologyRecord[], nowMs: number): Promise<void> {
    this.#topologies = new Map(topologies.map((topology) => [topology.id, topology]));
    if (this.#packing !== undefined) return;
    const { clock, log, onLate } = this.#deps;
    let isAwaited = true;
    const packing = this.#packAll(nowMs, () => {
      if (!isAwaited) onLate();
    });
    this.#packing = packing
      .catch((error: unknown) => {
        if (!isAwaited) log.warn({ event: 'assignment.not-written', reason: describeError(error) });
      })
      .finally(() => {
        this.#packing = undefined;
        if (!isAwaited) onLate();
      });
    const patience = new AbortController();
    const patient = clock.sleep(patienceMs, patience.signal).catch(() => undefined);
    try {
      await Promise.race([packing, patient]);
    } finally {
      isAwaited = false;
      patience.abort();
    }
  }

  /** When nothing is being packed any more. The packer has been closed. */
  async settle(): Promise<void> {
    await this.#packing;
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
    this.#givenUp.delete(topologyId);
  }

  async #packAll(nowMs: number, onPacked: () => void): Promise<void> {
    const moment = { nowMs, freeSlots: this.freeSlots.length };
    for (const { id } of needPacking([...this.#topologies.values()], this.#assigned, moment)) {
      const topology = this.#topologies.get(id);
      if (topology === undefined || this.#givenUp.get(id) === askedOf(topology)) continue;
      if (!(await this.#assign(topology, nowMs))) return;
      onPacked();
    }
  }

  /**
   * Packs the topology over the free slots and records what came of it, if that is news. False once the
   * packer is closed.
   */
  async #assign(topology: TopologyRecord, nowMs: number): Promise<boolean> {
    const { files, log, packer } = this.#deps;
    const codeDir = files.codeDirOf(topology.id);
    const before = this.#assigned.get(topology.id);
    const generation = this.#generation;
    const request = { topology, codeDir, freeSlots: this.freeSlots, before, nowMs };
    const outcome = await packer.pack(request);
    if (outcome.kind === 'closed') return false;
    if (outcome.kind === 'given-up') this.#givenUp.set(topology.id, askedOf(topology));
    // What was true when it was asked for is not any more: the next pass asks again.
    const isStale =
      generation !== this.#generation ||
      !this.#topologies.has(topology.id) ||
      this.#assigned.get(topology.id) !== before;
    const assignment = assignmentOf(request, outcome);
    if (isStale || (before !== undefined && JSON.stringify(before) === JSON.stringify(assignment)))
      return true;
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
    return true;
  }

  async #write(topologyId: string, assignment: AssignmentRecord): Promise<void> {
    await this.#deps.writes().put(keys.assignment(topologyId), assignment);
    this.#assigned.set(topologyId, assignment);
  }
}

function portsOf(assignment: AssignmentRecord): readonly number[] {
  return assignment.plan.containers.map((container) => container.slotPort);
}

/** What of a record packing depends on, besides its code directory. */
function askedOf({ rebalances, codeVersion, workers, executors }: TopologyRecord): string {
  return JSON.stringify([rebalances, codeVersion, workers, executors]);
}

function assignmentOf(
  request: AssignRequest,
  outcome: Exclude<PackOutcome, { kind: 'closed' }>,
): AssignmentRecord {
  return outcome.kind === 'assigned'
    ? outcome.assignment
    : unpacked(request, outcome.why, outcome.kind === 'given-up');
}
