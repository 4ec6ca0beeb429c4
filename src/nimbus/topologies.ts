import { GatewayError } from '../base/index.ts';
import {
  type NameClaim,
  StoredTopologies,
  type StoredTopology,
  type UnreadableTopology,
} from '../queries/index.ts';
import { keys, type TopologyRecord } from '../records/index.ts';
import { stepTopology, type TopologyEvent } from './lifecycle.ts';

/**
 * Changes the topologies of the cluster in the state store. A name is claimed before its record is written
 * and released after the record is gone, so that no two topologies ever share one. Every change is a
 * compare-and-set.
 */
export class Topologies extends StoredTopologies {
  /** False when the name is taken. */
  async claimName(name: string, id: string): Promise<boolean> {
    return this.store.create(keys.name(name), id);
  }

  /** Releases the name if `id` still holds it. */
  async releaseName(name: string, id: string): Promise<void> {
    const claim = await this.store.read(keys.name(name));
    if (claim?.kind === 'read' && claim.record === id)
      await this.store.remove(keys.name(name), claim.version);
  }

  /** Releases a name unless it has been claimed again since. */
  async dropClaim({ name, version }: NameClaim): Promise<void> {
    await this.store.remove(keys.name(name), version);
  }

  async create(record: TopologyRecord): Promise<void> {
    if (await this.store.create(keys.topology(record.id), record)) return;
    throw new GatewayError(
      'STATE_CONFLICT',
      `cannot create topology ${record.id}: a topology with this id exists`,
    );
  }

  /**
   * Applies `event` to a topology; retries when another writer changed the record meanwhile. Resolves with
   * the new record. Throws `TOPOLOGY_NOT_ALIVE`, or `TRANSITION_REFUSED` when its status does not allow it.
   */
  async step(name: string, event: TopologyEvent): Promise<TopologyRecord> {
    for (;;) {
      const { record, version } = await this.byName(name);
      const step = stepTopology(record, event);
      if (step.kind === 'refused') throw new GatewayError('TRANSITION_REFUSED', step.reason);
      if (step.kind === 'unchanged') return record;
      if (await this.store.replace(keys.topology(record.id), version, step.record)) return step.record;
    }
  }

  /**
   * Tries once. False when the record has changed since it was read, or its status no longer allows the
   * event.
   */
  async stepOnce({ record, version }: StoredTopology, event: TopologyEvent): Promise<boolean> {
    const step = stepTopology(record, event);
    if (step.kind !== 'changed') return false;
    return this.store.replace(keys.topology(record.id), version, step.record);
  }

  /**
   * False when the record has changed since it was read. The reaper removes the rest, as for any other
   * topology.
   */
  async removeUnreadable({ id, name, version }: UnreadableTopology): Promise<boolean> {
    if (!(await this.store.remove(keys.topology(id), version))) return false;
    await this.releaseName(name, id);
    return true;
  }

  /** False when the record has changed since it was read. */
  async remove({ record, version }: StoredTopology): Promise<boolean> {
    if (!(await this.store.remove(keys.topology(record.id), version))) return false;
    await this.releaseName(record.name, record.id);
    return true;
  }
}
