import { describeError, type JsonObject } from '../../../base/index.ts';
import { containerNumber } from '../../../config/index.ts';
import type { TaskId } from '../../../topology/index.ts';
import { DataFrameCursor, frameTarget } from '../../../tuple/index.ts';
import type { TaskHost } from '../../links/index.ts';
import { confNumber } from '../../spec/index.ts';
import type { TaskHostDeps } from '../deps.ts';
import { AckerTask, ackerComponentId } from './acker-task.ts';

/**
 * Runs the `__acker` tasks of a container that has no JVM, inside its stream manager. Tuples that an acker
 * cannot read are counted and logged once; their trees time out and are replayed.
 */
export class AckerHost implements TaskHost {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  readonly #deps: TaskHostDeps;
  readonly #ackers: ReadonlyMap<TaskId, AckerTask>;
  readonly #cursor = new DataFrameCursor();
  #strangeTuples = 0;
  #timeouts: Disposable | undefined;

  constructor(deps: TaskHostDeps) {
    this.#deps = deps;
    this.tasks = deps.tasks.map((task) => task.taskId);
    this.name = `acker-${this.tasks.join('-')}`;
    this.#ackers = new Map(deps.tasks.map((task) => [task.taskId, makeAcker(deps, task)]));
  }

  /** Tuples left out because they were not what an acker takes. */
  get strangeTuples(): number {
    return this.#strangeTuples;
  }

  deliver(buffer: Buffer, start: number, end: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    try {
      this.#cursor.open(buffer, start, end);
      this.#countStrange(this.#ackers.get(frameTarget(buffer, start))!.take(this.#cursor, nowMs));
    } catch (error) {
      this.#countStrange(1, describeError(error));
    }
  }

  flush(): void {
    for (const acker of this.#ackers.values()) acker.flush();
  }

  control(): void {
    // An acker needs no plan; its replies are few and small, so neither pressure nor loads concern it.
  }

  pause(): void {
    // It emits only in answer to what is delivered.
  }

  resume(): void {
    // See pause.
  }

  start(): Promise<void> {
    const { clock, conf } = this.#deps;
    const timeoutMs = timeoutMsOf(conf);
    if (timeoutMs !== undefined) this.#timeouts = clock.every(timeoutMs, () => this.#rotate());
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#timeouts?.[Symbol.dispose]();
    return Promise.resolve();
  }

  #rotate(): void {
    for (const acker of this.#ackers.values()) {
      const expired = acker.table.rotate();
      const { size, refused } = acker.table;
      this.#deps.log.debug({ event: 'acker.rotated', task: acker.taskId, expired, trees: size, refused });
    }
  }

  #countStrange(tuples: number, reason = 'not the values of an acker stream'): void {
    if (tuples > 0 && this.#strangeTuples === 0) {
      this.#deps.log.warn({ event: 'acker.tuples-not-understood', tuples, reason });
    }
    this.#strangeTuples += tuples;
  }
}

/** Undefined: timeouts are switched off, as Storm does for ackers too (Executor.setupTicks 2.8). */
function timeoutMsOf(conf: JsonObject): number | undefined {
  if (conf['topology.enable.message.timeouts'] === false) return undefined;
  return 1000 * confNumber(conf, 'topology.message.timeout.secs', 30, 0.001);
}

function makeAcker(deps: TaskHostDeps, task: TaskHostDeps['tasks'][number]): AckerTask {
  const { topology, outlet, metrics, conf } = deps;
  return new AckerTask({
    taskId: task.taskId,
    topology,
    treesMax: containerNumber(conf, 'egret.acker.trees.max'),
    metrics: metrics.task({
      taskId: task.taskId,
      executor: task.executor,
      componentId: ackerComponentId,
      kind: 'bolt',
      streams: topology.streamIdsOf(ackerComponentId),
      inputs: (topology.component(ackerComponentId)?.inputs ?? []).map((input) => ({
        componentId: input.sourceComponentId,
        streamId: input.sourceStreamId,
      })),
    }),
    emit: (buffer, start, end) => outlet.route(buffer, start, end),
  });
}
