import type { Clock } from '../../base/index.ts';
import type { ExecutorStatsRecord } from '../../records/index.ts';
import type { ExecutorId } from '../../topology/index.ts';
import type { ExecutorTotals } from '../links/index.ts';
import { ReportedExecutor } from './reported-executor.ts';

/** The executors of a container that count in hosts of their own. They outlive a restart of their host. */
export class ReportedExecutors {
  readonly #clock: Clock;
  readonly #byExecutor = new Map<string, ReportedExecutor>();
  /** Host name -> how often it has ended. */
  readonly #ends = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  report(hostName: string, totals: readonly ExecutorTotals[]): void {
    const life = this.#ends.get(hostName) ?? 0;
    for (const each of totals) {
      const key = keyOf(each.executor);
      let executor = this.#byExecutor.get(key);
      if (executor === undefined) {
        executor = new ReportedExecutor(each, this.#clock.monotonicMs());
        this.#byExecutor.set(key, executor);
      }
      executor.report(each, life);
    }
  }

  /** What the host reports next begins at nothing again. */
  ended(hostName: string): void {
    this.#ends.set(hostName, (this.#ends.get(hostName) ?? 0) + 1);
  }

  /** Those of other executors than these are reported no longer. */
  keep(executors: readonly ExecutorId[]): void {
    const keys = new Set(executors.map(keyOf));
    for (const key of this.#byExecutor.keys()) if (!keys.has(key)) this.#byExecutor.delete(key);
  }

  rotate(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const executor of this.#byExecutor.values()) executor.rotate(nowMs);
  }

  records(): readonly ExecutorStatsRecord[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#byExecutor.values()].map((executor) => executor.record(nowMs));
  }
}

function keyOf(executor: ExecutorId): string {
  return executor.join('-');
}
