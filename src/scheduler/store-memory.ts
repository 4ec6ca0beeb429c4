import { existsSync } from 'node:fs';
import type { Clock, JsonValue, Logger, RandomSource } from '../base/index.ts';
import type { StateStore, StateWrites } from '../coordination/index.ts';
import { type AssignmentRecord, keys, type MarkerRecord, type TopologyRecord } from '../topology/index.ts';
import type { NodeFiles, TopologyCopy } from './node-files.ts';

export interface StoreMemoryDeps {
  readonly store: StateStore;
  readonly writes: () => StateWrites;
  readonly files: NodeFiles;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

export interface StoreState {
  /** Of the marker: the same one at two moments says that the store was not emptied in between. */
  readonly markerId: string;
  readonly wasEmptied: boolean;
}

/**
 * Tells a topology that was removed from a store that forgot: an emptied Redis must not end what runs. A store that this
 * cluster has used holds a marker. The node keeps a copy of each topology's records beside its containers' files; when
 * the marker is gone, the records are written again from the copies, and then a new marker, so that nobody who sees a
 * marker misses a record that should be there. Containers and nimbus remove nothing while there is none.
 */
export class StoreMemory {
  readonly #deps: StoreMemoryDeps;
  /** Topology id -> the copy as it was last written. */
  readonly #written = new Map<string, string>();

  constructor(deps: StoreMemoryDeps) {
    this.#deps = deps;
  }

  /** Fills an emptied store again. Rejects with `STATE_UNAVAILABLE`, `LEASE_LOST`. */
  async ensure(): Promise<StoreState> {
    const { writes, random, clock, log } = this.#deps;
    const found = await this.markerId();
    if (found !== undefined) return { markerId: found, wasEmptied: false };
    const copies = this.#deps.files.listTopologies().flatMap((id) => this.#copyOf(id));
    for (const copy of copies) await this.#restore(copy);
    const marker: MarkerRecord = { id: random.uuid(), madeAtMs: clock.nowMs() };
    await writes().put(keys.marker, { ...marker });
    if (copies.length > 0)
      log.warn({ event: 'store.restored', topologies: copies.map(({ topology }) => topology.id) });
    return { markerId: marker.id, wasEmptied: copies.length > 0 };
  }

  async markerId(): Promise<string | undefined> {
    const found = await this.#deps.store.read(keys.marker);
    return (found?.value as unknown as MarkerRecord | undefined)?.id;
  }

  /**
   * Copies what has changed, and removes the copies of topologies that are no more, before their containers end. A disk
   * that refuses costs the copy, not the topology.
   */
  remember(topologies: readonly TopologyRecord[], assignments: ReadonlyMap<string, AssignmentRecord>): void {
    const alive = new Set(topologies.map(({ id }) => id));
    for (const id of this.#deps.files.listTopologies()) {
      if (alive.has(id)) continue;
      this.#deps.files.removeCopy(id);
      this.#written.delete(id);
    }
    for (const topology of topologies) {
      const assignment = assignments.get(topology.id);
      if (assignment === undefined || assignment.plan.containers.length === 0) continue;
      const text = JSON.stringify({ topology, assignment });
      if (this.#written.get(topology.id) === text) continue;
      try {
        this.#deps.files.writeCopy(topology.id, text);
        this.#written.set(topology.id, text);
      } catch (error) {
        this.#deps.log.warn({ event: 'store.not-copied', topology: topology.id, error });
      }
    }
  }

  #copyOf(topologyId: string): TopologyCopy[] {
    const { files } = this.#deps;
    const copy = files.readCopy(topologyId);
    return copy !== undefined && existsSync(files.codeDirOf(topologyId)) ? [copy] : [];
  }

  /** What somebody has written since is newer than the copy. */
  async #restore({ topology, assignment }: TopologyCopy): Promise<void> {
    const records: readonly (readonly [string, JsonValue])[] = [
      [keys.assignment(topology.id), assignment as unknown as JsonValue],
      [keys.name(topology.name), topology.id],
      [keys.topology(topology.id), topology as unknown as JsonValue],
    ];
    for (const [key, value] of records) {
      if ((await this.#deps.store.read(key)) === undefined) await this.#deps.writes().put(key, value);
    }
  }
}
