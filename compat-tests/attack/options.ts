export interface AttackOptions {
  readonly seed: number;
  /** How many broken frames are sent, to both services together. */
  readonly frames: number;
  /** How long slow, silent and greedy clients stay. */
  readonly minutes: number;
  /** Parts that are run, all of them where none is named. */
  readonly only: readonly Part[];
}

/** In the order in which they run. */
export const parts = ['known', 'frames', 'clients', 'containers'] as const;
export type Part = (typeof parts)[number];

export const defaults: AttackOptions = { seed: 1, frames: 1_000_000, minutes: 10, only: [] };

/** What a gateway under attack must keep to. */
export interface AttackLimits {
  readonly goodP99Ms: number;
  readonly goodWorstMs: number;
  readonly residentMebibytes: number;
  /** What may be left of the growth afterwards. */
  readonly residentGrowthMebibytes: number;
  readonly descriptorsGrowth: number;
  readonly logBytes: number;
}

export const limits: AttackLimits = {
  goodP99Ms: 50,
  goodWorstMs: 500,
  residentMebibytes: 250,
  residentGrowthMebibytes: 20,
  descriptorsGrowth: 8,
  logBytes: 1_000_000,
};
