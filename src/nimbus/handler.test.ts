import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonValue, systemClock, waitFor } from '../base/index.ts';
import { type AssignmentRecord, type HeartbeatRecord, keys } from '../records/index.ts';
import { connectThrift, type DeclaredException, Nimbus } from '../rpc/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type NimbusFixture, openNimbusFixture, upload } from '../testing/nimbus-fixture.ts';

const json = (value: unknown): JsonValue => value as JsonValue;

/** Tasks of `words` (5) and `count` (3, 4 in one executor) with one acker of two tasks, in two containers. */
function assignmentOf(topologyId: string): AssignmentRecord {
  const on = (containerId: number) => ({ containerId, nodeId: 'n1', hostname: 'localhost' });
  const task = (
    taskId: number,
    componentId: string,
    executor: readonly [number, number],
    containerId: number,
  ) => ({ taskId, componentId, executor, containerId, host: 'shell' }) as const;
  return {
    plan: {
      ...{ topologyId, version: 1, codeVersion: 0 },
      containers: [
        { ...on(1), slotPort: 6700 },
        { ...on(2), slotPort: 6701 },
      ],
      tasks: [
        task(5, 'words', [5, 5], 1),
        task(3, 'count', [3, 4], 2),
        task(4, 'count', [3, 4], 2),
        task(1, '__acker', [1, 1], 1),
      ],
    },
    reason: '',
  };
}

describe('the Nimbus service', () => {
  let nimbus: NimbusFixture;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock(1_700_000_000_000);
    nimbus = await openNimbusFixture(clock);
  });
  afterEach(() => nimbus[Symbol.asyncDispose]());

  const isNotAlive = (what: string) => (error: DeclaredException) => {
    assert.equal(error.exceptionName, 'NotAliveException');
    assert.equal(error.message, `NotAliveException(msg:${what} is not alive)`);
    return true;
  };
  const until = (what: string, probe: () => boolean | Promise<boolean>) =>
    waitFor(what, async () => ((await probe()) ? true : undefined), { clock: systemClock, limitMs: 3000 });
  const statusOf = async (name: string) =>
    (await nimbus.client.call.getTopologySummaryByName({ name })).status;
  const isAlive = async (name: string) => !(await nimbus.client.call.isTopologyNameAllowed({ name }));

  it('names as leader the seed that leads to the address it was reached at', async () => {
    clock.advance(65_000);
    assert.deepEqual(await nimbus.client.call.getLeader({}), {
      host: 'localhost',
      port: nimbus.port,
      uptime_secs: 65,
      isLeader: true,
      version: '2.8.3',
    });
  });

  it('answers every method it does not have with an error that names it', async () => {
    await assert.rejects(
      nimbus.client.call.getTopologyHistory({ user: 'tester' }),
      /getTopologyHistory is not available yet/,
    );
  });

  it('answers that a topology is not alive when there is none', async () => {
    const { call } = nimbus.client;
    const options = {};
    for (const attempt of [
      call.killTopology({ name: 'gone' }),
      call.killTopologyWithOpts({ name: 'gone', options }),
      call.activate({ name: 'gone' }),
      call.deactivate({ name: 'gone' }),
      call.getTopologySummaryByName({ name: 'gone' }),
      call.getTopologySummary({ id: 'gone' }),
      call.getTopologyInfo({ id: 'gone' }),
      call.getTopologyInfoByName({ name: 'gone' }),
      call.getTopologyInfoWithOpts({ id: 'gone', options }),
      call.getTopologyInfoByNameWithOpts({ name: 'gone', options }),
      call.getTopologyConf({ id: 'gone' }),
      call.getTopology({ id: 'gone' }),
      call.getUserTopology({ id: 'gone' }),
    ]) {
      await assert.rejects(attempt, isNotAlive('gone'));
    }
    await assert.rejects(call.getTopologyConf({ id: '../../../etc' }), isNotAlive('../../../etc'));
  });

  it('takes submissions when the directories of uploads and of code have been deleted', async () => {
    for (const dir of ['nimbus', 'supervisor']) rmSync(join(nimbus.localDir, dir), { recursive: true });
    const other = await nimbus.submit({ name: 'other' });
    assert(nimbus.files().includes(`supervisor/stormdist/${other}/conf.json`));
  });

  it('gives up the uploads of a client that closed its connection', async () => {
    const address = { host: '127.0.0.1', port: nimbus.port };
    const other = await connectThrift(Nimbus, address, { timeoutMs: 10_000, addressKeys: 'test' });
    await other.call.beginFileUpload({});
    const kept = await nimbus.client.call.beginFileUpload({});
    other.close();
    await until('the end of its upload', () => {
      clock.advance(20_000);
      return nimbus.files().filter((file) => file.includes('inbox')).length === 1;
    });
    await nimbus.client.call.finishFileUpload({ location: kept });
  });

  it('activates and deactivates, again and again', async () => {
    await nimbus.submit({ name: 'words' });
    const { call } = nimbus.client;
    for (const [method, status] of [
      ['deactivate', 'INACTIVE'],
      ['deactivate', 'INACTIVE'],
      ['activate', 'ACTIVE'],
      ['activate', 'ACTIVE'],
    ] as const) {
      await call[method]({ name: 'words' });
      assert.equal(await statusOf('words'), status);
    }
  });

  it('waits for the message timeout before it removes a killed topology, then frees its name', async () => {
    const id = await nimbus.submit({ name: 'words', conf: { 'topology.message.timeout.secs': 7 } });
    await nimbus.client.call.killTopology({ name: 'words' });
    assert.equal(await statusOf('words'), 'KILLED');
    clock.advance(6999);
    assert.equal(await statusOf('words'), 'KILLED');
    await assert.rejects(nimbus.client.call.activate({ name: 'words' }), /No transition for event: ACTIVATE/);
    await assert.rejects(nimbus.submit({ name: 'words' }), /words is already alive/);
    await until('the sweep after the kill', () => {
      clock.advance(1);
      return isAlive('words').then((alive) => !alive);
    });
    await until('the code to go', () => nimbus.files().every((file) => !file.includes(id)));
    assert.deepEqual(await nimbus.records(), []);
  });

  it('keeps the code of a removed topology until its last container is gone', async () => {
    const id = await nimbus.submit({ name: 'words' });
    await nimbus.store.put(keys.container(id, 1).path, json({ pid: 1 }));
    await nimbus.store.put(keys.assignment(id).path, json(assignmentOf(id)));
    await nimbus.store.append(
      keys.errors(id, 'count').path,
      json({ error: 'x', timeSecs: 1, host: 'h', port: 1 }),
      10,
    );
    await nimbus.client.call.killTopologyWithOpts({ name: 'words', options: { wait_secs: 0 } });
    await until('the name to be free', async () => !(await isAlive('words')));
    for (let look = 0; look < 5; look++) {
      clock.advance(500);
      await nimbus.client.call.getTopologySummaries({});
      assert.notDeepEqual(nimbus.files(), []);
    }
    await nimbus.store.remove(keys.assignment(id).path);
    await nimbus.store.remove(keys.container(id, 1).path);
    await until('the code to go', () => {
      clock.advance(500);
      return nimbus.files().length === 0;
    });
    assert.deepEqual(await nimbus.store.listKeys(''), []);
  });

  it('lets a second kill move the removal', async () => {
    await nimbus.submit({ name: 'words' });
    await nimbus.client.call.killTopologyWithOpts({ name: 'words', options: { wait_secs: 1000 } });
    await nimbus.client.call.killTopologyWithOpts({ name: 'words', options: { wait_secs: 0 } });
    await until('the name to be free', async () => !(await isAlive('words')));
  });

  it('resumes after a stop: topologies stay, unfinished files are removed, kills complete', async () => {
    const id = await nimbus.submit({ name: 'words' });
    await nimbus.submit({ name: 'dying' });
    await nimbus.client.call.killTopologyWithOpts({ name: 'dying', options: { wait_secs: 30 } });
    await nimbus.store.create(keys.name('stale').path, 'stale-9-9');
    await nimbus.client.call.beginFileUpload({});
    clock.advance(1_000);
    await nimbus.restart();
    clock.advance(40_000);
    await until('the killed one to go', async () => !(await isAlive('dying')));
    assert.equal(await isAlive('stale'), false);
    assert.equal(await statusOf('words'), 'ACTIVE');
    await until('its code to go', () => nimbus.files().every((file) => file.includes(id)));
  });

  it('shows a topology without workers before it is scheduled, and what is placed afterwards', async () => {
    const id = await nimbus.submit({ name: 'words' });
    const [before] = await nimbus.client.call.getTopologySummaries({});
    assert.deepEqual(
      [before?.num_tasks, before?.num_executors, before?.num_workers, before?.sched_status],
      [0, 0, 0, 'Not scheduled yet'],
    );
    await nimbus.store.put(keys.assignment(id).path, json(assignmentOf(id)));
    await nimbus.store.put(
      keys.supervisor('n1').path,
      json({
        nodeId: 'n1',
        hostname: 'localhost',
        slotPorts: [6700, 6701, 6702],
        startedAtMs: clock.nowMs(),
      }),
    );
    clock.advance(3000);
    const cluster = await nimbus.client.call.getClusterInfo({});
    assert.deepEqual(
      cluster.topologies.map((row) => [
        row.name,
        row.num_tasks,
        row.num_executors,
        row.num_workers,
        row.uptime_secs,
      ]),
      [['words', 4, 3, 2, 3]],
    );
    assert.deepEqual(
      cluster.supervisors.map((row) => [row.host, row.num_workers, row.num_used_workers, row.uptime_secs]),
      [['localhost', 3, 2, 3]],
    );
    assert.equal(cluster.nimbuses[0]?.isLeader, true);
  });

  it('answers executors with zeros before their first heartbeat, and with its counts after', async () => {
    const id = await nimbus.submit({ name: 'words' });
    await nimbus.store.put(keys.assignment(id).path, json(assignmentOf(id)));
    const zeros = await nimbus.client.call.getTopologyInfo({ id });
    assert.deepEqual(
      zeros.executors.map((row) => [row.component_id, row.executor_info.task_end, row.port, row.uptime_secs]),
      [
        ['__acker', 1, 6700, 0],
        ['count', 4, 6701, 0],
        ['words', 5, 6700, 0],
      ],
    );
    assert.equal(zeros.executors[0]?.stats?.specific.kind, 'bolt');
    assert.equal(zeros.executors[2]?.stats?.specific.kind, 'spout');
    assert.deepEqual(zeros.executors[2].stats.emitted.get(':all-time'), new Map());

    const counts = { ':all-time': { default: 2 ** 40 } };
    const inputs = { ':all-time': { 'words\0default': 3 } };
    const heartbeat: HeartbeatRecord = {
      containerId: 2,
      timeMs: clock.nowMs(),
      uptimeSecs: 9,
      executors: [
        {
          executor: [3, 4],
          componentId: 'count',
          uptimeSecs: 8,
          emitted: counts,
          transferred: counts,
          rate: 1,
          specific: {
            kind: 'bolt',
            acked: inputs,
            failed: {},
            processMsAvg: { ':all-time': { 'words\0default': 1.5 } },
            executed: inputs,
            executeMsAvg: {},
          },
        },
      ],
    };
    await nimbus.store.put(keys.heartbeat(id, 2).path, json(heartbeat), { expireMs: 60_000 });
    const info = await nimbus.client.call.getTopologyInfoByName({ name: 'words' });
    const count = info.executors[1]!;
    assert.equal(count.uptime_secs, 8);
    assert.equal(count.stats?.emitted.get(':all-time')?.get('default'), 2n ** 40n);
    assert(count.stats.specific.kind === 'bolt');
    assert.deepEqual(count.stats.specific.value.executed.get(':all-time'), [
      [{ componentId: 'words', streamId: 'default' }, 3n],
    ]);
    assert.deepEqual(count.stats.specific.value.process_ms_avg.get(':all-time'), [
      [{ componentId: 'words', streamId: 'default' }, 1.5],
    ]);
  });

  it('answers all errors, the newest or none of them, as asked, with a list for each component', async () => {
    const id = await nimbus.submit({ name: 'words' });
    for (const timeSecs of [1, 2, 3]) {
      const error = json({ error: `fault ${timeSecs}`, timeSecs, host: 'h', port: 6700 });
      await nimbus.store.append(keys.errors(id, 'count').path, error, 10);
    }
    const errorsOf = async (num_err_choice?: 'ALL' | 'ONE' | 'NONE') => {
      const info = await nimbus.client.call.getTopologyInfoWithOpts({ id, options: { num_err_choice } });
      assert.deepEqual([...info.errors.keys()].sort(), ['__acker', '__system', 'count', 'words']);
      return info.errors.get('count')?.map((each) => each.error);
    };
    assert.deepEqual(await errorsOf(), ['fault 3', 'fault 2', 'fault 1']);
    assert.deepEqual(await errorsOf('ALL'), ['fault 3', 'fault 2', 'fault 1']);
    assert.deepEqual(await errorsOf('ONE'), ['fault 3']);
    assert.deepEqual(await errorsOf('NONE'), []);
  });

  it('answers the topology with the components of the system', async () => {
    const id = await nimbus.submit({ name: 'words' });
    const topology = await nimbus.client.call.getTopology({ id });
    assert.deepEqual([...topology.bolts.keys()].sort(), ['__acker', '__system', 'count']);
    assert(topology.spouts.get('words')?.common.streams.has('__ack_init'));
  });

  it('answers its own configuration', async () => {
    const conf = JSON.parse(await nimbus.client.call.getNimbusConf({})) as Record<string, unknown>;
    assert.equal(conf['storm.local.dir'], nimbus.localDir);
    assert.equal(conf['topology.message.timeout.secs'], 30);
  });

  it('deletes an upload that a client walked away from', async () => {
    await using quick = await openNimbusFixture(clock, ['nimbus.file.copy.expiration.secs=5']);
    const location = await quick.client.call.beginFileUpload({});
    await quick.client.call.uploadChunk({ location, chunk: Buffer.alloc(1000) });
    assert.equal(quick.files().length, 1);
    clock.advance(6000);
    await until('the file to go', () => quick.files().length === 0);
    await assert.rejects(quick.client.call.finishFileUpload({ location }), /it expired/);
    await upload(quick.client, new Uint8Array(400_000));
  });
});
