import assert from 'node:assert/strict';
import { committed, LogFixture, opened, readAll, texts, turns } from '../../testing/dlog/log-fixture.ts';
import type { AppendOutcome, DistributedLog, LogWriter } from '../index.ts';

const stream = 'ns/s';
const bytes = (text: string): Buffer => Buffer.from(text);

describe('a log writer', () => {
  let fixture: LogFixture;
  let log: DistributedLog;
  let writer: LogWriter;

  beforeEach(async () => {
    fixture = new LogFixture();
    log = fixture.process();
    await log.createStream(stream);
    writer = await opened(log, stream);
  });
  afterEach(() => writer.close());

  async function contents(): Promise<string[]> {
    await fixture.pause();
    const reader = await log.openReader(stream, 'earliest');
    const records = await readAll(reader);
    assert.deepEqual(
      records.map((record) => record.sequenceId),
      records.map((_, index) => (records[0]?.sequenceId ?? 0) + index),
    );
    await reader.close();
    return texts(records);
  }

  it('acknowledges in order, with positions that grow, and with what the acknowledgement means', async () => {
    const order: number[] = [];
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const outcome = await committed(writer.append(bytes(`r${index}`), index));
        order.push(index);
        return outcome;
      }),
    );
    assert.deepEqual(order, [...order.keys()]);
    for (const [index, { dlsn, durability, count }] of outcomes.entries()) {
      assert.deepEqual([dlsn, durability, count], [{ lssn: 1, entry: 0, slot: index }, 'fsync', 1]);
    }
    assert.deepEqual(
      await contents(),
      outcomes.map((_, index) => `r${index}`),
    );
  });

  it('writes what gathered during one sync as the next entry', async () => {
    let syncs = 0;
    fixture.disk.fault = (call) => {
      if (call === 'dataSync') syncs += 1;
      return undefined;
    };
    const first = writer.append(bytes('a'));
    await new Promise((resolve) => setImmediate(resolve));
    const others = ['b', 'c', 'd'].map((text) => writer.append(bytes(text)));
    await Promise.all([first, ...others]);
    assert.equal(syncs, 2);
    assert.equal((await committed(others[2]!)).dlsn.slot, 2);
  });

  it('refuses transaction ids that go back, in a batch too, and writes nothing of it', async () => {
    await committed(writer.append(bytes('a'), 10));
    const reasons = await Promise.all([
      writer.append(bytes('b'), 9),
      writer.append(bytes('b'), 10.5),
      writer.appendBatch([bytes('b'), bytes('c')], [12, 11]),
    ]);
    for (const outcome of reasons)
      assert.deepEqual(outcome, { kind: 'refused', reason: 'transaction-out-of-order' });
    await committed(writer.append(bytes('d'), 10));
    assert.deepEqual(await contents(), ['a', 'd']);
  });

  it('never goes back with the ids it gives itself, whatever the clock does', async () => {
    await committed(writer.append(bytes('a'), fixture.clock.nowMs() + 5000));
    const { lastTransactionId } = await committed(writer.append(bytes('b')));
    assert.equal(lastTransactionId, fixture.clock.nowMs() + 5000);
  });

  it('refuses what is too large and what does not fit into the queue', async () => {
    await writer.close();
    writer = await opened(log, stream, {
      recordBytesMax: 10,
      batchBytesMax: 15,
      queueRecordsMax: 3,
      queueBytesMax: 20,
    });
    assert.deepEqual(await writer.append(Buffer.alloc(11)), { kind: 'refused', reason: 'too-large' });
    assert.deepEqual(await writer.appendBatch([Buffer.alloc(8), Buffer.alloc(8)]), {
      kind: 'refused',
      reason: 'too-large',
    });
    const many = Array.from({ length: 5 }, () => writer.append(Buffer.alloc(1)));
    const large = writer.append(Buffer.alloc(10));
    const kinds = (await Promise.all([...many, large])).map((outcome) => outcome.kind);
    assert.deepEqual(kinds, ['committed', 'committed', 'committed', 'refused', 'refused', 'refused']);
    assert.deepEqual(await many[3], { kind: 'refused', reason: 'queue-full' });
    await committed(writer.append(Buffer.alloc(10)));
  });

  it('keeps a batch in one entry', async () => {
    await writer.close();
    writer = await opened(log, stream, { groupRecordsMax: 4 });
    const batches = await Promise.all(
      [3, 2, 4, 1].map((count) =>
        committed(writer.appendBatch(Array.from({ length: count }, () => bytes('x')))),
      ),
    );
    for (const { dlsn, count } of batches) assert.ok(dlsn.slot + count <= 4);
    assert.equal(new Set(batches.map(({ dlsn }) => `${dlsn.entry}:${dlsn.slot}`)).size, 4);
    assert.equal((await contents()).length, 10);
  });

  it('copies what it is given', async () => {
    const payload = bytes('kept');
    const outcome = writer.append(payload);
    payload.fill(0);
    await committed(outcome);
    assert.deepEqual(await contents(), ['kept']);
  });

  it('compresses when configured to', async () => {
    await writer.close();
    writer = await opened(log, stream, { compression: 'snappy' });
    await committed(writer.append(Buffer.alloc(100_000, 'a')));
    await writer.close();
    const [, second] = await fixture.storage.segments(stream);
    writer = await opened(log, stream);
    assert.equal(second!.sealed, undefined);
    assert.ok((await fixture.storage.segments(stream))[1]!.sealed!.seal.bytes < 10_000);
    assert.equal((await contents())[0]!.length, 100_000);
  });

  it('rolls by size and by age, and numbers on', async () => {
    await writer.close();
    writer = await opened(log, stream, { rollBytes: 500, rollAfterMs: 60_000 });
    for (let index = 0; index < 10; index++) await committed(writer.append(Buffer.alloc(100, `${index}`)));
    const bySize = writer.end.lssn;
    assert.ok(bySize > 3, `${bySize} segments`);
    fixture.clock.advance(60_000);
    await committed(writer.append(bytes('x')));
    assert.equal(writer.end.lssn, bySize + 1);
    assert.equal((await contents()).length, 11);
    const listed = await log.segments(stream);
    assert.deepEqual(
      listed.map(({ lssn, isSealed }) => [lssn, isSealed]),
      listed.map((_, index) => [index + 1, index + 1 < listed.length]),
    );
  });

  it('rolls an old segment although no client appends', async () => {
    await writer.close();
    writer = await opened(log, stream, { rollAfterMs: 1000, leaseTtlMs: 3000 });
    await committed(writer.append(bytes('x')));
    const { lssn } = writer.end;
    fixture.clock.advance(2000);
    await turns();
    assert.equal(writer.end.lssn, lssn + 1);
  });

  it('tells the reason of a storage error as unknown, and refuses all behind it', async () => {
    const before = await committed(writer.append(bytes('before')));
    assert.equal(before.dlsn.entry, 0);
    let second: Promise<AppendOutcome> | undefined;
    fixture.disk.fault = (call) => {
      if (call !== 'dataSync') return undefined;
      second = writer.append(bytes('behind'));
      return 'EIO';
    };
    const first = writer.append(bytes('lost?'));
    const outcome = await first;
    assert(outcome.kind === 'unknown', outcome.kind);
    assert.equal(outcome.error.code, 'SEGMENT_POISONED');
    const refusal = await second!;
    assert(refusal.kind === 'refused' && refusal.reason === 'not-writable');
    fixture.disk.fault = () => undefined;
    assert.equal((await writer.append(bytes('later'))).kind, 'refused');
    assert.equal(writer.state, 'failed');
    await writer.close();
    writer = await opened(log, stream);
    await committed(writer.append(bytes('after')));
    const found = await contents();
    assert.deepEqual(
      found.filter((text) => text !== 'lost?'),
      ['before', 'after'],
    );
  });

  it('is fenced off by the next owner, whatever it believes', async () => {
    await committed(writer.append(bytes('mine')));
    await fixture.store.removeAll('');
    const other = await opened(fixture.process(), stream);
    await committed(other.append(bytes('theirs')));
    const outcome = await writer.append(bytes('late'));
    assert(outcome.kind === 'unknown' && outcome.error.code === 'SEGMENT_FENCED');
    assert.equal(writer.state, 'failed');
    assert.deepEqual(await contents(), ['mine', 'theirs']);
    await other.close();
  });

  it('does not open while another owner has the lease, and says where that one is', async () => {
    await writer.close();
    writer = await opened(log, stream, { address: 'host:1', leaseTtlMs: 3000 });
    const result = await fixture.process().openWriter(stream);
    assert.deepEqual(result, { kind: 'owned', address: 'host:1', remainingMs: 3000 });
  });

  it('keeps its lease while it lives, and gives it back', async () => {
    for (let tick = 0; tick < 10; tick++) {
      fixture.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await fixture.process().openWriter(stream)).kind, 'owned');
    await writer.close();
    const other = await opened(fixture.process(), stream);
    await other.close();
  });

  it('stops when another has its lease', async () => {
    await fixture.store.removeAll('');
    await fixture.store.holdLease(`dlog/${stream}/lease`, 'other', 60_000, null);
    fixture.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
    const outcome = await writer.append(bytes('x'));
    assert(outcome.kind === 'refused' && outcome.error?.code === 'LEASE_LOST');
  });

  it('continues while the state store is away', async () => {
    fixture.store.setAway(true);
    fixture.clock.advance(60_000);
    await committed(writer.append(bytes('x')));
    fixture.store.setAway(false);
  });

  it('finds an epoch above the promise of the storage, when the state store went back', async () => {
    await writer.close();
    await fixture.storage.fence({ stream, epoch: 9_000_000_000, token: 'ffffffffffffffff' });
    writer = await opened(log, stream);
    assert.equal(writer.epoch, 9_000_000_001);
    await committed(writer.append(bytes('x')));
  });

  it('ends the stream permanently', async () => {
    const last = writer.append(bytes('last'));
    assert.equal(await writer.endStream(), true);
    await committed(last);
    assert.equal(await writer.endStream(), true);
    assert.equal((await writer.append(bytes('more'))).kind, 'refused');
    await writer.close();
    assert.deepEqual(await log.openWriter(stream), { kind: 'ended' });
    assert.deepEqual(await fixture.process().openWriter(stream), { kind: 'ended' });
    assert.deepEqual(await contents(), ['last']);
  });

  it('does not take for ended what another owner has sealed meanwhile', async () => {
    await writer.close();
    const { storage } = fixture;
    const createSegment = storage.createSegment.bind(storage);
    // Another owner came between this owner's check of its promise and its seal, and was faster.
    storage.createSegment = async (...args) => {
      const appender = await createSegment(...args);
      const seal = appender.seal.bind(appender);
      appender.seal = async (wanted) => seal({ ...wanted, epoch: wanted.epoch + 1, isEndOfStream: false });
      return appender;
    };
    writer = await opened(log, stream);
    await committed(writer.append(bytes('one')));
    assert.equal(await writer.endStream(), false);
    assert.equal(writer.fault?.code, 'SEGMENT_FENCED');
  });

  it('carries numbers over from owner to owner', async () => {
    await committed(writer.append(bytes('a'), 100));
    await writer.close();
    writer = await opened(fixture.process(), stream);
    assert.equal(writer.lastTransactionId, 100);
    assert.equal((await writer.append(bytes('b'), 99)).kind, 'refused');
    const { dlsn } = await committed(writer.append(bytes('b'), 100));
    assert.deepEqual(dlsn, { lssn: 2, entry: 0, slot: 0 });
    assert.deepEqual(await contents(), ['a', 'b']);
  });

  it('refuses to continue after a missing segment', async () => {
    for (let owner = 0; owner < 3; owner++) {
      await committed(writer.append(bytes('x')));
      await writer.close();
      writer = await opened(log, stream);
    }
    await writer.close();
    await fixture.storage.removeSegment(stream, 2);
    await assert.rejects(log.openWriter(stream), { code: 'LOG_GAP' });
  });

  it('refuses a durability that the storage cannot give, and a stream that is not there', async () => {
    await assert.rejects(log.openWriter(stream, { durability: 'replicated' }), {
      code: 'DURABILITY_UNSUPPORTED',
    });
    await assert.rejects(log.openWriter('ns/none'), { code: 'STREAM_UNKNOWN' });
  });

  for (const durability of ['memory', 'os'] as const)
    it(`names durability ${durability} in its acknowledgements`, async () => {
      await writer.close();
      writer = await opened(log, stream, { durability });
      const outcome = await committed(writer.append(bytes('x')));
      assert.equal(outcome.durability, durability);
      await writer.drain();
      assert.deepEqual(await contents(), ['x']);
    });

  it('drains and closes, twice without harm', async () => {
    const outcome = writer.append(bytes('x'));
    await Promise.all([writer.close(), writer.close()]);
    await committed(outcome);
    assert.equal((await writer.append(bytes('y'))).kind, 'refused');
    await writer.close();
  });
});
