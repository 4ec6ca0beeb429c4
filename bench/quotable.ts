/**
 * Whether a figure may be published. A run counts only if the machine was quiet, and a ratio only as the
 * median of several quiet pairs: a single pair on a busy machine does not repeat.
 */

/** Processor time that all other processes may use during a run, in percent of one core. */
export const othersCpuPercentMax = 10;
/** Quiet pairs that a published ratio is the median of. */
export const quietPairsMin = 3;

/** Processor times at one moment, on one clock. */
export interface CpuSample {
  readonly timeMs: number;
  /** Processor time of the whole machine since it started, over all cores. */
  readonly machineBusyMs: number;
  /** Processor time of the system under measurement and of the bench itself. */
  readonly ownCpuMs: number;
}

export type Verdict = { readonly quotable: true } | { readonly quotable: false; readonly reason: string };

/** What all other processes used between two samples, in percent of one core. */
export function othersCpuPercent(before: CpuSample, after: CpuSample): number {
  const busyMs = after.machineBusyMs - before.machineBusyMs;
  const ownMs = after.ownCpuMs - before.ownCpuMs;
  return Math.max(0, (100 * (busyMs - ownMs)) / (after.timeMs - before.timeMs));
}

export function judgeRun(othersPercent: number): Verdict {
  if (othersPercent <= othersCpuPercentMax) return { quotable: true };
  return {
    quotable: false,
    reason: `other processes used ${Math.round(othersPercent)} % of a core, at most ${othersCpuPercentMax} % is quiet`,
  };
}

/** Judges the ratio of two systems. `storm` and `egret` hold one verdict a round, in the same order. */
export function judgePairs(storm: readonly Verdict[], egret: readonly Verdict[]): Verdict {
  if (storm.length === 0 || egret.length === 0)
    return { quotable: false, reason: 'only one system was measured' };
  const quiet = storm.filter((verdict, round) => verdict.quotable && egret[round]?.quotable === true).length;
  if (quiet >= quietPairsMin) return { quotable: true };
  return {
    quotable: false,
    reason: `${quiet} quiet pair${quiet === 1 ? '' : 's'} of ${Math.min(storm.length, egret.length)}, at least ${quietPairsMin} are needed`,
  };
}
