/**
 * coordination: the state store of the control plane, and the Redis that keeps it. Owner of ioredis.
 *
 * Two stores pass one contract suite (store-contract.test.ts): {@link openRedisStore}, where every
 * compare-and-act is one Lua script (lua/, made part of the program by `npm run gen`), and {@link
 * MemoryStore} for tests. Without configuration the Redis is a private server ({@link startPrivateRedis})
 * that outlives a killed gateway and is taken over by the next.
 *
 * Invariants: a record changes only through a script, which also tells the watchers; an epoch of a lease
 * never repeats; a call that cannot be answered rejects soon and is not repeated behind the caller's back.
 * {@link DiskReserve} keeps space on the disk for what frees space. Start at store.ts.
 */
export { DiskReserve } from './disk-reserve.ts';
export { LeaseKeeper, type LeaseKeeperOptions, type LeaseNews } from './lease-keeper.ts';
export { MemoryStore } from './memory-store.ts';
export { type PrivateRedis, type PrivateRedisOptions, startPrivateRedis } from './private-redis.ts';
export { openRedisStore } from './redis-store.ts';
export type { Fence, StateStore, StateWrites } from './store.ts';
