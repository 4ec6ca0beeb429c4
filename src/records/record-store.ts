import { asJson } from '../base/index.ts';
import type { Fence, StateStore, StateWrites } from '../coordination/index.ts';
import type { LeaseKey, ListGroup, ListKey, Reading, RecordGroup, RecordKey } from './key.ts';

/** A record as it was found, and the version that `replace` and `remove` compare. */
export type StoredRecord<T> = Reading<T> & { readonly version: number };

/** A record of a group. `id`: its path without the group's prefix. */
export type ListedRecord<T> = StoredRecord<T> & { readonly id: string };

/** A lease that is held, and what its holder published with it. */
export type StoredLease<T> = Reading<T> & {
  readonly holder: string;
  readonly epoch: number;
  readonly remainingMs: number;
};

/** Writes without a condition of their own. See {@link StateWrites}. */
export interface RecordWrites {
  put<T>(key: RecordKey<T>, record: NoInfer<T>, options?: { readonly expireMs?: number }): Promise<void>;
  /** True when there was something. */
  remove(key: { readonly path: string }): Promise<boolean>;
  /** Resolves with how many records or lists it removed. */
  removeAll(group: { readonly prefix: string }): Promise<number>;
  /** Appends to a list and drops the oldest records beyond `max`. */
  append<T>(key: ListKey<T>, record: NoInfer<T>, max: number): Promise<void>;
}

/**
 * The state store seen as typed records: a key knows the type of its record and how to check it, so what is
 * read is checked and what is written has the right type. Stateless: any number of these may stand on one
 * store. All calls reject as those of {@link StateStore}.
 */
export class RecordStore implements RecordWrites {
  /** The store below, for leases and records of other rooms. */
  readonly state: StateStore;
  readonly #writes: RecordWrites;

  constructor(state: StateStore) {
    this.state = state;
    this.#writes = recordWrites(state);
  }

  async read<T>(key: RecordKey<T>): Promise<StoredRecord<T> | undefined> {
    const found = await this.state.read(key.path);
    return found === undefined ? undefined : { ...key.check(found.value), version: found.version };
  }

  /** In the order of their paths. */
  async list<T>(group: RecordGroup<T>): Promise<readonly ListedRecord<T>[]> {
    const found = await this.state.list(group.prefix);
    return found.map(({ key, value, version }) => {
      const id = key.slice(group.prefix.length);
      return { ...group.check(id, value), id, version };
    });
  }

  /** True when it was written; false when there is a record already. */
  async create<T>(key: RecordKey<T>, record: NoInfer<T>): Promise<boolean> {
    return (await this.state.create(key.path, jsonOf(record))).kind === 'written';
  }

  /** True when it was written; false when the record no longer has this version. */
  async replace<T>(key: RecordKey<T>, version: number, record: NoInfer<T>): Promise<boolean> {
    return (await this.state.replace(key.path, version, jsonOf(record))).kind === 'written';
  }

  put<T>(key: RecordKey<T>, record: NoInfer<T>, options?: { readonly expireMs?: number }): Promise<void> {
    return this.#writes.put(key, record, options);
  }

  /** With a version: only the record of that version. */
  remove(key: { readonly path: string }, version?: number): Promise<boolean> {
    return this.state.remove(key.path, version);
  }

  removeAll(group: { readonly prefix: string }): Promise<number> {
    return this.#writes.removeAll(group);
  }

  append<T>(key: ListKey<T>, record: NoInfer<T>, max: number): Promise<void> {
    return this.#writes.append(key, record, max);
  }

  /** The oldest first. */
  async readAll<T>(key: ListKey<T>): Promise<readonly Reading<T>[]> {
    return (await this.state.readAll(key.path)).map((value) => key.check(value));
  }

  /** The ids of the lists of a group. */
  async listIds(group: ListGroup): Promise<readonly string[]> {
    return (await this.state.listKeys(group.prefix)).map((path) => path.slice(group.prefix.length));
  }

  /**
   * See {@link StateStore.watch}. `changed` is called with an id, or with undefined when anything may have
   * changed.
   */
  watch(
    group: { readonly prefix: string },
    changed: (id: string | undefined) => void,
  ): Promise<AsyncDisposable> {
    return this.state.watch(group.prefix, (path) => changed(path?.slice(group.prefix.length)));
  }

  async readLease<T>(key: LeaseKey<T>): Promise<StoredLease<T> | undefined> {
    const found = await this.state.readLease(key.path);
    if (found === undefined) return undefined;
    const { holder, epoch, remainingMs, value } = found;
    return { ...key.check(value), holder, epoch, remainingMs };
  }

  /** True when `holder` held it. */
  releaseLease(key: { readonly path: string }, holder: string): Promise<boolean> {
    return this.state.releaseLease(key.path, holder);
  }

  /** See {@link StateStore.fenced}. */
  fenced(fence: Fence): RecordWrites {
    return recordWrites(this.state.fenced(fence));
  }
}

function recordWrites(writes: StateWrites): RecordWrites {
  return {
    put: (key, record, options) => writes.put(key.path, jsonOf(record), options),
    remove: (key) => writes.remove(key.path),
    removeAll: (group) => writes.removeAll(group.prefix),
    append: (key, record, max) => writes.append(key.path, jsonOf(record), max),
  };
}

/** Every record is made of JSON: `keys` has no other type. */
function jsonOf(record: unknown): ReturnType<typeof asJson> {
  return asJson(record as object | string);
}
