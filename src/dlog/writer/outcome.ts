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
 * `queue-full`: as much is waiting as may; later it will be taken. `too-large`, `transaction-out-of-order`:
 * never. `not-writable`: this writer takes nothing more (it was closed, ended, fenced off, or its storage
 * failed: `error` says it).
 */
export type RefusalReason = 'queue-full' | 'too-large' | 'transaction-out-of-order' | 'not-writable';
