import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JsonValue, systemClock } from '../base/index.ts';
import { type CountsByWindow, keys } from '../records/index.ts';
import { type NimbusFixture, openNimbusFixture } from '../testing/nimbus-fixture.ts';
import type { PlannedTask } from '../topology/index.ts';
import { monitorTopology, untilNextPoll } from './monitor.ts';
import { runEgret } from './program.ts';

const json = (value: unknown): JsonValue => value as JsonValue;
const everywhere = (counts: Record<string, number>): CountsByWindow => ({
  '600': counts,
  ':all-time': counts,
});
const enough = new Error('enough');

describe('egret get-errors and monitor', () => {
  let nimbus: NimbusFixture;
  let homeDir: string;
  let id: string;
  let out: string;
  let err: string;
  const world = {
    checkoutDir: new URL('../../', import.meta.url).pathname,
    homeDir: '',
    env: {},
    cwd: '',
    input: () => process.stdin,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    write: () => assert.fail('no bytes are to be written'),
  };
  before(async () => {
    homeDir = mkdtempSync(join(tmpdir(), 'egret-home-'));
    nimbus = await openNimbusFixture(systemClock);
    id = await nimbus.submit({ name: 'words' });
    const task = (taskId: number, componentId: string): PlannedTask => ({
      taskId,
      componentId,
      executor: [taskId, taskId],
      containerId: 1,
      host: 'shell',
    });
    const container = { containerId: 1, nodeId: 'n1', hostname: 'localhost', slotPort: 6700 };
    const tasks = [task(2, 'count'), task(3, 'count'), task(4, 'words')];
    const plan = { topologyId: id, version: 1, codeVersion: 0, containers: [container], tasks };
    await nimbus.store.put(keys.assignment(id).path, json({ plan, reason: '' }));
  });
  after(async () => {
    await nimbus[Symbol.asyncDispose]();
    rmSync(homeDir, { recursive: true, force: true });
  });
  beforeEach(() => {
    out = '';
    err = '';
  });

  const run = (args: readonly string[]): Promise<number> =>
    runEgret([...args, '-c', `nimbus.thrift.port=${nimbus.port}`], { ...world, homeDir, cwd: homeDir }, () =>
      assert.fail('no gateway is to be started'),
    );
  /** What the executors of `count` have emitted and transferred. */
  const counted = async (emitted: readonly number[], transferred = 0): Promise<void> => {
    const executors = emitted.map((count, index) => ({
      executor: [2 + index, 2 + index],
      componentId: 'count',
      uptimeSecs: 10,
      emitted: everywhere({ default: count }),
      transferred: everywhere({ default: transferred }),
      rate: 1,
      specific: {
        kind: 'bolt',
        acked: everywhere({ 'words\0default': 4 }),
        failed: {},
        processMsAvg: everywhere({ 'words\0default': 2 }),
        executed: everywhere({ 'words\0default': 4 }),
        executeMsAvg: everywhere({ 'words\0default': 1 }),
      },
      // bucket 64 begins at 1024 microseconds
      latencies: { '600': [64, 4], ':all-time': [64, 4] },
    }));
    const beat = { containerId: 1, timeMs: 1, uptimeSecs: 10, executors, restarts: { count: 2, words: 1 } };
    await nimbus.store.put(keys.heartbeat(id, 1).path, json(beat), { expireMs: 600_000 });
  };
  /** Runs until the time has been asked for as many polls; each takes `pollMs`. */
  const watch = async (
    options: Partial<Parameters<typeof monitorTopology>[2]>,
    each: readonly (() => Promise<void>)[] = [],
  ): Promise<number | Error> => {
    let nowMs = 1000;
    let poll = 0;
    const time = {
      nowMs: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
        const next = each[poll++];
        if (next === undefined) throw enough;
        await next();
      },
    };
    const all = { topology: 'words', component: 'count', stream: 'default', watch: 'emitted' as const };
    try {
      return await monitorTopology(
        world,
        nimbus.client,
        { ...all, intervalMs: 4000, asJson: false, ...options },
        time,
      );
    } catch (error) {
      return error as Error;
    }
  };

  it("prints Storm's table, line by line from the topology's start", async () => {
    await counted([5, 7], 1);
    assert.equal(await watch({}, [() => counted([1005, 7]), () => counted([1005, 7])]), enough);
    const columns = 'topology\tcomponent\tparallelism\tstream\ttime-diff ms\temitted\tthroughput (Kt/s)';
    assert.deepEqual(out.split('\n'), [
      columns,
      'words\tcount\t2\tdefault\t0\t12\t0.0',
      'words\tcount\t2\tdefault\t4000\t1000\t0.25',
      'words\tcount\t2\tdefault\t4000\t0\t0.0',
      '',
    ]);
  });

  it('prints JSON when asked, and what was transferred', async () => {
    await counted([5, 7], 6);
    assert.equal(await watch({ asJson: true, watch: 'transferred' }), enough);
    assert.deepEqual(JSON.parse(out), {
      topology: 'words',
      component: 'count',
      stream: 'default',
      watch: 'transferred',
      executors: 2,
      deltaMs: 0,
      delta: 12,
      ktPerSec: 0,
    });
  });

  it("fails with Storm's words for a component or a stream that is not there", async () => {
    await counted([5, 7]);
    assert.equal(await watch({ stream: 'side' }), 1);
    assert.equal(err, 'stream: side not found\n');
    err = '';
    assert.equal(await watch({ component: 'split' }), 1);
    assert.equal(err, 'component: split not found\n');
    assert.match(out, /Available components for words :\n-{18}\ncount\nwords\n-{18}\n/);
  });

  it('lists the components where none is named', async () => {
    assert.equal(await run(['monitor', 'words']), 0);
    assert.equal(
      out,
      'Available components for words :\n------------------\ncount\nwords\n------------------\nPlease use -m to specify one component\n',
    );
  });

  it('shows sums, percentiles and restarts of every component as JSON', async () => {
    await counted([5, 7]);
    const started = { pid: 7, processStart: '1', incarnation: 'a', startedAtMs: 1 };
    await nimbus.store.put(keys.container(id, 1).path, { ...started, restarts: 3, lastExit: '' });
    assert.equal(await run(['monitor', 'words', '--json']), 0);
    const { components } = JSON.parse(out) as {
      components: { id: string; windows: Record<string, Record<string, unknown>> }[];
    };
    const count = components.find((each) => each.id === 'count')!.windows['600']!;
    assert.deepEqual(
      [count['emitted'], count['executed'], count['executeMsAvg'], count['processMsAvg'], count['executors']],
      [12, 8, 1, 2, 2],
    );
    assert.equal(count['restarts'], 5);
    const latency = count['latency'] as Record<string, number>;
    assert.equal(latency['count'], 8);
    for (const name of ['p50Ms', 'p90Ms', 'p99Ms', 'p999Ms']) {
      assert(latency[name]! > 1.024 && latency[name]! < 1.152, `${name} ${latency[name]}`);
    }
    assert.equal(components.find((each) => each.id === 'words')?.windows['600']?.['latency'] ?? null, null);
  });

  it("prints the newest errors as Storm's JSON, all that are kept with --json, and no topology as no failure", async () => {
    for (const [timeSecs, error] of [
      [1, 'older'],
      [2, 'newer'],
    ] as const) {
      await nimbus.store.append(
        keys.errors(id, 'count').path,
        json({ error, timeSecs, host: 'h', port: 6700 }),
        10,
      );
    }
    assert.equal(await run(['get-errors', 'words']), 0);
    assert.deepEqual(JSON.parse(out), { 'Topology Name': 'words', 'Comp-Errors': { count: 'newer' } });
    out = '';
    assert.equal(await run(['get-errors', 'words', '--json']), 0);
    assert.deepEqual(JSON.parse(out), {
      topology: 'words',
      errors: {
        count: [
          { error: 'newer', timeSecs: 2, host: 'h', port: 6700 },
          { error: 'older', timeSecs: 1, host: 'h', port: 6700 },
        ],
      },
    });
    out = '';
    assert.equal(await run(['get-errors', 'gone']), 0);
    assert.equal(out, '{"Failure":"No topologies running with name gone"}\n');
  });

  it('fails for what is not alive, and refuses what it cannot watch', async () => {
    assert.equal(await run(['monitor', 'gone']), 1);
    assert.match(err, /gone is not alive/);
    for (const args of [
      ['monitor'],
      ['monitor', 'x', '-i', '0'],
      ['monitor', 'x', '-w', 'acked'],
      ['get-errors'],
    ]) {
      assert.equal(await run(args), 2, args.join(' '));
    }
  });

  it('keeps to the beat of the first poll', () => {
    assert.deepEqual(
      [0, 1, 3999, 4000, 9000].map((nowMs) => untilNextPoll(0, nowMs, 4000)),
      [4000, 3999, 1, 4000, 3000],
    );
  });
});
