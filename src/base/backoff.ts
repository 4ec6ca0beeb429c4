import type { RandomSource } from './random.ts';

export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the delay that chance may take away, 0..1. */
  readonly jitter: number;
}

/** The pause before attempt `attempt` (0 = the first retry): exponential, capped, shortened by chance. */
export function backoffMs(attempt: number, limits: BackoffLimits, random: RandomSource): number {
  const full = Math.min(limits.maxMs, limits.firstMs * limits.factor ** attempt);
  return Math.round(full * (1 - limits.jitter * random.next()));
}
