import type { Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { startThread } from './thread.ts';

/** Calls of one name, as far as the watch over the event loop needs to know them. */
export interface CallMark {
  entered(): void;
  left(): void;
}

/** Hands out one mark for each name. Names must be few: methods of services, not anything a client chose. */
export interface CallMarks {
  markOf(name: string): CallMark;
}

/** Marks for a server that nothing watches. */
export const unwatchedCalls: CallMarks = {
  markOf: () => ({ entered: () => undefined, left: () => undefined }),
};

export interface LoopWatchOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A turn of the event loop longer than this is logged and counted. */
  readonly turnMsMax: number;
  /** A turn that has lasted this long is reported while it lasts, with the place in the code. */
  readonly stuckMs: number;
  /** The log file that the report of a stuck loop is appended to. */
  readonly logFile: string;
}

/**
 * The words of memory shared with the thread: how often the loop came round, and which call was entered last.
 */
export const sharedWords = { ticks: 0, lastCall: 1, count: 2 } as const;

/** What the thread is started with; `names` follow as messages `{index, name}`. */
export interface LoopWatchThreadData {
  readonly shared: SharedArrayBuffer;
  readonly stuckMs: number;
  readonly logFile: string;
}

const tickMs = 50;
const callsNamedMax = 5;

/**
 * Watches the event loop of this process. A turn that was too long is logged when it is over, with the calls
 * that were in flight, because everybody else waited meanwhile. A loop that does not come round at all cannot
 * log: a thread does it, and names the place in the code by asking V8's debugger where the main thread is.
 */
export class LoopWatch implements CallMarks, AsyncDisposable {
  readonly #options: LoopWatchOptions;
  readonly #marks = new Map<string, Mark>();
  readonly #shared = new SharedArrayBuffer(sharedWords.count * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.#shared);
  readonly #thread: Worker;
  readonly #timer: Disposable;
  readonly #longTurns: ReturnType<typeof declareMetrics>['longTurns'];
  #tickedAtMs: number;
  #cpu = process.cpuUsage();
  #longestMs = 0;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    const { longTurns } = declareMetrics(options.metrics, () => this.#longestMs / 1000);
    this.#longTurns = longTurns;
    this.#thread = this.#startThread();
    this.#tickedAtMs = options.clock.monotonicMs();
    this.#timer = options.clock.every(tickMs, () => this.#tick());
  }

  markOf(name: string): CallMark {
    const known = this.#marks.get(name);
    if (known !== undefined) return known;
    const mark = new Mark(this.#words, this.#marks.size + 1);
    this.#marks.set(name, mark);
    this.#thread.postMessage({ index: mark.index, name });
    return mark;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]();
    await this.#thread.terminate();
  }

  #startThread(): Worker {
    const { stuckMs, logFile, log } = this.#options;
    const data: LoopWatchThreadData = { shared: this.#shared, stuckMs, logFile };
    const thread = startThread(new URL('./loop-watch-thread.ts', import.meta.url), {
      workerData: data,
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    thread.unref();
    thread.on('error', (error) => log.warn({ event: 'loop-watch.failed', error }));
    return thread;
  }

  #tick(): void {
    const { clock, turnMsMax } = this.#options;
    const nowMs = clock.monotonicMs();
    const turnMs = nowMs - this.#tickedAtMs - tickMs;
    this.#tickedAtMs = nowMs;
    if (turnMs > turnMsMax) this.#report(turnMs);
    this.#cpu = process.cpuUsage();
    Atomics.add(this.#words, sharedWords.ticks, 1);
  }

  #report(turnMs: number): void {
    const tick = this.#words[sharedWords.ticks]!;
    const calls = [...this.#marks].filter(([, mark]) => mark.inFlight > 0 || mark.enteredAtTick === tick);
    const names = calls.slice(0, callsNamedMax).map(([name]) => name);
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#longestMs = Math.max(this.#longestMs, turnMs);
    this.#longTurns.add({ call: calls.length === 1 ? names[0]! : calls.length === 0 ? 'none' : 'several' });
    this.#options.log.warn({
      event: 'loop.turn-too-long',
      turnMs: Math.round(turnMs),
      // Far less than the turn: the process was stopped, or the machine was busy with something else.
      cpuMs: Math.round((user + system) / 1000),
      calls: names,
      ...(calls.length > names.length ? { callsNotNamed: calls.length - names.length } : {}),
    });
  }
}

class Mark implements CallMark {
  readonly index: number;
  readonly #words: Int32Array;
  inFlight = 0;
  enteredAtTick = -1;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.index = index;
  }

  entered(): void {
    this.inFlight += 1;
    this.enteredAtTick = this.#words[sharedWords.ticks]!;
    this.#words[sharedWords.lastCall] = this.index;
  }

  left(): void {
    this.inFlight -= 1;
  }
}

function declareMetrics(metrics: Metrics, longestSecs: () => number) {
  metrics.gauge(
    'egret_loop_longest_turn_seconds',
    'Longest turn of the event loop beyond the limit since the start; 0: none was.',
    longestSecs,
  );
  return {
    longTurns: metrics.counter(
      'egret_loop_long_turns_total',
      'Turns of the event loop that were too long, by the only call in flight, or several, or none.',
      ['call'],
    ),
  };
}
