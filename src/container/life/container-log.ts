import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import { dlogStorageConfig } from '../../config/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import type { DistributedLog } from '../../dlog/index.ts';
import type { ContainerSpec } from '../../records/index.ts';

export interface ContainerLogDeps {
  readonly spec: ContainerSpec;
  /** conf.json of the code directory, which also has the gateway's keys. */
  readonly conf: JsonObject;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

interface OpenedLog {
  readonly log: DistributedLog;
  readonly close: () => Promise<void>;
}

/**
 * The log of this container, on the same storage and state store as the gateway's. Loaded when it is first
 * opened.
 */
export class ContainerLog {
  readonly #deps: ContainerLogDeps;
  #opened: Promise<OpenedLog> | undefined;

  constructor(deps: ContainerLogDeps) {
    this.#deps = deps;
  }

  /** Rejects as openStorage does; the next call retries. */
  async open(): Promise<DistributedLog> {
    this.#opened ??= this.#open();
    try {
      return (await this.#opened).log;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  /** Closes the storage. Call it after the hosts that use the log have ended. */
  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }

  async #open(): Promise<OpenedLog> {
    const { spec, conf, store, clock, random, log: logger } = this.#deps;
    const { DistributedLog: Log, openStorage } = await import('../../dlog/index.ts');
    const log = logger.child({ room: 'dlog' });
    const deps = { clock, random, log };
    const { storage, close } = await openStorage(dlogStorageConfig(conf, spec.stormLocalDir), deps);
    return { log: new Log({ storage, store, ...deps }), close };
  }
}
