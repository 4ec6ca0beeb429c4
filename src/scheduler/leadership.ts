import type { Clock, Logger } from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';
import { LeaseKeeper } from '../coordination/index.ts';
import { keys, type RecordStore, type RecordWrites } from '../records/index.ts';

export interface LeadershipOptions {
  readonly store: RecordStore;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ttlMs: number;
  /** Called when this gateway begins to lead, when it no longer does, and when a doubt of it has ended. */
  readonly onChange: () => void;
}

/**
 * The lease that lets one gateway schedule. A gateway that cannot reach the store stops scheduling before
 * another one may begin. A gateway that was stopped while its lease ran out finds its writes refused.
 */
export class Leadership {
  readonly #store: RecordStore;
  readonly #lease: LeaseKeeper;

  constructor({ store, nodeId, clock, log, ttlMs, onChange }: LeadershipOptions) {
    this.#store = store;
    this.#lease = new LeaseKeeper({
      ...{ store: store.state, clock, log, ttlMs, key: keys.leader.path },
      holder: `${nodeId} ${process.pid} ${processStart(process.pid) ?? '0'}`,
      isDead: (holder) => isDeadOn(nodeId, holder),
      onNews: (news) => {
        const isLeader = news.kind === 'held';
        log.info({ event: 'scheduler.leadership', isLeader, ...(isLeader ? { epoch: news.epoch } : {}) });
        onChange();
      },
    });
  }

  get isLeader(): boolean {
    return this.#lease.isHeld;
  }

  /** Writes under the lease as it is held now. Throws `LEASE_LOST` when it is not. */
  get writes(): RecordWrites {
    return this.#store.fenced(this.#lease.fence);
  }

  /** A write was refused: asks at once who holds the lease, instead of at the next renewal. Never rejects. */
  doubt(): Promise<void> {
    return this.#lease.ask();
  }

  /** Resolves when the store has been asked once; asks again and again until `close`. Never rejects. */
  start(): Promise<void> {
    return this.#lease.ask();
  }

  /** Releases the lease. Idempotent; never rejects. */
  close(): Promise<void> {
    return this.#lease.close();
  }
}

/** An earlier gateway of this node that was killed cannot release the lease: its successor takes it over. */
function isDeadOn(nodeId: string, holder: string): boolean {
  const [node, pid, start] = holder.split(' ');
  return node === nodeId && start !== undefined && !isSameProcess(Number(pid), start);
}
