/** coordination: the state store. Owner of ioredis. Start at store.ts. */
export type { LeaseResult, StateStore, Versioned, WriteResult } from './store.ts';
