import { GatewayError } from '../base/index.ts';
import { keys, type RecordStore, type TopologyRecord } from '../records/index.ts';

export interface StoredTopology {
  readonly record: TopologyRecord;
  /** The version of the record in the state store, for a compare-and-set. */
  readonly version: number;
}

/** A topology whose record cannot be read. It can be listed and killed, and nothing else. */
export interface UnreadableTopology {
  /** From its key; it may be no valid directory name (see isTopologyId). */
  readonly id: string;
  /** The name that was claimed for it, else the name that its id was made from, else the id. */
  readonly name: string;
  /** For the user: what is wrong with the record and what to do about it. */
  readonly reason: string;
  readonly version: number;
}

export interface FoundTopologies {
  readonly stored: readonly StoredTopology[];
  readonly unreadable: readonly UnreadableTopology[];
}

export interface NameClaim {
  readonly name: string;
  /** Undefined when the claim does not say which topology it was made for. */
  readonly id: string | undefined;
  readonly version: number;
}

/**
 * Finds the topologies of the cluster in the state store. A record that cannot be read is kept apart: it
 * never keeps the others from being listed. Every method rejects with `STATE_UNAVAILABLE` when the store
 * cannot be reached.
 */
export class StoredTopologies {
  protected readonly store: RecordStore;

  constructor(store: RecordStore) {
    this.store = store;
  }

  /** The topologies whose records can be read. */
  async list(): Promise<readonly StoredTopology[]> {
    return (await this.#find()).stored;
  }

  async listAll(): Promise<FoundTopologies> {
    const { stored, broken } = await this.#find();
    return { stored, unreadable: broken.length === 0 ? [] : named(broken, await this.claims()) };
  }

  /**
   * Throws `TOPOLOGY_NOT_ALIVE` with Storm's words, or `RECORD_UNREADABLE` with what is wrong with its
   * record.
   */
  async byId(id: string): Promise<StoredTopology> {
    return onlyReadable(await this.findById(id));
  }

  /** Throws as {@link byId} does. */
  async byName(name: string): Promise<StoredTopology> {
    return onlyReadable(await this.findByName(name));
  }

  /** Throws `TOPOLOGY_NOT_ALIVE` with Storm's words. */
  async findById(id: string): Promise<StoredTopology | UnreadableTopology> {
    const found = await this.store.read(keys.topology(id));
    if (found === undefined) throw notAlive(id);
    if (found.kind === 'read') return { record: found.record, version: found.version };
    const { unreadable } = await this.listAll();
    return unreadable.find((each) => each.id === id) ?? notAliveNow(id);
  }

  /**
   * Finds a topology by its claimed name. An unreadable topology that has lost its claim is also found by the
   * name that it is listed under. Throws `TOPOLOGY_NOT_ALIVE` with Storm's words.
   */
  async findByName(name: string): Promise<StoredTopology | UnreadableTopology> {
    const claim = await this.store.read(keys.name(name));
    if (claim?.kind === 'read' && (await this.store.read(keys.topology(claim.record))) !== undefined) {
      return this.findById(claim.record);
    }
    const { unreadable } = await this.listAll();
    return unreadable.find((each) => each.name === name) ?? notAliveNow(name);
  }

  async isNameTaken(name: string): Promise<boolean> {
    return (await this.store.read(keys.name(name))) !== undefined;
  }

  async claims(): Promise<readonly NameClaim[]> {
    return (await this.store.list(keys.names)).map((claim) => ({
      name: claim.id,
      id: claim.kind === 'read' ? claim.record : undefined,
      version: claim.version,
    }));
  }

  async #find(): Promise<{ readonly stored: StoredTopology[]; readonly broken: BrokenRecord[] }> {
    const stored: StoredTopology[] = [];
    const broken: BrokenRecord[] = [];
    for (const found of await this.store.list(keys.topologies)) {
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

/** Gives each unreadable topology a name of its own: scripts kill topologies by the names that are listed. */
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
