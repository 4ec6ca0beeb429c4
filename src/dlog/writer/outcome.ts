import type { GatewayError } from '../../base/index.ts';
import type { Dlsn } from '../format/dlsn.ts';
import type { Durability } from '../format/segment-header.ts';

/**
 * What became of an append. `refused` never appears in the stream; `unknown` may, once: a client that retries
 * it may see it twice.
 */
export type AppendOutcome =
  | {
      readonly kind: 'committed';
      /** The position of its first record; the others have the slots after it. */
      readonly dlsn: Dlsn;
      readonly count: number;
      readonly lastTransactionId: number;
      readonly durability: Durability;
    }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly error?: GatewayError }
  | { readonly kind: 'unknown'; readonly error: GatewayError };

/**
 * `queue-full`: the queue is at its limit, and a later append may succeed. `too-large`,
 * `transaction-out-of-order`: the append can never succeed. `not-writable`: this writer accepts nothing more
 * (it was closed, sealed or fenced, or its storage failed; `error` says which).
 */
export type RefusalReason = 'queue-full' | 'too-large' | 'transaction-out-of-order' | 'not-writable';
