import { once } from 'node:events';
import { connect } from 'node:net';
import { methods, readStruct, thriftLibrary } from './thrift.mjs';

const defaultPort = 6627;
const frameBytesMax = 64 * 2 ** 20;
const messageTypes = { call: 1, exception: 3 };
/** Storm's exceptions by their field id in the answer of each method. */
const refusals = {
  submitTopologyWithOpts: { 1: 'refused', 2: 'finds the topology invalid', 3: 'does not allow it' },
};

/** The topology was not submitted; the text says why, in Nimbus's words where Nimbus refused it. */
export class SubmitError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = 'SubmitError';
  }
}

/** A connection to the leading Nimbus (framed binary Thrift); one call at a time. */
export class NimbusClient {
  #socket;
  #address;
  #timeoutMs;
  #received = Buffer.alloc(0);
  #ended;
  #wake = () => undefined;

  constructor(socket, address, timeoutMs) {
    this.#socket = socket;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const end = (error) => {
      this.#ended ??= error instanceof Error ? error : new Error('the connection was closed');
      this.#wake();
    };
    socket.on('error', end);
    socket.on('close', end);
  }

  get address() {
    return this.#address;
  }

  /** Connects to `host:port` and then to the leader that it names. Throws SubmitError. */
  static async open(address, timeoutMs) {
    const { host, port } = parseAddress(address);
    const client = await NimbusClient.#dial(host, port, `${host}:${port}`, timeoutMs);
    try {
      const leader = await client.call('getLeader', {});
      const [leaderHost, leaderPort] = [leader?.get(1), leader?.get(2)];
      if (leader === undefined || (leaderHost === host && leaderPort === port)) return client;
      const title = `${leaderHost}:${leaderPort} (the leader that ${client.address} names)`;
      const following = await NimbusClient.#dial(leaderHost, leaderPort, title, timeoutMs);
      client.close();
      return following;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  static async #dial(host, port, address, timeoutMs) {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    } catch (cause) {
      socket.destroy();
      const reason = cause.name === 'AbortError' ? `no answer within ${timeoutMs} ms` : reasonOf(cause);
      throw new SubmitError(`cannot reach Nimbus at ${address}: ${reason}`, { cause });
    }
    return new NimbusClient(socket, address, timeoutMs);
  }

  /**
   * Calls a method. Returns what it returns (a structure as a Map from field id); throws SubmitError
   * otherwise.
   */
  async call(method, args) {
    const timer = setTimeout(() => {
      this.#socket.destroy(new Error(`no answer within ${this.#timeoutMs} ms`));
    }, this.#timeoutMs);
    let frame;
    try {
      this.#socket.write(encodeCall(method, args));
      frame = await this.#readFrame();
    } catch (cause) {
      throw new SubmitError(`${method} failed at Nimbus ${this.#address}: ${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
    return this.#decodeAnswer(method, frame);
  }

  close() {
    this.#socket.destroy();
  }

  async #readFrame() {
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== undefined) return frame;
      if (this.#ended !== undefined) throw this.#ended;
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #takeFrame() {
    if (this.#received.length < 4) return undefined;
    const length = this.#received.readUInt32BE(0);
    if (length > frameBytesMax)
      throw new Error(`the answer is not framed Thrift (a frame of ${length} bytes)`);
    if (this.#received.length < 4 + length) return undefined;
    const frame = this.#received.subarray(4, 4 + length);
    this.#received = this.#received.subarray(4 + length);
    return frame;
  }

  #decodeAnswer(method, frame) {
    const { TBinaryProtocol, TFramedTransport, Thrift } = thriftLibrary();
    const input = new TBinaryProtocol(new TFramedTransport(frame));
    const { mtype } = input.readMessageBegin();
    if (mtype === messageTypes.exception) {
      const error = new Thrift.TApplicationException();
      error.read(input);
      throw new SubmitError(`${method} failed at Nimbus ${this.#address}: ${error.message}`);
    }
    const fields = readStruct(input);
    for (const [id, value] of fields) {
      if (id === 0) return value;
      const said = refusals[method]?.[id] ?? `refused ${method}`;
      throw new SubmitError(`Nimbus at ${this.#address} ${said}: ${value.get(1)}`);
    }
    return undefined;
  }
}

function encodeCall(method, args) {
  const { TBinaryProtocol, TFramedTransport } = thriftLibrary();
  const chunks = [];
  const out = new TBinaryProtocol(new TFramedTransport(undefined, (bytes) => chunks.push(bytes)));
  out.writeMessageBegin(method, messageTypes.call, 1);
  methods[method].write(out, args);
  out.writeMessageEnd();
  out.flush();
  return Buffer.concat(chunks);
}

function parseAddress(address) {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d+))?$/.exec(address);
  const port = Number(match?.[3] ?? defaultPort);
  if (match === null || port < 1 || port > 65535)
    throw new SubmitError(
      `expected the address of Nimbus as host:port, got ${JSON.stringify(String(address))}`,
    );
  return { host: match[1] ?? match[2], port };
}

function reasonOf(cause) {
  return cause.message || cause.code || String(cause);
}
