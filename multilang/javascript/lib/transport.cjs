'use strict';

/**
 * How messages travel between a component and its parent. The classes that users extend know nothing of
 * pipes: they speak through an object with `start(handlers)`, `send(message)` and `flush()`, so that a faster
 * wire can take the place of PipeTransport without a change to any spout or bolt.
 */

const json = require('./json.cjs');

const writeBufferCharsMax = 32768;
const slowHandlerMs = 5;

/** The parent sent something that is not a message of the multilang protocol. */
class ProtocolError extends Error {
  constructor(message) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** Cuts a run of text into messages: JSON, a line feed, the line `end` (ended by LF or CR LF). */
class MessageCutter {
  constructor() {
    this.pieces = [];
    this.tail = '';
  }

  /** The texts of the messages that `chunk` completes. */
  feed(chunk) {
    // A separator may begin in the last characters of what was there; nothing before them is searched twice.
    if (!/\nend\r?\n/.test(this.tail + chunk)) {
      this.pieces.push(chunk);
      this.tail = (this.tail + chunk).slice(-5);
      return [];
    }
    const texts = (this.pieces.join('') + chunk).split(/\nend\r?\n/);
    const rest = texts.pop();
    this.pieces = [rest];
    this.tail = rest.slice(-5);
    return texts;
  }
}

/**
 * Storm's stock framing over this process's stdin and stdout, which it takes for itself: what the component
 * prints goes to stderr, and so to the worker's log. (A child process that inherits file descriptor 1 still
 * writes into the conversation; give it another `stdio`.)
 *
 * What handlers write leaves together when they return or await, or earlier while more input is waiting and
 * they are slow.
 */
class PipeTransport {
  constructor(input = process.stdin, output = process.stdout) {
    this.input = input;
    this.output = output;
    this.write = output.write.bind(output);
    this.buffer = '';
    this.isFlushPlanned = false;
    this.isInLoop = false;
  }

  /**
   * Begins to read. `onMessage(message)` gets each one, `onEnd()` the end of input or a parent that reads no
   * more.
   */
  start({ onMessage, onEnd, onFault }) {
    const { input, output } = this;
    if (output === process.stdout) {
      output.write = (...args) => process.stderr.write(...args);
    }
    output.on('error', (error) => (error.code === 'EPIPE' ? onEnd() : onFault(error)));
    const cutter = new MessageCutter();
    input.setEncoding('utf8');
    input.on('data', (chunk) => this.#deliver(cutter.feed(chunk), onMessage, onFault));
    input.on('end', onEnd);
    input.on('error', onFault);
  }

  send(message) {
    this.buffer += `${json.stringify(message)}\nend\n`;
    if (this.buffer.length >= writeBufferCharsMax) this.flush();
    else if (!this.isInLoop && !this.isFlushPlanned) {
      this.isFlushPlanned = true;
      queueMicrotask(() => this.flush());
    }
  }

  flush() {
    this.isFlushPlanned = false;
    if (this.buffer === '') return;
    const text = this.buffer;
    this.buffer = '';
    this.write(text);
  }

  #deliver(texts, onMessage, onFault) {
    this.isInLoop = true;
    try {
      for (const text of texts) {
        const startedMs = performance.now();
        onMessage(parsed(text));
        if (performance.now() - startedMs > slowHandlerMs) this.flush();
      }
    } catch (error) {
      onFault(error);
    } finally {
      this.isInLoop = false;
    }
    this.flush();
  }
}

function parsed(text) {
  try {
    return json.parse(text);
  } catch (error) {
    const excerpt = JSON.stringify(text.slice(0, 200)) + (text.length > 200 ? '...' : '');
    throw new ProtocolError(`expected a JSON message, got ${excerpt}: ${error.message}`);
  }
}

module.exports = { MessageCutter, PipeTransport, ProtocolError };
