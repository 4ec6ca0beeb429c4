import { type DlogFaultKind, dlogFaultKinds } from './schedule.ts';

/** Where the records are kept. */
export type StorageKind = 'local' | 'kafka';

export interface DlogChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly storage: StorageKind;
  /** Milliseconds between faults on the average. */
  readonly everyMs: number;
  /** New records a second and appender. */
  readonly pace: number;
  /** What an acknowledgement means to the streams of the run. */
  readonly durability: 'fsync' | 'memory';
  /**
   * How long each write to the disk waits before it is done: with durability `memory`, acknowledgements
   * precede it by that much.
   */
  readonly writesHeldMs: number;
  /** Faults that are left out, and the only ones where any are named. */
  readonly without: readonly string[];
  readonly only: readonly string[];
  /** Whether a bit is flipped once all is judged. */
  readonly flipsBit: boolean;
}

export const defaults: DlogChaosOptions = {
  minutes: 1,
  seed: 1,
  storage: 'local',
  everyMs: 5000,
  pace: 60,
  durability: 'fsync',
  writesHeldMs: 0,
  without: [],
  only: [],
  flipsBit: true,
};

/** The faults of a run, each with how often it comes beside the others. */
export function weightsOf({
  only,
  without,
  storage,
}: Pick<DlogChaosOptions, 'only' | 'without' | 'storage'>): ReadonlyMap<DlogFaultKind, number> {
  const isNamed = (names: readonly string[], kind: string): boolean =>
    names.some((name) => kind.includes(name));
  const chosen = Object.entries(dlogFaultKinds)
    // the disk is the owners' own
    .filter(([kind]) => storage === 'local' || !kind.startsWith('disk'))
    .filter(([kind]) => !isNamed(without, kind) && (only.length === 0 || isNamed(only, kind)))
    .map(([kind, { weight }]) => [kind as DlogFaultKind, weight] as const);
  if (chosen.length === 0) throw new Error('no fault is left: see --only and --without');
  return new Map(chosen);
}
