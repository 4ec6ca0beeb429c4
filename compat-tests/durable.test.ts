import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Checker, LineReader, type Verdict } from '../src/testing/chaos/index.ts';
import { closeLeavingNothing, ownGateway } from './bad-luck.ts';
import { places, submitChaos } from './chaos/topologies.ts';
import { runEgret } from './egret.ts';
import { killTopology } from './nimbus.ts';
import { killIfRunning, processesUnder } from './processes.ts';
import { eventually, type RecordedTuple, recordsOf, tuplesOf } from './records.ts';
import { submit, trySubmit } from './storm-client.ts';
import { openTarget } from './target.ts';

const lines = 3000;
const linesASecond = 400;

/** Streams that go through the log: what the log has acked comes to its consumers, whatever dies. */
describe('durable streams', () => {
  let dir = '';
  let scratch = '';
  let text = '';
  const started: string[] = [];

  before(async function () {
    await openTarget({});
    const found = await ownGateway(this);
    ({ scratch } = found);
    dir = found.localDir;
    text = join(scratch, 'lines.txt');
    writeFileSync(text, Array.from({ length: lines }, (_, line) => `line${line}`).join('\n'));
  });
  afterEach(async () => {
    for (const name of started.splice(0)) await killTopology(name, 0).catch(() => undefined);
  });
  after(closeLeavingNothing);

  type Options = Readonly<Record<string, string | number>>;

  function optionsOf(name: string, options: Options): { readonly out: string; readonly all: Options } {
    const out = join(scratch, name);
    started.push(name);
    mkdirSync(out, { recursive: true });
    return { out, all: { 'compat.out': out, 'compat.text': text, 'compat.resume': 1, ...options } };
  }

  async function start(name: string, caseName: string, options: Options): Promise<string> {
    const { out, all } = optionsOf(name, options);
    await submit(name, caseName, all);
    return out;
  }

  const numberOf = ({ values }: RecordedTuple): string => values[1]![1];
  const seenBy = (out: string): Set<string> => new Set(tuplesOf(out, 'sink').map(numberOf));
  const acked = (out: string): number[] => ackedBy(out, 'lines');
  const ackedBy = (out: string, spout: string): number[] =>
    [...recordsOf(out, spout).values()]
      .flat()
      .flatMap(([what, id]) => (what === 'ack' ? [id as number] : []));
  const dlog = (...args: readonly string[]): ReturnType<typeof runEgret> =>
    runEgret(['dlog', ...args, '-c', `storm.local.dir=${dir}`], {});

  /** Kill -9 of all processes of a topology at once: its master, its workers, their JVMs and children. */
  function killAll(name: string): number {
    const victims = processesUnder(dir).filter(({ command }) => command.includes(name));
    for (const { pid } of victims) killIfRunning(pid);
    return victims.length;
  }

  it('bring every tuple to its consumers under the name of its producer, and again after a rewind', async () => {
    const name = `durable-${process.pid}`;
    const out = await start(name, 'relay', { 'topology.egret.durable.streams': '["relay"]' });
    await eventually('all lines', () => (seenBy(out).size === lines ? true : undefined));
    await eventually('all acks', () => (acked(out).length === lines ? true : undefined));
    const tuples = tuplesOf(out, 'sink');
    assert.deepEqual(new Set(tuples.map(({ sourceComponent }) => sourceComponent)), new Set(['relay']));
    assert.equal(tuples.length, lines);
    const { code, output, errors } = await dlog('rewind', name, 'relay', '--to', 'start');
    assert.equal(code, 0, errors);
    assert.match(output, /^topology-durable-\d+\/relay\.default\.0 resumes at 1:0:0$/m);
    await eventually('all lines once more', () =>
      tuplesOf(out, 'sink').length === 2 * lines ? true : undefined,
    );
    const tasksOfLine = new Map<string, Set<number>>();
    for (const tuple of tuplesOf(out, 'sink')) {
      const tasks = tasksOfLine.get(numberOf(tuple)) ?? new Set();
      tasksOfLine.set(numberOf(tuple), tasks.add(tuple.task));
    }
    assert.ok(
      [...tasksOfLine.values()].every((tasks) => tasks.size === 1),
      'to the task that it had gone to',
    );

    const unknown = await dlog('rewind', name, 'lines', '--to', 'start');
    assert.equal(unknown.code, 1);
    assert.match(unknown.errors, /has no durable stream lines: the log has relay\.default\.0/);
    const beyond = await dlog('rewind', name, 'relay', '--to', '99:0:0');
    assert.equal(beyond.code, 1);
    assert.match(beyond.errors, /99:0:0 is not among them/);
    assert.match((await dlog('list', `topology-${name}`)).output, /relay\.default\.0/);
  });

  it('survive the end of every process of a Java topology, with nothing replayed that was acked', async () => {
    const name = `durable-kill-${process.pid}`;
    const out = await start(name, 'relay', {
      ...{ 'topology.egret.durable.streams': '["lines"]', 'topology.egret.durable.partitions': 2 },
      ...{ 'topology.workers': 2, par: 2, 'compat.pace': linesASecond, 'compat.once': 1 },
    });
    for (const share of [0.2, 0.5]) {
      await eventually(
        'some acks',
        () => (new Set(acked(out)).size > share * lines ? true : undefined),
        90_000,
      );
      assert.ok(killAll(name) >= 5, 'a master, two workers and two JVMs');
    }
    await eventually('all lines', () => (seenBy(out).size === lines ? true : undefined), 120_000);
    await eventually('all acks', () => (new Set(acked(out)).size === lines ? true : undefined), 90_000);
    const twice = acked(out).length - new Set(acked(out)).size;
    assert.equal(twice, 0, 'nothing that was acked was emitted again');
  });

  it('survive the end of every process of a topology of scripts, and tuples that fail', async () => {
    const name = `durable-python-${process.pid}`;
    const out = join(scratch, name);
    started.push(name);
    mkdirSync(out);
    const conf = { 'topology.egret.durable.streams': ['ids'], 'chaos.forget': 0 };
    await submitChaos({ shape: 'python', name, workers: 2, out, pace: 15, conf });
    for (const share of [100, 300]) {
      await eventually('some acks', () => (judged(out).acked > share ? true : undefined), 90_000);
      assert.ok(killAll(name) >= 3, 'a master and two workers, whose children end with them');
    }
    const atKill = judged(out).acked;
    await eventually('more acks', () => (judged(out).acked > atKill + 100 ? true : undefined), 90_000);
    writeFileSync(join(out, 'stop'), '');
    const verdict = await eventually(
      'every id everywhere',
      () => {
        const found = judged(out);
        return found.isKept ? found : undefined;
      },
      120_000,
    ).catch(() => judged(out));
    assert.deepEqual(verdict.examples, []);
    assert.ok(verdict.failed < 50, `the spouts saw ${verdict.failed} fails: those of bolts are the log's`);
  });

  it('take tuples of 5 MB, whole to Java and Python, whenever their processes are killed', async () => {
    const name = `durable-large-${process.pid}`;
    const count = 60;
    const out = await start(name, 'large', {
      ...{ count, bytes: 5_000_000, 'topology.egret.durable.streams': '["large"]' },
      ...{ 'topology.max.spout.pending': 4, 'topology.message.timeout.secs': 60 },
    });
    const ackedOf = (): number[] => ackedBy(out, 'large');
    for (const share of [0.1, 0.3, 0.5, 0.7]) {
      await eventually(
        'some acks',
        () => (new Set(ackedOf()).size > share * count ? true : undefined),
        90_000,
      );
      assert.ok(killAll(name) >= 3, 'a master, a worker and its JVM');
    }
    const crcOf = new Map<string, string>();
    const seen = { 'java-digest': new Set<string>(), 'python-digest': new Set<string>() };
    await eventually(
      'all tuples at both',
      () => {
        for (const { sourceComponent, values } of tuplesOf(out, 'sink'))
          seen[sourceComponent as keyof typeof seen].add(`${values[0]![1]} ${values[1]![1]}`);
        return seen['java-digest'].size >= count && seen['python-digest'].size >= count ? true : undefined;
      },
      120_000,
    );
    for (const [what, number, crc] of [...recordsOf(out, 'large').values()].flat())
      if (what === 'emit') crcOf.set(String(number), String(crc));
    const expected = new Set(Array.from(crcOf, ([number, crc]) => `${number} ${crc}`));
    assert.equal(expected.size, count);
    for (const each of Object.values(seen)) assert.deepEqual(each, expected);
    await eventually('all acks', () => (new Set(ackedOf()).size === count ? true : undefined));
    assert.equal(ackedOf().length, count, 'nothing that was acked was emitted again');
  });

  describe('are read as tuples by egret dlog tail while their topology runs', () => {
    interface Shown {
      readonly dlsn: string;
      readonly time: string;
      readonly component: string;
      readonly stream: string;
      readonly task: number;
      readonly values: readonly unknown[];
    }
    const tail = async (stream: string, ...flags: readonly string[]): Promise<string[]> => {
      const { code, output, errors } = await dlog('tail', stream, '--no-follow', ...flags);
      assert.deepEqual([code, errors], [0, '']);
      return output.split('\n').slice(0, -1);
    };

    it('with the values of Java, of classes that only Java knows too', async () => {
      const name = `durable-values-${process.pid}`;
      const startedAtMs = Date.now();
      const out = await start(name, 'values', {
        ...{ set: 'exotic', 'topology.egret.durable.streams': '["values"]' },
      });
      await eventually('all values', () => (tuplesOf(out, 'sink').length >= 28 ? true : undefined));
      const stream = `topology-${name}/values.default.0`;
      const tuples = (await tail(stream, '--json')).map((line) => JSON.parse(line) as Shown);
      const { sourceTask } = tuplesOf(out, 'sink')[0]!;
      for (const { component, stream: id, task, time } of tuples) {
        assert.deepEqual([component, id, task], ['values', 'default', sourceTask]);
        assert.ok(Date.parse(time) >= startedAtMs && Date.parse(time) <= Date.now(), time);
      }
      const values = tuples.map((tuple) => tuple.values[1]);
      const { base64, ...point } = values.pop() as { readonly base64: string };
      assert.deepEqual(values, [
        ...[12.34, '1970-01-01T00:16:40.000Z', '00000000-0000-0001-0000-000000000002'],
        ...[[1, 2], ['x', 'y'], ['x', 1], { b: 1, a: 2 }, { a: 2, z: 1 }, ['p', 'q'], ['r', 1], ['s']],
        ...['GREEN', 'DAYS'],
      ]);
      assert.deepEqual(point, { unknownClass: 'egret.compat.Cases$Point', codec: 'javaSerialization' });
      assert.ok(Buffer.from(base64, 'base64').includes('egret.compat.Cases$Point'));
      const [line] = await tail(stream);
      assert.match(
        line!,
        new RegExp(`^1:0:0\\t\\S+Z\\tvalues\\.default\\t${sourceTask}\\t\\[13,12\\.340\\]$`),
      );
      const raw = (await dlog('tail', stream, '--no-follow', '--raw')).output;
      assert.ok(raw.startsWith('\x01\0'), 'the bytes of the record');
    });

    it('with those of scripts, of every task, and after it by their places', async () => {
      const name = `durable-shown-${process.pid}`;
      const out = join(scratch, name);
      started.push(name);
      mkdirSync(out);
      const conf = { 'topology.egret.durable.streams': ['ids'], 'chaos.forget': 0 };
      await submitChaos({ shape: 'python', name, workers: 1, out, pace: 15, conf });
      await eventually('some acks', () => (judged(out).acked > 60 ? true : undefined), 90_000);
      const stream = `topology-${name}/ids.default.0`;
      const tuples = (await tail(stream, '--json')).map((line) => JSON.parse(line) as Shown);
      assert.ok(tuples.length > 60);
      const tasks = readdirSync(out).flatMap((file) => /^ids-(\d+)\.log$/.exec(file)?.[1] ?? []);
      assert.deepEqual(new Set(tuples.map(({ task }) => String(task))), new Set(tasks));
      for (const { values } of tuples) assert.match(values[0] as string, /^\d|^\w/);
      const known = tuples[0]!;
      await killTopology(name, 0);
      const { code, output, errors } = await dlog('tail', stream, '--no-follow', '--json');
      assert.equal(code, 0);
      assert.match(errors, /^the task ids of ids are unknown, so tasks are shown by their index .*not alive/);
      const later = JSON.parse(output.split('\n')[0]!) as Shown;
      assert.deepEqual(later, { ...known, task: null });
    });
  });

  it('let a spout emit at full speed despite a slow consumer, where a stream may spill', async () => {
    const name = `durable-spill-${process.pid}`;
    const out = await start(name, 'branches', { micros: 1000, 'topology.egret.spill.streams': '["flood"]' });
    const countOf = (component: string): number =>
      readdirSync(out)
        .filter((file) => new RegExp(`^${component}-\\d+\\.count$`).test(file))
        .reduce((sum, file) => sum + Number(readFileSync(join(out, file), 'utf8')), 0);
    writeFileSync(join(out, 'go-flood'), '');
    // More than all queues on the way would hold before the spout is held back.
    await eventually(
      'a backlog',
      () => (countOf('flood') - countOf('slow') > 600_000 ? true : undefined),
      90_000,
    );
    assert.ok(countOf('slow') < 100_000);
    writeFileSync(join(out, 'stop'), '');
  });

  it('resume under the same name with what a topology left in the log, if it fits', async () => {
    const name = `durable-again-${process.pid}`;
    const options = { 'topology.egret.durable.streams': '["lines"]' };
    // No task reads from the log while the topology does not run.
    const { out, all } = optionsOf(name, { ...options, 'topology.max.spout.pending': 1, 'compat.sleep': 1 });
    await submit(name, 'relay', all);
    await eventually('some acks', () => (acked(out).length > 300 ? true : undefined));
    await killTopology(name, 0);
    const other = await trySubmit(name, 'relay', { ...all, 'topology.egret.durable.partitions': 3 });
    assert.notEqual(other.code, 0);
    assert.match(
      other.output,
      /is in the log as .*lines\.default\.0, with 1 partitions, and .*egret dlog delete/,
    );
    await submit(name, 'relay', all);
    await eventually('all lines', () => (seenBy(out).size === lines ? true : undefined), 120_000);
    await eventually('all acks', () => (new Set(acked(out)).size === lines ? true : undefined));
    assert.equal(acked(out).length, lines, 'what was acked before is not emitted again');
  });

  it('are refused by name where they cannot be', async () => {
    const { all } = optionsOf('refused', {});
    const refusal = async (caseName: string, own: Options): Promise<string> => {
      const { code, output } = await trySubmit(`refused-${process.pid}`, caseName, { ...all, ...own });
      assert.notEqual(code, 0);
      return output;
    };
    assert.match(
      await refusal('relay', { 'topology.egret.durable.streams': '["nobody"]' }),
      /names nobody, which no component declares/,
    );
    assert.match(
      await refusal('groupings', { 'topology.egret.durable.streams': '["lines"]' }),
      /component custom takes it by a grouping of its own Java class/,
    );
  });

  /** The journals as they are now. Acks come before sights here: all is judged together. */
  function judged(out: string): Verdict {
    const checker = new Checker(places);
    const journals = existsSync(out) ? readdirSync(out).filter((file) => file.endsWith('.log')) : [];
    for (const file of journals) {
      const [, component, task] = /^(.+)-(\d+)\.log$/.exec(file)!;
      const whole = readFileSync(join(out, file), 'latin1');
      for (const line of new LineReader().feed(whole)) if (line !== '') checker.line(component!, task!, line);
    }
    return checker.verdict();
  }
});
