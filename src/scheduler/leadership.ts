import { type Clock, describeError, GatewayError, type Logger, throwIfAborted } from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';
import { keys, type RecordStore, type RecordWrites } from '../records/index.ts';

const leaseKey = keys.leader.path;

export interface LeadershipOptions {
  readonly store: RecordStore;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ttlMs: number;
  /** Called at each change, with the epoch while we lead. */
  readonly onChange: (epoch: number | undefined) => void;
}

/**
 * The lease that lets one gateway schedule. It is ours only as long as the store has said so within its life: a gateway
 * cut off from the store stops scheduling before another may begin, and one that slept through the end of its lease in
 * the middle of something finds its writes refused.
 */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #holder: string;
  readonly #stop = new AbortController();
  #epoch: number | undefined;
  #endsAtMs = 0;
  #isSilent = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#holder = `${options.nodeId} ${process.pid} ${processStart(process.pid) ?? '0'}`;
  }

  get isLeader(): boolean {
    return this.#epoch !== undefined && this.#options.clock.monotonicMs() < this.#endsAtMs;
  }

  /** Writes under the lease as it is held now. Throws `LEASE_LOST` when it is not. */
  get writes(): RecordWrites {
    if (this.#epoch === undefined) {
      throw new GatewayError('LEASE_LOST', `this gateway does not hold the lease ${leaseKey}`);
    }
    return this.#options.store.fenced({ leaseKey, epoch: this.#epoch });
  }

  /** A write has been refused: asks at once whose the lease is, instead of at the next renewal. Never rejects. */
  doubt(): Promise<void> {
    return this.#ask();
  }

  /** Asks once before it returns, then goes on asking. */
  async start(): Promise<void> {
    await this.#ask();
    this.#running = this.#keep();
  }

  /** Gives the lease back. Idempotent. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running;
    const wasLeader = this.#epoch !== undefined;
    this.#set(undefined);
    if (wasLeader) await this.#options.store.releaseLease(keys.leader, this.#holder).catch(() => false);
  }

  async #keep(): Promise<void> {
    const { clock, ttlMs } = this.#options;
    try {
      for (;;) {
        await clock.sleep(ttlMs / 3, this.#stop.signal);
        throwIfAborted(this.#stop.signal);
        await this.#ask();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #ask(): Promise<void> {
    const { store, clock, log, ttlMs } = this.#options;
    const askedMs = clock.monotonicMs();
    const wasLeader = this.isLeader;
    try {
      let result = await store.state.holdLease(leaseKey, this.#holder, ttlMs, null);
      if (result.kind === 'refused' && this.#isOursAndDead(result.holder)) {
        await store.releaseLease(keys.leader, result.holder);
        result = await store.state.holdLease(leaseKey, this.#holder, ttlMs, null);
      }
      if (result.kind === 'held') {
        this.#endsAtMs = askedMs + ttlMs;
        this.#set(result.epoch, wasLeader);
      } else {
        if (!this.#isSilent) log.warn({ event: 'scheduler.waits-for-leader', leader: result.holder });
        this.#set(undefined);
      }
      this.#isSilent = result.kind === 'refused';
    } catch (error) {
      if (!this.#isSilent) log.warn({ event: 'scheduler.lease-unknown', reason: describeError(error) });
      this.#isSilent = true;
      if (!this.isLeader) this.#set(undefined);
    }
  }

  /** An earlier gateway of this node that was killed cannot give the lease back: its successor does. */
  #isOursAndDead(holder: string): boolean {
    const [nodeId, pid, start] = holder.split(' ');
    return nodeId === this.#options.nodeId && start !== undefined && !isSameProcess(Number(pid), start);
  }

  /** Word is given also when the epoch is the old one but was in doubt: passes were left out meanwhile. */
  #set(epoch: number | undefined, wasLeader = true): void {
    if (epoch === this.#epoch && wasLeader) return;
    this.#epoch = epoch;
    this.#options.log.info({ event: 'scheduler.leadership', isLeader: epoch !== undefined, epoch });
    this.#options.onChange(epoch);
  }
}
