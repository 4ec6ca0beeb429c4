'use strict';

/** The conversation of one component with its parent: handshake, emits, answers, logs. */

const fs = require('node:fs');
const path = require('node:path');
const { inspect } = require('node:util');
const { ProtocolError } = require('./transport.cjs');
const { Tuple } = require('./tuple.cjs');

const levels = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

class Session {
  constructor(transport, isSpout) {
    this.transport = transport;
    this.isSpout = isSpout;
    this.hasAnswered = false;
    this.taskIdCallbacks = [];
  }

  /** Checks the first message, leaves the pid file and answers with the pid. Returns { conf, context }. */
  handshake(setup) {
    if (!isObject(setup) || typeof setup.pidDir !== 'string') {
      throw new ProtocolError(`expected the handshake with a pidDir, got ${excerpt(setup)}`);
    }
    for (const part of ['conf', 'context']) {
      if (!isObject(setup[part]))
        throw new ProtocolError(`expected the handshake with an object ${part}, got ${excerpt(setup)}`);
    }
    fs.closeSync(fs.openSync(path.join(setup.pidDir, String(process.pid)), 'w'));
    this.transport.send({ pid: process.pid });
    this.transport.flush();
    this.hasAnswered = true;
    return { conf: setup.conf, context: setup.context };
  }

  /**
   * Puts a message where it belongs: lists of task ids to the emit that asked, heartbeats are answered.
   * Returns what is left for the component: a command (spout) or a tuple (bolt).
   */
  take(message) {
    if (Array.isArray(message)) {
      this.#answerEmit(message);
      return undefined;
    }
    if (!isObject(message))
      throw new ProtocolError(`expected an object or a list of task ids, got ${excerpt(message)}`);
    if (this.isSpout) return message;
    if (message.task === -1 && message.stream === '__heartbeat') {
      this.sync();
      return undefined;
    }
    return tupleOf(message);
  }

  /** `emit` of the classes; `onTaskIds` makes the parent answer with the tasks that the tuple goes to. */
  emit({ tuple, stream, id, anchors, task }, onTaskIds) {
    if (!Array.isArray(tuple))
      throw new TypeError(`emit takes an array of values, got ${typeof tuple}: ${excerpt(tuple)}`);
    const message = { command: 'emit', tuple };
    if (stream !== undefined) message.stream = stream;
    if (this.isSpout) {
      if (id !== undefined && id !== null) message.id = id;
    } else {
      message.anchors = anchors;
    }
    if (task !== undefined) message.task = task;
    else message.need_task_ids = onTaskIds !== undefined;
    this.transport.send(message);
    if (onTaskIds !== undefined && task === undefined) this.taskIdCallbacks.push(onTaskIds);
  }

  /**
   * Acks or fails a tuple, once: the parent takes a second answer for the same id as a fault of the
   * component.
   */
  settle(tuple, command) {
    if (tuple.isSettled) return;
    tuple.isSettled = true;
    this.transport.send({ command, id: tuple.id });
  }

  sync() {
    this.transport.send({ command: 'sync' });
  }

  log(msg, level) {
    this.transport.send({ command: 'log', msg, level });
    this.transport.flush();
  }

  reportError(msg) {
    this.transport.send({ command: 'error', msg });
    this.transport.flush();
  }

  metric(name, params) {
    this.transport.send({ command: 'metrics', name, params });
  }

  #answerEmit(ids) {
    if (!ids.every(Number.isInteger))
      throw new ProtocolError(`expected a list of task ids, got ${excerpt(ids)}`);
    const callback = this.taskIdCallbacks.shift();
    if (callback === undefined)
      throw new ProtocolError(`got task ids ${excerpt(ids)} that no emit asked for`);
    callback(ids);
  }
}

function tupleOf({ id, comp, stream, task, tuple, ...rest }) {
  const isWhole =
    typeof id === 'string' && typeof stream === 'string' && Number.isInteger(task) && Array.isArray(tuple);
  if (!isWhole) {
    const found = excerpt({ id, comp, stream, task, tuple, ...rest });
    throw new ProtocolError(`expected a tuple with id, comp, stream, task and tuple, got ${found}`);
  }
  return new Tuple(id, comp, stream, task, tuple);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function excerpt(value) {
  return inspect(value, { depth: 3, breakLength: Number.POSITIVE_INFINITY }).slice(0, 200);
}

module.exports = { Session, levels };
