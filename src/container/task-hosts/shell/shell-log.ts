import { join } from 'node:path';
import type { Clock, JsonObject, Logger } from '../../../base/index.ts';
import { confFlag } from './settings.ts';
import { WorkerLog, workerLogLevels } from './worker-log.ts';

const infoLevel = 2;

/**
 * What a shell task writes to worker.log: its child's log messages as Storm's DefaultShellLogHandler writes
 * them, its standard error as ShellProcess does (a logger named after the component), and its life
 * (storm-client 2.8).
 */
export class ShellLog {
  readonly #file: WorkerLog;
  readonly #componentId: string;
  readonly #hostOrigin: string;
  readonly #childOrigin: string;
  readonly #lowestLevel: number;
  /** As Storm's getProcessInfoString: set when the process has one. */
  processInfo = '';

  constructor(options: {
    readonly logDir: string;
    readonly componentId: string;
    readonly kind: 'spout' | 'bolt';
    readonly executor: readonly [number, number];
    readonly conf: JsonObject;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    const { logDir, componentId, executor, clock, log } = options;
    this.#file = new WorkerLog({ file: join(logDir, 'worker.log'), clock, log });
    this.#componentId = componentId;
    const thread = `${componentId}-executor[${executor[0]}, ${executor[1]}]`;
    this.#hostOrigin = `${options.kind === 'spout' ? 'o.a.s.s.ShellSpout' : 'o.a.s.t.ShellBolt'} ${thread}`;
    this.#childOrigin = `${componentId} ${thread}`;
    // Storm's worker logs from INFO on; topology.debug shows the rest.
    this.#lowestLevel = confFlag(options.conf, 'topology.debug') ? 0 : infoLevel;
  }

  launched(pid: number): void {
    this.processInfo = `pid:${pid}, name:${this.#componentId}`;
    this.#file.line('INFO', this.#hostOrigin, `Launched subprocess with pid ${pid}`);
  }

  /** A `log` message of the child. */
  message(level: number, text: string): void {
    if (level < this.#lowestLevel) return;
    this.#file.line(workerLogLevels[level]!, this.#hostOrigin, `ShellLog ${this.processInfo} ${text}`);
  }

  stderr(line: string): void {
    this.#file.line('INFO', this.#childOrigin, line);
  }

  note(level: 'INFO' | 'WARN' | 'ERROR', text: string): void {
    this.#file.line(level, this.#hostOrigin, text);
  }

  flush(): void {
    this.#file.flush();
  }
}
