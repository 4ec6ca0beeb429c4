import { existsSync } from 'node:fs';
import type { Clock, Logger, RandomSource } from '../base/index.ts';
import {
  type AssignmentRecord,
  keys,
  type MarkerRecord,
  type RecordKey,
  type RecordStore,
  type RecordWrites,
  recordOf,
  type TopologyRecord,
} from '../records/index.ts';
import type { NodeFiles } from './node-files.ts';

export interface StoreMemoryDeps {
  readonly store: RecordStore;
  readonly writes: () => RecordWrites;
  readonly files: NodeFiles;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

export interface StoreState {
  /** The id of the marker: the same id at two moments proves that the store was not emptied in between. */
  readonly markerId: string;
  readonly wasEmptied: boolean;
}

/**
 * Tells a removed topology from one that the store has lost: an emptied Redis must not end what runs. A store
 * that this cluster has used holds a marker. The node keeps a copy of each topology's records beside its
 * containers' files; when the marker is gone, the records are written again from the copies, and then a new
 * marker, so that a process that sees a marker misses no record that should be there. Containers and nimbus
 * remove nothing while there is none.
 */
export class StoreMemory {
  readonly #deps: StoreMemoryDeps;
  /** Topology id -> what its copy was last written from. */
  readonly #written = new Map<string, { readonly topology: string; readonly assignment: AssignmentRecord }>();

  constructor(deps: StoreMemoryDeps) {
    this.#deps = deps;
  }

  /** Fills an emptied store again. Rejects with `STATE_UNAVAILABLE`, `LEASE_LOST`. */
  async ensure(): Promise<StoreState> {
    const { writes, random, clock, log } = this.#deps;
    const found = await this.markerId();
    if (found !== undefined) return { markerId: found, wasEmptied: false };
    const ids = this.#deps.files.listTopologies().filter((id) => existsSync(this.#deps.files.codeDirOf(id)));
    const restored: string[] = [];
    for (const id of ids) if (await this.#restore(id)) restored.push(id);
    const marker: MarkerRecord = { id: random.uuid(), madeAtMs: clock.nowMs() };
    await writes().put(keys.marker, marker);
    if (restored.length > 0) log.warn({ event: 'store.restored', topologies: restored });
    return { markerId: marker.id, wasEmptied: restored.length > 0 };
  }

  async markerId(): Promise<string | undefined> {
    return recordOf(await this.#deps.store.read(keys.marker))?.id;
  }

  /**
   * Copies what has changed, and removes the copies of topologies that are no more, before their containers
   * end. A disk that refuses costs the copy, not the topology. Copies of those that are kept apart stay as
   * they are.
   */
  remember(
    {
      topologies,
      held,
    }: { readonly topologies: readonly TopologyRecord[]; readonly held: readonly string[] },
    assignments: ReadonlyMap<string, AssignmentRecord>,
  ): void {
    const alive = new Set([...topologies.map(({ id }) => id), ...held]);
    for (const id of this.#deps.files.listTopologies()) {
      if (alive.has(id)) continue;
      this.#deps.files.removeCopy(id);
      this.#written.delete(id);
    }
    for (const topology of topologies) {
      const assignment = assignments.get(topology.id);
      if (assignment === undefined || assignment.plan.containers.length === 0) continue;
      const text = JSON.stringify(topology);
      const written = this.#written.get(topology.id);
      // An assignment is replaced, never changed: its text, which may be long, is made only to be written.
      if (written?.topology === text && written.assignment === assignment) continue;
      try {
        this.#deps.files.writeCopy(
          topology.id,
          `{"topology":${text},"assignment":${JSON.stringify(assignment)}}`,
        );
        this.#written.set(topology.id, { topology: text, assignment });
      } catch (error) {
        this.#deps.log.warn({ event: 'store.not-copied', topology: topology.id, error });
      }
    }
  }

  /**
   * A record that was written since is newer than the copy. Where the copy cannot be read, the topology gets
   * a record that says so: it is listed and can be killed, and its files stay. False when there is no copy.
   */
  async #restore(topologyId: string): Promise<boolean> {
    const copy = this.#deps.files.readCopy(topologyId);
    if (copy === undefined) return false;
    if (copy.kind === 'read') {
      const { topology, assignment } = copy.record;
      if (assignment !== undefined) await this.#fill(keys.assignment(topologyId), assignment);
      await this.#fill(keys.name(topology.name), topologyId);
      await this.#fill(keys.topology(topologyId), topology);
    } else {
      await this.#fill(keys.unreadableTopology(topologyId), {
        id: topologyId,
        unreadable: `it was lost, and its copy cannot be read: ${copy.reason}`,
      });
    }
    return true;
  }

  async #fill<T>(key: RecordKey<T>, record: NoInfer<T>): Promise<void> {
    if ((await this.#deps.store.read(key)) === undefined) await this.#deps.writes().put(key, record);
  }
}
