import { type Deferred, deferred } from '../../base/index.ts';

/** Entries of a segment below `confirmed` may be read, and all of the segments before it. */
export interface CommitPosition {
  readonly lssn: number;
  readonly confirmed: number;
}

/**
 * What the writers of this process have confirmed, for its readers: they see a record as soon as its writer is told. Readers of
 * other processes learn it from the entries that follow.
 */
export class CommitHub {
  readonly #positions = new Map<string, CommitPosition>();
  readonly #waiting = new Map<string, Deferred<undefined>>();

  /** A late word of an earlier owner is not heard. */
  publish(stream: string, position: CommitPosition): void {
    if ((this.#positions.get(stream)?.lssn ?? 0) > position.lssn) return;
    this.#positions.set(stream, position);
    this.#wake(stream);
  }

  /** The writer of that segment is gone: what the storage says counts. */
  retract(stream: string, lssn: number): void {
    if (this.#positions.get(stream)?.lssn === lssn) this.#positions.delete(stream);
    this.#wake(stream);
  }

  position(stream: string): CommitPosition | undefined {
    return this.#positions.get(stream);
  }

  /** Resolves at the next change; one promise for all who wait. */
  changed(stream: string): Promise<undefined> {
    let waiting = this.#waiting.get(stream);
    if (waiting === undefined) {
      waiting = deferred<undefined>();
      this.#waiting.set(stream, waiting);
    }
    return waiting.promise;
  }

  #wake(stream: string): void {
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) return;
    this.#waiting.delete(stream);
    waiting.resolve(undefined);
  }
}
