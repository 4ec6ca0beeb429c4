import type { TaskGroup } from '../base/index.ts';
import { WriteOrder } from './limits.ts';
import type { ReadSession } from './read-session.ts';

export interface Connection {
  /** The order of the writes in its newest session. */
  writes: WriteOrder;
  readonly reads: ReadSession;
}

/** The state of each connection, for as long as it is open. */
export class Connections {
  readonly #connections = new Map<AbortSignal, Connection>();
  readonly #openReads: () => ReadSession;
  readonly #tasks: TaskGroup;

  constructor(openReads: () => ReadSession, tasks: TaskGroup) {
    this.#openReads = openReads;
    this.#tasks = tasks;
  }

  /** Returns the connection whose calls have that signal. */
  of(signal: AbortSignal): Connection {
    const found = this.#connections.get(signal);
    if (found !== undefined) return found;
    const connection = { writes: new WriteOrder(0), reads: this.#openReads() };
    this.#connections.set(signal, connection);
    const onGone = (): void => {
      this.#connections.delete(signal);
      this.#tasks.add(connection.reads.close());
    };
    if (signal.aborted) onGone();
    else signal.addEventListener('abort', onGone, { once: true });
    return connection;
  }

  /** Discards what was read ahead of that stream, so that the next read fetches it again. */
  async forget(stream: string): Promise<void> {
    for (const { reads } of this.#connections.values()) await reads.forget(stream);
  }

  /** Makes waiting reads check whether they may still wait. */
  wake(): void {
    for (const { reads } of this.#connections.values()) reads.wake();
  }

  async close(): Promise<void> {
    for (const { reads } of this.#connections.values()) await reads.close();
  }
}
