import assert from 'node:assert/strict';
import type { JsonObject } from '../../../base/index.ts';
import type { LogRecord } from '../../../dlog/index.ts';
import { readAll } from '../../../testing/dlog/log-fixture.ts';
import { LogHostsRig } from '../../../testing/log-hosts.ts';
import { RecordCursor } from '../../../tuple/index.ts';
import type { PressureReport } from '../../links/index.ts';

const stream = 'topology-words/a.default.0';
const segments = /segments\//;

const roots = (rig: LogHostsRig, kind: '__ack_ack' | '__ack_fail'): number[] =>
  rig.taken(kind).map(({ values }) => Number((values[0] as { readonly value: bigint }).value));
const pressure = (rig: LogHostsRig): readonly number[] | undefined =>
  rig.reports.findLast((each): each is PressureReport => each.type === 'pressure')?.tasks;
const errors = (rig: LogHostsRig): string[] =>
  rig.reports.flatMap((each) => (each.type === 'error' ? [`${each.componentId}: ${each.record.error}`] : []));

/** A tuple of this many bytes, about. */
const wide = (bytes: number): [string, null] => ['x'.repeat(bytes), null];

const highBytes = (bytes: number): JsonObject => ({ 'topology.egret.durable.queue.high.bytes': bytes });

async function recordsOf(rig: LogHostsRig): Promise<readonly LogRecord[]> {
  const reader = await rig.log.openReader(stream, 'earliest');
  const records = await readAll(reader);
  await reader.close();
  return records;
}

describe('the sink of a durable stream', () => {
  let rig: LogHostsRig;
  afterEach(() => rig.stop());

  it('makes a record of a frame and acks its tuples once the log has committed it', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    rig.emit(
      sink,
      [
        ['one', null],
        ['two', null],
      ],
      'a/1',
    );
    assert.deepEqual(rig.sent, [], 'before the commit');
    assert.equal(sink.queue.tuples, 2);
    await rig.pass(20);
    assert.deepEqual(roots(rig, '__ack_ack'), [1, 2]);
    assert.equal(sink.queue.tuples, 0);
    const records = await recordsOf(rig);
    assert.equal(records.length, 1);
    const cursor = new RecordCursor();
    cursor.open(records[0]!.payload);
    assert.deepEqual([cursor.place, cursor.count], [1, 2]);
  });

  it('keeps with the stream how it is to be read', async () => {
    rig = new LogHostsRig({ conf: { 'topology.egret.durable.partitions': 2 } });
    await rig.sink(1);
    assert.deepEqual(await rig.log.settings('topology-words/a.default.1'), {
      ...{ componentId: 'a', streamId: 'default', fields: ['word', 'count'] },
      ...{ partitions: 2, topology: 'words', partition: 1 },
    });
  });

  it('fails what was not known to be committed, says why, and resumes as a new owner', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    rig.fixture.disk.fault = (kind, path) => (kind === 'write' && segments.test(path) ? 'ENOSPC' : undefined);
    rig.emit(sink, [['one', null]]);
    rig.emit(sink, [['two', null]], 'a/0', 2);
    await rig.pass(20);
    assert.deepEqual(roots(rig, '__ack_fail'), [1, 2]);
    assert.match(errors(rig).join('\n'), /a: .*disk of the log is full/);
    rig.fixture.disk.fault = () => undefined;
    rig.emit(sink, [['three', null]], 'a/0', 3);
    await rig.pass(5000);
    assert.deepEqual(roots(rig, '__ack_ack'), [3]);
  });

  it('waits for the lease of an owner that died, and keeps what comes meanwhile', async () => {
    rig = new LogHostsRig();
    const other = rig.fixture.process();
    await other.createStream(stream);
    await other.openWriter(stream, { leaseTtlMs: 3000 });
    rig.fixture.clock.advance(1); // from here on its process is stopped and renews nothing
    const sink = await rig.sink();
    rig.emit(sink, [['one', null]]);
    await rig.pass(200);
    assert.deepEqual(roots(rig, '__ack_ack'), []);
    assert.equal(sink.queue.tuples, 1);
  });

  it('is under pressure from its high mark until it is below the low one, and refuses beyond its bound', async () => {
    const conf = {
      ...{ 'topology.egret.durable.queue.high.bytes': 2048, 'topology.egret.durable.queue.max.bytes': 4096 },
    };
    rig = new LogHostsRig({ conf });
    rig.setLogThere(false);
    const sink = await rig.sink();
    rig.emit(sink, [wide(1000)]);
    assert.equal(pressure(rig), undefined);
    rig.emit(sink, [wide(1500)], 'a/0', 2);
    assert.deepEqual(pressure(rig), sink.tasks);
    rig.emit(sink, [wide(1400)], 'a/0', 3);
    rig.emit(sink, [wide(1400)], 'a/0', 4);
    assert.deepEqual(rig.refused, [1]);
    assert.equal(sink.queue.droppedTuples, 1);
    rig.setLogThere(true);
    await rig.pass(50);
    assert.deepEqual(pressure(rig), []);
    assert.deepEqual(roots(rig, '__ack_ack'), [1, 2, 3]);
  });

  it('is under pressure by tuples as well', async () => {
    rig = new LogHostsRig({ conf: { 'topology.egret.durable.queue.high.tuples': 2 } });
    rig.setLogThere(false);
    const sink = await rig.sink();
    rig.emit(sink, [['one', null]]);
    assert.equal(pressure(rig), undefined);
    rig.emit(sink, [['two', null]], 'a/0', 2);
    assert.deepEqual(pressure(rig), sink.tasks);
  });

  it('presses while the source is too far behind, until it has caught up', async () => {
    rig = new LogHostsRig({ conf: { 'topology.egret.durable.backlog.max.bytes': 600_000 } });
    const sink = await rig.sink();
    for (let round = 0; round < 12; round++) {
      rig.emit(sink, [wide(60_000)], 'a/0', round + 1);
      await rig.pass(20);
    }
    await rig.pass(1100);
    assert.deepEqual(pressure(rig), sink.tasks);
    assert.equal(roots(rig, '__ack_ack').length, 12, 'what comes all the same is acked');
    await rig.log.moveSubscriber(stream, 'topology', 'latest');
    await rig.pass(1100);
    assert.deepEqual(pressure(rig), []);
  });

  it('writes a tuple of 5 MB in parts, and acks it once all of them are committed', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    rig.emit(sink, [wide(5_000_000)]);
    rig.emit(sink, [['small', null]], 'a/0', 2);
    assert.deepEqual(rig.sent, [], 'before the commit');
    await rig.pass(50);
    assert.deepEqual(roots(rig, '__ack_ack').sort(), [1, 2]);
    assert.deepEqual(errors(rig), []);
    const lengths = (await recordsOf(rig)).map(({ payload }) => payload.length);
    assert.equal(lengths.length, 6);
    assert.ok(Math.max(...lengths) <= 1024 * 1024 - 8192, lengths.join(' '));
  });

  it('fails a tuple when part of it is not known to be committed, and resumes as a new owner', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    let writes = 0;
    rig.fixture.disk.fault = (kind, path) =>
      kind === 'write' && segments.test(path) && ++writes > 2 ? 'ENOSPC' : undefined;
    rig.emit(sink, [wide(5_000_000)]);
    await rig.pass(50);
    assert.deepEqual([roots(rig, '__ack_ack'), roots(rig, '__ack_fail')], [[], [1]]);
    assert.equal(sink.queue.tuples, 0);
    rig.fixture.disk.fault = () => undefined;
    rig.emit(sink, [wide(5_000_000)], 'a/0', 2);
    await rig.pass(5000);
    assert.deepEqual(roots(rig, '__ack_ack'), [2]);
  });

  it('takes a tuple above its bounds when nothing else waits', async () => {
    rig = new LogHostsRig({ conf: { 'topology.egret.durable.queue.max.bytes': 65_536, ...highBytes(1024) } });
    const sink = await rig.sink();
    rig.emit(sink, [wide(2_000_000)]);
    rig.emit(sink, [wide(2_000_000)], 'a/0', 2);
    assert.deepEqual(rig.refused, [1]);
    await rig.pass(50);
    assert.deepEqual(roots(rig, '__ack_ack'), [1]);
  });

  it('settles what it was given before it ends, and then gives the stream back', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    rig.emit(sink, [['one', null]]);
    await rig.end(sink);
    assert.deepEqual(roots(rig, '__ack_ack'), [1]);
    assert.equal(await rig.log.owner(stream), undefined);
  });

  it('fails what it could not append when it ends', async () => {
    rig = new LogHostsRig();
    const other = rig.fixture.process();
    await other.createStream(stream);
    await other.openWriter(stream);
    const sink = await rig.sink();
    rig.emit(sink, [['one', null]]);
    await rig.end(sink);
    assert.deepEqual(roots(rig, '__ack_fail'), [1]);
  });

  it('counts what it took and what became of it', async () => {
    rig = new LogHostsRig();
    const sink = await rig.sink();
    rig.emit(sink, [
      ['one', null],
      ['two', null],
    ]);
    await rig.pass(20);
    const record = rig.metrics.records().find(({ componentId }) => componentId === '__dlog_sink_a.default')!;
    assert.equal(record.specific.kind, 'bolt');
    assert.deepEqual(record.specific.acked[':all-time'], { 'a\0default': 2 });
  });
});
