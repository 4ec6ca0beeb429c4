import type { Worker } from 'node:worker_threads';
import {
  type Clock,
  type Deferred,
  deferred,
  describeError,
  errorCode,
  type Logger,
  startThread,
} from '../base/index.ts';
import type { AssignmentRecord } from '../records/index.ts';
import type { AssignRequest } from './assign.ts';
import type { Packer, PackOutcome } from './packer.ts';

export interface WorkerPackerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** What the thread runs; default: packing-thread.ts. */
  readonly module?: URL;
  readonly budgetMs?: number;
  readonly heapMbMax?: number;
}

const defaults = {
  budgetMs: 10_000,
  /** The largest files that are read (codeFileBytesMax) need up to half of it as objects. */
  heapMbMax: 1024,
};
/** Until the thread says that it is ready: it loads its modules, on a machine that may be busy. */
const startMsMax = 60_000;
/**
 * The budget is counted in so many steps: a suspended machine, or a gateway that was stopped, loses one of
 * them at most.
 */
const budgetSteps = 10;

type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'assigned'; readonly assignment: AssignmentRecord };

interface Thread {
  readonly worker: Worker;
  /** What came first: `ready`, or how the thread ended. */
  readonly ready: Promise<PackOutcome | undefined>;
  /** Answers the request that was posted last. */
  answer: Deferred<PackOutcome>;
}

/**
 * Packs in one thread of its own, which lives as long as the packer: what a stored topology makes of packing,
 * an endless loop or all the memory that there is, ends the thread and not the gateway. The next topology
 * gets a new thread.
 */
export class WorkerPacker implements Packer {
  readonly #options: WorkerPackerOptions;
  readonly #budgetMs: number;
  #thread: Thread | undefined;
  #isClosed = false;

  /** Starts the thread, so that the first topology need not wait for it. */
  constructor(options: WorkerPackerOptions) {
    this.#options = options;
    this.#budgetMs = options.budgetMs ?? defaults.budgetMs;
    this.#thread = this.#start();
  }

  async pack(request: AssignRequest): Promise<PackOutcome> {
    if (this.#isClosed) return { kind: 'closed' };
    this.#thread ??= this.#start();
    const thread = this.#thread;
    thread.worker.ref();
    try {
      const why = 'the packing thread did not start in time';
      const early = await this.#within(thread.ready, startMsMax, { kind: 'failed', why });
      if (early !== undefined) return await this.#ended(thread, early);
      thread.answer = deferred();
      thread.worker.postMessage(request);
      const tooLong = `it took longer than ${this.#budgetMs / 1000} s`;
      const outcome = await this.#within(thread.answer.promise, this.#budgetMs, {
        kind: 'given-up',
        why: tooLong,
      });
      return outcome.kind === 'assigned' ? outcome : await this.#ended(thread, outcome);
    } finally {
      thread.worker.unref();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.answer.resolve({ kind: 'closed' });
    await thread.worker.terminate();
  }

  async #ended(thread: Thread, outcome: PackOutcome): Promise<PackOutcome> {
    if (this.#thread === thread) this.#thread = undefined;
    await thread.worker.terminate();
    return this.#isClosed ? { kind: 'closed' } : outcome;
  }

  async #within<T>(work: Promise<T>, limitMs: number, late: T): Promise<T> {
    const { clock } = this.#options;
    const over = deferred<T>();
    let stepsLeft = budgetSteps;
    let timer: Disposable;
    const step = (): void => {
      if (stepsLeft === 0) over.resolve(late);
      else timer = clock.after(limitMs / budgetSteps, step);
      stepsLeft -= 1;
    };
    step();
    try {
      return await Promise.race([work, over.promise]);
    } finally {
      timer![Symbol.dispose]();
    }
  }

  #start(): Thread {
    const { log, module = packingThread, heapMbMax = defaults.heapMbMax } = this.#options;
    const worker = startThread(module, {
      resourceLimits: { maxOldGenerationSizeMb: heapMbMax },
      name: 'packing',
    });
    worker.unref();
    const ready = deferred<PackOutcome | undefined>();
    const thread: Thread = { worker, ready: ready.promise, answer: deferred() };
    const end = (outcome: PackOutcome): void => {
      if (this.#thread === thread) this.#thread = undefined;
      ready.resolve(outcome);
      thread.answer.resolve(outcome);
    };
    let isReady = false;
    worker.on('message', (message: Message) => {
      if (message.kind === 'ready') isReady = true;
      if (message.kind === 'ready') ready.resolve(undefined);
      else thread.answer.resolve(message);
    });
    worker.once('error', (error) => {
      const isMemory = errorCode(error) === 'ERR_WORKER_OUT_OF_MEMORY';
      if (!this.#isClosed) log.warn({ event: 'packing.thread-ended', reason: describeError(error) });
      end(
        isMemory
          ? { kind: 'given-up', why: `it needs more than ${heapMbMax} MB of memory` }
          : {
              kind: isReady ? 'given-up' : 'failed',
              why: `the packing thread failed: ${describeError(error)}`,
            },
      );
    });
    worker.once('exit', (code) => end({ kind: 'failed', why: `the packing thread ended with ${code}` }));
    return thread;
  }
}

const packingThread = new URL('./packing-thread.ts', import.meta.url);
