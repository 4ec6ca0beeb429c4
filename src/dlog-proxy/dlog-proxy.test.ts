import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { deferred, seededRandom, silentLog, systemRandom } from '../base/index.ts';
import { DistributedLog, deserializeDlsn, LocalStorage, serializeDlsn } from '../dlog/index.ts';
import type { FileSystem } from '../dlog/storage/file-system.ts';
import { recordsOf } from '../dlog-client/block.ts';
import type {
  Call,
  DistributedLogServiceMethods,
  Handler,
  ReadEntriesResponse,
  ReadFrom,
  ReadResponse,
  WriteContext,
  WriteResponse,
} from '../rpc/index.ts';
import { committed, LogFixture, opened, turns } from '../testing/dlog/log-fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { DlogProxy } from './index.ts';
import type { ProxyLimits } from './limits.ts';

const stream = 'ns/s';
const start: ReadFrom = { kind: 'earliest', value: true };

/** One connection to a proxy; all its calls are in flight at once. */
class Connection {
  readonly #handler: Required<Handler<DistributedLogServiceMethods>>;
  readonly gone = new AbortController();

  constructor(proxy: DlogProxy) {
    this.#handler = proxy.handler as Required<Handler<DistributedLogServiceMethods>>;
  }

  get call(): Call {
    const at = { localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0 };
    return { method: '', ...at, signal: this.gone.signal };
  }

  async write(text: string | Buffer, ctx: WriteContext = {}, name = stream): Promise<WriteResponse> {
    return this.#handler.writeWithContext({ stream: name, data: Buffer.from(text), ctx }, this.call);
  }

  async bulk(lines: readonly string[], ctx: WriteContext = {}): Promise<readonly WriteResponse[]> {
    const data = lines.map((line) => Buffer.from(line));
    return (await this.#handler.writeBulkWithContext({ stream, data, ctx }, this.call)).writeResponses!;
  }

  async read(from: ReadFrom, limits: { waitMs?: number; bytesMax?: number } = {}): Promise<ReadResponse> {
    const { waitMs = 0, bytesMax = 100_000 } = limits;
    return this.#handler.read({ stream, start: from, recordsMax: 1000, bytesMax, waitMs }, this.call);
  }

  async readEntries(from: ReadFrom, bytesMax: number): Promise<ReadEntriesResponse> {
    return this.#handler.readEntries({ stream, start: from, bytesMax, waitMs: 0 }, this.call);
  }

  async do(
    method: 'create' | 'delete' | 'release' | 'getOwner' | 'seal',
    name = stream,
  ): Promise<WriteResponse> {
    return this.#handler[method]({ stream: name, ctx: {} }, this.call);
  }

  async recordsOver(): Promise<bigint | undefined> {
    return (await this.#handler.describe({ stream }, this.call)).recordsOverQuota;
  }

  async truncate(dlsn: string): Promise<WriteResponse> {
    return this.#handler.truncate({ stream, dlsn, ctx: {} }, this.call);
  }
}

const codes = (responses: readonly WriteResponse[]): string[] => responses.map(({ header }) => header.code);
const texts = ({ records }: ReadResponse): string[] => records!.map(({ payload }) => payload.toString());
const textsOfEntries = ({ entries, firstSlot }: ReadEntriesResponse): string[] =>
  entries === undefined ? [] : recordsOf(entries, firstSlot!).map(({ payload }) => payload.toString());
const nextOf = ({ nextDlsn }: { readonly nextDlsn?: string | undefined }): ReadFrom => ({
  kind: 'dlsn',
  value: nextDlsn!,
});

describe('the log as a service', () => {
  let fixture: LogFixture;
  let open: DlogProxy[];
  let proxy: DlogProxy;
  let client: Connection;

  const proxyAt = (address: string, limits: Partial<ProxyLimits> = {}, log?: DistributedLog): DlogProxy => {
    const deps = { log: log ?? fixture.process(), clock: fixture.clock, logger: silentLog };
    const made = new DlogProxy({ ...deps, address: () => address, limits });
    open.push(made);
    return made;
  };
  /** Reads as a proxy of another process does. */
  const contents = async (): Promise<string[]> => {
    await fixture.pause();
    const reader = new Connection(proxyAt('reader'));
    const found: string[] = [];
    let response = await reader.read(start);
    for (; response.records!.length > 0; response = await reader.read(nextOf(response)))
      found.push(...texts(response));
    return found;
  };

  beforeEach(async () => {
    fixture = new LogFixture();
    open = [];
    proxy = proxyAt('a:1');
    client = new Connection(proxy);
    await client.do('create');
  });
  afterEach(async () => {
    fixture.disk.fault = () => undefined;
    for (const each of open) await each.close();
  });

  it('writes what is sent at once in the order of the calls, many to one entry', async () => {
    const sent = Array.from({ length: 100 }, (_, index) => `r${index}`);
    const responses = await Promise.all(sent.map((text) => client.write(text)));
    const positions = responses.map(({ dlsn }) => deserializeDlsn(dlsn!));
    assert.ok(new Set(positions.map(({ entry }) => entry)).size < 5);
    const read = await client.read(start);
    assert.deepEqual(texts(read), sent);
    assert.deepEqual(
      read.records!.map(({ dlsn }) => dlsn),
      responses.map(({ dlsn }) => dlsn),
    );
  });

  it('says why a request cannot be, by code', async () => {
    assert.equal((await client.do('create')).header.code, 'LOG_EXISTS');
    assert.equal((await client.do('create', 'no name')).header.code, 'INVALID_STREAM_NAME');
    assert.equal((await client.do('delete', 'ns/other')).header.code, 'LOG_NOT_FOUND');
    assert.equal((await client.do('delete')).header.code, 'SUCCESS');
    assert.equal((await client.write('x')).header.code, 'LOG_NOT_FOUND');
    assert.equal((await client.read(start)).header.code, 'LOG_NOT_FOUND');
  });

  it('takes a record with the checksum of its client, and none with another', async () => {
    const sum = BigInt(crc32(Buffer.from(`${stream}x`)));
    assert.equal((await client.write('x', { crc32: sum })).header.code, 'SUCCESS');
    assert.equal((await client.write('y', { crc32: sum })).header.code, 'CHECKSUM_FAILED');
    assert.deepEqual(await contents(), ['x']);
  });

  it('takes a set of records as one, each at its own position', async () => {
    // Version 1, uncompressed: two records, their bytes twice; length and bytes of each.
    const set = Buffer.from(
      '00001000 00000002 0000000b 0000000b 00000001 61 00000002 6263'.replaceAll(' ', ''),
      'hex',
    );
    const written = await client.write(set, { isRecordSet: true });
    assert.equal(written.header.code, 'SUCCESS');
    const read = await client.read(start);
    assert.deepEqual(texts(read), ['a', 'bc']);
    assert.equal(read.records![0]!.dlsn, written.dlsn);
    const [first, second] = read.records!.map(({ dlsn }) => deserializeDlsn(dlsn));
    assert.deepEqual(second, { ...first, slot: first!.slot + 1 });
  });

  it('refuses a set that is damaged, packed or holds a record that is too large, and writes nothing of it', async () => {
    const of = (...words: number[]): Buffer => {
      const bytes = Buffer.alloc(words.length * 4);
      for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, index * 4);
      return bytes;
    };
    const code = async (set: Buffer): Promise<string> =>
      (await client.write(set, { isRecordSet: true })).header.code;
    assert.equal(await code(of(0x1000, 1, 4)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x2000, 1, 4, 4, 0)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x1000, 0, 0, 0)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x1000, 2, 8, 8, 0, 5)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x1000, 2, 4, 4, 0)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x1000, 1, 4, 8, 0)), 'INVALID_ENVELOPED_ENTRY');
    assert.equal(await code(of(0x1001, 1, 4, 4, 0)), 'NOT_IMPLEMENTED');
    const long = 1100 * 1024;
    const tooLarge = Buffer.concat([of(0x1000, 2, long + 8, long + 8, 0, long), Buffer.alloc(long)]);
    assert.equal(await code(tooLarge), 'TOO_LARGE_RECORD');
    assert.deepEqual(await contents(), []);
  });

  it('sends writers to the owner, and owns what was given back', async () => {
    const other = new Connection(proxyAt('b:2'));
    await client.write('one');
    const sent = await other.write('two');
    assert.deepEqual([sent.header.code, sent.header.location], ['FOUND', 'a:1']);
    assert.equal((await other.do('getOwner')).header.location, 'a:1');
    await client.do('release');
    assert.equal((await other.do('getOwner')).header.location, undefined);
    assert.equal((await other.write('three')).header.code, 'SUCCESS');
    assert.equal((await client.write('four')).header.location, 'b:2');
    assert.deepEqual(await contents(), ['one', 'three']);
  });

  it('cancels what follows a refusal in its session, and takes the next session and what is in none', async () => {
    const long = 'x'.repeat(1100 * 1024);
    const session = 1n;
    const responses = await Promise.all([
      client.write('one', { session }),
      client.write(long, { session }),
      client.write('three', { session }),
      client.write('free'),
      client.write('four', { session: 2n }),
    ]);
    const later = await client.write('five', { session });
    assert.deepEqual(codes([...responses, later]), [
      'SUCCESS',
      'TOO_LARGE_RECORD',
      'WRITE_CANCELLED_EXCEPTION',
      'SUCCESS',
      'SUCCESS',
      'WRITE_CANCELLED_EXCEPTION',
    ]);
    assert.deepEqual(await contents(), ['one', 'free', 'four']);
    const bulk = await client.bulk(['a', long, 'b'], { session: 3n });
    assert.deepEqual(codes(bulk), ['SUCCESS', 'TOO_LARGE_RECORD', 'WRITE_CANCELLED_EXCEPTION']);
  });

  it('tells a write whose fate is not known from one that will never be, and lets nothing follow it', async () => {
    await client.write('one');
    fixture.disk.fault = (call) => (call === 'dataSync' ? 'EIO' : undefined);
    const first = client.write('two', { session: 1n });
    await turns();
    fixture.disk.fault = () => undefined;
    // This is sent before the answer to the first could be read.
    const second = client.write('three', { session: 1n });
    const responses = [await first, await second];
    assert.deepEqual(
      responses.map(({ header }) => header.isUnknown ?? false),
      [true, false],
    );
    assert.deepEqual(codes(responses), ['BK_TRANSMIT_ERROR', 'WRITE_CANCELLED_EXCEPTION']);
    assert.equal((await client.write('four', { session: 2n })).header.code, 'SUCCESS');
    const found = await contents();
    assert.ok(!found.includes('three'));
    assert.deepEqual([found[0], found.at(-1)], ['one', 'four']);
  });

  it('cancels what waited for an owner when what it follows was refused', async () => {
    const other = new Connection(proxyAt('b:2'));
    await other.write('zero');
    // Both wait while the proxy acquires the stream, and neither may be committed alone.
    const waiting = [client.write('one', { session: 1n }), client.write('two', { session: 1n })];
    assert.deepEqual(codes(await Promise.all(waiting)), ['FOUND', 'FOUND']);
    await other.do('release');
    assert.equal((await client.write('three', { session: 1n })).header.code, 'WRITE_CANCELLED_EXCEPTION');
    // The first stream turns out not to exist before the second one has an owner.
    const both = [client.write('x', { session: 2n }, 'ns/none'), client.write('four', { session: 2n })];
    assert.deepEqual(codes(await Promise.all(both)), ['LOG_NOT_FOUND', 'WRITE_CANCELLED_EXCEPTION']);
    assert.deepEqual(await contents(), ['zero']);
  });

  it('holds at most so many bytes and records, and refuses the rest without a hole', async () => {
    for (const limits of [{ streamBytesMax: 50 }, { proxyBytesMax: 50 }, { streamRecordsMax: 5 }]) {
      const bounded = new Connection(proxyAt('a:1', limits));
      await client.do('release');
      const lines = Array.from({ length: 20 }, (_, index) => 'x'.repeat(index === 6 ? 1 : 10));
      const found = codes(await bounded.bulk(lines, { session: 1n }));
      const rest = Array.from({ length: 14 }, () => 'WRITE_CANCELLED_EXCEPTION');
      assert.deepEqual(found.slice(0, 6), [...Array.from({ length: 5 }, () => 'SUCCESS'), 'OVER_CAPACITY']);
      assert.deepEqual(found.slice(6), rest);
      assert.deepEqual(codes(await bounded.bulk(lines.slice(0, 5), { session: 2n })), found.slice(0, 5));
      await bounded.do('release');
    }
  });

  it('takes and tells what is above a soft quota, and takes over no further stream while all are', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = { ...silentLog, warn: (line: Record<string, unknown>) => lines.push(line) };
    const proxySoft = { bytesPerSec: Number.POSITIVE_INFINITY, recordsPerSec: 12 };
    const streamSoft = { bytesPerSec: 50, recordsPerSec: Number.POSITIVE_INFINITY };
    const { clock } = fixture;
    const limits = { proxySoft, streamSoft };
    const made = new DlogProxy({ log: fixture.process(), clock, logger, address: () => 's:1', limits });
    open.push(made);
    const soft = new Connection(made);
    await soft.do('create', 'ns/t');
    const told = (): unknown[] =>
      lines
        .filter(({ event }) => event === 'dlog-proxy.over-soft-quota')
        .map((line) => [line['of'], line['stream']]);
    await soft.bulk(Array.from({ length: 5 }, () => 'x'.repeat(10)));
    assert.deepEqual(told(), []);
    await soft.bulk(Array.from({ length: 3 }, () => 'x'.repeat(10)));
    assert.deepEqual(told(), [['stream', stream]]);
    assert.equal((await soft.write('x', {}, 'ns/t')).header.code, 'SUCCESS');
    await soft.do('create', 'ns/u');
    for (let count = 0; count < 4; count++) assert.equal((await soft.write('')).header.code, 'SUCCESS');
    assert.deepEqual(told(), [
      ['stream', stream],
      ['gateway', stream],
    ]);
    assert.equal((await soft.write('x', {}, 'ns/u')).header.code, 'OVER_CAPACITY');
    assert.equal((await soft.write('x', {}, 'ns/t')).header.code, 'SUCCESS');
    assert.equal(await soft.recordsOver(), 7n);
    clock.advance(1500);
    assert.equal((await soft.write('x', {}, 'ns/u')).header.code, 'SUCCESS');
    assert.equal((await contents()).length, 12);
  });

  it('limits how many streams it owns, and releases those that no client writes', async () => {
    const small = new Connection(proxyAt('a:1', { streamsMax: 1, streamIdleMs: 60_000 }));
    await small.write('one');
    await small.do('create', 'ns/t');
    assert.equal((await small.do('seal', 'ns/t')).header.code, 'TOO_MANY_STREAMS');
    fixture.clock.advance(70_000);
    await turns();
    assert.equal((await small.do('seal', 'ns/t')).header.code, 'SUCCESS');
  });

  it('shows a record only when it is committed, to a read that waits for it', async () => {
    await client.write('one');
    const first = await client.read(start);
    let isRead = false;
    const reading = client.read(nextOf(first), { waitMs: 20_000 }).finally(() => {
      isRead = true;
    });
    await turns();
    let isSynced = false;
    fixture.disk.fault = (call) => {
      if (call !== 'dataSync') return undefined;
      isSynced = !isRead;
      return undefined;
    };
    const written = await client.write('two');
    const second = await reading;
    assert.ok(isSynced);
    assert.deepEqual([texts(second), second.records![0]!.dlsn], [['two'], written.dlsn]);
  });

  it('answers a read that found nothing, and one on a stopping proxy, with where to continue', async () => {
    await client.write('one');
    const first = await client.read(start);
    const inVain = client.read(nextOf(first), { waitMs: 1000 });
    await turns();
    fixture.clock.advance(1001);
    const second = await inVain;
    assert.deepEqual([second.header.code, texts(second)], ['SUCCESS', []]);
    const waiting = client.read(nextOf(first), { waitMs: 1000 });
    await turns();
    await client.write('two');
    assert.deepEqual(texts(await waiting), ['two']);
    const last = client.read(nextOf(await client.read(nextOf(second))), { waitMs: 1000 });
    await turns();
    proxy.stop();
    assert.deepEqual([(await last).header.code, texts(await last)], ['SUCCESS', []]);
    assert.equal((await client.write('three')).header.code, 'SERVICE_UNAVAILABLE');
  });

  it('shows what a dead owner acknowledged last, when its lease has run out', async () => {
    const { store, storage, clock } = fixture;
    // Its clock never advances, as if it was killed after the acknowledgement: it announces nothing, and does
    // not renew its lease.
    const dead = { storage, store, clock: new ManualClock(), random: seededRandom(8), log: silentLog };
    const writer = await opened(new DistributedLog(dead), stream, { address: 'dead:1' });
    await committed(writer.append(Buffer.from('last')));
    const reading = client.read(start);
    for (let step = 0; step < 30; step++) {
      await turns();
      clock.advance(200);
    }
    assert.deepEqual(texts(await reading), ['last']);
  });

  it('gives readers up with their connection', async () => {
    const log = fixture.process();
    let readers = 0;
    const openReader = log.openReader.bind(log);
    log.openReader = async (...args) => {
      const reader = await openReader(...args);
      readers += 1;
      const close = reader.close.bind(reader);
      reader.close = () => {
        readers -= 1;
        return close();
      };
      return reader;
    };
    client = new Connection(proxyAt('e:5', {}, log));
    await client.write('one');
    const waiting = client.read(nextOf(await client.read(start)), { waitMs: 20_000 });
    await turns();
    await client.read(start);
    client.gone.abort();
    assert.equal((await waiting).header.code, 'READ_CANCELLED_EXCEPTION');
    await turns();
    assert.equal(readers, 1, 'only the tail that all share is left');
  });

  it('gives readers up with their connection, whenever in a read it goes', async () => {
    const log = fixture.process();
    let readers = 0;
    const openReader = log.openReader.bind(log);
    log.openReader = async (...args) => {
      const reader = await openReader(...args);
      readers += 1;
      const close = reader.close.bind(reader);
      let isOpen = true;
      reader.close = () => {
        if (isOpen) readers -= 1;
        isOpen = false;
        return close();
      };
      return reader;
    };
    const other = proxyAt('e:5', { tailsMax: 0 }, log);
    await new Connection(other).write('one');
    for (let steps = 0; steps < 60; steps++) {
      const gone = new Connection(other);
      const reading = gone.read(start);
      for (let step = 0; step < steps; step++) await Promise.resolve();
      gone.gone.abort();
      await reading;
      await turns();
      assert.equal(readers, 0, `gone after ${steps} steps`);
    }
  });

  it('settles what its writer took before the next one of its own begins', async () => {
    const { disk, store, clock } = fixture;
    const gate = deferred<undefined>();
    let isHeld = false;
    const fs = disk.fileSystem({ turn: () => Promise.resolve() });
    const holding: FileSystem = {
      ...fs,
      open: async (path, mode) => {
        const file = await fs.open(path, mode);
        const dataSync = file.dataSync.bind(file);
        file.dataSync = async () => {
          if (isHeld && mode === 'write-synced' && path.endsWith('1.log')) await gate.promise;
          return dataSync();
        };
        return file;
      },
    };
    const storage = new LocalStorage({ directory: '/log', random: seededRandom(9), fs: holding });
    const log = new DistributedLog({ storage, store, clock, random: seededRandom(9), log: silentLog });
    client = new Connection(proxyAt('g:7', {}, log));
    await client.write('one');
    isHeld = true;
    const second = client.write('two');
    await turns();
    // Another owner had the lease for a moment: this writer accepts nothing more, and the next write asks for
    // a new one.
    await store.remove('dlog/ns/s/lease');
    await store.holdLease('dlog/ns/s/lease', 'other', 60_000, null);
    clock.advance(1000);
    await turns();
    await store.releaseLease('dlog/ns/s/lease', 'other');
    isHeld = false;
    const third = client.write('three');
    await turns();
    gate.resolve(undefined);
    assert.deepEqual(codes([await second, await third]), ['SUCCESS', 'SUCCESS']);
    assert.deepEqual(await contents(), ['one', 'two', 'three']);
  });

  it('feeds all who read at the end from one reader of the log', async () => {
    const log = fixture.process();
    let waiters = 0;
    const openReader = log.openReader.bind(log);
    log.openReader = async (...args) => {
      const reader = await openReader(...args);
      const read = reader.readEntries.bind(reader);
      let isCounted = false;
      reader.readEntries = (limits) => {
        if (!isCounted && (limits?.waitMs ?? 0) > 0) {
          isCounted = true;
          waiters += 1;
        }
        return read(limits);
      };
      return reader;
    };
    proxy = proxyAt('c:3', {}, log);
    const clients = Array.from({ length: 10 }, () => new Connection(proxy));
    await clients[0]!.write('one');
    const first = await clients[0]!.read(start);
    for (let round = 0; round < 3; round++) {
      const waiting = clients.map((each) => each.read(nextOf(first), { waitMs: 20_000 }));
      await turns();
      await clients[1]!.write(`two${round}`);
      for (const each of await Promise.all(waiting)) assert.equal(texts(each)[0], 'two0');
    }
    assert.equal(waiters, 1);
  });

  it('answers whole entries with the numbers that single records have, from within an entry too', async () => {
    await client.bulk(['one', 'two', 'three']);
    await client.write('four');
    const single = (await client.read(start)).records!;
    const whole = await client.readEntries({ kind: 'dlsn', value: single[1]!.dlsn }, 1);
    const inEntry = single.filter(
      ({ dlsn }) => deserializeDlsn(dlsn).entry === deserializeDlsn(single[1]!.dlsn).entry,
    );
    const found = recordsOf(whole.entries!, whole.firstSlot!).map((record) => {
      const { segment, entry, slot } = record.position;
      const { transactionId, sequenceId, payload } = record;
      return { dlsn: serializeDlsn({ lssn: segment, entry, slot }), transactionId, sequenceId, payload };
    });
    assert.deepEqual(found, inEntry.slice(1));
    const last = await client.readEntries(nextOf(whole), 1);
    assert.deepEqual(textsOfEntries(last), ['four']);
    const waiting = client.read(nextOf(last), { waitMs: 1000 });
    await turns();
    await client.bulk(['five', 'six']);
    const [five] = (await waiting).records!;
    const { lssn, entry } = deserializeDlsn(five!.dlsn);
    const six: ReadFrom = { kind: 'dlsn', value: serializeDlsn({ lssn, entry, slot: 1 }) };
    assert.deepEqual(textsOfEntries(await client.readEntries(six, 1)), ['six']);
  });

  it('answers a read whose connection has gone before it at once', async () => {
    await client.write('one');
    const first = await client.read(start);
    client.gone.abort();
    const reading = client.read(nextOf(first), { waitMs: 20_000 });
    assert.equal((await reading).header.code, 'READ_CANCELLED_EXCEPTION');
  });

  it('tells readers what was cut off, once, and where the stream ends', async () => {
    const empty = await client.read(start);
    const waiting = client.read(nextOf(empty), { waitMs: 1000 });
    await turns();
    await client.bulk(['one', 'two', 'three']);
    await waiting;
    const first = await client.read(start, { bytesMax: 1 });
    assert.deepEqual(texts(first), ['one']);
    const tail = await client.read({ kind: 'latest', value: true });
    await client.truncate(tail.nextDlsn!);
    const moved = await client.read(nextOf(first));
    assert.deepEqual([moved.moved, moved.nextDlsn, texts(moved)], [true, tail.nextDlsn, []]);
    await client.write('four');
    const second = await client.read(nextOf(moved));
    assert.deepEqual([second.moved, texts(second)], [false, ['four']]);
    assert.equal((await client.do('seal')).header.code, 'SUCCESS');
    assert.equal((await client.do('seal')).header.code, 'SUCCESS');
    assert.equal((await client.read(nextOf(second))).isEnd, true);
    assert.equal((await client.write('five')).header.code, 'END_OF_STREAM');
  });

  for (const tailsMax of [256, 0]) {
    it(`forgets what it kept of a stream that was deleted (with ${tailsMax} tails)`, async () => {
      client = new Connection(proxyAt('f:6', { tailsMax }));
      const empty = await client.read(start);
      const waiting = client.read(nextOf(empty), { waitMs: 1000 });
      await turns();
      const old = await client.write('old');
      assert.deepEqual(texts(await waiting), ['old']);
      const behind = await client.read(nextOf(await client.read(start)));
      await client.do('delete');
      await client.do('create');
      const made = await client.bulk(['new', 'newer']);
      assert.equal(made[0]!.dlsn, old.dlsn);
      await client.write('newest');
      assert.deepEqual(texts(await client.read(nextOf(behind))), ['newest']);
      const all = await client.read({ kind: 'dlsn', value: old.dlsn! });
      assert.equal(texts(all)[0], 'new');
    });
  }

  const seed = systemRandom.nextInt32() >>> 1;
  it(`reads the same whatever it keeps and however much is asked for (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    const mixed = new Connection(proxyAt('d:4', { tailBytesMax: 600, readersMax: 1 }));
    const sent: string[] = [];
    const readers: { from: ReadFrom; found: string[] }[] = Array.from({ length: 3 }, () => ({
      from: start,
      found: [],
    }));
    const step = async (reader: (typeof readers)[number]): Promise<number> => {
      const bytesMax = 1 + below(300);
      const isWhole = random.next() < 0.5;
      const response = isWhole
        ? await mixed.readEntries(reader.from, bytesMax)
        : await mixed.read(reader.from, { bytesMax });
      assert.equal(response.header.code, 'SUCCESS');
      const found = 'records' in response ? texts(response) : textsOfEntries(response);
      reader.found.push(...found);
      reader.from = nextOf(response);
      return found.length;
    };
    for (let round = 0; round < 60; round++) {
      const lines = Array.from(
        { length: below(6) },
        (_, index) => `${round}.${index}${'.'.repeat(below(60))}`,
      );
      if (lines.length > 0) await mixed.bulk(lines);
      sent.push(...lines);
      if (random.next() < 0.1) await mixed.do('release');
      for (const reader of readers) if (random.next() < 0.5) await step(reader);
    }
    for (const reader of readers) {
      while ((await step(reader)) > 0);
      assert.deepEqual(reader.found, sent);
    }
  });
});
