import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Clock, deferred, GatewayError, systemClock, waitFor } from '../base/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { FrameReader } from './framing.ts';
import { Nimbus, type NimbusHandler, type NimbusMethods } from './gen/services.ts';
import { ApplicationError, encodeMessage } from './message.ts';
import { ThriftServer } from './server.ts';
import type { ThriftServerOptions } from './server-options.ts';
import type { MethodSpec } from './service.ts';
import { messageTypes, ThriftReader } from './wire.ts';

const open: { close(): unknown }[] = [];

async function serve(
  handler: NimbusHandler,
  options: Partial<ThriftServerOptions<NimbusMethods>> & {
    readonly clock?: Clock;
  } = {},
) {
  const log = recordingLog();
  const { clock = systemClock, ...rest } = options;
  const server = await ThriftServer.open(
    { clock, log },
    { service: Nimbus, handler, host: '127.0.0.1', port: 0, portKey: 'nimbus.thrift.port', ...rest },
  );
  open.push(server);
  return { server, log };
}

/** A client that sends raw bytes and keeps the answers. */
class RawClient {
  readonly answers: Buffer[] = [];
  readonly ended: Promise<unknown>;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const frames = new FrameReader(1 << 25);
    socket.on('data', (chunk: Buffer) => this.answers.push(...frames.feed(chunk)));
    socket.on('error', () => undefined);
    this.ended = new Promise((resolve) => socket.once('close', resolve));
  }

  static async to(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const client = new RawClient(socket);
    open.push({ close: () => socket.destroy() });
    return client;
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  end(): void {
    this.#socket.end();
  }

  vanish(): void {
    this.#socket.resetAndDestroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async answer(index: number): Promise<Buffer> {
    return eventually(`answer ${index}`, () => this.answers[index]);
  }
}

function eventually<T>(what: string, probe: () => T | undefined): Promise<T> {
  return waitFor(what, probe, { clock: systemClock, limitMs: 5000, everyMs: 2 });
}

function callFrame<K extends keyof NimbusMethods>(
  method: K,
  args: NimbusMethods[K]['arguments'],
  sequenceId = 1,
): Buffer {
  const spec = (Nimbus.methods as Readonly<Record<string, MethodSpec>>)[method]!;
  return encodeMessage({ name: method, type: messageTypes.call, sequenceId }, (writer) =>
    spec.arguments.write(writer, args),
  );
}

function readAnswer(frame: Buffer) {
  const reader = new ThriftReader(frame);
  const header = reader.messageBegin();
  return {
    ...header,
    error: header.type === messageTypes.exception ? ApplicationError.read(reader) : undefined,
    reader,
  };
}

function readBool(frame: Buffer): boolean {
  const { reader } = readAnswer(frame);
  reader.fieldBegin();
  return reader.bool();
}

describe('ThriftServer', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });

  it('tells the handler which address and port the client dialled', async () => {
    const seen = deferred<{ localAddress: string; localPort: number; remoteAddress: string }>();
    const { server } = await serve(
      {
        isTopologyNameAllowed: (_, call) => {
          seen.resolve(call);
          return true;
        },
      },
      { host: '::' },
    );
    const client = await RawClient.to(server.port);
    client.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    const call = await seen.promise;
    assert.deepEqual(
      [call.localAddress, call.localPort, call.remoteAddress],
      ['127.0.0.1', server.port, '127.0.0.1'],
    );
  });

  it('answers old headers without a version as well as strict ones', async () => {
    const { server } = await serve({ isTopologyNameAllowed: ({ name }) => name === 'free' });
    const client = await RawClient.to(server.port);
    // name length, name, type, sequence id, then {1: "free"}
    const body = Buffer.concat([
      Buffer.from([0, 0, 0, 21]),
      Buffer.from('isTopologyNameAllowed'),
      Buffer.from([1, 0, 0, 0, 7]),
      Buffer.from('0b00010000000466726565' + '00', 'hex'),
    ]);
    const head = Buffer.alloc(4);
    head.writeInt32BE(body.length);
    client.send(Buffer.concat([head, body]));
    const frame = await client.answer(0);
    assert.equal(readAnswer(frame).sequenceId, 7);
    assert.equal(readBool(frame), true);
  });

  it('answers pipelined calls of a connection in order, one at a time', async () => {
    const events: string[] = [];
    const { server } = await serve({
      isTopologyNameAllowed: async ({ name }) => {
        events.push(`begin ${name}`);
        await systemClock.sleep(name === 'a' ? 20 : 0);
        events.push(`end ${name}`);
        return true;
      },
    });
    const client = await RawClient.to(server.port);
    const calls = ['a', 'b', 'c'].map((name, index) =>
      callFrame('isTopologyNameAllowed', { name }, index + 10),
    );
    client.send(Buffer.concat(calls));
    await client.answer(2);
    assert.deepEqual(
      client.answers.map((frame) => readAnswer(frame).sequenceId),
      [10, 11, 12],
    );
    assert.deepEqual(events, ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
  });

  it('enters as many calls of a connection as it may, in order, and answers in that order', async () => {
    const gates = new Map(['a', 'b', 'c', 'd'].map((name) => [name, deferred<undefined>()]));
    const entered: string[] = [];
    const { server } = await serve(
      {
        isTopologyNameAllowed: async ({ name }) => {
          entered.push(name);
          await gates.get(name)!.promise;
          return true;
        },
      },
      { callsMax: 3 },
    );
    const client = await RawClient.to(server.port);
    const names = [...gates.keys()];
    client.send(
      Buffer.concat(names.map((name, index) => callFrame('isTopologyNameAllowed', { name }, index))),
    );
    await eventually('three calls', () => entered.length >= 3 || undefined);
    for (const name of ['c', 'b']) gates.get(name)!.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([entered, client.answers.length], [['a', 'b', 'c'], 0]);
    gates.get('a')!.resolve(undefined);
    gates.get('d')!.resolve(undefined);
    await client.answer(3);
    assert.deepEqual(
      client.answers.map((frame) => readAnswer(frame).sequenceId),
      [0, 1, 2, 3],
    );
  });

  it('answers each call once, also what is ready while an answer before it is still being written', async () => {
    const gates = ['a', 'b', 'c'].map(() => deferred<undefined>());
    const { server } = await serve(
      {
        getNimbusConf: () => 'x'.repeat(16 << 20).slice(1),
        isTopologyNameAllowed: async ({ name }) => {
          await gates[Number(name)]!.promise;
          return true;
        },
      },
      { callsMax: 8 },
    );
    const client = await RawClient.to(server.port);
    client.pause();
    client.send(callFrame('getNimbusConf', {}, 10));
    client.send(
      Buffer.concat(gates.map((_, index) => callFrame('isTopologyNameAllowed', { name: `${index}` }, index))),
    );
    for (const gate of gates) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      gate.resolve(undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
    client.resume();
    await client.answer(3);
    client.send(callFrame('isTopologyNameAllowed', { name: '0' }, 11));
    await client.answer(4);
    assert.deepEqual(
      client.answers.map((frame) => readAnswer(frame).sequenceId),
      [10, 0, 1, 2, 11],
    );
  });

  it('stops reading a connection while its in-flight calls hold too many bytes', async () => {
    const gate = deferred<undefined>();
    let entered = 0;
    const { server } = await serve(
      {
        isTopologyNameAllowed: async () => {
          entered += 1;
          await gate.promise;
          return true;
        },
      },
      { callsMax: 100, callBytesMax: 100 },
    );
    const client = await RawClient.to(server.port);
    const frame = callFrame('isTopologyNameAllowed', { name: 'x'.repeat(40) });
    client.send(Buffer.concat(Array.from({ length: 5 }, () => frame)));
    await eventually('two calls', () => entered >= 2 || undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(entered, Math.ceil(100 / (frame.length - 4)));
    gate.resolve(undefined);
    await client.answer(4);
  });

  it('runs the calls of different connections side by side', async () => {
    const gate = deferred<undefined>();
    const { server } = await serve({
      isTopologyNameAllowed: async ({ name }) => {
        if (name === 'slow') await gate.promise;
        return true;
      },
    });
    const slow = await RawClient.to(server.port);
    slow.send(callFrame('isTopologyNameAllowed', { name: 'slow' }));
    const others = await Promise.all(Array.from({ length: 50 }, () => RawClient.to(server.port)));
    for (const other of others) other.send(callFrame('isTopologyNameAllowed', { name: 'fast' }));
    for (const other of others) await other.answer(0);
    assert.equal(slow.answers.length, 0);
    gate.resolve(undefined);
    await slow.answer(0);
  });

  it('runs one call at a time of the methods that say so, of all connections, and others beside it', async () => {
    const gates = new Map(['one', 'two'].map((name) => [name, deferred<undefined>()]));
    const begun: string[] = [];
    const { server } = await serve(
      {
        deactivate: async ({ name }) => {
          begun.push(name);
          await gates.get(name)!.promise;
        },
        isTopologyNameAllowed: () => true,
      },
      { oneAtATime: ['deactivate'] },
    );
    const one = await RawClient.to(server.port);
    one.send(callFrame('deactivate', { name: 'one' }));
    await eventually('the first call', () => begun[0]);
    const two = await RawClient.to(server.port);
    two.send(callFrame('deactivate', { name: 'two' }));
    const other = await RawClient.to(server.port);
    for (let index = 0; index < 3; index++) {
      other.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
      assert.equal(readBool(await other.answer(index)), true);
    }
    assert.deepEqual(begun, ['one']);
    gates.get('one')!.resolve(undefined);
    await one.answer(0);
    await eventually('the second call', () => begun[1]);
    gates.get('two')!.resolve(undefined);
    await two.answer(0);
  });

  it('answers unknown, missing and ill-typed calls with an application error and continues', async () => {
    const { server } = await serve({ isTopologyNameAllowed: () => true });
    const client = await RawClient.to(server.port);
    const message = (name: string, type: number): Buffer =>
      encodeMessage({ name, type, sequenceId: 1 }, (writer) => writer.fieldStop());
    client.send(message('noSuchMethod', messageTypes.call));
    client.send(message('__proto__', messageTypes.call));
    client.send(callFrame('rebalance', { name: 'x', options: {} }));
    client.send(message('isTopologyNameAllowed', messageTypes.call));
    client.send(message('isTopologyNameAllowed', messageTypes.reply));
    client.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    assert.equal(readBool(await client.answer(5)), true);
    assert.deepEqual(
      client.answers.slice(0, 5).map((frame) => readAnswer(frame).error),
      [
        { message: "Invalid method name: 'noSuchMethod'", type: 1 },
        { message: "Invalid method name: '__proto__'", type: 1 },
        { message: 'method rebalance is not available yet in this gateway', type: 6 },
        {
          message:
            'method isTopologyNameAllowed: struct isTopologyNameAllowed_args: required field name is missing',
          type: 7,
        },
        { message: 'message type 2 is not a call', type: 2 },
      ],
    );
  });

  it('answers a failing handler with its message, and logs it', async () => {
    const { server, log } = await serve({
      getNimbusConf: () => {
        throw new TypeError('this is a bug');
      },
      getTopologyConf: () => {
        throw new GatewayError('STATE_UNAVAILABLE', 'Redis does not answer');
      },
      beginFileUpload: () => undefined as never,
    });
    const client = await RawClient.to(server.port);
    client.send(callFrame('getNimbusConf', {}));
    client.send(callFrame('getTopologyConf', { id: 'x' }));
    client.send(callFrame('beginFileUpload', {}));
    await client.answer(2);
    assert.deepEqual(
      client.answers.map((frame) => readAnswer(frame).error),
      [
        { message: 'this is a bug', type: 6 },
        { message: 'Redis does not answer', type: 6 },
        { message: 'the handler of beginFileUpload returned no result', type: 6 },
      ],
    );
    assert.deepEqual(
      log.lines.map((line) => [line.event, line['method']]),
      [
        ['rpc.call.failed', 'getNimbusConf'],
        ['rpc.call.failed', 'getTopologyConf'],
        ['rpc.answer.unwritable', 'beginFileUpload'],
      ],
    );
  });

  const oversize = Buffer.from([0, 0x10, 0, 1]);
  const badInputs: readonly (readonly [what: string, bytes: Buffer, reason: RegExp])[] = [
    ['a frame over the limit', oversize, /claims 1048577 bytes, the limit is 1048576/],
    ['a negative frame size', Buffer.from([0xff, 0, 0, 0]), /claims -\d+ bytes/],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n'), /an HTTP request/],
    ['a frame of garbage', Buffer.from('00000008deadbeefdeadbeef', 'hex'), /garbled/],
    ['a name longer than its frame', Buffer.from('00000008000f424061626364', 'hex'), /ends too soon/],
  ];
  for (const [what, bytes, reason] of badInputs) {
    it(`closes the connection of a client that sends ${what}, with the reason in the log, and no other`, async () => {
      const { server, log } = await serve({ isTopologyNameAllowed: () => true });
      const bystander = await RawClient.to(server.port);
      const client = await RawClient.to(server.port);
      client.send(bytes);
      await client.ended;
      const line = await eventually('a log line', () =>
        log.lines.find((each) => each.event === 'rpc.connection.closed'),
      );
      assert.match(String(line['reason']), reason);
      bystander.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
      assert.equal(readBool(await bystander.answer(0)), true);
    });
  }

  it('logs a client that goes within a frame, and forgets its connection', async () => {
    const { server, log } = await serve({});
    const client = await RawClient.to(server.port);
    client.send(callFrame('uploadChunk', { location: 'x', chunk: Buffer.alloc(100) }).subarray(0, 50));
    client.end();
    const line = await eventually('a log line', () => log.lines[0]);
    assert.match(String(line['reason']), /closed within a frame, 50 bytes/);
    await eventually('no connections', () => (server.connectionCount === 0 ? true : undefined));
  });

  it('aborts the signal of a running call when its client vanishes', async () => {
    const running = deferred<AbortSignal>();
    const { server } = await serve({
      isTopologyNameAllowed: async (_, { signal }) => {
        running.resolve(signal);
        await once(signal, 'abort');
        return true;
      },
    });
    const client = await RawClient.to(server.port);
    client.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    const signal = await running.promise;
    client.vanish();
    await eventually('the abort', () => (signal.aborted ? true : undefined));
    await eventually('no connections', () => (server.connectionCount === 0 ? true : undefined));
  });

  it('closes connections that are idle, or whose frame has stopped coming, but not one whose call runs', async () => {
    const clock = new ManualClock();
    const gate = deferred<boolean>();
    const { server, log } = await serve(
      { isTopologyNameAllowed: () => gate.promise },
      { clock, idleTimeoutMs: 1000, stallTimeoutMs: 100 },
    );
    const [busy, idle, stalled] = await Promise.all(
      [server.port, server.port, server.port].map((port) => RawClient.to(port)),
    );
    busy!.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    stalled!.send(Buffer.from([0, 0, 0, 9, 1]));
    await eventually('three connections', () => (server.connectionCount === 3 ? true : undefined));
    // The bytes have no sign of their own on this side: let time pass until they have been seen.
    await eventually('the stalled one to go', () => {
      clock.advance(30);
      return log.lines.find((line) => /a frame stopped coming for 100 ms/.test(String(line['reason'])));
    });
    await stalled!.ended;
    clock.advance(1000);
    await idle!.ended;
    await eventually('one connection', () => (server.connectionCount === 1 ? true : undefined));
    gate.resolve(true);
    assert.equal(readBool(await busy!.answer(0)), true);
  });

  it('refuses connections beyond its limit', async () => {
    const { server, log } = await serve({}, { connectionsMax: 1 });
    await RawClient.to(server.port);
    const second = await RawClient.to(server.port);
    await second.ended;
    assert.equal(log.lines[0]?.event, 'rpc.connection.refused');
  });

  it('closes a connection whose frame comes too slowly, though it never stops coming', async () => {
    const clock = new ManualClock();
    const { server, log } = await serve({}, { clock, stallTimeoutMs: 100, frameTimeoutMs: 400 });
    const client = await RawClient.to(server.port);
    client.send(Buffer.from([0, 0x0f, 0, 0]));
    const line = await eventually('a log line', () => {
      client.send(Buffer.from([1]));
      clock.advance(20);
      return log.lines.find((each) => each.event === 'rpc.connection.closed');
    });
    assert.match(String(line['reason']), /a frame was not complete after 400 ms, \d+ bytes of it had come/);
    await client.ended;
  });

  it('begins no more calls of a client while so many bytes of answers wait for it', async () => {
    let entered = 0;
    const { server } = await serve(
      {
        getNimbusConf: () => {
          entered += 1;
          return 'x'.repeat(2 << 20);
        },
        isTopologyNameAllowed: () => true,
      },
      { callsMax: 64, answerBytesMax: 4 << 20, heldBytesMax: 1 << 30 },
    );
    const client = await RawClient.to(server.port);
    client.send(callFrame('getNimbusConf', {}));
    await client.answer(0);
    client.pause();
    client.send(
      Buffer.concat(Array.from({ length: 24 }, (_, index) => callFrame('getNimbusConf', {}, index))),
    );
    await eventually('calls', () => entered >= 3 || undefined);
    const other = await RawClient.to(server.port);
    for (let count = 0; count < 20; count++) {
      other.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
      await other.answer(count);
    }
    // What the operating system takes by itself (some megabytes) does not count.
    assert.ok(entered <= 12, `${entered} calls were begun`);
    client.resume();
    await client.answer(24);
  });

  it('cuts clients that take no answers when it holds too much for them, and serves one that does', async () => {
    const clock = new ManualClock();
    const { server, log } = await serve(
      { getNimbusConf: () => 'x'.repeat(8 << 20), isTopologyNameAllowed: () => true },
      { clock, heldBytesMax: 16 << 20 },
    );
    const greedy = await Promise.all(Array.from({ length: 6 }, () => RawClient.to(server.port)));
    for (const client of greedy) {
      client.pause();
      client.send(callFrame('getNimbusConf', {}));
    }
    const good = await RawClient.to(server.port);
    for (let count = 0; count < 5; count++) {
      good.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
      assert.equal(readBool(await good.answer(count)), true);
    }
    await eventually('enough of them to be cut', () => {
      clock.advance(250);
      return server.connectionCount <= 4 || undefined;
    });
    const reasons = log.lines.filter((each) => each.event === 'rpc.connection.closed');
    assert.ok(reasons.length >= 3);
    for (const { reason } of reasons)
      assert.match(String(reason), /the server held \d+ bytes for its clients of at most 16777216/);
    good.send(callFrame('getNimbusConf', {}));
    assert.equal((await good.answer(5)).length > 8 << 20, true);
  });

  it('closes an idle connection for a new one beyond its limit', async () => {
    const clock = new ManualClock();
    const { server, log } = await serve({ isTopologyNameAllowed: () => true }, { clock, connectionsMax: 2 });
    const idle = await RawClient.to(server.port);
    const halfway = await RawClient.to(server.port);
    const call = callFrame('isTopologyNameAllowed', { name: 'x' });
    halfway.send(Buffer.concat([call, Buffer.from([0, 0, 0, 9, 1])]));
    await halfway.answer(0);
    clock.advance(1000);
    const first = await RawClient.to(server.port);
    await idle.ended;
    first.send(call);
    assert.equal(readBool(await first.answer(0)), true);
    const second = await RawClient.to(server.port);
    await halfway.ended;
    const third = await RawClient.to(server.port);
    await third.ended;
    assert.deepEqual(
      log.lines.map(({ event }) => event),
      ['rpc.connection.closed', 'rpc.connection.closed', 'rpc.connection.refused'],
    );
    second.send(call);
    assert.equal(readBool(await second.answer(0)), true);
  });

  it('reads other connections between the pipelined calls of one', async () => {
    const clock = new ManualClock();
    let entered = 0;
    let enteredBefore: number | undefined;
    const { server } = await serve(
      {
        isTopologyNameAllowed: ({ name }) => {
          if (name === 'other') enteredBefore = entered;
          else entered += 1;
          if (entered === 1) other.send(callFrame('isTopologyNameAllowed', { name: 'other' }));
          clock.advance(1);
          return true;
        },
      },
      { clock },
    );
    const other = await RawClient.to(server.port);
    const greedy = await RawClient.to(server.port);
    greedy.send(
      Buffer.concat(Array.from({ length: 500 }, () => callFrame('isTopologyNameAllowed', { name: 'x' }))),
    );
    await other.answer(0);
    await greedy.answer(499);
    assert.ok(enteredBefore !== undefined && enteredBefore < 200, `${enteredBefore} calls came first`);
  });

  it('repeats long names of a client neither in its answers nor in its log', async () => {
    const { server, log } = await serve({
      killTopology: ({ name }) => {
        throw new GatewayError('TOPOLOGY_NOT_ALIVE', `topology ${name} is not alive`);
      },
      activate: ({ name }) => {
        throw new GatewayError('STATE_UNAVAILABLE', `${name}: redis://user:sekret@host does not answer`);
      },
    });
    const client = await RawClient.to(server.port);
    const name = 'K'.repeat(900_000);
    client.send(callFrame('killTopology', { name }));
    client.send(callFrame('activate', { name }));
    client.send(
      encodeMessage({ name, type: messageTypes.call, sequenceId: 1 }, (writer) => writer.fieldStop()),
    );
    await client.answer(2);
    for (const answer of client.answers) assert.ok(answer.length < 5000, `${answer.length} bytes`);
    assert.match(client.answers[0]!.toString(), /topology K{100}.*characters left out.*K is not alive/);
    assert.match(client.answers[1]!.toString(), /redis:\/\/user:\*\*\*@host does not answer/);
    assert.ok(JSON.stringify(log.lines).length < 10_000);
  });

  it('logs what one client repeats a few times, and then how often', async () => {
    const clock = new ManualClock();
    const { server, log } = await serve(
      {
        killTopology: () => {
          throw new GatewayError('TOPOLOGY_NOT_ALIVE', 'topology x is not alive');
        },
      },
      { clock, callsMax: 64 },
    );
    const client = await RawClient.to(server.port);
    const calls = (count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, () => callFrame('killTopology', { name: 'x' })));
    client.send(calls(2000));
    await client.answer(1999);
    clock.advance(1000);
    client.send(calls(1));
    await client.answer(2000);
    assert.deepEqual(
      log.lines.map((line) => [line.event, line['repeated'] ?? 0]),
      [...Array.from({ length: 3 }, () => ['rpc.call.refused', 0]), ['rpc.call.refused', 1997]],
    );
  });

  it('cuts off a client that does not read its answer', async () => {
    const clock = new ManualClock();
    const { server, log } = await serve(
      { getNimbusConf: () => 'x'.repeat(16 << 20) },
      { clock, stallTimeoutMs: 100 },
    );
    const client = await RawClient.to(server.port);
    client.pause();
    client.send(callFrame('getNimbusConf', {}));
    await eventually('the answer', () => log.lines.find((line) => line.event === 'rpc.answer.oversize'));
    clock.advance(200);
    const line = await eventually('a log line', () =>
      log.lines.find((each) => each.event === 'rpc.connection.closed'),
    );
    assert.match(String(line['reason']), /the answer is not read for 100 ms/);
    await eventually('no connections', () => (server.connectionCount === 0 ? true : undefined));
  });

  it('answers running calls before a drain ends, takes no new connection, and may be drained and closed again', async () => {
    const gate = deferred<boolean>();
    const { server } = await serve({ isTopologyNameAllowed: () => gate.promise });
    const [busy, idle] = await Promise.all([RawClient.to(server.port), RawClient.to(server.port)]);
    busy.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    await eventually('both connections', () => (server.connectionCount === 2 ? true : undefined));
    const { port } = server;
    const drained = server.drain(5000);
    await idle.ended;
    await assert.rejects(RawClient.to(port), { code: 'ECONNREFUSED' });
    gate.resolve(true);
    assert.equal(readBool(await busy.answer(0)), true);
    await drained;
    await Promise.all([server.drain(0), server.close(), server.close()]);
  });

  it('cuts off calls that a drain has waited for long enough', async () => {
    const { server } = await serve({
      isTopologyNameAllowed: async (_, { signal }) => {
        await once(signal, 'abort');
        throw new Error('too late');
      },
    });
    const client = await RawClient.to(server.port);
    client.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    await eventually('the connection', () => (server.connectionCount === 1 ? true : undefined));
    await server.drain(30);
    assert.equal(server.connectionCount, 0);
  });

  it('does not wait in close for a call that ignores its signal', async () => {
    const clock = new ManualClock();
    const begun = deferred<undefined>();
    const { server, log } = await serve(
      {
        isTopologyNameAllowed: () => {
          begun.resolve(undefined);
          return new Promise<boolean>(() => undefined);
        },
      },
      { clock },
    );
    const client = await RawClient.to(server.port);
    client.send(callFrame('isTopologyNameAllowed', { name: 'x' }));
    await begun.promise;
    const closed = server.close();
    clock.advance(1000);
    await closed;
    assert.equal(log.lines.at(-1)?.event, 'rpc.calls.abandoned');
    open.splice(0);
  });

  it('names the configuration key when its port is taken', async () => {
    const { server } = await serve({});
    await assert.rejects(serve({}, { port: server.port }), (error: GatewayError) => {
      assert.equal(error.code, 'PORT_IN_USE');
      assert.match(
        error.message,
        new RegExp(`port ${server.port} of 127.0.0.1 \\(nimbus\\.thrift\\.port\\) is in use`),
      );
      return true;
    });
    await assert.rejects(serve({}, { host: '192.0.2.1' }), { code: 'CONFIG_INVALID' });
  });
});
