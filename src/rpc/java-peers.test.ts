import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { describeError, type JsonValue, silentLog, systemClock } from '../base/index.ts';
import { describeThrift, ThriftArbitraries } from '../testing/thrift-values.ts';
import { connectThrift } from './client.ts';
import { DeclaredException } from './exceptions.ts';
import { Nimbus, type NimbusHandler } from './gen/services.ts';
import { type IdlMethod, parseIdl } from './idl.ts';
import { ThriftServer } from './server.ts';

const idl = parseIdl(readFileSync(new URL('../../thrift/storm.thrift', import.meta.url), 'utf8'));
const methods = idl.services.find((service) => service.name === 'Nimbus')!.methods;
const arbitraries = new ThriftArbitraries(idl);
const root = new URL('../../', import.meta.url).pathname;

interface Line {
  readonly method: string;
  readonly arguments: readonly JsonValue[];
  readonly outcome: { readonly result?: JsonValue; readonly exception?: string; readonly text?: string };
}

/** A JVM with Storm's generated Nimbus client or server in it; see the Java class. */
class JavaPeer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string, undefined>;
  #errors = '';

  constructor(question: Readonly<Record<string, JsonValue>>) {
    const classPath = ['egret-oracle.jar', 'lib-worker/*']
      .map((name) => `${root}build/java/${name}`)
      .join(':');
    const flags = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', classPath, 'egret.oracle.ThriftPeer'];
    this.#child = spawn('java', flags, { stdio: 'pipe' });
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
    this.#lines = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
  }

  async line(): Promise<unknown> {
    const { value, done }: IteratorResult<string, undefined> = await this.#lines.next();
    if (done === true) throw new Error(`the Java peer ended: ${this.#errors}`);
    return JSON.parse(value);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin!.end();
    const killer = systemClock.after(5000, () => this.#child.kill('SIGKILL'));
    await once(this.#child, 'exit');
    killer[Symbol.dispose]();
  }
}

function describeArguments(method: IdlMethod, args: object): JsonValue[] {
  const held = args as Readonly<Record<string, unknown>>;
  return method.parameters.map(({ name, type }) => describeThrift(idl, type, held[name]));
}

function describeResult(method: IdlMethod, value: unknown): Line['outcome'] {
  return method.result === undefined ? {} : { result: describeThrift(idl, method.result, value) };
}

function sample<T>(arbitrary: fc.Arbitrary<T>, seed: number): T {
  return fc.sample(arbitrary, { seed, numRuns: 1 })[0]!;
}

describe("Nimbus calls with Storm's own client and server", () => {
  const peers: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const peer of peers.splice(0)) await peer.close();
  });

  for (const strict of [true, false]) {
    it(`reach our server from a Java client with ${strict ? 'strict' : 'old'} headers, every method`, async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const served: Line[] = [];
      const entries = methods.map((method, index) => [
        method.name,
        (args: object) => {
          const value =
            method.result === undefined ? undefined : sample(arbitraries.ofType(method.result), seed + index);
          const outcome = describeResult(method, value);
          served.push({ method: method.name, arguments: describeArguments(method, args), outcome });
          return value;
        },
      ]);
      const server = await ThriftServer.open(
        { clock: systemClock, log: silentLog },
        {
          service: Nimbus,
          handler: Object.fromEntries(entries) as NimbusHandler,
          host: '127.0.0.1',
          port: 0,
          portKey: 'nimbus.thrift.port',
        },
      );
      peers.push(server);
      const java = new JavaPeer({ mode: 'client', seed, port: server.port, strict });
      peers.push(java);
      for (let index = 0; index < methods.length; index += 1) {
        assert.deepEqual(await java.line(), served[index], `seed ${seed}`);
      }
      assert.deepEqual(
        new Set(served.map((line) => line.method)),
        new Set(methods.map((method) => method.name)),
      );
    });
  }

  it('reach a Java server from our client: every method, every declared exception', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const java = new JavaPeer({ mode: 'server', seed });
    peers.push(java);
    const { port } = (await java.line()) as { port: number };
    using client = await connectThrift(
      Nimbus,
      { host: '127.0.0.1', port },
      { timeoutMs: 10_000, addressKeys: 'port' },
    );
    const call = client.call as unknown as Readonly<Record<string, (args: object) => Promise<unknown>>>;
    for (const [index, method] of methods.entries()) {
      for (let turn = 0; turn <= method.exceptions.length; turn += 1) {
        const values = fc.record(
          Object.fromEntries(method.parameters.map(({ name, type }) => [name, arbitraries.ofType(type)])),
        );
        const args = sample(values, seed + index + turn);
        const outcome = await call[method.name]!(args).then(
          (value) => describeResult(method, value),
          (error: unknown) => {
            assert.ok(error instanceof DeclaredException, describeError(error));
            return { exception: error.exceptionName, text: error.msg };
          },
        );
        const sent = { method: method.name, arguments: describeArguments(method, args), outcome };
        assert.deepEqual(await java.line(), sent, `seed ${seed}`);
      }
    }
  });
});
