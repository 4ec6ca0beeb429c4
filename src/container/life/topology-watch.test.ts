import assert from 'node:assert/strict';
import type { JsonValue } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/memory-store.ts';
import type { TopologyRecord } from '../../records/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { recordingLog } from '../../testing/recording-log.ts';
import { StreamManagers } from '../../testing/stream-managers.ts';
import { TopologyWatch } from './topology-watch.ts';

const topology = 'topologies/test-1';
const container = 'containers/test-1/1';

class Bench {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore(this.clock);
  readonly statuses: (string | undefined)[] = [];
  readonly ends: string[] = [];
  readonly log = recordingLog();
  readonly incarnation: string;
  readonly watch: TopologyWatch;

  constructor() {
    const spec = new StreamManagers({ tasks: { 1: [1] } }).spec(1);
    this.incarnation = spec.incarnation;
    this.watch = new TopologyWatch({
      ...{ spec, store: this.store, clock: this.clock, log: this.log },
      onRecord: (record) => void this.statuses.push(record?.status),
      onEnd: (reason) => void this.ends.push(reason),
    });
  }

  async write(status: TopologyRecord['status'], removeAtMs = 0): Promise<void> {
    const record = { id: 'test-1', name: 'test', status, owner: 'me', launchedAtSecs: 0, workers: 1 };
    await this.store.put(topology, { ...record, removeAtMs });
  }

  async writeContainer(incarnation: string): Promise<void> {
    const process = { pid: 1, processStart: '1', startedAtMs: 0, restarts: 0, lastExit: '' };
    await this.store.put(container, { ...process, incarnation });
  }

  get unreadable(): unknown[] {
    return this.log.lines.filter(({ event }) => event === 'record.unreadable').map(({ key }) => key);
  }

  async open(): Promise<this> {
    await this.store.put('marker', { id: 'one', madeAtMs: 0 });
    await this.write('ACTIVE');
    await this.watch.start();
    await this.turn();
    return this;
  }

  async turn(ms = 0): Promise<void> {
    for (let at = 0; at <= ms; at += 1000) {
      this.clock.advance(Math.min(1000, ms - at));
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe('TopologyWatch', () => {
  it('reports each change of the record once', async () => {
    const bench = await new Bench().open();
    await bench.write('INACTIVE');
    await bench.write('INACTIVE');
    await bench.turn(60_000);
    assert.deepEqual(bench.statuses, ['ACTIVE', 'INACTIVE']);
    assert.deepEqual(bench.ends, []);
    await bench.watch.close();
  });

  it('counts a record as missing only in a store that was not emptied', async () => {
    const bench = await new Bench().open();
    await bench.store.removeAll('');
    await bench.turn(60_000);
    assert.deepEqual([bench.ends, bench.statuses], [[], ['ACTIVE']]);
    await bench.store.put('marker', { id: 'two', madeAtMs: 0 });
    await bench.turn(20_000);
    assert.deepEqual(bench.ends, ['the topology is gone']);
    await bench.watch.close();
  });

  it('ends when a killed topology has had its time, even with the store away', async () => {
    const bench = await new Bench().open();
    await bench.write('KILLED', bench.clock.nowMs() + 30_000);
    await bench.turn();
    bench.store.setAway(true);
    await bench.turn(29_000);
    assert.deepEqual(bench.ends, []);
    await bench.turn(4000);
    assert.deepEqual(bench.ends, ['the topology was killed']);
  });

  it('ends when the record is gone, once, and not because the store is away', async () => {
    const bench = await new Bench().open();
    bench.store.setAway(true);
    await bench.turn(120_000);
    assert.deepEqual(bench.ends, []);
    bench.store.setAway(false);
    await bench.turn(20_000);
    assert.deepEqual(bench.ends, []);
    await bench.store.remove(topology);
    await bench.turn(30_000);
    assert.deepEqual(bench.ends, ['the topology is gone']);
  });

  it('ends when another incarnation stays in its place, and not because a record is written late', async () => {
    const bench = await new Bench().open();
    await bench.writeContainer('other');
    await bench.write('INACTIVE');
    await bench.turn();
    await bench.writeContainer(bench.incarnation);
    await bench.turn(60_000);
    assert.deepEqual(bench.ends, []);
    await bench.writeContainer('successor');
    await bench.turn(60_000);
    assert.deepEqual(bench.ends, ['incarnation successor has taken its place']);
  });

  const damages: Record<string, JsonValue> = {
    'is no object': null,
    'lacks members': { id: 'test-1' },
    'has a status that there is not': {
      ...{ id: 'test-1', name: 'test', owner: 'me', launchedAtSecs: 0, workers: 1 },
      status: 'ASLEEP',
    },
    'could not be restored by the scheduler': { id: 'test-1', unreadable: 'damaged' },
  };
  for (const [damage, value] of Object.entries(damages)) {
    it(`keeps what it knows, and logs once, while the record ${damage}`, async () => {
      const bench = await new Bench().open();
      await bench.store.put(topology, value);
      await bench.turn(60_000);
      await bench.store.put(container, { incarnation: 'successor' });
      await bench.turn(60_000);
      assert.deepEqual([bench.statuses, bench.ends, bench.watch.record?.status], [['ACTIVE'], [], 'ACTIVE']);
      assert.deepEqual(bench.unreadable, [topology, container]);
      await bench.write('INACTIVE');
      await bench.turn(60_000);
      assert.deepEqual(bench.statuses, ['ACTIVE', 'INACTIVE']);
      await bench.store.put(topology, value);
      await bench.turn(60_000);
      assert.deepEqual(bench.unreadable, [topology, container, topology]);
      await bench.store.remove(topology);
      await bench.turn(30_000);
      assert.deepEqual(bench.ends, ['the topology is gone']);
      await bench.watch.close();
    });
  }

  it('reports nothing after it was closed', async () => {
    const bench = await new Bench().open();
    await bench.watch.close();
    await bench.watch.close();
    await bench.store.remove(topology);
    await bench.turn(60_000);
    assert.deepEqual([bench.statuses, bench.ends], [['ACTIVE'], []]);
  });
});
