import assert from 'node:assert/strict';
import { silentLog, systemClock, waitFor } from '../base/index.ts';
import { DlogProxy } from '../dlog-proxy/index.ts';
import { DistributedLogService, ThriftServer } from '../rpc/index.ts';
import { LogFixture } from '../testing/dlog/log-fixture.ts';
import {
  type AppendOutcome,
  DlogClient,
  type DlogClientOptions,
  formatPosition,
  parsePosition,
  requestCode,
  type TailOptions,
} from './index.ts';

const stream = 'ns/s';
const host = '127.0.0.1';

interface Gateway {
  readonly port: number;
  readonly proxy: DlogProxy;
  /** The methods that were called, in order. */
  readonly calls: string[];
  /** Whether it accepts writes without ever answering them. */
  isSilent: boolean;
  stop(): Promise<void>;
}

describe('a client of the log', () => {
  let fixture: LogFixture;
  let gateways: Gateway[];
  beforeEach(() => {
    fixture = new LogFixture();
    gateways = [];
  });
  afterEach(async () => {
    fixture.disk.fault = () => undefined;
    for (const each of gateways) await each.stop();
  });

  const gateway = async (atPort = 0): Promise<Gateway> => {
    let port = atPort;
    const { clock } = fixture;
    const address = (): string => `${host}:${port}`;
    const proxy = new DlogProxy({ log: fixture.process(), clock, logger: silentLog, address });
    const calls: string[] = [];
    let stopping: Promise<void> | undefined;
    const made = { port, proxy, calls, isSilent: false, stop: () => (stopping ??= stop()) };
    const handler = Object.fromEntries(
      Object.entries(proxy.handler).map(([name, call]) => [
        name,
        (args: never, at: never) => {
          calls.push(name);
          if (made.isSilent && name === 'writeWithContext') return new Promise(() => undefined);
          return (call as (...given: never[]) => unknown)(args, at);
        },
      ]),
    ) as typeof proxy.handler;
    const server = await ThriftServer.open(
      { clock: systemClock, log: silentLog },
      {
        service: DistributedLogService,
        handler,
        host,
        port,
        portKey: 'test',
        callsMax: 64,
        frameBytesMax: 2 << 20,
      },
    );
    port = server.port;
    const stop = async (): Promise<void> => {
      proxy.stop();
      await server.close();
      await proxy.close();
    };
    made.port = port;
    gateways.push(made);
    return made;
  };
  const clientOf = ({ port }: Gateway, options: Partial<DlogClientOptions> = {}): DlogClient =>
    new DlogClient({ homes: [{ host, port }], ...options });
  const bytes = (text: string): Buffer => Buffer.from(text);
  const contents = async (client: DlogClient, options: TailOptions = {}): Promise<string[]> => {
    const found: string[] = [];
    for await (const event of client.tail(stream, { follow: false, ...options }))
      if (event.kind === 'records') found.push(...event.records.map(({ payload }) => payload.toString()));
    return found;
  };
  const kinds = (outcomes: readonly AppendOutcome[]): string[] => outcomes.map(({ kind }) => kind);
  const committedAt = (outcome: AppendOutcome): string => {
    assert(outcome.kind === 'committed', JSON.stringify(outcome));
    return formatPosition(outcome.position);
  };

  it('writes in the order of the appends, through a redirect, and goes to the owner at once the next time', async () => {
    const [one, two] = [await gateway(), await gateway()];
    const [first, second] = [clientOf(one), clientOf(two)];
    await first.create(stream);
    await using owner = first.writer(stream);
    committedAt(await owner.append(bytes('zero')));
    await using writer = second.writer(stream);
    const sent = Array.from({ length: 3000 }, (_, index) => `r${index}`);
    const outcomes = await Promise.all(sent.map((text) => writer.append(bytes(text))));
    assert.deepEqual(await contents(first), ['zero', ...sent]);
    const positions = outcomes.map(committedAt);
    const seen: string[] = [];
    for await (const event of second.tail(stream, { follow: false }))
      if (event.kind === 'records')
        seen.push(...event.records.map(({ position }) => formatPosition(position)));
    assert.deepEqual(seen.slice(1), positions);
    two.calls.length = 0;
    await using again = second.writer(stream);
    committedAt(await again.append(bytes('again')));
    assert.deepEqual(two.calls, []);
  });

  it('sends sets that a gateway takes, however many records it was allowed', async () => {
    const client = clientOf(await gateway());
    await client.create(stream);
    const limits = { setRecordsMax: 2 ** 20, setBytesMax: 2 ** 20 };
    await using writer = client.writer(stream, limits);
    const outcomes = await Promise.all(Array.from({ length: 9000 }, () => writer.append(bytes(''))));
    assert.deepEqual(new Set(kinds(outcomes)), new Set(['committed']));
  });

  it('sends what was refused for a moment again, in order and without a hole', async () => {
    const home = await gateway();
    const client = clientOf(home);
    await client.create(stream);
    await using writer = client.writer(stream, { setRecordsMax: 10 });
    const sent = Array.from({ length: 2000 }, (_, index) => `r${index}`);
    const outcomes = Promise.all(sent.map((text) => writer.append(bytes(text))));
    for (let round = 0; round < 5; round++) await client.release(stream);
    assert.deepEqual(new Set(kinds(await outcomes)), new Set(['committed']));
    assert.deepEqual(await contents(client), sent);
  });

  it('tells an append whose fate is not known from those behind it, which never will be', async () => {
    const client = clientOf(await gateway());
    await client.create(stream);
    await using writer = client.writer(stream, { setRecordsMax: 1, setsMax: 1 });
    committedAt(await writer.append(bytes('one')));
    fixture.disk.fault = (call) => (call === 'dataSync' ? 'EIO' : undefined);
    const failed = await Promise.all(['two', 'three', 'four'].map((text) => writer.append(bytes(text))));
    fixture.disk.fault = () => undefined;
    assert.deepEqual(kinds(failed), ['unknown', 'refused', 'refused']);
    const late = await writer.append(bytes('five'));
    assert.equal(late.kind, 'refused');
    assert.equal(writer.fault !== undefined, true);
    await using next = client.writer(stream);
    committedAt(await next.append(bytes('six')));
    const found = await contents(client);
    assert.deepEqual(
      found.filter((text) => text !== 'two'),
      ['one', 'six'],
    );
  });

  it('knows nothing of what was sent to a gateway that went away, and that the rest never left', async () => {
    const home = await gateway();
    const client = clientOf(home, { reconnects: false });
    await client.create(stream);
    await using writer = client.writer(stream, { setRecordsMax: 1, setsMax: 4 });
    committedAt(await writer.append(bytes('one')));
    home.calls.length = 0;
    home.isSilent = true;
    const outcomes = Promise.all(Array.from({ length: 10 }, (_, index) => writer.append(bytes(`r${index}`))));
    await waitFor('four writes', () => home.calls.length === 4 || undefined, {
      clock: systemClock,
      limitMs: 5000,
    });
    await home.stop();
    const expected = [
      'unknown',
      'unknown',
      'unknown',
      'unknown',
      ...Array.from({ length: 6 }, () => 'refused'),
    ];
    assert.deepEqual(kinds(await outcomes), expected);
  });

  it('continues on a new connection when the gateway went away while nothing was in flight', async () => {
    const home = await gateway();
    const client = clientOf(home);
    await client.create(stream);
    await using writer = client.writer(stream);
    committedAt(await writer.append(bytes('one')));
    await home.stop();
    await gateway(home.port);
    committedAt(await writer.append(bytes('two')));
    assert.deepEqual(await contents(client), ['one', 'two']);
  });

  it('takes an append at whatever moment after the outcome of the one before', async () => {
    const client = clientOf(await gateway());
    await client.create(stream);
    await using writer = client.writer(stream);
    const sent: string[] = [];
    for (let turns = 0; turns < 12; turns++) {
      await writer.append(bytes(`first ${turns}`));
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      committedAt(await writer.append(bytes(`second ${turns}`)));
      sent.push(`first ${turns}`, `second ${turns}`);
    }
    assert.deepEqual(await contents(client), sent);
  });

  it('refuses what cannot be sent, waits for room, and is refused for good by a stream that was ended', async () => {
    const client = clientOf(await gateway());
    await client.create(stream);
    await using writer = client.writer(stream, { queueRecordsMax: 2 });
    const large = await writer.append(Buffer.alloc(1024 * 1024));
    assert(large.kind === 'refused' && requestCode(large.error) === 'TOO_LARGE_RECORD');
    const [first, second, third] = ['one', 'two', 'three'].map((text) => writer.append(bytes(text)));
    assert.deepEqual(kinds([await first!, await second!, await third!]), [
      'committed',
      'committed',
      'refused',
    ]);
    await writer.ready();
    committedAt(await writer.append(bytes('four')));
    await client.seal(stream);
    const late = await writer.append(bytes('five'));
    assert(late.kind === 'refused' && requestCode(late.error) === 'END_OF_STREAM');
    assert.deepEqual(await contents(client, { follow: true }), ['one', 'two', 'four']);
    await writer.close();
    assert.equal((await writer.append(bytes('six'))).kind, 'refused');
    await assert.rejects(client.truncate('ns/none', { segment: 1, entry: 0, slot: 0 }), {
      code: 'STREAM_UNKNOWN',
    });
  });

  it('shows every record once over gateways that go away and come back', async () => {
    let home = await gateway();
    const { port } = home;
    const client = clientOf(home);
    await client.create(stream);
    const seen: string[] = [];
    const abort = new AbortController();
    const tailing = (async () => {
      for await (const event of client.tail(stream, { signal: abort.signal }))
        if (event.kind === 'records') seen.push(...event.records.map(({ payload }) => payload.toString()));
    })();
    const sent: string[] = [];
    for (let round = 0; round < 3; round++) {
      await using writer = client.writer(stream);
      const texts = Array.from({ length: 50 }, (_, index) => `${round}.${index}`);
      for (const outcome of await Promise.all(texts.map((text) => writer.append(bytes(text)))))
        committedAt(outcome);
      sent.push(...texts);
      await waitFor('the records', () => seen.length === sent.length || undefined, {
        clock: systemClock,
        limitMs: 10_000,
      });
      await home.stop();
      home = await gateway(port);
    }
    assert.deepEqual(seen, sent);
    abort.abort();
    await assert.rejects(tailing, { code: 'ABORTED' });
  });

  it('gathers small appends while two sets are in flight, and sends what is worth a set', async () => {
    const home = await gateway();
    const client = clientOf(home);
    await client.create(stream);
    home.isSilent = true;
    const writer = client.writer(stream);
    const writes = (): number => home.calls.filter((name) => name === 'writeWithContext').length;
    const sent = async (count: number): Promise<void> => {
      await waitFor(`${count} writes`, () => writes() >= count || undefined, {
        ...{ clock: systemClock, limitMs: 5000, everyMs: 2 },
      });
    };
    const outcomes: Promise<AppendOutcome>[] = [];
    for (const count of [1, 2]) {
      outcomes.push(writer.append(Buffer.alloc(40_000)));
      await sent(count);
    }
    for (let count = 0; count < 50; count++) {
      outcomes.push(writer.append(bytes('x')));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(writes(), 2);
    for (let count = 0; count < 100; count++) outcomes.push(writer.append(bytes('x')));
    await sent(3);
    outcomes.push(writer.append(Buffer.alloc(40_000)));
    await sent(4);
    await home.stop();
    assert.deepEqual(new Set(kinds(await Promise.all(outcomes))), new Set(['unknown']));
    await writer.close();
  });

  it('feeds ten readers from one tail, also while one of them takes nothing', async () => {
    const home = await gateway();
    const client = clientOf(home);
    await client.create(stream);
    await using writer = client.writer(stream);
    const count = 20_000;
    const payload = Buffer.alloc(1000, 'x');
    const ending = new AbortController();
    const stopped = client.tail(stream, { signal: ending.signal });
    const seen = Array.from({ length: 9 }, async () => {
      let next = 0n;
      for await (const event of client.tail(stream, { from: 'earliest' })) {
        if (event.kind !== 'records') continue;
        for (const { sequenceId } of event.records) assert.equal(sequenceId, next++);
        if (next === BigInt(count)) return;
      }
    });
    committedAt(await writer.append(payload));
    await stopped.next();
    for (let sent = 1; sent < count; sent += 500) {
      const length = Math.min(500, count - sent);
      const outcomes = await Promise.all(Array.from({ length }, () => writer.append(payload)));
      assert.deepEqual(new Set(kinds(outcomes)), new Set(['committed']));
    }
    await Promise.all(seen);
    // The reader is far behind the entries in the tail, and finds everything in the storage.
    let found = 1;
    for await (const event of stopped) {
      if (event.kind !== 'records') continue;
      for (const { sequenceId } of event.records) assert.equal(sequenceId, BigInt(found++));
      if (found === count) break;
    }
    ending.abort();
  });

  it('reports a truncation to a reader once, and closes the connection when it leaves', async () => {
    const home = await gateway();
    const client = clientOf(home);
    await client.create(stream);
    await using writer = client.writer(stream, { setRecordsMax: 1 });
    const outcomes = await Promise.all(['one', 'two', 'three'].map((text) => writer.append(bytes(text))));
    const last = parsePosition(committedAt(outcomes[2]!))!;
    const from = parsePosition(committedAt(outcomes[0]!))!;
    await client.truncate(stream, last);
    const events: string[] = [];
    for await (const event of client.tail(stream, { from })) {
      events.push(
        event.kind === 'moved'
          ? `moved to ${formatPosition(event.to)}`
          : event.records[0]!.payload.toString(),
      );
      if (event.kind === 'records') break;
    }
    assert.deepEqual(events, [`moved to ${formatPosition(last)}`, 'three']);
    // No reader waits there for the next record, so the gateway has nothing to answer when it ends.
    await home.stop();
  });

  it('reports at once that no gateway answers when it must not wait', async () => {
    const home = await gateway();
    await home.stop();
    const client = clientOf(home, { reconnects: false });
    await assert.rejects(client.list('ns'), { code: 'CONNECT_FAILED' });
    await using writer = client.writer(stream);
    const outcome = await writer.append(bytes('x'));
    assert(outcome.kind === 'refused' && outcome.error.code === 'CONNECT_FAILED');
  });
});
