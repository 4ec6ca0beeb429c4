import { GatewayError, type JsonValue } from '../../base/index.ts';
import type { MemoryStore } from '../../coordination/memory-store.ts';
import type {
  Fence,
  LeaseResult,
  StateStore,
  StateWrites,
  Versioned,
  WriteResult,
} from '../../coordination/store.ts';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** What is wrong with the store; one object for all processes. */
export interface StoreTroubles {
  /** Added to each request and each answer. */
  slowMs: number;
  /** Names of processes that do not reach it: their requests fail after a while. */
  readonly cutOff: Set<string>;
}

const requestLimitMs = 2000;

/**
 * The state store as one process has it: over a wire with a delay, and without answers once that process is
 * dead. A request may be carried out although its answer never comes.
 */
export class ProcessStore implements StateStore {
  readonly #world: World;
  readonly #server: MemoryStore;
  readonly #troubles: StoreTroubles;
  readonly #process: SimulatedProcess;

  constructor(world: World, server: MemoryStore, troubles: StoreTroubles, process: SimulatedProcess) {
    this.#world = world;
    this.#server = server;
    this.#troubles = troubles;
    this.#process = process;
  }

  read(key: string): Promise<Versioned | undefined> {
    return this.#ask((server) => server.read(key));
  }

  list(prefix: string): ReturnType<StateStore['list']> {
    return this.#ask((server) => server.list(prefix));
  }

  create(key: string, value: JsonValue): Promise<WriteResult> {
    return this.#ask((server) => server.create(key, value));
  }

  replace(key: string, version: number, value: JsonValue): Promise<WriteResult> {
    return this.#ask((server) => server.replace(key, version, value));
  }

  put(key: string, value: JsonValue, options?: { readonly expireMs?: number }): Promise<void> {
    return this.#ask((server) => server.put(key, value, options));
  }

  remove(key: string, version?: number): Promise<boolean> {
    return this.#ask((server) => server.remove(key, version));
  }

  removeAll(prefix: string): Promise<number> {
    return this.#ask((server) => server.removeAll(prefix));
  }

  append(key: string, value: JsonValue, max: number): Promise<void> {
    return this.#ask((server) => server.append(key, value, max));
  }

  readAll(key: string): Promise<readonly JsonValue[]> {
    return this.#ask((server) => server.readAll(key));
  }

  listKeys(prefix: string): Promise<readonly string[]> {
    return this.#ask((server) => server.listKeys(prefix));
  }

  watch(prefix: string, changed: (key: string | undefined) => void): Promise<AsyncDisposable> {
    const tell = (key: string | undefined): void => {
      const delayMs = this.#world.between(0.1, 3) + this.#troubles.slowMs;
      this.#process.after(delayMs, () => changed(key), { isPromised: true });
    };
    return this.#ask((server) => server.watch(prefix, tell));
  }

  holdLease(key: string, holder: string, ttlMs: number, value: JsonValue): Promise<LeaseResult> {
    return this.#ask((server) => server.holdLease(key, holder, ttlMs, value));
  }

  readLease(key: string): ReturnType<StateStore['readLease']> {
    return this.#ask((server) => server.readLease(key));
  }

  releaseLease(key: string, holder: string): Promise<boolean> {
    return this.#ask((server) => server.releaseLease(key, holder));
  }

  fenced(fence: Fence): StateWrites {
    return {
      put: (key, value, options) => this.#ask((server) => server.fenced(fence).put(key, value, options)),
      remove: (key) => this.#ask((server) => server.fenced(fence).remove(key)),
      removeAll: (prefix) => this.#ask((server) => server.fenced(fence).removeAll(prefix)),
      append: (key, value, max) => this.#ask((server) => server.fenced(fence).append(key, value, max)),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #ask<T>(request: (server: MemoryStore) => Promise<T>): Promise<T> {
    const world = this.#world;
    const process = this.#process;
    const tripMs = (): number => world.between(0.1, 2) + this.#troubles.slowMs;
    return new Promise((resolve, reject) => {
      const promised = { isPromised: true };
      if (this.#troubles.cutOff.has(process.name)) {
        const error = new GatewayError('STATE_UNAVAILABLE', 'the state store cannot be reached', {
          retryable: true,
        });
        process.after(world.between(100, requestLimitMs), () => reject(error), promised);
        return;
      }
      const carryOut = (): void => {
        const answer = request(this.#server);
        // It has settled by then, one way or the other.
        const pass = (): void => void process.after(tripMs(), () => resolve(answer), promised);
        answer.then(pass, pass);
      };
      world.after(tripMs(), carryOut, promised);
    });
  }
}
