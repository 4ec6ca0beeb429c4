export interface LivenessLimits {
  /** A process that gives no sign of life for this long is stuck. Infinity: signs are not waited for. */
  readonly silentMsMax: number;
  /** The same until its first sign of life, counted from the beginning. */
  readonly firstMsMax: number;
  /** A process that a signal (SIGSTOP) has stopped for this long is stuck. Infinity: it may. */
  readonly stoppedMsMax: number;
  /** Checks further apart than this mean that the checker itself was paused. */
  readonly lookGapMsMax: number;
}

/** stopped: by a signal, for too long; silent: it runs and gives no sign of life. */
export type LivenessVerdict = 'alive' | 'stopped' | 'silent';

/**
 * Whether a process is stuck, decided from what was observed when. A pause of the checker never counts
 * against a process: after a gap between two checks (the machine was suspended, this process was stopped or
 * starved) all counting restarts, because signs of life from the gap may not have been read yet. Times are
 * monotonic milliseconds.
 */
export class Liveness {
  readonly #limits: LivenessLimits;
  #hasSpoken = false;
  #heardMs: number;
  #movedMs: number;
  #lookedMs: number;

  constructor(limits: LivenessLimits, nowMs: number) {
    this.#limits = limits;
    this.#heardMs = nowMs;
    this.#movedMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** A sign of life. */
  heard(nowMs: number): void {
    this.#hasSpoken = true;
    this.#heardMs = nowMs;
  }

  /** To be called at steady intervals, well below `lookGapMsMax`. */
  look(nowMs: number, isStopped: boolean): LivenessVerdict {
    const { silentMsMax, firstMsMax, stoppedMsMax, lookGapMsMax } = this.#limits;
    const stoodStill = nowMs - this.#lookedMs > lookGapMsMax;
    this.#lookedMs = nowMs;
    if (stoodStill) this.#heardMs = nowMs;
    if (stoodStill || !isStopped) this.#movedMs = nowMs;
    if (nowMs - this.#movedMs >= stoppedMsMax) return 'stopped';
    return nowMs - this.#heardMs >= (this.#hasSpoken ? silentMsMax : firstMsMax) ? 'silent' : 'alive';
  }
}
