import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLeavingNothing, ownGateway } from './bad-luck.ts';
import { textFile } from './case.ts';
import { ask, killTopology, topologyInfo } from './nimbus.ts';
import { processesOf, processesUnder } from './processes.ts';
import { eventually, tuplesOf } from './records.ts';
import { submit } from './storm-client.ts';
import { openTarget, restartGateway, target } from './target.ts';

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

/** A topology of scripts that emits numbers until the test stops it, and records what became of each. */
class Numbers {
  readonly name: string;
  readonly #dir: string;

  constructor(name: string, scratch: string) {
    this.name = name;
    this.#dir = join(scratch, name);
    mkdirSync(join(this.#dir, 'resources'), { recursive: true });
    for (const [file, source] of Object.entries(scripts))
      writeFileSync(join(this.#dir, 'resources', file), `${common}${source}`);
  }

  async submit(workers: number, conf: Readonly<Record<string, number>> = {}): Promise<void> {
    const { host, port } = await target();
    const { TopologyBuilder } = await import('../multilang/javascript/topology/index.mjs');
    const builder = new TopologyBuilder();
    builder.setSpout('numbers', { script: 'numbers.js', outputs: ['number'] });
    builder
      .setBolt('work', { script: 'work.js', outputs: ['number'], parallelism: 4 })
      .shuffleGrouping('numbers');
    builder.setBolt('sink', { script: 'sink.js', parallelism: 2 }).fieldsGrouping('work', ['number']);
    await builder.submit(this.name, {
      nimbus: `${host}:${port}`,
      resources: join(this.#dir, 'resources'),
      conf: {
        ...{ 'topology.workers': workers, 'topology.acker.executors': 2, 'numbers.dir': this.#dir },
        ...{ 'topology.message.timeout.secs': 5, 'topology.max.spout.pending': 50, ...conf },
      },
    });
  }

  get acked(): number {
    return new Set(linesOf(join(this.#dir, 'acked'))).size;
  }

  /** Waits until some more have been acked. */
  async flows(): Promise<void> {
    const before = this.acked;
    await eventually(`acks of ${this.name}`, () => (this.acked > before + 100 ? true : undefined));
  }

  /** The process that each task has now. */
  pids(): Map<number, number> {
    return new Map(
      linesOf(join(this.#dir, 'pids')).map((line) => line.split(' ').map(Number) as [number, number]),
    );
  }

  async ports(): Promise<Map<number, number>> {
    const { executors } = await topologyInfo(this.name);
    return new Map(
      executors.flatMap(({ executor_info: { task_start, task_end }, port }) =>
        Array.from({ length: task_end - task_start + 1 }, (_, i) => [task_start + i, port] as const),
      ),
    );
  }

  async rebalanced(status = 'ACTIVE'): Promise<void> {
    await eventually(`${this.name} ${status} again`, async () =>
      (await topologyInfo(this.name)).status === status ? true : undefined,
    );
  }

  /** Every number that was ever emitted has been acked, and has been at the sink. */
  async finish(): Promise<void> {
    writeFileSync(join(this.#dir, 'stop'), '');
    await eventually(
      'every number acked',
      () => {
        const emitted = linesOf(join(this.#dir, 'emitted'));
        return existsSync(join(this.#dir, 'stopped')) && this.acked === emitted.length ? true : undefined;
      },
      60_000,
    );
    const emitted = linesOf(join(this.#dir, 'emitted')).map(Number);
    assert.deepEqual(
      emitted,
      emitted.map((_, i) => i + 1),
    );
    const seen = new Set(
      [3, 4, 5, 6, 7, 8, 9, 10].flatMap((task) => linesOf(join(this.#dir, `sink-${task}`))),
    );
    assert.deepEqual(
      emitted.filter((number) => !seen.has(String(number))),
      [],
      'numbers that the sink never saw',
    );
  }
}

const executorsOf = async (name: string, componentId: string): Promise<number> =>
  (await topologyInfo(name)).executors.filter((executor) => executor.component_id === componentId).length;

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe('rebalance', () => {
  let scratch = '';
  let localDir = '';

  before(async function () {
    await openTarget({});
    ({ scratch, localDir } = await ownGateway(this));
  });
  after(closeLeavingNothing);

  const rebalance = (name: string, options: object): Promise<void> =>
    ask((nimbus) => nimbus.rebalance({ name, options }));

  it('1 -> 2 -> 3 -> 1 workers and other executors under load: nothing is lost, and what stays keeps its process', async () => {
    const numbers = new Numbers(`numbers-${process.pid}`, scratch);
    await numbers.submit(1);
    await numbers.flows();
    for (const { workers, work, wait } of [
      { workers: 2, work: 4, wait: 1 },
      { workers: 3, work: 2, wait: 0 },
      { workers: 1, work: 3, wait: 0 },
    ]) {
      const [pidsBefore, portsBefore] = [numbers.pids(), await numbers.ports()];
      const containersBefore = processesOf(localDir, 'container').map(({ pid }) => pid);
      const num_executors = new Map([['work', work]]);
      await rebalance(numbers.name, { wait_secs: wait, num_workers: workers, num_executors });
      assert.equal((await topologyInfo(numbers.name)).status, 'REBALANCING');
      await numbers.rebalanced();
      await numbers.flows();
      const portsAfter = await numbers.ports();
      assert.equal(new Set(portsAfter.values()).size, workers);
      assert.equal(await executorsOf(numbers.name, 'work'), work);
      const stayed = [...portsAfter]
        .filter(([task, port]) => portsBefore.get(task) === port)
        .map(([task]) => task);
      assert.ok(stayed.length >= 2, 'too few tasks stayed for this to say something');
      const pidsAfter = numbers.pids();
      for (const task of stayed.filter((each) => pidsBefore.has(each)))
        assert.equal(pidsAfter.get(task), pidsBefore.get(task), `task ${task} has another process`);
      for (const [task, pid] of pidsBefore)
        if (pidsAfter.get(task) !== pid)
          await eventually(`end of ${pid}`, () => (isAlive(pid) ? undefined : true));
      await eventually('one container for each worker, and the master', () =>
        processesOf(localDir, 'container').length === workers + 1 ? true : undefined,
      );
      const kept = processesOf(localDir, 'container').filter(({ pid }) => containersBefore.includes(pid));
      assert.equal(kept.length, 1 + Math.min(workers, containersBefore.length - 1));
    }
    await numbers.finish();
    const { id } = await topologyInfo(numbers.name);
    await killTopology(numbers.name, 0);
    await eventually('no process of it', () =>
      processesUnder(localDir).some(({ command }) => command.includes(id)) ? undefined : true,
    );
  });

  it('is finished by the next gateway when one is killed in the middle of it', async () => {
    const numbers = new Numbers(`orphaned-${process.pid}`, scratch);
    await numbers.submit(1);
    await numbers.flows();
    await rebalance(numbers.name, { wait_secs: 2, num_workers: 2 });
    const { gateway } = await target();
    gateway!.kill('SIGKILL');
    await restartGateway();
    await numbers.rebalanced();
    assert.equal(new Set((await numbers.ports()).values()).size, 2);
    await numbers.flows();
    await numbers.finish();
    await killTopology(numbers.name, 0);
  });

  it('works under back pressure', async () => {
    const numbers = new Numbers(`pressed-${process.pid}`, scratch);
    await numbers.submit(1, { 'numbers.work.ms': 20, 'topology.max.spout.pending': 1000 });
    await numbers.flows();
    await rebalance(numbers.name, { wait_secs: 0, num_workers: 3 });
    await numbers.rebalanced();
    await numbers.flows();
    await numbers.finish();
    await killTopology(numbers.name, 0);
  });

  it('ends with a kill, also one that comes meanwhile', async () => {
    const numbers = new Numbers(`killed-${process.pid}`, scratch);
    await numbers.submit(1);
    await numbers.flows();
    await rebalance(numbers.name, { wait_secs: 30, num_workers: 2 });
    const { id } = await topologyInfo(numbers.name);
    await assert.rejects(
      rebalance(numbers.name, {}),
      /No transition for event: REBALANCE, status: REBALANCING/,
    );
    await killTopology(numbers.name, 0);
    await eventually('no process of it', () =>
      processesUnder(localDir).some(({ command }) => command.includes(id)) ? undefined : true,
    );
  });

  it('starts a topology again by another configuration', async () => {
    const numbers = new Numbers(`configured-${process.pid}`, scratch);
    await numbers.submit(1);
    await numbers.flows();
    const before = numbers.pids();
    const topology_conf_overrides = JSON.stringify({ 'numbers.work.ms': 1 });
    await rebalance(numbers.name, { wait_secs: 0, topology_conf_overrides });
    await numbers.rebalanced();
    await numbers.flows();
    await eventually('other processes', () =>
      [...numbers.pids()].every(([task, pid]) => before.get(task) !== pid) ? true : undefined,
    );
    await numbers.finish();
    await killTopology(numbers.name, 0);
  });
});

describe('rebalance of Java', () => {
  let scratch = '';
  let localDir = '';
  let out = '';
  const name = `java-moves-${process.pid}`;

  before(async function () {
    await openTarget({});
    ({ scratch, localDir } = await ownGateway(this));
    out = join(scratch, name);
    mkdirSync(out);
    await submit(name, 'count', {
      ...{ split: 'thrift-python', workers: 2, 'topology.message.timeout.secs': 5 },
      ...{ 'compat.pace': 50, 'compat.out': out, 'compat.text': textFile },
    });
    await flowing();
  });
  after(closeLeavingNothing);

  async function flowing(): Promise<void> {
    const before = tuplesOf(out, 'sink').length;
    await eventually('tuples at the sink', () =>
      tuplesOf(out, 'sink').length > before + 1500 ? true : undefined,
    );
  }
  const jvms = (): number[] => processesOf(localDir, 'jvm').map(({ pid }) => pid);

  it('from two workers to one: one JVM is left, and tuples flow', async () => {
    await ask((nimbus) => nimbus.rebalance({ name, options: { wait_secs: 1, num_workers: 1 } }));
    await eventually('one JVM', () => (jvms().length === 1 ? true : undefined));
    await eventually('the status of before', async () =>
      (await topologyInfo(name)).status === 'ACTIVE' ? true : undefined,
    );
    await flowing();
    assert.equal(processesOf(localDir, 'container').length, 2);
    const errors = [...(await topologyInfo(name)).errors.values()].flat().map(({ error }) => error);
    assert.deepEqual(errors, []);
    await killTopology(name, 0);
  });
});

const common = `
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { BasicBolt, Spout } = require('./egret/index.cjs');
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\\n').slice(0, -1) : []);
function begin(component, conf, context) {
  component.dir = conf['numbers.dir'];
  component.task = context.taskid;
  appendFileSync(join(component.dir, 'pids'), context.taskid + ' ' + process.pid + '\\n');
}
`;

/**
 * A spout that begins again where its books say that it stood, bolts without memory, and a sink that writes
 * all down.
 */
const scripts = {
  'numbers.js': `
class Numbers extends Spout {
  initialize(conf, context, done) {
    begin(this, conf, context);
    const acked = new Set(lines(join(this.dir, 'acked')));
    const emitted = lines(join(this.dir, 'emitted'));
    this.last = emitted.length;
    this.again = emitted.filter((number) => !acked.has(number)).map(Number);
    done();
  }
  nextTuple(done) {
    const isStopped = existsSync(join(this.dir, 'stop'));
    let number = this.again.pop();
    if (number === undefined && !isStopped) {
      number = ++this.last;
      appendFileSync(join(this.dir, 'emitted'), number + '\\n');
    }
    if (isStopped) writeFileSync(join(this.dir, 'stopped'), '');
    if (number !== undefined) this.emit({ tuple: [number], id: String(number) }, () => undefined);
    setTimeout(done, 2);
  }
  ack(id, done) {
    appendFileSync(join(this.dir, 'acked'), id + '\\n');
    done();
  }
  fail(id, done) {
    this.again.push(Number(id));
    done();
  }
}
new Numbers().run();
`,
  'work.js': `
class Work extends BasicBolt {
  initialize(conf, context, done) {
    begin(this, conf, context);
    this.ms = conf['numbers.work.ms'] ?? 0;
    done();
  }
  process(tuple, done) {
    this.emit({ tuple: tuple.values, anchorTupleId: tuple.id }, () => undefined);
    if (this.ms === 0) done();
    else setTimeout(done, this.ms);
  }
}
new Work().run();
`,
  'sink.js': `
class Sink extends BasicBolt {
  initialize(conf, context, done) {
    begin(this, conf, context);
    done();
  }
  process(tuple, done) {
    appendFileSync(join(this.dir, 'sink-' + this.task), tuple.values[0] + '\\n');
    done();
  }
}
new Sink().run();
`,
};
