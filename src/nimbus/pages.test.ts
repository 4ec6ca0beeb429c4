import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../base/index.ts';
import { completeStats, statsWindows } from '../queries/index.ts';
import {
  type AssignmentRecord,
  type ExecutorStatsRecord,
  type HeartbeatRecord,
  keys,
} from '../records/index.ts';
import {
  ComponentPageInfo,
  type DeclaredException,
  decode,
  ExecutorStats,
  encode,
  StormTopology,
  TopologyPageInfo,
  WorkerSummary,
} from '../rpc/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { type NimbusFixture, openNimbusFixture, shellTopology } from '../testing/nimbus-fixture.ts';
import { askOracle } from '../testing/oracle.ts';
import type { ExecutorId, PlannedTask } from '../topology/index.ts';
import { thriftStats } from './answers/executor-stats.ts';

const json = (value: unknown): JsonValue => value as JsonValue;
const streams = ['default', 'side', '__ack_init', '__metrics'];
const sources = ['words\0default', 'words\0side', '__system\0__tick'];

/** Counts by window; the averages that go with them have the same keys. */
const counted = (names: readonly string[]) =>
  fc.record(
    Object.fromEntries(
      statsWindows.map((window) => [
        window,
        fc.dictionary(fc.constantFrom(...names), fc.nat(10_000_000), { maxKeys: 4 }),
      ]),
    ),
  );
const averagesOf = (counts: Record<string, Record<string, number>>, seed: number) =>
  Object.fromEntries(
    Object.entries(counts).map(([window, row]) => [
      window,
      Object.fromEntries(Object.keys(row).map((key, index) => [key, (seed % (97 + index)) / 8])),
    ]),
  );

type Body = Pick<ExecutorStatsRecord, 'emitted' | 'transferred' | 'specific'>;

const spoutBody: fc.Arbitrary<Body> = fc
  .tuple(counted(streams), counted(streams), counted(streams), counted(streams), fc.nat())
  .map(([emitted, transferred, acked, failed, seed]) => ({
    emitted,
    transferred,
    specific: { kind: 'spout', acked, failed, completeMsAvg: averagesOf(acked, seed) },
  }));
const boltBody: fc.Arbitrary<Body> = fc
  .tuple(counted(streams), counted(streams), counted(sources), counted(sources), counted(sources), fc.nat())
  .map(([emitted, transferred, acked, failed, executed, seed]) => ({
    emitted,
    transferred,
    specific: {
      kind: 'bolt',
      acked,
      failed,
      processMsAvg: averagesOf(acked, seed),
      executed,
      executeMsAvg: averagesOf(executed, seed + 3),
    },
  }));

interface Placed {
  readonly componentId: string;
  readonly executor: ExecutorId;
  readonly containerId: number;
}

/** One acker, `count` in two executors, two spouts. */
const placed: readonly Placed[] = [
  { componentId: '__acker', executor: [1, 1], containerId: 1 },
  { componentId: 'count', executor: [2, 3], containerId: 2 },
  { componentId: 'count', executor: [4, 4], containerId: 1 },
  { componentId: 'words', executor: [5, 5], containerId: 1 },
];

const situation = fc.record({
  /** The statistics of each executor above; undefined before its first heartbeat. */
  bodies: fc.tuple(
    ...placed.map(({ componentId }) =>
      fc.option(componentId === 'words' ? spoutBody : boltBody, { nil: undefined, freq: 4 }),
    ),
  ),
  uptimes: fc.tuple(fc.nat(2000), fc.nat(2000)),
  window: fc.constantFrom(...statsWindows, 'nonsense'),
  includeSystem: fc.boolean(),
  component: fc.constantFrom('words', 'count', '__acker'),
});

function assignmentOf(topologyId: string): AssignmentRecord {
  const on = (containerId: number) => ({ containerId, nodeId: 'n1', hostname: 'localhost' });
  const tasks = placed.flatMap(({ componentId, executor, containerId }): PlannedTask[] => {
    const ids = Array.from({ length: executor[1] - executor[0] + 1 }, (_, index) => executor[0] + index);
    return ids.map((taskId) => ({ taskId, componentId, executor, containerId, host: 'shell' }));
  });
  const containers = [
    { ...on(1), slotPort: 6700 },
    { ...on(2), slotPort: 6701 },
  ];
  return { plan: { topologyId, version: 1, codeVersion: 0, containers, tasks }, reason: '' };
}

/** What is not in statistics: known to the topology's record, and compared where it is made. */
const ofTheRecord = {
  topology: [
    'name',
    'uptime_secs',
    'status',
    'topology_conf',
    'sched_status',
    'owner',
    'replication_count',
    'workers',
    'storm_version',
  ],
  component: ['topology_name', 'errors', 'topology_status'],
};

/** Maps and lists come out of Java's hash maps in no order; latencies may differ in their last digit. */
function comparable(value: unknown, leftOut: readonly string[] = []): unknown {
  const inner = (each: unknown): unknown => comparable(each, leftOut);
  if (typeof value === 'number') return Number(value.toPrecision(12));
  if (typeof value === 'bigint') return String(value);
  // each entry stays a pair; Storm shows a resource that any topology ever named, with 0, for everybody
  if (value instanceof Map) {
    const entries = [...value.entries()].filter(
      ([key, each]) => each !== 0 || !String(key).startsWith('gpu'),
    );
    return sorted(entries.map(([key, each]) => ({ key: inner(key), value: inner(each) })));
  }
  if (Array.isArray(value)) return sorted(value.map(inner));
  if (value === null || typeof value !== 'object') return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, each]) => each !== undefined && !leftOut.includes(key))
      .map(([key, each]) => [key, inner(each)]),
  );
}

function sorted(list: unknown[]): unknown[] {
  return list.sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}

describe('pages of the Nimbus service', () => {
  let nimbus: NimbusFixture;
  let clock: ManualClock;
  let id: string;
  beforeEach(async () => {
    clock = new ManualClock(1_700_000_000_000);
    nimbus = await openNimbusFixture(clock);
    id = await nimbus.submit({
      name: 'words',
      conf: { 'topology.component.cpu.pcore.percent': 15, 'topology.acker.cpu.pcore.percent': 5 },
      topology: shellTopology({
        bolt: { json_conf: '{"topology.tasks":3,"topology.component.resources.onheap.memory.mb":256}' },
        spout: { json_conf: '{"topology.component.resources.map":{"gpu.count":2.5}}' },
      }),
    });
  });
  afterEach(() => nimbus[Symbol.asyncDispose]());

  const place = () => nimbus.store.put(keys.assignment(id).path, json(assignmentOf(id)));
  const heartbeat = async (containerId: number, beat: Partial<HeartbeatRecord>): Promise<void> => {
    const whole = { containerId, timeMs: clock.nowMs(), uptimeSecs: 9, executors: [], ...beat };
    await nimbus.store.put(keys.heartbeat(id, containerId).path, json(whole), { expireMs: 60_000 });
  };
  const beatsOf = async ({
    bodies,
    uptimes,
  }: {
    bodies: readonly (Body | undefined)[];
    uptimes: number[];
  }) => {
    const records = placed.flatMap(({ componentId, executor, containerId }, index) => {
      const body = bodies[index];
      const uptimeSecs = uptimes[containerId - 1]!;
      return body === undefined ? [] : [{ ...body, componentId, executor, containerId, uptimeSecs, rate: 1 }];
    });
    for (const containerId of [1, 2]) {
      const executors = records.filter((each) => each.containerId === containerId);
      await heartbeat(containerId, { executors, uptimeSecs: uptimes[containerId - 1]! });
    }
    return records;
  };

  it('adds up as Storm does, window by window, stream by stream', async function () {
    this.timeout(120_000);
    const seed = Number(process.env['SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
    const situations = fc.sample(situation, { numRuns: 60, seed });
    await place();
    const conf = JSON.parse(
      (await nimbus.client.call.getTopologyPageInfo({ id, window: '600', is_include_sys: true }))
        .topology_conf!,
    ) as JsonObject;
    const topology = encode(StormTopology, await nimbus.client.call.getTopology({ id }));
    const fault = { error: 'a fault', timeSecs: 1, host: 'h', port: 1 };
    await nimbus.store.append(keys.errors(id, 'count').path, json(fault), 10);
    const ours: unknown[] = [];
    const questions: JsonObject[] = [];
    for (const each of situations) {
      const records = await beatsOf({ ...each, uptimes: [...each.uptimes] });
      const choice = { window: each.window, is_include_sys: each.includeSystem };
      const { call } = nimbus.client;
      const page = await call.getTopologyPageInfo({ id, ...choice });
      const component = await call.getComponentPageInfo({
        topology_id: id,
        component_id: each.component,
        ...choice,
      });
      ours.push([page, comparable(component, ofTheRecord.component), comparable(page.workers)]);
      questions.push({
        topologyId: id,
        name: 'words',
        owner: 'tester',
        topology: Buffer.from(topology).toString('base64'),
        conf: JSON.stringify(conf),
        window: each.window,
        includeSystem: each.includeSystem,
        component: each.component,
        node: 'n1',
        tasks: assignmentOf(id).plan.tasks.map((task) => [task.taskId, task.componentId]),
        lastErrors: { count: 'a fault' },
        executors: placed.map(({ executor, containerId }) => {
          const record = records.find((found) => found.executor === executor);
          const stats = record && encode(ExecutorStats, thriftStats(completeStats(record)));
          return {
            executor: [...executor],
            node: 'n1',
            host: 'localhost',
            port: 6699 + containerId,
            uptime: each.uptimes[containerId - 1]!,
            stats: stats === undefined ? null : Buffer.from(stats).toString('base64'),
          };
        }),
      });
    }
    const theirs = askOracle('PagesOracle', questions) as {
      topology: string;
      component: string;
      workers: string[];
    }[];
    theirs.forEach((answer, index) => {
      const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
      const page = decode(TopologyPageInfo, bytes(answer.topology));
      const expected = [
        comparable(decode(ComponentPageInfo, bytes(answer.component)), ofTheRecord.component),
        comparable(answer.workers.map((text) => decode(WorkerSummary, bytes(text)))),
      ];
      const [topologyPage, componentPage, workers] = ours[index] as [TopologyPageInfo, unknown, unknown];
      const said = `seed ${seed}, situation ${index}`;
      const leftOut = [...ofTheRecord.topology, ...latencyNames];
      assert.deepEqual(
        withoutErrorPlaces(comparable(topologyPage, leftOut)),
        withoutErrorPlaces(comparable(page, leftOut)),
        said,
      );
      assertLatenciesMeet(topologyPage, page, said);
      assert.deepEqual(componentPage, expected[0], said);
      // Storm takes the uptime of whichever executor it looks at last; here they have one each
      assert.deepEqual(withoutUptime(workers), withoutUptime(expected[1]), said);
    });
  });

  it('shows what was submitted, with zeros, before anything is placed', async () => {
    const page = await nimbus.client.call.getTopologyPageInfo({ id, window: '600', is_include_sys: false });
    assert.deepEqual([page.num_tasks, page.num_executors, page.num_workers], [5, 0, 0]);
    assert.equal(page.workers, undefined);
    assert.deepEqual([...page.id_to_bolt_agg_stats!.keys()], ['count']);
    const { common_stats } = page.id_to_bolt_agg_stats!.get('count')!;
    assert.deepEqual(
      [common_stats?.num_executors, common_stats?.num_tasks, common_stats?.emitted],
      [2, 3, 0n],
    );
    assert.equal(common_stats?.failed, undefined);
    assert.equal(page.sched_status, 'Not scheduled yet');
    const component = await nimbus.client.call.getComponentPageInfo({
      topology_id: id,
      component_id: 'words',
      window: ':all-time',
      is_include_sys: false,
    });
    assert.deepEqual([component.component_type, component.exec_stats, component.errors], ['SPOUT', [], []]);
  });

  it('finds a component whose id was written for an address', async () => {
    const page = await nimbus.client.call.getComponentPageInfo({
      topology_id: id,
      component_id: '%5F%5facker',
      window: '600',
      is_include_sys: true,
    });
    assert.equal(page.component_id, '__acker');
  });

  it('names the event logger of a component', async () => {
    const assignment = assignmentOf(id);
    const logger = (taskId: number, containerId: number): PlannedTask => ({
      taskId,
      componentId: '__eventlogger',
      executor: [taskId, taskId],
      containerId,
      host: 'jvm',
    });
    const tasks = [...assignment.plan.tasks, logger(6, 1), logger(7, 2)];
    await nimbus.store.put(
      keys.assignment(id).path,
      json({ ...assignment, plan: { ...assignment.plan, tasks } }),
    );
    const ports = await Promise.all(
      ['words', 'count'].map(async (component_id) => {
        const choice = { topology_id: id, window: '600', is_include_sys: true };
        const page = await nimbus.client.call.getComponentPageInfo({ ...choice, component_id });
        return page.eventlog_port;
      }),
    );
    // "words".hashCode() = 113,318,569, "count".hashCode() = 94,851,343; the hash of a list of one is 31 more
    assert.deepEqual(
      ports,
      [113_318_569, 94_851_343].map((hash) => 6700 + ((hash + 31) % 2)),
    );
  });

  it('answers the workers of a node or a host, and that an unknown one is not alive', async () => {
    await place();
    const supervisor = {
      nodeId: 'n1',
      hostname: 'localhost',
      slotPorts: [6700, 6701, 6702],
      startedAtMs: clock.nowMs(),
    };
    await nimbus.store.put(keys.supervisor('n1').path, json(supervisor));
    const { call } = nimbus.client;
    for (const who of [{ id: 'n1' }, { host: 'localhost' }]) {
      const page = await call.getSupervisorPageInfo({ ...who, is_include_sys: false });
      assert.equal(page.supervisor_summaries?.[0]?.num_used_workers, 2);
      assert.deepEqual(
        page.worker_summaries?.map((each) => [each.port, each.num_executors, each.component_to_num_tasks]),
        [
          [
            6700,
            3,
            new Map([
              ['count', 1n],
              ['words', 1n],
            ]),
          ],
          [6701, 1, new Map([['count', 2n]])],
        ],
      );
    }
    for (const who of [{ id: 'n2' }, { host: 'elsewhere' }]) {
      await assert.rejects(
        call.getSupervisorPageInfo({ ...who, is_include_sys: false }),
        (error: DeclaredException) => error.exceptionName === 'NotAliveException',
      );
    }
  });

  it('answers that a topology is not alive when there is none', async () => {
    const choice = { window: '600', is_include_sys: false };
    const { call } = nimbus.client;
    await assert.rejects(call.getTopologyPageInfo({ id: 'gone', ...choice }), /gone is not alive/);
    await assert.rejects(
      call.getComponentPageInfo({ topology_id: 'gone', component_id: 'x', ...choice }),
      /gone is not alive/,
    );
  });
});

/** The oracle's errors have a text and nothing else. */
function withoutErrorPlaces(page: unknown): unknown {
  return JSON.parse(
    JSON.stringify(page, (key, value: unknown) =>
      key === 'last_error' ? (value as ErrorLike | null)?.error : value,
    ),
  );
}
interface ErrorLike {
  readonly error: string;
}

const latencyNames = ['complete_latency_ms', 'execute_latency_ms', 'process_latency_ms'];

/**
 * On this page alone Storm adds latencies up in whole milliseconds (StatsUtil.sumOr0 begins with an Integer):
 * each executor may lose less than one of its total.
 */
function assertLatenciesMeet(page: TopologyPageInfo, expected: TopologyPageInfo, said: string): void {
  for (const kind of ['id_to_spout_agg_stats', 'id_to_bolt_agg_stats'] as const) {
    for (const [id, theirs] of expected[kind]!) {
      const ours = page[kind]!.get(id)!.specific_stats!.value as Record<string, unknown>;
      const { acked } = theirs.common_stats!;
      for (const [name, latency] of Object.entries(theirs.specific_stats!.value)) {
        if (!latencyNames.includes(name)) continue;
        const count = Number(name === 'complete_latency_ms' ? acked : ours['executed']);
        const lostMs = ((ours[name] as number) - (latency as number)) * count;
        assert(lostMs > -0.01 && lostMs < placed.length, `${said}: ${id} ${name} differs by ${lostMs} ms`);
      }
    }
  }
}

function withoutUptime(workers: unknown): unknown {
  return (workers as object[]).map((worker) => ({ ...worker, uptime_secs: 0 }));
}
