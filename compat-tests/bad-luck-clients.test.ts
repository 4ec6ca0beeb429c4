import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connectThrift, Nimbus, type StormTopology } from '../src/rpc/index.ts';
import { closeLeavingNothing, Healthy, loggedLine, ownGateway } from './bad-luck.ts';
import { egret } from './egret.ts';
import { ask } from './nimbus.ts';
import { eventually } from './records.ts';
import { compatJar, stormJar } from './storm-client.ts';
import { openTarget, restartGateway, target } from './target.ts';

/** The gateway abandons an upload that has stalled for this many seconds. */
const uploadExpirySecs = 4;

describe('clients that misbehave', () => {
  const healthy = new Healthy();
  let localDir = '';

  before(async function () {
    await openTarget({ args: ['-c', `nimbus.file.copy.expiration.secs=${uploadExpirySecs}`] });
    localDir = (await ownGateway(this)).localDir;
    await healthy.start();
  });
  after(async () => {
    if (localDir !== '') await healthy.stop();
    await closeLeavingNothing();
  });

  /** The port answers others, and tuples flow. */
  async function nothingElseDisturbed(): Promise<void> {
    const listed = await ask((nimbus) => nimbus.getTopologySummaries({}));
    assert.deepEqual(
      listed.map(({ name }) => name),
      [healthy.name],
    );
    await healthy.flows();
  }

  const inbox = (): string[] => readdirSync(join(localDir, 'nimbus', 'inbox'));

  const nonsense = [
    ['random bytes', Buffer.concat([Buffer.from([0xfe]), randomBytes(9000)]), /\d bytes/],
    ['a web browser', Buffer.from('GET / HTTP/1.1\r\nHost: nimbus\r\n\r\n'), /an HTTP request/],
    [
      'a frame beyond the limit',
      Buffer.from([0, 0x20, 0, 0]),
      /2097152 bytes, the limit is 1048576 \(nimbus\.thrift\.max_buffer_size\)/,
    ],
    ['a frame of the largest length', Buffer.from([0x7f, 0xff, 0xff, 0xff]), /2147483647 bytes/],
    ['a frame of no length', Buffer.from([0, 0, 0, 0]), /0 bytes/],
    ['a frame that is no Thrift', framed(randomBytesBeginning(0x11, 200)), /./],
  ] as const;
  for (const [what, bytes, reason] of nonsense) {
    it(`${what} cost that client its connection, with the reason in the log, and nothing else`, async () => {
      const { port } = await target();
      const from = await talk(port, bytes, { thenClose: false });
      const line = await loggedLine(
        (each) => each.event === 'rpc.connection.closed' && each['remotePort'] === from,
        `why the connection from port ${from} was closed`,
      );
      assert.match(String(line['reason']), reason);
      await nothingElseDisturbed();
    });
  }

  it('half a frame and then the end is logged with what had come', async () => {
    const { port } = await target();
    const from = await talk(port, Buffer.from([0, 0, 4, 0, 0x80, 1, 0, 1]), { thenClose: true });
    const line = await loggedLine(
      (each) => each.event === 'rpc.connection.closed' && each['remotePort'] === from,
      'half a frame',
    );
    assert.match(String(line['reason']), /closed within a frame, 8 bytes/);
    await nothingElseDisturbed();
  });

  it('the file of a client that is gone in the middle of its upload goes too', async () => {
    const location = await beginUpload();
    assert.deepEqual(inbox(), [`${location.split('/').at(-1)}.part`]);
    await eventually('an empty inbox', () => (inbox().length === 0 ? true : undefined), 20_000);
    await loggedLine((each) => each.event === 'upload.expired' && each['location'] === location, location);
    await nothingElseDisturbed();
  });

  it('half an upload is gone after the gateway was killed and started again', async () => {
    const { gateway } = await target();
    await beginUpload();
    assert.equal(inbox().length, 1);
    gateway!.kill('SIGKILL');
    await restartGateway();
    assert.deepEqual(inbox(), []);
    await nothingElseDisturbed();
  });

  for (const [what, jarBytes] of [
    ['no jar', () => Buffer.from('this is no jar\n'.repeat(1000))],
    ['half a jar', () => readFileSync(compatJar).subarray(0, 20_000)],
    ['an empty file', () => Buffer.alloc(0)],
  ] as const) {
    it(`what is submitted as a jar and is ${what} is refused through the client`, async () => {
      const { scratch } = await target();
      const jar = join(scratch, 'broken.jar');
      writeFileSync(jar, jarBytes());
      const name = `broken-${process.pid}`;
      const result = await stormJar(jar, 'egret.compat.Compat', ['count', name], [compatJar]);
      assert.notEqual(result.code, 0, result.output);
      assert.match(result.output, /InvalidTopologyException/);
      assert.match(result.output, /stormjar-\S+\.jar is not a usable jar/);
      assert.deepEqual(inbox(), []);
      await nothingElseDisturbed();
    });
  }

  it('a submission without an upload receives an error that names the missing location', async () => {
    const topology: StormTopology = {
      spouts: new Map([['lines', shell()]]),
      bolts: new Map(),
      state_spouts: new Map(),
    };
    const location = '/no/such/upload.jar';
    await assert.rejects(
      ask((nimbus) =>
        nimbus.submitTopology({
          name: 'never-sent',
          uploadedJarLocation: location,
          jsonConf: '{}',
          topology,
        }),
      ),
      /\/no\/such\/upload\.jar/,
    );
    await nothingElseDisturbed();
  });

  it('a topology without a spout is refused', async () => {
    const topology: StormTopology = { spouts: new Map(), bolts: new Map(), state_spouts: new Map() };
    await assert.rejects(
      ask((nimbus) =>
        nimbus.submitTopology({ name: 'no-spout', uploadedJarLocation: '', jsonConf: '{}', topology }),
      ),
      /InvalidTopologyException.*spout/,
    );
    await nothingElseDisturbed();
  });

  it('a main class that is not there, and a jar that is not there, are named by the command', async () => {
    const noMain = await egret('jar', compatJar, 'egret.compat.NoSuchMain');
    assert.equal(noMain.code, 1);
    assert.match(noMain.errors, /egret\.compat\.NoSuchMain/);
    const noJar = await egret('jar', '/no/such/topology.jar', 'egret.compat.Compat');
    assert.equal(noJar.code, 1);
    assert.equal(noJar.errors, '/no/such/topology.jar: no such file\n');
    await nothingElseDisturbed();
  });

  /** Begins, sends a chunk, and is gone. Answers the location. */
  async function beginUpload(): Promise<string> {
    const { host, port } = await target();
    using client = await connectThrift(
      Nimbus,
      { host, port },
      { timeoutMs: 30_000, addressKeys: 'EGRET_COMPAT_NIMBUS' },
    );
    const location = await client.call.beginFileUpload({});
    await client.call.uploadChunk({ location, chunk: randomBytes(100_000) });
    return location;
  }
});

function shell() {
  return {
    spout_object: { kind: 'shell', value: { execution_command: 'python3', script: 'lines.py' } },
    common: {
      inputs: [],
      streams: new Map([['default', { output_fields: ['line'], direct: false }]]),
      parallelism_hint: 1,
      json_conf: '{}',
    },
  } as const;
}

function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function randomBytesBeginning(first: number, length: number): Buffer {
  return Buffer.concat([Buffer.from([first]), randomBytes(length - 1)]);
}

/** Sends and waits until the server has closed; answers the port it was sent from. */
function talk(port: number, bytes: Buffer, { thenClose }: { readonly thenClose: boolean }): Promise<number> {
  return new Promise((resolve, reject) => {
    let from = 0;
    const socket = connect(port, '127.0.0.1', () => {
      from = socket.localPort!;
      socket.resume();
      if (thenClose) socket.end(bytes);
      else socket.write(bytes);
    });
    const limit = setTimeout(
      () => socket.destroy(new Error('the server did not close the connection')),
      20_000,
    );
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      clearTimeout(limit);
      resolve(from);
    });
  });
}
