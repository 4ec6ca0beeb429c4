import type { Dlsn } from '../format/dlsn.ts';

/**
 * What the operator decided to lose. `dropAfter`: the entry that contains this position is the last one kept.
 * `dropBefore`: the segment that begins at this position is the first one kept. With neither, nothing is
 * lost.
 */
export interface RepairChoice {
  readonly dropAfter?: Dlsn;
  readonly dropBefore?: Dlsn;
}
