import { join } from 'node:path';
import type { Clock, Logger, RandomSource } from '../base/index.ts';
import type { StateStore } from '../coordination/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import type { ContainerSpec } from '../topology/index.ts';

export interface ContainerLogDeps {
  readonly spec: ContainerSpec;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** The log as a container sees it, on the same storage and state store as the gateway's. Loaded by the first who asks for it. */
export class ContainerLog {
  readonly #deps: ContainerLogDeps;
  #opened: Promise<DistributedLog> | undefined;

  constructor(deps: ContainerLogDeps) {
    this.#deps = deps;
  }

  open(): Promise<DistributedLog> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<DistributedLog> {
    const { spec, store, clock, random, log } = this.#deps;
    const { DistributedLog: Log, LocalStorage } = await import('../dlog/index.ts');
    const storage = new LocalStorage({ directory: join(spec.stormLocalDir, 'dlog'), random });
    return new Log({ storage, store, clock, random, log: log.child({ room: 'dlog' }) });
  }
}
