import { GatewayError } from '../base/index.ts';
import { keys, type RecordStore, type TopologyRecord } from '../records/index.ts';
import { stepTopology, type TopologyEvent } from './lifecycle.ts';

export interface StoredTopology {
  readonly record: TopologyRecord;
  readonly version: number;
}

/** A topology whose record is not what it should be. It can be listed and killed, and nothing else. */
export interface UnreadableTopology {
  /** As its key says; possibly no name of a directory (see isTopologyId). */
  readonly id: string;
  /** The name that was claimed for it, else the one that its id was made of, else the id. */
  readonly name: string;
  /** For the user. */
  readonly reason: string;
  readonly version: number;
}

export interface FoundTopologies {
  readonly stored: readonly StoredTopology[];
  readonly unreadable: readonly UnreadableTopology[];
}

export interface NameClaim {
  readonly name: string;
  /** Undefined when the claim does not say for which topology it was made. */
  readonly id: string | undefined;
  readonly version: number;
}

/**
 * The topologies of the cluster, as they stand in the state store. A name is claimed before its record is written and
 * given back after the record is gone, so that no two topologies ever share one. Every change is a compare-and-set.
 * A record that cannot be read is kept apart: it never keeps the others from being listed or changed.
 */
export class Topologies {
  readonly #store: RecordStore;

  constructor(store: RecordStore) {
    this.#store = store;
  }

  /** Those whose records can be read. */
  async list(): Promise<readonly StoredTopology[]> {
    return (await this.#find()).stored;
  }

  /** All of them. */
  async listAll(): Promise<FoundTopologies> {
    const { stored, broken } = await this.#find();
    return { stored, unreadable: broken.length === 0 ? [] : named(broken, await this.claims()) };
  }

  /** Throws `TOPOLOGY_NOT_ALIVE` with Storm's words, `RECORD_UNREADABLE` saying what is wrong with its record. */
  async byId(id: string): Promise<StoredTopology> {
    return onlyReadable(await this.findById(id));
  }

  /** Throws as {@link byId}. */
  async byName(name: string): Promise<StoredTopology> {
    return onlyReadable(await this.findByName(name));
  }

  /** Throws `TOPOLOGY_NOT_ALIVE` with Storm's words. */
  async findById(id: string): Promise<StoredTopology | UnreadableTopology> {
    const found = await this.#store.read(keys.topology(id));
    if (found === undefined) throw notAlive(id);
    if (found.kind === 'read') return { record: found.record, version: found.version };
    const { unreadable } = await this.listAll();
    return unreadable.find((each) => each.id === id) ?? notAliveNow(id);
  }

  /**
   * By the name that was claimed; a topology that cannot be read, and has lost its claim, also by the name that it is
   * listed under. Throws `TOPOLOGY_NOT_ALIVE` with Storm's words.
   */
  async findByName(name: string): Promise<StoredTopology | UnreadableTopology> {
    const claim = await this.#store.read(keys.name(name));
    if (claim?.kind === 'read' && (await this.#store.read(keys.topology(claim.record))) !== undefined) {
      return this.findById(claim.record);
    }
    const { unreadable } = await this.listAll();
    return unreadable.find((each) => each.name === name) ?? notAliveNow(name);
  }

  async isNameTaken(name: string): Promise<boolean> {
    return (await this.#store.read(keys.name(name))) !== undefined;
  }

  /** False when the name is taken. */
  async claimName(name: string, id: string): Promise<boolean> {
    return this.#store.create(keys.name(name), id);
  }

  /** Gives the name back if `id` still has it. */
  async releaseName(name: string, id: string): Promise<void> {
    const claim = await this.#store.read(keys.name(name));
    if (claim?.kind === 'read' && claim.record === id)
      await this.#store.remove(keys.name(name), claim.version);
  }

  async claims(): Promise<readonly NameClaim[]> {
    return (await this.#store.list(keys.names)).map((claim) => ({
      name: claim.id,
      id: claim.kind === 'read' ? claim.record : undefined,
      version: claim.version,
    }));
  }

  /** Gives a name back unless somebody has claimed it again since. */
  async dropClaim({ name, version }: NameClaim): Promise<void> {
    await this.#store.remove(keys.name(name), version);
  }

  async create(record: TopologyRecord): Promise<void> {
    if (await this.#store.create(keys.topology(record.id), record)) return;
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
      if (await this.#store.replace(keys.topology(record.id), version, step.record)) return step.record;
    }
  }

  /** One try: false when the record has changed since it was read, or the event does not fit it any more. */
  async stepOnce({ record, version }: StoredTopology, event: TopologyEvent): Promise<boolean> {
    const step = stepTopology(record, event);
    if (step.kind !== 'changed') return false;
    return this.#store.replace(keys.topology(record.id), version, step.record);
  }

  /** False when the record has changed since it was read. What else there is of it goes as with any other. */
  async removeUnreadable({ id, name, version }: UnreadableTopology): Promise<boolean> {
    if (!(await this.#store.remove(keys.topology(id), version))) return false;
    await this.releaseName(name, id);
    return true;
  }

  /** False when the record has changed since it was read. */
  async remove({ record, version }: StoredTopology): Promise<boolean> {
    if (!(await this.#store.remove(keys.topology(record.id), version))) return false;
    await this.releaseName(record.name, record.id);
    return true;
  }

  async #find(): Promise<{ readonly stored: StoredTopology[]; readonly broken: BrokenRecord[] }> {
    const stored: StoredTopology[] = [];
    const broken: BrokenRecord[] = [];
    for (const found of await this.#store.list(keys.topologies)) {
      const { id, version } = found;
      if (found.kind === 'read') stored.push({ record: found.record, version });
      else broken.push({ id, reason: found.reason, version });
    }
    return { stored, broken };
  }
}

interface BrokenRecord {
  readonly id: string;
  readonly reason: string;
  readonly version: number;
}

export function isUnreadable(found: StoredTopology | UnreadableTopology): found is UnreadableTopology {
  return 'reason' in found;
}

function onlyReadable(found: StoredTopology | UnreadableTopology): StoredTopology {
  if (!isUnreadable(found)) return found;
  throw new GatewayError('RECORD_UNREADABLE', `topology ${found.name}: ${found.reason}`, {
    facts: { topology: found.id },
  });
}

/** Two of them never have the same name: scripts kill topologies by what is listed. */
function named(broken: readonly BrokenRecord[], claims: readonly NameClaim[]): UnreadableTopology[] {
  const claimedFor = new Map(
    claims.flatMap(({ name, id }) => (id === undefined ? [] : [[id, name] as const])),
  );
  const taken = new Set(claimedFor.values());
  return broken.map(({ id, reason, version }) => {
    const madeOf = /^(.+)-\d+-\d+$/.exec(id)?.[1] ?? id;
    const name = claimedFor.get(id) ?? (taken.has(madeOf) ? id : madeOf);
    taken.add(name);
    return { id, name, version, reason: unreadableReason(id, reason) };
  });
}

function unreadableReason(id: string, reason: string): string {
  return (
    `the record ${keys.topology(id).path.slice(0, 300)} in the state store cannot be read: ${reason}. ` +
    'Kill the topology and submit it again, or restore the record'
  );
}

function notAlive(name: string): GatewayError {
  return new GatewayError('TOPOLOGY_NOT_ALIVE', `${name} is not alive`, { facts: { topology: name } });
}

function notAliveNow(name: string): never {
  throw notAlive(name);
}
