import assert from 'node:assert/strict';
import { committed, LogFixture, opened, readAll, texts, turns } from '../testing/dlog/log-fixture.ts';
import type { DistributedLog, LogWriter } from './index.ts';
import { firstKept } from './retention.ts';

const stream = 'ns/s';

describe('the distributed log', () => {
  let fixture: LogFixture;
  let log: DistributedLog;
  let writer: LogWriter;

  beforeEach(async () => {
    fixture = new LogFixture();
    log = fixture.process();
    await log.createStream(stream, { owner: 'me' });
    writer = await opened(log, stream, { rollBytes: 400, leaseTtlMs: 600_000 });
  });
  afterEach(() => writer.close());

  async function append(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++) {
      fixture.clock.advance(1000);
      await committed(writer.append(Buffer.from(`r${index}`), index * 10));
    }
  }

  async function contents(): Promise<string[]> {
    const reader = await log.openReader(stream, 'earliest');
    const records = await readAll(reader);
    await reader.close();
    return texts(records);
  }

  it('lists, keeps settings of, and deletes streams', async () => {
    assert.equal(await log.createStream(stream), 'exists');
    assert.deepEqual(await log.settings(stream), { owner: 'me' });
    assert.deepEqual(await log.streams('ns'), [stream]);
    await append(0, 1);
    assert.equal(await log.deleteStream(stream), true);
    assert.equal(await log.deleteStream(stream), false);
    const outcome = await writer.append(Buffer.from('x'), 10);
    assert(outcome.kind === 'unknown' && outcome.error.code === 'SEGMENT_FENCED');
    await assert.rejects(log.openReader(stream, 'earliest'), { code: 'STREAM_UNKNOWN' });
    assert.deepEqual(await fixture.store.list('dlog/'), []);
  });

  it('cuts off only what is committed, and removes the segments below', async () => {
    await append(0, 20);
    const tail = await log.tail(stream);
    assert.deepEqual(tail, writer.end);
    await assert.rejects(log.truncate(stream, { ...tail, entry: tail.entry + 1 }), {
      code: 'STREAM_INVALID',
    });
    const at = { lssn: 3, entry: 1, slot: 0 };
    assert.deepEqual(await log.truncate(stream, at), at);
    assert.deepEqual(await log.truncate(stream, { lssn: 2, entry: 0, slot: 0 }), at);
    assert.equal((await fixture.storage.segments(stream))[0]!.header.lssn, 3);
    await turns();
    assert.equal((await log.segments(stream))[0]!.lssn, 3);
    const kept = await contents();
    assert.deepEqual([kept.length < 20, kept.at(-1)], [true, 'r19']);
  });

  it('cuts off nothing when the mark cannot be kept', async () => {
    await append(0, 20);
    fixture.disk.fault = (call, path) => (call === 'link' && path.includes('/marks/') ? 'EIO' : undefined);
    await assert.rejects(log.truncate(stream, { lssn: 3, entry: 0, slot: 0 }), { code: 'EIO' });
    fixture.disk.fault = () => undefined;
    assert.equal((await contents()).length, 20);
  });

  it('opens again after everything that may go was cut off, and counts on', async () => {
    await append(0, 5);
    await log.truncate(stream, await log.tail(stream));
    assert.deepEqual(await contents(), []);
    await writer.close();
    writer = await opened(log, stream);
    await append(5, 6);
    const reader = await log.openReader(stream, 'earliest');
    const records = await readAll(reader);
    assert.deepEqual(
      records.map((record) => [record.payload.toString(), record.sequenceId]),
      [['r5', 5]],
    );
    await reader.close();
  });

  it('retains by age and by size, whole segments and never the last', async () => {
    await append(0, 20);
    const before = await fixture.storage.segments(stream);
    assert.equal(await log.retain(stream, { ageMs: 3_600_000 }), undefined);
    const [first] = before;
    const ageMs = fixture.clock.nowMs() - first!.sealed!.seal.sealedAtMs;
    assert.deepEqual(await log.retain(stream, { ageMs }), { lssn: 2, entry: 0, slot: 0 });
    const bytesMax = before.at(-2)!.sealed!.seal.bytes;
    const lssn = before.at(-2)!.header.lssn;
    assert.deepEqual(await log.retain(stream, { bytesMax }), { lssn, entry: 0, slot: 0 });
    await writer.close();
    fixture.clock.advance(1000);
    assert.equal(firstKept([], { ageMs: 0 }, 0), undefined);
    const kept = await log.retain(stream, { bytesMax: 0 });
    assert.equal((await fixture.storage.segments(stream)).length, 1);
    assert.equal(kept!.lssn, before.at(-1)!.header.lssn);
  });

  it('makes the list of segments again from the storage', async () => {
    await append(0, 20);
    await turns();
    assert.equal(await log.rebuild(stream), 0);
    const listed = await log.segments(stream);
    await fixture.store.removeAll('');
    assert.deepEqual(await log.segments(stream), []);
    assert.equal(await log.rebuild(stream), listed.length);
    assert.deepEqual(await log.segments(stream), listed);
    await fixture.store.remove(`dlog/${stream}/segments/0000000000000002`);
    await fixture.store.put(`dlog/${stream}/segments/0000000000000099`, { ...listed[0]!, lssn: 99 });
    await fixture.store.put(`dlog/${stream}/segments/0000000000000001`, { ...listed[0]!, isSealed: false });
    assert.equal(await log.rebuild(stream), 3);
    assert.deepEqual(await log.segments(stream), listed);
  });

  it('continues with an empty state store, and with one restored from an older snapshot', async () => {
    const back = fixture.store.snapshot();
    await append(0, 3);
    await fixture.store.removeAll('');
    await append(3, 6);
    await writer.close();
    writer = await opened(fixture.process(), stream);
    await append(6, 9);
    back();
    fixture.clock.advance(200_000);
    await turns();
    await writer.close();
    assert.equal((await log.openWriter(stream)).kind, 'owned');
    fixture.clock.advance(600_000);
    writer = await opened(log, stream);
    await append(9, 12);
    assert.equal((await contents()).length, 12);
  });
});

describe('a subscriber’s position', () => {
  let fixture: LogFixture;
  let log: DistributedLog;
  const of = (generation: number) => ({ stream, subscriber: 'sub', generation });
  const at = (entry: number) => ({ lssn: 1, entry, slot: 0 });

  beforeEach(async () => {
    fixture = new LogFixture();
    log = fixture.process();
    await log.createStream(stream);
  });

  it('goes only forwards', async () => {
    const { generation, next } = await log.subscribers.takeOver(stream, 'sub', 'a');
    assert.equal(next, undefined);
    assert.deepEqual(await log.subscribers.advance(of(generation), at(5)), { kind: 'advanced', next: at(5) });
    assert.deepEqual(await log.subscribers.advance(of(generation), at(3)), { kind: 'advanced', next: at(5) });
    assert.deepEqual(await log.subscribers.position(stream, 'sub'), { generation, member: 'a', next: at(5) });
    assert.equal(await log.subscribers.position(stream, 'other'), undefined);
  });

  it('is moved only by the member of the newest generation', async () => {
    const first = await log.subscribers.takeOver(stream, 'sub', 'a');
    await log.subscribers.advance(of(first.generation), at(5));
    const second = await log.subscribers.takeOver(stream, 'sub', 'b');
    assert.deepEqual(second.next, at(5));
    assert.deepEqual(await log.subscribers.advance(of(first.generation), at(9)), {
      kind: 'stale',
      generation: second.generation,
    });
    await log.subscribers.advance(of(second.generation), at(6));
    assert.deepEqual((await log.subscribers.position(stream, 'sub'))!.next, at(6));
  });

  it('is one generation for each of those who take over at once', async () => {
    const all = await Promise.all(
      ['a', 'b', 'c'].map((member) => log.subscribers.takeOver(stream, 'sub', member)),
    );
    assert.equal(new Set(all.map(({ generation }) => generation)).size, 3);
  });

  it('moves forwards and backwards, and makes the previous reader stale', async () => {
    const writer = await opened(log, stream);
    for (let index = 0; index < 3; index++) {
      fixture.clock.advance(1000);
      await committed(writer.append(Buffer.from(`r${index}`)));
    }
    const { generation } = await log.subscribers.takeOver(stream, 'sub', 'a');
    await log.subscribers.advance(of(generation), at(3));
    assert.deepEqual(await log.moveSubscriber(stream, 'sub', 'earliest'), at(0));
    assert.equal((await log.subscribers.advance(of(generation), at(3))).kind, 'stale');
    assert.deepEqual((await log.subscribers.takeOver(stream, 'sub', 'b')).next, at(0));
    assert.deepEqual(await log.moveSubscriber(stream, 'sub', 'latest'), at(3));
    assert.deepEqual(
      await log.moveSubscriber(stream, 'sub', { timeMs: fixture.clock.nowMs() - 1000 }),
      at(1),
    );
    assert.equal((await log.subscribers.position(stream, 'sub'))!.member, '');
    await assert.rejects(
      log.moveSubscriber(stream, 'sub', { dlsn: at(4) }),
      /has records from 1:0:0 to 1:3:0: 1:4:0 is not/,
    );
    await log.truncate(stream, at(2));
    await assert.rejects(log.moveSubscriber(stream, 'sub', { dlsn: at(1) }), { code: 'STREAM_INVALID' });
    assert.deepEqual((await log.subscribers.position(stream, 'sub'))!.next, at(1));
    await writer.close();
  });

  it('outlives the state store, and stale members stay stale', async () => {
    const first = await log.subscribers.takeOver(stream, 'sub', 'a');
    await log.subscribers.advance(of(first.generation), at(5));
    const second = await log.subscribers.takeOver(stream, 'sub', 'b');
    await log.subscribers.advance(of(second.generation), at(7));
    await fixture.store.removeAll('');
    assert.equal((await log.subscribers.advance(of(first.generation), at(9))).kind, 'stale');
    const third = await log.subscribers.takeOver(stream, 'sub', 'c');
    assert.deepEqual(third.next, at(7));
    assert.ok(third.generation > second.generation);
  });
});
