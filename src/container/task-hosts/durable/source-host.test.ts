import assert from 'node:assert/strict';
import { seededRandom, silentLog } from '../../../base/index.ts';
import { DistributedLog, type LogRecord } from '../../../dlog/index.ts';
import { committed, LogFixture, opened, readAll, turns } from '../../../testing/dlog/log-fixture.ts';
import { LogHostsRig, type RigOptions, type SentTuple } from '../../../testing/log-hosts.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import {
  DataFrameCursor,
  DataFrameWriter,
  fieldsGroupingIndex,
  type JavaValue,
  RecordSplitter,
  readBatch,
} from '../../../tuple/index.ts';
import type { LogSinkHost } from './sink-host.ts';
import type { LogSourceHost } from './source-host.ts';

const stream = 'topology-words/a.default.0';
const subscriber = 'topology';
/** One record each. */
const words = (...list: string[]): JavaValue[][] => list.map((word) => [word, null]);
const wordsOf = (tuples: readonly SentTuple[]): JavaValue[] => tuples.map(({ values }) => values[0]!);

async function recordsIn(log: DistributedLog, name: string): Promise<readonly LogRecord[]> {
  const reader = await log.openReader(name, 'earliest');
  const records = await readAll(reader);
  await reader.close();
  return records;
}

const errorsOf = (rig: LogHostsRig): string[] =>
  rig.reports.flatMap((each) => (each.type === 'error' ? [each.record.error] : []));

/** The record of one tuple: this word and null. */
function wholeRecord(word: string): Buffer {
  let record: Buffer = Buffer.alloc(0);
  const writer = new DataFrameWriter({ target: 1, source: 1, stream: 1 }, (buffer, start, end) => {
    const cursor = new DataFrameCursor();
    cursor.open(buffer, start, end);
    ({ record } = readBatch(cursor, end - start, 0));
  });
  writer.beginTuple(0);
  writer.values.writeAll([word, null]);
  writer.endTuple();
  writer.flush();
  return record;
}

describe('the source of a durable stream', () => {
  let rig: LogHostsRig;
  afterEach(() => rig.stop());

  async function withRecords(options: RigOptions, ...records: JavaValue[][][]): Promise<LogSinkHost> {
    rig = new LogHostsRig(options);
    const sink = await rig.sink();
    for (const tuples of records) {
      rig.emit(sink, tuples);
      await rig.pass(20);
    }
    rig.sent.length = 0;
    return sink;
  }

  const position = async (): Promise<number | undefined> =>
    (await rig.log.subscribers.position(stream, subscriber))?.next?.entry;

  /** Acks each of these trees. */
  function ack(source: LogSourceHost, tuples: readonly SentTuple[]): void {
    for (const { root } of tuples) rig.answer(source, '__ack_ack', root!);
  }

  it("emits what the log has as the producer's, by the consumers' groupings", async () => {
    await withRecords({}, words('one', 'two'), words('three'));
    await rig.source();
    const tuples = rig.taken('default');
    assert.deepEqual(wordsOf(tuples), ['one', 'two', 'three']);
    for (const { source, target, values } of tuples) {
      assert.equal(source, 'a/0');
      assert.equal(target, `b/${fieldsGroupingIndex(values, 3, [0])}`);
    }
    const inits = rig.taken('__ack_init');
    assert.deepEqual(
      new Set(inits.map(({ source, target }) => `${source} ${target}`)),
      new Set(['__dlog_source_a.default/0 __acker/0']),
    );
    const spoutTasks = inits.map(({ values }) => (values[2] as { readonly value: number }).value);
    assert.deepEqual(new Set(spoutTasks), new Set([rig.taskOf('__dlog_source_a.default/0')]));
    const hex = (value: JavaValue): string =>
      BigInt.asUintN(64, (value as { readonly value: bigint }).value)
        .toString(16)
        .padStart(16, '0');
    assert.deepEqual(
      inits.map(({ values }) => [hex(values[0]!), hex(values[1]!)]),
      tuples.map(({ root, edge }) => [root, edge]),
      'the acker receives the root and the edge of each tuple',
    );
  });

  it('sends one edge to each task where all take a tuple', async () => {
    await withRecords({ grouping: { kind: 'all' } }, words('one'));
    await rig.source();
    const tuples = rig.taken('default');
    assert.deepEqual(
      tuples.map(({ target }) => target),
      ['b/0', 'b/1', 'b/2'],
    );
    assert.equal(new Set(tuples.map(({ root }) => root)).size, 1);
    assert.equal(new Set(tuples.map(({ edge }) => edge)).size, 3);
  });

  it('moves its position on when trees are complete, record by record', async () => {
    await withRecords({}, words('one', 'two'), words('three'));
    const source = await rig.source();
    const [one, two, three] = rig.taken('default');
    const start = await position();
    ack(source, [three!, one!]);
    await rig.pass(300);
    assert.equal(await position(), start);
    ack(source, [two!]);
    await rig.pass(300);
    assert.notEqual(await position(), start);
  });

  it('resumes after a restart at its position, with the tuples that were not complete', async () => {
    await withRecords({}, words('one'), words('two', 'three'));
    const first = await rig.source();
    const tuples = rig.taken('default');
    ack(first, [tuples[0]!, tuples[1]!]);
    await rig.end(first);
    await rig.source();
    assert.deepEqual(wordsOf(rig.taken('default')), ['two', 'three']);
  });

  it('emits a tuple again that failed, and one whose time is over', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source();
    const [tuple] = rig.taken('default');
    rig.answer(source, '__ack_fail', tuple!.root!);
    const [again] = rig.taken('default');
    assert.deepEqual([again!.values[0], again!.root === tuple!.root], ['one', false]);
    await rig.pass(61_000);
    assert.deepEqual(wordsOf(rig.taken('default')), ['one']);
  }).timeout(20_000);

  it('ignores an ack of a tree whose tuple it has emitted again', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source();
    const [tuple] = rig.taken('default');
    rig.answer(source, '__ack_fail', tuple!.root!);
    const start = await position();
    ack(source, [tuple!]);
    await rig.pass(300);
    assert.equal(await position(), start);
    ack(source, rig.taken('default'));
    await rig.pass(300);
    assert.notEqual(await position(), start);
  });

  it('has no more tuples in flight than topology.max.spout.pending', async () => {
    await withRecords({ conf: { 'topology.max.spout.pending': 2 } }, words('one', 'two', 'three'));
    const source = await rig.source();
    const tuples = rig.taken('default');
    assert.deepEqual(wordsOf(tuples), ['one', 'two']);
    ack(source, [tuples[0]!]);
    assert.deepEqual(wordsOf(rig.taken('default')), ['three']);
  });

  it('reads no more than its window has bytes for, and a read more', async () => {
    const conf = { 'topology.egret.durable.window.max.bytes': 100_000 };
    const sink = await withRecords({ conf });
    for (let round = 0; round < 20; round++) {
      rig.emit(sink, [['x'.repeat(60_000), null]]);
      await rig.pass(20);
    }
    const source = await rig.source();
    const tuples = rig.taken('default');
    assert.ok(tuples.length >= 2 && tuples.length <= 7, `${tuples.length} of 20`);
    ack(source, tuples);
    await rig.pass(20);
    assert.ok(rig.taken('default').length > 0, 'room was made');
  });

  for (const status of ['INACTIVE', 'REBALANCING'] as const) {
    it(`emits nothing while the topology is ${status}`, async () => {
      await withRecords({}, words('one'));
      const source = await rig.source(0, status);
      assert.deepEqual(rig.taken('default'), []);
      rig.tell(source, 'ACTIVE');
      assert.deepEqual(wordsOf(rig.taken('default')), ['one']);
    });
  }

  it('emits while the topology is being killed, but not before its plan is complete', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source(0, 'INACTIVE');
    rig.tell(source, 'KILLED', false);
    assert.deepEqual(rig.taken('default'), []);
    rig.tell(source, 'KILLED');
    assert.deepEqual(wordsOf(rig.taken('default')), ['one']);
  });

  it('moves load-aware weights once a second, however many tasks report', async () => {
    const list = Array.from({ length: 300 }, (_, i) => `word ${i}`);
    await withRecords({ grouping: { kind: 'shuffle' } }, words(...list));
    const source = await rig.source(0, 'INACTIVE');
    const loads = [0, 1, 2].map((place) => [rig.taskOf(`b/${place}`), place / 2] as const);
    for (let reporter = 0; reporter < 20; reporter++) source.control({ type: 'loads', loads });
    await rig.pass(1000);
    rig.tell(source, 'ACTIVE');
    await rig.pass(1000);
    const received = rig.taken('default').filter(({ target }) => target === 'b/2').length;
    assert.ok(received > 50, `the fullest task got ${received} of 300 tuples after one second`);
  });

  it('waits while a task downstream is under pressure, and while its stream manager holds it', async () => {
    await withRecords({}, words('one'), words('two'));
    const source = await rig.source(0, 'INACTIVE');
    const report = (tasks: readonly number[]): void =>
      source.control({ type: 'pressure', reporter: 'container-1', tasks });
    report([rig.taskOf('b/1')]);
    source.pause();
    rig.tell(source, 'ACTIVE');
    report([]);
    assert.deepEqual(rig.taken('default'), []);
    report([rig.taskOf('b/1')]);
    source.resume();
    assert.deepEqual(rig.taken('default'), []);
    report([]);
    await rig.pass(2000);
    assert.deepEqual(wordsOf(rig.taken('default')), ['one', 'two']);
  });

  it('completes a tuple at once when no acker tracks it', async () => {
    await withRecords({ conf: { 'topology.acker.executors': 0 } }, words('one'));
    await rig.source();
    assert.deepEqual(
      rig.taken('default').map(({ root }) => root),
      [undefined],
    );
    await rig.pass(300);
    assert.notEqual(await position(), undefined);
  });

  it('fails at once what a lost acker followed', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source();
    rig.taken('default');
    source.control({ type: 'lost', tasks: [rig.taskOf('__acker/0')], spouts: [] });
    assert.deepEqual(wordsOf(rig.taken('default')), ['one']);
  });

  it('fails doubtful trees when none of them completes during a grace', async () => {
    await withRecords({}, words('one', 'two'));
    const source = await rig.source();
    const tuples = rig.taken('default');
    source.control({ type: 'lost', tasks: [rig.taskOf('b/0')], spouts: [...source.tasks] });
    await rig.pass(400);
    ack(source, [tuples[0]!]);
    await rig.pass(400);
    assert.deepEqual(rig.taken('default'), [], 'one has completed: all are watched on');
    await rig.pass(700);
    assert.deepEqual(wordsOf(rig.taken('default')), ['two']);
  });

  it('restarts where its position was moved to, and forgets the tuples in flight', async () => {
    await withRecords({}, words('one'), words('two'));
    const source = await rig.source();
    const before = rig.taken('default');
    ack(source, before);
    await rig.pass(300);
    await rig.log.moveSubscriber(stream, subscriber, 'earliest');
    await rig.pass(1500);
    assert.deepEqual(wordsOf(rig.taken('default')), ['one', 'two']);
    const moved = await position();
    ack(source, before);
    await rig.pass(300);
    assert.equal(await position(), moved);
  });

  it('notices that its position was moved while it waits at the end', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source();
    ack(source, rig.taken('default'));
    await rig.pass(3000);
    await rig.log.moveSubscriber(stream, subscriber, 'earliest');
    await rig.pass(1500);
    assert.deepEqual(wordsOf(rig.taken('default')), ['one']);
  });

  it('stops when another reads for its partition, and commits nothing more', async () => {
    const sink = await withRecords({}, words('one'));
    const source = await rig.source();
    const tuples = rig.taken('default');
    const { generation } = await rig.fixture.process().subscribers.takeOver(stream, subscriber, 'another');
    ack(source, tuples);
    await rig.pass(1500);
    rig.emit(sink, words('two'));
    await rig.pass(50);
    assert.deepEqual(rig.taken('default'), []);
    const found = await rig.log.subscribers.position(stream, subscriber);
    assert.deepEqual([found?.generation, found?.next], [generation, undefined]);
  });

  it('takes tuples of an older submission for those of the tasks there are', async () => {
    const sink = await withRecords({ producers: 3 });
    rig.emit(sink, words('one'), 'a/2');
    await rig.pass(20);
    await rig.stop();
    const { fixture } = rig;
    rig = new LogHostsRig({ producers: 2, fixture });
    await rig.source();
    assert.deepEqual(
      rig.taken('default').map(({ source }) => source),
      ['a/0'],
    );
  });

  it('keeps what may be gone back to, and never cuts off behind its position', async () => {
    const conf = {
      'topology.egret.durable.retention.ms': 1,
      'topology.egret.durable.retention.bytes': 65_536,
    };
    const sink = await withRecords({ conf });
    for (let round = 0; round < 4; round++) {
      rig.emit(sink, [['x'.repeat(70_000), null]]);
      await rig.pass(20);
    }
    const source = await rig.source();
    await rig.pass(11_000);
    const segmentsOf = async (): Promise<number> => (await rig.log.segments(stream)).length;
    const before = await segmentsOf();
    assert.ok(before >= 3, `${before} segments`);
    ack(
      source,
      rig.taken('default').filter((_, i) => i < 2),
    );
    await rig.pass(21_000);
    const after = await segmentsOf();
    assert.ok(after < before, `${after} of ${before}`);
    assert.ok(after >= 2, 'those from the position on are there');
    await rig.log.moveSubscriber(stream, subscriber, 'latest');
    await turns();
  }).timeout(20_000);

  describe('of tuples in parts', () => {
    const large = 3_500_000;
    const largeWord = (letter: string): string => letter.repeat(large);
    const firstLetters = (tuples: readonly SentTuple[]): string =>
      tuples.map(({ values }) => `${(values[0] as string)[0]}${(values[0] as string).length}`).join(' ');
    const records = (log: DistributedLog) => recordsIn(log, stream);

    it('emits a tuple of several records once, and its position is behind the last of them', async () => {
      await withRecords({}, words(largeWord('x')), words('y'));
      const source = await rig.source();
      const tuples = rig.taken('default');
      assert.equal(firstLetters(tuples), `x${large} y1`);
      assert.ok(tuples[0]!.values[0] === largeWord('x'));
      ack(source, [tuples[0]!]);
      await rig.pass(300);
      const all = await records(rig.log);
      const { lssn, entry, slot } = all.at(-2)!;
      const { next } = (await rig.log.subscribers.position(stream, subscriber))!;
      assert.deepEqual(next, { lssn, entry, slot: slot + 1 });
    });

    it('resumes before a tuple that was not complete', async () => {
      await withRecords({}, words(largeWord('x')));
      await rig.end(await rig.source());
      rig.taken('default');
      await rig.source();
      assert.equal(firstLetters(rig.taken('default')), `x${large}`);
    });

    it('has nothing of a tuple whose writer died within it, and all of what its next owner wrote', async () => {
      const fixture = new LogFixture();
      // The clock of this process never advances, so it renews nothing.
      const died = new DistributedLog({
        ...{ storage: fixture.storage, store: fixture.store, clock: new ManualClock() },
        ...{ random: seededRandom(7), log: silentLog },
      });
      const parts: Buffer[] = [];
      new RecordSplitter({ partBytesMax: 1000, salt: 1 }).split(Buffer.alloc(4096, 1), (part) =>
        parts.push(Buffer.from(part)),
      );
      await died.createStream(stream);
      const writer = await opened(died, stream);
      for (const part of parts.slice(0, 3)) await committed(writer.append(part));
      await fixture.pause();
      fixture.clock.advance(5000);
      rig = new LogHostsRig({ fixture });
      const sink = await rig.sink();
      rig.emit(sink, words('a'));
      rig.emit(sink, words(largeWord('x')));
      rig.emit(sink, words('b'));
      await rig.pass(4000);
      rig.sent.length = 0;
      const source = await rig.source();
      const tuples = rig.taken('default');
      assert.deepEqual(firstLetters(tuples).split(' ').sort(), ['a1', 'b1', `x${large}`]);
      ack(source, tuples);
      await rig.pass(300);
      assert.notEqual(await position(), undefined);
      assert.deepEqual(errorsOf(rig), []);
    });

    it('begins with a whole tuple where its position was moved among the parts', async () => {
      const sink = await withRecords({});
      // At one time, so that nothing but their positions tells them apart.
      for (const word of ['before', largeWord('x'), 'after']) rig.emit(sink, words(word));
      await rig.pass(50);
      const source = await rig.source();
      ack(source, rig.taken('default'));
      await rig.pass(300);
      for (const place of [1, 2, 3, 4]) {
        const { lssn, entry, slot } = (await records(rig.log))[place]!;
        await rig.log.moveSubscriber(stream, subscriber, { dlsn: { lssn, entry, slot } });
        await rig.pass(1500);
        const tuples = rig.taken('default');
        assert.equal(firstLetters(tuples), `x${large} a5`, `from part ${place}`);
        ack(source, tuples);
        await rig.pass(300);
      }
    }).timeout(20_000);

    it('delivers a tuple that was being written when its position was moved to the end', async () => {
      const fixture = new LogFixture();
      const log = fixture.process();
      await log.createStream(stream);
      const writer = await opened(log, stream);
      const parts: Buffer[] = [];
      const cursor = wholeRecord('late');
      new RecordSplitter({ partBytesMax: 28, salt: 1 }).split(cursor, (part) =>
        parts.push(Buffer.from(part)),
      );
      assert.ok(parts.length >= 3);
      const id = fixture.clock.nowMs();
      await committed(writer.append(parts[0]!, id));
      await fixture.pause();
      rig = new LogHostsRig({ fixture });
      await rig.log.moveSubscriber(stream, subscriber, 'latest');
      await rig.source();
      for (const part of parts.slice(1)) await committed(writer.append(part, id));
      await rig.pass(100);
      assert.deepEqual(wordsOf(rig.taken('default')), ['late']);
    });

    it('continues over parts in several segments, and over those that were truncated', async () => {
      const conf = { 'topology.egret.durable.retention.bytes': 65_536 * 8 };
      await withRecords({ conf }, words(largeWord('x')), words(largeWord('y')));
      const all = await records(rig.log);
      assert.ok(new Set(all.map(({ lssn }) => lssn)).size >= 6, 'a segment each');
      const { lssn } = all[2]!;
      await rig.log.truncate(stream, { lssn, entry: 0, slot: 0 });
      await rig.source();
      assert.equal(firstLetters(rig.taken('default')), `y${large}`);
    });
  });

  it('counts what it emitted and what completed', async () => {
    await withRecords({}, words('one'));
    const source = await rig.source();
    ack(source, rig.taken('default'));
    const record = rig.metrics
      .records()
      .find(({ componentId }) => componentId === '__dlog_source_a.default')!;
    assert.equal(record.specific.kind, 'spout');
    assert.deepEqual(record.specific.acked[':all-time'], { default: 1 });
    assert.deepEqual(record.emitted[':all-time'], { default: 1 });
  });
});
