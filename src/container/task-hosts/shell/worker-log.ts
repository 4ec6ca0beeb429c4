import { appendFileSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, errorCode, type Logger, rollFile } from '../../../base/index.ts';

export type WorkerLogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** In the order of multilang's numbers. */
export const workerLogLevels: readonly WorkerLogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];

const flushAfterMs = 100;
/** A program that logs faster than this between two flushes loses the rest, which is counted. */
const pendingCharsMax = 1 << 20;
/** The file is moved aside then, as Storm's own worker log (worker.xml of 2.8: 100 MB, 9 old ones). */
const fileBytesMax = 100 << 20;
const oldFilesMax = 9;

/**
 * The part of a shell task in worker.log, in the line style of Storm's workers:
 *
 *   2026-01-31 12:00:00.123 o.a.s.t.ShellBolt split-7 [INFO] ShellLog pid:4242, name:split opened the file
 *
 * Lines are gathered and appended a few times a second, by path: a JVM in the same container writes and rolls
 * the same file. A log that cannot be written costs its lines and one event in the container's log, nothing
 * else.
 */
export class WorkerLog {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #pending = '';
  #droppedLines = 0;
  #timer: Disposable | undefined;
  #hasFailed = false;

  constructor(options: { readonly file: string; readonly clock: Clock; readonly log: Logger }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** `origin`: the logger's name and the thread, as two words. */
  line(level: WorkerLogLevel, origin: string, text: string): void {
    if (this.#pending.length + text.length > pendingCharsMax) {
      this.#droppedLines++;
      return;
    }
    this.#pending += `${timeText(this.#clock.nowMs())} ${origin} [${level}] ${text}\n`;
    this.#timer ??= this.#clock.after(flushAfterMs, () => this.flush());
  }

  flush(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (this.#droppedLines > 0) {
      this.#pending += `${timeText(this.#clock.nowMs())} egret log [WARN] ${this.#droppedLines} lines came too fast and were dropped\n`;
      this.#droppedLines = 0;
    }
    const lines = this.#pending;
    this.#pending = '';
    if (lines === '') return;
    try {
      this.#append(lines);
    } catch (error) {
      if (!this.#hasFailed) this.#log.warn({ event: 'worker-log.unwritable', file: this.#file, error });
      this.#hasFailed = true;
    }
  }

  #append(lines: string): void {
    try {
      appendFileSync(this.#file, lines);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      mkdirSync(dirname(this.#file), { recursive: true });
      appendFileSync(this.#file, lines);
    }
    if ((statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0) > fileBytesMax)
      rollFile(this.#file, oldFilesMax);
  }
}

/** `2026-01-31 12:00:00.123`, in local time as log4j writes it. */
function timeText(ms: number): string {
  const local = ms - new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(local).toISOString().replace('T', ' ').slice(0, -1);
}
