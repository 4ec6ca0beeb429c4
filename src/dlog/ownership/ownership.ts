import type { Clock, Logger } from '../../base/index.ts';
import { LeaseKeeper, type StateStore } from '../../coordination/index.ts';
import type { LogStorage, Permit } from '../storage/storage.ts';

/** The prefix of all keys of a stream in the state store. */
export function stateKey(stream: string, rest: string): string {
  return `dlog/${stream}/${rest}`;
}

export interface Applicant {
  readonly stream: string;
  /** 16 hexadecimal digits, new for every writer. */
  readonly token: string;
  /** The address to which other gateways redirect writers. */
  readonly address: string;
  readonly ttlMs: number;
}

export type Ownership =
  /** Invariant: the permit's epoch is at least `leaseEpoch`, the epoch of the lease. */
  | { readonly kind: 'granted'; readonly permit: Permit; readonly leaseEpoch: number }
  | { readonly kind: 'owned'; readonly address: string; readonly remainingMs: number };

/**
 * How often another gateway may win the fence. A higher count means that two gateways compete, and one of
 * them has lost its lease.
 */
const raisesMax = 5;

/**
 * Takes the lease, and then the storage's promise under the lease's epoch. A state store that was emptied or
 * restored hands out epochs that the storage has passed. In that case this claims the next epoch above the
 * storage's promise, which only the holder of the lease may do. Rejects with `STATE_UNAVAILABLE` and
 * `LEASE_LOST`.
 */
export async function takeOwnership(
  { store, storage }: { readonly store: StateStore; readonly storage: LogStorage },
  { stream, token, address, ttlMs }: Applicant,
): Promise<Ownership> {
  const leaseKey = stateKey(stream, 'lease');
  const lease = await store.holdLease(leaseKey, token, ttlMs, { address });
  if (lease.kind === 'refused') {
    const found = await store.readLease(leaseKey);
    return { kind: 'owned', address: addressOf(found?.value), remainingMs: lease.remainingMs };
  }
  let epoch = lease.epoch;
  for (let tries = 0; ; tries++) {
    const permit = { stream, epoch, token };
    const result = await storage.fence(permit);
    if (result.kind === 'granted') return { kind: 'granted', permit, leaseEpoch: lease.epoch };
    epoch = result.promised + 1;
    // LEASE_LOST refuses an owner that was suspended meanwhile, so that it cannot depose its successor.
    await store.fenced({ leaseKey, epoch: lease.epoch }).put(stateKey(stream, 'raised'), { epoch });
    if (tries >= raisesMax) return { kind: 'owned', address: '', remainingMs: 0 };
  }
}

/**
 * Keeps the lease that {@link takeOwnership} took. `onLost` means that another owner has it, and the storage
 * would refuse the next write. A state store that does not answer proves nothing: until another owner has the
 * stream, this one continues.
 */
export function keepOwnership(
  { store, clock, log }: { readonly store: StateStore; readonly clock: Clock; readonly log: Logger },
  { stream, token, address, ttlMs }: Applicant,
  { leaseEpoch, onLost }: { readonly leaseEpoch: number; readonly onLost: () => void },
): LeaseKeeper {
  const lease = new LeaseKeeper({
    ...{ store, clock, log, ttlMs, key: stateKey(stream, 'lease'), holder: token, value: { address } },
    onNews: ({ kind }) => {
      if (kind !== 'lost') return;
      void lease.close(); // a writer whose stream went to another owner must not take it back
      onLost();
    },
  });
  lease.adopt(leaseEpoch);
  return lease;
}

export async function releaseOwnership(store: StateStore, { stream, token }: Applicant): Promise<void> {
  await store.releaseLease(stateKey(stream, 'lease'), token);
}

export interface Owner {
  readonly address: string;
  /** Time until its lease expires if it is not renewed. */
  readonly remainingMs: number;
}

/** Undefined if no gateway holds the lease. */
export async function ownerOf(store: StateStore, stream: string): Promise<Owner | undefined> {
  const lease = await store.readLease(stateKey(stream, 'lease'));
  return lease === undefined
    ? undefined
    : { address: addressOf(lease.value), remainingMs: lease.remainingMs };
}

function addressOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'address' in value ? String(value.address) : '';
}
