'use strict';

/**
 * One input of a bolt. `id` names this delivery (anchors, acks and fails repeat it); `component`, `stream`
 * and `task` say who emitted it (`__system`, `__tick` and -1 for ticks); `values` are its values in the order
 * of the declared fields.
 */
class Tuple {
  constructor(id, component, stream, task, values) {
    this.id = id;
    this.component = component;
    this.stream = stream;
    this.task = task;
    this.values = values;
    // The parent takes one answer for a tuple, so later ones are not sent. Not enumerable: it is no part of
    // the data.
    Object.defineProperty(this, 'isSettled', { value: false, writable: true });
  }

  /**
   * Whether this is the clock tick that `topology.tick.tuple.freq.secs` asks for; its value is the seconds.
   */
  isTickTuple() {
    return this.task === -1 && this.stream === '__tick';
  }

  /** Whether the parent only asks for a sign of life. A bolt's `process` never sees one. */
  isHeartbeatTuple() {
    return this.task === -1 && this.stream === '__heartbeat';
  }
}

module.exports = { Tuple };
