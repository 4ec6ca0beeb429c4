import assert from 'node:assert/strict';
import { type Logger, silentLog } from '../../base/index.ts';
import { MemoryStore } from '../../coordination/memory-store.ts';
import type { ErrorRecord, HeartbeatRecord } from '../../records/index.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { StreamManagers } from '../../testing/stream-managers.ts';
import { MetricsManager } from './metrics-manager.ts';

const shell = { name: 'shell-1', tasks: [1] };
const jvm = { name: 'jvm', tasks: [1, 2] };

class Bench {
  readonly clock = new ManualClock();
  readonly store: MemoryStore;
  readonly events: string[] = [];
  readonly metrics: MetricsManager;

  constructor(Store: typeof MemoryStore = MemoryStore, componentId?: string) {
    this.store = new Store(this.clock);
    const log: Logger = { ...silentLog, warn: (fields) => void this.events.push(fields.event) };
    const { clock, store } = this;
    const given = new StreamManagers({ tasks: { 1: [1, 2] } }).spec(1);
    const tasks = given.plan.tasks.map((task) => ({ ...task, componentId: componentId ?? task.componentId }));
    const spec = { ...given, plan: { ...given.plan, tasks } };
    this.metrics = new MetricsManager({
      ...{ spec, conf: {}, store, clock, log },
      throttlesOwnErrors: (hostName) => hostName === 'jvm',
    });
  }

  error(host: typeof shell, text: string): void {
    const record: ErrorRecord = { error: text, timeSecs: 1, host: 'h', port: 1 };
    this.metrics.hostReported(host, { type: 'error', componentId: 'component-1', record });
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async errors(componentId = 'component-1'): Promise<string[]> {
    const records = await this.store.readAll(`errors/test-1/${componentId}`);
    return records.map((record) => (record as unknown as ErrorRecord).error);
  }

  async heartbeat(): Promise<HeartbeatRecord | undefined> {
    return (await this.store.read('heartbeats/test-1/1'))?.value as unknown as HeartbeatRecord | undefined;
  }
}

class SlowStore extends MemoryStore {
  override async append(...parameters: Parameters<MemoryStore['append']>): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await super.append(...parameters);
  }
}

describe('MetricsManager', () => {
  it('writes a heartbeat at once and every three seconds, which expires when they cease', async () => {
    const bench = new Bench();
    bench.metrics.start();
    await bench.advance(0);
    assert.equal((await bench.heartbeat())?.uptimeSecs, 0);
    await bench.advance(3000);
    assert.equal((await bench.heartbeat())?.uptimeSecs, 3);
    bench.store.setAway(true);
    await bench.advance(31_000);
    bench.store.setAway(false);
    assert.equal(await bench.heartbeat(), undefined);
  });

  it('reports the executors of all hosts, and no longer those of one that ended', async () => {
    const bench = new Bench();
    const { metrics } = bench;
    const description = {
      taskId: 1,
      executor: [1, 1] as const,
      componentId: 'component-1',
      kind: 'spout' as const,
      streams: [],
      inputs: [],
    };
    const own = metrics.registry.task(description);
    assert.equal(metrics.registry.task(description), own);
    metrics.start();
    metrics.hostReported(jvm, {
      type: 'stats',
      uptimeSecs: 1,
      executors: [{ ...own.record(0), executor: [2, 2] }],
      totals: [],
    });
    await bench.advance(3000);
    const executors = async (): Promise<unknown> =>
      (await bench.heartbeat())?.executors.map((each) => each.executor[0]);
    assert.deepEqual(await executors(), [2, 1]);
    metrics.forget(jvm);
    await bench.advance(3000);
    assert.deepEqual(await executors(), [1]);
    await metrics.close(10);
  });

  it("throttles a host's errors of a component as Storm does, but not those of a JVM", async () => {
    const bench = new Bench();
    for (let i = 1; i <= 7; i++) bench.error(shell, `shell ${i}`);
    await bench.advance(0);
    assert.deepEqual(
      await bench.errors(),
      [1, 2, 3, 4, 5].map((i) => `shell ${i}`),
    );
    await bench.advance(11_000);
    bench.error(shell, 'next interval');
    for (let i = 1; i <= 6; i++) bench.error(jvm, `jvm ${i}`);
    await bench.advance(0);
    assert.deepEqual((await bench.errors()).slice(-7), [
      'next interval',
      ...[1, 2, 3, 4, 5, 6].map((i) => `jvm ${i}`),
    ]);
  });

  it('throttles the ends of a host with the errors of its components, and counts each', async () => {
    const bench = new Bench();
    bench.metrics.start();
    for (let i = 1; i <= 7; i++) bench.metrics.restarted(jvm, `end ${i}`);
    await bench.advance(3000);
    assert.equal((await bench.errors()).length, 5);
    assert.deepEqual((await bench.heartbeat())?.restarts, { 'component-1': 7, 'component-2': 7 });
    await bench.metrics.close(10);
  });

  it('counts the restarts of each component', async () => {
    const bench = new Bench();
    bench.metrics.start();
    assert.equal((await bench.heartbeat())?.restarts, undefined);
    bench.metrics.restarted(jvm, 'killed');
    bench.metrics.restarted(jvm, 'killed again');
    await bench.advance(3000);
    assert.deepEqual((await bench.heartbeat())?.restarts, { 'component-1': 2, 'component-2': 2 });
    assert.deepEqual(await bench.errors(), ['killed', 'killed again']);
    await bench.metrics.close(10);
  });

  it('counts the restarts of a component whose id every object knows', async () => {
    const bench = new Bench(MemoryStore, 'constructor');
    bench.metrics.restarted(jvm, 'killed');
    bench.metrics.start();
    await bench.advance(0);
    assert.deepEqual(Object.entries((await bench.heartbeat())?.restarts ?? {}), [['constructor', 1]]);
    await bench.metrics.close(10);
  });

  it('keeps the last ten errors of a component', async () => {
    const bench = new Bench();
    for (let i = 1; i <= 12; i++) bench.error(jvm, String(i));
    await bench.advance(0);
    assert.deepEqual(await bench.errors(), ['3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
  });

  it('tells a fault of a host to each of its components', async () => {
    const bench = new Bench();
    bench.metrics.hostReported(jvm, { type: 'fatal', message: 'out of memory' });
    await bench.advance(0);
    assert.deepEqual(
      [await bench.errors(), await bench.errors('component-2')],
      [['out of memory'], ['out of memory']],
    );
    assert.deepEqual(await bench.store.readAll('errors/test-1/component-1'), [
      { error: 'out of memory', timeSecs: 1_700_000_000, host: 'localhost', port: 6701 },
    ]);
  });

  it('holds errors for a store that is away, within a bound, and says so once', async () => {
    const bench = new Bench();
    bench.store.setAway(true);
    for (let i = 1; i <= 205; i++) bench.error(jvm, String(i));
    await bench.advance(5000);
    bench.store.setAway(false);
    await bench.advance(1000);
    assert.deepEqual((await bench.errors()).slice(-1), ['205']);
    assert.deepEqual(bench.events, ['errors.dropped', 'store.away']);
  });

  it('writes what waits before it closes, and removes the heartbeat', async () => {
    const bench = new Bench(SlowStore);
    bench.metrics.start();
    await bench.advance(0);
    bench.error(shell, 'last words');
    await bench.metrics.close(1000);
    await bench.metrics.close(1000);
    assert.deepEqual(await bench.errors(), ['last words']);
    assert.equal(await bench.heartbeat(), undefined);
  });
});
