import { type Clock, describeError, type Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import {
  type ContainerRecord,
  type ContainerSpec,
  keys,
  type Reading,
  RecordStore,
  type TopologyRecord,
} from '../../records/index.ts';
import { RecordGuard } from '../spec/index.ts';

export interface TopologyWatchDeps {
  readonly spec: ContainerSpec;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Each time the record was read and is not what it was: undefined when there is none. Not for one that is damaged. */
  readonly onRecord: (record: TopologyRecord | undefined) => void;
  /** The container is to end, and why. At most once. */
  readonly onEnd: (reason: string) => void;
}

const lookEveryMs = 2000;
/** Even without a notification the store is asked this often: one may be lost with the connection. */
const askEveryMs = 10_000;
/** How often a missing record or a successor must be seen before it counts: a write may be on its way. */
const sightingsMin = 2;

/**
 * Follows the topology's record in the state store, and knows when this container has nothing left to do: the topology
 * is gone or was killed and its time is over, or the scheduler has started another process in its place. None of it
 * needs a gateway, and the end of a killed topology not even the store. A record that is missing in a store that was emptied
 * says nothing: the scheduler writes it again. A damaged record says nothing either: the container keeps what it knows.
 */
export class TopologyWatch {
  readonly #deps: TopologyWatchDeps;
  readonly #topologyGuard: RecordGuard;
  readonly #containerGuard: RecordGuard;
  #record: TopologyRecord | undefined;
  #text = '';
  #missing = 0;
  #successors = 0;
  #askedMs = 0;
  #asking: Promise<void> | undefined;
  #mustAskAgain = false;
  #hasEnded = false;
  #timer: Disposable | undefined;
  #watch: AsyncDisposable | undefined;
  #isClosed = false;

  constructor(deps: TopologyWatchDeps) {
    this.#deps = deps;
    const { topologyId, containerId } = deps.spec;
    this.#topologyGuard = new RecordGuard(deps.log, keys.topology(topologyId).path);
    this.#containerGuard = new RecordGuard(deps.log, keys.container(topologyId, containerId).path);
  }

  get record(): TopologyRecord | undefined {
    return this.#record;
  }

  /** Resolves when the record has been asked for once; a store that is away does not make it reject. */
  async start(): Promise<void> {
    this.#timer = this.#deps.clock.every(lookEveryMs, () => this.#look());
    await this.#ask();
    void this.#openWatch();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#asking;
    await this.#watch?.[Symbol.asyncDispose]();
    this.#watch = undefined;
  }

  async #openWatch(): Promise<void> {
    const { store, spec, log } = this.#deps;
    try {
      const watch = await store.watch(keys.topology(spec.topologyId).path, () => void this.#ask());
      this.#watch = watch;
      if (this.#hasClosed()) await watch[Symbol.asyncDispose]();
    } catch (error) {
      log.warn({ event: 'watch.not-opened', reason: describeError(error) });
    }
  }

  #look(): void {
    const { clock } = this.#deps;
    const { removeAtMs, status } = this.#record ?? {};
    if (status === 'KILLED' && removeAtMs !== undefined && clock.nowMs() >= removeAtMs) {
      this.#end('the topology was killed');
    }
    const isUnsure = this.#missing > 0 || this.#successors > 0;
    if (isUnsure || clock.monotonicMs() - this.#askedMs >= askEveryMs) void this.#ask();
    if (this.#watch === undefined && clock.monotonicMs() - this.#askedMs >= askEveryMs)
      void this.#openWatch();
  }

  /** Asks once at a time; a question that comes meanwhile is asked afterwards. Never rejects. */
  async #ask(): Promise<void> {
    if (this.#asking !== undefined) {
      this.#mustAskAgain = true;
      return;
    }
    do {
      this.#mustAskAgain = false;
      this.#asking = this.#askOnce();
      await this.#asking;
    } while (this.#mustAsk());
    this.#asking = undefined;
  }

  async #askOnce(): Promise<void> {
    const { spec, clock, log } = this.#deps;
    const { topologyId, containerId } = spec;
    const store = new RecordStore(this.#deps.store);
    this.#askedMs = clock.monotonicMs();
    try {
      const [topology, container] = await Promise.all([
        store.read(keys.topology(topologyId)),
        store.read(keys.container(topologyId, containerId)),
      ]);
      // Read last: who fills an emptied store again writes the marker after the records.
      const isMarked = topology !== undefined || (await store.read(keys.marker)) !== undefined;
      if (this.#hasClosed()) return;
      if (isMarked) this.#seeTopology(topology);
      this.#seeContainer(container);
    } catch (error) {
      log.debug({ event: 'topology.not-read', reason: describeError(error) });
    }
  }

  #seeTopology(found: Reading<TopologyRecord> | undefined): void {
    this.#missing = found === undefined ? this.#missing + 1 : 0;
    if (this.#missing >= sightingsMin) this.#end('the topology is gone');
    if (found === undefined) {
      this.#keep(undefined);
      return;
    }
    const record = this.#topologyGuard.pass(found);
    if (record !== undefined) this.#keep(record);
  }

  #keep(record: TopologyRecord | undefined): void {
    const text = record === undefined ? '' : JSON.stringify(record);
    if (text === this.#text) return;
    this.#text = text;
    this.#record = record;
    this.#deps.onRecord(record);
  }

  #seeContainer(found: Reading<ContainerRecord> | undefined): void {
    const record = found === undefined ? undefined : this.#containerGuard.pass(found);
    const isSuccessor = record !== undefined && record.incarnation !== this.#deps.spec.incarnation;
    this.#successors = isSuccessor ? this.#successors + 1 : 0;
    if (this.#successors > sightingsMin) this.#end(`incarnation ${record!.incarnation} has taken its place`);
  }

  #mustAsk(): boolean {
    return this.#mustAskAgain && !this.#isClosed;
  }

  #hasClosed(): boolean {
    return this.#isClosed;
  }

  #end(reason: string): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    this.#deps.onEnd(reason);
  }
}
