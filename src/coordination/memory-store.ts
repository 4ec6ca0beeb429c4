import { type Clock, GatewayError, type JsonValue } from '../base/index.ts';
import type { Fence, LeaseResult, StateStore, StateWrites, Versioned, WriteResult } from './store.ts';
import { leaseLost } from './unavailable.ts';

interface HeldLease {
  readonly holder: string;
  readonly epoch: number;
  readonly text: string;
  readonly endsAtMs: number;
}

interface StoredRecord {
  readonly text: string;
  readonly version: number;
  readonly endsAtMs: number;
}

/**
 * The state store in memory: passes the contract suite that Redis passes. For tests, which can also take it
 * away. Nothing is shared with callers: values are kept as JSON text.
 */
export class MemoryStore implements StateStore {
  readonly #clock: Clock;
  readonly #records = new Map<string, StoredRecord>();
  readonly #lists = new Map<string, string[]>();
  readonly #leases = new Map<string, HeldLease>();
  readonly #writes = this.#makeWrites();
  readonly #watchers = new Set<{ prefix: string; changed: (key: string | undefined) => void }>();
  #isAway = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * While away every call rejects as if the server were down; coming back tells all watchers to look again.
   */
  setAway(isAway: boolean): void {
    const isBack = this.#isAway && !isAway;
    this.#isAway = isAway;
    if (isBack) this.#tell(undefined);
  }

  /**
   * Takes note of all it holds; what is returned puts that back, as a server does that comes up with an old
   * file.
   */
  snapshot(): () => void {
    const kept = [new Map(this.#records), new Map(this.#lists), new Map(this.#leases)] as const;
    return () => {
      restore(this.#records, kept[0]);
      restore(this.#lists, kept[1]);
      restore(this.#leases, kept[2]);
    };
  }

  async read(key: string): Promise<Versioned | undefined> {
    await this.#answer(`reading ${key}`);
    const found = this.#find(key);
    return found && versioned(found);
  }

  async list(prefix: string): Promise<readonly (Versioned & { readonly key: string })[]> {
    await this.#answer(`listing ${prefix}`);
    return under(prefix, this.#records.keys()).flatMap((key) => {
      const found = this.#find(key);
      return found === undefined ? [] : [{ key, ...versioned(found) }];
    });
  }

  async create(key: string, value: JsonValue): Promise<WriteResult> {
    await this.#answer(`creating ${key}`);
    const found = this.#find(key);
    if (found !== undefined) return { kind: 'conflict', found: versioned(found) };
    return this.#write(key, value);
  }

  async replace(key: string, version: number, value: JsonValue): Promise<WriteResult> {
    await this.#answer(`replacing ${key}`);
    const found = this.#find(key);
    if (found?.version !== version) return { kind: 'conflict', found: found && versioned(found) };
    return this.#write(key, value);
  }

  put(key: string, value: JsonValue, options: { readonly expireMs?: number } = {}): Promise<void> {
    return this.#writes.put(key, value, options);
  }

  async remove(key: string, version?: number): Promise<boolean> {
    if (version === undefined) return this.#writes.remove(key);
    await this.#answer(`removing ${key}`);
    if (this.#find(key)?.version !== version) return false;
    this.#records.delete(key);
    this.#tell(key);
    return true;
  }

  removeAll(prefix: string): Promise<number> {
    return this.#writes.removeAll(prefix);
  }

  append(key: string, value: JsonValue, max: number): Promise<void> {
    return this.#writes.append(key, value, max);
  }

  fenced(fence: Fence): StateWrites {
    return this.#makeWrites(fence);
  }

  #makeWrites(fence?: Fence): StateWrites {
    const answer = (what: string): Promise<void> => this.#answer(what, fence);
    return {
      put: async (key, value, options = {}) => {
        await answer(`writing ${key}`);
        this.#write(key, value, options.expireMs);
      },
      remove: async (key) => {
        await answer(`removing ${key}`);
        const hadRecord = this.#find(key) !== undefined && this.#records.delete(key);
        const hadList = this.#lists.delete(key);
        const isRemoved = this.#leases.delete(key) || hadRecord || hadList;
        if (isRemoved) this.#tell(key);
        return isRemoved;
      },
      removeAll: async (prefix) => {
        await answer(`removing all of ${prefix}`);
        let count = 0;
        for (const kind of [this.#records, this.#lists, this.#leases]) {
          for (const key of under(prefix, kind.keys())) {
            if (kind === this.#records && this.#find(key) === undefined) continue;
            kind.delete(key);
            count += 1;
            this.#tell(key);
          }
        }
        return count;
      },
      append: async (key, value, max) => {
        await answer(`appending to ${key}`);
        const list = [...(this.#lists.get(key) ?? []), JSON.stringify(value)];
        this.#lists.set(key, list.slice(-max));
      },
    };
  }

  async readAll(key: string): Promise<readonly JsonValue[]> {
    await this.#answer(`reading ${key}`);
    return (this.#lists.get(key) ?? []).map((text) => JSON.parse(text) as JsonValue);
  }

  async listKeys(prefix: string): Promise<readonly string[]> {
    await this.#answer(`listing ${prefix}`);
    return under(prefix, this.#lists.keys());
  }

  async watch(prefix: string, changed: (key: string | undefined) => void): Promise<AsyncDisposable> {
    await this.#answer('watching for changes');
    const watcher = { prefix, changed };
    this.#watchers.add(watcher);
    return {
      [Symbol.asyncDispose]: () => {
        this.#watchers.delete(watcher);
        return Promise.resolve();
      },
    };
  }

  async holdLease(key: string, holder: string, ttlMs: number, value: JsonValue): Promise<LeaseResult> {
    await this.#answer(`holding the lease ${key}`);
    const nowMs = this.#clock.nowMs();
    const found = this.#leases.get(key);
    const leftMs = found === undefined || found.holder === '' ? 0 : found.endsAtMs - nowMs;
    if (leftMs > 0 && found?.holder !== holder)
      return { kind: 'refused', holder: found!.holder, remainingMs: leftMs };
    const text = JSON.stringify(value);
    const epoch = leftMs > 0 ? found!.epoch : Math.max((found?.epoch ?? 0) + 1, Math.floor(nowMs / 1000));
    this.#leases.set(key, { holder, epoch, text, endsAtMs: nowMs + ttlMs });
    if (epoch !== found?.epoch || text !== found.text) this.#tell(key);
    return { kind: 'held', epoch };
  }

  async readLease(key: string): ReturnType<StateStore['readLease']> {
    await this.#answer(`reading the lease ${key}`);
    const found = this.#leases.get(key);
    const remainingMs = (found?.endsAtMs ?? 0) - this.#clock.nowMs();
    if (found === undefined || found.holder === '' || remainingMs <= 0) return undefined;
    const { holder, epoch, text } = found;
    return { holder, epoch, value: JSON.parse(text) as JsonValue, remainingMs };
  }

  async releaseLease(key: string, holder: string): Promise<boolean> {
    await this.#answer(`releasing the lease ${key}`);
    const found = this.#leases.get(key);
    if (found?.holder !== holder || found.endsAtMs <= this.#clock.nowMs()) return false;
    this.#leases.set(key, { ...found, holder: '', text: 'null' });
    this.#tell(key);
    return true;
  }

  close(): Promise<void> {
    this.#isAway = true;
    this.#watchers.clear();
    return Promise.resolve();
  }

  /** Like a server, it answers later, never within the call. */
  async #answer(what: string, fence?: Fence): Promise<void> {
    await Promise.resolve();
    if (!this.#isAway) {
      if (fence !== undefined && !this.#isHeld(fence)) throw leaseLost(what, fence);
      return;
    }
    throw new GatewayError('STATE_UNAVAILABLE', `${what}: the state store in memory is away`, {
      retryable: true,
      facts: { address: 'memory', subject: what },
    });
  }

  #isHeld({ leaseKey, epoch }: Fence): boolean {
    const lease = this.#leases.get(leaseKey);
    return lease?.epoch === epoch && lease.holder !== '' && lease.endsAtMs > this.#clock.nowMs();
  }

  #find(key: string): StoredRecord | undefined {
    const found = this.#records.get(key);
    return found !== undefined && found.endsAtMs > this.#clock.nowMs() ? found : undefined;
  }

  #write(key: string, value: JsonValue, expireMs?: number): WriteResult {
    const version = (this.#find(key)?.version ?? 0) + 1;
    const endsAtMs = expireMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.nowMs() + expireMs;
    this.#records.set(key, { text: JSON.stringify(value), version, endsAtMs });
    if (expireMs === undefined) this.#tell(key);
    return { kind: 'written', version };
  }

  #tell(key: string | undefined): void {
    for (const watcher of this.#watchers) {
      if (key !== undefined && !key.startsWith(watcher.prefix)) continue;
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher.changed(key);
      });
    }
  }
}

function versioned(record: StoredRecord): Versioned {
  return { value: JSON.parse(record.text) as JsonValue, version: record.version };
}

/** In the order of their bytes, as Redis has them. */
function under(prefix: string, keys: Iterable<string>): string[] {
  return [...keys]
    .filter((key) => key.startsWith(prefix))
    .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

function restore<T>(into: Map<string, T>, from: ReadonlyMap<string, T>): void {
  into.clear();
  for (const [key, value] of from) into.set(key, value);
}
