/** The seconds that the run and each check may take; `scripts/test-budget.json`, changed only on purpose. */
export interface Budget {
  /** The run from its first process to its last. */
  readonly totalSecs: number;
  /** The processes of a check, added up: those that run side by side count both. */
  readonly checkSecs: Readonly<Record<string, number>>;
  /** What the calibration took on the machine where these seconds were measured. */
  readonly calibrationMs: number;
  /** A machine that does the calibration more slowly has more time, up to this factor. */
  readonly slowdownMax: number;
}

export interface Spent {
  /** Undefined where only a part of the checks ran. */
  readonly totalSecs: number | undefined;
  readonly checkSecs: ReadonlyMap<string, number>;
}

/** By how much all times are stretched: 1 on the machine of the budget and on faster ones. */
export function slowdown(budget: Budget, calibrationMs: number): number {
  return Math.min(budget.slowdownMax, Math.max(1, calibrationMs / budget.calibrationMs));
}

/** One line for each budget that is exceeded, and for each check that has none. */
export function overspent(budget: Budget, spent: Spent, factor: number): string[] {
  const faults: string[] = [];
  const compare = (what: string, secs: number, allowed: number | undefined): void => {
    if (allowed === undefined) faults.push(`${what}: has no budget in scripts/test-budget.json`);
    else if (secs > allowed * factor) {
      faults.push(
        `${what}: took ${secs.toFixed(1)} s, more than its budget of ${allowed} s x ${factor.toFixed(2)}`,
      );
    }
  };
  for (const [check, secs] of spent.checkSecs) compare(check, secs, budget.checkSecs[check]);
  if (spent.totalSecs !== undefined) compare('the whole run', spent.totalSecs, budget.totalSecs);
  return faults;
}
