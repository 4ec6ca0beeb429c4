import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { deferred, GatewayError, silentLog, systemClock } from '../base/index.ts';
import { connectThrift, type ThriftClient, type ThriftClientOptions } from './client.ts';
import { DeclaredException } from './exceptions.ts';
import { Nimbus, type NimbusHandler, type NimbusMethods } from './gen/services.ts';
import { encodeMessage } from './message.ts';
import { ThriftServer } from './server.ts';
import { messageTypes, wireTypes } from './wire.ts';

const open: { close(): unknown }[] = [];
const addressKeys = 'nimbus.seeds and nimbus.thrift.port';

async function dial(
  port: number,
  options: Partial<ThriftClientOptions> = {},
): Promise<ThriftClient<NimbusMethods>> {
  const client = await connectThrift(
    Nimbus,
    { host: '127.0.0.1', port },
    { timeoutMs: 5000, addressKeys, ...options },
  );
  open.push(client);
  return client;
}

async function serve(handler: NimbusHandler): Promise<number> {
  const server = await ThriftServer.open(
    { clock: systemClock, log: silentLog },
    { service: Nimbus, handler, host: '127.0.0.1', port: 0, portKey: 'nimbus.thrift.port' },
  );
  open.push(server);
  return server.port;
}

/** A server that leaves each connection to `onConnection`. */
async function serveRaw(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

async function refusal(work: Promise<unknown>): Promise<GatewayError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error;
  }
  assert.fail('nothing was refused');
}

describe('connectThrift', () => {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
  });

  it('answers calls made at once in their order', async () => {
    const port = await serve({ isTopologyNameAllowed: ({ name }) => name === 'free' });
    const client = await dial(port);
    const answers = ['free', 'taken', 'free'].map((name) => client.call.isTopologyNameAllowed({ name }));
    assert.deepEqual(await Promise.all(answers), [true, false, true]);
  });

  it('turns a declared exception into an error with its name and msg, and stays open', async () => {
    const port = await serve({
      activate: ({ name }) => {
        throw new GatewayError('TOPOLOGY_NOT_ALIVE', `${name} is not alive`);
      },
      isTopologyNameAllowed: () => true,
    });
    const client = await dial(port);
    const error = await refusal(client.call.activate({ name: 'x' }));
    assert.ok(error instanceof DeclaredException);
    assert.deepEqual([error.exceptionName, error.msg], ['NotAliveException', 'x is not alive']);
    assert.equal(error.message, 'NotAliveException(msg:x is not alive)');
    assert.equal(await client.call.isTopologyNameAllowed({ name: 'x' }), true);
  });

  it('turns an application error into one that names the method', async () => {
    const client = await dial(await serve({}));
    const error = await refusal(client.call.getClusterInfo({}));
    assert.equal(error.code, 'REMOTE_FAILURE');
    assert.equal(error.message, 'getClusterInfo: method getClusterInfo is not available yet in this gateway');
  });

  it('may leave out an argument that Storm lets be null', async () => {
    const port = await serve({
      getOwnerResourceSummaries: ({ owner }) => [{ owner: owner ?? 'everybody' }],
    });
    const client = await dial(port);
    const [summary] = await client.call.getOwnerResourceSummaries({});
    assert.equal(summary?.owner, 'everybody');
  });

  it('refuses arguments that cannot be written, without harm to the connection', async () => {
    const client = await dial(await serve({ isTopologyNameAllowed: () => true }));
    const error = await refusal(client.call.isTopologyNameAllowed({} as { name: string }));
    assert.match(error.message, /required field name is missing/);
    assert.equal(await client.call.isTopologyNameAllowed({ name: 'x' }), true);
  });

  it('says what to do when nothing listens', async () => {
    const port = await serveRaw(() => undefined);
    for (const each of open.splice(0)) each.close();
    const error = await refusal(dial(port));
    assert.equal(error.code, 'CONNECT_FAILED');
    assert.equal(
      error.message,
      `cannot connect to 127.0.0.1:${port}: nothing listens there; ` +
        'start the gateway ("egret up") or check nimbus.seeds and nimbus.thrift.port',
    );
  });

  it('gives up on a call without an answer after its time, and closes', async () => {
    const client = await dial(await serveRaw((socket) => socket.resume()));
    const other = refusal(client.call.getLeader({}));
    const error = await refusal(client.call.getNimbusConf({}, { timeoutMs: 20 }));
    assert.equal(error.code, 'TIMED_OUT');
    assert.match(error.message, /did not answer getNimbusConf within 20 ms/);
    assert.equal((await other).code, 'TIMED_OUT');
    assert.equal((await refusal(client.call.getLeader({}))).code, 'TIMED_OUT');
  });

  it('rejects in-flight calls when the server goes away', async () => {
    const client = await dial(await serveRaw((socket) => socket.once('data', () => socket.destroy())));
    const error = await refusal(client.call.getLeader({}));
    assert.equal(error.code, 'CONNECTION_CLOSED');
    assert.match(error.message, /closed the connection before it answered getLeader/);
  });

  it('ends with the reason of its signal, connecting or calling', async () => {
    const stop = new AbortController();
    const reached = deferred<undefined>();
    const port = await serveRaw((socket) => socket.once('data', () => reached.resolve(undefined)));
    const client = await dial(port, { signal: stop.signal });
    const pending = refusal(client.call.getLeader({}));
    await reached.promise;
    stop.abort(new GatewayError('ABORTED', 'the user pressed Ctrl-C'));
    assert.equal((await pending).message, 'the user pressed Ctrl-C');
    assert.equal((await refusal(dial(port, { signal: stop.signal }))).message, 'the user pressed Ctrl-C');
    const second = await dial(port);
    const call = new AbortController();
    const abandoned = refusal(second.call.getLeader({}, { signal: call.signal }));
    call.abort();
    assert.equal((await abandoned).code, 'ABORTED');
  });

  const nonsense: readonly (readonly [what: string, answer: Buffer, code: string, reason: RegExp])[] = [
    ['over its limit', Buffer.from([0x7f, 0, 0, 0]), 'FRAME_TOO_LARGE', /the limit is 1048576/],
    ['that is garbage', Buffer.from('00000004ffffffff', 'hex'), 'PROTOCOL_VIOLATION', /garbled/],
    [
      'to another call',
      encodeMessage({ name: 'getLeader', type: messageTypes.reply, sequenceId: 99 }, (writer) =>
        writer.fieldStop(),
      ),
      'PROTOCOL_VIOLATION',
      /expected the answer to getLeader 1, found getLeader 99/,
    ],
    [
      'that is cut short',
      encodeMessage({ name: 'getLeader', type: messageTypes.reply, sequenceId: 1 }, (writer) =>
        writer.fieldBegin(wireTypes.struct, 0),
      ),
      'PROTOCOL_VIOLATION',
      /ends too soon/,
    ],
  ];
  for (const [what, answer, code, reason] of nonsense) {
    it(`closes on an answer ${what}`, async () => {
      const client = await dial(await serveRaw((socket) => socket.once('data', () => socket.write(answer))));
      const error = await refusal(client.call.getLeader({}));
      assert.equal(error.code, code);
      assert.match(String(error.cause), reason);
    });
  }

  it('reports an answer without a result', async () => {
    const empty = encodeMessage({ name: 'getLeader', type: messageTypes.reply, sequenceId: 1 }, (writer) =>
      writer.fieldStop(),
    );
    const client = await dial(await serveRaw((socket) => socket.once('data', () => socket.write(empty))));
    assert.equal((await refusal(client.call.getLeader({}))).message, 'getLeader failed: unknown result');
  });

  it('may be closed twice, and rejects what comes after', async () => {
    const client = await dial(await serve({}), { timeoutMs: 60_000 });
    client.close();
    client.close();
    assert.equal((await refusal(client.call.getLeader({}))).code, 'CONNECTION_CLOSED');
  });
});
