import assert from 'node:assert/strict';
import { type Logger, seededRandom, silentLog } from '../../../base/index.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { StreamManagers } from '../../../testing/stream-managers.ts';
import {
  type Component,
  makeSystemTopology,
  normalizeTopology,
  type PlannedTask,
  TopologyIndex,
} from '../../../topology/index.ts';
import { DataFrameCursor, DataFrameWriter, decodeValues, type ValueWriter } from '../../../tuple/index.ts';
import { MetricsRegistry } from '../../metrics-manager/index.ts';
import { AckerHost } from './acker-host.ts';

const conf = {
  'topology.acker.executors': 1,
  'topology.eventlogger.executors': 0,
  'topology.workers': 1,
  'topology.message.timeout.secs': 30,
};

function component(id: string, kind: 'spout' | 'bolt'): Component {
  return {
    ...{ id, kind, parallelismHint: 1, conf: {} },
    implementation: { kind: 'shell', executionCommand: 'python3', script: 'x.py' },
    inputs:
      kind === 'spout'
        ? []
        : [{ sourceComponentId: 'spout', sourceStreamId: 'default', grouping: { kind: 'shuffle' } }],
    streams: { default: { fields: ['x'], direct: false } },
  };
}

/** Acker 1, bolt 2, spout 3. */
const topology = new TopologyIndex(
  makeSystemTopology(
    normalizeTopology({ components: [component('spout', 'spout'), component('bolt', 'bolt')] }, conf),
    conf,
  ),
);
const task: PlannedTask = {
  taskId: 1,
  componentId: '__acker',
  executor: [1, 1],
  containerId: 1,
  host: 'system',
};

class Bench {
  readonly clock = new ManualClock();
  readonly metrics = new MetricsRegistry(this.clock);
  /** `target stream values` of each reply. */
  readonly replies: string[] = [];
  readonly warnings: string[] = [];
  readonly host: AckerHost;

  constructor(extra: object = {}) {
    const log: Logger = { ...silentLog, warn: (fields) => void this.warnings.push(fields.event) };
    this.host = new AckerHost({
      spec: new StreamManagers({ tasks: { 1: [1] } }).spec(1),
      conf: { ...conf, ...extra },
      ...{ topology, tasks: [task], clock: this.clock, random: seededRandom(1), log, metrics: this.metrics },
      outlet: {
        route: (buffer, start, end) => this.#reply(buffer, start, end),
        refused: () => undefined,
        flush: () => undefined,
        report: () => undefined,
      },
      pidDir: '/nowhere',
      onExit: () => undefined,
    });
  }

  send(from: 'spout' | 'bolt', stream: string, tuples: readonly ((values: ValueWriter) => void)[]): void {
    const route = {
      target: 1,
      source: from === 'spout' ? 3 : 2,
      stream: topology.streamNumber(from, stream),
    };
    const writer = new DataFrameWriter(route, (buffer, start, end) => this.host.deliver(buffer, start, end));
    for (const write of tuples) {
      writer.beginTuple(0);
      write(writer.values);
      writer.endTuple();
    }
    writer.flush();
    this.host.flush();
  }

  #reply(buffer: Buffer, start: number, end: number): void {
    const cursor = new DataFrameCursor();
    cursor.open(buffer, start, end);
    const stream = topology.streamId('__acker', cursor.stream);
    while (cursor.next()) {
      const values = decodeValues(buffer, cursor.valuesStart, cursor.valuesEnd);
      this.replies.push(
        `${cursor.target} ${stream} ${values.map((value) => String((value as { readonly value: bigint }).value)).join(' ')}`,
      );
    }
  }
}

const init =
  (root: number, value: number, spout = 3) =>
  (values: ValueWriter): void => {
    values.begin(3);
    values.writeLong(-1, root);
    values.writeLong(7, value);
    values.writeInt(spout);
  };
const ack =
  (root: number, value: number) =>
  (values: ValueWriter): void => {
    values.begin(2);
    values.writeLong(-1, root);
    values.writeLong(7, value);
  };
const rootOnly =
  (root: number) =>
  (values: ValueWriter): void => {
    values.begin(1);
    values.writeLong(-1, root);
  };
const idOf = (root: number): bigint => (-1n << 32n) | BigInt(root);

describe('AckerHost', () => {
  it('answers the spout task directly with the id and the time a tree took', () => {
    const bench = new Bench();
    bench.send('spout', '__ack_init', [init(5, 9), init(6, 9), init(7, 9)]);
    assert.deepEqual(bench.replies, []);
    bench.clock.advance(1500);
    bench.send('bolt', '__ack_ack', [ack(5, 9)]);
    bench.send('bolt', '__ack_fail', [rootOnly(6)]);
    bench.send('bolt', '__ack_reset_timeout', [rootOnly(7)]);
    assert.deepEqual(bench.replies, [
      `3 __ack_ack ${idOf(5)} 1500`,
      `3 __ack_fail ${idOf(6)} 1500`,
      `3 __ack_reset_timeout ${idOf(7)} 1500`,
    ]);
  });

  it('counts what it executed and emitted', () => {
    const bench = new Bench();
    bench.send('spout', '__ack_init', [init(5, 9), init(6, 9)]);
    bench.send('bolt', '__ack_ack', [ack(5, 9)]);
    const record = bench.metrics.records()[0]!;
    assert.deepEqual(record.emitted[':all-time'], { __ack_ack: 1 });
    assert.deepEqual(record.specific.kind === 'bolt' && record.specific.executed[':all-time'], {
      'spout\0__ack_init': 2,
      'bolt\0__ack_ack': 1,
    });
  });

  it('leaves out what it cannot read, counts it, logs it once, and continues', () => {
    const bench = new Bench();
    bench.send('spout', '__ack_init', [
      (values) => values.writeAll([null, 'x', null]),
      init(5, 9),
      init(6, 9, 99),
    ]);
    bench.send('spout', 'default', [(values) => values.writeAll(['word'])]);
    bench.host.deliver(Buffer.alloc(16), 0, 16);
    bench.send('bolt', '__ack_ack', [ack(5, 9)]);
    assert.equal(bench.host.strangeTuples, 4);
    assert.deepEqual(bench.warnings, ['acker.tuples-not-understood']);
    assert.deepEqual(bench.replies, [`3 __ack_ack ${idOf(5)} 0`]);
  });

  it('forgets trees after three message timeouts, unless timeouts are switched off', async () => {
    for (const isOn of [true, false]) {
      const bench = new Bench({ 'topology.enable.message.timeouts': isOn });
      await bench.host.start();
      bench.send('spout', '__ack_init', [init(5, 9)]);
      bench.clock.advance(90_000);
      bench.send('bolt', '__ack_ack', [ack(5, 9)]);
      assert.equal(bench.replies.length, isOn ? 0 : 1);
      await bench.host.stop();
    }
  });
});
