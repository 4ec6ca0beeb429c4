import assert from 'node:assert/strict';
import {
  type Component,
  makeSystemTopology,
  normalizeTopology,
  TopologyIndex,
} from '../../../topology/index.ts';
import { lossReport } from './loss-report.ts';
import { PeerLinks } from './peer-links.ts';

const component = (id: string, kind: 'spout' | 'bolt', from: readonly string[] = []): Component => ({
  id,
  kind,
  implementation: { kind: 'shell', executionCommand: 'x', script: 'y' },
  inputs: from.map((source) => ({
    sourceComponentId: source,
    sourceStreamId: 'default',
    grouping: { kind: 'shuffle' as const },
  })),
  streams: { default: { fields: ['x'], direct: false } },
  parallelismHint: 1,
  conf: {},
});

/** left -> a -> join <- b <- right, and alone -> c; a cycle between a and its own loop. */
const index = (ackers: number): TopologyIndex => {
  const conf = {
    'topology.workers': 1,
    'topology.acker.executors': ackers,
    'topology.message.timeout.secs': 30,
  };
  const components = [
    component('left', 'spout'),
    component('right', 'spout'),
    component('alone', 'spout'),
    component('a', 'bolt', ['left', 'loop']),
    component('loop', 'bolt', ['a']),
    component('b', 'bolt', ['right']),
    component('join', 'bolt', ['a', 'b']),
    component('c', 'bolt', ['alone']),
  ];
  return new TopologyIndex(makeSystemTopology(normalizeTopology({ components }, conf), conf));
};

describe('the loss of tasks', () => {
  const topology = index(2);
  const tasks = (...ids: string[]): number[] => ids.flatMap((id) => topology.tasksOf(id));

  it('concerns the spouts above them, through cycles too, and no others', () => {
    assert.deepEqual(lossReport(topology, tasks('join'))?.spouts, tasks('left', 'right'));
    assert.deepEqual(lossReport(topology, tasks('a'))?.spouts, tasks('left'));
    assert.deepEqual(lossReport(topology, tasks('b', 'c'))?.spouts, tasks('alone', 'right'));
    assert.deepEqual(lossReport(topology, tasks('left')), {
      ...{ type: 'lost', tasks: tasks('left'), spouts: [] },
    });
  });

  it('of an acker alone puts no spout in doubt: which trees it followed is known', () => {
    assert.deepEqual(lossReport(topology, tasks('__acker'))?.spouts, []);
  });

  it('is not reported where no acker follows trees', () => {
    assert.equal(lossReport(index(0), [1]), undefined);
    assert.equal(lossReport(topology, []), undefined);
  });
});

describe('the links of a peer', () => {
  it('report its loss once for each death, when the first of the two breaks', () => {
    const links = new PeerLinks();
    links.opened(2, 'in');
    assert.equal(links.closed(2, 'in'), false);
    links.opened(2, 'in');
    links.opened(2, 'out');
    assert.deepEqual([links.closed(2, 'out'), links.closed(2, 'in')], [true, false]);
    links.opened(2, 'out');
    links.opened(2, 'in');
    assert.deepEqual(
      [links.closed(3, 'in'), links.closed(2, 'in'), links.closed(2, 'out')],
      [false, true, false],
    );
  });
});
