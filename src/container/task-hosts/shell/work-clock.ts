/**
 * How long a child was at work, as far as its pipe tells: from the write of a tuple until the child shows
 * that it has got through everything written, by an ack or a fail of the last tuple or by its answer to a
 * heartbeat woven in behind it. A sign of the child in between (an ack, a fail, an answer) ends one stretch
 * and begins the next, so the stretches add up to the time in which there was work, never to more, however
 * many tuples it had in hand.
 *
 * For a child that takes tuples one by one, as all stock adapters do, a stretch is the time in its `process`,
 * with the way through the pipe. A child that acks first and works afterwards, or in threads of its own, is
 * at work longer than is seen. Time in which we do not read from the child counts as its own.
 */
export class WorkClock {
  #sinceMs: number | undefined;

  wrote(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** Ends a stretch and returns its milliseconds. `isThrough`: nothing is left for the child to get to. */
  sign(nowMs: number, isThrough: boolean): number {
    if (this.#sinceMs === undefined) return 0;
    const workedMs = Math.max(0, nowMs - this.#sinceMs);
    this.#sinceMs = isThrough ? undefined : nowMs;
    return workedMs;
  }
}
