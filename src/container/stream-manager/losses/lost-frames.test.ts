import assert from 'node:assert/strict';
import { silentLog } from '../../../base/index.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import {
  type Component,
  makeSystemTopology,
  normalizeTopology,
  TopologyIndex,
} from '../../../topology/index.ts';
import {
  DataFrameCursor,
  DataFrameWriter,
  decodeValues,
  longGroupingIndex,
  type ValueWriter,
} from '../../../tuple/index.ts';
import type { Connection } from '../../links/index.ts';
import { streamManagerLimits } from '../limits.ts';
import { PeerQueue } from '../peers/peer-queue.ts';
import { LostFrames } from './lost-frames.ts';

const component = (id: string, kind: 'spout' | 'bolt', from?: string): Component => ({
  id,
  kind,
  implementation: { kind: 'shell', executionCommand: 'x', script: 'y' },
  inputs:
    from === undefined
      ? []
      : [{ sourceComponentId: from, sourceStreamId: 'default', grouping: { kind: 'shuffle' } }],
  streams: { default: { fields: ['x'], direct: false } },
  parallelismHint: 1,
  conf: {},
});
const index = (ackers: number): TopologyIndex => {
  const conf = {
    ...{ 'topology.workers': 1, 'topology.acker.executors': ackers },
    'topology.message.timeout.secs': 30,
  };
  const components = [component('bolt', 'bolt', 'spout'), component('spout', 'spout')];
  return new TopologyIndex(makeSystemTopology(normalizeTopology({ components }, conf), conf));
};
const topology = index(2);
const [spout, bolt] = [topology.tasksOf('spout')[0]!, topology.tasksOf('bolt')[0]!];
const ackers = topology.tasksOf('__acker');
const ackerOf = (root: number): number => ackers[longGroupingIndex(5, root, ackers.length)]!;

interface Tuple {
  readonly roots?: readonly number[];
  readonly values?: (values: ValueWriter) => void;
}

function frame(source: number, stream: string, target: number, tuples: readonly Tuple[]): Buffer {
  const frames: Buffer[] = [];
  const number = topology.streamNumber(topology.componentOf(source)!, stream);
  const writer = new DataFrameWriter({ source, target, stream: number }, (buffer, start, end) => {
    frames.push(Buffer.from(buffer.subarray(start, end)));
  });
  for (const { roots = [], values } of tuples) {
    writer.beginTuple(roots.length);
    for (const root of roots) writer.addAnchor(5, root, 1, 2);
    if (values === undefined) writer.values.begin(0);
    else values(writer.values);
    writer.endTuple();
  }
  writer.flush();
  return Buffer.concat(frames);
}

const root =
  (id: number, count = 1, rest: (values: ValueWriter) => void = () => undefined) =>
  (values: ValueWriter): void => {
    values.begin(count);
    values.writeLong(5, id);
    rest(values);
  };

/** What became of it: `source stream>target root` of each tuple that was routed. */
function news(act: (lost: LostFrames) => void, of = topology): string[] {
  const told: string[] = [];
  const cursor = new DataFrameCursor();
  const lost = new LostFrames(of, (buffer, start, end) => {
    cursor.open(buffer, start, end);
    const stream = of.streamId(of.componentOf(cursor.source)!, cursor.stream);
    while (cursor.next()) {
      const [first] = decodeValues(buffer, cursor.valuesStart, cursor.valuesEnd);
      const id = Number(BigInt.asIntN(32, (first as { readonly value: bigint }).value));
      told.push(`${cursor.source} ${stream}>${cursor.target} ${id}`);
    }
  });
  act(lost);
  return told;
}
const fail = (id: number): string => `${bolt} __ack_fail>${ackerOf(id)} ${id}`;

describe('frames that will not arrive', () => {
  it('fail every root of their tuples at its acker, as the task they were for would', () => {
    const data = frame(spout, 'default', bolt, [{ roots: [1] }, { roots: [] }, { roots: [2, 3] }]);
    assert.deepEqual(news((lost) => lost.refused(data, 0, data.length)).sort(), [1, 2, 3].map(fail).sort());
    assert.deepEqual(news((lost) => lost.broken([data, data])).length, 6);
  });

  it('fail the trees whose acks they are, and a tree that its acker does not know at its spout', () => {
    const acks = frame(bolt, '__ack_ack', ackerOf(4), [
      { values: root(4, 2, (values) => values.writeLong(0, 9)) },
    ]);
    assert.deepEqual(
      news((lost) => lost.broken([acks])),
      [fail(4)],
    );
    const inits = frame(spout, '__ack_init', ackerOf(6), [{ values: root(6) }]);
    assert.deepEqual(
      news((lost) => lost.broken([inits])),
      [`${ackerOf(6)} __ack_fail>${spout} 6`],
    );
  });

  it('are sent again where receiving them twice is harmless, but not when there is no room', () => {
    const reply = frame(ackers[0]!, '__ack_ack', spout, [
      { values: root(7, 2, (values) => values.writeLong(0, 1)) },
    ]);
    const fails = frame(bolt, '__ack_fail', ackerOf(8), [{ values: root(8) }]);
    assert.deepEqual(
      news((lost) => lost.broken([reply, fails])),
      [`${ackers[0]} __ack_ack>${spout} 7`, fail(8)],
    );
    assert.deepEqual(
      news((lost) => {
        lost.refused(reply, 0, reply.length);
        lost.refused(fails, 0, fails.length);
      }),
      [],
    );
  });

  it('fail nothing where no acker follows trees, or in frames that cannot be read', () => {
    const data = frame(spout, 'default', bolt, [{ roots: [1] }]);
    assert.deepEqual(
      news((lost) => lost.refused(data, 0, data.length), index(0)),
      [],
    );
    const cut = Buffer.from(data);
    cut[20] = 200; // anchors that are not there
    assert.deepEqual(
      news((lost) => lost.refused(cut, 0, cut.length)),
      [],
    );
  });
});

describe('the queue of a peer whose connection breaks', () => {
  it('returns what was being written, and not what was accepted or waits', () => {
    const broken: string[] = [];
    const queue = new PeerQueue({
      ...{ containerId: 2, tasks: [bolt], log: silentLog, limits: streamManagerLimits({}) },
      onMark: () => undefined,
      clock: new ManualClock(),
      onDrop: () => undefined,
      onBreak: (buffers) => void broken.push(Buffer.concat(buffers).toString('hex')),
    });
    const taken: (() => void)[] = [];
    const connection = {
      writable: true,
      destroyed: false,
      cork: () => undefined,
      uncork: () => undefined,
      write: (_bytes: Uint8Array, done?: () => void) => {
        if (done !== undefined) taken.push(done);
        return true;
      },
    } as unknown as Connection;
    const frames = [1, 2, 3].map((id) => frame(spout, 'default', bolt, [{ roots: [id] }]));
    const put = (bytes: Buffer): void => queue.deliver(bytes, 0, bytes.length);
    put(frames[0]!);
    queue.attach(connection);
    taken.shift()!(); // the first is the system's now
    put(frames[1]!);
    queue.flush();
    put(frames[2]!);
    queue.flush();
    queue.detach(connection);
    assert.deepEqual(broken, [frames[1]!.toString('hex')]);
    assert.equal(queue.queuedBytes, frames[2]!.length);
  });
});
