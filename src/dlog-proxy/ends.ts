import type { Clock } from '../base/index.ts';
import type { DistributedLog } from '../dlog/index.ts';
import { OwnedStream } from './owned-stream.ts';
import type { OwnedStreams } from './owned-streams.ts';
import { recoverEnd } from './recover.ts';

interface Deps {
  readonly log: DistributedLog;
  readonly clock: Clock;
  readonly streams: OwnedStreams;
  readonly stopping: AbortSignal;
}

const lookedMax = 100_000;

/** The streams whose end was examined: what earlier owners left is settled. */
export class Ends {
  readonly #deps: Deps;
  readonly #looked = new Map<string, Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Examines each stream once. */
  lookAt(stream: string): Promise<void> {
    const before = this.#looked.get(stream);
    if (before !== undefined) return before;
    if (this.#looked.size >= lookedMax) this.#looked.clear();
    const { streams, stopping: signal } = this.#deps;
    const looking = recoverEnd({ ...this.#deps, signal }, stream, async () => {
      const owned = streams.of(stream);
      return owned instanceof OwnedStream ? owned.own() : owned;
    }).then((isDone) => {
      if (!isDone) this.#looked.delete(stream);
    });
    this.#looked.set(stream, looking);
    return looking;
  }

  /** The next call examines it again. */
  forget(stream: string): void {
    this.#looked.delete(stream);
  }
}
