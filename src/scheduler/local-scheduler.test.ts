import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  asJson,
  deferred,
  type JsonValue,
  openLog,
  seededRandom,
  silentLog,
  systemClock,
  waitFor,
} from '../base/index.ts';
import { isSameProcess, processStart } from '../child/index.ts';
import { MemoryStore } from '../coordination/index.ts';
import {
  type AssignmentRecord,
  type ContainerRecord,
  type ContainerSpec,
  keys,
  RecordStore,
  readable,
  recordOf,
  type TopologyRecord,
} from '../records/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { recordingLog } from '../testing/recording-log.ts';
import type { LogicalTopology } from '../topology/index.ts';
import type { AssignRequest } from './assign.ts';
import { LocalScheduler, type LocalSchedulerOptions } from './index.ts';
import { InProcessPacker, type PackOutcome } from './packer.ts';

/**
 * Stands in for a container: notes its start, has a child of its own, and ends on SIGTERM after noting that.
 */
const fakeContainer = `
dir=$(dirname "$1")
trap 'echo ended >> "$dir/../ends.$(basename "$dir")"; kill $child; exit 0' TERM
sleep 600 & child=$!
echo $$ >> "$dir/../starts.$(basename "$dir")"
while [ ! -e "$dir/crash" ]; do wait $child; done
`;

const systemTopology: LogicalTopology = {
  components: ['words', 'count', '__acker'].map((id, index) => ({
    id,
    kind: index === 0 ? 'spout' : 'bolt',
    implementation:
      id === '__acker' ? { kind: 'system' } : { kind: 'shell', executionCommand: 'python3', script: 'x' },
    inputs: [],
    streams: {},
    parallelismHint: 2,
    conf: { 'topology.tasks': 2 },
  })),
};

describe('LocalScheduler', () => {
  let dir: string;
  let store: MemoryStore;
  let records: RecordStore;
  const opened: LocalScheduler[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'egret-scheduler-'));
    store = new MemoryStore(systemClock);
    records = new RecordStore(store);
    writeFileSync(join(dir, 'container.sh'), fakeContainer);
  });
  afterEach(async () => {
    store.setAway(false);
    for (const scheduler of opened.splice(0)) {
      await scheduler.close();
    }
    const sweeper = await open();
    await sweeper.drain();
    await sweeper.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = async (more: Partial<LocalSchedulerOptions> = {}): Promise<LocalScheduler> => {
    const scheduler = await LocalScheduler.open({
      ...{ store, clock: systemClock, random: seededRandom(7), log: silentLog },
      ...{
        stormLocalDir: dir,
        artifactsDir: join(dir, 'workers-artifacts'),
        hostname: 'here',
        slotPorts: [6700, 6701],
      },
      containerCommand: { command: 'sh', args: [join(dir, 'container.sh')] },
      packer: new InProcessPacker(),
      ...{ redisUrl: 'unix:/nowhere', redisKeyPrefix: 'egret:', jvm: { java: 'java', classPath: [] } },
      ...more,
    });
    opened.push(scheduler);
    return scheduler;
  };
  const submit = async (id: string, more: Partial<TopologyRecord> = {}): Promise<void> => {
    const codeDir = join(dir, 'supervisor', 'stormdist', id);
    mkdirSync(codeDir, { recursive: true });
    writeFileSync(join(codeDir, 'topology.json'), JSON.stringify(systemTopology));
    writeFileSync(join(codeDir, 'conf.json'), JSON.stringify({ 'supervisor.worker.shutdown.sleep.secs': 1 }));
    await put({ id, name: id, status: 'ACTIVE', owner: 'me', launchedAtSecs: 1, workers: 2, ...more });
  };
  const put = (record: TopologyRecord) => records.put(keys.topology(record.id), record);
  const until = (what: string, probe: () => boolean | Promise<boolean>, clock?: ManualClock) =>
    waitFor(
      what,
      async () => {
        clock?.advance(10);
        return (await probe()) ? true : undefined;
      },
      { clock: systemClock, limitMs: 8000, everyMs: 5 },
    );
  const containerDir = (id: string, containerId: number) => join(dir, 'containers', id, String(containerId));
  const starts = (id: string, containerId: number): number[] => {
    const file = join(dir, 'containers', id, `starts.${containerId}`);
    return existsSync(file)
      ? (readFileSync(file, 'utf8')
          .match(/\b\d+\n/g)
          ?.map(Number) ?? [])
      : [];
  };
  const allStarted = (id: string, count = 3) =>
    until(`${count} containers of ${id}`, () =>
      [0, 1, 2].slice(0, count).every((n) => starts(id, n).length > 0),
    );
  const record = async (id: string, n: number): Promise<ContainerRecord | undefined> =>
    recordOf(await records.read(keys.container(id, n)));
  const assignment = async (id: string): Promise<AssignmentRecord | undefined> =>
    recordOf(await records.read(keys.assignment(id)));
  const isRunning = (of: ContainerRecord): boolean => isSameProcess(of.pid, of.processStart);

  it('starts all containers of a new topology with their specs, and records assignment and processes', async () => {
    const scheduler = await open();
    await submit('t');
    await allStarted('t');
    const { plan, reason } = (await assignment('t'))!;
    assert.equal(reason, '');
    assert.deepEqual(
      plan.containers.map((container) => [container.containerId, container.slotPort, container.nodeId]),
      [
        [1, 6700, scheduler.nodeId],
        [2, 6701, scheduler.nodeId],
      ],
    );
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 3);
    for (const n of [0, 1, 2]) {
      const spec = JSON.parse(readFileSync(join(containerDir('t', n), 'spec.json'), 'utf8')) as ContainerSpec;
      const { incarnation, pid, restarts, lastExit } = (await record('t', n))!;
      assert.deepEqual([restarts, lastExit, pid], [0, '', starts('t', n)[0]]);
      assert.deepEqual([spec.containerId, spec.incarnation, spec.topologyName], [n, incarnation, 't']);
      assert.deepEqual(spec.plan, plan);
      assert.equal(spec.codeDir, join(dir, 'supervisor', 'stormdist', 't'));
      assert.equal(spec.logDir, join(dir, 'workers-artifacts', 't', String([0, 6700, 6701][n])));
    }
    const [supervisor] = await store.list(keys.supervisors.prefix);
    assert.deepEqual((supervisor!.value as { slotPorts: JsonValue }).slotPorts, [6700, 6701]);
  });

  it('starts a dead container again, ever later, and tells its components why', async () => {
    const clock = new ManualClock();
    const sources = { clock, restartLimits: { firstMs: 1000, maxMs: 4000, factor: 2, jitter: 0 } };
    await open(sources);
    await submit('t');
    await allStarted('t');
    await until('the record', async () => (await record('t', 1)) !== undefined);
    for (const [round, pauseMs] of [1000, 2000, 4000, 4000, 1000].entries()) {
      if (round === 4) clock.advance(60_000); // it was in order for long
      const before = (await record('t', 1))!;
      process.kill(before.pid, 'SIGKILL');
      await until(
        'the death',
        async () =>
          ((await record('t', 1))!.lastExit === '' ? round : (await record('t', 1))!.restarts) === round + 1,
      );
      clock.advance(pauseMs - 1);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(starts('t', 1).length, round + 1);
      clock.advance(1);
      await until('the restart', () => starts('t', 1).length === round + 2);
      await until('its record', async () => (await record('t', 1))!.incarnation !== before.incarnation);
    }
    assert.equal((await record('t', 1))!.lastExit, 'was ended by SIGKILL');
    assert.equal(starts('t', 2).length, 1);
    for (const component of ['words', 'count']) {
      const errors = readable(await records.readAll(keys.errors('t', component)));
      assert.deepEqual(
        errors.map(({ error }) => Number(/again in (\d+) ms \(restart \d\)$/.exec(error)?.[1])),
        [1000, 2000, 4000, 4000, 1000],
      );
      assert.match(
        errors[0]!.error,
        /^container 1 of t was ended by SIGKILL; it is started again in 1000 ms/,
      );
      assert.match(errors[2]!.error, /^Crash loop: ended 3 times in a row\. container 1/);
      assert.doesNotMatch(errors[4]!.error, /Crash loop/);
      assert.deepEqual([errors[0]!.host, errors[0]!.port], ['here', 6700]);
    }
    assert.deepEqual(await store.listKeys(keys.errors('t', '__').path), []);
  });

  it('says what a container that cannot start printed', async () => {
    writeFileSync(join(dir, 'container.sh'), 'echo "no such engine" >&2; exit 3');
    await open();
    await submit('t', { workers: 1 });
    await until('an error', async () => (await store.readAll(keys.errors('t', 'words').path)).length > 0);
    const [error] = readable(await records.readAll(keys.errors('t', 'words')));
    assert.match(error!.error, /exited with code 3: no such engine; it is started again/);
  });

  it('takes over running containers after the gateway was killed, and looks after them', async () => {
    const first = await open();
    await submit('t');
    await allStarted('t');
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 3);
    const before = await Promise.all([0, 1, 2].map((n) => record('t', n)));
    await first.close();
    await store.removeAll(keys.containers('t').prefix); // as if its last writes had been lost
    const second = await open();
    assert.equal(second.nodeId, first.nodeId);
    assert.deepEqual(await Promise.all([0, 1, 2].map((n) => record('t', n))), before);
    process.kill(before[2]!.pid, 'SIGKILL');
    await until('the restart', () => starts('t', 2).length === 2);
    assert.deepEqual([starts('t', 0).length, starts('t', 1).length], [1, 1]);
    assert.ok(isRunning(before[0]!) && isRunning(before[1]!));
  });

  it('replaces what died while no gateway ran, and keeps counting', async () => {
    const first = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
    await store.put(keys.container('t', 1).path, { ...(await record('t', 1))!, restarts: 5 });
    await first.close();
    const { pid } = (await record('t', 1))!;
    process.kill(pid, 'SIGKILL');
    await until('its end', async () => !isRunning((await record('t', 1))!));
    await open();
    await until(
      'the restart',
      async () => (await record('t', 1))!.pid !== pid && isRunning((await record('t', 1))!),
    );
    assert.equal((await record('t', 1))!.restarts, 5);
  });

  it('keeps the containers of a killed topology until its time, then ends them and forgets them', async () => {
    const clock = new ManualClock();
    await open({ clock });
    await submit('t');
    await allStarted('t');
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 3);
    const records = await Promise.all([0, 1, 2].map(async (n) => (await record('t', n))!));
    await store.put(keys.heartbeat('t', 1).path, {});
    const killed = {
      id: 't',
      name: 't',
      status: 'KILLED',
      owner: 'me',
      launchedAtSecs: 1,
      workers: 2,
    } as const;
    await put({ ...killed, removeAtMs: clock.nowMs() + 5000 });
    clock.advance(4999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(records.every(isRunning));
    await until('the end', () => !records.some(isRunning), clock);
    await until('the clean-up', async () => (await assignment('t')) === undefined, clock);
    assert.deepEqual(await store.list(keys.containers('t').prefix), []);
    assert.deepEqual(await store.list(keys.heartbeats('t').prefix), []);
    assert.equal(existsSync(join(dir, 'containers', 't')), false);
    assert.notEqual(await store.read(keys.topology('t').path), undefined); // nimbus's
  });

  it('cleans away the directory of a worker whose container could not, and no other', async () => {
    const clock = new ManualClock();
    await open({ clock });
    await submit('t');
    await allStarted('t');
    const port = (await assignment('t'))!.plan.containers.find(
      ({ containerId }) => containerId === 1,
    )!.slotPort;
    const workers = join(dir, 'workers');
    for (const worker of [`t-${port}`, `t-9-${port}`]) mkdirSync(join(workers, worker), { recursive: true });
    const gone = {
      id: 't',
      name: 't',
      status: 'KILLED',
      owner: 'me',
      launchedAtSecs: 1,
      workers: 1,
    } as const;
    await put({ ...gone, removeAtMs: clock.nowMs() });
    await until('the clean-up', async () => (await assignment('t')) === undefined, clock);
    assert.deepEqual(readdirSync(workers), [`t-9-${port}`]);
  });

  it('kills a container that does not end within its grace', async () => {
    writeFileSync(join(dir, 'container.sh'), `trap '' TERM; ${fakeContainer.replace(/^trap.*$/m, '')}`);
    const clock = new ManualClock();
    await open({ clock });
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
    const records = await Promise.all([0, 1].map(async (n) => (await record('t', n))!));
    const startedMs = clock.monotonicMs();
    await store.remove(keys.topology('t').path);
    await until('the end', () => !records.some(isRunning), clock);
    assert.ok(clock.monotonicMs() - startedMs >= 1000);
    await until('the clean-up', async () => (await assignment('t')) === undefined, clock);
  });

  it('lets a topology wait for a slot, says so, and starts it when one is free', async () => {
    await open();
    await submit('one');
    await allStarted('one');
    await submit('two', { workers: 1 });
    await until('the reason', async () => (await assignment('two')) !== undefined);
    assert.match((await assignment('two'))!.reason, /asks for 1 worker, no slot is free/);
    assert.deepEqual((await assignment('two'))!.plan.containers, []);
    await store.remove(keys.topology('one').path);
    await allStarted('two', 2);
    assert.equal((await assignment('two'))!.reason, '');
  });

  it('packs a topology into fewer containers where slots are short, and says so', async () => {
    await open({ slotPorts: [6700] });
    await submit('t');
    await allStarted('t', 2);
    const { plan, reason } = (await assignment('t'))!;
    assert.equal(plan.containers.length, 1);
    assert.match(reason, /asks for 2 workers, 1 slot is free/);
  });

  it('rebalances: who stays runs on, who comes is started, who is left out has its slot until it ends', async () => {
    const clock = new ManualClock();
    const first = await open({ clock });
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    const asked = { id: 't', name: 't', status: 'REBALANCING', owner: 'me', launchedAtSecs: 1 } as const;
    await put({ ...asked, workers: 2, rebalances: 1, executors: { count: 1 } });
    await allStarted('t', 3);
    const { plan, rebalances } = (await assignment('t'))!;
    assert.deepEqual([plan.version, rebalances, plan.containers.length], [2, 1, 2]);
    assert.equal(plan.tasks.filter(({ componentId }) => componentId === 'count').length, 2);
    await put({ ...asked, workers: 1, rebalances: 2, executors: { count: 1 } });
    await until('the assignment', async () => (await assignment('t'))!.rebalances === 2);
    const left = await assignment('t');
    const [gone] = left!.leaving!;
    assert.equal(left!.plan.containers.length, 1);
    await submit('other', { workers: 1 });
    await until('the reason', async () => (await assignment('other')) !== undefined);
    assert.match((await assignment('other'))!.reason, /no slot is free/);
    const running = (await record('t', gone!.containerId))!;
    assert.ok(isRunning(running));
    // The next gateway finds all of it as it is.
    await first.close();
    await open({ clock });
    assert.ok(isRunning(running));
    assert.deepEqual(await assignment('t'), left);
    clock.advance(30_000);
    await until('the end of its time', () => !isRunning(running), clock);
    await until('its slot given away', async () => (await assignment('other'))!.reason === '', clock);
    assert.equal((await assignment('t'))!.leaving, undefined);
    assert.equal((await assignment('other'))!.plan.containers[0]!.slotPort, gone!.slotPort);
    assert.deepEqual(
      [starts('t', 0).length, starts('t', left!.plan.containers[0]!.containerId).length],
      [1, 1],
    );
  });

  it('starts every container again when the configuration is another, and none for the plan of a killed one', async () => {
    await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    const changed = { id: 't', name: 't', owner: 'me', launchedAtSecs: 1, workers: 1 } as const;
    await put({ ...changed, status: 'REBALANCING', rebalances: 1, codeVersion: 1 });
    await until('the restarts', () => starts('t', 0).length === 2 && starts('t', 1).length === 2);
    await put({ ...changed, status: 'KILLED', removeAtMs: systemClock.nowMs() + 60_000, rebalances: 2 });
    await submit('next', { workers: 1 });
    await allStarted('next', 2);
    assert.equal((await assignment('t'))!.rebalances, 1);
  });

  it('spreads a topology that runs on too few slots when some become free', async () => {
    await open();
    await submit('one', { workers: 1 });
    await allStarted('one', 2);
    await submit('t', { workers: 2 });
    await allStarted('t', 2);
    assert.match((await assignment('t'))!.reason, /asks for 2 workers, 1 slot is free/);
    await store.remove(keys.topology('one').path);
    await allStarted('t', 3);
    const { plan, reason } = (await assignment('t'))!;
    assert.deepEqual([plan.version, plan.containers.length, reason], [2, 2, '']);
    assert.deepEqual([starts('t', 0).length, starts('t', 1).length], [1, 1]);
  });

  it('says which file of a topology cannot be read', async () => {
    await open();
    await put({ id: 'bad', name: 'bad', status: 'ACTIVE', owner: 'me', launchedAtSecs: 1, workers: 1 });
    await until('the reason', async () => (await assignment('bad')) !== undefined);
    assert.match(
      (await assignment('bad'))!.reason,
      /cannot be packed: cannot read .*stormdist\/bad\/.*ENOENT/,
    );
    await submit('good', { workers: 1 });
    await allStarted('good', 2);
  });

  it('ends every container when drained, keeps topologies, and starts them again at the next open', async () => {
    const first = await open();
    await submit('t');
    await allStarted('t');
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 3);
    const records = await Promise.all([0, 1, 2].map(async (n) => (await record('t', n))!));
    await Promise.all([first.drain(), first.drain()]);
    assert.ok(!records.some(isRunning));
    assert.deepEqual(await store.list(keys.containers('t').prefix), []);
    assert.deepEqual(await store.list(keys.supervisors.prefix), []);
    assert.deepEqual(
      readdirSync(join(dir, 'containers', 't')).filter((name) => /^\d+$/.test(name)),
      [],
    );
    const ends = readdirSync(join(dir, 'containers', 't')).filter((name) => name.startsWith('ends'));
    assert.equal(ends.length, 3);
    await Promise.all([first.close(), first.close()]);
    const plan = await assignment('t');
    await open();
    await until('the second start', () => [0, 1, 2].every((n) => starts('t', n).length === 2));
    assert.deepEqual(await assignment('t'), plan);
  });

  it('cuts a drain short when asked to stop now', async () => {
    writeFileSync(join(dir, 'container.sh'), `trap '' TERM; ${fakeContainer.replace(/^trap.*$/m, '')}`);
    const scheduler = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    const stopNow = new AbortController();
    const startedMs = systemClock.monotonicMs();
    const drained = scheduler.drain({ stopNow: stopNow.signal });
    await new Promise((resolve) => setImmediate(resolve));
    stopNow.abort();
    await drained;
    assert.ok(systemClock.monotonicMs() - startedMs < 1000);
  });

  it('packs again when the slots of an assignment are no longer offered', async () => {
    const first = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await first.close();
    await open({ slotPorts: [7700] });
    await until('the new slot', async () => (await assignment('t'))!.plan.containers[0]?.slotPort === 7700);
    await until('the restart', () => starts('t', 1).length === 2);
    assert.equal(starts('t', 0).length, 1); // the topology master has no slot
  });

  it('cleans away what belongs to no topology or cannot be read, with a line in the log', async () => {
    mkdirSync(containerDir('gone', 1), { recursive: true });
    mkdirSync(containerDir('t', 1), { recursive: true });
    writeFileSync(join(containerDir('t', 1), 'spec.json'), '{"half');
    const log = join(dir, 'log');
    await open({ log: openLog({ level: 'warn', destination: log }) });
    assert.equal(existsSync(join(dir, 'containers', 'gone')), false);
    assert.equal(existsSync(join(dir, 'containers', 't')), false);
    assert.equal(readFileSync(log, 'utf8').match(/container.unreadable/g)?.length, 2);
  });

  it('ends a running container whose spec cannot be read, and starts another', async () => {
    const first = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
    const running = (await record('t', 1))!;
    await first.close();
    await store.removeAll(keys.containers('t').prefix);
    writeFileSync(join(containerDir('t', 1), 'spec.json'), '');
    await open();
    assert.ok(!isRunning(running));
    await until('the restart', () => starts('t', 1).length === 2);
    assert.equal(starts('t', 0).length, 1);
  });

  it('restarts containers that keep their state elsewhere', async () => {
    const first = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await first.close();
    await open({ redisKeyPrefix: 'other:' });
    await until('the restart', () => starts('t', 0).length === 2 && starts('t', 1).length === 2);
  });

  it('ends a container whose topology went while no gateway ran', async () => {
    const first = await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
    const running = (await record('t', 1))!;
    await first.close();
    await store.remove(keys.topology('t').path);
    await open();
    await until('the clean-up', async () => (await assignment('t')) === undefined);
    assert.ok(!isRunning(running));
  });

  it('waits while another gateway leads, and takes over at once from a dead one of its node', async () => {
    await store.holdLease('leases/nimbus', 'elsewhere 1 1', 60_000, null);
    const clock = new ManualClock();
    const second = await open({ clock, leaseTtlMs: 300 });
    await submit('t', { workers: 1 });
    clock.advance(20_000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await assignment('t'), undefined);
    await store.releaseLease('leases/nimbus', 'elsewhere 1 1');
    await store.holdLease('leases/nimbus', `${second.nodeId} 1 1`, 60_000, null);
    await until('the take-over', async () => (await assignment('t')) !== undefined, clock);
  });

  it('acts alone: a leader that slept through the end of its lease finds its writes refused and starts nothing', async () => {
    const asleep = new ManualClock(); // its lease has run out in the store, and it cannot know
    const first = await open({ clock: asleep, leaseTtlMs: 300 });
    const otherDir = mkdtempSync(join(tmpdir(), 'egret-scheduler-'));
    const second = await open({
      ...{ stormLocalDir: otherDir, artifactsDir: join(otherDir, 'logs'), leaseTtlMs: 300 },
      random: seededRandom(8), // another node's id
    });
    try {
      await until('the new leader', async () =>
        ((await store.readLease('leases/nimbus'))?.holder ?? '').startsWith(second.nodeId),
      );
      for (const at of [dir, otherDir]) {
        mkdirSync(join(at, 'supervisor', 'stormdist', 't'), { recursive: true });
        for (const [file, content] of [
          ['topology.json', systemTopology],
          ['conf.json', {}],
        ] as const)
          writeFileSync(join(at, 'supervisor', 'stormdist', 't', file), JSON.stringify(content));
      }
      await submit('t', { workers: 1 });
      await until('an assignment', async () => (await assignment('t')) !== undefined);
      await until('the doubt of the first', () => !first.isLeader);
      assert.equal((await assignment('t'))!.plan.containers[0]!.nodeId, second.nodeId);
      assert.deepEqual(starts('t', 1), []);
    } finally {
      await second.drain();
      await second.close();
      rmSync(otherDir, { recursive: true, force: true });
    }
  });

  it('resumes when the store was away: nothing is ended, what was submitted starts', async () => {
    await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    store.setAway(true);
    process.kill(starts('t', 1)[0]!, 'SIGKILL');
    await assert.rejects(store.read('x'));
    store.setAway(false);
    await until('the restart', () => starts('t', 1).length === 2);
    await until('the record', async () => (await record('t', 1))!.pid === starts('t', 1)[1]);
    assert.equal(starts('t', 0).length, 1);
  });

  it('ends the hosts that a killed container left in sessions of their own', async () => {
    const host = `mkdir -p "$dir/run/pids"; setsid sleep 600 &
      cut -d' ' -f22 /proc/$!/stat | tr -d '\\n' > "$dir/run/pids/$!"; echo $! > "$dir/../host.$(basename "$dir")"\n`;
    writeFileSync(
      join(dir, 'container.sh'),
      fakeContainer.replace('sleep 600 & child', `${host}sleep 600 & child`),
    );
    const clock = new ManualClock();
    await open({ clock });
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    const hostPid = Number(readFileSync(join(dir, 'containers', 't', 'host.1'), 'utf8'));
    const hostStart = processStart(hostPid)!;
    await until('its record', () => existsSync(join(containerDir('t', 1), 'run', 'pids', String(hostPid))));
    process.kill(starts('t', 1)[0]!, 'SIGKILL');
    await until('the end of its host', () => !isSameProcess(hostPid, hostStart), clock);
  });

  it('replaces a container that is stopped, its hosts with it, and says why', async () => {
    await open({ healthLimits: { silentMsMax: Number.POSITIVE_INFINITY, stoppedMsMax: 1000 } });
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    const [victim] = starts('t', 1);
    process.kill(victim!, 'SIGSTOP');
    await until('another', () => starts('t', 1).length === 2);
    await until('its end', () => processStart(victim!) === undefined);
    assert.equal(starts('t', 0).length, 1);
    await until('the record', async () => (await record('t', 1))!.restarts === 1);
    assert.match((await record('t', 1))!.lastExit, /^was stopped by a signal for 1 s \(egret\.process/);
    const errors = readable(await records.readAll(keys.errors('t', 'words')));
    assert.match(errors[0]!.error, /^container 1 of t was stopped by a signal .* \(restart 1\)$/);
  });

  it('fills a store that was emptied again, and leaves what runs alone', async () => {
    const scheduler = await open({ leaseTtlMs: 300 });
    await submit('t');
    await allStarted('t');
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 3);
    const before = await Promise.all([0, 1, 2].map(async (n) => (await record('t', n))!));
    const assigned = await assignment('t');
    await store.removeAll('');
    await until(
      'the records again',
      async () => (await store.list(keys.containers('t').prefix)).length === 3,
    );
    assert.deepEqual(await Promise.all([0, 1, 2].map((n) => record('t', n))), before);
    assert.deepEqual(await assignment('t'), assigned);
    assert.equal((await store.read(keys.name('t').path))?.value, 't');
    assert.equal((await store.list(keys.supervisors.prefix)).length, 1);
    await scheduler.close();
    await store.removeAll(''); // and while no gateway runs
    await open();
    assert.deepEqual(await assignment('t'), assigned);
    assert.ok(before.every(isRunning));
    // It was not only kept: it can be ended as before.
    await put({
      ...recordOf(await records.read(keys.topology('t')))!,
      ...{ status: 'KILLED', removeAtMs: 1 },
    });
    await until('the end', () => !before.some(isRunning));
  });

  it('does not bring a topology back that was removed, nor one whose code is gone', async () => {
    await open({ leaseTtlMs: 300 });
    await submit('removed', { workers: 1 });
    await submit('codeless', { workers: 1 });
    await allStarted('removed', 2);
    await allStarted('codeless', 2);
    await store.remove(keys.topology('removed').path);
    // its containers take their time to end, and the store may be emptied meanwhile
    await until('the end of its copy', () => !existsSync(join(dir, 'containers', 'removed', 'records.json')));
    assert.ok(existsSync(join(dir, 'containers', 'codeless', 'records.json')));
    rmSync(join(dir, 'supervisor', 'stormdist', 'codeless'), { recursive: true });
    await store.removeAll('');
    await until('the marker', async () => (await store.read(keys.marker.path)) !== undefined);
    assert.deepEqual(await store.list(keys.topologies.prefix), []);
  });

  it('gives the lease of a dead topology master free', async () => {
    await open();
    await submit('t', { workers: 1 });
    await allStarted('t', 2);
    await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
    const master = (await record('t', 0))!;
    await store.holdLease(keys.master('t').path, `t/0/${master.incarnation}`, 60_000, { host: 'x', port: 1 });
    process.kill(master.pid, 'SIGKILL');
    await until('the lease', async () => (await store.readLease(keys.master('t').path)) === undefined);
  });

  describe('with a stored record that cannot be read', () => {
    const broken: readonly JsonValue[] = [
      null,
      'half',
      [],
      { id: 't' },
      { id: 't', name: 't', status: 'NEW' },
    ];

    it('runs the other topologies, at the start and later, and leaves the containers of that one alone', async () => {
      const first = await open();
      await submit('t', { workers: 1 });
      await allStarted('t', 2);
      await until('the records', async () => (await store.list(keys.containers('t').prefix)).length === 2);
      const running = await Promise.all([0, 1].map(async (n) => (await record('t', n))!));
      const whole = (await store.read(keys.topology('t').path))!.value;
      await first.close();
      for (const [round, value] of broken.entries()) {
        await store.put(keys.topology('t').path, value);
        const log = recordingLog();
        const scheduler = await open({ log });
        await submit(`other-${round}`, { workers: 1 });
        await allStarted(`other-${round}`, 2);
        assert.ok(running.every(isRunning));
        assert.ok(existsSync(join(dir, 'containers', 't', 'records.json')));
        assert.notEqual(await assignment('t'), undefined);
        const said = log.lines.filter(({ event }) => event === 'topology.unreadable');
        assert.deepEqual(
          said.map(({ topology }) => topology),
          ['t'],
        );
        await store.remove(keys.topology(`other-${round}`).path);
        await until('its end', async () => (await assignment(`other-${round}`)) === undefined);
        await scheduler.close();
      }
      await store.put(keys.topology('t').path, whole);
      await open();
      assert.ok(running.every(isRunning));
      assert.equal(starts('t', 1).length, 1);
      await store.put(keys.topology('t').path, 'half');
      await store.remove(keys.topology('t').path); // a kill
      await until('the end', () => !running.some(isRunning));
    });

    it('takes the copy of an assignment, or packs again above the plan that the containers have', async () => {
      const first = await open();
      await submit('t', { workers: 1 });
      await allStarted('t', 2);
      await until('the copy', () => existsSync(join(dir, 'containers', 't', 'records.json')));
      const before = (await assignment('t'))!;
      await first.close();
      for (const value of [
        null,
        { plan: 5, reason: '' },
        { ...before, plan: { ...before.plan, tasks: [{}] } },
      ]) {
        await store.put(keys.assignment('t').path, value === null ? null : asJson(value));
        await (await open()).close();
        assert.deepEqual([starts('t', 0).length, starts('t', 1).length], [1, 1]);
        assert.deepEqual(await assignment('t'), before);
      }
      await store.put(keys.assignment('t').path, 'half');
      writeFileSync(join(dir, 'containers', 't', 'records.json'), '{"topology":');
      await open();
      await until(
        'another assignment',
        async () => (await store.read(keys.assignment('t').path))!.value !== 'half',
      );
      assert.equal((await assignment('t'))!.plan.version, before.plan.version + 1);
      assert.deepEqual((await assignment('t'))!.plan.containers, before.plan.containers);
    });

    it('starts with container records and files of any kind', async () => {
      for (const [n, value] of [null, 5, {}, { pid: -1, processStart: 'x' }].entries()) {
        await store.put(keys.container('t', n).path, value);
        mkdirSync(containerDir('t', n), { recursive: true });
        writeFileSync(join(containerDir('t', n), 'process.json'), JSON.stringify(value));
        const spec = { topologyId: 't', containerId: n, plan: n === 2 ? { containers: 5 } : value };
        writeFileSync(join(containerDir('t', n), 'spec.json'), JSON.stringify(spec));
      }
      for (const key of ['assignments/../mine', 'topologies/../mine']) await store.put(key, { plan: {} });
      mkdirSync(join(dir, 'mine'), { recursive: true });
      await submit('other', { workers: 1 });
      await open();
      await allStarted('other', 2);
      await store.remove('topologies/../mine');
      await until('its end', async () => (await store.read('assignments/../mine')) === undefined);
      assert.ok(existsSync(join(dir, 'mine')));
      rmSync(join(dir, 'mine'), { recursive: true });
    });

    it('lists a topology whose record was lost with a copy that cannot be read, and keeps its code', async () => {
      const first = await open();
      await submit('t', { workers: 1 });
      await submit('other', { workers: 1 });
      await allStarted('t', 2);
      await allStarted('other', 2);
      await until('the copies', () => existsSync(join(dir, 'containers', 'other', 'records.json')));
      await first.close();
      await store.removeAll('');
      writeFileSync(join(dir, 'containers', 't', 'records.json'), '{"topology":');
      await open();
      assert.equal((await store.read(keys.topology('other').path))!.version, 1);
      const stub = (await store.read(keys.topology('t').path))!.value as { unreadable: string };
      assert.match(
        stub.unreadable,
        /^it was lost, and its copy cannot be read: cannot read .*t\/records\.json/,
      );
    });
  });

  describe('with a topology that takes too long to pack', () => {
    /** Packs every topology at once except `hang`, which waits for the answer of the test. */
    class SlowPacker extends InProcessPacker {
      readonly asked: string[] = [];
      answer = deferred<PackOutcome>();

      override async pack(request: AssignRequest): Promise<PackOutcome> {
        this.asked.push(request.topology.id);
        return request.topology.id === 'hang' ? this.answer.promise : super.pack(request);
      }

      override close(): Promise<void> {
        this.answer.resolve({ kind: 'closed' });
        return Promise.resolve();
      }
    }

    it('starts and ends the containers of others meanwhile, and packs others after it', async () => {
      const packer = new SlowPacker();
      await open({ packer });
      await submit('t', { workers: 1 });
      await allStarted('t', 2);
      await submit('hang', { workers: 1 });
      await until('the packing', () => packer.asked.includes('hang'));
      process.kill(starts('t', 1)[0]!, 'SIGKILL');
      await until('the restart', () => starts('t', 1).length === 2);
      await submit('next', { workers: 1 });
      packer.answer.resolve({ kind: 'given-up', why: 'it took longer than 10 s' });
      await allStarted('next', 2);
      const given = (await assignment('hang'))!;
      assert.equal(given.reason, 'topology hang cannot be packed: it took longer than 10 s');
      assert.deepEqual(given.plan.containers, []);
    });

    it('tries it again when its record changes, and at a start after all others', async () => {
      const packer = new SlowPacker();
      packer.answer.resolve({ kind: 'given-up', why: 'it took longer than 10 s' });
      const first = await open({ packer, slotPorts: [6700, 6701, 6702] });
      await submit('hang', { workers: 1 });
      await until('the reason', async () => (await assignment('hang'))?.isGivenUp === true);
      await submit('t', { workers: 1 });
      await allStarted('t', 2);
      const hangs = (): number => packer.asked.filter((id) => id === 'hang').length;
      assert.equal(hangs(), 1);
      await submit('hang', { workers: 2 });
      await until('another attempt', () => hangs() === 2);
      await first.close();
      const second = new SlowPacker();
      await store.remove(keys.assignment('t').path);
      await submit('a', { workers: 1, launchedAtSecs: 9 });
      await open({ packer: second, slotPorts: [6700, 6701, 6702] });
      await until('the attempts', () => second.asked.length === 3);
      assert.deepEqual(second.asked, ['t', 'a', 'hang']);
      second.answer.resolve(
        await new InProcessPacker().pack({
          topology: {
            id: 'hang',
            name: 'hang',
            status: 'ACTIVE',
            owner: 'me',
            launchedAtSecs: 1,
            workers: 1,
          },
          codeDir: join(dir, 'supervisor', 'stormdist', 'hang'),
          freeSlots: [{ nodeId: 'n', hostname: 'here', port: 6702 }],
          ...{ before: undefined, nowMs: 0 },
        }),
      );
      await allStarted('hang', 2);
      assert.equal((await assignment('hang'))!.isGivenUp, undefined);
    });

    it('forgets what was packed of a topology that was killed meanwhile, and closes in the middle', async () => {
      const packer = new SlowPacker();
      const scheduler = await open({ packer });
      await submit('hang', { workers: 1 });
      await until('the packing', () => packer.asked.includes('hang'));
      await store.remove(keys.topology('hang').path);
      await submit('t', { workers: 1 }); // seen by the pass that sees the end of the other
      await until('the pass', async () => (await store.list(keys.topologies.prefix)).length === 1);
      packer.answer.resolve({ kind: 'given-up', why: 'late' });
      await allStarted('t', 2);
      assert.equal(await assignment('hang'), undefined);
      packer.answer = deferred();
      await submit('hang', { workers: 1 });
      await until('the packing', () => packer.asked.filter((id) => id === 'hang').length === 2);
      await scheduler.close();
      assert.equal(await assignment('hang'), undefined);
    });
  });
});
