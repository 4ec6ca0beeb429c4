import { GatewayError, type JsonValue } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import { keys, type TopologyRecord } from '../topology/index.ts';
import { stepTopology, type TopologyEvent } from './lifecycle.ts';

export interface StoredTopology {
  readonly record: TopologyRecord;
  readonly version: number;
}

/**
 * The topologies of the cluster, as they stand in the state store. A name is claimed before its record is written and
 * given back after the record is gone, so that no two topologies ever share one. Every change is a compare-and-set.
 */
export class Topologies {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  async list(): Promise<StoredTopology[]> {
    const found = await this.#store.list(keys.topologies);
    return found.map(({ value, version }) => ({ record: value as unknown as TopologyRecord, version }));
  }

  /** Throws `TOPOLOGY_NOT_ALIVE` with Storm's words. */
  async byId(id: string): Promise<StoredTopology> {
    const found = await this.#store.read(keys.topology(id));
    if (found === undefined) throw notAlive(id);
    return { record: found.value as unknown as TopologyRecord, version: found.version };
  }

  /** Throws `TOPOLOGY_NOT_ALIVE` with Storm's words. */
  async byName(name: string): Promise<StoredTopology> {
    const id = (await this.#store.read(keys.name(name)))?.value;
    const found = typeof id === 'string' ? await this.#store.read(keys.topology(id)) : undefined;
    if (found === undefined) throw notAlive(name);
    return { record: found.value as unknown as TopologyRecord, version: found.version };
  }

  async isNameTaken(name: string): Promise<boolean> {
    return (await this.#store.read(keys.name(name))) !== undefined;
  }

  /** False when the name is taken. */
  async claimName(name: string, id: string): Promise<boolean> {
    return (await this.#store.create(keys.name(name), id)).kind === 'written';
  }

  /** Gives the name back if `id` still has it. */
  async releaseName(name: string, id: string): Promise<void> {
    const held = await this.#store.read(keys.name(name));
    if (held?.value === id) await this.#store.remove(keys.name(name), held.version);
  }

  /** The names that were claimed, with the ids they were claimed for. */
  async claims(): Promise<{ readonly name: string; readonly id: string }[]> {
    const prefix = keys.name('');
    const found = await this.#store.list(prefix);
    return found.map(({ key, value }) => ({ name: key.slice(prefix.length), id: value as string }));
  }

  async create(record: TopologyRecord): Promise<void> {
    const written = await this.#store.create(keys.topology(record.id), record as unknown as JsonValue);
    if (written.kind === 'written') return;
    throw new GatewayError('STATE_CONFLICT', `there is a topology with id ${record.id} already`);
  }

  /**
   * Takes a topology through `event`, again if somebody else changed it meanwhile. Answers the record as it then is.
   * Throws `TOPOLOGY_NOT_ALIVE`, or `TRANSITION_REFUSED` when its status does not allow it.
   */
  async step(name: string, event: TopologyEvent): Promise<TopologyRecord> {
    for (;;) {
      const { record, version } = await this.byName(name);
      const step = stepTopology(record, event);
      if (step.kind === 'refused') throw new GatewayError('TRANSITION_REFUSED', step.reason);
      if (step.kind === 'unchanged') return record;
      const written = await this.#store.replace(
        keys.topology(record.id),
        version,
        step.record as unknown as JsonValue,
      );
      if (written.kind === 'written') return step.record;
    }
  }

  /** One try: false when the record has changed since it was read, or the event does not fit it any more. */
  async stepOnce({ record, version }: StoredTopology, event: TopologyEvent): Promise<boolean> {
    const step = stepTopology(record, event);
    if (step.kind !== 'changed') return false;
    const key = keys.topology(record.id);
    return (await this.#store.replace(key, version, step.record as unknown as JsonValue)).kind === 'written';
  }

  /** False when the record has changed since it was read. */
  async remove({ record, version }: StoredTopology): Promise<boolean> {
    if (!(await this.#store.remove(keys.topology(record.id), version))) return false;
    await this.releaseName(record.name, record.id);
    return true;
  }
}

function notAlive(name: string): GatewayError {
  return new GatewayError('TOPOLOGY_NOT_ALIVE', `${name} is not alive`, { facts: { topology: name } });
}
