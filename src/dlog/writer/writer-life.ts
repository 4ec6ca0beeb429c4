import assert from 'node:assert/strict';
import type { GatewayError, Logger } from '../../base/index.ts';

/**
 *     open ──drain──> draining ──> closed        open ──end──> ended
 *       └── another owner, or an error of the storage ──> failed
 *
 * `failed` and `ended` close like the others; nothing leads back.
 */
export type WriterState = 'open' | 'draining' | 'ended' | 'failed' | 'closed';
const successors: Readonly<Record<WriterState, readonly WriterState[]>> = {
  open: ['draining', 'ended', 'failed', 'closed'],
  draining: ['ended', 'failed', 'closed'],
  ended: ['closed'],
  failed: ['closed'],
  closed: [],
};

/** The state of a writer, and why it writes no more. Only an open writer accepts appends. */
export class WriterLife {
  readonly #stream: string;
  readonly #log: Logger;
  /** Invariant: changes only in {@link enter}, to one of its {@link successors}. */
  #state: WriterState = 'open';
  /** Invariant: defined if the state is `failed`; the first fault stays. */
  #fault: GatewayError | undefined;

  constructor(stream: string, log: Logger) {
    this.#stream = stream;
    this.#log = log;
  }

  get state(): WriterState {
    return this.#state;
  }

  get fault(): GatewayError | undefined {
    return this.#fault;
  }

  /** Changes the state, because of `fault` if there is one. Throws if the state has no such successor. */
  enter(state: WriterState, fault?: GatewayError): void {
    this.#fault ??= fault;
    if (this.#state === state) return;
    assert(successors[this.#state].includes(state), `a writer does not go from ${this.#state} to ${state}`);
    this.#log.debug({ event: 'dlog.writer-state', stream: this.#stream, from: this.#state, to: state });
    this.#state = state;
  }
}
