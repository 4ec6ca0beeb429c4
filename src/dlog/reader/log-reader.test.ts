import assert from 'node:assert/strict';
import { seededRandom, silentLog } from '../../base/index.ts';
import { committed, LogFixture, opened, readAll, texts, turns } from '../../testing/dlog/log-fixture.ts';
import { DistributedLog, LogPush, type LogWriter, type ReadFrom } from '../index.ts';

const stream = 'ns/s';
const bytes = (text: string): Buffer => Buffer.from(text);

describe('a log reader', () => {
  let fixture: LogFixture;
  let log: DistributedLog;
  let writer: LogWriter;

  beforeEach(async () => {
    fixture = new LogFixture();
    log = fixture.process();
    await log.createStream(stream);
    await log.createStream('ns/large');
    writer = await opened(log, stream, { rollBytes: 400 });
  });
  afterEach(() => writer.close());

  async function append(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      fixture.clock.advance(100);
      await committed(writer.append(bytes(`r${index}`), index * 10));
    }
  }

  async function readFrom(from: ReadFrom, process = log): Promise<string[]> {
    const reader = await process.openReader(stream, from);
    const records = await readAll(reader);
    await reader.close();
    return texts(records);
  }

  const names = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `r${from + index}`);

  it('begins at a position, a transaction id or a time, in any segment', async () => {
    const startMs = fixture.clock.nowMs();
    await append(0, 20);
    assert.ok(writer.end.lssn > 3);
    const reader = await log.openReader(stream, 'earliest');
    const all = await readAll(reader);
    await reader.close();
    for (const isReopened of [false, true]) {
      if (isReopened) await writer.close();
      for (const at of [0, 1, 7, 13, 19]) {
        assert.deepEqual(await readFrom({ dlsn: all[at]! }), names(at, 20));
        assert.deepEqual(await readFrom({ transactionId: at * 10 }), names(at, 20));
        assert.deepEqual(await readFrom({ transactionId: at * 10 - 9 }), names(at, 20));
        assert.deepEqual(await readFrom({ timeMs: startMs + (at + 1) * 100 }), names(at, 20));
      }
    }
  });

  it('begins at the first record of a transaction id within an entry', async () => {
    await committed(writer.appendBatch(['a', 'b', 'c', 'd'].map(bytes), [5, 7, 7, 9]));
    assert.deepEqual(await readFrom({ transactionId: 6 }), ['b', 'c', 'd']);
    assert.deepEqual(await readFrom({ dlsn: { lssn: 1, entry: 0, slot: 2 } }), ['c', 'd']);
  });

  it('waits for a transaction id that is yet to come', async () => {
    const reader = await log.openReader(stream, { transactionId: 20 });
    assert.equal((await reader.read()).kind, 'idle');
    await append(0, 4);
    assert.deepEqual(texts(await readAll(reader)), ['r2', 'r3']);
    await reader.close();
  });

  it('follows the tail from the latest record on, in this process and in another', async () => {
    await append(0, 3);
    await fixture.pause();
    const far = await fixture.process().openReader(stream, 'latest');
    assert.equal((await far.read()).kind, 'idle');
    const reader = await log.openReader(stream, 'latest');
    assert.equal((await reader.read()).kind, 'idle');
    const waiting = reader.read({ waitMs: 1000 });
    await append(3, 4);
    const result = await waiting;
    assert(result.kind === 'records');
    assert.deepEqual(texts(result.records), ['r3']);
    await fixture.pause();
    assert.deepEqual(texts(await readAll(far)), ['r3']);
    await far.close();
    await reader.close();
  });

  it('never reads what is not committed, in another process either', async () => {
    const far = await fixture.process().openReader(stream, 'earliest');
    await append(0, 1);
    assert.equal((await far.read()).kind, 'idle');
    await append(1, 2);
    assert.deepEqual(texts(await readAll(far)), ['r0']);
    await far.close();
    let during = 0;
    fixture.disk.fault = (call) => {
      if (call === 'dataSync') during += 1;
      return undefined;
    };
    const near = await log.openReader(stream, 'latest');
    const outcome = writer.append(bytes('x'), 1000);
    while (during === 0) {
      assert.equal((await near.read()).kind, 'idle');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await committed(outcome);
    assert.deepEqual(texts(await readAll(near)), ['x']);
    await near.close();
  });

  it('sees the last record in another process when the writer goes idle', async () => {
    const far = await fixture.process().openReader(stream, 'earliest');
    await append(0, 1);
    await fixture.pause();
    assert.deepEqual(texts(await readAll(far)), ['r0']);
    await far.close();
  });

  it('is notified of a truncation once, and continues from there', async () => {
    await append(0, 20);
    const reader = await log.openReader(stream, 'earliest');
    const all = await readAll(reader);
    await reader.close();
    const late = await log.openReader(stream, { dlsn: all[2]! });
    const { lssn, entry, slot } = all[15]!;
    assert.deepEqual(await log.truncate(stream, { lssn, entry, slot }), { lssn, entry, slot });
    const moved = await late.read();
    assert.deepEqual(moved, {
      kind: 'moved',
      from: { lssn: all[2]!.lssn, entry: all[2]!.entry, slot: 0 },
      to: { lssn, entry, slot },
    });
    assert.deepEqual(texts(await readAll(late)), names(15, 20));
    await late.close();
    assert.deepEqual(await readFrom('earliest'), names(15, 20));
    assert.deepEqual(await readFrom({ transactionId: 0 }), names(15, 20));
  });

  it('continues from the storage after it fell behind the newest entries in memory', async () => {
    const large = await opened(log, 'ns/large', { durability: 'os' });
    const reader = await log.openReader('ns/large', 'earliest');
    const found: number[] = [];
    const read = async (recordsMax: number): Promise<void> => {
      const result = await reader.read({ recordsMax, bytesMax: 1 });
      assert(result.kind === 'records');
      found.push(...result.records.map(({ payload }) => payload[0]!));
    };
    for (let index = 0; index < 30; index++) {
      await committed(large.append(Buffer.alloc(512 * 1024, index)));
      if (index < 3) await read(1);
    }
    while (found.length < 30) await read(10);
    assert.deepEqual(
      found,
      Array.from({ length: 30 }, (_, index) => index),
    );
    await reader.close();
    await large.close();
  });

  it('asks the storage no more than it polls while the writer is of its own process', async () => {
    const large = await opened(log, 'ns/large', { durability: 'os' });
    const reader = await log.openReader('ns/large', 'earliest');
    let asked = 0;
    const append = async (index: number): Promise<void> => {
      const reading = reader.read({ waitMs: 1000 });
      await committed(large.append(bytes(`r${index}`)));
      const result = await reading;
      assert(result.kind === 'records');
      assert.deepEqual(texts(result.records), [`r${index}`]);
    };
    await append(0);
    fixture.disk.fault = (call) => {
      if (call === 'read') asked += 1;
      return undefined;
    };
    for (let index = 1; index < 50; index++) await append(index);
    assert.ok(asked <= 3, `${asked} reads`);
    await reader.close();
    await large.close();
  });

  it('ends where the stream ends, as often as it is asked', async () => {
    await append(0, 2);
    await writer.endStream();
    const reader = await log.openReader(stream, 'earliest');
    assert.deepEqual(texts(await readAll(reader)), names(0, 2));
    assert.equal((await reader.read()).kind, 'end');
    assert.equal((await reader.read({ waitMs: 1000 })).kind, 'end');
    await reader.close();
  });

  it('rejects rather than skip a segment that is missing or damaged', async () => {
    await append(0, 20);
    const reader = await log.openReader(stream, 'earliest');
    await fixture.storage.removeSegment(stream, 2);
    await assert.rejects(readAll(reader), { code: 'LOG_GAP' });
    await reader.close();
    const other = await log.openReader(stream, { dlsn: { lssn: 3, entry: 0, slot: 0 } });
    fixture.disk.flipBit(`/log/${stream}/segments/0000000000000003.log`, 64 * 8 + 300);
    await assert.rejects(readAll(other), { code: 'SEGMENT_CORRUPT' });
    await other.close();
  });

  it('stays before an entry whose records cannot be read, as often as it is asked', async () => {
    await append(0, 3);
    await fixture.pause();
    const { clock, store, storage } = fixture;
    const openSegment = storage.openSegment.bind(storage);
    storage.openSegment = async (...where) => {
      const segment = await openSegment(...where);
      const read = segment.read.bind(segment);
      segment.read = async (...range) =>
        (await read(...range)).map((each) => (each.entry === 1 ? { ...each, plainBytes: 1 } : each));
      return segment;
    };
    const other = new DistributedLog({ storage, store, clock, random: seededRandom(7), log: silentLog });
    const reader = await other.openReader(stream, 'earliest');
    const first = await reader.read();
    assert.deepEqual(first.kind === 'records' && texts(first.records), ['r0']);
    await assert.rejects(reader.read(), { code: 'SEGMENT_CORRUPT' });
    await assert.rejects(reader.read(), { code: 'SEGMENT_CORRUPT' });
    await reader.close();
  });

  it('says how long it has seen nothing, and rejects when that is too long', async () => {
    const reader = await log.openReader(stream, 'latest', { idleErrorMs: 5000 });
    fixture.clock.advance(4000);
    assert.deepEqual(await reader.read(), { kind: 'idle', idleForMs: 4000 });
    fixture.clock.advance(1000);
    await assert.rejects(reader.read(), { code: 'READER_IDLE' });
    await reader.close();
  });

  it('stops waiting when it is aborted', async () => {
    const reader = await log.openReader(stream, 'latest');
    const abort = new AbortController();
    const waiting = reader.read({ waitMs: 60_000, signal: abort.signal });
    abort.abort();
    await assert.rejects(waiting, { code: 'ABORTED' });
    await reader.close();
    await reader.close();
  });

  it('gives no more records than asked for, and knows where it is', async () => {
    await committed(writer.appendBatch(['a', 'b', 'c'].map(bytes), [1, 2, 3]));
    const reader = await log.openReader(stream, 'earliest');
    for (const [slot, text] of ['a', 'b', 'c'].entries()) {
      const result = await reader.read({ recordsMax: 1 });
      assert(result.kind === 'records');
      assert.deepEqual(texts(result.records), [text]);
      assert.deepEqual(
        reader.next,
        slot === 2 ? { lssn: 1, entry: 1, slot: 0 } : { lssn: 1, entry: 0, slot: slot + 1 },
      );
    }
    await reader.close();
  });

  it('pushes as many as it was given credits for', async () => {
    const reader = await log.openReader(stream, 'earliest');
    const seen: string[] = [];
    const push = new LogPush(reader, (result) => {
      if (result.kind === 'records') seen.push(...texts(result.records));
    });
    const running = push.run(new AbortController().signal);
    await append(0, 5);
    await turns();
    assert.deepEqual(seen, []);
    push.grant(2);
    await turns();
    assert.deepEqual(seen, names(0, 2));
    push.grant(100);
    await writer.endStream();
    await running;
    assert.deepEqual(seen, names(0, 5));
    await reader.close();
  });

  it('stops pushing when it is aborted', async () => {
    const reader = await log.openReader(stream, 'earliest');
    const abort = new AbortController();
    const running = new LogPush(reader, () => undefined).run(abort.signal);
    abort.abort();
    await assert.rejects(running, { code: 'ABORTED' });
    await reader.close();
  });
});
