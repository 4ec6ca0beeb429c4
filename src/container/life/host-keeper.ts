import {
  type BackoffLimits,
  backoffMs,
  type Clock,
  deferred,
  describeError,
  type Logger,
  type RandomSource,
} from '../../base/index.ts';
import { isStopped, Liveness } from '../../child/index.ts';
import type { TaskId } from '../../topology/index.ts';
import type { TaskHost } from '../links/index.ts';
import type { MetricsManager } from '../metrics-manager/index.ts';
import type { StreamManager } from '../stream-manager/index.ts';
import type { HostExit } from '../task-hosts/deps.ts';

export interface HostKeeperDeps {
  readonly name: string;
  readonly tasks: readonly TaskId[];
  /** Makes a host for one life. */
  readonly make: (onExit: (exit: HostExit) => void) => Promise<TaskHost>;
  readonly streamManager: StreamManager;
  readonly metrics: MetricsManager;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
  /** A host that has sent heartbeats and then none for this long is ended. */
  readonly heartbeatTimeoutMs: number;
  /** A host whose process has been stopped by a signal for this long is ended. Infinity: never. */
  readonly stoppedMsMax: number;
}

/** The first end is usually an accident, so the first restart comes almost at once. */
const restartBackoff: BackoffLimits = { firstMs: 20, maxMs: 30_000, factor: 3, jitter: 0.2 };
/** A host that ran this long has recovered: its next end counts as the first. */
const recoveredMs = 60_000;
/**
 * Checks come once a second. A larger gap means that this container itself was paused, and counts against no
 * host.
 */
const checkGapMsMax = 3000;
/** From this many ends in a row on, the errors report a crash loop. */
const crashLoopMin = 3;

/**
 * Keeps one task host running: makes it, starts it, and fills its slot in the stream manager; when the host
 * ends for any reason, it does so again after a backoff. It touches nothing else in the container.
 *
 *   waiting ──> starting ──> running ──exit──> waiting ...        stop: from anywhere to ended
 */
export class HostKeeper {
  readonly #deps: HostKeeperDeps;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** The host of the current life, or of the last one. */
  #host: TaskHost | undefined;
  /** Ends in a row, each before `recoveredMs` had passed. */
  #ends = 0;
  #liveness: Liveness;
  /** Invariant: set only while the host runs. */
  #stuck: ((how: string) => void) | undefined;

  constructor(deps: HostKeeperDeps) {
    this.#deps = deps;
    this.#liveness = this.#newLiveness();
  }

  get name(): string {
    return this.#deps.name;
  }

  start(): void {
    this.#running ??= this.#keep();
  }

  /** The host has sent a heartbeat. */
  heard(): void {
    this.#liveness.heard(this.#deps.clock.monotonicMs());
  }

  /**
   * Called about once a second: ends a host whose heartbeats have ceased or whose process is stopped by a
   * signal.
   */
  check(): void {
    const { clock, name, heartbeatTimeoutMs, stoppedMsMax } = this.#deps;
    const pid = this.#host?.pid;
    const isStill = pid !== undefined && isStopped(pid);
    const verdict = this.#liveness.look(clock.monotonicMs(), isStill);
    if (verdict === 'stopped')
      this.#stuck?.(
        `${name} (pid ${pid}) was stopped by a signal for ${stoppedMsMax / 1000} s (egret.process.stopped.secs)`,
      );
    else if (verdict === 'silent')
      this.#stuck?.(
        `${name} has sent no heartbeat for ${heartbeatTimeoutMs / 1000} s (supervisor.worker.timeout.secs)`,
      );
  }

  /** Stops the host in order, within `graceMs`; a later call with less shortens the wait. Never rejects. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const host = this.#host;
    if (host !== undefined) await this.#stopHost(host, graceMs);
    await this.#running;
  }

  /** Its tasks have left: it processes what it has, for `drainMs` at most, then it ends. Never rejects. */
  async retire(drainMs: number, graceMs: number): Promise<void> {
    const { log, name } = this.#deps;
    log.info({ event: 'host.retired', host: name });
    await this.#host?.drain?.(drainMs, this.#stopping.signal);
    await this.stop(graceMs);
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    while (!this.#isStopping()) {
      const startedMs = this.#deps.clock.monotonicMs();
      const exit = await this.#live();
      if (this.#isStopping()) return;
      const livedMs = this.#deps.clock.monotonicMs() - startedMs;
      this.#ends = livedMs >= recoveredMs ? 1 : this.#ends + 1;
      const waitMs = backoffMs(this.#ends - 1, restartBackoff, this.#deps.random);
      this.#report(exit, waitMs);
      await this.#deps.clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** One life of a host, from its making to its end. Never rejects. */
  async #live(): Promise<HostExit> {
    const { streamManager, metrics, log, name } = this.#deps;
    const ended = deferred<HostExit>();
    this.#liveness = this.#newLiveness();
    let host: TaskHost | undefined;
    try {
      host = await this.#deps.make((exit) => ended.resolve(exit));
      this.#host = host;
      if (this.#isStopping()) return { reason: 'stopped', stderrTail: [] };
      await host.start(this.#stopping.signal);
      log.info({ event: 'host.started', host: name });
      streamManager.fill(host);
      const stuck = deferred<HostExit>();
      const running = host;
      this.#stuck = (how) => {
        if (running.giveUp !== undefined) running.giveUp(how);
        else stuck.resolve({ reason: `${how}; it was ended`, stderrTail: [] });
      };
      return await Promise.race([ended.promise, stuck.promise, this.#stopped()]);
    } catch (error) {
      return { reason: describeError(error), stderrTail: [] };
    } finally {
      this.#stuck = undefined;
      if (host !== undefined) {
        streamManager.empty(host, this.#isStopping() ? 'stopped' : 'ended');
        metrics.forget(this.#deps);
        // A host that exited has nothing to stop; one that is stuck or did not start may have left something.
        if (!this.#isStopping()) await this.#stopHost(host, 0);
      }
    }
  }

  /** A host that never sends a heartbeat is not judged by them. */
  #newLiveness(): Liveness {
    const { clock, heartbeatTimeoutMs, stoppedMsMax } = this.#deps;
    const limits = { silentMsMax: heartbeatTimeoutMs, stoppedMsMax, lookGapMsMax: checkGapMsMax };
    return new Liveness({ ...limits, firstMsMax: Number.POSITIVE_INFINITY }, clock.monotonicMs());
  }

  #stopped(): Promise<HostExit> {
    const { signal } = this.#stopping;
    const stopped = deferred<HostExit>();
    const stop = (): void => stopped.resolve({ reason: 'stopped', stderrTail: [] });
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    return stopped.promise;
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #stopHost(host: TaskHost, graceMs: number): Promise<void> {
    try {
      await host.stop(graceMs);
    } catch (error) {
      this.#deps.log.error({ event: 'host.not-stopped', host: host.name, reason: describeError(error) });
    }
  }

  #report(exit: HostExit, waitMs: number): void {
    const { log, metrics, name } = this.#deps;
    const { reason, stderrTail } = exit;
    log.error({ event: 'host.ended', host: name, reason, stderrTail, ends: this.#ends, restartInMs: waitMs });
    const loop =
      this.#ends >= crashLoopMin
        ? [`Crash loop: ended ${this.#ends} times in a row; next start in ${(waitMs / 1000).toFixed(1)} s.`]
        : [];
    const tail = stderrTail.length > 0 ? ['Last lines of its standard error:', ...stderrTail] : [];
    metrics.restarted(this.#deps, [reason, ...loop, ...tail].join('\n'));
  }
}
