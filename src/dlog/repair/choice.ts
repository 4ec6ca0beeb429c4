import type { Dlsn } from '../format/dlsn.ts';

/**
 * What somebody decided to lose. `dropAfter`: the entry that holds that position is the last one kept.
 * `dropBefore`: the segment that begins there is the first one kept. Neither: nothing is lost.
 */
export interface RepairChoice {
  readonly dropAfter?: Dlsn;
  readonly dropBefore?: Dlsn;
}
