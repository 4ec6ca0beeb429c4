import assert from 'node:assert/strict';
import { nextRates } from './flow-rates.ts';
import { drawFlow, type FlowComponent, type FlowSnapshot } from './flow-view.ts';

const component = (id: string, from: string[], emitted: number): FlowComponent => ({
  id,
  madeOf: 'Java',
  tasks: 1,
  ports: [6700],
  executed: from.length === 0 ? undefined : emitted,
  emitted,
  acked: 0,
  failed: 0,
  inputs: from.map((source) => ({ from: source, stream: 'default', grouping: 'shuffle' })),
  executors: [{ id, uptimeSecs: 2, executed: emitted, emitted }],
});

const snapshot = (takenAtMs: number, emitted: number): FlowSnapshot => ({
  name: 'wc',
  status: 'ACTIVE',
  uptimeSecs: 3,
  takenAtMs,
  components: [
    component('count', ['split'], emitted),
    component('split', ['lines'], emitted),
    component('lines', [], emitted),
  ],
  errors: new Map(),
});

describe('drawFlow', () => {
  it('puts sources before their consumers', () => {
    const rows = drawFlow(snapshot(0, 1), undefined).slice(3, 6);
    assert.deepEqual(
      rows.map((line) => line.split(' ')[0]),
      ['lines', 'split', 'count'],
    );
  });

  it('shows rates of components, and leaves open those that are not known and those that spouts lack', () => {
    assert.match(drawFlow(snapshot(0, 1), undefined)[3]!, / -\s+-\s+0\s+0$/);
    const [, , , lines, split] = drawFlow(snapshot(2000, 101), nextRates(undefined, snapshot(2000, 101)));
    assert.match(lines!, / -\s+51\s+0\s+0$/);
    assert.match(split!, / 51\s+51\s+0\s+0$/);
  });

  it('ends with a cycle in the graph', () => {
    const cyclic = { ...snapshot(0, 1), components: [component('a', ['b'], 1), component('b', ['a'], 1)] };
    assert.equal(drawFlow(cyclic, undefined).length, 8);
  });

  it('names the component of an error', () => {
    const lines = drawFlow(
      { ...snapshot(0, 1), errors: new Map([['split', 'no such file\n  at x']]) },
      undefined,
    );
    assert.equal(lines.at(-1), '! split: no such file');
  });
});
