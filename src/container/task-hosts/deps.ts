import type { Clock, JsonObject, Logger, RandomSource } from '../../base/index.ts';
import type { ContainerSpec } from '../../records/index.ts';
import type { PlannedTask, TopologyIndex } from '../../topology/index.ts';
import type { Outlet } from '../links/index.ts';
import type { MetricsRegistry } from '../metrics-manager/index.ts';

/**
 * What every task host is made of. A host is good for one life: `start`, then `stop` or `onExit`. After an
 * exit the container makes a new one with the same deps, after a backoff. The calls come in this order: the
 * constructor, which does no work; `start`; once that has resolved, `control` with the plan (if there is one
 * yet) and the current loads and pressure; then `deliver` and `flush`.
 */
export interface TaskHostDeps {
  readonly spec: ContainerSpec;
  /** conf.json of the code directory: defaults < storm.yaml < topology conf. */
  readonly conf: JsonObject;
  /** The system topology. */
  readonly topology: TopologyIndex;
  /**
   * The tasks that this host runs: all Java tasks of the container for a JVM, one task for any other host.
   */
  readonly tasks: readonly PlannedTask[];
  readonly outlet: Outlet;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Pass it to `spawnChild` as `pidDir`: what is recorded there is ended when the container was killed. */
  readonly pidDir: string;
  /**
   * The host's process ended, or went wrong so that the host ended it. Called at most once, only after
   * `start` has resolved, and not for an end that `stop` asked for (a `start` that fails rejects instead). By
   * then the host has left nothing behind. Never called on the stack of a `deliver`, `flush` or `control`.
   */
  readonly onExit: (exit: HostExit) => void;
}

export interface HostExit {
  /**
   * One sentence: who ended how (`child of task 7 (split) exited with code 1`). Goes to the errors of its
   * components.
   */
  readonly reason: string;
  /** The last lines of its standard error, oldest first; at most 20. */
  readonly stderrTail: readonly string[];
}
