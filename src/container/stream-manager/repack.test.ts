import assert from 'node:assert/strict';
import { seededRandom } from '../../base/index.ts';
import { keys, RecordStore } from '../../records/index.ts';
import { FakeHost, numberedFrame, StreamManagers, until } from '../../testing/stream-managers.ts';
import type { PackingPlan } from '../../topology/index.ts';

type Layout = Readonly<Record<number, readonly number[]>>;

function planOf(version: number, tasks: Layout): PackingPlan {
  const ids = Object.keys(tasks).map(Number);
  return {
    ...{ topologyId: 'test-1', version, codeVersion: 0 },
    containers: ids.map((containerId) => ({
      ...{ containerId, slotPort: 6700 + containerId, nodeId: 'node', hostname: 'localhost' },
    })),
    tasks: ids.flatMap((containerId) =>
      tasks[containerId]!.map((taskId) => ({
        ...{ taskId, componentId: `component-${taskId}`, executor: [taskId, taskId] as const },
        ...{ containerId, host: 'shell' as const },
      })),
    ),
  };
}

/** Containers whose tasks are moved by plans that the test writes as the scheduler does. */
class Movers implements AsyncDisposable {
  readonly cluster: StreamManagers;
  readonly hosts: FakeHost[] = [];

  constructor(cluster: StreamManagers) {
    this.cluster = cluster;
    this.hosts.push(...cluster.hosts.values());
  }

  async assign(plan: PackingPlan): Promise<void> {
    const record = { plan, reason: '', rebalances: plan.version - 1 };
    await new RecordStore(this.cluster.store).put(keys.assignment('test-1'), record);
    await until('the master to tell everybody', () => this.told(plan.version) === this.cluster.managers.size);
  }

  told(version: number): number {
    return this.cluster.packings.filter((packing) => packing.version === version).length;
  }

  /** The container takes a plan over, each task in a host of its own. */
  take(containerId: number, plan: PackingPlan): void {
    const manager = this.cluster.managers.get(containerId)!;
    const tasks = plan.tasks.filter((task) => task.containerId === containerId).map(({ taskId }) => taskId);
    const places = tasks.map((task) => ({ name: `task-${task}`, tasks: [task] }));
    manager.repack(plan, places);
    for (const place of places) {
      const host = new FakeHost(place.name, place.tasks);
      this.hosts.push(host);
      manager.fill(host);
    }
    this.cluster.took(containerId, plan.version);
  }

  get received(): string[] {
    return this.hosts.flatMap((host) => host.received);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cluster[Symbol.asyncDispose]();
  }
}

describe('a new packing plan', () => {
  it('moves tasks under load, container after container, and every frame arrives once', async () => {
    const seed = Date.now() | 0;
    const random = seededRandom(seed);
    const layouts: readonly Layout[] = [
      { 1: [1, 2], 2: [3, 4], 3: [5] },
      { 1: [1, 4], 2: [2], 3: [3, 5] },
      { 1: [5, 1], 2: [3, 2], 3: [4] },
    ];
    await using movers = new Movers(await StreamManagers.open({ tasks: layouts[0]! }));
    const sent: string[] = [];
    const emit = (): void => {
      const from = 1 + Math.floor(random.next() * 3);
      const frames = Array.from({ length: 1 + Math.floor(random.next() * 10) }, () => {
        const target = 1 + Math.floor(random.next() * 5);
        sent.push(`${from}>${target}:${sent.length}`);
        return numberedFrame(
          { source: from, target },
          sent.length - 1,
          Math.floor(random.next() ** 4 * 50_000),
        );
      });
      movers.cluster.emit(from, frames);
    };
    for (const [index, layout] of layouts.slice(1).entries()) {
      const plan = planOf(index + 2, layout);
      emit();
      await movers.assign(plan);
      for (const containerId of [1, 2, 3].toSorted(() => random.next() - 0.5)) {
        for (let round = 0; round < 10; round++) {
          emit();
          if (random.next() < 0.5) await new Promise((resolve) => setImmediate(resolve));
        }
        movers.take(containerId, plan);
      }
      for (let round = 0; round < 10; round++) emit();
    }
    await until('all frames', () => movers.received.length >= sent.length);
    assert.deepEqual(movers.received.toSorted(), sent.toSorted(), `seed ${seed}`);
    const places = new Map(movers.hosts.flatMap((host) => host.tasks.map((task) => [task, host])));
    for (const task of [1, 2, 3, 4, 5]) {
      movers.cluster.emit(1, [numberedFrame({ source: 9, target: task }, 1)]);
      await until(`task ${task} in its last place`, () => places.get(task)!.received.includes(`9>${task}:1`));
    }
  });

  it('pauses spouts by the physical plan until all containers have applied it', async () => {
    await using movers = new Movers(await StreamManagers.open({ tasks: { 1: [1], 2: [2] } }));
    const plan = planOf(2, { 1: [1, 2], 2: [] });
    const statuses = (): string[] =>
      [...movers.cluster.managers.values()].map((manager) => manager.physical!.status);
    await movers.assign(plan);
    await until('still', () => statuses().every((status) => status === 'REBALANCING'));
    movers.take(1, plan);
    movers.cluster.emit(1, [numberedFrame({ source: 1, target: 2 }, 1)]);
    assert.deepEqual(statuses(), ['REBALANCING', 'REBALANCING']);
    movers.take(2, plan);
    await until('the spouts to resume', () => statuses().every((status) => status === 'ACTIVE'));
    assert.deepEqual(movers.received, ['1>2:1']);
  });

  it('forwards what waits, for a host and for peers, in a container that is left out, which is then settled', async () => {
    await using movers = new Movers(await StreamManagers.open({ tasks: { 1: [1], 2: [2], 3: [3] } }));
    const { cluster } = movers;
    const third = cluster.managers.get(3)!;
    third.empty(cluster.hosts.get(3)!);
    cluster.emit(2, [numberedFrame({ source: 2, target: 3 }, 1)]);
    cluster.emit(3, [numberedFrame({ source: 3, target: 3 }, 2), numberedFrame({ source: 3, target: 2 }, 3)]);
    const plan = planOf(2, { 1: [1, 3], 2: [2] });
    await movers.assign(plan);
    movers.take(3, plan);
    assert.equal(third.isSettled, false);
    cluster.emit(1, [numberedFrame({ source: 1, target: 3 }, 4)]);
    movers.take(1, plan);
    cluster.emit(2, [numberedFrame({ source: 2, target: 3 }, 5)]);
    assert.equal(third.isSettled, false);
    movers.take(2, plan);
    await until('nothing left in it', () => third.isSettled);
    cluster.close(3);
    const expected = ['1>3:4', '2>3:1', '2>3:5', '3>2:3', '3>3:2'];
    await until('all frames', () => movers.received.length >= expected.length);
    assert.deepEqual(movers.received.toSorted(), expected);
    await until('the master to forget it', () =>
      cluster.managers.get(1)!.physical!.streamManagers.every(({ containerId }) => containerId !== 3),
    );
  });

  it('sends what waits for a container that was away when it was left out by the new routes', async () => {
    await using movers = new Movers(await StreamManagers.open({ tasks: { 1: [1], 2: [2] } }));
    const { cluster } = movers;
    cluster.close(2);
    await until('the peer left', () => cluster.managers.get(1)!.peers.get(2)?.isConnected === false);
    cluster.emit(1, [numberedFrame({ source: 1, target: 2 }, 1)]);
    const plan = planOf(2, { 1: [1, 2] });
    const record = { plan, reason: '', rebalances: 1 };
    await new RecordStore(cluster.store).put(keys.assignment('test-1'), record);
    await until('the master to tell the other', () => movers.told(2) >= 1);
    movers.take(1, plan);
    assert.deepEqual(movers.received, ['1>2:1']);
  });

  it('holds spouts for a task that moved, also where its pressure was reported before the plan was applied', async () => {
    await using movers = new Movers(await StreamManagers.open({ tasks: { 1: [1], 2: [2], 3: [3] } }));
    const [mover, late] = [movers.cluster.managers.get(2)!, movers.cluster.managers.get(1)!];
    const plan = planOf(2, { 1: [1], 2: [2, 3], 3: [] });
    movers.take(2, plan);
    for (const host of movers.hosts.slice(-2).toReversed())
      mover.report(host, { type: 'pressure', reporter: host.name, tasks: host.tasks });
    const held = (): readonly number[] | undefined => movers.cluster.hosts.get(1)!.last('pressure')?.tasks;
    await until('what counts by the old plan', () => held()?.join() === '2');
    late.repack(plan, [{ name: 'fake', tasks: [1] }]);
    assert.deepEqual(held(), [2, 3]);
  });

  it('leaves a host whose place stays alone, and sends it the new plan', async () => {
    await using movers = new Movers(await StreamManagers.open({ tasks: { 1: [1], 2: [2] } }));
    const [manager, host] = [movers.cluster.managers.get(1)!, movers.cluster.hosts.get(1)!];
    const plan = planOf(2, { 1: [1], 2: [], 3: [2] });
    manager.repack(plan, [{ name: 'fake', tasks: [1] }]);
    assert.equal(host.last('packing')?.plan, plan);
    movers.cluster.emit(1, [numberedFrame({ source: 1, target: 1 }, 1)]);
    assert.deepEqual(host.received, ['1>1:1']);
    manager.repack(planOf(3, { 1: [1], 2: [], 3: [2] }), [{ name: 'fake', tasks: [1], key: 'other' }]);
    movers.cluster.emit(1, [numberedFrame({ source: 1, target: 1 }, 2)]);
    assert.deepEqual(host.received, ['1>1:1']);
  });
});
