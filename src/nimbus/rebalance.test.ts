import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonObject, systemClock, waitFor } from '../base/index.ts';
import { type AssignmentRecord, keys, RecordStore, recordOf, type TopologyRecord } from '../records/index.ts';
import type { DeclaredException, RebalanceOptions } from '../rpc/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type NimbusFixture, openNimbusFixture } from '../testing/nimbus-fixture.ts';

describe('rebalance', () => {
  let nimbus: NimbusFixture;
  let clock: ManualClock;
  let id = '';
  beforeEach(async () => {
    clock = new ManualClock(1_700_000_000_000);
    nimbus = await openNimbusFixture(clock);
    id = await nimbus.submit({ name: 'words', conf: { 'topology.message.timeout.secs': 7 } });
    await place({});
  });
  afterEach(() => nimbus[Symbol.asyncDispose]());

  const rebalance = (options: RebalanceOptions): Promise<void> =>
    nimbus.client.call.rebalance({ name: 'words', options });
  const record = async (): Promise<TopologyRecord> =>
    recordOf(await new RecordStore(nimbus.store).read(keys.topology(id)))!;
  const until = (what: string, probe: (found: TopologyRecord) => boolean) =>
    waitFor(what, async () => (probe(await record()) ? true : undefined), {
      clock: systemClock,
      limitMs: 3000,
    });
  /** Stands in for the scheduler. */
  async function place(more: Partial<AssignmentRecord>): Promise<void> {
    const plan = { topologyId: id, version: 1, codeVersion: 0, containers: [], tasks: [] };
    await new RecordStore(nimbus.store).put(keys.assignment(id), { plan, reason: '', ...more });
  }
  const placing = (found: TopologyRecord): boolean => found.rebalance?.phase === 'placing';
  const isInvalid = (message: string) => (error: DeclaredException) => {
    assert.equal(error.exceptionName, 'InvalidTopologyException');
    assert.equal(error.msg, message);
    return true;
  };

  it('waits, asks the scheduler, and restores the status when that has packed', async () => {
    await rebalance({
      wait_secs: 5,
      num_workers: 3,
      num_executors: new Map([
        ['count', 4],
        ['__acker', 2],
      ]),
    });
    const waiting = await record();
    assert.deepEqual([waiting.status, waiting.workers, waiting.rebalances], ['REBALANCING', 1, undefined]);
    const { call } = nimbus.client;
    assert.equal((await call.getTopologyInfoByName({ name: 'words' })).status, 'REBALANCING');
    assert.equal((await call.getClusterInfo({})).topologies[0]!.status, 'REBALANCING');
    clock.advance(4999);
    assert.equal((await record()).rebalance?.phase, 'waiting');
    clock.advance(1);
    await until('the scheduler being asked', placing);
    const asked = await record();
    assert.deepEqual([asked.workers, asked.executors, asked.rebalances], [3, { count: 4, __acker: 2 }, 1]);
    assert.equal(asked.status, 'REBALANCING');
    await place({ rebalances: 1 });
    await until('the status of before', ({ status }) => status === 'ACTIVE');
    const { rebalance: left, ...done } = await record();
    assert.equal(left, undefined);
    assert.deepEqual([done.workers, done.executors], [3, { count: 4, __acker: 2 }]);
  });

  it('waits for the message timeout when the request names no wait', async () => {
    await rebalance({});
    assert.equal((await record()).rebalance!.dueAtMs, clock.nowMs() + 7000);
  });

  it('leaves inactive what was inactive', async () => {
    await nimbus.client.call.deactivate({ name: 'words' });
    await rebalance({ wait_secs: 0 });
    await until('the scheduler being asked', placing);
    await place({ rebalances: 1 });
    await until('the status of before', ({ status }) => status === 'INACTIVE');
  });

  it("refuses in Storm's words what no topology can be", async () => {
    for (const [options, message] of [
      [
        { num_executors: new Map([['absent', 1]]) },
        'Invalid component absent for topology words, valid values are count,words',
      ],
      [{ num_executors: new Map([['count', 0]]) }, 'Number of executors must be greater than 0'],
      [{ num_executors: new Map([['count', -1]]) }, 'Number of executors must be greater than 0'],
      [{ num_workers: 0 }, 'Number of workers must be greater than 0'],
      [
        { topology_resources_overrides: new Map([['count', new Map([['cpu', 1]])]]) },
        'topology_resources_overrides are for the resource-aware scheduler, which is not available yet: leave out -r',
      ],
      [
        { topology_conf_overrides: '{"topology.acker.executors":3}' },
        `the configuration would change the tasks of ${id}, whose number is fixed: leave out topology.acker.executors, or submit the topology again`,
      ],
      [
        { topology_conf_overrides: '{"topology.max.spout.pending":"many"}' },
        'topology_conf_overrides: topology.max.spout.pending must be an integer of 32 bits, got "many"',
      ],
      [
        { topology_conf_overrides: '{"egret.shell.queue.high.bytes":-5}' },
        'topology_conf_overrides: egret.shell.queue.high.bytes must be a number of at least 0, got -5',
      ],
    ] satisfies [RebalanceOptions, string][]) {
      await assert.rejects(rebalance(options), isInvalid(message));
    }
    await assert.rejects(rebalance({ topology_conf_overrides: 'x' }), /topology_conf_overrides/);
    assert.equal((await record()).status, 'ACTIVE');
    await assert.rejects(nimbus.client.call.rebalance({ name: 'gone', options: {} }), /gone is not alive/);
  });

  it('is refused during another one and after a kill, and a kill cancels it', async () => {
    await rebalance({ wait_secs: 100 });
    await assert.rejects(
      rebalance({}),
      /No transition for event: REBALANCE, status: REBALANCING storm-id: words/,
    );
    await nimbus.client.call.killTopologyWithOpts({ name: 'words', options: { wait_secs: 50 } });
    const killed = await record();
    assert.deepEqual([killed.status, killed.rebalance], ['KILLED', undefined]);
    await assert.rejects(rebalance({}), /No transition for event: REBALANCE, status: KILLED/);
  });

  it('resumes after a restart of the gateway in each phase', async () => {
    await rebalance({ wait_secs: 5, num_workers: 2 });
    await nimbus.restart();
    clock.advance(5000);
    await until('the scheduler being asked', placing);
    await nimbus.restart();
    await until('still placing', placing);
    await place({ rebalances: 1 });
    await until('the status of before', ({ status }) => status === 'ACTIVE');
    assert.equal((await record()).workers, 2);
  });

  it('resumes after a gateway was killed between the files and the record', async () => {
    await rebalance({ wait_secs: 5, topology_conf_overrides: '{"topology.debug":true}' });
    const before = await nimbus.store.read(keys.topology(id).path);
    clock.advance(5000);
    await until('the scheduler being asked', placing);
    await nimbus.store.put(keys.topology(id).path, before!.value); // as if the second write had not been made
    await nimbus.restart();
    await until('the scheduler being asked again', placing);
    assert.equal((await record()).codeVersion, 1);
    const told = JSON.parse(await nimbus.client.call.getTopologyConf({ id })) as JsonObject;
    assert.equal(told['topology.debug'], true);
  });

  it('lays the configuration over when the wait is over, without what is not a submitter’s to set', async () => {
    const file = join(nimbus.localDir, 'supervisor', 'stormdist', id, 'conf.json');
    const conf = (): JsonObject => JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
    const before = conf();
    const overrides = {
      'topology.max.spout.pending': 5,
      'my.own': [1.5, 'x'],
      'topology.submitter.user': 'root',
      'topology.submitter.principal': 'root',
      'storm.zookeeper.superACL': 'x',
      'storm.zookeeper.topology.auth.scheme': 'digest',
      'storm.zookeeper.topology.auth.payload': 'a:b',
      'storm.local.hostname': 'elsewhere',
      'nimbus.seeds': ['elsewhere'],
      'nimbus.thrift.port': 1,
    };
    await rebalance({ wait_secs: 1, topology_conf_overrides: JSON.stringify(overrides) });
    assert.deepEqual(conf(), before);
    clock.advance(1000);
    await until('the scheduler being asked', placing);
    assert.deepEqual(conf(), { ...before, 'topology.max.spout.pending': 5, 'my.own': [1.5, 'x'] });
    assert.equal((await record()).codeVersion, 1);
    const told = JSON.parse(await nimbus.client.call.getTopologyConf({ id })) as JsonObject;
    assert.deepEqual([told['my.own'], told['topology.submitter.user']], [[1.5, 'x'], 'tester']);
  });

  it('takes topology.workers of a configuration for the number of workers, and starts nothing again for it', async () => {
    await rebalance({
      wait_secs: 0,
      topology_conf_overrides: '{"topology.workers":4,"topology.message.timeout.secs":7}',
    });
    await until('the scheduler being asked', placing);
    const { workers, codeVersion } = await record();
    assert.deepEqual([workers, codeVersion], [4, undefined]);
  });
});
