import type { AssignmentRecord } from '../records/index.ts';
import { type AssignRequest, assignTopology } from './assign.ts';

export type PackOutcome =
  | { readonly kind: 'assigned'; readonly assignment: AssignmentRecord }
  /** It took too long or too much memory, and would again: `why` ends a sentence about the topology. */
  | { readonly kind: 'given-up'; readonly why: string }
  /** Not for the topology's own sake: the next attempt may succeed. */
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'closed' };

/** Packs one topology at a time, by what its code directory says. Never rejects. */
export interface Packer {
  pack(request: AssignRequest): Promise<PackOutcome>;
  /** What is being packed is answered with `closed`. Idempotent. */
  close(): Promise<void>;
}

/** Packs where it is called, without a budget: for tests. */
export class InProcessPacker implements Packer {
  async pack(request: AssignRequest): Promise<PackOutcome> {
    return { kind: 'assigned', assignment: await assignTopology(request) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
