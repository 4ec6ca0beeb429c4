import { describeError, type Logger, TaskGroup } from '../base/index.ts';
import { type Containment, cellName, endProcess, sweepCells } from '../child/index.ts';
import {
  type ContainerRecord,
  type ContainerSpec,
  keys,
  type RecordStore,
  type RecordWrites,
} from '../records/index.ts';
import { reportDeath } from './fault-report.ts';
import { type ContainerDeath, type ContainerDeps, LocalContainer } from './local-container.ts';
import { type ContainerName, nameKey } from './reconcile.ts';

export interface RegistryDeps extends Omit<ContainerDeps, 'onDeath'> {
  readonly store: RecordStore;
  /** Under the lease of the leading scheduler. Throws `LEASE_LOST`. */
  readonly writes: () => RecordWrites;
  readonly hostname: string;
  /** Where containers keep their state. */
  readonly redisUrl: string;
  readonly redisKeyPrefix: string;
  /** With control groups: the groups of containers that are not here belong to no process and are removed. */
  readonly containment: Containment | undefined;
  /** A container has changed its phase: there may be something to decide. */
  readonly onChange: () => void;
}

/**
 * The containers of this node and their records in the state store. Owns every process that it started or
 * took over.
 */
export class ContainerRegistry {
  readonly #deps: RegistryDeps;
  readonly #log: Logger;
  readonly #containers = new Map<string, LocalContainer>();
  /** Records of containers that are not here (yet): they say how often a container was restarted before. */
  readonly #recorded = new Map<string, ContainerRecord>();
  readonly #tasks: TaskGroup;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#log = deps.log;
    this.#tasks = new TaskGroup((error) => this.#log.error({ event: 'scheduler.task-failed', error }));
  }

  get all(): readonly LocalContainer[] {
    return [...this.#containers.values()];
  }

  /**
   * Takes over what earlier gateways of this node left: containers that run are kept and not disturbed, what
   * is left of dead ones and what cannot be read is cleaned away.
   */
  async adopt(): Promise<void> {
    const { store, files } = this.#deps;
    for (const found of await store.list(keys.allContainers)) {
      // A damaged record costs only the number of restarts: a file of the node names the process as well.
      if (found.kind === 'read') this.#recorded.set(found.id, found.record);
      else
        this.#log.warn({
          event: 'container.record-unreadable',
          key: keys.allContainers.prefix + found.id,
          reason: found.reason,
        });
    }
    await Promise.all(files.list().map((name) => this.#adoptOne(name)));
    await this.#endUnknown();
    await this.#sweep();
    await this.flush();
  }

  start(name: ContainerName, spec: ContainerSpec): void {
    const container = this.#containers.get(nameKey(name)) ?? this.#add(name);
    this.#do(container.start(spec).then(() => this.#flushOne(container)));
  }

  end(name: ContainerName, graceMs: number): void {
    const container = this.#containers.get(nameKey(name));
    if (container === undefined) return;
    if (container.record !== undefined) this.#recorded.set(nameKey(name), container.record);
    this.#do(container.end(graceMs).finally(() => this.#containers.delete(nameKey(name))));
  }

  /** Forgets a container whose process has ended. */
  drop(name: ContainerName): void {
    this.#containers.delete(nameKey(name));
    this.#deps.files.remove(name);
  }

  /** Ends all processes at once, without a grace. */
  killAll(): void {
    for (const container of this.all) this.#do(container.kill());
  }

  /** The store has lost the records of the containers: they are to be written again. */
  unrecorded(): void {
    for (const container of this.all) container.isUnrecorded = container.record !== undefined;
  }

  /** Writes what could not be written before. Rejects with `STATE_UNAVAILABLE`. */
  async flush(): Promise<void> {
    await Promise.all(this.all.map((container) => this.#write(container)));
  }

  async forget(topologyId: string): Promise<void> {
    const { files } = this.#deps;
    const writes = this.#deps.writes();
    for (const key of this.#recorded.keys()) if (key.startsWith(`${topologyId}/`)) this.#recorded.delete(key);
    files.removeTopology(topologyId);
    await writes.remove(keys.master(topologyId));
    await writes.removeAll(keys.heartbeats(topologyId));
    await writes.removeAll(keys.containers(topologyId));
  }

  /** Stops supervising: the processes continue to run. */
  async leave(): Promise<void> {
    for (const container of this.all) container.leave();
    this.#containers.clear();
    await this.#tasks.settle();
  }

  async #adoptOne(name: ContainerName): Promise<void> {
    const { files, clock, redisUrl, redisKeyPrefix } = this.#deps;
    const spec = files.readSpec(name);
    const process = files.readProcess(name);
    const container = this.#add(name);
    if (spec !== undefined && process !== undefined && container.adopt(spec, process)) {
      // A container that keeps its state elsewhere is restarted, as if its place had changed.
      if (spec.redisUrl !== redisUrl || spec.redisKeyPrefix !== redisKeyPrefix) container.digest = '';
      return;
    }
    if (spec === undefined)
      this.#log.warn({ event: 'container.unreadable', ...name, dir: files.dirOf(name) });
    if (process !== undefined) await endProcess(process, { graceMs: 0, clock });
    this.#containers.delete(nameKey(name));
    if (container.record !== undefined) this.#recorded.set(nameKey(name), container.record);
    await container.end(0);
  }

  /**
   * A recorded process whose directory has been taken away cannot be adopted, and must not run beside its
   * successor.
   */
  async #endUnknown(): Promise<void> {
    const { clock } = this.#deps;
    await Promise.all(
      [...this.#recorded.values()].map((record) => endProcess(record, { graceMs: 0, clock })),
    );
  }

  /**
   * Control groups of containers whose directories are gone. What is left of the others has been ended with
   * them.
   */
  async #sweep(): Promise<void> {
    const { containment, clock } = this.#deps;
    if (containment?.kind !== 'cgroup') return;
    const kept = new Set(this.all.map((container) => cellName(containerCell(container))));
    const groups = await sweepCells(containment.directory, { kept, clock, log: this.#log });
    if (groups > 0) this.#log.warn({ event: 'container.groups-swept', groups });
  }

  #add(name: ContainerName): LocalContainer {
    const key = nameKey(name);
    const onDeath = (container: LocalContainer, death: ContainerDeath): void => {
      this.#do(this.#recordDeath(container, death));
    };
    const container = new LocalContainer(name, this.#recorded.get(key), { ...this.#deps, onDeath });
    this.#recorded.delete(key);
    this.#containers.set(key, container);
    return container;
  }

  async #recordDeath(container: LocalContainer, death: ContainerDeath): Promise<void> {
    const { writes, hostname, clock } = this.#deps;
    // Deciding goes first: a store that is away must not hold up a restart that needs none.
    this.#deps.onChange();
    try {
      await this.#freeMasterLease(death.spec);
      if (death.isFault) await reportDeath(writes(), death, { hostname, nowMs: clock.nowMs() });
    } catch (error) {
      this.#log.warn({
        event: 'container.death-unrecorded',
        ...nameOf(container),
        reason: describeError(error),
      });
    }
    await this.#flushOne(container);
  }

  /** A dead topology master cannot give its lease back; its successor need not wait until it runs out. */
  async #freeMasterLease({ topologyId, containerId, incarnation }: ContainerSpec): Promise<void> {
    if (containerId !== 0) return;
    const { store } = this.#deps;
    const lease = await store.readLease(keys.master(topologyId));
    if (lease?.holder.includes(incarnation) === true)
      await store.releaseLease(keys.master(topologyId), lease.holder);
  }

  async #flushOne(container: LocalContainer): Promise<void> {
    try {
      await this.#write(container);
    } catch (error) {
      this.#log.warn({ event: 'container.unrecorded', ...nameOf(container), reason: describeError(error) });
    }
  }

  async #write(container: LocalContainer): Promise<void> {
    if (!container.isUnrecorded || container.record === undefined) return;
    container.isUnrecorded = false;
    try {
      const key = keys.container(container.topologyId, container.containerId);
      await this.#deps.writes().put(key, container.record);
    } catch (error) {
      container.isUnrecorded = true;
      throw error;
    }
  }

  #do(work: Promise<unknown>): void {
    this.#tasks.add(work.finally(() => this.#deps.onChange()));
  }
}

/** Names a container's part of what contains the gateway's processes. */
export function containerCell({ topologyId, containerId }: ContainerName): string {
  return `${topologyId}_${containerId}`;
}

function nameOf({ topologyId, containerId }: ContainerName): ContainerName {
  return { topologyId, containerId };
}
