import type { Logger } from '../../../base/index.ts';
import type { TaskHost } from '../../links/index.ts';
import type { PeerQueue } from '../peers/peer-queue.ts';
import type { FlowPolicy } from './flow-policy.ts';

/**
 * Pauses the hosts that feed a full link: what they emit is not read. The other hosts, and acks, continue.
 */
export class HostPauses {
  readonly #policy: FlowPolicy;
  readonly #queues: ReadonlyMap<number, PeerQueue>;
  readonly #log: Logger;
  /** Invariant: the running hosts whose last call was `pause`, not `resume`. */
  readonly #paused = new Set<TaskHost>();

  constructor(policy: FlowPolicy, queues: ReadonlyMap<number, PeerQueue>, log: Logger) {
    this.#policy = policy;
    this.#queues = queues;
    this.#log = log;
  }

  /** Call when the host has started and when a link has become full or is no longer full. */
  update(host: TaskHost): void {
    const mustPause = this.#mustPause(host);
    if (mustPause === this.#paused.has(host)) return;
    this.#log.warn({ event: mustPause ? 'host.paused' : 'host.resumed', host: host.name });
    if (mustPause) {
      this.#paused.add(host);
      host.pause();
    } else {
      this.#paused.delete(host);
      host.resume();
    }
  }

  forget(host: TaskHost): void {
    this.#paused.delete(host);
  }

  #mustPause(host: TaskHost): boolean {
    for (const queue of this.#queues.values()) {
      if (queue.isFull && this.#policy.feeds(host.tasks, queue.tasks)) return true;
    }
    return false;
  }
}
