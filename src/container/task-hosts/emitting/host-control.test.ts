import assert from 'node:assert/strict';
import type { OutgoingStreams, TaskId } from '../../../topology/index.ts';
import type { Downstream } from './downstream.ts';
import { HostControl } from './host-control.ts';

describe('HostControl', () => {
  let refreshes: ReadonlyMap<TaskId, number>[];
  let loads: number[];
  let control: HostControl;

  beforeEach(() => {
    refreshes = [];
    loads = [];
    const outgoing = {
      refreshLoads: (known: ReadonlyMap<TaskId, number>) => refreshes.push(new Map(known)),
    } as unknown as OutgoingStreams;
    const downstream = {
      loadOf: (known: ReadonlyMap<TaskId, number>) => Math.max(...known.values()),
    } as unknown as Downstream;
    const ignored = (): void => undefined;
    control = new HostControl({
      outgoing,
      downstream,
      task: {
        takePlan: ignored,
        takePressure: ignored,
        takeLosses: ignored,
        takeLoad: (load) => loads.push(load),
      },
    });
  });

  it('refreshes load-aware groupings once a second, however many tasks report', () => {
    for (let second = 1; second <= 3; second++) {
      for (let task = 1; task <= 50; task++) control.take({ type: 'loads', loads: [[task, second / 10]] });
      control.everySecond();
      assert.equal(refreshes.length, second);
      assert.deepEqual(
        [...refreshes.at(-1)!],
        Array.from({ length: 50 }, (_, i) => [i + 1, second / 10]),
      );
    }
  });

  it('refreshes them in seconds without a report too, as Storm does, but not before the first', () => {
    control.everySecond();
    assert.equal(refreshes.length, 0);
    control.take({ type: 'loads', loads: [[7, 0.5]] });
    control.everySecond();
    control.everySecond();
    assert.deepEqual(refreshes, [new Map([[7, 0.5]]), new Map([[7, 0.5]])]);
  });

  it('passes the fullest load downstream on at every report', () => {
    control.take({ type: 'loads', loads: [[7, 0.5]] });
    control.take({ type: 'loads', loads: [[8, 0.75]] });
    assert.deepEqual(loads, [0.5, 0.75]);
  });
});
