import type { Clock, Logger } from '../../base/index.ts';
import type { StateStore } from '../../coordination/index.ts';
import {
  type ContainerSpec,
  keys,
  RecordFollower,
  RecordGuard,
  RecordStore,
  type Sight,
  type TopologyRecord,
} from '../../records/index.ts';

export interface TopologyWatchDeps {
  readonly spec: ContainerSpec;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when the record has changed; undefined when there is none. Not called for a damaged record. */
  readonly onRecord: (record: TopologyRecord | undefined) => void;
  /** The container must end, and why. Called at most once. */
  readonly onEnd: (reason: string) => void;
}

const lookEveryMs = 2000;
/** A missing record or a successor counts only when it is seen this often: a write may be in flight. */
const sightingsMin = 2;
/** Sightings in quick succession count as one. */
const sightingGapMs = 100;

/**
 * Follows the topology's record in the state store and decides when this container has nothing left to do:
 * the topology is gone, it was killed and its wait is over, or the scheduler has started another process in
 * this one's place. That needs no gateway, and the end of a killed topology needs not even the store. A
 * record that is missing in an emptied store proves nothing, because the scheduler writes it again; nor does
 * a damaged one: the container keeps what it knows.
 */
export class TopologyWatch {
  readonly #deps: TopologyWatchDeps;
  readonly #store: RecordStore;
  readonly #follower: RecordFollower<TopologyRecord>;
  readonly #containerGuard: RecordGuard;
  #record: TopologyRecord | undefined;
  #text = '';
  /** Invariant: none when the record was there at the last check. */
  readonly #missing = new Sightings();
  /** Invariant: none when this process was the recorded one at the last check. */
  readonly #successors = new Sightings();
  #hasEnded = false;
  #timer: Disposable | undefined;
  #isClosed = false;

  constructor(deps: TopologyWatchDeps) {
    this.#deps = deps;
    const { spec, clock, log } = deps;
    this.#store = new RecordStore(deps.store);
    this.#containerGuard = new RecordGuard(log, keys.container(spec.topologyId, spec.containerId));
    this.#follower = new RecordFollower({
      ...{ clock, log, store: this.#store, key: keys.topology(spec.topologyId) },
      onSight: (sight) => this.#see(sight),
    });
  }

  get record(): TopologyRecord | undefined {
    return this.#record;
  }

  /** Resolves when the record has been asked for once. Never rejects: the store may be away. */
  async start(): Promise<void> {
    this.#timer = this.#deps.clock.every(lookEveryMs, () => this.#look());
    await this.#follower.start();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#follower.close();
  }

  #look(): void {
    const { removeAtMs, status } = this.#record ?? {};
    if (status === 'KILLED' && removeAtMs !== undefined && this.#deps.clock.nowMs() >= removeAtMs) {
      this.#end('the topology was killed');
    }
    if (this.#missing.count > 0 || this.#successors.count > 0) void this.#follower.ask();
  }

  async #see(sight: Sight<TopologyRecord>): Promise<void> {
    const { topologyId, containerId } = this.#deps.spec;
    const process = await this.#store.read(keys.container(topologyId, containerId));
    // Read last: the scheduler, which fills an emptied store again, writes the marker after the records.
    const isMarked = sight.kind !== 'missing' || (await this.#store.read(keys.marker)) !== undefined;
    if (this.#isClosed) return;
    const record = this.#containerGuard.pass(process);
    const successor = record?.incarnation === this.#deps.spec.incarnation ? undefined : record?.incarnation;
    const nowMs = this.#deps.clock.monotonicMs();
    if (isMarked) this.#missing.note(sight.kind === 'missing', nowMs);
    this.#successors.note(successor !== undefined, nowMs);
    if (this.#missing.count >= sightingsMin) this.#end('the topology is gone');
    if (sight.kind === 'read') this.#keep(sight.record);
    else if (sight.kind === 'missing' && isMarked) this.#keep(undefined);
    if (this.#successors.count > sightingsMin) this.#end(`incarnation ${successor} has taken its place`);
  }

  #keep(record: TopologyRecord | undefined): void {
    const text = record === undefined ? '' : JSON.stringify(record);
    if (text === this.#text) return;
    this.#text = text;
    this.#record = record;
    this.#deps.onRecord(record);
  }

  #end(reason: string): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    this.#deps.onEnd(reason);
  }
}

/** Counts how often in a row the same was seen. */
class Sightings {
  count = 0;
  #countedMs = 0;

  note(isSeen: boolean, nowMs: number): void {
    if (!isSeen) this.count = 0;
    else if (this.count === 0 || nowMs - this.#countedMs >= sightingGapMs) {
      this.count += 1;
      this.#countedMs = nowMs;
    }
  }
}
