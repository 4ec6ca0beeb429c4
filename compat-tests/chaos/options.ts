import type { FaultKind } from '../../src/testing/chaos/index.ts';
import type { Shape } from './topologies.ts';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly topology: Shape;
  readonly workers: number;
  /** New ids a second and spout task. */
  readonly pace: number;
  /** Milliseconds between faults on the average. */
  readonly everyMs: number;
  /** Faults that are left out, and the only ones where any are named. */
  readonly without: readonly string[];
  readonly only: readonly string[];
  /** How long the topology may take to finish what is pending when the faults are over. */
  readonly drainSecs: number;
  /** Laid over the topology's configuration. */
  readonly conf: Readonly<Record<string, unknown>>;
  /** Laid over the gateway's, as `key=value`. */
  readonly gateway: readonly string[];
}

export const defaults = {
  minutes: 1,
  seed: 1,
  topology: 'java',
  workers: 2,
  pace: 50,
  everyMs: 6000,
  drainSecs: 90,
  without: [],
  only: [],
  conf: {},
  gateway: [],
} as const satisfies ChaosOptions;

/** How often each fault comes beside the others. */
const weights: ReadonlyMap<FaultKind, number> = new Map<FaultKind, number>([
  ['shell child killed', 4],
  ['shell child stopped', 2],
  ['shell child cut off', 2],
  ['child of a JVM killed', 3],
  ['child of a JVM stopped', 1],
  ['JVM killed', 3],
  ['JVM stopped', 2],
  ['JVM cut off', 2],
  ['worker container killed', 3],
  ['worker container stopped', 2],
  ['worker container cut off', 3],
  ['topology master killed', 2],
  ['topology master stopped', 2],
  ['topology master cut off', 2],
  ['gateway killed', 1],
  ['gateway stopped', 1],
  ['gateway restarted', 1],
  ['gateway cut off', 1],
  ['redis killed', 2],
  ['redis stopped', 1],
  ['redis cut off', 2],
  ['redis flushed', 1],
  ['disk full', 1],
  ['topology deactivated', 1],
  ['topology rebalanced', 2],
]);

/** The faults of a run: those that can befall its topology and were not left out. */
export function weightsOf({
  topology,
  without,
  only,
}: Pick<ChaosOptions, 'topology' | 'without' | 'only'>): Map<FaultKind, number> {
  const isNamed = (names: readonly string[], kind: string): boolean =>
    names.some((name) => kind.includes(name));
  const cannotBe: Readonly<Record<Shape, RegExp>> = {
    java: /^(shell child|child of a JVM)/,
    python: /JVM/,
    mixed: /^$/,
  };
  const chosen = [...weights].filter(
    ([kind]) =>
      !cannotBe[topology].test(kind) && !isNamed(without, kind) && (only.length === 0 || isNamed(only, kind)),
  );
  if (chosen.length === 0) throw new Error('no fault is left: see --only and --without');
  return new Map(chosen);
}
