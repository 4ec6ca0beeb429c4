import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Logger, silentLog } from '../../../base/index.ts';
import { edgeTopology } from '../../../testing/edge-topology.ts';
import { FakeHost, numberedFrame, StreamManagers, until } from '../../../testing/stream-managers.ts';
import type { PlannedTask, TopologyIndex } from '../../../topology/index.ts';
import { DataFrameWriter, frameStream, frameTarget } from '../../../tuple/index.ts';
import { DurationLedger } from './duration-ledger.ts';
import { flowPolicy } from './flow-policy.ts';

/** Tasks: 1 __acker, 2 __eventlogger, 3 a, 4 b, 5 s1, 6 s2. */
const twoBranches = ['s1>a', 's2>b'];
const tasks = { 1: [1, 5, 6], 2: [2, 3, 4] };

function plannedTasks(topology: TopologyIndex): PlannedTask[] {
  return [...topology.taskToComponent()].map(([taskId, componentId]) => ({
    ...{ taskId, componentId, executor: [taskId, taskId] as const, containerId: 1, host: 'shell' },
  }));
}

/** A frame of tuples that are each anchored to one root. */
function anchoredFrame(route: { readonly source: number; readonly target: number }, roots: number[]): Buffer {
  let frame = Buffer.alloc(0);
  const writer = new DataFrameWriter({ ...route, stream: 1 }, (buffer, start, end) => {
    frame = Buffer.from(buffer.subarray(start, end));
  });
  for (const root of roots) {
    writer.beginTuple(1);
    writer.addAnchor(root, root, 7, 7);
    writer.values.begin(1);
    writer.values.writeInt(root);
    writer.endTuple();
  }
  writer.flush();
  return frame;
}

function report(cluster: StreamManagers, id: number, pressured: readonly number[]): void {
  const host = cluster.hosts.get(id)!;
  cluster.managers.get(id)!.report(host, { type: 'pressure', reporter: 'fake', tasks: pressured });
}

const toldOf = (cluster: StreamManagers, id: number): string =>
  (cluster.hosts.get(id)!.last('pressure')?.tasks ?? []).join();

function recordingLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (fields: { readonly event: string }): void => {
    lines.push(JSON.stringify(fields));
  };
  const log: Logger = { ...silentLog, info: write, warn: write, child: () => log };
  return { log, lines };
}

describe('drop instead of back pressure', () => {
  it('drops tuples for a task under pressure, fails their trees at once, and holds no spout back', async () => {
    const topology = edgeTopology(twoBranches);
    const conf = { 'topology.egret.backpressure.mode': 'drop' };
    await using cluster = await StreamManagers.open({ tasks, topology, conf });
    report(cluster, 2, [3]);
    const sender = cluster.managers.get(1)!;
    const frame = anchoredFrame({ source: 5, target: 3 }, [11, 12]);
    await until('the pressure to be known', () => {
      cluster.emit(1, [frame]);
      return sender.droppedTuples.congested > 0;
    });
    const failStream = topology.streamNumber('a', '__ack_fail');
    const fails: string[] = [];
    cluster.hosts.get(1)!.onFrame = (buffer, start) =>
      void fails.push(`stream ${frameStream(buffer, start)} to ${frameTarget(buffer, start)}`);
    const before = sender.droppedTuples.congested;
    cluster.emit(1, [frame, numberedFrame({ source: 6, target: 4 }, 1)]);
    assert.equal(sender.droppedTuples.congested, before + 2);
    assert.deepEqual(fails, [`stream ${failStream} to 1`]);
    await until('the other branch', () => cluster.hosts.get(2)!.received.includes('6>4:1'));
    assert.equal(toldOf(cluster, 1), '');
    report(cluster, 2, []);
    const had = cluster.hosts.get(2)!.received.length;
    await until('tuples again', () => {
      cluster.emit(1, [frame]);
      return cluster.hosts.get(2)!.received.length > had;
    });
  });

  it("depends on the component under pressure, and by Heron's key", () => {
    const drop = { 'topology.egret.backpressure.mode': 'drop' };
    const topology = edgeTopology(twoBranches, { a: drop, s1: drop });
    const planned = plannedTasks(topology);
    const modes = (conf: object): string =>
      [1, 3, 4].map((task) => flowPolicy(planned, { ...conf }, topology).modeOf(task)).join();
    assert.equal(modes({}), 'spout,drop,spout');
    assert.equal(modes({ 'topology.droptuples.upon.backpressure': true }), 'spout,drop,drop');
    assert.throws(() => modes({ 'topology.egret.backpressure.mode': 'pause' }), {
      code: 'CONFIG_INVALID',
      message: /component \w+: topology\.egret\.backpressure\.mode is "pause", expected "spout" or "drop"/,
    });
  });
});

describe('back pressure by the graph', () => {
  it('never reports a spout, so that acks to it do not wait', async () => {
    await using cluster = await StreamManagers.open({ tasks, topology: edgeTopology(twoBranches) });
    report(cluster, 1, [5, 6]);
    report(cluster, 2, [4]);
    await until('the bolt alone', () => toldOf(cluster, 1) === '4');
    report(cluster, 1, [1, 5]);
    await until('the acker', () => toldOf(cluster, 2) === '1,4');
  });

  it('pauses only hosts that feed a full link', async () => {
    const topology = edgeTopology(['s1>a', 'b>c', 's2>b']);
    const conf = { 'egret.stream.manager.queue.max.bytes': 100_000 };
    // 3 a, 4 b, 5 c, 6 s1, 7 s2: container 2 has a alone
    const places = { 1: [1, 2, 4, 5, 6, 7], 2: [3] };
    await using cluster = await StreamManagers.open({ tasks: places, topology, conf });
    const manager = cluster.managers.get(1)!;
    const feeder = cluster.hosts.get(1)!;
    const frame = numberedFrame({ source: 6, target: 3 }, 1, 50_000);
    cluster.emit(
      1,
      Array.from({ length: 40 }, () => frame),
    );
    assert.equal(feeder.isPaused, true);
    await until('room again', () => !feeder.isPaused);
    manager.empty(feeder);
    const bystander = new FakeHost('fake', [4, 5, 7]);
    manager.fill(bystander);
    cluster.emit(
      1,
      Array.from({ length: 40 }, () => frame),
    );
    assert.ok(manager.peers.get(2)!.queuedBytes > 100_000);
    assert.equal(bystander.isPaused, false);
  });

  it('closes the connection of a peer that has stopped, and resumes its hosts', async () => {
    const { log, lines } = recordingLog();
    const conf = {
      'egret.stream.manager.queue.max.bytes': 100_000,
      'egret.stream.manager.stall.timeout.secs': 0.05,
    };
    const topology = edgeTopology(twoBranches);
    await using cluster = await StreamManagers.open({ tasks, topology, conf, log });
    cluster.hosts.get(2)!.onFrame = () => {
      // The peer's process is stopped: it reads nothing.
      const untilMs = performance.now() + 300;
      while (performance.now() < untilMs);
    };
    const host = cluster.hosts.get(1)!;
    const frame = numberedFrame({ source: 5, target: 3 }, 1, 90_000);
    cluster.emit(
      1,
      Array.from({ length: 400 }, () => frame),
    );
    assert.equal(host.isPaused, true);
    await until('the end of the wait', () => !host.isPaused);
    assert.ok(
      lines.some((line) => line.includes('"peer.stalled"')),
      lines.join('\n'),
    );
    cluster.hosts.get(2)!.onFrame = undefined;
    cluster.emit(1, [numberedFrame({ source: 5, target: 3 }, 2)]);
    await until('frames once it runs again', () => cluster.hosts.get(2)!.received.includes('5>3:2'));
  });

  it('ignores reports of a host that has ended', async () => {
    await using cluster = await StreamManagers.open({ tasks, topology: edgeTopology(twoBranches) });
    const manager = cluster.managers.get(2)!;
    const dead = cluster.hosts.get(2)!;
    report(cluster, 2, [3]);
    await until('pressure', () => toldOf(cluster, 1) === '3');
    manager.empty(dead);
    manager.report(dead, { type: 'pressure', reporter: 'fake', tasks: [3] });
    await until('no pressure', () => toldOf(cluster, 1) === '');
    cluster.fill(2);
    manager.report(dead, { type: 'pressure', reporter: 'fake', tasks: [3] });
    report(cluster, 2, [4]);
    await until('what its successor says', () => toldOf(cluster, 1) === '4');
  });

  it('reports pressure again to a peer that reconnects, and lifts it when it ends', async () => {
    await using cluster = await StreamManagers.open({ tasks, topology: edgeTopology(twoBranches) });
    report(cluster, 2, [3]);
    await until('pressure', () => toldOf(cluster, 1) === '3');
    cluster.close(1);
    await cluster.start(1);
    await until('pressure at the next incarnation', () => toldOf(cluster, 1) === '3');
    report(cluster, 2, []);
    await until('its end', () => toldOf(cluster, 1) === '');
  });

  it('is over between two containers that are both under pressure, with all tuples delivered', async () => {
    const topology = edgeTopology(['s1>a', 'a>b', 'b>a']);
    const conf = {
      'egret.stream.manager.queue.max.bytes': 200_000,
      'egret.stream.manager.queue.high.bytes': 50_000,
    };
    // 3 a, 4 b, 5 s1: a and b feed each other from two containers
    await using cluster = await StreamManagers.open({ tasks: { 1: [1, 3, 5], 2: [2, 4] }, topology, conf });
    const there = numberedFrame({ source: 3, target: 4 }, 1, 20_000);
    const back = numberedFrame({ source: 4, target: 3 }, 1, 20_000);
    for (let round = 0; round < 20; round++) {
      cluster.emit(
        1,
        Array.from({ length: 30 }, () => there),
      );
      cluster.emit(
        2,
        Array.from({ length: 30 }, () => back),
      );
    }
    assert.deepEqual(
      [1, 2].map((id) => cluster.hosts.get(id)!.isPaused),
      [true, true],
    );
    await until('all of both', () => [1, 2].every((id) => cluster.hosts.get(id)!.received.length === 600));
    await until('calm', () =>
      [1, 2].every((id) => toldOf(cluster, id) === '' && !cluster.hosts.get(id)!.isPaused),
    );
  });

  it('records which task was the cause and which waited, since when and for how long', async () => {
    const { log, lines } = recordingLog();
    await using cluster = await StreamManagers.open({ tasks, topology: edgeTopology(twoBranches), log });
    report(cluster, 2, [3]);
    await until('pressure', () => toldOf(cluster, 1) === '3');
    const origin = (): object => cluster.managers.get(2)!.flow();
    const flow = cluster.managers.get(1)!.flow();
    assert.deepEqual(
      flow.heldSpouts.map(({ componentId, taskId, times, sinceMs }) => [
        componentId,
        taskId,
        times,
        sinceMs! > 0,
      ]),
      [['s1', 5, 1, true]],
    );
    assert.deepEqual(flow.pressured, []);
    assert.deepEqual(flow.queues, [{ name: 'link 2', bytes: 0, tuples: 0 }]);
    assert.match(
      JSON.stringify(origin()),
      /"pressured":\[\{"taskId":3,"componentId":"a","times":1,"totalMs":\d+,"sinceMs":\d+\}\]/,
    );
    report(cluster, 2, []);
    report(cluster, 2, [3]);
    report(cluster, 2, []);
    assert.match(
      JSON.stringify(origin()),
      /"pressured":\[\{"taskId":3,"componentId":"a","times":2,"totalMs":\d+\}\]/,
    );
    const told = lines.filter((line) => line.includes('"pressure.'));
    assert.equal(told.length, 2, 'flapping pressure is logged once in the interval');
    assert.match(told[0]!, /"pressure.began","component":"a","task":3,"reporter":"fake"/);
    assert.match(told[1]!, /"pressure.ended","component":"a","task":3,"reporter":"fake","durationMs":\d+/);
  });
});

describe('DurationLedger', () => {
  it('adds up the time that a task was in the state, in any order of updates', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), now: fc.subarray([1, 2, 3]) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new DurationLedger();
        const totals = new Map<number, number>();
        let before: number[] = [];
        let nowMs = 0;
        let logged = 0;
        for (const { afterMs, now } of steps) {
          nowMs += afterMs;
          for (const task of before) totals.set(task, (totals.get(task) ?? 0) + afterMs);
          for (const change of ledger.update(now, nowMs)) {
            assert.equal(change.durationMs === undefined, now.includes(change.taskId));
            if (change.unlogged !== undefined) logged++;
          }
          before = now;
        }
        for (const { taskId, totalMs, sinceMs } of ledger.entries(nowMs)) {
          assert.equal(totalMs, totals.get(taskId) ?? 0);
          assert.equal(sinceMs !== undefined, before.includes(taskId));
        }
        assert.ok(
          logged <= 3 * 2 * (nowMs / 10_000 + 1),
          'at most one beginning and one end of a task in 10 s',
        );
      }),
    );
  });
});
