'use strict';

/**
 * The classes that users extend, with the method names of Storm's `storm.js`. They are functions and not
 * classes, so that both `class Split extends BasicBolt` and the older `BasicBolt.call(this)` work.
 *
 * Each method that a user writes may end in one of three ways: it returns, the promise it returns settles,
 * or, when it declares the parameter `done`, it calls that.
 */

const { AsyncLocalStorage } = require('node:async_hooks');
const { inspect } = require('node:util');
const json = require('./json.cjs');
const { Session, levels } = require('./session.cjs');
const { PipeTransport, ProtocolError } = require('./transport.cjs');

/** What spouts and bolts share. */
function Component() {}

/**
 * Called once, before any tuple, with the merged topology configuration and the task's place in the topology.
 */
Component.prototype.initialize = function initialize(_conf, _context) {};

/**
 * Serves until the parent closes the pipe; the last line of a component's script. The process ends with exit
 * code 0 when the parent is gone, with 1 after an exception, which is first reported to the parent.
 */
Component.prototype.run = function run(transport = new PipeTransport()) {
  this.session = new Session(transport, this instanceof Spout);
  const die = (error) => this.die(error);
  process.on('uncaughtException', die);
  let isFirst = true;
  // messages that came while initialize was still busy
  let early = [];
  const initialized = () => {
    const messages = early;
    early = undefined;
    for (const message of messages) this.handleMessage(message);
  };
  transport.start({
    onMessage: (message) => {
      if (!isFirst) return early === undefined ? this.handleMessage(message) : early.push(message);
      isFirst = false;
      const { conf, context } = this.session.handshake(message);
      return settled(this, 'initialize', [conf, context], (error) =>
        error === undefined ? guarded(initialized, die) : die(error),
      );
    },
    onEnd: () => process.exit(0),
    onFault: die,
  });
};

Component.prototype.handleMessage = function handleMessage(message) {
  const input = this.session.take(message);
  if (input !== undefined) this.handle(input);
};

/** Reports an error, fails the tuple it came from, if any, and ends the process. */
Component.prototype.die = function die(error, tuple) {
  const text = describe(error);
  if (this.session.hasAnswered) {
    this.session.reportError(text);
    if (tuple !== undefined) this.session.settle(tuple, 'fail');
    this.session.transport.flush();
  } else {
    // the parent still waits for the pid and would take nothing else
    process.stderr.write(`${text}\n`);
  }
  process.exit(1);
};

/** Shows an error of this component in the topology's state. The component keeps running. */
Component.prototype.reportError = function reportError(message) {
  this.session.reportError(String(message));
};

/** Updates the metric that the parent registered under this name. */
Component.prototype.rpcMetrics = function rpcMetrics(name, params) {
  this.session.metric(name, params);
};

/** Writes any message. */
Component.prototype.sendMsgToParent = function sendMsgToParent(message) {
  this.session.transport.send(message);
};

/** Ends a spout's turn, or gives a sign of life in the middle of a bolt's long work. */
Component.prototype.sync = function sync() {
  this.session.sync();
};

for (const [name, level] of Object.entries(levels)) {
  const method = `log${name[0].toUpperCase()}${name.slice(1)}`;
  Component.prototype[method] = function log(...parts) {
    const text = parts.map((part) => (typeof part === 'string' ? part : json.stringify(part))).join(' ');
    this.session.log(text, level);
  };
}
Component.prototype.log = Component.prototype.logInfo;

/** A source of tuples. The parent asks for one thing at a time and waits until it is done. */
function Spout() {}
inherit(Spout, Component);

Spout.prototype.nextTuple = function nextTuple() {};
Spout.prototype.ack = function ack(_id) {};
Spout.prototype.fail = function fail(_id) {};
Spout.prototype.activate = function activate() {};
Spout.prototype.deactivate = function deactivate() {};

/**
 * Emits `{ tuple, stream?, id? }`, or just an array of values. With an `id` (any JSON value) the tuple is
 * tracked, and `ack` or `fail` gets that id later. `onTaskIds` is called with the tasks that it goes to;
 * without it nothing is asked.
 */
Spout.prototype.emit = function emit(details, onTaskIds) {
  this.session.emit(grouped(details), onTaskIds);
};

/** Emits `{ tuple, task, stream?, id? }` to one task of a component that subscribed with direct grouping. */
Spout.prototype.emitDirect = function emitDirect(details) {
  this.session.emit(direct(details));
};

Spout.prototype.handle = function handle({ command, id }) {
  const steps = {
    next: 'nextTuple',
    ack: 'ack',
    fail: 'fail',
    activate: 'activate',
    deactivate: 'deactivate',
  };
  if (typeof command !== 'string' || !Object.hasOwn(steps, command))
    throw new ProtocolError(`expected next, ack, fail, activate or deactivate, got ${inspect(command)}`);
  const isOutcome = command === 'ack' || command === 'fail';
  if (isOutcome && (id === undefined || id === null))
    throw new ProtocolError(`expected the id of the tuple to ${command}`);
  settled(this, steps[command], isOutcome ? [id] : [], (error) =>
    error === undefined ? this.sync() : this.die(error),
  );
};

/**
 * A bolt that acks, fails and anchors by hand. An exception out of `process` is reported, fails the tuple and
 * ends the component; it is started again. Tuples are handed over as they come, also while the handling of
 * earlier ones awaits.
 */
function Bolt() {}
inherit(Bolt, Component);

Bolt.prototype.process = function process(_tuple) {};

/**
 * Emits `{ tuple, stream?, anchors? }`, or just an array of values. `anchors` are the tuples it was made of
 * (tuples or their ids); `anchorTupleId`, an id or an array of ids, says the same. `onTaskIds` as for spouts.
 */
Bolt.prototype.emit = function emit(details, onTaskIds) {
  this.session.emit(this.anchored(grouped(details)), onTaskIds);
};

/**
 * Emits `{ tuple, task, stream?, anchors? }` to one task of a component that subscribed with direct grouping.
 */
Bolt.prototype.emitDirect = function emitDirect(details) {
  this.session.emit(this.anchored(direct(details)));
};

/** This bolt is done with the tuple. */
Bolt.prototype.ack = function ack(tuple) {
  this.session.settle(tuple, 'ack');
};

/** The tuple is to be emitted again by its spout. */
Bolt.prototype.fail = function fail(tuple) {
  this.session.settle(tuple, 'fail');
};

Bolt.prototype.anchored = function anchored(details) {
  const anchors = details.anchors ?? details.anchorTupleId ?? this.defaultAnchors();
  const list = Array.isArray(anchors) ? anchors : [anchors];
  return { ...details, anchors: list.map((anchor) => (typeof anchor === 'string' ? anchor : anchor.id)) };
};

Bolt.prototype.defaultAnchors = () => [];

Bolt.prototype.handle = function handle(tuple) {
  settled(this, 'process', [tuple], (error) => {
    if (error !== undefined) this.die(error, tuple);
  });
};

// Knows the tuple in hand through awaits and callbacks.
const tupleInHand = new AsyncLocalStorage();

/**
 * A bolt that anchors its emits to the tuple in hand and acks that tuple when `process` is done. An exception
 * from `process`, a rejected promise or `done(error)` is reported and fails the tuple; the bolt continues
 * with the next.
 */
function BasicBolt() {}
inherit(BasicBolt, Bolt);

BasicBolt.prototype.defaultAnchors = () => {
  const tuple = tupleInHand.getStore();
  return tuple === undefined ? [] : [tuple];
};

BasicBolt.prototype.handle = function handle(tuple) {
  const finish = (error) => {
    if (error === undefined) return this.ack(tuple);
    this.session.reportError(describe(error));
    return this.fail(tuple, error);
  };
  tupleInHand.run(tuple, () => settled(this, 'process', [tuple], finish));
};

/**
 * Calls a user's method and then `finish`, once: without arguments when it succeeded, else with the error.
 */
function settled(component, method, args, finish) {
  let isFinished = false;
  const finishOnce = (error) => {
    if (isFinished) return;
    isFinished = true;
    finish(error);
  };
  const takesDone = component[method].length > args.length;
  const done = (error) => finishOnce(error === null || error === false ? undefined : error);
  let result;
  try {
    result = takesDone ? component[method](...args, done) : component[method](...args);
  } catch (error) {
    return finishOnce(error ?? new Error(`${method} threw ${error}`));
  }
  if (typeof result?.then === 'function') {
    result.then(takesDone ? () => {} : () => finishOnce(), (error) =>
      finishOnce(error ?? new Error('rejected')),
    );
  } else if (!takesDone) {
    finishOnce();
  }
}

function guarded(work, onError) {
  try {
    work();
  } catch (error) {
    onError(error);
  }
}

function grouped(details) {
  if (Array.isArray(details)) return { tuple: details };
  if (details?.task !== undefined && details.task !== null)
    throw new Error('emit takes no task; emitDirect emits to one');
  return { ...details, task: undefined };
}

function direct(details) {
  if (!Number.isInteger(details?.task)) throw new Error('emitDirect needs the id of a task');
  return details;
}

function describe(error) {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

function inherit(child, parent) {
  child.prototype = Object.create(parent.prototype, {
    constructor: { value: child, writable: true, configurable: true },
  });
  Object.setPrototypeOf(child, parent);
}

module.exports = { BasicBolt, Bolt, Component, Spout };
