import assert from 'node:assert/strict';
import { silentLog } from '../base/index.ts';
import { serializeDlsn } from '../dlog/index.ts';
import type {
  Call,
  DistributedLogServiceMethods,
  Handler,
  ReadFrom,
  ReadRecord,
  StreamSettings,
} from '../rpc/index.ts';
import { LogFixture, turns } from '../testing/dlog/log-fixture.ts';
import { DlogProxy } from './index.ts';

const stream = 'ns/s';
const segment = (lssn: number): string => `/log/ns/s/segments/${String(lssn).padStart(16, '0')}.log`;

describe('streams as a whole, at the service', () => {
  let fixture: LogFixture;
  let open: DlogProxy[];
  const call: Call = {
    ...{ method: '', localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0 },
    signal: new AbortController().signal,
  };
  beforeEach(() => {
    fixture = new LogFixture();
    open = [];
  });
  afterEach(async () => {
    for (const each of open) await each.close();
  });

  /** A proxy and its methods, as one connection calls them. */
  const proxyAt = (address: string, log = fixture.process()) => {
    const { clock } = fixture;
    const made = new DlogProxy({
      ...{ log, clock, logger: silentLog },
      address: () => address,
    });
    open.push(made);
    const handler = made.handler as Required<Handler<DistributedLogServiceMethods>>;
    const ctx = {};
    return {
      handler,
      create: async (settings: StreamSettings = {}, name = stream) =>
        (await handler.createWith({ stream: name, settings }, call)).header,
      write: async (text: string, context: { session?: bigint } = {}) =>
        handler.writeWithContext({ stream, data: Buffer.from(text), ctx: context }, call),
      read: async (at?: string) => {
        const from =
          at === undefined
            ? ({ kind: 'earliest', value: true } as const)
            : ({ kind: 'dlsn', value: at } as const);
        return handler.read({ stream, start: from, recordsMax: 1000, bytesMax: 100_000, waitMs: 0 }, call);
      },
      all: async () => {
        const found: ReadRecord[] = [];
        let from: ReadFrom = { kind: 'earliest', value: true };
        for (;;) {
          const request = { stream, start: from, recordsMax: 1000, bytesMax: 100_000, waitMs: 0 };
          const { records, nextDlsn } = await handler.read(request, call);
          if (records!.length === 0) return found;
          found.push(...records!);
          from = { kind: 'dlsn', value: nextDlsn! };
        }
      },
      release: async () => (await handler.release({ stream, ctx }, call)).header,
      check: async () => handler.check({ stream, fromLssn: 0n }, call),
    };
  };

  it('creates streams with settings, shows them, and refuses invalid ones', async () => {
    const { create, handler } = proxyAt('a:1');
    assert.equal(
      (await create({ segmentBytes: 4096n, retentionMs: 60_000n, durability: 'os' })).code,
      'SUCCESS',
    );
    const { settings } = await handler.describe({ stream }, call);
    assert.deepEqual(
      [settings!.segmentBytes, settings!.retentionMs, settings!.durability, settings!.retentionBytes],
      [4096n, 60_000n, 'os', undefined],
    );
    const bad = async (given: StreamSettings): Promise<string> => {
      const { code, errMsg } = await create(given, 'ns/t');
      return `${code}: ${errMsg}`;
    };
    assert.match(
      await bad({ segmentBytes: 1n }),
      /^REQUEST_DENIED: ns\/t: setting segmentBytes is 1, it must be .* from 4096$/,
    );
    assert.match(
      await bad({ durability: 'soon' }),
      /^REQUEST_DENIED: .* must be memory, os, fsync, replicated$/,
    );
    assert.match(
      await bad({ durability: 'replicated' }),
      /^REQUEST_DENIED: durability replicated is not to be had/,
    );
    assert.deepEqual((await handler.listStreams({ inNamespace: 'ns' }, call)).streams, [stream]);
    assert.deepEqual((await handler.namespaces({}, call)).names, ['ns']);
  });

  it("seals and deletes segments as the stream's settings say, and leaves other owners and streams alone", async () => {
    const { create, write, handler, read, all, release } = proxyAt('a:1');
    await create({ segmentBytes: 4096n, retentionMs: 100_000n });
    for (let index = 0; index < 20; index++) {
      await write(String(index).padEnd(1000));
      fixture.clock.advance(10_000);
      await turns();
    }
    const segments = (await handler.describe({ stream }, call)).segments!;
    assert.ok(Number(segments[0]!.lssn) > 1, 'the oldest are gone');
    assert.ok(segments.length > 2, 'only the oldest are gone');
    const kept = await all();
    assert.equal(kept.at(-1)!.sequenceId, 19n);
    assert.ok(
      Number(kept[0]!.sequenceId) > 4 && Number(kept[0]!.sequenceId) < 12,
      String(kept[0]!.sequenceId),
    );
    // A reader that was there before receives the position where it must continue.
    const moved = await read(serializeDlsn({ lssn: 1, entry: 0, slot: 0 }));
    assert.deepEqual([moved.moved, moved.records], [true, []]);

    await release();
    const begin = async () => (await handler.describe({ stream }, call)).segments![0]!.lssn;
    const before = await begin();
    await fixture.store.holdLease('dlog/ns/s/lease', 'other', 600_000, { address: 'b:2' });
    fixture.clock.advance(120_000);
    await turns();
    assert.equal(await begin(), before);
    await fixture.store.releaseLease('dlog/ns/s/lease', 'other');
    fixture.clock.advance(40_000);
    await turns();
    assert.ok((await begin()) > before);
  });

  it('says who writes a stream and for how long yet, and asks the owner to give it back', async () => {
    const one = proxyAt('a:1');
    const two = proxyAt('b:2');
    await one.create();
    await one.write('x');
    const { owners } = await two.handler.owners({ inNamespace: 'ns' }, call);
    assert.deepEqual(
      owners!.map(({ owner, stream: name }) => [name, owner]),
      [[stream, 'a:1']],
    );
    assert.ok(Number(owners![0]!.leaseLeftMs) > 0 && Number(owners![0]!.leaseLeftMs) <= 3000);
    const { code, location } = await two.release();
    assert.deepEqual([code, location], ['FOUND', 'a:1']);
    assert.equal((await one.release()).code, 'SUCCESS');
    assert.deepEqual((await two.handler.owners({ inNamespace: 'ns' }, call)).owners, []);
    assert.equal((await two.release()).code, 'SUCCESS');
    assert.equal((await two.handler.release({ stream: 'ns/t', ctx: {} }, call)).header.code, 'LOG_NOT_FOUND');
  });

  it('checks, repairs and rebuilds, and shows nothing of what was dropped', async () => {
    const { create, write, check, handler, all } = proxyAt('a:1');
    await create({ segmentBytes: 4096n });
    const positions: string[] = [];
    for (let index = 0; index < 12; index++) positions.push((await write(String(index).padEnd(1000))).dlsn!);
    assert.equal((await all()).length, 12);
    const good = await check();
    assert.deepEqual([good.findings!.filter(({ kind }) => kind !== 'NOTE'), good.records], [[], 12n]);
    const damagedAt = fixture.disk.bytesOf(segment(2)).length - 100;
    fixture.disk.flipBit(segment(2), damagedAt * 8);
    const bad = await check();
    assert.deepEqual(
      bad.findings!.map(({ kind, file }) => [kind, file]),
      [['DAMAGE', 'segments/0000000000000002.log']],
    );
    const none = await handler.repair({ stream, choice: {} }, call);
    assert.deepEqual([none.left!.length, none.aside], [1, undefined]);
    const refused = await handler.repair({ stream, choice: { dropAfter: 'nonsense' } }, call);
    assert.equal(refused.header.code, 'REQUEST_DENIED');
    const { header, left, aside } = await handler.repair(
      { stream, choice: { dropAfter: positions[4] } },
      call,
    );
    assert.deepEqual([header.code, left], ['SUCCESS', []]);
    assert.match(aside!, /^\/log\/\.aside\/ns\/s\/\d+$/);
    const last = await write('new');
    assert.equal(last.header.code, 'SUCCESS');
    const found = (await all()).map(({ payload }) => payload.toString().trim());
    assert.deepEqual(found, ['0', '1', '2', '3', '4', 'new']);
    await fixture.store.removeAll('dlog/ns/s/segments/');
    assert.ok(Number((await handler.rebuild({ stream }, call)).changes) > 0);
    assert.equal(Number((await handler.rebuild({ stream }, call)).changes), 0);
  });

  it('hides dropped records from a reader that was active during the drop', async () => {
    const log = fixture.process();
    const { create, handler } = proxyAt('a:1', log);
    await create();
    const data = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    const write = (each: Buffer) => handler.writeWithContext({ stream, data: each, ctx: {} }, call);
    const first = await write(data[0]!);
    for (const each of data.slice(1)) await write(each);
    const readOne = (start: ReadFrom) =>
      handler.read({ stream, start, recordsMax: 1000, bytesMax: 1, waitMs: 0 }, call);
    let next: string | undefined;
    const repair = log.repair.bind(log);
    log.repair = async (...args) => {
      const second = await readOne({
        kind: 'dlsn',
        value: (await readOne({ kind: 'earliest', value: true })).nextDlsn!,
      });
      assert.equal(second.records![0]!.payload.toString(), 'two');
      next = second.nextDlsn;
      return repair(...args);
    };
    const { left } = await handler.repair({ stream, choice: { dropAfter: first.dlsn } }, call);
    assert.deepEqual(left, []);
    const after = await readOne({ kind: 'dlsn', value: next! });
    assert.deepEqual(after.records?.map(({ payload }) => payload.toString()) ?? [], []);
  });

  it('has a code and a sentence for every kind of bad input', async () => {
    const one = proxyAt('a:1');
    const two = proxyAt('b:2');
    await one.create();
    const first = await one.write('first');
    const told: Record<string, string> = {};
    const say = (
      what: string,
      header: { readonly code: string; readonly errMsg?: string | undefined },
    ): void => {
      told[what] = `${header.code}: ${header.errMsg ?? ''}`;
    };
    const { handler } = one;
    const write = (name: string, bytes: number, session?: bigint) =>
      handler.writeWithContext({ stream: name, data: Buffer.alloc(bytes), ctx: { session } }, call);
    say('too large', (await write(stream, 1024 * 1024, 1n)).header);
    say('stale session', (await write(stream, 1, 1n)).header);
    say('no name', (await write('nothing', 1)).header);
    say('unknown', (await write('ns/none', 1)).header);
    say('wrong owner', (await two.write('x')).header);
    say('no position', (await one.read('AAAA')).header);
    const behind = serializeDlsn({ lssn: 9, entry: 0, slot: 0 });
    say('behind the end', (await handler.truncate({ stream, dlsn: behind, ctx: {} }, call)).header);
    const second = await one.write('second');
    await handler.truncate({ stream, dlsn: second.dlsn!, ctx: {} }, call);
    assert.equal((await one.read(first.dlsn)).moved, true);
    await one.release();
    fixture.disk.flipBit(segment(1), 80);
    say('damaged header, writing', (await two.write('x')).header);
    say('damaged header, reading', (await two.read()).header);
    const expected: Record<string, RegExp> = {
      'too large': /^TOO_LARGE_RECORD: a record has 1048576 bytes of at most 1040384$/,
      'stale session':
        /^WRITE_CANCELLED_EXCEPTION: an earlier write of this session was not committed: continue with/,
      'no name': /^INVALID_STREAM_NAME: "nothing" is no name of a stream: namespace\/name of/,
      unknown: /^LOG_NOT_FOUND: there is no stream ns\/none$/,
      'wrong owner': /^FOUND: ns\/s is written by a:1$/,
      'no position': /^REQUEST_DENIED: "AAAA" is no position: 25 bytes of version 1 in base64/,
      'behind the end': /^REQUEST_DENIED: ns\/s: 9:0:0 cannot be cut off at, the stream is committed to/,
      'damaged header, writing': /^LOG_READ_ERROR: ns\/s: segment 1 is damaged: its header cannot be read/,
      'damaged header, reading': /^LOG_READ_ERROR: ns\/s: segment 1 is damaged: its header cannot be read/,
    };
    assert.deepEqual(Object.keys(told), Object.keys(expected));
    for (const [what, pattern] of Object.entries(expected)) assert.match(told[what]!, pattern, what);
  });
});
